//! Where things are and how much is said: flags over environment over configuration file over
//! defaults.
//!
//! The only reader of the environment. What jobs need of it reaches them through their context.

mod args;
mod choice;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use tracing::level_filters::LevelFilter;

use crate::config::{Config, DatabaseSource, Rules};
use crate::database::{Database, Postgres, PostgresUrl};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::Retention;
use crate::logging::{LogFormat, LogSettings};
use crate::output::{self, OutputFormat};
use crate::secret::{Secret, SecretSource, Secrets};

pub use args::GlobalArgs;
use choice::Choice;
pub use choice::{Origin, ResolvedSetting};

/// How long a statement waits for another process's transaction, at most.
const DATABASE_PATIENCE: Duration = Duration::from_secs(5);

/// Set to a shell's name, it makes the program answer that shell's request for completion. See
/// `clap_complete::env`.
pub const COMPLETION_VARIABLE: &str = "PUNCTUAL_COMPLETE";

/// Where a configuration file is looked for first when none is named.
const CONFIG_OF_SYSTEM: &str = "/etc/punctual/punctual.toml";

const DATABASE_HINT: &str = "give --database the path of a file, or a postgres:// URL";

const LEASE_DEFAULT: Duration = Duration::from_secs(30);
const LOG_KEEP_DEFAULT: u16 = 14;
const HISTORY_KEEP_DEFAULT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const HISTORY_MAX_DEFAULT: u32 = 10_000;

/// What the flags, the environment, the file and the defaults come to.
#[derive(Clone, Debug)]
pub struct Settings {
    pub state_dir: PathBuf,
    pub database: Database,
    /// The file that the URL of the database was read from.
    pub database_file: Option<PathBuf>,
    pub log: LogSettings,
    pub output: OutputFormat,
    pub quiet: bool,
    pub progress: bool,
    pub retention: Retention,
    pub host: String,
    /// How long a run keeps its job without a heartbeat, where several hosts share the database.
    pub lease: Duration,
    /// For what is not resolved here: jobs, the daemon, whom to tell of failures.
    pub config: Config,
    /// Each setting with its value and where that came from, secrets apart.
    pub resolved: Vec<ResolvedSetting>,
}

impl Settings {
    pub fn resolve(args: &GlobalArgs, config: Config) -> Result<Self> {
        let flags = &args.flags;
        let database = flags.database.as_deref().map(DatabaseSource::from_text).transpose();
        let database = database
            .map_err(|reason| Error::new(Exit::Configuration, reason).hint(DATABASE_HINT))?;
        let database_file = flags.database_file.clone().map(DatabaseSource::UrlFile);
        let database_name = match (&database, &database_file) {
            (None, Some(_)) => "database_file",
            _ => "database",
        };

        let mut choice = Choice::new(args, &config);
        let state_dir =
            choice.or_else("state_dir", &flags.state_dir, &config.state_dir, default_state_dir)?;
        let database = choice.or(
            database_name,
            &database.or(database_file),
            &config.database,
            DatabaseSource::Path(state_dir.join("punctual.db")),
        );
        let log_dir = choice.optional("log_dir", &flags.log_dir, &config.log_dir);
        let files_kept = choice.or("log_keep", &flags.log_keep, &config.log_keep, LOG_KEEP_DEFAULT);
        let format =
            choice.or("log_format", &flags.log_format, &config.log_format, LogFormat::default());
        let age_max = choice.or(
            "history_keep",
            &flags.history_keep,
            &config.history_keep,
            HISTORY_KEEP_DEFAULT,
        );
        let runs_max =
            choice.or("history_max", &flags.history_max, &config.history_max, HISTORY_MAX_DEFAULT);
        let host = choice.or("host", &flags.host, &config.host, host_name());
        let lease = choice.or("lease", &flags.lease, &config.lease, LEASE_DEFAULT);
        let resolved = choice.finish();

        let quiet = flags.quiet > 0;
        let watched = output::stderr_is_terminal();
        let database_file = match &database {
            DatabaseSource::UrlFile(path) => Some(path.clone()),
            DatabaseSource::Path(_) | DatabaseSource::Url(_) => None,
        };
        Ok(Self {
            database: open_database(database)?,
            database_file,
            state_dir,
            log: LogSettings {
                format,
                stderr_level: stderr_level(flags.verbose, quiet, watched),
                file_level: stderr_level(flags.verbose, false, false).max(LevelFilter::INFO),
                directory: log_dir,
                files_kept: files_kept.into(),
                lines_elsewhere: watched,
                failures_elsewhere: true,
            },
            output: flags.output,
            quiet,
            progress: watched && !quiet && format == LogFormat::Text,
            retention: Retention { age_max, runs_max },
            host,
            lease,
            config,
            resolved,
        })
    }
}

impl Settings {
    /// The same for a program that is watched through its log: what is done is said, also where
    /// there is no terminal.
    #[must_use]
    pub fn for_daemon(mut self, args: &GlobalArgs) -> Self {
        let verbose = args.flags.verbose.saturating_add(1);
        self.log.stderr_level = stderr_level(verbose, self.quiet, false);
        self.log.lines_elsewhere = false;
        self.log.failures_elsewhere = false;
        self.progress = false;
        self
    }
}

/// Reads the configuration file: the one that is named, else the first one that is in its usual
/// place, else none. `rules` is asked for only when there is a file.
///
/// The file's jobs are part of the command line, so this happens before that can be defined.
pub fn load_config(arguments: &[OsString], rules: fn() -> Rules) -> Result<Config> {
    if let Some(path) = config_path_from(arguments) {
        return Config::load(&path, rules);
    }
    let of_user = absolute_path("XDG_CONFIG_HOME")
        .or_else(|| absolute_path("HOME").map(|home| home.join(".config")))
        .map(|directory| directory.join("punctual/punctual.toml"));
    for path in [Some(PathBuf::from(CONFIG_OF_SYSTEM)), of_user].into_iter().flatten() {
        if let Some(config) = Config::load_if_present(&path, rules)? {
            return Ok(config);
        }
    }
    Ok(Config::default())
}

/// Whether a shell wants to know what could come next on its command line.
pub fn shell_asks_for_completion() -> bool {
    environment(COMPLETION_VARIABLE).is_some()
}

/// The configuration file that `--config` or the environment names.
///
/// An early look at the command line, by hand: clap stops at the first thing that it does not
/// know, and that is what the subcommands of the file are by now. Both find the same, because a
/// flag of ours never takes a word that begins with a hyphen as its value.
fn config_path_from(arguments: &[OsString]) -> Option<PathBuf> {
    let mut words = arguments.iter().skip(1).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == "--config" {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.as_bytes().strip_prefix(b"--config=") {
            return Some(PathBuf::from(OsStr::from_bytes(path)));
        }
    }
    environment("PUNCTUAL_CONFIG").map(PathBuf::from)
}

/// The error, with the name of the variable where the wrong value comes from the environment. clap only
/// knows it as the flag's. `definition` is built.
pub fn with_variable_named(
    mut error: clap::Error,
    definition: &clap::Command,
    arguments: &[OsString],
) -> clap::Error {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let is_given = |flag: &str| {
        let mut words = arguments.iter().take_while(|word| *word != "--");
        words.any(|word| {
            let rest = word.as_bytes().strip_prefix(flag.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="))
        })
    };
    let of_jobs = definition.get_subcommands().flat_map(clap::Command::get_arguments);
    let argument = definition.get_arguments().chain(of_jobs).find(|known| {
        let is_given = known.get_long().is_some_and(|long| is_given(&format!("--{long}")));
        known.to_string() == *wrong && !is_given
    });
    let variable = argument.and_then(clap::Arg::get_env).filter(|name| environment(name).is_some());
    if let Some(variable) = variable {
        let tip = format!("that is the value of {} in the environment", variable.display());
        let mut tips = match error.remove(ContextKind::Suggested) {
            Some(ContextValue::StyledStrs(tips)) => tips,
            _ => Vec::new(),
        };
        tips.push(StyledStr::from(tip));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// The definition as it is where nothing of this process's environment is known.
pub fn without_variables(definition: clap::Command) -> clap::Command {
    definition.mut_args(|argument| argument.env(None::<&str>)).mut_subcommands(without_variables)
}

/// The definition without the variables that are set to nothing: empty means "not set", as in most
/// configuration by environment.
pub fn without_empty_variables(definition: clap::Command) -> clap::Command {
    definition
        .mut_args(|argument| {
            if argument.get_env().is_some_and(is_set_to_nothing) {
                argument.env(None::<&str>)
            } else {
                argument
            }
        })
        .mut_subcommands(without_empty_variables)
}

/// Secrets of jobs, from the environment.
pub fn secrets() -> Secrets {
    // What is no text is no key either; whoever uses it says so.
    Secrets::from_lookup(|name| environment(name).map(|key| Secret::new(key.to_string_lossy())))
}

/// Where programs are looked for that are named without a folder.
pub fn search_path() -> Option<OsString> {
    environment("PATH")
}

/// The time zone that this process was given, and so what it starts.
pub fn time_zone() -> Option<OsString> {
    environment("TZ")
}

/// Warnings are for somebody who watches; cron mails whatever is printed.
fn stderr_level(verbose: u8, quiet: bool, watched: bool) -> LevelFilter {
    match (quiet, verbose, watched) {
        (true, _, _) | (false, 0, false) => LevelFilter::ERROR,
        (false, 0, true) => LevelFilter::WARN,
        (false, 1, _) => LevelFilter::INFO,
        (false, 2, _) => LevelFilter::DEBUG,
        (false, _, _) => LevelFilter::TRACE,
    }
}

fn open_database(source: DatabaseSource) -> Result<Database> {
    let (url, place) = match source {
        DatabaseSource::Path(path) => return Ok(Database::file(path, DATABASE_PATIENCE)),
        DatabaseSource::Url(url) => (url, "the URL of the database".to_owned()),
        DatabaseSource::UrlFile(path) => {
            let place = format!("the URL of the database in {}", path.display());
            let url = SecretSource::File(path).read();
            (url.map_err(|error| error.within("the URL of the database"))?, place)
        }
    };
    let url = PostgresUrl::parse(url.expose()).map_err(|reason| {
        Error::new(Exit::Configuration, format!("{place} is not usable: {reason}"))
            .hint("write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    })?;
    Ok(Database::Postgres(Postgres::new(url)))
}

/// As the FHS (root) and the XDG base directory specification (others) say.
fn default_state_dir() -> Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/punctual"));
    }
    absolute_path("XDG_STATE_HOME")
        .or_else(|| absolute_path("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("punctual"))
        .ok_or_else(|| {
            Error::new(
                Exit::Configuration,
                "no state directory: neither HOME nor XDG_STATE_HOME is set",
            )
            .hint("name one with --state-dir or PUNCTUAL_STATE_DIR")
        })
}

/// The path in a variable. As the XDG specification says, a relative one counts as not set.
fn absolute_path(variable: &str) -> Option<PathBuf> {
    environment(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A variable that is set to something. Not all are text: a path may be any bytes.
fn environment(name: impl AsRef<OsStr>) -> Option<OsString> {
    variable(name.as_ref()).filter(|value| !value.is_empty())
}

fn is_set_to_nothing(name: &OsStr) -> bool {
    variable(name).is_some_and(|value| value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the settings are where the environment is read")]
fn variable(name: &OsStr) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests;
