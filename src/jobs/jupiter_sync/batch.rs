//! Tokens on their way from the parser to the store: batches whose rows spill to disk.
//!
//! Large batches make SQLite fast, because a sorted batch touches each page of the index once.
//! They would also cost memory by the row, so a batch keeps only its keys in memory: rows are
//! encoded into a buffer, and the buffer goes to an unlinked temporary file when it is full.

mod row;

use std::fs::File;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::element::Token;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// The memory of a batch, 4.5 MiB: its entries, and the rows that are not in the file.
const BATCH_BYTES: usize = 4608 << 10;

/// The rows have this much of it at least, however many entries there are.
const BUFFER_BYTES_MIN: usize = 2 << 20;

/// An idle store takes what there is once it is this many rows: few, for in a short list the store
/// has nothing to do until then.
const ROWS_WORTH_TAKING_FIRST: usize = 512;

/// Later, once it is one in this many of those that were taken: the longer the list, the more pages
/// of the index does a batch touch.
const TAKEN_PER_ROW_WORTH_TAKING: usize = 8;

/// Or once it has waited this long for more.
const PATIENCE: Duration = Duration::from_millis(200);

/// While a table has fewer rows than this, its index is in memory whatever the order in which it
/// fills, and a batch is full with few rows: more would only go through the file.
const ROWS_OF_SMALL_TABLE: usize = 100_000;

/// The rows of a full batch until then: encoded, they fit into the buffer, and it takes longer to parse
/// them than the store is busy with the end of a transaction.
const ROWS_FULL_FIRST: usize = 8192;

/// Of the rows beyond a small table, a batch may have one for this many: each page of the index that
/// has to be read is then changed several times.
const STORED_PER_ROW_OF_FULL: usize = 3;

/// The bytes of a mint, padded with zeros: base58 of 32 bytes has 32 to 44 characters.
pub type MintKey = [u8; 44];

/// One element of a batch. There are many of them: small, so that they stay in memory.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub mint: MintKey,
    /// How long its encoded row is; nothing for an element that was malformed but has a mint.
    row_bytes: Option<NonZeroU32>,
    /// Where that row is.
    row_offset: u64,
}

impl Entry {
    pub fn mint(&self) -> &str {
        mint_text(&self.mint)
    }

    pub fn is_token(&self) -> bool {
        self.row_bytes.is_some()
    }

    /// Sorts by mint, and by arrival within a mint. Its first bytes are looked at first, which nearly
    /// always tells, and takes less time than to compare all of them.
    fn order(&self) -> (u64, &MintKey, u64) {
        let first = self.mint.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        (first, &self.mint, self.row_offset)
    }
}

/// The mint without its padding.
fn mint_text(key: &MintKey) -> &str {
    let padding = key.iter().rev().take_while(|byte| **byte == 0).count();
    let length = key.len() - padding;
    // Only ASCII is ever put in.
    std::str::from_utf8(&key[..length]).unwrap_or_default()
}

fn mint_key(mint: &str) -> MintKey {
    let mut key = [0; 44];
    key[..mint.len()].copy_from_slice(mint.as_bytes());
    key
}

/// Elements of one list, to be stored together.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
    /// The rows that are not in the file yet.
    buffer: Vec<u8>,
    /// How large it may grow before they go there.
    buffer_bytes: usize,
    file: Option<File>,
    file_bytes: u64,
    scratch_dir: PathBuf,
}

impl Batch {
    fn new(rows_max: usize, scratch_dir: &Path) -> Self {
        let entries_bytes = rows_max.saturating_mul(size_of::<Entry>());
        let capacity = BATCH_BYTES.saturating_sub(entries_bytes).max(BUFFER_BYTES_MIN);
        Self {
            // All of it at once, with room for the row that fills the buffer: growing would copy
            // them again and again, and leave the smaller ones behind.
            entries: Vec::with_capacity(rows_max),
            buffer: Vec::with_capacity(capacity),
            buffer_bytes: capacity - capacity / 8,
            scratch_dir: scratch_dir.to_owned(),
            ..Self::default()
        }
    }

    fn push(&mut self, token: &Token<'_>) -> Result<()> {
        let before = self.buffer.len();
        row::encode(token, &mut self.buffer);
        self.entries.push(Entry {
            mint: mint_key(&token.mint),
            row_bytes: NonZeroU32::new((self.buffer.len() - before) as u32),
            row_offset: self.file_bytes + before as u64,
        });
        if self.buffer.len() >= self.buffer_bytes { self.spill() } else { Ok(()) }
    }

    fn push_sighting(&mut self, mint: &str) {
        self.entries.push(Entry { mint: mint_key(mint), row_bytes: None, row_offset: u64::MAX });
    }

    /// Moves the buffer's rows to the end of the file.
    fn spill(&mut self) -> Result<()> {
        let failed = |error| {
            let place = self.scratch_dir.display();
            Error::io(format!("cannot write a temporary file in {place}"), error)
        };
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile_in(&self.scratch_dir).map_err(failed)?,
        };
        file.write_all_at(&self.buffer, self.file_bytes).map_err(failed)?;
        self.file = Some(file);
        self.file_bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Sorts the entries by mint, those of one mint in the order in which they came.
    fn sort(&mut self) {
        self.entries.sort_unstable_by(|one, other| one.order().cmp(&other.order()));
    }

    /// Sorted by mint in what a [`Consumer`] gives.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The row of an entry, decoded; `scratch` lends it the room.
    pub fn row<'a>(&'a self, entry: &'a Entry, scratch: &'a mut Vec<u8>) -> Result<Token<'a>> {
        let missing = || Error::new(Exit::Bug, "a row is not in its batch");
        let bytes = entry.row_bytes.ok_or_else(missing)?.get() as usize;
        let encoded: &[u8] = match (&self.file, entry.row_offset.checked_sub(self.file_bytes)) {
            (_, Some(offset)) => {
                let offset = offset as usize;
                self.buffer.get(offset..offset + bytes).ok_or_else(missing)?
            }
            (Some(file), None) => {
                scratch.resize(bytes, 0);
                file.read_exact_at(scratch, entry.row_offset)
                    .map_err(|error| Error::io("cannot read a temporary file", error))?;
                scratch
            }
            (None, None) => return Err(missing()),
        };
        row::decode(entry.mint(), encoded)
            .ok_or_else(|| Error::new(Exit::Bug, "cannot decode a row"))
    }
}

/// What decides how many rows a batch may have.
#[derive(Clone, Copy, Debug)]
pub struct BatchSizes {
    /// Rows that are in the index, to which those of the batches come.
    pub rows_stored: usize,
    /// Never more than this.
    pub rows_max: usize,
}

impl BatchSizes {
    /// The rows of a full batch.
    fn full(self) -> usize {
        let beyond = self.rows_stored.saturating_sub(ROWS_OF_SMALL_TABLE);
        (beyond / STORED_PER_ROW_OF_FULL).max(ROWS_FULL_FIRST).min(self.rows_max)
    }

    /// So many from the beginning.
    #[cfg(test)]
    pub fn up_to(rows_max: usize) -> Self {
        Self { rows_stored: 1 << 40, rows_max }
    }
}

/// The two ends of a queue of batches, which the parser fills and the store empties. While the
/// store works on one batch the next one fills, so batches grow as large as the store is slow.
///
/// Temporary files go into `scratch_dir`.
pub fn batch_queue(sizes: BatchSizes, scratch_dir: &Path) -> (Producer, Consumer) {
    let state = State {
        filling: Batch::new(sizes.full(), scratch_dir),
        rows_worth_taking: ROWS_WORTH_TAKING_FIRST,
        sizes,
        rows_full: sizes.full(),
        rows_taken: 0,
        closed: false,
        abandoned: false,
    };
    let queue = Arc::new(Queue {
        state: Mutex::new(state),
        changed: Condvar::new(),
        scratch_dir: scratch_dir.to_owned(),
    });
    (Producer(Arc::clone(&queue)), Consumer(queue))
}

/// The parser's end. Dropping it says that no more will come.
pub struct Producer(Arc<Queue>);

/// The store's end. Dropping it says that no more will be taken.
pub struct Consumer(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    /// Signalled when the store may take and when the parser may go on.
    changed: Condvar,
    scratch_dir: PathBuf,
}

struct State {
    filling: Batch,
    rows_worth_taking: usize,
    /// As the store has them, for the next batch.
    sizes: BatchSizes,
    /// Those of the batch that is filling, once it is full.
    rows_full: usize,
    rows_taken: usize,
    /// The parser has ended: what is there is the last batch.
    closed: bool,
    /// The store has ended: nobody will take what comes.
    abandoned: bool,
}

impl State {
    /// Whether an idle store is to take what there is.
    fn is_ready(&self) -> bool {
        let rows = self.filling.entries.len();
        rows >= self.rows_worth_taking.min(self.rows_full) || (self.closed && rows > 0)
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the batch that is filling, and begins the next one.
    fn take_from(&self, mut state: MutexGuard<'_, State>) -> Batch {
        state.rows_taken += state.filling.entries.len();
        state.rows_worth_taking =
            (state.rows_taken / TAKEN_PER_ROW_WORTH_TAKING).max(ROWS_WORTH_TAKING_FIRST);
        state.rows_full = state.sizes.full();
        let next = Batch::new(state.rows_full, &self.scratch_dir);
        let mut batch = std::mem::replace(&mut state.filling, next);
        drop(state);
        self.changed.notify_all();
        batch.sort();
        batch
    }
}

impl Producer {
    /// Adds a token; waits while the batch is full. False when nobody wants it any more.
    pub fn push(&self, token: &Token<'_>) -> Result<bool> {
        self.add(|batch| batch.push(token))
    }

    /// Adds the mint of an element that cannot be stored.
    pub fn push_sighting(&self, mint: &str) -> Result<bool> {
        self.add(|batch| {
            batch.push_sighting(mint);
            Ok(())
        })
    }

    fn add(&self, add: impl FnOnce(&mut Batch) -> Result<()>) -> Result<bool> {
        let Self(queue) = self;
        let mut state = queue
            .changed
            .wait_while(queue.lock(), |state| {
                state.filling.entries.len() >= state.rows_full && !state.abandoned
            })
            .unwrap_or_else(PoisonError::into_inner);
        if state.abandoned {
            return Ok(false);
        }
        add(&mut state.filling)?;
        let rows = state.filling.entries.len();
        if rows == state.rows_worth_taking || rows == state.rows_full {
            queue.changed.notify_all();
        }
        Ok(true)
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Consumer {
    /// Takes the next batch, as soon as that is worth it; nothing after the last one.
    pub fn take(&self) -> Option<Batch> {
        let Self(queue) = self;
        let mut state = queue.lock();
        loop {
            let (woken, _) = queue
                .changed
                .wait_timeout_while(state, PATIENCE, |state| !state.is_ready() && !state.closed)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if !state.filling.entries.is_empty() {
                return Some(queue.take_from(state));
            }
            if state.closed {
                return None;
            }
        }
    }

    /// Takes the next batch if that is worth it within `patience`, and has at most so many rows.
    pub fn take_soon(&self, rows_max: usize, patience: Duration) -> Option<Batch> {
        let Self(queue) = self;
        let fits = |state: &State| state.filling.entries.len() <= rows_max;
        let (state, _) = queue
            .changed
            .wait_timeout_while(queue.lock(), patience, |state| {
                fits(state) && !state.is_ready() && !state.closed
            })
            .unwrap_or_else(PoisonError::into_inner);
        (state.is_ready() && fits(&state)).then(|| queue.take_from(state))
    }

    /// Says how many rows are stored by now, for the batches that are still to begin.
    pub fn note_stored(&self, rows: usize) {
        self.0.lock().sizes.rows_stored = rows;
    }

    /// The rows that a batch may ever have.
    pub fn rows_max(&self) -> usize {
        self.0.lock().sizes.rows_max
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.0.lock().abandoned = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
