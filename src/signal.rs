//! The reason to stop, as a value that is passed in: the process's signals, none, or what a
//! test sends.

use tokio::sync::mpsc;

use crate::exit::Exit;

/// A request to stop. SIGHUP, SIGQUIT and the rest keep their default action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    pub fn name(self) -> &'static str {
        match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
        }
    }

    /// `128 + signal number`, the shell's convention.
    pub fn exit(self) -> Exit {
        match self {
            Signal::Interrupt => Exit::Interrupted,
            Signal::Terminate => Exit::Terminated,
        }
    }
}

/// A stream of requests to stop.
pub struct Signals {
    receiver: Option<mpsc::Receiver<Signal>>,
}

impl Signals {
    /// SIGINT and SIGTERM of this process. Call it inside the tokio runtime.
    pub fn of_process() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (sender, receiver) = mpsc::channel(4);
        tokio::spawn(async move {
            loop {
                let received = tokio::select! {
                    Some(()) = interrupt.recv() => Signal::Interrupt,
                    Some(()) = terminate.recv() => Signal::Terminate,
                    else => return,
                };
                // A full channel means that stopping is already under way.
                let _ = sender.try_send(received);
            }
        });
        Ok(Self { receiver: Some(receiver) })
    }

    /// What a test sends.
    #[cfg(test)]
    pub fn from_channel(receiver: mpsc::Receiver<Signal>) -> Self {
        Self { receiver: Some(receiver) }
    }

    /// Never asks to stop.
    #[cfg(test)]
    pub fn never() -> Self {
        Self { receiver: None }
    }

    /// The next request to stop; pending for ever when none can come.
    pub async fn next(&mut self) -> Signal {
        if let Some(receiver) = &mut self.receiver
            && let Some(signal) = receiver.recv().await
        {
            return signal;
        }
        std::future::pending().await
    }
}
