//! The reason to stop, as a value that is passed in: the process's signals, none, or what a
//! test sends.

use tokio::signal::unix::{self, SignalKind};
use tokio::sync::watch;

use crate::exit::Exit;

/// "File size limit exceeded": setrlimit(2). The same number on Linux, the BSDs and macOS.
const SIGXFSZ: i32 = 25;

/// A request to stop. All other signals keep their default action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
    /// The terminal is gone.
    Hangup,
    /// Ctrl-\ at a terminal. By default it would end the process at once, and leave its command behind.
    Quit,
}

impl Signal {
    pub fn name(self) -> &'static str {
        match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
            Signal::Hangup => "SIGHUP",
            Signal::Quit => "SIGQUIT",
        }
    }

    /// `128 + signal number`, the shell's convention; SIGHUP and SIGQUIT ask to stop as SIGTERM does.
    pub fn exit(self) -> Exit {
        match self {
            Signal::Interrupt => Exit::Interrupted,
            Signal::Terminate | Signal::Hangup | Signal::Quit => Exit::Terminated,
        }
    }
}

/// SIGHUP, as "load the configuration anew".
pub struct Hangups(Option<unix::Signal>);

impl Hangups {
    /// SIGHUP of this process, which no longer ends it. Call it inside the tokio runtime.
    pub fn of_process() -> std::io::Result<Self> {
        unix::signal(SignalKind::hangup()).map(|hangups| Self(Some(hangups)))
    }

    /// Never asks for anything.
    #[cfg(test)]
    pub fn never() -> Self {
        Self(None)
    }

    /// The next one; pending for ever when none can come.
    pub async fn next(&mut self) {
        let next = match &mut self.0 {
            Some(hangups) => hangups.recv().await,
            None => None,
        };
        if next.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// A stream of requests to stop.
pub struct Signals(Source);

enum Source {
    Process {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        quit: unix::Signal,
        /// Where it asks to stop: see [`Signals::of_run`].
        hangup: Option<unix::Signal>,
    },
    /// The newest request of a [`StopSwitch`], and how many have been taken.
    Switch { requests: watch::Receiver<Requests>, taken: u32 },
    #[cfg(test)]
    Channel(tokio::sync::mpsc::Receiver<Signal>),
    #[cfg(test)]
    Never,
}

/// How often, and by what, the runs behind a switch were asked to stop.
#[derive(Clone, Copy, Default)]
struct Requests {
    count: u32,
    newest: Option<Signal>,
}

/// Asks many runs at once to stop: those that are going and those that have not begun.
pub struct StopSwitch(watch::Sender<Requests>);

impl StopSwitch {
    pub fn new() -> Self {
        Self(watch::Sender::new(Requests::default()))
    }

    pub fn stop(&self, signal: Signal) {
        self.0.send_modify(|requests| {
            requests.count += 1;
            requests.newest = Some(signal);
        });
    }

    /// What a run behind this switch listens to.
    pub fn signals(&self) -> Signals {
        Signals(Source::Switch { requests: self.0.subscribe(), taken: 0 })
    }
}

impl Signals {
    /// SIGINT, SIGTERM and SIGQUIT of this process, and SIGHUP unless it is ignored (`nohup`). Call it
    /// inside the tokio runtime.
    pub fn of_run() -> std::io::Result<Self> {
        let mut signals = Self::of_process()?;
        if let Source::Process { hangup, .. } = &mut signals.0
            && !ignores_hangup()
        {
            *hangup = Some(unix::signal(SignalKind::hangup())?);
        }
        Ok(signals)
    }

    /// SIGINT, SIGTERM and SIGQUIT of this process. Call it inside the tokio runtime.
    pub fn of_process() -> std::io::Result<Self> {
        // With a handler a file that grows beyond its limit (`ulimit -f`) is an error of that
        // write; without one it would be the end of the process.
        let _handled = unix::signal(SignalKind::from_raw(SIGXFSZ))?;
        Ok(Self(Source::Process {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            quit: unix::signal(SignalKind::quit())?,
            hangup: None,
        }))
    }

    /// What a test sends.
    #[cfg(test)]
    pub fn from_channel(receiver: tokio::sync::mpsc::Receiver<Signal>) -> Self {
        Self(Source::Channel(receiver))
    }

    /// Never asks to stop.
    #[cfg(test)]
    pub fn never() -> Self {
        Self(Source::Never)
    }

    /// The next request to stop; pending for ever when none can come. A signal that comes while
    /// nobody waits is not lost.
    pub async fn next(&mut self) -> Signal {
        match &mut self.0 {
            Source::Process { interrupt, terminate, quit, hangup } => tokio::select! {
                Some(()) = interrupt.recv() => Signal::Interrupt,
                Some(()) = terminate.recv() => Signal::Terminate,
                Some(()) = quit.recv() => Signal::Quit,
                Some(()) = next_of(hangup) => Signal::Hangup,
                else => std::future::pending().await,
            },
            Source::Switch { requests, taken } => {
                let newest = match requests.wait_for(|requests| requests.count > *taken).await {
                    Ok(requests) => {
                        *taken += 1;
                        requests.newest
                    }
                    // Nobody is left who could ask.
                    Err(_) => None,
                };
                match newest {
                    Some(signal) => signal,
                    None => std::future::pending().await,
                }
            }
            #[cfg(test)]
            Source::Channel(receiver) => match receiver.recv().await {
                Some(signal) => signal,
                None => std::future::pending().await,
            },
            #[cfg(test)]
            Source::Never => std::future::pending().await,
        }
    }
}

async fn next_of(signal: &mut Option<unix::Signal>) -> Option<()> {
    match signal {
        Some(signal) => signal.recv().await,
        None => None,
    }
}

/// Whether whoever started this process wants it to outlive the terminal. A handler of ours would
/// undo that. See proc_pid_status(5), `SigIgn`.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 != 0)
}
