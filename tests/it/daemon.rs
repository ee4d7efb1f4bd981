//! A daemon under a test: started with a log that can be read while it is going.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::sandbox::{Ran, Running, Sandbox, eventually};

/// What a daemon's command line begins with.
pub const DAEMON: [&str; 3] = ["daemon", "--log-dir", "logs"];

/// A daemon that is going. Killed when dropped.
pub struct Daemon<'a> {
    sandbox: &'a Sandbox,
    running: Running,
    /// Lines that daemons before it have logged.
    earlier: usize,
}

impl<'a> Daemon<'a> {
    /// With these arguments besides [`DAEMON`].
    pub fn start(sandbox: &'a Sandbox, more: &[&str]) -> Self {
        Self::of(sandbox, &mut sandbox.command(DAEMON.iter().chain(more)))
    }

    /// By a command that comes down to [`DAEMON`].
    pub fn of(sandbox: &'a Sandbox, command: &mut Command) -> Self {
        let earlier = log(sandbox).len();
        Self { sandbox, running: Running::of(command), earlier }
    }

    pub fn pid(&mut self) -> u32 {
        self.running.child().id()
    }

    pub fn signal(&mut self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Waits for a line of the log.
    pub fn says(&mut self, message: &str) -> Value {
        let mut found = None;
        eventually(&format!("the daemon logs {message:?}"), || {
            let ended = self.running.child().try_wait().expect("a child").is_some();
            let log = log(self.sandbox).split_off(self.earlier);
            found = log.iter().find(|line| line["message"] == message).cloned();
            assert!(found.is_some() || !ended, "it ended without: {log:#?}");
            found.is_some()
        });
        found.expect("a line")
    }

    /// Asks it to stop, and waits for that.
    pub fn stop(mut self) -> Ran {
        self.signal(Signal::TERM);
        self.wait()
    }

    pub fn wait(self) -> Ran {
        self.running.wait()
    }
}

/// The lines of the log files so far, but for one that is half written.
fn log(sandbox: &Sandbox) -> Vec<Value> {
    let Ok(files) = std::fs::read_dir(sandbox.path("logs")) else { return Vec::new() };
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let text: String =
        paths.iter().map(|path| std::fs::read_to_string(path).expect("a log file")).collect();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// Makes a past in which a daemon knew these jobs for so many hours, and ran none of them.
pub fn absent_for(sandbox: &Sandbox, jobs: &[&str], hours: u32) {
    let mut daemon = Daemon::start(sandbox, &[]);
    daemon.says("daemon started");
    daemon.stop().exits(0);
    let database = sandbox.database();
    database.execute("DELETE FROM runs", ()).expect("a table of the history");
    for job in jobs {
        let changed = database
            .execute(
                "UPDATE daemon_jobs
                 SET seen_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ?2) WHERE job = ?1",
                (job, format!("-{hours} hours")),
            )
            .expect("a table of the daemon");
        assert_eq!(changed, 1, "{job}");
    }
}

/// The command line of a daemon that `script` comes before, below a `wrapper` or none.
pub fn after_script(sandbox: &Sandbox, wrapper: &[&str], script: &str, more: &[&str]) -> Command {
    let script = format!("{script}; exec \"$@\"");
    let binary = env!("CARGO_BIN_EXE_punctual");
    let shell = ["sh", "-c", &script, "sh", binary];
    let mut words = wrapper.iter().chain(&shell).chain(&DAEMON).chain(more);
    let program = words.next().expect("a program");
    sandbox.command_of(program.as_ref(), words)
}
