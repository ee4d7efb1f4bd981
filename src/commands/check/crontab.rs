//! Reads crontabs as cron does, and finds in them what starts punctual.
//!
//! cron's own syntax is read here; what it hands to the shell, in [`shell`](super::shell).

use super::shell::{CONFIG_VARIABLE, calls};

/// A command of a crontab that starts punctual.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// From 1.
    pub line: usize,
    pub schedule: String,
    /// The command line as words, `punctual` first.
    pub words: Vec<String>,
    /// What `CRON_TZ` is set to above it.
    pub zone: Option<String>,
    /// What `PUNCTUAL_CONFIG` is set to for it.
    pub config: Option<String>,
}

/// What stands between a schedule and its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Nothing: a user's own crontab.
    OfUser,
    /// The user to run it as: `/etc/crontab` and `/etc/cron.d`.
    OfSystem,
    /// Either: a file from somewhere.
    Unknown,
}

/// Every command that starts punctual. `is_subcommand` tells its subcommands, jobs included: they
/// tell a user's name before the command from a command that happens to be given punctual's path.
pub fn read(text: &str, columns: Columns, is_subcommand: impl Fn(&str) -> bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    let (mut zone, mut config) = (None, None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = assignment(line) {
            match name {
                "CRON_TZ" => zone = Some(value.to_owned()),
                CONFIG_VARIABLE => config = Some(value.to_owned()),
                _ => {}
            }
            continue;
        }
        let Some((schedule, command)) = split(line) else { continue };
        let command = for_shell(command);
        let found = match columns {
            Columns::OfUser => calls(&command),
            Columns::OfSystem => calls(without_user(&command)),
            Columns::Unknown => {
                let mut found = calls(&command);
                if found.is_empty() {
                    found = calls(without_user(&command));
                    found.retain(|call| call.words.iter().skip(1).any(|word| is_subcommand(word)));
                }
                found
            }
        };
        entries.extend(found.into_iter().map(|call| Entry {
            line: index + 1,
            schedule: schedule.clone(),
            words: call.words,
            zone: zone.clone(),
            config: call.config.or_else(|| config.clone()),
        }));
    }
    entries
}

/// `NAME = value`, with or without quotes around the value. A schedule never begins like a name.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let value = value.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| {
        let inner = value.strip_prefix(*quote)?.strip_suffix(*quote)?;
        Some(inner)
    });
    is_name.then_some((name, quoted.unwrap_or(value)))
}

/// A line's schedule and its command.
fn split(line: &str) -> Option<(String, &str)> {
    let mut rest = line;
    let mut take = || {
        let (word, after) = rest.split_once([' ', '\t'])?;
        rest = after.trim_start();
        Some(word)
    };
    let first = take()?;
    if first.starts_with('@') {
        return Some((first.to_owned(), rest));
    }
    // To cronie a hyphen in front says to keep quiet about it in its own log.
    let mut fields = vec![first.strip_prefix('-').unwrap_or(first)];
    for _ in 1..5 {
        fields.push(take()?);
    }
    // Some crons take seconds too. No command looks like a field.
    let next = rest.split([' ', '\t']).next().unwrap_or_default();
    if !next.is_empty() && next.chars().all(|c| c.is_ascii_digit() || "*,-/".contains(c)) {
        fields.push(next);
        rest = rest[next.len()..].trim_start();
    }
    Some((fields.join(" "), rest))
}

/// The command as the shell gets it. A `%` ends it, as the rest is its standard input, unless a
/// backslash stands before it.
fn for_shell(command: &str) -> String {
    let mut text = String::with_capacity(command.len());
    let mut characters = command.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&'%').is_some() => text.push('%'),
            '%' => break,
            other => text.push(other),
        }
    }
    text
}

fn without_user(command: &str) -> &str {
    command.split_once([' ', '\t']).map_or("", |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line, schedule and words of each entry.
    fn found(text: &str, columns: Columns) -> Vec<(usize, String, String)> {
        read(text, columns, |word| word == "hello")
            .into_iter()
            .map(|entry| (entry.line, entry.schedule, entry.words.join(" ")))
            .collect()
    }

    fn entry(line: usize, schedule: &str, words: &str) -> (usize, String, String) {
        (line, schedule.to_owned(), words.to_owned())
    }

    #[test]
    fn a_users_crontab_has_schedules_and_commands() {
        let text = "\
# m h dom mon dow command
MAILTO=root
PATH = /usr/bin:/bin

0 2 * * 1    /usr/local/bin/punctual -q jupiter-sync --timeout 10m
\t*/5\t*  * * *\tpunctual hello
# 0 0 * * * punctual hello
@daily punctual mem-report
@reboot punctual daemon
-*/10 * * * mon punctual hello
*/10 * * * * * punctual hello
0 0 * * * punctual hello --name 100\\%%this is its input
0 0 * * * /usr/bin/other
0 0 * *
nonsense
";
        assert_eq!(
            found(text, Columns::OfUser),
            [
                entry(5, "0 2 * * 1", "/usr/local/bin/punctual -q jupiter-sync --timeout 10m"),
                entry(6, "*/5 * * * *", "punctual hello"),
                entry(8, "@daily", "punctual mem-report"),
                entry(9, "@reboot", "punctual daemon"),
                entry(10, "*/10 * * * mon", "punctual hello"),
                entry(11, "*/10 * * * * *", "punctual hello"),
                entry(12, "0 0 * * *", "punctual hello --name 100%"),
            ]
        );
    }

    #[test]
    fn a_crontab_of_the_system_names_the_user_too() {
        let text = "0 2 * * 1 root punctual hello\n@daily  nobody\tpunctual other\n";
        assert_eq!(
            found(text, Columns::OfSystem),
            [entry(1, "0 2 * * 1", "punctual hello"), entry(2, "@daily", "punctual other")]
        );
        assert_eq!(found(text, Columns::OfUser), []);
    }

    #[test]
    fn where_either_may_be_a_known_subcommand_tells() {
        let text = "\
0 2 * * 1 punctual nonesuch
0 2 * * 1 root punctual hello
0 2 * * 1 rsync /var/lib/punctual /backup
";
        assert_eq!(
            found(text, Columns::Unknown),
            [entry(1, "0 2 * * 1", "punctual nonesuch"), entry(2, "0 2 * * 1", "punctual hello"),]
        );
    }

    #[test]
    fn settings_hold_for_the_lines_below_them() {
        let text = "\
0 0 * * * punctual hello
CRON_TZ = \"Europe/Berlin\"
PUNCTUAL_CONFIG=/a.toml
0 0 * * * punctual hello
CRON_TZ=UTC
0 0 * * * PUNCTUAL_CONFIG=/b.toml punctual hello
";
        let settings: Vec<_> = read(text, Columns::OfUser, |_| true)
            .into_iter()
            .map(|entry| (entry.zone, entry.config))
            .collect();
        let some = |zone: &str, config: &str| (Some(zone.to_owned()), Some(config.to_owned()));
        assert_eq!(
            settings,
            [(None, None), some("Europe/Berlin", "/a.toml"), some("UTC", "/b.toml")]
        );
    }
}
