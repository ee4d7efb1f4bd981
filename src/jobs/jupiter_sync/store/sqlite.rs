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
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::batch::{Batch, Consumer, Entry, MintKey};
use super::tally::Tally;
use super::{MIGRATIONS, StoreOptions};
use crate::clock::Clock;
use crate::database::{Checkpointer, Sqlite, let_others_write};
use crate::error::Result;
use crate::job;

/// Memory for pages of the database: the index of 100,000 mints fits into it.
const CACHE_KIBIBYTES: i64 = -8192;

/// Rows that are changed before the write-ahead log is moved into the database: few, so that little is
/// left for the end.
const CHANGES_TO_MOVE_MIN: usize = 8192;

/// One for so many rows that are stored: the larger the table, the more pages of its index do they
/// touch.
const STORED_PER_CHANGE_TO_MOVE: usize = 8;

/// Fewer while an empty table is filled, whose transactions end for it: the disk has its turn while the
/// rows of a short list still come.
const CHANGES_TO_MOVE_FIRST: usize = 2048;

/// And one for so many: then each of those transactions, which write all of the index anew, doubles the
/// table.
const STORED_PER_CHANGE_TO_MOVE_FIRST: usize = 2;

/// With more than this in the log, the writer waits for a disk that is slower.
const CHANGES_TO_MOVE_MAX: usize = 32_768;

/// Pages in the write-ahead log, 128 MiB, before the writer moves them itself: where there is no
/// thread that does it.
const CHECKPOINT_PAGES: i64 = 16_384;

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
const TRANSACTION_TIME_MAX: Duration = Duration::from_millis(200);

/// How long a transaction waits for the next batch that it has room for, with the write lock held: each
/// transaction writes the pages of the index anew.
const NEXT_BATCH_PATIENCE: Duration = Duration::from_millis(50);

/// Transactions follow one another at once for this long. Then others have a turn.
const TURN_TIME_MAX: Duration = Duration::from_secs(2);

/// Rows between two looks at the clock and at the cancellation.
const ROWS_BETWEEN_LOOKS: usize = 1024;

/// The `tokens` table during one run. All methods block.
pub struct SqliteStore {
    database: Sqlite,
    connection: Connection,
    options: StoreOptions,
    clock: Clock,
    /// The run's.
    cancellation: CancellationToken,
    /// RFC 3339: when this run began. What it writes carries this time.
    now: String,
    /// The greatest row number before this run.
    rows_before: i64,
    /// The table was empty, and whatever came so far was new: looking it up first is not worth it.
    expects_new: bool,
    pub(super) tally: Tally,
    /// There since many rows were changed.
    checkpointer: Option<Checkpointer>,
    /// [`Connection::total_changes`] at the last request to it.
    changes_asked: u64,
    /// And at the last one that it took.
    changes_moved: u64,
    /// Rows in `pending_tags`.
    pending_tags: RoaringTreemap,
}

/// A batch on its way into the table.
#[derive(Default)]
struct Work {
    batch: Batch,
    /// For each entry, the row that its mint is known to have; empty where none was looked up.
    rows: Vec<Option<i64>>,
    /// How many entries are done with.
    done: usize,
    /// The newest row, and its mint: that may come again.
    inserted: Option<(MintKey, i64)>,
}

impl Work {
    fn next(&self) -> Option<&Entry> {
        self.batch.entries().get(self.done)
    }

    /// The row that the next entry's mint is known to have.
    fn known_row(&self) -> Option<i64> {
        let looked_up = self.rows.get(self.done).copied().flatten();
        looked_up.or_else(|| {
            let mint = self.next()?.mint;
            self.inserted.filter(|(inserted, _)| *inserted == mint).map(|(_, row)| row)
        })
    }

    fn is_done(&self) -> bool {
        self.done == self.batch.entries().len()
    }
}

impl SqliteStore {
    pub fn open(
        database: &Sqlite,
        clock: &Clock,
        cancellation: CancellationToken,
        options: StoreOptions,
    ) -> Result<Self> {
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
            cancellation,
            now: clock.now().to_string(),
            rows_before,
            expects_new: rows_before == 0 && !options.dry_run,
            tally: Tally::default(),
            checkpointer: None,
            changes_asked: 0,
            changes_moved: 0,
            pending_tags: RoaringTreemap::new(),
        })
    }

    /// Stores what comes through the queue, to its end.
    pub fn consume(&mut self, queue: &Consumer) -> Result<()> {
        queue.note_stored(self.rows_stored());
        let mut turn_ends = self.clock.monotonic() + TURN_TIME_MAX;
        while let Some(batch) = queue.take() {
            let mut work = self.look_at(batch)?;
            if self.changes_nothing(&work) {
                for row in work.rows.into_iter().flatten() {
                    self.tally.meet(row);
                }
            } else {
                while !work.is_done() && !self.cancellation.is_cancelled() {
                    self.in_transaction(|store| store.write(&mut work, queue))?;
                    self.move_log();
                    if !self.options.dry_run && self.clock.monotonic() >= turn_ends {
                        let_others_write();
                        turn_ends = self.clock.monotonic() + TURN_TIME_MAX;
                    }
                }
            }
            if self.cancellation.is_cancelled() {
                return Err(job::cancelled());
            }
        }
        Ok(())
    }

    /// Looks up what is stored of a batch already.
    fn look_at(&self, batch: Batch) -> Result<Work> {
        let rows = if self.expects_new {
            Vec::new()
        } else {
            self.look_up(batch.entries()).map_err(self.database.error("cannot look tokens up"))?
        };
        Ok(Work { batch, rows, ..Work::default() })
    }

    /// Whether a batch brings only what was stored before this run and is not to be touched.
    fn changes_nothing(&self, work: &Work) -> bool {
        !self.options.update
            && work.rows.len() == work.batch.entries().len()
            && work
                .batch
                .entries()
                .iter()
                .zip(&work.rows)
                .all(|(entry, row)| entry.is_token() && row.is_some_and(|row| !self.is_own(row)))
    }

    fn is_own(&self, row: i64) -> bool {
        row > self.rows_before && self.tally.is_own(row)
    }

    /// About how many rows there are.
    fn rows_stored(&self) -> usize {
        let inserted: u64 = self.tally.lists().iter().map(|list| list.inserted).sum();
        self.rows_before.max(0) as usize + inserted as usize
    }

    /// Writes a batch, for as long as a transaction may take; and while nothing has to be looked up,
    /// those that follow it soon.
    fn write(&mut self, work: &mut Work, queue: &Consumer) -> Result<()> {
        let ends = self.clock.monotonic() + TRANSACTION_TIME_MAX;
        let mut room = queue.rows_max().saturating_sub(work.batch.entries().len());
        loop {
            self.write_some(work, ends)?;
            queue.note_stored(self.rows_stored());
            let left = ends.saturating_duration_since(self.clock.monotonic());
            if !work.is_done() || !self.expects_new || left.is_zero() || self.is_worth_moving() {
                return Ok(());
            }
            // One batch in memory is enough.
            *work = Work::default();
            let batch = queue.take_soon(room, left.min(NEXT_BATCH_PATIENCE));
            let Some(batch) = batch else { return Ok(()) };
            *work = self.look_at(batch)?;
            room = room.saturating_sub(work.batch.entries().len());
        }
    }

    /// Writes the rest of a batch, until `ends` at the latest.
    fn write_some(&mut self, work: &mut Work, ends: Instant) -> Result<()> {
        let mut scratch = Vec::new();
        loop {
            let row = match work.known_row() {
                Some(row) => Some(row),
                None => self.insert_new(work, ends, &mut scratch)?,
            };
            let (Some(row), Some(entry)) = (row, work.next()) else { return Ok(()) };
            if entry.is_token() {
                self.refresh(row, &work.batch, entry, &mut scratch)?;
            } else {
                self.tally.sight(row);
            }
            work.done += 1;
            if self.is_late(work, ends) {
                return Ok(());
            }
        }
    }

    /// Whether it is later than `ends`; the clock is looked at now and then.
    fn is_late(&self, work: &Work, ends: Instant) -> bool {
        work.done.is_multiple_of(ROWS_BETWEEN_LOOKS) && self.clock.monotonic() >= ends
    }

    /// Inserts the new tokens that come next in a batch. Returns the row of the entry after them, which
    /// has one; nothing at the end of the batch, or once it is later than `ends`.
    fn insert_new(
        &mut self,
        work: &mut Work,
        ends: Instant,
        scratch: &mut Vec<u8>,
    ) -> Result<Option<i64>> {
        let inserting = || self.database.error("cannot insert tokens");
        // In a dry run the numbers of the temporary table go on where those of the real one end.
        let first_of_dry_run =
            self.options.dry_run && self.tally.lists().iter().all(|list| list.inserted == 0);
        let mut id = first_of_dry_run.then_some(self.rows_before + 1);
        let mut statement = self.connection.prepare_cached(INSERT).map_err(inserting())?;
        while let Some(entry) = work.next() {
            if let Some(row) = work.known_row() {
                return Ok(Some(row));
            }
            if entry.is_token() {
                let token = work.batch.row(entry, scratch)?;
                let changed = statement
                    .execute((
                        id.take(),
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
                if changed == 0 {
                    // Another program has inserted it meanwhile, or it was not looked up.
                    self.expects_new = false;
                    return self.row_of(entry).map(Some);
                }
                let row = self.connection.last_insert_rowid();
                self.tally.insert(row);
                work.inserted = Some((entry.mint, row));
            }
            work.done += 1;
            if self.is_late(work, ends) {
                break;
            }
        }
        Ok(None)
    }

    /// The row of a token that is stored.
    fn row_of(&self, entry: &Entry) -> Result<i64> {
        self.connection
            .prepare_cached("SELECT id FROM tokens WHERE mint = ?1")
            .and_then(|mut statement| statement.query_row([entry.mint()], |row| row.get(0)))
            .map_err(self.database.error("cannot look a token up"))
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

    /// Whether there is enough in the log to have it moved.
    fn is_worth_moving(&self) -> bool {
        let stored = self.rows_stored();
        let enough = if self.expects_new {
            (stored / STORED_PER_CHANGE_TO_MOVE_FIRST).max(CHANGES_TO_MOVE_FIRST)
        } else {
            (stored / STORED_PER_CHANGE_TO_MOVE).max(CHANGES_TO_MOVE_MIN)
        };
        let changes = self.connection.total_changes() - self.changes_asked;
        !self.options.dry_run && changes as usize >= enough.min(CHANGES_TO_MOVE_MAX)
    }

    /// Has what was written moved to its final place, once that is worth it.
    fn move_log(&mut self) {
        if !self.is_worth_moving() {
            return;
        }
        self.changes_asked = self.connection.total_changes();
        let start = || Checkpointer::start(&self.database);
        if !self.checkpointer.get_or_insert_with(start).request() {
            let unmoved = self.changes_asked - self.changes_moved;
            if (unmoved as usize) < CHANGES_TO_MOVE_MAX {
                return;
            }
            // Waiting lets the log begin anew instead of growing.
            self.checkpointer = None;
        }
        self.changes_moved = self.changes_asked;
    }

    /// Moves what was written to its final place on the disk.
    pub fn flush(&mut self) -> Result<()> {
        if self.options.dry_run || self.connection.total_changes() == 0 {
            return Ok(());
        }
        drop(self.checkpointer.take());
        let moved = self.database.checkpoint(&self.connection);
        moved.map_err(self.database.error("cannot flush tokens"))
    }

    /// Does `work` in a transaction. What it wrote before an error stays and counts, unless SQLite
    /// has rolled it back.
    fn in_transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let begun = if self.options.dry_run {
            // It has no use for the lock, which writers would wait for.
            self.connection.execute_batch("BEGIN")
        } else {
            let is_cancelled = || self.cancellation.is_cancelled();
            self.database.begin_to_write(&self.connection, is_cancelled)
        };
        if begun.is_err() && self.cancellation.is_cancelled() {
            return Err(job::cancelled());
        }
        begun.map_err(self.database.error("cannot begin to write"))?;
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
