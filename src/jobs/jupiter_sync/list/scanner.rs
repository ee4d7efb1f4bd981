//! The grammar of a list, over as much of its bytes as is at hand.

use super::super::element::{self, DEPTH_MAX, Element, ReadError};
use super::{ListError, Shape};
use crate::error::Error;
use crate::exit::Exit;
use crate::text;

/// Bytes of one element, at most.
pub(super) const ELEMENT_BYTES_MAX: usize = 1 << 20;

/// Where in the body the scanner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first byte that is not white space.
    Start,
    /// In a token list's object, before a key or its end.
    InObject { after_tokens: bool },
    /// Before an element; `first` until one was read.
    InArray { first: bool, in_object: bool },
    /// After the end of everything.
    End,
}

/// Reads a list from one piece of its bytes after the other.
pub(super) struct Scanner {
    shape: Shape,
    state: State,
    /// Elements read so far; the index of the next one.
    elements: u64,
}

/// What a look at the unread bytes came to.
enum Step {
    /// So many bytes are done with, and this is the new state.
    Advance(usize, State),
    /// Nothing can be decided without more bytes.
    NeedMore,
}

/// The unread bytes.
#[derive(Clone, Copy)]
struct Unread<'a> {
    bytes: &'a [u8],
    /// No more will follow.
    is_last: bool,
}

impl Scanner {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, state: State::Start, elements: 0 }
    }

    /// Hands every element that is whole in `bytes` to `take`, with its index. Returns how many bytes
    /// are done with; what is left of them is to come again, with more behind it unless they are the
    /// last ones.
    pub(super) fn scan(
        &mut self,
        bytes: &[u8],
        is_last: bool,
        take: &mut impl FnMut(u64, Element<'_>) -> Result<(), Error>,
    ) -> Result<usize, ListError> {
        let mut used = 0;
        loop {
            match self.step(Unread { bytes: &bytes[used..], is_last }, take)? {
                Step::Advance(bytes, state) => {
                    used += bytes;
                    self.state = state;
                }
                Step::NeedMore => return Ok(used),
            }
        }
    }

    /// What it means that the source has no more, with so many bytes unread.
    pub(super) fn end(&self, unread_bytes: usize) -> Result<(), ListError> {
        match self.state {
            State::End => Ok(()),
            State::Start if unread_bytes == 0 => Err(ListError::Empty(no_list("it is empty"))),
            _ => Err(ListError::Truncated { elements: self.elements }),
        }
    }

    fn step(
        &mut self,
        unread: Unread<'_>,
        take: &mut impl FnMut(u64, Element<'_>) -> Result<(), Error>,
    ) -> Result<Step, ListError> {
        let blank = unread.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank > 0 {
            return Ok(Step::Advance(blank, self.state));
        }
        let Some(&byte) = unread.bytes.first() else { return Ok(Step::NeedMore) };
        match self.state {
            State::Start => self.step_start(unread, byte),
            State::InObject { after_tokens } => self.step_object(unread, byte, after_tokens),
            State::InArray { first, in_object } => {
                self.step_array(unread, byte, first, in_object, take)
            }
            State::End => Err(self.invalid("more follows after its end")),
        }
    }

    fn step_start(&self, unread: Unread<'_>, byte: u8) -> Result<Step, ListError> {
        const BOM: &[u8] = "\u{feff}".as_bytes();
        let Unread { bytes, is_last } = unread;
        match (byte, self.shape) {
            (b'[', _) => Ok(Step::Advance(1, State::InArray { first: true, in_object: false })),
            (b'{', Shape::ArrayOrTokenList) => {
                Ok(Step::Advance(1, State::InObject { after_tokens: false }))
            }
            (0xef, _) if bytes.len() < BOM.len() && !is_last => Ok(Step::NeedMore),
            (0xef, _) if bytes.starts_with(BOM) => Ok(Step::Advance(BOM.len(), State::Start)),
            _ => {
                let start = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]);
                let start = text::excerpt(&start, 120);
                Err(self.invalid(&format!("it begins with {start}")))
            }
        }
    }

    /// At a key of the token list's object, at the comma before it, or at the object's end.
    fn step_object(
        &self,
        unread: Unread<'_>,
        byte: u8,
        after_tokens: bool,
    ) -> Result<Step, ListError> {
        let bytes = unread.bytes;
        match byte {
            b'}' if after_tokens => Ok(Step::Advance(1, State::End)),
            b'}' => Err(self.invalid("it is an object without tokens")),
            b',' => Ok(Step::Advance(1, self.state)),
            b'"' => {
                let mut keys = serde_json::Deserializer::from_slice(bytes).into_iter::<String>();
                let key = match keys.next() {
                    Some(Ok(key)) => key,
                    Some(Err(error)) if is_cut_off(bytes, &error) => return self.need_more(unread),
                    _ => return Err(self.broken()),
                };
                let mut used = keys.byte_offset();
                used += blank_bytes(&bytes[used..]);
                match bytes.get(used) {
                    None => return self.need_more(unread),
                    Some(b':') => used += 1,
                    Some(_) => return Err(self.broken()),
                }
                used += blank_bytes(&bytes[used..]);
                match bytes.get(used) {
                    None => self.need_more(unread),
                    Some(b'[') if key == "tokens" && !after_tokens => {
                        Ok(Step::Advance(used + 1, State::InArray { first: true, in_object: true }))
                    }
                    Some(_) => match self.value_bytes(&bytes[used..], unread.is_last)? {
                        Some(length) => Ok(Step::Advance(used + length, self.state)),
                        None => self.need_more(unread),
                    },
                }
            }
            _ => Err(self.broken()),
        }
    }

    /// How many bytes the ignored value at the start of `json` takes; nothing when it is not
    /// whole yet.
    fn value_bytes(&self, json: &[u8], is_last: bool) -> Result<Option<usize>, ListError> {
        let mut values =
            serde_json::Deserializer::from_slice(json).into_iter::<serde::de::IgnoredAny>();
        match values.next() {
            Some(Ok(_)) if values.byte_offset() == json.len() && !is_last => Ok(None),
            Some(Ok(_)) if element::is_too_deep(&json[..values.byte_offset()]) => {
                Err(self.too_deep())
            }
            Some(Ok(_)) => Ok(Some(values.byte_offset())),
            Some(Err(error)) if is_cut_off(json, &error) => Ok(None),
            _ => Err(self.broken()),
        }
    }

    /// At an element, at the comma before it, or at the array's end.
    fn step_array(
        &mut self,
        unread: Unread<'_>,
        byte: u8,
        first: bool,
        in_object: bool,
        take: &mut impl FnMut(u64, Element<'_>) -> Result<(), Error>,
    ) -> Result<Step, ListError> {
        let after = State::InArray { first: false, in_object };
        if byte == b']' {
            let state = if in_object { State::InObject { after_tokens: true } } else { State::End };
            return Ok(Step::Advance(1, state));
        }
        let mut used = 0;
        if !first {
            if byte != b',' {
                return Err(self.broken());
            }
            used = 1 + blank_bytes(&unread.bytes[1..]);
            if used == unread.bytes.len() {
                return self.need_more(unread);
            }
        }
        let json = &unread.bytes[used..];
        let (element, bytes) = match Element::read(json) {
            Ok(read) => read,
            Err(ReadError::TooDeep) => return Err(self.too_deep()),
            Err(ReadError::Json(error)) if is_cut_off(json, &error) => {
                return self.need_more(unread);
            }
            Err(ReadError::Json(_)) => return Err(self.broken()),
        };
        if bytes == json.len() && json[bytes - 1].is_ascii_alphanumeric() && !unread.is_last {
            // A number at the end of what is at hand may go on.
            return self.need_more(unread);
        }
        if bytes > ELEMENT_BYTES_MAX {
            return Err(self.too_large());
        }
        take(self.elements, element).map_err(ListError::Stopped)?;
        self.elements += 1;
        Ok(Step::Advance(used + bytes, after))
    }

    /// Asks for more bytes, unless there are too many of one thing already.
    fn need_more(&self, unread: Unread<'_>) -> Result<Step, ListError> {
        let unread = unread.bytes;
        if unread.len() <= ELEMENT_BYTES_MAX {
            return Ok(Step::NeedMore);
        }
        let value = unread.iter().position(|byte| matches!(byte, b'[' | b'{')).unwrap_or(0);
        Err(if element::is_too_deep(&unread[value..]) { self.too_deep() } else { self.too_large() })
    }

    fn invalid(&self, why: &str) -> ListError {
        ListError::Invalid(no_list(why))
    }

    fn broken(&self) -> ListError {
        self.invalid(&format!("its JSON is broken after {} elements", self.elements))
    }

    fn too_large(&self) -> ListError {
        self.invalid(&format!("element {} is larger than 1 MiB", self.elements))
    }

    fn too_deep(&self) -> ListError {
        self.invalid(&format!("element {} is nested deeper than {DEPTH_MAX}", self.elements))
    }
}

fn no_list(why: &str) -> Error {
    Error::new(Exit::Protocol, format!("the body is no list of tokens: {why}"))
}

/// Whether `json` may be good but for its missing end. serde_json takes an ignored number that ends
/// after its sign, point or exponent for a broken one, not for one cut off.
fn is_cut_off(json: &[u8], error: &serde_json::Error) -> bool {
    error.is_eof() || matches!(json.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'))
}

fn blank_bytes(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}
