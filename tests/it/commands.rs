//! Jobs that are commands, of the configuration file or of `exec`, through the built binary.

use std::path::Path;

use rustix::process::{Pid, Signal};
use serde_json::Value;

use crate::daemon::Daemon;
use crate::sandbox::{Ran, Sandbox, eventually};

/// A job of a configuration file whose command is a line of shell.
fn job(sandbox: &Sandbox, name: &str, script: &str, more: &str) {
    let script = script.replace('\\', "\\\\").replace('"', "\\\"");
    let command = format!("command = [\"/bin/sh\", \"-c\", \"{script}\"]");
    let job = format!("[jobs.{name}]\nschedule = \"@daily\"\n{command}\n{more}\n");
    sandbox.write("punctual.toml", job);
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.run(["--config", "punctual.toml"].iter().chain(arguments))
}

/// The newest run, as `show` tells it.
fn newest(sandbox: &Sandbox) -> Value {
    let history = sandbox.run(["history", "-n", "1", "--output", "json"]).exits(0).json();
    let id = history["run_id"].as_str().expect("an id").to_owned();
    sandbox.run(["show", &id, "--output", "json"]).exits(0).json()
}

#[test]
fn a_command_of_the_file_is_a_subcommand_like_any_other() {
    let sandbox = Sandbox::new();
    job(&sandbox, "nightly", "echo out; echo err >&2", "description = \"Back things up\"");
    let help = run(&sandbox, &["--help"]).exits(0).stdout;
    assert!(help.contains("nightly") && help.contains("Back things up"), "{help}");
    let own = run(&sandbox, &["nightly", "--help"]).exits(0).stdout;
    assert!(own.contains("--timeout") && own.contains("Usual schedule: @daily"), "{own}");
    let jobs = run(&sandbox, &["jobs"]).exits(0).stdout;
    assert!(jobs.contains("nightly"), "{jobs}");

    let ran = run(&sandbox, &["nightly"]).exits(0).silent();
    assert_eq!(ran.stdout, "exited with status 0, 8 B of output\n");
    let run = newest(&sandbox);
    assert_eq!((&run["job"], &run["outcome"]), (&"nightly".into(), &"succeeded".into()));
    let output = run["output"].as_str().expect("the output");
    assert!(output.contains("out\n") && output.contains("err\n"), "{output}");
}

#[test]
fn a_shell_that_asks_is_told_the_names_in_the_configuration() {
    let sandbox = Sandbox::new();
    job(&sandbox, "nightly", "true", "");
    let ask = |words: &[&str]| {
        let mut command = sandbox.command(["--", "punctual", "--config", "punctual.toml"]);
        command.args(words).env("PUNCTUAL_COMPLETE", "bash").env("_CLAP_IFS", "\n");
        command.env("_CLAP_COMPLETE_INDEX", (words.len() + 2).to_string());
        Ran::of(&mut command).exits(0).silent().stdout
    };
    assert!(ask(&[""]).lines().any(|word| word == "nightly"), "{}", ask(&[""]));
    assert!(ask(&["history", ""]).lines().any(|word| word == "nightly"));
    assert!(ask(&["nightly", "--time"]).contains("--timeout"));
    for before in [&["jupiter-sync", "--from"][..], &["exec", "--name", "x", "--", "cat"]] {
        let files = ask(&[before, &["punct"]].concat());
        assert!(files.lines().any(|file| file == "punctual.toml"), "{before:?}: {files}");
    }
    let mut command = sandbox.command([""; 0]);
    let script = Ran::of(command.env("PUNCTUAL_COMPLETE", "bash")).exits(0).stdout;
    assert!(script.contains("PUNCTUAL_COMPLETE"), "{script}");
}

#[test]
fn the_status_of_a_command_is_kept_and_is_a_failure() {
    let sandbox = Sandbox::new();
    job(&sandbox, "backup", "echo why; exit 42", "");
    let ran = run(&sandbox, &["backup"]).exits(1).says("/bin/sh exited with status 42");
    ran.says("punctual show ");
    let run = newest(&sandbox);
    assert_eq!((&run["exit_code"], &run["report"]["exit_status"]), (&1.into(), &42.into()));
    assert_eq!(run["output"], "why\n");
}

#[test]
fn a_command_knows_its_run_and_its_environment() {
    let sandbox = Sandbox::new();
    let script = "echo $PUNCTUAL_JOB $PUNCTUAL_RUN_ID $TARGET $SECRET; pwd; cat; \
        echo ${JUPITER_API_KEY-none} ${PUNCTUAL_DUE_AT-none} ${NOTIFY_SOCKET-none}";
    std::fs::create_dir(sandbox.path("work")).expect("a directory");
    job(&sandbox, "env", script, "env = { TARGET = \"s3\" }\nworking_dir = \"work\"");
    let mut command = sandbox.command(["--config", "punctual.toml", "env"]);
    command
        .env("JUPITER_API_KEY", "secret")
        .env("NOTIFY_SOCKET", "/run/x")
        .env("SECRET", "inherited");
    Ran::of(&mut command).exits(0);
    let run = newest(&sandbox);
    let id = run["run_id"].as_str().expect("an id");
    let work = sandbox.path("work").canonicalize().expect("a path");
    let expected = format!("env {id} s3 inherited\n{}\nnone none none\n", work.display());
    assert_eq!(run["output"], expected, "stdin is empty, and keys stay with punctual");
}

#[test]
fn retries_timeout_and_grace_of_the_file_hold_and_flags_override_them() {
    let sandbox = Sandbox::new();
    let script = "echo try; exit 3";
    job(&sandbox, "flaky", script, "retries = 1\ntimeout = \"20s\"");
    run(&sandbox, &["flaky"]).exits(1);
    let twice = newest(&sandbox);
    assert_eq!((&twice["attempts"], &twice["output"]), (&2.into(), &"try\ntry\n".into()));
    run(&sandbox, &["flaky", "--retries", "0"]).exits(1);
    assert_eq!(newest(&sandbox)["attempts"], 1);
}

#[test]
fn a_command_is_asked_to_stop_before_it_is_killed() {
    let sandbox = Sandbox::new();
    let polite = "trap 'echo bye; exit 0' TERM; echo ready | tee ready; sleep 60 & wait";
    job(&sandbox, "polite", polite, "");
    let mut running = sandbox.spawn(["--config", "punctual.toml", "polite"]);
    eventually("it has begun", || sandbox.path("ready").exists());
    running.signal(Signal::INT);
    running.wait().exits(130);
    assert_eq!(newest(&sandbox)["output"], "ready\nbye\n");
}

#[test]
fn the_children_of_a_command_have_its_grace_too() {
    let sandbox = Sandbox::new();
    let slow = "trap 'sleep 4; echo done > cleaned; exit 0' TERM; echo > ready; \
        while :; do sleep 0.1; done";
    sandbox.write("slow.sh", slow);
    job(&sandbox, "pipe", "sh slow.sh | cat; echo after", "grace = \"60s\"");
    let mut running = sandbox.spawn(["--config", "punctual.toml", "pipe"]);
    eventually("it has begun", || sandbox.path("ready").exists());
    running.signal(Signal::TERM);
    running.wait().exits(143);
    assert!(sandbox.path("cleaned").exists(), "it had the time to clean up");
}

#[test]
fn at_the_deadline_and_after_its_grace_a_stubborn_command_is_killed() {
    let sandbox = Sandbox::new();
    let stubborn = "trap '' TERM; echo $$ > pid; sleep 60 & wait; sleep 60";
    job(&sandbox, "stubborn", stubborn, "timeout = \"3s\"\ngrace = \"200ms\"");
    run(&sandbox, &["stubborn"]).exits(124).says("timed out after 3s");
    assert_eq!(newest(&sandbox)["outcome"], "timed_out", "killed, and so not stuck");
    assert_gone(&sandbox.path("pid"));
}

/// Checks that the process whose pid a script wrote is no more.
#[track_caller]
fn assert_gone(file: &Path) {
    let pid = std::fs::read_to_string(file).expect("the script wrote its pid");
    let process = Path::new("/proc").join(pid.trim());
    eventually("the process is gone", || !process.exists());
}

#[test]
fn what_a_command_leaves_behind_is_ended_also_when_it_fled() {
    let sandbox = Sandbox::new();
    let script = "setsid sh -c 'echo $$ > fled; exec sleep 300' & \
        (sh -c 'echo $$ > orphan; exec sleep 300' &); \
        while [ ! -s fled ] || [ ! -s orphan ]; do :; done";
    job(&sandbox, "untidy", script, "");
    run(&sandbox, &["untidy"]).exits(0);
    assert_gone(&sandbox.path("fled"));
    assert_gone(&sandbox.path("orphan"));
    assert_eq!(newest(&sandbox)["report"]["left_behind"], 2);
}

/// As with `2> >(logger)` on a line that bash runs, where bash becomes punctual.
#[test]
fn what_the_shell_before_it_started_is_none_of_its_business() {
    let sandbox = Sandbox::new();
    let helper = "until [ -e begun ]; do :; done; sleep 300 >/dev/null 2>&1 & echo $! > pid";
    let script = "touch begun; until [ -s pid ]; do :; done";
    let line = format!("({helper}) & exec $punctual exec --name tidy -- sh -c '{script}'");
    Ran::of(&mut sandbox.shell(&line)).exits(0);
    let pid = std::fs::read_to_string(sandbox.path("pid")).expect("the helper wrote it");
    let pid = pid.trim().parse().ok().and_then(Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, Signal::KILL).expect("it is still there");
    assert_eq!(newest(&sandbox)["report"]["left_behind"], 0);
}

#[test]
fn a_signal_reaches_the_command_and_a_killed_run_is_cleaned_up_by_the_next() {
    let sandbox = Sandbox::new();
    let script = "echo $$ > pid; exec sleep 300";
    let start = || {
        let _ = std::fs::remove_file(sandbox.path("pid"));
        let running = sandbox.spawn(["exec", "--name", "sleeper", "--", "sh", "-c", script]);
        eventually("it has begun", || {
            std::fs::read_to_string(sandbox.path("pid")).is_ok_and(|pid| pid.ends_with('\n'))
        });
        running
    };
    let mut cancelled = start();
    cancelled.signal(Signal::TERM);
    cancelled.wait().exits(143).says("cancelled by SIGTERM");
    assert_gone(&sandbox.path("pid"));

    let mut killed = start();
    killed.signal(Signal::KILL);
    drop(killed);
    std::fs::rename(sandbox.path("pid"), sandbox.path("left")).expect("it was written");
    sandbox.run(["exec", "--name", "sleeper", "--", "true"]).exits(0);
    assert_gone(&sandbox.path("left"));
    let outcomes = sandbox.run(["history", "sleeper", "--output", "json"]).exits(0).stdout;
    assert_eq!(outcomes.matches(r#""outcome":"lost""#).count(), 1);
}

#[test]
fn what_a_killed_run_left_behind_is_not_forgotten_when_its_clean_up_is_cancelled() {
    let sandbox = Sandbox::new();
    let deaf = "trap '' TERM; echo $$ > pid; for i in $(seq 100); do sleep 1; done";
    let mut killed = sandbox.spawn(["exec", "--name", "deaf", "--", "sh", "-c", deaf]);
    let read = || std::fs::read_to_string(sandbox.path("pid"));
    eventually("it has begun", || read().is_ok_and(|pid| pid.ends_with('\n')));
    killed.signal(Signal::KILL);
    drop(killed);

    let after_it = ["exec", "--name", "deaf", "--", "true"];
    let mut cleaning = sandbox.spawn(after_it);
    let going = "SELECT count(*) FROM runs WHERE outcome IS NULL AND started_at > \
        (SELECT max(started_at) FROM runs WHERE outcome = 'lost')";
    eventually("the next run has begun", || sandbox.count(going) == 1);
    let fails = ["exec", "--name", "deaf", "--if-running", "fail", "--", "true"];
    sandbox.run(fails).exits(75).says(&format!("pid {})", cleaning.child().id()));
    cleaning.signal(Signal::TERM);
    cleaning.wait().exits(143);
    let pid = read().expect("it was written");
    assert!(Path::new("/proc").join(pid.trim()).exists(), "it takes longer to end it");

    sandbox.run(after_it).exits(0);
    assert_gone(&sandbox.path("pid"));
}

#[test]
fn what_a_killed_daemon_left_behind_is_ended_by_the_next_one() {
    let sandbox = Sandbox::new();
    let script = "echo $$ > pid.new; mv pid.new pid; exec sleep 300";
    job(&sandbox, "daily", script, "catch_up = false");
    let start = || {
        let mut daemon = Daemon::start(&sandbox, &["--config", "punctual.toml"]);
        daemon.says("daemon started");
        daemon
    };
    let mut killed = start();
    run(&sandbox, &["trigger", "daily"]).exits(0);
    eventually("it has begun", || sandbox.path("pid").exists());
    killed.signal(Signal::KILL);
    killed.wait();
    let mut daemon = start();
    assert_gone(&sandbox.path("pid"));
    daemon.says("ended what a lost run had left behind");
    daemon.stop().exits(0);
}

#[test]
fn commands_that_cannot_be_started_are_configuration_errors() {
    let sandbox = Sandbox::new();
    sandbox.write("data", "no program");
    for (program, what) in [
        ("/does/not/exist", "there is no such file"),
        ("no-such-program-anywhere", "no-such-program-anywhere"),
        ("./data", "data"),
        ("/etc", "/etc"),
    ] {
        let ran = sandbox.run(["exec", "--name", "broken", "--", program]).exits(78);
        let ran = ran.says("cannot start").says(what);
        assert!(ran.stderr.contains("hint: "), "{ran:?}");
    }
    assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome = 'failed'"), 4);
}

#[test]
fn output_without_end_is_bounded_in_the_history_and_whole_in_the_log() {
    let sandbox = Sandbox::new();
    let script =
        "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; printf 'end\\377'";
    let arguments = ["exec", "--name", "chatty", "--log-dir", "logs", "--", "sh", "-c", script];
    sandbox.run(arguments).exits(0).silent();
    let output = newest(&sandbox)["output"].as_str().expect("text").to_owned();
    assert!(output.len() <= 66 * 1024 && output.ends_with("line 19999\nend\u{fffd}"), "bounded");
    assert!(output.starts_with("[… "), "{}", &output[..80]);
    let log = std::fs::read_dir(sandbox.path("logs")).expect("logs").next().expect("a file");
    let log = std::fs::read_to_string(log.expect("a file").path()).expect("a log");
    let lines = log.lines().filter(|line| line.contains(r#""stream":"stdout""#)).count();
    assert_eq!(lines, 20_001);
}

#[test]
fn exec_takes_names_that_are_free_and_well_formed() {
    let sandbox = Sandbox::new();
    for name in ["hello", "Not Kebab", "", "-x"] {
        let argument = format!("--name={name}");
        let ran = sandbox.run(["exec", &argument, "--", "true"]).exits(2);
        ran.says("--name");
    }
    sandbox.run(["exec", "--name", "x"]).exits(2).says("COMMAND");
    sandbox.run(["exec", "--", "true"]).exits(2).says("--name");
}

#[test]
fn the_daemon_runs_commands_at_their_due_times_and_reload_changes_them() {
    let sandbox = Sandbox::new();
    let file = |script: &str| {
        format!("[jobs.tick]\nschedule = 'every 1s'\ncommand = ['/bin/sh', '-c', '{script}']\n")
    };
    sandbox.write("punctual.toml", file("echo one $PUNCTUAL_DUE_AT"));
    let mut daemon = Daemon::start(&sandbox, &["--config", "punctual.toml"]);
    let printed = |what: &str| {
        let query = format!(
            "SELECT count(*) FROM runs WHERE job = 'tick' AND output = '{what} ' || due_at || char(10)"
        );
        sandbox.database_path().exists()
            && sandbox.database().query_row(&query, (), |row| row.get(0)).unwrap_or(0) > 0
    };
    eventually("the command has run", || printed("one"));
    sandbox.write("punctual.toml", file("echo two $PUNCTUAL_DUE_AT").replace("tick", "tock"));
    daemon.signal(Signal::HUP);
    daemon.says("reloaded");
    sandbox.write("punctual.toml", "[jobs.tock]\nshedule = 'every 1s'\n");
    let refused = sandbox.run(["--config", "punctual.toml", "reload"]).exits(78);
    refused.says("did you mean \"schedule\"?");
    eventually("the new one runs", || {
        let query = "SELECT count(*) FROM runs WHERE job = 'tock' AND outcome = 'succeeded'";
        sandbox.count(query) > 1
    });
    daemon.stop().exits(0);
    assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome <> 'succeeded'"), 0);
}
