//! `--update`: refreshing stored tokens, and judging which of them vanished; and merging the tags
//! of several lists.
//!
//! Tags of stored tokens are set at the end of the run, for what one list lacks another may give.
//! Until then those that are to change stand in a temporary table.

use std::pin::pin;

use futures_util::TryStreamExt;
use roaring::RoaringTreemap;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::super::super::element::union_of_tags;
use super::super::{judge_vanished, warn_of_decimals};
use super::{ANSWER_MAX, Parameters, PostgresStore};
use crate::error::Result;

/// Tags that rows stored before this run are to have once it is over.
pub(super) const CREATE_PENDING_TAGS: &str = "CREATE TEMP TABLE pending_tags (
    mint TEXT PRIMARY KEY,
    tags TEXT NOT NULL,
    list BIGINT NOT NULL
)";

/// Whether the metadata of a row is other than that of its staged token.
const IS_CHANGED: &str = "(tokens.name, tokens.symbol, tokens.icon, tokens.token_program,
         tokens.is_verified, tokens.created_at, tokens.website, tokens.twitter, tokens.launchpad,
         tokens.mint_authority, tokens.freeze_authority)
     IS DISTINCT FROM (staged.name, staged.symbol, staged.icon, staged.token_program,
         staged.is_verified, staged.created_at, staged.website, staged.twitter, staged.launchpad,
         staged.mint_authority, staged.freeze_authority)";

const REFRESH: &str = "UPDATE tokens SET name = staged.name, symbol = staged.symbol,
         icon = staged.icon, token_program = staged.token_program,
         is_verified = staged.is_verified, created_at = staged.created_at,
         website = staged.website, twitter = staged.twitter, launchpad = staged.launchpad,
         mint_authority = staged.mint_authority, freeze_authority = staged.freeze_authority,
         updated_at = $2
     FROM staged WHERE tokens.mint = staged.mint AND tokens.mint = ANY($1)";

const LOCK: &str = "SELECT 1 FROM tokens WHERE mint = ANY($1) ORDER BY mint FOR UPDATE";

const RELIST: &str = "UPDATE tokens SET delisted_at = NULL, updated_at = $2 WHERE mint = ANY($1)";

const MERGE_TAGS: &str = "UPDATE tokens SET tags = given.tags
     FROM unnest($1, $2) AS given (mint, tags) WHERE tokens.mint = given.mint";

const UPDATE_TAGS: &str = "UPDATE tokens SET tags = given.tags, updated_at = $3
     FROM unnest($1, $2) AS given (mint, tags) WHERE tokens.mint = given.mint";

const SET_PENDING: &str = "INSERT INTO pending_tags (mint, tags, list)
     SELECT mint, tags, $3 FROM unnest($1, $2) AS given (mint, tags)
     ON CONFLICT (mint) DO UPDATE SET tags = excluded.tags, list = excluded.list";

const FORGET_PENDING: &str = "DELETE FROM pending_tags WHERE mint = ANY($1)";

/// Rows from before this run.
const LISTED: &str = "SELECT id FROM tokens WHERE delisted_at IS NULL AND id <= $1";

const MARK_DELISTED: &str = "UPDATE tokens SET delisted_at = $2, updated_at = $2
     WHERE id = ANY($1) AND delisted_at IS NULL";

/// Pending tags that are set in one transaction.
const TAGS_TOGETHER: usize = 10_000;

/// Vanished tokens that are marked in one transaction. Each takes a look at the whole table.
const MARKS_TOGETHER: usize = 100_000;

/// What comparing staged tokens with their rows led to.
#[derive(Default)]
pub(super) struct Changes {
    /// Rows whose metadata was refreshed.
    pub updated: Vec<i64>,
    pub relisted: u64,
}

/// A staged token and its row, where they differ or where tags are pending.
struct Difference {
    row: i64,
    mint: String,
    stored_tags: String,
    tags: String,
    pending_tags: Option<String>,
    is_delisted: bool,
    stored_decimals: i16,
    decimals: i16,
    is_changed: bool,
}

/// Mints, and the tags that each is to have.
#[derive(Default)]
struct TagsByMint {
    mints: Vec<String>,
    tags: Vec<String>,
}

impl TagsByMint {
    fn push(&mut self, mint: String, tags: String) {
        self.mints.push(mint);
        self.tags.push(tags);
    }
}

impl PostgresStore {
    /// Brings rows that were there already in line with what is staged: the tags of those that
    /// this run inserted, and, where that is asked for, those from before it.
    pub(super) async fn refresh(&self) -> Result<Changes> {
        let mut changes = Changes::default();
        let (mut changed, mut delisted, mut settled) = (Vec::new(), Vec::new(), Vec::new());
        let (mut merged, mut pending) = (TagsByMint::default(), TagsByMint::default());
        let comparing = || self.postgres.error("cannot compare tokens");
        let none: [(&str, Type); 0] = [];
        let found =
            self.client.query_typed_raw(&compare_staged(), none).await.map_err(comparing())?;
        let mut found = pin!(found);
        while let Some(row) = found.try_next().await.map_err(comparing())? {
            let found = Difference::of(&row).map_err(comparing())?;
            if self.tally.is_own(found.row) {
                let tags = union_of_tags(&found.stored_tags, &found.tags);
                if tags != found.stored_tags {
                    merged.push(found.mint, tags);
                }
                continue;
            }
            if !self.options.update {
                continue;
            }
            let tags = if self.tally.is_first(found.row) {
                warn_of_decimals(&found.mint, found.stored_decimals, found.decimals);
                if found.is_changed {
                    changed.push(found.mint.clone());
                    changes.updated.push(found.row);
                }
                if found.is_delisted {
                    delisted.push(found.mint.clone());
                    changes.relisted += 1;
                }
                found.tags
            } else {
                let known = found.pending_tags.as_ref().unwrap_or(&found.stored_tags);
                union_of_tags(known, &found.tags)
            };
            if tags != found.stored_tags {
                pending.push(found.mint, tags);
            } else if found.pending_tags.is_some() {
                settled.push(found.mint);
            }
        }
        let changing = [&changed, &delisted, &merged.mints].into_iter().flatten();
        self.lock(changing.map(String::as_str).collect()).await?;
        self.change_mints(REFRESH, changed).await?;
        self.change_mints(RELIST, delisted).await?;
        self.merge_tags(merged).await?;
        self.set_pending_tags(pending, settled).await?;
        Ok(changes)
    }

    async fn change_mints(&self, statement: &str, mints: Vec<String>) -> Result<()> {
        if mints.is_empty() || self.options.dry_run {
            return Ok(());
        }
        let parameters: Parameters<'_, 2> = [(&mints, Type::TEXT_ARRAY), (&self.now, Type::TEXT)];
        self.execute_typed(statement, &parameters, "cannot refresh tokens").await
    }

    /// Sets tags: those of rows that this run inserted, whose time of change is that anyway.
    async fn merge_tags(&self, given: TagsByMint) -> Result<()> {
        if given.mints.is_empty() || self.options.dry_run {
            return Ok(());
        }
        let parameters: Parameters<'_, 2> =
            [(&given.mints, Type::TEXT_ARRAY), (&given.tags, Type::TEXT_ARRAY)];
        self.execute_typed(MERGE_TAGS, &parameters, "cannot merge tags").await
    }

    async fn set_pending_tags(&self, given: TagsByMint, settled: Vec<String>) -> Result<()> {
        let doing = "cannot note tags";
        if !given.mints.is_empty() {
            let list = self.tally.list() as i64;
            let parameters: Parameters<'_, 3> = [
                (&given.mints, Type::TEXT_ARRAY),
                (&given.tags, Type::TEXT_ARRAY),
                (&list, Type::INT8),
            ];
            self.execute_typed(SET_PENDING, &parameters, doing).await?;
        }
        if !settled.is_empty() {
            let parameters: Parameters<'_, 1> = [(&settled, Type::TEXT_ARRAY)];
            self.execute_typed(FORGET_PENDING, &parameters, doing).await?;
        }
        Ok(())
    }

    pub fn finish_update(&mut self, all_whole: bool, delisted_percent_max: u8) -> Result<u64> {
        self.tally.end_list();
        let postgres = self.postgres.clone();
        postgres.wait_up_to(ANSWER_MAX, self.finish(all_whole, delisted_percent_max))?
    }

    async fn finish(&mut self, all_whole: bool, delisted_percent_max: u8) -> Result<u64> {
        let mut last = Some(String::new());
        while let Some(after) = last {
            let applied = self.in_transaction(async || self.apply_tags(&after, all_whole).await);
            let (updated, end) = applied.await?;
            for (row, list) in updated {
                self.tally.update(row, list);
            }
            last = end;
        }
        if !all_whole {
            return Ok(0);
        }
        let (vanished, stored) = self.vanished().await?;
        judge_vanished(vanished.len(), stored, delisted_percent_max)?;
        let mut rows = vanished.iter().map(|row| row as i64);
        loop {
            let some: Vec<i64> = rows.by_ref().take(MARKS_TOGETHER).collect();
            if some.is_empty() || self.options.dry_run {
                return Ok(vanished.len());
            }
            self.in_transaction(async || {
                let parameters: Parameters<'_, 2> =
                    [(&some, Type::INT8_ARRAY), (&self.now, Type::TEXT)];
                self.execute_typed(MARK_DELISTED, &parameters, "cannot mark vanished tokens").await
            })
            .await?;
        }
    }

    /// Sets the pending tags of some mints after this one. Returns the rows that this changed,
    /// each with its list, and the last of the mints, unless there are no more.
    async fn apply_tags(
        &self,
        after: &str,
        all_whole: bool,
    ) -> Result<(Vec<(i64, usize)>, Option<String>)> {
        let updating = || self.postgres.error("cannot update tags");
        let query = format!(
            "SELECT pending_tags.mint, pending_tags.tags, pending_tags.list, tokens.id, tokens.tags
             FROM pending_tags
                 CROSS JOIN LATERAL
                     (SELECT * FROM tokens WHERE tokens.mint = pending_tags.mint LIMIT 1) AS tokens
             WHERE pending_tags.mint > $1 ORDER BY pending_tags.mint LIMIT {TAGS_TOGETHER}"
        );
        let rows = self.client.query_typed(&query, &[(&after, Type::TEXT)]).await;
        let rows = rows.map_err(updating())?;
        let (mut given, mut updated) = (TagsByMint::default(), Vec::new());
        let mut last = None;
        for found in &rows {
            let mint: String = self.value(found, 0)?;
            let (mut tags, stored): (String, String) =
                (self.value(found, 1)?, self.value(found, 4)?);
            if !all_whole {
                tags = union_of_tags(&stored, &tags);
            }
            last = Some(mint.clone());
            if tags != stored {
                updated.push((self.value(found, 3)?, self.value::<i64>(found, 2)? as usize));
                given.push(mint, tags);
            }
        }
        if !given.mints.is_empty() && !self.options.dry_run {
            let parameters: Parameters<'_, 3> = [
                (&given.mints, Type::TEXT_ARRAY),
                (&given.tags, Type::TEXT_ARRAY),
                (&self.now, Type::TEXT),
            ];
            self.lock(given.mints.iter().map(String::as_str).collect()).await?;
            self.execute_typed(UPDATE_TAGS, &parameters, "cannot update tags").await?;
        }
        Ok((updated, last.filter(|_| rows.len() == TAGS_TOGETHER)))
    }

    /// The rows from before this run that no list had, and how many there are in all; delisted
    /// ones left out.
    async fn vanished(&self) -> Result<(RoaringTreemap, u64)> {
        let looking = || self.postgres.error("cannot look for vanished tokens");
        let before = [(self.rows_before, Type::INT8)];
        let found = self.client.query_typed_raw(LISTED, before).await.map_err(looking())?;
        let mut found = pin!(found);
        let (mut vanished, mut stored) = (RoaringTreemap::new(), 0);
        while let Some(row) = found.try_next().await.map_err(looking())? {
            let row: i64 = self.value(&row, 0)?;
            stored += 1;
            if self.tally.is_vanished(row) {
                vanished.insert(row as u64);
            }
        }
        Ok((vanished, stored))
    }

    /// Locks the rows of these mints. In the order of the mints, so that two runs at once cannot
    /// lock each other out.
    async fn lock(&self, mints: Vec<&str>) -> Result<()> {
        if mints.is_empty() || self.options.dry_run {
            return Ok(());
        }
        let parameters: Parameters<'_, 1> = [(&mints, Type::TEXT_ARRAY)];
        self.execute_typed(LOCK, &parameters, "cannot lock tokens").await
    }
}

/// The query for staged tokens that are other than their rows, or have tags pending. As when they
/// are looked up, each row is searched for.
fn compare_staged() -> String {
    format!(
        "SELECT tokens.id, staged.mint, tokens.tags, staged.tags,
             (SELECT pending_tags.tags FROM pending_tags WHERE pending_tags.mint = staged.mint),
             tokens.delisted_at IS NOT NULL, tokens.decimals, staged.decimals, {IS_CHANGED}
         FROM staged
             CROSS JOIN LATERAL
                 (SELECT * FROM tokens WHERE tokens.mint = staged.mint LIMIT 1) AS tokens
         WHERE tokens.tags <> staged.tags OR tokens.decimals <> staged.decimals
             OR tokens.delisted_at IS NOT NULL OR {IS_CHANGED}
             OR EXISTS (SELECT 1 FROM pending_tags WHERE pending_tags.mint = staged.mint)"
    )
}

impl Difference {
    fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            row: row.try_get(0)?,
            mint: row.try_get(1)?,
            stored_tags: row.try_get(2)?,
            tags: row.try_get(3)?,
            pending_tags: row.try_get(4)?,
            is_delisted: row.try_get(5)?,
            stored_decimals: row.try_get(6)?,
            decimals: row.try_get(7)?,
            is_changed: row.try_get(8)?,
        })
    }
}
