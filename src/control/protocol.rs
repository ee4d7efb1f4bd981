//! What is said over the socket.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// To be raised when a request or an answer comes to mean something else. What is only added does
/// not need it.
const VERSION: u32 = 1;

/// A request holds a name.
pub const REQUEST_BYTES_MAX: usize = 64 << 10;

/// An answer holds all jobs: this is room for 100,000 of them, with long names.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;

/// What can be asked of a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    Jobs,
    Trigger { job: String },
    Pause { job: String },
    Resume { job: String },
    Reload,
    MemReport,
}

/// A request as it is sent.
#[derive(Serialize, Deserialize)]
pub struct Envelope {
    version: u32,
    #[serde(flatten)]
    request: Request,
}

impl Request {
    pub fn into_envelope(self) -> Envelope {
        Envelope { version: VERSION, request: self }
    }

    /// Reads a request that somebody sent.
    pub fn parse(line: &[u8]) -> Result<Self> {
        /// What stays the same in every version.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let broken = |error: serde_json::Error| {
            Error::new(Exit::Protocol, "cannot understand the request").because(error)
        };
        let Versioned { version } = serde_json::from_slice(line).map_err(broken)?;
        if version != VERSION {
            return Err(Error::new(
                Exit::Protocol,
                format!("the daemon speaks version {VERSION} of its protocol, not {version}"),
            )
            .hint("restart it if punctual was upgraded since it was started"));
        }
        let envelope: Envelope = serde_json::from_slice(line).map_err(broken)?;
        Ok(envelope.request)
    }
}

/// What a daemon says to a request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T> {
    Ok(T),
    Error(Refusal),
}

impl<T> From<Result<T>> for Answer<T> {
    fn from(result: Result<T>) -> Self {
        match result {
            Ok(answer) => Self::Ok(answer),
            Err(error) => Self::Error(Refusal {
                exit_code: error.exit().code(),
                message: error.chain(),
                hint: error.hint_text().map(str::to_owned),
            }),
        }
    }
}

/// An error of the daemon, for the process that asked to end with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    exit_code: u8,
    message: String,
    hint: Option<String>,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let exit = Exit::from_code(refusal.exit_code).filter(|exit| *exit != Exit::Succeeded);
        let error = Error::new(exit.unwrap_or(Exit::Protocol), refusal.message);
        match refusal.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// To [`Request::Jobs`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Jobs {
    /// The daemon's process.
    pub pid: u32,
    /// By name.
    pub jobs: Vec<JobStatus>,
}

/// How a job stands with the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStatus {
    pub job: Arc<str>,
    pub schedule: String,
    pub next_due_at: Option<Timestamp>,
    pub timeout_ms: u64,
    /// Its due times pass without a run.
    pub paused: bool,
    /// How many runs of it are going.
    pub running: u32,
    /// A run is waiting for the one before it, or for a place.
    pub waiting: bool,
}

/// To [`Request::Trigger`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Triggered {
    Started,
    /// The run starts when the one before it has ended, or a place is free.
    Waiting,
}

/// To [`Request::Pause`] and [`Request::Resume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Whether it was not so already.
    pub changed: bool,
}

/// To [`Request::Reload`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// How many there are now.
    pub jobs: usize,
}

/// A message as it is sent.
pub fn to_line(message: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)
        .map_err(|error| Error::new(Exit::Bug, "a message is no valid JSON").because(error))?;
    line.push(b'\n');
    Ok(line)
}

/// What the other side sends until the end of its line, or of all that it sends; nothing when it
/// sends nothing.
pub async fn read_line(
    stream: &mut (impl AsyncRead + Unpin),
    bytes_max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(bytes_max as u64 + 1)).read_until(b'\n', &mut line).await?;
    if line.len() > bytes_max {
        let message = format!("a line is longer than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok((!line.is_empty()).then_some(line))
}
