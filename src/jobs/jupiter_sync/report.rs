//! What a sync did: for people, and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use bytesize::ByteSize;
use serde::Serialize;

use crate::text;

/// Counts of tokens, and of bytes. `fetched` is the sum of `inserted`, `existing`, `malformed`
/// and `duplicates`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Elements that the source gave.
    pub fetched: u64,
    /// New ones that were stored.
    pub inserted: u64,
    /// Stored before this run.
    pub existing: u64,
    /// Stored ones whose metadata was refreshed (`--update`).
    pub updated: u64,
    /// Stored ones that vanished from the source (`--update`).
    pub delisted: u64,
    /// Delisted ones that came back (`--update`).
    pub relisted: u64,
    /// Elements that are no token.
    pub malformed: u64,
    /// Mints that had come before in this run.
    pub duplicates: u64,
    /// Bytes of the decoded bodies.
    pub bytes: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Counts) {
        self.fetched += other.fetched;
        self.inserted += other.inserted;
        self.existing += other.existing;
        self.updated += other.updated;
        self.delisted += other.delisted;
        self.relisted += other.relisted;
        self.malformed += other.malformed;
        self.duplicates += other.duplicates;
        self.bytes += other.bytes;
    }
}

/// The report of a run of `jupiter-sync`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SyncReport {
    #[serde(flatten)]
    pub total: Counts,
    /// By tag; empty when one list was read with `--from`.
    pub tags: BTreeMap<String, Counts>,
    /// Tags of the default set that the API does not know.
    pub unavailable: Vec<String>,
    /// Nothing was written (`--dry-run`).
    pub dry_run: bool,
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.dry_run {
            f.write_str("dry run, nothing was written: ")?;
        }
        write_counts(f, &self.total)?;
        if self.tags.len() > 1 || !self.unavailable.is_empty() {
            for (tag, counts) in &self.tags {
                write!(f, "\n  {}: ", text::escape(tag))?;
                write_counts(f, counts)?;
            }
            for tag in &self.unavailable {
                write!(f, "\n  {}: unavailable", text::escape(tag))?;
            }
        }
        Ok(())
    }
}

/// The main counts always, the others where they are not zero.
fn write_counts(f: &mut fmt::Formatter<'_>, counts: &Counts) -> fmt::Result {
    let Counts { fetched, inserted, existing, bytes, .. } = *counts;
    write!(f, "{fetched} fetched ({}), {inserted} inserted, {existing} existing", ByteSize(bytes))?;
    let others = [
        (counts.updated, "updated"),
        (counts.delisted, "delisted"),
        (counts.relisted, "relisted"),
        (counts.malformed, "malformed"),
        (counts.duplicates, "duplicates"),
    ];
    for (count, name) in others.into_iter().filter(|(count, _)| *count > 0) {
        write!(f, ", {count} {name}")?;
    }
    Ok(())
}
