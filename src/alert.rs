//! Alerts: a command or a webhook that is told when a job keeps failing, and when it has
//! recovered.
//!
//! Who is told of what is decided by the job's history and by what was told before, which the
//! table `alerts` remembers: every run, whoever started it, continues where the last one stopped.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::capture::CapturedOutput;
use crate::clock::{Clock, Timestamp};
use crate::command_job::{WITHHELD, log_line};
use crate::database::{Fallible, Migrations, Statements};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::SharedHistory;
use crate::http::HttpClients;
use crate::job::blocking;
use crate::outcome::Outcome;
use crate::process::{self, Control};
use crate::secret::SecretSource;

pub const MIGRATIONS: Migrations = Migrations {
    owner: "alerts",
    sqlite: &["CREATE TABLE alerts (
             job TEXT PRIMARY KEY NOT NULL,
             told_at TEXT NOT NULL,
             failing INTEGER NOT NULL
         ) WITHOUT ROWID;"],
    postgres: &["CREATE TABLE IF NOT EXISTS alerts (
             job TEXT PRIMARY KEY,
             told_at TEXT NOT NULL,
             failing BIGINT NOT NULL
         );"],
};

/// The version of [`Message`]: it grows when a field changes its meaning or goes.
pub const MESSAGE_VERSION: u32 = 1;

/// For one delivery.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whom to tell, and when.
#[derive(Clone, Debug)]
pub struct Alert {
    pub to: Recipient,
    /// Failures in a row before anybody is told, from 1.
    pub after: u32,
    /// The shortest time between two messages that a job is failing.
    pub at_most_every: Duration,
}

#[derive(Clone, Debug)]
pub enum Recipient {
    /// Gets the message on stdin.
    Command(Vec<OsString>),
    /// Gets the message as the body of a POST.
    Webhook(SecretSource),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Failing,
    Recovered,
}

/// What is told: one JSON object. Documented in the README; fields are only ever added.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub version: u32,
    pub event: Event,
    pub job: Arc<str>,
    pub run_id: Uuid,
    pub outcome: &'static str,
    /// A run that is lost has none.
    pub exit_code: Option<u8>,
    /// How often the job has failed in a row by now; zero when it has recovered.
    pub failures: u32,
    pub error: Option<String>,
    pub hint: Option<String>,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    pub host: String,
}

/// What was told of a job before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    /// When somebody was last told that it is failing.
    at: Option<Timestamp>,
    /// Whether the last message was that.
    failing: bool,
}

/// What to tell now. `failures` in a row end with the run that has just ended; zero is a success.
fn event(alert: &Alert, failures: u32, told: Told, now: Timestamp) -> Option<Event> {
    if failures == 0 {
        return told.failing.then_some(Event::Recovered);
    }
    let rested = told.at.is_none_or(|at| now.since(at) >= alert.at_most_every);
    (failures >= alert.after && rested).then_some(Event::Failing)
}

/// Delivers alerts. Cheap to clone.
#[derive(Clone)]
pub struct Alerts {
    pub http: HttpClients,
    pub history: SharedHistory,
    pub clock: Clock,
}

impl Alerts {
    /// Tells whoever is to be told about the run in `message`, whose `event` and `failures` are
    /// found out here. Nothing that goes wrong touches the run.
    pub async fn tell(&self, alert: &Alert, outcome: Outcome, message: Message) {
        if let Err(error) = self.try_to_tell(alert, outcome, message).await {
            tracing::error!(
                error = error.chain(),
                hint = error.hint_text(),
                "could not tell of a failure"
            );
        }
    }

    async fn try_to_tell(
        &self,
        alert: &Alert,
        outcome: Outcome,
        mut message: Message,
    ) -> Result<()> {
        if matches!(outcome, Outcome::Skipped | Outcome::Cancelled) {
            return Ok(());
        }
        let (alerts, rule, job) = (self.clone(), alert.clone(), Arc::clone(&message.job));
        // That a run is lost is found out when another one is going, which may be over by now.
        let last = (outcome == Outcome::Lost).then_some(message.run_id);
        let (decided, failures) =
            blocking(move || alerts.decide(&rule, outcome, &job, last)).await?;
        let Some((event, before)) = decided else { return Ok(()) };
        (message.event, message.failures) = (event, failures);
        if let Err(error) = self.deliver(alert, &message).await {
            let (alerts, job) = (self.clone(), Arc::clone(&message.job));
            blocking(move || alerts.forget(&job, before)).await?;
            return Err(error);
        }
        tracing::info!(job = &*message.job, failures, "told of {event:?}");
        Ok(())
    }

    /// What to tell now, with what was told before, and how often the job has failed in a row, up to
    /// the run `last`.
    ///
    /// It counts as told from here on, until it turns out that it cannot be delivered: otherwise
    /// the runs that end meanwhile would tell it too.
    fn decide(
        &self,
        alert: &Alert,
        outcome: Outcome,
        job: &str,
        last: Option<Uuid>,
    ) -> Result<(Option<(Event, Told)>, u32)> {
        let failures = match outcome {
            Outcome::Succeeded => 0,
            // The run itself is not in the history where that cannot be written.
            _ => self.history.get(|_| Ok(()))?.failures_in_a_row(job, last)?.max(1),
        };
        let session = self.history.database().session(&MIGRATIONS)?;
        let now = self.clock.now();
        let news = session.transaction("cannot decide who is told of failures", |statements| {
            let before = statements.query_first(
                "SELECT told_at, failing FROM alerts WHERE job = $1",
                &[job.into()],
                |row| {
                    let (at, failing): (String, i64) = (row.get(0)?, row.get(1)?);
                    Ok(Told { at: Timestamp::parse(&at), failing: failing != 0 })
                },
            )?;
            let before = before.unwrap_or_default();
            let Some(event) = event(alert, failures, before, now) else { return Ok(None) };
            let told = match event {
                Event::Failing => Told { at: Some(now), failing: true },
                Event::Recovered => Told { failing: false, ..before },
            };
            remember(statements, job, told)?;
            Ok(Some((event, before)))
        })?;
        Ok((news, failures))
    }

    /// Somebody could not be told: it is still to be told.
    fn forget(&self, job: &str, before: Told) -> Result<()> {
        let session = self.history.database().session(&MIGRATIONS)?;
        session.with("cannot remember who was told of failures", |statements| {
            remember(statements, job, before)
        })
    }

    async fn deliver(&self, alert: &Alert, message: &Message) -> Result<()> {
        let body = serde_json::to_vec(message)
            .map_err(|error| Error::new(Exit::Bug, "the alert is no valid JSON").because(error))?;
        let delivery = async {
            match &alert.to {
                Recipient::Command(argv) => run_command(argv.clone(), message, body).await,
                Recipient::Webhook(url) => self.post(url.clone(), body).await,
            }
        };
        tokio::time::timeout(TIMEOUT, delivery).await.unwrap_or_else(|_| {
            let limit = humantime::format_duration(TIMEOUT);
            Err(Error::new(Exit::Unavailable, format!("on_failure: not done within {limit}"))
                .hint("let on_failure hand over and return; it is tried again at the next failure"))
        })
    }

    async fn post(&self, url: SecretSource, body: Vec<u8>) -> Result<()> {
        let url = blocking(move || url.read()).await?;
        let url = url::Url::parse(url.expose()).map_err(|error| {
            Error::new(Exit::Configuration, "on_failure: the webhook is no URL").because(error)
        })?;
        let failed = |what: String| {
            let host = url.host_str().unwrap_or_default();
            Error::new(Exit::Unavailable, format!("on_failure: webhook at {host}: {what}"))
        };
        let client = self.http.for_url(&url)?;
        let request =
            client.post(url.clone()).header("content-type", "application/json").body(body);
        // Without the URL, which is a secret.
        let answer = request
            .send()
            .await
            .map_err(|error| failed("no answer".to_owned()).because(error.without_url()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(failed(format!("status {}", answer.status())))
    }
}

/// Runs the command like a job's, so that it too leaves nothing behind.
async fn run_command(argv: Vec<OsString>, message: &Message, body: Vec<u8>) -> Result<()> {
    let program = argv.first().cloned().unwrap_or_default();
    let program = Path::new(&program).display();
    let failed = |what: String| Error::new(Exit::Failed, format!("on_failure: {program}: {what}"));
    let command = process::Command {
        argv,
        env: vec![("PUNCTUAL_JOB".into(), message.job.as_ref().into())],
        withheld: WITHHELD.to_vec(),
        working_dir: None,
        input: body,
        search_path: None,
        // It is about that run, which is over.
        run_id: message.run_id,
    };
    let control = Control {
        cancellation: CancellationToken::new(),
        kill: CancellationToken::new(),
        output: CapturedOutput::default(),
        lines: Arc::new(log_line),
    };
    let ended = process::run(&command, &control)
        .await
        .map_err(|error| failed("cannot be run".to_owned()).because(error))?;
    if ended.status.success() { Ok(()) } else { Err(failed(ended.status.to_string())) }
}

fn remember(statements: &Statements<'_>, job: &str, told: Told) -> Fallible<()> {
    match told.at {
        Some(at) => statements.execute(
            "INSERT INTO alerts (job, told_at, failing) VALUES ($1, $2, $3)
             ON CONFLICT (job) DO UPDATE SET told_at = excluded.told_at, failing = excluded.failing",
            &[job.into(), (&at.to_string()).into(), i64::from(told.failing).into()],
        ),
        None => statements.execute("DELETE FROM alerts WHERE job = $1", &[job.into()]),
    }
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;

    #[test]
    fn failures_are_told_after_so_many_and_not_too_often_and_recovery_once() {
        let hour = Duration::from_secs(3600);
        let at = |hours: u32| Timestamp::from_epoch(500_000 * hour + hour * hours);
        let to = Recipient::Command(vec!["true".into()]);
        let alert = Alert { to, after: 3, at_most_every: 2 * hour };
        let never = Told::default();
        let told = |hours, failing| Told { at: Some(at(hours)), failing };
        let table = [
            // failures in a row, told before, now
            (1, never, 0, None),
            (2, never, 0, None),
            (3, never, 0, Some(Event::Failing)),
            (4, told(0, true), 1, None),
            (9, told(0, true), 2, Some(Event::Failing)),
            (0, told(0, true), 1, Some(Event::Recovered)),
            (0, told(0, false), 1, None),
            (0, never, 1, None),
            // Failing again soon after a recovery is not worth another message.
            (3, told(0, false), 1, None),
            (3, told(0, false), 2, Some(Event::Failing)),
        ];
        for (failures, told, now, expected) in table {
            assert_eq!(event(&alert, failures, told, at(now)), expected, "{failures} {told:?}");
        }
    }

    #[test]
    fn runs_that_end_while_somebody_is_being_told_do_not_tell_it_too() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = Database::file(directory.path().join("punctual.db"), Duration::from_secs(5));
        let history = SharedHistory::new(database);
        let alerts = Alerts { http: HttpClients::default(), history, clock: Clock::System };
        let to = Recipient::Command(vec!["true".into()]);
        let alert = Alert { to, after: 1, at_most_every: Duration::from_secs(3600) };
        let decide =
            |outcome| alerts.decide(&alert, outcome, "job", None).expect("it can be decided").0;
        let (event, before) = decide(Outcome::Failed).expect("news");
        assert_eq!((event, before), (Event::Failing, Told::default()));
        assert_eq!(decide(Outcome::TimedOut), None);

        // It could not be delivered, so it is still to be told.
        alerts.forget("job", before).expect("forgotten");
        assert_eq!(decide(Outcome::Failed).map(|(event, _)| event), Some(Event::Failing));
        assert_eq!(decide(Outcome::Succeeded).map(|(event, _)| event), Some(Event::Recovered));
        assert_eq!(decide(Outcome::Succeeded), None);
    }
}
