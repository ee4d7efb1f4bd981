//! Text from outside, made safe to show.

use std::borrow::Cow;
use std::fmt::Write;

/// Replaces what could move a terminal's cursor or reorder its line: control characters
/// (C0, DEL, C1) and the bidirectional controls of Unicode, written as `\u{1b}`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            let _ = write!(escaped, "{}", character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// The same in a JSON text of one line, which means the same afterwards: it holds such characters in
/// its strings only.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_unsafe(character) {
            // All of them are below U+10000, so one escape does.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `chars_max` characters of `text`, escaped, with `…` where it was cut.
pub fn excerpt(text: &str, chars_max: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(chars_max) {
        Some((cut, _)) => format!("{}…", escape(&text[..cut])),
        None => escape(text).into_owned(),
    }
}

/// How much alike (of 1) two names have to be for one to be taken for a slip of the other.
const ALIKE_MIN: f64 = 0.7;

/// The known name that was most probably meant by another.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro(name, candidate), candidate))
        .filter(|(alike, _)| *alike > ALIKE_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let nearest = |name| nearest(name, ["hello", "jupiter-sync", "mem-report"]);
        assert_eq!(nearest("helo"), Some("hello"));
        assert_eq!(nearest("jupitersync"), Some("jupiter-sync"));
        assert_eq!(nearest("backup"), None);
        assert_eq!(nearest(""), None);
    }

    #[test]
    fn controls_are_escaped_and_the_rest_is_kept() {
        assert_eq!(escape("\u{1b}[AzZEC"), "\\u{1b}[AzZEC");
        assert_eq!(escape("a\u{202e}b\r\n\u{9b}"), "a\\u{202e}b\\u{d}\\u{a}\\u{9b}");
        assert!(matches!(escape("emoji 🟥 عربي"), Cow::Borrowed(_)));
    }

    #[test]
    fn escaped_json_means_the_same() {
        let text = "\u{9b}2J \u{7f} \u{202e} \u{1b} 🟥 \\ \" \n";
        let json = serde_json::to_string(text).expect("JSON");
        let escaped = escape_json(&json);
        assert!(!escaped.chars().any(is_unsafe), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).expect("JSON"), text);
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!(excerpt("  žluťoučký ", 4), "žluť…");
        assert_eq!(excerpt("abc", 3), "abc");
    }
}
