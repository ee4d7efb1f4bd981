//! What a job is, what it may touch, and how the engine holds one without knowing it.

use std::fmt::Display;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use crate::capture::{CapturedOutput, LineSink};
use crate::clock::{Clock, Timestamp};
use crate::control::DaemonLink;
use crate::database::{Database, Fence, Migrations};
use crate::error::Error;
use crate::http::HttpClients;
use crate::progress::Progress;
use crate::secret::Secrets;

/// A named unit of work. The struct's fields are the job's parameters (it derives
/// `clap::Args`), its doc comment is the job's help.
///
/// The contract of an implementation:
///
/// - It is idempotent: killed at any instant, the next run repairs what it left.
/// - It heeds [`JobContext::cancellation`] between steps. A job that goes on past the grace
///   period is given up as stuck.
/// - It never blocks the async thread: files, databases and long computations go through
///   [`JobContext::blocking`].
/// - It reports what changed, as counts with units, also when nothing did.
/// - It classifies its errors where it first sees them, by giving them their exit code.
/// - It owns its tables and their migrations, under its own name ([`Job::TABLES`]).
/// - It names the services that it cannot do without ([`Job::services`]).
/// - It touches only what the context hands it: no statics, no environment, no other clock.
pub trait Job: clap::Args + Send + Sync + 'static {
    /// Kebab-case: subcommand, log field, lock and history key.
    const NAME: &'static str;
    /// Default schedule: five cron fields, or `every <duration>`. UTC.
    const SCHEDULE: &'static str;
    /// Default timeout. There is no "unlimited".
    const TIMEOUT: Duration;

    /// Its tables, if it has any, so that `punctual check` can tell those of a newer program.
    const TABLES: Option<Migrations> = None;

    /// What the job says it did: printed for people, or as JSON.
    type Report: Serialize + Display;

    fn run(
        &self,
        context: &JobContext,
    ) -> impl Future<Output = Result<Self::Report, JobError>> + Send;

    /// The services that a run with these parameters asks over HTTP, so that `punctual check` can
    /// see whether they answer. Only their hosts count: a check asks for nothing that means anything.
    fn services(&self) -> Vec<Url> {
        Vec::new()
    }

    /// Whether a failed attempt may be followed by another one. Not where it has used up what there is
    /// only once, such as stdin.
    fn may_retry(&self) -> bool {
        true
    }
}

/// Everything that one attempt may touch. Cheap to clone.
#[derive(Clone)]
pub struct JobContext {
    pub run_id: Uuid,
    pub job: Arc<str>,
    pub due_at: Option<Timestamp>,
    pub clock: Clock,
    pub http: HttpClients,
    pub database: Database,
    /// Where many hosts share the database: what a write has to check. See [`Fence`].
    pub fence: Option<Fence>,
    pub progress: Progress,
    /// Fires when the attempt is to stop: deadline, signal, or a stopping daemon.
    pub cancellation: CancellationToken,
    /// Fires when the grace is over: what can be ended by force has to be ended now.
    pub kill: CancellationToken,
    /// Keeps what the job prints, where it prints: commands do.
    pub output: CapturedOutput,
    /// Takes the lines of that as they come.
    pub lines: LineSink,
    /// When the whole run ends: no use to wait for anything beyond.
    pub deadline: Instant,
    pub secrets: Secrets,
    /// For jobs that are about the daemon, where there is one.
    pub daemon: DaemonLink,
    /// A directory for temporary files, on the state directory's file system.
    pub scratch_dir: PathBuf,
}

impl JobContext {
    /// Runs blocking code on a thread made for it. A panic in it is a panic of the job.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        blocking(work).await
    }
}

/// The error of a job that heeds its cancellation. The frame knows why it cancelled, and says
/// that instead.
pub fn cancelled() -> Error {
    Error::new(crate::exit::Exit::Failed, "the run was cancelled")
}

/// Runs blocking code on tokio's pool, inside the caller's log span, and carries its panic over.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The pool only drops work when the runtime itself is going down.
            Err(_) => std::future::pending().await,
        },
    }
}

/// A report in both of its forms.
#[derive(Clone, Debug)]
pub struct RenderedReport {
    pub json: Box<RawValue>,
    pub text: String,
}

impl RenderedReport {
    pub fn of(report: &(impl Serialize + Display)) -> Result<Self, Error> {
        let json = serde_json::value::to_raw_value(report).map_err(|error| {
            Error::new(crate::exit::Exit::Bug, "the report is no valid JSON").because(error)
        })?;
        Ok(Self { json, text: report.to_string() })
    }
}

/// Why a job failed, and what it had done by then.
#[derive(Debug)]
pub struct JobError {
    pub error: Error,
    pub report: Option<RenderedReport>,
}

impl JobError {
    /// Adds what the job had done before it failed, so that it is not lost to the history.
    #[must_use]
    pub fn with_report(mut self, report: &(impl Serialize + Display)) -> Self {
        self.report = RenderedReport::of(report).ok();
        self
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        Self { error, report: None }
    }
}

/// A job whose types are erased: what the runner holds.
pub trait RunnableJob: Send + Sync {
    fn run<'a>(&'a self, context: &'a JobContext) -> AttemptFuture<'a>;

    /// See [`Job::services`].
    fn services(&self) -> Vec<Url> {
        Vec::new()
    }

    /// See [`Job::may_retry`].
    fn may_retry(&self) -> bool {
        true
    }

    /// How long after [`JobContext::kill`] fired the job may still take before it is stuck.
    fn kill_wait(&self) -> Duration {
        Duration::ZERO
    }

    /// Ends what is left of an earlier run whose own process died before it could do that itself;
    /// nothing for a job that leaves nothing.
    fn clean_up(&self, _lost: Uuid) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        None
    }
}

/// One attempt.
pub type AttemptFuture<'a> =
    Pin<Box<dyn Future<Output = Result<RenderedReport, JobError>> + Send + 'a>>;

impl<J: Job> RunnableJob for J {
    fn run<'a>(&'a self, context: &'a JobContext) -> AttemptFuture<'a> {
        Box::pin(async move {
            let report = Job::run(self, context).await?;
            Ok(RenderedReport::of(&report)?)
        })
    }

    fn services(&self) -> Vec<Url> {
        Job::services(self)
    }

    fn may_retry(&self) -> bool {
        Job::may_retry(self)
    }
}

/// One line of the catalog: all that the rest of the program knows of a job.
#[derive(Clone, Copy)]
pub struct CatalogEntry {
    pub name: &'static str,
    pub schedule: &'static str,
    pub timeout: Duration,
    pub tables: Option<Migrations>,
    /// Adds the job's help and parameters to its subcommand.
    pub augment: fn(clap::Command) -> clap::Command,
    /// Reads the job from the parsed command line.
    pub parse: fn(&clap::ArgMatches) -> Result<Arc<dyn RunnableJob>, clap::Error>,
}

impl CatalogEntry {
    pub const fn of<J: Job>() -> Self {
        Self {
            name: J::NAME,
            schedule: J::SCHEDULE,
            timeout: J::TIMEOUT,
            tables: J::TABLES,
            augment: J::augment_args,
            parse: |matches| Ok(Arc::new(J::from_arg_matches(matches)?)),
        }
    }
}
