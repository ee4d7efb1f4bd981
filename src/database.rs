//! The database of an installation: an SQLite file, or PostgreSQL for many hosts.
//!
//! Two engines, one language: the history and its neighbours say their statements once, in SQL that
//! both take, through a [`Session`]. What only one of them can do goes to that one: bulk work of
//! jobs, leases across hosts.
//!
//! # Format
//!
//! `schema_versions(owner, version)` counts, per owner (the history, each job with tables of its
//! own), how many of the owner's migrations were applied. Migrations are only ever appended, so
//! a greater number than ours means that a newer punctual was here: we stop and touch nothing.

mod fence;
mod postgres;
mod session;
mod sqlite;
mod value;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::exit::Exit;

pub use fence::Fence;
#[cfg(test)]
pub use postgres::fixtures::Server;
pub use postgres::{IDLE_LIMIT, MissingRight, Postgres, PostgresUrl, Protection, Standing};
pub use session::{Fallible, Row, Session, Statements};
pub use sqlite::{Checkpointer, Inspection, Sqlite, create_private_directory, let_others_write};
pub use value::{execute, query, query_one};

/// The tables of one owner, as SQL steps that are only ever appended. Those of PostgreSQL can be
/// done again where they were done in part.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// `history`, or a job's name.
    pub owner: &'static str,
    pub sqlite: &'static [&'static str],
    pub postgres: &'static [&'static str],
}

impl Migrations {
    /// The tables that the steps for PostgreSQL make.
    pub fn postgres_tables(&self) -> impl Iterator<Item = &'static str> {
        let table = |statement: &'static str| {
            let rest = statement.trim_start().strip_prefix("CREATE TABLE ")?;
            rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest).split_whitespace().next()
        };
        self.postgres.iter().flat_map(|step| step.split(';')).filter_map(table)
    }
}

/// Where runs and tokens are stored. Cheap to clone; connects when needed.
#[derive(Clone, Debug)]
pub enum Database {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Database {
    /// An SQLite file. `busy_timeout` is how long a statement waits for another process's
    /// transaction.
    pub fn file(path: PathBuf, busy_timeout: Duration) -> Self {
        Self::Sqlite(Sqlite::new(path, busy_timeout))
    }

    /// Connects, with the tables of `migrations.owner` brought up to date.
    ///
    /// Blocks.
    pub fn session(&self, migrations: &Migrations) -> Result<Session> {
        match self {
            Self::Sqlite(sqlite) => {
                let connection = sqlite.connect(migrations)?;
                Ok(Session::of_sqlite(sqlite.clone(), connection))
            }
            Self::Postgres(postgres) => {
                postgres.migrate(migrations)?;
                Ok(Session::of_postgres(postgres.clone()))
            }
        }
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(sqlite) => Some(sqlite.path()),
            Self::Postgres(_) => None,
        }
    }

    /// The engine that many hosts share, where it is that.
    pub fn as_postgres(&self) -> Option<&Postgres> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(postgres) => Some(postgres),
        }
    }
}

/// The error of a database that a newer program has changed. `what` of it is newer.
fn newer_than_program(database: &dyn std::fmt::Display, what: &str) -> Error {
    let message = format!("database {database}: {what} is newer than this program");
    Error::new(Exit::Configuration, message)
        .hint("upgrade punctual, or name another with --database")
}

#[cfg(test)]
pub use postgres::fixtures::shared_database as shared_postgres;
