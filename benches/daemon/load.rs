//! The contenders that are this program itself: punctual, and loops around nothing
//! but a timer.

use std::io;
use std::num::NonZeroU32;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use punctual::bench::{self, Load};

use crate::records::{Writer, now};

/// Where the service manager would listen: punctual tells it when it is ready.
const NOTIFY: &str = "NOTIFY_SOCKET";

/// The name of [`NOTIFY`] in a contender's directory.
const SOCKET: &str = "notify";

/// Runs punctual with jobs that are due all at once.
#[derive(Args)]
pub struct Punctual {
    records: PathBuf,
    jobs: u32,
    schedule: String,
    /// Writes the schedule in as many different ways as there are jobs.
    #[arg(long)]
    reworded: bool,
    /// With the frame around every run, and the history in this directory.
    #[arg(long)]
    state_dir: Option<PathBuf>,
    #[arg(long)]
    max_running: NonZeroU32,
}

impl Punctual {
    pub fn run(self) -> io::Result<()> {
        let records = Arc::new(Writer::create(&self.records)?);
        announce_ready(&self.records, &records)?;
        let schedules = (0..self.jobs).map(|number| {
            if self.reworded { reworded(&self.schedule, number) } else { self.schedule.clone() }
        });
        let load = Load {
            schedules: schedules.collect(),
            running_max: self.max_running,
            started: Arc::new(move |job, due, at| records.started(job, due.as_secs() as u32, at)),
        };
        match &self.state_dir {
            None => bench::bare(load),
            Some(state_dir) => bench::whole(load, state_dir),
        }
        .map_err(io::Error::other)
    }
}

/// Where punctual has to look for the service manager's socket.
pub fn notify_socket(dir: &Path) -> (&'static str, PathBuf) {
    (NOTIFY, dir.join(SOCKET))
}

/// Takes the place of a service manager, and passes on that punctual is ready.
fn announce_ready(path: &Path, records: &Arc<Writer>) -> io::Result<()> {
    let socket = UnixDatagram::bind(path.with_file_name(SOCKET))?;
    let records = Arc::clone(records);
    thread::spawn(move || {
        let mut message = [0; 256];
        while let Ok(length) = socket.recv(&mut message) {
            if message[..length].starts_with(b"READY=1") {
                records.ready();
            }
        }
    });
    Ok(())
}

/// Another way to write a schedule whose first three fields are `*`: each as two
/// ranges that make it whole. There are 80,063 of them.
fn reworded(schedule: &str, number: u32) -> String {
    let halves = |number: u32, last: u32| format!("0-{number},{}-{last}", number + 1);
    let rest = schedule.strip_prefix("* * *").expect("a schedule that starts so");
    let (seconds, minutes, hours) = (number % 59, number / 59 % 59, number / 59 / 59 % 23);
    format!("{} {} {}{rest}", halves(seconds, 59), halves(minutes, 59), halves(hours, 23))
}

/// A job without a scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Timer {
    /// tokio's, in its milliseconds.
    Tokio,
    /// The kernel's.
    Kernel,
}

impl Timer {
    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Kernel => "kernel",
        }
    }
}

/// A loop that does nothing but wait for every whole second.
#[derive(Args)]
pub struct Bare {
    timer: Timer,
    records: PathBuf,
}

impl Bare {
    pub fn run(self) -> io::Result<()> {
        let records = Writer::create(&self.records)?;
        records.ready();
        let mut due = now().as_secs() + 1;
        let rest = |due| Duration::from_secs(due).saturating_sub(now());
        let mut tell = || {
            records.started(0, due as u32, now());
            due += 1;
            rest(due)
        };
        let mut wait = rest(now().as_secs() + 1);
        match self.timer {
            Timer::Kernel => loop {
                thread::sleep(wait);
                wait = tell();
            },
            Timer::Tokio => {
                tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
                    loop {
                        tokio::time::sleep(wait).await;
                        wait = tell();
                    }
                })
            }
        }
    }
}
