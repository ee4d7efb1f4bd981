//! The core of the daemon: which run starts when. No clock, no I/O, no task: it is told what time
//! it is and what has ended, and answers with what to do.
//!
//! Jobs of equal schedules share a *track*, whose next due time is computed once for all of them.
//! A heap holds the tracks by their next due time, another one the delayed starts of jobs with
//! jitter: a tick costs what is due, not what is there.
//!
//! Every due time of a job has exactly one fate: a start, a skip, or a place among the missed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::handled::{Handled, Stretch};
use super::missed::{join, missed_within};
use super::policy::{self, ClockStep, Decision, Missed, MissedReason, Overlap, SkipReason};
use crate::clock::Timestamp;
use crate::history::Trigger;
use crate::schedule::Schedule;

/// What the scheduler needs to know of a job.
#[derive(Clone, Debug)]
pub struct JobSpec {
    pub name: Arc<str>,
    pub schedule: Schedule,
    pub overlap: Overlap,
    pub catch_up: bool,
    /// The longest random delay of a start.
    pub jitter: Duration,
}

/// What earlier daemons left about a job.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobPast {
    /// Due times up to here have had their turn. Unknown for a job that was never seen.
    pub accounted_until: Option<Timestamp>,
    pub paused: bool,
}

/// A job of the scheduler, for as long as it or a run of it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(u32);

/// A run that is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    pub due_at: Option<Timestamp>,
    pub trigger: Trigger,
}

/// What the scheduler wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start a run, and tell [`Scheduler::ended`] when it has ended.
    Start(JobId, Start),
    /// Record that a due time was left out.
    Skip(JobId, Timestamp, SkipReason),
    /// Record due times that nobody could start.
    Missed(JobId, Missed),
}

/// What a person's wish to run a job came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triggered {
    Started,
    /// One run of the job starts when the previous one has ended, or a place is free.
    Waiting,
    /// Not started: the previous run is still going.
    Running,
    /// Not started: the daemon is about to leave.
    Stopping,
}

/// A job as it stands, for `punctual jobs` and the metrics.
#[derive(Clone, Debug)]
pub struct JobState<'a> {
    pub spec: &'a JobSpec,
    pub next_due: Option<Timestamp>,
    pub running: u32,
    pub waiting: bool,
    pub paused: bool,
}

/// See the module.
pub struct Scheduler {
    /// By [`JobId`]. The place of a job that is gone is not used again, so that nothing can
    /// mistake another job for it.
    jobs: Vec<Option<Entry>>,
    ids: HashMap<Arc<str>, JobId>,
    tracks: Vec<Track>,
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// Starts that jitter put off: when, whose, and the due time that they are for.
    delayed: BinaryHeap<Reverse<(Timestamp, JobId, Timestamp)>>,
    /// Jobs that wait for one of the daemon's places, first come, first served.
    queue: VecDeque<JobId>,
    running: u32,
    running_max: u32,
    handled: Handled,
    /// Both clocks at the last look.
    seen: (Timestamp, Instant),
    stopping: bool,
    /// The database is away: nothing can be claimed, so nothing starts by itself.
    away: bool,
    random: fastrand::Rng,
}

/// Jobs of one schedule.
struct Track {
    schedule: Schedule,
    jobs: Vec<JobId>,
    next: Option<Timestamp>,
}

struct Entry {
    spec: JobSpec,
    track: usize,
    running: u32,
    waiting: Option<Start>,
    /// In the queue for a place.
    queued: bool,
    paused: bool,
    /// Due times that passed since the job was paused, or the database away.
    passed: Option<Missed>,
    removed: bool,
}

impl Entry {
    /// Why the job's due times are to pass now, if they are.
    fn lets_pass(&self, away: bool) -> Option<MissedReason> {
        let away = away.then_some(MissedReason::DatabaseAway);
        if self.paused { Some(MissedReason::Paused) } else { away }
    }

    fn pass(&mut self, missed: Missed) {
        self.passed = Some(join(self.passed, missed));
    }

    /// A due time that waits for its turn passes too.
    fn pass_waiting(&mut self, reason: MissedReason) {
        if let Some(Start { due_at: Some(due_at), .. }) = self.waiting {
            self.waiting = None;
            self.pass(Missed::one(due_at, reason));
        }
    }
}

impl Scheduler {
    /// Without jobs. `running_max` is the number of the daemon's places for runs.
    pub fn new(running_max: u32, now: Timestamp, instant: Instant, random: fastrand::Rng) -> Self {
        Self {
            jobs: Vec::new(),
            ids: HashMap::new(),
            tracks: Vec::new(),
            due: BinaryHeap::new(),
            delayed: BinaryHeap::new(),
            queue: VecDeque::new(),
            running: 0,
            running_max,
            handled: Handled::starting_at(now),
            seen: (now, instant),
            stopping: false,
            away: false,
            random,
        }
    }

    /// Replaces the jobs. Runs that are going go on. A job that stays keeps its state; the past
    /// of one that is new tells what it has missed. What is new begins at the last tick, so let
    /// that be now: what came before it never was a due time of theirs.
    pub fn set_jobs(&mut self, specs: Vec<(JobSpec, JobPast)>, actions: &mut Vec<Action>) {
        let gone: Vec<JobId> = {
            let kept: std::collections::HashSet<&str> =
                specs.iter().map(|(spec, _)| &*spec.name).collect();
            let gone = self.ids.iter().filter(|(name, _)| !kept.contains(&***name));
            gone.map(|(_, id)| *id).collect()
        };
        for id in gone {
            self.remove(id, actions);
        }
        for (spec, past) in specs {
            match self.ids.get(&spec.name) {
                Some(id) => {
                    if let Some(entry) = &mut self.jobs[id.0 as usize] {
                        entry.spec = spec;
                    }
                }
                None => self.add(spec, past, actions),
            }
        }
        self.lay_tracks();
    }

    fn add(&mut self, spec: JobSpec, past: JobPast, actions: &mut Vec<Action>) {
        let name = Arc::clone(&spec.name);
        let schedule = spec.schedule.clone();
        let entry = Entry {
            spec,
            track: 0,
            running: 0,
            waiting: None,
            queued: false,
            paused: past.paused,
            passed: None,
            removed: false,
        };
        let id = JobId(self.jobs.len() as u32);
        self.jobs.push(Some(entry));
        self.ids.insert(name, id);
        let high = self.handled.high();
        let stretch = past.accounted_until.map(|low| Stretch { low, high });
        let missed = stretch
            .and_then(|stretch| missed_within(&schedule, &[stretch], MissedReason::NotRunning));
        if let Some(missed) = missed {
            self.miss(id, missed, actions);
        }
    }

    fn remove(&mut self, id: JobId, actions: &mut Vec<Action>) {
        let Some(entry) = &mut self.jobs[id.0 as usize] else { return };
        self.ids.remove(&entry.spec.name);
        entry.removed = true;
        if let Some(Start { due_at: Some(due_at), .. }) = entry.waiting.take() {
            actions.push(Action::Skip(id, due_at, SkipReason::Removed));
        }
        if let Some(missed) = entry.passed.take() {
            actions.push(Action::Missed(id, missed));
        }
        let running = entry.running;
        self.queue.retain(|queued| *queued != id);
        let removed = SkipReason::Removed;
        self.delayed.retain(|Reverse((_, delayed, due_at))| {
            if *delayed == id {
                actions.push(Action::Skip(id, *due_at, removed));
            }
            *delayed != id
        });
        if running == 0 {
            self.jobs[id.0 as usize] = None;
        }
    }

    /// Groups the jobs by schedule and finds each group's next due time.
    fn lay_tracks(&mut self) {
        self.tracks.clear();
        self.due.clear();
        let mut track_of: HashMap<Schedule, usize> = HashMap::new();
        for (index, entry) in self.jobs.iter_mut().enumerate() {
            let Some(entry) = entry.as_mut().filter(|entry| !entry.removed) else { continue };
            let track = *track_of.entry(entry.spec.schedule.clone()).or_insert_with(|| {
                let schedule = entry.spec.schedule.clone();
                self.tracks.push(Track { schedule, jobs: Vec::new(), next: None });
                self.tracks.len() - 1
            });
            entry.track = track;
            self.tracks[track].jobs.push(JobId(index as u32));
        }
        self.schedule_tracks();
    }

    fn schedule_tracks(&mut self) {
        self.due.clear();
        let after = self.handled.high();
        for (index, track) in self.tracks.iter_mut().enumerate() {
            track.next = next_after(&self.handled, &track.schedule, after);
            self.due.extend(track.next.map(|next| Reverse((next, index))));
        }
    }

    /// Does what is due at `now`, and tells how the clock moved since the last look.
    pub fn tick(
        &mut self,
        now: Timestamp,
        instant: Instant,
        actions: &mut Vec<Action>,
    ) -> ClockStep {
        let (wall_before, instant_before) = std::mem::replace(&mut self.seen, (now, instant));
        let step = policy::clock_step(wall_before, now, instant - instant_before);
        let missed_until = policy::missed_until(now, step);
        let jumped_until = matches!(step, ClockStep::Forward(_)).then_some(missed_until);
        if self.handled.reach(now, jumped_until) {
            self.schedule_tracks();
        }
        if self.stopping {
            return step;
        }
        let reason = match step {
            ClockStep::Forward(_) => MissedReason::ClockJump,
            ClockStep::None | ClockStep::Back(_) => MissedReason::HeldUp,
        };
        while let Some(&Reverse((due_at, index))) = self.due.peek()
            && due_at <= now
        {
            self.due.pop();
            if due_at <= missed_until {
                self.miss_track(index, due_at, missed_until, reason, actions);
            } else {
                self.track_is_due(index, due_at, actions);
            }
        }
        self.start_delayed(now, missed_until, reason, actions);
        step
    }

    /// A due time of a track has come.
    fn track_is_due(&mut self, index: usize, due_at: Timestamp, actions: &mut Vec<Action>) {
        let track = &mut self.tracks[index];
        let next = next_after(&self.handled, &track.schedule, due_at);
        track.next = next;
        self.due.extend(next.map(|next| Reverse((next, index))));
        for position in 0..self.tracks[index].jobs.len() {
            let id = self.tracks[index].jobs[position];
            self.job_is_due(id, due_at, next, actions);
        }
    }

    fn job_is_due(
        &mut self,
        id: JobId,
        due_at: Timestamp,
        next: Option<Timestamp>,
        actions: &mut Vec<Action>,
    ) {
        let Some(entry) = &mut self.jobs[id.0 as usize] else { return };
        if let Some(reason) = entry.lets_pass(self.away) {
            entry.pass(Missed::one(due_at, reason));
        } else if entry.spec.jitter.is_zero() {
            self.take(id, Start { due_at: Some(due_at), trigger: Trigger::Daemon }, actions);
        } else {
            let to_next = next.map_or(Duration::MAX, |next| next.since(due_at));
            let delay = policy::delay(entry.spec.jitter, to_next, self.random.f64());
            self.delayed.push(Reverse((due_at.plus(delay), id, due_at)));
        }
    }

    /// The due times of a track from `first` up to `until` were missed.
    fn miss_track(
        &mut self,
        index: usize,
        first: Timestamp,
        until: Timestamp,
        reason: MissedReason,
        actions: &mut Vec<Action>,
    ) {
        let just_before = first.minus(Duration::from_nanos(1));
        let stretches = self.handled.uncovered(Stretch { low: just_before, high: until });
        let track = &mut self.tracks[index];
        let missed = missed_within(&track.schedule, &stretches, reason);
        track.next = next_after(&self.handled, &track.schedule, until);
        self.due.extend(track.next.map(|next| Reverse((next, index))));
        let Some(missed) = missed else { return };
        for position in 0..self.tracks[index].jobs.len() {
            let id = self.tracks[index].jobs[position];
            self.miss(id, missed, actions);
        }
    }

    fn miss(&mut self, id: JobId, missed: Missed, actions: &mut Vec<Action>) {
        let Some(entry) = &mut self.jobs[id.0 as usize] else { return };
        if let Some(reason) = entry.lets_pass(self.away) {
            return entry.pass(Missed { reason, ..missed });
        }
        let (due_at, rest) = policy::on_missed(entry.spec.catch_up, missed);
        actions.extend(rest.map(|rest| Action::Missed(id, rest)));
        if due_at.is_some() {
            self.take(id, Start { due_at, trigger: Trigger::CatchUp }, actions);
        }
    }

    fn start_delayed(
        &mut self,
        now: Timestamp,
        missed_until: Timestamp,
        reason: MissedReason,
        actions: &mut Vec<Action>,
    ) {
        while let Some(&Reverse((at, id, due_at))) = self.delayed.peek()
            && at <= now
        {
            self.delayed.pop();
            let entry = self.jobs[id.0 as usize].as_ref();
            let passes = entry.is_some_and(|entry| entry.lets_pass(self.away).is_some());
            if at <= missed_until || passes {
                self.miss(id, Missed::one(due_at, reason), actions);
            } else {
                self.take(id, Start { due_at: Some(due_at), trigger: Trigger::Daemon }, actions);
            }
        }
    }

    /// Starts a run, lets it wait, or leaves it out.
    fn take(&mut self, id: JobId, start: Start, actions: &mut Vec<Action>) -> Decision {
        let slot = self.running < self.running_max;
        let Some(entry) = &mut self.jobs[id.0 as usize] else { return Decision::Skip };
        let decision =
            policy::on_due(entry.spec.overlap, entry.running, entry.waiting.is_some(), slot);
        match decision {
            Decision::Start => self.start(id, start, actions),
            Decision::Wait => {
                entry.waiting = Some(start);
                self.enqueue(id);
            }
            Decision::Supersede => {
                let earlier = entry.waiting.replace(start).and_then(|earlier| earlier.due_at);
                let superseded = SkipReason::Superseded;
                actions.extend(earlier.map(|due_at| Action::Skip(id, due_at, superseded)));
            }
            Decision::Skip => {
                let running = SkipReason::Running;
                actions.extend(start.due_at.map(|due_at| Action::Skip(id, due_at, running)));
            }
        }
        decision
    }

    fn start(&mut self, id: JobId, start: Start, actions: &mut Vec<Action>) {
        if let Some(entry) = &mut self.jobs[id.0 as usize] {
            entry.running += 1;
            self.running += 1;
            actions.push(Action::Start(id, start));
        }
    }

    /// Puts a job that waits into the queue for a place, unless it waits for its own run.
    fn enqueue(&mut self, id: JobId) {
        let Some(entry) = &mut self.jobs[id.0 as usize] else { return };
        let alone = entry.running == 0 || entry.spec.overlap == Overlap::Allow;
        if entry.waiting.is_some() && alone && !entry.queued {
            entry.queued = true;
            self.queue.push_back(id);
        }
    }

    /// A run that [`Action::Start`] asked for has ended.
    pub fn ended(&mut self, id: JobId, actions: &mut Vec<Action>) {
        let Some(entry) = &mut self.jobs[id.0 as usize] else { return };
        entry.running -= 1;
        self.running -= 1;
        if entry.removed && entry.running == 0 {
            self.jobs[id.0 as usize] = None;
        }
        self.enqueue(id);
        self.fill_places(actions);
    }

    fn fill_places(&mut self, actions: &mut Vec<Action>) {
        while self.running < self.running_max
            && !self.stopping
            && let Some(id) = self.queue.pop_front()
        {
            let Some(entry) = &mut self.jobs[id.0 as usize] else { continue };
            entry.queued = false;
            if let Some(start) = entry.waiting.take() {
                self.start(id, start, actions);
            }
        }
    }

    /// A person wants the job to run now.
    pub fn trigger(&mut self, id: JobId, actions: &mut Vec<Action>) -> Triggered {
        if self.stopping {
            return Triggered::Stopping;
        }
        let waiting =
            self.jobs[id.0 as usize].as_ref().is_some_and(|entry| entry.waiting.is_some());
        if waiting {
            return Triggered::Waiting;
        }
        match self.take(id, Start { due_at: None, trigger: Trigger::Manual }, actions) {
            Decision::Start => Triggered::Started,
            Decision::Wait | Decision::Supersede => Triggered::Waiting,
            Decision::Skip => Triggered::Running,
        }
    }

    /// Lets the job's due times pass, or no longer; one that waits for its turn passes too. Tells
    /// whether that was news.
    pub fn set_paused(&mut self, id: JobId, paused: bool, actions: &mut Vec<Action>) -> bool {
        let Some(entry) = &mut self.jobs[id.0 as usize] else { return false };
        let news = entry.paused != paused;
        entry.paused = paused;
        let missed = if news { entry.passed.take() } else { None };
        actions.extend(missed.map(|missed| Action::Missed(id, missed)));
        if paused {
            entry.pass_waiting(MissedReason::Paused);
        }
        news
    }

    /// The database is away: until it is back due times pass. Tells whether that was news.
    pub fn database_away(&mut self) -> bool {
        let news = !self.away && !self.stopping;
        self.away |= news;
        if news {
            let entries = self.jobs.iter_mut().flatten();
            entries.for_each(|entry| entry.pass_waiting(MissedReason::DatabaseAway));
        }
        news
    }

    /// A run that [`Action::Start`] asked for could not claim its due time, for the database is
    /// away. A daemon that is about to leave lets the next one find it missed.
    pub fn unclaimed(&mut self, id: JobId, due_at: Timestamp) {
        if let Some(entry) = &mut self.jobs[id.0 as usize]
            && !(entry.removed || self.stopping)
        {
            let reason = entry.lets_pass(true).unwrap_or(MissedReason::DatabaseAway);
            entry.pass(Missed::one(due_at, reason));
        }
    }

    /// The database is back: what passed meanwhile was missed.
    pub fn database_back(&mut self, actions: &mut Vec<Action>) {
        self.away = false;
        for index in 0..self.jobs.len() {
            let entry = self.jobs[index].as_mut().filter(|entry| !entry.paused);
            if let Some(missed) = entry.and_then(|entry| entry.passed.take()) {
                self.miss(JobId(index as u32), missed, actions);
            }
        }
    }

    /// From now on nothing starts. What waits is forgotten: the next daemon finds it missed. So
    /// it does with what a job would catch up with; what passed before that has no later turn.
    pub fn stop(&mut self, actions: &mut Vec<Action>) {
        self.stopping = true;
        self.queue.clear();
        self.delayed.clear();
        for (index, entry) in self.jobs.iter_mut().enumerate() {
            let Some(entry) = entry.as_mut().filter(|entry| !entry.paused) else { continue };
            let passed = entry.passed.take();
            let rest = passed.and_then(|missed| policy::on_missed(entry.spec.catch_up, missed).1);
            actions.extend(rest.map(|rest| Action::Missed(JobId(index as u32), rest)));
        }
    }

    /// When to tick next, by the wall clock.
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.stopping {
            return None;
        }
        let due = self.due.peek().map(|Reverse((at, _))| *at);
        let delayed = self.delayed.peek().map(|Reverse((at, ..))| *at);
        due.into_iter().chain(delayed).min()
    }

    pub fn find(&self, name: &str) -> Option<JobId> {
        self.ids.get(name).copied()
    }

    /// The jobs as they stand, in no particular order.
    pub fn states(&self) -> impl Iterator<Item = (JobId, JobState<'_>)> {
        self.ids.values().filter_map(|id| {
            let entry = self.jobs[id.0 as usize].as_ref()?;
            let next = self.tracks.get(entry.track).and_then(|track| track.next);
            let state = JobState {
                spec: &entry.spec,
                next_due: next,
                running: entry.running,
                waiting: entry.waiting.is_some(),
                paused: entry.paused,
            };
            Some((*id, state))
        })
    }
}

/// The first due time later than `after` that no earlier stretch has covered.
fn next_after(handled: &Handled, schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    let mut due = schedule.next_after(after)?;
    while let Some(stretch) = handled.earlier_with(due) {
        due = schedule.next_after(stretch.high)?;
    }
    Some(due)
}

#[cfg(test)]
mod tests;
