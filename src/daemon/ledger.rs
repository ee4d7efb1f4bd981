//! Due times without a run, on their way into the history and to the observers.
//!
//! What cannot be written because the database is away is kept: per job and reason how many due
//! times, the first and the last. It is written with whatever comes next, at the latest when the
//! database is back, or when the daemon leaves.
//!
//! Where many hosts share the database a due time that this host missed may be run by another:
//! one that is late, or whose clock is behind. So what was missed is first left to settle. Then
//! only what is later than all that others have rows for counts as missed: who has got that far
//! has had what came before in view.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::DaemonJob;
use super::effects::{LeftOut, Observer};
use super::event_loop::Event;
use super::policy::{Missed, MissedReason, SkipReason};
use crate::backoff::Backoff;
use crate::clock::{Clock, Timestamp};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::{self, History, SharedHistory};
use crate::job::blocking;
use crate::runner::{Runner, new_run_id};

/// How often to look whether the database is back.
const AWAY_BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(10) };

/// For what is not written yet when the daemon leaves.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Due times of a job that have no run.
#[derive(Clone)]
struct Entry {
    job: Arc<DaemonJob>,
    why: Why,
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Why {
    Skipped(SkipReason),
    Missed(MissedReason),
}

impl Entry {
    fn new(job: Arc<DaemonJob>, left_out: LeftOut) -> Self {
        match left_out {
            LeftOut::Skipped(due_at, reason) => {
                Self { job, why: Why::Skipped(reason), count: 1, first: due_at, last: due_at }
            }
            LeftOut::Missed(Missed { count, first, last, reason, .. }) => {
                Self { job, why: Why::Missed(reason), count, first, last }
            }
        }
    }

    fn is_missed(&self) -> bool {
        matches!(self.why, Why::Missed(_))
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The due times among these that are later than `low`, and not later than `high`.
    fn within(self, low: Option<Timestamp>, high: Timestamp) -> Option<Self> {
        let schedule = &self.job.schedule;
        let first = match low.filter(|low| *low >= self.first) {
            Some(low) => schedule.next_after(low)?,
            None => self.first,
        };
        let last = if self.last <= high { self.last } else { schedule.last_at_or_before(high)? };
        if last < first {
            return None;
        }
        let count = self.count.min(1 + schedule.count_between(first, last, self.count));
        Some(Self { count, first, last, ..self })
    }

    /// For the history.
    fn text(&self) -> String {
        let (left_out, reason) = match self.why {
            Why::Skipped(reason) => ("skipped", reason.text()),
            Why::Missed(reason) => ("missed", reason.text()),
        };
        match self.count {
            1 => format!("{left_out}: {reason}"),
            count => format!("{left_out} {count} due times from {} on: {reason}", self.first),
        }
    }

    fn row(&self, noticed_at: Timestamp) -> history::LeftOut {
        history::LeftOut {
            run_id: new_run_id(noticed_at),
            job: Arc::clone(self.job.name()),
            due_at: self.last,
            noticed_at,
            why: self.text(),
        }
    }

    fn tell(&self, observers: &[Arc<dyn Observer>]) {
        let (count, first, last) = (self.count, self.first, self.last);
        let what = match self.why {
            Why::Skipped(reason) => LeftOut::Skipped(last, reason),
            Why::Missed(reason) => {
                LeftOut::Missed(Missed { count, first, last, before_last: None, reason })
            }
        };
        let (job, due_at) = (self.job.name(), tracing::field::display(last));
        tracing::warn!(job = &**job, due_at, due_times = count, "{}", self.text());
        observers.iter().for_each(|observer| observer.left_out(job, &what));
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    history: SharedHistory,
    host: String,
    clock: Clock,
    observers: Arc<[Arc<dyn Observer>]>,
    /// Nothing where this is the only host.
    settled_after: Option<Duration>,
    /// What could not be written yet.
    arrears: Mutex<HashMap<(Arc<str>, Why), Entry>>,
    tasks: TaskTracker,
    leaving: CancellationToken,
}

impl Ledger {
    pub fn new(
        runner: &Runner,
        observers: Arc<[Arc<dyn Observer>]>,
        settled_after: Duration,
    ) -> Self {
        let shared = runner.history.database().as_postgres().is_some();
        Self(Arc::new(Inner {
            history: runner.history.clone(),
            host: runner.host.clone(),
            clock: runner.clock.clone(),
            observers,
            settled_after: shared.then_some(settled_after),
            arrears: Mutex::default(),
            tasks: TaskTracker::new(),
            leaving: CancellationToken::new(),
        }))
    }

    /// Takes down what was left out, in the background; `events` is told when the database is
    /// away.
    pub fn record(
        &self,
        left_out: impl IntoIterator<Item = (Arc<DaemonJob>, LeftOut)>,
        events: mpsc::UnboundedSender<Event>,
    ) {
        let entries = left_out.into_iter().map(|(job, what)| Entry::new(job, what));
        let (missed, skipped): (Vec<_>, Vec<_>) = entries.partition(Entry::is_missed);
        skipped.iter().for_each(|entry| entry.tell(&self.0.observers));
        let ledger = self.clone();
        self.0.tasks.spawn(async move {
            match ledger.0.settled_after {
                None => ledger.write([missed, skipped].concat(), &events).await,
                Some(settled_after) => {
                    ledger.write(skipped, &events).await;
                    let settled = ledger.settle(missed, settled_after).await;
                    ledger.write(settled, &events).await;
                }
            }
        });
    }

    /// Waits until no other host will run these. A daemon that leaves before that leaves those to
    /// the others that a next daemon would find missed: what is later than all that the history
    /// has of the job.
    async fn settle(&self, missed: Vec<Entry>, settled_after: Duration) -> Vec<Entry> {
        if missed.is_empty() {
            return missed;
        }
        tokio::select! {
            () = tokio::time::sleep(settled_after) => missed,
            () = self.0.leaving.cancelled() => {
                let settled = self.0.clock.now().minus(settled_after);
                let ledger = Arc::clone(&self.0);
                blocking(move || ledger.passed(missed, settled)).await
            }
        }
    }

    async fn write(&self, entries: Vec<Entry>, events: &mpsc::UnboundedSender<Event>) {
        if entries.is_empty() {
            return;
        }
        let ledger = Arc::clone(&self.0);
        if let Err(error) = blocking(move || ledger.write(entries)).await {
            tracing::warn!(error = error.chain(), "due times without a run are written later");
            // The loop may have left.
            let _ = events.send(Event::DatabaseAway);
        }
    }

    /// Tells `events` when the database is back, and all is written that could not be.
    pub fn await_database(&self, events: mpsc::UnboundedSender<Event>) {
        let ledger = self.clone();
        self.0.tasks.spawn(async move {
            let mut tries = 0;
            loop {
                tries += 1;
                tokio::select! {
                    () = tokio::time::sleep(AWAY_BACKOFF.delay(tries)) => {}
                    () = ledger.0.leaving.cancelled() => return,
                }
                let inner = Arc::clone(&ledger.0);
                match blocking(move || inner.reach()).await {
                    Ok(()) => break,
                    Err(error) if !is_away(&error) => tracing::warn!(
                        error = error.chain(),
                        hint = error.hint_text(),
                        "the database is there, but cannot be used"
                    ),
                    Err(error) => {
                        tracing::debug!(error = error.chain(), "the database is still away");
                    }
                }
            }
            // The loop may have left.
            let _ = events.send(Event::DatabaseBack);
        });
    }

    /// Writes what is not written yet, and gives up soon when that cannot be.
    pub async fn close(&self) {
        self.0.leaving.cancel();
        self.0.tasks.close();
        let all_written = async {
            self.0.tasks.wait().await;
            let mut tries = 0;
            loop {
                let ledger = Arc::clone(&self.0);
                if blocking(move || ledger.write(Vec::new())).await.is_ok() {
                    break;
                }
                tries += 1;
                tokio::time::sleep(AWAY_BACKOFF.delay(tries)).await;
            }
        };
        if tokio::time::timeout(LAST_WORDS, all_written).await.is_err() {
            tracing::error!("due times without a run are not in the history: its database is away");
        }
    }
}

impl Inner {
    /// Whether the database answers, and takes what is in arrears.
    fn reach(&self) -> Result<()> {
        self.history.get(|_| Ok(()))?.reach()?;
        self.write(Vec::new())
    }

    /// Writes these and all arrears. An error when the database is away: then all are in arrears.
    fn write(&self, entries: Vec<Entry>) -> Result<()> {
        let mut all: Vec<Entry> = self.arrears().drain().map(|(_, entry)| entry).collect();
        all.extend(entries);
        if all.is_empty() {
            return Ok(());
        }
        let recorded = match self.try_write(&all) {
            Err(error) if is_away(&error) => {
                all.into_iter().for_each(|entry| self.keep(entry));
                return Err(error);
            }
            Err(error) => {
                tracing::error!(
                    error = error.chain(),
                    "due times without a run are not in the history"
                );
                all
            }
            Ok(recorded) => recorded,
        };
        // What was skipped was told at once.
        let missed = recorded.iter().filter(|entry| entry.is_missed());
        missed.for_each(|entry| entry.tell(&self.observers));
        Ok(())
    }

    /// What of these is settled, or would not be found by a next daemon.
    fn passed(&self, missed: Vec<Entry>, settled: Timestamp) -> Vec<Entry> {
        let accounted = |job: &str| {
            self.history
                .get(|_| Ok(()))
                .and_then(|history| history.accounted_until(job, &self.host))
        };
        let passed = |entry: Entry| match accounted(entry.job.name()) {
            Ok(accounted) => entry.within(None, settled.max(accounted.unwrap_or(settled))),
            // It is tried again when they are written.
            Err(_) => Some(entry),
        };
        missed.into_iter().filter_map(passed).collect()
    }

    /// What has a row now, that had none.
    fn try_write(&self, entries: &[Entry]) -> Result<Vec<Entry>> {
        let history = self.history.get(|_| Ok(()))?;
        let mut own = Vec::with_capacity(entries.len());
        for entry in entries.iter().cloned() {
            own.extend(self.without_others(&history, entry)?);
        }
        let noticed_at = self.clock.now();
        let rows: Vec<_> = own.iter().map(|entry| entry.row(noticed_at)).collect();
        let recorded = history.record_left_out(&rows, &self.host)?;
        Ok(own.into_iter().zip(recorded).filter_map(|(entry, new)| new.then_some(entry)).collect())
    }

    /// Only what is later than all that other hosts have rows for.
    fn without_others(&self, history: &History, entry: Entry) -> Result<Option<Entry>> {
        if self.settled_after.is_none() || !entry.is_missed() {
            return Ok(Some(entry));
        }
        let (job, first, last) = (entry.job.name(), entry.first, entry.last);
        let low = history.latest_due_of_others(job, &self.host, first, last)?;
        Ok(entry.within(low, last))
    }

    fn keep(&self, entry: Entry) {
        let mut arrears = self.arrears();
        let key = (Arc::clone(entry.job.name()), entry.why);
        match arrears.get_mut(&key) {
            Some(known) => known.merge(&entry),
            None => drop(arrears.insert(key, entry)),
        }
    }

    fn arrears(&self) -> MutexGuard<'_, HashMap<(Arc<str>, Why), Entry>> {
        // A panic between two entries leaves those that are there.
        self.arrears.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it can pass by itself.
fn is_away(error: &Error) -> bool {
    error.exit() == Exit::Unavailable
}

#[cfg(test)]
mod tests;
