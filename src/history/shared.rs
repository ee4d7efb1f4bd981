//! One open history for all the runs of a process.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::History;
use crate::database::Database;
use crate::error::Result;

/// The history of a database: opened when first needed, and once more when its file was replaced
/// under a long-lived process. Cheap to clone.
#[derive(Clone)]
pub struct SharedHistory {
    database: Database,
    opened: Arc<Mutex<Option<Opened>>>,
}

struct Opened {
    history: History,
    /// Nothing where it is no file.
    file: Option<FileId>,
}

/// Device and inode: the same file, whatever it is called.
type FileId = (u64, u64);

impl SharedHistory {
    pub fn new(database: Database) -> Self {
        Self { database, opened: Arc::default() }
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The history. `prepare` is called with it when it was opened anew.
    ///
    /// Blocks.
    pub fn get(&self, prepare: impl FnOnce(&History) -> Result<()>) -> Result<History> {
        let mut slot = self.opened();
        if let Some(opened) = slot.as_ref().filter(|opened| self.is_there(opened)) {
            return Ok(opened.history.clone());
        }
        let history = History::open(&self.database)?;
        prepare(&history)?;
        let file = self.database.path().and_then(file_id);
        *slot = Some(Opened { history: history.clone(), file }).filter(|new| self.is_there(new));
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
