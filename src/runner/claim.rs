//! The right to run: the job's lock, and the recorded start.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::{Ending, IfRunning, RunRequest, Runner};
use crate::clock::{Clock, format_duration};
use crate::database::create_private_directory;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::{Finished, History, Started};
use crate::job::blocking;
use crate::liveness::Liveness;
use crate::lock::{self, FileLock};
use crate::outcome::Outcome;
use crate::signal::{Signal, Signals};

/// How often a waiting run looks whether the other one is done.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// Whether a run may start.
pub(super) enum Claim {
    Granted(Claimed),
    Denied(Ending),
}

/// How a try to start a run went.
enum Try {
    Claimed(Claimed),
    /// Another run of the job is going.
    Running,
    /// The due time has had its run.
    HasRun,
}

/// What a run holds while it is going.
pub(super) struct Claimed {
    history: History,
    /// Held until the end is recorded, so that the next run sees it.
    job_lock: FileLock,
    liveness: FileLock,
    /// The run that held the job's lock before, if it is lost and may have left processes behind.
    pub(super) lost_predecessor: Option<Uuid>,
}

impl Claimed {
    /// Records the end, then gives everything back but the job's lock, which is the caller's
    /// now. When the end cannot be recorded the liveness file stays, for a later reader to find
    /// the run lost.
    pub(super) fn release(self, run_id: Uuid, end: &Finished) -> (Result<()>, FileLock) {
        let Self { history, job_lock, liveness, .. } = self;
        (history.finish(run_id, end).and_then(|()| liveness.remove()), job_lock)
    }
}

impl Runner {
    /// Opens the history and takes the job's lock, as `--if-running` says, within the deadline.
    pub(super) async fn claim(
        &self,
        request: &RunRequest,
        run: &Started,
        deadline: Instant,
        signals: &mut Signals,
    ) -> Claim {
        let claim = self.claim_patiently(request, run, deadline, signals).await;
        claim.unwrap_or_else(|error| Claim::Denied(Ending::not_started(error)))
    }

    async fn claim_patiently(
        &self,
        request: &RunRequest,
        run: &Started,
        deadline: Instant,
        signals: &mut Signals,
    ) -> Result<Claim> {
        let lock_path = self.lock_dir().join(format!("{}.lock", run.job));
        let history = tokio::select! {
            history = self.history_at_hand() => history?,
            () = tokio::time::sleep_until(deadline) => return Ok(Claim::Denied(out_of_time(request))),
            signal = signals.next() => return Ok(Claim::Denied(cancelled(signal))),
        };
        loop {
            match self.try_claim(request, run, &history, &lock_path).await? {
                Try::Claimed(claimed) => return Ok(Claim::Granted(claimed)),
                Try::HasRun => return Ok(Claim::Denied(Ending::skipped())),
                Try::Running => {}
            }
            let out_of_patience = match request.policy.if_running {
                IfRunning::Skip | IfRunning::Fail | IfRunning::Allow => true,
                IfRunning::Wait => self.clock.monotonic() + LOCK_POLL >= deadline,
            };
            if out_of_patience {
                return self.overlapped(request, run, history, lock_path).await;
            }
            tokio::select! {
                () = tokio::time::sleep(LOCK_POLL) => {}
                signal = signals.next() => return Ok(Claim::Denied(cancelled(signal))),
            }
        }
    }

    /// Opens the history, where it is not open yet, with the directory of the locks made and dead
    /// runs marked lost.
    ///
    /// Blocks.
    pub fn open_history(&self) -> Result<History> {
        self.history.get(|history| {
            create_private_directory(&self.state_dir)?;
            create_private_directory(&self.lock_dir())?;
            Liveness::new(&self.state_dir).sweep(history, &self.clock)
        })
    }

    fn lock_dir(&self) -> PathBuf {
        self.state_dir.join("locks")
    }

    /// The open history. Blocks only where that is not certain at once.
    async fn history_at_hand(&self) -> Result<History> {
        match self.history.at_hand() {
            Some(history) => Ok(history),
            None => {
                let runner = self.clone();
                blocking(move || runner.open_history()).await
            }
        }
    }

    /// Takes the lock and records the start.
    async fn try_claim(
        &self,
        request: &RunRequest,
        run: &Started,
        history: &History,
        lock_path: &Path,
    ) -> Result<Try> {
        let if_running = request.policy.if_running;
        let (run, history, lock_path) = (run.clone(), history.clone(), lock_path.to_owned());
        let liveness = Liveness::new(&self.state_dir);
        let (retention, clock) = (self.retention, self.clock.clone());
        blocking(move || {
            let job_lock = match if_running {
                IfRunning::Allow => FileLock::try_share(&lock_path)?,
                IfRunning::Skip | IfRunning::Wait | IfRunning::Fail => {
                    FileLock::try_acquire(&lock_path)?
                }
            };
            let Some(job_lock) = job_lock else { return Ok(Try::Running) };
            let lost_predecessor = lost_predecessor(&history, &liveness, &clock, &lock_path)?;
            let liveness = liveness.declare(run.run_id)?;
            match history.start(&run, retention) {
                Ok(true) => {
                    // Not before: a run that is not to be must not hide the one before it.
                    let note = format!("run {} pid {}\n", run.run_id, std::process::id());
                    job_lock.note_holder(&note);
                    Ok(Try::Claimed(Claimed { history, job_lock, liveness, lost_predecessor }))
                }
                Ok(false) => liveness.remove().map(|()| Try::HasRun),
                Err(error) => {
                    liveness.remove()?;
                    Err(error)
                }
            }
        })
        .await
    }

    /// The ending of a run whose job is running already. It is recorded without a start.
    async fn overlapped(
        &self,
        request: &RunRequest,
        run: &Started,
        history: History,
        lock_path: PathBuf,
    ) -> Result<Claim> {
        let (run, clock) = (run.clone(), self.clock.clone());
        let retention = self.retention;
        let if_running = request.policy.if_running;
        let timeout = request.policy.timeout;
        blocking(move || {
            let ending = match if_running {
                IfRunning::Skip | IfRunning::Allow => Ending::skipped(),
                IfRunning::Wait | IfRunning::Fail => {
                    let since = history.running_since(&run.job)?;
                    let holder = lock::holder(&lock_path);
                    let error = still_running(&run.job, if_running, timeout, since, holder);
                    Ending::before_start(Outcome::Skipped, Exit::NotRun, Some(error))
                }
            };
            if history.start(&run, retention)? {
                history.finish(run.run_id, &ending.finished(clock.now()))?;
            }
            Ok(Claim::Denied(ending))
        })
        .await
    }
}

/// The run that noted itself in the job's lock before, if it is lost.
fn lost_predecessor(
    history: &History,
    liveness: &Liveness,
    clock: &Clock,
    lock_path: &Path,
) -> Result<Option<Uuid>> {
    let note = lock::holder(lock_path).unwrap_or_default();
    let run_id = note.split_whitespace().nth(1).and_then(|id| Uuid::parse_str(id).ok());
    let Some(run_id) = run_id else { return Ok(None) };
    // It may have died since the history was opened, which a daemon did long ago.
    liveness.sweep_run(run_id, history, clock)?;
    let outcome = history.outcome(run_id)?;
    Ok((outcome.as_deref() == Some(Outcome::Lost.name())).then_some(run_id))
}

fn cancelled(signal: Signal) -> Ending {
    let error =
        Error::new(signal.exit(), format!("cancelled by {} before it began", signal.name()));
    Ending::before_start(Outcome::Cancelled, signal.exit(), Some(error))
}

fn out_of_time(request: &RunRequest) -> Ending {
    let timeout = format_duration(request.policy.timeout);
    let error = Error::new(
        Exit::TimedOut,
        format!("timed out after {timeout}, before the history could be opened"),
    )
    .hint("another process may hold the database; find it, or give the run more --timeout");
    Ending::before_start(Outcome::TimedOut, Exit::TimedOut, Some(error))
}

fn still_running(
    job: &str,
    if_running: IfRunning,
    timeout: Duration,
    since: Option<String>,
    holder: Option<String>,
) -> Error {
    let mut message = format!("{job} is already running");
    if let Some(since) = since {
        message.push_str(&format!(" since {since}"));
    }
    if let Some(holder) = holder {
        message.push_str(&format!(" ({holder})"));
    }
    if if_running == IfRunning::Wait {
        message.push_str(&format!("; waited {} for it", format_duration(timeout)));
    }
    Error::new(Exit::NotRun, message)
        .hint("let it end, or choose with --if-running what happens to the second run")
}
