//! The process table of the machine, and signals that reach the process they are meant for.
//!
//! `/proc/PID/task/TID/children` would be quicker to read than the whole table, but not every
//! kernel has it, and it leaves processes out when others end at that moment.

use rustix::process::{Pid, Signal};
use uuid::Uuid;

use super::RUN_ID_VARIABLE;

/// One process, as it was when the table was read.
#[derive(Clone, Debug)]
pub struct Process {
    pub pid: Pid,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// When it was started, in clock ticks since the machine was. With the pid it is an identity.
    pub born: u64,
    /// Whether it ended, and only waits for its parent to look.
    pub ended: bool,
    /// The name of its program, as the kernel has it.
    pub name: String,
}

impl Process {
    pub fn is(&self, other: &Process) -> bool {
        self.pid == other.pid && self.born == other.born
    }
}

/// What the environment of a process says about its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Run(Uuid),
    None,
    /// The environment is empty. That of a process is for a moment, while it starts a program, and
    /// when it ends.
    NoEnvironment,
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io::Read;

    use procfs::FromRead;
    use procfs::process::Stat;
    use rustix::io::Errno;
    use rustix::process::{PidfdFlags, kill_process, pidfd_open, pidfd_send_signal};

    use super::*;

    /// More than nearly every environment has.
    const ENVIRONMENT_BYTES: usize = 128 << 10;

    /// More than a kernel lets a process have.
    const ENVIRONMENT_BYTES_MAX: u64 = 8 << 20;

    /// Every process that can be seen.
    pub fn processes() -> Vec<Process> {
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid| process(Pid::from_raw(pid)?))
            .collect()
    }

    /// The process with that id: see proc_pid_stat(5).
    pub fn process(pid: Pid) -> Option<Process> {
        let stat = Stat::from_file(format!("/proc/{pid}/stat")).ok()?;
        Some(Process {
            pid,
            parent: stat.ppid,
            group: stat.pgrp,
            session: stat.session,
            born: stat.starttime,
            // The first thread of a process may end before the others.
            ended: matches!(stat.state, 'Z' | 'X') && stat.num_threads <= 1,
            name: stat.comm,
        })
    }

    /// The run whose id the environment of a process has.
    pub fn mark_of(pid: Pid) -> Mark {
        // Not there any more, or not for us to read.
        let Ok(file) = std::fs::File::open(format!("/proc/{pid}/environ")) else {
            return Mark::None;
        };
        // Read at once: between two calls it may become that of another program, or none.
        let mut environment = Vec::with_capacity(ENVIRONMENT_BYTES);
        match file.take(ENVIRONMENT_BYTES_MAX).read_to_end(&mut environment) {
            Ok(0) | Err(_) => return Mark::NoEnvironment,
            Ok(_) => {}
        }
        let run_id = environment.split(|byte| *byte == 0).find_map(|variable| {
            let value = variable.strip_prefix(RUN_ID_VARIABLE.as_bytes())?.strip_prefix(b"=")?;
            Uuid::try_parse_ascii(value).ok()
        });
        run_id.map_or(Mark::None, Mark::Run)
    }

    /// Sends a signal to a process, if it is still the one that was in the table.
    pub fn signal(process: &Process, signal: Signal) -> Result<(), Errno> {
        let pidfd = pidfd_open(process.pid, PidfdFlags::empty());
        // Looked up after it was opened: what was opened was the same, or is gone.
        let same = self::process(process.pid).is_some_and(|now| now.is(process));
        match pidfd {
            _ if !same => Err(Errno::SRCH),
            Ok(pidfd) => pidfd_send_signal(pidfd, signal),
            Err(Errno::NOSYS) => kill_process(process.pid, signal),
            Err(error) => Err(error),
        }
    }
}

/// Elsewhere nothing is seen, and what a command leaves behind goes on.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use rustix::io::Errno;

    use super::*;

    pub fn processes() -> Vec<Process> {
        Vec::new()
    }

    pub fn process(_pid: Pid) -> Option<Process> {
        None
    }

    pub fn mark_of(_pid: Pid) -> Mark {
        Mark::None
    }

    pub fn signal(_process: &Process, _signal: Signal) -> Result<(), Errno> {
        Err(Errno::SRCH)
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{mark_of, process, processes, signal};
#[cfg(target_os = "linux")]
pub use linux::{mark_of, process, processes, signal};
