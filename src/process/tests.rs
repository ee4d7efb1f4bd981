//! Commands against the real system: `sh`, its processes, and what becomes of them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;

use rustix::process::Pid;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::table::{Mark, Process};
use super::*;
use crate::job::blocking;

/// How long anything may take that a test waits for. Never what a test measures.
const PATIENCE: Duration = Duration::from_secs(60);

/// A shell script to run, with a directory of its own, in `$DIR`.
struct Script {
    command: Command,
    control: Control,
    lines: mpsc::UnboundedReceiver<(Stream, Vec<u8>)>,
    directory: tempfile::TempDir,
}

/// A script that is running.
struct Running {
    task: JoinHandle<Result<Ended>>,
    control: Control,
    lines: mpsc::UnboundedReceiver<(Stream, Vec<u8>)>,
    directory: tempfile::TempDir,
}

fn script(text: &str) -> Script {
    // `await FILE` is how a script waits for somebody else.
    let text = format!("await() {{ while [ ! -s \"$DIR/$1\" ]; do sleep 0.01; done; }}\n{text}");
    command(&["sh", "-c", &text])
}

fn command(argv: &[&str]) -> Script {
    let directory = tempfile::tempdir().expect("a directory");
    let (sender, lines) = mpsc::unbounded_channel();
    let command = Command {
        argv: argv.iter().map(OsString::from).collect(),
        env: vec![("DIR".into(), directory.path().into())],
        withheld: Vec::new(),
        working_dir: None,
        input: Vec::new(),
        search_path: Some("/a:/b".into()),
        run_id: Uuid::now_v7(),
    };
    let control = Control {
        cancellation: CancellationToken::new(),
        kill: CancellationToken::new(),
        output: CapturedOutput::default(),
        lines: std::sync::Arc::new(move |stream, line: &[u8]| {
            let _ = sender.send((stream, line.to_vec()));
        }),
    };
    Script { command, control, lines, directory }
}

impl Script {
    fn start(self) -> Running {
        let Script { command, control, lines, directory } = self;
        let task = {
            let control = control.clone();
            tokio::spawn(async move { run(&command, &control).await })
        };
        Running { task, control, lines, directory }
    }

    async fn end(self) -> (Ended, Running) {
        self.start().end().await
    }

    async fn error(self) -> Error {
        run(&self.command, &self.control).await.expect_err("it cannot be started")
    }
}

impl Running {
    /// Waits until the script is at its end.
    async fn end(mut self) -> (Ended, Running) {
        let ended = tokio::time::timeout(PATIENCE, &mut self.task).await;
        (ended.expect("it ends").expect("no panic").expect("it was started"), self)
    }

    /// The next line that the script prints.
    async fn line(&mut self) -> String {
        let next = tokio::time::timeout(PATIENCE, self.lines.recv()).await.expect("a line comes");
        String::from_utf8(next.expect("a line").1).expect("text")
    }

    /// The process whose id is the next line.
    async fn process(&mut self) -> Process {
        let line = self.line().await;
        let pid = Pid::from_raw(line.parse().expect("a pid")).expect("a pid");
        table::process(pid).expect("the process is there")
    }

    /// Lets an `await` in the script end.
    fn release(&self, file: &str) {
        std::fs::write(self.directory.path().join(file), "go").expect("a file");
    }

    fn text(&self) -> String {
        self.control.output.text().unwrap_or_default()
    }
}

/// Whether nothing is left of a process, not even an exit status that nobody asked for.
fn is_gone(process: &Process) -> bool {
    !table::process(process.pid).is_some_and(|now| now.is(process))
}

/// Looks until `condition` holds. Gives up, loudly, on something that will never come.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let looking = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("gave up: {what}"));
}

/// Runs a test of this file once more in a process of its own, where no other test takes memory or
/// leaves processes behind, and there does what it is about.
async fn by_itself(test: &str, body: impl Future<Output = ()>) {
    if std::env::args().any(|argument| argument == "--exact") {
        return body.await;
    }
    let tests = std::env::current_exe().expect("a path");
    let name = format!("process::tests::{test}");
    let (ended, running) = command(&[tests.to_str().expect("text"), "--exact", &name]).end().await;
    assert!(ended.status.success(), "{}", running.text());
    assert!(running.text().contains("1 passed"), "{}", running.text());
}

#[tokio::test]
async fn a_command_that_succeeds_has_its_output_streamed_and_captured() {
    let (ended, mut running) = script("echo one; echo two >&2; printf three").end().await;
    assert!(ended.status.success());
    assert_eq!(ended.left_behind, 0);
    let mut lines = Vec::new();
    while let Ok(line) = running.lines.try_recv() {
        lines.push(line);
    }
    let of = |stream| {
        let of_stream = lines.iter().filter(|line| line.0 == stream);
        of_stream.map(|line| line.1.as_slice()).collect::<Vec<_>>()
    };
    assert_eq!(of(Stream::Stdout), [b"one".as_slice(), b"three"]);
    assert_eq!(of(Stream::Stderr), [b"two"]);
    assert_eq!(running.control.output.bytes(), 13);
}

#[tokio::test]
async fn a_status_and_a_signal_come_through() {
    let (ended, _) = script("exit 3").end().await;
    assert_eq!(ended.status.code(), Some(3));
    let (ended, _) = script("kill -USR1 $$").end().await;
    assert_eq!(ended.status.signal(), Some(Signal::USR1.as_raw()));
}

#[tokio::test]
async fn a_command_reads_an_empty_stdin_and_has_no_terminal() {
    let (ended, running) =
        script("cat; echo read; (: </dev/tty) 2>/dev/null || echo none").end().await;
    assert!(ended.status.success());
    assert_eq!(running.text(), "read\nnone\n");
}

#[tokio::test]
async fn a_command_leads_a_group_and_on_a_terminal_a_session() {
    let myself = table::process(rustix::process::getpid()).expect("this process");
    for (on_terminal, session) in [(false, Some(myself.session)), (true, None)] {
        let mut process = tokio::process::Command::new("cat");
        process.stdin(Stdio::piped()).kill_on_drop(true);
        start::own_group(&mut process, on_terminal);
        let family = Family::start(&mut process, Uuid::now_v7()).expect("it starts");
        let pid = family.child.id().expect("it is going").cast_signed();
        let leader = table::process(Pid::from_raw(pid).expect("a pid")).expect("it is there");
        assert_eq!(leader.group, pid);
        assert_eq!(leader.session, session.unwrap_or(pid));
    }
}

#[tokio::test]
async fn the_environment_is_inherited_but_for_what_is_withheld() {
    let myself = procfs::process::Process::myself().expect("/proc/self");
    let inherited = myself.environ().expect("an environment");
    assert!(inherited.contains_key(OsStr::new("PATH")), "a test has a PATH");
    let mut script = command(&["/usr/bin/env", "-0"]);
    script.command.withheld = vec!["PATH", "GIVEN"];
    script.command.env.push(("GIVEN".into(), "given".into()));
    script.command.env.push((RUN_ID_VARIABLE.into(), "another".into()));
    let mut expected = inherited;
    expected.remove(OsStr::new("PATH"));
    expected.extend(script.command.env.iter().cloned());
    expected.insert(RUN_ID_VARIABLE.into(), script.command.run_id.to_string().into());
    let (_, mut running) = script.end().await;
    let mut printed = Vec::new();
    while let Ok((_, line)) = running.lines.try_recv() {
        printed.extend([line.as_slice(), b"\n"].concat());
    }
    printed.pop();
    let variables = printed.split(|byte| *byte == 0).filter(|variable| !variable.is_empty());
    let seen: HashMap<_, _> = variables
        .map(|variable| {
            let equals = variable.iter().position(|byte| *byte == b'=').expect("a variable");
            let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
            (text(&variable[..equals]), text(&variable[equals + 1..]))
        })
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_command_works_in_its_working_directory() {
    let mut script = command(&["pwd"]);
    let place = script.directory.path().canonicalize().expect("a directory");
    script.command.working_dir = Some(place.clone());
    let (_, running) = script.end().await;
    assert_eq!(running.text(), format!("{}\n", place.display()));
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_looked_for_in_a_path_that_is_shown() {
    let error = command(&["no-such-program"]).error().await;
    assert_eq!(error.exit(), Exit::Configuration);
    assert_eq!(error.chain(), "cannot start no-such-program: no such program in PATH (/a:/b)");
    assert_eq!(
        error.hint_text(),
        Some("give the program's full path, or set PATH for the command")
    );

    let mut with_path = command(&["no-such-program"]);
    with_path.command.env.push(("PATH".into(), "/c".into()));
    let error = with_path.error().await;
    assert_eq!(error.chain(), "cannot start no-such-program: no such program in PATH (/c)");

    assert_eq!(command(&[""]).error().await.chain(), "the command is empty");

    let error = command(&["/no/such/program"]).error().await;
    assert_eq!(error.exit(), Exit::Configuration);
    assert_eq!(error.chain(), "cannot start /no/such/program: there is no such file");
}

#[tokio::test]
async fn a_program_is_looked_for_in_the_path_of_its_own_environment() {
    let mut script = command(&["true"]);
    script.command.env.push(("PATH".into(), "/no/such/directory".into()));
    assert_eq!(script.error().await.exit(), Exit::Configuration);
}

#[tokio::test]
async fn what_is_no_program_is_told_from_what_is_missing() {
    let made = script(
        "printf '#!/bin/sh\n' >$DIR/plain
         printf '#!/no/such/interpreter -x\n' >$DIR/orphaned
         chmod +x $DIR/orphaned",
    );
    let (_, made) = made.end().await;
    let place = made.directory.path();
    let cases = [
        ("plain", "it is not executable", "make it so: chmod +x"),
        (
            "orphaned",
            "the interpreter \"/no/such/interpreter\" in its first line does not exist",
            "",
        ),
        (".", "it is a directory", "name a program in it"),
    ];
    for (name, why, hint) in cases {
        let path = place.join(name);
        let error = command(&[path.to_str().expect("a name")]).error().await;
        assert_eq!(error.exit(), Exit::Configuration, "{name}");
        assert_eq!(error.chain(), format!("cannot start {}: {why}", path.display()));
        assert!(error.hint_text().is_some_and(|text| text.contains(hint)), "{name}");
    }
    let mut in_path = command(&["plain"]);
    in_path.command.env.push(("PATH".into(), place.into()));
    assert_eq!(in_path.error().await.chain(), "cannot start plain: it is not executable");
}

#[tokio::test]
async fn a_working_directory_that_is_none_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let cases = [
        (Path::new("/no/such/directory"), "there is no such directory"),
        (file.path(), "it is no directory"),
    ];
    for (directory, why) in cases {
        let mut script = command(&["true"]);
        script.command.working_dir = Some(directory.to_owned());
        let error = script.error().await;
        assert_eq!(error.exit(), Exit::Configuration);
        assert_eq!(error.chain(), format!("cannot work in {}: {why}", directory.display()));
    }
}

#[tokio::test]
async fn an_empty_command_and_one_with_a_nul_are_set_up_wrong() {
    assert_eq!(command(&[]).error().await.exit(), Exit::Configuration);
    assert_eq!(command(&["true", "a\0b"]).error().await.exit(), Exit::Configuration);
}

#[tokio::test]
async fn output_that_is_no_text_is_text_in_the_history() {
    let (_, running) = script(r"printf 'a\377\376b\000c\n'").end().await;
    assert_eq!(running.text(), "a\u{fffd}\u{fffd}bc\n");
    assert_eq!(running.control.output.bytes(), 7);
}

#[tokio::test]
async fn a_command_that_closes_its_output_and_goes_on_is_waited_for() {
    let (ended, running) = script("echo before; exec >&- 2>&-; sleep 0.1; exit 5").end().await;
    assert_eq!(ended.status.code(), Some(5));
    assert_eq!(running.text(), "before\n");
}

#[tokio::test]
async fn a_child_in_the_background_is_ended_with_its_command() {
    let mut running = script("sleep 1000 & echo $!; await go; exit 4").start();
    let child = running.process().await;
    running.release("go");
    let (ended, _) = running.end().await;
    assert_eq!(ended.status.code(), Some(4));
    assert_eq!(ended.left_behind, 1);
    assert!(is_gone(&child));
}

#[tokio::test]
async fn a_daemon_that_keeps_the_output_open_does_not_keep_the_run_going() {
    let mut running = script("(setsid sh -c 'echo $$; exec sleep 1000' &) ; await go").start();
    let daemon = running.process().await;
    assert_eq!(daemon.session, daemon.pid.as_raw_pid(), "it has left the session");
    running.release("go");
    let (ended, _) = running.end().await;
    assert!(ended.status.success());
    assert_eq!(ended.left_behind, 1);
    assert!(is_gone(&daemon));
}

#[tokio::test]
async fn a_daemon_that_ignores_sigterm_is_killed() {
    let text = "(setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' &) ; await go";
    let mut running = script(text).start();
    let daemon = running.process().await;
    running.release("go");
    let (ended, _) = running.end().await;
    assert!(ended.left_behind >= 1);
    assert!(is_gone(&daemon));
}

#[tokio::test]
async fn a_daemon_that_wiped_its_environment_is_ended() {
    by_itself("a_daemon_that_wiped_its_environment_is_ended", async {
        let mut running = script(WIPES_ITS_ENVIRONMENT).start();
        let daemon = running.process().await;
        assert!(!matches!(table::mark_of(daemon.pid), Mark::Run(_)), "it has wiped it");
        running.release("go");
        let (ended, _) = running.end().await;
        assert_eq!(ended.left_behind, 1);
        assert!(is_gone(&daemon));
    })
    .await;
}

#[tokio::test]
async fn an_orphan_of_unknown_origin_is_spared_as_long_as_its_run_may_be_going() {
    let test = "an_orphan_of_unknown_origin_is_spared_as_long_as_its_run_may_be_going";
    by_itself(test, async {
        let first = script("await go").start();
        let mut second = script(WIPES_ITS_ENVIRONMENT).start();
        let daemon = second.process().await;
        assert!(!matches!(table::mark_of(daemon.pid), Mark::Run(_)), "it has wiped it");
        first.release("go");
        first.end().await;
        assert!(!is_gone(&daemon));
        second.release("go");
        second.end().await;
        assert!(is_gone(&daemon));
    })
    .await;
}

/// In the middle of exec(2) a process has no environment that could tell whose it is.
#[tokio::test]
async fn a_daemon_that_is_just_starting_its_program_is_found() {
    by_itself("a_daemon_that_is_just_starting_its_program_is_found", async {
        // As long as it is going, no orphan can be told by its age.
        let other = script("await go").start();
        // Many programs, one after the other, so that a look falls into the middle of one.
        let text = format!("setsid {}sleep 1000 & echo $!; sleep 0.02", "env ".repeat(200));
        for _ in 0..5 {
            let started: Vec<_> = (0..4).map(|_| script(&text).start()).collect();
            for running in started {
                let (ended, mut running) = running.end().await;
                let pid = running.line().await.parse().ok().and_then(Pid::from_raw).expect("a pid");
                assert_eq!(ended.left_behind, 1);
                assert!(table::process(pid).is_none());
            }
        }
        other.release("go");
        other.end().await;
    })
    .await;
}

const WIPES_ITS_ENVIRONMENT: &str =
    "(setsid env -i /bin/sh -c 'echo $$; exec /bin/sleep 1000' &) ; await go";

#[tokio::test]
async fn a_helper_that_ends_by_itself_finishes_its_work() {
    let text = "sh -c 'await() { while [ ! -s \"$DIR/$1\" ]; do sleep 0.01; done; }
                await over; sleep 0.1; echo last words' & echo $$ >$DIR/over";
    let (ended, running) = script(text).end().await;
    assert_eq!(ended.left_behind, 0);
    assert_eq!(running.text(), "last words\n");
}

#[tokio::test]
async fn cancelled_the_whole_group_gets_sigterm() {
    let text = "trap 'echo asked; exit 4' TERM
                sh -c 'trap \"echo asked too; exit\" TERM; sh -c \"echo ready; exec sleep 1000\" & wait' &
                wait; wait";
    let mut running = script(text).start();
    assert_eq!(running.line().await, "ready");
    running.control.cancellation.cancel();
    let (ended, running) = running.end().await;
    assert_eq!(ended.status.code(), Some(4));
    let text = running.text();
    assert!(text.contains("asked\n") && text.contains("asked too\n"), "{text}");
}

#[tokio::test]
async fn cancelled_the_group_has_its_grace_also_when_its_leader_ends_at_once() {
    let text = "echo $$
                sh -c 'trap \"echo asked; asked=1\" TERM; exec 2>/dev/null; echo ready
                       while [ ! -s $DIR/go ]; do sleep 0.01; done; echo done $asked' &
                wait";
    let mut running = script(text).start();
    let leader = running.process().await;
    assert_eq!(running.line().await, "ready");
    running.control.cancellation.cancel();
    assert_eq!(running.line().await, "asked");
    eventually("its end was noticed", || table::process(leader.pid).is_none()).await;
    // More than enough for what a command leaves behind on its own.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(10)).await;
    tokio::time::resume();
    running.release("go");
    let (ended, running) = running.end().await;
    assert_eq!(ended.status.signal(), Some(Signal::TERM.as_raw()));
    assert!(running.text().ends_with("ready\nasked\ndone 1\n"), "{}", running.text());
}

#[tokio::test]
async fn a_stopped_command_hears_that_it_is_cancelled() {
    let mut running = script("echo $$; kill -STOP $$; echo never").start();
    let leader = running.process().await;
    let state = || {
        let path = format!("/proc/{}/stat", leader.pid);
        <procfs::process::Stat as procfs::FromRead>::from_file(path).map(|stat| stat.state)
    };
    eventually("it is stopped", || matches!(state(), Ok('T'))).await;
    running.control.cancellation.cancel();
    let (ended, _) = running.end().await;
    assert_eq!(ended.status.signal(), Some(Signal::TERM.as_raw()));
}

#[tokio::test]
async fn a_command_that_ignores_sigterm_is_killed() {
    let mut running = script("trap '' TERM; echo ready; while :; do sleep 1; done").start();
    assert_eq!(running.line().await, "ready");
    running.control.cancellation.cancel();
    running.control.kill.cancel();
    let (ended, _) = running.end().await;
    assert_eq!(ended.status.signal(), Some(Signal::KILL.as_raw()));
}

#[tokio::test]
async fn killed_a_command_takes_those_along_who_left_its_group() {
    let text = "trap '' TERM
                setsid sh -c 'echo $$; while :; do sleep 1; done' &
                (setsid sh -c 'echo $$; while :; do sleep 1; done' &)
                while :; do sleep 1; done";
    let mut running = script(text).start();
    let escaped = [running.process().await, running.process().await];
    running.control.kill.cancel();
    let (ended, _) = running.end().await;
    assert_eq!(ended.status.signal(), Some(Signal::KILL.as_raw()));
    assert!(escaped.iter().all(is_gone));
}

#[tokio::test]
async fn a_run_that_is_given_up_takes_its_processes_along() {
    by_itself("a_run_that_is_given_up_takes_its_processes_along", async {
        let text = "echo $$; (setsid sh -c 'echo $$; exec sleep 1000' &)
                    trap '' TERM; while :; do sleep 1; done";
        let mut running = script(text).start();
        let processes = [running.process().await, running.process().await];
        running.task.abort();
        eventually("they are gone", || {
            reap();
            processes.iter().all(is_gone)
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_is_left_of_a_lost_run_is_ended() {
    let script = script("(setsid sh -c 'echo $$; exec sleep 1000' &) ; sleep 1000");
    let run_id = script.command.run_id;
    let mut running = script.start();
    let daemon = running.process().await;
    let ended = end_lost(run_id).await;
    assert!(ended >= 2, "the command and its daemon, not {ended}");
    let (ended, _) = running.end().await;
    assert!(!ended.status.success());
    eventually("the daemon is gone", || {
        reap();
        is_gone(&daemon)
    })
    .await;
}

#[tokio::test]
async fn the_orphans_of_two_commands_side_by_side_are_told_apart() {
    let text = "(setsid sh -c 'echo $$; exec sleep 1000' &) ; await go";
    let (mut first, mut second) = (script(text).start(), script(text).start());
    let of_first = first.process().await;
    let of_second = second.process().await;
    let myself = rustix::process::getpid().as_raw_pid();
    for orphan in [&of_first, &of_second] {
        eventually("it is an orphan", || {
            table::process(orphan.pid).is_some_and(|now| now.parent == myself)
        })
        .await;
    }
    first.release("go");
    let (ended, _) = first.end().await;
    assert_eq!(ended.left_behind, 1);
    assert!(is_gone(&of_first));
    assert!(!is_gone(&of_second));
    second.release("go");
    second.end().await;
    assert!(is_gone(&of_second));
}

#[tokio::test]
async fn an_orphan_that_ends_is_reaped_while_the_command_goes_on() {
    let text = "(sh -c 'echo $$; await() { while [ ! -s $DIR/$1 ]; do sleep 0.01; done; }
                await orphan' &)
                await command; exit 7";
    let mut running = script(text).start();
    let orphan = running.process().await;
    running.release("orphan");
    eventually("the orphan is reaped", || {
        reap();
        is_gone(&orphan)
    })
    .await;
    running.release("command");
    let (ended, _) = running.end().await;
    assert_eq!(ended.status.code(), Some(7));
}

/// Whoever looks for orphans all the time must not take the exit status of a command for one.
#[tokio::test]
async fn reaping_does_not_steal_the_status_of_a_command() {
    let enough = CancellationToken::new();
    let reaper = {
        let enough = enough.clone();
        tokio::spawn(async move {
            while !enough.is_cancelled() {
                blocking(reap).await;
            }
        })
    };
    for round in 0..20 {
        let codes = (0..5).map(|offset| round * 5 + offset);
        let started: Vec<_> =
            codes.map(|code| (code, script(&format!("exit {code}")).start())).collect();
        for (code, running) in started {
            let (ended, _) = running.end().await;
            assert_eq!(ended.status.code(), Some(code));
        }
    }
    enough.cancel();
    reaper.await.expect("no panic");
}

#[tokio::test]
async fn a_pipe_that_somebody_else_holds_does_not_keep_the_run_going() {
    let mut running = script("echo $$; await go; printf rest").start();
    let leader = running.process().await;
    // The test is no descendant of the command, so that nobody ends it.
    let path = format!("/proc/{}/fd/1", leader.pid);
    let held = std::fs::OpenOptions::new().write(true).open(path).expect("the pipe opens");
    running.release("go");
    let (ended, running) = running.end().await;
    assert!(ended.status.success());
    assert!(running.text().ends_with("\nrest"), "{}", running.text());
    drop(held);
}

#[tokio::test]
async fn a_terminal_that_is_held_does_not_keep_the_run_going() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = Mutex::new(held);
    let mut script = script("echo one; echo two");
    script.control.lines = std::sync::Arc::new(move |_, _: &[u8]| {
        let _ = held.lock().expect("no panic").recv();
    });
    let (ended, _) = script.end().await;
    assert!(ended.status.success());
    drop(release);
}

/// Runs a script that prints [`MUCH`], and looks at what that took.
async fn prints_much(mut script: Script) {
    let memory = || {
        let status = procfs::process::Process::myself().and_then(|process| process.status());
        let status = status.expect("/proc/self");
        (status.vmrss.expect("a size") * 1024, status.vmhwm.expect("a size") * 1024)
    };
    script.control.lines = std::sync::Arc::new(|_, line: &[u8]| {
        assert!(line.len() <= crate::capture::LINE_BYTES_MAX);
    });
    let (before, _) = memory();
    let (ended, running) = script.end().await;
    let (_, greatest) = memory();
    assert!(ended.status.success());
    assert_eq!(running.control.output.bytes(), MUCH);
    assert!(running.text().starts_with("[… 255.9 MiB earlier output not kept]\n"));
    assert!(greatest < before + GROWTH_MAX, "from {before} to {greatest} bytes");
}

const MUCH: u64 = 256 << 20;
const GROWTH_MAX: u64 = 16 << 20;

#[tokio::test]
async fn much_output_takes_little_memory() {
    let text = format!("yes \"$(printf %01023d 7)\" | head -c {MUCH}");
    by_itself("much_output_takes_little_memory", prints_much(script(&text))).await;
}

#[tokio::test]
async fn output_without_a_newline_takes_little_memory() {
    let text = format!("head -c {MUCH} /dev/zero");
    by_itself("output_without_a_newline_takes_little_memory", prints_much(script(&text))).await;
}
