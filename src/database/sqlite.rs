//! An SQLite file: opening, migrating, and telling what went wrong.
//!
//! # Format
//!
//! `application_id` marks the file as ours, `user_version` is the version of the format that
//! [`crate::database`] describes.
//!
//! # Locking and durability
//!
//! Write-ahead log with `synchronous = NORMAL`: readers never wait for writers, a killed process
//! loses nothing that was committed, and a power cut loses at most the newest commits but never
//! consistency. A writer waits for another one up to the busy timeout.
//!
//! The log is not moved into the database whenever a connection closes, as SQLite would do it:
//! that costs a small run more than all the rest. It is moved when it has grown, after the tables
//! were changed, and by a job that has written a lot ([`Sqlite::checkpoint`]) or does so
//! ([`Checkpointer`]). In between the newest rows are in `punctual.db-wal` only, which belongs to the
//! database.

mod checkpointer;
#[cfg(target_os = "linux")]
mod creation;
mod inspection;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::{Migrations, newer_than_program};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::exit::Exit;

pub use checkpointer::Checkpointer;
pub use inspection::Inspection;

/// "punc" in ASCII: the `application_id` of our files.
const APPLICATION_ID: i32 = 0x7075_6e63;

/// The `user_version` of our files: the meaning of `schema_versions`.
const FORMAT_VERSION: i32 = 1;

/// The size of a new file's pages. With SQLite's own 4096 bytes a bulk insert takes an eighth longer, and
/// a small transaction as long.
const PAGE_BYTES: i64 = 8192;

/// Pages in the write-ahead log before they are moved into the database. Each opening reads what
/// is in the log, so a few runs' worth is the cheapest: a small run writes four.
const CHECKPOINT_PAGES: i64 = 32;

/// 16 MiB of log.
const CHECKPOINT_PAGES_OF_MANY: i64 = 2048;

/// A log of up to this size stays as it is after a checkpoint, as SQLite would have it by itself: emptying
/// it takes as long as writing it did.
const LOG_BYTES_KEPT: u64 = 4 << 20;

/// How long those are waited for who are in the way of a checkpoint: a small run is over by then, and
/// whoever reads for longer is not worth it.
const CHECKPOINT_PATIENCE: Duration = Duration::from_millis(100);

/// How often one who waits for another writer looks whether it is still to wait.
const WRITE_LOCK_POLL: Duration = Duration::from_millis(100);

/// Where the database is, and how long to wait for it. Cheap to clone; connections are opened
/// from it as needed.
#[derive(Clone, Debug)]
pub struct Sqlite {
    path: PathBuf,
    busy_timeout: Duration,
}

impl Sqlite {
    /// `busy_timeout` is how long a statement waits for another process's transaction.
    pub fn new(path: PathBuf, busy_timeout: Duration) -> Self {
        Self { path, busy_timeout }
    }

    /// A private database in a temporary file, which is gone with its connection.
    pub fn temporary(&self) -> Self {
        // To SQLite that is an empty path.
        Self { path: PathBuf::new(), ..*self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the database, creating it with its directory where missing, and brings the tables
    /// of `migrations.owner` up to date.
    ///
    /// Blocks: call it from blocking code.
    pub fn connect(&self, migrations: &Migrations) -> Result<Connection> {
        self.directory().map_or(Ok(()), create_private_directory)?;
        #[cfg(target_os = "linux")]
        if self.is_new()
            && let Err(error) = self.create(migrations)
        {
            // Whatever it is, SQLite can do without or will say what is wrong.
            tracing::debug!(error = error.chain(), "SQLite is to create the database");
        }
        let mut connection = self.open()?;
        self.migrate(&mut connection, migrations)?;
        Ok(connection)
    }

    /// Moves the write-ahead log into the database less often: for a process that stays, and so
    /// reads the log once only. Each time costs a few fsyncs, which many small runs would wait for.
    pub(super) fn expect_many_writes(&self, connection: &Connection) -> Result<()> {
        connection
            .pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES_OF_MANY)
            .map_err(self.error("cannot set it up"))
    }

    /// Begins to write, once no other process does. Waits for it up to the busy timeout, and no longer
    /// once `is_cancelled`; what is returned then says that the database is busy.
    pub fn begin_to_write(
        &self,
        connection: &Connection,
        is_cancelled: impl Fn() -> bool,
    ) -> rusqlite::Result<()> {
        let clock = Clock::System;
        let patience_ends = clock.monotonic() + self.busy_timeout;
        self.with_patience(connection, WRITE_LOCK_POLL, || {
            loop {
                let begun = connection.execute_batch("BEGIN IMMEDIATE");
                let waits = begun.as_ref().is_err_and(is_busy);
                if !waits || is_cancelled() || clock.monotonic() >= patience_ends {
                    return begun;
                }
            }
        })
    }

    /// Moves what is in the write-ahead log into the database, and so to the disk for good; a log that
    /// has become large is emptied, any other is written over from now on. Readers and writers that are
    /// in the way are waited for a moment; what they keep in the log is moved later.
    pub fn checkpoint(&self, connection: &Connection) -> rusqlite::Result<()> {
        // SQLite has it beside the file that a link leads to.
        let log = connection.path().map(|path| std::fs::metadata(format!("{path}-wal")));
        let checkpoint = match log {
            Some(Ok(log)) if log.len() <= LOG_BYTES_KEPT => "PRAGMA wal_checkpoint(RESTART)",
            _ => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        self.with_patience(connection, CHECKPOINT_PATIENCE, || {
            connection.query_row(checkpoint, (), |_| Ok(()))
        })
    }

    /// Does `work` with another busy timeout than the database's own.
    fn with_patience<T>(
        &self,
        connection: &Connection,
        patience: Duration,
        work: impl FnOnce() -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        connection.busy_timeout(patience)?;
        let done = work();
        connection.busy_timeout(self.busy_timeout)?;
        done
    }

    /// Whether the tables of `migrations.owner` are there, of whatever version. Makes none.
    pub fn has_tables(&self, migrations: &Migrations) -> Result<bool> {
        if !self.path.exists() {
            return Ok(false);
        }
        let applied = applied_steps(&self.open()?, migrations.owner);
        Ok(applied.map_err(self.error("cannot read its versions"))? > 0)
    }

    /// The directory of the file, where it is not the current one.
    fn directory(&self) -> Option<&Path> {
        self.path.parent().filter(|parent| !parent.as_os_str().is_empty())
    }

    fn open(&self) -> Result<Connection> {
        self.refuse_directory()?;
        let mut connection =
            Connection::open(file_path(&self.path)).map_err(self.error("cannot open it"))?;
        self.prepare(&mut connection)?;
        Ok(connection)
    }

    fn refuse_directory(&self) -> Result<()> {
        if !self.path.is_dir() {
            return Ok(());
        }
        let message = format!("database {} is a directory", self.path.display());
        Err(Error::new(Exit::Configuration, message).hint("give the path of a file to --database"))
    }

    /// Turns an SQLite error met while doing something ("cannot record the run") into one for
    /// people, classified by its code.
    pub fn error(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> Error + '_ {
        move |error| {
            let (exit, hint) = classify(&error, &self.path);
            let classified = Error::new(exit, format!("database {}: {doing}", self.path.display()))
                .because(plain(&error));
            let classified = if is_busy(&error) { classified.passing() } else { classified };
            match hint {
                Some(hint) => classified.hint(hint),
                None => classified,
            }
        }
    }

    /// Checks that the file is ours and sets the connection up; initialises an empty file.
    fn prepare(&self, connection: &mut Connection) -> Result<()> {
        let opening = || self.error("cannot open it");
        connection.busy_timeout(self.busy_timeout).map_err(opening())?;
        let is_ours = self.is_ours(connection)?;
        // Only now: this reads the schema, which in a file that is not ours may be anything.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(opening())?;
        if !is_ours {
            self.initialise(connection)?;
        }
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .and_then(|_| connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES))
            .map_err(opening())
    }

    /// Whether the file is ours; false when nobody has marked it yet. Anybody else's is an error.
    fn is_ours(&self, connection: &Connection) -> Result<bool> {
        match identify(connection).map_err(self.error("cannot open it"))? {
            (APPLICATION_ID, FORMAT_VERSION) => Ok(true),
            (0, 0) => Ok(false),
            (APPLICATION_ID | 0, version) if version > FORMAT_VERSION => {
                Err(self.newer_than_program(&format!("format version {version}")))
            }
            _ => Err(self.foreign()),
        }
    }

    /// Makes an empty file ours. Two processes may try this at once: SQLite does not wait for a
    /// lock while it switches to the write-ahead log, so this does.
    fn initialise(&self, connection: &mut Connection) -> Result<()> {
        let clock = Clock::System;
        let patience_ends = clock.monotonic() + self.busy_timeout;
        loop {
            match try_initialise(connection) {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(self.foreign()),
                Err(error) if is_busy(&error) && clock.monotonic() < patience_ends => {
                    pause(Duration::from_millis(5));
                }
                Err(error) => return Err(self.error("cannot initialise it")(error)),
            }
        }
    }

    fn migrate(&self, connection: &mut Connection, migrations: &Migrations) -> Result<()> {
        let migrating = || self.error("cannot bring its tables up to date");
        let target = migrations.sqlite.len() as i64;
        let applied = applied_steps(connection, migrations.owner).map_err(migrating())?;
        if applied > target {
            return Err(self.newer_than_program(&format!("tables of {}", migrations.owner)));
        }
        if applied == target {
            return Ok(());
        }
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(migrating())?;
        // Another process may have been faster.
        let applied = applied_steps(&transaction, migrations.owner).map_err(migrating())?;
        for step in migrations.sqlite.iter().skip(applied as usize) {
            transaction.execute_batch(step).map_err(migrating())?;
        }
        transaction
            .execute(
                "INSERT INTO schema_versions (owner, version) VALUES (?1, ?2)
                 ON CONFLICT (owner) DO UPDATE SET version = max(version, excluded.version)",
                (migrations.owner, target),
            )
            .map_err(migrating())?;
        transaction.commit().map_err(migrating())?;
        // A file without tables, all of them in the log, would be taken for an empty one where the log
        // is left behind.
        self.checkpoint(connection).map_err(migrating())
    }

    fn newer_than_program(&self, what: &str) -> Error {
        newer_than_program(&self.path.display(), what)
    }

    fn foreign(&self) -> Error {
        Error::new(
            Exit::Configuration,
            format!("database {} belongs to another program", self.path.display()),
        )
        .hint("name a new file with --database; punctual keeps to itself")
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Waits long enough for everybody who waits for the write lock to see that it is free: SQLite looks
/// every 100 ms at least (`sqliteDefaultBusyCallback` in its `main.c`). For bulk writers, between
/// transactions.
pub fn let_others_write() {
    pause(Duration::from_millis(110));
}

/// `application_id` and `user_version`, both as of the same moment: another process may be making
/// the file ours between two looks.
fn identify(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let snapshot = connection.unchecked_transaction()?;
    let read = |name| snapshot.pragma_query_value(None, name, |row| row.get(0));
    Ok((read("application_id")?, read("user_version")?))
}

/// Whether the file is ours afterwards; false when it holds somebody else's tables.
fn try_initialise(connection: &mut Connection) -> rusqlite::Result<bool> {
    if has_objects(connection)? {
        // Either a foreign database, or one that another process of ours has just made.
        return Ok(identify(connection)? == (APPLICATION_ID, FORMAT_VERSION));
    }
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS schema_versions (
             owner TEXT PRIMARY KEY NOT NULL,
             version INTEGER NOT NULL
         ) WITHOUT ROWID;
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {FORMAT_VERSION};"
    ))?;
    transaction.commit()?;
    Ok(true)
}

fn has_objects(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) > 0 FROM sqlite_schema", (), |row| row.get(0))
}

fn applied_steps(connection: &Connection, owner: &str) -> rusqlite::Result<i64> {
    use rusqlite::OptionalExtension;
    connection
        .query_row("SELECT version FROM schema_versions WHERE owner = ?1", [owner], |row| {
            row.get(0)
        })
        .optional()
        .map(Option::unwrap_or_default)
}

/// The path as one that SQLite cannot take for a URI or for its names of databases in memory; an
/// empty one is that of a temporary database.
fn file_path(path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { PathBuf::new() } else { Path::new(".").join(path) }
}

/// What SQLite said, once: rusqlite gives a text of its own as the cause of SQLite's.
fn plain(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(code) => format!("{error} (SQLite error {})", code.extended_code),
        None => error.to_string(),
    }
}

/// Exit code and hint for an SQLite error. Codes: <https://sqlite.org/rescode.html>.
fn classify(error: &rusqlite::Error, path: &Path) -> (Exit, Option<String>) {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            Exit::InputOutput,
            Some("another process holds the database; find it (fuser, lsof), then run it again".to_owned()),
        ),
        Some(ErrorCode::DiskFull) => {
            (Exit::InputOutput, Some("free some space, then run it again".to_owned()))
        }
        Some(ErrorCode::DatabaseCorrupt) => (Exit::InputOutput, Some(recovery_hint(path))),
        Some(ErrorCode::NotADatabase) => (
            Exit::InputOutput,
            Some(format!("{}; if it never was punctual's, name another file with --database", recovery_hint(path))),
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => (
            Exit::Permission,
            Some("give the user that runs punctual write access to the file and its directory, or name another with --database".to_owned()),
        ),
        Some(ErrorCode::SystemIoFailure) => (
            Exit::InputOutput,
            Some("check the disk and its free space, then run it again".to_owned()),
        ),
        Some(_) => (Exit::InputOutput, None),
        None => (Exit::Bug, None),
    }
}

fn recovery_hint(path: &Path) -> String {
    let path = path.display();
    format!(
        "restore it from a backup, or save what is readable with `sqlite3 {path} .recover`, then move it away"
    )
}

/// Creates `directory` and its parents, readable by their owner only: histories and captured
/// output may hold what others should not read. An existing directory is left as it is.
pub fn create_private_directory(directory: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if directory.is_dir() {
        return Ok(());
    }
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    created.map_err(|error| Error::no_directory("directory", directory, error))
}

#[expect(clippy::disallowed_methods, reason = "blocking code that waits for other processes")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

#[cfg(test)]
mod tests;
