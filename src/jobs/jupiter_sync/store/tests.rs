//! What a store does, whatever the database.

use std::borrow::Cow;

use super::StoreOptions;
use super::fixtures::{DRY_RUN, Fixture, INSERT_ONLY, UPDATE, check, tagged, tokens};
use crate::exit::Exit;
use crate::jobs::jupiter_sync::batch::{BatchSizes, batch_queue};
use crate::jobs::jupiter_sync::element::Token;
use crate::jobs::jupiter_sync::fixtures::token;
use crate::jobs::jupiter_sync::fixtures::tokens::mint;

#[test]
fn a_token_is_new_once_in_a_batch_a_list_and_a_run() {
    Fixture::each(|fixture| {
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
        assert_eq!(fixture.count(), 7);
    });
}

#[test]
fn another_attempt_at_a_list_counts_everything_once() {
    Fixture::each(|fixture| {
        drop(fixture.store(INSERT_ONLY, &tokens(0..2)));
        let mut store = fixture.store(INSERT_ONLY, &tokens(0..5));
        check(&store, 0, 3, 2, 0);
        fixture.attempt(&mut store, &tokens(0..8));
        check(&store, 0, 6, 2, 0);
        store.begin_list();
        fixture.attempt(&mut store, &tokens(0..8));
        check(&store, 1, 0, 0, 8);
    });
}

#[test]
fn tags_of_several_lists_are_merged_for_new_tokens_and_not_for_stored_ones() {
    Fixture::each(|fixture| {
        drop(fixture.store(INSERT_ONLY, &[tagged(0, r#"["old"]"#)]));
        let mut store = fixture.store(INSERT_ONLY, &[tagged(0, r#"["b"]"#), tagged(1, r#"["b"]"#)]);
        store.begin_list();
        fixture.attempt(&mut store, &[tagged(0, r#"["a"]"#), tagged(1, r#"["a","b"]"#)]);
        assert_eq!(
            (fixture.tags(0), fixture.tags(1)),
            (r#"["old"]"#.to_owned(), r#"["a","b"]"#.to_owned())
        );
    });
}

#[test]
fn an_update_gives_stored_tokens_the_union_of_the_tags_of_this_run() {
    Fixture::each(|fixture| {
        drop(
            fixture
                .store(INSERT_ONLY, &[tagged(0, r#"["gone","kept"]"#), tagged(1, r#"["kept"]"#)]),
        );
        let mut store = fixture.store(UPDATE, &[tagged(0, r#"["kept"]"#), tagged(1, "[]")]);
        store.begin_list();
        fixture.attempt(&mut store, &[tagged(0, r#"["new"]"#), tagged(1, r#"["kept"]"#)]);
        store.finish_update(true, 20).expect("updated");
        assert_eq!(fixture.tags(0), r#"["kept","new"]"#);
        assert_eq!(fixture.tags(1), r#"["kept"]"#);
        let updated: u64 = store.lists().iter().map(|list| list.updated).sum();
        assert_eq!(updated, 1, "only the first one changed");
    });
}

#[test]
fn an_update_takes_no_tag_away_unless_every_list_came_whole() {
    Fixture::each(|fixture| {
        drop(fixture.store(INSERT_ONLY, &[tagged(0, r#"["a","b"]"#)]));
        let mut store = fixture.store(UPDATE, &[tagged(0, r#"["c"]"#)]);
        assert_eq!(store.finish_update(false, 20).expect("updated"), 0);
        assert_eq!(fixture.tags(0), r#"["a","b","c"]"#);
    });
}

#[test]
fn an_update_touches_what_changed_and_nothing_else() {
    Fixture::each(|fixture| {
        drop(fixture.store(INSERT_ONLY, &tokens(0..5)));
        fixture.execute("UPDATE tokens SET updated_at = 'then'");
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
    });
}

#[test]
fn tokens_vanish_and_come_back() {
    Fixture::each(|fixture| {
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
    });
}

#[test]
fn too_many_vanished_tokens_are_an_error_and_none_is_marked() {
    Fixture::each(|fixture| {
        drop(fixture.store(INSERT_ONLY, &tokens(0..10)));
        let mut store = fixture.store(UPDATE, &tokens(0..7));
        let error = store.finish_update(true, 29).expect_err("above the limit");
        assert_eq!(error.exit(), Exit::Failed);
        assert!(error.chain().contains("3 of 10 stored tokens"), "{}", error.chain());
        assert_eq!(fixture.number("SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL"), 0);
        assert_eq!(store.finish_update(true, 30).expect("within the limit"), 3);
    });
}

#[test]
fn new_tokens_and_those_only_seen_malformed_have_not_vanished() {
    Fixture::each(|fixture| {
        drop(fixture.store(INSERT_ONLY, &tokens(0..2)));
        let mut store = fixture.open(UPDATE);
        store.begin_list();
        store.begin_attempt();
        let (producer, consumer) = batch_queue(BatchSizes::up_to(100), fixture.directory.path());
        producer.push_sighting(&mint(0)).expect("pushed");
        producer.push(&token(1)).expect("pushed");
        producer.push(&token(5)).expect("pushed");
        producer.push_sighting(&mint(9)).expect("pushed");
        drop(producer);
        store.consume(&consumer).expect("stored");
        assert_eq!(store.finish_update(true, 100).expect("updated"), 0);
        check(&store, 0, 1, 1, 0);
    });
}

#[test]
fn a_dry_run_counts_like_a_run_and_writes_nothing() {
    Fixture::each(|fixture| {
        drop(fixture.store(INSERT_ONLY, &tokens(0..5)));
        let both = |options| {
            let mut store = fixture.store(options, &tokens(3..9));
            fixture.feed(&mut store, &tokens(8..11)).expect("another batch");
            store.begin_list();
            fixture.attempt(&mut store, &tokens(0..20));
            store.lists().to_vec()
        };
        let dry = both(DRY_RUN);
        assert_eq!(fixture.count(), 5);
        assert_eq!(dry, both(INSERT_ONLY));
        assert_eq!(fixture.count(), 20);
    });
}

#[test]
fn a_dry_run_of_an_update_writes_nothing_either() {
    Fixture::each(|fixture| {
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
    });
}

#[test]
fn what_another_program_inserts_meanwhile_counts_as_existing() {
    Fixture::each(|fixture| {
        let mut store = fixture.open(INSERT_ONLY);
        drop(fixture.store(INSERT_ONLY, &tokens(0..3)));
        store.begin_list();
        fixture.attempt(&mut store, &tokens(0..5));
        check(&store, 0, 2, 3, 0);
        fixture.attempt(&mut store, &tokens(0..5));
        check(&store, 0, 2, 3, 0);
        assert_eq!(fixture.count(), 5);
    });
}

#[test]
fn what_another_program_inserts_meanwhile_is_not_touched() {
    Fixture::each(|fixture| {
        let mut store = fixture.open(INSERT_ONLY);
        drop(fixture.store(INSERT_ONLY, &[tagged(0, r#"["theirs"]"#)]));
        store.begin_list();
        fixture.attempt(&mut store, &[tagged(0, r#"["ours"]"#)]);
        assert_eq!(fixture.tags(0), r#"["theirs"]"#);
    });
}

#[test]
fn a_cancelled_store_keeps_what_it_has_committed() {
    Fixture::each(|fixture| {
        let mut store = fixture.open_cancelled(INSERT_ONLY);
        store.begin_list();
        store.begin_attempt();
        let (producer, consumer) =
            batch_queue(BatchSizes::up_to(100_000), fixture.directory.path());
        for token in tokens(0..10) {
            producer.push(&token).expect("pushed");
        }
        store.consume(&consumer).expect_err("it was cancelled");
        let kept = fixture.count();
        assert_eq!(kept as u64, store.lists()[0].inserted);
    });
}

#[test]
fn every_database_holds_the_same_after_the_same_runs() {
    const COLUMNS: [&str; 14] = [
        "mint",
        "name",
        "symbol",
        "CAST(decimals AS TEXT)",
        "icon",
        "token_program",
        "tags",
        "CASE WHEN is_verified THEN 'yes' WHEN NOT is_verified THEN 'no' END",
        "created_at",
        "website",
        "twitter",
        "launchpad",
        "mint_authority",
        "CASE WHEN delisted_at IS NULL THEN freeze_authority ELSE 'delisted' END",
    ];
    let (sqlite, postgres) = (Fixture::sqlite(), Fixture::postgres());
    let outcome = |fixture: &Fixture| {
        let text = |text: &'static str| Some(Cow::Borrowed(text));
        let odd = Token {
            name: text("quote ' \" back \\ tab\t line\n \u{1f980} \u{202e}"),
            symbol: text(""),
            decimals: 255,
            icon: text("\\N"),
            token_program: text("NULL"),
            tags: Cow::Borrowed(r#"["\"","ü"]"#),
            is_verified: Some(false),
            created_at: text("2024-06-07T10:56:42.584Z"),
            website: text("{}"),
            twitter: text("\\."),
            launchpad: text(","),
            mint_authority: text("authority"),
            freeze_authority: text("\u{1}"),
            ..token(1)
        };
        let long = Token { name: Some(Cow::Owned("x".repeat(200_000))), ..token(2) };
        drop(fixture.store(INSERT_ONLY, &[token(0), odd.clone(), long, token(3)]));
        let mut refreshed = odd.clone();
        refreshed.is_verified = None;
        refreshed.symbol = None;
        let mut store = fixture.store(UPDATE, &[token(0), tagged(4, r#"["b"]"#), refreshed]);
        store.begin_list();
        fixture.attempt(
            &mut store,
            &[tagged(0, "[]"), odd, tagged(4, r#"["a"]"#), token(2), token(2)],
        );
        store.finish_update(true, 50).expect("updated");
        let rows: Vec<_> = (0..5).map(|n| COLUMNS.map(|column| fixture.value(column, n))).collect();
        (store.lists().to_vec(), rows)
    };
    let expected = outcome(&sqlite);
    assert_eq!(expected.1[3][13].as_deref(), Some("delisted"));
    if let Some(postgres) = postgres {
        assert_eq!(outcome(&postgres), expected);
    }
}
