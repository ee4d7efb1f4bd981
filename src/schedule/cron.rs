//! Cron expressions. What stands in the fields is read here, so that errors can point at it; croner
//! checks it once more and searches the calendar.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Utc};
use croner::parser::{CronParser, Seconds, Year};

use super::describe;
use super::field::{Fault, Field, Unit};

/// The names of whole expressions, as crontab has them.
const NAMED: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// What stands in the fields of an expression.
#[derive(Debug)]
pub struct Fields {
    pub seconds: Field,
    pub minutes: Field,
    pub hours: Field,
    pub days: Field,
    pub months: Field,
    pub weekdays: Field,
}

impl Fields {
    /// Whether a day has to match both day fields. Otherwise, and so where both are restricted and
    /// neither starts with `*`, either will do: the rule of Vixie cron and those after it.
    pub fn needs_both_days(&self) -> bool {
        self.days.is_starred || self.weekdays.is_starred
    }
}

/// All six fields in numbers, for croner.
impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, minutes, hours, days, months, weekdays } = self;
        write!(f, "{seconds} {minutes} {hours} {days} {months} {weekdays}")
    }
}

/// A cron expression that fires. Its times are whole seconds since the Unix epoch.
pub struct Cron {
    pub fields: Fields,
    search: croner::Cron,
}

impl Cron {
    /// Reads an expression, or the name of one, whose fields stand one space apart.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let expression = if text.starts_with('@') { expression_named(text)? } else { text };
        let parts = split(expression)?;
        let field = |unit: Unit| match (unit as usize + parts.len()).checked_sub(Unit::ALL.len()) {
            Some(index) => {
                let span = parts[index].clone();
                let part = &expression[span.clone()];
                Field::parse(unit, part, span.start).map_err(|fault| Fault {
                    problem: format!("field {} ({}): {}", index + 1, unit.name(), fault.problem),
                    ..fault
                })
            }
            // Five fields mean the beginning of a minute.
            None => Field::parse(unit, "0", 0),
        };
        let fields = Fields {
            seconds: field(Unit::Second)?,
            minutes: field(Unit::Minute)?,
            hours: field(Unit::Hour)?,
            days: field(Unit::DayOfMonth)?,
            months: field(Unit::Month)?,
            weekdays: field(Unit::DayOfWeek)?,
        };
        let search = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .dom_and_dow(fields.needs_both_days())
            .build()
            .parse(&fields.to_string())
            .map_err(|error| Fault { span: 0..text.len(), problem: error.to_string() })?;
        let cron = Self { fields, search };
        // The calendar repeats itself after 400 years, and croner searches for far longer.
        if cron.next_after(0).is_none() {
            return Err(cron.never(expression, &parts));
        }
        Ok(cron)
    }

    /// The first due time after `second`.
    pub fn next_after(&self, second: u64) -> Option<u64> {
        to_seconds(self.search.find_next_occurrence(&to_date(second)?, false).ok()?)
    }

    /// The last due time not after `second`.
    pub fn last_until(&self, second: u64) -> Option<u64> {
        to_seconds(self.search.find_previous_occurrence(&to_date(second)?, true).ok()?)
    }

    /// Whether no two due times are less than an hour apart. That is so exactly when one minute and
    /// one second are given: a second value of either falls into the same hour as the first.
    pub fn is_hourly_or_rarer(&self) -> bool {
        self.fields.minutes.values().count() == 1 && self.fields.seconds.values().count() == 1
    }

    /// Why an expression never fires: only its days can be at fault.
    fn never(&self, expression: &str, parts: &[Range<usize>]) -> Fault {
        let (days_index, weekdays_index) = (parts.len() - 3, parts.len() - 1);
        let (days, weekdays) = (parts[days_index].clone(), parts[weekdays_index].clone());
        if self.fields.weekdays.is_everything() {
            let problem = format!(
                "field {} ({}): {} never comes in {}",
                days_index + 1,
                Unit::DayOfMonth.name(),
                &expression[days.clone()],
                describe::months(&self.fields.months),
            );
            return Fault { span: days, problem };
        }
        let problem = format!(
            "fields {} and {} ({}, {}): no day is both",
            days_index + 1,
            weekdays_index + 1,
            Unit::DayOfMonth.name(),
            Unit::DayOfWeek.name(),
        );
        Fault { span: days.start..weekdays.end, problem }
    }
}

fn to_date(second: u64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(i64::try_from(second).ok()?, 0)
}

/// Nothing for what is before the epoch.
fn to_seconds(date: DateTime<Utc>) -> Option<u64> {
    u64::try_from(date.timestamp()).ok()
}

fn expression_named(text: &str) -> Result<&'static str, Fault> {
    if let Some((_, expression)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Ok(expression);
    }
    let name = text.split(' ').next().unwrap_or_default();
    let names = NAMED.map(|(name, _)| name).join(", ");
    let (span, problem) = if NAMED.iter().any(|(known, _)| *known == name) {
        (name.len() + 1..text.len(), format!("nothing may follow {name}"))
    } else if name == "@every" {
        (0..name.len(), "intervals are written without @, as in every 10s".to_owned())
    } else if name == "@reboot" {
        let problem = "@reboot has no due times; have the job started by what starts the machine";
        (0..name.len(), problem.to_owned())
    } else {
        (0..name.len(), format!("{name:?} is none of {names}"))
    };
    Err(Fault { span, problem })
}

/// Where the five or six fields of an expression stand in it.
fn split(expression: &str) -> Result<Vec<Range<usize>>, Fault> {
    let mut parts = Vec::new();
    let mut start = 0;
    for part in expression.split(' ') {
        parts.push(start..start + part.len());
        start += part.len() + 1;
    }
    let problem = match parts.len() {
        5 | 6 => return Ok(parts),
        1 => "one word, where five fields, a name such as @daily, or every 10s could stand"
            .to_owned(),
        7 => "seven fields, where five are needed or, with leading seconds, six; there is no year"
            .to_owned(),
        count => {
            format!(
                "{count} fields, where five are needed: {}",
                Unit::ALL[1..].iter().map(|unit| unit.name()).collect::<Vec<_>>().join(", ")
            )
        }
    };
    let first_at_fault = parts.get(6).map_or(0, |part| part.start);
    Err(Fault { span: first_at_fault..expression.len(), problem })
}
