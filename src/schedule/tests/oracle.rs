//! Cron the slow and obvious way: fields as sets of numbers, every day of a calendar in turn, every
//! minute of a day, every second of a minute. Shares nothing with what it is to check.

use std::collections::BTreeSet;

/// The calendar goes up to the end of this year: long enough for all that ever fires, be it on a
/// 29 February that is a Sunday (40 years apart, at the end of a century).
const YEAR_MAX: u32 = 2140;

const DAY: u64 = 86_400;

pub struct Day {
    pub month: u32,
    pub day: u32,
    /// 0 is Sunday.
    pub weekday: u32,
    pub month_length: u32,
}

/// Every day from 1970-01-01, a Thursday, on.
pub fn calendar() -> Vec<Day> {
    let mut days = Vec::new();
    let mut weekday = 4;
    for year in 1970..=YEAR_MAX {
        let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let february = if is_leap { 29 } else { 28 };
        let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, month_length) in (1..).zip(lengths) {
            for day in 1..=month_length {
                days.push(Day { month, day, weekday, month_length });
                weekday = (weekday + 1) % 7;
            }
        }
    }
    days
}

/// An item of a day field that depends on the month.
enum Moving {
    LastDay,
    LastWorkday,
    NearestWorkday(u32),
    LastOfWeekday(u32),
    NthOfWeekday(u32, u32),
}

#[derive(Default)]
struct Set {
    numbers: BTreeSet<u32>,
    moving: Vec<Moving>,
    starts_with_star: bool,
}

pub struct Oracle {
    seconds: Set,
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    weekdays: Set,
}

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Oracle {
    /// Nothing for what is no cron expression.
    pub fn parse(text: &str) -> Option<Self> {
        let text = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            text => text,
        };
        let mut words: Vec<String> = text.split_ascii_whitespace().map(str::to_lowercase).collect();
        if words.len() == 5 {
            words.insert(0, "0".to_owned());
        }
        let [seconds, minutes, hours, days, months, weekdays] = words.try_into().ok()?;
        let mut oracle = Self {
            seconds: set(&seconds, 0..=59, &[], no_moving)?,
            minutes: set(&minutes, 0..=59, &[], no_moving)?,
            hours: set(&hours, 0..=23, &[], no_moving)?,
            days: set(&days, 1..=31, &[], moving_day)?,
            months: set(&months, 1..=12, MONTHS, no_moving)?,
            weekdays: set(&weekdays, 0..=7, WEEKDAYS, moving_weekday)?,
        };
        if oracle.weekdays.numbers.remove(&7) {
            oracle.weekdays.numbers.insert(0);
        }
        let is_l_and_lw = |days: &Set| {
            days.moving.iter().any(|moving| matches!(moving, Moving::LastDay))
                && days.moving.iter().any(|moving| matches!(moving, Moving::LastWorkday))
        };
        (!is_l_and_lw(&oracle.days)).then_some(oracle)
    }

    pub fn matches_day(&self, day: &Day) -> bool {
        if !self.months.numbers.contains(&day.month) {
            return false;
        }
        let by_date = self.days.numbers.contains(&day.day)
            || self.days.moving.iter().any(|moving| moving.falls_on(day));
        let by_weekday = self.weekdays.numbers.contains(&day.weekday)
            || self.weekdays.moving.iter().any(|moving| moving.falls_on(day));
        if self.days.starts_with_star || self.weekdays.starts_with_star {
            by_date && by_weekday
        } else {
            by_date || by_weekday
        }
    }

    /// Whether `second` (since the epoch) is due.
    pub fn matches(&self, calendar: &[Day], second: u64) -> bool {
        self.matches_day(&calendar[(second / DAY) as usize]) && self.matches_time(second % DAY)
    }

    fn matches_time(&self, second_of_day: u64) -> bool {
        let second_of_day = second_of_day as u32;
        self.hours.numbers.contains(&(second_of_day / 3600))
            && self.minutes.numbers.contains(&(second_of_day / 60 % 60))
            && self.seconds.numbers.contains(&(second_of_day % 60))
    }

    /// The first due time after `second`, within the calendar.
    pub fn next_after(&self, calendar: &[Day], second: u64) -> Option<u64> {
        let first_day = (second + 1) / DAY;
        for (index, day) in calendar.iter().enumerate().skip(first_day as usize) {
            if !self.matches_day(day) {
                continue;
            }
            for minute in 0..24 * 60 {
                if !self.hours.numbers.contains(&(minute / 60))
                    || !self.minutes.numbers.contains(&(minute % 60))
                {
                    continue;
                }
                for second_of_minute in &self.seconds.numbers {
                    let due = index as u64 * DAY + u64::from(minute * 60 + second_of_minute);
                    if due > second {
                        return Some(due);
                    }
                }
            }
        }
        None
    }
}

impl Moving {
    fn falls_on(&self, day: &Day) -> bool {
        // Of another day of this month.
        let weekday_of = |other: u32| (day.weekday + 35 + other - day.day) % 7;
        let is_workday = |other: &u32| (1..=5).contains(&weekday_of(*other));
        let workdays = (1..=day.month_length).filter(is_workday);
        match self {
            Moving::LastDay => day.day == day.month_length,
            Moving::LastWorkday => workdays.max() == Some(day.day),
            Moving::NearestWorkday(wanted) if *wanted > day.month_length => false,
            Moving::NearestWorkday(wanted) => {
                workdays.min_by_key(|other| other.abs_diff(*wanted)) == Some(day.day)
            }
            Moving::LastOfWeekday(weekday) => {
                day.weekday == *weekday && day.day + 7 > day.month_length
            }
            Moving::NthOfWeekday(weekday, nth) => {
                let so_far = (1..=day.day).filter(|other| weekday_of(*other) == *weekday).count();
                day.weekday == *weekday && so_far == *nth as usize
            }
        }
    }
}

/// The numbers of a field, and what `moving` makes of its other items.
fn set(
    field: &str,
    limits: std::ops::RangeInclusive<u32>,
    names: &[&str],
    moving: fn(&str) -> Option<Moving>,
) -> Option<Set> {
    let mut set = Set { starts_with_star: field.starts_with('*'), ..Set::default() };
    let number = |text: &str| match names.iter().position(|name| *name == text) {
        Some(index) => Some(limits.start() + index as u32),
        None => digits(text).filter(|number| limits.contains(number)),
    };
    for item in field.split(',') {
        if let Some(moving) = moving(item) {
            set.moving.push(moving);
            continue;
        }
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, digits(step).filter(|step| (1..=255).contains(step))?),
            None => (item, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (*limits.start(), *limits.end()),
            // The only name that stands for two numbers.
            Some((from, "sun")) if number(from)? > 0 => (number(from)?, 7),
            Some((from, to)) => (number(from)?, number(to)?),
            None if item.contains('/') => return None,
            None => (number(range)?, number(range)?),
        };
        if from > to {
            return None;
        }
        set.numbers.extend((from..=to).step_by(step as usize));
    }
    Some(set)
}

fn no_moving(_: &str) -> Option<Moving> {
    None
}

fn moving_day(item: &str) -> Option<Moving> {
    match item {
        "l" => Some(Moving::LastDay),
        "lw" => Some(Moving::LastWorkday),
        _ => {
            let day = digits(item.strip_suffix('w')?)?;
            (1..=31).contains(&day).then_some(Moving::NearestWorkday(day))
        }
    }
}

fn moving_weekday(item: &str) -> Option<Moving> {
    let weekday = |text: &str| match WEEKDAYS.iter().position(|name| *name == text) {
        Some(index) => Some(index as u32),
        None => digits(text).filter(|number| *number <= 7).map(|number| number % 7),
    };
    if let Some((day, nth)) = item.split_once('#') {
        return match nth {
            "l" => Some(Moving::LastOfWeekday(weekday(day)?)),
            _ => {
                let nth = digits(nth).filter(|nth| (1..=5).contains(nth))?;
                Some(Moving::NthOfWeekday(weekday(day)?, nth))
            }
        };
    }
    Some(Moving::LastOfWeekday(weekday(item.strip_suffix('l')?)?))
}

fn digits(text: &str) -> Option<u32> {
    let are_digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if are_digits { text.parse().ok() } else { None }
}
