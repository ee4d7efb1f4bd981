//! One command, run to its end: a process group of its own, its output streamed and captured,
//! nothing left behind.
//!
//! - It is started in a process group of its own (on a terminal: a session), with an empty stdin
//!   and pipes for its output.
//! - Asked to stop, its group gets SIGTERM; when that is not enough, SIGKILL.
//! - When it has ended, by itself or not, what it left behind is ended too, in its group or not:
//!   see [`family`].
//! - Its output is read until all who hold the pipes are gone, or for a moment longer where that
//!   cannot be waited for.
//!
//! What cannot be ended: a process of another user, when this one is not root's (`sudo`); one
//! that hangs in the kernel; one that somebody else starts on the command's behalf (`at`,
//! `systemd-run`, a container's daemon), for that is none of its descendants; as the first
//! process of a container, an orphan that has left its group and changed its environment. All
//! of this is about Linux: elsewhere only the group is signalled.

mod family;
mod lines;
mod start;
mod table;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use self::family::Family;
#[cfg(test)]
pub use self::family::spawn_spared;
pub use self::family::{end_lost, reap};
use self::lines::Destination;
use crate::capture::{CapturedOutput, LineSink, Stream};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job::blocking;

/// Which run a process belongs to: an environment variable that it inherits.
pub const RUN_ID_VARIABLE: &str = "PUNCTUAL_RUN_ID";

/// How long the output of a command that ended is read on when it does not end itself, because
/// somebody still holds the pipe or the terminal is held.
const DRAIN_PATIENCE: Duration = Duration::from_secs(2);

/// How often adopted orphans that have ended are looked for while a command goes on.
const REAP_EVERY: Duration = Duration::from_secs(5);

/// What to run, and in which surroundings.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program, and its arguments.
    pub argv: Vec<OsString>,
    /// Added to the environment of this process. `PUNCTUAL_RUN_ID` comes on top.
    pub env: Vec<(OsString, OsString)>,
    /// Variables of this process that the command does not see, unless they are in `env`.
    pub withheld: Vec<&'static str>,
    /// Where it works; in the directory of this process when unset.
    pub working_dir: Option<PathBuf>,
    /// What it reads on its stdin; nothing for most.
    pub input: Vec<u8>,
    /// The PATH of this process, for the message when a program is not found in it.
    pub search_path: Option<OsString>,
    pub run_id: Uuid,
}

/// How a command is stopped, and where its output goes.
#[derive(Clone)]
pub struct Control {
    /// Asks the command to end.
    pub cancellation: CancellationToken,
    /// Ends it.
    pub kill: CancellationToken,
    pub output: CapturedOutput,
    pub lines: LineSink,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// How many processes outlived it, and had to be ended.
    pub left_behind: usize,
}

/// Runs a command to its end. Dropped before that, it kills the command.
pub async fn run(command: &Command, control: &Control) -> Result<Ended> {
    let mut family = start::start(command)?;
    tracing::debug!(pid = family.child.id(), "the command was started");
    let output = Output::follow(&mut family, control);
    let (status, cancelled) = attend(&mut family, control).await?;
    let left_behind = family.end(cancelled, &control.kill).await;
    output.drain().await;
    Ok(Ended { status, left_behind })
}

/// Waits for the end of the command, and passes on what it is asked for. Tells also whether it was
/// asked to end.
async fn attend(family: &mut Family, control: &Control) -> Result<(ExitStatus, bool)> {
    let (mut asked, mut killed) = (false, false);
    loop {
        tokio::select! {
            status = family.child.wait() => {
                let status = status.map_err(|error| {
                    Error::new(Exit::Bug, "cannot wait for the command").because(error)
                })?;
                return Ok((status, asked));
            }
            () = control.cancellation.cancelled(), if !asked => {
                asked = true;
                family.signal_group(Signal::TERM);
                // A stopped process only hears once it goes on.
                family.signal_group(Signal::CONT);
            }
            () = control.kill.cancelled(), if !killed => {
                killed = true;
                family.signal_group(Signal::KILL);
            }
            () = tokio::time::sleep(REAP_EVERY) => blocking(reap).await,
        }
    }
}

/// The two pipes of a command, being read.
struct Output {
    readers: tokio::task::JoinSet<()>,
    /// Tells the readers not to wait for more.
    enough: CancellationToken,
}

impl Output {
    fn follow(family: &mut Family, control: &Control) -> Self {
        let enough = CancellationToken::new();
        let to = Destination { output: control.output.clone(), lines: control.lines.clone() };
        let mut readers = tokio::task::JoinSet::new();
        if let Some(pipe) = family.child.stdout.take() {
            let reader = to.clone().follow(pipe, Stream::Stdout, enough.clone());
            readers.spawn(reader.in_current_span());
        }
        if let Some(pipe) = family.child.stderr.take() {
            readers.spawn(to.follow(pipe, Stream::Stderr, enough.clone()).in_current_span());
        }
        Self { readers, enough }
    }

    /// Reads to the end, which has come when nobody holds a pipe any more.
    async fn drain(mut self) {
        if tokio::time::timeout(DRAIN_PATIENCE, self.ended()).await.is_ok() {
            return;
        }
        tracing::warn!("the command has ended, but not its output; no more of it is read");
        self.enough.cancel();
        // What was read is handed on, unless that is what takes so long.
        let _ = tokio::time::timeout(DRAIN_PATIENCE, self.ended()).await;
    }

    async fn ended(&mut self) {
        while let Some(read) = self.readers.join_next().await {
            if let Err(error) = read
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
    }
}
