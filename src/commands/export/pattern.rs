//! Schedules taken apart, to be said in the language of another scheduler.
//!
//! An interval is brought to times of day here, and the rule by which the two day fields are joined
//! to one of three cases, so that a format has only to say sets of numbers.

use std::collections::BTreeMap;

use crate::schedule::{Field, Fields, Rule, Schedule, Special};

/// What a scheduler would have to know to say a schedule: what stands after "knows no".
pub type Missing = &'static str;

/// More patterns than this make a schedule that nobody can read any more.
const PATTERNS_MAX: usize = 4;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// The Unix epoch, from which weeks are counted as well, was a Thursday.
const THURSDAY: u8 = 4;

/// Due times: those at which every field has its number.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    pub seconds: Vec<u8>,
    pub minutes: Vec<u8>,
    pub hours: Vec<u8>,
    pub months: Vec<u8>,
    pub days: Days,
}

/// The days of a pattern. A field that is nothing holds on every day.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Days {
    pub of_month: Option<DayField>,
    /// With Sunday as 7.
    pub of_week: Option<DayField>,
    /// Where there are both fields: whether a day has to match both, or either will do.
    pub needs_both: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub struct DayField {
    pub values: Vec<u8>,
    pub specials: Vec<Special>,
}

impl Pattern {
    /// A schedule as patterns that together are all of it; or what a scheduler would have to know
    /// for that.
    pub fn all_of(schedule: &Schedule) -> Result<Vec<Self>, Missing> {
        match schedule.rule() {
            Rule::Cron(fields) => Ok(vec![Self::of_cron(fields)]),
            Rule::Every(interval) => Self::of_interval(interval),
        }
    }

    fn of_cron(fields: &Fields) -> Self {
        let Fields { seconds, minutes, hours, months, .. } = fields;
        let values = |field: &Field| field.values().collect();
        Self {
            seconds: values(seconds),
            minutes: values(minutes),
            hours: values(hours),
            months: values(months),
            days: Days::of_cron(fields),
        }
    }

    fn of_interval(interval: u64) -> Result<Vec<Self>, Missing> {
        if interval == 7 * SECONDS_PER_DAY {
            let thursday = DayField { values: vec![THURSDAY], specials: Vec::new() };
            let days = Days { of_week: Some(thursday), ..Days::default() };
            return Ok(vec![Self { days, ..Self::daily(vec![0], vec![0], vec![0]) }]);
        }
        if !SECONDS_PER_DAY.is_multiple_of(interval) {
            return Err("intervals that do not divide a day");
        }
        // Minutes of an hour that have the same seconds, then hours of the day that have the same
        // minutes.
        let mut minutes: BTreeMap<(u8, Vec<u8>), Vec<u8>> = BTreeMap::new();
        for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
            let start = (u64::from(hour) * 60 + u64::from(minute)) * 60;
            let is_due = |second: &u8| (start + u64::from(*second)).is_multiple_of(interval);
            let seconds: Vec<u8> = (0..60).filter(is_due).collect();
            if !seconds.is_empty() {
                minutes.entry((hour, seconds)).or_default().push(minute);
            }
        }
        let mut hours: BTreeMap<(Vec<u8>, Vec<u8>), Vec<u8>> = BTreeMap::new();
        for ((hour, seconds), minutes) in minutes {
            hours.entry((minutes, seconds)).or_default().push(hour);
        }
        if hours.len() > PATTERNS_MAX {
            return Err("intervals of so many different times of day");
        }
        let pattern = |((minutes, seconds), hours)| Self::daily(seconds, minutes, hours);
        Ok(hours.into_iter().map(pattern).collect())
    }

    fn daily(seconds: Vec<u8>, minutes: Vec<u8>, hours: Vec<u8>) -> Self {
        Self { seconds, minutes, hours, months: (1..=12).collect(), days: Days::default() }
    }
}

impl Days {
    fn of_cron(fields: &Fields) -> Self {
        let restricted = |field: &Field| {
            let day_field =
                || DayField { values: field.values().collect(), specials: field.specials.clone() };
            (!field.is_everything()).then(day_field)
        };
        let needs_both = fields.needs_both_days();
        match (restricted(&fields.days), restricted(&fields.weekdays)) {
            // Where either field will do, one that always holds is enough.
            (None, _) | (_, None) if !needs_both => Self::default(),
            (of_month, of_week) => Self { of_month, of_week, needs_both },
        }
    }

    pub fn has_specials(&self) -> bool {
        let fields = [&self.of_month, &self.of_week];
        fields.into_iter().flatten().any(|field| !field.specials.is_empty())
    }
}

/// Numbers in order as a list, three or more of them in a row as a range: `1,3,9-17`. With
/// `has_steps` also those that are evenly apart: `1-31/2`.
pub fn list(values: &[u8], range: &str, has_steps: bool, name: impl Fn(u8) -> String) -> String {
    let mut items = Vec::new();
    let mut rest = values;
    while let [first, ..] = rest {
        let step = rest.get(1).map_or(1, |second| second - first);
        let is_next = |pair: &&[u8]| pair[1] - pair[0] == step;
        let length = 1 + rest.windows(2).take_while(is_next).count();
        if length < 3 || step > 1 && !has_steps {
            items.push(name(*first));
            rest = &rest[1..];
            continue;
        }
        let step = if step > 1 { format!("/{step}") } else { String::new() };
        items.push(format!("{}{range}{}{step}", name(*first), name(rest[length - 1])));
        rest = &rest[length..];
    }
    items.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_ranges_and_steps() {
        let read = |values: &[u8], has_steps| list(values, "-", has_steps, |n| n.to_string());
        for (values, with_steps, without) in [
            (&[5][..], "5", "5"),
            (&[0, 30], "0,30", "0,30"),
            (&[1, 2, 3, 4, 5], "1-5", "1-5"),
            (&[0, 2, 3, 4, 5, 9], "0,2-5,9", "0,2-5,9"),
            (&[1, 3, 5, 7], "1-7/2", "1,3,5,7"),
            (&[0, 10, 20, 21, 22], "0-20/10,21,22", "0,10,20-22"),
        ] {
            assert_eq!(
                (read(values, true), read(values, false)),
                (with_steps.into(), without.into())
            );
        }
    }

    fn patterns(schedule: &str) -> Result<Vec<Pattern>, Missing> {
        Pattern::all_of(&Schedule::parse(schedule).expect("a schedule"))
    }

    #[test]
    fn intervals_that_divide_a_day_are_times_of_day() {
        let count = |schedule| patterns(schedule).map(|patterns| patterns.len());
        for schedule in ["every 1s", "every 10s", "every 5m", "every 1h", "every 8h", "every 1d"] {
            assert_eq!(count(schedule), Ok(1), "{schedule}");
        }
        assert_eq!(count("every 90s"), Ok(2));
        assert_eq!(count("every 1h 30m"), Ok(2));
        assert_eq!(count("every 45m"), Ok(3));
        assert!(count("every 32m").is_err_and(|what| what.contains("so many")));
        for schedule in ["every 7m", "every 36h", "every 2d", "every 14d", "every 7s"] {
            assert!(count(schedule).is_err_and(|what| what.contains("divide")), "{schedule}");
        }
        let weekly = patterns("every 7d").expect("a pattern").remove(0).days.of_week;
        assert_eq!(weekly.map(|field| field.values), Some(vec![4]));
    }

    #[test]
    fn day_fields_are_joined_as_crontab_does() {
        let days = |schedule: &str| {
            let days = patterns(schedule).expect("a pattern").remove(0).days;
            (days.of_month.is_some(), days.of_week.is_some(), days.needs_both)
        };
        assert_eq!(days("0 0 * * *"), (false, false, true));
        assert_eq!(days("0 0 1-31 * 1"), (false, false, false));
        assert_eq!(days("0 0 13 * 0-7"), (false, false, false));
        assert_eq!(days("0 0 13 * 5"), (true, true, false));
        assert_eq!(days("0 0 */2 * 5"), (true, true, true));
        assert_eq!(days("0 0 * * 5"), (false, true, true));
    }
}
