//! Where things are and how much is said: flags over environment over defaults.
//!
//! The only reader of the environment. What jobs need of it reaches them through their context.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use crate::clock::parse_duration;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::Retention;
use crate::logging::{LogFormat, LogSettings};
use crate::output::{self, OutputFormat};
use crate::secret::{Secret, Secrets};

/// How long a statement waits for another process's transaction, at most.
const DATABASE_PATIENCE: Duration = Duration::from_secs(5);

// The flags that every subcommand takes. (No doc comment: clap would make it the program's help.)
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// SQLite database for history and data [default: punctual.db in the state directory]
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "PUNCTUAL_DATABASE",
        hide_env_values = true,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    database: Option<String>,

    /// Directory for database and locks [default: /var/lib/punctual for root, else
    /// $XDG_STATE_HOME/punctual or ~/.local/state/punctual]
    #[arg(long, global = true, value_name = "DIR", env = "PUNCTUAL_STATE_DIR", hide_env_values = true, value_hint = clap::ValueHint::DirPath)]
    state_dir: Option<PathBuf>,

    /// Also write a daily log file of JSON lines into this directory
    #[arg(long, global = true, value_name = "DIR", env = "PUNCTUAL_LOG_DIR", hide_env_values = true, value_hint = clap::ValueHint::DirPath)]
    log_dir: Option<PathBuf>,

    /// How many daily log files to keep
    #[arg(long, global = true, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..), hide_short_help = true)]
    log_keep: u16,

    /// Form of the log on stderr
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "PUNCTUAL_LOG_FORMAT",
        hide_env_values = true,
        value_enum,
        default_value_t
    )]
    log_format: LogFormat,

    /// Form of the report on stdout
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    output: OutputFormat,

    /// How long finished runs stay in the history
    #[arg(long, global = true, value_name = "DURATION", env = "PUNCTUAL_HISTORY_KEEP", hide_env_values = true, default_value = "90d", value_parser = parse_duration, hide_short_help = true)]
    history_keep: Duration,

    /// How many runs of a job stay in the history
    #[arg(long, global = true, value_name = "N", env = "PUNCTUAL_HISTORY_MAX", hide_env_values = true, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..), hide_short_help = true)]
    history_max: u32,

    /// Log more on stderr: -v what is done, -vv debug, -vvv libraries too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,

    /// Say nothing but errors: no report, no progress, no warnings
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    quiet: u8,
}

/// What the flags, the environment and the defaults come to.
#[derive(Clone, Debug)]
pub struct Settings {
    pub state_dir: PathBuf,
    pub database: Database,
    pub log: LogSettings,
    pub output: OutputFormat,
    pub quiet: bool,
    pub progress: bool,
    pub retention: Retention,
    pub host: String,
}

impl Settings {
    pub fn resolve(args: &GlobalArgs) -> Result<Self> {
        let state_dir = match args.state_dir.clone() {
            Some(directory) => directory,
            None => default_state_dir()?,
        };
        let database = match args.database.as_deref() {
            Some(database) => database_path(database)?,
            None => state_dir.join("punctual.db"),
        };
        let quiet = args.quiet > 0;
        let watched = output::stderr_is_terminal();
        Ok(Self {
            state_dir,
            database: Database::new(database, DATABASE_PATIENCE),
            log: LogSettings {
                format: args.log_format,
                stderr_level: stderr_level(args.verbose, quiet, watched),
                file_level: stderr_level(args.verbose, false, false).max(LevelFilter::INFO),
                directory: args.log_dir.clone(),
                files_kept: args.log_keep.into(),
            },
            output: args.output,
            quiet,
            progress: watched && !quiet && args.log_format == LogFormat::Text,
            retention: Retention { age_max: args.history_keep, runs_max: args.history_max },
            host: host_name(),
        })
    }
}

impl Settings {
    /// The same for a program that is watched through its log: what is done is said, also where
    /// there is no terminal.
    #[must_use]
    pub fn for_daemon(mut self, args: &GlobalArgs) -> Self {
        let verbose = args.verbose.saturating_add(1);
        self.log.stderr_level = stderr_level(verbose, self.quiet, false);
        self
    }
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

fn database_path(database: &str) -> Result<PathBuf> {
    match database.split_once("://") {
        Some(("postgres" | "postgresql", _)) => Err(Error::new(
            Exit::Configuration,
            "this version stores in SQLite only, not in PostgreSQL",
        )
        .hint("give --database the path of a file")),
        Some((scheme, _)) => {
            Err(Error::new(Exit::Configuration, format!("unknown kind of database: {scheme}"))
                .hint("give --database the path of a file"))
        }
        None => Ok(PathBuf::from(database)),
    }
}

/// As the FHS (root) and the XDG base directory specification (others) say.
fn default_state_dir() -> Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/punctual"));
    }
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("punctual"))
        .ok_or_else(|| {
            Error::new(
                Exit::Configuration,
                "no state directory: neither HOME nor XDG_STATE_HOME is set",
            )
            .hint("name one with --state-dir or PUNCTUAL_STATE_DIR")
        })
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
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_only_errors_reach_stderr() {
        assert_eq!(stderr_level(0, false, false), LevelFilter::ERROR);
        assert_eq!(stderr_level(0, false, true), LevelFilter::WARN);
        assert_eq!(stderr_level(3, true, true), LevelFilter::ERROR);
        assert_eq!(stderr_level(1, false, false), LevelFilter::INFO);
    }

    #[test]
    fn a_database_url_never_becomes_a_file_name() {
        let error = database_path("postgres://user:secret@host/db").expect_err("not supported");
        assert_eq!(error.exit(), Exit::Configuration);
        assert!(!error.chain().contains("secret"));
        assert_eq!(database_path("data/x.db").expect("a path"), PathBuf::from("data/x.db"));
    }
}
