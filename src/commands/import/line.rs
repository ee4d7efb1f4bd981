//! One line of a crontab, as crontab(5) describes it.

/// What a line is. All text is as it stands in the line.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Blank,
    /// With its `#`.
    Comment(&'a str),
    /// `NAME=value`, for all lines below.
    Variable {
        name: &'a str,
        value: &'a str,
    },
    Entry(Entry<'a>),
    /// An entry of which a part is missing.
    Incomplete(&'static str),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// One space between its fields.
    pub schedule: String,
    /// Of a system crontab.
    pub user: Option<&'a str>,
    /// For the shell.
    pub command: String,
    /// What the command gets to read.
    pub stdin: Option<String>,
}

/// Reads a line, of a system crontab if `has_user`.
pub fn parse(line: &str, has_user: bool) -> Line<'_> {
    let line = line.trim();
    if line.is_empty() {
        return Line::Blank;
    }
    if line.starts_with('#') {
        return Line::Comment(line);
    }
    if let Some((name, value)) = variable(line) {
        return Line::Variable { name, value };
    }
    // cronie: do not log this one.
    let mut rest = line.strip_prefix('-').unwrap_or(line);
    let count = if rest.starts_with('@') { 1 } else { 5 };
    let mut fields = Vec::new();
    for _ in 0..count {
        let field;
        (field, rest) = split_word(rest);
        fields.push(field);
    }
    let user = if has_user {
        let user;
        (user, rest) = split_word(rest);
        Some(user)
    } else {
        None
    };
    if rest.is_empty() {
        return Line::Incomplete(if has_user {
            "five fields or a name such as @daily, a user and a command are needed"
        } else {
            "five fields or a name such as @daily, and a command are needed"
        });
    }
    let (command, stdin) = split_stdin(rest);
    Line::Entry(Entry { schedule: fields.join(" "), user, command, stdin })
}

/// The first word, and what follows the blanks behind it.
fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// `NAME=value`, with blanks around the `=` and quotes around either.
fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = unquoted(name.trim_end());
    let is_name = !name.is_empty() && !name.contains([' ', '\t', '"', '\'']);
    is_name.then(|| (name, unquoted(value.trim())))
}

fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// Up to the first `%` it is the command; the rest, with a new line at each further one, is for it
/// to read. After a backslash a `%` is one.
fn split_stdin(text: &str) -> (String, Option<String>) {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_first = parts.len() == 1;
        let Some(part) = parts.last_mut() else { break };
        match character {
            '\\' if characters.next_if_eq(&'%').is_some() => part.push('%'),
            '%' if is_first => parts.push(String::new()),
            '%' => part.push('\n'),
            other => part.push(other),
        }
    }
    let mut stdin = if parts.len() > 1 { parts.pop() } else { None };
    if let Some(stdin) = stdin.as_mut().filter(|stdin| !stdin.is_empty() && !stdin.ends_with('\n'))
    {
        stdin.push('\n');
    }
    (parts.concat(), stdin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(line: &str, has_user: bool) -> Entry<'_> {
        match parse(line, has_user) {
            Line::Entry(entry) => entry,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn lines_are_what_crontab_says() {
        assert_eq!(parse(" \t\r", false), Line::Blank);
        assert_eq!(parse("  # x = 1", false), Line::Comment("# x = 1"));
        let variable = |line| match parse(line, false) {
            Line::Variable { name, value } => (name.to_owned(), value.to_owned()),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(variable("MAILTO=\"\""), ("MAILTO".into(), String::new()));
        assert_eq!(variable("PATH = /a:/b "), ("PATH".into(), "/a:/b".into()));
        assert_eq!(variable("'A'=' b=c '"), ("A".into(), " b=c ".into()));

        let cron = entry("*/5\t *  * * 1-5  A=1 /bin/x  -y # z", false);
        assert_eq!((cron.schedule.as_str(), cron.user), ("*/5 * * * 1-5", None));
        assert_eq!(cron.command, "A=1 /bin/x  -y # z");
        let system = entry("@daily root  x", true);
        assert_eq!((system.schedule.as_str(), system.user), ("@daily", Some("root")));
        assert_eq!(entry("-0 0 * * * x", false).schedule, "0 0 * * *");
        for (line, has_user) in [("0 0 * * *", false), ("@daily", false), ("@daily root", true)] {
            assert!(matches!(parse(line, has_user), Line::Incomplete(_)), "{line}");
        }
    }

    #[test]
    fn a_percent_sign_begins_what_the_command_reads() {
        let split = |text| split_stdin(text);
        assert_eq!(split(r"date +\%F\%"), ("date +%F%".into(), None));
        assert_eq!(split(r"a \\b"), (r"a \\b".into(), None));
        assert_eq!(
            split(r"mail joe%Joe,%%50\% off%"),
            ("mail joe".into(), Some("Joe,\n\n50% off\n".into()))
        );
        assert_eq!(split("cat%no end"), ("cat".into(), Some("no end\n".into())));
        assert_eq!(split("cat%"), ("cat".into(), Some(String::new())));
    }
}
