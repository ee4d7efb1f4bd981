//! Schedules held against a slow and obvious oracle, conformance tables, and tables of texts.

mod oracle;

use std::sync::LazyLock;

use proptest::prelude::*;

use self::oracle::{Day, Oracle};
use super::*;

static CALENDAR: LazyLock<Vec<Day>> = LazyLock::new(oracle::calendar);

/// Instants are drawn from the years up to 2090: anything that fires does so before the calendar
/// ends.
const INSTANT_MAX: u64 = 120 * 365 * 86_400;

fn at(second: u64) -> Timestamp {
    timestamp(second)
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("{text} is no time"))
}

fn schedule(text: &str) -> Schedule {
    Schedule::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// What may stand between commas, for a field with these limits and names.
fn item(min: u8, max: u8, names: &'static [&'static str]) -> BoxedStrategy<String> {
    let value = (min..=max).prop_flat_map(move |value| {
        let name = names.get(usize::from(value - min)).copied();
        let number = Just(value.to_string());
        match name {
            Some(name) => prop_oneof![number, Just(name.to_owned())].boxed(),
            None => prop_oneof![9 => number, 1 => Just(format!("{value:02}"))].boxed(),
        }
    });
    let range = (min..=max, min..=max)
        .prop_map(|(one, other)| format!("{}-{}", one.min(other), one.max(other)));
    prop_oneof![
        4 => value,
        2 => range.clone(),
        1 => (range, 1..=9u8).prop_map(|(range, step)| format!("{range}/{step}")),
        1 => (1..=70u8).prop_map(|step| format!("*/{step}")),
        1 => Just("*".to_owned()),
    ]
    .boxed()
}

fn list(item: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        5 => item.clone(),
        2 => prop::collection::vec(item, 2..=4).prop_map(|items| items.join(",")),
    ]
}

const MONTHS: &[&str] =
    &["JAN", "feb", "Mar", "APR", "may", "JUN", "JUL", "AUG", "sep", "OCT", "NOV", "Dec"];
const WEEKDAYS: &[&str] = &["SUN", "mon", "Tue", "WED", "THU", "fri", "SAT"];

/// Any expression of the grammar. Few fire never.
fn expression() -> impl Strategy<Value = String> {
    let day = prop_oneof![
        6 => item(1, 31, &[]),
        1 => prop_oneof!["L", "LW", "l"].prop_map(|text| text),
        1 => (1..=31u8).prop_map(|day| format!("{day}W")),
    ];
    let weekday = prop_oneof![
        6 => item(0, 7, WEEKDAYS),
        1 => prop_oneof!["[0-7]L", "FRI#L", "monl", "[1-5]-SUN"],
        1 => (0..=7u8, 1..=5u8).prop_map(|(day, nth)| format!("{day}#{nth}")),
    ];
    let seconds = prop_oneof![
        2 => Just(String::new()),
        1 => list(item(0, 59, &[])).prop_map(|field| field + " "),
    ];
    let fields = (
        list(item(0, 59, &[])),
        list(item(0, 23, &[])),
        list(day.boxed()),
        list(item(1, 12, MONTHS)),
        list(weekday.boxed()),
    );
    (seconds, fields).prop_map(|(seconds, (minute, hour, day, month, weekday))| {
        format!("{seconds}{minute} {hour} {day} {month} {weekday}")
    })
}

/// What is hardly ever an expression, but looks like one.
fn nonsense() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        "[-*/,LWlw#?+~@H]",
        "[0-9]{1,3}",
        prop_oneof!["MON", "jan", "sun", "sat", "L", "60", "24", "13", "\u{e9}", "[*]"],
    ];
    let field = prop::collection::vec(token, 1..=4).prop_map(|tokens| tokens.concat());
    (0..6usize, field, prop::collection::vec("[*]|[1-7]", 3..=6)).prop_map(
        |(index, field, mut fields)| {
            fields.insert(index.min(fields.len()), field);
            fields.join(" ")
        },
    )
}

/// What was found of an expression: taken, and so does it fire?
fn fires(text: &str) -> bool {
    Oracle::parse(text).is_some_and(|oracle| oracle.next_after(&CALENDAR, 0).is_some())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn due_times_are_those_of_the_oracle(
        text in expression(),
        after in 0..INSTANT_MAX,
        millis in 0..1000u64,
    ) {
        let Ok(schedule) = Schedule::parse(&text) else {
            prop_assert!(!fires(&text), "{text} was refused");
            return Ok(());
        };
        let oracle = Oracle::parse(&text).expect("an expression");
        let after = Timestamp::from_epoch(Duration::from_millis(after * 1000 + millis));
        let mut second = after.since_epoch().as_secs();
        for due in schedule.due_times_after(after).take(4) {
            let expected = oracle.next_after(&CALENDAR, second).expect("fires");
            prop_assert_eq!(due, at(expected), "{}", text);
            second = expected;
        }
    }

    #[test]
    fn the_last_due_time_has_no_later_one_before_the_instant(
        text in expression(),
        instant in 0..INSTANT_MAX,
        millis in 0..1000u64,
        is_due in any::<bool>(),
    ) {
        let Ok(schedule) = Schedule::parse(&text) else { return Ok(()) };
        let mut instant = Timestamp::from_epoch(Duration::from_millis(instant * 1000 + millis));
        if is_due {
            instant = schedule.next_after(instant).expect("fires");
        }
        let oracle = Oracle::parse(&text).expect("an expression");
        let last = schedule.last_at_or_before(instant);
        if let Some(last) = last {
            prop_assert!(last <= instant);
            prop_assert!(oracle.matches(&CALENDAR, last.since_epoch().as_secs()), "{text}: {last}");
        }
        let start = last.map_or(0, |last| last.since_epoch().as_secs());
        let next = oracle.next_after(&CALENDAR, start).expect("fires");
        prop_assert!(at(next) > instant, "{text}: {last:?}, then {next}");
    }

    #[test]
    fn due_times_are_counted_one_by_one(
        text in expression(),
        after in 0..INSTANT_MAX,
        length in 0..40 * 86_400u64,
        max in 0..20u64,
    ) {
        let Ok(schedule) = Schedule::parse(&text) else { return Ok(()) };
        let oracle = Oracle::parse(&text).expect("an expression");
        let (mut expected, mut second) = (0, after);
        while expected < max
            && let Some(due) = oracle.next_after(&CALENDAR, second)
            && due <= after + length
        {
            expected += 1;
            second = due;
        }
        prop_assert_eq!(schedule.count_between(at(after), at(after + length), max), expected);
    }

    #[test]
    fn hourly_or_rarer_says_how_close_due_times_come(text in expression(), after in 0..INSTANT_MAX) {
        let Ok(schedule) = Schedule::parse(&text) else { return Ok(()) };
        // The first may be the last of its hour; the two after it are of one hour if any are.
        let due_times: Vec<Timestamp> = schedule.due_times_after(at(after)).take(3).collect();
        let is_close = |pair: &[Timestamp]| {
            pair[1].since_epoch() - pair[0].since_epoch() < Duration::from_secs(3600)
        };
        prop_assert_eq!(schedule.is_hourly_or_rarer(), !due_times.windows(2).any(is_close), "{}", text);
    }

    #[test]
    fn what_is_no_expression_is_refused_with_a_pointer_into_it(text in nonsense()) {
        match Schedule::parse(&text) {
            Ok(_) => prop_assert!(fires(&text), "{text} was taken"),
            Err(error) => {
                prop_assert!(!fires(&text), "{error}");
                let pointer = error.pointer();
                let (shown, carets) = pointer.split_once('\n').expect("two lines");
                let length = carets.chars().count();
                prop_assert!(length <= shown.chars().count() + 1 && carets.ends_with('^'), "{pointer}");
            }
        }
    }

    #[test]
    fn a_description_is_one_plain_sentence(text in expression()) {
        let Ok(schedule) = Schedule::parse(&text) else { return Ok(()) };
        let description = schedule.describe();
        prop_assert!(description.starts_with("at ") || description.starts_with("every "));
        prop_assert!(!description.contains("  ") && description.trim() == description, "{description:?}");
    }

    #[test]
    fn intervals_count_from_the_epoch(
        seconds in 1..=365 * 86_400u64,
        after in 0..INSTANT_MAX,
        length in 0..INSTANT_MAX,
        millis in 0..1000u64,
    ) {
        let schedule = schedule(&format!("every {seconds}s"));
        let after = Timestamp::from_epoch(Duration::from_millis(after * 1000 + millis));
        let next = schedule.next_after(after).expect("a due time").since_epoch();
        prop_assert_eq!(next.as_secs() % seconds, 0);
        prop_assert!(next > after.since_epoch());
        prop_assert!(next - after.since_epoch() <= Duration::from_secs(seconds));
        let last = schedule.last_at_or_before(after).expect("the epoch at least");
        prop_assert!(last <= after);
        prop_assert_eq!(schedule.next_after(last), schedule.next_after(after));
        let until = Timestamp::from_epoch(after.since_epoch() + Duration::from_secs(length));
        let count = schedule.count_between(after, until, u64::MAX);
        let last_until = schedule.last_at_or_before(until).expect("the epoch at least");
        let expected = (last_until.since_epoch() - last.since_epoch()).as_secs() / seconds;
        prop_assert_eq!(count, expected);
        prop_assert_eq!(schedule.is_hourly_or_rarer(), seconds >= 3600);
    }
}

/// The rows of a conformance table: expression, instant, the due times after it.
fn vectors(name: &str) -> Vec<(String, Timestamp, Vec<Timestamp>)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/vectors");
    #[expect(clippy::disallowed_methods, reason = "a test reads its own switch")]
    let is_required = std::env::var_os("PUNCTUAL_REQUIRE_CAPTURES").is_some();
    let table = match std::fs::read_to_string(format!("{directory}/{name}")) {
        Ok(table) => table,
        Err(error) if is_required => panic!("{name} is required: {error}"),
        Err(_) => return Vec::new(),
    };
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let due_times = columns[2].split(' ').map(time).collect();
        (columns[0].to_owned(), time(columns[1]), due_times)
    });
    rows.collect()
}

#[test]
fn the_conformance_tables_pass_in_full() {
    for (name, rows_min) in [("cron_next.tsv", 2500), ("cron_star_rule.tsv", 250)] {
        let rows = vectors(name);
        assert!(rows.is_empty() || rows.len() >= rows_min, "{name} has {} rows", rows.len());
        for (text, after, expected) in rows {
            let schedule = schedule(&text);
            let due_times: Vec<Timestamp> =
                schedule.due_times_after(after).take(expected.len()).collect();
            assert_eq!(due_times, expected, "{text} after {after}");
        }
    }
}

#[test]
fn errors_name_the_field_and_point_at_what_is_wrong() {
    for (text, problem, carets) in [
        ("61 * * * *", "field 1 (minute): 61 is not from 0 to 59", "^^"),
        ("* 24 * * *", "field 2 (hour): 24 is not from 0 to 23", "  ^^"),
        ("* * 0 * *", "field 3 (day of month): 0 is not from 1 to 31", "    ^"),
        ("* * * 13 *", "field 4 (month): 13 is not from 1 to 12", "      ^^"),
        ("* * * * 1,8", "field 5 (day of week): 8 is not from 0 to 7", "          ^"),
        ("60 * * * * *", "field 1 (second): 60 is not from 0 to 59", "^^"),
        ("0 0 0 * * 8L", "field 6 (day of week): 8 is not from 0 to 7", "          ^^"),
        ("  0   x * * * ", "field 2 (hour): \"x\" is not a number", "  ^"),
        (
            "0 0 * MON *",
            "field 4 (month): \"MON\" is neither a number nor a name from JAN to DEC",
            "      ^^^",
        ),
        (
            "0 0 * * MONTUE",
            "field 5 (day of week): \"MONTUE\" is neither a number nor a name from SUN to SAT",
            "        ^^^^^^",
        ),
        ("0 0 ? * *", "field 3 (day of month): \"?\" is not a number", "    ^"),
        ("0,,5 * * * *", "field 1 (minute): nothing stands beside the comma", "  ^"),
        ("0 5, * * *", "field 2 (hour): nothing stands beside the comma", "    ^"),
        ("0 0 * * 1,", "field 5 (day of week): nothing stands beside the comma", "          ^"),
        ("*/0 * * * *", "field 1 (minute): a step of 0 leads nowhere", "^^^"),
        ("*/x * * * *", "field 1 (minute): the step \"x\" is not a number", "^^^"),
        ("*/999 * * * *", "field 1 (minute): the step 999 is larger than any field", "^^^^^"),
        (
            "5/15 * * * *",
            "field 1 (minute): \"5/15\" has a step but no range; write 5-59/15 or */15",
            "^^^^",
        ),
        ("0 22-2 * * *", "field 2 (hour): 22-2 runs backwards; write 22-23,0-2", "  ^^^^"),
        (
            "0 0 * * SAT-MON",
            "field 5 (day of week): SAT-MON runs backwards; write SAT-7,0-MON",
            "        ^^^^^^^",
        ),
        (
            "0 0 * * L",
            "field 5 (day of week): L needs a day before it here, as in 5L, the last Friday",
            "        ^",
        ),
        (
            "0 0 * * 5#6",
            "field 5 (day of week): after # stands which one of the month, from 1 to 5",
            "        ^^^",
        ),
        ("0 0 32W * *", "field 3 (day of month): 32 is not from 1 to 31", "    ^^^"),
        ("0 0 L,LW * *", "field 3 (day of month): L and LW cannot stand in one list", "    ^^^^"),
        ("0 0 30 2 *", "field 3 (day of month): 30 never comes in February", "    ^^"),
        (
            "0 0 0 31 4,JUN *",
            "field 4 (day of month): 31 never comes in April and June",
            "      ^^",
        ),
        (
            "0 0 */31 * 1#5",
            "fields 3 and 5 (day of month, day of week): no day is both",
            "    ^^^^^^^^^^",
        ),
        (
            "0 2 * *",
            "4 fields, where five are needed: minute, hour, day of month, month, day of week",
            "^^^^^^^",
        ),
        (
            "0 0 2 * * 1 2026",
            "seven fields, where five are needed or, with leading seconds, six; there is no year",
            "            ^^^^",
        ),
        (
            "daily",
            "one word, where five fields, a name such as @daily, or every 10s could stand",
            "^^^^^",
        ),
        ("", "empty, where five fields, @daily, or every 10s could stand", "^"),
        (
            "@fortnightly",
            "\"@fortnightly\" is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, \
             @annually",
            "^^^^^^^^^^^^",
        ),
        (
            "@reboot",
            "@reboot has no due times; have the job started by what starts the machine",
            "^^^^^^^",
        ),
        ("@daily *", "nothing may follow @daily", "       ^"),
        ("@every 5m", "intervals are written without @, as in every 10s", "^^^^^^"),
        ("every", "how often is missing, as in every 10s", "     ^"),
        ("every 0s", "0s is shorter than 1s", "      ^^"),
        ("every 999ms", "999ms is shorter than 1s", "      ^^^^^"),
        ("every 1500ms", "1500ms is not whole seconds", "      ^^^^^^"),
        ("every 366d", "366d is longer than 365d; write cron fields", "      ^^^^"),
        (
            "every 2 months",
            "months has no fixed length; write @monthly, @yearly or cron fields",
            "      ^^^^^^^^",
        ),
        ("every 1M", "M has no fixed length; write @monthly, @yearly or cron fields", "      ^^"),
    ] {
        let error = Schedule::parse(text).expect_err(text);
        assert_eq!(error.problem(), problem, "{text}");
        let normal = normalise(text);
        assert_eq!(error.pointer(), format!("{normal}\n{carets}"));
        assert_eq!(error.to_string(), format!("schedule {normal:?}: {problem}"));
        assert_eq!(Error::from(error).exit(), Exit::Usage);
    }
}

#[test]
fn an_error_shows_nothing_that_a_terminal_would_obey_and_no_more_than_a_line() {
    let error = Schedule::parse("0 \u{1b}[2J * * *").expect_err("no hour");
    assert!(!error.to_string().contains('\u{1b}'));
    assert_eq!(error.pointer(), "0 \\u{1b}[2J * * *\n  ^^^^^^^^^");
    let error = Schedule::parse(&"1,".repeat(1000)).expect_err("too long");
    assert!(error.to_string().len() < 200, "{error}");
}

#[test]
fn schedules_are_described_in_plain_english() {
    for (text, description) in [
        ("* * * * *", "every minute"),
        ("*/10 * * * *", "every 10 minutes"),
        ("*/1 * * * *", "every minute"),
        ("*/40 * * * *", "at minutes 0 and 40 of every hour"),
        ("*/7 * * * *", "at every 7th minute from 0 to 56 of every hour"),
        ("0-20/5 * * * *", "at every 5th minute from 0 to 20 of every hour"),
        ("0 * * * *", "at minute 0 of every hour"),
        ("5,35 * * * *", "at minutes 5 and 35 of every hour"),
        ("0 2 * * *", "at 02:00 every day"),
        ("0 2 * * 1", "at 02:00 on Monday"),
        ("0 */6 * * *", "at 00:00, 06:00, 12:00 and 18:00 every day"),
        ("0,30 9,17 * * *", "at 09:00, 09:30, 17:00 and 17:30 every day"),
        ("0 */2 * * *", "at minute 0 of every 2nd hour from 0 to 22 every day"),
        ("*/15 9-17 * * 1-5", "every 15 minutes of hours 9 to 17 on Monday to Friday"),
        ("* 0 * * *", "every minute of hour 0 every day"),
        ("* * * * * *", "every second"),
        ("*/10 * * * * *", "every 10 seconds"),
        ("30 * * * * *", "at second 30 of every minute"),
        ("30 0 2 * * *", "at 02:00:30 every day"),
        ("*/10 0 * * * *", "every 10 seconds of minute 0 of every hour"),
        (
            "15,45 */5 2 * * *",
            "at seconds 15 and 45 of every 5th minute from 0 to 55 of hour 2 every day",
        ),
        ("0 0 * * 0", "at 00:00 on Sunday"),
        ("0 0 * * 6,7", "at 00:00 on Saturday and Sunday"),
        ("0 0 * * fri-sun", "at 00:00 on Friday to Sunday"),
        ("0 0 * * 1 ", "at 00:00 on Monday"),
        ("0 0 * 1,2 1", "at 00:00 on Monday in January and February"),
        ("0 0 * jun-aug *", "at 00:00 every day in June to August"),
        ("*/5 * * 12 *", "every 5 minutes every day in December"),
        ("0 0 1 * *", "at 00:00 on day 1 of the month"),
        ("0 0 1,15 * *", "at 00:00 on days 1 and 15 of the month"),
        ("0 0 1 1 *", "at 00:00 on day 1 of January"),
        ("0 0 L * *", "at 00:00 on the last day of the month"),
        ("0 0 LW * *", "at 00:00 on the last weekday (Monday to Friday) of the month"),
        ("0 0 15W 6 *", "at 00:00 on the weekday (Monday to Friday) nearest to day 15 of June"),
        ("0 0 1,L * *", "at 00:00 on day 1 and the last day of the month"),
        ("0 0 * * 5L", "at 00:00 on the last Friday of the month"),
        ("0 0 * 3 5#3", "at 00:00 on the third Friday of March"),
        ("0 0 * 3 1,5#3", "at 00:00 on Monday and the third Friday of the month in March"),
        // Either day field will do where both are restricted ...
        ("0 0 13 * 5", "at 00:00 on day 13 of the month or on Friday"),
        ("0 0 13 6 5", "at 00:00 in June, on day 13 of the month or on Friday"),
        ("0 0 1-31 * 5", "at 00:00 every day"),
        // ... and both are needed where one starts with a star.
        ("0 0 */10 * 1", "at 00:00 on Monday if that is day 1, 11, 21 or 31 of the month"),
        (
            "0 0 1,2 * */2",
            "at 00:00 on Tuesday, Thursday, Saturday and Sunday if that is day 1 or 2 of the month",
        ),
        ("0 0 */1 * 5", "at 00:00 on Friday"),
        ("@daily", "at 00:00 every day"),
        ("@weekly", "at 00:00 on Sunday"),
        ("@monthly", "at 00:00 on day 1 of the month"),
        ("@yearly", "at 00:00 on day 1 of January"),
        ("every 10s", "every 10s"),
        ("every 1h 30m", "every 1h 30m"),
        ("every   1d", "every 1d"),
        ("every 7m", "every 7m, counted from 1970-01-01T00:00:00Z"),
        ("every 1w", "every 1w, counted from 1970-01-01T00:00:00Z"),
    ] {
        assert_eq!(schedule(text).describe(), description, "{text}");
    }
}

#[test]
fn a_crontab_and_the_daemon_mean_the_same_by_the_star_of_a_day_field() {
    // Odd days that are Mondays, as design.md has it.
    let odd_mondays = schedule("0 0 */2 * 1");
    let due: Vec<String> = odd_mondays
        .due_times_after(time("2026-11-24T00:00:00Z"))
        .take(3)
        .map(|due| due.to_string())
        .collect();
    assert_eq!(
        due,
        ["2026-12-07T00:00:00.000Z", "2026-12-21T00:00:00.000Z", "2027-01-11T00:00:00.000Z"]
    );
    let monday = schedule("0 0 * * 1").next_after(time("2026-11-24T00:00:00Z"));
    assert_eq!(monday, Some(time("2026-11-30T00:00:00Z")), "1 is Monday");
}

#[test]
fn every_schedule_of_the_readme_is_one() {
    let readme = include_str!("../../README.md");
    let (_, section) = readme.split_once("\n## Schedules\n").expect("a section on schedules");
    let (section, _) = section.split_once("\n## ").expect("another section");
    let first_cells =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    // What stands between backticks, one of which is cut off.
    let texts = first_cells.flat_map(|cell| cell.split('`').step_by(2));
    let texts: Vec<&str> = texts.filter(|text| !text.trim().is_empty()).collect();
    assert!(texts.len() > 15, "{texts:?}");
    for text in texts {
        schedule(text);
    }
}

#[test]
fn equal_expressions_share_one_parsed_value() {
    let mut known = Schedules::default();
    let first = known.parse("0 2 * * 1").expect("a schedule");
    let second = known.parse("  0 2  * * 1 ").expect("a schedule");
    let other = known.parse("0 3 * * 1").expect("a schedule");
    assert!(Arc::ptr_eq(&first.0, &second.0));
    assert!(!Arc::ptr_eq(&first.0, &other.0));
    assert_eq!((first.text(), &first), ("0 2 * * 1", &schedule("0 2 * * 1")));
    assert!(known.parse("0 24 * * 1").is_err());
}

#[test]
fn schedules_end_with_the_year_4999() {
    for text in ["* * * * *", "every 1m"] {
        let schedule = schedule(text);
        let last = time("4999-12-31T23:59:00Z");
        assert_eq!(schedule.next_after(time("4999-12-31T23:58:59Z")), Some(last));
        assert_eq!(schedule.next_after(last), None);
        for late in ["5000-06-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            assert_eq!(schedule.next_after(time(late)), None);
            assert_eq!(schedule.last_at_or_before(time(late)), Some(last));
            assert_eq!(schedule.count_between(last, time(late), 9), 0);
        }
    }
}

#[test]
fn before_1970_there_is_no_due_time() {
    let yearly = schedule("0 0 1 2 *");
    assert_eq!(yearly.last_at_or_before(time("1970-01-31T00:00:00Z")), None);
    assert_eq!(yearly.next_after(at(0)), Some(time("1970-02-01T00:00:00Z")));
}
