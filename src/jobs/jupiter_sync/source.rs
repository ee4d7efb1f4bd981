//! Where a list comes from, and what the command line may say about that.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use url::Url;

use super::fetch::shown;
use super::list::Shape;
use crate::error::{Error, Result};
use crate::exit::Exit;

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A tag of the API; `optional` when it is one of the default set.
    Tag {
        tag: String,
        url: Url,
        optional: bool,
    },
    Url(Url),
    /// A file, or `-` for stdin.
    File(PathBuf),
}

impl Source {
    /// For progress, logs and errors.
    pub fn label(&self) -> String {
        match self {
            Source::Tag { tag, .. } => format!("tag {tag}"),
            Source::Url(url) => shown(url),
            Source::File(_) if self.is_stdin() => "stdin".to_owned(),
            Source::File(path) => path.display().to_string(),
        }
    }

    pub fn shape(&self) -> Shape {
        match self {
            Source::Tag { .. } => Shape::Array,
            Source::Url(_) | Source::File(_) => Shape::ArrayOrTokenList,
        }
    }

    pub fn is_stdin(&self) -> bool {
        matches!(self, Source::File(path) if path.as_os_str() == "-")
    }

    /// Whether the same bytes may be whole when they are asked for again.
    pub fn is_remote(&self) -> bool {
        !matches!(self, Source::File(_))
    }
}

pub fn tag_url(api_url: &Url, tag: &str) -> Result<Url> {
    let mut url = api_url.clone();
    url.path_segments_mut()
        .map_err(|()| Error::new(Exit::Usage, "the URL of the API cannot have a path"))?
        .pop_if_empty()
        .extend(["tokens", "v2", "tag"]);
    url.query_pairs_mut().append_pair("query", tag);
    Ok(url)
}

/// A parser of URLs for clap, which by itself shows a wrong one: a key or a password may be in it.
#[derive(Clone)]
pub struct UrlParser<T>(pub fn(&str) -> Result<T, String>);

impl<T: Clone + Send + Sync + 'static> TypedValueParser for UrlParser<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let Some(text) = value.to_str().filter(|text| text.contains(['@', '?', '#'])) else {
            return self.0.parse_ref(command, argument, value);
        };
        self.0(text).map_err(|reason| {
            let mut error = clap::Error::new(ErrorKind::ValueValidation).with_cmd(command);
            let name = argument.map(clap::Arg::to_string).unwrap_or_default();
            error.insert(ContextKind::InvalidArg, ContextValue::String(name));
            error.insert(ContextKind::InvalidValue, ContextValue::String("[redacted]".to_owned()));
            let reason = ContextValue::StyledStrs(vec![StyledStr::from(reason)]);
            error.insert(ContextKind::Suggested, reason);
            error
        })
    }
}

pub fn parse_api_url(text: &str) -> Result<Url, String> {
    let url = parse_http_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it must not have a query or a fragment".to_owned());
    }
    Ok(url)
}

fn parse_http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it must begin with https:// or http://".to_owned());
    }
    Ok(url)
}

/// Refuses a URL with a name or a password in it. Not while the command line is parsed, because
/// clap would show them.
pub fn refuse_credentials(url: &Url) -> Result<()> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(());
    }
    Err(Error::new(
        Exit::Usage,
        format!("the URL {} holds credentials, which the process list would show", shown(url)),
    )
    .hint("leave them out; an API key goes into JUPITER_API_KEY or --api-key-file"))
}

pub fn parse_tag(text: &str) -> Result<String, String> {
    let tag = text.trim();
    if tag.is_empty() {
        return Err("a tag must not be empty".to_owned());
    }
    Ok(tag.to_owned())
}

pub fn parse_from(text: &str) -> Result<Source, String> {
    if text.is_empty() {
        return Err("it must name a file, a URL or - for stdin".to_owned());
    }
    if text.contains("://") {
        return parse_http_url(text).map(Source::Url);
    }
    Ok(Source::File(PathBuf::from(text)))
}
