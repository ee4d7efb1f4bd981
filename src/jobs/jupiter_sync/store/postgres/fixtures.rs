//! A PostgreSQL database with a table of tokens, for a test.

use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use super::super::{MIGRATIONS, Store, StoreOptions};
use crate::clock::Clock;
use crate::database::{Database, Fence, Postgres, shared_postgres};

pub struct TestDatabase {
    database: Database,
    client: Client,
}

impl TestDatabase {
    /// Nothing where there is no PostgreSQL on this machine, which is said loudly.
    pub fn create() -> Option<Self> {
        let database = shared_postgres()?;
        let postgres = database.as_postgres().expect("it is PostgreSQL");
        postgres.migrate(&MIGRATIONS).expect("a table");
        let client = postgres.wait(postgres.connect()).expect("an answer").expect("connected");
        Some(Self { database, client })
    }

    fn postgres(&self) -> &Postgres {
        self.database.as_postgres().expect("it is PostgreSQL")
    }

    pub fn connect(&self) -> Client {
        self.wait(self.postgres().connect()).expect("connected")
    }

    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.postgres().wait(future).expect("an answer")
    }

    pub fn open(
        &self,
        options: StoreOptions,
        fence: Option<Fence>,
        cancellation: CancellationToken,
    ) -> Store {
        Store::open(&self.database, fence, &Clock::System, cancellation, options).expect("a store")
    }

    pub fn execute(&self, statements: &str) {
        self.wait(self.client.batch_execute(statements)).expect("executed");
    }

    pub fn number(&self, query: &str) -> i64 {
        self.wait(self.client.query_typed_one(query, &[])).expect("a row").get(0)
    }

    pub fn text(&self, query: &str) -> Option<String> {
        self.wait(self.client.query_typed_one(query, &[])).expect("a row").get(0)
    }
}
