//! The history: every run that was ever started, in the `runs` table.
//!
//! A row is written when a run starts (with no outcome) and completed when it ends. A row
//! without outcome whose process is gone is marked `lost` by the next reader that can prove it:
//! see [`crate::liveness`], and for runs of other hosts [`lease`].

mod lease;
mod retention;
mod shared;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::database::{Database, Fallible, Fence, Inspection, Row, Session, Statements};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::outcome::Outcome;

pub use lease::Lease;
pub use shared::SharedHistory;
pub use tables::MIGRATIONS;

const READING: &str = "cannot read the history";

/// What [`read_run`] reads.
const COLUMNS: &str = "id, job, trigger, due_at, started_at, finished_at, outcome, exit_code,
    attempts, host, pid, version, error";

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

/// On what terms a run starts.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Whether other runs of the job may go beside it.
    pub shared: bool,
    /// How long the run keeps its lease without renewing it, where many hosts share the history.
    pub lease: Duration,
    pub retention: Retention,
}

/// How a start went.
#[derive(Clone, Debug)]
pub enum Start {
    /// It is recorded, and where many hosts share the history it has a lease.
    Recorded(Option<Fence>),
    /// Nothing was recorded, for the due time has its run.
    HasRun,
    /// Nothing was recorded, for a run of the job is going on some host.
    Running,
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

/// The stored runs. Cheap to clone. All methods block.
#[derive(Clone)]
pub struct History {
    session: Session,
}

impl History {
    pub fn open(database: &Database) -> Result<Self> {
        Ok(Self { session: database.session(&MIGRATIONS)? })
    }

    /// The history of a file that is only looked at; nothing where its tables are missing or of
    /// an older version.
    pub fn inspect(inspection: Inspection) -> Result<Option<Self>> {
        if !inspection.is_up_to_date(&MIGRATIONS)? {
            return Ok(None);
        }
        Ok(Some(Self { session: inspection.into_session() }))
    }

    /// For a process that stays.
    pub fn expect_many_runs(&self) -> Result<()> {
        self.session.expect_many_writes()
    }

    /// Records that a run starts, if it may. Now and then it also deletes what is past the retention.
    pub fn start(&self, run: &Started, terms: &Terms) -> Result<Start> {
        let start = match self.session.as_postgres() {
            Some(postgres) => lease::claim(postgres, run, terms)?,
            None => self.insert_started(run)?,
        };
        if matches!(start, Start::Recorded(_)) {
            self.prune_now_and_then(run, terms.retention);
        }
        Ok(start)
    }

    fn insert_started(&self, run: &Started) -> Result<Start> {
        let inserted = self.session.with("cannot record the start of the run", |statements| {
            statements.execute(
                "INSERT INTO runs (id, job, trigger, due_at, started_at, host, pid, version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (job, due_at) WHERE due_at IS NOT NULL DO NOTHING",
                &[
                    (&run.run_id.to_string()).into(),
                    (&*run.job).into(),
                    run.trigger.name().into(),
                    (&run.due_at.map(|due| due.to_string())).into(),
                    (&run.started_at.to_string()).into(),
                    (&run.host).into(),
                    std::process::id().into(),
                    env!("CARGO_PKG_VERSION").into(),
                ],
            )
        })?;
        Ok(if inserted > 0 { Start::Recorded(None) } else { Start::HasRun })
    }

    /// Keeps the lease of a run that has started.
    pub fn keep(&self, fence: &Fence, duration: Duration) -> Result<Lease> {
        match self.session.as_postgres() {
            Some(postgres) => Lease::keep(postgres, fence.clone(), duration),
            None => Err(Error::new(Exit::Bug, "a lease without a database that many hosts share")),
        }
    }

    /// Records how a run ended. Tells whether the run was still the one to say so: where many
    /// hosts share the history, its lease may be another's by now, and then nothing is written.
    pub fn finish(&self, run_id: Uuid, fence: Option<&Fence>, end: &Finished) -> Result<bool> {
        if let (Some(postgres), Some(fence)) = (self.session.as_postgres(), fence) {
            return lease::finish(postgres, fence, end);
        }
        self.session.with("cannot record the end of the run", |statements| {
            statements.execute(
                "UPDATE runs SET finished_at = $1, outcome = $2, exit_code = $3, attempts = $4,
                     error = $5, report = $6, output = $7
                 WHERE id = $8",
                &[
                    (&end.finished_at.to_string()).into(),
                    end.outcome.name().into(),
                    end.exit.code().into(),
                    end.attempts.into(),
                    (&end.error).into(),
                    end.report.as_deref().map(RawValue::get).into(),
                    (&end.output).into(),
                    (&run_id.to_string()).into(),
                ],
            )?;
            Ok(true)
        })
    }

    /// Marks a run lost whose process is proved dead, unless it has an outcome. Tells whether that
    /// changed anything; nothing when the run is not in this database.
    pub fn mark_lost(&self, run_id: &str, noticed_at: Timestamp) -> Result<Option<bool>> {
        self.session.with("cannot mark a lost run", |statements| {
            let changed = statements.execute(
                "UPDATE runs SET outcome = 'lost', finished_at = $1,
                     error = 'its process died without recording an end'
                 WHERE id = $2 AND outcome IS NULL",
                &[(&noticed_at.to_string()).into(), run_id.into()],
            )?;
            let known = changed > 0 || !outcomes(statements, run_id)?.is_empty();
            Ok(known.then_some(changed > 0))
        })
    }

    /// Frees the job of a lost run, whose lease would lapse by itself. For its own host, which ends
    /// what the run left behind.
    pub fn free_lost(&self, run_id: Uuid) -> Result<()> {
        if self.session.as_postgres().is_none() {
            return Ok(());
        }
        self.session.with("cannot free the job of a lost run", |statements| {
            statements.execute(lease::RELEASE_OF_DEAD, &[(&run_id.to_string()).into()]).map(drop)
        })
    }

    /// Marks the runs of all hosts lost whose leases are over.
    pub fn sweep_leases(&self, noticed_at: Timestamp) -> Result<()> {
        match self.session.as_postgres() {
            Some(_) => self.session.with("cannot mark lost runs", |statements| {
                statements.execute(lease::SWEEP_RUNS, &[(&noticed_at.to_string()).into()])?;
                statements.execute(lease::SWEEP_LEASES, &[])?;
                Ok(())
            }),
            None => Ok(()),
        }
    }

    /// Whether the database answers.
    pub fn reach(&self) -> Result<()> {
        self.session.with("cannot reach it", |statements| {
            statements.query_first("SELECT 1 FROM runs LIMIT 1", &[], |_| Ok(())).map(drop)
        })
    }

    /// Whether the due time of a job has its run.
    pub fn has_run(&self, job: &str, due_at: Timestamp) -> Result<bool> {
        let found = self.session.with(READING, |statements| {
            statements.query_first(
                "SELECT id FROM runs WHERE job = $1 AND due_at = $2",
                &[job.into(), (&due_at.to_string()).into()],
                |row| row.get::<String>(0),
            )
        })?;
        Ok(found.is_some())
    }

    /// Records a run that did not start, unless its due time has a run.
    pub fn record_not_started(&self, run: &Started, end: &Finished) -> Result<()> {
        self.session.with("cannot record a skipped run", |statements| {
            insert_ended(statements, run, end).map(drop)
        })
    }

    /// The latest due time of a job from `first` to `last` that another host has a row for.
    pub fn latest_due_of_others(
        &self,
        job: &str,
        host: &str,
        first: Timestamp,
        last: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let latest = self.session.with(READING, |statements| {
            statements.query_first(
                "SELECT max(due_at) FROM runs
                 WHERE job = $1 AND due_at >= $2 AND due_at <= $3 AND host <> $4",
                &[job.into(), (&first.to_string()).into(), (&last.to_string()).into(), host.into()],
                |row| row.get::<Option<String>>(0),
            )
        })?;
        Ok(latest.flatten().and_then(|at| Timestamp::parse(&at)))
    }

    /// Records due times that have no run, as runs that were skipped. What has a run already
    /// keeps it; tells which had none.
    pub fn record_left_out(&self, left_out: &[LeftOut], host: &str) -> Result<Vec<bool>> {
        self.session.transaction("cannot record skipped due times", |statements| {
            let mut recorded = Vec::with_capacity(left_out.len());
            for left_out in left_out {
                let run = Started {
                    run_id: left_out.run_id,
                    job: Arc::clone(&left_out.job),
                    trigger: Trigger::Daemon,
                    due_at: Some(left_out.due_at),
                    started_at: left_out.noticed_at,
                    host: host.to_owned(),
                };
                let end = Finished {
                    finished_at: left_out.noticed_at,
                    outcome: Outcome::Skipped,
                    exit: Exit::Succeeded,
                    attempts: 0,
                    error: Some(left_out.why.clone()),
                    report: None,
                    output: None,
                };
                recorded.push(insert_ended(statements, &run, &end)?);
            }
            Ok(recorded)
        })
    }

    /// The time up to which the due times of `job` have had their turn, as far as its runs tell:
    /// its latest due time, or the start of its latest run by anybody. Where many hosts share the
    /// history only starts on `host` count, because the clocks of hosts are not compared.
    pub fn accounted_until(&self, job: &str, host: &str) -> Result<Option<Timestamp>> {
        let host = self.session.as_postgres().map(|_| host);
        let latest = self.session.with(READING, |statements| {
            let mut latest = statements.query(
                "SELECT max(due_at) FROM runs WHERE job = $1 AND due_at IS NOT NULL",
                &[job.into()],
                |row| row.get::<Option<String>>(0),
            )?;
            latest.extend(statements.query_first(
                "SELECT started_at FROM runs
                 WHERE job = $1 AND ($2 IS NULL OR host = $2)
                   AND (coalesce(outcome, '') NOT IN ('skipped', 'cancelled') OR attempts > 0)
                 ORDER BY started_at DESC LIMIT 1",
                &[job.into(), host.into()],
                |row| row.get::<Option<String>>(0),
            )?);
            Ok(latest)
        })?;
        Ok(latest.into_iter().flatten().filter_map(|at| Timestamp::parse(&at)).max())
    }

    /// The runs that pass the filter, newest first.
    pub fn list(&self, filter: &Filter) -> Result<Vec<Run>> {
        let since = filter.since.map(|since| since.to_string());
        self.session.with(READING, |statements| {
            statements.query(
                &format!(
                    "SELECT {COLUMNS}, report, output FROM runs
                     WHERE ($1 IS NULL OR job = $1)
                       AND ($2 IS NULL OR outcome = $2)
                       AND ($3 IS NULL OR started_at >= $3)
                     ORDER BY started_at DESC, id DESC LIMIT $4"
                ),
                &[
                    (&filter.job).into(),
                    filter.outcome.map(Outcome::name).into(),
                    (&since).into(),
                    filter.limit.into(),
                ],
                read_run,
            )
        })
    }

    /// How it last went with `job`.
    pub fn latest(&self, job: &str) -> Result<Latest> {
        self.session.with(READING, |statements| {
            let latest = |skipped: bool| {
                let is = if skipped { "IS NOT DISTINCT FROM" } else { "IS DISTINCT FROM" };
                statements.query_first(
                    &format!(
                        "SELECT {COLUMNS}, NULL, NULL FROM runs
                         WHERE job = $1 AND outcome {is} 'skipped'
                         ORDER BY started_at DESC, id DESC LIMIT 1"
                    ),
                    &[job.into()],
                    read_run,
                )
            };
            let (run, skipped) = (latest(false)?, latest(true)?);
            let skipped = skipped.filter(|skipped| {
                let order = |run: &Run| (run.started_at.clone(), run.id.clone());
                run.as_ref().is_none_or(|run| order(skipped) > order(run))
            });
            Ok(Latest { run, skipped })
        })
    }

    /// The runs whose id begins or ends with `part`, two at most.
    pub fn find(&self, part: &str) -> Result<Vec<Run>> {
        if !part.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
            return Ok(Vec::new());
        }
        self.session.with(READING, |statements| {
            statements.query(
                &format!(
                    "SELECT {COLUMNS}, report, output FROM runs
                     WHERE id LIKE $1 OR id LIKE $2 LIMIT 2"
                ),
                &[(&format!("{part}%")).into(), (&format!("%{part}")).into()],
                read_run,
            )
        })
    }

    /// How a run ended; nothing when it has not, or is not in this database.
    pub fn outcome(&self, run_id: Uuid) -> Result<Option<String>> {
        let outcomes =
            self.session.with(READING, |statements| outcomes(statements, &run_id.to_string()))?;
        Ok(outcomes.into_iter().flatten().next())
    }

    /// The newest run of `job` that has not ended.
    pub fn running(&self, job: &str) -> Result<Option<Run>> {
        self.session.with(READING, |statements| {
            statements.query_first(
                &format!(
                    "SELECT {COLUMNS}, NULL, NULL FROM runs WHERE job = $1 AND outcome IS NULL
                     ORDER BY started_at DESC LIMIT 1"
                ),
                &[job.into()],
                read_run,
            )
        })
    }

    /// When the newest run of `job` that succeeded ended, among those that did not start before
    /// `since`.
    pub fn last_success(&self, job: &str, since: Option<Timestamp>) -> Result<Option<Timestamp>> {
        let since = since.map(|since| since.to_string()).unwrap_or_default();
        let finished_at = self.session.with(READING, |statements| {
            statements.query_first(
                "SELECT finished_at FROM runs
                 WHERE job = $1 AND started_at >= $2 AND outcome = 'succeeded'
                 ORDER BY started_at DESC LIMIT 1",
                &[job.into(), (&since).into()],
                |row| row.get::<Option<String>>(0),
            )
        })?;
        Ok(finished_at.flatten().and_then(|at| Timestamp::parse(&at)))
    }

    /// How many of the newest runs of `job`, or of those up to `last`, failed without a success between
    /// them. Runs that were skipped or cancelled, or are going, count neither way.
    pub fn failures_in_a_row(&self, job: &str, last: Option<Uuid>) -> Result<u32> {
        // Of several hosts, only the fences tell which run was later.
        let (order, first) = match self.session.as_postgres() {
            Some(_) => ("fence", "0"),
            None => ("started_at", "''"),
        };
        // Ids are text of hexadecimal digits and hyphens.
        let up_to =
            |last: Uuid| format!("{order} <= (SELECT {order} FROM runs WHERE id = '{last}')");
        let counts = last.map_or_else(|| "TRUE".to_owned(), up_to);
        let failures = self.session.with(READING, |statements| {
            statements.query_first(
                &format!(
                    "SELECT count(*) FROM runs
                     WHERE job = $1 AND outcome NOT IN ('skipped', 'cancelled', 'succeeded')
                       AND {counts}
                       AND {order} > coalesce((SELECT max({order}) FROM runs
                           WHERE job = $1 AND outcome = 'succeeded' AND {counts}), {first})"
                ),
                &[job.into()],
                |row| row.count(0),
            )
        })?;
        Ok(failures.unwrap_or_default())
    }
}

/// The row of a run that had ended when it was recorded, unless its due time has one. Tells
/// whether it was recorded.
fn insert_ended(statements: &Statements<'_>, run: &Started, end: &Finished) -> Fallible<bool> {
    let inserted = statements.execute(
        "INSERT INTO runs (id, job, trigger, due_at, started_at, finished_at, outcome, exit_code,
             host, pid, version, error)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (job, due_at) WHERE due_at IS NOT NULL DO NOTHING",
        &[
            (&run.run_id.to_string()).into(),
            (&*run.job).into(),
            run.trigger.name().into(),
            (&run.due_at.map(|due| due.to_string())).into(),
            (&run.started_at.to_string()).into(),
            (&end.finished_at.to_string()).into(),
            end.outcome.name().into(),
            end.exit.code().into(),
            (&run.host).into(),
            std::process::id().into(),
            env!("CARGO_PKG_VERSION").into(),
            (&end.error).into(),
        ],
    )?;
    Ok(inserted > 0)
}

/// The outcome of a run, if it is there.
fn outcomes(statements: &Statements<'_>, run_id: &str) -> Fallible<Vec<Option<String>>> {
    statements.query("SELECT outcome FROM runs WHERE id = $1", &[run_id.into()], |row| row.get(0))
}

fn read_run(row: &Row<'_>) -> Fallible<Run> {
    Ok(Run {
        id: row.get(0)?,
        job: row.get(1)?,
        trigger: row.get(2)?,
        due_at: row.get(3)?,
        started_at: row.get(4)?,
        finished_at: row.get(5)?,
        outcome: row.get(6)?,
        exit_code: row.get::<Option<i64>>(7)?.and_then(|code| code.try_into().ok()),
        attempts: row.count(8)?,
        host: row.get(9)?,
        pid: row.count(10)?,
        version: row.get(11)?,
        error: row.get(12)?,
        report: row.get(13)?,
        output: row.get(14)?,
    })
}

#[cfg(test)]
mod tests;
