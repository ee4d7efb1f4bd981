//! The frame around a run: lock, claim, deadline, job, outcome, history, log.
//!
//! A run behaves the same whoever starts it. The path of one run:
//!
//! 1. [`claim`]: open the history, take the job's lock, record the start.
//! 2. [`attempt`]: run the job until it ends, the deadline passes or somebody asks to stop;
//!    retry it where it may be retried.
//! 3. Record the end, release the lock, log how it went.
//!
//! The deadline covers all of it, waiting included. The runner knows no job.

mod aftermath;
mod attempt;
mod claim;
mod run_thread;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

use crate::backoff::Backoff;
use crate::capture::{CapturedOutput, LineSink};
use crate::clock::{Clock, Timestamp, millis};
use crate::control::DaemonLink;
use crate::error::Error;
use crate::exit::Exit;
use crate::history::{Finished, Retention, SharedHistory, Started, Trigger};
use crate::http::HttpClients;
use crate::job::{RenderedReport, RunnableJob};
use crate::logging::RUN_FAILED_TARGET;
use crate::outcome::Outcome;
use crate::ping::Pinger;
use crate::progress::Progress;
use crate::secret::Secrets;
use crate::signal::Signals;

pub use aftermath::Watchers;
pub use attempt::JobThread;
use attempt::{AttemptTask, Limits};
use claim::{Claim, Claimed, Occupation};
pub use run_thread::RunThread;

/// The delays between the attempts of a run.
const RETRY_BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// What to do when the same job is running already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum IfRunning {
    /// End as `skipped`, silently, with exit code 0
    #[default]
    Skip,
    /// Wait for it, until the deadline
    Wait,
    /// End with exit code 75
    Fail,
    /// Run beside it: for jobs of the daemon that may overlap
    #[value(skip)]
    Allow,
}

/// What a run may take.
#[derive(Clone, Copy, Debug)]
pub struct RunPolicy {
    /// For the whole run: waiting, all attempts and their backoff.
    pub timeout: Duration,
    /// How long a cancelled job may take to end, before it is given up as stuck.
    pub grace: Duration,
    pub if_running: IfRunning,
    /// Attempts after the first.
    pub retries: u32,
}

/// What to run.
#[derive(Clone)]
pub struct RunRequest {
    pub name: Arc<str>,
    pub job: Arc<dyn RunnableJob>,
    pub trigger: Trigger,
    pub due_at: Option<Timestamp>,
    pub policy: RunPolicy,
    pub watchers: Watchers,
}

/// How a run went. Serialised, it is the object that `--output json` prints.
#[derive(Debug, Serialize)]
pub struct RunRecord {
    pub run_id: Uuid,
    pub job: Arc<str>,
    #[serde(serialize_with = "serialize_name")]
    pub outcome: Outcome,
    #[serde(rename = "exit_code", serialize_with = "serialize_code")]
    pub exit: Exit,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub duration_ms: u64,
    pub attempts: u32,
    #[serde(serialize_with = "serialize_report")]
    pub report: Option<RenderedReport>,
    #[serde(serialize_with = "serialize_error")]
    pub error: Option<Error>,
}

impl RunRecord {
    /// Whether the run was not to be because the database was away: the history does not have it.
    pub fn is_unclaimed(&self) -> bool {
        self.outcome == Outcome::Failed && self.attempts == 0 && self.exit == Exit::Unavailable
    }
}

/// Runs jobs, one after the other or side by side. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    pub clock: Clock,
    pub history: SharedHistory,
    /// Where the locks are.
    pub state_dir: PathBuf,
    pub host: String,
    /// How long a run keeps its job where many hosts share the history and nothing is heard of it.
    pub lease: Duration,
    pub retention: Retention,
    pub job_thread: JobThread,
    pub http: HttpClients,
    pub pinger: Pinger,
    /// What follows the runs.
    pub background: TaskTracker,
    pub progress: Progress,
    /// Takes the lines that jobs print.
    pub lines: LineSink,
    pub secrets: Secrets,
    pub daemon: DaemonLink,
}

/// How a run ended, before it is recorded.
struct Ending {
    outcome: Outcome,
    exit: Exit,
    attempts: u32,
    report: Option<RenderedReport>,
    error: Option<Error>,
    /// The attempt that could not be ended.
    straggler: Option<AttemptTask>,
}

/// What is left of a run that is stuck: its task, which may end after all. The job stays locked
/// until then.
pub struct Straggler {
    task: AttemptTask,
    occupation: Occupation,
}

impl Straggler {
    /// Waits until the task has ended, and lets others run the job.
    pub async fn ended(self) {
        // How it ended does not matter any more: the run was recorded as stuck.
        let _ = self.task.result.await;
        self.occupation.end().await;
    }
}

impl Ending {
    /// An ending without an attempt.
    fn before_start(outcome: Outcome, exit: Exit, error: Option<Error>) -> Self {
        Self { outcome, exit, attempts: 0, report: None, error, straggler: None }
    }

    /// The ending of a run that is not to be: silent, and a success.
    fn skipped() -> Self {
        Self::before_start(Outcome::Skipped, Exit::Succeeded, None)
    }

    /// A run that `error` kept from starting.
    fn not_started(error: Error) -> Self {
        Self::before_start(Outcome::Failed, error.exit(), Some(error))
    }
}

impl Runner {
    /// One run, from the lock to the log. `signals` may ask it to stop. A run that is stuck
    /// leaves a straggler behind.
    pub async fn run(
        &self,
        request: &RunRequest,
        signals: &mut Signals,
    ) -> (RunRecord, Option<Straggler>) {
        let begun = self.clock.monotonic();
        let started_at = self.clock.now();
        let run = Started {
            run_id: new_run_id(started_at),
            job: Arc::clone(&request.name),
            trigger: request.trigger,
            due_at: request.due_at,
            started_at,
            host: self.host.clone(),
        };
        let span = tracing::info_span!("run", job = &*run.job, run_id = %run.run_id);
        self.run_claimed(request, run, begun, signals).instrument(span).await
    }

    async fn run_claimed(
        &self,
        request: &RunRequest,
        run: Started,
        begun: Instant,
        signals: &mut Signals,
    ) -> (RunRecord, Option<Straggler>) {
        let deadline = begun + request.policy.timeout;
        let (mut ping, mut told_of_lost) = (None, None);
        let (ending, straggler) = match self.claim(request, &run, deadline, signals).await {
            Claim::Granted(mut claimed) => {
                tracing::info!(timeout_ms = millis(request.policy.timeout), "run started");
                ping = self.tell_of_start(request);
                let output = CapturedOutput::default();
                let fence = claimed.fence();
                let mut limits = Limits { deadline, signals, lease_lost: claimed.lease_lost() };
                let lost = claimed.lost_predecessor();
                let clean_up = lost.and_then(|lost| request.job.clean_up(lost));
                let stopped = match clean_up {
                    Some(clean_up) => attempt::unless_stopped(request, &mut limits, clean_up).await,
                    None => None,
                };
                let ending = match stopped {
                    Some(ending) => ending,
                    None => {
                        claimed.forget_predecessor(self, run.run_id).await;
                        told_of_lost = lost.and_then(|lost| self.tell_of_lost(request, lost));
                        self.attempts(request, &run, fence, &output, &mut limits).await
                    }
                };
                self.record_end(&run, claimed, ending, &output, signals).await
            }
            Claim::Denied(denied) => (denied, None),
        };
        self.progress.clear();
        let record = RunRecord {
            run_id: run.run_id,
            job: run.job,
            outcome: ending.outcome,
            exit: ending.exit,
            started_at: run.started_at,
            finished_at: self.clock.now(),
            duration_ms: millis(self.clock.monotonic() - begun),
            attempts: ending.attempts,
            report: ending.report,
            error: ending.error,
        };
        log_end(&record);
        self.tell_of_end(request, &record, ping, told_of_lost);
        (record, straggler)
    }

    /// Writes the end into the history and gives the locks back, but for that of a straggler. A
    /// success that cannot be recorded is a failure; a failure stays what it is.
    async fn record_end(
        &self,
        run: &Started,
        claimed: Claimed,
        mut ending: Ending,
        output: &CapturedOutput,
        signals: &mut Signals,
    ) -> (Ending, Option<Straggler>) {
        let mut end = ending.finished(self.clock.now());
        end.output = output.text();
        let (recorded, occupation) = claimed.release(self, run.run_id, end, signals).await;
        let straggler = ending.straggler.take().map(|task| Straggler { task, occupation });
        let ending = match recorded {
            Ok(true) => ending,
            Ok(false) => attempt::lost(&run.job, ending),
            Err(error) if ending.outcome == Outcome::Succeeded => Ending {
                outcome: Outcome::Failed,
                exit: error.exit(),
                error: Some(error.within("the job succeeded, but that is not in the history")),
                ..ending
            },
            Err(error) => {
                tracing::warn!(error = error.chain(), "the end of the run is not in the history");
                ending
            }
        };
        (ending, straggler)
    }
}

impl Ending {
    fn finished(&self, finished_at: Timestamp) -> Finished {
        Finished {
            finished_at,
            outcome: self.outcome,
            exit: self.exit,
            attempts: self.attempts,
            error: self.error.as_ref().map(Error::chain),
            report: self.report.as_ref().map(|report| report.json.clone()),
            output: None,
        }
    }
}

/// A version 7 UUID, so that ids sort by time.
pub fn new_run_id(now: Timestamp) -> Uuid {
    let since_epoch = now.since_epoch();
    Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        since_epoch.as_secs(),
        since_epoch.subsec_nanos(),
    ))
}

fn log_end(record: &RunRecord) {
    let report = record.report.as_ref().map(|report| report.json.get());
    let error = record.error.as_ref().map(Error::chain);
    match record.outcome {
        Outcome::Succeeded | Outcome::Skipped if record.exit == Exit::Succeeded => tracing::info!(
            outcome = record.outcome.name(),
            exit_code = record.exit.code(),
            duration_ms = record.duration_ms,
            attempts = record.attempts,
            report,
            "run {}",
            record.outcome
        ),
        _ => tracing::error!(
            target: RUN_FAILED_TARGET,
            outcome = record.outcome.name(),
            exit_code = record.exit.code(),
            duration_ms = record.duration_ms,
            attempts = record.attempts,
            report,
            error,
            hint = record.error.as_ref().and_then(Error::hint_text),
            "run {}", record.outcome
        ),
    }
}

fn serialize_name<S: serde::Serializer>(
    outcome: &Outcome,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.name())
}

fn serialize_code<S: serde::Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(exit.code())
}

fn serialize_report<S: serde::Serializer>(
    report: &Option<RenderedReport>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let json: Option<&RawValue> = report.as_ref().map(|report| &*report.json);
    json.serialize(serializer)
}

fn serialize_error<S: serde::Serializer>(
    error: &Option<Error>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    error.as_ref().map(Error::chain).serialize(serializer)
}

#[cfg(test)]
pub mod fixtures;
#[cfg(test)]
mod tests;
