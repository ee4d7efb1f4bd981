//! Deleting the runs that are past their time.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::{History, Retention, Started};
use crate::clock::Timestamp;
use crate::error::Result;

/// One in this many runs cleans up after those of its job, or more where few are kept.
const PRUNE_EVERY: u64 = 100;

/// One in this many of those looks at all jobs, which takes a look at all rows: for the jobs that are
/// gone.
const PRUNE_ALL_EVERY: u64 = 100;

/// How many runs of a job are kept for each that waits to be deleted, on average, or more.
const KEPT_PER_EXCESS: u64 = 10;

/// The row of a due time stays for this long, whatever the retention.
const CLAIM_AGE_MIN: Duration = Duration::from_secs(60 * 60);

impl History {
    /// Deletes what is past `retention`, for one run in a hundred or so. The run goes on where that
    /// cannot be.
    pub(super) fn prune_now_and_then(&self, run: &Started, retention: Retention) {
        let Some(all) = draw(run.run_id, retention.runs_max) else { return };
        let of_job = self.prune(Some(&run.job), run.started_at, retention);
        let pruned = of_job.and_then(|()| match all {
            true => self.prune(None, run.started_at, retention),
            false => Ok(()),
        });
        if let Err(error) = pruned {
            tracing::warn!(error = error.chain(), "old runs stay in the history");
        }
    }

    /// Deletes the runs of a job, or of all, that are too old, and the oldest of the job beyond the
    /// greatest number. The latest due time of a job stays, however old: it tells what has had its
    /// turn.
    pub(super) fn prune(
        &self,
        job: Option<&Arc<str>>,
        now: Timestamp,
        retention: Retention,
    ) -> Result<()> {
        let job = job.map(|job| &**job);
        // A host whose clock is behind has yet to see that the newest ones are claimed.
        let claimed_before = now.minus(CLAIM_AGE_MIN).to_string();
        // With "job = NULL OR" it would not use the index.
        let of_job = if job.is_some() { "job = $1" } else { "$1 IS NULL" };
        self.session.with("cannot delete old runs", |statements| {
            statements.execute(
                &format!(
                    "DELETE FROM runs WHERE {of_job} AND outcome IS NOT NULL AND started_at < $2
                         AND (due_at IS NULL OR due_at < (SELECT max(latest.due_at)
                             FROM runs AS latest WHERE latest.job = runs.job))"
                ),
                &[job.into(), (&now.minus(retention.age_max).to_string()).into()],
            )?;
            statements.execute(
                "DELETE FROM runs WHERE job = $1 AND outcome IS NOT NULL AND started_at <= (
                     SELECT started_at FROM runs WHERE job = $1
                     ORDER BY started_at DESC LIMIT 1 OFFSET $2)
                   AND (due_at IS NULL OR due_at < $3)",
                &[job.into(), retention.runs_max.into(), (&claimed_before).into()],
            )?;
            Ok(())
        })
    }
}

/// Whether a run is to clean up after its job where `runs_max` are kept, and if so whether after all.
fn draw(run_id: Uuid, runs_max: u32) -> Option<bool> {
    // Its lower half is random. Of jobs that take turns, every hundredth run may always be one of the
    // same job.
    let lot = run_id.as_u64_pair().1;
    let every = (u64::from(runs_max) / KEPT_PER_EXCESS).clamp(1, PRUNE_EVERY);
    lot.is_multiple_of(every).then(|| (lot / every).is_multiple_of(PRUNE_ALL_EVERY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_two_jobs_that_take_turns_cleans_up_now_and_then() {
        let mut drawn = [0, 0];
        for turn in 0..20_000 {
            drawn[turn % 2] += u32::from(draw(Uuid::now_v7(), 10_000).is_some());
        }
        // A hundred is expected of each; that far away it is not by chance.
        assert!(drawn.iter().all(|count| (30..300).contains(count)), "{drawn:?}");
        assert!((0..1000).all(|_| draw(Uuid::now_v7(), 19).is_some()), "where few are kept, each");
    }
}
