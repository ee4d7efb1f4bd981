//! Log files and log lines, at every way out.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::Value;

use crate::daemon::Daemon;
use crate::sandbox::{Running, Sandbox, eventually};

/// The lines of all log files, each of them whole JSON.
fn log(sandbox: &Sandbox) -> Vec<Value> {
    let mut lines = Vec::new();
    for file in std::fs::read_dir(sandbox.path("logs")).expect("a log directory") {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a log file");
        assert!(text.is_empty() || text.ends_with('\n'));
        lines.extend(
            text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line")),
        );
    }
    lines
}

/// The last line tells how the run went.
#[track_caller]
fn check_end(sandbox: &Sandbox, outcome: &str, code: u8) {
    let log = log(sandbox);
    let last = log.last().expect("a line");
    assert_eq!(last["outcome"], outcome, "{last}");
    assert_eq!(last["exit_code"], code, "{last}");
    assert_eq!(last["message"], format!("run {outcome}"));
    assert!(last["span"]["run_id"].is_string() && last["span"]["job"].is_string(), "{last}");
    assert!(last["duration_ms"].is_u64(), "{last}");
    let failures = log.iter().filter(|line| line["level"] == "ERROR").count();
    assert_eq!(failures, usize::from(code != 0), "a failure is logged once");
}

#[test]
fn a_log_file_that_cannot_be_written_is_told_once_and_does_not_touch_the_run() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello", "--log-dir", "logs"]).exits(0).silent();
    for file in std::fs::read_dir(sandbox.path("logs")).expect("a log directory") {
        let path = file.expect("a file").path();
        std::fs::remove_file(&path).expect("removed");
        std::os::unix::fs::symlink("/dev/full", path).expect("a link");
    }
    let command = ["exec", "--name", "chatty", "--log-dir", "logs", "--", "echo", "hello"];
    let ran =
        sandbox.run(command).exits(0).says("lines of the log in logs are lost: No space left");
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{ran:?}");
    assert!(ran.stderr.contains("hint: free some space"), "{ran:?}");
}

#[test]
fn the_log_file_is_whole_at_every_way_out() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello", "--log-dir", "logs"]).exits(0).silent();
    check_end(&sandbox, "succeeded", 0);

    let sandbox = Sandbox::new();
    sandbox.run(["jupiter-sync", "--from", "none", "--log-dir", "logs"]).exits(74);
    check_end(&sandbox, "failed", 74);

    for (signal, outcome, code) in [
        (None, "timed_out", 124),
        (Some(Signal::TERM), "cancelled", 143),
        (Some(Signal::INT), "cancelled", 130),
    ] {
        let sandbox = Sandbox::new();
        let timeout = if signal.is_some() { "60s" } else { "300ms" };
        let arguments = ["jupiter-sync", "--from", "-", "--log-dir", "logs", "--timeout", timeout];
        let mut running = Running::of(sandbox.command(arguments).stdin(Stdio::piped()));
        if let Some(signal) = signal {
            eventually("the run has started", || {
                sandbox.path("logs").exists() && !log(&sandbox).is_empty()
            });
            running.signal(signal);
        }
        running.wait_with_stdin_open().exits(i32::from(code));
        check_end(&sandbox, outcome, code);
    }
}

#[test]
fn the_log_on_stderr_can_be_json_and_then_holds_the_error() {
    let sandbox = Sandbox::new();
    let arguments = ["jupiter-sync", "--from", "none", "--log-format", "json"];
    let ran = sandbox.run(arguments).exits(74);
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
    let line: Value = serde_json::from_str(ran.stderr.trim()).expect("a JSON line");
    assert_eq!((&line["outcome"], &line["exit_code"]), (&"failed".into(), &74.into()));
    assert!(line["error"].as_str().expect("text").contains("none: cannot read it"));
    assert!(line["hint"].is_null() || line["hint"].is_string());
    sandbox.run(["hello", "--log-format", "json"]).exits(0).silent();
    let verbose = sandbox.run(["hello", "--log-format", "json", "-v"]).exits(0).stderr;
    assert!(verbose.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{verbose}");
}

#[test]
fn verbosity_is_for_stderr_in_steps() {
    let sandbox = Sandbox::new();
    let lines = |flag: &str| sandbox.run(["hello", flag]).exits(0).stderr.lines().count();
    assert_eq!(lines("-v"), 2, "the start and the end");
    assert!(lines("-vvv") >= lines("-v"));
}

#[test]
fn old_log_files_are_removed() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("logs")).expect("a directory");
    for day in 10..30 {
        sandbox.write(&format!("logs/punctual.2025-01-{day}.log"), "{}\n");
    }
    sandbox.write("logs/somebody-elses.txt", "");
    sandbox.run(["hello", "--log-dir", "logs", "--log-keep", "3"]).exits(0).silent();
    let mut names: Vec<String> = std::fs::read_dir(sandbox.path("logs"))
        .expect("a directory")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3 + 1, "{names:?}");
    assert!(names.contains(&"somebody-elses.txt".to_owned()), "{names:?}");
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("punctual.202")
                && name > &"punctual.2025-01-29.log".to_owned()),
        "{names:?}"
    );
}

#[test]
fn a_log_directory_that_cannot_be_used_is_an_error_that_names_it() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello", "--log-dir", "/sys/logs"]).exits(77).says("/sys/logs");
    sandbox.write("file", "");
    sandbox.run(["hello", "--log-dir", "file"]).exits(74).says("log directory file");
}

#[test]
fn a_daemon_tells_on_stderr_which_runs_failed_and_why() {
    let sandbox = Sandbox::new();
    let jobs = "[jobs.bad]\nschedule = 'every 1s'\ncommand = ['/bin/sh', '-c', 'exit 3']\n";
    sandbox.write("punctual.toml", jobs);
    let mut daemon = Daemon::start(&sandbox, &["--config", "punctual.toml"]);
    daemon.says("run failed");
    daemon.signal(Signal::TERM);
    daemon.wait().exits(0).says("run failed").says("exited with status 3");
}
