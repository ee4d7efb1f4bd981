//! When a job is due: a cron expression or an interval, in UTC.
//!
//! A schedule is a pure function of time. It knows neither the clock nor what has run.

mod compare;
mod cron;
mod describe;
mod field;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::Error;
use crate::exit::Exit;
use crate::text;

pub use self::cron::Fields;
pub use self::field::{Field, Special};

use self::cron::Cron;
use self::field::Fault;

/// The longest text of a schedule, in bytes. A list of all minutes takes 169.
const TEXT_BYTES_MAX: usize = 1000;

/// Longer intervals are a mistake, or better said by a date.
const INTERVAL_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Where schedules end: the beginning of the year 5000, in which croner stops searching.
const END: u64 = 95_617_584_000;

/// A cron expression or an interval. Cheap to clone; equal when its text is.
#[derive(Clone)]
pub struct Schedule(Arc<Parsed>);

struct Parsed {
    text: String,
    times: Times,
}

enum Times {
    Cron(Box<Cron>),
    /// Every so many seconds, counted from the Unix epoch, so that every host and every restart
    /// comes to the same due times.
    Every(u64),
}

/// How a schedule says when, for those who have to say it in another language.
pub enum Rule<'a> {
    Cron(&'a Fields),
    /// Every so many seconds, counted from the Unix epoch.
    Every(u64),
}

impl Schedule {
    /// Reads five cron fields, six with leading seconds, `@daily` and its like, or
    /// `every <duration>`.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = normalise(text);
        if text.len() > TEXT_BYTES_MAX {
            let problem = format!("longer than {TEXT_BYTES_MAX} bytes");
            let text = text::excerpt(&text, 60);
            return Err(ScheduleError { span: 0..text.len(), text, problem });
        }
        match Times::parse(&text) {
            Ok(times) => Ok(Self(Arc::new(Parsed { text, times }))),
            Err(Fault { span, problem }) => Err(ScheduleError { text, span, problem }),
        }
    }

    /// The text it was read from, with one space between its words.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    pub fn rule(&self) -> Rule<'_> {
        match &self.0.times {
            Times::Cron(cron) => Rule::Cron(&cron.fields),
            Times::Every(interval) => Rule::Every(*interval),
        }
    }

    /// The first due time after an instant. Nothing when that is in the year 5000 or later.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        // Due times are whole seconds: the first one after 1.5 s is the first one after 1 s.
        let second = after.since_epoch().as_secs();
        if second >= END {
            return None;
        }
        let next = match &self.0.times {
            Times::Cron(cron) => cron.next_after(second)?,
            Times::Every(interval) => (second / interval + 1) * interval,
        };
        (next < END).then(|| timestamp(next))
    }

    /// All due times after an instant, in order.
    pub fn due_times_after(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.next_after(after), |due| self.next_after(*due))
    }

    /// The last due time that is not after an instant. Nothing when that is before 1970.
    pub fn last_at_or_before(&self, at: Timestamp) -> Option<Timestamp> {
        let second = at.since_epoch().as_secs().min(END - 1);
        match &self.0.times {
            Times::Cron(cron) => cron.last_until(second).map(timestamp),
            Times::Every(interval) => Some(timestamp(second / interval * interval)),
        }
    }

    /// How many due times are after one instant and not after another, counted up to `max`.
    pub fn count_between(&self, after: Timestamp, until: Timestamp, max: u64) -> u64 {
        if let Times::Every(interval) = &self.0.times {
            let passed = |time: Timestamp| time.since_epoch().as_secs().min(END - 1) / interval;
            return passed(until).saturating_sub(passed(after)).min(max);
        }
        let passed = self.due_times_after(after).take_while(|due| *due <= until);
        (0..max).zip(passed).count() as u64
    }

    /// Whether no two due times are less than an hour apart.
    pub fn is_hourly_or_rarer(&self) -> bool {
        match &self.0.times {
            Times::Cron(cron) => cron.is_hourly_or_rarer(),
            Times::Every(interval) => *interval >= 60 * 60,
        }
    }

    /// The schedule in plain English: "at 02:00 on Monday".
    pub fn describe(&self) -> String {
        match &self.0.times {
            Times::Cron(cron) => describe::cron(&cron.fields),
            Times::Every(interval) => describe::interval(self.text(), *interval),
        }
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Schedule {}

impl Hash for Schedule {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

impl Borrow<str> for Schedule {
    fn borrow(&self) -> &str {
        self.text()
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({:?})", self.text())
    }
}

/// Schedules by their text. A parsed cron expression takes 6 KB, so equal ones share one: they do
/// when they come from the same set, which keeps all that it has read. One set per configuration.
#[derive(Debug, Default)]
pub struct Schedules(HashSet<Schedule>);

impl Schedules {
    pub fn parse(&mut self, text: &str) -> Result<Schedule, ScheduleError> {
        if let Some(known) = self.0.get(normalise(text).as_str()) {
            return Ok(known.clone());
        }
        let schedule = Schedule::parse(text)?;
        self.0.insert(schedule.clone());
        Ok(schedule)
    }
}

/// What a text is no schedule for.
#[derive(Debug, thiserror::Error)]
#[error("schedule {text:?}: {problem}")]
pub struct ScheduleError {
    text: String,
    span: Range<usize>,
    problem: String,
}

impl ScheduleError {
    /// What is wrong with which field, for those who have quoted the text already.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The text, and below it a line of carets that point at what is wrong.
    pub fn pointer(&self) -> String {
        let shown = |span: Range<usize>| text::escape(self.text.get(span).unwrap_or_default());
        let before = shown(0..self.span.start).chars().count();
        let at_fault = shown(self.span.clone()).chars().count().max(1);
        format!("{}\n{:before$}{:^<at_fault$}", text::escape(&self.text), "", "")
    }
}

impl From<ScheduleError> for Error {
    fn from(error: ScheduleError) -> Self {
        Error::new(Exit::Usage, error.to_string())
            .hint("try it out with `punctual next --schedule EXPR`")
    }
}

impl Times {
    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            let problem = "empty, where five fields, @daily, or every 10s could stand".to_owned();
            return Err(Fault { span: 0..0, problem });
        }
        match text.strip_prefix("every") {
            Some(duration) if duration.is_empty() || duration.starts_with(' ') => {
                let duration = duration.trim_start();
                let span = text.len() - duration.len()..text.len();
                let seconds =
                    parse_interval(duration).map_err(|problem| Fault { span, problem })?;
                Ok(Times::Every(seconds))
            }
            _ => Cron::parse(text).map(|cron| Times::Cron(Box::new(cron))),
        }
    }
}

fn parse_interval(text: &str) -> Result<u64, String> {
    // To humantime a month is 30.44 days and a year 365.25: nobody means that.
    let calendar = ["M", "month", "months", "y", "yr", "yrs", "year", "years"];
    if text.is_empty() {
        return Err("how often is missing, as in every 10s".to_owned());
    }
    if let Some(word) =
        text.split(|c: char| !c.is_alphabetic()).find(|word| calendar.contains(word))
    {
        return Err(format!("{word} has no fixed length; write @monthly, @yearly or cron fields"));
    }
    let interval = humantime::parse_duration(text)
        .map_err(|error| format!("{text:?} is no duration such as 10s, 5m or 1h 30m: {error}"))?;
    if interval < Duration::from_secs(1) {
        return Err(format!("{text} is shorter than 1s"));
    }
    if interval.subsec_nanos() > 0 {
        return Err(format!("{text} is not whole seconds"));
    }
    if interval > INTERVAL_MAX {
        return Err(format!("{text} is longer than 365d; write cron fields"));
    }
    Ok(interval.as_secs())
}

/// One space between words, none around them.
fn normalise(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

fn timestamp(second: u64) -> Timestamp {
    Timestamp::from_epoch(Duration::from_secs(second))
}
