//! `punctual history`: past runs, newest first.

use std::time::Duration;

use comfy_table::{ContentArrangement, Table};

use crate::clock::{Clock, Timestamp, format_duration};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::{Filter, History, Run};
use crate::jobs::CATALOG;
use crate::liveness::Liveness;
use crate::outcome::Outcome;
use crate::output::{self, OutputFormat};
use crate::settings::Settings;
use crate::text;

/// Below this many columns a table shows the end of a run id instead of all of it.
const COLUMNS_FOR_WHOLE_IDS: u16 = 120;

/// List past runs, newest first
#[derive(Debug, clap::Args)]
pub struct HistoryCommand {
    /// Only the runs of this job
    job: Option<String>,

    /// How many runs to list at most
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,

    /// Only runs that started within this duration before now
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    since: Option<Duration>,

    /// Only runs that ended like this
    #[arg(long, value_name = "OUTCOME", value_parser = outcome_parser())]
    outcome: Option<Outcome>,
}

/// The outcomes as possible values, so that help and completions list them.
fn outcome_parser() -> impl clap::builder::TypedValueParser<Value = Outcome> {
    use clap::builder::TypedValueParser as _;
    let names = Outcome::ALL.iter().map(|outcome| outcome.name());
    clap::builder::PossibleValuesParser::new(names).try_map(|name| name.parse::<Outcome>())
}

impl HistoryCommand {
    pub fn run(&self, settings: &Settings) -> Result<()> {
        let clock = Clock::System;
        let filter = Filter {
            job: self.job.clone(),
            outcome: self.outcome,
            since: self.since.map(|since| clock.now().minus(since)),
            limit: self.number,
        };
        let runs = match open(settings)? {
            Some(history) => history.list(&filter)?,
            None => Vec::new(),
        };
        if runs.is_empty() {
            self.check_job_name()?;
        }
        let text = match settings.output {
            OutputFormat::Json => runs.iter().map(|run| format!("{}\n", run.to_json())).collect(),
            OutputFormat::Text if runs.is_empty() => "no runs\n".to_owned(),
            OutputFormat::Text => table(&runs, output::terminal_columns()),
        };
        output::print(&text)
    }

    /// A name without runs is a mistake, unless it is that of a job.
    fn check_job_name(&self) -> Result<()> {
        match &self.job {
            Some(name) if CATALOG.iter().all(|entry| entry.name != name) => {
                let known: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
                Err(Error::new(Exit::Usage, format!("unknown job {name:?}"))
                    .hint(format!("the jobs are {}", known.join(", "))))
            }
            _ => Ok(()),
        }
    }
}

/// Opens the history with dead runs marked lost; nothing when there is none yet. A reader that
/// may not mark them still reads.
pub(super) fn open(settings: &Settings) -> Result<Option<History>> {
    if !settings.database.path().exists() {
        return Ok(None);
    }
    let history = History::open(&settings.database)?;
    if let Err(error) = Liveness::new(&settings.state_dir).sweep(&history, &Clock::System) {
        tracing::warn!(error = error.chain(), "cannot look for lost runs");
    }
    Ok(Some(history))
}

fn table(runs: &[Run], columns: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    if let Some(columns) = columns {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    table.set_header(["RUN", "JOB", "STARTED", "TOOK", "OUTCOME", "EXIT", "ERROR"]);
    let whole_ids = columns.is_none_or(|columns| columns >= COLUMNS_FOR_WHOLE_IDS);
    for run in runs {
        table.add_row([
            if whole_ids { run.id.as_str() } else { tail(&run.id) }.to_owned(),
            text::escape(&run.job).into_owned(),
            run.started_at.clone(),
            run.duration().map_or_else(String::new, format_duration),
            run.outcome.clone().unwrap_or_else(|| "running".to_owned()),
            run.exit_code.map_or_else(String::new, |code| code.to_string()),
            run.error.as_deref().map_or_else(String::new, |error| text::excerpt(error, 80)),
        ]);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!("{}\n", lines.join("\n"))
}

/// The random end of a run id, which `show` takes as well as the whole.
fn tail(id: &str) -> &str {
    id.rsplit('-').next().unwrap_or(id)
}

impl Run {
    /// How long the run took, once it has ended.
    pub(super) fn duration(&self) -> Option<Duration> {
        let finished = Timestamp::parse(self.finished_at.as_deref()?)?;
        let started = Timestamp::parse(&self.started_at)?;
        Some(finished.since_epoch().saturating_sub(started.since_epoch()))
    }

    /// The object that a run prints about itself, and what else is stored.
    pub(super) fn to_json(&self) -> serde_json::Value {
        let report = self.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
        serde_json::json!({
            "run_id": self.id,
            "job": self.job,
            "outcome": self.outcome,
            "exit_code": self.exit_code,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "duration_ms": self.duration().map(|duration| duration.as_millis()),
            "attempts": self.attempts,
            "report": report.unwrap_or(serde_json::Value::Null),
            "error": self.error,
            "trigger": self.trigger,
            "due_at": self.due_at,
            "host": self.host,
            "pid": self.pid,
            "version": self.version,
            "output": self.output,
        })
    }
}
