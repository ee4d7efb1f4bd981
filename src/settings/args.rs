//! The flags that every subcommand takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;

use crate::clock::{parse_lease, parse_retention};
use crate::logging::LogFormat;
use crate::output::OutputFormat;

// The flags that every subcommand takes. Those that the configuration file may set too have no
// default for clap, which would hide that nobody gave them. Each is named alike everywhere:
// `log_dir` in the file, `--log-dir`, `PUNCTUAL_LOG_DIR`.
// (No doc comment: clap would make it the program's help.)
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalFlags {
    /// Configuration file [default: /etc/punctual/punctual.toml, else punctual/punctual.toml in
    /// $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, global = true, value_name = "FILE", env = "PUNCTUAL_CONFIG", hide_env_values = true, value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Database for history and data: a file of SQLite [default: punctual.db in the state
    /// directory], or a postgres:// URL where several hosts share it
    #[arg(
        long,
        global = true,
        value_name = "PATH or URL",
        env = "PUNCTUAL_DATABASE",
        hide_env_values = true,
        value_parser = clap::builder::NonEmptyStringValueParser::new()
    )]
    pub database: Option<String>,

    /// File that holds the URL of the database, so that nobody sees its password in a list of
    /// processes
    #[arg(long, global = true, value_name = "FILE", env = "PUNCTUAL_DATABASE_FILE", hide_env_values = true, value_hint = clap::ValueHint::FilePath, hide_short_help = true)]
    pub database_file: Option<PathBuf>,

    /// Directory for database and locks [default: /var/lib/punctual for root, else
    /// $XDG_STATE_HOME/punctual or ~/.local/state/punctual]
    #[arg(long, global = true, value_name = "DIR", env = "PUNCTUAL_STATE_DIR", hide_env_values = true, value_hint = clap::ValueHint::DirPath)]
    pub state_dir: Option<PathBuf>,

    /// Also write a daily log file of JSON lines into this directory
    #[arg(long, global = true, value_name = "DIR", env = "PUNCTUAL_LOG_DIR", hide_env_values = true, value_hint = clap::ValueHint::DirPath)]
    pub log_dir: Option<PathBuf>,

    /// How many daily log files to keep [default: 14]
    #[arg(long, global = true, value_name = "N", env = "PUNCTUAL_LOG_KEEP", hide_env_values = true, value_parser = clap::value_parser!(u16).range(1..), hide_short_help = true)]
    pub log_keep: Option<u16>,

    /// Form of the log on stderr [default: text]
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "PUNCTUAL_LOG_FORMAT",
        hide_env_values = true,
        value_enum
    )]
    pub log_format: Option<LogFormat>,

    /// Form of the report on stdout
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: OutputFormat,

    /// How long finished runs stay in the history [default: 90d]
    #[arg(long, global = true, value_name = "DURATION", env = "PUNCTUAL_HISTORY_KEEP", hide_env_values = true, value_parser = parse_retention, hide_short_help = true)]
    pub history_keep: Option<Duration>,

    /// How many runs of a job stay in the history [default: 10000]
    #[arg(long, global = true, value_name = "N", env = "PUNCTUAL_HISTORY_MAX", hide_env_values = true, value_parser = clap::value_parser!(u32).range(1..), hide_short_help = true)]
    pub history_max: Option<u32>,

    /// What this host is called in the history; each of several hosts needs a name of its own
    /// [default: its host name]
    #[arg(long, global = true, value_name = "NAME", env = "PUNCTUAL_HOST", hide_env_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new(), hide_short_help = true)]
    pub host: Option<String>,

    /// With PostgreSQL: how long a job stays with a host that is not heard of any more, before
    /// another host may run it [default: 30s]
    #[arg(long, global = true, value_name = "DURATION", env = "PUNCTUAL_LEASE", hide_env_values = true, value_parser = parse_lease, hide_short_help = true)]
    pub lease: Option<Duration>,

    /// Log more on stderr: -v what is done, -vv debug, -vvv libraries too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Say nothing but errors: no report, no progress, no warnings
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub quiet: u8,
}

/// The flags that every subcommand takes, and which of them the environment has set.
#[derive(Clone, Debug)]
pub struct GlobalArgs {
    pub(super) flags: GlobalFlags,
    from_environment: Vec<String>,
}

impl GlobalArgs {
    /// Form of what is printed on stdout.
    pub fn output(&self) -> OutputFormat {
        self.flags.output
    }

    /// Whether only errors are to be printed.
    pub fn is_quiet(&self) -> bool {
        self.flags.quiet > 0
    }

    /// Two flags, or two variables, that name the database contradict each other. A flag wins over
    /// the other one's variable, which clap's conflicts do not know.
    fn choose_database(&mut self) -> Result<(), clap::Error> {
        if self.flags.database.is_none() || self.flags.database_file.is_none() {
            return Ok(());
        }
        let [database, file] =
            ["database", "database_file"].map(|name| self.is_from_environment(name));
        match (database, file) {
            (true, false) => self.flags.database = None,
            (false, true) => self.flags.database_file = None,
            (true, true) | (false, false) => {
                let names = match database {
                    true => "PUNCTUAL_DATABASE and PUNCTUAL_DATABASE_FILE",
                    false => "--database and --database-file",
                };
                let message = format!("{names} both name the database: give one of them\n");
                return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, message));
            }
        }
        Ok(())
    }

    /// Whether the environment gave the value of that flag, rather than the command line.
    pub fn is_from_environment(&self, name: &str) -> bool {
        self.from_environment.iter().any(|id| id == name)
    }
}

impl clap::Args for GlobalArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        GlobalFlags::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        GlobalFlags::augment_args_for_update(command)
    }
}

impl clap::FromArgMatches for GlobalArgs {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let from_environment: Vec<String> = matches
            .ids()
            .map(clap::Id::as_str)
            .filter(|id| matches.value_source(id) == Some(ValueSource::EnvVariable))
            .map(str::to_owned)
            .collect();
        let mut args = Self { flags: GlobalFlags::from_arg_matches(matches)?, from_environment };
        args.choose_database()?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
