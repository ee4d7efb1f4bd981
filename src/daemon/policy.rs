//! What the daemon does when things do not go by the clock: pure decisions, each a function with
//! its table of tests.

use std::time::Duration;

use crate::clock::Timestamp;

/// A due time that is seen this much too late was missed, unless the clock jumped over it: see
/// [`missed_until`]. Long enough for a busy machine, short enough that nobody expected the run.
const LATE_MAX: Duration = Duration::from_secs(60);

/// Wall and monotonic clock that drift apart by less than this since the last look are slewed or
/// read one after the other. More is a jump: a suspend, or somebody set the clock.
const JUMP_MIN: Duration = Duration::from_secs(1);

/// What to do when a job comes due while its previous run is going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Overlap {
    /// Leave the due time out.
    #[default]
    Skip,
    /// Start when the previous run has ended; one at most waits.
    Wait,
    /// Run both.
    Allow,
}

/// What becomes of a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Start,
    /// Until the previous run has ended, or a place is free.
    Wait,
    /// Wait in the place of the due time that is waiting already, which is left out. The latest
    /// one waits, so that what a killed daemon leaves waiting is later than all that it recorded:
    /// the next daemon finds it missed.
    Supersede,
    Skip,
}

/// Why a due time was left out although the daemon was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipReason {
    /// The previous run is still going.
    Running,
    /// A later due time took its place while it waited.
    Superseded,
    /// The configuration does not have the job any more.
    Removed,
}

impl SkipReason {
    pub const ALL: [SkipReason; 3] =
        [SkipReason::Running, SkipReason::Superseded, SkipReason::Removed];

    /// For the metrics.
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::Running => "running",
            SkipReason::Superseded => "superseded",
            SkipReason::Removed => "removed",
        }
    }

    /// For the history, after "skipped: ".
    pub fn text(self) -> &'static str {
        match self {
            SkipReason::Running => "the previous run is still going",
            SkipReason::Superseded => "a later due time took its place while it waited",
            SkipReason::Removed => "the job was taken out of the configuration",
        }
    }
}

/// What becomes of a job's due time, with `running` runs of it going, one `waiting` or not, and a
/// `slot` for one more run in the daemon or not.
pub fn on_due(overlap: Overlap, running: u32, waiting: bool, slot: bool) -> Decision {
    match (overlap, running) {
        (Overlap::Skip, 1..) => Decision::Skip,
        _ if waiting => Decision::Supersede,
        (Overlap::Wait, 1..) => Decision::Wait,
        (Overlap::Allow, _) | (_, 0) if slot => Decision::Start,
        (Overlap::Allow, _) | (_, 0) => Decision::Wait,
    }
}

/// How the wall clock moved against the monotonic one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockStep {
    None,
    /// A suspend, or the clock was set forward.
    Forward(Duration),
    /// The clock was set back.
    Back(Duration),
}

/// Compares what the wall clock went through since the last look with what really passed.
pub fn clock_step(before: Timestamp, now: Timestamp, passed: Duration) -> ClockStep {
    let expected = before.plus(passed);
    let forward = now.since(expected);
    let back = expected.since(now);
    if forward >= JUMP_MIN {
        ClockStep::Forward(forward)
    } else if back >= JUMP_MIN {
        ClockStep::Back(back)
    } else {
        ClockStep::None
    }
}

/// The due times up to this instant were missed, the later ones are just late. Where the clock
/// jumped, nobody has seen what it jumped over; where it did not, the daemon was held up, and
/// makes good what is not too old.
pub fn missed_until(now: Timestamp, step: ClockStep) -> Timestamp {
    match step {
        ClockStep::Forward(_) => now.minus(JUMP_MIN),
        ClockStep::None | ClockStep::Back(_) => now.minus(LATE_MAX),
    }
}

/// Why due times were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissedReason {
    /// Between two daemons.
    NotRunning,
    /// A suspend, or the clock was set forward.
    ClockJump,
    /// The machine was too busy, or the process was stopped.
    HeldUp,
    Paused,
    /// Nothing could be claimed.
    DatabaseAway,
}

impl MissedReason {
    pub const ALL: [MissedReason; 5] = [
        MissedReason::NotRunning,
        MissedReason::ClockJump,
        MissedReason::HeldUp,
        MissedReason::Paused,
        MissedReason::DatabaseAway,
    ];

    /// For the metrics.
    pub fn name(self) -> &'static str {
        match self {
            MissedReason::NotRunning => "not_running",
            MissedReason::ClockJump => "clock_jump",
            MissedReason::HeldUp => "held_up",
            MissedReason::Paused => "paused",
            MissedReason::DatabaseAway => "database_away",
        }
    }

    /// For the history, after "missed 3 due times: ".
    pub fn text(self) -> &'static str {
        match self {
            MissedReason::NotRunning => "no daemon was running",
            MissedReason::ClockJump => "the machine slept or its clock was set forward",
            MissedReason::HeldUp => "the daemon was held up",
            MissedReason::Paused => "the job was paused",
            MissedReason::DatabaseAway => "the database was away",
        }
    }
}

/// Due times of a job that passed while nobody could start it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// At least one.
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The one before the last, where there are two or more.
    pub before_last: Option<Timestamp>,
    pub reason: MissedReason,
}

impl Missed {
    /// A single one.
    pub fn one(due_at: Timestamp, reason: MissedReason) -> Self {
        Self { count: 1, first: due_at, last: due_at, before_last: None, reason }
    }
}

/// What becomes of missed due times: at most one run makes up for all of them, under the last
/// one's name, and the others stay missed.
pub fn on_missed(catch_up: bool, missed: Missed) -> (Option<Timestamp>, Option<Missed>) {
    // Who pauses a job does not want it to run the moment it is resumed.
    if !catch_up || missed.reason == MissedReason::Paused {
        return (None, Some(missed));
    }
    let rest = missed.before_last.map(|before_last| Missed {
        count: missed.count - 1,
        last: before_last,
        before_last: None,
        ..missed
    });
    (Some(missed.last), rest)
}

/// The random delay of a start, less than `jitter` and less than the time to the next due time, so
/// that runs keep their order. `random` is from 0 to 1.
pub fn delay(jitter: Duration, to_next: Duration, random: f64) -> Duration {
    jitter.min(to_next).mul_f64(random.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_epoch(Duration::from_secs(1_800_000_000 + seconds))
    }

    #[test]
    fn a_due_time_starts_waits_or_is_skipped() {
        use Decision::{Skip, Start, Supersede, Wait};
        use Overlap as O;
        let table = [
            // overlap, running, waiting, slot
            (O::Skip, 0, false, true, Start),
            (O::Skip, 0, false, false, Wait),
            (O::Skip, 0, true, false, Supersede),
            (O::Skip, 1, false, true, Skip),
            (O::Skip, 1, false, false, Skip),
            (O::Wait, 0, false, true, Start),
            (O::Wait, 0, false, false, Wait),
            (O::Wait, 1, false, true, Wait),
            (O::Wait, 1, false, false, Wait),
            (O::Wait, 1, true, true, Supersede),
            (O::Allow, 0, false, true, Start),
            (O::Allow, 7, false, true, Start),
            (O::Allow, 7, false, false, Wait),
            (O::Allow, 7, true, false, Supersede),
        ];
        for (overlap, running, waiting, slot, expected) in table {
            let decision = on_due(overlap, running, waiting, slot);
            assert_eq!(decision, expected, "{overlap:?} {running} {waiting} {slot}");
        }
    }

    #[test]
    fn a_step_is_what_wall_and_monotonic_clock_disagree_about() {
        use ClockStep::{Back, Forward, None};
        let second = Duration::from_secs(1);
        let table = [
            (at(0), at(10), 10 * second, None),
            (at(0), at(3600), HOUR, None),
            (at(0), at(10), Duration::from_millis(10_900), None),
            (at(0), at(3600), 10 * second, Forward(HOUR - 10 * second)),
            (at(3600), at(0), 10 * second, Back(HOUR + 10 * second)),
            (at(10), at(9), Duration::ZERO, Back(second)),
            (at(10), at(11), Duration::ZERO, Forward(second)),
        ];
        for (before, now, passed, expected) in table {
            assert_eq!(clock_step(before, now, passed), expected, "{before} {now} {passed:?}");
        }
    }

    #[test]
    fn a_jump_misses_what_lateness_makes_good() {
        assert_eq!(missed_until(at(100), ClockStep::None), at(40));
        assert_eq!(missed_until(at(100), ClockStep::Back(HOUR)), at(40));
        assert_eq!(missed_until(at(100), ClockStep::Forward(HOUR)), at(99));
    }

    #[test]
    fn one_run_makes_up_for_all_that_was_missed() {
        let missed = |count, first, last, before_last, reason| Missed {
            count,
            first: at(first),
            last: at(last),
            before_last: (count > 1).then(|| at(before_last)),
            reason,
        };
        let three = missed(3, 0, 20, 10, MissedReason::NotRunning);
        let two = Missed { before_last: None, ..missed(2, 0, 10, 0, MissedReason::NotRunning) };
        assert_eq!(on_missed(true, three), (Some(at(20)), Some(two)));
        assert_eq!(on_missed(false, three), (None, Some(three)));
        let one = missed(1, 5, 5, 0, MissedReason::ClockJump);
        assert_eq!(on_missed(true, one), (Some(at(5)), None));
        assert_eq!(on_missed(false, one), (None, Some(one)));
        let paused = missed(1, 5, 5, 0, MissedReason::Paused);
        assert_eq!(on_missed(true, paused), (None, Some(paused)));
    }

    #[test]
    fn a_delay_is_shorter_than_jitter_and_period() {
        let minute = Duration::from_secs(60);
        assert_eq!(delay(Duration::ZERO, minute, 0.9), Duration::ZERO);
        assert_eq!(delay(minute, HOUR, 0.5), minute / 2);
        assert_eq!(delay(HOUR, minute, 0.5), minute / 2);
        assert_eq!(delay(HOUR, minute, 7.0), minute);
    }
}
