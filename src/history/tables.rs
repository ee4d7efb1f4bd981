//! The tables of the history.

use crate::database::Migrations;

pub const MIGRATIONS: Migrations = Migrations {
    owner: "history",
    sqlite: &["CREATE TABLE runs (
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
    // `fence` is the number of the lease that the run was started under. `leases` has a row per
    // job, whose name is the job's, and one per run that may go beside others, whose name is the
    // run's; `owner` is the run, `lapsed` the one before it where that did not give the lease back.
    // Nothing that a heartbeat changes is in an index.
    postgres: &["CREATE TABLE IF NOT EXISTS runs (
             id TEXT PRIMARY KEY,
             job TEXT NOT NULL,
             trigger TEXT NOT NULL,
             due_at TEXT,
             started_at TEXT NOT NULL,
             finished_at TEXT,
             outcome TEXT,
             exit_code BIGINT,
             attempts BIGINT NOT NULL DEFAULT 0,
             host TEXT NOT NULL,
             pid BIGINT NOT NULL,
             version TEXT NOT NULL,
             error TEXT,
             report TEXT,
             output TEXT,
             fence BIGINT
         );
         CREATE UNIQUE INDEX IF NOT EXISTS runs_claim ON runs (job, due_at)
             WHERE due_at IS NOT NULL;
         CREATE INDEX IF NOT EXISTS runs_by_job ON runs (job, started_at);
         CREATE INDEX IF NOT EXISTS runs_going ON runs (job) WHERE outcome IS NULL;
         CREATE TABLE IF NOT EXISTS leases (
             name TEXT PRIMARY KEY,
             job TEXT NOT NULL,
             owner TEXT,
             lapsed TEXT,
             host TEXT,
             fence BIGINT NOT NULL,
             expires_at TIMESTAMPTZ NOT NULL
         );
         CREATE INDEX IF NOT EXISTS leases_by_job ON leases (job);"],
};
