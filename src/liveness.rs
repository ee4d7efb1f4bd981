//! Proof that a run is alive: a file per run that its process keeps locked.
//!
//! The kernel releases the lock when the process dies, so whoever can lock the file knows that
//! the run is over. A run removes its file after it has recorded its end; a file that is still
//! there and not locked belongs to a run that is lost.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::clock::Clock;
use crate::database::create_private_directory;
use crate::error::{Error, Result};
use crate::history::History;
use crate::lock::FileLock;

/// The locked files of the runs that are going, in one directory per state directory.
#[derive(Clone, Debug)]
pub struct Liveness {
    directory: PathBuf,
}

impl Liveness {
    pub fn new(state_dir: &Path) -> Self {
        Self { directory: state_dir.join("runs") }
    }

    /// Declares a run alive, until the returned lock is removed or the process dies. To be done
    /// before the run is recorded: a recorded run without a file could never be proved lost.
    pub fn declare(&self, run_id: Uuid) -> Result<FileLock> {
        create_private_directory(&self.directory)?;
        let path = self.path(run_id);
        loop {
            // A sweep may hold the new file for the moment that it takes to see that it does
            // not know the run.
            if let Some(lock) = FileLock::try_acquire(&path)? {
                return Ok(lock);
            }
            std::thread::yield_now();
        }
    }

    /// Marks the runs lost whose processes are gone. Files of runs that `history` does not know
    /// stay, for they may be those of another database.
    pub fn sweep(&self, history: &History, clock: &Clock) -> Result<()> {
        let entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(Error::io(format!("cannot read {}", self.directory.display()), error));
            }
        };
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let Some(run_id) = run_id_of(&path) else { continue };
            sweep_file(&path, &run_id, history, clock)?;
        }
        Ok(())
    }

    /// The same for one run only.
    pub fn sweep_run(&self, run_id: Uuid, history: &History, clock: &Clock) -> Result<()> {
        sweep_file(&self.path(run_id), &run_id.to_string(), history, clock)
    }

    fn path(&self, run_id: Uuid) -> PathBuf {
        self.directory.join(format!("{run_id}.lock"))
    }
}

fn sweep_file(path: &Path, run_id: &str, history: &History, clock: &Clock) -> Result<()> {
    // Opened, not created: the run may be removing its file at this moment.
    let Some(dead) = FileLock::try_acquire_existing(path)? else { return Ok(()) };
    let Some(newly_lost) = history.mark_lost(run_id, clock.now())? else { return Ok(()) };
    if newly_lost {
        tracing::warn!(run_id, "the process of an earlier run died; the run is lost");
    }
    dead.remove()
}

fn run_id_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".lock")?;
    Uuid::parse_str(name).is_ok().then(|| name.to_owned())
}
