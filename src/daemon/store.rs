//! What outlives a daemon, in the table `daemon_jobs`: since when a daemon knows a job, so that
//! the due times it missed since then can be told, and whether the job is paused.

use std::collections::{HashMap, HashSet};

use super::DaemonJob;
use super::scheduler::JobPast;
use crate::clock::{Clock, Timestamp};
use crate::database::{Database, Fallible, Migrations, Statements};
use crate::error::Result;
use crate::history::SharedHistory;

pub const MIGRATIONS: Migrations = Migrations {
    owner: "daemon",
    sqlite: &["CREATE TABLE daemon_jobs (
             job TEXT PRIMARY KEY NOT NULL,
             seen_at TEXT NOT NULL,
             paused_at TEXT
         ) WITHOUT ROWID;"],
    postgres: &["CREATE TABLE IF NOT EXISTS daemon_jobs (
             job TEXT PRIMARY KEY,
             seen_at TEXT NOT NULL,
             paused_at TEXT
         );"],
};

/// Cheap to clone. All methods block.
#[derive(Clone)]
pub struct Store {
    database: Database,
}

impl Store {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Adds to each job what earlier daemons, and runs of anybody, left about it. A job that no
    /// daemon has seen is seen from now on. One that is not among `jobs` any more is forgotten,
    /// unless it is paused, or many hosts share the database, each with jobs of its own: when it
    /// comes back it has missed nothing.
    pub fn with_past(
        &self,
        jobs: Vec<DaemonJob>,
        history: &SharedHistory,
        host: &str,
        clock: &Clock,
    ) -> Result<Vec<(DaemonJob, JobPast)>> {
        let history = history.get(|_| Ok(()))?;
        let session = self.database.session(&MIGRATIONS)?;
        let now = clock.now().to_string();
        let known = session.transaction("cannot read what the daemon left", |statements| {
            if self.database.as_postgres().is_none() {
                forget_others(statements, &jobs)?;
            }
            let known = remembered(statements)?;
            for job in jobs.iter().filter(|job| !known.contains_key(&**job.name())) {
                statements.execute(
                    "INSERT INTO daemon_jobs (job, seen_at) VALUES ($1, $2)
                     ON CONFLICT (job) DO NOTHING",
                    &[(&**job.name()).into(), (&now).into()],
                )?;
            }
            Ok(known)
        })?;
        let with_past = |job: DaemonJob| {
            let past = match known.get(&**job.name()) {
                Some((seen_at, paused)) => JobPast {
                    accounted_until: Timestamp::parse(seen_at)
                        .max(history.accounted_until(job.name(), host)?),
                    paused: *paused,
                },
                None => JobPast::default(),
            };
            Ok((job, past))
        };
        jobs.into_iter().map(with_past).collect()
    }

    /// The jobs that are paused, by anybody's wish.
    pub fn paused(&self) -> Result<HashSet<String>> {
        let session = self.database.session(&MIGRATIONS)?;
        let paused = session.with("cannot read which jobs are paused", |statements| {
            statements.query(
                "SELECT job FROM daemon_jobs WHERE paused_at IS NOT NULL",
                &[],
                |row| row.get(0),
            )
        })?;
        Ok(paused.into_iter().collect())
    }

    /// Remembers since when a job is paused, or that it is not.
    pub fn set_paused(&self, job: &str, paused_at: Option<Timestamp>) -> Result<()> {
        let session = self.database.session(&MIGRATIONS)?;
        session.with("cannot remember that a job is paused", |statements| {
            statements.execute(
                "UPDATE daemon_jobs SET paused_at = $1 WHERE job = $2",
                &[(&paused_at.map(|at| at.to_string())).into(), job.into()],
            )?;
            Ok(())
        })
    }
}

/// Since when each job is known, and whether it is paused.
fn remembered(statements: &Statements<'_>) -> Fallible<HashMap<String, (String, bool)>> {
    let rows = statements.query("SELECT job, seen_at, paused_at FROM daemon_jobs", &[], |row| {
        Ok((row.get(0)?, (row.get(1)?, row.get::<Option<String>>(2)?.is_some())))
    })?;
    Ok(rows.into_iter().collect())
}

fn forget_others(statements: &Statements<'_>, jobs: &[DaemonJob]) -> Fallible<()> {
    let kept: HashSet<&str> = jobs.iter().map(|job| &**job.name()).collect();
    let names =
        statements.query("SELECT job FROM daemon_jobs WHERE paused_at IS NULL", &[], |row| {
            row.get::<String>(0)
        })?;
    for name in names.iter().filter(|name| !kept.contains(name.as_str())) {
        statements.execute("DELETE FROM daemon_jobs WHERE job = $1", &[name.into()])?;
    }
    Ok(())
}
