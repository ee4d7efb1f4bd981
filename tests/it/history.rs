//! `history` and `show`.

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

/// Three runs: two of hello, one that failed.
fn sandbox_with_runs() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.run(["hello"]).exits(0);
    sandbox.run(["jupiter-sync", "--from", "none"]).exits(74);
    sandbox.run(["hello", "--name", "again"]).exits(0);
    sandbox
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

#[test]
fn the_newest_runs_come_first() {
    let sandbox = sandbox_with_runs();
    let runs = lines(&sandbox.run(["history", "--output", "json"]).exits(0).silent().stdout);
    let jobs: Vec<&str> = runs.iter().filter_map(|run| run["job"].as_str()).collect();
    assert_eq!(jobs, ["hello", "jupiter-sync", "hello"]);
    assert_eq!(runs[0]["report"]["greeting"], "Hello, again!");
    assert_eq!(runs[1]["exit_code"], 74);
    assert!(runs[0]["run_id"].as_str() > runs[1]["run_id"].as_str(), "run ids sort by time");
    let table = sandbox.run(["history"]).exits(0).silent().stdout;
    assert!(table.starts_with("RUN "), "{table}");
    assert_eq!(table.lines().count(), 4, "{table}");
}

#[test]
fn runs_are_filtered_by_job_number_age_and_outcome() {
    let sandbox = sandbox_with_runs();
    let count = |arguments: &[&str]| {
        let fixed = ["history", "--output", "json"];
        sandbox.run(fixed.iter().chain(arguments)).exits(0).stdout.lines().count()
    };
    assert_eq!(count(&["hello"]), 2);
    assert_eq!(count(&["-n", "1"]), 1);
    assert_eq!(count(&["--outcome", "failed"]), 1);
    assert_eq!(count(&["hello", "--outcome", "failed"]), 0);
    assert_eq!(count(&["--since", "1h"]), 3);
    let age = "UPDATE runs SET started_at = '2020-01-01T00:00:00.000Z' WHERE job = 'hello'";
    sandbox.database().execute_batch(age).expect("updated");
    assert_eq!(count(&["--since", "1h"]), 1);
}

#[test]
fn a_name_without_runs_is_an_error_unless_it_is_a_job() {
    let sandbox = sandbox_with_runs();
    sandbox.run(["history", "helo"]).exits(2).says("hint: the jobs are hello, jupiter-sync");
    assert_eq!(sandbox.run(["history", "mem-report"]).exits(0).stdout, "no runs\n");
}

#[test]
fn without_a_history_there_are_no_runs_and_none_is_made() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(["history"]).exits(0).silent().stdout, "no runs\n");
    assert_eq!(sandbox.run(["history", "--output", "json"]).exits(0).stdout, "");
    sandbox.run(["show", "abc"]).exits(2).says("no run \"abc\"");
    assert!(!sandbox.state_dir().exists());
}

#[test]
fn a_run_is_shown_whole_by_any_end_of_its_id() {
    let sandbox = sandbox_with_runs();
    let failed = ["history", "--outcome", "failed", "--output", "json"];
    let run = sandbox.run(failed).exits(0).json();
    let id = run["run_id"].as_str().expect("text");
    let tail = id.rsplit('-').next().expect("a tail");
    for wanted in [id, tail, &id.to_uppercase(), &id[..id.len() - 1]] {
        assert_eq!(sandbox.run(["show", wanted, "--output", "json"]).exits(0).json(), run);
    }
    let text = sandbox.run(["show", tail]).exits(0).silent().stdout;
    for part in [id, "failed", "74", "none: cannot read it", "\"fetched\": 0", "trigger    cli"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn a_name_that_has_runs_is_that_of_a_job_whatever_is_asked_about_it() {
    let sandbox = Sandbox::new();
    sandbox.run(["exec", "--name", "once", "-q", "--", "true"]).exits(0);
    let failed = sandbox.run(["history", "once", "--outcome", "failed"]).exits(0).silent();
    assert_eq!(failed.stdout, "no runs\n");
    sandbox.run(["history", "twice", "--outcome", "failed"]).exits(2).says("unknown job");
}

#[test]
fn an_id_that_means_no_run_or_several_is_an_error() {
    let sandbox = sandbox_with_runs();
    sandbox.run(["show", "zzz"]).exits(2).says("hint: list the runs with `punctual history`");
    sandbox.run(["show", ""]).exits(2);
    let id = sandbox.run(["history", "-n1", "--output", "json"]).exits(0).json();
    let start = &id["run_id"].as_str().expect("text")[..2];
    sandbox.run(["show", start]).exits(2).says("means more than one run");
}

#[test]
fn old_runs_leave_the_history() {
    let sandbox = Sandbox::new();
    for _ in 0..12 {
        sandbox.run(["hello", "--history-max", "5"]).exits(0);
    }
    assert_eq!(sandbox.count("SELECT count(*) FROM runs"), 5);
}

#[test]
fn what_a_terminal_would_obey_is_escaped() {
    let sandbox = Sandbox::new();
    sandbox.run(["jupiter-sync", "--from", "a\u{1b}[2Jb\nc"]).exits(74).says("a\\u{1b}[2Jb\\u{a}c");
    for command in [&["history"][..], &["show", "01"]] {
        let shown = sandbox.run(command).exits(0).stdout;
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}

#[test]
fn hosts_are_shown_where_there_are_several() {
    let sandbox = Sandbox::new();
    let header = |command: &str, line: usize| {
        let shown = sandbox.run([command]).exits(0).silent().stdout;
        shown.lines().nth(line).expect("a header").to_owned()
    };
    sandbox.run(["hello", "--host", "db1"]).exits(0);
    assert!(!header("history", 0).contains("HOST"));
    assert!(!header("jobs", 1).contains("HOST"));
    sandbox.run(["hello", "--host", "db2"]).exits(0);
    sandbox.run(["mem-report", "--host", "db1"]).exits(0);
    assert!(header("history", 0).contains("HOST") && header("jobs", 1).contains("HOST"));
    let shown = sandbox.run(["history", "hello"]).exits(0).stdout;
    assert!(shown.contains("db1") && shown.contains("db2"), "{shown}");
    let jobs = sandbox.run(["jobs", "--output", "json"]).exits(0).stdout;
    let jobs = jobs.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let hosts: Vec<String> = jobs
        .filter_map(|job| {
            job["last_run"]["host"].as_str().map(|host| format!("{} {host}", job["job"]))
        })
        .collect();
    assert_eq!(hosts, ["\"hello\" db2", "\"mem-report\" db1"]);
}

#[test]
fn a_shared_history_always_shows_hosts() {
    let Some(server) = crate::postgres::shared_server() else { return };
    let (sandbox, database) = (Sandbox::new(), server.create_database());
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        Ran::of(command.env("PUNCTUAL_DATABASE", database.url())).exits(0).silent().stdout
    };
    run(&["hello", "--host", "db1"]);
    for command in ["history", "jobs"] {
        let shown = run(&[command]);
        assert!(shown.contains("HOST") && shown.contains("db1"), "{shown}");
    }
    let id = serde_json::from_str::<Value>(&run(&["history", "--output", "json"])).expect("JSON");
    let shown = run(&["show", id["run_id"].as_str().expect("text")]);
    assert!(shown.contains("host       db1, pid "), "{shown}");
}
