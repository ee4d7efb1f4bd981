//! `punctual jobs`: every job, when it is due, and how it last went.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::ask::wait_for;
use super::history::several_hosts;
use super::{history, table};
use crate::clock::{Clock, Timestamp, format_duration, millis};
use crate::control::{Client, JobStatus};
use crate::error::Result;
use crate::history::{Latest, Run};
use crate::output::{self, OutputFormat};
use crate::roster::{JobDefinition, Roster};
use crate::schedule::Schedules;
use crate::settings::Settings;
use crate::text;

/// List every job: schedule, next due time, timeout, last run
///
/// Where a daemon is running these are its jobs, and how they stand with it. All times are UTC.
/// The last run is the last one that was not skipped.
#[derive(Debug, clap::Args)]
pub struct JobsCommand {}

/// A job with all that is known of it.
struct Listed {
    status: JobStatus,
    latest: Latest,
}

impl JobsCommand {
    pub fn run(&self, settings: &Settings, roster: &Roster) -> Result<()> {
        let client = Client::new(&settings.state_dir);
        let (daemon, mut statuses) = match wait_for(client.jobs())? {
            Some(jobs) => (Some(jobs.pid), jobs.jobs),
            None => (None, Vec::new()),
        };
        let (now, mut known) = (Clock::System.now(), Schedules::default());
        for job in roster.jobs() {
            if statuses.iter().all(|status| *status.job != *job.name) {
                let next_due_at = |status: JobStatus| match daemon {
                    // Nobody starts what the daemon does not know.
                    Some(_) => None,
                    None => status.next_due_at,
                };
                let status = undriven(job, &mut known, now)?;
                statuses.push(JobStatus { next_due_at: next_due_at(status.clone()), ..status });
            }
        }
        statuses.sort_unstable_by(|one, other| one.job.cmp(&other.job));
        let history = history::open(settings)?;
        let jobs = statuses.into_iter().map(|status| {
            let latest = match &history {
                Some(history) => history.latest(&status.job)?,
                None => Latest::default(),
            };
            Ok(Listed { status, latest })
        });
        let jobs = jobs.collect::<Result<Vec<_>>>()?;
        output::print(&match settings.output {
            OutputFormat::Json => {
                jobs.iter().map(|job| format!("{}\n", job.to_json(daemon))).collect()
            }
            OutputFormat::Text => {
                let last_runs = jobs.iter().filter_map(|job| job.latest.run.as_ref());
                let hosts = settings.database.as_postgres().is_some() || several_hosts(last_runs);
                table_of(&jobs, daemon, hosts, table::room())
            }
        })
    }
}

/// A job as it is without the daemon.
fn undriven(job: &JobDefinition, known: &mut Schedules, now: Timestamp) -> Result<JobStatus> {
    let schedule = job.schedule(known)?;
    let due = schedule.as_ref().filter(|_| job.enabled);
    Ok(JobStatus {
        job: Arc::clone(&job.name),
        next_due_at: due.and_then(|schedule| schedule.next_after(now)),
        schedule: schedule.map_or_else(String::new, |schedule| schedule.text().to_owned()),
        timeout_ms: millis(job.timeout),
        paused: false,
        running: 0,
        waiting: false,
    })
}

impl Listed {
    /// `daemon` is the process of the daemon whose view this is.
    fn to_json(&self, daemon: Option<u32>) -> Value {
        let status = &self.status;
        let daemon = daemon.map(|pid| {
            json!({
                "pid": pid,
                "paused": status.paused,
                "running": status.running,
                "waiting": status.waiting,
            })
        });
        json!({
            "job": status.job,
            "schedule": status.schedule,
            "next_due_at": status.next_due_at,
            "timeout_ms": status.timeout_ms,
            "daemon": daemon,
            "last_run": self.latest.run.as_ref().map(run_to_json),
            "last_skipped": self.latest.skipped.as_ref().map(run_to_json),
        })
    }

    /// How it stands with the daemon.
    fn state(&self) -> String {
        let JobStatus { paused, running, waiting, .. } = self.status;
        let running = match running {
            0 => None,
            1 => Some("running".to_owned()),
            runs => Some(format!("{runs} running")),
        };
        let states =
            [paused.then(|| "paused".to_owned()), running, waiting.then(|| "waiting".to_owned())];
        states.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The keys have the names that they have everywhere.
fn run_to_json(run: &Run) -> Value {
    json!({
        "run_id": run.id,
        "trigger": run.trigger,
        "host": run.host,
        "due_at": run.due_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration_ms": run.duration().map(|duration| duration.as_millis()),
        "outcome": run.outcome,
        "exit_code": run.exit_code,
        "error": run.error,
    })
}

/// What a table shows of each job, besides its name and its state.
#[derive(Clone, Copy)]
struct Layout {
    schedule: bool,
    next_due: bool,
    timeout: bool,
    /// That of the last run, where it could be another one.
    host: bool,
    last_started: bool,
}

/// From the widest to the narrowest. The first that fits the terminal is taken.
const LAYOUTS: [Layout; 6] = {
    let all =
        Layout { schedule: true, next_due: true, timeout: true, host: true, last_started: true };
    let without_timeout = Layout { timeout: false, ..all };
    let without_host = Layout { host: false, ..without_timeout };
    let without_times = Layout { last_started: false, ..without_host };
    let without_schedule = Layout { schedule: false, ..without_times };
    let narrowest = Layout { next_due: false, ..without_schedule };
    [all, without_timeout, without_host, without_times, without_schedule, narrowest]
};

/// The jobs as a table that fits `columns`, with the hosts of their last runs or without, and with a
/// line above it that says whose view it is.
fn table_of(jobs: &[Listed], daemon: Option<u32>, hosts: bool, columns: usize) -> String {
    let layouts = LAYOUTS.map(|layout| Layout { host: layout.host && hosts, ..layout });
    let [.., narrowest] = layouts;
    let fitting = layouts.into_iter().find_map(|layout| {
        let lines = lines(jobs, daemon.is_some(), layout);
        (table::width(&lines) <= columns).then_some(lines)
    });
    let lines = fitting.unwrap_or_else(|| lines(jobs, daemon.is_some(), narrowest));
    let mut text = match daemon {
        Some(pid) => format!("the daemon's jobs (pid {pid})\n"),
        None => "no daemon is running\n".to_owned(),
    };
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn lines(jobs: &[Listed], daemon: bool, layout: Layout) -> Vec<String> {
    let cells = |cells: [&str; 8]| {
        let [job, schedule, next_due, timeout, state, started, host, outcome] = cells;
        let cells = [
            Some(job),
            layout.schedule.then_some(schedule),
            layout.next_due.then_some(next_due),
            layout.timeout.then_some(timeout),
            daemon.then_some(state),
            layout.last_started.then_some(started),
            layout.host.then_some(host),
            Some(outcome),
        ];
        cells.into_iter().flatten().map(str::to_owned).collect()
    };
    let header =
        cells(["JOB", "SCHEDULE", "NEXT DUE", "TIMEOUT", "STATE", "LAST RUN", "HOST", "OUTCOME"]);
    let rows = jobs.iter().map(|job| {
        let status = &job.status;
        let next_due = status.next_due_at.map_or_else(|| "never".to_owned(), |due| due.to_string());
        let (started, host, outcome) = match &job.latest.run {
            Some(run) => {
                (&*run.started_at, &*run.host, run.outcome.as_deref().unwrap_or("running"))
            }
            None => ("", "", ""),
        };
        cells([
            &text::escape(&status.job),
            &text::escape(&status.schedule),
            &table::to_seconds(&next_due),
            &format_duration(Duration::from_millis(status.timeout_ms)),
            &job.state(),
            &table::to_seconds(started),
            &text::escape(host),
            outcome,
        ])
    });
    table::lines(header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(job: &str, paused: bool, running: u32, waiting: bool) -> Listed {
        let status = JobStatus {
            job: job.into(),
            schedule: "0 2 * * 1".to_owned(),
            next_due_at: Timestamp::parse("2026-01-05T02:00:00Z"),
            timeout_ms: 300_000,
            paused,
            running,
            waiting,
        };
        Listed { status, latest: Latest::default() }
    }

    #[test]
    fn a_state_is_said_in_words() {
        for (paused, running, waiting, expected) in [
            (false, 0, false, ""),
            (true, 0, false, "paused"),
            (false, 1, false, "running"),
            (true, 3, true, "paused, 3 running, waiting"),
        ] {
            assert_eq!(listed("a", paused, running, waiting).state(), expected);
        }
    }

    #[test]
    fn what_is_least_needed_goes_first_where_there_is_little_room() {
        let jobs = [listed("jupiter-sync", true, 0, false)];
        let check_with = |hosts, daemon, columns, expected: &str| {
            let table = table_of(&jobs, daemon, hosts, columns);
            let header = table.lines().nth(1).unwrap_or_default();
            let header: Vec<&str> = header.split("  ").filter(|cell| !cell.is_empty()).collect();
            assert_eq!(header.join("|").replace("| ", "|"), expected, "{columns}: {table}");
        };
        let check = |daemon, columns, expected: &str| check_with(false, daemon, columns, expected);
        let whole = "JOB|SCHEDULE|NEXT DUE|TIMEOUT|STATE|LAST RUN|OUTCOME";
        check(Some(7), usize::MAX, whole);
        check(None, usize::MAX, &whole.replace("STATE|", ""));
        check(Some(7), 75, &whole.replace("TIMEOUT|", ""));
        check(Some(7), 65, "JOB|SCHEDULE|NEXT DUE|STATE|OUTCOME");
        check(Some(7), 55, "JOB|NEXT DUE|STATE|OUTCOME");
        check(Some(7), 30, "JOB|STATE|OUTCOME");
        check(Some(7), 1, "JOB|STATE|OUTCOME");
        let with_host = whole.replace("OUTCOME", "HOST|OUTCOME");
        check_with(true, Some(7), usize::MAX, &with_host);
        check_with(true, Some(7), 81, &with_host.replace("TIMEOUT|", ""));
        check_with(true, Some(7), 75, &whole.replace("TIMEOUT|", ""));
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        let table = table_of(&[listed("a\u{1b}[2J", false, 0, false)], None, true, usize::MAX);
        assert!(!table.contains('\u{1b}'), "{table:?}");
    }
}
