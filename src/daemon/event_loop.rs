//! The loop: the one place of the daemon that waits.
//!
//! It waits for the alarm of the next due time, for runs that end, for requests, for signals; asks
//! the [`Scheduler`] what follows; and hands that to the [`Effects`]. It never does anything that
//! could keep it from the next due time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::effects::{Effects, LeftOut, PauseAnswer};
use super::policy::ClockStep;
use super::scheduler::{Action, JobId, JobPast, Scheduler, Triggered};
use super::{DaemonJob, DaemonLimits, notify};
use crate::clock::{Alarm, Clock, Timestamp, format_duration, millis};
use crate::error::{Error, Result};
use crate::job::blocking;
use crate::signal::{Hangups, Signal, Signals};

/// Ends of runs that are looked at in one go.
const EVENTS_MAX: usize = 4096;

/// The daemon's jobs with what is known of them. Called on a thread that may block.
pub type Loader = Arc<dyn Fn() -> Result<Vec<(DaemonJob, JobPast)>> + Send + Sync>;

/// What happened outside of the loop.
pub enum Event {
    /// A run has ended.
    Ended(JobId),
    /// A run was given up, but its task goes on: its job stays occupied.
    Stuck,
    /// The task of a stuck run has ended after all.
    Released(JobId),
    /// A run could not claim its due time, for the database is away.
    Unclaimed(JobId, Option<Timestamp>),
    DatabaseAway,
    DatabaseBack,
    /// That a job is paused or not is in the database, or has failed to get there.
    PauseWritten,
    /// The jobs that are paused, as the database has it; nothing when that is not known.
    PausedJobs(Option<HashSet<String>>),
    /// The jobs were loaded anew.
    Loaded(Result<Vec<(DaemonJob, JobPast)>>, Option<oneshot::Sender<Result<usize>>>),
}

/// How a job stands, for people and metrics.
#[derive(Clone, Debug)]
pub struct JobView {
    pub name: Arc<str>,
    pub schedule: String,
    pub timeout: Duration,
    pub next_due: Option<Timestamp>,
    pub running: u32,
    pub waiting: bool,
    pub paused: bool,
}

/// How the loop stands.
#[derive(Clone, Copy, Debug)]
pub struct Health {
    pub stuck: u32,
    pub stopping: bool,
}

/// What others ask of the loop. A dropped answer means that the daemon is leaving.
pub enum Request {
    Jobs(oneshot::Sender<Vec<JobView>>),
    /// Run a job now; no answer inside for a job that is not there.
    Trigger(String, oneshot::Sender<Option<Triggered>>),
    /// Let a job's due times pass, or no longer; whether that was news.
    SetPaused(String, bool, oneshot::Sender<Option<Result<bool>>>),
    /// Load the jobs anew; how many there are now.
    Reload(oneshot::Sender<Result<usize>>),
    Health(oneshot::Sender<Health>),
}

/// How far the daemon is with stopping.
#[derive(Clone, Copy)]
enum Phase {
    Working,
    /// Nothing starts; the runs may end in peace until then.
    Draining {
        signal: Signal,
        until: Instant,
    },
    /// The runs are asked to stop.
    Cancelling,
}

pub struct EventLoop<E> {
    clock: Clock,
    alarm: Alarm,
    scheduler: Scheduler,
    effects: E,
    stop_timeout: Duration,
    load: Loader,
    events: mpsc::UnboundedReceiver<Event>,
    requests: mpsc::Receiver<Request>,
    sender: mpsc::UnboundedSender<Event>,
    /// What the scheduler asked for and is not done yet. Empty between two steps.
    actions: Vec<Action>,
    /// Runs whose end is not recorded yet.
    unfinished: u32,
    /// Runs that were given up, but whose tasks go on.
    stuck: u32,
    phase: Phase,
    pauses: Pauses,
}

/// Whether what the database has about paused jobs is newer than what people said here.
#[derive(Default)]
struct Pauses {
    /// Wishes of people here, and their writing.
    changes: u64,
    unwritten: u32,
    /// The changes there were when the look began that is going.
    look: Option<u64>,
}

impl<E: Effects> EventLoop<E> {
    /// Call it inside the tokio runtime.
    pub fn new(
        clock: Clock,
        effects: E,
        limits: DaemonLimits,
        load: Loader,
        requests: mpsc::Receiver<Request>,
    ) -> Result<Self> {
        let alarm =
            Alarm::new(clock.clone()).map_err(|error| Error::io("cannot set up a timer", error))?;
        let (sender, events) = mpsc::unbounded_channel();
        let running_max = limits.running_max.get();
        let (now, instant) = (clock.now(), clock.monotonic());
        Ok(Self {
            clock,
            alarm,
            scheduler: Scheduler::new(running_max, now, instant, fastrand::Rng::new()),
            effects,
            stop_timeout: limits.stop_timeout,
            load,
            events,
            requests,
            sender,
            actions: Vec::new(),
            unfinished: 0,
            stuck: 0,
            phase: Phase::Working,
            pauses: Pauses::default(),
        })
    }

    /// Runs with these jobs until `signals` asked to stop and the runs have ended.
    pub async fn run(
        mut self,
        jobs: Vec<(DaemonJob, JobPast)>,
        signals: &mut Signals,
        hangups: &mut Hangups,
    ) {
        let count = self.take_jobs(jobs);
        tracing::info!(jobs = count, "daemon started");
        notify::ready(count);
        let mut watchdog = notify::alive_every().map(tokio::time::interval);
        let mut looks = self.effects.look_every().map(tokio::time::interval);
        let mut events = Vec::new();
        let mut woken = true;
        loop {
            self.tick(std::mem::take(&mut woken));
            if self.unfinished == 0 && !matches!(self.phase, Phase::Working) {
                break;
            }
            let wake_at = self.scheduler.wake_at();
            tokio::select! {
                signal = signals.next() => self.stop(signal),
                () = hangups.next() => self.reload(None),
                _ = self.events.recv_many(&mut events, EVENTS_MAX) => {
                    events.drain(..).for_each(|event| self.take_event(event));
                }
                Some(request) = self.requests.recv() => self.answer(request),
                () = self.alarm.wait(wake_at) => woken = true,
                signal = drained(self.phase) => self.cancel_runs(signal),
                () = next_of(&mut watchdog) => notify::alive(),
                () = next_of(&mut looks) => self.look_around(),
            }
            self.perform();
        }
        // Nobody answers any more: who asks now is told so at once.
        drop(self.requests);
        self.effects.finish().await;
        tracing::info!("daemon stopped");
    }

    /// Does what is due. `woken`: there is reason to look at the clock also when nothing is.
    fn tick(&mut self, woken: bool) {
        let now = self.clock.now();
        let due = self.scheduler.wake_at().is_some_and(|at| at <= now);
        if !due && !woken {
            return;
        }
        let step = self.scheduler.tick(now, self.clock.monotonic(), &mut self.actions);
        match step {
            ClockStep::None => {}
            ClockStep::Forward(by) => tracing::warn!(
                by_ms = millis(by),
                "the clock went forward by {}, or the machine slept",
                format_duration(by)
            ),
            ClockStep::Back(by) => tracing::warn!(
                by_ms = millis(by),
                "the clock was set back by {}",
                format_duration(by)
            ),
        }
        self.effects.clock_stepped(step);
        self.perform();
    }

    /// Does what the scheduler asked for.
    fn perform(&mut self) {
        let mut left_out = Vec::new();
        for action in self.actions.drain(..) {
            match action {
                Action::Start(id, start) => {
                    self.unfinished += 1;
                    self.effects.launch(id, start, self.sender.clone());
                }
                Action::Skip(id, due_at, reason) => {
                    left_out.push((id, LeftOut::Skipped(due_at, reason)));
                }
                Action::Missed(id, missed) => left_out.push((id, LeftOut::Missed(missed))),
            }
        }
        if !left_out.is_empty() {
            self.effects.record(left_out, self.sender.clone());
        }
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Ended(id) => {
                self.unfinished -= 1;
                self.scheduler.ended(id, &mut self.actions);
            }
            Event::Stuck => {
                self.unfinished -= 1;
                self.stuck += 1;
            }
            Event::Released(id) => {
                self.stuck -= 1;
                self.scheduler.ended(id, &mut self.actions);
            }
            Event::Unclaimed(id, due_at) => {
                self.unfinished -= 1;
                self.database_away();
                if let Some(due_at) = due_at {
                    self.scheduler.unclaimed(id, due_at);
                }
                self.scheduler.ended(id, &mut self.actions);
            }
            Event::DatabaseAway => self.database_away(),
            Event::DatabaseBack => {
                tracing::info!("the database is back");
                self.scheduler.database_back(&mut self.actions);
            }
            Event::PauseWritten => {
                self.pauses.unwritten -= 1;
                self.pauses.changes += 1;
            }
            Event::PausedJobs(paused) => {
                let look = self.pauses.look.take();
                let newest = self.pauses.unwritten == 0 && look == Some(self.pauses.changes);
                if let Some(paused) = paused.filter(|_| newest) {
                    self.adopt_paused(&paused);
                }
            }
            // Nothing starts any more, and the service manager knows that the daemon is stopping.
            Event::Loaded(..) if !matches!(self.phase, Phase::Working) => {}
            Event::Loaded(loaded, answer) => {
                let taken = loaded.map(|jobs| self.take_jobs(jobs));
                match &taken {
                    Ok(jobs) => tracing::info!(jobs, "reloaded"),
                    Err(error) => tracing::error!(
                        error = error.chain(),
                        hint = error.hint_text(),
                        "cannot reload; everything stays as it was"
                    ),
                }
                notify::ready(self.scheduler.states().count());
                if let Some(answer) = answer {
                    let _ = answer.send(taken);
                }
            }
        }
    }

    /// Lets due times pass until the database is back.
    fn database_away(&mut self) {
        if self.scheduler.database_away() {
            tracing::warn!("the database is away; nothing starts until it is back");
            self.effects.await_database(self.sender.clone());
        }
    }

    fn look_around(&mut self) {
        if self.pauses.look.is_none() {
            self.pauses.look = Some(self.pauses.changes);
            self.effects.look_around(self.sender.clone());
        }
    }

    /// What people said on any host holds on all.
    fn adopt_paused(&mut self, paused: &HashSet<String>) {
        let changes = self.scheduler.states().filter_map(|(id, state)| {
            let name = &state.spec.name;
            let is_paused = paused.contains(&**name);
            (is_paused != state.paused).then(|| (id, Arc::clone(name), is_paused))
        });
        for (id, job, paused) in changes.collect::<Vec<_>>() {
            self.scheduler.set_paused(id, paused, &mut self.actions);
            tracing::info!(job = &*job, paused, "job paused or resumed on another host");
        }
    }

    /// Makes these the daemon's jobs; runs that are going go on.
    fn take_jobs(&mut self, jobs: Vec<(DaemonJob, JobPast)>) -> usize {
        // The last look at the clock may be hours old, where nothing was due.
        self.tick(true);
        let specs = jobs.iter().map(|(job, past)| (job.spec(), *past)).collect();
        self.scheduler.set_jobs(specs, &mut self.actions);
        let count = jobs.len();
        let ids = jobs.into_iter().filter_map(|(job, _)| {
            let id = self.scheduler.find(job.name())?;
            Some((id, job))
        });
        self.effects.set_jobs(ids.collect());
        self.perform();
        self.effects.forget_removed_jobs();
        count
    }

    /// Loads the jobs anew, unless the daemon is about to leave.
    fn reload(&mut self, answer: Option<oneshot::Sender<Result<usize>>>) {
        if !matches!(self.phase, Phase::Working) {
            return;
        }
        notify::reloading();
        let (load, sender) = (Arc::clone(&self.load), self.sender.clone());
        tokio::spawn(async move {
            let loaded = blocking(move || load()).await;
            // The loop may have left in between.
            let _ = sender.send(Event::Loaded(loaded, answer));
        });
    }

    fn answer(&mut self, request: Request) {
        // Whoever asked may be gone.
        match request {
            Request::Jobs(answer) => {
                let _ = answer.send(self.views());
            }
            Request::Trigger(name, answer) => {
                let id = self.scheduler.find(&name);
                let _ = answer.send(id.map(|id| self.scheduler.trigger(id, &mut self.actions)));
            }
            Request::SetPaused(name, paused, answer) => match self.scheduler.find(&name) {
                Some(id) => {
                    let news = self.scheduler.set_paused(id, paused, &mut self.actions);
                    tracing::info!(job = name, paused, "job paused or resumed");
                    self.pauses.changes += 1;
                    self.pauses.unwritten += 1;
                    let answer = PauseAnswer { news, answer };
                    self.effects.remember_paused(id, paused, self.sender.clone(), answer);
                }
                None => {
                    let _ = answer.send(None);
                }
            },
            Request::Reload(answer) => self.reload(Some(answer)),
            Request::Health(answer) => {
                let _ = answer.send(self.health());
            }
        }
    }

    fn views(&self) -> Vec<JobView> {
        let states = self.scheduler.states().map(|(id, state)| JobView {
            name: Arc::clone(&state.spec.name),
            schedule: state.spec.schedule.text().to_owned(),
            timeout: self.effects.timeout(id),
            next_due: state.next_due,
            running: state.running,
            waiting: state.waiting,
            paused: state.paused,
        });
        states.collect()
    }

    fn health(&self) -> Health {
        Health { stuck: self.stuck, stopping: !matches!(self.phase, Phase::Working) }
    }

    /// The first signal lets the runs end in peace, the second cancels them, the third does not
    /// wait for their grace.
    fn stop(&mut self, signal: Signal) {
        match self.phase {
            Phase::Working => {
                tracing::info!(
                    signal = signal.name(),
                    running = self.unfinished,
                    "stopping: nothing starts any more, runs have {} to end",
                    format_duration(self.stop_timeout)
                );
                notify::stopping();
                self.scheduler.stop(&mut self.actions);
                let until = self.clock.monotonic() + self.stop_timeout;
                self.phase = Phase::Draining { signal, until };
            }
            Phase::Draining { .. } | Phase::Cancelling => self.cancel_runs(signal),
        }
    }

    fn cancel_runs(&mut self, signal: Signal) {
        tracing::warn!(running = self.unfinished, "cancelling the runs that are still going");
        self.phase = Phase::Cancelling;
        self.effects.cancel_runs(signal);
    }
}

/// Waits until the runs have had their time to end in peace.
async fn drained(phase: Phase) -> Signal {
    match phase {
        Phase::Draining { signal, until } => {
            tokio::time::sleep_until(until).await;
            signal
        }
        Phase::Working | Phase::Cancelling => std::future::pending().await,
    }
}

async fn next_of(interval: &mut Option<tokio::time::Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
