//! The known keys of an element, by a look that passes over the rest.
//!
//! Most bytes of an element are statistics that nobody reads: objects under unknown keys. These are
//! passed over by their brackets and quotes alone, which takes a fraction of the time of reading
//! them; what else is in them is not checked. Plain texts, numbers and literals are; every other
//! value is read by serde_json, and an element that is not as usual is left to it as a whole.

use memchr::{memchr, memchr2, memchr2_iter, memchr3};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{Fields, Key, Value};

/// An object as usual.
pub(super) struct Scanned<'a> {
    pub fields: Fields<'a>,
    /// How many bytes it takes.
    pub bytes: usize,
    /// Brackets that open in it, its own included, and some in texts: it is not nested deeper than that.
    pub openings: usize,
}

/// The known values of the object at the start of `json`. Nothing when it is not whole, or in any way
/// odd.
pub(super) fn fields(json: &[u8]) -> Option<Scanned<'_>> {
    let mut openings = 1;
    let mut fields = Fields([None; Key::Unknown as usize]);
    let mut at = after(json, 0, b'{')?;
    loop {
        let name_ends = name_end(json, at)?;
        let key = Key::of(&json[at + 1..name_ends]);
        at = after(json, name_ends + 1, b':')?;
        at = match fields.0.get_mut(key as usize) {
            Some(field) => {
                let (value, end) = known_value(json, at, &mut openings)?;
                *field = Some(value);
                end
            }
            None => unknown_value_end(json, at, &mut openings)?,
        };
        at = blanks_end(json, at);
        match json.get(at)? {
            b',' => at = blanks_end(json, at + 1),
            b'}' => return Some(Scanned { fields, bytes: at + 1, openings }),
            _ => return None,
        }
    }
}

/// The value at a position, checked, and where it ends.
fn known_value<'a>(json: &'a [u8], at: usize, openings: &mut usize) -> Option<(Value<'a>, usize)> {
    let read = |from: usize, to: usize| std::str::from_utf8(&json[from..to]).ok();
    match json.get(at)? {
        b'"' => {
            if let Some(end) = plain_text_end(json, at) {
                return Some((Value::PlainText(read(at + 1, end - 1)?), end));
            }
        }
        b'{' | b'[' => {}
        _ => {
            let end = scalar_end(json, at)?;
            return Some((Value::Json(read(at, end)?), end));
        }
    }
    let (raw, end) = value::<&RawValue>(json, at)?;
    *openings += memchr2_iter(b'{', b'[', raw.get().as_bytes()).count();
    Some((Value::Json(raw.get()), end))
}

fn unknown_value_end(json: &[u8], at: usize, openings: &mut usize) -> Option<usize> {
    match json.get(at)? {
        b'{' | b'[' => container_end(json, at, openings),
        b'"' => {
            plain_text_end(json, at).or_else(|| value::<IgnoredAny>(json, at).map(|(_, end)| end))
        }
        _ => scalar_end(json, at),
    }
}

/// Where the text that begins at a position ends, one without escapes. No control character stands
/// in a text as it is: RFC 8259, section 7.
fn plain_text_end(json: &[u8], at: usize) -> Option<usize> {
    let end = string_end(json, at)? + 1;
    // All of it is looked at, which takes less time than stopping early.
    let has_controls = json[at..end].iter().fold(false, |has, byte| has | (*byte < b' '));
    (!has_controls).then_some(end)
}

/// The value at a position as serde_json reads it, and where it ends.
fn value<'a, T: Deserialize<'a>>(json: &'a [u8], at: usize) -> Option<(T, usize)> {
    let mut values = serde_json::Deserializer::from_slice(&json[at..]).into_iter();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

/// Where the number, `true`, `false` or `null` that begins at a position ends.
fn scalar_end(json: &[u8], at: usize) -> Option<usize> {
    let word: &[u8] = match json.get(at)? {
        b't' => b"true",
        b'f' => b"false",
        b'n' => b"null",
        _ => return number_end(json, at),
    };
    json[at..].starts_with(word).then(|| at + word.len())
}

/// Where the number that begins at a position ends: RFC 8259, section 6.
fn number_end(json: &[u8], at: usize) -> Option<usize> {
    let whole = at + usize::from(*json.get(at)? == b'-');
    let mut at = digits_end(json, whole)?;
    if json[whole] == b'0' && at > whole + 1 {
        return None;
    }
    if json.get(at) == Some(&b'.') {
        at = digits_end(json, at + 1)?;
    }
    if let Some(b'e' | b'E') = json.get(at) {
        let sign = usize::from(matches!(json.get(at + 1), Some(b'+' | b'-')));
        at = digits_end(json, at + 1 + sign)?;
    }
    Some(at)
}

/// Where the digits end of which at least one is at a position.
fn digits_end(json: &[u8], at: usize) -> Option<usize> {
    let digits = json.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then_some(at + digits)
}

/// Where the object or array that begins at a position ends, and adds the brackets that open in it to
/// `openings`. Texts in it that hold an escape or such a bracket are odd.
fn container_end(json: &[u8], mut at: usize, openings: &mut usize) -> Option<usize> {
    let open = *json.get(at)?;
    let (close, other) = if open == b'{' { (b'}', b'[') } else { (b']', b'{') };
    let mut depth = 1;
    *openings += 1;
    while depth > 0 {
        let rest = json.get(at + 1..)?;
        let length = memchr3(open, close, other, rest)?;
        let (between, bracket) = (&rest[..length], rest[length]);
        let in_text = between.iter().fold(false, |odd, byte| odd ^ (*byte == b'"'));
        if in_text || memchr(b'\\', between).is_some() {
            return None;
        }
        if bracket == close {
            depth -= 1;
        } else {
            depth += usize::from(bracket == open);
            *openings += 1;
        }
        at += 1 + length;
    }
    Some(at + 1)
}

/// The closing quote of the text that begins at a position. One with an escape is odd.
fn string_end(json: &[u8], at: usize) -> Option<usize> {
    closing_quote(json, at, |text| memchr2(b'"', b'\\', text))
}

/// The same for a name: most are over before a search that is made for long texts is under way.
fn name_end(json: &[u8], at: usize) -> Option<usize> {
    closing_quote(json, at, |name| name.iter().position(|byte| matches!(byte, b'"' | b'\\')))
}

fn closing_quote(
    json: &[u8],
    at: usize,
    find: impl FnOnce(&[u8]) -> Option<usize>,
) -> Option<usize> {
    let text = json.get(at..)?.strip_prefix(b"\"")?;
    let length = find(text)?;
    (text[length] == b'"').then_some(at + 1 + length)
}

/// The position of what follows `byte`, with the white space around it passed over.
fn after(json: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = blanks_end(json, at);
    (*json.get(at)? == byte).then(|| blanks_end(json, at + 1))
}

fn blanks_end(json: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = json.get(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Fields, fields};

    fn raw(fields: &Fields<'_>) -> Vec<Option<String>> {
        fields.0.iter().map(|value| value.map(|value| value.json().into_owned())).collect()
    }

    fn read(json: &str) -> Fields<'_> {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
    }

    fn depth(value: &Value) -> usize {
        let deepest = match value {
            Value::Array(values) => values.iter().map(depth).max(),
            Value::Object(values) => values.values().map(depth).max(),
            _ => return 0,
        };
        1 + deepest.unwrap_or_default()
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[a-zA-Z ]{0,4}", inner), 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_finds_what_serde_json_finds_and_nothing_in_a_part(
            known in any_value(),
            unknown in any_value(),
            pretty in any::<bool>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let element =
                json!({"stats": unknown, "id": known, "x": 1, "tags": ["x"], "end": unknown});
            let text = match pretty {
                true => serde_json::to_string_pretty(&element),
                false => serde_json::to_string(&element),
            };
            let text = text.expect("JSON");
            // What follows is the next element's.
            let list = format!("{text} , {{}}");
            match fields(list.as_bytes()) {
                Some(found) => {
                    prop_assert_eq!(found.bytes, text.len());
                    prop_assert_eq!(raw(&found.fields), raw(&read(&text)));
                    prop_assert!(found.openings >= depth(&element));
                }
                None => {
                    let passed_over = unknown.is_object() || unknown.is_array();
                    prop_assert!(passed_over, "{} is odd", text);
                }
            }

            let part = &text.as_bytes()[..cut.index(text.len())];
            prop_assert!(fields(part).is_none());
        }
    }

    #[test]
    fn an_element_of_today_is_not_odd() {
        let element = r#"{"id": "a", "name": "{\"b\"]", "firstPool": {"id": "c", "at": [1, {}]},
            "fdv": -1.5e3, "audit": {"devMints": 168}, "tags": ["d"], "stats5m": {"e": {"f": []}}}"#;
        let found = fields(element.as_bytes()).expect("an element as usual");
        assert_eq!(found.bytes, element.len());
        assert_eq!(raw(&found.fields), raw(&read(element)));
        assert_eq!(found.openings, 10, "the name has one");
    }

    #[test]
    fn what_is_odd_is_left_to_serde_json() {
        let odd = [
            "",
            "1",
            "[]",
            "{}",
            "{",
            r#"{"id"}"#,
            r#"{"id": 1,}"#,
            r#"{"id": 1 "x": 2}"#,
            r#"{"x": [}"#,
            r#"{"x": tru}"#,
            r#"{"x": nulll}"#,
            r#"{"x": 01}"#,
            r#"{"x": 1.}"#,
            r#"{"x": 1e}"#,
            r#"{"x": -}"#,
            r#"{"x": +1}"#,
            "{\"id\": \"a\u{1}\"}",
            "{\"x\": \"a\u{1}\"}",
            r#"{"i\u0064": 1}"#,
            r#"{"x": {"y": "}"}}"#,
            r#"{"x": {"y": "\""}}"#,
            "{'id': 1}",
        ];
        for json in odd {
            assert!(fields(json.as_bytes()).is_none(), "{json}");
        }
    }
}
