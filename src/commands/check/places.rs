//! The directories that runs write into.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use rustix::fs::{Access, access, statvfs};
use rustix::process::geteuid;

use super::findings::Check;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// With less than this left a longer run, or a longer history, fails soon.
const FREE_BYTES_ADVISED: u64 = 100 * 1024 * 1024;

/// What is written to see whether it can be.
const PROBE: [u8; 4096] = [0; 4096];

/// A directory that runs make where it is missing.
pub fn check_directory(check: &mut Check<'_>, directory: &Path) {
    match writable(directory) {
        Ok(true) => {
            check.ok(format!("{} is writable", directory.display()));
            check_space(check, directory);
        }
        Ok(false) => {
            check.ok(format!("{} is not there yet; the first run makes it", directory.display()));
        }
        Err(error) => check.failed(&error),
    }
}

/// The state directory: locks have to work there too, and others have no business in it.
pub fn check_state(check: &mut Check<'_>, directory: &Path) {
    check_directory(check, directory);
    check_file_system(check, directory);
    let Ok(metadata) = directory.metadata() else { return };
    let (owner, user) = (metadata.uid(), geteuid().as_raw());
    if owner != user {
        check.warning(
            format!("{} belongs to user {owner}; this is user {user}", directory.display()),
            "run punctual as one user always: what one makes there another may not change",
        );
    }
    if metadata.is_dir() && metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o7777;
        check.warning(
            format!("{} is open to other users (mode {mode:04o})", directory.display()),
            format!("chmod 700 {}", directory.display()),
        );
    }
    if let Some(path) = closed_file(directory) {
        check.error(
            Exit::Permission,
            format!("{} cannot be written by this user", path.display()),
            format!("chown -R {user} {}, and run punctual as one user always", directory.display()),
        );
    }
}

/// Whether files can be made in the directory, found out by making one, which is never seen: modes
/// know nothing of full disks, quotas and mounts. Where it is missing, the same of the place where it
/// would be made, and false.
pub fn writable(directory: &Path) -> Result<bool> {
    let existing = nearest_existing(directory);
    let what = || format!("cannot write into {}", existing.display());
    if !existing.is_dir() {
        let message = format!("{} is not a directory", existing.display());
        return Err(Error::new(Exit::Configuration, message).hint("name another place"));
    }
    let mut probe = tempfile::tempfile_in(existing).map_err(|error| Error::io(what(), error))?;
    probe.write_all(&PROBE).map_err(|error| Error::io(what(), error))?;
    probe.try_lock().map_err(|error| {
        let message = format!("files in {} cannot be locked", existing.display());
        Error::new(Exit::InputOutput, message).because(error).hint("choose a local disk")
    })?;
    Ok(directory.is_dir())
}

/// The directory, or the nearest one above it that is there.
fn nearest_existing(directory: &Path) -> &Path {
    let ancestors = directory
        .ancestors()
        .map(|ancestor| if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor });
    // What cannot be looked at is there, for all that anybody knows.
    let is_there = |path: &&Path| path.try_exists().unwrap_or(true);
    ancestors.into_iter().find(is_there).unwrap_or(directory)
}

fn check_space(check: &mut Check<'_>, directory: &Path) {
    let Ok(status) = statvfs(directory) else { return };
    let free = status.f_bavail.saturating_mul(status.f_frsize);
    if free < FREE_BYTES_ADVISED {
        check.warning(
            format!("{} are left for {}", ByteSize::b(free), directory.display()),
            "free some space before a run fails for want of it",
        );
    }
}

/// The first file in the state directory that this user may not write.
fn closed_file(directory: &Path) -> Option<PathBuf> {
    let below = ["", "locks", "runs"].map(|name| directory.join(name));
    let files = below.iter().filter_map(|directory| directory.read_dir().ok()).flatten();
    let mut paths = files.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    paths.find(|path| access(path, Access::WRITE_OK) == Err(rustix::io::Errno::ACCESS))
}

#[cfg(target_os = "linux")]
fn check_file_system(check: &mut Check<'_>, directory: &Path) {
    let Ok(status) = rustix::fs::statfs(nearest_existing(directory)) else { return };
    // Sign and width differ between architectures; all of the numbers have 32 bits.
    let Some((_, name, kind)) =
        FILE_SYSTEMS.iter().find(|(magic, ..)| *magic == status.f_type as u32)
    else {
        return;
    };
    let shown = directory.display();
    match kind {
        Kind::Network => check.error(
            Exit::Configuration,
            format!("{shown} is on a network file system ({name}), where neither locks nor SQLite's write-ahead log are safe"),
            "name a directory on a local disk with --state-dir",
        ),
        Kind::Bridge => check.warning(
            format!("{shown} is on {name}, which may not have working locks"),
            "name a directory on a local disk with --state-dir",
        ),
        Kind::Memory => check.warning(
            format!("{shown} is in memory ({name}): the history ends with the machine"),
            "name a directory on a disk with --state-dir",
        ),
    }
}

#[cfg(not(target_os = "linux"))]
fn check_file_system(_check: &mut Check<'_>, _directory: &Path) {}

/// What is special about a file system.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy)]
enum Kind {
    /// Other hosts write there too.
    Network,
    /// Something else answers for it.
    Bridge,
    Memory,
}

/// By the numbers of statfs(2).
#[cfg(target_os = "linux")]
const FILE_SYSTEMS: &[(u32, &str, Kind)] = &[
    (0x6969, "NFS", Kind::Network),
    (0xff53_4d42, "CIFS", Kind::Network),
    (0xfe53_4d42, "SMB", Kind::Network),
    (0x517b, "SMB", Kind::Network),
    (0x5346_414f, "AFS", Kind::Network),
    (0x6b41_4653, "AFS", Kind::Network),
    (0x7375_7245, "Coda", Kind::Network),
    (0x00c3_6400, "Ceph", Kind::Network),
    (0x0bd0_0bd0, "Lustre", Kind::Network),
    (0x7461_636f, "OCFS2", Kind::Network),
    (0x0116_1970, "GFS2", Kind::Network),
    (0x6573_5546, "FUSE", Kind::Bridge),
    (0x0102_1997, "9p", Kind::Bridge),
    (0x0102_1994, "tmpfs", Kind::Memory),
    (0x8584_58f6, "ramfs", Kind::Memory),
];
