//! Making a new database file: whole, without a name, which is then given to it. A crash leaves no half
//! of one, and it takes one fsync where SQLite, which makes a file where it is, needs ten.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use rusqlite::Connection;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use super::{Migrations, Sqlite, try_initialise};
use crate::error::{Error, Result};

/// What SQLite gives a file that it makes, less the umask (`SQLITE_DEFAULT_FILE_PERMISSIONS`).
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);

/// The two bytes of a file's header that say how it is written and read, and their value for a file
/// with a write-ahead log: <https://sqlite.org/fileformat2.html#file_format_version_numbers>.
const JOURNALING: std::ops::Range<usize> = 18..20;
const WRITE_AHEAD_LOG: u8 = 2;

impl Sqlite {
    /// Whether nothing is there, nor what a database that was there has left behind: SQLite deletes
    /// that with an empty file, and would take it for a part of any other.
    pub(super) fn is_new(&self) -> bool {
        let is_there = |suffix| {
            let mut path = OsString::from(&self.path);
            path.push(suffix);
            Path::new(&path).exists()
        };
        !self.path.as_os_str().is_empty() && !["", "-wal", "-journal"].into_iter().any(is_there)
    }

    /// Makes the file, with the tables of `migrations.owner`. An error where there is one meanwhile,
    /// which is left alone, and where the file system cannot do it.
    pub(super) fn create(&self, migrations: &Migrations) -> Result<()> {
        let creating = || self.error("cannot create it");
        let mut memory = Connection::open_in_memory().map_err(creating())?;
        try_initialise(&mut memory).map_err(creating())?;
        self.migrate(&mut memory, migrations)?;
        let mut content = memory.serialize("main").map_err(creating())?.to_vec();
        content[JOURNALING].fill(WRITE_AHEAD_LOG);
        self.put_in_place(&content)
            .map_err(|error| Error::io(format!("cannot create {}", self.path.display()), error))
    }

    /// As `open(2)` shows it for `O_TMPFILE`.
    fn put_in_place(&self, content: &[u8]) -> io::Result<()> {
        let directory = self.directory().unwrap_or(Path::new("."));
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let unnamed = rustix::fs::open(directory, flags, FILE_MODE)?;
        let mut file = File::from(unnamed);
        file.write_all(content)?;
        file.sync_all()?;
        let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::linkat(CWD, descriptor, CWD, &self.path, AtFlags::SYMLINK_FOLLOW)?;
        Ok(())
    }
}
