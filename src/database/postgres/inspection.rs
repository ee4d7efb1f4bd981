//! Looks at a database without changing anything in it.
//!
//! Functions that ask for rights are PostgreSQL's own, and engines that are like it have them too.

use std::time::Duration;

use tokio_postgres::types::Type;

use super::Postgres;
use crate::clock::Timestamp;
use crate::error::Result;

/// Rights on tables that the runs of any job need.
const RIGHTS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];

/// How the role of the URL stands with its database.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The engine and its version.
    pub engine: String,
    pub role: String,
    pub database: String,
    /// Where tables are made; nothing when no schema of the search path exists.
    pub schema: Option<String>,
    /// Whether it takes no changes, as a standby.
    pub is_read_only: bool,
    pub may_create: bool,
    pub may_make_temporary: bool,
}

/// A right on a table that a role lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRight {
    pub table: String,
    pub right: String,
}

impl Postgres {
    /// How the role stands with the database.
    ///
    /// Blocks.
    pub fn standing(&self) -> Result<Standing> {
        self.wait(async {
            let client = self.pooled().await?;
            let row = client
                .query_typed_one(
                    "SELECT version(), CAST(current_user AS TEXT), CAST(current_database() AS TEXT),
                         CAST(current_schema() AS TEXT), current_setting('transaction_read_only'),
                         has_schema_privilege(current_schema(), 'CREATE'),
                         has_database_privilege(current_database(), 'TEMPORARY')",
                    &[],
                )
                .await;
            let standing = row.and_then(|row| {
                Ok(Standing {
                    engine: engine(row.try_get(0)?),
                    role: row.try_get(1)?,
                    database: row.try_get(2)?,
                    schema: row.try_get(3)?,
                    is_read_only: row.try_get::<_, &str>(4)? == "on",
                    may_create: row.try_get::<_, Option<bool>>(5)? == Some(true),
                    may_make_temporary: row.try_get(6)?,
                })
            });
            standing.map_err(self.error("cannot look at it"))
        })?
    }

    /// What time it is there.
    ///
    /// Blocks.
    pub fn time(&self) -> Result<Timestamp> {
        self.wait(async {
            let client = self.pooled().await?;
            let row = client
                .query_typed_one(
                    "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
                    &[],
                )
                .await;
            let millis: i64 =
                row.and_then(|row| row.try_get(0)).map_err(self.error("cannot read its clock"))?;
            Ok(Timestamp::from_epoch(Duration::from_millis(millis.unsigned_abs())))
        })?
    }

    /// The rights on those tables that the role lacks. One that is not there has none to lack.
    ///
    /// Blocks.
    pub fn missing_rights(&self, tables: &[&str]) -> Result<Vec<MissingRight>> {
        self.wait(async {
            let client = self.pooled().await?;
            let rows = client
                .query_typed(
                    "SELECT tables.name, rights.name
                     FROM unnest($1) AS tables (name) CROSS JOIN unnest($2) AS rights (name)
                     WHERE NOT has_table_privilege(to_regclass(tables.name), rights.name)
                     ORDER BY tables.name, rights.name",
                    &[(&tables, Type::TEXT_ARRAY), (&RIGHTS, Type::TEXT_ARRAY)],
                )
                .await;
            let missing = rows.and_then(|rows| {
                let missing = rows
                    .iter()
                    .map(|row| Ok(MissingRight { table: row.try_get(0)?, right: row.try_get(1)? }));
                missing.collect()
            });
            missing.map_err(self.error("cannot look at its rights"))
        })?
    }
}

/// `PostgreSQL 15.14 (Debian …) on x86_64-pc-linux-gnu, compiled by …` without what few want to know.
fn engine(version: &str) -> String {
    let ends = [" (", " on "].into_iter().filter_map(|end| version.find(end));
    version[..ends.min().unwrap_or(version.len())].to_owned()
}

#[cfg(test)]
mod tests {
    use super::engine;

    #[test]
    fn an_engine_is_its_name_and_version() {
        for (version, expected) in [
            (
                "PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu",
                "PostgreSQL 15.14",
            ),
            ("PostgreSQL 17.0 on aarch64-apple-darwin, compiled by clang", "PostgreSQL 17.0"),
            (
                "CockroachDB CCL v23.1.0 (x86_64-pc-linux-gnu, built 2023)",
                "CockroachDB CCL v23.1.0",
            ),
            ("something else", "something else"),
        ] {
            assert_eq!(engine(version), expected);
        }
    }
}
