//! Schedules in plain English, for people who do not read cron.
//!
//! The text comes from the values of the fields, not from how they are written: `*/40` is "minutes
//! 0 and 40", because that is when it fires.

use super::cron::Fields;
use super::field::{Field, Special};

/// Up to so many times of day are given as such: "at 06:00 and 18:00".
const TIMES_OF_DAY_MAX: usize = 6;

/// From so many evenly spaced values on they are given as a step: "every 2nd hour from 0 to 22".
const STEP_VALUES_MIN: usize = 5;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const ORDINALS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

/// An interval: as it is written, and where it starts if that is not every midnight.
pub fn interval(text: &str, seconds: u64) -> String {
    if SECONDS_PER_DAY.is_multiple_of(seconds) {
        text.to_owned()
    } else {
        format!("{text}, counted from 1970-01-01T00:00:00Z")
    }
}

/// A cron expression: "at 02:00 on Monday".
pub fn cron(fields: &Fields) -> String {
    let time = times_of_day(fields).unwrap_or_else(|| rhythm(fields));
    match dates(fields) {
        Some(dates) => format!("{time} {dates}"),
        None if fields.hours.is_everything() => time,
        None => format!("{time} every day"),
    }
}

/// "at 06:00 and 18:00", where there are few.
fn times_of_day(fields: &Fields) -> Option<String> {
    let second = single(&fields.seconds)?;
    let (minutes, hours) = (fields.minutes.values(), fields.hours.values());
    if minutes.clone().count() * hours.clone().count() > TIMES_OF_DAY_MAX {
        return None;
    }
    let times = hours.flat_map(|hour| {
        minutes.clone().map(move |minute| match second {
            0 => format!("{hour:02}:{minute:02}"),
            _ => format!("{hour:02}:{minute:02}:{second:02}"),
        })
    });
    Some(format!("at {}", join(times.collect(), "and")))
}

/// "every 10 minutes", "at minute 5 of hours 9 to 17".
fn rhythm(fields: &Fields) -> String {
    let Fields { seconds, minutes, hours, .. } = fields;
    // A minute begins with its second 0: that goes without saying.
    let (unit, smallest, larger) = match single(seconds) {
        Some(0) => ("minute", minutes, &[("hour", hours)][..]),
        _ => ("second", seconds, &[("minute", minutes), ("hour", hours)][..]),
    };
    let (mut text, mut recurs) = match even_step(smallest) {
        Some(1) => (format!("every {unit}"), true),
        Some(step) => (format!("every {step} {unit}s"), true),
        None => (format!("at {}", numbered(unit, smallest, "and")), false),
    };
    for (unit, field) in larger {
        if !field.is_everything() {
            text.push_str(&format!(" of {}", numbered(unit, field, "and")));
        } else if !recurs {
            text.push_str(&format!(" of every {unit}"));
        }
        recurs = field.is_everything();
    }
    text
}

/// On which days, and in which months. Nothing for every day of the year.
fn dates(fields: &Fields) -> Option<String> {
    let Fields { days, weekdays, .. } = fields;
    let months = (!fields.months.is_everything()).then(|| months(&fields.months));
    let of_months = months.as_deref().unwrap_or("the month");
    let (any_day, any_weekday) = (days.is_everything(), weekdays.is_everything());
    let needs_both = fields.needs_both_days();

    if any_day && any_weekday || !needs_both && (any_day || any_weekday) {
        return Some(format!("every day in {}", months?));
    }
    if any_weekday {
        return Some(format!("on {} of {of_months}", days_of_month(days, "and")));
    }
    if any_day && weekdays.values().next().is_none() {
        return Some(format!("on {}", days_of_week(weekdays, of_months)));
    }
    let weekdays = days_of_week(weekdays, "the month");
    if any_day {
        let in_months = months.map(|months| format!(" in {months}"));
        return Some(format!("on {weekdays}{}", in_months.unwrap_or_default()));
    }
    let either_or_both = if needs_both {
        format!("on {weekdays} if that is {} of the month", days_of_month(days, "or"))
    } else {
        format!("on {} of the month or on {weekdays}", days_of_month(days, "and"))
    };
    Some(match months {
        Some(months) => format!("in {months}, {either_or_both}"),
        None => either_or_both,
    })
}

/// The names of months: "January and June to August".
pub fn months(months: &Field) -> String {
    join(runs(months.values(), |month| MONTHS[usize::from(month) - 1].to_owned()), "and")
}

/// "days 1 and 15", "the last day".
fn days_of_month(days: &Field, conjunction: &str) -> String {
    let numbers = days.values().next().map(|_| numbered("day", days, conjunction));
    let specials = days.specials.iter().map(|special| match special {
        Special::NearestWorkday(day) => {
            format!("the weekday (Monday to Friday) nearest to day {day}")
        }
        Special::LastWorkday => "the last weekday (Monday to Friday)".to_owned(),
        _ => "the last day".to_owned(),
    });
    join(numbers.into_iter().chain(specials).collect(), conjunction)
}

/// "Monday to Friday", "the third Friday of the month".
fn days_of_week(weekdays: &Field, of_months: &str) -> String {
    let name = |day: u8| WEEKDAYS[usize::from(day) - 1].to_owned();
    let specials = weekdays.specials.iter().filter_map(|special| match special {
        Special::Last(day) => Some(format!("the last {}", name(*day))),
        Special::Nth(day, nth) => {
            Some(format!("the {} {}", ORDINALS[usize::from(*nth) - 1], name(*day)))
        }
        _ => None,
    });
    let mut text = join(runs(weekdays.values(), name).into_iter().chain(specials).collect(), "and");
    if !weekdays.specials.is_empty() {
        text.push_str(&format!(" of {of_months}"));
    }
    text
}

/// "hour 9", "hours 9 to 17", "every 2nd hour from 0 to 22", "hour 9 or 17".
fn numbered(unit: &str, field: &Field, conjunction: &str) -> String {
    let values: Vec<u8> = field.values().collect();
    let step = match values[..] {
        [first, second, ..] => second - first,
        _ => return format!("{unit} {}", values[0]),
    };
    let is_even = values.windows(2).all(|pair| pair[1] - pair[0] == step);
    if is_even && step > 1 && values.len() >= STEP_VALUES_MIN && conjunction == "and" {
        let (first, last) = (values[0], values[values.len() - 1]);
        return format!("every {} {unit} from {first} to {last}", ordinal(step));
    }
    let numbers = join(runs(values.into_iter(), |value| value.to_string()), conjunction);
    let plural = if conjunction == "and" { "s" } else { "" };
    format!("{unit}{plural} {numbers}")
}

/// The step of what recurs evenly, from one hour or minute into the next.
fn even_step(field: &Field) -> Option<u8> {
    let count = field.values().count() as u8;
    let step = 60 / count;
    let is_even = (0..count).map(|index| index * step).eq(field.values());
    (is_even && count > 1 && 60 % count == 0).then_some(step)
}

/// The only value of a field.
fn single(field: &Field) -> Option<u8> {
    let mut values = field.values();
    values.next().filter(|_| values.next().is_none())
}

/// Values as text, three or more in a row as "9 to 17".
fn runs(values: impl Iterator<Item = u8>, name: impl Fn(u8) -> String) -> Vec<String> {
    let values: Vec<u8> = values.collect();
    let mut items = Vec::new();
    for run in values.chunk_by(|one, next| one + 1 == *next) {
        match run {
            [first, _, .., last] => items.push(format!("{} to {}", name(*first), name(*last))),
            few => items.extend(few.iter().map(|value| name(*value))),
        }
    }
    items
}

/// "a, b and c".
fn join(mut items: Vec<String>, conjunction: &str) -> String {
    let last = items.pop().unwrap_or_default();
    if items.is_empty() { last } else { format!("{} {conjunction} {last}", items.join(", ")) }
}

/// "2nd", "13th".
fn ordinal(number: u8) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
