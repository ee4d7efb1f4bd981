//! Arithmetic with due times that were missed.

use std::time::Duration;

use super::handled::Stretch;
use super::policy::{Missed, MissedReason};
use crate::schedule::Schedule;

/// More due times than are worth counting one by one.
const COUNT_MAX: u64 = 1_000_000;

/// The due times within some stretches, as missed.
pub fn missed_within(
    schedule: &Schedule,
    stretches: &[Stretch],
    reason: MissedReason,
) -> Option<Missed> {
    let mut all: Option<Missed> = None;
    for &Stretch { low, high } in stretches {
        let Some(first) = schedule.next_after(low).filter(|first| *first <= high) else { continue };
        let Some(last) = schedule.last_at_or_before(high) else { continue };
        let before_last = schedule
            .last_at_or_before(last.minus(Duration::from_nanos(1)))
            .filter(|before_last| *before_last >= first);
        let count = 1 + schedule.count_between(first, last, COUNT_MAX);
        let part = Missed { count, first, last, before_last, reason };
        all = Some(all.map_or(part, |earlier| join(Some(earlier), part)));
    }
    all
}

/// Two lots of missed due times of one job. Runs that wait for a database do not give up in the
/// order of their due times.
pub fn join(known: Option<Missed>, more: Missed) -> Missed {
    let Some(known) = known else { return more };
    let in_order = known.last <= more.last;
    let (earlier, later) = if in_order { (known, more) } else { (more, known) };
    Missed {
        count: earlier.count.saturating_add(later.count),
        first: earlier.first.min(later.first),
        last: later.last,
        before_last: later.before_last.max(Some(earlier.last)),
        reason: more.reason,
    }
}
