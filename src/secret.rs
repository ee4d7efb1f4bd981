//! Values that must not be shown.

use std::fmt;
use std::sync::Arc;

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
