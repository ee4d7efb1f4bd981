//! What only a server can do to a store: several writers, a lost connection, a lost lease.

use std::thread;

use tokio_postgres::Client;
use tokio_postgres::types::Type;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::fixtures::{DRY_RUN, Fixture, INSERT_ONLY, UPDATE, check, tagged, tokens};
use super::super::{Store, StoreOptions};
use super::fixtures::TestDatabase;
use crate::database::Fence;
use crate::exit::Exit;
use crate::jobs::jupiter_sync::fixtures::token;
use crate::jobs::jupiter_sync::fixtures::tokens::mint;

const INSERT_MINT: &str = "INSERT INTO tokens (mint, decimals, tags, first_seen_at, updated_at)
     VALUES ($1, 6, '[]', 'then', 'then')";

fn database(fixture: &Fixture) -> &TestDatabase {
    fixture.postgres.as_ref().expect("PostgreSQL")
}

/// Another program, which is in the middle of inserting a mint.
fn inserting(fixture: &Fixture, n: u64) -> Client {
    let database = database(fixture);
    let other = database.connect();
    database.wait(async {
        other.batch_execute("BEGIN").await.expect("begun");
        other.execute_typed(INSERT_MINT, &[(&mint(n), Type::TEXT)]).await.expect("inserted");
    });
    other
}

fn backend(fixture: &Fixture, store: &Store) -> i32 {
    let Store::Postgres(store) = store else { panic!("another database") };
    let pid = store.client.query_typed_one("SELECT pg_backend_pid()", &[]);
    database(fixture).wait(pid).expect("a backend").get(0)
}

/// Looks until the server process waits for somebody else's transaction.
fn await_blocked(fixture: &Fixture, backend: i32) {
    let query = format!("SELECT count(*) FROM pg_locks WHERE pid = {backend} AND NOT granted");
    while fixture.number(&query) == 0 {
        thread::yield_now();
    }
}

#[test]
fn a_mint_that_another_program_is_just_inserting_counts_as_existing() {
    let Some(fixture) = Fixture::postgres() else { return };
    let other = inserting(&fixture, 5);
    let mut store = fixture.open(INSERT_ONLY);
    let backend = backend(&fixture, &store);
    thread::scope(|scope| {
        scope.spawn(|| fixture.attempt(&mut store, &tokens(0..10)));
        await_blocked(&fixture, backend);
        database(&fixture).wait(other.batch_execute("COMMIT")).expect("committed");
    });
    check(&store, 0, 9, 1, 0);
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE first_seen_at = 'then'"), 1);
    fixture.attempt(&mut store, &tokens(0..10));
    check(&store, 0, 9, 1, 0);
}

#[test]
fn without_numbers_of_its_own_a_store_fills_an_empty_table_all_the_same() {
    let Some(fixture) = Fixture::postgres() else { return };
    fixture.execute("ALTER SEQUENCE tokens_id_seq RENAME TO of_another_name");
    let store = fixture.store(INSERT_ONLY, &tokens(0..10));
    check(&store, 0, 10, 0, 0);
    assert_eq!(fixture.count(), 10);
}

#[test]
fn two_stores_at_once_insert_everything_once() {
    let Some(fixture) = Fixture::postgres() else { return };
    for options in [INSERT_ONLY, UPDATE] {
        let range = |range| match options {
            INSERT_ONLY => tokens(range),
            _ => range.map(|n| tagged(n, r#"["other"]"#)).collect(),
        };
        let (mut one, mut two) = (fixture.open(options), fixture.open(options));
        thread::scope(|scope| {
            for (store, list) in [(&mut one, range(0..9000)), (&mut two, range(1000..10_000))] {
                let fixture = &fixture;
                scope.spawn(move || {
                    for tokens in list.chunks(500) {
                        fixture.feed(store, tokens).expect("stored");
                    }
                    store.finish_update(false, 0).expect("updated");
                });
            }
        });
        let sum = |count: fn(&crate::jobs::jupiter_sync::report::Counts) -> u64| {
            count(&one.lists()[0]) + count(&two.lists()[0])
        };
        assert_eq!(fixture.count(), 10_000);
        if options == INSERT_ONLY {
            assert_eq!(sum(|counts| counts.inserted), 10_000);
            assert_eq!(sum(|counts| counts.existing), 8_000);
        }
        assert_eq!(sum(|counts| counts.duplicates), 0);
    }
    assert_eq!(fixture.tags(5000), r#"["other","verified"]"#);
}

#[test]
fn a_killed_connection_leaves_whole_batches_and_another_run_completes_them() {
    let Some(fixture) = Fixture::postgres() else { return };
    let mut store = fixture.store(INSERT_ONLY, &tokens(0..10));
    let other = inserting(&fixture, 15);
    let backend = backend(&fixture, &store);
    thread::scope(|scope| {
        let failed = scope.spawn(|| fixture.feed(&mut store, &tokens(10..20)));
        await_blocked(&fixture, backend);
        fixture.execute(&format!("SELECT pg_terminate_backend({backend})"));
        let error = failed.join().expect("no panic").expect_err("its connection is gone");
        assert_eq!(error.exit(), Exit::Unavailable, "{}", error.chain());
    });
    database(&fixture).wait(other.batch_execute("ROLLBACK")).expect("rolled back");
    check(&store, 0, 10, 0, 0);
    assert_eq!(fixture.count(), 10);
    let error = fixture.feed(&mut store, &tokens(20..30)).expect_err("it stays gone");
    assert_eq!(error.exit(), Exit::Unavailable, "{}", error.chain());
    check(&fixture.store(INSERT_ONLY, &tokens(0..20)), 0, 10, 10, 0);
    assert_eq!(fixture.count(), 20);
}

#[test]
fn without_its_lease_a_store_writes_nothing_more() {
    let Some(fixture) = Fixture::postgres() else { return };
    fixture
        .execute("CREATE TABLE leases (name TEXT PRIMARY KEY, owner TEXT, fence BIGINT NOT NULL)");
    let fence = Fence { name: "jupiter-sync".into(), owner: Uuid::now_v7(), number: 7 };
    let owner = fence.owner;
    fixture.execute(&format!("INSERT INTO leases VALUES ('jupiter-sync', '{owner}', 7)"));
    let mut store = database(&fixture).open(UPDATE, Some(fence), CancellationToken::new());
    fixture.attempt(&mut store, &tokens(0..10));
    fixture.execute("UPDATE leases SET owner = 'two', fence = 8");
    let error = fixture.feed(&mut store, &tokens(10..20)).expect_err("the lease is lost");
    assert_eq!(error.exit(), Exit::NotRun);
    assert!(error.chain().contains("the lease of jupiter-sync was lost"), "{}", error.chain());
    let changed: Vec<_> = (0..10).map(|n| tagged(n, "[]")).collect();
    fixture.feed(&mut store, &changed).expect_err("the lease is lost");
    store.finish_update(true, 100).expect_err("the lease is lost");
    check(&store, 0, 10, 0, 0);
    assert_eq!((fixture.count(), fixture.tags(3)), (10, r#"["verified"]"#.to_owned()));
    assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL"), 0);
}

#[test]
fn a_dry_run_makes_no_table_and_takes_no_lock() {
    let Some(fixture) = Fixture::postgres() else { return };
    let database = database(&fixture);
    fixture.execute("DROP TABLE tokens; DELETE FROM schema_versions WHERE owner = 'jupiter-sync'");
    check(&fixture.store(DRY_RUN, &tokens(0..3)), 0, 3, 0, 0);
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()
         AND tablename = 'tokens'";
    assert_eq!(fixture.number(tables), 0);

    drop(fixture.store(INSERT_ONLY, &tokens(0..3)));
    let other = database.connect();
    let locked = other.batch_execute("BEGIN; SELECT 1 FROM tokens FOR UPDATE");
    database.wait(locked).expect("the locks");
    let mut changed = tokens(0..5);
    changed[0].name = None;
    let mut store = fixture.store(StoreOptions { update: true, dry_run: true }, &changed);
    store.finish_update(true, 20).expect("counted");
    check(&store, 0, 2, 3, 0);
    assert_eq!(store.lists()[0].updated, 1);
}

#[test]
fn a_store_works_in_chunks_and_finds_old_and_new_ones_among_each_other() {
    let Some(fixture) = Fixture::postgres() else { return };
    let size = super::CHUNK_MINTS as u64;
    let odd: Vec<_> = (0..size).map(|n| token(n * 2 + 1)).collect();
    check(&fixture.store(INSERT_ONLY, &odd), 0, size, 0, 0);
    let mut store = fixture.store(INSERT_ONLY, &tokens(0..size * 3));
    check(&store, 0, size * 2, size, 0);
    // It expects new ones after so many, and has to notice that there are none.
    store.begin_list();
    fixture.attempt(&mut store, &tokens(0..size * 3));
    check(&store, 1, 0, 0, size * 3);
    assert_eq!(fixture.count(), size as i64 * 3);
}

#[test]
fn a_cancelled_store_stops_between_chunks() {
    let Some(fixture) = Fixture::postgres() else { return };
    let mut store = fixture.open_cancelled(INSERT_ONLY);
    let queue = fixture.queue(&tokens(0..10));
    store.consume(&queue).expect_err("it was cancelled");
    assert_eq!(fixture.count(), 0);
}
