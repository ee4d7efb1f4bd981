//! Who takes part, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;

use crate::load::{Timer, notify_socket};
use crate::peers::{first_line, interpreter, with_environment};
use crate::records::now;
use crate::support::{peers_dir, target_dir};

/// What runs jobs at their due times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    Punctual(Mode),
    Peer(Peer),
    /// No scheduler: a loop around a timer, for one job.
    Bare(Timer),
}

/// How punctual runs jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The loop alone, without frame and history.
    Loop,
    /// The loop alone, with a schedule of its own for every job.
    Reworded,
    /// The daemon whole.
    History,
}

/// What a user would take in punctual's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    TokioCronScheduler,
    Apscheduler,
    Croner,
    NodeCron,
}

/// When jobs are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    EverySecond,
    /// Not before an hour has passed.
    Later,
}

impl Due {
    /// Six fields, as all contenders read them.
    fn schedule(self) -> String {
        match self {
            Self::EverySecond => "* * * * * *".to_owned(),
            Self::Later => format!("0 30 {} * * *", (now().as_secs() / 3600 + 12) % 24),
        }
    }
}

impl Contender {
    /// The name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Punctual(Mode::Loop) => "punctual, the loop",
            Self::Punctual(Mode::Reworded) => "punctual, all schedules different",
            Self::Punctual(Mode::History) => "punctual, with history",
            Self::Peer(Peer::TokioCronScheduler) => "tokio-cron-scheduler",
            Self::Peer(Peer::Apscheduler) => "APScheduler",
            Self::Peer(Peer::Croner) => "croner",
            Self::Peer(Peer::NodeCron) => "node-cron",
            Self::Bare(Timer::Tokio) => "bare loop, tokio's timer",
            Self::Bare(Timer::Kernel) => "bare loop, the kernel's timer",
        }
    }

    /// Starts it with so many jobs. It works in `dir` and writes its records to a
    /// file there.
    pub fn command(
        self,
        dir: &Path,
        records: &Path,
        jobs: u32,
        due: Due,
        max_running: u32,
    ) -> std::io::Result<Command> {
        let peers = peers_dir().join("daemon");
        let own = std::env::current_exe()?;
        let mut command = match self {
            Self::Punctual(_) => subcommand(&own, "punctual"),
            Self::Bare(timer) => {
                let mut command = subcommand(&own, "bare");
                command.arg(timer.name()).arg(records);
                with_environment(&mut command, dir);
                return Ok(command);
            }
            Self::Peer(Peer::TokioCronScheduler) => Command::new(tokio_cron_scheduler()),
            Self::Peer(Peer::Apscheduler) => {
                interpreter("python", &peers.join("apscheduler_load.py"))
            }
            Self::Peer(Peer::Croner) => interpreter("node", &peers.join("croner.js")),
            Self::Peer(Peer::NodeCron) => interpreter("node", &peers.join("node-cron.js")),
        };
        command.arg(records).arg(jobs.to_string()).arg(due.schedule());
        with_environment(&mut command, dir);
        if let Self::Punctual(mode) = self {
            command.arg("--max-running").arg(max_running.to_string());
            match mode {
                Mode::Loop => {}
                Mode::Reworded => {
                    command.arg("--reworded");
                }
                Mode::History => {
                    command.arg("--state-dir").arg(state_dir(dir));
                }
            }
            let (name, path) = notify_socket(dir);
            command.env(name, path);
        }
        Ok(command)
    }
}

impl Peer {
    /// What it is in which version, as its installation tells.
    pub fn version(self) -> String {
        let line = match self {
            Self::TokioCronScheduler => {
                let lock = peers_dir().join("daemon/tokio-cron-scheduler/Cargo.lock");
                format!(
                    "sed -n '/^name = \"tokio-cron-scheduler\"/{{n;s/version = /tokio-cron-scheduler /p}}' {} \
                     | tr -d '\"'",
                    lock.display()
                )
            }
            Self::Apscheduler => {
                "python -c 'import platform, apscheduler; print(\"APScheduler\", apscheduler.version + \
                 \", Python\", platform.python_version())'"
                    .to_owned()
            }
            Self::Croner => node_package("croner"),
            Self::NodeCron => node_package("node-cron"),
        };
        first_line(with_environment(&mut Command::new("sh"), Path::new("/")).args(["-c", &line]))
    }
}

/// Where the daemon keeps its history.
pub fn state_dir(dir: &Path) -> PathBuf {
    dir.join("state")
}

fn subcommand(program: &Path, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(name);
    command
}

fn tokio_cron_scheduler() -> PathBuf {
    target_dir().join("bench-peers/bin/tokio-cron-scheduler-load")
}

/// Not by `require`: a package need not let its description be seen that way.
fn node_package(name: &str) -> String {
    format!(
        "echo \"{name} $(sed -n 's/^ *\"version\": \"\\(.*\\)\".*/\\1/p' \
         \"$NODE_PATH/{name}/package.json\"), node $(node --version)\""
    )
}
