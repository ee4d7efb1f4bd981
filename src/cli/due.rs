//! Which due time a run from the command line is for.
//!
//! Cron does not tell what it starts a program for. Where several hosts have the same line in their
//! crontabs they have to agree on it all the same, for `(job, due_at)` is what is claimed.

use std::str::FromStr;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::schedule::Schedule;

/// Cron starts what is due within the minute. Later is another reason to start the job.
const LATE_MAX: Duration = Duration::from_secs(60);

/// A due time that is named may be this far ahead of this host's clock.
pub const EARLY_MAX: Duration = Duration::from_secs(60 * 60);

/// What `--due` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Due {
    /// Found out from the job's schedule.
    #[default]
    Auto,
    /// None: the run is started for its own sake.
    None,
    At(Timestamp),
}

impl FromStr for Due {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            time => Timestamp::parse(time).map(Self::At).ok_or_else(|| {
                "write auto, none or an RFC 3339 time in UTC such as 2026-11-24T02:00:00Z"
                    .to_owned()
            }),
        }
    }
}

/// The latest due time of a run that cron or a timer may have started at `now`, up to `jitter`
/// later than it was due: one that is not too old to be what it was started for.
pub fn latest(schedule: &Schedule, jitter: Duration, now: Timestamp) -> Option<Timestamp> {
    schedule.last_at_or_before(now).filter(|due_at| now.since(*due_at) <= LATE_MAX + jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_for_the_latest_due_time_unless_that_is_too_old() {
        let schedule = Schedule::parse("*/5 * * * *").expect("a schedule");
        let at = |text| Timestamp::parse(text).expect("a time");
        for (now, due_at) in [
            ("2026-01-01T00:05:00Z", Some("2026-01-01T00:05:00Z")),
            ("2026-01-01T00:05:59Z", Some("2026-01-01T00:05:00Z")),
            ("2026-01-01T00:06:01Z", None),
            ("2026-01-01T00:04:59Z", None),
        ] {
            assert_eq!(latest(&schedule, Duration::ZERO, at(now)), due_at.map(at), "{now}");
        }
    }

    #[test]
    fn a_due_time_is_written_in_one_of_three_ways() {
        assert_eq!("auto".parse(), Ok(Due::Auto));
        assert_eq!("none".parse(), Ok(Due::None));
        let time = Timestamp::parse("2026-01-01T00:05:00Z").expect("a time");
        assert_eq!("2026-01-01T00:05:00Z".parse(), Ok(Due::At(time)));
        assert!("soon".parse::<Due>().is_err_and(|reason| reason.contains("RFC 3339")));
    }
}
