//! The daemon as process 1, in a container without an init.
//!
//! The kernel hands every orphan to process 1, which has to wait for it, or it stays a zombie; and
//! it gives process 1 no signal that has no handler. So process 1 stays small and does just that:
//! it starts the daemon as its child, passes signals on, waits for whatever ends, and ends as the
//! daemon does. Were the daemon itself process 1, waiting for just any child would take the ends of
//! its jobs' processes away from those that wait for them.

use std::future::poll_fn;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode};
use std::task::{Context, Poll};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, wait};
use tokio::signal::unix::{self, SignalKind};

use crate::error::{Error, Result};

/// Whether this is the first process of its PID namespace.
pub fn is_process_1() -> bool {
    getpid() == Pid::INIT
}

/// Runs this program's command line in a child process, and ends with its exit code: `128 +
/// signal` when a signal ended it.
pub fn run() -> Result<ExitCode> {
    let failed = |error| Error::io("cannot start the daemon below process 1", error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let status = runtime.block_on(supervise()).map_err(failed)?;
    let code = status.exit_status().or(status.terminating_signal().map(|signal| 128 + signal));
    Ok(ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)))
}

/// How the daemon ended.
async fn supervise() -> std::io::Result<WaitStatus> {
    // Before there is a child, so that no signal is lost.
    let mut ends = unix::signal(SignalKind::child())?;
    let mut signals = Forwarded::listen()?;
    let daemon = Pid::from_child(&start()?);
    loop {
        while let Some((pid, status)) = wait(WaitOptions::NOHANG)? {
            if pid == daemon {
                return Ok(status);
            }
        }
        tokio::select! {
            _ = ends.recv() => {}
            // The daemon may be gone, but nobody has waited for it yet: the id is still its own.
            signal = signals.next() => kill_process(daemon, signal)?,
        }
    }
}

fn start() -> std::io::Result<Child> {
    let mut arguments = std::env::args_os();
    let mut command = Command::new(std::env::current_exe()?);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // In a process group of its own: Ctrl-C at a container's terminal goes to the whole group of
    // process 1, and the daemon is to get it once.
    command.args(arguments).process_group(0).spawn()
}

/// The signals that people send to a daemon.
struct Forwarded(Vec<(Signal, unix::Signal)>);

impl Forwarded {
    fn listen() -> std::io::Result<Self> {
        let signals =
            [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];
        let listen =
            |signal: Signal| Ok((signal, unix::signal(SignalKind::from_raw(signal.as_raw()))?));
        signals.into_iter().map(listen).collect::<std::io::Result<_>>().map(Self)
    }

    async fn next(&mut self) -> Signal {
        let mut poll = |context: &mut Context<'_>| {
            let ready = |(signal, stream): &mut (Signal, unix::Signal)| {
                stream.poll_recv(context).is_ready().then_some(*signal)
            };
            self.0.iter_mut().find_map(ready).map_or(Poll::Pending, Poll::Ready)
        };
        poll_fn(&mut poll).await
    }
}
