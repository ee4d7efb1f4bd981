//! `next`: when jobs are due, and what their schedules mean.

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

#[test]
fn the_due_times_of_a_job_come_with_its_schedule_in_plain_english() {
    let sandbox = Sandbox::new();
    let arguments = ["next", "jupiter-sync", "-n", "2", "--after", "2026-11-24"];
    let shown = sandbox.run(arguments).exits(0).silent().stdout;
    assert_eq!(
        shown,
        "jupiter-sync: at 02:00 on Monday (0 2 * * 1)\n  \
         2026-11-30T02:00:00Z  6days 2h later\n  \
         2026-12-07T02:00:00Z  13days 2h later\n"
    );
    let now = sandbox.run(["next", "jupiter-sync"]).exits(0).silent().stdout;
    assert_eq!(now.lines().count(), 6, "five of one schedule: {now}");
    assert!(now.lines().skip(1).all(|line| line.contains("T02:00:00Z  in ")), "{now}");
    assert!(!sandbox.state_dir().exists(), "a look at schedules leaves nothing behind");
}

#[test]
fn without_a_job_all_are_shown() {
    let sandbox = Sandbox::new();
    let after = ["next", "--after", "2026-11-24T10:00:05Z"];
    assert_eq!(
        sandbox.run(after).exits(0).silent().stdout,
        "hello: every 10s\n  2026-11-24T10:00:10Z  5s later\n\
         jupiter-sync: at 02:00 on Monday (0 2 * * 1)\n  2026-11-30T02:00:00Z  5days 15h later\n\
         mem-report: every 1h\n  2026-11-24T11:00:00Z  59m 55s later\n"
    );
}

#[test]
fn json_is_one_object_per_schedule() {
    let sandbox = Sandbox::new();
    let fixed = ["next", "--output", "json", "--after", "2026-11-24T02:00:00.500Z"];
    let of = |more: &[&str]| -> Vec<Value> {
        let stdout = sandbox.run(fixed.iter().chain(more)).exits(0).silent().stdout;
        stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    assert_eq!(
        of(&["hello", "-n", "2"]),
        [json!({
            "job": "hello",
            "schedule": "every 10s",
            "description": "every 10s",
            "next": ["2026-11-24T02:00:10.000Z", "2026-11-24T02:00:20.000Z"],
        })]
    );
    assert_eq!(
        of(&["--schedule", " 0  0 29 2 * ", "-n", "1"]),
        [json!({
            "job": null,
            "schedule": "0 0 29 2 *",
            "description": "at 00:00 on day 29 of February",
            "next": ["2028-02-29T00:00:00.000Z"],
        })]
    );
    let jobs: Vec<Value> = of(&[]).into_iter().map(|line| line["job"].clone()).collect();
    assert_eq!(jobs, ["hello", "jupiter-sync", "mem-report"]);
}

#[test]
fn a_bad_schedule_is_a_usage_error_that_points_at_the_field() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(["next", "--schedule", "0 24 * * *"]).exits(2);
    assert_eq!(ran.stdout, "");
    ran.says(
        "for '--schedule <EXPR>': field 2 (hour): 24 is not from 0 to 23\n\n    \
         0 24 * * *\n      ^^\n",
    );
    sandbox.run(["next", "--schedule", "0 0 30 2 *"]).exits(2).says("30 never comes in February");
    sandbox.run(["next", "--schedule", ""]).exits(2).says("empty, where five fields");
}

#[test]
fn mistakes_are_usage_errors() {
    let sandbox = Sandbox::new();
    sandbox
        .run(["next", "jupiter-snyc"])
        .exits(2)
        .says("unknown job \"jupiter-snyc\"; the nearest is \"jupiter-sync\"\nhint: the jobs are");
    let ran = sandbox.run(["next", "nonesuch"]).exits(2).says("hint: the jobs are hello");
    assert!(!ran.stderr.contains("nearest"), "{ran:#?}");
    sandbox.run(["next", "hello", "--schedule", "@daily"]).exits(2).says("cannot be used with");
    sandbox.run(["next", "--after", "tomorrow"]).exits(2).says("2026-11-24T02:00");
    sandbox.run(["next", "-n", "0"]).exits(2).says("1..=1000");
}

#[test]
fn after_the_last_due_time_there_is_none() {
    let sandbox = Sandbox::new();
    let late = ["next", "hello", "--after", "5000-01-01"];
    let shown = sandbox.run(late).exits(0).silent().stdout;
    assert_eq!(shown, "hello: every 10s\n  never: schedules end with the year 4999\n");
    let json = sandbox.run(late.iter().chain(&["--output", "json"])).exits(0).json();
    assert_eq!(json["next"], json!([]));
}
