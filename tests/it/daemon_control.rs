//! The daemon's socket, and the commands that use it.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::sandbox::{Ran, Running, Sandbox, eventually, skipped};
use crate::server::{Answer, Server};
use crate::tokens::list;

fn socket(sandbox: &Sandbox) -> PathBuf {
    sandbox.state_dir().join("daemon.sock")
}

/// Starts a daemon and waits until it listens.
fn start(sandbox: &Sandbox) -> Running {
    start_as(sandbox, &mut sandbox.command(["daemon"]))
}

fn start_as(sandbox: &Sandbox, command: &mut Command) -> Running {
    let daemon = Running::of(command);
    eventually("the daemon listens", || UnixStream::connect(socket(sandbox)).is_ok());
    daemon
}

fn stop(mut daemon: Running) -> Ran {
    daemon.signal(Signal::TERM);
    daemon.wait().exits(0)
}

fn pid(daemon: &mut Running) -> u32 {
    daemon.child().id()
}

/// What `jobs` says about one.
fn job(sandbox: &Sandbox, name: &str) -> Value {
    let jobs = sandbox.run(["jobs", "--output", "json"]).exits(0).silent().stdout;
    let mut jobs = jobs.lines().map(|line| serde_json::from_str(line).expect("a JSON line"));
    jobs.find(|job: &Value| job["job"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// The newest run of a job that was triggered, once it has ended.
fn triggered_run(sandbox: &Sandbox, job: &str) -> Value {
    let mut found = None;
    eventually("the triggered run has ended", || {
        let history = sandbox.run(["history", job, "--output", "json"]).exits(0).stdout;
        let mut runs = history.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        found = runs.find(|run: &Value| run["trigger"] == "manual" && !run["outcome"].is_null());
        found.is_some()
    });
    found.expect("found")
}

/// A daemon whose `jupiter-sync` finds this many tokens.
fn start_with_tokens(sandbox: &Sandbox, tokens: u64) -> Running {
    let server = Server::with([Answer::ok(list(0..tokens))]);
    server.tag("lst", [Answer::ok("[]")]);
    server.tag("stocks", [Answer::ok("[]")]);
    let mut command = sandbox.command(["daemon"]);
    start_as(sandbox, command.env("PUNCTUAL_JUPITER_API_URL", server.url()))
}

/// A daemon in which `jupiter-sync` runs until it is cancelled.
fn start_with_a_long_run(sandbox: &Sandbox) -> Running {
    let server = Server::with([Answer::ok("[").then_stall()]);
    let mut command = sandbox.command(["daemon", "--stop-timeout", "1h"]);
    let daemon = start_as(sandbox, command.env("PUNCTUAL_JUPITER_API_URL", server.url()));
    sandbox.run(["trigger", "jupiter-sync"]).exits(0).silent();
    eventually("the run is going", || job(sandbox, "jupiter-sync")["daemon"]["running"] == 1);
    daemon
}

#[test]
fn a_state_directory_has_one_daemon_and_the_second_is_told_who_it_is() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let second = sandbox.run(["daemon"]).exits(75);
    second.says("another daemon holds").says(&format!("pid {}", pid(&mut daemon)));
    assert!(job(&sandbox, "hello")["daemon"].is_object(), "the first one is well");
    stop(daemon);
    stop(start(&sandbox));
}

#[test]
fn the_socket_of_a_killed_daemon_is_recognised_and_replaced() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    daemon.signal(Signal::KILL);
    assert_eq!(daemon.wait().status.code(), None);
    assert!(socket(&sandbox).exists());
    sandbox.run(["reload"]).exits(69).says("one that died left its socket there");
    assert!(job(&sandbox, "hello")["daemon"].is_null());

    let daemon = start(&sandbox);
    sandbox.run(["reload"]).exits(0).silent();
    stop(daemon).says("replacing the socket of an earlier daemon");
    assert!(!socket(&sandbox).exists());
    sandbox.run(["reload"]).exits(69).says("no daemon is running for ");
}

#[test]
fn the_socket_is_for_its_user_only_whatever_umask_and_directory_allow() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.state_dir()).expect("a directory");
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(sandbox.state_dir(), open).expect("permissions");
    let daemon = start_as(&sandbox, &mut sandbox.shell("umask 0; exec $punctual daemon"));
    let mode = std::fs::metadata(socket(&sandbox)).expect("the socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let names = std::fs::read_dir(sandbox.state_dir()).expect("a directory");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let sockets = names.filter(|name| name.to_string_lossy().contains("sock")).count();
    assert_eq!(sockets, 1, "nothing is left of its making");
    stop(daemon);
}

#[test]
fn who_may_not_use_the_socket_gets_77() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let mut command = sandbox.command(["reload"]);
    if rustix::process::geteuid().is_root() {
        // Root may use anything; somebody else is needed.
        for directory in [sandbox.path("."), sandbox.state_dir()] {
            let enterable = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(directory, enterable).expect("permissions");
        }
        command.uid(65534).gid(65534);
        if command.output().is_err() {
            skipped("nobody may not start the binary where it is");
            return;
        }
    } else {
        let closed = std::fs::Permissions::from_mode(0o000);
        std::fs::set_permissions(socket(&sandbox), closed).expect("permissions");
    }
    Ran::of(&mut command).exits(77).says("cannot connect to the daemon").says("hint: ");
    stop(daemon);
}

#[test]
fn without_a_daemon_what_needs_one_is_69_and_says_how_to_start_it() {
    let sandbox = Sandbox::new();
    for arguments in
        [&["trigger", "hello"][..], &["pause", "hello"], &["resume", "hello"], &["reload"]]
    {
        let ran = sandbox.run(arguments).exits(69);
        assert_eq!(ran.stdout, "");
        let directory = sandbox.state_dir();
        ran.says(&format!("no daemon is running for {}\n", directory.display()))
            .says("hint: start one with `punctual daemon`, or name its state directory");
    }
    assert!(!sandbox.state_dir().exists(), "asking makes nothing");
}

#[test]
fn a_job_is_triggered_and_the_history_says_by_hand() {
    let sandbox = Sandbox::new();
    let daemon = start_with_tokens(&sandbox, 3);
    let ended = || job(&sandbox, "jupiter-sync")["daemon"]["running"] == 0;
    let triggered = sandbox.run(["trigger", "jupiter-sync"]).exits(0).silent();
    assert_eq!(triggered.stdout, "jupiter-sync: started\n");
    let run = triggered_run(&sandbox, "jupiter-sync");
    assert_eq!((&run["outcome"], &run["report"]["inserted"]), (&"succeeded".into(), &3.into()));
    assert_eq!(run["due_at"], Value::Null);
    eventually("the daemon knows", ended);
    let object = sandbox.run(["trigger", "jupiter-sync", "--output", "json"]).exits(0).json();
    assert_eq!(object, serde_json::json!({ "job": "jupiter-sync", "result": "started" }));
    eventually("the daemon knows", ended);
    assert_eq!(sandbox.run(["trigger", "jupiter-sync", "-q"]).exits(0).silent().stdout, "");
    stop(daemon);
}

#[test]
fn a_daemon_stops_at_ctrl_backslash_as_well() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    daemon.signal(Signal::QUIT);
    daemon.wait().exits(0).says("daemon stopped");
}

#[test]
fn a_job_that_the_daemon_does_not_have_is_2_and_the_nearest_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", "[jobs.hello]\nenabled = false\n");
    let with_file = ["--config", "punctual.toml", "daemon"];
    let daemon = start_as(&sandbox, &mut sandbox.command(with_file));
    for command in ["trigger", "pause", "resume"] {
        let ran = sandbox.run([command, "jupiter-snyc"]).exits(2);
        ran.says("the daemon has no job \"jupiter-snyc\"").says("did you mean \"jupiter-sync\"?");
        let off = sandbox.run([command, "hello", "--config", "punctual.toml"]).exits(2);
        off.says("hint: it has the jobs that were enabled when it loaded its configuration");
    }
    stop(daemon);
}

#[test]
fn while_a_job_is_running_it_is_not_triggered_and_a_stopping_daemon_still_answers() {
    let sandbox = Sandbox::new();
    let mut daemon = start_with_a_long_run(&sandbox);
    let refused = sandbox.run(["trigger", "jupiter-sync"]).exits(75);
    refused.says("jupiter-sync was not started: the previous run is still going");
    let table = sandbox.run(["jobs"]).exits(0).stdout;
    let row = table.lines().find(|line| line.starts_with("jupiter-sync")).expect("its row");
    assert_eq!(row.matches("running").count(), 2, "state and last run: {table}");

    daemon.signal(Signal::TERM);
    eventually("it is stopping", || {
        sandbox.run(["trigger", "mem-report"]).stderr.contains("the daemon is stopping")
    });
    sandbox.run(["trigger", "mem-report"]).exits(75).says("hint: run it without the daemon");
    assert_eq!(job(&sandbox, "jupiter-sync")["daemon"]["running"], 1);
    let report = sandbox.run(["mem-report", "--output", "json"]).exits(0).json();
    assert_eq!(report["report"]["process"], "daemon");
    stop(daemon);
    assert_eq!(triggered_run(&sandbox, "jupiter-sync")["outcome"], "cancelled");
}

#[test]
fn a_pause_outlives_the_daemon() {
    let sandbox = Sandbox::new();
    let says = |arguments: &[&str]| sandbox.run(arguments).exits(0).silent().stdout;
    let daemon = start(&sandbox);
    assert_eq!(job(&sandbox, "hello")["daemon"]["paused"], false);
    assert_eq!(says(&["resume", "hello"]), "hello: was not paused\n");
    assert_eq!(says(&["pause", "hello"]), "hello: paused\n");
    assert_eq!(says(&["pause", "hello"]), "hello: was paused already\n");
    assert_eq!(job(&sandbox, "hello")["daemon"]["paused"], true);
    stop(daemon);

    let daemon = start(&sandbox);
    assert_eq!(job(&sandbox, "hello")["daemon"]["paused"], true);
    assert!(says(&["jobs"]).contains("  paused"));
    assert_eq!(job(&sandbox, "mem-report")["daemon"]["paused"], false);
    // A person may still run it.
    assert_eq!(says(&["trigger", "hello"]), "hello: started\n");
    assert_eq!(triggered_run(&sandbox, "hello")["outcome"], "succeeded");
    let object = sandbox.run(["resume", "hello", "--output", "json"]).exits(0).json();
    assert_eq!(object, serde_json::json!({ "job": "hello", "paused": false, "changed": true }));
    stop(daemon);
    let daemon = start(&sandbox);
    assert_eq!(job(&sandbox, "hello")["daemon"]["paused"], false);
    stop(daemon);
}

#[test]
fn a_reload_tells_how_many_jobs_there_are_or_what_is_wrong() {
    let sandbox = Sandbox::new();
    let daemon = start(&sandbox);
    let reloaded = sandbox.run(["reload"]).exits(0).silent().stdout;
    let count = sandbox.run(["jobs", "--output", "json"]).exits(0).stdout.lines().count();
    assert_eq!(reloaded, format!("reloaded: {count} jobs\n"));
    let object = sandbox.run(["reload", "--output", "json"]).exits(0).json();
    assert_eq!(object, serde_json::json!({ "jobs": count }));

    // The daemon reads what earlier daemons left in the database. No run is to meet what follows.
    sandbox.run(["pause", "hello"]).exits(0);
    eventually("no run is going", || job(&sandbox, "hello")["daemon"]["running"] == 0);
    let kept = sandbox.path("kept.db");
    std::fs::rename(sandbox.database_path(), &kept).expect("moved away");
    std::fs::write(sandbox.database_path(), "no database ".repeat(1000)).expect("written");
    sandbox.run(["reload"]).exits(74).says("not a database").says("hint: ");
    std::fs::rename(&kept, sandbox.database_path()).expect("moved back");
    sandbox.run(["reload"]).exits(0).silent();
    stop(daemon).says("cannot reload; everything stays as it was");
}

#[test]
fn clients_that_send_garbage_or_nothing_are_in_nobodys_way() {
    let sandbox = Sandbox::new();
    let daemon = start_with_tokens(&sandbox, 1);
    let silent: Vec<UnixStream> =
        (0..200).map(|_| UnixStream::connect(socket(&sandbox)).expect("connected")).collect();
    for garbage in [&b"\n"[..], b"\0\xff\xfe\n", b"GET /metrics HTTP/1.1\r\n\r\n", b"{}\n"] {
        let mut stream = UnixStream::connect(socket(&sandbox)).expect("connected");
        stream.write_all(garbage).expect("written");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let answer: Value = serde_json::from_str(&answer).expect("an answer");
        assert_eq!(answer["error"]["exit_code"], 76, "{answer}");
    }
    // Asks, and never reads.
    let mut deaf = UnixStream::connect(socket(&sandbox)).expect("connected");
    deaf.write_all(b"{\"version\":1,\"request\":\"jobs\"}\n").expect("written");
    assert!(job(&sandbox, "hello")["daemon"].is_object());
    sandbox.run(["trigger", "jupiter-sync"]).exits(0).silent();
    assert_eq!(triggered_run(&sandbox, "jupiter-sync")["outcome"], "succeeded");
    stop(daemon);
    drop((silent, deaf));
}

#[test]
fn a_state_directory_may_have_a_path_longer_than_a_sockets_address() {
    let sandbox = Sandbox::new();
    let deep = sandbox.path(&format!("{}/{}", "d".repeat(100), "e".repeat(200)));
    let command = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("PUNCTUAL_STATE_DIR", &deep);
        command
    };
    Ran::of(&mut command(&["reload"])).exits(69);
    let mut daemon = Running::of(&mut command(&["daemon"]));
    eventually("the daemon answers", || {
        Ran::of(&mut command(&["reload"])).status.code() == Some(0)
    });
    assert!(Ran::of(&mut command(&["jobs"])).exits(0).stdout.starts_with("the daemon's jobs"));
    daemon.signal(Signal::TERM);
    daemon.wait().exits(0);
    Ran::of(&mut command(&["reload"])).exits(69);
}

#[test]
fn jobs_without_a_daemon_come_from_catalog_and_history() {
    let sandbox = Sandbox::new();
    let keys = |object: &Value| object.as_object().expect("an object").keys().cloned().collect();
    let job_keys: Vec<String> = keys(&job(&sandbox, "hello"));
    assert_eq!(
        job_keys,
        ["job", "schedule", "next_due_at", "timeout_ms", "daemon", "last_run", "last_skipped"]
    );
    assert!(!sandbox.state_dir().exists(), "looking makes nothing");

    sandbox.run(["jupiter-sync", "--from", "none"]).exits(74);
    let sync = job(&sandbox, "jupiter-sync");
    assert_eq!((&sync["schedule"], &sync["timeout_ms"]), (&"0 2 * * 1".into(), &300_000.into()));
    assert!(sync["next_due_at"].as_str().expect("text").ends_with("T02:00:00.000Z"), "{sync}");
    assert!(sync["daemon"].is_null() && sync["last_skipped"].is_null(), "{sync}");
    let run = &sync["last_run"];
    assert_eq!((&run["outcome"], &run["exit_code"]), (&"failed".into(), &74.into()));
    let run_keys: Vec<String> = keys(run);
    assert_eq!(
        run_keys,
        [
            "run_id",
            "trigger",
            "host",
            "due_at",
            "started_at",
            "finished_at",
            "duration_ms",
            "outcome",
            "exit_code",
            "error"
        ]
    );

    // What was skipped since does not hide how it went.
    let skip = "INSERT INTO runs SELECT 'x', job, trigger, due_at, '2999-01-01T00:00:00.000Z',
        finished_at, 'skipped', 0, 0, host, pid, version, error, report, output FROM runs";
    sandbox.database().execute_batch(skip).expect("inserted");
    let sync = job(&sandbox, "jupiter-sync");
    assert_eq!(
        (&sync["last_run"]["outcome"], &sync["last_run"]["exit_code"]),
        (&"failed".into(), &74.into())
    );
    assert_eq!(sync["last_skipped"]["run_id"], "x");

    let table = sandbox.run(["jobs"]).exits(0).silent().stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "no daemon is running");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        words(lines[1]),
        ["JOB", "SCHEDULE", "NEXT", "DUE", "TIMEOUT", "LAST", "RUN", "OUTCOME"]
    );
    let row = lines.iter().find(|line| line.starts_with("jupiter-sync")).expect("its row");
    assert!(row.ends_with(" failed") && row.contains("0 2 * * 1"), "{table}");
}

#[test]
fn jobs_with_a_daemon_are_its_own() {
    let sandbox = Sandbox::new();
    let mut daemon = start_with_tokens(&sandbox, 1);
    sandbox.run(["trigger", "jupiter-sync"]).exits(0);
    triggered_run(&sandbox, "jupiter-sync");
    eventually("the daemon knows that the run has ended", || {
        job(&sandbox, "jupiter-sync")["daemon"]["running"] == 0
    });
    let sync = job(&sandbox, "jupiter-sync");
    let expected = serde_json::json!({
        "pid": pid(&mut daemon),
        "paused": false,
        "running": 0,
        "waiting": false,
    });
    assert_eq!(sync["daemon"], expected);
    assert_eq!(sync["last_run"]["trigger"], "manual");
    assert!(sync["next_due_at"].as_str().expect("text").ends_with("T02:00:00.000Z"), "{sync}");
    let table = sandbox.run(["jobs"]).exits(0).silent().stdout;
    assert!(table.starts_with(&format!("the daemon's jobs (pid {})\n", pid(&mut daemon))));
    assert!(table.lines().nth(1).expect("a header").contains("  STATE  "), "{table}");
    stop(daemon);
}

#[test]
fn a_memory_report_is_about_the_daemon_where_there_is_one() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    let pid = pid(&mut daemon);
    let report = sandbox.run(["mem-report", "--output", "json"]).exits(0).silent().json();
    let report = &report["report"];
    assert_eq!((&report["process"], &report["pid"]), (&"daemon".into(), &pid.into()));
    assert!(report["after"]["rss"].as_u64() > Some(1 << 20), "{report}");
    let text = sandbox.run(["mem-report"]).exits(0).silent().stdout;
    assert!(text.starts_with(&format!("memory of the daemon (pid {pid})\n")), "{text}");
    let alarm = sandbox.run(["mem-report", "--max-rss", "1MiB"]).exits(1);
    alarm.says("resident memory of the daemon is ").says("above --max-rss 1.0 MiB");

    // The daemon's own is about itself.
    sandbox.run(["trigger", "mem-report"]).exits(0);
    let own = triggered_run(&sandbox, "mem-report");
    let report = &own["report"];
    assert_eq!((&report["process"], &report["pid"]), (&"daemon".into(), &pid.into()));
    stop(daemon);
    let report = sandbox.run(["mem-report", "--output", "json"]).exits(0).json();
    assert_eq!(report["report"]["process"], "this process");
}

#[test]
fn a_daemon_that_does_not_answer_is_no_reason_to_report_on_another_process() {
    let sandbox = Sandbox::new();
    let mut daemon = start(&sandbox);
    daemon.signal(Signal::STOP);
    let ran = sandbox.run(["mem-report", "--timeout", "300ms", "--output", "json"]).exits(124);
    assert_eq!(ran.json()["report"], Value::Null);
    daemon.signal(Signal::CONT);
    sandbox.run(["mem-report"]).exits(0).silent();
    stop(daemon);
}

#[test]
fn the_memory_that_a_sync_took_is_given_back() {
    let sandbox = Sandbox::new();
    let daemon = start_with_tokens(&sandbox, 50_000);
    let rss = || {
        let report = sandbox.run(["mem-report", "--output", "json"]).exits(0).json();
        report["report"]["after"]["rss"].as_u64().expect("a size")
    };
    let fresh = rss();
    sandbox.run(["trigger", "jupiter-sync"]).exits(0);
    let run = triggered_run(&sandbox, "jupiter-sync");
    assert_eq!(
        (&run["outcome"], &run["report"]["inserted"]),
        (&"succeeded".into(), &50_000.into())
    );
    let grown = rss().saturating_sub(fresh);
    assert!(grown < 10 << 20, "{grown} bytes more than the {fresh} of a fresh daemon");
    stop(daemon);
}
