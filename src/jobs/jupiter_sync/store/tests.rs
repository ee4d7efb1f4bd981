use std::borrow::Cow;

use proptest::prelude::*;

use super::lookup::{search, walk};
use super::*;
use crate::exit::Exit;
use crate::jobs::jupiter_sync::batch::batch_queue;
use crate::jobs::jupiter_sync::fixtures::token;
use crate::jobs::jupiter_sync::fixtures::tokens::mint;

const UPDATE: StoreOptions = StoreOptions { update: true, dry_run: false };
const INSERT_ONLY: StoreOptions = StoreOptions { update: false, dry_run: false };
const DRY_RUN: StoreOptions = StoreOptions { update: false, dry_run: true };

struct Fixture {
    directory: tempfile::TempDir,
    database: Database,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("punctual.db");
        Self { directory, database: Database::file(path, Duration::from_secs(5)) }
    }

    fn open(&self, options: StoreOptions) -> Store {
        Store::open(&self.database, &Clock::System, options).expect("a store")
    }

    /// A store that has taken these as its only list.
    fn store(&self, options: StoreOptions, tokens: &[Token<'static>]) -> Store {
        let mut store = self.open(options);
        store.begin_list();
        self.attempt(&mut store, tokens);
        store
    }

    fn attempt(&self, store: &mut Store, tokens: &[Token<'static>]) {
        store.begin_attempt();
        self.feed(store, tokens).expect("stored");
    }

    fn feed(&self, store: &mut Store, tokens: &[Token<'static>]) -> Result<()> {
        let (producer, consumer) = batch_queue(100_000, self.directory.path());
        for token in tokens {
            producer.push(token).expect("pushed");
        }
        drop(producer);
        store.consume(&consumer, &CancellationToken::new())
    }

    fn number(&self, query: &str) -> i64 {
        let connection = Connection::open(self.database.path().expect("a file")).expect("opens");
        connection.query_row(query, (), |row| row.get(0)).expect("a number")
    }

    fn tags(&self, n: u64) -> String {
        let connection = Connection::open(self.database.path().expect("a file")).expect("opens");
        let query = "SELECT tags FROM tokens WHERE mint = ?1";
        connection.query_row(query, [mint(n)], |row| row.get(0)).expect("the token")
    }
}

fn tagged(n: u64, tags: &'static str) -> Token<'static> {
    Token { tags: Cow::Borrowed(tags), ..token(n) }
}

fn tokens(range: std::ops::Range<u64>) -> Vec<Token<'static>> {
    range.map(token).collect()
}

#[track_caller]
fn check(store: &Store, list: usize, inserted: u64, existing: u64, duplicates: u64) {
    let counts = store.lists()[list];
    let found = (counts.inserted, counts.existing, counts.duplicates);
    assert_eq!(found, (inserted, existing, duplicates), "inserted, existing, duplicates");
}

#[test]
fn a_token_is_new_once_in_a_batch_a_list_and_a_run() {
    let fixture = Fixture::new();
    let mut twice = tokens(0..3);
    twice.extend(tokens(1..3));
    let mut store = fixture.store(INSERT_ONLY, &twice);
    check(&store, 0, 3, 0, 2);
    fixture.feed(&mut store, &tokens(2..4)).expect("another batch of the list");
    check(&store, 0, 4, 0, 3);
    store.begin_list();
    fixture.attempt(&mut store, &tokens(3..5));
    check(&store, 1, 1, 0, 1);
    drop(store);
    check(&fixture.store(INSERT_ONLY, &tokens(0..7)), 0, 2, 5, 0);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens"), 7);
}

#[test]
fn another_attempt_at_a_list_counts_everything_once() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &tokens(0..2)));
    let mut store = fixture.store(INSERT_ONLY, &tokens(0..5));
    check(&store, 0, 3, 2, 0);
    fixture.attempt(&mut store, &tokens(0..8));
    check(&store, 0, 6, 2, 0);
    store.begin_list();
    fixture.attempt(&mut store, &tokens(0..8));
    check(&store, 1, 0, 0, 8);
}

#[test]
fn tags_of_several_lists_are_merged_for_new_tokens_and_not_for_stored_ones() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &[tagged(0, r#"["old"]"#)]));
    let mut store = fixture.store(INSERT_ONLY, &[tagged(0, r#"["b"]"#), tagged(1, r#"["b"]"#)]);
    store.begin_list();
    fixture.attempt(&mut store, &[tagged(0, r#"["a"]"#), tagged(1, r#"["a","b"]"#)]);
    assert_eq!(
        (fixture.tags(0), fixture.tags(1)),
        (r#"["old"]"#.to_owned(), r#"["a","b"]"#.to_owned())
    );
}

#[test]
fn an_update_gives_stored_tokens_the_union_of_the_tags_of_this_run() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &[tagged(0, r#"["gone","kept"]"#), tagged(1, r#"["kept"]"#)]));
    let mut store = fixture.store(UPDATE, &[tagged(0, r#"["kept"]"#), tagged(1, "[]")]);
    store.begin_list();
    fixture.attempt(&mut store, &[tagged(0, r#"["new"]"#), tagged(1, r#"["kept"]"#)]);
    store.finish_update(true, 20).expect("updated");
    assert_eq!(fixture.tags(0), r#"["kept","new"]"#);
    assert_eq!(fixture.tags(1), r#"["kept"]"#);
    let updated: u64 = store.lists().iter().map(|list| list.updated).sum();
    assert_eq!(updated, 1, "only the first one changed");
}

#[test]
fn an_update_takes_no_tag_away_unless_every_list_came_whole() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &[tagged(0, r#"["a","b"]"#)]));
    let mut store = fixture.store(UPDATE, &[tagged(0, r#"["c"]"#)]);
    assert_eq!(store.finish_update(false, 20).expect("updated"), 0);
    assert_eq!(fixture.tags(0), r#"["a","b","c"]"#);
}

#[test]
fn an_update_touches_what_changed_and_nothing_else() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &tokens(0..5)));
    fixture.number("UPDATE tokens SET updated_at = 'then' RETURNING 1");
    let mut changed = tokens(0..5);
    changed[1].name = None;
    changed[2].decimals = 9;
    changed[3].icon = Some(Cow::Borrowed("icon"));
    let mut store = fixture.store(UPDATE, &changed);
    store.finish_update(true, 20).expect("updated");
    assert_eq!(store.lists()[0].updated, 2);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE updated_at = 'then'"), 3);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE decimals = 6"), 5);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE name IS NULL"), 1);
}

#[test]
fn tokens_vanish_and_come_back() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &tokens(0..10)));
    let mut store = fixture.store(UPDATE, &tokens(0..8));
    assert_eq!(store.finish_update(true, 20).expect("exactly the limit"), 2);
    drop(store);
    let delisted = "SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL";
    assert_eq!(fixture.number(delisted), 2);
    let mut store = fixture.store(UPDATE, &tokens(0..9));
    assert_eq!(store.finish_update(true, 20).expect("updated"), 0);
    assert_eq!(store.lists()[0].relisted, 1);
    assert_eq!(fixture.number(delisted), 1);
}

#[test]
fn too_many_vanished_tokens_are_an_error_and_none_is_marked() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &tokens(0..10)));
    let mut store = fixture.store(UPDATE, &tokens(0..7));
    let error = store.finish_update(true, 29).expect_err("above the limit");
    assert_eq!(error.exit(), Exit::Failed);
    assert!(error.chain().contains("3 of 10 stored tokens"), "{}", error.chain());
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL"), 0);
    assert_eq!(store.finish_update(true, 30).expect("within the limit"), 3);
}

#[test]
fn new_tokens_and_those_only_seen_malformed_have_not_vanished() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &tokens(0..2)));
    let mut store = fixture.open(UPDATE);
    store.begin_list();
    store.begin_attempt();
    let (producer, consumer) = batch_queue(100, fixture.directory.path());
    producer.push_sighting(&mint(0)).expect("pushed");
    producer.push(&token(1)).expect("pushed");
    producer.push(&token(5)).expect("pushed");
    producer.push_sighting(&mint(9)).expect("pushed");
    drop(producer);
    store.consume(&consumer, &CancellationToken::new()).expect("stored");
    assert_eq!(store.finish_update(true, 100).expect("updated"), 0);
    check(&store, 0, 1, 1, 0);
}

#[test]
fn a_dry_run_counts_like_a_run_and_writes_nothing() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &tokens(0..5)));
    let both = |options| {
        let mut store = fixture.store(options, &tokens(3..9));
        fixture.feed(&mut store, &tokens(8..11)).expect("another batch");
        store.begin_list();
        fixture.attempt(&mut store, &tokens(0..20));
        store.lists().to_vec()
    };
    let dry = both(DRY_RUN);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens"), 5);
    assert_eq!(dry, both(INSERT_ONLY));
    assert_eq!(fixture.number("SELECT count(*) FROM tokens"), 20);
}

#[test]
fn a_dry_run_makes_no_table_and_takes_no_lock() {
    let fixture = Fixture::new();
    let store = fixture.store(DRY_RUN, &tokens(0..3));
    check(&store, 0, 3, 0, 0);
    assert!(!fixture.database.path().expect("a file").exists());

    drop(fixture.store(INSERT_ONLY, &tokens(0..1)));
    let writer = Connection::open(fixture.database.path().expect("a file")).expect("opens");
    writer.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let store = fixture.store(DRY_RUN, &tokens(0..3));
    check(&store, 0, 2, 1, 0);
    store.flush().expect("nothing to flush");
}

#[test]
fn a_dry_run_of_an_update_writes_nothing_either() {
    let fixture = Fixture::new();
    drop(fixture.store(INSERT_ONLY, &tokens(0..10)));
    let mut changed = tokens(0..9);
    changed[0].name = None;
    changed[1].tags = Cow::Borrowed("[]");
    let run = |options| {
        let mut store = fixture.store(options, &changed);
        let delisted = store.finish_update(true, 20).expect("updated");
        (delisted, store.lists()[0].updated)
    };
    assert_eq!(run(StoreOptions { update: true, dry_run: true }), (1, 2));
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE name IS NULL"), 0);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL"), 0);
    assert_eq!(run(UPDATE), (1, 2));
}

#[test]
fn what_another_program_inserts_meanwhile_counts_as_existing() {
    let fixture = Fixture::new();
    let mut store = fixture.open(INSERT_ONLY);
    drop(fixture.store(INSERT_ONLY, &tokens(0..3)));
    store.begin_list();
    fixture.attempt(&mut store, &tokens(0..5));
    check(&store, 0, 2, 3, 0);
    fixture.attempt(&mut store, &tokens(0..5));
    check(&store, 0, 2, 3, 0);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens"), 5);
}

#[test]
fn what_another_program_inserts_meanwhile_is_not_touched() {
    let fixture = Fixture::new();
    let mut store = fixture.open(INSERT_ONLY);
    drop(fixture.store(INSERT_ONLY, &[tagged(0, r#"["theirs"]"#)]));
    store.begin_list();
    fixture.attempt(&mut store, &[tagged(0, r#"["ours"]"#)]);
    assert_eq!(fixture.tags(0), r#"["theirs"]"#);
}

#[test]
fn what_was_rolled_back_does_not_count_as_inserted() {
    let fixture = Fixture::new();
    let mut store = fixture.store(INSERT_ONLY, &tokens(0..10));
    let pages: i64 = store
        .connection
        .query_row("PRAGMA page_count", (), |row| row.get(0))
        .expect("a number of pages");
    store.connection.pragma_update(None, "max_page_count", pages + 3).expect("a limit");
    let error = fixture.feed(&mut store, &tokens(0..5000)).expect_err("the database is full");
    assert_eq!(error.exit(), Exit::InputOutput);
    let stored = fixture.number("SELECT count(*) FROM tokens") as u64;
    assert_eq!((store.lists()[0].inserted, stored), (10, 10));
}

#[test]
fn a_cancelled_store_keeps_what_it_has_committed() {
    let fixture = Fixture::new();
    let mut store = fixture.open(INSERT_ONLY);
    store.begin_list();
    store.begin_attempt();
    let (producer, consumer) = batch_queue(100_000, fixture.directory.path());
    for token in tokens(0..10) {
        producer.push(&token).expect("pushed");
    }
    let cancellation = CancellationToken::new();
    cancellation.cancel();
    store.consume(&consumer, &cancellation).expect_err("it was cancelled");
    let kept = fixture.number("SELECT count(*) FROM tokens");
    assert_eq!(kept as u64, store.lists()[0].inserted);
}

#[test]
fn the_log_is_empty_after_a_flush() {
    let fixture = Fixture::new();
    let store = fixture.store(INSERT_ONLY, &tokens(0..1000));
    store.flush().expect("flushed");
    let log = fixture.directory.path().join("punctual.db-wal");
    assert_eq!(std::fs::metadata(log).expect("a log").len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The two ways of looking up agree, whatever is stored and whatever comes.
    #[test]
    fn walking_and_searching_find_the_same(
        stored in prop::collection::btree_set(0_u64..200, 0..100),
        asked in prop::collection::vec(0_u64..200, 0..100),
    ) {
        let fixture = Fixture::new();
        let stored: Vec<_> = stored.into_iter().map(token).collect();
        let store = fixture.store(INSERT_ONLY, &stored);
        let (producer, consumer) = batch_queue(100_000, fixture.directory.path());
        for n in &asked {
            producer.push(&token(*n)).expect("pushed");
        }
        drop(producer);
        let entries = consumer.take().map(|mut batch| batch.sorted_entries()).unwrap_or_default();
        prop_assert_eq!(entries.len(), asked.len());
        let walked = walk(&store.connection, &entries).expect("walked");
        let searched = search(&store.connection, "main", &entries, vec![None; entries.len()]);
        let searched = searched.expect("searched");
        prop_assert_eq!(&walked, &searched);
        let mints: Vec<&str> = stored.iter().map(|token| &*token.mint).collect();
        for (entry, row) in entries.iter().zip(walked) {
            prop_assert_eq!(row.is_some(), mints.contains(&entry.mint()));
        }
    }
}
