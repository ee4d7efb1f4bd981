//! What starts punctual in a shell's command line.
//!
//! Of the shell's language only so much is understood as it takes to find that: quotes, what
//! separates commands, redirections, and the usual programs that start another.

pub const CONFIG_VARIABLE: &str = "PUNCTUAL_CONFIG";

const PROGRAM: &str = "punctual";

/// Shells, whose `-c` is followed by a command line.
const SHELLS: [&str; 6] = ["sh", "ash", "bash", "dash", "ksh", "zsh"];

/// Words that a command may follow: programs that start another, and words of the shell.
const STARTERS: [&str; 28] = [
    "!",
    "{",
    "chronic",
    "chrt",
    "command",
    "cronic",
    "do",
    "doas",
    "else",
    "env",
    "exec",
    "flock",
    "if",
    "ionice",
    "nice",
    "nohup",
    "runuser",
    "setpriv",
    "setsid",
    "sudo",
    "su",
    "systemd-cat",
    "systemd-run",
    "taskset",
    "then",
    "time",
    "timeout",
    "while",
];

/// A command that starts punctual.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// `punctual` first.
    pub words: Vec<String>,
    /// What `PUNCTUAL_CONFIG` is set to in front of it.
    pub config: Option<String>,
}

/// Every command of a command line that starts punctual, with arguments.
pub fn calls(line: &str) -> Vec<Call> {
    let mut found = Vec::new();
    for command in commands(line) {
        // Without its closing quote the shell does not run it either.
        let Some(words) = shlex::split(&command) else { continue };
        let start = words.iter().take_while(|word| is_assignment(word)).count();
        let Some(first) = words.get(start).map(|word| base_name(word)) else { continue };
        if SHELLS.contains(&first) {
            let mut rest = words[start..].iter().skip_while(|word| !is_dash_c(word)).skip(1);
            found.extend(rest.next().map(|inner| calls(inner)).unwrap_or_default());
            continue;
        }
        let position = if first == PROGRAM {
            Some(start)
        } else if STARTERS.contains(&first) {
            words.iter().position(|word| base_name(word) == PROGRAM)
        } else {
            None
        };
        let Some(position) = position.filter(|position| position + 1 < words.len()) else {
            continue;
        };
        let (before, call) = words.split_at(position);
        let mut configs = before.iter().rev().filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            (name == CONFIG_VARIABLE).then(|| value.to_owned())
        });
        found.push(Call { config: configs.next(), words: call.to_vec() });
    }
    found
}

/// The commands of a line, each without its redirections.
fn commands(line: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut command = String::new();
    let mut quote = None;
    // Within a redirection, and whether its target has begun.
    let mut redirection = None;
    let mut previous = ' ';
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let mut kept = [Some(character), None];
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => kept[1] = characters.next(),
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '#') if previous.is_whitespace() => break,
            (None, '&') if matches!(previous, '<' | '>') => {}
            (None, ';' | '&' | '|' | '(' | ')' | '\n') => {
                commands.push(std::mem::take(&mut command));
                (redirection, kept) = (None, [None; 2]);
            }
            (None, '<' | '>') => {
                if redirection.is_none() {
                    command.truncate(without_descriptor(&command).len());
                }
                redirection = Some(false);
            }
            (None, _) if character.is_whitespace() && redirection == Some(true) => {
                redirection = None;
            }
            (None, _) => redirection = redirection.map(|_| !character.is_whitespace()),
        }
        if redirection.is_none() {
            command.extend(kept.into_iter().flatten());
        }
        previous = character;
    }
    commands.push(command);
    commands
}

/// The command before a redirection, whose descriptor belongs to that: the `2` of `2>&1`.
fn without_descriptor(command: &str) -> &str {
    let before = command.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_word = before.is_empty() || before.ends_with(char::is_whitespace);
    if is_word { before } else { command }
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn is_assignment(word: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// `-c`, also among other letters: `-lc`.
fn is_dash_c(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains('c')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of each call, joined by spaces.
    fn found(line: &str) -> Vec<String> {
        calls(line).into_iter().map(|call| call.words.join(" ")).collect()
    }

    #[test]
    fn punctual_is_found_where_it_is_what_is_started() {
        let hello = ["punctual hello".to_owned()];
        for line in [
            "punctual hello",
            "punctual hello >/dev/null 2>&1",
            "punctual hello>>/var/log/x.log",
            "punctual hello &> /dev/null",
            "2> /dev/null punctual hello </dev/null;",
            "punctual 2>&1 hello | logger -t jobs",
            "cd /opt/punctual && punctual hello",
            "test -x /usr/bin/punctual && { punctual hello; } || true",
            "if true; then punctual hello; fi",
            "(cd / ; punctual hello)&",
            "LANG=C X='a b' punctual hello # every night",
            "env -i HOME=/ punctual hello",
            "flock -n /run/lock/x timeout 300 punctual hello",
            "nice -n 10 punctual 'hello'",
            "bash -lc 'cd / && punctual hello'",
            "punctual hel\\lo",
        ] {
            assert_eq!(found(line), hello, "{line}");
        }
        assert_eq!(found("/a/punctual x; ./punctual y"), ["/a/punctual x", "./punctual y"]);
        assert_eq!(found("punctual hello --name 'a;b>c' 2>x"), ["punctual hello --name a;b>c"]);
    }

    #[test]
    fn punctual_is_not_found_where_it_is_only_named() {
        for line in [
            "",
            "true",
            "punctual",
            "cd /opt/punctual && ./run.sh",
            "rsync -a /var/lib/punctual /backup",
            "echo punctual hello",
            "find /var/lib/punctual -mtime +30 -delete",
            "/opt/punctual/bin/other hello",
            "logger 'punctual hello'",
            "true # punctual hello",
            "punctual 'hello",
        ] {
            assert_eq!(found(line), [""; 0], "{line}");
        }
    }

    #[test]
    fn the_configuration_may_be_named_in_front() {
        let config = |line| calls(line).pop().and_then(|call| call.config);
        assert_eq!(config("PUNCTUAL_CONFIG=/a.toml punctual x").as_deref(), Some("/a.toml"));
        assert_eq!(config("env PUNCTUAL_CONFIG='/a b' punctual x").as_deref(), Some("/a b"));
        assert_eq!(config("OTHER=/a punctual x"), None);
    }
}
