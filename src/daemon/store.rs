//! What outlives a daemon, in the table `daemon_jobs`: since when a daemon knows a job, so that
//! the due times it missed since then can be told, and whether the job is paused.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension};

use super::DaemonJob;
use super::scheduler::JobPast;
use crate::clock::{Clock, Timestamp};
use crate::database::{Database, Migrations};
use crate::error::Result;
use crate::history::SharedHistory;

pub const MIGRATIONS: Migrations = Migrations {
    owner: "daemon",
    steps: &["CREATE TABLE daemon_jobs (
             job TEXT PRIMARY KEY NOT NULL,
             seen_at TEXT NOT NULL,
             paused_at TEXT
         ) WITHOUT ROWID;"],
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
    /// unless it is paused: when it comes back it has missed nothing.
    pub fn with_past(
        &self,
        jobs: Vec<DaemonJob>,
        history: &SharedHistory,
        clock: &Clock,
    ) -> Result<Vec<(DaemonJob, JobPast)>> {
        let failed = || self.database.error("cannot read what the daemon left");
        let history = history.get(|_| Ok(()))?;
        let mut connection = self.database.connect(&MIGRATIONS)?;
        let transaction = connection.transaction().map_err(failed())?;
        forget_others(&transaction, &jobs).map_err(failed())?;
        let now = clock.now();
        let mut known = Vec::with_capacity(jobs.len());
        for job in jobs {
            let row = transaction
                .prepare_cached("SELECT seen_at, paused_at FROM daemon_jobs WHERE job = ?1")
                .and_then(|mut select| {
                    select
                        .query_row([&**job.name()], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()
                });
            let row: Option<(String, Option<String>)> = row.map_err(failed())?;
            let past = match row {
                Some((seen_at, paused_at)) => JobPast {
                    accounted_until: Timestamp::parse(&seen_at)
                        .max(history.accounted_until(job.name())?),
                    paused: paused_at.is_some(),
                },
                None => {
                    transaction
                        .prepare_cached("INSERT INTO daemon_jobs (job, seen_at) VALUES (?1, ?2)")
                        .and_then(|mut insert| insert.execute((&**job.name(), now.to_string())))
                        .map_err(failed())?;
                    JobPast::default()
                }
            };
            known.push((job, past));
        }
        transaction.commit().map_err(failed())?;
        Ok(known)
    }

    /// Remembers since when a job is paused, or that it is not.
    pub fn set_paused(&self, job: &str, paused_at: Option<Timestamp>) -> Result<()> {
        let connection = self.database.connect(&MIGRATIONS)?;
        connection
            .execute(
                "UPDATE daemon_jobs SET paused_at = ?2 WHERE job = ?1",
                (job, paused_at.map(|at| at.to_string())),
            )
            .map_err(self.database.error("cannot remember that a job is paused"))?;
        Ok(())
    }
}

fn forget_others(connection: &Connection, jobs: &[DaemonJob]) -> rusqlite::Result<()> {
    let kept: HashSet<&str> = jobs.iter().map(|job| &**job.name()).collect();
    let mut select =
        connection.prepare_cached("SELECT job FROM daemon_jobs WHERE paused_at IS NULL")?;
    let names = select.query_map([], |row| row.get::<_, String>(0))?;
    let names = names.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM daemon_jobs WHERE job = ?1")?;
    for name in names.iter().filter(|name| !kept.contains(name.as_str())) {
        delete.execute([name])?;
    }
    Ok(())
}
