//! `punctual import crontab`: the lines of a crontab as `[jobs.NAME]`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml_writer::ToTomlValue;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output;
use crate::schedule::Schedule;
use crate::text;

use super::line::{Entry, Line, parse};
use super::name::{Names, program};

/// The longest crontab that is read. A line takes 1000 bytes at most in cron itself.
const BYTES_MAX: u64 = 1024 * 1024;

const SHELL: &str = "/bin/sh";

/// Turn the lines of a crontab into jobs of a configuration file
///
/// Each line becomes a table `[jobs.NAME]`, named after its command. Variables become the
/// environment of the jobs below them. What there is no like for, such as @reboot, becomes a
/// comment that says why.
#[derive(Debug, clap::Args)]
pub struct CrontabImport {
    /// The crontab; - is stdin, as in `crontab -l | punctual import crontab`
    #[arg(value_name = "FILE|-", default_value = "-", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Its lines name the user that runs them, as those of /etc/crontab and in /etc/cron.d do, which
    /// are known by their path
    #[arg(long)]
    system: bool,
}

impl CrontabImport {
    /// `definition` has the names that jobs cannot have any more.
    pub fn run(&self, definition: &clap::Command) -> Result<()> {
        let crontab = self.read()?;
        let taken = definition.get_subcommands().map(|command| command.get_name().to_owned());
        let names = Names::new(taken.chain(["help".to_owned()]));
        let mut conversion = Conversion::new(self.system || is_of_system(&self.file), names);
        for (index, line) in crontab.split(|byte| *byte == b'\n').enumerate() {
            match std::str::from_utf8(line) {
                Ok(line) => conversion.line(index + 1, line),
                Err(_) => {
                    conversion.leave_out(index + 1, &String::from_utf8_lossy(line), "not UTF-8");
                }
            }
        }
        output::print(&conversion.finish())
    }

    fn read(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let is_stdin = self.file.as_os_str() == "-";
        let read = if is_stdin {
            std::io::stdin().take(BYTES_MAX + 1).read_to_end(&mut bytes)
        } else {
            File::open(&self.file).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes))
        };
        let name = if is_stdin { "stdin".to_owned() } else { self.file.display().to_string() };
        read.map_err(|error| Error::io(format!("cannot read {name}"), error))?;
        if bytes.len() as u64 > BYTES_MAX {
            let message = format!("{name} is larger than 1 MiB");
            return Err(Error::new(Exit::Usage, message).hint("is that a crontab?"));
        }
        Ok(bytes)
    }
}

/// Goes through the lines of a crontab.
struct Conversion {
    is_system: bool,
    names: Names,
    /// What the lines so far have set.
    variables: BTreeMap<String, String>,
    text: String,
    jobs: usize,
    left_out: usize,
}

impl Conversion {
    fn new(is_system: bool, names: Names) -> Self {
        let (variables, text) = (BTreeMap::new(), String::new());
        Self { is_system, names, variables, text, jobs: 0, left_out: 0 }
    }

    fn line(&mut self, number: usize, line: &str) {
        match parse(line, self.is_system) {
            Line::Blank if self.text.ends_with("\n\n") => {}
            Line::Blank => self.text.push('\n'),
            Line::Comment(comment) => self.comment(comment.trim_start_matches('#')),
            Line::Variable { name, value } => self.variable(name, value),
            Line::Entry(entry) => self.entry(number, line, &entry),
            Line::Incomplete(reason) => self.leave_out(number, line, reason),
        }
    }

    fn comment(&mut self, comment: &str) {
        let comment = format!("#{}", text::escape(comment));
        self.text.push_str(comment.trim_end());
        self.text.push('\n');
    }

    fn leave_out(&mut self, number: usize, line: &str, reason: &str) {
        self.left_out += 1;
        self.comment(&format!(" line {number}: {reason}"));
        self.comment(&format!("   {}", line.trim()));
        self.text.push('\n');
    }

    fn variable(&mut self, name: &str, value: &str) {
        match name {
            "MAILTO" | "MAILFROM" => self.comment(&format!(
                " {name}={value}: here on_failure tells somebody, and of failures only"
            )),
            "CRON_TZ" if is_utc(value) => {}
            "CRON_TZ" => self.comment(&format!(
                " CRON_TZ={value}: cron reads the schedules below in that zone, here they are in UTC"
            )),
            _ => {
                self.variables.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn entry(&mut self, number: usize, line: &str, entry: &Entry<'_>) {
        if let Err(error) = Schedule::parse(&entry.schedule) {
            return self.leave_out(number, line, error.problem());
        }
        if program(&entry.command).as_deref() == Some("punctual") {
            return self.leave_out(
                number,
                line,
                "starts punctual itself; write a table for that job",
            );
        }
        let name = self.names.give(&entry.command);
        let mut env = self.variables.clone();
        let shell = env.remove("SHELL").unwrap_or_else(|| SHELL.to_owned());
        let jitter = env.remove("RANDOM_DELAY").and_then(|minutes| minutes.parse::<u16>().ok());
        let mut table = vec![
            format!("[jobs.{name}]"),
            format!("schedule = {}", entry.schedule.to_toml_value()),
            format!("command = {}", command_line(&shell, entry).to_toml_value()),
        ];
        if let Some(minutes) = jitter.filter(|minutes| *minutes > 0) {
            table.push(format!("jitter = \"{minutes}m\""));
        }
        if let Some(home) = env.get("HOME").filter(|home| home.starts_with('/')) {
            table.push(format!("working_dir = {}", home.to_toml_value()));
        }
        if !env.is_empty() {
            table.push(format!("env = {}", env.to_toml_value()));
        }
        self.jobs += 1;
        self.text.push_str(&table.join("\n"));
        self.text.push_str("\n\n");
    }

    fn finish(self) -> String {
        let Self { jobs, left_out, text, .. } = self;
        let left_out = match left_out {
            0 => String::new(),
            count => format!("# - What could not be taken over ({count}): look for \"# line\".\n"),
        };
        format!(
            "\
# Jobs from a crontab ({jobs}), by `punctual import crontab`. Look through them before you use them:
{left_out}# - Schedules are in UTC here. cron reads them in the time zone of the host.
# - cron starts commands in the home directory of their user: set working_dir where that matters.
# - A run is ended after 1h here unless timeout says otherwise, and not started beside another of the same job.

{}
",
            text.trim()
        )
    }
}

/// Whether the lines of the crontab there name a user: crontab(5), cron(8).
fn is_of_system(path: &Path) -> bool {
    path == Path::new("/etc/crontab") || path.starts_with("/etc/cron.d")
}

fn is_utc(zone: &str) -> bool {
    ["UTC", "Etc/UTC", "UCT", "Zulu", "GMT", "Etc/GMT"].contains(&zone)
}

/// The command as cron runs it: by a shell, as its user, with something to read.
fn command_line(shell: &str, entry: &Entry<'_>) -> Vec<String> {
    let script = match &entry.stdin {
        None => entry.command.clone(),
        Some(stdin) => {
            let quoted = stdin.replace('\'', r"'\''");
            format!("printf %s '{quoted}' | (\n{}\n)", entry.command)
        }
    };
    match entry.user {
        None | Some("root") => vec![shell.to_owned(), "-c".to_owned(), script],
        Some(user) => ["runuser", "-s", shell, "-c", &script, user].map(str::to_owned).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crontabs_of_the_system_are_known_by_their_path() {
        let is_of_system = |path| is_of_system(Path::new(path));
        assert!(is_of_system("/etc/crontab") && is_of_system("/etc/cron.d/backup"));
        assert!(!is_of_system("-") && !is_of_system("crontab") && !is_of_system("/etc/cron.daily"));
    }
}
