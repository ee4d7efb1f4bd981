//! The history: every run that was ever started, in the `runs` table.
//!
//! A row is written when a run starts (with no outcome) and completed when it ends. A row
//! without outcome whose process is gone is marked `lost` by the next reader that can prove it:
//! see [`crate::liveness`].

mod shared;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::database::{Database, Inspection, Migrations};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::outcome::Outcome;

pub use shared::SharedHistory;

pub const MIGRATIONS: Migrations = Migrations {
    owner: "history",
    steps: &["CREATE TABLE runs (
             id TEXT PRIMARY KEY NOT NULL,
             job TEXT NOT NULL,
             trigger TEXT NOT NULL,
             due_at TEXT,
             started_at TEXT NOT NULL,
             finished_at TEXT,
             outcome TEXT,
             exit_code INTEGER,
             attempts INTEGER NOT NULL DEFAULT 0,
             host TEXT NOT NULL,
             pid INTEGER NOT NULL,
             version TEXT NOT NULL,
             error TEXT,
             report TEXT,
             output TEXT
         );
         CREATE UNIQUE INDEX runs_claim ON runs (job, due_at) WHERE due_at IS NOT NULL;
         CREATE INDEX runs_by_job ON runs (job, started_at);"],
};

/// 16 MiB of log.
const CHECKPOINT_PAGES_OF_MANY: i64 = 4096;

/// One in this many runs cleans up after those of its job.
const PRUNE_EVERY: i64 = 100;

/// One in this many looks at all jobs, which takes a look at all rows: for the jobs that are gone.
const PRUNE_ALL_EVERY: i64 = 10_000;

/// Who started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A person, cron, a CI step: the command line.
    Cli,
    /// The daemon, at a due time.
    Daemon,
    /// The daemon, for due times that passed while nobody could start a run.
    CatchUp,
    /// A person, through the daemon (`punctual trigger`).
    Manual,
}

impl Trigger {
    pub fn name(self) -> &'static str {
        match self {
            Trigger::Cli => "cli",
            Trigger::Daemon => "daemon",
            Trigger::CatchUp => "catch_up",
            Trigger::Manual => "manual",
        }
    }
}

/// How long runs are kept, per job.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    pub age_max: Duration,
    pub runs_max: u32,
}

/// What is known when a run starts.
#[derive(Clone, Debug)]
pub struct Started {
    pub run_id: Uuid,
    pub job: Arc<str>,
    pub trigger: Trigger,
    pub due_at: Option<Timestamp>,
    pub started_at: Timestamp,
    pub host: String,
}

/// What is known when a run has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    pub finished_at: Timestamp,
    pub outcome: Outcome,
    pub exit: Exit,
    pub attempts: u32,
    /// The chain of the error.
    pub error: Option<String>,
    pub report: Option<Box<RawValue>>,
    /// What it printed, the end of it.
    pub output: Option<String>,
}

/// A due time that has no run.
#[derive(Clone, Debug)]
pub struct LeftOut {
    pub run_id: Uuid,
    pub job: Arc<str>,
    pub due_at: Timestamp,
    pub noticed_at: Timestamp,
    pub why: String,
}

/// A row of the history, as stored. `outcome` is empty while the run is going.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: String,
    pub job: String,
    pub trigger: String,
    pub due_at: Option<String>,
    pub started_at: String,
    pub finished_at: Option<String>,
    pub outcome: Option<String>,
    pub exit_code: Option<u8>,
    pub attempts: u32,
    pub host: String,
    pub pid: u32,
    pub version: String,
    pub error: Option<String>,
    pub report: Option<String>,
    pub output: Option<String>,
}

/// How it last went with a job. Reports and outputs are left out.
#[derive(Clone, Debug, Default)]
pub struct Latest {
    /// The latest run that was not skipped, which may be going.
    pub run: Option<Run>,
    /// The latest run that was skipped, where that is later.
    pub skipped: Option<Run>,
}

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub job: Option<String>,
    pub outcome: Option<Outcome>,
    pub since: Option<Timestamp>,
    pub limit: u32,
}

/// The stored runs, behind one connection. Cheap to clone. All methods block.
#[derive(Clone)]
pub struct History {
    database: Database,
    connection: Arc<Mutex<Connection>>,
}

impl History {
    pub fn open(database: &Database) -> Result<Self> {
        let connection = database.connect(&MIGRATIONS)?;
        Ok(Self { database: database.clone(), connection: Arc::new(Mutex::new(connection)) })
    }

    /// The history of a database that is only looked at; nothing where its tables are missing or of
    /// an older version.
    pub fn inspect(inspection: Inspection) -> Result<Option<Self>> {
        if !inspection.is_up_to_date(&MIGRATIONS)? {
            return Ok(None);
        }
        let (database, connection) = inspection.into_parts();
        Ok(Some(Self { database, connection: Arc::new(Mutex::new(connection)) }))
    }

    /// Moves the write-ahead log into the database less often: for a process that stays, and so
    /// reads the log once only. Each time costs a few fsyncs, which many small runs would wait for.
    pub fn expect_many_runs(&self) -> Result<()> {
        self.with("cannot set it up", |connection| {
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES_OF_MANY)
        })
    }

    /// Records that a run started, unless its due time has a run already: then it tells so, and
    /// records nothing. One in a hundred times it also deletes what is past `retention`.
    pub fn start(&self, run: &Started, retention: Retention) -> Result<bool> {
        self.with("cannot record the start of the run", |connection| {
            let recorded = connection
                .prepare_cached(
                    "INSERT INTO runs (id, job, trigger, due_at, started_at, host, pid, version)
                     VALUES (:id, :job, :trigger, :due_at, :started_at, :host, :pid, :version)
                     ON CONFLICT (job, due_at) WHERE due_at IS NOT NULL DO NOTHING",
                )?
                .execute(named_params! {
                    ":id": run.run_id.to_string(),
                    ":job": run.job,
                    ":trigger": run.trigger.name(),
                    ":due_at": run.due_at.map(|due| due.to_string()),
                    ":started_at": run.started_at.to_string(),
                    ":host": run.host,
                    ":pid": std::process::id(),
                    ":version": env!("CARGO_PKG_VERSION"),
                })?;
            let row = connection.last_insert_rowid();
            if recorded > 0 && row % PRUNE_EVERY == 0 {
                let all = row % PRUNE_ALL_EVERY == 0;
                prune(connection, (!all).then_some(&run.job), run.started_at, retention)?;
            }
            Ok(recorded > 0)
        })
    }

    /// Records how a run ended.
    pub fn finish(&self, run_id: Uuid, end: &Finished) -> Result<()> {
        self.with("cannot record the end of the run", |connection| {
            connection
                .prepare_cached(
                    "UPDATE runs SET finished_at = :finished_at, outcome = :outcome,
                         exit_code = :exit_code, attempts = :attempts, error = :error,
                         report = :report, output = :output
                     WHERE id = :id",
                )?
                .execute(named_params! {
                    ":id": run_id.to_string(),
                    ":finished_at": end.finished_at.to_string(),
                    ":outcome": end.outcome.name(),
                    ":exit_code": end.exit.code(),
                    ":attempts": end.attempts,
                    ":error": end.error,
                    ":report": end.report.as_deref().map(RawValue::get),
                    ":output": end.output,
                })?;
            Ok(())
        })
    }

    /// Marks a run lost, unless it has an outcome. Tells whether that changed anything; nothing
    /// when the run is not in this database.
    pub fn mark_lost(&self, run_id: &str, noticed_at: Timestamp) -> Result<Option<bool>> {
        self.with("cannot mark a lost run", |connection| {
            let changed = connection.execute(
                "UPDATE runs SET outcome = ?2, finished_at = ?3,
                     error = 'its process died without recording an end'
                 WHERE id = ?1 AND outcome IS NULL",
                (run_id, Outcome::Lost.name(), noticed_at.to_string()),
            )?;
            let known = changed > 0
                || connection
                    .query_row("SELECT 1 FROM runs WHERE id = ?1", [run_id], |_| Ok(()))
                    .optional()?
                    .is_some();
            Ok(known.then_some(changed > 0))
        })
    }

    /// Records due times that have no run, as runs that were skipped. What has a run already
    /// keeps it.
    pub fn record_left_out(&self, left_out: &[LeftOut], host: &str) -> Result<()> {
        self.with("cannot record skipped due times", |connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO runs (id, job, trigger, due_at, started_at, finished_at, outcome,
                     exit_code, host, pid, version, error)
                 VALUES (:id, :job, :trigger, :due_at, :at, :at, :outcome, :exit_code, :host,
                     :pid, :version, :error)
                 ON CONFLICT (job, due_at) WHERE due_at IS NOT NULL DO NOTHING",
            )?;
            for run in left_out {
                insert.execute(named_params! {
                    ":id": run.run_id.to_string(),
                    ":job": run.job,
                    ":trigger": Trigger::Daemon.name(),
                    ":due_at": run.due_at.to_string(),
                    ":at": run.noticed_at.to_string(),
                    ":outcome": Outcome::Skipped.name(),
                    ":exit_code": Exit::Succeeded.code(),
                    ":host": host,
                    ":pid": std::process::id(),
                    ":version": env!("CARGO_PKG_VERSION"),
                    ":error": run.why,
                })?;
            }
            drop(insert);
            transaction.commit()
        })
    }

    /// The time up to which the due times of `job` have had their turn, as far as its runs tell:
    /// its latest due time, or the start of its latest run by anybody.
    pub fn accounted_until(&self, job: &str) -> Result<Option<Timestamp>> {
        let latest = self.with("cannot read the history", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT max(due_at) FROM runs WHERE job = ?1 AND due_at IS NOT NULL
                 UNION ALL
                 SELECT * FROM (SELECT started_at FROM runs
                     WHERE job = ?1 AND outcome IS NOT 'skipped'
                     ORDER BY started_at DESC LIMIT 1)",
            )?;
            let rows = select.query_map([job], |row| row.get::<_, Option<String>>(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        Ok(latest.into_iter().flatten().filter_map(|at| Timestamp::parse(&at)).max())
    }

    /// The runs that pass the filter, newest first.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Run>> {
        self.with("cannot read the history", |connection| {
            connection
                .prepare(
                    "SELECT * FROM runs
                     WHERE (:job IS NULL OR job = :job)
                       AND (:outcome IS NULL OR outcome = :outcome)
                       AND (:since IS NULL OR started_at >= :since)
                     ORDER BY started_at DESC, id DESC LIMIT :limit",
                )?
                .query_map(
                    named_params! {
                        ":job": filter.job,
                        ":outcome": filter.outcome.map(Outcome::name),
                        ":since": filter.since.map(|since| since.to_string()),
                        ":limit": filter.limit,
                    },
                    read_run,
                )?
                .collect()
        })
    }

    /// How it last went with `job`.
    pub fn latest(&self, job: &str) -> Result<Latest> {
        self.with("cannot read the history", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, job, trigger, due_at, started_at, finished_at, outcome, exit_code,
                     attempts, host, pid, version, error, NULL AS report, NULL AS output
                 FROM runs WHERE job = ?1 ORDER BY started_at DESC, id DESC",
            )?;
            let mut latest = Latest::default();
            for run in select.query_map([job], read_run)? {
                let run = run?;
                if run.outcome.as_deref() != Some(Outcome::Skipped.name()) {
                    latest.run = Some(run);
                    break;
                }
                latest.skipped.get_or_insert(run);
            }
            Ok(latest)
        })
    }

    /// The runs whose id begins or ends with `part`, two at most.
    pub fn find(&self, part: &str) -> Result<Vec<Run>> {
        self.with("cannot read the history", |connection| {
            connection
                .prepare(
                    "SELECT * FROM runs
                     WHERE substr(id, 1, length(?1)) = ?1 OR substr(id, -length(?1)) = ?1
                     LIMIT 2",
                )?
                .query_map([part], read_run)?
                .collect()
        })
    }

    /// How a run ended; nothing when it has not, or is not in this database.
    pub fn outcome(&self, run_id: Uuid) -> Result<Option<String>> {
        let outcome: Option<Option<String>> =
            self.with("cannot read the history", |connection| {
                connection
                    .prepare_cached("SELECT outcome FROM runs WHERE id = ?1")?
                    .query_row([run_id.to_string()], |row| row.get(0))
                    .optional()
            })?;
        Ok(outcome.flatten())
    }

    /// When the newest run of `job` that has not ended was started.
    pub fn running_since(&self, job: &str) -> Result<Option<String>> {
        self.with("cannot read the history", |connection| {
            connection
                .query_row(
                    "SELECT started_at FROM runs WHERE job = ?1 AND outcome IS NULL
                     ORDER BY started_at DESC LIMIT 1",
                    [job],
                    |row| row.get(0),
                )
                .optional()
        })
    }

    /// When the newest run of `job` that succeeded ended, among those that did not start before
    /// `since`.
    pub fn last_success(&self, job: &str, since: Option<Timestamp>) -> Result<Option<Timestamp>> {
        let since = since.map(|since| since.to_string()).unwrap_or_default();
        let finished_at: Option<String> = self.with("cannot read the history", |connection| {
            connection
                .prepare_cached(
                    "SELECT finished_at FROM runs
                     WHERE job = ?1 AND started_at >= ?2 AND outcome = 'succeeded'
                     ORDER BY started_at DESC LIMIT 1",
                )?
                .query_row((job, since), |row| row.get(0))
                .optional()
        })?;
        Ok(finished_at.and_then(|at| Timestamp::parse(&at)))
    }

    /// How many of the newest runs of `job` failed without a success between them. Runs that were
    /// skipped or cancelled, or are going, count neither way.
    pub fn failures_in_a_row(&self, job: &str) -> Result<u32> {
        let last_success = "SELECT max(started_at) FROM runs
             WHERE job = ?1 AND outcome = 'succeeded'";
        self.with("cannot read the history", |connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT count(*) FROM runs
                     WHERE job = ?1 AND outcome NOT IN ('skipped', 'cancelled', 'succeeded')
                       AND started_at > coalesce(({last_success}), '')"
                ))?
                .query_row([job], |row| row.get(0))
        })
    }

    fn with<T>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        // A panic between two statements leaves a connection that is still good.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        query(&connection).map_err(self.database.error(doing))
    }
}

/// Deletes the runs of a job, or of all, that are too old, and the oldest of the job beyond the
/// greatest number. The latest due time of a job stays, however old: it tells what has had its
/// turn.
fn prune(
    connection: &Connection,
    job: Option<&str>,
    now: Timestamp,
    retention: Retention,
) -> rusqlite::Result<()> {
    // With "job = NULL OR" it would not use the index.
    let of_job = if job.is_some() { "job = ?2 AND" } else { "?2 IS NULL AND" };
    connection.execute(
        &format!(
            "DELETE FROM runs WHERE {of_job} outcome IS NOT NULL AND started_at < ?1
                 AND (due_at IS NULL OR due_at < (
                     SELECT max(due_at) FROM runs AS latest WHERE latest.job = runs.job))"
        ),
        (now.minus(retention.age_max).to_string(), job),
    )?;
    connection.execute(
        "DELETE FROM runs WHERE job = ?1 AND outcome IS NOT NULL AND started_at <= (
             SELECT started_at FROM runs WHERE job = ?1
             ORDER BY started_at DESC LIMIT 1 OFFSET ?2)",
        (job, retention.runs_max),
    )?;
    Ok(())
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get("id")?,
        job: row.get("job")?,
        trigger: row.get("trigger")?,
        due_at: row.get("due_at")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        outcome: row.get("outcome")?,
        exit_code: row.get("exit_code")?,
        attempts: row.get("attempts")?,
        host: row.get("host")?,
        pid: row.get("pid")?,
        version: row.get("version")?,
        error: row.get("error")?,
        report: row.get("report")?,
        output: row.get("output")?,
    })
}

#[cfg(test)]
mod tests;
