//! TOML values as what the settings need, or the reason why they are not that.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use toml::de::{DeArray, DeValue};
use url::Url;

use super::{CommandLine, DatabaseSource};
use crate::secret::Secret;

pub fn boolean(value: &DeValue<'_>) -> Result<bool, String> {
    match value {
        DeValue::Boolean(boolean) => Ok(*boolean),
        other => Err(format!("must be true or false, not {}", kind(other))),
    }
}

/// A whole number within `range`.
pub fn whole<T: TryFrom<i64>>(
    range: RangeInclusive<i64>,
) -> impl Fn(&DeValue<'_>) -> Result<T, String> {
    move |value| {
        let DeValue::Integer(integer) = value else {
            return Err(format!("must be a whole number, not {}", kind(value)));
        };
        i64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| {
                format!("must be from {} to {}, not {integer}", range.start(), range.end())
            })
    }
}

/// Text that says something.
pub fn text(value: &DeValue<'_>) -> Result<String, String> {
    let text = any_text(value)?;
    if text.trim().is_empty() { Err("must not be empty".to_owned()) } else { Ok(text) }
}

/// Text that may be empty. It must not hold a NUL, which no argument, path or variable can.
pub fn any_text(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) if text.contains('\0') => Err("must not contain NUL".to_owned()),
        DeValue::String(text) => Ok(text.clone().into_owned()),
        other => Err(format!("must be text in quotes, not {}", kind(other))),
    }
}

/// A duration in quotes, which is what people forget.
pub fn duration(
    parse: fn(&str) -> Result<Duration, String>,
) -> impl Fn(&DeValue<'_>) -> Result<Duration, String> {
    move |value| match value {
        DeValue::String(text) => parse(text),
        other => Err(format!("must be text like \"10m\", not {}", kind(other))),
    }
}

/// One of the names of an enum.
pub fn choice<T: ValueEnum>(value: &DeValue<'_>) -> Result<T, String> {
    let text = text(value)?;
    T::from_str(&text, false).map_err(|_| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|name| format!("{:?}", name.get_name()))
            .collect();
        format!("must be one of {}, not {text:?}", names.join(", "))
    })
}

/// A path; a relative one is relative to the file's folder.
pub fn path(folder: &Path) -> impl Fn(&DeValue<'_>) -> Result<PathBuf, String> {
    move |value| path_of(&text(value)?, folder)
}

fn path_of(text: &str, folder: &Path) -> Result<PathBuf, String> {
    if text == "~" || text.starts_with("~/") {
        return Err("must be a whole path: only a shell knows what ~ is".to_owned());
    }
    Ok(folder.join(text))
}

/// A list of text.
pub fn list(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    match value {
        DeValue::Array(array) => array
            .iter()
            .map(|element| any_text(element.get_ref()).map_err(|reason| format!("each {reason}")))
            .collect(),
        other => Err(format!("must be a list like [\"a\", \"b\"], not {}", kind(other))),
    }
}

/// A program with its arguments. A program that is a relative path is so to the file's folder, as
/// all paths are; one without a slash is looked up in `PATH`.
pub fn command_line(folder: &Path) -> impl Fn(&DeValue<'_>) -> Result<CommandLine, String> {
    move |value| {
        let mut words = list(value)?.into_iter();
        let program = words.next().filter(|program| !program.trim().is_empty());
        let program = program.ok_or("must begin with a program")?;
        let program =
            if program.contains('/') { path_of(&program, folder)? } else { program.into() };
        Ok(CommandLine { program, arguments: words.collect() })
    }
}

/// The path of a file, or a URL.
pub fn database(folder: &Path) -> impl Fn(&DeValue<'_>) -> Result<DatabaseSource, String> {
    move |value| {
        let text = text(value)?;
        match DatabaseSource::from_text(&text)? {
            DatabaseSource::Path(_) => path_of(&text, folder).map(DatabaseSource::Path),
            url => Ok(url),
        }
    }
}

/// The address of something that speaks HTTP. Kept as a secret: whoever knows it may use it.
pub fn web_address(value: &DeValue<'_>) -> Result<Secret, String> {
    let text = text(value)?;
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Secret::new(text)),
        _ => Err("must be an address that begins with https:// or http://".to_owned()),
    }
}

/// What a value is, in words.
pub fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(array) if is_list_of_tables(array) => "a list of tables",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn is_list_of_tables(array: &DeArray<'_>) -> bool {
    array.iter().next().is_some_and(|element| element.get_ref().is_table())
}
