//! In which time zone cron reads its schedules.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use tz::TimeZone;

use crate::clock::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A year shows summer and winter.
const DAYS_LOOKED_AT: u32 = 366;

/// What the C library reads where no variable says otherwise.
const OF_HOST: &str = "/etc/localtime";

/// A time zone: how far its clocks are ahead of UTC in the coming year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    /// In seconds, ascending. More than one where there is summer time.
    offsets: Vec<i32>,
}

impl Zone {
    /// The zone of this host: that of `variable` (`TZ`), else that of the system.
    pub fn of_host(variable: Option<&OsStr>, now: Timestamp) -> Self {
        if let Some(variable) = variable {
            return Self::named(&variable.to_string_lossy(), now);
        }
        let name = std::fs::canonicalize(OF_HOST).ok().and_then(|path| name_of(&path));
        let zone = TimeZone::local();
        // Where there is none, the C library takes UTC.
        zone.map_or_else(
            |_| Self::utc(),
            |zone| Self::of(name.unwrap_or_else(|| "local time".to_owned()), &zone, now),
        )
    }

    /// The zone that a variable names, in any of the forms that the C library takes.
    pub fn named(name: &str, now: Timestamp) -> Self {
        match TimeZone::from_posix_tz(name) {
            Ok(zone) => Self::of(name.trim_start_matches(':').to_owned(), &zone, now),
            // As the C library does it.
            Err(_) => Self { name: format!("{name} (unknown, so UTC)"), offsets: vec![0] },
        }
    }

    fn utc() -> Self {
        Self { name: "UTC".to_owned(), offsets: vec![0] }
    }

    fn of(name: String, zone: &TimeZone, now: Timestamp) -> Self {
        let offset = |day: u32| {
            let at = now.plus(DAY * day).since_epoch().as_secs();
            let local = zone.find_local_time_type(i64::try_from(at).ok()?).ok()?;
            Some(local.ut_offset())
        };
        let mut offsets: Vec<i32> = (0..DAYS_LOOKED_AT).filter_map(offset).collect();
        offsets.sort_unstable();
        offsets.dedup();
        if offsets.is_empty() {
            offsets.push(0);
        }
        Self { name, offsets }
    }

    /// How far its clocks are ahead of UTC, in seconds, in the course of a year.
    pub fn offsets(&self) -> impl Iterator<Item = i64> {
        self.offsets.iter().map(|offset| i64::from(*offset))
    }
}

/// `Europe/Berlin (UTC+01:00 and UTC+02:00)`, or just `UTC`.
impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        if self.offsets == [0] {
            return Ok(());
        }
        let offsets = self.offsets.iter().map(|offset| {
            let (sign, minutes) = (if *offset < 0 { '-' } else { '+' }, offset.abs() / 60);
            format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        });
        write!(f, " ({})", offsets.collect::<Vec<_>>().join(" and "))
    }
}

/// `Europe/Berlin` of `/usr/share/zoneinfo/Europe/Berlin`.
fn name_of(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let (_, name) = text.split_once("/zoneinfo/")?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::named(name, Timestamp::parse("2026-11-24T00:00:00Z").expect("a time"))
    }

    /// The POSIX form needs no database of zones on the machine that runs the tests.
    #[test]
    fn a_zone_is_as_far_ahead_as_it_is_in_the_course_of_a_year() {
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(berlin.offsets().collect::<Vec<_>>(), [3600, 7200]);
        assert!(berlin.to_string().ends_with(" (UTC+01:00 and UTC+02:00)"), "{berlin}");
        assert_eq!(zone("<-0330>3:30").to_string(), "<-0330>3:30 (UTC-03:30)");
        assert_eq!(zone("UTC0").to_string(), "UTC0");
        assert_eq!(zone("Mars/Olympus").to_string(), "Mars/Olympus (unknown, so UTC)");
    }

    #[test]
    fn the_zone_of_the_host_is_that_of_the_variable_first() {
        let now = Timestamp::parse("2026-11-24T00:00:00Z").expect("a time");
        let of_variable = Zone::of_host(Some(OsStr::new("JST-9")), now);
        assert_eq!(of_variable.offsets().collect::<Vec<_>>(), [9 * 3600]);
        let name = name_of(Path::new("/usr/share/zoneinfo/Europe/Berlin"));
        assert_eq!(name.as_deref(), Some("Europe/Berlin"));
    }
}
