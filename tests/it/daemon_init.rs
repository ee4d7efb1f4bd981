//! The daemon as process 1 of a container, which a PID namespace stands in for.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::daemon::{Daemon, after_script};
use crate::sandbox::{Sandbox, eventually, skipped};

/// Runs what follows as process 1, and kills it when the wrapper is killed.
const CONTAINER: [&str; 5] = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];

/// A daemon that is process 1, after a shell that ran `script` was. Nothing where that is not
/// allowed.
fn container<'a>(sandbox: &'a Sandbox, script: &str, more: &[&str]) -> Option<Daemon<'a>> {
    let mut wrapper = CONTAINER.to_vec();
    if !rustix::process::geteuid().is_root() {
        wrapper.extend(["--user", "--map-root-user"]);
    }
    let mut probe = sandbox.command_of(wrapper[0].as_ref(), &wrapper[1..]);
    let allowed = probe.arg("true").stderr(Stdio::null()).status().is_ok_and(|end| end.success());
    if !allowed {
        skipped("this system allows no PID namespaces");
        return None;
    }
    Some(Daemon::of(sandbox, &mut after_script(sandbox, &wrapper, script, more)))
}

/// The children of a process, zombies included.
fn children(pid: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let pids = list.unwrap_or_default();
    pids.split_whitespace().map(|pid| pid.parse().expect("a process id")).collect()
}

/// Process 1, as the test sees it.
fn process_1(daemon: &mut Daemon<'_>) -> u32 {
    daemon.says("daemon started");
    children(daemon.pid())[0]
}

fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process id")).expect("a process id");
    kill_process(pid, signal).expect("the process is there");
}

#[test]
fn orphans_are_reaped() {
    let sandbox = Sandbox::new();
    // It goes on until somebody writes into the pipe, and its parent, the subshell, ends at once.
    let orphan = "mkfifo pipe; (cat pipe &)";
    let Some(mut daemon) = container(&sandbox, orphan, &[]) else { return };
    let init = process_1(&mut daemon);
    assert_eq!(children(init).len(), 2, "the orphan and the daemon");
    std::fs::write(sandbox.path("pipe"), "").expect("the orphan reads");
    eventually("the orphan is reaped", || children(init).len() == 1);
    kill(init, Signal::TERM);
    daemon.wait().exits(0);
}

#[test]
fn signals_reach_the_daemon_once() {
    let sandbox = Sandbox::new();
    let Some(mut daemon) = container(&sandbox, "true", &[]) else { return };
    let init = process_1(&mut daemon);
    kill(init, Signal::HUP);
    daemon.says("reloaded");
    kill(init, Signal::INT);
    daemon.wait().exits(0).says("stopping: nothing starts any more");
}

#[test]
fn the_end_of_the_daemon_is_the_end_of_process_1() {
    let sandbox = Sandbox::new();
    let Some(mut daemon) = container(&sandbox, "true", &[]) else { return };
    let init = process_1(&mut daemon);
    let second = container(&sandbox, "true", &[]).expect("it was allowed just now");
    second.wait().exits(75).says("another daemon holds");
    kill(children(init)[0], Signal::KILL);
    daemon.wait().exits(128 + 9);
}
