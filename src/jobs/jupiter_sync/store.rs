//! The `tokens` table: filtering what is stored already, inserting the rest.
//!
//! # How a token is recognised
//!
//! Every token that a run meets has a row in the end, so the run remembers rows, not mints: a
//! compressed bitmap of row numbers costs a bit or two per token, where a set of mints would cost
//! memory without bound. Those that it inserted are told from those that another program inserted
//! meanwhile by a bitmap of their own. [`tally`] holds these bitmaps, whatever the database.

#[cfg(test)]
mod fixtures;
mod postgres;
mod sqlite;
mod tally;

use tokio_util::sync::CancellationToken;

use self::postgres::PostgresStore;
use self::sqlite::SqliteStore;
use super::batch::Consumer;
use super::report::Counts;
use crate::clock::Clock;
use crate::database::{Database, Fence, Migrations};
use crate::error::{Error, Result};
use crate::exit::Exit;

pub const MIGRATIONS: Migrations = Migrations {
    owner: "jupiter-sync",
    sqlite: &[sqlite::CREATE_TOKENS],
    postgres: &[postgres::CREATE_TOKENS],
};

/// What a store is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    pub update: bool,
    pub dry_run: bool,
}

/// The `tokens` table during one run. All methods block.
pub enum Store {
    Sqlite(Box<SqliteStore>),
    Postgres(Box<PostgresStore>),
}

impl Store {
    /// `fence` is that of the run, where many hosts share the database, and `cancellation` the run's.
    pub fn open(
        database: &Database,
        fence: Option<Fence>,
        clock: &Clock,
        cancellation: CancellationToken,
        options: StoreOptions,
    ) -> Result<Self> {
        Ok(match database {
            Database::Sqlite(sqlite) => {
                Self::Sqlite(Box::new(SqliteStore::open(sqlite, clock, cancellation, options)?))
            }
            Database::Postgres(postgres) => {
                let store = PostgresStore::open(postgres, fence, clock, cancellation, options)?;
                Self::Postgres(Box::new(store))
            }
        })
    }

    /// The next list begins.
    pub fn begin_list(&mut self) {
        match self {
            Self::Sqlite(store) => store.tally.begin_list(),
            Self::Postgres(store) => store.tally.begin_list(),
        }
    }

    /// Another attempt at the present list begins: what the last one met will come again.
    pub fn begin_attempt(&mut self) {
        match self {
            Self::Sqlite(store) => store.tally.begin_attempt(),
            Self::Postgres(store) => store.tally.begin_attempt(),
        }
    }

    /// The counts of each list, in the order in which they were begun.
    pub fn lists(&self) -> &[Counts] {
        match self {
            Self::Sqlite(store) => store.tally.lists(),
            Self::Postgres(store) => store.tally.lists(),
        }
    }

    /// Stores what comes through the queue, to its end.
    pub fn consume(&mut self, queue: &Consumer) -> Result<()> {
        match self {
            Self::Sqlite(store) => store.consume(queue),
            Self::Postgres(store) => store.consume(queue),
        }
    }

    /// Ends an `--update`: sets the tags that changed, and marks the tokens that vanished.
    /// Returns how many did. `all_whole` says that every list was fetched to its end; without
    /// that no tag is taken away and nothing is judged vanished.
    pub fn finish_update(&mut self, all_whole: bool, delisted_percent_max: u8) -> Result<u64> {
        match self {
            Self::Sqlite(store) => store.finish_update(all_whole, delisted_percent_max),
            Self::Postgres(store) => store.finish_update(all_whole, delisted_percent_max),
        }
    }

    /// Moves what was written to its final place on the disk.
    pub fn flush(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(store) => store.flush(),
            // What a server has committed is on its disk.
            Self::Postgres(_) => Ok(()),
        }
    }
}

/// The error where so many tokens vanished that the source is to be doubted; nothing otherwise.
fn judge_vanished(vanished: u64, stored: u64, percent_max: u8) -> Result<()> {
    if vanished * 100 <= stored * u64::from(percent_max) {
        return Ok(());
    }
    Err(Error::new(
        Exit::Failed,
        format!(
            "{vanished} of {stored} stored tokens vanished from the source, more than --max-delisted {percent_max} percent; none was marked"
        ),
    )
    .hint("look at the source; if that is right, run it once with a higher --max-delisted"))
}

fn warn_of_decimals(mint: &str, stored: impl Into<i16>, source: impl Into<i16>) {
    let (stored, source) = (stored.into(), source.into());
    if stored != source {
        tracing::warn!(
            mint,
            stored,
            source,
            "the decimals differ from the stored ones, which stay"
        );
    }
}

#[cfg(test)]
mod tests;
