//! What follows a run: alerts and metrics files, with real commands, a real server, real files.

use std::process::Stdio;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::exposition::Exposition;
use crate::sandbox::{Running, Sandbox, eventually};
use crate::server::{Answer, Server};

/// Fails, and succeeds, as the test needs it.
const FAILS: [&str; 5] = ["mem-report", "--config", "punctual.toml", "--max-rss", "1KiB"];
const SUCCEEDS: [&str; 3] = ["mem-report", "--config", "punctual.toml"];

/// The messages that the command of `on_failure` got, one per line.
fn told(sandbox: &Sandbox) -> Vec<Value> {
    let text = std::fs::read_to_string(sandbox.path("told")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

fn events(sandbox: &Sandbox) -> Vec<String> {
    told(sandbox).iter().map(|told| told["event"].as_str().expect("text").to_owned()).collect()
}

const TELL: &str = "[on_failure]\ncommand = ['/bin/sh', '-c', 'cat >> told; echo >> told']\n";

#[test]
fn a_command_is_told_of_the_second_failure_in_a_row_and_of_the_recovery() {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", format!("{TELL}after = 2\nat_most_every = '1h'\n"));
    sandbox.run(FAILS).exits(1);
    assert!(told(&sandbox).is_empty(), "one failure may happen");
    sandbox.run(FAILS).exits(1);
    let [told] = &told(&sandbox)[..] else { panic!("one message") };
    let keys: Vec<&String> = told.as_object().expect("an object").keys().collect();
    assert_eq!(
        keys,
        [
            "version",
            "event",
            "job",
            "run_id",
            "outcome",
            "exit_code",
            "failures",
            "error",
            "hint",
            "started_at",
            "finished_at",
            "host"
        ]
    );
    assert_eq!((&told["version"], &told["event"]), (&1.into(), &"failing".into()));
    assert_eq!((&told["job"], &told["failures"]), (&"mem-report".into(), &2.into()));
    assert_eq!((&told["outcome"], &told["exit_code"]), (&"failed".into(), &1.into()));
    assert!(told["error"].as_str().expect("text").contains("above --max-rss"));

    sandbox.run(FAILS).exits(1);
    sandbox.run(SUCCEEDS).exits(0).silent();
    sandbox.run(SUCCEEDS).exits(0).silent();
    assert_eq!(events(&sandbox), ["failing", "recovered"], "not too often, and recovery once");
    sandbox.run(FAILS).exits(1);
    sandbox.run(FAILS).exits(1);
    assert_eq!(events(&sandbox).len(), 2, "within the hour nobody is told again");
}

#[test]
fn a_run_whose_process_was_killed_is_told_of_by_the_next() {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", format!("{TELL}after = 2\n"));
    sandbox.write("list", "[]");
    let sync = ["jupiter-sync", "--config", "punctual.toml", "--from"];
    for lost in 0..2 {
        let mut waits = sandbox.command(sync.iter().chain(&["-"]));
        let mut killed = Running::of(waits.stdin(Stdio::piped()));
        let going = "SELECT count(*) FROM runs WHERE outcome IS NULL AND pid = ";
        let going = format!("{going}{}", killed.child().id());
        eventually("it is recorded", || {
            sandbox.database_path().exists() && sandbox.count(&going) == 1
        });
        killed.signal(Signal::KILL);
        killed.wait_with_stdin_open();
        assert!(told(&sandbox).is_empty(), "{lost}");
    }
    sandbox.run(sync.iter().chain(&["list"])).exits(0);
    assert_eq!(events(&sandbox), ["failing", "recovered"]);
    let told = &told(&sandbox)[0];
    assert_eq!((&told["outcome"], &told["exit_code"]), (&"lost".into(), &Value::Null));
    assert_eq!(told["failures"], 2);
    let last = "SELECT id FROM runs WHERE outcome = 'lost' ORDER BY started_at DESC LIMIT 1";
    let last: String =
        sandbox.database().query_row(last, (), |row| row.get(0)).expect("a lost run");
    assert_eq!(told["run_id"], last);
}

#[test]
fn a_job_may_have_its_own_and_another_job_is_another_matter() {
    let sandbox = Sandbox::new();
    let own = "[jobs.mem-report.on_failure]\ncommand = ['/bin/sh', '-c', 'echo own >> own']\n";
    sandbox.write("punctual.toml", format!("{TELL}{own}"));
    sandbox.run(FAILS).exits(1);
    assert!(told(&sandbox).is_empty());
    assert_eq!(std::fs::read_to_string(sandbox.path("own")).expect("told"), "own\n");
    let sync = ["jupiter-sync", "--from", "none", "--config", "punctual.toml"];
    sandbox.run(sync).exits(74);
    assert_eq!(told(&sandbox)[0]["job"], "jupiter-sync");
}

#[test]
fn a_webhook_gets_the_message_and_stays_secret() {
    let (sandbox, server) = (Sandbox::new(), Server::start());
    server.path("/hook/secret-token", [Answer::status(500, "no"), Answer::ok("")]);
    sandbox.write("hook", format!("{}/hook/secret-token\n", server.url()));
    sandbox.write("punctual.toml", "[on_failure]\nwebhook_file = 'hook'\n");
    let refused = sandbox.run(FAILS.iter().chain(&["-v"])).exits(1).says("could not tell");
    assert!(!refused.stderr.contains("secret-token"), "{refused:?}");
    // What could not be delivered is tried again at the next failure.
    let ran = sandbox.run(FAILS.iter().chain(&["-vvv"])).exits(1);
    assert!(!ran.stderr.contains("secret-token"), "{ran:?}");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].header("content-type"), Some("application/json"));
    let message: Value = serde_json::from_slice(&requests[1].body).expect("a JSON object");
    assert_eq!((&message["event"], &message["failures"]), (&"failing".into(), &2.into()));
}

#[test]
fn a_command_that_cannot_be_run_or_does_not_end_touches_nothing() {
    let sandbox = Sandbox::new();
    for command in ["/does/not/exist", "/bin/false"] {
        sandbox.write("punctual.toml", format!("[on_failure]\ncommand = ['{command}']\n"));
        let ran = sandbox.run(FAILS).exits(1).says("above --max-rss").says("on_failure");
        assert_eq!(ran.stderr.matches("above --max-rss").count(), 1, "{ran:?}");
    }
    assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome = 'failed'"), 2);
}

/// The metrics file of a job, whose form was checked.
fn metrics(sandbox: &Sandbox, job: &str) -> Exposition {
    let path = sandbox.path("metrics").join(format!("punctual_{job}.prom"));
    Exposition::read(&std::fs::read_to_string(path).expect("a metrics file"))
}

#[test]
fn a_metrics_file_tells_of_the_last_run_and_the_last_success() {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", "");
    let to = ["--metrics-dir", "metrics"];
    sandbox.run(SUCCEEDS.iter().chain(&to)).exits(0).silent();
    let first = metrics(&sandbox, "mem-report");
    assert_eq!(first.value("punctual_last_run_succeeded{job=\"mem-report\"}"), 1.0);
    sandbox.run(FAILS.iter().chain(&to)).exits(1);
    let second = metrics(&sandbox, "mem-report");
    assert_eq!(second.value("punctual_last_run_exit_code{job=\"mem-report\"}"), 1.0);
    let success = "punctual_last_success_timestamp_seconds{job=\"mem-report\"}";
    assert!((first.value(success) - second.value(success)).abs() < 0.01, "it is carried over");
}

#[test]
fn metrics_that_cannot_be_written_are_said_and_do_not_fail_the_run() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    let ran = sandbox.run(["hello", "--metrics-dir", "file/below"]).exits(0);
    assert_eq!(ran.stdout, "Hello, world!\n");
    ran.says("no metrics file was written");
}

#[test]
fn the_configuration_names_the_directory_for_all_jobs() {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", "metrics_dir = 'metrics'\n");
    sandbox.run(["hello", "--config", "punctual.toml"]).exits(0).silent();
    let succeeded = "punctual_last_run_succeeded{job=\"hello\"}";
    assert_eq!(metrics(&sandbox, "hello").value(succeeded), 1.0);
}

#[test]
fn a_signal_does_not_wait_for_whoever_is_being_told() {
    let sandbox = Sandbox::new();
    let script = "echo $$ > pid.new; mv pid.new pid; cat > message; exec sleep 1000";
    let on_failure = format!("[on_failure]\ncommand = ['/bin/sh', '-c', '{script}']\n");
    sandbox.write("punctual.toml", on_failure);
    let mut running = sandbox.spawn(FAILS);
    eventually("somebody is told", || sandbox.path("pid").exists());
    running.signal(Signal::TERM);
    let ran = running.wait().exits(1);
    let pid = std::fs::read_to_string(sandbox.path("pid")).expect("a pid");
    let pid = Pid::from_raw(pid.trim().parse().expect("a number")).expect("a pid");
    // It goes on by itself, which is not for the test to leave.
    rustix::process::kill_process(pid, Signal::KILL).expect("it is there");
    assert!(!ran.stderr.contains("not done within"), "{ran:?}");
}
