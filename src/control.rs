//! How other processes talk to the daemon of a state directory: over the Unix socket `daemon.sock`
//! in it, which only the daemon's user may open. This is what both sides share, and the client;
//! the daemon's side is `daemon::control`.
//!
//! One JSON object per line each way, one request per connection:
//!
//! ```text
//! → {"version":1,"request":"trigger","job":"hello"}
//! ← {"ok":"started"}
//! ← {"error":{"exit_code":2,"message":"unknown job \"helo\"","hint":"did you mean \"hello\"?"}}
//! ```

mod protocol;
mod socket;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

pub use protocol::{
    Answer, JobStatus, Jobs, Paused, REQUEST_BYTES_MAX, Reloaded, Request, Triggered, read_line,
    to_line,
};
pub use socket::Listener;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::memory::MemoryReport;

use protocol::ANSWER_BYTES_MAX;

/// How long an answer may take that the daemon gives without waiting for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer may take for which the daemon reads or writes files.
const PATIENCE_WITH_FILES: Duration = Duration::from_secs(60);

/// How a run reaches the daemon of its state directory.
#[derive(Clone, Debug)]
pub enum DaemonLink {
    /// The run is one of the daemon's own.
    Inside,
    /// There may be a daemon behind the socket.
    Outside(Client),
}

/// Asks the daemon of a state directory. What it asks for is nothing when no daemon is running.
#[derive(Clone, Debug)]
pub struct Client {
    state_dir: PathBuf,
}

impl Client {
    pub fn new(state_dir: &Path) -> Self {
        Self { state_dir: state_dir.to_owned() }
    }

    /// The daemon's jobs, by name.
    pub async fn jobs(&self) -> Result<Option<Jobs>> {
        self.ask(Request::Jobs, PATIENCE).await
    }

    /// Runs a job now.
    pub async fn trigger(&self, job: &str) -> Result<Option<Triggered>> {
        self.ask(Request::Trigger { job: job.to_owned() }, PATIENCE).await
    }

    /// Lets a job's due times pass, or no longer.
    pub async fn set_paused(&self, job: &str, paused: bool) -> Result<Option<Paused>> {
        let job = job.to_owned();
        let request = if paused { Request::Pause { job } } else { Request::Resume { job } };
        self.ask(request, PATIENCE_WITH_FILES).await
    }

    /// Loads the configuration anew.
    pub async fn reload(&self) -> Result<Option<Reloaded>> {
        self.ask(Request::Reload, PATIENCE_WITH_FILES).await
    }

    /// Gives the daemon's unused memory back and tells what that did.
    pub async fn mem_report(&self) -> Result<Option<MemoryReport>> {
        self.ask(Request::MemReport, PATIENCE).await
    }

    /// The error where a daemon is needed and none is running.
    pub fn no_daemon(&self) -> Error {
        let stale = socket::path(&self.state_dir).exists();
        let trace = if stale { "; one that died left its socket there" } else { "" };
        let message = format!("no daemon is running for {}{trace}", self.state_dir.display());
        Error::new(Exit::Unavailable, message)
            .hint("start one with `punctual daemon`, or name its state directory with --state-dir")
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: Request,
        patience: Duration,
    ) -> Result<Option<T>> {
        let exchange = async {
            let Some(mut stream) = self.connect().await? else { return Ok(None) };
            // A daemon that does not read on may have answered already.
            let sent = stream.write_all(&to_line(&request.into_envelope())?).await;
            match read_line(&mut stream, ANSWER_BYTES_MAX)
                .await
                .map_err(|error| self.lost(error))?
            {
                Some(line) => self.read(&line).map(Some),
                None => Err(self.lost(sent.err().unwrap_or(io::ErrorKind::UnexpectedEof.into()))),
            }
        };
        tokio::time::timeout(patience, exchange).await.unwrap_or_else(|_| {
            let patience = humantime::format_duration(patience);
            Err(self.unavailable(&format!("has not answered for {patience}")))
        })
    }

    /// A connection to the daemon; nothing when none is running.
    async fn connect(&self) -> Result<Option<UnixStream>> {
        let connected = match socket::Address::in_directory(&self.state_dir) {
            Ok(address) => UnixStream::connect(address.path()).await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(stream) => Ok(Some(stream)),
            Err(error) => match error.kind() {
                // No such file, or one that was left behind: the kernel knows that nobody listens.
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
                // Connections are waiting to be accepted, more than the kernel keeps.
                io::ErrorKind::WouldBlock => Err(self.unavailable("takes no connections")),
                kind => {
                    let doing = "cannot connect to the daemon";
                    let error = socket::error(doing, &self.state_dir, error);
                    let denied = kind == io::ErrorKind::PermissionDenied;
                    Err(if denied { error.hint("do it as the user that runs it") } else { error })
                }
            },
        }
    }

    fn read<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T> {
        match serde_json::from_slice(line) {
            Ok(Answer::Ok(answer)) => Ok(answer),
            Ok(Answer::Error(refusal)) => Err(refusal.into()),
            Err(error) => Err(Error::new(
                Exit::Protocol,
                format!("cannot understand the daemon of {}", self.state_dir.display()),
            )
            .because(error)
            .hint("restart it if punctual was upgraded since it was started")),
        }
    }

    /// The error for a connection that broke off.
    fn lost(&self, error: io::Error) -> Error {
        self.unavailable("broke off the connection").because(error)
    }

    fn unavailable(&self, what: &str) -> Error {
        let message = format!("the daemon of {} {what}", self.state_dir.display());
        Error::new(Exit::Unavailable, message).hint("look into its log")
    }
}
