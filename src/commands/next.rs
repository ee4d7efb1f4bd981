//! `punctual next`: when jobs are due, and their schedules in plain English.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use crate::clock::{Clock, Timestamp};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{self, OutputFormat};
use crate::roster::{JobDefinition, Roster};
use crate::schedule::{Schedule, Schedules};
use crate::settings::Settings;

/// How many due times of one schedule are shown.
const NUMBER: u32 = 5;
/// How many of each, where all jobs are shown.
const NUMBER_OF_EACH: u32 = 1;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// The first second that a timestamp cannot be printed for: the year 10000.
const TIME_END: u64 = 253_402_300_800;

/// Show when jobs are due next, and what their schedules mean
#[derive(Debug, clap::Args)]
pub struct NextCommand {
    /// Only this job
    #[arg(conflicts_with = "schedule")]
    job: Option<String>,

    /// How many due times to show [default: 5; where all jobs are shown, 1 of each]
    #[arg(short = 'n', long = "number", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    number: Option<u32>,

    /// Only due times after this instant: RFC 3339, or a part such as 2026-11-24 [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    after: Option<Timestamp>,

    /// A schedule in place of a job's: cron fields, @daily, or every 10s
    ///
    /// Five fields (minute, hour, day of month, month, day of week), or six with leading seconds, as
    /// in a crontab but always in UTC: *, lists, ranges, steps and names; 0 and 7 are Sunday. Where
    /// both day fields are restricted either will do, unless one starts with *. Beyond crontab: L
    /// (the last day), LW, 15W (the weekday nearest to day 15), 5L (the last Friday) and 5#3 (the
    /// third Friday). Or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually. Or an
    /// interval, counted from 1970-01-01T00:00:00Z: every 1h 30m.
    #[arg(long, value_name = "EXPR", value_parser = parse_schedule)]
    schedule: Option<Schedule>,
}

impl NextCommand {
    pub fn run(&self, settings: &Settings, roster: &Roster) -> Result<()> {
        let after = self.after.unwrap_or_else(|| Clock::System.now());
        let mut known = Schedules::default();
        let mut of_job = |job: &JobDefinition| -> Result<_> {
            Ok(job.schedule(&mut known)?.map(|schedule| (Some(job.name.to_string()), schedule)))
        };
        let (schedules, number) = match (&self.schedule, &self.job) {
            (Some(schedule), _) => (vec![(None, schedule.clone())], NUMBER),
            (None, Some(name)) => {
                let schedule = of_job(roster.named(name)?)?.ok_or_else(|| {
                    Error::new(Exit::Usage, format!("{name} has no schedule"))
                        .hint("give it one in the configuration file")
                })?;
                (vec![schedule], NUMBER)
            }
            (None, None) => {
                let jobs = roster.jobs().iter().filter(|job| job.enabled);
                let schedules: Vec<_> = jobs.map(of_job).collect::<Result<_>>()?;
                (schedules.into_iter().flatten().collect(), NUMBER_OF_EACH)
            }
        };
        let number = self.number.unwrap_or(number) as usize;
        let shown = schedules.iter().map(|(job, schedule)| {
            let due_times: Vec<Timestamp> = schedule.due_times_after(after).take(number).collect();
            match settings.output {
                OutputFormat::Json => json(job.as_deref(), schedule, &due_times),
                OutputFormat::Text => self.text(job.as_deref(), schedule, after, &due_times),
            }
        });
        output::print(&shown.collect::<String>())
    }

    /// A line about the schedule, and one per due time.
    fn text(
        &self,
        job: Option<&str>,
        schedule: &Schedule,
        after: Timestamp,
        due_times: &[Timestamp],
    ) -> String {
        let job = job.map(|job| format!("{job}: ")).unwrap_or_default();
        let (text, description) = (schedule.text(), schedule.describe());
        let mut lines = if description == text {
            format!("{job}{text}\n")
        } else {
            format!("{job}{description} ({text})\n")
        };
        for due in due_times {
            let distance = distance(due.since_epoch().saturating_sub(after.since_epoch()));
            // Due times are whole seconds.
            let due = due.to_string().replace(".000Z", "Z");
            lines.push_str(&if self.after.is_some() {
                format!("  {due}  {distance} later\n")
            } else {
                format!("  {due}  in {distance}\n")
            });
        }
        if due_times.is_empty() {
            lines.push_str("  never: schedules end with the year 4999\n");
        }
        lines
    }
}

fn json(job: Option<&str>, schedule: &Schedule, due_times: &[Timestamp]) -> String {
    let object = serde_json::json!({
        "job": job,
        "schedule": schedule.text(),
        "description": schedule.describe(),
        "next": due_times,
    });
    format!("{object}\n")
}

/// The two largest units of a duration. Days are the largest of all: to humantime a month is 30.44.
fn distance(duration: Duration) -> String {
    let seconds = duration.as_secs() % SECONDS_PER_DAY;
    let days = match duration.as_secs() / SECONDS_PER_DAY {
        0 => None,
        1 => Some("1day".to_owned()),
        days => Some(format!("{days}days")),
    };
    if let (Some(days), 0) = (&days, seconds) {
        return days.clone();
    }
    let below_a_day = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    let words = days.as_deref().into_iter().chain(below_a_day.split(' '));
    words.take(2).collect::<Vec<_>>().join(" ")
}

/// Reads RFC 3339, or the date or the minute that such a text starts with, which are in UTC.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    let minute = |text| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M");
    let date = |text| NaiveDate::parse_from_str(text, "%Y-%m-%d");
    let time = DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .or_else(|_| minute(text.strip_suffix('Z').unwrap_or(text)).map(|time| time.and_utc()))
        .or_else(|_| date(text).map(|date| date.and_time(NaiveTime::MIN).and_utc()))
        .map_err(|_| "write it as 2026-11-24T02:00:00Z, 2026-11-24T02:00 or 2026-11-24")?;
    let seconds = u64::try_from(time.timestamp()).ok().filter(|seconds| *seconds < TIME_END);
    let seconds = seconds.ok_or("must be from 1970 to 9999")?;
    Ok(Timestamp::from_epoch(Duration::new(seconds, time.timestamp_subsec_nanos())))
}

fn parse_schedule(text: &str) -> Result<Schedule, String> {
    Schedule::parse(text).map_err(|error| {
        let pointer = error.pointer().replace('\n', "\n    ");
        format!("{}\n\n    {pointer}", error.problem())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_have_two_units_and_days_at_most() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (3 * 3600 + 12 * 60 + 5, "3h 12m"),
            (SECONDS_PER_DAY, "1day"),
            (2 * SECONDS_PER_DAY - 1, "1day 23h"),
            (400 * SECONDS_PER_DAY + 60, "400days 1m"),
        ] {
            assert_eq!(distance(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn times_are_read_whole_or_in_part_and_brought_to_utc() {
        let read = |text| parse_time(text).map(|time| time.to_string());
        for (text, time) in [
            ("2026-11-24", "2026-11-24T00:00:00.000Z"),
            ("2026-11-24T02:00", "2026-11-24T02:00:00.000Z"),
            ("2026-11-24T02:00Z", "2026-11-24T02:00:00.000Z"),
            ("2026-11-24T02:00:00.250Z", "2026-11-24T02:00:00.250Z"),
            ("2026-11-24T02:00:00+01:00", "2026-11-24T01:00:00.000Z"),
            ("1970-01-01", "1970-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(read(text), Ok(time.to_owned()));
        }
        for text in ["", "tomorrow", "2026-11", "2026-02-29", "1969-12-31", "10000-01-01"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
