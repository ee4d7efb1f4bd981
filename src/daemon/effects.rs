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
use super::policy::{ClockStep, Missed, SkipReason};
use super::scheduler::{JobId, Start};
use super::store::Store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::history;
use crate::job::blocking;
use crate::runner::{IfRunning, RunRecord, RunRequest, Runner, new_run_id};
use crate::signal::{Signal, StopSwitch};

use super::Overlap;

/// Due times without a run.
#[derive(Clone, Copy, Debug)]
pub enum LeftOut {
    Skipped(Timestamp, SkipReason),
    Missed(Missed),
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

    /// Records due times that have no run.
    fn record(&mut self, left_out: Vec<(JobId, LeftOut)>);

    /// Remembers for the next daemon that a job is paused or not, then answers.
    fn remember_paused(
        &mut self,
        id: JobId,
        paused: bool,
        news: bool,
        answer: oneshot::Sender<Option<Result<bool>>>,
    );

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
    /// Everything that writes to the history, straggling runs apart.
    writers: TaskTracker,
}

impl Frame {
    pub fn new(runner: Runner, store: Store, observers: Vec<Arc<dyn Observer>>) -> Self {
        Self {
            runner,
            store,
            observers: observers.into(),
            jobs: HashMap::new(),
            newest: Vec::new(),
            switch: StopSwitch::new(),
            writers: TaskTracker::new(),
        }
    }

    fn row(&self, id: JobId, left_out: &LeftOut) -> Option<history::LeftOut> {
        let job = self.jobs.get(&id)?;
        let noticed_at = self.runner.clock.now();
        let (due_at, why) = match left_out {
            LeftOut::Skipped(due_at, reason) => (*due_at, format!("skipped: {}", reason.text())),
            LeftOut::Missed(missed) if missed.count == 1 => {
                (missed.last, format!("missed: {}", missed.reason.text()))
            }
            LeftOut::Missed(missed) => (
                missed.last,
                format!(
                    "missed {} due times from {} on: {}",
                    missed.count,
                    missed.first,
                    missed.reason.text()
                ),
            ),
        };
        Some(history::LeftOut {
            run_id: new_run_id(noticed_at),
            job: Arc::clone(job.name()),
            due_at,
            noticed_at,
            why,
        })
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
        let mut signals = self.switch.signals();
        let frame = self.writers.track_future(async move {
            let lateness = request.due_at.map(|due_at| runner.clock.now().since(due_at));
            observers.iter().for_each(|observer| observer.run_started(&request, lateness));
            let (record, straggler) = runner.run(&request, &mut signals).await;
            observers.iter().for_each(|observer| observer.run_ended(&record));
            straggler
        });
        tokio::spawn(async move {
            match frame.await {
                None => ending.tell(Event::Ended),
                Some(straggler) => {
                    ending.tell(|_| Event::Stuck);
                    straggler.ended().await;
                    ending.tell(Event::Released);
                }
            }
        });
    }

    fn record(&mut self, left_out: Vec<(JobId, LeftOut)>) {
        let mut rows = Vec::with_capacity(left_out.len());
        for (id, what) in &left_out {
            let Some(row) = self.row(*id, what) else { continue };
            let (job, due_at) = (&*row.job, tracing::field::display(row.due_at));
            match what {
                LeftOut::Skipped(..) => tracing::warn!(job, due_at, "{}", row.why),
                LeftOut::Missed(missed) => {
                    tracing::warn!(job, due_at, due_times = missed.count, "{}", row.why);
                }
            }
            self.observers.iter().for_each(|observer| observer.left_out(&row.job, what));
            rows.push(row);
        }
        let (history, host) = (self.runner.history.clone(), self.runner.host.clone());
        self.writers.spawn(async move {
            let written =
                blocking(move || history.get(|_| Ok(()))?.record_left_out(&rows, &host)).await;
            if let Err(error) = written {
                tracing::error!(
                    error = error.chain(),
                    "due times without a run are not in the history"
                );
            }
        });
    }

    fn remember_paused(
        &mut self,
        id: JobId,
        paused: bool,
        news: bool,
        answer: oneshot::Sender<Option<Result<bool>>>,
    ) {
        let Some(job) = self.jobs.get(&id) else { return };
        let (store, name) = (self.store.clone(), Arc::clone(job.name()));
        let paused_at = paused.then(|| self.runner.clock.now());
        self.writers.spawn(async move {
            let written = blocking(move || store.set_paused(&name, paused_at)).await;
            if let Err(error) = &written {
                tracing::error!(error = error.chain(), "cannot remember that a job is paused");
            }
            // Whoever asked may be gone.
            let _ = answer.send(Some(written.map(|()| news)));
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
    fn tell(&mut self, event: fn(JobId) -> Event) {
        self.told = true;
        // The loop may have left: then nobody needs to know.
        let _ = self.events.send(event(self.id));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.told {
            let error = Error::new(crate::exit::Exit::Bug, "a run's frame broke down");
            tracing::error!(error = error.chain(), "a run ended without a record");
            self.tell(Event::Ended);
        }
    }
}
