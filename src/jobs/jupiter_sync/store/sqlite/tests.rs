use proptest::prelude::*;

use super::super::Store;
use super::super::fixtures::{DRY_RUN, Fixture, INSERT_ONLY, check, tokens};
use super::lookup::{search, walk};
use super::*;
use crate::exit::Exit;
use crate::jobs::jupiter_sync::fixtures::token;

fn connection(store: &Store) -> &Connection {
    match store {
        Store::Sqlite(store) => &store.connection,
        Store::Postgres(_) => panic!("another database"),
    }
}

#[test]
fn a_dry_run_makes_no_table_and_takes_no_lock() {
    let fixture = Fixture::sqlite();
    let store = fixture.store(DRY_RUN, &tokens(0..3));
    check(&store, 0, 3, 0, 0);
    assert!(!fixture.sqlite.path().expect("a file").exists());

    drop(fixture.store(INSERT_ONLY, &tokens(0..1)));
    let writer = Connection::open(fixture.sqlite.path().expect("a file")).expect("opens");
    writer.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let mut store = fixture.store(DRY_RUN, &tokens(0..3));
    check(&store, 0, 2, 1, 0);
    store.flush().expect("nothing to flush");
}

#[test]
fn what_was_rolled_back_does_not_count_as_inserted() {
    let fixture = Fixture::sqlite();
    let mut store = fixture.store(INSERT_ONLY, &tokens(0..10));
    let pages: i64 = connection(&store)
        .query_row("PRAGMA page_count", (), |row| row.get(0))
        .expect("a number of pages");
    connection(&store).pragma_update(None, "max_page_count", pages + 3).expect("a limit");
    let error = fixture.feed(&mut store, &tokens(0..5000)).expect_err("the database is full");
    assert_eq!(error.exit(), Exit::InputOutput);
    let stored = fixture.number("SELECT count(*) FROM tokens") as u64;
    assert_eq!((store.lists()[0].inserted, stored), (10, 10));
}

#[test]
fn after_a_flush_the_file_alone_has_everything() {
    let fixture = Fixture::sqlite();
    let mut store = fixture.store(INSERT_ONLY, &tokens(0..1000));
    store.flush().expect("flushed");
    let copy = fixture.directory.path().join("copy.db");
    std::fs::copy(fixture.directory.path().join("punctual.db"), &copy).expect("copied");
    let alone = Connection::open(copy).expect("opened");
    let stored: i64 = alone
        .query_row("SELECT count(*) FROM tokens", (), |row| row.get(0))
        .expect("a number of tokens");
    assert_eq!(stored, 1000);
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
        let fixture = Fixture::sqlite();
        let stored: Vec<_> = stored.into_iter().map(token).collect();
        let store = fixture.store(INSERT_ONLY, &stored);
        let asked: Vec<_> = asked.into_iter().map(token).collect();
        let consumer = fixture.queue(&asked);
        let batch = consumer.take().unwrap_or_default();
        let entries = batch.entries();
        prop_assert_eq!(entries.len(), asked.len());
        let walked = walk(connection(&store), entries).expect("walked");
        let searched = search(connection(&store), "main", entries, vec![None; entries.len()]);
        let searched = searched.expect("searched");
        prop_assert_eq!(&walked, &searched);
        let mints: Vec<&str> = stored.iter().map(|token| &*token.mint).collect();
        for (entry, row) in entries.iter().zip(walked) {
            prop_assert_eq!(row.is_some(), mints.contains(&entry.mint()));
        }
    }
}
