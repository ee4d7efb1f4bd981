//! The daemon's side of the socket: takes a request per connection, asks the loop, answers.
//!
//! Nothing that a client does or fails to do holds up the daemon or another client: every
//! connection is a task of its own, with a time for its request and one for its answer; and where
//! there are too many, the oldest gives way to the newest.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::event_loop::JobView;
use super::{DaemonHandle, scheduler};
use crate::clock::millis;
use crate::control::{
    Answer, JobStatus, Jobs, Listener, Paused, REQUEST_BYTES_MAX, Reloaded, Request, Triggered,
    read_line, to_line,
};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job::blocking;
use crate::memory::MemoryReport;
use crate::text;

/// How long not to take connections when that has failed: for want of descriptors, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What clients may take.
#[derive(Clone, Copy, Debug)]
pub struct ControlLimits {
    /// Connections at once.
    pub connections: usize,
    /// For a client to send its request.
    pub request: Duration,
    /// For a client to take its answer.
    pub answer: Duration,
    /// For answers that are on their way when the daemon leaves.
    pub last_words: Duration,
}

impl Default for ControlLimits {
    fn default() -> Self {
        Self {
            connections: 64,
            request: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            last_words: Duration::from_secs(1),
        }
    }
}

/// The server, as a task of the runtime.
pub struct ControlServer {
    task: JoinHandle<()>,
    stopping: CancellationToken,
}

impl ControlServer {
    /// Makes the socket and answers on it. Only for the daemon that holds the state directory.
    pub fn start(state_dir: &Path, handle: DaemonHandle, limits: ControlLimits) -> Result<Self> {
        let listener = Listener::bind(state_dir)?;
        let stopping = CancellationToken::new();
        let task = tokio::spawn(serve(listener, handle, limits, stopping.clone()));
        Ok(Self { task, stopping })
    }

    /// Removes the socket, and waits for the answers that are on their way.
    pub async fn stop(self) {
        self.stopping.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the server of the daemon's socket broke down");
        }
    }
}

async fn serve(
    listener: Listener,
    handle: DaemonHandle,
    limits: ControlLimits,
    stopping: CancellationToken,
) {
    let mut connections = JoinSet::new();
    let mut by_age: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        while let Some(ended) = connections.try_join_next() {
            if let Err(error) = ended
                && error.is_panic()
            {
                tracing::error!(%error, "answering through the daemon's socket broke down");
            }
        }
        match accepted {
            Ok(stream) => {
                by_age.retain(|connection| !connection.is_finished());
                if by_age.len() >= limits.connections
                    && let Some(oldest) = by_age.pop_front()
                {
                    oldest.abort();
                }
                let (handle, stopping) = (handle.clone(), stopping.clone());
                let connection = converse(stream, handle, limits, stopping);
                by_age.push_back(connections.spawn(connection));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot take a connection to the daemon's socket");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let rest = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(limits.last_words, rest).await;
}

/// One connection.
async fn converse(
    mut stream: UnixStream,
    handle: DaemonHandle,
    limits: ControlLimits,
    stopping: CancellationToken,
) {
    let request = read_line(&mut stream, REQUEST_BYTES_MAX);
    let line = tokio::select! {
        line = tokio::time::timeout(limits.request, request) => line,
        () = stopping.cancelled() => return,
    };
    let answer = match line {
        Ok(Ok(Some(line))) => answer(&line, &handle).await,
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            let error = Error::new(Exit::Protocol, "cannot understand the request").because(error);
            rendered::<()>(Err(error))
        }
        // It said nothing, or went away.
        Ok(Ok(None) | Err(_)) | Err(_) => return,
    };
    // Whoever asked may be gone, or never read.
    let _ = tokio::time::timeout(limits.answer, stream.write_all(&answer)).await;
}

/// The answer to a request, as it is sent.
async fn answer(line: &[u8], handle: &DaemonHandle) -> Vec<u8> {
    let request = match Request::parse(line) {
        Ok(request) => request,
        Err(error) => return rendered::<()>(Err(error)),
    };
    tracing::debug!(?request, "asked through the socket");
    match request {
        Request::Jobs => rendered(jobs(handle).await),
        Request::Trigger { job } => rendered(trigger(handle, &job).await),
        Request::Pause { job } => rendered(set_paused(handle, &job, true).await),
        Request::Resume { job } => rendered(set_paused(handle, &job, false).await),
        Request::Reload => rendered(handle.reload().await.map(|jobs| Reloaded { jobs })),
        Request::MemReport => rendered(blocking(MemoryReport::after_giving_back).await),
    }
}

fn rendered<T: Serialize>(answer: Result<T>) -> Vec<u8> {
    to_line(&Answer::from(answer)).unwrap_or_else(|error| {
        tracing::error!(error = error.chain(), "cannot answer");
        Vec::new()
    })
}

async fn jobs(handle: &DaemonHandle) -> Result<Jobs> {
    let mut jobs: Vec<JobStatus> = handle.jobs().await?.into_iter().map(JobStatus::from).collect();
    jobs.sort_unstable_by(|one, other| one.job.cmp(&other.job));
    Ok(Jobs { pid: std::process::id(), jobs })
}

async fn trigger(handle: &DaemonHandle, job: &str) -> Result<Triggered> {
    let not_run = |why: &str| Error::new(Exit::NotRun, format!("{job} was not started: {why}"));
    match handle.trigger(job.to_owned()).await? {
        Some(scheduler::Triggered::Started) => Ok(Triggered::Started),
        Some(scheduler::Triggered::Waiting) => Ok(Triggered::Waiting),
        Some(scheduler::Triggered::Running) => Err(not_run("the previous run is still going")
            .hint("look at it with `punctual jobs`, and try again later")),
        Some(scheduler::Triggered::Stopping) => Err(not_run("the daemon is stopping")
            .hint(format!("run it without the daemon: `punctual {job}`"))),
        None => Err(unknown_job(handle, job).await),
    }
}

async fn set_paused(handle: &DaemonHandle, job: &str, paused: bool) -> Result<Paused> {
    match handle.set_paused(job.to_owned(), paused).await? {
        Some(changed) => Ok(Paused { changed }),
        None => Err(unknown_job(handle, job).await),
    }
}

async fn unknown_job(handle: &DaemonHandle, job: &str) -> Error {
    let jobs = handle.jobs().await.unwrap_or_default();
    let hint = match text::nearest(job, jobs.iter().map(|view| &*view.name)) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => "list the jobs with `punctual jobs`".to_owned(),
    };
    Error::new(Exit::Usage, format!("the daemon has no job {job:?}")).hint(hint)
}

impl From<JobView> for JobStatus {
    fn from(view: JobView) -> Self {
        Self {
            job: view.name,
            schedule: view.schedule,
            next_due_at: view.next_due,
            timeout_ms: millis(view.timeout),
            paused: view.paused,
            running: view.running,
            waiting: view.waiting,
        }
    }
}

#[cfg(test)]
mod tests;
