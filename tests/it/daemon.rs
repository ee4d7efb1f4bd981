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
}

impl<'a> Daemon<'a> {
    /// By a command that comes down to [`DAEMON`].
    pub fn of(sandbox: &'a Sandbox, command: &mut Command) -> Self {
        Self { sandbox, running: Running::of(command) }
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
            found = self.log().into_iter().find(|line| line["message"] == message);
            let ended = self.running.child().try_wait().expect("a child").is_some();
            assert!(found.is_some() || !ended, "it ended without: {:#?}", self.log());
            found.is_some()
        });
        found.expect("a line")
    }

    fn log(&self) -> Vec<Value> {
        let Ok(files) = std::fs::read_dir(self.sandbox.path("logs")) else { return Vec::new() };
        let text: String = files
            .map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a log"))
            .collect();
        // The last line may be half written.
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).expect("a JSON line"))
            .collect()
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

/// The command line of a daemon that `script` comes before, below a `wrapper` or none.
pub fn after_script(sandbox: &Sandbox, wrapper: &[&str], script: &str, more: &[&str]) -> Command {
    let script = format!("{script}; exec \"$@\"");
    let binary = env!("CARGO_BIN_EXE_punctual");
    let shell = ["sh", "-c", &script, "sh", binary];
    let mut words = wrapper.iter().chain(&shell).chain(&DAEMON).chain(more);
    let program = words.next().expect("a program");
    sandbox.command_of(program.as_ref(), words)
}
