//! Walks a parsed TOML document table by table, and collects every mistake with its position.
//!
//! A table knows the keys that were asked for: what is left of it in the end is unknown, and the
//! nearest of the known ones is what was meant. So there is no second list of keys to keep.

use std::cell::RefCell;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Located;
use super::value::kind;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::text;

/// How many mistakes are told at once.
const MISTAKES_SHOWN_MAX: usize = 20;

/// How alike (Jaro-Winkler, 0 to 1) a name must be to be suggested. That of clap is the same.
const ALIKE_MIN: f64 = 0.7;

/// A document that is being read.
pub struct Reader<'i> {
    text: &'i str,
    /// Where each line begins.
    lines: Vec<usize>,
    mistakes: RefCell<Vec<Mistake>>,
}

struct Mistake {
    /// Where it is in the text, in bytes.
    offset: usize,
    message: String,
    hint: Option<String>,
}

impl<'i> Reader<'i> {
    pub fn new(text: &'i str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { text, lines: lines.collect(), mistakes: RefCell::default() }
    }

    /// The document's top level. Nothing when it is no TOML; then that is the mistake.
    pub fn root(&self) -> Option<Section<'_, 'i>> {
        match DeTable::parse(self.text) {
            Ok(table) => Some(Section::new(self, String::new(), table)),
            Err(error) => {
                let span = error.span().unwrap_or_default();
                let mut message = error.message().to_owned();
                if message == "duplicate key" {
                    let key = self.text.get(span.clone()).unwrap_or_default();
                    message = format!("{message}: {}", text::excerpt(key, 64));
                }
                self.mistake(span.start, message, None);
                None
            }
        }
    }

    pub fn mistake(&self, offset: usize, message: impl Into<String>, hint: Option<String>) {
        self.mistakes.borrow_mut().push(Mistake { offset, message: message.into(), hint });
    }

    /// All mistakes as one error, in the order of the file.
    pub fn finish(self, path: &Path) -> Result<()> {
        let mut mistakes = self.mistakes.take();
        mistakes.sort_by_key(|mistake| mistake.offset);
        let message = |mistake: &Mistake| {
            let (line, column) = self.position(mistake.offset);
            format!("{}:{line}:{column}: {}", path.display(), mistake.message)
        };
        match mistakes.as_slice() {
            [] => Ok(()),
            [mistake] => {
                let error = Error::new(Exit::Configuration, message(mistake));
                Err(match &mistake.hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                })
            }
            [first, ..] => {
                let line = |mistake: &Mistake| match &mistake.hint {
                    Some(hint) => format!("{} ({hint})", message(mistake)),
                    None => message(mistake),
                };
                let others = mistakes.iter().skip(1).take(MISTAKES_SHOWN_MAX - 1).map(line);
                let more = mistakes.len().saturating_sub(MISTAKES_SHOWN_MAX);
                let more = (more > 0).then(|| format!("and {more} more mistakes"));
                let error = Error::new(Exit::Configuration, line(first));
                Err(error.others(others.chain(more)))
            }
        }
    }

    /// The line of a place in the text, from 1.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    /// Line and column, both from 1, the column in characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let before = self.text.get(self.lines[line - 1]..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

/// A table of the document, from which keys are taken one by one.
pub struct Section<'r, 'i> {
    reader: &'r Reader<'i>,
    /// As its header has it, without the brackets: `jobs.backup`. Empty for the top level.
    path: String,
    offset: usize,
    table: DeTable<'i>,
    known: Vec<&'static str>,
}

impl<'r, 'i> Section<'r, 'i> {
    fn new(reader: &'r Reader<'i>, path: String, table: Spanned<DeTable<'i>>) -> Self {
        let offset = table.span().start;
        Self { reader, path, offset, table: table.into_inner(), known: Vec::new() }
    }

    /// Whether the file has that key and it was not taken yet.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The value of `key`, where the file has it and it is as it should be.
    pub fn take<T>(
        &mut self,
        key: &'static str,
        convert: impl FnOnce(&DeValue<'i>) -> Result<T, String>,
    ) -> Option<Located<T>> {
        self.known.push(key);
        let value = self.table.remove(key)?;
        let offset = value.span().start;
        match convert(value.get_ref()) {
            Ok(value) => Some(Located { value, line: self.reader.line(offset) }),
            Err(reason) => {
                self.reader.mistake(offset, format!("{}: {reason}", self.place(key)), None);
                None
            }
        }
    }

    /// The table of that name, where the file has it.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'r, 'i>> {
        self.known.push(key);
        let value = self.table.remove(key)?;
        self.sub_section(key, value)
    }

    /// All entries of a table whose keys are names given by the user, each as a table.
    pub fn named_sections(mut self) -> impl Iterator<Item = (String, Section<'r, 'i>)> {
        let table = std::mem::take(&mut self.table);
        table.into_iter().filter_map(move |(name, value)| {
            // For a table that is spread over the file this is the first place that names it.
            let offset = name.span().start;
            let name = name.into_inner().into_owned();
            let mut section = self.sub_section(&name, value)?;
            section.offset = offset;
            Some((name, section))
        })
    }

    /// All entries of a table whose keys are names given by the user, each as a value.
    pub fn named_values<T>(
        mut self,
        convert: impl Fn(&str, &DeValue<'i>) -> Result<T, String>,
    ) -> Vec<(String, T)> {
        let mut values = Vec::new();
        for (name, value) in std::mem::take(&mut self.table) {
            match convert(name.get_ref(), value.get_ref()) {
                Ok(value) => values.push((name.into_inner().into_owned(), value)),
                Err(reason) => {
                    let message = format!("{}: {reason}", self.place(name.get_ref()));
                    self.reader.mistake(name.span().start, message, None);
                }
            }
        }
        values
    }

    fn sub_section(&self, key: &str, value: Spanned<DeValue<'i>>) -> Option<Section<'r, 'i>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => {
                let path = if self.path.is_empty() {
                    quoted_unless_bare(key)
                } else {
                    format!("{}.{}", self.path, quoted_unless_bare(key))
                };
                Some(Section::new(self.reader, path, Spanned::new(span, table)))
            }
            other => {
                let message = format!("{}: must be a table, not {}", self.place(key), kind(&other));
                self.reader.mistake(span.start, message, None);
                None
            }
        }
    }

    /// Refuses a key that is known elsewhere but has no place here.
    pub fn refuse(&mut self, key: &str, reason: &str, hint: &str) {
        if let Some((name, _)) = self.table.remove_entry(key) {
            let message = format!("{}: {reason}", self.place(key));
            self.reader.mistake(name.span().start, message, Some(hint.to_owned()));
        }
    }

    /// A mistake of the table as a whole.
    pub fn mistake(&self, message: impl Into<String>, hint: Option<String>) {
        self.reader.mistake(self.offset, message, hint);
    }

    /// The line of its header, or of the first key that is in it.
    pub fn line(&self) -> usize {
        self.reader.line(self.offset)
    }

    /// What the table is called in messages: `[jobs.backup]`.
    pub fn title(&self) -> String {
        format!("[{}]", self.path)
    }

    /// Tells what was never asked for. `elsewhere` are the keys of the top level, which end up in
    /// a table when they are written below its header.
    pub fn finish(self, elsewhere: &[&str]) -> Vec<&'static str> {
        for (name, _) in &self.table {
            let key: &str = name.get_ref();
            let nearest = nearest(key, self.known.iter().copied());
            let hint = if elsewhere.contains(&key) {
                "move it to the top of the file, above the first [table]".to_owned()
            } else if let Some(nearest) = nearest {
                format!("did you mean {nearest:?}?")
            } else {
                format!("known here: {}", self.known.join(", "))
            };
            let message = format!("unknown key {}", self.place(key));
            self.reader.mistake(name.span().start, message, Some(hint));
        }
        self.known
    }

    /// `"timeout" in [jobs.backup]`
    fn place(&self, key: &str) -> String {
        if self.path.is_empty() {
            format!("{key:?}")
        } else {
            format!("{key:?} in {}", self.title())
        }
    }
}

/// The name that was most probably meant.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(alike, _)| *alike > ALIKE_MIN)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// A key as TOML writes it.
fn quoted_unless_bare(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { format!("{key:?}") }
}
