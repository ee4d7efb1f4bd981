//! Two hosts with one PostgreSQL, a case each: who waits for whom, what happens to a host that
//! slept, what a server does to the runs when it goes away.

use std::process::Command;

use rustix::process::Signal;

use crate::postgres::{own_server, shared_server};
use crate::postgres_server::TestDatabase;
use crate::sandbox::{Ran, Running, Sandbox, eventually};

/// A host: a name, and a state directory of its own.
struct Host<'a> {
    name: &'static str,
    sandbox: Sandbox,
    database: &'a TestDatabase<'a>,
}

impl<'a> Host<'a> {
    fn new(name: &'static str, database: &'a TestDatabase<'a>) -> Self {
        Self { name, sandbox: Sandbox::new(), database }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command.env("PUNCTUAL_HOST", self.name).env("PUNCTUAL_DATABASE", self.database.url());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    fn spawn(&self, arguments: &[&str]) -> Running {
        Running::of(&mut self.command(arguments))
    }

    /// A run that tells, and then goes on until it is ended.
    fn endless(&self, lease: &str) -> Running {
        let script = "echo going; exec sleep 1000";
        let run = self.spawn(&[
            "exec", "--name", "endless", "--lease", lease, "--grace", "10s", "--output", "json",
            "--", "/bin/sh", "-c", script,
        ]);
        let going = format!("outcome IS NULL AND host = '{}'", self.name);
        eventually("the run is recorded", || self.runs(&going) == 1);
        run
    }

    fn runs(&self, that: &str) -> i64 {
        if self.database.count("SELECT count(*) FROM pg_tables WHERE tablename = 'runs'") == 0 {
            return 0;
        }
        self.database.count(&format!("SELECT count(*) FROM runs WHERE {that}"))
    }
}

#[test]
fn many_can_set_an_empty_database_up_at_once() {
    let Some(server) = shared_server() else { return };
    let database = server.create_database();
    let hosts: Vec<Host> = (0..6).map(|_| Host::new("one", &database)).collect();
    let running: Vec<Running> = hosts.iter().map(|host| host.spawn(&["hello"])).collect();
    for run in running {
        run.wait().exits(0).silent();
    }
    assert_eq!(database.count("SELECT count(*) FROM schema_versions WHERE owner = 'history'"), 1);
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let Some(server) = shared_server() else { return };
    let database = server.create_database();
    let host = Host::new("one", &database);
    host.run(&["hello", "--due", "none"]).exits(0);
    for (owner, what) in [("history", "tables of history"), ("format", "format version 99")] {
        database.execute(&format!(
            "UPDATE schema_versions SET version = version - 98 WHERE version > 90;
             UPDATE schema_versions SET version = 99 WHERE owner = '{owner}'"
        ));
        for command in ["hello", "history", "jobs"] {
            host.run(&[command]).exits(78).says(what).says("hint: ");
        }
    }
    assert_eq!(host.runs("true"), 1);
}

#[test]
fn a_second_host_skips_waits_or_fails_while_the_first_one_runs() {
    let Some(server) = shared_server() else { return };
    let database = server.create_database();
    let (one, other) = (Host::new("one", &database), Host::new("other", &database));
    let mut first = one.endless("30s");
    let run = |what| {
        other.run(&[
            "exec",
            "--name",
            "endless",
            "--if-running",
            what,
            "--timeout",
            "3s",
            "--",
            "true",
        ])
    };
    assert_eq!(run("skip").exits(0).silent().stdout, "");
    run("fail").exits(75).says("endless is already running since").says("on one (run ");
    run("wait").exits(75).says("waited 3s for it");
    let waiting = other.spawn(&["exec", "--name", "endless", "--if-running", "wait", "--", "true"]);
    first.signal(Signal::TERM);
    assert_eq!(first.wait().exits(143).json()["outcome"], "cancelled");
    waiting.wait().exits(0);
    assert_eq!(one.runs("outcome = 'skipped'"), 3);
    let table = other.run(&["history"]).exits(0).stdout;
    assert!(table.contains("one") && table.contains("other"), "{table}");
}

#[test]
fn a_host_that_slept_too_long_finds_its_job_taken_and_stops() {
    let Some(server) = shared_server() else { return };
    let database = server.create_database();
    let (one, other) = (Host::new("one", &database), Host::new("other", &database));
    let mut sleeper = one.endless("1s");
    sleeper.signal(Signal::STOP);
    let taken_over = || {
        let run = other.run(&["exec", "--name", "endless", "--output", "json", "--", "true"]);
        run.exits(0).json()["outcome"] == "succeeded"
    };
    eventually("the other host takes over", taken_over);
    assert_eq!(one.runs("host = 'one' AND outcome = 'lost'"), 1);
    sleeper.signal(Signal::CONT);
    let woken = sleeper.wait().exits(75).says("the lease of endless ran out");
    assert_eq!(woken.json()["outcome"], "lost");
    let kept = "host = 'one' AND outcome = 'lost' AND error LIKE '%did not renew its lease'";
    assert_eq!(one.runs(kept), 1, "it wrote under its old number");
    assert_eq!(one.runs("outcome IS NULL"), 0);
}

#[test]
fn a_run_outlives_a_server_that_is_started_anew_and_reports_at_its_end() {
    let Some(server) = own_server(&["fsync = off"]) else { return };
    let database = server.create_database();
    let host = Host::new("one", &database);
    let file = host.sandbox.write("wait", "");
    let script = format!("while [ -e {} ]; do sleep 0.1; done; echo done", file.display());
    let run = ["exec", "--name", "patient", "--lease", "1s", "--", "/bin/sh", "-c", &script];
    let patient = host.spawn(&run);
    eventually("the run is recorded", || host.runs("outcome IS NULL") == 1);
    server.stop();
    std::fs::remove_file(file).expect("removed");
    let ends_without_server = host.spawn(&["hello", "--due", "none"]);
    server.start();
    patient.wait().exits(0).silent();
    ends_without_server.wait().exits(0).silent();
    assert_eq!(host.runs("job = 'patient' AND outcome = 'succeeded' AND output LIKE 'done%'"), 1);
    server.stop();
    let away = host.run(&["hello"]).exits(69).says("cannot connect").says("hint: ");
    assert!(!away.stderr.contains("panicked"), "{away:?}");
    host.run(&["history"]).exits(69);
    server.start();
}

#[test]
fn a_due_time_that_is_named_has_one_run() {
    let Some(server) = shared_server() else { return };
    let database = server.create_database();
    let (one, other) = (Host::new("one", &database), Host::new("other", &database));
    let due = ["hello", "--due", "2026-01-05T02:00:00Z"];
    assert_eq!(one.run(&due).exits(0).silent().stdout, "Hello, world!\n");
    for host in [&one, &other] {
        let late = host.run(&[&due[..], &["--if-running", "fail"]].concat());
        assert_eq!(late.exits(0).silent().stdout, "");
    }
    for _ in 0..2 {
        let run = other.run(&["hello", "--due", "none"]).exits(0);
        assert_eq!(run.stdout, "Hello, world!\n");
    }
    assert_eq!(one.runs("job = 'hello'"), 3);
    assert_eq!(one.runs("due_at = '2026-01-05T02:00:00.000Z'"), 1);
    one.run(&["hello", "--due", "yesterday"]).exits(2).says("RFC 3339");
}
