//! What follows a run: pings, a metrics file, alerts. All of it in the background, after the end
//! is recorded and the locks are released: none of it can touch a run, or hold up the next one.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{RunRecord, RunRequest, Runner};
use crate::alert::{Alert, Alerts, Event, MESSAGE_VERSION, Message};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::job::blocking;
use crate::outcome::Outcome;
use crate::ping::{Begun, PingUrl};
use crate::textfile::{self, LastRun};

/// Who wants to know of a run.
#[derive(Clone, Debug, Default)]
pub struct Watchers {
    /// A monitor, told of start and end.
    pub ping_url: Option<PingUrl>,
    /// Where the metrics file goes.
    pub metrics_dir: Option<PathBuf>,
    /// Whom to tell when the job keeps failing.
    pub alert: Option<Arc<Alert>>,
}

impl Runner {
    pub(super) fn tell_of_start(&self, request: &RunRequest) -> Option<Begun> {
        request.watchers.ping_url.as_ref().map(|url| self.pinger.begin(url))
    }

    /// Tells of a run whose process died, which could not tell itself.
    pub(super) fn tell_of_lost(&self, request: &RunRequest, lost: Uuid) -> Option<JoinHandle<()>> {
        let alert = request.watchers.alert.clone()?;
        let (runner, alerts) = (self.clone(), self.alerts());
        Some(self.background.spawn(async move {
            match blocking(move || runner.message_of_lost(lost)).await {
                Ok(Some(message)) => alerts.tell(&alert, Outcome::Lost, message).await,
                Ok(None) => {}
                Err(error) => tracing::error!(error = error.chain(), "could not tell of a failure"),
            }
        }))
    }

    /// Tells of the end, once it is told of the lost run before. A run that was skipped is no news:
    /// there is another one.
    pub(super) fn tell_of_end(
        &self,
        request: &RunRequest,
        record: &RunRecord,
        begun: Option<Begun>,
        told_of_lost: Option<JoinHandle<()>>,
    ) {
        if record.outcome == Outcome::Skipped {
            return;
        }
        let Watchers { ping_url, metrics_dir, alert } = &request.watchers;
        if let Some(url) = ping_url {
            self.pinger.end(url, begun, record.exit);
        }
        if let Some(directory) = metrics_dir.clone() {
            let (runner, run) = (self.clone(), self.last_run(record));
            self.background.spawn(async move {
                if let Err(error) = blocking(move || runner.write_metrics(directory, run)).await {
                    tracing::error!(error = error.chain(), "no metrics file was written");
                }
            });
        }
        if let Some(alert) = alert.clone() {
            let (alerts, message, outcome) = (self.alerts(), self.message(record), record.outcome);
            self.background.spawn(async move {
                if let Some(told_of_lost) = told_of_lost {
                    // However that went.
                    let _ = told_of_lost.await;
                }
                alerts.tell(&alert, outcome, message).await;
            });
        }
    }

    fn alerts(&self) -> Alerts {
        let (http, history, clock) = (self.http.clone(), self.history.clone(), self.clock.clone());
        Alerts { http, history, clock }
    }

    /// What an alert would say of a lost run; nothing where the history does not have it any more.
    fn message_of_lost(&self, lost: Uuid) -> Result<Option<Message>, Error> {
        let found = self.history.get(|_| Ok(()))?.find(&lost.to_string())?;
        let Some(run) = found.into_iter().next() else { return Ok(None) };
        let time = |text: &str| Timestamp::parse(text).unwrap_or_else(|| self.clock.now());
        let started_at = time(&run.started_at);
        Ok(Some(Message {
            version: MESSAGE_VERSION,
            event: Event::Failing,
            job: run.job.into(),
            run_id: lost,
            outcome: Outcome::Lost.name(),
            exit_code: run.exit_code,
            failures: 0,
            error: run.error,
            hint: Some(format!("see what is known of it: punctual show {lost}")),
            started_at,
            finished_at: run.finished_at.as_deref().map_or(started_at, time),
            host: run.host,
        }))
    }

    /// What an alert would say, with what it finds out itself still open.
    fn message(&self, record: &RunRecord) -> Message {
        Message {
            version: MESSAGE_VERSION,
            event: Event::Failing,
            job: Arc::clone(&record.job),
            run_id: record.run_id,
            outcome: record.outcome.name(),
            exit_code: Some(record.exit.code()),
            failures: 0,
            error: record.error.as_ref().map(Error::chain),
            hint: record.error.as_ref().and_then(Error::hint_text).map(str::to_owned),
            started_at: record.started_at,
            finished_at: record.finished_at,
            host: self.host.clone(),
        }
    }

    fn last_run(&self, record: &RunRecord) -> LastRun {
        LastRun {
            job: record.job.to_string(),
            outcome: record.outcome,
            exit: record.exit,
            started_at: record.started_at,
            finished_at: record.finished_at,
            succeeded_at: (record.outcome == Outcome::Succeeded).then_some(record.finished_at),
        }
    }

    fn write_metrics(&self, directory: PathBuf, run: LastRun) -> Result<(), Error> {
        let earlier = || self.history.get(|_| Ok(()))?.last_success(&run.job, None);
        let succeeded_at = match run.succeeded_at {
            Some(at) => Some(at),
            // A history that cannot be read is no reason to tell nothing of this run.
            None => earlier().unwrap_or_default(),
        };
        textfile::write(&directory, &LastRun { succeeded_at, ..run })
    }

    /// Waits until everything that follows the runs is done or given up.
    pub async fn finish(&self) {
        self.background.close();
        tokio::join!(self.background.wait(), self.pinger.finish());
    }
}
