//! Statements in the SQL that both engines take.
//!
//! # The language
//!
//! Parameters are `$1`, `$2`, …, and first appear in that order, because SQLite numbers them as they
//! appear. There are texts and whole numbers (`INTEGER` in SQLite, `BIGINT` in PostgreSQL) only.
//! Null-safe comparisons are `IS [NOT] DISTINCT FROM`, and an existing row is met with `ON CONFLICT`.
//!
//! In PostgreSQL each statement costs one round trip: it is parsed, bound and executed in one go,
//! and nothing stays prepared, so that a pooler between may hand connections around.

use std::sync::{Arc, Mutex, PoisonError};

use deadpool_postgres::Object;
use rusqlite::TransactionBehavior;
use tokio_postgres::error::SqlState;

use super::postgres::IDLE_LIMIT;
use super::value::{Value, execute, query};
use super::{Postgres, Sqlite};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// Times that a transaction is tried that others got in the way of.
const TRIES_MAX: u32 = 10;

/// A way to the tables. Cheap to clone. All methods block.
#[derive(Clone)]
pub struct Session(Arc<Engine>);

enum Engine {
    Sqlite { sqlite: Sqlite, connection: Mutex<rusqlite::Connection> },
    Postgres(Postgres),
}

/// What went wrong with a statement, before it is known what it was for.
pub enum Fault {
    Sqlite(rusqlite::Error),
    Postgres(tokio_postgres::Error),
    /// Said already.
    Told(Error),
}

pub type Fallible<T> = Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

impl Fault {
    /// Whether others got in the way, so that the same may work at the next try.
    fn is_conflict(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        matches!(
            error.code(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
        )
    }
}

impl Session {
    pub(super) fn of_sqlite(sqlite: Sqlite, connection: rusqlite::Connection) -> Self {
        Self(Arc::new(Engine::Sqlite { sqlite, connection: Mutex::new(connection) }))
    }

    pub(super) fn of_postgres(postgres: Postgres) -> Self {
        Self(Arc::new(Engine::Postgres(postgres)))
    }

    /// The engine that many hosts share, where it is that.
    pub fn as_postgres(&self) -> Option<&Postgres> {
        match &*self.0 {
            Engine::Sqlite { .. } => None,
            Engine::Postgres(postgres) => Some(postgres),
        }
    }

    /// Makes statements, each a transaction of its own. `doing` says what for ("cannot record the
    /// run").
    pub fn with<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Statements<'_>) -> Fallible<T>,
    ) -> Result<T> {
        let done = match &*self.0 {
            Engine::Sqlite { connection, .. } => {
                // A panic between two statements leaves a connection that is still good.
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                work(&Statements::Sqlite(&connection))
            }
            Engine::Postgres(postgres) => with_connection(postgres, work),
        };
        done.map_err(|fault| self.error(doing, fault))
    }

    /// Makes statements that are one transaction, and that see nothing of others' meanwhile. In
    /// PostgreSQL `work` is done again where others got in its way.
    pub fn transaction<T>(
        &self,
        doing: &'static str,
        mut work: impl FnMut(&Statements<'_>) -> Fallible<T>,
    ) -> Result<T> {
        let done = match &*self.0 {
            Engine::Sqlite { connection, .. } => (|| {
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                let transaction =
                    connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let done = work(&Statements::Sqlite(&transaction))?;
                transaction.commit()?;
                Ok(done)
            })(),
            Engine::Postgres(postgres) => {
                let mut tries = 1;
                loop {
                    match try_transaction(postgres, &mut work) {
                        Err(fault) if fault.is_conflict() && tries < TRIES_MAX => tries += 1,
                        done => break done,
                    }
                }
            }
        };
        done.map_err(|fault| self.error(doing, fault))
    }

    /// For a process that stays: see [`Sqlite::expect_many_writes`]. PostgreSQL minds its log itself.
    pub fn expect_many_writes(&self) -> Result<()> {
        match &*self.0 {
            Engine::Sqlite { sqlite, connection } => {
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                sqlite.expect_many_writes(&connection)
            }
            Engine::Postgres(_) => Ok(()),
        }
    }

    fn error(&self, doing: &'static str, fault: Fault) -> Error {
        match (&*self.0, fault) {
            (_, Fault::Told(error)) => error,
            (Engine::Sqlite { sqlite, .. }, Fault::Sqlite(error)) => sqlite.error(doing)(error),
            (Engine::Postgres(postgres), Fault::Postgres(error)) => postgres.error(doing)(error),
            (_, Fault::Sqlite(error)) => Error::new(Exit::Bug, doing).because(error),
            (_, Fault::Postgres(error)) => Error::new(Exit::Bug, doing).because(error),
        }
    }
}

fn with_connection<T>(
    postgres: &Postgres,
    work: impl FnOnce(&Statements<'_>) -> Fallible<T>,
) -> Fallible<T> {
    let connection = Unfinished(Some(postgres.wait(postgres.pooled())??));
    let client = connection.client()?;
    let done = work(&Statements::Postgres(postgres, client));
    // One that has not answered may do so later, to somebody else.
    if !matches!(done, Err(Fault::Told(_))) {
        connection.give_back();
    }
    done
}

fn try_transaction<T>(
    postgres: &Postgres,
    work: &mut impl FnMut(&Statements<'_>) -> Fallible<T>,
) -> Fallible<T> {
    let connection = Unfinished(Some(postgres.wait(postgres.pooled())??));
    let client = connection.client()?;
    let begin = format!("BEGIN ISOLATION LEVEL SERIALIZABLE; {IDLE_LIMIT}");
    postgres.wait(client.batch_execute(&begin))??;
    match work(&Statements::Postgres(postgres, client)) {
        Ok(done) => {
            postgres.wait(client.batch_execute("COMMIT"))??;
            connection.give_back();
            Ok(done)
        }
        Err(fault) => {
            if let Ok(Ok(())) = postgres.wait(client.batch_execute("ROLLBACK")) {
                connection.give_back();
            }
            Err(fault)
        }
    }
}

/// A connection that is not done. Dropped like that it does not go back to the pool: it is closed,
/// and the server rolls back.
struct Unfinished(Option<Object>);

impl Unfinished {
    fn client(&self) -> Result<&Object> {
        self.0
            .as_ref()
            .ok_or_else(|| Error::new(Exit::Bug, "a connection was given back too early"))
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

/// Statements on one connection.
pub enum Statements<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a Postgres, &'a Object),
}

impl Statements<'_> {
    /// Changes rows, and tells how many.
    pub fn execute(&self, statement: &str, values: &[Value<'_>]) -> Fallible<u64> {
        match self {
            Self::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement)?;
                Ok(prepared.execute(rusqlite::params_from_iter(values))? as u64)
            }
            Self::Postgres(postgres, client) => {
                Ok(postgres.wait(execute(client, statement, values))??)
            }
        }
    }

    /// The rows that a statement gives, each as `read` reads it.
    pub fn query<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Fallible<T>,
    ) -> Fallible<Vec<T>> {
        match self {
            Self::Sqlite(connection) => {
                let mut prepared = connection.prepare_cached(statement)?;
                let mut rows = prepared.query(rusqlite::params_from_iter(values))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(read(&Row::Sqlite(row))?);
                }
                Ok(found)
            }
            Self::Postgres(postgres, client) => {
                let rows = postgres.wait(query(client, statement, values))??;
                rows.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row, if there is one.
    pub fn query_first<T>(
        &self,
        statement: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Fallible<T>,
    ) -> Fallible<Option<T>> {
        Ok(self.query(statement, values, read)?.into_iter().next())
    }
}

/// A row that was found.
pub enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// The column of that number, from 0.
    pub fn get<T>(&self, column: usize) -> Fallible<T>
    where
        T: rusqlite::types::FromSql + for<'b> tokio_postgres::types::FromSql<'b>,
    {
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
            Self::Postgres(row) => Ok(row.try_get(column)?),
        }
    }

    /// A count that cannot be negative, nor greater than the type.
    pub fn count<T: TryFrom<i64>>(&self, column: usize) -> Fallible<T> {
        let number: i64 = self.get(column)?;
        T::try_from(number).map_err(|_| {
            let message = format!("the database holds {number} where that cannot be");
            Fault::Told(Error::new(Exit::InputOutput, message))
        })
    }
}
