//! `punctual trigger`, `pause`, `resume` and `reload`: what a running daemon is asked to do.

use std::future::Future;

use serde_json::json;

use crate::control::{Client, Triggered};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{self, OutputFormat};
use crate::roster::Roster;
use crate::settings::Settings;

/// Run a job in the daemon now
///
/// The run is one of the daemon's: with its timeout and its limits, and in the history as
/// `manual`. It is refused (exit code 75) while the job is running.
#[derive(Debug, clap::Args)]
pub struct TriggerCommand {
    /// The job to run
    job: String,
}

/// Let a job's due times pass without a run
///
/// Also across restarts of the daemon, until `punctual resume`, and where several hosts share the
/// database on all of them. A run that is going goes on, and `punctual trigger` still works.
#[derive(Debug, clap::Args)]
pub struct PauseCommand {
    /// The job to pause
    job: String,
}

/// Let a paused job run at its due times again
#[derive(Debug, clap::Args)]
pub struct ResumeCommand {
    /// The job to resume
    job: String,
}

/// Let the daemon load its configuration anew
///
/// As SIGHUP does. Runs that are going go on. If the configuration is broken everything stays as
/// it was, and the error is shown here.
#[derive(Debug, clap::Args)]
pub struct ReloadCommand {}

impl TriggerCommand {
    pub fn run(&self, settings: &Settings, roster: &Roster) -> Result<()> {
        let job = &self.job;
        let asked = ask(settings, async |client| client.trigger(job).await);
        let (result, text) = match asked.map_err(|error| with_reason(error, roster, job))? {
            Triggered::Started => ("started", "started"),
            Triggered::Waiting => ("waiting", "waits for its turn"),
        };
        tell(settings, &format!("{job}: {text}"), &json!({ "job": job, "result": result }))
    }
}

impl PauseCommand {
    pub fn run(&self, settings: &Settings, roster: &Roster) -> Result<()> {
        set_paused(settings, roster, &self.job, true)
    }
}

impl ResumeCommand {
    pub fn run(&self, settings: &Settings, roster: &Roster) -> Result<()> {
        set_paused(settings, roster, &self.job, false)
    }
}

impl ReloadCommand {
    pub fn run(&self, settings: &Settings) -> Result<()> {
        let jobs = ask(settings, async |client| client.reload().await)?.jobs;
        tell(settings, &format!("reloaded: {jobs} jobs"), &json!({ "jobs": jobs }))
    }
}

fn set_paused(settings: &Settings, roster: &Roster, job: &str, paused: bool) -> Result<()> {
    let asked = ask(settings, async |client| client.set_paused(job, paused).await);
    let changed = asked.map_err(|error| with_reason(error, roster, job))?.changed;
    let text = match (paused, changed) {
        (true, true) => "paused",
        (true, false) => "was paused already",
        (false, true) => "resumed",
        (false, false) => "was not paused",
    };
    let object = json!({ "job": job, "paused": paused, "changed": changed });
    tell(settings, &format!("{job}: {text}"), &object)
}

/// The same error, with what may be the reason where the job is one of the configuration here.
fn with_reason(error: Error, roster: &Roster, job: &str) -> Error {
    if error.exit() != Exit::Usage || roster.find(job).is_none() {
        return error;
    }
    error.hint(
        "it has the jobs that were enabled when it loaded its configuration, which `punctual reload` makes \
         it do anew",
    )
}

/// Asks the daemon of the state directory. That none is running is an error.
fn ask<T>(
    settings: &Settings,
    request: impl AsyncFnOnce(&Client) -> Result<Option<T>>,
) -> Result<T> {
    let client = Client::new(&settings.state_dir);
    wait_for(request(&client))?.ok_or_else(|| client.no_daemon())
}

/// Waits for an exchange with the daemon.
pub(super) fn wait_for<T>(exchange: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::io("cannot start the async runtime", error))?
        .block_on(exchange)
}

/// Says how it went, in the form that was asked for.
fn tell(settings: &Settings, text: &str, object: &serde_json::Value) -> Result<()> {
    match settings.output {
        OutputFormat::Json => output::print(&format!("{object}\n")),
        OutputFormat::Text if settings.quiet => Ok(()),
        OutputFormat::Text => output::print(&format!("{}\n", crate::text::escape(text))),
    }
}
