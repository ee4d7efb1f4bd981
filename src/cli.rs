//! The command line: global flags, the commands, and one subcommand per job of the catalog.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args as _, FromArgMatches as _, Subcommand as _};

use crate::clock::{parse_run_duration, parse_timeout};
use crate::commands::{Builtin, Command, DaemonArgs};
use crate::config::Rules;
use crate::daemon::{DaemonJob, Overlap};
use crate::error::Error;
use crate::exit::Exit;
use crate::history::Trigger;
use crate::job::{CatalogEntry, RunnableJob};
use crate::jobs::CATALOG;
use crate::runner::{IfRunning, RunPolicy, RunRequest};
use crate::schedule::{Schedule, Schedules};
use crate::settings::{GlobalArgs, without_empty_variables};

const ABOUT: &str = "Run recurring jobs once, with a timeout, a lock and a history";

const LONG_ABOUT: &str = "\
Run recurring jobs once, with a timeout, a lock and a history.

Each job is a subcommand that runs once, whoever starts it: cron, a CI step, a shell. Around \
every run stands the same frame: one timeout, one overlap lock, one history of runs, one log \
format, one set of exit codes. All times are UTC.";

// The flags that every job takes. (No doc comment: clap would make it the job's help.)
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Run options")]
struct RunArgs {
    /// End the run after this long, waiting and retries included (exit code 124)
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    timeout: Duration,

    /// How long a cancelled run may take to end before it is given up (exit code 70)
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_run_duration)]
    grace: Duration,

    /// What to do when this job is running already
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    if_running: IfRunning,

    /// Try again this often when the job fails, with growing delays
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    retries: u32,

    /// Tell a monitor of start and end: GET <URL>/start, then <URL> or <URL>/<exit code>
    #[arg(long, value_name = "URL", env = "PUNCTUAL_PING_URL", hide_env_values = true, value_hint = clap::ValueHint::Url)]
    ping_url: Option<String>,
}

/// What the command line asks for.
pub struct Invocation {
    pub global: GlobalArgs,
    pub action: Action,
}

pub enum Action {
    Run(RunRequest),
    Daemon(DaemonArgs),
    Command(Command),
}

/// The whole definition, from which parser, help, man pages and completions come.
pub fn command() -> clap::Command {
    let root = clap::Command::new("punctual")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .after_long_help(format!("Exit codes:\n{}", Exit::table_text()))
        .after_help("See 'punctual help <COMMAND>' for one command, and --help for the exit codes.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(CATALOG.iter().map(job_command));
    GlobalArgs::augment_args(Builtin::augment_subcommands(root)).next_help_heading(None::<&str>)
}

fn job_command(entry: &CatalogEntry) -> clap::Command {
    let command = (entry.augment)(clap::Command::new(entry.name));
    let timeout = humantime::format_duration(entry.timeout).to_string();
    RunArgs::augment_args(command)
        .mut_arg("timeout", |argument| argument.required(false).default_value(timeout))
        .after_help(format!(
            "Usual schedule: {} (UTC). For the exit codes see 'punctual --help'.",
            entry.schedule
        ))
        .next_help_heading(None::<&str>)
}

/// What a configuration file is checked against: jobs and commands share one name space.
pub fn config_rules() -> Rules {
    let builtin = Builtin::augment_subcommands(clap::Command::new("punctual"));
    let commands = builtin.get_subcommands().map(|command| command.get_name().to_owned());
    Rules {
        builtin_jobs: CATALOG.iter().map(|entry| entry.name).collect(),
        commands: commands.chain(["help".to_owned()]).collect(),
        check_schedule: |text| match Schedule::parse(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.problem().to_owned()),
        },
    }
}

/// Reads the command line. An error is a usage error, or the help that was asked for.
pub fn parse(
    arguments: impl IntoIterator<Item = std::ffi::OsString>,
) -> Result<Invocation, clap::Error> {
    let matches = without_empty_variables(command()).try_get_matches_from(arguments)?;
    let global = GlobalArgs::from_arg_matches(&matches)?;
    let job = matches.subcommand().and_then(|(name, job_matches)| {
        CATALOG.iter().find(|entry| entry.name == name).map(|entry| (entry, job_matches))
    });
    let action = match job {
        Some((entry, job_matches)) => Action::Run(run_request(entry, job_matches)?),
        None => match Builtin::from_arg_matches(&matches)? {
            Builtin::Daemon(args) => Action::Daemon(args),
            Builtin::Command(command) => Action::Command(command),
        },
    };
    Ok(Invocation { global, action })
}

fn run_request(
    entry: &CatalogEntry,
    matches: &clap::ArgMatches,
) -> Result<RunRequest, clap::Error> {
    let run = RunArgs::from_arg_matches(matches)?;
    // Not by a value parser of clap, which would show the URL, and so its secret, in its error.
    let ping_url = run.ping_url.map(|url| url.parse()).transpose().map_err(|reason: String| {
        let message = format!("invalid value for '--ping-url <URL>': {reason}\n");
        clap::Error::raw(clap::error::ErrorKind::ValueValidation, message)
    })?;
    let job: Arc<dyn RunnableJob> = (entry.parse)(matches)?;
    Ok(RunRequest {
        name: entry.name.into(),
        job,
        trigger: Trigger::Cli,
        due_at: None,
        policy: RunPolicy {
            timeout: run.timeout,
            grace: run.grace,
            if_running: run.if_running,
            retries: run.retries,
        },
        ping_url,
    })
}

/// The jobs of the daemon: those of the catalog, with their default parameters.
pub fn daemon_jobs() -> Result<Vec<DaemonJob>, Error> {
    let mut schedules = Schedules::default();
    CATALOG.iter().map(|entry| daemon_job(entry, &mut schedules)).collect()
}

fn daemon_job(entry: &CatalogEntry, schedules: &mut Schedules) -> Result<DaemonJob, Error> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(Exit::Bug, format!("the defaults of {} are invalid", entry.name)).because(error)
    };
    let schedule = schedules.parse(entry.schedule).map_err(|error| broken(Box::new(error)))?;
    let request = job_command(entry)
        .try_get_matches_from([entry.name])
        .and_then(|matches| run_request(entry, &matches))
        .map_err(|error| broken(Box::new(error)))?;
    Ok(DaemonJob {
        name: request.name,
        catch_up: schedule.is_hourly_or_rarer(),
        schedule,
        job: request.job,
        policy: request.policy,
        overlap: Overlap::default(),
        jitter: Duration::ZERO,
        ping_url: request.ping_url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Schedule;

    #[test]
    fn the_definition_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn names_in_the_catalog_are_kebab_case_and_unique() {
        let mut names: Vec<&str> = command_names();
        for name in &names {
            let kebab =
                name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            assert!(kebab && !name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }

    /// Jobs and commands share one name space.
    fn command_names() -> Vec<&'static str> {
        let builtin = Builtin::augment_subcommands(clap::Command::new("x"));
        let names =
            builtin.get_subcommands().map(|command| command.get_name().to_owned().leak() as &str);
        CATALOG.iter().map(|entry| entry.name).chain(names).collect()
    }

    #[test]
    fn every_default_of_the_catalog_parses() {
        for entry in CATALOG {
            let arguments = ["punctual", entry.name].map(Into::into);
            let invocation = parse(arguments).expect("defaults are valid");
            let Action::Run(request) = invocation.action else {
                panic!("{} is no job", entry.name)
            };
            assert_eq!(request.policy.timeout, entry.timeout);
            Schedule::parse(entry.schedule)
                .unwrap_or_else(|error| panic!("{}: {error}", entry.name));
        }
    }

    #[test]
    fn senseless_timeouts_are_usage_errors() {
        for timeout in ["0s", "-1s", "10", "366d", "", "5 parsecs"] {
            let arguments = ["punctual", "hello", "--timeout", timeout].map(Into::into);
            let error = parse(arguments).err().unwrap_or_else(|| panic!("{timeout:?} was taken"));
            assert_eq!(error.exit_code(), 2);
        }
    }

    /// Lines that are commented out count too: they are there to be used.
    #[test]
    fn every_line_of_the_example_crontab_is_a_valid_command() {
        let crontab = include_str!("../crontab.example");
        let mut lines = 0;
        for line in crontab.lines().filter(|line| line.contains("/punctual ")) {
            let line = line.trim_start_matches("# ");
            let (schedule, command) = line.split_at(line.find('/').expect("a path"));
            assert_eq!(schedule.split_whitespace().count(), 5, "{line}");
            Schedule::parse(schedule).unwrap_or_else(|error| panic!("{line}: {error}"));

            let invocation = parse(command.split_whitespace().map(Into::into))
                .unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(matches!(invocation.action, Action::Run(_)), "no job: {line}");
            lines += 1;
        }
        assert!(lines > 0);
    }
}
