//! The configuration file: optional TOML, read whole and checked whole before anything acts on it.
//!
//! The document is walked with its positions ([`reader`]) rather than deserialised, which would
//! stop at the first mistake: all of them are told at once, each with file, line and column. What
//! can only be checked above this module keeps its line ([`Located`], [`Config::error_at`]).

mod file;
mod reader;
mod value;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;

use crate::clock;
use crate::daemon::Overlap;
use crate::database::PostgresUrl;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::logging::LogFormat;
use crate::secret::{Secret, SecretSource};

use reader::{Reader, Section, nearest};

/// A job's name is part of file names.
const NAME_CHARS_MAX: usize = 64;

/// After how many failures in a row `on_failure` speaks up.
const AFTER_DEFAULT: u32 = 1;

/// The shortest time between two messages about the same job.
const AT_MOST_EVERY_DEFAULT: Duration = Duration::from_secs(60 * 60);

/// A value with the line of the file where it stands.
#[derive(Clone, Debug)]
pub struct Located<T> {
    pub value: T,
    pub line: usize,
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What the file says. A setting that it does not mention is nothing here: defaults are not this
/// module's. Relative paths of the file are below its folder already.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The file, as it was named; nothing when there is none.
    pub path: Option<PathBuf>,
    pub database: Option<Located<DatabaseSource>>,
    pub state_dir: Option<Located<PathBuf>>,
    pub log_dir: Option<Located<PathBuf>>,
    pub log_keep: Option<Located<u16>>,
    pub log_format: Option<Located<LogFormat>>,
    pub history_keep: Option<Located<Duration>>,
    pub history_max: Option<Located<u32>>,
    /// What this host is called.
    pub host: Option<Located<String>>,
    /// How long a host of which nothing is heard keeps its jobs.
    pub lease: Option<Located<Duration>>,
    /// Where the daemon serves HTTP.
    pub listen: Option<Located<SocketAddr>>,
    /// How many runs the daemon has going at once, at least one.
    pub max_running: Option<Located<u32>>,
    /// How long a stopping daemon waits for its runs.
    pub stop_timeout: Option<Located<Duration>>,
    pub metrics_dir: Option<Located<PathBuf>>,
    /// For every job that has none of its own.
    pub on_failure: Option<OnFailure>,
    /// In the order of the file.
    pub jobs: Vec<JobConfig>,
    /// What is not wrong but should not stay.
    pub warnings: Vec<Warning>,
}

/// Something about the file that should not stay as it is.
#[derive(Clone, Debug)]
pub struct Warning {
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.hint)
    }
}

/// Where the database is.
#[derive(Clone, Debug)]
pub enum DatabaseSource {
    Path(PathBuf),
    /// May hold a password.
    Url(Secret),
    /// `database_file`: a file that holds the URL.
    UrlFile(PathBuf),
}

impl DatabaseSource {
    /// Reads what people write: the path of a file, or a URL.
    pub fn from_text(text: &str) -> Result<Self, String> {
        /// What a connection string in libpq's other form begins with.
        const KEYWORDS: [&str; 6] =
            ["host=", "hostaddr=", "port=", "dbname=", "user=", "password="];

        match text.split_once("://") {
            None if KEYWORDS.iter().any(|keyword| text.trim_start().starts_with(keyword)) => {
                Err("that is a list of keywords: write it as a URL, postgres://…".to_owned())
            }
            None => Ok(Self::Path(text.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Url(Secret::new(text))),
            // The rest of it may be a password.
            Some((scheme, _)) => Err(format!("unknown kind of database: {scheme}")),
        }
    }
}

/// `[jobs.NAME]`.
#[derive(Clone, Debug)]
pub struct JobConfig {
    pub name: String,
    /// Where the file begins to speak of it.
    pub line: usize,
    pub work: JobWork,
    /// Every enabled command job has one. Text that [`Rules::check_schedule`] took.
    pub schedule: Option<Located<String>>,
    pub timeout: Option<Located<Duration>>,
    pub grace: Option<Located<Duration>>,
    pub retries: Option<Located<u32>>,
    pub overlap: Option<Located<Overlap>>,
    pub catch_up: Option<Located<bool>>,
    pub jitter: Option<Located<Duration>>,
    /// Whether the daemon runs it.
    pub enabled: bool,
    pub ping_url: Option<Located<SecretSource>>,
    /// Instead of the one for all jobs, not on top of it.
    pub on_failure: Option<OnFailure>,
}

/// What a job does.
#[derive(Clone, Debug)]
pub enum JobWork {
    /// A job of the catalog. The arguments are checked by whoever knows its command line.
    Builtin { arguments: Option<Located<Vec<String>>> },
    /// A command.
    Command {
        command: CommandLine,
        /// Often holds passwords.
        env: Vec<(String, Secret)>,
        working_dir: Option<PathBuf>,
        /// Its line in the help.
        description: Option<String>,
    },
}

/// A program and its arguments. No shell reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// An absolute path, or a name to be looked up in `PATH`.
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// The program, then its arguments.
    pub fn words(&self) -> impl Iterator<Item = OsString> {
        let program = self.program.clone().into_os_string();
        std::iter::once(program).chain(self.arguments.iter().map(OsString::from))
    }
}

/// `[on_failure]`: whom to tell, and when.
#[derive(Clone, Debug)]
pub struct OnFailure {
    /// Where its table begins.
    pub line: usize,
    pub tell: Tell,
    /// Failures in a row, from 1.
    pub after: u32,
    pub at_most_every: Duration,
}

#[derive(Clone, Debug)]
pub enum Tell {
    Command(CommandLine),
    Webhook(SecretSource),
}

/// What the file is checked against besides its own form.
pub struct Rules {
    /// The names in the catalog.
    pub builtin_jobs: Vec<&'static str>,
    /// The names of the commands that are not jobs.
    pub commands: Vec<String>,
    pub check_schedule: fn(&str) -> Result<(), String>,
}

impl Config {
    /// Reads a file that has to be there.
    pub fn load(path: &Path, rules: fn() -> Rules) -> Result<Self> {
        Self::load_if_present(path, rules)?.ok_or_else(|| {
            let message = format!("the configuration file {} does not exist", path.display());
            Error::new(Exit::Configuration, message)
                .hint("create it, or name another with --config or PUNCTUAL_CONFIG")
        })
    }

    /// Reads a file that may be missing; then nobody asks for the rules.
    pub fn load_if_present(path: &Path, rules: fn() -> Rules) -> Result<Option<Self>> {
        let Some(file) = file::read(path)? else { return Ok(None) };
        let mut config = Self::parse(path, &file.text, &rules())?;
        let path = path.display();
        if file.is_writable_by_everybody() {
            config.warnings.push(Warning {
                message: format!(
                    "everybody can write the configuration file {path}, and so decide what runs"
                ),
                hint: format!("chmod o-w {path}"),
            });
        }
        if file.is_readable_by_everybody() && config.holds_secrets() {
            config.warnings.push(Warning {
                message: format!(
                    "everybody can read the configuration file {path}, and it holds secrets"
                ),
                hint: format!("chmod o-r {path}"),
            });
        }
        Ok(Some(config))
    }

    fn parse(path: &Path, text: &str, rules: &Rules) -> Result<Self> {
        let absolute = std::path::absolute(path)
            .map_err(|error| Error::io("cannot find out the current directory", error))?;
        let folder = absolute.parent().unwrap_or(Path::new("/"));
        let reader = Reader::new(text);
        let config = reader.root().map(|root| read(root, folder, rules)).unwrap_or_default();
        reader.finish(path)?;
        Ok(Self { path: Some(path.to_owned()), ..config })
    }

    /// What the file says about a job.
    pub fn job(&self, name: &str) -> Option<&JobConfig> {
        self.jobs.iter().find(|job| job.name == name)
    }

    /// The settings, jobs apart, that are not as in an earlier reading of the file.
    pub fn settings_unlike(&self, earlier: &Self) -> Vec<&'static str> {
        fn differ<T: fmt::Debug>(one: &Option<Located<T>>, other: &Option<Located<T>>) -> bool {
            let value = |it: &Option<Located<T>>| it.as_ref().map(|it| format!("{:?}", it.value));
            value(one) != value(other)
        }
        [
            // A secret looks like any other: a changed password is not told.
            ("database", differ(&self.database, &earlier.database)),
            ("state_dir", differ(&self.state_dir, &earlier.state_dir)),
            ("log_dir", differ(&self.log_dir, &earlier.log_dir)),
            ("log_keep", differ(&self.log_keep, &earlier.log_keep)),
            ("log_format", differ(&self.log_format, &earlier.log_format)),
            ("history_keep", differ(&self.history_keep, &earlier.history_keep)),
            ("history_max", differ(&self.history_max, &earlier.history_max)),
            ("host", differ(&self.host, &earlier.host)),
            ("lease", differ(&self.lease, &earlier.lease)),
            ("listen", differ(&self.listen, &earlier.listen)),
            ("max_running", differ(&self.max_running, &earlier.max_running)),
            ("stop_timeout", differ(&self.stop_timeout, &earlier.stop_timeout)),
        ]
        .into_iter()
        .filter_map(|(key, differs)| differs.then_some(key))
        .collect()
    }

    /// A mistake in the file that somebody else found.
    pub fn error_at(&self, line: usize, message: &str) -> Error {
        let path = self.path.as_deref().unwrap_or(Path::new("the configuration"));
        Error::new(Exit::Configuration, format!("{}:{line}: {message}", path.display()))
    }

    /// Whether the file has something that others should not read. The environment of a command
    /// does not count: most of it is harmless.
    fn holds_secrets(&self) -> bool {
        let database = match self.database.as_deref() {
            Some(DatabaseSource::Url(url)) => {
                PostgresUrl::parse(url.expose()).is_ok_and(|url| url.has_password())
            }
            _ => false,
        };
        let is_value = |source: &SecretSource| matches!(source, SecretSource::Value(_));
        let of_jobs = self.jobs.iter().filter_map(|job| job.on_failure.as_ref());
        let webhook = of_jobs.chain(&self.on_failure).any(
            |on_failure| matches!(&on_failure.tell, Tell::Webhook(webhook) if is_value(webhook)),
        );
        database
            || webhook
            || self.jobs.iter().any(|job| job.ping_url.as_deref().is_some_and(is_value))
    }
}

/// The top level.
fn read(mut root: Section<'_, '_>, folder: &Path, rules: &Rules) -> Config {
    let database = either(
        &mut root,
        ("database", value::database(folder)),
        ("database_file", |value| value::path(folder)(value).map(DatabaseSource::UrlFile)),
    );
    let mut config = Config {
        database,
        state_dir: root.take("state_dir", value::path(folder)),
        log_dir: root.take("log_dir", value::path(folder)),
        log_keep: root.take("log_keep", value::whole(1..=u16::MAX.into())),
        log_format: root.take("log_format", value::choice),
        history_keep: root.take("history_keep", value::duration(clock::parse_retention)),
        history_max: root.take("history_max", value::whole(1..=u32::MAX.into())),
        host: root.take("host", value::text),
        lease: root.take("lease", value::duration(clock::parse_lease)),
        listen: root.take("listen", |value| {
            value::text(value)?
                .parse()
                .map_err(|_| "must be an address with a port, like 127.0.0.1:9187".to_owned())
        }),
        max_running: root.take("max_running", value::whole(1..=u32::MAX.into())),
        stop_timeout: root.take("stop_timeout", value::duration(clock::parse_run_duration)),
        metrics_dir: root.take("metrics_dir", value::path(folder)),
        ..Config::default()
    };
    let on_failure = root.section("on_failure");
    let jobs = root.section("jobs");
    let top_level = root.finish(&[]);
    config.on_failure = on_failure.and_then(|section| read_on_failure(section, folder, &top_level));
    if let Some(jobs) = jobs {
        config.jobs = jobs
            .named_sections()
            .filter_map(|(name, section)| read_job(name, section, folder, rules, &top_level))
            .collect();
        config.jobs.sort_by_key(|job| job.line);
    }
    config
}

/// `[jobs.NAME]`. Nothing when it is not known what the job does; that is a mistake then.
fn read_job(
    name: String,
    mut section: Section<'_, '_>,
    folder: &Path,
    rules: &Rules,
    top_level: &[&str],
) -> Option<JobConfig> {
    check_name(&name, &section, rules);
    let line = section.line();
    let has_schedule = section.has("schedule");
    let schedule = section.take("schedule", |value| {
        let schedule = value::text(value)?;
        (rules.check_schedule)(&schedule).map(|()| schedule)
    });
    let timeout = section.take("timeout", value::duration(clock::parse_timeout));
    let grace = section.take("grace", value::duration(clock::parse_run_duration));
    let retries = section.take("retries", value::whole(0..=1000));
    let overlap = section.take("overlap", value::choice);
    let catch_up = section.take("catch_up", value::boolean);
    let jitter = section.take("jitter", value::duration(clock::parse_run_duration));
    let enabled = section.take("enabled", value::boolean).is_none_or(|enabled| enabled.value);
    let ping_url = either(
        &mut section,
        ("ping_url", |value| value::web_address(value).map(SecretSource::Value)),
        ("ping_url_file", |value| value::path(folder)(value).map(SecretSource::File)),
    );
    let on_failure = section
        .section("on_failure")
        .and_then(|on_failure| read_on_failure(on_failure, folder, top_level));
    let is_command = !rules.builtin_jobs.contains(&name.as_str());
    let work = if is_command {
        if enabled && !has_schedule && section.has("command") {
            let hint = "give it one, like schedule = \"30 3 * * *\", or enabled = false";
            section.mistake(format!("{} has no schedule", section.title()), Some(hint.to_owned()));
        }
        read_command(&name, &mut section, folder, rules)
    } else {
        read_builtin(&mut section)
    };
    section.finish(top_level);
    Some(JobConfig {
        name,
        line,
        work: work?,
        schedule,
        timeout,
        grace,
        retries,
        overlap,
        catch_up,
        jitter,
        enabled,
        ping_url,
        on_failure,
    })
}

fn read_builtin(section: &mut Section<'_, '_>) -> Option<JobWork> {
    let hint = "choose another name for a job of your own";
    section.refuse("command", "this is a built-in job", hint);
    for key in ["env", "working_dir", "description"] {
        section.refuse(key, "only for jobs that have a command", "remove it");
    }
    Some(JobWork::Builtin { arguments: section.take("args", value::list) })
}

fn read_command(
    name: &str,
    section: &mut Section<'_, '_>,
    folder: &Path,
    rules: &Rules,
) -> Option<JobWork> {
    section.refuse("args", "only for built-in jobs", "append them to the command");
    if !section.has("command") {
        let hint = match nearest(name, rules.builtin_jobs.iter().copied()) {
            Some(job) => format!("did you mean {job:?}?"),
            None => "give it one, like command = [\"/usr/local/bin/backup\"]".to_owned(),
        };
        let message = format!("{} has no command, and is no built-in job", section.title());
        section.mistake(message, Some(hint));
    }
    let command = section.take("command", value::command_line(folder));
    let env = section.section("env").map(|env| {
        env.named_values(|name, value| {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err("no name for an environment variable".to_owned());
            }
            value::any_text(value).map(Secret::new)
        })
    });
    let working_dir = section.take("working_dir", value::path(folder));
    let description = section.take("description", value::text);
    Some(JobWork::Command {
        command: command?.value,
        env: env.unwrap_or_default(),
        working_dir: working_dir.map(|path| path.value),
        description: description.map(|text| text.value),
    })
}

fn check_name(name: &str, section: &Section<'_, '_>, rules: &Rules) {
    if rules.commands.iter().any(|command| command == name) {
        let message = format!("{}: {name:?} is a command of punctual", section.title());
        section.mistake(message, Some("choose another name for the job".to_owned()));
    } else if let Err(why) = check_job_name(name) {
        let kebab = name.to_lowercase().replace(['_', ' ', '.'], "-");
        let hint = match check_job_name(&kebab) {
            Ok(()) => Some(format!("call it {kebab:?}")),
            Err(_) => None,
        };
        section.mistake(format!("{}: {why}", section.title()), hint);
    }
}

/// Whether a job can be called so: its name becomes part of file names and metrics.
pub fn check_job_name(name: &str) -> Result<(), String> {
    if !is_kebab_case(name) {
        return Err("a job's name is lower-case words with hyphens".to_owned());
    }
    if name.len() > NAME_CHARS_MAX {
        return Err(format!("longer than {NAME_CHARS_MAX} characters"));
    }
    Ok(())
}

fn is_kebab_case(name: &str) -> bool {
    name.split('-').all(|word| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    })
}

/// `[on_failure]`, of all jobs or of one.
fn read_on_failure(
    mut section: Section<'_, '_>,
    folder: &Path,
    top_level: &[&str],
) -> Option<OnFailure> {
    let given = ["command", "webhook", "webhook_file"].map(|key| section.has(key));
    if given.iter().filter(|given| **given).count() != 1 {
        let message = format!("{} needs either a command or a webhook", section.title());
        let hint = "keep one of command, webhook and webhook_file".to_owned();
        section.mistake(message, Some(hint));
    }
    let line = section.line();
    let command = section.take("command", value::command_line(folder));
    let webhook = section.take("webhook", value::web_address);
    let webhook_file = section.take("webhook_file", value::path(folder));
    let after = section.take("after", value::whole(1..=1000));
    let at_most_every = section.take("at_most_every", value::duration(clock::parse_run_duration));
    section.finish(top_level);
    let tell = match (command, webhook, webhook_file) {
        (Some(command), ..) => Tell::Command(command.value),
        (_, Some(webhook), _) => Tell::Webhook(SecretSource::Value(webhook.value)),
        (.., file) => Tell::Webhook(SecretSource::File(file?.value)),
    };
    Some(OnFailure {
        line,
        tell,
        after: after.map_or(AFTER_DEFAULT, |after| after.value),
        at_most_every: at_most_every.map_or(AT_MOST_EVERY_DEFAULT, |every| every.value),
    })
}

/// What is given under one of two keys: as itself, or in a file of its own.
fn either<'i, T>(
    section: &mut Section<'_, 'i>,
    (key, convert): (&'static str, impl FnOnce(&DeValue<'i>) -> Result<T, String>),
    (file_key, convert_file): (&'static str, impl FnOnce(&DeValue<'i>) -> Result<T, String>),
) -> Option<Located<T>> {
    if section.has(key) {
        section.refuse(file_key, &format!("{key:?} is given too"), "keep one of them");
    }
    let value = section.take(key, convert);
    let in_file = section.take(file_key, convert_file);
    value.or(in_file)
}

#[cfg(test)]
mod tests;
