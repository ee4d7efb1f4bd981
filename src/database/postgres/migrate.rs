//! Bringing the tables up to date, one host at a time.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::super::{Migrations, newer_than_program};
use super::{IDLE_LIMIT, Postgres};
use crate::error::Result;

/// The row of `schema_versions` that whoever migrates keeps locked, and the version of what the
/// table means.
const FORMAT_OWNER: &str = "format";
const FORMAT_VERSION: i64 = 1;

/// `CREATE TABLE IF NOT EXISTS` fails where two do it at once: the other one is through soon.
const TRIES_MAX: u32 = 20;

impl Postgres {
    /// Brings the tables of `migrations.owner` up to date.
    ///
    /// Blocks.
    pub fn migrate(&self, migrations: &Migrations) -> Result<()> {
        if self.applied_steps(migrations)? == Some(migrations.postgres.len()) {
            return Ok(());
        }
        self.wait(async {
            let mut client = self.connect().await?;
            let failed = self.error("cannot bring its tables up to date");
            let mut tries = 1;
            while let Err(error) = make_versions(&client).await {
                if tries == TRIES_MAX || !is_race(&error) {
                    return Err(failed(error));
                }
                tries += 1;
            }
            apply(&mut client, migrations).await.map_err(failed)
        })??;
        // Another host may have been faster, with a newer program.
        self.applied_steps(migrations).map(|_| ())
    }

    /// How many steps the tables of `migrations.owner` have behind them; nothing in a database
    /// that is not set up. More than the program knows is an error.
    ///
    /// Blocks.
    pub fn applied_steps(&self, migrations: &Migrations) -> Result<Option<usize>> {
        let versions = self.wait(async {
            let client = self.pooled().await?;
            let owners = &[(&migrations.owner as _, Type::TEXT), (&FORMAT_OWNER as _, Type::TEXT)];
            let rows = client
                .query_typed(
                    "SELECT owner, version FROM schema_versions WHERE owner IN ($1, $2)",
                    owners,
                )
                .await;
            match rows {
                Ok(rows) => rows
                    .iter()
                    .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                    .collect::<Result<Vec<(String, i64)>, Error>>(),
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
            .map_err(self.error("cannot read its versions"))
        })??;
        let version = |owner| {
            let found = versions.iter().find(|(found, _)| found == owner);
            found.map_or(0, |(_, version)| *version)
        };
        let format = version(FORMAT_OWNER);
        if format > FORMAT_VERSION {
            let what = format!("format version {format}");
            return Err(newer_than_program(&self.label(), &what));
        }
        let applied = version(migrations.owner);
        if applied > migrations.postgres.len() as i64 {
            let what = format!("tables of {}", migrations.owner);
            return Err(newer_than_program(&self.label(), &what));
        }
        Ok((format > 0).then_some(applied as usize))
    }
}

fn is_race(error: &Error) -> bool {
    matches!(
        error.code(),
        Some(
            &SqlState::UNIQUE_VIOLATION | &SqlState::DUPLICATE_TABLE | &SqlState::DUPLICATE_OBJECT
        )
    )
}

async fn make_versions(client: &Client) -> Result<(), Error> {
    client
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS schema_versions (
                 owner TEXT PRIMARY KEY,
                 version BIGINT NOT NULL
             )",
        )
        .await?;
    client
        .execute_typed(
            "INSERT INTO schema_versions (owner, version) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &[(&FORMAT_OWNER, Type::TEXT), (&FORMAT_VERSION, Type::INT8)],
        )
        .await?;
    Ok(())
}

/// Applies what is missing, while the others wait for the row.
async fn apply(client: &mut Client, migrations: &Migrations) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(IDLE_LIMIT).await?;
    transaction
        .query_typed(
            "SELECT version FROM schema_versions WHERE owner = $1 FOR UPDATE",
            &[(&FORMAT_OWNER, Type::TEXT)],
        )
        .await?;
    let applied = transaction
        .query_typed(
            "SELECT version FROM schema_versions WHERE owner = $1",
            &[(&migrations.owner, Type::TEXT)],
        )
        .await?;
    let applied: i64 = applied.first().map_or(Ok(0), |row| row.try_get(0))?;
    for step in migrations.postgres.iter().skip(applied as usize) {
        transaction.batch_execute(step).await?;
    }
    let target = applied.max(migrations.postgres.len() as i64);
    transaction
        .execute_typed(
            "INSERT INTO schema_versions (owner, version) VALUES ($1, $2)
             ON CONFLICT (owner) DO UPDATE SET version = excluded.version",
            &[(&migrations.owner, Type::TEXT), (&target, Type::INT8)],
        )
        .await?;
    transaction.commit().await
}
