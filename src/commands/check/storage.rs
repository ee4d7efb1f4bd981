//! The database, and the history in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;

use super::Subject;
use super::findings::{Check, Findings};
use super::places::{check_directory, writable};
use crate::clock::Clock;
use crate::daemon;
use crate::database::{Database, Inspection};
use crate::error::Result;
use crate::history::{self, Filter, History};
use crate::jobs::CATALOG;
use crate::outcome::Outcome;

/// Runs that ended badly longer ago are no news.
const NEWS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// More bad runs than that are not counted.
const BAD_RUNS_MAX: u32 = 1000;

pub fn check_storage(findings: &mut Findings, subject: &Subject<'_>) {
    let Database::Sqlite(database) = &subject.settings.database else { return };
    let mut check = findings.check("database");
    let folder = match database.path().parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder != subject.settings.state_dir {
        check_directory(&mut check, folder);
    }
    let inspection = match database.inspect() {
        Ok(Some(inspection)) => inspection,
        Ok(None) => {
            let path = database.path().display();
            // That it cannot is said already.
            if writable(folder).is_ok() {
                check.ok(format!("{path} is not there yet; the first run makes it"));
            }
            return;
        }
        Err(error) => return check.failed(&error),
    };
    if let Err(error) = check_database(&mut check, &inspection, database.path()) {
        return check.failed(&error);
    }
    let mut check = findings.check("history");
    match History::inspect(inspection) {
        Ok(Some(history)) => {
            if let Err(error) = check_history(&mut check, &history) {
                check.failed(&error);
            }
        }
        Ok(None) => check.ok("no runs yet"),
        Err(error) => check.failed(&error),
    }
}

fn check_database(check: &mut Check<'_>, inspection: &Inspection, path: &Path) -> Result<()> {
    let shown = path.display();
    inspection.look_for_damage()?;
    inspection.look_for_write_access()?;
    let of_jobs = CATALOG.iter().filter_map(|entry| entry.tables);
    for tables in [history::MIGRATIONS, daemon::MIGRATIONS].into_iter().chain(of_jobs) {
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
fn check_history(check: &mut Check<'_>, history: &History) -> Result<()> {
    let since = Clock::System.now().minus(NEWS);
    let mut all_ended = true;
    let bad =
        [(Outcome::Lost, "whose process died"), (Outcome::Stuck, "that went on past the grace")];
    for (outcome, what) in bad {
        let runs = history.list(&Filter {
            job: None,
            outcome: Some(outcome),
            since: Some(since),
            limit: BAD_RUNS_MAX,
        })?;
        let mut by_job: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for run in &runs {
            by_job.entry(&run.job).or_default().push(&run.started_at);
        }
        for (job, starts) in by_job {
            all_ended = false;
            let (count, latest) = (starts.len(), starts.first().copied().unwrap_or_default());
            let (outcome, runs) = (outcome.name(), if count == 1 { "run" } else { "runs" });
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
