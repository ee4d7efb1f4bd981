//! The only reader of time. A run sees wall time (when) and monotonic time (how long) through
//! one [`Clock`], so that a test can replace both at once.

mod alarm;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

pub use alarm::Alarm;

/// A point in UTC time, stored and printed as RFC 3339 with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(SystemTime);

impl Timestamp {
    /// Reads the text form back; any RFC 3339 time in UTC will do.
    pub fn parse(text: &str) -> Option<Self> {
        humantime::parse_rfc3339(text).ok().map(Self)
    }

    /// The instant `duration` after the Unix epoch.
    pub fn from_epoch(duration: Duration) -> Self {
        Self(UNIX_EPOCH + duration)
    }

    /// Time since the Unix epoch; zero for a clock that stands before it.
    pub fn since_epoch(self) -> Duration {
        self.0.duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    /// How much later this is than `earlier`; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0).unwrap_or_default()
    }

    /// The instant `duration` later.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.checked_add(duration).unwrap_or(self.0))
    }

    /// The instant `duration` earlier, not before the Unix epoch.
    pub fn minus(self, duration: Duration) -> Self {
        Self(UNIX_EPOCH + self.since_epoch().saturating_sub(duration))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = humantime::format_rfc3339_millis(UNIX_EPOCH + self.since_epoch()).to_string();
        f.pad(&text)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::invalid_value(serde::de::Unexpected::Str(&text), &"an RFC 3339 time")
        })
    }
}

/// Where a program gets its time from. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clocks.
    System,
    #[cfg(test)]
    /// `epoch` plus tokio's time since `start`, so many times as fast: stands still under
    /// `tokio::time::pause`.
    Virtual { epoch: SystemTime, start: Instant, speed: u32 },
}

impl Clock {
    #[cfg(test)]
    /// A clock that reads `epoch` now and then follows tokio's (pausable) time.
    pub fn starting_at(epoch: SystemTime) -> Self {
        Self::running_fast(epoch, 1)
    }

    #[cfg(test)]
    /// A clock that reads `epoch` now and then runs `speed` times as fast as tokio's: for what
    /// takes minutes and cannot be paused.
    pub fn running_fast(epoch: SystemTime, speed: u32) -> Self {
        Self::Virtual { epoch, start: Instant::now(), speed }
    }

    /// The wall clock.
    #[expect(clippy::disallowed_methods, reason = "the clock is where time is read")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp(SystemTime::now()),
            #[cfg(test)]
            Clock::Virtual { epoch, start, speed } => Timestamp(*epoch + start.elapsed() * *speed),
        }
    }

    /// The monotonic clock: for durations and deadlines only.
    pub fn monotonic(&self) -> Instant {
        match self {
            Clock::System => Instant::now(),
            #[cfg(test)]
            Clock::Virtual { start, speed, .. } => *start + start.elapsed() * *speed,
        }
    }

    /// How long tokio waits while so much time of this clock passes.
    fn wait_for(&self, time: Duration) -> Duration {
        match self {
            Clock::System => time,
            #[cfg(test)]
            Clock::Virtual { speed, .. } => time / *speed,
        }
    }
}

/// The longest duration that makes sense for a run; beyond it arithmetic on time gets silly.
const RUN_DURATION_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Heartbeats go out every third of it, and take a round trip each.
const LEASE_MIN: Duration = Duration::from_secs(1);

/// Reads a duration as humantime does, and says how to write one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write durations as 10s, 5m or 1h 30m"))
}

/// A duration that a run may take or be delayed by.
pub fn parse_run_duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration > RUN_DURATION_MAX { Err("must be at most 365d".to_owned()) } else { Ok(duration) }
}

/// A duration after which a run is ended.
pub fn parse_timeout(text: &str) -> Result<Duration, String> {
    parse_run_duration(text).and_then(longer_than_zero)
}

/// How long something is kept.
pub fn parse_retention(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(longer_than_zero)
}

fn longer_than_zero(duration: Duration) -> Result<Duration, String> {
    if duration.is_zero() { Err("must be longer than zero".to_owned()) } else { Ok(duration) }
}

/// How long a lease lasts without a heartbeat: long enough for a few of them.
pub fn parse_lease(text: &str) -> Result<Duration, String> {
    let lease = parse_run_duration(text)?;
    if lease < LEASE_MIN { Err("must be at least 1s".to_owned()) } else { Ok(lease) }
}

/// Whole milliseconds, as durations are logged and put into JSON.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Writes a duration as humantime does, in steps that a person reads: whole milliseconds below
/// ten seconds, whole seconds above.
pub fn format_duration(duration: Duration) -> String {
    let millis = millis(duration);
    let rounded = if millis < 10_000 {
        Duration::from_millis(millis)
    } else {
        Duration::from_secs(millis / 1000)
    };
    humantime::format_duration(rounded).to_string()
}

/// Writes a duration whole, as people do it in settings. Days are the largest unit: to humantime a
/// month is 30.44 of them.
pub fn format_setting(duration: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let days = duration.as_secs() / DAY;
    let below_a_day = duration - Duration::from_secs(days * DAY);
    let days = (days > 0).then(|| format!("{days}d"));
    let below_a_day = (days.is_none() || !below_a_day.is_zero())
        .then(|| humantime::format_duration(below_a_day).to_string());
    days.into_iter().chain(below_a_day).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_three_decimals_and_come_back() {
        let time = Timestamp(UNIX_EPOCH + Duration::from_millis(1_767_225_600_007));
        assert_eq!(time.to_string(), "2026-01-01T00:00:00.007Z");
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
    }

    #[test]
    fn durations_are_rounded_for_people() {
        assert_eq!(format_duration(Duration::from_micros(2_345_678)), "2s 345ms");
        assert_eq!(format_duration(Duration::from_millis(90_500)), "1m 30s");
    }

    #[test]
    fn durations_of_settings_are_whole_and_have_days_at_most() {
        for text in ["0s", "10s", "1h 30m", "1d", "90d", "40d 1h", "1d 1ms"] {
            let duration = parse_duration(text).expect("a duration");
            assert_eq!(format_setting(duration), text);
        }
    }
}
