//! How the rest of the process talks to the loop.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::event_loop::{Health, JobView, Request};
use super::scheduler::Triggered;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// How long the loop may take to answer. It never does anything that takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer may take that waits for files or the database to be read or written.
const PATIENCE_WITH_FILES: Duration = Duration::from_secs(50);

/// Cheap to clone.
#[derive(Clone)]
pub struct DaemonHandle {
    requests: mpsc::Sender<Request>,
}

impl DaemonHandle {
    pub fn new(requests: mpsc::Sender<Request>) -> Self {
        Self { requests }
    }

    /// The jobs as they stand, in no particular order.
    pub async fn jobs(&self) -> Result<Vec<JobView>> {
        self.ask(PATIENCE, Request::Jobs).await
    }

    /// Runs a job now. Nothing when there is no such job.
    pub async fn trigger(&self, job: String) -> Result<Option<Triggered>> {
        self.ask(PATIENCE, |answer| Request::Trigger(job, answer)).await
    }

    /// Lets a job's due times pass, or no longer. Tells whether that was news; nothing when there
    /// is no such job.
    pub async fn set_paused(&self, job: String, paused: bool) -> Result<Option<bool>> {
        let request = |answer| Request::SetPaused(job, paused, answer);
        self.ask(PATIENCE_WITH_FILES, request).await?.transpose()
    }

    /// Loads the configuration anew, and tells how many jobs there are now.
    pub async fn reload(&self) -> Result<usize> {
        self.ask(PATIENCE_WITH_FILES, Request::Reload).await?
    }

    pub async fn health(&self) -> Result<Health> {
        self.ask(PATIENCE, Request::Health).await
    }

    async fn ask<T>(
        &self,
        patience: Duration,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        let exchange = async {
            self.requests.send(request(sender)).await.ok()?;
            receiver.await.ok()
        };
        match tokio::time::timeout(patience, exchange).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Error::new(Exit::Unavailable, "the daemon is leaving")),
            Err(_) => Err(Error::new(Exit::Bug, "the daemon's loop does not answer")),
        }
    }
}
