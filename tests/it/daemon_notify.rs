//! What a service manager is told: sd_notify(3), through a real socket.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use crate::daemon::{Daemon, after_script};
use crate::sandbox::Sandbox;

/// The service manager's end.
struct Manager(UnixDatagram);

impl Manager {
    fn new(sandbox: &Sandbox) -> Self {
        let socket = UnixDatagram::bind(sandbox.path("notify")).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        Self(socket)
    }

    /// The next message, as its lines.
    fn hears(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        let length = self.0.recv(&mut buffer).expect("a message in time");
        let text = std::str::from_utf8(&buffer[..length]).expect("UTF-8");
        text.lines().map(str::to_owned).collect()
    }
}

fn daemon<'a>(sandbox: &'a Sandbox, script: &str) -> Daemon<'a> {
    let mut command = after_script(sandbox, &[], script, &[]);
    command.env("NOTIFY_SOCKET", sandbox.path("notify"));
    Daemon::of(sandbox, &mut command)
}

#[test]
fn start_reload_and_stop_are_told_once_each() {
    let sandbox = Sandbox::new();
    let manager = Manager::new(&sandbox);
    let mut daemon = daemon(&sandbox, "true");
    assert_eq!(manager.hears(), ["READY=1", "STATUS=3 jobs"]);
    daemon.signal(Signal::HUP);
    let reloading = manager.hears();
    assert_eq!(reloading[0], "RELOADING=1");
    let microseconds = reloading[1].strip_prefix("MONOTONIC_USEC=").expect("the time");
    assert!(microseconds.parse::<u64>().expect("a number") > 0);
    assert_eq!(manager.hears(), ["READY=1", "STATUS=3 jobs"]);
    daemon.signal(Signal::TERM);
    assert_eq!(manager.hears(), ["STOPPING=1"]);
    daemon.wait().exits(0);
    manager.0.set_nonblocking(true).expect("a socket");
    let more = manager.0.recv(&mut [0; 16]).expect_err("nothing more is told");
    assert_eq!(more.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn the_watchdog_is_fed_as_long_as_the_loop_goes() {
    let sandbox = Sandbox::new();
    let manager = Manager::new(&sandbox);
    let daemon = daemon(&sandbox, "export WATCHDOG_USEC=100000 WATCHDOG_PID=$$");
    assert_eq!(manager.hears()[0], "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.hears(), ["WATCHDOG=1"]);
    }
    daemon.stop().exits(0);
}

#[test]
fn the_watchdog_of_another_process_is_not_fed() {
    let sandbox = Sandbox::new();
    let manager = Manager::new(&sandbox);
    // An interval so short that it would be heard before the end.
    let daemon = daemon(&sandbox, "export WATCHDOG_USEC=2 WATCHDOG_PID=1");
    assert_eq!(manager.hears()[0], "READY=1");
    daemon.stop().exits(0);
    assert_eq!(manager.hears(), ["STOPPING=1"]);
}
