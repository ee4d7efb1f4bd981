//! Watches a contender: when it is ready, what it takes while its jobs come due,
//! how often it wakes up.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use procfs::process::Process;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::judge::Window;
use crate::records::{READY, Record, now};
use crate::support::measure::{self, Cost};

/// How long a contender may take to be ready, and then to end.
const READY_LIMIT: Duration = Duration::from_secs(300);
const END_LIMIT: Duration = Duration::from_secs(60);

/// How often it is looked whether it is so far.
const LOOK: Duration = Duration::from_millis(1);

/// How long after the window the starts of its last second may still come.
const STRAGGLERS: Duration = Duration::from_secs(3);

/// What is watched of a contender that is ready.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub warm_up: Duration,
    /// Length of the window; with zero it is only seen when it is ready.
    pub seconds: u32,
}

/// What was seen of a contender.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// From its start until all jobs were registered.
    pub ready: Duration,
    pub window: Window,
    /// Processor time within the window.
    pub cpu: Duration,
    /// How often a thread went to sleep, and so woke up, within the window.
    pub wake_ups: u64,
    /// From start to end.
    pub whole: Cost,
}

/// What was seen of a contender while it ran.
struct Watched {
    ready_at: Duration,
    window: Window,
    cpu: Duration,
    wake_ups: u64,
}

/// Starts a contender, watches it as planned, and ends it.
pub fn observe(command: &mut Command, records: &Path, plan: Plan) -> Result<Seen, String> {
    let started_at = now();
    let (status, whole, watched) = measure::run(command, |pid| {
        let watched = watch(pid, records, plan);
        end(pid);
        watched
    })
    .map_err(|error| format!("could not start: {error}"))?;
    let Watched { ready_at, window, cpu, wake_ups } = watched?;
    let terminated = status.signal() == Some(Signal::TERM.as_raw());
    if status.success() || terminated {
        let ready = ready_at.saturating_sub(started_at);
        Ok(Seen { ready, window, cpu, wake_ups, whole })
    } else {
        Err(format!("ended badly, {status}"))
    }
}

fn watch(pid: u32, records: &Path, plan: Plan) -> Result<Watched, String> {
    let ready_at = wait_until_ready(pid, records)?;
    let from = (now() + plan.warm_up).as_secs() + 1;
    let window = Window { from, seconds: plan.seconds };
    let mut watched = Watched { ready_at, window, cpu: Duration::ZERO, wake_ups: 0 };
    if plan.seconds > 0 {
        let until = from + u64::from(plan.seconds);
        sleep_until(Duration::from_secs(from));
        let before = Usage::of(pid).map_err(gone)?;
        sleep_until(Duration::from_secs(until));
        let after = Usage::of(pid).map_err(gone)?;
        (watched.cpu, watched.wake_ups) = (after.cpu - before.cpu, after.wake_ups_since(&before));
        sleep_until(Duration::from_secs(until) + STRAGGLERS);
    }
    if is_alive(pid) { Ok(watched) } else { Err("it died".to_owned()) }
}

/// Waits for the first record, which is the one that says it.
fn wait_until_ready(pid: u32, records: &Path) -> Result<Duration, String> {
    let limit = now() + READY_LIMIT;
    loop {
        let first = File::open(records).ok().and_then(|mut file| Record::read(&mut file));
        match first {
            Some(Record { job: READY, at, .. }) => return Ok(Duration::from_micros(at)),
            Some(_) => return Err("a job started before all were registered".to_owned()),
            None if !is_alive(pid) => return Err("it died before it was ready".to_owned()),
            None if now() > limit => {
                return Err(format!("not ready within {} s", READY_LIMIT.as_secs()));
            }
            None => thread::sleep(LOOK),
        }
    }
}

/// Asks it to end, then does not ask.
fn end(pid: u32) {
    let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    // It is waited for by its parent, which is this process, so the id is still its own.
    let _ = kill_process_group(group, Signal::TERM);
    let limit = now() + END_LIMIT;
    while is_alive(pid) && now() < limit {
        thread::sleep(LOOK);
    }
    let _ = kill_process_group(group, Signal::KILL);
}

fn is_alive(pid: u32) -> bool {
    process(pid).and_then(|process| process.stat()).is_ok_and(|stat| stat.state != 'Z')
}

/// What a process has used so far.
struct Usage {
    cpu: Duration,
    /// Per thread.
    wake_ups: HashMap<i32, u64>,
}

impl Usage {
    fn of(pid: u32) -> procfs::ProcResult<Self> {
        let process = process(pid)?;
        let stat = process.stat()?;
        let ticks = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
        let mut wake_ups = HashMap::new();
        for task in process.tasks()? {
            // A thread may end between the two looks.
            if let Ok(task) = task
                && let Ok(status) = task.status()
            {
                wake_ups.insert(task.tid, status.voluntary_ctxt_switches.unwrap_or(0));
            }
        }
        Ok(Self { cpu: Duration::from_secs_f64(ticks), wake_ups })
    }

    fn wake_ups_since(&self, earlier: &Self) -> u64 {
        let since = |(thread, count): (&i32, &u64)| {
            count.saturating_sub(earlier.wake_ups.get(thread).copied().unwrap_or(0))
        };
        self.wake_ups.iter().map(since).sum()
    }
}

fn process(pid: u32) -> procfs::ProcResult<Process> {
    Process::new(i32::try_from(pid).map_err(io::Error::other)?)
}

fn gone(error: procfs::ProcError) -> String {
    format!("it died: {error}")
}

fn sleep_until(time: Duration) {
    while let Some(rest) = time.checked_sub(now()).filter(|rest| !rest.is_zero()) {
        thread::sleep(rest);
    }
}
