//! Reads a configuration file as text, whatever somebody may have put in its place.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// Far beyond thousands of jobs. Whatever is larger is something else.
const BYTES_MAX: u64 = 1024 * 1024;

const SAVE_AS_UTF8: &str = "save it as UTF-8 text";

/// What was read.
pub struct Text {
    pub text: String,
    /// Of a regular file. A pipe's say nothing.
    mode: Option<u32>,
}

impl Text {
    pub fn is_writable_by_everybody(&self) -> bool {
        self.mode.is_some_and(|mode| mode & 0o002 != 0)
    }

    pub fn is_readable_by_everybody(&self) -> bool {
        self.mode.is_some_and(|mode| mode & 0o004 != 0)
    }
}

/// The file's text; nothing when there is no such file.
pub fn read(path: &Path) -> Result<Option<Text>> {
    let unreadable = |error| failed(path, "cannot be read").because(error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let hint = "let the user that runs punctual read it, or name another with --config";
            return Err(unreadable(error).hint(hint));
        }
        Err(error) => return Err(unreadable(error)),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(failed(path, "is a directory").hint("give --config the path of a file"));
    }
    let mut bytes = Vec::new();
    if metadata.len() <= BYTES_MAX {
        // One byte more tells a file that is too large from one that is just not, also where the
        // size is not known before: a device, a pipe.
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if metadata.len().max(bytes.len() as u64) > BYTES_MAX {
        return Err(failed(path, "is larger than 1 MiB").hint("give --config another file"));
    }
    let text = decode(path, bytes)?;
    Ok(Some(Text { text, mode: mode(&metadata) }))
}

fn mode(metadata: &Metadata) -> Option<u32> {
    metadata.is_file().then(|| metadata.permissions().mode())
}

/// UTF-8, with or without a byte order mark.
fn decode(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_utf16 {
        return Err(failed(path, "is UTF-16, not UTF-8").hint(SAVE_AS_UTF8));
    }
    if bytes.contains(&0) {
        return Err(failed(path, "is no text: it has NUL bytes").hint(SAVE_AS_UTF8));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let (valid, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        let byte = rest.first().copied().unwrap_or_default();
        let message = format!("{}:{line}: the byte 0x{byte:02x} is not UTF-8", path.display());
        Error::new(Exit::Configuration, message).hint(SAVE_AS_UTF8)
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

fn failed(path: &Path, what: &str) -> Error {
    Error::new(Exit::Configuration, format!("the configuration file {} {what}", path.display()))
}
