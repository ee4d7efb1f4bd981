//! Values that must not be shown.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// A value that no log, error or debug output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A secret as a configuration gives it: itself, or a file that holds it.
#[derive(Clone, Debug)]
pub enum SecretSource {
    Value(Secret),
    File(PathBuf),
}

impl SecretSource {
    /// The secret, without the white space around it. A file is read anew each time: what it
    /// holds can be changed at any time.
    ///
    /// Blocks: call it from blocking code.
    pub fn read(&self) -> Result<Secret> {
        /// More than any password or address.
        const FILE_BYTES_MAX: u64 = 64 * 1024;

        let path = match self {
            SecretSource::Value(secret) => return Ok(secret.clone()),
            SecretSource::File(path) => path,
        };
        let unusable = |what: &str| {
            Error::new(Exit::Configuration, format!("the file {} {what}", path.display()))
        };
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
            .map_err(|error| {
            unusable("cannot be read")
                .because(error)
                .hint("let the user that runs punctual read it, or name another file")
        })?;
        if text.len() as u64 > FILE_BYTES_MAX {
            return Err(unusable("is too large to hold just a secret")
                .hint("name the file that holds the secret and nothing else"));
        }
        match text.trim() {
            "" => Err(unusable("is empty").hint("put the secret into it, or name another file")),
            secret => Ok(Secret::new(secret)),
        }
    }
}

/// Looks secrets up by the name of their environment variable. Cheap to clone.
#[derive(Clone)]
pub struct Secrets(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<Secret> + Send + Sync;

impl Secrets {
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<Secret> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// The secret of that name, where it is set and not empty.
    pub fn get(&self, name: &str) -> Option<Secret> {
        (self.0)(name).filter(|secret| !secret.expose().is_empty())
    }
}
