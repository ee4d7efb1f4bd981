//! Leases: who may run a job, where many hosts share the history.
//!
//! A run has a lease from its start to its end: a row with the run as its owner, a *fence* (each
//! lease of a job has a greater number than the one before), and an expiry by the database's
//! clock, which the run's process moves on by heartbeats. Claim and lease are one statement, and so
//! one round trip: it takes the job's lease if that is free or over, and records the start. `(job,
//! due_at)` is unique, so of all the hosts that try the same due time one succeeds. Who takes a
//! lease that another run let lapse marks that one lost.
//!
//! Whoever writes for a run does so only while the lease is the run's. A process that slept through
//! its expiry finds at its next heartbeat that the lease is another's, or that its run was marked
//! lost. One that cannot reach the database goes on: nobody else can, as far as it knows, and
//! should another have taken over, the fence keeps out what it writes later.
//!
//! The clocks of hosts are never compared: expiry is the database's business alone.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::task::JoinHandle;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_util::sync::CancellationToken;

use super::{Finished, Start, Started, Terms};
use crate::clock::millis;
use crate::database::{Fence, Postgres, execute, query, query_one};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::outcome::Outcome;

/// Heartbeats within the time that a lease lasts: two may be lost.
const HEARTBEATS_PER_LEASE: u32 = 3;

/// Takes the lease of the job, unless somebody has it, one that may go beside others included.
/// `lapsed` is the run that has not given it back.
const TAKE: &str = "INSERT INTO leases AS lease (name, job, owner, host, fence, expires_at)
    SELECT $2, $2, $1, $6, 1, now() + $9 * interval '1 millisecond'
    WHERE NOT EXISTS (SELECT 1 FROM runs WHERE job = $2 AND due_at = $4)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, lapsed = lease.owner,
        host = excluded.host, fence = lease.fence + 1, expires_at = excluded.expires_at
    WHERE (lease.owner IS NULL OR lease.expires_at <= now())
      AND NOT EXISTS (SELECT 1 FROM leases AS beside
          WHERE beside.job = $2 AND beside.name <> $2 AND beside.expires_at > now())
    RETURNING fence, lapsed";

/// Takes a lease beside others, unless somebody has that of the job alone. Its number is drawn from
/// the job's before, in a statement of its own: no statement of ours changes a table twice.
const TAKE_SHARED: &str = "INSERT INTO leases (name, job, owner, host, fence, expires_at)
    SELECT $1, $2, $1, $6, $10, now() + $9 * interval '1 millisecond'
    WHERE $10 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM leases AS alone
        WHERE alone.name = $2 AND alone.owner IS NOT NULL AND alone.expires_at > now())
    RETURNING fence, lapsed";
const DRAW_NUMBER: &str = "INSERT INTO leases AS lease (name, job, fence, expires_at)
    SELECT $1, $1, 1, now()
    WHERE NOT EXISTS (SELECT 1 FROM runs WHERE job = $1 AND due_at = $2)
    ON CONFLICT (name) DO UPDATE SET fence = lease.fence + 1, lapsed = lease.owner, owner = NULL
    WHERE lease.owner IS NULL OR lease.expires_at <= now()
    RETURNING fence";

const MARK_LOST: &str = "UPDATE runs SET outcome = 'lost', finished_at = $2,
        error = 'its host did not renew its lease'
    WHERE id = $1 AND outcome IS NULL";

const START: &str = "INSERT INTO runs (id, job, trigger, due_at, started_at, host, pid, version,
        fence)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, fence FROM taken
    RETURNING fence";

const ANSWER: &str = "SELECT (SELECT fence FROM started),
    EXISTS (SELECT 1 FROM runs WHERE job = $2 AND due_at = $4 AND id <> $1),
    (SELECT lapsed FROM taken)";

/// What has become of a claim that was not granted, or whose answer was lost on the way.
const LOOK: &str = "SELECT (SELECT fence FROM leases WHERE owner = $1 AND job = $2
        AND EXISTS (SELECT 1 FROM runs WHERE id = $1 AND outcome IS NULL)),
    EXISTS (SELECT 1 FROM runs WHERE job = $2 AND due_at = $3),
    (SELECT lapsed FROM leases WHERE owner = $1 AND job = $2)";

/// That of a run that is stuck too, whose job is to stay occupied until its task has ended.
const RENEW: &str = "UPDATE leases SET expires_at = now() + $4 * interval '1 millisecond'
    WHERE name = $1 AND owner = $2 AND fence = $3
      AND EXISTS (SELECT 1 FROM runs WHERE id = $2 AND (outcome IS NULL OR outcome = 'stuck'))";

const GIVE_BACK: &str = "UPDATE leases SET owner = NULL, expires_at = now()
    WHERE name = $1 AND owner = $2 AND fence = $3 RETURNING name";
const GIVE_BACK_SHARED: &str =
    "DELETE FROM leases WHERE name = $1 AND owner = $2 AND fence = $3 RETURNING name";

/// For a run that is stuck: it keeps its lease.
const KEEP: &str =
    "SELECT name FROM leases WHERE name = $1 AND owner = $2 AND fence = $3 FOR UPDATE";

const END: &str = "UPDATE runs SET finished_at = $4, outcome = $5, exit_code = $6, attempts = $7,
        error = $8, report = $9, output = $10
    WHERE id = $2 AND outcome IS NULL AND EXISTS (SELECT 1 FROM given_back)
    RETURNING id";

const ENDED_LIKE_THIS: &str =
    "SELECT 1 FROM runs WHERE id = $1 AND outcome = $2 AND finished_at = $3";

/// The lease of a run whose process is proved dead.
pub(super) const RELEASE_OF_DEAD: &str =
    "UPDATE leases SET owner = NULL, expires_at = now() WHERE owner = $1";

pub(super) const SWEEP_RUNS: &str = "UPDATE runs SET outcome = 'lost', finished_at = $1,
        error = 'its host did not renew its lease'
    WHERE outcome IS NULL AND NOT EXISTS (SELECT 1 FROM leases
        WHERE leases.owner = runs.id AND leases.expires_at > now())";

pub(super) const SWEEP_LEASES: &str =
    "DELETE FROM leases WHERE name <> job AND expires_at <= now()";

/// Claims the run's due time and takes a lease.
///
/// Blocks. It may be tried again with the same run when it is not known how it went.
pub(super) fn claim(postgres: &Postgres, run: &Started, terms: &Terms) -> Result<Start> {
    let take = if terms.shared { TAKE_SHARED } else { TAKE };
    let statement = format!("WITH taken AS ({take}), started AS ({START}) {ANSWER}");
    let (id, due_at) = (run.run_id.to_string(), run.due_at.map(|due| due.to_string()));
    let (job, started_at) = (&*run.job, run.started_at.to_string());
    let number = match terms.shared {
        true => draw_number(postgres, job, &due_at)?,
        false => None,
    };
    let values = [
        (&id).into(),
        job.into(),
        run.trigger.name().into(),
        (&due_at).into(),
        (&started_at).into(),
        (&run.host).into(),
        std::process::id().into(),
        env!("CARGO_PKG_VERSION").into(),
        (millis(terms.lease) as i64).into(),
        number.into(),
    ];
    let claimed: (Option<i64>, bool, Option<String>) = postgres.wait(async {
        let failed = postgres.error("cannot record the start of the run");
        let client = postgres.pooled().await?;
        let read = |row: Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        let answer = query_one(&client, &statement, &values).await.and_then(read);
        match answer {
            Ok((None, false, _)) => {}
            // Another was faster with this due time, after this statement had begun to look.
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {}
            answer => return answer.map_err(failed),
        }
        let values = [(&id).into(), job.into(), (&due_at).into()];
        query_one(&client, LOOK, &values).await.and_then(read).map_err(failed)
    })??;
    let (fence, has_run, lapsed) = claimed;
    if let Some(lapsed) = lapsed
        && let Err(error) = mark_lost(postgres, &lapsed, &started_at)
    {
        // The next reader does it.
        tracing::warn!(run_id = lapsed, error = error.chain(), "cannot mark a lost run");
    }
    Ok(match fence {
        Some(number) => Start::Recorded(Some(Fence {
            name: if terms.shared { id.into() } else { Arc::clone(&run.job) },
            owner: run.run_id,
            number,
        })),
        None if has_run => Start::HasRun,
        None => Start::Running,
    })
}

fn draw_number(postgres: &Postgres, job: &str, due_at: &Option<String>) -> Result<Option<i64>> {
    postgres.wait(async {
        let client = postgres.pooled().await?;
        let rows = query(&client, DRAW_NUMBER, &[job.into(), due_at.into()]).await;
        rows.and_then(|rows| rows.first().map(|row| row.try_get(0)).transpose())
            .map_err(postgres.error("cannot record the start of the run"))
    })?
}

fn mark_lost(postgres: &Postgres, run_id: &str, noticed_at: &str) -> Result<()> {
    postgres.wait(async {
        let client = postgres.pooled().await?;
        let marked = execute(&client, MARK_LOST, &[run_id.into(), noticed_at.into()]).await;
        marked.map(drop).map_err(postgres.error("cannot mark a lost run"))
    })?
}

/// Records how a run ended and gives its lease back, unless it is stuck, in one statement; false,
/// and nothing written, when the lease is not the run's any more.
///
/// Blocks. It may be tried again when it is not known how it went.
pub(super) fn finish(postgres: &Postgres, fence: &Fence, end: &Finished) -> Result<bool> {
    let owner = fence.owner.to_string();
    let given_back = match end.outcome {
        Outcome::Stuck => KEEP,
        _ => give_back(fence),
    };
    let statement =
        format!("WITH given_back AS ({given_back}), ended AS ({END}) SELECT count(*) FROM ended");
    let (finished_at, outcome) = (end.finished_at.to_string(), end.outcome.name());
    let values = [
        (&*fence.name).into(),
        (&owner).into(),
        fence.number.into(),
        (&finished_at).into(),
        outcome.into(),
        end.exit.code().into(),
        end.attempts.into(),
        (&end.error).into(),
        end.report.as_deref().map(RawValue::get).into(),
        (&end.output).into(),
    ];
    postgres.wait(async {
        let failed = postgres.error("cannot record the end of the run");
        let client = postgres.pooled().await?;
        let ended = query_one(&client, &statement, &values).await;
        let ended: i64 = ended.and_then(|row| row.try_get(0)).map_err(&failed)?;
        if ended > 0 {
            return Ok(true);
        }
        // An earlier try may have done it, whose answer was lost on the way.
        let values = [(&owner).into(), outcome.into(), (&finished_at).into()];
        let rows = query(&client, ENDED_LIKE_THIS, &values).await.map_err(&failed)?;
        Ok(!rows.is_empty())
    })?
}

fn give_back(fence: &Fence) -> &'static str {
    if *fence.name == *fence.owner.to_string() { GIVE_BACK_SHARED } else { GIVE_BACK }
}

/// The lease of a run, kept by heartbeats until it is dropped.
#[derive(Debug)]
pub struct Lease {
    pub fence: Fence,
    /// Fires when the lease turns out to be lost.
    pub lost: CancellationToken,
    postgres: Postgres,
    heartbeats: JoinHandle<()>,
}

impl Lease {
    /// Keeps a lease that was just taken for `duration`.
    pub fn keep(postgres: &Postgres, fence: Fence, duration: Duration) -> Result<Self> {
        let lost = CancellationToken::new();
        let heart = Heart {
            postgres: postgres.clone(),
            fence: fence.clone(),
            duration,
            lost: lost.clone(),
        };
        let heartbeats = postgres.handle()?.spawn(heart.beat());
        Ok(Self { fence, lost, postgres: postgres.clone(), heartbeats })
    }

    /// Gives it back, where the end of the run did not: that of one that was stuck. It lapses by
    /// itself where that cannot be.
    ///
    /// Blocks.
    pub fn give_back(self) {
        let owner = self.fence.owner.to_string();
        let values = [(&*self.fence.name).into(), (&owner).into(), self.fence.number.into()];
        let given_back = self.postgres.wait(async {
            let client = self.postgres.pooled().await?;
            let done = execute(&client, give_back(&self.fence), &values).await;
            done.map_err(self.postgres.error("cannot give a lease back"))
        });
        if let Err(error) = given_back.and_then(|done| done) {
            tracing::warn!(error = error.chain(), "a lease lapses by itself");
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heartbeats.abort();
    }
}

/// Renews a lease for as long as it can.
struct Heart {
    postgres: Postgres,
    fence: Fence,
    duration: Duration,
    lost: CancellationToken,
}

impl Heart {
    async fn beat(self) {
        let mut beat = tokio::time::interval(self.duration / HEARTBEATS_PER_LEASE);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The first one is at once, and the lease was just taken.
        beat.tick().await;
        loop {
            beat.tick().await;
            let limit = self.duration / HEARTBEATS_PER_LEASE;
            let renewed = tokio::time::timeout(limit, self.renew()).await;
            match renewed.unwrap_or_else(|_| Err(self.no_answer())) {
                Ok(true) => {}
                Ok(false) => {
                    // The run says so, unless it has just ended.
                    tracing::debug!(lease = &*self.fence.name, run_id = %self.fence.owner, "the lease is lost");
                    return self.lost.cancel();
                }
                Err(error) => tracing::warn!(
                    lease = &*self.fence.name,
                    run_id = %self.fence.owner,
                    error = error.chain(),
                    "cannot renew the lease; the run goes on"
                ),
            }
        }
    }

    /// So that the next heartbeat is on another connection.
    fn no_answer(&self) -> Error {
        self.postgres.drop_idle();
        Error::new(Exit::Unavailable, format!("database {} does not answer", self.postgres.label()))
    }

    async fn renew(&self) -> Result<bool> {
        let owner = self.fence.owner.to_string();
        let values = [
            (&*self.fence.name).into(),
            (&owner).into(),
            self.fence.number.into(),
            (millis(self.duration) as i64).into(),
        ];
        let client = self.postgres.pooled().await?;
        let renewed = execute(&client, RENEW, &values).await;
        Ok(renewed.map_err(self.postgres.error("cannot renew a lease"))? > 0)
    }
}

#[cfg(test)]
mod tests;
