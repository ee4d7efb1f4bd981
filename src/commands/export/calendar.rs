//! A pattern as calendar events of systemd.time(7), in UTC.
//!
//! systemd joins weekday and date by AND. What cron joins by OR takes an event each, and the days
//! that depend on the month are said by both: the third Friday is the Friday of the days 15 to 21.

use crate::schedule::Special;

use super::pattern::{DayField, Days, Missing, Pattern, list};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MONDAY: u8 = 1;
const FRIDAY: u8 = 5;

const DAYS_MAX: u8 = 31;

/// The last day that is followed by another in every month.
const FOLLOWED_DAY_MAX: u8 = 27;

/// Days that have both a weekday and a place in the month out of these.
struct DaySet {
    weekdays: Vec<u8>,
    dates: Dates,
}

enum Dates {
    Numbers(Vec<u8>),
    /// The last day is 1.
    FromEnd(Vec<u8>),
}

/// Calendar events that come due when the pattern does.
pub fn events(pattern: &Pattern) -> Result<Vec<String>, Missing> {
    let two_digits = |value: u8| format!("{value:02}");
    let field = |values: &[u8], count: usize| {
        if values.len() == count { "*".to_owned() } else { list(values, "..", true, two_digits) }
    };
    let months = field(&pattern.months, 12);
    let hours = field(&pattern.hours, 24);
    let minutes = field(&pattern.minutes, 60);
    let seconds = field(&pattern.seconds, 60);
    let event = |days: DaySet| {
        let weekdays = match days.weekdays.len() {
            7 => String::new(),
            _ => list(&days.weekdays, "..", false, |day| weekday(day).to_owned()) + " ",
        };
        let dates = match &days.dates {
            Dates::Numbers(numbers) => format!("-{}", field(numbers, DAYS_MAX.into())),
            // As the manual writes the last week.
            Dates::FromEnd(days) if *days == last_week() => "~07/1".to_owned(),
            Dates::FromEnd(days) => format!("~{}", list(days, "..", false, two_digits)),
        };
        format!("{weekdays}*-{months}{dates} {hours}:{minutes}:{seconds} UTC")
    };
    Ok(day_sets(&pattern.days)?.into_iter().map(event).collect())
}

fn weekday(day: u8) -> &'static str {
    WEEKDAYS[usize::from(day) - 1]
}

fn day_sets(days: &Days) -> Result<Vec<DaySet>, Missing> {
    match (&days.of_month, &days.of_week) {
        (None, None) => Ok(vec![DaySet::of_dates((1..=DAYS_MAX).collect())]),
        (Some(field), None) => of_month(field),
        (None, Some(field)) => Ok(of_week(field)),
        (Some(days_of_month), Some(days_of_week)) if days.needs_both => {
            let mut both = Vec::new();
            for of_month in &of_month(days_of_month)? {
                for of_week in &of_week(days_of_week) {
                    both.push(of_month.and(of_week)?);
                }
            }
            both.retain(|set| !set.is_empty());
            Ok(both)
        }
        (Some(days_of_month), Some(days_of_week)) => {
            Ok(of_month(days_of_month)?.into_iter().chain(of_week(days_of_week)).collect())
        }
    }
}

fn of_month(field: &DayField) -> Result<Vec<DaySet>, Missing> {
    let mut sets = Vec::new();
    if !field.values.is_empty() {
        sets.push(DaySet::of_dates(field.values.clone()));
    }
    let from_end = |weekdays: Vec<u8>, days| DaySet { weekdays, dates: Dates::FromEnd(days) };
    let numbers = |weekdays: Vec<u8>, days| DaySet { weekdays, dates: Dates::Numbers(days) };
    let workdays = || (MONDAY..=FRIDAY).collect::<Vec<_>>();
    for special in &field.specials {
        match *special {
            Special::LastDay => sets.push(from_end(every_weekday(), vec![1])),
            Special::LastWorkday => {
                sets.push(from_end(workdays(), vec![1]));
                // The Friday before a month that ends on a Saturday or a Sunday.
                sets.push(from_end(vec![FRIDAY], vec![2, 3]));
            }
            Special::NearestWorkday(day) if day <= FOLLOWED_DAY_MAX => {
                sets.push(numbers(workdays(), vec![day]));
                if day == 1 {
                    sets.push(numbers(vec![MONDAY], vec![2, 3]));
                } else {
                    sets.push(numbers(vec![FRIDAY], vec![day - 1]));
                    sets.push(numbers(vec![MONDAY], vec![day + 1]));
                }
            }
            // Which day is the nearest one depends on how long the month is.
            _ => return Err("W with a day after the 27th"),
        }
    }
    Ok(sets)
}

fn of_week(field: &DayField) -> Vec<DaySet> {
    let any_date = || Dates::Numbers((1..=DAYS_MAX).collect());
    let plain = (!field.values.is_empty())
        .then(|| DaySet { weekdays: field.values.clone(), dates: any_date() });
    let specials = field.specials.iter().filter_map(|special| match *special {
        Special::Last(day) => {
            Some(DaySet { weekdays: vec![day], dates: Dates::FromEnd(last_week()) })
        }
        Special::Nth(day, nth) => {
            let numbers = (nth * 7 - 6..=nth * 7).filter(|day| *day <= DAYS_MAX).collect();
            Some(DaySet { weekdays: vec![day], dates: Dates::Numbers(numbers) })
        }
        _ => None,
    });
    plain.into_iter().chain(specials).collect()
}

fn every_weekday() -> Vec<u8> {
    (1..=7).collect()
}

fn last_week() -> Vec<u8> {
    (1..=7).collect()
}

impl DaySet {
    fn of_dates(numbers: Vec<u8>) -> Self {
        Self { weekdays: every_weekday(), dates: Dates::Numbers(numbers) }
    }

    /// The days that are in both.
    fn and(&self, other: &Self) -> Result<Self, Missing> {
        let common = |one: &[u8], other: &[u8]| -> Vec<u8> {
            one.iter().copied().filter(|value| other.contains(value)).collect()
        };
        let dates = match (&self.dates, &other.dates) {
            (Dates::Numbers(one), Dates::Numbers(other)) => Dates::Numbers(common(one, other)),
            (Dates::FromEnd(one), Dates::FromEnd(other)) => Dates::FromEnd(common(one, other)),
            (Dates::FromEnd(days), Dates::Numbers(all))
            | (Dates::Numbers(all), Dates::FromEnd(days))
                if all.len() == usize::from(DAYS_MAX) =>
            {
                Dates::FromEnd(days.clone())
            }
            _ => return Err("days that are counted from both ends of the month"),
        };
        Ok(Self { weekdays: common(&self.weekdays, &other.weekdays), dates })
    }

    fn is_empty(&self) -> bool {
        let (Dates::Numbers(days) | Dates::FromEnd(days)) = &self.dates;
        self.weekdays.is_empty() || days.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Schedule;

    /// What systemd makes of these is tested with systemd itself (`tests/it/export.rs`).
    #[test]
    fn schedules_are_calendar_events() {
        let events = |schedule: &str| {
            let schedule = Schedule::parse(schedule).expect("a schedule");
            let patterns = Pattern::all_of(&schedule).expect("patterns");
            let events: Result<Vec<_>, _> = patterns.iter().map(events).collect();
            events.map(|events| events.concat())
        };
        for (schedule, expected) in [
            ("every 10s", &["*-*-* *:*:00..50/10 UTC"][..]),
            ("0 2 * * 1", &["Mon *-*-* 02:00:00 UTC"]),
            ("*/15 9-17 * 1-6 mon-fri", &["Mon..Fri *-01..06-* 09..17:00..45/15:00 UTC"]),
            ("0 0 13 * 5", &["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]),
            ("0 0 */2 * 1,3,5", &["Mon,Wed,Fri *-*-01..31/2 00:00:00 UTC"]),
            ("0 0 L * *", &["*-*~01 00:00:00 UTC"]),
            ("0 0 * * 5L", &["Fri *-*~07/1 00:00:00 UTC"]),
            ("0 0 * * 5#3", &["Fri *-*-15..21 00:00:00 UTC"]),
            ("0 0 * * 7#5", &["Sun *-*-29..31 00:00:00 UTC"]),
            ("0 0 */10 * 5#3", &["Fri *-*-21 00:00:00 UTC"]),
            ("0 0 LW * *", &["Mon..Fri *-*~01 00:00:00 UTC", "Fri *-*~02,03 00:00:00 UTC"]),
            ("every 1h 30m", &["*-*-* 00..21/3:00:00 UTC", "*-*-* 01..22/3:30:00 UTC"]),
        ] {
            let expected = expected.iter().map(|event| (*event).to_owned()).collect();
            assert_eq!(events(schedule), Ok(expected), "{schedule}");
        }
        assert!(events("0 0 28W * *").is_err_and(|missing| missing.contains('W')));
        assert!(events("0 0 */2 * 5L").is_err_and(|missing| missing.contains("both ends")));
    }
}
