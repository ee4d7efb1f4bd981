//! A name for a job, from its command: after the program that does the work, not after what only
//! prepares or wraps it.

use std::collections::HashSet;

/// Names are to be typed.
const NAME_CHARS_MAX: usize = 40;

/// What only prepares the work, or asks whether it is to be done.
const PREPARATIONS: &[&str] = &[
    ".", ":", "[", "[[", "cd", "echo", "exit", "export", "fi", "for", "mkdir", "pgrep", "printf",
    "set", "sleep", "source", "test", "true", "ulimit", "umask", "which",
];

/// What stands before a command in a shell's control structures.
const KEYWORDS: &[&str] = &["!", "do", "elif", "else", "if", "then", "until", "while"];

/// What runs another program, with the options of each that have a value, and how many words stand
/// before that program.
const WRAPPERS: &[(&str, &[&str], usize)] = &[
    ("bundle", &[], 1),
    ("chronic", &[], 0),
    ("command", &[], 0),
    ("cronic", &[], 0),
    ("env", &["-u", "-C"], 0),
    ("exec", &[], 0),
    ("flock", &["-w", "--timeout", "-E"], 1),
    ("ionice", &["-c", "-n"], 0),
    ("nice", &["-n"], 0),
    ("nohup", &[], 0),
    ("runuser", &["-u", "-g"], 0),
    ("setsid", &[], 0),
    ("sudo", &["-u", "-g"], 0),
    ("systemd-cat", &["-t", "-p"], 0),
    ("time", &[], 0),
    ("timeout", &["-k", "-s"], 1),
];

/// What runs a line that follows its `-c`.
const RUNS_LINE: &[&str] = &["flock", "runuser", "su"];

/// What runs a script, with the options of each that have a value, and the letter of the one that
/// has code as its value.
const INTERPRETERS: &[(&str, &[&str], char)] = &[
    ("ash", &[], 'c'),
    ("bash", &[], 'c'),
    ("dash", &[], 'c'),
    ("java", &["-cp", "-classpath"], '\0'),
    ("ksh", &[], 'c'),
    ("node", &["-r"], 'e'),
    ("perl", &[], 'e'),
    ("php", &["-d", "-c"], 'r'),
    ("python", &["-W", "-X"], 'c'),
    ("ruby", &["-I", "-r"], 'e'),
    ("sh", &[], 'c'),
    ("zsh", &[], 'c'),
];

/// What says nothing about the work at the end of a file's name.
const EXTENSIONS: &[&str] = &["bash", "jar", "js", "php", "pl", "py", "rb", "sh"];

/// Names that are given out once each.
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    pub fn new(taken: impl IntoIterator<Item = String>) -> Self {
        Self { taken: taken.into_iter().collect() }
    }

    /// A name that is not taken yet, for a job that runs `command`.
    pub fn give(&mut self, command: &str) -> String {
        let name = name(command).unwrap_or_else(|| "job".to_owned());
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut free =
            std::iter::once(name.clone()).chain(numbered).filter(|name| !self.taken.contains(name));
        let name = free.next().unwrap_or_default();
        self.taken.insert(name.clone());
        name
    }
}

/// The file name of the program that does the work.
pub fn program(command: &str) -> Option<String> {
    work(command).map(|words| base_name(&words[0]).to_owned())
}

fn name(command: &str) -> Option<String> {
    let words = work(command)?;
    let stem = stem(&words[0]);
    // A word beside it says what it does: certbot renew, pg_dump shop.
    let argument = words.get(1).filter(|word| is_plain(word));
    let whole = argument.map_or(stem.to_owned(), |argument| format!("{stem} {argument}"));
    kebab_case(&whole).or_else(|| kebab_case(stem))
}

/// The words of the first simple command that does more than to prepare, from its program on.
fn work(command: &str) -> Option<Vec<String>> {
    let commands: Vec<Vec<String>> =
        simple_commands(command).into_iter().filter_map(|words| unwrapped(&words)).collect();
    let does_work = |words: &&Vec<String>| !PREPARATIONS.contains(&base_name(&words[0]));
    commands.iter().find(does_work).or(commands.first()).cloned()
}

/// A command line in its simple commands, these in words, without quotes. As a shell does it, but
/// for all that does not matter to a name.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quote = None;
    // How deep in what is put in place of `$(…)`.
    let mut depth = 0_u32;
    // A blank at the end ends the last word.
    for character in line.chars().chain([' ']) {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(character),
            (None, '(') if depth > 0 || word.ends_with('$') => depth += 1,
            (None, ')') if depth > 0 => depth -= 1,
            (None, ' ' | '\t' | ';' | '&' | '|' | '(' | ')' | '{' | '}') if depth == 0 => {
                if let Some(words) = commands.last_mut().filter(|_| !word.is_empty()) {
                    words.push(std::mem::take(&mut word));
                }
                if !matches!(character, ' ' | '\t') {
                    commands.push(Vec::new());
                }
            }
            _ => word.push(character),
        }
    }
    commands
}

/// A simple command without what only runs it: assignments, `nice`, `timeout 5m`, `sh`.
fn unwrapped(words: &[String]) -> Option<Vec<String>> {
    let is_assignment = |word: &str| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    let is_before = |word: &&String| is_assignment(word) || KEYWORDS.contains(&word.as_str());
    let words = &words[words.iter().take_while(is_before).count()..];
    let (program, rest) = words.split_first()?;
    let file = base_name(program);
    if RUNS_LINE.contains(&file)
        && let Some(line) = rest.iter().skip_while(|word| *word != "-c").nth(1)
    {
        return work(line);
    }
    if let Some((_, with_value, before)) = WRAPPERS.iter().find(|(name, ..)| *name == file) {
        let rest = &rest[options(rest, with_value)..];
        return unwrapped(rest.get(*before..).unwrap_or_default());
    }
    // python3.11
    let plain = file.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let Some((_, with_value, code)) = INTERPRETERS.iter().find(|(name, ..)| *name == plain) else {
        return Some(words.to_vec());
    };
    let count = options(rest, with_value);
    let is_code = |word: &String| !word.starts_with("--") && word.ends_with(*code);
    let runs_code = rest[..count].iter().any(is_code);
    match rest.get(count) {
        Some(line) if runs_code && plain.ends_with("sh") => work(line),
        Some(_) if !runs_code => Some(rest[count..].to_vec()),
        _ => Some(words.to_vec()),
    }
}

/// How many of the first words are options and their values.
fn options(words: &[String], with_value: &[&str]) -> usize {
    let mut count = 0;
    while let Some(word) = words.get(count).filter(|word| word.starts_with('-')) {
        count += if with_value.contains(&word.as_str()) { 2 } else { 1 };
    }
    count.min(words.len())
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path)
}

fn stem(path: &str) -> &str {
    let file = base_name(path);
    match file.rsplit_once('.') {
        Some((stem, extension)) if EXTENSIONS.contains(&extension) && !stem.is_empty() => stem,
        _ => file,
    }
}

/// Whether a word can be meant for people.
fn is_plain(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
}

fn kebab_case(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join("-");
    name.truncate(NAME_CHARS_MAX);
    let name = name.trim_end_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_program_that_does_the_work() {
        for (command, expected) in [
            ("/usr/local/bin/backup.sh", "backup"),
            ("/usr/local/bin/backup.sh --all > /dev/null 2>&1", "backup"),
            ("cd /var/www/shop && /usr/bin/php artisan schedule:run", "artisan-schedule-run"),
            ("cd /srv/app; ./bin/console cache:clear", "console-cache-clear"),
            ("test -x /usr/sbin/anacron || run-parts /etc/cron.daily", "run-parts"),
            ("[ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean", "sessionclean"),
            ("nice -n 19 ionice -c2 -n7 /opt/tidy_up.py", "tidy-up"),
            ("/usr/bin/flock -n /tmp/x.lock /usr/bin/timeout -k 5 300 rsync -a /a /b", "rsync"),
            ("flock -n /tmp/x.lock -c 'cd /x && ./sync.rb now'", "sync-now"),
            ("sudo -u postgres pg_dump shop | gzip > /backup/shop.gz", "pg-dump-shop"),
            ("LANG=C TZ=UTC /usr/bin/certbot -q renew", "certbot"),
            ("certbot renew --quiet", "certbot-renew"),
            ("bash -lc '/home/joe/bin/report weekly'", "report-weekly"),
            ("sh -c \"sleep 5; curl -fsS https://x/y\"", "curl"),
            ("python3 -m mypackage.tool", "mypackage-tool"),
            ("/usr/bin/env python3 /opt/ETL/Load.py", "load"),
            ("java -jar /opt/Reindex.jar", "reindex"),
            ("(find /tmp -mtime +7 -delete)", "find"),
            ("sleep 30", "sleep"),
            ("echo žluťoučký", "echo"),
            ("./日本", "job"),
            ("\"/opt/my tool/run it\"", "run-it"),
            ("php", "php"),
            ("php -d memory_limit=1G /srv/magento cron:run", "magento-cron-run"),
            ("python3.11 -c 'import x'", "python3-11"),
            ("perl -ne 'print' /x", "perl"),
            ("su - joe -c \"cd /x && ./tidy\"", "tidy"),
            ("sleep $((RANDOM % 300)); /root/acme.sh --cron", "acme"),
            ("[ $(date +%d) -le 7 ] && if [ ! -d /run ]; then /usr/lib/check; fi", "check"),
            ("echo hello | mail -s x root", "mail"),
            ("cd /app && bundle exec rake sitemap:refresh", "rake-sitemap-refresh"),
            ("pgrep nginx || systemctl start nginx", "systemctl-start"),
            ("nice", "job"),
        ] {
            assert_eq!(Names::new([]).give(command), expected, "{command}");
        }
        assert_eq!(program("nice /usr/bin/punctual -q hello").as_deref(), Some("punctual"));
    }

    #[test]
    fn names_are_unlike_each_other_and_not_endless() {
        let mut names = Names::new(["check".to_owned()]);
        assert_eq!(
            ["check", "check", "x", "x"].map(|command| names.give(command)),
            ["check-2", "check-3", "x", "x-2"]
        );
        assert_eq!(names.give(&"very-long ".repeat(20)).len(), 19);
        assert_eq!(names.give(&"very-long-".repeat(20)).len(), 39);
    }
}
