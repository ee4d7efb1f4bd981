//! The daemon in real time: due times, killed daemons, and stops in the middle of work.

use rustix::process::Signal;

use crate::daemon::{Daemon, absent_for};
use crate::sandbox::{Sandbox, eventually};
use crate::server::{Answer, Server};
use crate::tokens::list;

/// The number that a query finds, and zero before there is anything to ask.
fn count(sandbox: &Sandbox, query: &str) -> i64 {
    if !sandbox.database_path().exists() {
        return 0;
    }
    sandbox.database().query_row(query, (), |row| row.get(0)).unwrap_or(0)
}

/// Due times of a job that have a row, and seconds from the first to the last of them.
fn due_times_and_span(sandbox: &Sandbox, job: &str) -> (i64, i64) {
    let query = "SELECT count(DISTINCT due_at),
            unixepoch(max(due_at)) - unixepoch(min(due_at)) + 1
        FROM runs WHERE job = ?1";
    let row = sandbox.database().query_row(query, [job], |row| Ok((row.get(0)?, row.get(1)?)));
    row.expect("two numbers")
}

const HELLO_EVERY_SECOND: &str = "[jobs.hello]\nschedule = 'every 1s'\n";

#[test]
fn hello_every_second_for_a_minute_has_no_gap_and_no_double() {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", HELLO_EVERY_SECOND);
    let daemon = Daemon::start(&sandbox, &["--config", "punctual.toml"]);
    for seconds in [20, 40, 60] {
        let query = format!("SELECT count(*) >= {seconds} FROM runs WHERE outcome = 'succeeded'");
        eventually("a second passes, and another", || count(&sandbox, &query) == 1);
    }
    daemon.stop().exits(0);
    let runs = count(&sandbox, "SELECT count(*) FROM runs WHERE job = 'hello'");
    let (due_times, span) = due_times_and_span(&sandbox, "hello");
    assert!(runs >= 60);
    assert_eq!((due_times, span), (runs, runs), "one run a second, and one only");
    assert_eq!(count(&sandbox, "SELECT count(*) FROM runs WHERE trigger <> 'daemon'"), 0);
    assert_eq!(count(&sandbox, "SELECT count(*) FROM runs WHERE started_at < due_at"), 0);
}

#[test]
fn with_json_a_daemon_prints_an_object_per_run() {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", HELLO_EVERY_SECOND);
    let daemon = Daemon::start(&sandbox, &["--config", "punctual.toml", "--output", "json"]);
    let runs = "SELECT count(*) FROM runs WHERE outcome = 'succeeded'";
    eventually("two runs are over", || count(&sandbox, runs) >= 2);
    let ran = daemon.stop().exits(0);
    assert_eq!(ran.stdout.lines().count() as i64, count(&sandbox, runs), "{}", ran.stdout);
    for line in ran.stdout.lines() {
        let object: serde_json::Value = serde_json::from_str(line).expect("a JSON object");
        assert_eq!((&object["job"], &object["exit_code"]), (&"hello".into(), &0.into()));
    }
}

#[test]
fn a_daemon_that_is_killed_again_and_again_leaves_a_history_that_is_whole() {
    let (sandbox, silent) = (Sandbox::new(), Server::with([Answer::silence()]));
    absent_for(&sandbox, &["mem-report"], 5);
    sandbox.write(
        "punctual.toml",
        format!("{HELLO_EVERY_SECOND}[jobs.jupiter-sync]\nschedule = 'every 1s'\n"),
    );
    let mut command = sandbox.command(["daemon", "--log-dir", "logs", "--config", "punctual.toml"]);
    command.env("PUNCTUAL_JUPITER_API_URL", silent.url());
    for round in 1..=8 {
        let mut daemon = Daemon::of(&sandbox, &mut command);
        let syncs = "SELECT count(*) FROM runs WHERE job = 'jupiter-sync' AND attempts = 0
            AND coalesce(outcome, 'lost') = 'lost'";
        eventually("a sync is going", || count(&sandbox, syncs) >= round);
        daemon.signal(Signal::KILL);
        daemon.wait();
    }
    let history = sandbox.run(["history", "--output", "json", "-n", "1000"]).exits(0);
    let lost = history.stdout.matches(r#""outcome":"lost""#).count();
    assert!(lost >= 8, "each kill left a sync behind: {lost}");
    assert_eq!(count(&sandbox, "SELECT count(*) FROM runs WHERE outcome IS NULL"), 0);
    let doubles = "SELECT count(*) - count(DISTINCT job || due_at) FROM runs";
    assert_eq!(count(&sandbox, doubles), 0, "no due time has two rows");
    let caught_up = "SELECT count(*) FROM runs WHERE trigger = 'catch_up' AND job = 'mem-report'";
    assert_eq!(count(&sandbox, caught_up), 1, "missed due times are made up for once");
    sandbox.assert_database_is_whole();
    // A daemon killed just before it recorded a run leaves that one's file, which could be another
    // database's for all that the next one knows.
    let left = std::fs::read_dir(sandbox.state_dir().join("runs")).expect("a directory");
    let of_a_run = |file: &std::fs::DirEntry| {
        let name = file.file_name().into_string().expect("UTF-8");
        let id = name.trim_end_matches(".lock");
        count(&sandbox, &format!("SELECT count(*) FROM runs WHERE id = '{id}'")) > 0
    };
    let left = left.map(|file| file.expect("a file")).filter(of_a_run).count();
    assert_eq!(left, 0, "nothing is left of the dead");
}

#[test]
fn a_stop_in_the_middle_of_a_sync_leaves_a_database_that_the_next_run_completes() {
    let (sandbox, server) = (Sandbox::new(), Server::with([Answer::drip(list(0..500))]));
    sandbox.write(
        "punctual.toml",
        "[jobs.jupiter-sync]\nschedule = 'every 1s'\nargs = ['--tags', 'verified', '--batch-size', '10']\n",
    );
    let mut command = sandbox.command(["daemon", "--log-dir", "logs", "--config", "punctual.toml"]);
    command.args(["--stop-timeout", "0s"]).env("PUNCTUAL_JUPITER_API_URL", server.url());
    let daemon = Daemon::of(&sandbox, &mut command);
    eventually("tokens are coming in", || count(&sandbox, "SELECT count(*) FROM tokens") > 0);
    let beside = ["jupiter-sync", "--from", "none", "--if-running", "fail"];
    sandbox.run(beside).exits(75).says("already running");
    daemon.stop().exits(0);
    let outcome = "SELECT count(*) FROM runs WHERE outcome = 'cancelled' AND exit_code = 143";
    assert_eq!(count(&sandbox, outcome), 1, "cancelled, and not failed");
    let stored = sandbox.tokens();
    assert!((1..500).contains(&stored), "{stored}");
    sandbox.assert_database_is_whole();
    sandbox.write("list.json", list(0..500));
    sandbox.run(["jupiter-sync", "--from", "list.json"]).exits(0);
    assert_eq!(sandbox.tokens(), 500);
    sandbox.assert_database_is_whole();
}
