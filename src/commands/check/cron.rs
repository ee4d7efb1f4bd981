//! The crontabs of this host, the cron that reads them, and whether both mean what the jobs mean.

use std::ffi::{OsStr, OsString};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Subject;
use super::crontab::{self, Columns};
use super::drift::{Comparison, Seen};
use super::findings::{Check, Findings};
use super::programs;
use super::zone::Zone;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::settings::{search_path, time_zone};

const OF_SYSTEM: &str = "/etc/crontab";
const FOLDER_OF_SYSTEM: &str = "/etc/cron.d";

/// Where daemons are, which PATH often leaves out.
const FOLDERS_OF_DAEMONS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// More than any crontab; more than any cron.
const CRONTAB_BYTES_MAX: usize = 1024 * 1024;
const PROGRAM_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// A crontab that could be read.
struct Crontab {
    /// As findings call it.
    name: String,
    text: String,
    columns: Columns,
}

/// What the cron of this host knows about time zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cron {
    /// A `CRON_TZ` above the lines: cronie.
    TakesZones,
    /// None but that of its own environment: Debian's.
    TakesNone,
    /// The same, of busybox, which is started where there is no time zone to be set.
    Busybox,
    /// There is none here.
    Unknown,
}

/// Compares the crontabs with the jobs: the `files`, or else those that are installed.
pub fn check_cron(findings: &mut Findings, subject: &Subject<'_>, files: &[PathBuf]) {
    let mut check = findings.check("crontab");
    let crontabs = if files.is_empty() { installed() } else { named(&mut check, files) };
    let is_subcommand =
        |word: &str| subject.definition.get_subcommands().any(|it| it.get_name() == word);
    let now = Clock::System.now();
    let cron = Cron::of_host();
    let zone = Zone::of_host(time_zone().as_deref(), now);
    let comparison = Comparison::new(subject, cron, zone, now);
    let mut seen = Seen::default();
    let mut entries = 0;
    for Crontab { name, text, columns } in &crontabs {
        let found = crontab::read(text, *columns, is_subcommand);
        entries += found.len();
        comparison.compare(&mut check, &mut seen, name, &found);
    }
    if entries == 0 && files.is_empty() {
        return check.ok("no crontab here starts punctual");
    }
    if crontabs.len() < files.len() {
        // What is missing may be in the one that cannot be read.
        return;
    }
    let daemon = daemon_answers(&subject.settings.state_dir);
    comparison.look_for_missing(&mut check, &seen, daemon);
    comparison.look_at_zones(&mut findings.check("time zone of cron"), &seen);
}

/// Whether a daemon of this state directory runs.
fn daemon_answers(state_dir: &Path) -> bool {
    UnixStream::connect(state_dir.join("daemon.sock")).is_ok()
}

/// The crontabs that were asked for.
fn named(check: &mut Check<'_>, files: &[PathBuf]) -> Vec<Crontab> {
    let mut crontabs = Vec::new();
    for file in files {
        let of_system = file.starts_with(FOLDER_OF_SYSTEM) || file == Path::new(OF_SYSTEM);
        let columns = if of_system { Columns::OfSystem } else { Columns::Unknown };
        match read(file) {
            Ok(text) => {
                crontabs.push(Crontab { name: file.display().to_string(), text, columns });
            }
            Err(error) => check.failed(&error),
        }
    }
    crontabs
}

/// The crontab of this user, and those of the system. What cannot be read is nobody's business here.
fn installed() -> Vec<Crontab> {
    let of_user = text_of_user().map(|text| Crontab {
        name: "crontab -l".to_owned(),
        text,
        columns: Columns::OfUser,
    });
    let in_folder = std::fs::read_dir(FOLDER_OF_SYSTEM).into_iter().flatten();
    let mut files: Vec<PathBuf> =
        in_folder.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|file| !is_left_over(file));
    files.sort();
    files.insert(0, OF_SYSTEM.into());
    let of_system = files.into_iter().filter_map(|file| {
        let text = read(&file).ok()?;
        Some(Crontab { name: file.display().to_string(), text, columns: Columns::OfSystem })
    });
    of_user.into_iter().chain(of_system).collect()
}

/// What `crontab -l` prints; nothing where there is none, or no such program.
fn text_of_user() -> Option<String> {
    let program = programs::find(Path::new("crontab"), search_path().as_deref()).ok()?;
    let listed = Command::new(program).arg("-l").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    listed.status.success().then_some(text)
}

fn read(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).map_err(|error| {
        let message = format!("the crontab {} cannot be read", file.display());
        Error::io(message, error).hint("give --crontab the path of a file that this user may read")
    })?;
    if bytes.len() > CRONTAB_BYTES_MAX {
        let message = format!("the crontab {} is larger than 1 MiB", file.display());
        return Err(Error::new(Exit::InputOutput, message).hint("give --crontab another file"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// What editors and package managers leave behind, and cron does not read.
fn is_left_over(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let ends = ["~", ".rpmsave", ".rpmnew", ".rpmorig", ".dpkg-old", ".dpkg-new", ".dpkg-dist"];
    name.starts_with('.') || ends.iter().any(|end| name.ends_with(end))
}

impl Cron {
    /// Tells by its program's file what the cron of this host can do: to ask it is not possible
    /// everywhere, and to be wrong about that could cost somebody a crontab.
    fn of_host() -> Self {
        let search_path = search_path().unwrap_or_default();
        let folders =
            std::env::split_paths(&search_path).chain(FOLDERS_OF_DAEMONS.iter().map(PathBuf::from));
        let folders: OsString = std::env::join_paths(folders).unwrap_or_default();
        let find = |name| programs::find(Path::new(name), Some(&folders)).ok();
        find("crond").or_else(|| find("cron")).map_or(Cron::Unknown, |file| Self::of_program(&file))
    }

    fn of_program(file: &Path) -> Self {
        let Ok(file) = file.canonicalize() else { return Cron::Unknown };
        if file.file_name() == Some(OsStr::new("busybox")) {
            return Cron::Busybox;
        }
        let fits = file.metadata().is_ok_and(|metadata| metadata.len() <= PROGRAM_BYTES_MAX);
        match std::fs::read(&file) {
            Ok(program) if fits => {
                let takes_zones = memchr::memmem::find(&program, b"CRON_TZ").is_some();
                if takes_zones { Cron::TakesZones } else { Cron::TakesNone }
            }
            _ => Cron::Unknown,
        }
    }

    /// Whether a `CRON_TZ` in a crontab is heeded. Where it is not known, it is believed.
    pub fn takes_zones(self) -> bool {
        matches!(self, Cron::TakesZones | Cron::Unknown)
    }

    /// How to have it read schedules in UTC.
    pub fn hint(self) -> &'static str {
        match self {
            Cron::TakesZones => "write CRON_TZ=UTC above the lines",
            Cron::TakesNone => {
                "set the host to UTC (timedatectl set-timezone UTC) and restart cron, which takes \
                 no CRON_TZ; or shift the hours, where the zone has no summer time"
            }
            Cron::Busybox => "start crond with TZ=UTC in its environment; it takes no CRON_TZ",
            Cron::Unknown => {
                "cronie: write CRON_TZ=UTC above the lines; Debian's cron: set the host to UTC; \
                 busybox: start crond with TZ=UTC in its environment"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cron_is_told_by_its_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let busybox = file("busybox", "CRON_TZ");
        let crond = directory.path().join("crond");
        std::os::unix::fs::symlink(busybox, &crond).expect("a link");
        assert_eq!(Cron::of_program(&crond), Cron::Busybox);
        assert_eq!(Cron::of_program(&file("cronie", "x\0CRON_TZ\0")), Cron::TakesZones);
        assert_eq!(Cron::of_program(&file("cron", "x\0TZ\0")), Cron::TakesNone);
        assert_eq!(Cron::of_program(&directory.path().join("none")), Cron::Unknown);
    }

    #[test]
    fn what_others_leave_behind_is_no_crontab() {
        let left_over = |name| is_left_over(&Path::new(FOLDER_OF_SYSTEM).join(name));
        assert!(["x~", ".placeholder", "x.dpkg-old", "x.rpmnew"].into_iter().all(left_over));
        assert!(!["punctual", "e2scrub_all", "a.b"].into_iter().any(left_over));
    }
}
