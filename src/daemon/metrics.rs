//! The daemon's metrics: what an [`Observer`] counts, and what is asked for when somebody looks.
//!
//! | part | is |
//! |---|---|
//! | [`figures`] | what is counted, per job |
//! | [`page`] | the metrics at one moment, in the text format of Prometheus |
//! | [`process`] | the figures of the process, as every Prometheus client has them |
//!
//! A job costs some 250 bytes once something has happened to it. How the jobs stand is the loop's
//! to say, and when one last succeeded the history's: nothing is kept that can be asked for.

mod figures;
mod page;
mod process;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::effects::{LeftOut, Observer};
use super::event_loop::{Health, JobView};
use super::policy::ClockStep;
use crate::clock::format_duration;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::{SharedHistory, Trigger};
use crate::job::blocking;
use crate::memory::AllocatorFigures;
use crate::runner::{RunRecord, RunRequest};

use figures::{Figures, Histogram, LATENESS_BOUNDS};
use page::Row;
use process::ProcessFigures;

pub use page::{CONTENT_TYPE, Page};

/// How long a look waits for a database that may be away.
const REACH_TIME_MAX: Duration = Duration::from_secs(2);

/// How long it waits then for the last successes of all jobs. Scrapers wait for 10 seconds.
const LEARN_TIME_MAX: Duration = Duration::from_secs(5);

/// What one daemon has counted since its start.
pub struct Metrics {
    history: SharedHistory,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Jobs that something happened to. Boxed, so that the table grows fast.
    jobs: HashMap<Arc<str>, Box<Figures>>,
    lateness: Histogram<{ LATENESS_BOUNDS.len() }>,
    steps_forward: u64,
    steps_back: u64,
}

impl Counts {
    fn of(&mut self, job: &Arc<str>) -> &mut Figures {
        self.jobs.entry(Arc::clone(job)).or_default()
    }
}

impl Metrics {
    pub fn new(history: SharedHistory) -> Self {
        Self { history, counts: Mutex::default() }
    }

    /// Asks the database whether it is there, and if so when the jobs last succeeded. Does not
    /// wait long for either: what it does not say in time it says at the next look.
    pub async fn ask_database(self: &Arc<Self>, jobs: &[JobView]) -> bool {
        let history = self.history.clone();
        let reached = within(REACH_TIME_MAX, move || history.get(|_| Ok(()))?.reach()).await;
        if let Err(error) = &reached {
            tracing::warn!(error = error.chain(), "the database cannot be reached");
            return false;
        }
        let (metrics, names) = (Arc::clone(self), jobs.iter().map(|job| Arc::clone(&job.name)));
        let names: Vec<_> = names.collect();
        let learned = within(LEARN_TIME_MAX, move || metrics.learn_successes(&names)).await;
        if let Err(error) = learned {
            tracing::warn!(error = error.chain(), "cannot tell when jobs last succeeded");
        }
        true
    }

    /// The metrics of these jobs. What was counted of others is forgotten. `database_up` and the
    /// last successes are as [`ask_database`](Self::ask_database) found them.
    pub fn page(&self, mut jobs: Vec<JobView>, health: Health, database_up: bool) -> Page {
        jobs.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let rows: Vec<Row> = jobs.into_iter().map(|job| self.row(job)).collect();
        let mut counts = self.counts();
        if counts.jobs.len() > rows.len() {
            counts.jobs.retain(|name, _| rows.binary_search_by(|row| row.name.cmp(name)).is_ok());
        }
        Page {
            jobs: rows,
            lateness: counts.lateness,
            steps_forward: counts.steps_forward,
            steps_back: counts.steps_back,
            stuck: health.stuck,
            database_up,
            process: ok(ProcessFigures::read()),
            allocator: ok(AllocatorFigures::read()),
        }
    }

    /// Asks the history, which outlives a daemon and knows the runs of cron and people too. What
    /// it has told stays known when the history forgets it.
    fn learn_successes(&self, jobs: &[Arc<str>]) -> Result<()> {
        let history = self.history.get(|_| Ok(()))?;
        for job in jobs {
            let known = self.counts().jobs.get(job).and_then(|known| known.last_success);
            let newer = history.last_success(job, known)?;
            if newer.is_some() {
                self.counts().of(job).last_success = newer;
            }
        }
        Ok(())
    }

    fn row(&self, job: JobView) -> Row {
        let figures = self.counts().jobs.get(&job.name).map(|known| **known).unwrap_or_default();
        Row { name: job.name, running: job.running, next_due: job.next_due, figures }
    }

    /// Held for one look or count at a time, because the daemon's runs come by here.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A panic between two counts leaves numbers that are still good.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Metrics {
    fn run_started(&self, run: &RunRequest, lateness: Option<Duration>) {
        if let (Trigger::Daemon, Some(lateness)) = (run.trigger, lateness) {
            self.counts().lateness.observe(&LATENESS_BOUNDS, lateness);
        }
    }

    fn run_ended(&self, record: &RunRecord) {
        self.counts().of(&record.job).count_run(record);
    }

    fn left_out(&self, job: &Arc<str>, what: &LeftOut) {
        self.counts().of(job).count_left_out(what);
    }

    fn clock_stepped(&self, step: ClockStep) {
        match step {
            ClockStep::None => {}
            ClockStep::Forward(_) => self.counts().steps_forward += 1,
            ClockStep::Back(_) => self.counts().steps_back += 1,
        }
    }
}

/// What the database says within `limit`. The question itself goes on until it has its own answer
/// or limit.
async fn within(limit: Duration, ask: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    let answer = tokio::time::timeout(limit, blocking(ask)).await;
    answer.unwrap_or_else(|_| {
        let limit = format_duration(limit);
        Err(Error::new(Exit::Unavailable, format!("the database: no answer within {limit}")))
    })
}

/// Figures, or their absence, which is no reason to keep the others back.
fn ok<T>(figures: Result<T>) -> Option<T> {
    figures.inspect_err(|error| tracing::warn!(error = error.chain(), "metrics are missing")).ok()
}

#[cfg(test)]
mod tests;
