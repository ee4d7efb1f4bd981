//! `--update`: refreshing stored tokens, and judging which of them vanished.
//!
//! Tags are set at the end of the run, for what one list lacks another may give. Until then those
//! that are to change stand in a temporary table.

use roaring::RoaringTreemap;
use rusqlite::{CachedStatement, OptionalExtension};

use super::super::super::element::{Token, union_of_tags};
use super::super::{judge_vanished, warn_of_decimals};
use super::SqliteStore;
use crate::error::Result;

/// What a stored row has, and whether its metadata is other than that of ?2 to ?12.
const COMPARE: &str = "SELECT tags, delisted_at IS NOT NULL, decimals,
         name IS NOT ?2 OR symbol IS NOT ?3 OR icon IS NOT ?4 OR token_program IS NOT ?5
         OR is_verified IS NOT ?6 OR created_at IS NOT ?7 OR website IS NOT ?8
         OR twitter IS NOT ?9 OR launchpad IS NOT ?10 OR mint_authority IS NOT ?11
         OR freeze_authority IS NOT ?12
     FROM main.tokens WHERE id = ?1";

const REFRESH: &str = "UPDATE tokens SET name = ?2, symbol = ?3, icon = ?4, token_program = ?5,
         is_verified = ?6, created_at = ?7, website = ?8, twitter = ?9, launchpad = ?10,
         mint_authority = ?11, freeze_authority = ?12, updated_at = ?13
     WHERE id = ?1";

/// Tags that rows stored before this run are to have once it is over: what one list lacks
/// another may give.
pub(super) const CREATE_PENDING_TAGS: &str =
    "CREATE TEMP TABLE pending_tags (id INTEGER PRIMARY KEY, tags TEXT NOT NULL, list INTEGER)";

impl SqliteStore {
    /// Adds the tags of another list to a row that this run inserted.
    pub(super) fn merge_tags(&self, row: i64, token: &Token<'_>) -> rusqlite::Result<()> {
        let tags: String = self
            .connection
            .prepare_cached("SELECT tags FROM tokens WHERE id = ?1")?
            .query_row([row], |row| row.get(0))?;
        if tags != token.tags {
            self.connection
                .prepare_cached("UPDATE tokens SET tags = ?2 WHERE id = ?1")?
                .execute((row, union_of_tags(&tags, &token.tags)))?;
        }
        Ok(())
    }

    /// Compares a row from before this run with its token: `--update`.
    pub(super) fn compare(&mut self, row: i64, token: &Token<'_>) -> rusqlite::Result<()> {
        let (tags, delisted, decimals, changed): (String, bool, u8, bool) = {
            let mut statement = self.connection.prepare_cached(COMPARE)?;
            bind_metadata(&mut statement, row, token)?;
            let mut found = statement.raw_query();
            let Some(found) = found.next()? else { return Ok(()) };
            (found.get(0)?, found.get(1)?, found.get(2)?, found.get(3)?)
        };
        warn_of_decimals(&token.mint, decimals, token.decimals);
        if changed {
            let mut statement = self.connection.prepare_cached(REFRESH)?;
            bind_metadata(&mut statement, row, token)?;
            statement.raw_bind_parameter(13, &self.now)?;
            statement.raw_execute()?;
            self.tally.update(row, self.tally.list());
        }
        if delisted {
            self.connection
                .prepare_cached(
                    "UPDATE tokens SET delisted_at = NULL, updated_at = ?2 WHERE id = ?1",
                )?
                .execute((row, &self.now))?;
            self.tally.counts().relisted += 1;
        }
        self.set_pending_tags(row, &tags, &token.tags)
    }

    /// Adds the tags of another list to those that a row from before this run is to have.
    pub(super) fn merge_pending_tags(
        &mut self,
        row: i64,
        token: &Token<'_>,
    ) -> rusqlite::Result<()> {
        let stored: String = self
            .connection
            .prepare_cached("SELECT tags FROM main.tokens WHERE id = ?1")?
            .query_row([row], |row| row.get(0))?;
        let pending: Option<String> = self
            .connection
            .prepare_cached("SELECT tags FROM pending_tags WHERE id = ?1")?
            .query_row([row], |row| row.get(0))
            .optional()?;
        let tags = union_of_tags(pending.as_deref().unwrap_or(&stored), &token.tags);
        self.set_pending_tags(row, &stored, &tags)
    }

    fn set_pending_tags(&mut self, row: i64, stored: &str, tags: &str) -> rusqlite::Result<()> {
        if stored != tags {
            let list = self.tally.list() as i64;
            self.connection
                .prepare_cached("INSERT OR REPLACE INTO pending_tags VALUES (?1, ?2, ?3)")?
                .execute((row, tags, list))?;
            self.pending_tags.insert(row as u64);
        } else if self.pending_tags.remove(row as u64) {
            self.connection
                .prepare_cached("DELETE FROM pending_tags WHERE id = ?1")?
                .execute([row])?;
        }
        Ok(())
    }

    pub fn finish_update(&mut self, all_whole: bool, delisted_percent_max: u8) -> Result<u64> {
        self.tally.end_list();
        self.in_transaction(|store| {
            let applied = store.apply_pending_tags(all_whole);
            applied.map_err(store.database.error("cannot update tags"))
        })?;
        if !all_whole {
            return Ok(0);
        }
        let (vanished, stored) =
            self.vanished().map_err(self.database.error("cannot look for vanished tokens"))?;
        judge_vanished(vanished.len(), stored, delisted_percent_max)?;
        self.in_transaction(|store| {
            let marked = store.mark_delisted(&vanished);
            marked.map_err(store.database.error("cannot mark vanished tokens"))
        })?;
        Ok(vanished.len())
    }

    fn apply_pending_tags(&mut self, all_whole: bool) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(
            "SELECT id, pending_tags.tags, main.tokens.tags, list
             FROM pending_tags JOIN main.tokens USING (id)",
        )?;
        let mut pending = statement.query(())?;
        while let Some(found) = pending.next()? {
            let (row, mut tags, stored): (i64, String, String) =
                (found.get(0)?, found.get(1)?, found.get(2)?);
            if !all_whole {
                tags = union_of_tags(&stored, &tags);
            }
            if tags == stored {
                continue;
            }
            self.connection
                .prepare_cached("UPDATE tokens SET tags = ?2, updated_at = ?3 WHERE id = ?1")?
                .execute((row, &tags, &self.now))?;
            self.tally.update(row, found.get::<_, i64>(3)? as usize);
        }
        Ok(())
    }

    /// The rows from before this run that no list had, and how many there are in all; delisted
    /// ones left out.
    fn vanished(&self) -> rusqlite::Result<(RoaringTreemap, u64)> {
        let mut statement = self.connection.prepare(
            "SELECT id FROM main.tokens WHERE delisted_at IS NULL AND id <= ?1 ORDER BY id",
        )?;
        let mut found = statement.query([self.rows_before])?;
        let mut vanished = RoaringTreemap::new();
        let mut stored = 0;
        while let Some(row) = found.next()? {
            let row: i64 = row.get(0)?;
            stored += 1;
            if self.tally.is_vanished(row) {
                vanished.insert(row as u64);
            }
        }
        Ok((vanished, stored))
    }

    fn mark_delisted(&self, rows: &RoaringTreemap) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare("UPDATE tokens SET delisted_at = ?2, updated_at = ?2 WHERE id = ?1")?;
        for row in rows {
            statement.execute((row as i64, &self.now))?;
        }
        Ok(())
    }
}

/// Binds ?1 to ?12 of [`COMPARE`] and [`REFRESH`].
fn bind_metadata(
    statement: &mut CachedStatement<'_>,
    row: i64,
    token: &Token<'_>,
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(1, row)?;
    statement.raw_bind_parameter(2, &token.name)?;
    statement.raw_bind_parameter(3, &token.symbol)?;
    statement.raw_bind_parameter(4, &token.icon)?;
    statement.raw_bind_parameter(5, &token.token_program)?;
    statement.raw_bind_parameter(6, token.is_verified)?;
    statement.raw_bind_parameter(7, &token.created_at)?;
    statement.raw_bind_parameter(8, &token.website)?;
    statement.raw_bind_parameter(9, &token.twitter)?;
    statement.raw_bind_parameter(10, &token.launchpad)?;
    statement.raw_bind_parameter(11, &token.mint_authority)?;
    statement.raw_bind_parameter(12, &token.freeze_authority)
}
