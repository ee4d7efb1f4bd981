//! A table of tokens for a test, in each of the databases.

use std::borrow::Cow;
use std::time::Duration;

use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::super::batch::{BatchSizes, Consumer, batch_queue};
use super::super::element::Token;
use super::super::fixtures::token;
use super::super::fixtures::tokens::mint;
use super::postgres::fixtures::TestDatabase;
use super::{Store, StoreOptions};
use crate::clock::Clock;
use crate::database::Database;
use crate::error::Result;

pub const UPDATE: StoreOptions = StoreOptions { update: true, dry_run: false };
pub const INSERT_ONLY: StoreOptions = StoreOptions { update: false, dry_run: false };
pub const DRY_RUN: StoreOptions = StoreOptions { update: false, dry_run: true };

pub struct Fixture {
    pub directory: tempfile::TempDir,
    pub sqlite: Database,
    /// Takes the place of SQLite where it is there.
    pub postgres: Option<TestDatabase>,
}

impl Fixture {
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("punctual.db");
        Self { directory, sqlite: Database::file(path, Duration::from_secs(5)), postgres: None }
    }

    /// Nothing where there is no PostgreSQL on this machine, which is said loudly.
    pub fn postgres() -> Option<Self> {
        Some(Self { postgres: Some(TestDatabase::create()?), ..Self::sqlite() })
    }

    /// Runs a test with each database.
    #[expect(clippy::print_stdout, reason = "shown with a failure, which does not tell which")]
    pub fn each(test: impl Fn(&Self)) {
        for fixture in [Some(Self::sqlite()), Self::postgres()].into_iter().flatten() {
            println!("with {}", if fixture.postgres.is_some() { "PostgreSQL" } else { "SQLite" });
            test(&fixture);
        }
    }

    pub fn open(&self, options: StoreOptions) -> Store {
        self.open_with(options, CancellationToken::new())
    }

    fn open_with(&self, options: StoreOptions, cancellation: CancellationToken) -> Store {
        match &self.postgres {
            Some(postgres) => postgres.open(options, None, cancellation),
            None => Store::open(&self.sqlite, None, &Clock::System, cancellation, options)
                .expect("a store"),
        }
    }

    /// A store whose run is cancelled.
    pub fn open_cancelled(&self, options: StoreOptions) -> Store {
        let cancellation = CancellationToken::new();
        cancellation.cancel();
        self.open_with(options, cancellation)
    }

    /// A store that has taken these as its only list.
    pub fn store(&self, options: StoreOptions, tokens: &[Token<'static>]) -> Store {
        let mut store = self.open(options);
        store.begin_list();
        self.attempt(&mut store, tokens);
        store
    }

    pub fn attempt(&self, store: &mut Store, tokens: &[Token<'static>]) {
        store.begin_attempt();
        self.feed(store, tokens).expect("stored");
    }

    pub fn feed(&self, store: &mut Store, tokens: &[Token<'static>]) -> Result<()> {
        store.consume(&self.queue(tokens))
    }

    /// A queue that ends after these.
    pub fn queue(&self, tokens: &[Token<'static>]) -> Consumer {
        let (producer, consumer) = batch_queue(BatchSizes::up_to(100_000), self.directory.path());
        for token in tokens {
            producer.push(token).expect("pushed");
        }
        consumer
    }

    pub fn execute(&self, statement: &str) {
        match &self.postgres {
            Some(postgres) => postgres.execute(statement),
            None => self.connection().execute_batch(statement).expect("executed"),
        }
    }

    pub fn number(&self, query: &str) -> i64 {
        match &self.postgres {
            Some(postgres) => postgres.number(query),
            None => self.connection().query_row(query, (), |row| row.get(0)).expect("a number"),
        }
    }

    pub fn count(&self) -> i64 {
        self.number("SELECT count(*) FROM tokens")
    }

    /// What a row has in a column that holds text.
    pub fn value(&self, column: &str, n: u64) -> Option<String> {
        let query = format!("SELECT {column} FROM tokens WHERE mint = '{}'", mint(n));
        match &self.postgres {
            Some(postgres) => postgres.text(&query),
            None => self.connection().query_row(&query, (), |row| row.get(0)).expect("a text"),
        }
    }

    pub fn tags(&self, n: u64) -> String {
        self.value("tags", n).expect("tags")
    }

    fn connection(&self) -> Connection {
        Connection::open(self.sqlite.path().expect("a file")).expect("opens")
    }
}

pub fn tagged(n: u64, tags: &'static str) -> Token<'static> {
    Token { tags: Cow::Borrowed(tags), ..token(n) }
}

pub fn tokens(range: std::ops::Range<u64>) -> Vec<Token<'static>> {
    range.map(token).collect()
}

#[track_caller]
pub fn check(store: &Store, list: usize, inserted: u64, existing: u64, duplicates: u64) {
    let counts = store.lists()[list];
    let found = (counts.inserted, counts.existing, counts.duplicates);
    assert_eq!(found, (inserted, existing, duplicates), "inserted, existing, duplicates");
}
