//! Schedules held against those of crontabs: whether they say the same.

use std::time::Duration;

use super::Schedule;
use crate::clock::Timestamp;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// From the first due time on, every one within this time is compared. Whatever the days, these
/// show all times of day.
const COMPARED_WHOLE: Duration = Duration::from_secs(3 * DAY);

/// After that, the first due time after each of such steps: these show the days.
const STEP: Duration = Duration::from_secs(6 * HOUR);
const STEPS_MAX: u32 = 6000;

/// The days of the week come back to the same dates, leap days included.
const HORIZON: Duration = Duration::from_secs(28 * 365 * DAY + 7 * DAY);

impl Schedule {
    /// Whether `others`, read by a clock that is `ahead` seconds ahead of UTC, are due at the same instants
    /// as this one is in UTC: at each of them one of the others, and no two.
    ///
    /// Compared are the due times themselves, some years of them: the same can be written in many
    /// ways, and moved to another zone it is written in yet another.
    pub fn is_due_like(&self, others: &[Schedule], ahead: i64, after: Timestamp) -> bool {
        let is_next_of_others = |due: Option<Timestamp>, after: Timestamp| {
            let next = others.iter().filter_map(|other| other.next_after(shifted(after, ahead)));
            let mut next: Vec<_> = next.map(|due| shifted(due, -ahead)).collect();
            next.sort_unstable();
            next.first() == due.as_ref() && (next.len() < 2 || next[0] < next[1])
        };
        let ends = after.plus(HORIZON);
        let (mut at, mut steps) = (after, 0);
        let mut whole_until = None;
        while at < ends && steps < STEPS_MAX {
            let due = self.next_after(at);
            if !is_next_of_others(due, at) {
                return false;
            }
            let Some(due) = due else { return true };
            if due < *whole_until.get_or_insert(due.plus(COMPARED_WHOLE)) {
                at = due;
            } else {
                at = due.plus(STEP);
                steps += 1;
            }
        }
        true
    }
}

fn shifted(time: Timestamp, seconds: i64) -> Timestamp {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { time.minus(distance) } else { time.plus(distance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: i64 = 60 * 60;

    fn schedule(text: &str) -> Schedule {
        Schedule::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn alike(one: &str, other: &str, ahead: i64) -> bool {
        let after = Timestamp::parse("2026-11-24T10:20:30Z").expect("a time");
        schedule(one).is_due_like(&[schedule(other)], ahead, after)
    }

    #[test]
    fn what_is_due_at_the_same_times_is_alike_however_it_is_written() {
        for (one, other) in [
            ("0 2 * * 1", "00 02 * * MON"),
            ("@daily", "0 0 * * *"),
            ("@weekly", "0 0 * * 7"),
            ("every 1h", "0 * * * *"),
            ("every 10m", "*/10 * * * *"),
            ("every 12h", "0 0,12 * * *"),
            ("0 0 1,2 * *", "0 0 1-2 * *"),
            ("0 0 29 2 *", "0 0 29 feb *"),
            ("*/7 * * * *", "0,7,14,21,28,35,42,49,56 * * * *"),
        ] {
            assert!(alike(one, other, 0) && alike(other, one, 0), "{one} {other}");
        }
    }

    #[test]
    fn what_differs_only_once_in_a_while_is_not_alike() {
        for (one, other) in [
            ("0 2 * * 1", "0 3 * * 1"),
            ("0 2 * * 1", "0 2 * * *"),
            ("0 4 1 * *", "0,30 4 1 * *"),
            ("*/5 * * * *", "*/5 * * 1-11 *"),
            ("0 0 * * *", "0 0 1-30 * *"),
            ("0 0 28 2 *", "0 0 28,29 2 *"),
            ("0 0 1 1 *", "0 0 1 1,6 *"),
            ("0 0 L * *", "0 0 28-31 * *"),
            // A day that is not every day: the second restarts each midnight.
            ("every 7h", "0 */7 * * *"),
            ("every 10s", "* * * * *"),
        ] {
            assert!(!alike(one, other, 0) && !alike(other, one, 0), "{one} {other}");
        }
    }

    #[test]
    fn another_zone_moves_hours_and_days() {
        // What a clock in Tokyo (nine hours ahead) or on Hawaii (ten behind) has to be told.
        assert!(alike("0 2 * * 1", "0 11 * * 1", 9 * HOURS));
        assert!(alike("0 20 * * 1", "0 5 * * 2", 9 * HOURS));
        assert!(alike("0 2 * * 1", "0 16 * * 0", -10 * HOURS));
        assert!(!alike("0 2 * * 1", "0 2 * * 1", 9 * HOURS));
        // A zone of whole hours does not matter to what happens every hour.
        assert!(alike("every 1h", "0 * * * *", 9 * HOURS));
        assert!(!alike("every 1h", "0 * * * *", 5 * HOURS + HOURS / 2));
        assert!(alike("every 30m", "*/30 * * * *", 5 * HOURS + HOURS / 2));
    }

    #[test]
    fn many_may_say_together_what_one_says() {
        let after = Timestamp::parse("2026-11-24T10:20:30Z").expect("a time");
        let uneven = schedule("every 90m");
        let lines = [schedule("0 */3 * * *"), schedule("30 1-22/3 * * *")];
        assert!(uneven.is_due_like(&lines, 0, after));
        assert!(!uneven.is_due_like(&lines[1..], 0, after));
        assert!(!schedule("0 */3 * * *").is_due_like(&lines, 0, after));
        assert!(!uneven.is_due_like(&[], 0, after));
        let twice = [lines[0].clone(), lines[1].clone(), schedule("0 3 * * *")];
        assert!(!uneven.is_due_like(&twice, 0, after), "some of it twice");
    }
}
