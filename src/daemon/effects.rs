//! What the loop does to the world: runs through the same frame as everywhere else, rows in the
//! history, words to whoever observes.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::DaemonJob;
use super::event_loop::Event;
use super::ledger::Ledger;
use super::policy::{ClockStep, Missed, SkipReason};
use super::scheduler::{JobId, Start};
use super::store::Store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::job::blocking;
use crate::runner::{IfRunning, RunRecord, RunRequest, Runner};
use crate::signal::{Signal, StopSwitch};

use super::Overlap;

/// What a daemon leaves to others, where hosts share a database.
#[derive(Clone, Copy, Debug)]
pub struct Sharing {
    /// How long after a due time was missed no other host will run it any more. Longer than the
    /// clocks of hosts are apart, and than a host that was held up starts a due time late: a row
    /// that comes too early would keep another host from running it.
    pub settled_after: Duration,
    /// A pause on one host holds on the others after so long.
    pub look_every: Duration,
}

impl Default for Sharing {
    fn default() -> Self {
        Self { settled_after: Duration::from_secs(5 * 60), look_every: Duration::from_secs(10) }
    }
}

/// Due times without a run.
#[derive(Clone, Copy, Debug)]
pub enum LeftOut {
    Skipped(Timestamp, SkipReason),
    Missed(Missed),
}

/// Who asked for a job to be paused or not, and whether that was news.
pub struct PauseAnswer {
    pub news: bool,
    pub answer: oneshot::Sender<Option<Result<bool>>>,
}

/// The loop's hands. Nothing here blocks.
pub trait Effects {
    /// These are the jobs from now on, besides those that are about to be removed.
    fn set_jobs(&mut self, jobs: Vec<(JobId, DaemonJob)>);

    /// Only the jobs of the last `set_jobs` are needed from now on.
    fn forget_removed_jobs(&mut self);

    /// How long a run of the job may take.
    fn timeout(&self, id: JobId) -> Duration;

    /// Starts a run that tells `events` when it has ended.
    fn launch(&mut self, id: JobId, start: Start, events: mpsc::UnboundedSender<Event>);

    /// Records due times that have no run, and tells `events` when the database is away.
    fn record(&mut self, left_out: Vec<(JobId, LeftOut)>, events: mpsc::UnboundedSender<Event>);

    /// Tells `events` when the database is back.
    fn await_database(&mut self, events: mpsc::UnboundedSender<Event>);

    /// Remembers for the next daemon that a job is paused or not, then tells `events`, and answers.
    fn remember_paused(
        &mut self,
        id: JobId,
        paused: bool,
        events: mpsc::UnboundedSender<Event>,
        answer: PauseAnswer,
    );

    /// How often to look which jobs other hosts have paused; nothing where this is the only one.
    fn look_every(&self) -> Option<Duration>;

    /// Looks which jobs are paused, and tells `events`.
    fn look_around(&mut self, events: mpsc::UnboundedSender<Event>);

    fn clock_stepped(&mut self, step: ClockStep);

    /// Asks all runs to stop.
    fn cancel_runs(&mut self, signal: Signal);

    /// Waits until everything is written.
    fn finish(&mut self) -> impl Future<Output = ()> + Send;
}

/// Is told what the daemon does: the metrics, and `--output json`.
pub trait Observer: Send + Sync {
    /// A run begins, so long after its due time.
    fn run_started(&self, _run: &RunRequest, _lateness: Option<Duration>) {}
    fn run_ended(&self, _record: &RunRecord) {}
    /// So many due times have no run.
    fn left_out(&self, _job: &Arc<str>, _what: &LeftOut) {}
    fn clock_stepped(&self, _step: ClockStep) {}
}

/// The daemon's effects.
pub struct Frame {
    runner: Runner,
    store: Store,
    observers: Arc<[Arc<dyn Observer>]>,
    jobs: HashMap<JobId, Arc<DaemonJob>>,
    /// Ids of the newest jobs, until the removed ones are forgotten.
    newest: Vec<JobId>,
    switch: StopSwitch,
    ledger: Ledger,
    look_every: Option<Duration>,
    /// Everything else that writes to the database, straggling runs apart.
    writers: TaskTracker,
}

impl Frame {
    pub fn new(
        runner: Runner,
        store: Store,
        observers: Vec<Arc<dyn Observer>>,
        sharing: Sharing,
    ) -> Self {
        let observers: Arc<[_]> = observers.into();
        Self {
            ledger: Ledger::new(&runner, Arc::clone(&observers), sharing.settled_after),
            look_every: runner.history.database().as_postgres().map(|_| sharing.look_every),
            runner,
            store,
            observers,
            jobs: HashMap::new(),
            newest: Vec::new(),
            switch: StopSwitch::new(),
            writers: TaskTracker::new(),
        }
    }
}

impl Effects for Frame {
    fn set_jobs(&mut self, jobs: Vec<(JobId, DaemonJob)>) {
        self.newest = jobs.iter().map(|(id, _)| *id).collect();
        self.jobs.extend(jobs.into_iter().map(|(id, job)| (id, Arc::new(job))));
    }

    fn forget_removed_jobs(&mut self) {
        let newest: std::collections::HashSet<JobId> = self.newest.drain(..).collect();
        self.jobs.retain(|id, _| newest.contains(id));
    }

    fn timeout(&self, id: JobId) -> Duration {
        self.jobs.get(&id).map(|job| job.request.policy.timeout).unwrap_or_default()
    }

    fn launch(&mut self, id: JobId, start: Start, events: mpsc::UnboundedSender<Event>) {
        let mut ending = Ending { id, events, told: false };
        // A job that was removed while its start was waiting; its guard tells the loop.
        let Some(job) = self.jobs.get(&id) else { return };
        let mut request = job.request.clone();
        request.trigger = start.trigger;
        request.due_at = start.due_at;
        request.policy.if_running = match job.overlap {
            Overlap::Skip => IfRunning::Skip,
            Overlap::Wait => IfRunning::Wait,
            Overlap::Allow => IfRunning::Allow,
        };
        let (runner, observers) = (self.runner.clone(), Arc::clone(&self.observers));
        let due_at = request.due_at;
        let mut signals = self.switch.signals();
        let frame = self.writers.track_future(async move {
            let lateness = request.due_at.map(|due_at| runner.clock.now().since(due_at));
            observers.iter().for_each(|observer| observer.run_started(&request, lateness));
            let (record, straggler) = runner.run(&request, &mut signals).await;
            let unclaimed = record.is_unclaimed();
            // A due time that could not be claimed is missed, and that is told when it is known
            // that nobody else had it.
            if !unclaimed || due_at.is_none() {
                observers.iter().for_each(|observer| observer.run_ended(&record));
            }
            (unclaimed, straggler)
        });
        tokio::spawn(async move {
            match frame.await {
                (true, _) => ending.tell(Event::Unclaimed(id, due_at)),
                (false, None) => ending.tell(Event::Ended(id)),
                (false, Some(straggler)) => {
                    ending.tell(Event::Stuck);
                    straggler.ended().await;
                    ending.tell(Event::Released(id));
                }
            }
        });
    }

    fn record(&mut self, left_out: Vec<(JobId, LeftOut)>, events: mpsc::UnboundedSender<Event>) {
        let left_out = left_out.into_iter().filter_map(|(id, what)| {
            let job = self.jobs.get(&id)?;
            Some((Arc::clone(job), what))
        });
        self.ledger.record(left_out, events);
    }

    fn await_database(&mut self, events: mpsc::UnboundedSender<Event>) {
        self.ledger.await_database(events);
    }

    fn remember_paused(
        &mut self,
        id: JobId,
        paused: bool,
        events: mpsc::UnboundedSender<Event>,
        PauseAnswer { news, answer }: PauseAnswer,
    ) {
        let Some(job) = self.jobs.get(&id) else {
            // The answer is dropped, and the loop has left by then.
            let _ = events.send(Event::PauseWritten);
            return;
        };
        let (store, name) = (self.store.clone(), Arc::clone(job.name()));
        let paused_at = paused.then(|| self.runner.clock.now());
        self.writers.spawn(async move {
            let written = blocking(move || store.set_paused(&name, paused_at)).await;
            if let Err(error) = &written {
                tracing::error!(error = error.chain(), "cannot remember that a job is paused");
            }
            // The loop may have left, and whoever asked may be gone.
            let _ = events.send(Event::PauseWritten);
            let _ = answer.send(Some(written.map(|()| news)));
        });
    }

    fn look_every(&self) -> Option<Duration> {
        self.look_every
    }

    fn look_around(&mut self, events: mpsc::UnboundedSender<Event>) {
        let (store, runner) = (self.store.clone(), self.runner.clone());
        // Nobody waits for it when the daemon leaves.
        tokio::spawn(async move {
            let look = move || {
                runner.history.get(|_| Ok(()))?.sweep_leases(runner.clock.now())?;
                store.paused()
            };
            let paused = blocking(look).await.inspect_err(|error| {
                tracing::debug!(error = error.chain(), "cannot see what other hosts did");
            });
            // The loop may have left.
            let _ = events.send(Event::PausedJobs(paused.ok()));
        });
    }

    fn clock_stepped(&mut self, step: ClockStep) {
        if step != ClockStep::None {
            self.observers.iter().for_each(|observer| observer.clock_stepped(step));
        }
    }

    fn cancel_runs(&mut self, signal: Signal) {
        self.switch.stop(signal);
    }

    async fn finish(&mut self) {
        self.writers.close();
        self.writers.wait().await;
        self.ledger.close().await;
        self.runner.finish().await;
    }
}

/// Tells the loop how a run goes on, and that it has ended also when its task breaks down.
struct Ending {
    id: JobId,
    events: mpsc::UnboundedSender<Event>,
    told: bool,
}

impl Ending {
    fn tell(&mut self, event: Event) {
        self.told = true;
        // The loop may have left: then nobody needs to know.
        let _ = self.events.send(event);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.told {
            let error = Error::new(crate::exit::Exit::Bug, "a run's frame broke down");
            tracing::error!(error = error.chain(), "a run ended without a record");
            self.tell(Event::Ended(self.id));
        }
    }
}
