//! Chooses each setting among flag, environment, file and default, and keeps which it was.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use url::Url;

use super::args::GlobalArgs;
use crate::clock::format_setting;
use crate::config::{Config, DatabaseSource, Located};
use crate::error::{Error, Result};
use crate::logging::LogFormat;

/// A setting as it may be shown: without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedSetting {
    /// As the file has it: `log_dir`.
    pub name: &'static str,
    pub value: String,
    pub origin: Origin,
}

/// Where a setting's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The setting's name.
    Flag(&'static str),
    /// The setting's name.
    Environment(&'static str),
    File {
        path: PathBuf,
        line: usize,
    },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "flag --{}", name.replace('_', "-")),
            Origin::Environment(name) => {
                write!(f, "environment PUNCTUAL_{}", name.to_ascii_uppercase())
            }
            Origin::File { path, line } => write!(f, "file {}:{line}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// The choice, and what was chosen so far.
pub struct Choice<'a> {
    args: &'a GlobalArgs,
    config: &'a Config,
    resolved: Vec<ResolvedSetting>,
}

impl<'a> Choice<'a> {
    /// Begins with the file itself, which was chosen earlier.
    pub fn new(args: &'a GlobalArgs, config: &'a Config) -> Self {
        let mut choice = Self { args, config, resolved: Vec::new() };
        let named = choice.pick("config", &args.flags.config, &None);
        let origin = named.map_or(Origin::Default, |(_, origin)| origin);
        choice.note("config", &config.path, origin);
        choice
    }

    /// What a flag or the environment gives, else the file, else nothing.
    pub fn optional<T: Clone + Shown>(
        &mut self,
        name: &'static str,
        given: &Option<T>,
        in_file: &Option<Located<T>>,
    ) -> Option<T> {
        let (value, origin) = match self.pick(name, given, in_file) {
            Some((value, origin)) => (Some(value), origin),
            None => (None, Origin::Default),
        };
        self.note(name, &value, origin);
        value
    }

    /// The same, else the default.
    pub fn or<T: Clone + Shown>(
        &mut self,
        name: &'static str,
        given: &Option<T>,
        in_file: &Option<Located<T>>,
        default: T,
    ) -> T {
        let picked = self.pick(name, given, in_file);
        let (value, origin) = picked.unwrap_or((default, Origin::Default));
        self.note(name, &value, origin);
        value
    }

    /// The same, where it takes something to find the default, and there may be none.
    pub fn or_else<T: Clone + Shown>(
        &mut self,
        name: &'static str,
        given: &Option<T>,
        in_file: &Option<Located<T>>,
        default: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let picked = self.pick(name, given, in_file);
        let (value, origin) =
            picked.map_or_else(|| Ok::<_, Error>((default()?, Origin::Default)), Ok)?;
        self.note(name, &value, origin);
        Ok(value)
    }

    /// Everything that was chosen.
    pub fn finish(self) -> Vec<ResolvedSetting> {
        self.resolved
    }

    fn pick<T: Clone>(
        &self,
        name: &'static str,
        given: &Option<T>,
        in_file: &Option<Located<T>>,
    ) -> Option<(T, Origin)> {
        if let Some(value) = given {
            return Some((value.clone(), self.given(name)));
        }
        let (Located { value, line }, path) = in_file.clone().zip(self.config.path.clone())?;
        Some((value, Origin::File { path, line }))
    }

    fn given(&self, name: &'static str) -> Origin {
        if self.args.is_from_environment(name) {
            Origin::Environment(name)
        } else {
            Origin::Flag(name)
        }
    }

    fn note(&mut self, name: &'static str, value: &impl Shown, origin: Origin) {
        self.resolved.push(ResolvedSetting { name, value: value.shown(), origin });
    }
}

/// A value as people may see it.
pub trait Shown {
    fn shown(&self) -> String;
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Shown::shown)
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        self.clone()
    }
}

impl Shown for PathBuf {
    fn shown(&self) -> String {
        self.display().to_string()
    }
}

impl Shown for Duration {
    fn shown(&self) -> String {
        format_setting(*self)
    }
}

impl Shown for u16 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for u32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for LogFormat {
    fn shown(&self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Shown for DatabaseSource {
    /// A URL may hold passwords, as such and among its parameters.
    fn shown(&self) -> String {
        let url = match self {
            DatabaseSource::Path(path) | DatabaseSource::UrlFile(path) => return path.shown(),
            DatabaseSource::Url(url) => Url::parse(url.expose()),
        };
        let redacted = url.ok().and_then(|mut url| {
            url.set_query(None);
            if url.password().is_some() {
                url.set_password(Some("redacted")).ok()?;
            }
            Some(url.to_string())
        });
        redacted.unwrap_or_else(|| "redacted".to_owned())
    }
}
