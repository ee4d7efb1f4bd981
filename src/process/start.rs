//! Starting a command, and saying in clear words why one cannot be started.

use std::ffi::OsStr;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::family::Family;
use super::{Command, RUN_ID_VARIABLE};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// A first line that names an interpreter is shorter: see execve(2).
const FIRST_LINE_BYTES_MAX: u64 = 256;

pub fn start(command: &Command) -> Result<Family> {
    let Some((program, arguments)) = command.argv.split_first() else {
        return Err(Error::new(Exit::Configuration, "the command is empty")
            .hint("name the program to run, then its arguments"));
    };
    let mut process = tokio::process::Command::new(program);
    process
        .args(arguments)
        .stdin(input(&command.input)?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for name in &command.withheld {
        process.env_remove(name);
    }
    process.envs(command.env.iter().map(|(name, value)| (name, value)));
    process.env(RUN_ID_VARIABLE, command.run_id.to_string());
    if let Some(directory) = &command.working_dir {
        process.current_dir(directory);
    }
    own_group(&mut process, on_terminal());
    Family::start(&mut process, command.run_id)
        .map_err(|error| explain(command, Path::new(program), error))
}

/// The stdin of a command: a file that is gone already, so that nobody has to write while the
/// command reads, or does not.
fn input(bytes: &[u8]) -> Result<Stdio> {
    if bytes.is_empty() {
        return Ok(Stdio::null());
    }
    let written = || {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        file.rewind()?;
        Ok(file)
    };
    let file = written().map_err(|error| Error::io("cannot hand a command its input", error))?;
    Ok(file.into())
}

/// Gives the process a group of its own, to be signalled as one.
///
/// On a terminal that would be a background group, which is stopped, for ever, when it asks the
/// terminal for a password. There it gets a session of its own instead, which has no terminal, so
/// that asking for one fails at once. Ctrl-C then reaches punctual, which passes it on. Where there
/// is no terminal a session would add nothing, and starting it takes twice as long: it needs a
/// copy of this process to make the call in.
pub fn own_group(process: &mut tokio::process::Command, on_terminal: bool) {
    if on_terminal {
        own_session(process);
    } else {
        process.process_group(0);
    }
}

#[expect(unsafe_code, reason = "what runs between fork and exec is for the caller to vouch for")]
fn own_session(process: &mut tokio::process::Command) {
    // SAFETY: setsid(2) is a bare system call, which is all that may be made at that point.
    unsafe {
        process.pre_exec(|| rustix::process::setsid().map(drop).map_err(io::Error::from));
    }
}

/// Whether this process belongs to a terminal, wherever its output goes.
fn on_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

/// The error of a command that could not be started. The system only gives a number, which may
/// be about the directory, the program, or the program's interpreter.
fn explain(command: &Command, program: &Path, error: io::Error) -> Error {
    if let Some(directory) = &command.working_dir
        && let Some(why) = unusable(directory)
    {
        let directory = directory.display();
        return setup(format!("cannot work in {directory}: {why}"))
            .hint("create the directory, or correct the command's working directory");
    }
    if program.as_os_str().is_empty() {
        return setup("the command is empty".to_owned()).hint("name the program to start");
    }
    let named = format!("cannot start {}", program.display());
    let Some(path) = find(command, program) else {
        let message = match search_path(command) {
            Some(path) => format!("{named}: no such program in PATH ({})", path.display()),
            None => format!("{named}: no such program, and no PATH to look for one"),
        };
        return setup(message).hint("give the program's full path, or set PATH for the command");
    };
    // A link that leads to nothing is not there either.
    let metadata = match std::fs::metadata(&path) {
        Err(missing) if missing.kind() == ErrorKind::NotFound => {
            return setup(format!("{named}: there is no such file"))
                .hint("correct the path of the program");
        }
        metadata => metadata,
    };
    if metadata.as_ref().is_ok_and(std::fs::Metadata::is_dir) {
        return setup(format!("{named}: it is a directory"))
            .hint("name a program in it, not the directory");
    }
    match error.kind() {
        ErrorKind::PermissionDenied
            if metadata.is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0) =>
        {
            setup(format!("{named}: it is not executable"))
                .hint(format!("make it so: chmod +x {}", path.display()))
        }
        ErrorKind::NotFound => {
            let what = interpreter(&path).map_or_else(
                || "the loader that it needs does not exist".to_owned(),
                |name| format!("the interpreter {name:?} in its first line does not exist"),
            );
            setup(format!("{named}: {what}")).hint("install it, or correct the program")
        }
        ErrorKind::InvalidInput | ErrorKind::ArgumentListTooLong => {
            Error::new(Exit::Configuration, named)
                .because(error)
                .hint("correct the command's arguments and environment")
        }
        _ => Error::io(named, error),
    }
}

fn setup(message: String) -> Error {
    Error::new(Exit::Configuration, message)
}

/// Why a directory cannot be worked in.
fn unusable(directory: &Path) -> Option<&'static str> {
    match std::fs::metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => Some("there is no such directory"),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Some("it is no directory"),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Some("permission denied"),
        Ok(metadata) if !metadata.is_dir() => Some("it is no directory"),
        // Looking into it takes the same permission as going there.
        Ok(_) => match std::fs::metadata(directory.join(".")) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Some("permission denied"),
            _ => None,
        },
        Err(_) => None,
    }
}

/// Where a program would be found: where its name says, or in PATH.
fn find(command: &Command, program: &Path) -> Option<PathBuf> {
    let base = command.working_dir.as_deref().unwrap_or(Path::new(""));
    if program.as_os_str().as_encoded_bytes().contains(&b'/') {
        return Some(base.join(program));
    }
    std::env::split_paths(search_path(command)?)
        .map(|directory| base.join(directory).join(program))
        .find(|path| path.exists())
}

/// The PATH that the command's program is looked up in: that of its own environment.
fn search_path(command: &Command) -> Option<&OsStr> {
    let own = command.env.iter().rev().find(|(name, _)| name == "PATH");
    own.map(|(_, value)| value.as_os_str()).or(command.search_path.as_deref())
}

/// The interpreter that a script's first line names.
fn interpreter(script: &Path) -> Option<String> {
    let file = std::fs::File::open(script).ok()?;
    let mut start = Vec::new();
    file.take(FIRST_LINE_BYTES_MAX).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line).into_owned();
    line.split_ascii_whitespace().next().map(str::to_owned)
}
