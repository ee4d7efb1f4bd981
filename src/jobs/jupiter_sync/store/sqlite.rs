//! The `tokens` table in SQLite.
//!
//! # Dry run
//!
//! A temporary table of the same name shadows the real one for every write, and the real one is
//! only read; where there is none yet, that of a temporary database takes its place. The rest of the
//! code hardly knows the difference.

mod lookup;
mod update;

use std::time::Duration;

use roaring::RoaringTreemap;
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::super::batch::{Batch, Consumer, Entry};
use super::super::element::Token;
use super::tally::Tally;
use super::{MIGRATIONS, StoreOptions};
use crate::clock::Clock;
use crate::database::{Sqlite, checkpoint};
use crate::error::Result;
use crate::job;

/// Memory for pages of the database.
const CACHE_KIBIBYTES: i64 = -8192;

/// Pages in the write-ahead log before they are moved into the database: more than SQLite's
/// 1,000, so that a page of the index that a bulk insert changes often is moved less often.
const CHECKPOINT_PAGES: i64 = 8192;

/// The mint's index is apart from the rows: that fills faster than a table without row numbers.
pub(super) const CREATE_TOKENS: &str = "CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    mint TEXT NOT NULL UNIQUE,
    name TEXT,
    symbol TEXT,
    decimals INTEGER NOT NULL,
    icon TEXT,
    token_program TEXT,
    tags TEXT NOT NULL,
    is_verified INTEGER,
    created_at TEXT,
    first_seen_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    delisted_at TEXT,
    website TEXT,
    twitter TEXT,
    launchpad TEXT,
    mint_authority TEXT,
    freeze_authority TEXT
)";

const INSERT: &str = "INSERT INTO tokens (id, mint, name, symbol, decimals, icon, token_program,
         tags, is_verified, created_at, first_seen_at, updated_at, website, twitter, launchpad,
         mint_authority, freeze_authority)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13, ?14, ?15, ?16)
     ON CONFLICT (mint) DO NOTHING";

/// A transaction ends after this long, so that other runs can record their starts and ends.
const TRANSACTION_TIME_MAX: Duration = Duration::from_millis(500);

/// Rows between two looks at the clock and at the cancellation.
const ROWS_BETWEEN_LOOKS: usize = 1024;

/// The `tokens` table during one run. All methods block.
pub struct SqliteStore {
    database: Sqlite,
    connection: Connection,
    options: StoreOptions,
    clock: Clock,
    /// RFC 3339: when this run began. What it writes carries this time.
    now: String,
    /// The greatest row number before this run.
    rows_before: i64,
    pub(super) tally: Tally,
    /// Rows in `pending_tags`.
    pending_tags: RoaringTreemap,
}

impl SqliteStore {
    pub fn open(database: &Sqlite, clock: &Clock, options: StoreOptions) -> Result<Self> {
        let database = if options.dry_run && !database.has_tables(&MIGRATIONS)? {
            database.temporary()
        } else {
            database.clone()
        };
        let connection = database.connect(&MIGRATIONS)?;
        let rows_before = prepare(&connection, options)
            .map_err(database.error("cannot prepare the tokens table"))?;
        Ok(Self {
            database,
            connection,
            options,
            clock: clock.clone(),
            now: clock.now().to_string(),
            rows_before,
            tally: Tally::default(),
            pending_tags: RoaringTreemap::new(),
        })
    }

    /// Stores what comes through the queue, to its end.
    pub fn consume(&mut self, queue: &Consumer, cancellation: &CancellationToken) -> Result<()> {
        while let Some(mut batch) = queue.take() {
            let entries = batch.sorted_entries();
            let rows =
                self.look_up(&entries).map_err(self.database.error("cannot look tokens up"))?;
            if self.changes_nothing(&entries, &rows) {
                for row in rows.into_iter().flatten() {
                    self.tally.meet(row);
                }
            } else {
                self.write(&batch, &entries, &rows, cancellation)?;
            }
            if cancellation.is_cancelled() {
                return Err(job::cancelled());
            }
        }
        Ok(())
    }

    /// Whether a batch brings only what was stored before this run and is not to be touched.
    fn changes_nothing(&self, entries: &[Entry], rows: &[Option<i64>]) -> bool {
        !self.options.update
            && entries
                .iter()
                .zip(rows)
                .all(|(entry, row)| entry.is_token() && row.is_some_and(|row| !self.is_own(row)))
    }

    fn is_own(&self, row: i64) -> bool {
        row > self.rows_before && self.tally.is_own(row)
    }

    /// Writes a batch, in transactions of bounded time.
    fn write(
        &mut self,
        batch: &Batch,
        entries: &[Entry],
        rows: &[Option<i64>],
        cancellation: &CancellationToken,
    ) -> Result<()> {
        let mut position = 0;
        while position < entries.len() && !cancellation.is_cancelled() {
            position =
                self.in_transaction(|store| store.write_some(batch, entries, rows, position))?;
        }
        Ok(())
    }

    /// Writes entries from `position` on, for as long as a transaction may take. Returns where it
    /// got to.
    fn write_some(
        &mut self,
        batch: &Batch,
        entries: &[Entry],
        rows: &[Option<i64>],
        position: usize,
    ) -> Result<usize> {
        let ends = self.clock.monotonic() + TRANSACTION_TIME_MAX;
        let mut scratch = Vec::new();
        // The row of the mint before, for one that comes twice in a batch.
        let mut inserted: Option<(&str, i64)> = None;
        for (index, entry) in entries.iter().enumerate().skip(position) {
            let mint = entry.mint();
            let row = rows[index]
                .or_else(|| inserted.filter(|(last, _)| *last == mint).map(|(_, row)| row));
            match (row, entry.is_token()) {
                (Some(row), false) => {
                    self.tally.sight(row);
                }
                (None, false) => {}
                (Some(row), true) => self.refresh(row, batch, entry, &mut scratch)?,
                (None, true) => {
                    let row = self.insert(&batch.row(entry, &mut scratch)?)?;
                    inserted = Some((mint, row));
                }
            }
            if (index + 1) % ROWS_BETWEEN_LOOKS == 0 && self.clock.monotonic() >= ends {
                return Ok(index + 1);
            }
        }
        Ok(entries.len())
    }

    /// Inserts a token; one that another program has inserted meanwhile counts as existing.
    fn insert(&mut self, token: &Token<'_>) -> Result<i64> {
        let inserting = || self.database.error("cannot insert tokens");
        // In a dry run the numbers of the temporary table go on where those of the real one end.
        let first_of_dry_run =
            self.options.dry_run && self.tally.lists().iter().all(|list| list.inserted == 0);
        let id = first_of_dry_run.then_some(self.rows_before + 1);
        let mut statement = self.connection.prepare_cached(INSERT).map_err(inserting())?;
        let changed = statement
            .execute((
                id,
                &token.mint,
                &token.name,
                &token.symbol,
                token.decimals,
                &token.icon,
                &token.token_program,
                &token.tags,
                token.is_verified,
                &token.created_at,
                &self.now,
                &token.website,
                &token.twitter,
                &token.launchpad,
                &token.mint_authority,
                &token.freeze_authority,
            ))
            .map_err(inserting())?;
        drop(statement);
        if changed > 0 {
            let row = self.connection.last_insert_rowid();
            self.tally.insert(row);
            return Ok(row);
        }
        let row = self
            .connection
            .query_row("SELECT id FROM main.tokens WHERE mint = ?1", [&token.mint], |row| {
                row.get(0)
            })
            .map_err(inserting())?;
        self.tally.meet(row);
        Ok(row)
    }

    /// A token that has a row: counts it, and brings its row up to date where that is asked for.
    fn refresh(
        &mut self,
        row: i64,
        batch: &Batch,
        entry: &Entry,
        scratch: &mut Vec<u8>,
    ) -> Result<()> {
        let first = self.tally.meet(row);
        let ours = self.is_own(row);
        if !ours && !self.options.update {
            return Ok(());
        }
        let token = batch.row(entry, scratch)?;
        let refreshed = if ours {
            self.merge_tags(row, &token)
        } else if first {
            self.compare(row, &token)
        } else {
            self.merge_pending_tags(row, &token)
        };
        refreshed.map_err(self.database.error("cannot refresh tokens"))
    }

    /// Moves what was written to its final place on the disk.
    pub fn flush(&self) -> Result<()> {
        if self.options.dry_run || self.connection.total_changes() == 0 {
            return Ok(());
        }
        checkpoint(&self.connection).map_err(self.database.error("cannot flush tokens"))
    }

    /// Does `work` in a transaction. What it wrote before an error stays and counts, unless SQLite
    /// has rolled it back.
    fn in_transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        // A dry run has no use for the lock, which writers would wait for.
        let begin = if self.options.dry_run { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.connection
            .execute_batch(begin)
            .map_err(self.database.error("cannot begin to write"))?;
        let counts_before = self.tally.lists().to_vec();
        let done = work(self);
        // After some errors, a full disk among them, SQLite has rolled back already.
        let rolled_back = self.connection.is_autocommit();
        let committed = if rolled_back { Ok(()) } else { self.connection.execute_batch("COMMIT") };
        if rolled_back || committed.is_err() {
            self.tally.restore(counts_before);
        }
        if let Err(error) = committed {
            let _ = self.connection.execute_batch("ROLLBACK");
            return Err(self.database.error("cannot commit")(error));
        }
        done
    }
}

/// Sets the connection up for bulk work, and tells the greatest row number.
fn prepare(connection: &Connection, options: StoreOptions) -> rusqlite::Result<i64> {
    connection.pragma_update(None, "cache_size", CACHE_KIBIBYTES)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "temp_store", "FILE")?;
    if options.dry_run {
        connection.execute_batch(&CREATE_TOKENS.replacen("TABLE", "TEMP TABLE", 1))?;
    }
    if options.update {
        connection.execute_batch(update::CREATE_PENDING_TAGS)?;
    }
    connection.query_row("SELECT coalesce(max(id), 0) FROM main.tokens", (), |row| row.get(0))
}

#[cfg(test)]
mod tests;
