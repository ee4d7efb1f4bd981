//! One open history for all the runs of a process.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::History;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::Result;

/// How long an open history is taken to be that of the file at its path, before the next look.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// The history of a database: opened when first needed, and once more when its file was replaced
/// under a long-lived process. Cheap to clone.
#[derive(Clone)]
pub struct SharedHistory {
    database: Database,
    clock: Clock,
    opened: Arc<Mutex<Option<Opened>>>,
}

struct Opened {
    history: History,
    /// Nothing where it is no file.
    file: Option<FileId>,
    looked_at: Instant,
}

/// Device and inode: the same file, whatever it is called.
type FileId = (u64, u64);

impl SharedHistory {
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock, opened: Arc::default() }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The history, where nothing has to be waited for: no file, and nobody who opens it.
    pub fn at_hand(&self) -> Option<History> {
        let opened = self.opened.try_lock().ok()?;
        let opened = opened.as_ref()?;
        let trusted =
            opened.file.is_none() || self.clock.monotonic() < opened.looked_at + TRUSTED_FOR;
        trusted.then(|| opened.history.clone())
    }

    /// The history. `prepare` is called with it when it was opened anew.
    ///
    /// Blocks.
    pub fn get(&self, prepare: impl FnOnce(&History) -> Result<()>) -> Result<History> {
        let mut slot = self.opened();
        let looked_at = self.clock.monotonic();
        if let Some(opened) = slot.as_mut()
            && self.is_there(opened)
        {
            opened.looked_at = looked_at;
            return Ok(opened.history.clone());
        }
        let history = History::open(&self.database)?;
        prepare(&history)?;
        let file = self.database.path().and_then(file_id);
        let opened = Opened { history: history.clone(), file, looked_at };
        *slot = Some(opened).filter(|opened| self.is_there(opened));
        Ok(history)
    }

    /// Whether the database is still the one that was opened.
    fn is_there(&self, opened: &Opened) -> bool {
        match self.database.path() {
            Some(path) => opened.file.is_some() && file_id(path) == opened.file,
            None => true,
        }
    }

    fn opened(&self) -> MutexGuard<'_, Option<Opened>> {
        // A panic while it was held leaves either nothing or a history that is good.
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}
