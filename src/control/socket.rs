//! The socket's file: where it is, how to get at it, and how to make it.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use crate::error::{Error, Result};
use crate::exit::Exit;

const NAME: &str = "daemon.sock";

/// Where the socket is made before it gets its place.
const NURSERY: &str = "daemon.sock.new";

/// Where the socket of a state directory is.
pub fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(NAME)
}

/// The error for a socket that something cannot be done with.
pub fn error(doing: &str, state_dir: &Path, error: io::Error) -> Error {
    let too_long = error.kind() == io::ErrorKind::InvalidInput;
    let message = format!("{doing} through {}", path(state_dir).display());
    let error = Error::io(message, error);
    if too_long { error.hint("give punctual a shorter --state-dir") } else { error }
}

/// A path to the socket in a directory that is short enough to connect and bind to, for as long as
/// this is held.
pub struct Address {
    path: PathBuf,
    /// The directory, where the path leads through its descriptor.
    _directory: Option<OwnedFd>,
}

impl Address {
    pub fn in_directory(directory: &Path) -> io::Result<Self> {
        let path = directory.join(NAME);
        match SocketAddr::from_pathname(&path) {
            Ok(_) => Ok(Self { path, _directory: None }),
            Err(too_long) => Self::through_descriptor(directory, too_long),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A socket's address has room for about a hundred bytes (unix(7)), and there is no call that
    /// takes a directory and a name. But procfs has a short name for any open directory: proc(5).
    #[cfg(target_os = "linux")]
    fn through_descriptor(directory: &Path, _too_long: io::Error) -> io::Result<Self> {
        use std::os::fd::AsRawFd;

        use rustix::fs::{Mode, OFlags};
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(directory, flags, Mode::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{NAME}", directory.as_raw_fd()));
        Ok(Self { path, _directory: Some(directory) })
    }

    #[cfg(not(target_os = "linux"))]
    fn through_descriptor(_directory: &Path, too_long: io::Error) -> io::Result<Self> {
        Err(too_long)
    }
}

/// The socket of the daemon. Its file is removed when this is dropped.
pub struct Listener {
    listener: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Makes the socket. Only for the daemon that holds the state directory: a socket that is
    /// there already must be one that a dead daemon left, and is replaced.
    ///
    /// Call it inside the tokio runtime.
    pub fn bind(state_dir: &Path) -> Result<Self> {
        let failed = |doing| move |failure| error(doing, state_dir, failure);
        let path = path(state_dir);
        match std::fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("cannot listen")(error)),
            Ok(found) if found.file_type().is_socket() => {
                tracing::info!(
                    path = %path.display(),
                    "replacing the socket of an earlier daemon that did not end in order"
                );
            }
            Ok(_) => {
                let message = format!("{} is there and is no socket", path.display());
                return Err(Error::new(Exit::InputOutput, message).hint("move it away"));
            }
        }
        // It is private from its first moment: made inside a directory that nobody else may enter,
        // it comes to its place with its mode set. The umask could do that too, but it belongs to
        // the whole process.
        let nursery = state_dir.join(NURSERY);
        remove_directory(&nursery)
            .and_then(|()| DirBuilder::new().mode(0o700).create(&nursery))
            .map_err(failed("cannot listen"))?;
        let listener = Address::in_directory(&nursery)
            .and_then(|address| {
                let listener = UnixListener::bind(address.path())?;
                let newborn = nursery.join(NAME);
                std::fs::set_permissions(&newborn, Permissions::from_mode(0o600))?;
                std::fs::rename(newborn, &path)?;
                Ok(listener)
            })
            .map_err(failed("cannot listen"));
        let _ = std::fs::remove_dir(&nursery);
        Ok(Self { listener: listener?, path })
    }

    pub async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "cannot remove the socket");
        }
    }
}

/// Removes what a daemon left that was killed while it made its socket.
fn remove_directory(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
