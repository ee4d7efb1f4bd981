//! `punctual history`: past runs, newest first.

use std::borrow::Cow;
use std::time::Duration;

use super::table;
use crate::clock::{Clock, Timestamp, format_duration, parse_duration};
use crate::error::{Error, Result};
use crate::history::{Filter, History, Run};
use crate::liveness::Liveness;
use crate::outcome::Outcome;
use crate::output::{self, OutputFormat};
use crate::roster::Roster;
use crate::settings::Settings;
use crate::text;

/// List past runs, newest first
#[derive(Debug, clap::Args)]
pub struct HistoryCommand {
    /// Only the runs of this job
    job: Option<String>,

    /// How many runs to list at most
    #[arg(short = 'n', long = "number", value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,

    /// Only runs that started within this duration before now
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
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
    pub fn run(&self, settings: &Settings, roster: &Roster) -> Result<()> {
        let clock = Clock::System;
        let filter = Filter {
            job: self.job.clone(),
            outcome: self.outcome,
            since: self.since.map(|since| clock.now().minus(since)),
            limit: self.number,
        };
        let history = open(settings)?;
        let list = |filter: &Filter| match &history {
            Some(history) => history.list(filter),
            None => Ok(Vec::new()),
        };
        let runs = list(&filter)?;
        // A name without any run is a mistake, unless it is that of a job.
        if let (Some(name), []) = (&self.job, runs.as_slice()) {
            let of_job = Filter { job: self.job.clone(), limit: 1, ..Filter::default() };
            if list(&of_job)?.is_empty() {
                roster.named(name)?;
            }
        }
        let text = match settings.output {
            OutputFormat::Json => runs.iter().map(|run| run.to_json_line()).collect(),
            OutputFormat::Text if runs.is_empty() => "no runs\n".to_owned(),
            OutputFormat::Text => {
                let hosts = settings.database.as_postgres().is_some() || several_hosts(&runs);
                table_of(&runs, hosts, table::room())
            }
        };
        output::print(&text)
    }
}

/// Opens the history with dead runs marked lost; nothing when there is none yet. A reader that
/// may not mark them still reads.
pub(super) fn open(settings: &Settings) -> Result<Option<History>> {
    if let Some(path) = settings.database.path() {
        // What may not be looked at is not the same as what is not there.
        let there = path.try_exists().map_err(|error| {
            Error::io(format!("cannot look for the database {}", path.display()), error)
        })?;
        if !there {
            return Ok(None);
        }
    }
    let history = History::open(&settings.database)?;
    let clock = Clock::System;
    let swept = Liveness::new(&settings.state_dir)
        .sweep(&history, &clock)
        .and_then(|()| history.sweep_leases(clock.now()));
    if let Err(error) = swept {
        tracing::warn!(error = error.chain(), "cannot look for lost runs");
    }
    Ok(Some(history))
}

/// Whether the runs were not all on one host.
pub(super) fn several_hosts<'a>(runs: impl IntoIterator<Item = &'a Run>) -> bool {
    let mut hosts = runs.into_iter().map(|run| &*run.host);
    let first = hosts.next();
    hosts.any(|host| Some(host) != first)
}

/// What a table shows of each run.
#[derive(Clone, Copy)]
struct Layout {
    whole_ids: bool,
    /// Where it could be another one.
    host: bool,
    milliseconds: bool,
    took: bool,
    exit: bool,
    /// The error in a column of its own, not on a line below its run.
    error_beside: bool,
}

/// From the widest to the narrowest. The first that fits the terminal is taken.
const LAYOUTS: [Layout; 6] = {
    let all = Layout {
        whole_ids: true,
        host: true,
        milliseconds: true,
        took: true,
        exit: true,
        error_beside: true,
    };
    let short_ids = Layout { whole_ids: false, ..all };
    let error_below = Layout { error_beside: false, ..short_ids };
    let short_times = Layout { milliseconds: false, took: false, ..error_below };
    let without_exit = Layout { exit: false, ..short_times };
    let narrowest = Layout { host: false, ..without_exit };
    [all, short_ids, error_below, short_times, without_exit, narrowest]
};

/// Errors get a column where there is room for this many characters.
const ERROR_CHARS_MIN: usize = 40;
const ERROR_CHARS_MAX: usize = 80;
const ERROR_INDENT: &str = "  ";

/// The runs as a table that fits `columns`, with their hosts or without.
fn table_of(runs: &[Run], hosts: bool, columns: usize) -> String {
    let layouts = LAYOUTS.map(|layout| Layout { host: layout.host && hosts, ..layout });
    let [.., narrowest] = layouts;
    let fits = |layout: &Layout| {
        let error = if layout.error_beside { ERROR_CHARS_MIN } else { 0 };
        table::width(&rows(runs, *layout)) + error <= columns
    };
    let layout = layouts.into_iter().find(fits).unwrap_or(narrowest);

    let mut lines = rows(runs, layout);
    let room = columns.saturating_sub(if layout.error_beside {
        table::width(&lines) + ERROR_INDENT.len()
    } else {
        ERROR_INDENT.len()
    });
    let errors = std::iter::once(layout.error_beside.then(|| "ERROR".to_owned())).chain(
        runs.iter().map(|run| {
            let error = run.error.as_deref()?;
            Some(text::excerpt(error, room.saturating_sub(1).min(ERROR_CHARS_MAX)))
        }),
    );
    for (line, error) in lines.iter_mut().zip(errors) {
        let trimmed = line.trim_end().len();
        match error {
            Some(error) if layout.error_beside => *line = format!("{line}{ERROR_INDENT}{error}"),
            Some(error) => *line = format!("{}\n{ERROR_INDENT}{error}", &line[..trimmed]),
            None => line.truncate(trimmed),
        }
    }
    lines.join("\n") + "\n"
}

/// The header and one line per run, all of one width, without errors.
fn rows(runs: &[Run], layout: Layout) -> Vec<String> {
    let cells = |cells: [&str; 7]| {
        let [id, job, host, started, took, outcome, exit] = cells;
        let cells = [
            Some(id),
            Some(job),
            layout.host.then_some(host),
            Some(started),
            layout.took.then_some(took),
            Some(outcome),
            layout.exit.then_some(exit),
        ];
        cells.into_iter().flatten().map(str::to_owned).collect()
    };
    let header = cells(["RUN", "JOB", "HOST", "STARTED", "TOOK", "OUTCOME", "EXIT"]);
    let rows = runs.iter().map(|run| {
        cells([
            if layout.whole_ids { &run.id } else { tail(&run.id) },
            &text::escape(&run.job),
            &text::escape(&run.host),
            &started(run, layout.milliseconds),
            &run.duration().map_or_else(String::new, format_duration),
            run.outcome.as_deref().unwrap_or("running"),
            &run.exit_code.map_or_else(String::new, |code| code.to_string()),
        ])
    });
    table::lines(header, rows)
}

fn started(run: &Run, milliseconds: bool) -> Cow<'_, str> {
    if milliseconds { Cow::Borrowed(&run.started_at) } else { table::to_seconds(&run.started_at) }
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

    pub(super) fn to_json_line(&self) -> String {
        format!("{}\n", text::escape_json(&self.to_json().to_string()))
    }

    /// The object that a run prints about itself, and what else is stored.
    fn to_json(&self) -> serde_json::Value {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(host: &str) -> Run {
        Run {
            id: "01a20bd8-0000-7000-8000-0123456789ab".to_owned(),
            job: "backup".to_owned(),
            trigger: "cli".to_owned(),
            due_at: None,
            started_at: "2026-01-05T02:00:00.000Z".to_owned(),
            finished_at: Some("2026-01-05T02:00:01.000Z".to_owned()),
            outcome: Some("succeeded".to_owned()),
            exit_code: Some(0),
            attempts: 1,
            host: host.to_owned(),
            pid: 7,
            version: "0.1.0".to_owned(),
            error: None,
            report: None,
            output: None,
        }
    }

    #[test]
    fn the_host_is_shown_where_it_matters_and_there_is_room() {
        let runs = [run("db1"), run("db\u{1b}2")];
        let header = |hosts, columns| {
            let table = table_of(&runs, hosts, columns);
            assert!(!table.contains('\u{1b}'), "{table:?}");
            let header: Vec<&str> =
                table.lines().next().unwrap_or_default().split_whitespace().collect();
            header.join(" ")
        };
        assert_eq!(header(true, usize::MAX), "RUN JOB HOST STARTED TOOK OUTCOME EXIT ERROR");
        assert_eq!(header(false, usize::MAX), "RUN JOB STARTED TOOK OUTCOME EXIT ERROR");
        assert_eq!(header(true, 76), "RUN JOB HOST STARTED OUTCOME EXIT");
        assert_eq!(header(true, 70), "RUN JOB HOST STARTED OUTCOME");
        assert_eq!(header(true, 1), "RUN JOB STARTED OUTCOME");
        assert!(several_hosts(&runs) && !several_hosts(&runs[..1]) && !several_hosts(&[]));
    }
}
