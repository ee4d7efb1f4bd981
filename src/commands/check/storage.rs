//! The database, and the history in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;

use super::Subject;
use super::findings::{Check, Findings};
use super::places::{check_directory, writable};
use super::postgres::check_postgres;
use crate::clock::Clock;
use crate::database::{Database, Inspection, Migrations, Sqlite};
use crate::error::Result;
use crate::history::{self, Filter, History, Run};
use crate::jobs::CATALOG;
use crate::outcome::Outcome;
use crate::{alert, daemon};

/// Runs that ended badly longer ago are no news.
const NEWS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// More bad runs than that are not counted.
const BAD_RUNS_MAX: u32 = 1000;

/// The tables of all owners.
pub fn all_migrations() -> impl Iterator<Item = Migrations> {
    let of_jobs = CATALOG.iter().filter_map(|entry| entry.tables);
    [history::MIGRATIONS, daemon::MIGRATIONS, alert::MIGRATIONS].into_iter().chain(of_jobs)
}

pub fn check_storage(findings: &mut Findings, subject: &Subject<'_>) {
    let database = &subject.settings.database;
    let mut check = findings.check("database");
    let history = match database {
        Database::Sqlite(sqlite) => match check_sqlite(&mut check, subject, sqlite) {
            Some(inspection) => History::inspect(inspection),
            None => return,
        },
        Database::Postgres(postgres) => match check_postgres(&mut check, subject, postgres) {
            true => History::open(database).map(Some),
            false => return,
        },
    };
    let mut check = findings.check("history");
    match history {
        Ok(Some(history)) => {
            let many_hosts = database.as_postgres().is_some();
            if let Err(error) = check_history(&mut check, &history, many_hosts) {
                check.failed(&error);
            }
        }
        Ok(None) => check.ok("no runs yet"),
        Err(error) => check.failed(&error),
    }
}

/// Checks the file; nothing where there is no use in looking further.
fn check_sqlite(
    check: &mut Check<'_>,
    subject: &Subject<'_>,
    database: &Sqlite,
) -> Option<Inspection> {
    let folder = match database.path().parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder != subject.settings.state_dir {
        check_directory(check, folder);
    }
    let inspection = match database.inspect() {
        Ok(Some(inspection)) => inspection,
        Ok(None) => {
            let path = database.path().display();
            // That it cannot is said already.
            if writable(folder).is_ok() {
                check.ok(format!("{path} is not there yet; the first run makes it"));
            }
            return None;
        }
        Err(error) => {
            check.failed(&error);
            return None;
        }
    };
    match check_file(check, &inspection, database.path()) {
        Ok(()) => Some(inspection),
        Err(error) => {
            check.failed(&error);
            None
        }
    }
}

fn check_file(check: &mut Check<'_>, inspection: &Inspection, path: &Path) -> Result<()> {
    let shown = path.display();
    inspection.look_for_damage()?;
    inspection.look_for_write_access()?;
    for tables in all_migrations() {
        inspection.is_up_to_date(&tables)?;
    }
    if inspection.is_empty() {
        check.ok(format!("{shown} is empty; the first run sets it up"));
        return Ok(());
    }
    let bytes = path.metadata().map_or(0, |metadata| metadata.len());
    check.ok(format!("{shown} is whole ({})", ByteSize::b(bytes)));
    if !inspection.has_write_ahead_log()? {
        check.warning(
            format!("{shown} has no write-ahead log, so that readers and runs wait for each other"),
            format!("sqlite3 {shown} 'PRAGMA journal_mode = WAL'"),
        );
    }
    Ok(())
}

/// Tells of runs that did not end as they should, lately.
fn check_history(check: &mut Check<'_>, history: &History, many_hosts: bool) -> Result<()> {
    let since = Clock::System.now().minus(NEWS);
    let mut all_ended = true;
    let who_died = if many_hosts { "whose process or host died" } else { "whose process died" };
    let bad = [(Outcome::Lost, who_died), (Outcome::Stuck, "that went on past the grace")];
    for (outcome, what) in bad {
        let runs = history.list(&Filter {
            job: None,
            outcome: Some(outcome),
            since: Some(since),
            limit: BAD_RUNS_MAX,
        })?;
        let mut by_job: BTreeMap<&str, Vec<&Run>> = BTreeMap::new();
        for run in &runs {
            by_job.entry(&run.job).or_default().push(run);
        }
        for (job, runs) in by_job {
            all_ended = false;
            let latest = runs.first().map_or_else(String::new, |run| match many_hosts {
                true => format!("{} on {}", run.started_at, run.host),
                false => run.started_at.clone(),
            });
            let (outcome, count) = (outcome.name(), runs.len());
            let runs = if count == 1 { "run" } else { "runs" };
            check.warning(
                format!("{count} {outcome} {runs} of {job}, {what}, the latest of {latest}"),
                format!("punctual history {job} --outcome {outcome}"),
            );
        }
    }
    if all_ended {
        check.ok("no lost and no stuck runs within 7 days");
    }
    Ok(())
}
