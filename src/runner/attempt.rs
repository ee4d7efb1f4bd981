//! The attempts of a run: the job itself, its deadline, its cancellation, its grace.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Ending, RETRY_BACKOFF, RunRequest, RunThread, Runner};
use crate::capture::CapturedOutput;
use crate::clock::{format_duration, millis};
use crate::database::Fence;
use crate::error::Error;
use crate::exit::Exit;
use crate::history::Started;
use crate::job::{JobContext, JobError, RenderedReport, blocking};
use crate::outcome::Outcome;
use crate::panic;
use crate::signal::{Signal, Signals};

/// How the task of an attempt ended: by itself, or by a panic.
pub(super) type TaskResult = Result<Result<RenderedReport, JobError>, Error>;

/// The task of an attempt. It goes on when this is dropped.
pub(super) struct AttemptTask {
    pub result: BoxFuture<'static, TaskResult>,
    /// Where it can be ended at an `await`.
    abort: Option<AbortHandle>,
}

/// Where jobs run, and where what else blocks is done, so that a job that blocks its thread cannot keep
/// its deadline from being noticed.
#[derive(Clone, Debug)]
pub enum JobThread {
    /// On the workers of the runtime, of which there are more than such jobs.
    Worker,
    /// Beside a runtime that has only one thread itself: for a process of one run, which is over
    /// sooner the fewer threads it starts.
    Own(RunThread),
}

impl JobThread {
    fn spawn(&self, attempt: impl Future<Output = TaskResult> + Send + 'static) -> AttemptTask {
        match self {
            Self::Worker => {
                let task = tokio::spawn(attempt);
                let abort = Some(task.abort_handle());
                AttemptTask { result: task.map(flatten).boxed(), abort }
            }
            Self::Own(thread) => {
                let result = thread.spawn(move || Handle::current().block_on(attempt));
                AttemptTask { result: result.boxed(), abort: None }
            }
        }
    }

    /// Does what blocks, in the span of whoever asks for it.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        match self {
            Self::Worker => blocking(work).await,
            Self::Own(thread) => {
                let span = tracing::Span::current();
                thread.spawn(move || span.in_scope(work)).await
            }
        }
    }
}

/// Why a run was asked to stop.
#[derive(Clone, Copy)]
enum StopReason {
    Deadline,
    Signal(Signal),
    /// Another host may run the job by now.
    LeaseLost,
}

/// What ends a run that does not end by itself.
pub(super) struct Limits<'a> {
    pub deadline: Instant,
    pub signals: &'a mut Signals,
    pub lease_lost: CancellationToken,
}

impl Limits<'_> {
    async fn reached(&mut self) -> StopReason {
        tokio::select! {
            () = tokio::time::sleep_until(self.deadline) => StopReason::Deadline,
            signal = self.signals.next() => StopReason::Signal(signal),
            () = self.lease_lost.cancelled() => StopReason::LeaseLost,
        }
    }
}

impl Runner {
    /// Runs the job until it succeeds, may not be retried, or the run has to stop.
    pub(super) async fn attempts(
        &self,
        request: &RunRequest,
        run: &Started,
        fence: Option<Fence>,
        output: &CapturedOutput,
        limits: &mut Limits<'_>,
    ) -> Ending {
        let mut attempt = 1;
        loop {
            let mut ending = self.attempt(request, run, fence.clone(), output, limits).await;
            ending.attempts = attempt;
            let may_retry = may_retry(&ending) && request.job.may_retry();
            if attempt > request.policy.retries || !may_retry {
                return ending;
            }
            let delay = RETRY_BACKOFF.delay(attempt);
            let resumes_at = self.clock.monotonic() + delay;
            if resumes_at >= limits.deadline {
                tracing::warn!(attempt, "no time is left for another attempt");
                return ending;
            }
            tracing::warn!(
                attempt,
                error = ending.error.as_ref().map(Error::chain),
                delay_ms = millis(delay),
                "the attempt failed; trying again"
            );
            tokio::select! {
                () = tokio::time::sleep_until(resumes_at) => {}
                reason = limits.reached() => {
                    return stopped(request, reason, attempt, ending.report);
                }
            }
            attempt += 1;
        }
    }

    /// One attempt. The job runs as a task of its own.
    async fn attempt(
        &self,
        request: &RunRequest,
        run: &Started,
        fence: Option<Fence>,
        output: &CapturedOutput,
        limits: &mut Limits<'_>,
    ) -> Ending {
        let (cancellation, kill) = (CancellationToken::new(), CancellationToken::new());
        let context = JobContext {
            run_id: run.run_id,
            job: Arc::clone(&run.job),
            due_at: run.due_at,
            clock: self.clock.clone(),
            http: self.http.clone(),
            database: self.history.database().clone(),
            progress: self.progress.clone(),
            cancellation: cancellation.clone(),
            kill: kill.clone(),
            output: output.clone(),
            lines: Arc::clone(&self.lines),
            deadline: limits.deadline,
            fence,
            secrets: self.secrets.clone(),
            scratch_dir: self.state_dir.clone(),
            daemon: self.daemon.clone(),
        };
        let mut task = self.job_thread.spawn(caught(request, context));
        let reason = tokio::select! {
            biased;
            result = &mut task.result => return ended(result),
            reason = limits.reached() => reason,
        };
        if let StopReason::Signal(signal) = reason {
            tracing::warn!(
                "{}: stopping; the run has {} to end, a second signal does not wait",
                signal.name(),
                format_duration(request.policy.grace)
            );
        }
        cancellation.cancel();
        let grace_ends = self.clock.monotonic() + request.policy.grace;
        let ended_in_time = tokio::select! {
            biased;
            result = &mut task.result => Some(result),
            () = tokio::time::sleep_until(grace_ends) => {
                kill.cancel();
                tokio::time::timeout(request.job.kill_wait(), &mut task.result).await.ok()
            }
            // Whoever asks twice does not want to wait.
            _ = limits.signals.next() => {
                kill.cancel();
                let killed = tokio::time::timeout(request.job.kill_wait(), &mut task.result).await;
                if let Some(abort) = &task.abort {
                    abort.abort();
                }
                match killed {
                    Ok(result) => Some(result),
                    Err(_) => return stopped(request, reason, 1, None),
                }
            }
        };
        match ended_in_time {
            None => stuck(request, reason, task),
            Some(Err(panic)) => panicked(panic),
            Some(Ok(Ok(report))) => stopped(request, reason, 1, Some(report)),
            Some(Ok(Err(error))) => stopped(request, reason, 1, error.report),
        }
    }
}

/// Does something that belongs to the run but is none of its attempts. Where the run has to stop
/// meanwhile, that is its ending.
pub(super) async fn unless_stopped(
    request: &RunRequest,
    limits: &mut Limits<'_>,
    work: impl Future<Output = ()>,
) -> Option<Ending> {
    let reason = tokio::select! {
        () = work => return None,
        reason = limits.reached() => reason,
    };
    Some(stopped(request, reason, 0, None))
}

/// The job itself, with its panic as an error.
fn caught(
    request: &RunRequest,
    context: JobContext,
) -> impl Future<Output = TaskResult> + Send + 'static {
    let job = Arc::clone(&request.job);
    let attempt = async move { job.run(&context).await };
    AssertUnwindSafe(attempt)
        .catch_unwind()
        .map(|result| result.map_err(|payload| panic::error("the job panicked", &*payload)))
        .in_current_span()
}

fn flatten(joined: Result<TaskResult, tokio::task::JoinError>) -> TaskResult {
    joined.unwrap_or_else(|error| {
        Err(Error::new(Exit::Bug, "the job's task ended without a result").because(error))
    })
}

/// The ending of a job that ended by itself.
fn ended(result: TaskResult) -> Ending {
    match result {
        Ok(Ok(report)) => Ending {
            outcome: Outcome::Succeeded,
            exit: Exit::Succeeded,
            attempts: 1,
            report: Some(report),
            error: None,
            straggler: None,
        },
        Ok(Err(JobError { error, report })) => Ending {
            outcome: Outcome::Failed,
            exit: error.exit(),
            attempts: 1,
            report,
            error: Some(error),
            straggler: None,
        },
        Err(panic) => panicked(panic),
    }
}

/// The ending of a job that heeded its cancellation. What it had done by then is kept.
fn stopped(
    request: &RunRequest,
    reason: StopReason,
    attempts: u32,
    report: Option<RenderedReport>,
) -> Ending {
    let (outcome, error) = match reason {
        StopReason::Deadline => (
            Outcome::TimedOut,
            Error::new(
                Exit::TimedOut,
                format!(
                    "{} timed out after {}",
                    request.name,
                    format_duration(request.policy.timeout)
                ),
            )
            .hint("give it more with --timeout; what was done so far is kept"),
        ),
        StopReason::Signal(signal) => (
            Outcome::Cancelled,
            Error::new(
                signal.exit(),
                format!("{} was cancelled by {}", request.name, signal.name()),
            ),
        ),
        StopReason::LeaseLost => (Outcome::Lost, lease_lost(&request.name)),
    };
    Ending { outcome, exit: error.exit(), attempts, report, error: Some(error), straggler: None }
}

/// The ending of a job that went on after its grace, as `task`.
fn stuck(request: &RunRequest, reason: StopReason, task: AttemptTask) -> Ending {
    let why = match reason {
        StopReason::Deadline => {
            format!("its timeout of {}", format_duration(request.policy.timeout))
        }
        StopReason::Signal(signal) => signal.name().to_owned(),
        StopReason::LeaseLost => "its lease was lost to another host".to_owned(),
    };
    let error = Error::new(
        Exit::Bug,
        format!(
            "{} is stuck: it went on for {} after {why}",
            request.name,
            format_duration(request.policy.grace)
        ),
    )
    .hint("this is a bug in the job; please report it with the log (-vv --log-dir DIR)");
    Ending {
        outcome: Outcome::Stuck,
        exit: Exit::Bug,
        attempts: 1,
        report: None,
        error: Some(error),
        straggler: Some(task),
    }
}

/// The ending of a run that turned out at its end to have lost its lease.
pub(super) fn lost(job: &str, ending: Ending) -> Ending {
    let error = lease_lost(job);
    Ending { outcome: Outcome::Lost, exit: error.exit(), error: Some(error), ..ending }
}

fn lease_lost(job: &str) -> Error {
    let message = format!(
        "the lease of {job} ran out, so that another host may run it; this run is not to go on, nor to record its end"
    );
    Error::new(Exit::NotRun, message).hint(format!(
        "this host slept, or did not reach the database for longer than --lease; `punctual history \
         {job}` tells whether another host has run it since"
    ))
}

fn panicked(panic: Error) -> Ending {
    Ending {
        outcome: Outcome::Panicked,
        exit: panic.exit(),
        attempts: 1,
        report: None,
        error: Some(panic),
        straggler: None,
    }
}

/// A failure may pass by itself, unless it is about how the job was set up.
fn may_retry(ending: &Ending) -> bool {
    ending.outcome == Outcome::Failed
        && !matches!(ending.exit, Exit::Usage | Exit::Permission | Exit::Configuration | Exit::Bug)
}
