//! The right to run: the job's lock, the due time, the lease, and the recorded start.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Ending, IfRunning, RunRequest, Runner};
use crate::backoff::Backoff;
use crate::clock::{Clock, format_duration};
use crate::database::{Fence, create_private_directory};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::{Finished, History, Lease, Run, Start, Started, Terms};
use crate::job::{RunnableJob, blocking};
use crate::liveness::Liveness;
use crate::lock::{self, FileLock};
use crate::outcome::Outcome;
use crate::signal::{Signal, Signals};

/// How often a waiting run looks whether the other one is done: a file of this host's, or a row
/// that many hosts look at.
const LOCK_POLL: Duration = Duration::from_millis(50);
const LEASE_POLL: Duration = Duration::from_secs(1);

/// How long a run waits for a database that is away, before it starts and after it has ended, and then
/// also for one that another process holds. A server that is restarted is back within that.
const PATIENCE_TO_START: Duration = Duration::from_secs(10);
const PATIENCE_TO_END: Duration = Duration::from_secs(60);

/// How long an answer to a claim, or to the end of a run, is waited for once the run has to stop. What
/// is claimed later than that is found lost.
const LAST_TRY_MAX: Duration = Duration::from_secs(2);

const AWAY_BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(200), longest: Duration::from_secs(5) };

/// What a run says of itself in a [`note`], in words of one length, for one takes the other's place.
const GOING: &str = "run";
const ENDED: &str = "end";

/// Whether a run may start.
pub(super) enum Claim {
    Granted(Claimed),
    Denied(Ending),
}

/// How a try to start a run went.
enum Try {
    Claimed(Claimed),
    /// Another run of the job is going, on this host or another.
    Running(Place),
    /// The due time has had its run.
    HasRun,
}

/// Where a run is going that is in the way.
#[derive(Clone, Copy)]
enum Place {
    Here,
    Elsewhere,
}

/// What a run holds while it is going.
pub(super) struct Claimed {
    history: History,
    /// Held until the end is recorded, so that the next run sees it.
    job_lock: Arc<FileLock>,
    liveness: FileLock,
    /// Where many hosts share the history.
    lease: Option<Lease>,
    /// Whether others of the job may go beside it.
    shared: bool,
    /// The run that held the job's lock before, if it is lost and may have left processes behind. The
    /// lock has its note until they are gone.
    lost_predecessor: Option<Uuid>,
}

impl Claimed {
    /// What a job needs to show that it may still write.
    pub(super) fn fence(&self) -> Option<Fence> {
        self.lease.as_ref().map(|lease| lease.fence.clone())
    }

    /// Fires when another host may run the job instead; never where there is no other.
    pub(super) fn lease_lost(&self) -> CancellationToken {
        self.lease.as_ref().map(|lease| lease.lost.clone()).unwrap_or_default()
    }

    pub(super) fn lost_predecessor(&self) -> Option<Uuid> {
        self.lost_predecessor
    }

    /// What the run that held the job's lock before has left behind is gone: the lock names this run
    /// from now on.
    pub(super) async fn forget_predecessor(&mut self, runner: &Runner, run_id: Uuid) {
        if self.lost_predecessor.take().is_some() {
            let job_lock = Arc::clone(&self.job_lock);
            let noting = move || job_lock.note_holder(&note(GOING, run_id));
            runner.job_thread.blocking(noting).await;
        }
    }

    /// Records the end, then gives back everything but what keeps others from the job, which is the
    /// caller's now. When the end cannot be recorded the liveness file stays, for a later reader to
    /// find the run lost. Tells whether the run was still the one to say how it ended.
    ///
    /// A database that is away or locked is waited for, but not for long once somebody asks to stop. The
    /// try that is given up keeps the liveness file locked to its end, and removes it if it succeeds
    /// after all.
    pub(super) async fn release(
        self,
        runner: &Runner,
        run_id: Uuid,
        end: Finished,
        signals: &mut Signals,
    ) -> (Result<bool>, Occupation) {
        let Self { history, job_lock, liveness, lease, shared, lost_predecessor } = self;
        let fence = lease.as_ref().map(|lease| lease.fence.clone());
        let liveness = Arc::new(liveness);
        // The job is not to stay locked for a try that nobody waits for any more.
        let weak_lock = Arc::downgrade(&job_lock);
        let ends = runner.clock.monotonic() + PATIENCE_TO_END;
        let hurry = Notify::new();
        let mut recording = std::pin::pin!(async {
            let mut patience = Patience::to_end(&runner.clock, ends);
            loop {
                let (history, fence, end) = (history.clone(), fence.clone(), end.clone());
                let liveness = Arc::clone(&liveness);
                let job_lock = weak_lock.clone();
                let recording = move || {
                    let ours = history.finish(run_id, fence.as_ref(), &end)?;
                    liveness.remove()?;
                    // What is stuck still has the job, and the note may be another's.
                    let is_free =
                        end.outcome != Outcome::Stuck && !shared && lost_predecessor.is_none();
                    if let Some(job_lock) = job_lock.upgrade().filter(|_| is_free) {
                        job_lock.note_holder(&note(ENDED, run_id));
                    }
                    Ok(ours)
                };
                match patience.after(runner.job_thread.blocking(recording).await) {
                    Ok(recorded) => return recorded,
                    Err(pause) => tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = hurry.notified() => {}
                    },
                }
            }
        });
        let recorded = tokio::select! {
            biased;
            recorded = &mut recording => recorded,
            () = tokio::time::sleep_until(ends) => Err(not_recorded("the database does not answer")),
            signal = signals.next() => {
                hurry.notify_one();
                let last = tokio::time::timeout(LAST_TRY_MAX, recording).await;
                last.unwrap_or_else(|_too_late| Err(not_recorded(signal.name())))
            }
        };
        (recorded, Occupation { _job_lock: job_lock, lease })
    }
}

/// What keeps others from running a job, on this host and on all.
pub(super) struct Occupation {
    _job_lock: Arc<FileLock>,
    lease: Option<Lease>,
}

impl Occupation {
    /// Lets others run the job.
    pub(super) async fn end(self) {
        let Self { _job_lock, lease } = self;
        if let Some(lease) = lease {
            blocking(move || lease.give_back()).await;
        }
    }
}

fn not_recorded(why: &str) -> Error {
    Error::new(Exit::Unavailable, format!("the end of the run is not recorded: {why}"))
        .hint("see what the database does; the run shows as lost later")
}

/// For doing something again while it cannot be done.
struct Patience<'a> {
    clock: &'a Clock,
    ends: Instant,
    tries: u32,
    /// Whether that is worth another try.
    passes: fn(&Error) -> bool,
}

impl<'a> Patience<'a> {
    /// That of a run that has not started yet: with a database that is away.
    fn to_start(clock: &'a Clock, deadline: Instant) -> Self {
        let ends = deadline.min(clock.monotonic() + PATIENCE_TO_START);
        Self { clock, ends, tries: 0, passes: |error| error.exit() == Exit::Unavailable }
    }

    /// That of a run that has ended: also with a database that is locked.
    fn to_end(clock: &'a Clock, ends: Instant) -> Self {
        Self { clock, ends, tries: 0, passes: Error::is_passing }
    }

    /// What came of it; or how long to wait before another try.
    fn after<T>(&mut self, done: Result<T>) -> Result<Result<T>, Duration> {
        let error = match done {
            Err(error) if (self.passes)(&error) => error,
            done => return Ok(done),
        };
        self.tries += 1;
        let pause = AWAY_BACKOFF.delay(self.tries);
        if self.clock.monotonic() + pause >= self.ends {
            return Ok(Err(error));
        }
        tracing::debug!(error = error.chain(), "the database cannot be used; trying again");
        Err(pause)
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
        self.progress.clear();
        claim.unwrap_or_else(|error| Claim::Denied(Ending::not_started(error)))
    }

    async fn claim_patiently(
        &self,
        request: &RunRequest,
        run: &Started,
        deadline: Instant,
        signals: &mut Signals,
    ) -> Result<Claim> {
        let mut patience = Patience::to_start(&self.clock, deadline);
        let mut is_told = false;
        loop {
            let decided = Arc::new(AtomicBool::new(false));
            let mut trying = std::pin::pin!(self.try_claim(request, run, &decided));
            let tried = tokio::select! {
                biased;
                tried = &mut trying => tried,
                () = tokio::time::sleep_until(deadline) => {
                    return Ok(self.unclaim(run, trying, &decided, out_of_time(request), signals).await);
                }
                signal = signals.next() => {
                    return Ok(self.unclaim(run, trying, &decided, cancelled(signal), signals).await);
                }
            };
            let pause = match patience.after(tried) {
                Ok(tried) => match tried? {
                    Try::Claimed(claimed) => return Ok(Claim::Granted(claimed)),
                    Try::HasRun => {
                        tracing::info!("the due time has had its run already");
                        return Ok(Claim::Denied(Ending::skipped()));
                    }
                    Try::Running(place) => {
                        let pause = match place {
                            Place::Here => LOCK_POLL,
                            Place::Elsewhere => LEASE_POLL,
                        };
                        let out_of_patience = match request.policy.if_running {
                            IfRunning::Skip | IfRunning::Fail | IfRunning::Allow => true,
                            IfRunning::Wait => self.clock.monotonic() + pause >= deadline,
                        };
                        if out_of_patience {
                            return self.overlapped(request, run, place).await;
                        }
                        if !is_told {
                            let name = &request.name;
                            self.progress
                                .start_waiting(&format!("waiting for the {name} that is running"));
                            is_told = true;
                        }
                        patience = Patience::to_start(&self.clock, deadline);
                        pause
                    }
                },
                Err(pause) => pause,
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                signal = signals.next() => {
                    let is_open = decided.load(Ordering::Acquire);
                    return self.cancelled_in_wait(run, is_open, signal).await;
                }
            }
        }
    }

    /// The ending of a run that has to stop while it is not known yet whether it may start. If it
    /// may after all, that is its end in the history too.
    async fn unclaim(
        &self,
        run: &Started,
        trying: impl Future<Output = Result<Try>>,
        decided: &AtomicBool,
        ending: Ending,
        signals: &mut Signals,
    ) -> Claim {
        if !decided.swap(true, Ordering::AcqRel) {
            return Claim::Denied(ending);
        }
        let tried = tokio::time::timeout(LAST_TRY_MAX, trying).await;
        if let Ok(Ok(Try::Claimed(claimed))) = tried {
            let end = ending.finished(self.clock.now());
            let (_, occupation) = claimed.release(self, run.run_id, end, signals).await;
            occupation.end().await;
        }
        Claim::Denied(ending)
    }

    /// Opens the history, where it is not open yet, with the directory of the locks made and dead
    /// runs marked lost.
    ///
    /// Blocks.
    pub fn open_history(&self) -> Result<History> {
        self.history.get(|history| {
            create_private_directory(&self.state_dir)?;
            create_private_directory(&self.lock_dir())?;
            Liveness::new(&self.state_dir).sweep(history, &self.clock)?;
            history.sweep_leases(self.clock.now())
        })
    }

    /// Ends what lost runs of the jobs have left behind, in the background. So does the next run of each
    /// job, which may be a long time away.
    pub fn clean_up_ahead(&self, jobs: Vec<(Arc<str>, Arc<dyn RunnableJob>)>) {
        let runner = self.clone();
        let looking = move || {
            let history = runner.open_history()?;
            let liveness = Liveness::new(&runner.state_dir);
            let mut clean_ups = Vec::new();
            for (name, job) in jobs {
                let lock_path = runner.lock_path(&name);
                let lost = lost_predecessor(&history, &liveness, &runner.clock, &lock_path)?;
                clean_ups.extend(lost.and_then(|lost| job.clean_up(lost)));
            }
            Ok::<_, Error>(clean_ups)
        };
        self.background.spawn(async move {
            match blocking(looking).await {
                Ok(clean_ups) => drop(futures_util::future::join_all(clean_ups).await),
                Err(error) => tracing::warn!(
                    error = error.chain(),
                    "cannot look for what lost runs left behind"
                ),
            }
        });
    }

    /// The terms of a run, `shared` when others of its job may go beside it.
    pub(super) fn terms(&self, shared: bool) -> Terms {
        Terms { shared, lease: self.lease, retention: self.retention }
    }

    fn lock_dir(&self) -> PathBuf {
        self.state_dir.join("locks")
    }

    fn lock_path(&self, job: &str) -> PathBuf {
        self.lock_dir().join(format!("{job}.lock"))
    }

    /// Takes the lock and records the start, once the history is open. It does neither where somebody
    /// has `decided` against it by then, and after that nobody can.
    async fn try_claim(
        &self,
        request: &RunRequest,
        run: &Started,
        decided: &Arc<AtomicBool>,
    ) -> Result<Try> {
        let (runner, run, decided) = (self.clone(), run.clone(), Arc::clone(decided));
        let shared = request.policy.if_running == IfRunning::Allow;
        let claiming = move || {
            let history = runner.open_history()?;
            if decided.swap(true, Ordering::AcqRel) {
                return Err(Error::new(Exit::Bug, "a claim that was given up is waited for"));
            }
            let lock_path = runner.lock_path(&run.job);
            let liveness = Liveness::new(&runner.state_dir);
            let terms = runner.terms(shared);
            let job_lock = match shared {
                true => FileLock::try_share(&lock_path)?,
                false => FileLock::try_acquire(&lock_path)?,
            };
            let Some(job_lock) = job_lock else { return Ok(Try::Running(Place::Here)) };
            let lost_predecessor =
                lost_predecessor(&history, &liveness, &runner.clock, &lock_path)?;
            if let Some(lost) = lost_predecessor {
                history.free_lost(lost)?;
            }
            let liveness = liveness.declare(run.run_id)?;
            let started = history.start(&run, &terms).and_then(|start| {
                let lease = match &start {
                    Start::Recorded(Some(fence)) => Some(history.keep(fence, terms.lease)?),
                    Start::Recorded(None) | Start::HasRun | Start::Running => None,
                };
                Ok((start, lease))
            });
            match started {
                Ok((Start::Recorded(_), lease)) => {
                    // Not before: a run that is not to be must not hide the one before it.
                    if lost_predecessor.is_none() {
                        job_lock.note_holder(&note(GOING, run.run_id));
                    }
                    Ok(Try::Claimed(Claimed {
                        history,
                        job_lock: Arc::new(job_lock),
                        liveness,
                        lease,
                        shared,
                        lost_predecessor,
                    }))
                }
                Ok((Start::HasRun, _)) => liveness.remove().map(|()| Try::HasRun),
                Ok((Start::Running, _)) => {
                    liveness.remove().map(|()| Try::Running(Place::Elsewhere))
                }
                Err(error) => {
                    liveness.remove()?;
                    Err(error)
                }
            }
        };
        self.job_thread.blocking(claiming).await
    }

    /// The ending of a run whose job is running already. It is recorded without a start.
    async fn overlapped(&self, request: &RunRequest, run: &Started, place: Place) -> Result<Claim> {
        let (runner, run) = (self.clone(), run.clone());
        let if_running = request.policy.if_running;
        let timeout = request.policy.timeout;
        let recording = move || {
            let history = runner.open_history()?;
            // It may be this due time's own run that is going.
            if run.due_at.is_some_and(|due_at| history.has_run(&run.job, due_at).unwrap_or(false)) {
                return Ok(Claim::Denied(Ending::skipped()));
            }
            let ending = match if_running {
                IfRunning::Skip | IfRunning::Allow => Ending::skipped(),
                IfRunning::Wait | IfRunning::Fail => {
                    let holder = match place {
                        Place::Here => lock::holder(&runner.lock_path(&run.job))
                            .filter(|note| going(note).is_some()),
                        Place::Elsewhere => None,
                    };
                    let other = history.running(&run.job)?;
                    // While a run cleans up after a lost one, the note is still that one's.
                    let is_other = |note: &String| {
                        let noted = going(note).map(|run_id| run_id.to_string());
                        other.as_ref().is_none_or(|other| Some(&other.id) == noted.as_ref())
                    };
                    let holder = holder.filter(is_other);
                    let error = still_running(&run.job, if_running, timeout, other, holder);
                    Ending::before_start(Outcome::Skipped, Exit::NotRun, Some(error))
                }
            };
            history.record_not_started(&run, &ending.finished(runner.clock.now()))?;
            Ok(Claim::Denied(ending))
        };
        self.job_thread.blocking(recording).await
    }

    /// The ending of a run that was cancelled while it waited for another. A due time that had no
    /// run keeps its right to one, and gets no row.
    async fn cancelled_in_wait(
        &self,
        run: &Started,
        is_open: bool,
        signal: Signal,
    ) -> Result<Claim> {
        let ending = cancelled(signal);
        if run.due_at.is_none() && is_open {
            let (runner, run) = (self.clone(), run.clone());
            let end = ending.finished(self.clock.now());
            let recording = move || runner.open_history()?.record_not_started(&run, &end);
            let recorded = self.job_thread.blocking(recording).await;
            if let Err(error) = recorded {
                tracing::warn!(error = error.chain(), "the cancelled run is not in the history");
            }
        }
        Ok(Claim::Denied(ending))
    }
}

/// What a run notes in the lock of its job: that it is going, and once its end is recorded that it has
/// ended, so that the next one need not ask the history.
fn note(state: &str, run_id: Uuid) -> String {
    format!("{state} {run_id} pid {}\n", std::process::id())
}

/// The run that is going, as a note has it.
fn going(note: &str) -> Option<Uuid> {
    let mut words = note.split_whitespace();
    let run_id = words.next().filter(|word| *word == GOING).and_then(|_| words.next())?;
    Uuid::parse_str(run_id).ok()
}

/// The run that noted itself in the job's lock before, if it is lost.
fn lost_predecessor(
    history: &History,
    liveness: &Liveness,
    clock: &Clock,
    lock_path: &Path,
) -> Result<Option<Uuid>> {
    let note = lock::holder(lock_path).unwrap_or_default();
    let Some(run_id) = going(&note) else { return Ok(None) };
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
    .hint("find out what holds the database up, or give the run more --timeout");
    Ending::before_start(Outcome::TimedOut, Exit::TimedOut, Some(error))
}

fn still_running(
    job: &str,
    if_running: IfRunning,
    timeout: Duration,
    other: Option<Run>,
    holder: Option<String>,
) -> Error {
    let mut message = format!("{job} is already running");
    if let Some(other) = &other {
        message.push_str(&format!(" since {}", other.started_at));
    }
    match (holder, other) {
        (Some(holder), _) => message.push_str(&format!(" ({holder})")),
        (None, Some(other)) => {
            message.push_str(&format!(" on {} (run {} pid {})", other.host, other.id, other.pid));
        }
        (None, None) => {}
    }
    if if_running == IfRunning::Wait {
        message.push_str(&format!("; waited {} for it", format_duration(timeout)));
    }
    Error::new(Exit::NotRun, message)
        .hint("let it end, or choose with --if-running what happens to the second run")
}
