//! What is counted.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::daemon::effects::LeftOut;
use crate::daemon::policy::{MissedReason, SkipReason};
use crate::outcome::Outcome;
use crate::runner::RunRecord;

/// Upper bounds in seconds. Jobs take milliseconds or hours, and each of them costs these few
/// lines: enough to tell that one takes ten times as long as it used to.
pub const DURATION_BOUNDS: [f64; 10] =
    [0.01, 0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, f64::INFINITY];

/// Upper bounds in seconds. Beyond a minute a due time counts as missed.
pub const LATENESS_BOUNDS: [f64; 15] = [
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    15.0,
    60.0,
    f64::INFINITY,
];

/// Observations by size, and their sum.
#[derive(Clone, Copy, Debug)]
pub struct Histogram<const N: usize> {
    /// Per bound, those that are not below the bound before.
    pub counts: [u64; N],
    pub sum: f64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self { counts: [0; N], sum: 0.0 }
    }
}

impl<const N: usize> Histogram<N> {
    /// `bounds` are ascending, the last one is infinite.
    pub fn observe(&mut self, bounds: &[f64; N], duration: Duration) {
        let seconds = duration.as_secs_f64();
        let place = bounds.partition_point(|bound| *bound < seconds);
        add(&mut self.counts, place, 1);
        self.sum += seconds;
    }
}

/// What is counted of a job. Counts by outcome or reason are in the order of the enum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    pub runs: [u64; Outcome::ALL.len()],
    pub durations: Histogram<{ DURATION_BOUNDS.len() }>,
    pub missed: [u64; MissedReason::ALL.len()],
    pub skipped: [u64; SkipReason::ALL.len()],
    /// As the history had it at the latest look.
    pub last_success: Option<Timestamp>,
}

impl Figures {
    pub fn count_run(&mut self, record: &RunRecord) {
        add(&mut self.runs, record.outcome as usize, 1);
        // A run without an attempt did not run: its job was occupied.
        if record.attempts > 0 {
            self.durations.observe(&DURATION_BOUNDS, Duration::from_millis(record.duration_ms));
        }
    }

    pub fn count_left_out(&mut self, left_out: &LeftOut) {
        match left_out {
            LeftOut::Skipped(_, reason) => add(&mut self.skipped, *reason as usize, 1),
            LeftOut::Missed(missed) => {
                add(&mut self.missed, missed.reason as usize, missed.count);
            }
        }
    }
}

/// A place that there is none of would be a mistake, but none that may end a daemon.
fn add(counts: &mut [u64], place: usize, more: u64) {
    if let Some(count) = counts.get_mut(place) {
        *count += more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_and_reason_has_its_place() {
        let places = |count: usize| (0..count).collect::<Vec<_>>();
        let outcomes: Vec<_> = Outcome::ALL.iter().map(|outcome| *outcome as usize).collect();
        assert_eq!(outcomes, places(Outcome::ALL.len()));
        assert_eq!(MissedReason::ALL.map(|reason| reason as usize).to_vec(), places(5));
        assert_eq!(SkipReason::ALL.map(|reason| reason as usize).to_vec(), places(3));
    }

    #[test]
    fn a_bound_belongs_to_its_own_bucket() {
        let mut histogram = Histogram::default();
        for millis in [0, 10, 11, 3_600_000, 3_600_001] {
            histogram.observe(&DURATION_BOUNDS, Duration::from_millis(millis));
        }
        assert_eq!(histogram.counts, [2, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert!((histogram.sum - 7200.022).abs() < 1e-6);
    }
}
