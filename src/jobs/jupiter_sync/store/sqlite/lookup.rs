//! Which tokens of a batch are stored already, and where.

use std::cmp::Ordering;

use rusqlite::{Connection, OptionalExtension};

use super::super::super::batch::Entry;
use super::SqliteStore;

/// A sorted batch is looked up by walking the index beside it, as long as the index has at most
/// this many entries per entry of the batch; by one search each beyond that.
const WALK_ENTRIES_PER_KEY: usize = 8;

impl SqliteStore {
    /// The rows of the entries' mints, where they have one. To be called outside of a transaction.
    pub(super) fn look_up(&self, entries: &[Entry]) -> rusqlite::Result<Vec<Option<i64>>> {
        // Without one, each search takes the file's locks and gives them back.
        let snapshot = self.connection.unchecked_transaction()?;
        let mut rows = if self.rows_stored() <= WALK_ENTRIES_PER_KEY * entries.len() {
            walk(&self.connection, entries)?
        } else {
            search(&self.connection, "main", entries, vec![None; entries.len()])?
        };
        if self.options.dry_run {
            rows = search(&self.connection, "temp", entries, rows)?;
        }
        snapshot.commit()?;
        Ok(rows)
    }
}

/// Finds the rows of sorted entries by walking along the index of mints.
pub(super) fn walk(
    connection: &Connection,
    entries: &[Entry],
) -> rusqlite::Result<Vec<Option<i64>>> {
    let mut rows = vec![None; entries.len()];
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(rows) };
    let mut statement = connection.prepare_cached(
        "SELECT mint, id FROM main.tokens WHERE mint BETWEEN ?1 AND ?2 ORDER BY mint",
    )?;
    let mut stored = statement.query((first.mint(), last.mint()))?;
    let mut position = 0;
    while let Some(found) = stored.next()? {
        let mint = found.get_ref(0)?.as_bytes()?;
        while let Some(entry) = entries.get(position) {
            match entry.mint().as_bytes().cmp(mint) {
                Ordering::Less => position += 1,
                Ordering::Equal => {
                    rows[position] = Some(found.get(1)?);
                    position += 1;
                }
                Ordering::Greater => break,
            }
        }
        if position == entries.len() {
            break;
        }
    }
    Ok(rows)
}

/// Finds the rows that `known` lacks by a search each, in the table of the schema named.
pub(super) fn search(
    connection: &Connection,
    schema: &str,
    entries: &[Entry],
    known: Vec<Option<i64>>,
) -> rusqlite::Result<Vec<Option<i64>>> {
    let query = format!("SELECT id FROM {schema}.tokens WHERE mint = ?1");
    let mut statement = connection.prepare_cached(&query)?;
    let search_one = |(entry, row): (&Entry, Option<i64>)| match row {
        Some(row) => Ok(Some(row)),
        None => statement.query_row([entry.mint()], |row| row.get(0)).optional(),
    };
    entries.iter().zip(known).map(search_one).collect()
}
