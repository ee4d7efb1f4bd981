//! The command line: global flags, the commands, and one subcommand per job of the catalog.

mod due;
mod exec;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args as _, FromArgMatches as _, Subcommand as _};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use crate::clock::{Timestamp, parse_run_duration, parse_timeout};
use crate::command_job::CommandJob;
use crate::commands::{Builtin, CheckCommand, Command, DaemonArgs};
use crate::config::{Config, JobWork, Rules};
use crate::daemon::DaemonJob;
use crate::error::Error;
use crate::exit::Exit;
use crate::history::Trigger;
use crate::job::RunnableJob;
use crate::jobs::CATALOG;
use crate::ping::PingUrl;
use crate::roster::{JobDefinition, Roster, Work};
use crate::runner::{IfRunning, RunPolicy, RunRequest, Watchers};
use crate::schedule::{Schedule, Schedules};
use crate::secret::SecretSource;
use crate::settings::{
    GlobalArgs, with_variable_named, without_empty_variables, without_variables,
};

use due::Due;

const ABOUT: &str = "Run recurring jobs once, with a timeout, a lock and a history";

const LONG_ABOUT: &str = "\
Run recurring jobs once, with a timeout, a lock and a history.

Each job is a subcommand that runs once, whoever starts it: cron, a CI step, a shell. Around \
every run stands the same frame: one timeout, one overlap lock, one history of runs, one log \
format, one set of exit codes. All times are UTC.";

/// What commands call the argument that takes a job's name.
const JOB_ARGUMENT: &str = "job";

/// The arguments of a subcommand whose own definition does not matter.
const REST: &str = "rest";

// The flags that every job takes. (No doc comment: clap would make it the job's help.)
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Run options")]
struct RunArgs {
    /// End the run after this long, waiting and retries included (exit code 124)
    #[arg(long, value_name = "DURATION", value_parser = parse_timeout)]
    timeout: Duration,

    /// How long a cancelled run may take to end before it is given up (exit code 70)
    #[arg(long, value_name = "DURATION", value_parser = parse_run_duration)]
    grace: Duration,

    /// What to do when this job is running already
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    if_running: IfRunning,

    /// Try again this often when the job fails, with growing delays
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1000))]
    retries: u32,

    /// The due time that this run is for, which gets one run on all hosts: a time such as
    /// 2026-11-24T02:00:00Z, none, or auto. With PostgreSQL and without a terminal, auto is the
    /// job's latest due time if that is at most a minute old; otherwise it is none
    #[arg(long, value_name = "DUE", default_value = "auto", hide_short_help = true)]
    due: Due,

    /// Tell a monitor of start and end: GET URL/start, then URL or URL/EXIT_CODE
    #[arg(long, value_name = "URL", env = "PUNCTUAL_PING_URL", hide_env_values = true, value_hint = clap::ValueHint::Url)]
    ping_url: Option<String>,

    /// Write figures about the run into this directory, for node_exporter's textfile collector
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    metrics_dir: Option<PathBuf>,
}

/// What the command line asks for.
pub struct Invocation {
    pub global: GlobalArgs,
    pub action: Action,
}

pub enum Action {
    Run(Run),
    Daemon(DaemonArgs),
    Check(CheckCommand),
    Command(Command),
}

/// A run that is asked for.
pub struct Run {
    pub request: RunRequest,
    due: Due,
    /// The schedule of the job, in text.
    schedule: Option<String>,
    /// How much later than its due time a run of the job may start.
    jitter: Duration,
}

impl Run {
    fn of(request: RunRequest, job: Option<&JobDefinition>, matches: &clap::ArgMatches) -> Self {
        // A dry run is not what the due time is for.
        let is_dry = matches.try_get_one::<bool>("dry_run").ok().flatten() == Some(&true);
        let due = matches.get_one("due").copied().filter(|_| !is_dry).unwrap_or(Due::None);
        let schedule = job.and_then(JobDefinition::schedule_text).map(str::to_owned);
        let jitter = job.map(|job| job.jitter).unwrap_or_default();
        Self { request, due, schedule, jitter }
    }

    /// The request, with the due time that the run is for. `may_be_due`: other hosts may have been
    /// told to start the same run.
    pub fn claiming(mut self, may_be_due: bool, now: Timestamp) -> Result<RunRequest, Error> {
        self.request.due_at = match (self.due, &self.schedule) {
            (Due::At(due_at), _) if due_at > now.plus(due::EARLY_MAX) => {
                let message = format!("the due time {due_at} is still to come");
                return Err(Error::new(Exit::Usage, message)
                    .hint("name with --due what was due, or leave it away"));
            }
            (Due::At(due_at), _) => Some(due_at),
            (Due::Auto, Some(schedule)) if may_be_due => {
                due::latest(&Schedule::parse(schedule)?, self.jitter, now)
            }
            (Due::Auto | Due::None, _) => None,
        };
        Ok(self.request)
    }
}

/// Why a command line cannot be acted on.
pub enum Refusal {
    /// A usage error, or the help that was asked for.
    Usage(clap::Error),
    /// Something that it refers to is wrong.
    Error(Error),
}

impl From<clap::Error> for Refusal {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// The whole definition, from which parser, help, man pages and completions come.
pub fn command(roster: &Roster) -> clap::Command {
    let jobs = roster.jobs().iter().map(job_command);
    let root = root().subcommands(jobs).subcommand(exec::command());
    let names: Vec<String> = roster.jobs().iter().map(|job| job.name.to_string()).collect();
    let root = Builtin::augment_subcommands(root)
        .mut_subcommands(|command| complete_job_names(command, &names));
    GlobalArgs::augment_args(root).next_help_heading(None::<&str>)
}

/// Lets a shell complete the names of jobs where a command takes one.
fn complete_job_names(command: clap::Command, names: &[String]) -> clap::Command {
    let takes_job = command.get_arguments().any(|argument| argument.get_id() == JOB_ARGUMENT);
    if !takes_job || names.iter().any(|name| name == command.get_name()) {
        return command;
    }
    let names = names.to_vec();
    let candidates = move || names.iter().map(CompletionCandidate::new).collect();
    command.mut_arg(JOB_ARGUMENT, |job| job.add(ArgValueCandidates::new(candidates)))
}

fn root() -> clap::Command {
    clap::Command::new("punctual")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .long_about(LONG_ABOUT)
        .after_long_help(format!("Exit codes:\n{}", Exit::table_text()))
        .after_help("See 'punctual help <COMMAND>' for one command, and --help for the exit codes.")
        .subcommand_required(true)
        .arg_required_else_help(true)
}

fn job_command(job: &JobDefinition) -> clap::Command {
    let command = clap::Command::new(job.name.to_string());
    let command = match &job.work {
        Work::Catalog { entry, .. } => (entry.augment)(command),
        Work::Command { command: line, description, .. } => {
            let program = line.program.display();
            command.about(description.clone().unwrap_or_else(|| format!("Run {program}")))
        }
    };
    let schedule = match job.schedule_text() {
        Some(schedule) if job.enabled => format!("Usual schedule: {schedule} (UTC). "),
        _ => String::new(),
    };
    with_run_args(command, job.timeout, job.grace, job.retries)
        // What is given later overrides the configuration's arguments.
        .args_override_self(true)
        .after_help(format!("{schedule}For the exit codes see 'punctual --help'."))
}

/// The command with the flags that every run takes, and these defaults.
fn with_run_args(
    command: clap::Command,
    timeout: Duration,
    grace: Duration,
    retries: u32,
) -> clap::Command {
    let text = |duration| humantime::format_duration(duration).to_string();
    RunArgs::augment_args(command)
        .mut_arg("timeout", |argument| argument.required(false).default_value(text(timeout)))
        .mut_arg("grace", |argument| argument.required(false).default_value(text(grace)))
        .mut_arg("retries", |argument| argument.required(false).default_value(retries.to_string()))
        .next_help_heading(None::<&str>)
}

/// What a configuration file is checked against: jobs and commands share one name space.
pub fn config_rules() -> Rules {
    let builtin = Builtin::augment_subcommands(clap::Command::new("punctual"));
    let commands = builtin.get_subcommands().map(|command| command.get_name().to_owned());
    Rules {
        builtin_jobs: CATALOG.iter().map(|entry| entry.name).collect(),
        commands: commands.chain([exec::NAME.to_owned(), "help".to_owned()]).collect(),
        check_schedule: |text| match Schedule::parse(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.problem().to_owned()),
        },
    }
}

/// Reads the command line. `roster` has the jobs of `config`.
pub fn parse(
    mut arguments: Vec<OsString>,
    roster: &Roster,
    config: &Config,
) -> Result<Invocation, Refusal> {
    let with_configured = insert_configured(&mut arguments, roster);
    parse_whole(&arguments, roster).map_err(|refusal| {
        let usage = match refusal {
            Refusal::Usage(usage) if usage.use_stderr() => usage,
            help_or_error => return help_or_error,
        };
        if let Some(mistake) = with_configured.and_then(|job| mistake_in_args(config, job)) {
            return Refusal::Error(mistake);
        }
        let mut definition = command(roster);
        definition.build();
        let usage = with_variable_named(usage, &definition, &arguments);
        Refusal::Usage(exec::with_tip(usage, &arguments))
    })
}

/// Reads a command line that has the arguments of the configuration.
fn parse_whole(arguments: &[OsString], roster: &Roster) -> Result<Invocation, Refusal> {
    let matches = matches(arguments, roster)?;
    let global = GlobalArgs::from_arg_matches(&matches)?;
    let metrics_dir = roster.metrics_dir();
    let job = |name: &str| roster.find(name);
    let action = match matches.subcommand().map(|(name, matches)| (name, job(name), matches)) {
        Some((exec::NAME, _, matches)) => {
            Action::Run(Run::of(exec::request(matches, roster)?, None, matches))
        }
        Some((_, Some(job), matches)) => {
            let request = run_request(job, metrics_dir, matches)?;
            Action::Run(Run::of(request, Some(job), matches))
        }
        _ => match Builtin::from_arg_matches(&matches)? {
            Builtin::Daemon(args) => Action::Daemon(args),
            Builtin::Check(command) => Action::Check(command),
            Builtin::Command(command) => Action::Command(command),
        },
    };
    Ok(Invocation { global, action })
}

/// Matches the arguments against the definition.
///
/// The whole of it takes longer to build than a small run takes otherwise, and most command lines
/// start a job. So first against what that job's subcommand needs: where that is enough, the rest
/// would not change anything, for the word in the subcommand's place is taken.
fn matches(arguments: &[OsString], roster: &Roster) -> Result<clap::ArgMatches, clap::Error> {
    let named = |word: &OsString| {
        let job = roster.find(word.to_str()?).map(job_command);
        job.or_else(|| (word == exec::NAME).then(exec::command))
    };
    if let Some(command) = arguments.iter().skip(1).find_map(named) {
        let definition = GlobalArgs::augment_args(root().subcommand(command));
        let matches = without_empty_variables(definition).try_get_matches_from(arguments);
        // Help and mistakes are told by the definition that knows everything.
        if let Ok(matches) = matches {
            return Ok(matches);
        }
    }
    without_empty_variables(command(roster)).try_get_matches_from(arguments)
}

/// Puts a job's arguments of the configuration in front of those that are given to it, and tells which
/// job that is.
fn insert_configured<'a>(
    arguments: &mut Vec<OsString>,
    roster: &'a Roster,
) -> Option<&'a JobDefinition> {
    let configured = |job: &&JobDefinition| matches!(&job.work, Work::Catalog { arguments, .. } if !arguments.is_empty());
    let jobs: Vec<&JobDefinition> = roster.jobs().iter().filter(configured).collect();
    if jobs.is_empty() {
        return None;
    }
    // A definition that knows no more of a subcommand than that the rest is its own.
    let rest = || {
        clap::Arg::new(REST)
            .num_args(0..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .value_parser(clap::value_parser!(OsString))
    };
    let opaque =
        |name: &str| clap::Command::new(name.to_owned()).disable_help_flag(true).arg(rest());
    let root = GlobalArgs::augment_args(root()).mut_args(|argument| argument.global(false));
    let definition = jobs.iter().fold(root, |root, job| root.subcommand(opaque(&job.name)));
    // What this does not understand has no arguments to be found for.
    let matches = definition.try_get_matches_from(arguments.iter()).ok()?;
    let (name, matches) = matches.subcommand()?;
    let job = roster.find(name)?;
    let Work::Catalog { arguments: first, .. } = &job.work else { return None };
    let given = matches.get_many::<OsString>(REST).map_or(0, |rest| rest.len());
    let position = arguments.len() - given;
    arguments.splice(position..position, first.iter().map(OsString::from));
    Some(job)
}

/// What is wrong with the arguments that the file gives a job, whatever the environment is. What they
/// lack may be given by the command line.
fn mistake_in_args(config: &Config, job: &JobDefinition) -> Option<Error> {
    let JobWork::Builtin { arguments: Some(arguments) } = &config.job(&job.name)?.work else {
        return None;
    };
    let words = std::iter::once(&*job.name).chain(arguments.iter().map(String::as_str));
    let matches = without_variables(job_command(job)).try_get_matches_from(words);
    match matches.map_err(Refusal::from).and_then(|matches| run_request(job, None, &matches)) {
        Err(Refusal::Usage(error)) if error.kind() != ErrorKind::MissingRequiredArgument => {
            let what = format!("args of {}: {}", job.name, first_line(&error));
            Some(config.error_at(arguments.line, &what))
        }
        _ => None,
    }
}

fn run_request(
    job: &JobDefinition,
    metrics_dir: Option<&Path>,
    matches: &clap::ArgMatches,
) -> Result<RunRequest, Refusal> {
    let runnable: Arc<dyn RunnableJob> = match &job.work {
        Work::Catalog { entry, .. } => (entry.parse)(matches)?,
        Work::Command { command, env, working_dir, .. } => Arc::new(CommandJob {
            argv: command.words().collect(),
            env: env.iter().map(|(name, value)| (name.into(), value.expose().into())).collect(),
            working_dir: working_dir.clone(),
        }),
    };
    let mut request = framed(Arc::clone(&job.name), runnable, metrics_dir, matches)?;
    if let (None, Some(source)) = (&request.watchers.ping_url, &job.ping_url) {
        request.watchers.ping_url = Some(ping_url(job, source)?);
    }
    request.watchers.alert = job.alert.clone();
    Ok(request)
}

/// A run of `job` as the run flags in `matches` have it.
fn framed(
    name: Arc<str>,
    job: Arc<dyn RunnableJob>,
    metrics_dir: Option<&Path>,
    matches: &clap::ArgMatches,
) -> Result<RunRequest, clap::Error> {
    let run = RunArgs::from_arg_matches(matches)?;
    // Not by a value parser of clap, which would show the URL, and so its secret, in its error.
    let ping_url = run.ping_url.map(|url| url.parse()).transpose().map_err(|reason: String| {
        let is_variable = matches.value_source("ping_url") == Some(ValueSource::EnvVariable);
        let name = if is_variable { "PUNCTUAL_PING_URL" } else { "'--ping-url <URL>'" };
        let message = format!("invalid value for {name}: {reason}\n");
        clap::Error::raw(ErrorKind::ValueValidation, message)
    })?;
    Ok(RunRequest {
        name,
        job,
        trigger: Trigger::Cli,
        due_at: None,
        policy: RunPolicy {
            timeout: run.timeout,
            grace: run.grace,
            if_running: run.if_running,
            retries: run.retries,
        },
        watchers: Watchers {
            ping_url,
            metrics_dir: run.metrics_dir.or_else(|| metrics_dir.map(Path::to_owned)),
            alert: None,
        },
    })
}

fn ping_url(job: &JobDefinition, source: &SecretSource) -> Result<PingUrl, Error> {
    let of_job = |error: Error| error.within(format!("the ping URL of {}", job.name));
    let url = source.read().map_err(of_job)?;
    url.expose().parse().map_err(|reason: String| {
        Error::new(Exit::Configuration, format!("the ping URL of {}: {reason}", job.name))
            .hint("write it with its scheme, like https://hc-ping.com/your-uuid")
    })
}

/// The jobs that the daemon runs, as the configuration has them.
pub fn daemon_jobs(config: &Config) -> Result<Vec<DaemonJob>, Error> {
    let roster = Roster::of(config);
    let mut schedules = Schedules::default();
    let mut jobs = Vec::new();
    for job in roster.jobs().iter().filter(|job| job.enabled) {
        let Some(schedule) = job.schedule(&mut schedules)? else { continue };
        match scheduled_request(job, roster.metrics_dir()) {
            Ok(request) => jobs.push(DaemonJob {
                catch_up: job.catches_up(&schedule),
                schedule,
                request,
                overlap: job.overlap,
                jitter: job.jitter,
            }),
            Err(Refusal::Error(error)) => return Err(error),
            Err(Refusal::Usage(error)) => match mistake_in_args(config, job) {
                Some(mistake) => return Err(mistake),
                None => tracing::warn!(
                    job = &*job.name,
                    "{} is left out: {}; give it args in the configuration",
                    job.name,
                    first_line(&error)
                ),
            },
        }
    }
    Ok(jobs)
}

/// A run of the job as its schedule would start it.
fn scheduled_request(
    job: &JobDefinition,
    metrics_dir: Option<&Path>,
) -> Result<RunRequest, Refusal> {
    // A variable that names one monitor is for one run, not for every job of a daemon.
    let definition = job_command(job).mut_arg("ping_url", |argument| argument.env(None::<&str>));
    let name = std::iter::once(job.name.to_string());
    let arguments = match &job.work {
        Work::Catalog { arguments, .. } => arguments.clone(),
        Work::Command { .. } => Vec::new(),
    };
    let matches =
        without_empty_variables(definition).try_get_matches_from(name.chain(arguments))?;
    run_request(job, metrics_dir, &matches)
}

/// What a usage error says, without the usage.
fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Roster {
        Roster::of(&Config::default())
    }

    fn parse_words(words: &[&str]) -> Result<Invocation, clap::Error> {
        let words = words.iter().map(OsString::from).collect();
        parse(words, &roster(), &Config::default()).map_err(|refusal| match refusal {
            Refusal::Usage(error) => error,
            Refusal::Error(error) => panic!("{error:?}"),
        })
    }

    #[test]
    fn the_definition_is_consistent() {
        command(&roster()).debug_assert();
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
            let invocation = parse_words(&["punctual", entry.name]).expect("defaults are valid");
            let Action::Run(Run { request, .. }) = invocation.action else {
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
            let error = parse_words(&["punctual", "hello", "--timeout", timeout])
                .err()
                .unwrap_or_else(|| panic!("{timeout:?} was taken"));
            assert_eq!(error.exit_code(), 2);
        }
    }

    /// Lines that are commented out count too: they are there to be used.
    #[test]
    fn every_line_of_the_example_crontab_runs_a_job_when_it_is_due() {
        let crontab = include_str!("../crontab.example");
        let next = |schedule: &str| {
            let schedule = Schedule::parse(schedule).unwrap_or_else(|error| panic!("{error}"));
            schedule.next_after(crate::clock::Timestamp::from_epoch(Duration::ZERO))
        };
        let mut lines = 0;
        for line in crontab.lines().filter(|line| line.contains("/punctual ")) {
            let line = line.trim_start_matches("# ");
            let (schedule, command) = line.split_at(line.find(" /").expect("a path"));
            assert_eq!(schedule.split_whitespace().count(), 5, "{line}");

            let words: Vec<&str> = command.split_whitespace().collect();
            let invocation = parse_words(&words).unwrap_or_else(|error| panic!("{line}: {error}"));
            let Action::Run(Run { request, .. }) = invocation.action else {
                panic!("no job: {line}")
            };
            let job = CATALOG.iter().find(|entry| *entry.name == *request.name).expect("a job");
            assert_eq!(next(schedule), next(job.schedule), "{line}");
            lines += 1;
        }
        assert!(lines > 0);
        for entry in CATALOG {
            assert!(
                crontab.contains(&format!("\n# {}: ", entry.name)),
                "{} is missing",
                entry.name
            );
        }
    }
}
