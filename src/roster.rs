//! The jobs of this installation: those of the catalog, with what the configuration changes about
//! them, and the commands of the configuration.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::alert::{Alert, Recipient};
use crate::config::{CommandLine, Config, JobConfig, JobWork, OnFailure, Tell};
use crate::daemon::Overlap;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job::CatalogEntry;
use crate::jobs::CATALOG;
use crate::schedule::{Schedule, Schedules};
use crate::secret::{Secret, SecretSource};
use crate::text;

/// How long a cancelled run may take to end, unless it is said.
pub const GRACE: Duration = Duration::from_secs(10);

/// The timeout of a command that the configuration gives none: there is no "unlimited".
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Every job, in the order of the help.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    jobs: Vec<JobDefinition>,
    metrics_dir: Option<PathBuf>,
}

/// A job with all that is decided about it before a run of it is asked for.
#[derive(Clone, Debug)]
pub struct JobDefinition {
    pub name: Arc<str>,
    pub work: Work,
    /// Nothing for a command that the daemon does not run.
    schedule: Option<Cow<'static, str>>,
    pub timeout: Duration,
    pub grace: Duration,
    pub retries: u32,
    pub overlap: Overlap,
    /// As the configuration says; else it depends on the schedule.
    catch_up: Option<bool>,
    pub jitter: Duration,
    /// Whether the daemon runs it.
    pub enabled: bool,
    pub ping_url: Option<SecretSource>,
    /// Whom to tell when it keeps failing.
    pub alert: Option<Arc<Alert>>,
}

/// What a job does.
#[derive(Clone)]
pub enum Work {
    Catalog {
        entry: &'static CatalogEntry,
        /// Those of the configuration, which go before what is given on the command line.
        arguments: Vec<String>,
    },
    Command {
        command: CommandLine,
        env: Vec<(String, Secret)>,
        working_dir: Option<PathBuf>,
        description: Option<String>,
    },
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Work::Catalog { entry, arguments } => {
                f.debug_tuple("Catalog").field(&entry.name).field(arguments).finish()
            }
            Work::Command { command, .. } => f.debug_tuple("Command").field(command).finish(),
        }
    }
}

impl Roster {
    pub fn of(config: &Config) -> Self {
        let of_catalog = CATALOG.iter().map(|entry| JobDefinition::of_catalog(entry, config));
        let commands = config.jobs.iter().filter_map(|job| JobDefinition::of_command(job, config));
        Self {
            jobs: of_catalog.chain(commands).collect(),
            metrics_dir: config.metrics_dir.as_deref().cloned(),
        }
    }

    /// Where the jobs' metrics files go, unless a run is told otherwise.
    pub fn metrics_dir(&self) -> Option<&Path> {
        self.metrics_dir.as_deref()
    }

    pub fn jobs(&self) -> &[JobDefinition] {
        &self.jobs
    }

    pub fn find(&self, name: &str) -> Option<&JobDefinition> {
        self.jobs.iter().find(|job| &*job.name == name)
    }

    /// The job of that name, or an error that names those that there are.
    pub fn named(&self, name: &str) -> Result<&JobDefinition> {
        if let Some(job) = self.find(name) {
            return Ok(job);
        }
        let names: Vec<&str> = self.jobs.iter().map(|job| &*job.name).collect();
        let nearest = text::nearest(name, names.iter().copied());
        let suggestion = nearest.map(|nearest| format!("; the nearest is {nearest:?}"));
        let message = format!("unknown job {name:?}{}", suggestion.unwrap_or_default());
        Err(Error::new(Exit::Usage, message).hint(format!("the jobs are {}", names.join(", "))))
    }
}

impl JobDefinition {
    fn of_catalog(entry: &'static CatalogEntry, config: &Config) -> Self {
        let job = config.job(entry.name);
        let arguments = match job.map(|job| &job.work) {
            Some(JobWork::Builtin { arguments: Some(arguments) }) => arguments.value.clone(),
            _ => Vec::new(),
        };
        let work = Work::Catalog { entry, arguments };
        let schedule = Some(Cow::Borrowed(entry.schedule));
        Self::new(entry.name, work, schedule, entry.timeout, job, config)
    }

    fn of_command(job: &JobConfig, config: &Config) -> Option<Self> {
        let JobWork::Command { command, env, working_dir, description } = &job.work else {
            return None;
        };
        let work = Work::Command {
            command: command.clone(),
            env: env.clone(),
            working_dir: working_dir.clone(),
            description: description.clone(),
        };
        Some(Self::new(&job.name, work, None, COMMAND_TIMEOUT, Some(job), config))
    }

    fn new(
        name: &str,
        work: Work,
        schedule: Option<Cow<'static, str>>,
        timeout: Duration,
        job: Option<&JobConfig>,
        config: &Config,
    ) -> Self {
        let on_failure = job.and_then(|job| job.on_failure.as_ref()).or(config.on_failure.as_ref());
        let in_file = job.and_then(|job| job.schedule.as_ref());
        Self {
            name: name.into(),
            work,
            schedule: in_file.map(|schedule| Cow::Owned(schedule.value.clone())).or(schedule),
            timeout: job.and_then(|job| job.timeout.as_deref().copied()).unwrap_or(timeout),
            grace: job.and_then(|job| job.grace.as_deref().copied()).unwrap_or(GRACE),
            retries: job.and_then(|job| job.retries.as_deref().copied()).unwrap_or_default(),
            overlap: job.and_then(|job| job.overlap.as_deref().copied()).unwrap_or_default(),
            catch_up: job.and_then(|job| job.catch_up.as_deref().copied()),
            jitter: job.and_then(|job| job.jitter.as_deref().copied()).unwrap_or_default(),
            enabled: job.is_none_or(|job| job.enabled),
            ping_url: job.and_then(|job| job.ping_url.as_deref().cloned()),
            alert: on_failure.map(|on_failure| Arc::new(alert(on_failure))),
        }
    }

    /// The schedule as it is written.
    pub fn schedule_text(&self) -> Option<&str> {
        self.schedule.as_deref()
    }

    /// The schedule; equal ones are one value in `known`.
    pub fn schedule(&self, known: &mut Schedules) -> Result<Option<Schedule>> {
        self.schedule.as_deref().map(|text| Ok(known.parse(text)?)).transpose()
    }

    /// Whether missed due times are made up for. One that comes back soon anyway is not.
    pub fn catches_up(&self, schedule: &Schedule) -> bool {
        self.catch_up.unwrap_or_else(|| schedule.is_hourly_or_rarer())
    }
}

fn alert(on_failure: &OnFailure) -> Alert {
    let to = match &on_failure.tell {
        Tell::Command(command) => Recipient::Command(command.words().collect()),
        Tell::Webhook(url) => Recipient::Webhook(url.clone()),
    };
    Alert { to, after: on_failure.after, at_most_every: on_failure.at_most_every }
}
