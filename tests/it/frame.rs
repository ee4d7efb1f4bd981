//! The frame around a run: lock, deadline, signals, lost runs, exit codes.
//!
//! The job under control is `jupiter-sync --from -`, which runs as long as its stdin is open.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::Value;

use crate::sandbox::{Ran, Running, Sandbox, eventually};

const KEYS: [&str; 10] = [
    "run_id",
    "job",
    "outcome",
    "exit_code",
    "started_at",
    "finished_at",
    "duration_ms",
    "attempts",
    "report",
    "error",
];

/// A run that goes on until its stdin is closed.
fn start(sandbox: &Sandbox, more: &[&str]) -> Running {
    let fixed = ["jupiter-sync", "--from", "-", "--output", "json"];
    let mut command = sandbox.command(fixed.iter().chain(more));
    let running = Running::of(command.stdin(Stdio::piped()));
    eventually("the run is recorded", || {
        sandbox.database_path().exists() && unfinished(sandbox) > 0
    });
    running
}

fn unfinished(sandbox: &Sandbox) -> i64 {
    let query = "SELECT count(*) FROM runs WHERE outcome IS NULL";
    sandbox.database().query_row(query, (), |row| row.get(0)).unwrap_or(0)
}

/// The end that lets a run succeed.
fn finish(mut running: Running) -> Ran {
    running.feed(b"[]");
    running.wait()
}

fn outcomes(sandbox: &Sandbox) -> Vec<String> {
    let database = sandbox.database();
    let mut statement = database
        .prepare("SELECT coalesce(outcome, 'running') FROM runs ORDER BY started_at, id")
        .expect("a query");
    let rows = statement.query_map((), |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

#[test]
fn the_json_of_a_run_has_the_documented_keys_whatever_its_outcome() {
    let sandbox = Sandbox::new();
    let json = ["--output", "json"];
    let succeeded = sandbox.run(["hello"].iter().chain(&json)).exits(0).silent().json();
    let failed = ["jupiter-sync", "--from", "none"];
    let failed = sandbox.run(failed.iter().chain(&json)).exits(74).json();
    let running = start(&sandbox, &[]);
    let skipped = ["jupiter-sync"];
    let skipped = sandbox.run(skipped.iter().chain(&json)).exits(0).silent();
    assert_eq!(skipped.stdout.lines().count(), 1);
    let denied = ["jupiter-sync", "--if-running", "fail"];
    let denied = sandbox.run(denied.iter().chain(&json)).exits(75).json();
    finish(running).exits(0);
    let timed_out = finish_by_timeout(&sandbox);
    let expected = [
        (&succeeded, "succeeded", 0),
        (&failed, "failed", 74),
        (&skipped.json(), "skipped", 0),
        (&denied, "skipped", 75),
        (&timed_out, "timed_out", 124),
    ];
    for (record, outcome, code) in expected {
        let object = record.as_object().expect("an object");
        assert_eq!(object.keys().collect::<Vec<_>>(), KEYS, "{record}");
        assert_eq!((&record["outcome"], &record["exit_code"]), (&outcome.into(), &code.into()));
        assert_eq!(record["error"].is_null(), code == 0, "{record}");
        let stamps = [&record["started_at"], &record["finished_at"]].map(Value::as_str);
        for stamp in stamps.map(|stamp| stamp.expect("text")) {
            assert!(stamp.len() == 24 && stamp.ends_with('Z'), "{stamp}");
        }
    }
}

fn finish_by_timeout(sandbox: &Sandbox) -> Value {
    let running = start(sandbox, &["--timeout", "300ms"]);
    running.wait_with_stdin_open().exits(124).says("timed out after 300ms").json()
}

#[test]
fn every_column_of_the_history_is_filled() {
    let sandbox = Sandbox::new();
    let record = sandbox.run(["hello", "--output", "json"]).exits(0).json();
    let database = sandbox.database();
    let statement = database.prepare("SELECT * FROM runs").expect("a query");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    assert_eq!(
        names,
        [
            "id",
            "job",
            "trigger",
            "due_at",
            "started_at",
            "finished_at",
            "outcome",
            "exit_code",
            "attempts",
            "host",
            "pid",
            "version",
            "error",
            "report",
            "output"
        ]
    );
    let row = |name: &str| -> rusqlite::types::Value {
        let query = format!("SELECT {name} FROM runs");
        database.query_row(&query, (), |row| row.get(0)).expect("a value")
    };
    let text = |name: &str| match row(name) {
        rusqlite::types::Value::Text(text) => text,
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(record["run_id"], text("id"));
    assert_eq!(record["started_at"], text("started_at"));
    assert_eq!(text("trigger"), "cli");
    assert_eq!(text("report"), r#"{"greeting":"Hello, world!"}"#);
    assert_eq!(text("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(row("error"), rusqlite::types::Value::Null);
    assert!(!text("host").is_empty());
    drop(statement);
}

#[test]
fn an_overlapping_run_is_skipped_silently_and_recorded() {
    let sandbox = Sandbox::new();
    let running = start(&sandbox, &[]);
    let second = sandbox.run(["jupiter-sync", "--from", "none"]).exits(0).silent();
    assert_eq!(second.stdout, "");
    sandbox.run(["hello"]).exits(0);
    finish(running).exits(0);
    assert_eq!(outcomes(&sandbox), ["succeeded", "skipped", "succeeded"]);
}

#[test]
fn an_overlapping_run_that_is_to_fail_says_who_is_running() {
    let sandbox = Sandbox::new();
    let mut running = start(&sandbox, &[]);
    let pid = running.child().id();
    let arguments = ["jupiter-sync", "--from", "none", "--if-running", "fail"];
    let ran = sandbox.run(arguments).exits(75);
    ran.says("jupiter-sync is already running since 20").says(&format!("pid {pid}"));
    finish(running).exits(0);
}

#[test]
fn an_overlapping_run_that_is_to_wait_gets_its_turn() {
    let sandbox = Sandbox::new();
    let running = start(&sandbox, &[]);
    let list = sandbox.write("list.json", "[]");
    let list = list.to_str().expect("UTF-8");
    let waiting = sandbox.spawn(["jupiter-sync", "--from", list, "--if-running", "wait"]);
    finish(running).exits(0);
    waiting.wait().exits(0).silent();
    assert_eq!(outcomes(&sandbox), ["succeeded", "succeeded"]);
}

#[test]
fn an_overlapping_run_waits_within_its_deadline_only() {
    let sandbox = Sandbox::new();
    let running = start(&sandbox, &[]);
    let arguments =
        ["jupiter-sync", "--from", "none", "--if-running", "wait", "--timeout", "300ms"];
    sandbox.run(arguments).exits(75).says("waited 300ms for it");
    finish(running).exits(0);
    assert_eq!(outcomes(&sandbox), ["succeeded", "skipped"]);
}

#[test]
fn a_waiting_run_can_be_cancelled() {
    let sandbox = Sandbox::new();
    let running = start(&sandbox, &[]);
    let mut waiting = sandbox.spawn(["jupiter-sync", "--from", "none", "--if-running", "wait"]);
    eventually("it waits", || is_waiting(&mut waiting));
    waiting.signal(Signal::INT);
    waiting.wait().exits(130).says("cancelled by SIGINT");
    finish(running).exits(0);
}

/// Whether the process listens to signals: SIGTERM is among those that it catches.
fn is_waiting(running: &mut Running) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.child().id()));
    let status = status.unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap_or("0").trim(), 16).expect("a mask");
    caught & (1 << (15 - 1)) != 0
}

#[test]
fn a_killed_run_shows_as_lost_at_the_next_look_and_its_lock_is_free() {
    let sandbox = Sandbox::new();
    let mut running = start(&sandbox, &[]);
    running.child().kill().expect("killed");
    drop(running);
    let history = sandbox.run(["history", "--output", "json"]).exits(0);
    assert_eq!(history.json()["outcome"], "lost");
    assert!(history.json()["error"].as_str().expect("text").contains("process died"));
    sandbox.write("list.json", "[]");
    sandbox.run(["jupiter-sync", "--from", "list.json", "--if-running", "fail"]).exits(0);
    let left = std::fs::read_dir(sandbox.state_dir().join("runs")).expect("a directory").count();
    assert_eq!(left, 0);
}

#[test]
fn a_run_that_is_going_is_running_and_not_lost() {
    let sandbox = Sandbox::new();
    let running = start(&sandbox, &[]);
    let history = sandbox.run(["history", "--output", "json"]).exits(0).json();
    assert_eq!(history["outcome"], Value::Null);
    assert!(sandbox.run(["history"]).exits(0).stdout.contains("running"));
    finish(running).exits(0);
}

#[test]
fn signals_cancel_a_run_and_a_second_one_does_not_wait() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::QUIT, 143)] {
        let sandbox = Sandbox::new();
        let mut running = start(&sandbox, &[]);
        running.signal(signal);
        running.signal(signal);
        let ran = running.wait_with_stdin_open().exits(code);
        assert_eq!(ran.json()["outcome"], "cancelled");
        assert_eq!(outcomes(&sandbox), ["cancelled"]);
    }
}

#[test]
fn a_terminal_that_goes_away_cancels_a_run_unless_it_is_to_outlive_it() {
    let sandbox = Sandbox::new();
    // Makes the database.
    sandbox.run(["hello"]).exits(0);
    let start_by = |program: &str, arguments: &[&str]| {
        let mut command = sandbox.command_of(program.as_ref(), arguments);
        command.arg(env!("CARGO_BIN_EXE_punctual")).args(["jupiter-sync", "--from", "-"]);
        let running = Running::of(command.stdin(Stdio::piped()));
        eventually("the run is recorded", || unfinished(&sandbox) > 0);
        running
    };
    // These tests may themselves be started by nohup.
    let mut running = start_by("env", &["--default-signal=HUP"]);
    running.signal(Signal::HUP);
    running.wait_with_stdin_open().exits(143).says("cancelled by SIGHUP");

    let mut outlives = start_by("sh", &["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    outlives.signal(Signal::HUP);
    finish(outlives).exits(0);
}

#[test]
fn failures_are_retried_as_often_as_asked() {
    let sandbox = Sandbox::new();
    let arguments = ["jupiter-sync", "--from", "none", "--retries", "1", "--output", "json"];
    assert_eq!(sandbox.run(arguments).exits(74).json()["attempts"], 2);
    let hopeless = ["mem-report", "--max-rss", "1KiB", "--retries", "5", "--timeout", "1s"];
    let ran = sandbox.run(hopeless).exits(1).says("above --max-rss");
    assert!(!ran.stdout.is_empty());
}

#[test]
fn stdin_is_read_once_however_many_retries_there_may_be() {
    let sandbox = Sandbox::new();
    let mut running = start(&sandbox, &["--retries", "3"]);
    running.feed(b"[{}");
    let ran = running.wait().exits(76).says("broke off after 1 elements");
    assert_eq!(ran.json()["attempts"], 1);
}

#[test]
fn a_state_directory_is_made_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new();
    sandbox.run(["hello"]).exits(0).silent();
    let mode = std::fs::metadata(sandbox.state_dir()).expect("the directory").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_state_directory_below_a_file_is_an_error_that_names_it() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    let ran = sandbox.run(["hello", "--state-dir", "file/state"]).exits(74);
    ran.says("cannot create the directory file/state");
}

#[test]
fn without_any_place_for_state_the_error_says_how_to_name_one() {
    let sandbox = Sandbox::new();
    if !rustix::process::geteuid().is_root() {
        let mut command = sandbox.command(["hello"]);
        command.env_remove("HOME").env_remove("PUNCTUAL_STATE_DIR");
        Ran::of(&mut command).exits(78).says("hint: name one with --state-dir");
    }
    let mut command = sandbox.command(["hello", "--state-dir", "here"]);
    Ran::of(command.env_clear()).exits(0).silent();
    assert!(sandbox.path("here/punctual.db").exists());
}
