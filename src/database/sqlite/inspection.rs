//! Looks at a database without making it, changing it, or bringing it up to date.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{Sqlite, applied_steps, file_path, has_objects, recovery_hint};
use crate::database::{Migrations, Session};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// A database that is being looked at.
pub struct Inspection {
    database: Sqlite,
    connection: Connection,
    is_ours: bool,
}

impl Sqlite {
    /// Opens the database for a look at it. Nothing when there is no file; an error when it is
    /// damaged, of a newer program, or not ours at all.
    ///
    /// Blocks.
    pub fn inspect(&self) -> Result<Option<Inspection>> {
        let opening = || self.error("cannot open it");
        self.refuse_directory()?;
        if !self.path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(file_path(&self.path), flags).map_err(opening())?;
        connection.busy_timeout(self.busy_timeout).map_err(opening())?;
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .map_err(opening())?;
        let mut is_ours = self.is_ours(&connection)?;
        if !is_ours && has_objects(&connection).map_err(opening())? {
            // Another process may be making the file ours between two looks.
            is_ours = self.is_ours(&connection)?;
            if !is_ours {
                return Err(self.foreign());
            }
        }
        Ok(Some(Inspection { database: self.clone(), connection, is_ours }))
    }
}

impl Inspection {
    /// Whether it is an empty file, which the first run makes a database of.
    pub fn is_empty(&self) -> bool {
        !self.is_ours
    }

    /// Looks through the whole file for damage.
    pub fn look_for_damage(&self) -> Result<()> {
        let found: String = self.read("PRAGMA quick_check(1)")?;
        if found == "ok" {
            return Ok(());
        }
        let path = self.database.path();
        let message = format!("database {} is damaged", path.display());
        // The first line may only say which database it is about.
        let what = found.lines().last().unwrap_or_default().to_owned();
        Err(Error::new(Exit::InputOutput, message).because(what).hint(recovery_hint(path)))
    }

    /// Whether this user may write it.
    pub fn look_for_write_access(&self) -> Result<()> {
        let closed =
            self.connection.is_readonly("main").map_err(self.database.error("is closed"))?;
        if !closed {
            return Ok(());
        }
        let message =
            format!("database {} is read-only for this user", self.database.path.display());
        Err(Error::new(Exit::Permission, message)
            .hint("give the user that runs punctual write access to the file and its directory"))
    }

    /// Whether readers and writers keep out of each other's way.
    pub fn has_write_ahead_log(&self) -> Result<bool> {
        Ok(self.read::<String>("PRAGMA journal_mode")? == "wal")
    }

    /// Whether the tables of `migrations.owner` are there, and as this program has them. Those of an
    /// older one, and missing ones, are brought up to date by the next run; those of a newer one are
    /// an error.
    pub fn is_up_to_date(&self, migrations: &Migrations) -> Result<bool> {
        if self.is_empty() {
            return Ok(false);
        }
        let applied = applied_steps(&self.connection, migrations.owner)
            .map_err(self.database.error("cannot read its versions"))?;
        let target = migrations.sqlite.len() as i64;
        if applied > target {
            return Err(self
                .database
                .newer_than_program(&format!("tables of {}", migrations.owner)));
        }
        Ok(applied == target)
    }

    /// For further questions.
    pub fn into_session(self) -> Session {
        Session::of_sqlite(self.database, self.connection)
    }

    fn read<T: rusqlite::types::FromSql>(&self, query: &str) -> Result<T> {
        let answer = self.connection.query_row(query, (), |row| row.get(0));
        answer.map_err(self.database.error("cannot read it"))
    }
}
