//! A pattern in the five fields of crontab, which is also what a CronJob takes.
//!
//! Written so that it means the same in cronie, Debian's cron, busybox and Kubernetes: in numbers,
//! with Sunday as 0, and without `*` in a day field that is restricted. To cronie and Debian a `*/2`
//! there would join the day fields by AND; to Kubernetes it does not; and to busybox's crond `*/2`
//! is even days.

use super::pattern::{DayField, Days, Missing, Pattern, list};

/// Five fields, where either of the day fields will do if both are restricted.
pub fn five_fields(pattern: &Pattern) -> Result<String, Missing> {
    if pattern.days.of_month.is_some() && pattern.days.of_week.is_some() && pattern.days.needs_both
    {
        return Err("days that have to match both day fields");
    }
    let (of_month, of_week) = day_fields(&pattern.days)?;
    with_days(pattern, &of_month, &of_week)
}

/// The same, but also where a day has to match both day fields. Only the crons after Vixie's
/// understand that.
pub fn five_fields_of_vixie(pattern: &Pattern) -> Result<String, Missing> {
    let Days { of_month: Some(days), of_week: Some(weekdays), needs_both: true } = &pattern.days
    else {
        return five_fields(pattern);
    };
    let (of_month, of_week) = day_fields(&pattern.days)?;
    let starred_day = starred(&days.values, 1, 31).map(|starred| (starred, of_week));
    let starred_weekday = starred(&from_sunday(weekdays), 0, 6).map(|starred| (of_month, starred));
    let (of_month, of_week) = [starred_day, starred_weekday]
        .into_iter()
        .flatten()
        .min_by_key(|(of_month, of_week)| of_month.len() + of_week.len())
        .ok_or("days that have to match both day fields")?;
    with_days(pattern, &of_month, &of_week)
}

fn with_days(pattern: &Pattern, of_month: &str, of_week: &str) -> Result<String, Missing> {
    let Pattern { seconds, minutes, hours, months, .. } = pattern;
    if *seconds != [0] {
        return Err("seconds");
    }
    let (minutes, hours) = (field(minutes, 0, 59), field(hours, 0, 23));
    Ok(format!("{minutes} {hours} {of_month} {} {of_week}", field(months, 1, 12)))
}

fn day_fields(days: &Days) -> Result<(String, String), Missing> {
    if days.has_specials() {
        return Err("L, W or #");
    }
    let of_month = days.of_month.as_ref().map(|field| numbers(&field.values));
    let of_week = days.of_week.as_ref().map(|field| numbers(&from_sunday(field)));
    let every_day = || "*".to_owned();
    Ok((of_month.unwrap_or_else(every_day), of_week.unwrap_or_else(every_day)))
}

fn from_sunday(weekdays: &DayField) -> Vec<u8> {
    let mut values: Vec<u8> = weekdays.values.iter().map(|day| day % 7).collect();
    values.sort_unstable();
    values
}

fn numbers(values: &[u8]) -> String {
    list(values, "-", true, |value| value.to_string())
}

/// `*`, `*/10`, or numbers.
fn field(values: &[u8], min: u8, max: u8) -> String {
    let step = match values {
        [first, second, ..] => second - first,
        _ => return numbers(values),
    };
    if !(min..=max).step_by(step.into()).eq(values.iter().copied()) {
        return numbers(values);
    }
    if step == 1 { "*".to_owned() } else { format!("*/{step}") }
}

/// The same numbers, beginning with `*/n`. That can be said of any that begin with the smallest
/// number there is.
fn starred(values: &[u8], min: u8, max: u8) -> Option<String> {
    let covered = |step: u8| (min..=max).step_by(step.into());
    let step =
        (2..=max - min + 1).find(|step| covered(*step).all(|value| values.contains(&value)))?;
    let rest: Vec<u8> =
        values.iter().copied().filter(|value| covered(step).all(|it| it != *value)).collect();
    let rest = if rest.is_empty() { String::new() } else { format!(",{}", numbers(&rest)) };
    Some(format!("*/{step}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::schedule::Schedule;

    const SCHEDULES: &[&str] = &[
        "* * * * *",
        "*/7 * * * *",
        "0,30 */6 * * *",
        "5,6,7,40 9-17 * * mon-fri",
        "0 2 * * 1",
        "0 0 * * fri-sun",
        "0 0 * * 0-7",
        "0 0 1,15 * *",
        "30 4 */2 * *",
        "0 0 13 * 5",
        "0 0 1-31/2 * 0,6",
        "0 0 1-31 * 1",
        "0 0 29 2 *",
        "0 0 */5 jan-jun/2,dec *",
        "@daily",
        "@weekly",
        "@yearly",
        "every 1m",
        "every 5m",
        "every 15m",
        "every 40m",
        "every 1h",
        "every 1h 30m",
        "every 8h",
        "every 1d",
        "every 7d",
    ];

    /// Where a day has to match both day fields.
    const BOTH: &[&str] = &[
        "0 0 */2 * 1",
        "0 0 */2 * */2",
        "0 0 13 * */5",
        "0 0 */10,5 * 1-5",
        "0 0 5,20 * */6,3",
        "0 0 */40 * mon",
        "0 0 2-9 * */7",
    ];

    fn due_times(schedules: &[String], count: usize) -> Vec<Timestamp> {
        // Not the beginning of anything.
        let start = Timestamp::parse("2026-01-14T09:12:34Z").expect("a time");
        let mut times: Vec<Timestamp> = schedules
            .iter()
            .flat_map(|text| {
                let schedule = Schedule::parse(text).unwrap_or_else(|error| panic!("{error}"));
                schedule.due_times_after(start).take(count).collect::<Vec<_>>()
            })
            .collect();
        times.sort_unstable();
        times.dedup();
        times.truncate(count);
        times
    }

    fn exported(
        text: &str,
        five_fields: fn(&Pattern) -> Result<String, Missing>,
    ) -> Result<Vec<String>, Missing> {
        let schedule = Schedule::parse(text).expect("a schedule");
        Pattern::all_of(&schedule)?.iter().map(five_fields).collect()
    }

    #[test]
    fn five_fields_come_due_when_the_schedule_does() {
        for schedule in SCHEDULES {
            let fields = exported(schedule, five_fields).expect("can be said");
            let same = exported(schedule, five_fields_of_vixie).expect("can be said");
            assert_eq!(fields, same, "{schedule}");
            assert_eq!(
                due_times(&fields, 500),
                due_times(&[(*schedule).to_owned()], 500),
                "{schedule} as {fields:?}"
            );
        }
    }

    #[test]
    fn days_that_match_both_fields_are_for_the_crons_after_vixie() {
        for schedule in BOTH {
            let fields = exported(schedule, five_fields_of_vixie).expect("can be said");
            assert_eq!(
                due_times(&fields, 100),
                due_times(&[(*schedule).to_owned()], 100),
                "{schedule} as {fields:?}"
            );
            let missing = exported(schedule, five_fields).expect_err("cannot be said");
            assert!(missing.contains("both"), "{missing}");
        }
    }

    #[test]
    fn they_are_written_as_every_cron_reads_them() {
        let text =
            |schedule| exported(schedule, five_fields_of_vixie).map(|lines| lines.join("; "));
        for (schedule, fields) in [
            ("*/10 9-17 * * mon-fri", "*/10 9-17 * * 1-5"),
            ("0 0 * * sat-sun", "0 0 * * 0,6"),
            ("@monthly", "0 0 1 * *"),
            ("30 4 */2 * *", "30 4 1-31/2 * *"),
            ("0 0 */2 * 1", "0 0 */2 * 1"),
            ("0 0 13 * 5", "0 0 13 * 5"),
            ("every 15m", "*/15 * * * *"),
            ("every 1h 30m", "0 */3 * * *; 30 1-22/3 * * *"),
            ("every 7d", "0 0 * * 4"),
        ] {
            assert_eq!(text(schedule), Ok(fields.to_owned()));
        }
        for (schedule, missing) in [
            ("every 10s", "seconds"),
            ("30 0 2 * * *", "seconds"),
            ("every 7m", "intervals that do not divide a day"),
            ("0 0 L * *", "L, W or #"),
            ("0 0 * * 5#3", "L, W or #"),
            ("0 0 */2 * 5L", "L, W or #"),
        ] {
            assert_eq!(text(schedule), Err(missing));
        }
    }
}
