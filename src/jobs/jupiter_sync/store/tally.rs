//! What a run has met so far, by the numbers of the rows, and what it counted.

use roaring::RoaringTreemap;

use super::super::report::Counts;

#[derive(Default)]
pub struct Tally {
    /// Rows met in earlier lists.
    earlier: RoaringTreemap,
    /// Rows met in earlier attempts at the present list.
    in_list: RoaringTreemap,
    /// Rows met in the present attempt at the present list.
    in_attempt: RoaringTreemap,
    /// Rows that this run inserted.
    own: RoaringTreemap,
    /// Rows whose mint came in an element that is otherwise malformed.
    sighted: RoaringTreemap,
    /// Rows that were counted as updated.
    updated: RoaringTreemap,
    /// The counts of each list begun so far: over all attempts for what was written, of the last
    /// attempt for the rest.
    lists: Vec<Counts>,
}

impl Tally {
    /// The next list begins.
    pub fn begin_list(&mut self) {
        self.end_list();
        self.lists.push(Counts::default());
    }

    /// Another attempt at the present list begins: what the last one met will come again.
    pub fn begin_attempt(&mut self) {
        self.end_attempt();
        let counts = self.counts();
        counts.existing = 0;
        counts.duplicates = 0;
    }

    fn end_attempt(&mut self) {
        self.in_list |= std::mem::take(&mut self.in_attempt);
    }

    /// The present list is over.
    pub fn end_list(&mut self) {
        self.end_attempt();
        self.earlier |= std::mem::take(&mut self.in_list);
    }

    /// The counts of the present list.
    pub fn counts(&mut self) -> &mut Counts {
        if self.lists.is_empty() {
            self.lists.push(Counts::default());
        }
        let last = self.lists.len() - 1;
        &mut self.lists[last]
    }

    /// The counts of each list, in the order in which they were begun.
    pub fn lists(&self) -> &[Counts] {
        &self.lists
    }

    /// Takes the counts back to what [`Tally::lists`] told earlier.
    pub fn restore(&mut self, lists: Vec<Counts>) {
        self.lists = lists;
    }

    /// The number of the present list.
    pub fn list(&self) -> usize {
        self.lists.len().saturating_sub(1)
    }

    pub fn is_own(&self, row: i64) -> bool {
        self.own.contains(row as u64)
    }

    /// Whether this row comes for the first time; an earlier attempt does not count.
    pub fn is_first(&self, row: i64) -> bool {
        !self.earlier.contains(row as u64) && !self.in_attempt.contains(row as u64)
    }

    /// Counts a row that was there when its token came. Tells whether it is one that this run did
    /// not insert, and that comes for the first time.
    pub fn meet(&mut self, row: i64) -> bool {
        if !self.is_first(row) {
            self.counts().duplicates += 1;
            return false;
        }
        self.in_attempt.insert(row as u64);
        // One of its own was inserted, and counted, by an earlier attempt at this list.
        let existing = !self.is_own(row);
        if existing {
            self.counts().existing += 1;
        }
        existing
    }

    /// Counts a row that this run has inserted.
    pub fn insert(&mut self, row: i64) {
        self.in_attempt.insert(row as u64);
        self.own.insert(row as u64);
        self.counts().inserted += 1;
    }

    /// Remembers a row whose mint came in a malformed element.
    pub fn sight(&mut self, row: i64) {
        self.sighted.insert(row as u64);
    }

    /// Counts a row as updated by a list, once.
    pub fn update(&mut self, row: i64, list: usize) {
        if self.updated.insert(row as u64)
            && let Some(counts) = self.lists.get_mut(list)
        {
            counts.updated += 1;
        }
    }

    /// Whether no list had this row, once all of them are over.
    pub fn is_vanished(&self, row: i64) -> bool {
        !self.earlier.contains(row as u64) && !self.sighted.contains(row as u64)
    }
}
