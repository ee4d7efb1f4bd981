//! Locks between processes: `flock` on files in the state directory. The kernel releases them
//! when their holder dies, so none is ever stale.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// An exclusive lock, held until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock on `path`, creating the file; nothing when another holds it.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>> {
        let file = open_or_create(path)?;
        let locked = file.try_lock();
        Self::of(file, path, locked)
    }

    /// Takes a share of the lock on `path`, creating the file; nothing when another holds the
    /// whole of it.
    pub fn try_share(path: &Path) -> Result<Option<Self>> {
        let file = open_or_create(path)?;
        let locked = file.try_lock_shared();
        Self::of(file, path, locked)
    }

    /// Takes the lock on `path`; nothing when another holds it or no such file is there.
    pub fn try_acquire_existing(path: &Path) -> Result<Option<Self>> {
        match File::open(path) {
            Ok(file) => {
                let locked = file.try_lock();
                Self::of(file, path, locked)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(format!("cannot open the lock {}", path.display()), error)),
        }
    }

    fn of(file: File, path: &Path, locked: Result<(), TryLockError>) -> Result<Option<Self>> {
        match locked {
            Ok(()) => Ok(Some(Self { file, path: path.to_owned() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(Error::io(format!("cannot lock {}", path.display()), error))
            }
        }
    }

    /// Notes the holder in the file, for people and for [`holder`]. The lock does not depend on
    /// it, so a failure (a full disk) is ignored.
    pub fn note_holder(&self, holder: &str) {
        // In this order, because a file that becomes empty first gives its block back and needs a
        // new one.
        let length = holder.len() as u64;
        let _ = self.file.write_all_at(holder.as_bytes(), 0).and_then(|()| {
            // Setting the length it has already is a transaction of the file system all the same.
            match self.file.metadata()?.len() == length {
                true => Ok(()),
                false => self.file.set_len(length),
            }
        });
    }

    /// Removes the file. The lock on it goes with `self`.
    pub fn remove(&self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(format!("cannot remove the lock {}", self.path.display()), error))
            }
            _ => Ok(()),
        }
    }
}

fn open_or_create(path: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| Error::io(format!("cannot open the lock {}", path.display()), error))
}

/// What the holder of the lock on `path` noted, if it did.
pub fn holder(path: &Path) -> Option<String> {
    let mut note = String::new();
    File::open(path).ok()?.take(256).read_to_string(&mut note).ok()?;
    let note = note.trim();
    (!note.is_empty()).then(|| note.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_excludes_until_it_is_dropped_and_names_its_holder() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("job.lock");
        let first = FileLock::try_acquire(&path).expect("io").expect("free");
        first.note_holder("pid 7");
        assert_eq!(holder(&path).as_deref(), Some("pid 7"));
        assert!(FileLock::try_acquire(&path).expect("io").is_none());
        drop(first);
        let second = FileLock::try_acquire(&path).expect("io").expect("free again");
        second.remove().expect("removed");
        assert!(!path.exists());
    }
}
