//! A list of tokens as a stream: elements are read from a window that moves over the bytes, each
//! of them parsed once, so that memory does not depend on the length of the list.

use std::io::Read;

use super::element::{self, DEPTH_MAX, Element};
use crate::error::Error;
use crate::exit::Exit;
use crate::text;

/// Bytes of one element, at most.
const ELEMENT_BYTES_MAX: usize = 1 << 20;

/// How much of the source is held at a time, as long as no element is larger.
const WINDOW_BYTES: usize = 256 << 10;

/// Which bodies count as a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The API's: an array.
    Array,
    /// Also an object that holds the array under `tokens`, as token lists do.
    ArrayOrTokenList,
}

/// Why reading a list ended early.
#[derive(Debug)]
pub enum ListError {
    /// The source failed; the error is its own.
    Source(std::io::Error),
    /// The bytes ended before the list did.
    Truncated { elements: u64 },
    /// It is no list of tokens, or one beyond the limits.
    Invalid(Error),
    /// Whoever took the elements wants no more.
    Stopped(Error),
}

/// Where in the body the reader is.
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

/// Reads a list from `source`.
pub struct ListReader<R> {
    source: R,
    shape: Shape,
    window: Vec<u8>,
    /// The unread part of the window.
    start: usize,
    end: usize,
    source_ended: bool,
    /// An error that came behind bytes that are not read yet: they come first.
    source_error: Option<std::io::Error>,
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

impl<R: Read> ListReader<R> {
    pub fn new(source: R, shape: Shape) -> Self {
        Self {
            source,
            shape,
            window: vec![0; WINDOW_BYTES],
            start: 0,
            end: 0,
            source_ended: false,
            source_error: None,
            state: State::Start,
            elements: 0,
        }
    }

    /// Hands every element with its index to `take`, in order, to the end of the list.
    pub fn read_all(
        &mut self,
        mut take: impl FnMut(u64, Element<'_>) -> Result<(), Error>,
    ) -> Result<(), ListError> {
        loop {
            match self.step(&mut take)? {
                Step::Advance(bytes, state) => {
                    self.start += bytes;
                    self.state = state;
                }
                Step::NeedMore if self.source_ended => return self.end_of_source(),
                Step::NeedMore => self.fill()?,
            }
        }
    }

    fn step(
        &mut self,
        take: &mut impl FnMut(u64, Element<'_>) -> Result<(), Error>,
    ) -> Result<Step, ListError> {
        let unread = &self.window[self.start..self.end];
        let blank = unread.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank > 0 {
            return Ok(Step::Advance(blank, self.state));
        }
        let Some(&byte) = unread.first() else { return Ok(Step::NeedMore) };
        match self.state {
            State::Start => self.step_start(byte),
            State::InObject { after_tokens } => self.step_object(byte, after_tokens),
            State::InArray { first, in_object } => self.step_array(byte, first, in_object, take),
            State::End => Err(self.invalid("more follows after its end")),
        }
    }

    fn step_start(&self, byte: u8) -> Result<Step, ListError> {
        const BOM: &[u8] = "\u{feff}".as_bytes();
        let unread = &self.window[self.start..self.end];
        match (byte, self.shape) {
            (b'[', _) => Ok(Step::Advance(1, State::InArray { first: true, in_object: false })),
            (b'{', Shape::ArrayOrTokenList) => {
                Ok(Step::Advance(1, State::InObject { after_tokens: false }))
            }
            (0xef, _) if unread.len() < BOM.len() && !self.source_ended => Ok(Step::NeedMore),
            (0xef, _) if unread.starts_with(BOM) => Ok(Step::Advance(BOM.len(), State::Start)),
            _ => {
                let start = String::from_utf8_lossy(&unread[..unread.len().min(400)]);
                let start = text::excerpt(&start, 120);
                Err(self.invalid(&format!("it begins with {start}")))
            }
        }
    }

    /// At a key of the token list's object, at the comma before it, or at the object's end.
    fn step_object(&self, byte: u8, after_tokens: bool) -> Result<Step, ListError> {
        let unread = &self.window[self.start..self.end];
        match byte {
            b'}' if after_tokens => Ok(Step::Advance(1, State::End)),
            b'}' => Err(self.invalid("it is an object without tokens")),
            b',' => Ok(Step::Advance(1, self.state)),
            b'"' => {
                let mut keys = serde_json::Deserializer::from_slice(unread).into_iter::<String>();
                let key = match keys.next() {
                    Some(Ok(key)) => key,
                    Some(Err(error)) if is_cut_off(unread, &error) => return self.need_more(),
                    _ => return Err(self.broken()),
                };
                let mut used = keys.byte_offset();
                used += blank_bytes(&unread[used..]);
                match unread.get(used) {
                    None => return self.need_more(),
                    Some(b':') => used += 1,
                    Some(_) => return Err(self.broken()),
                }
                used += blank_bytes(&unread[used..]);
                match unread.get(used) {
                    None => self.need_more(),
                    Some(b'[') if key == "tokens" && !after_tokens => {
                        Ok(Step::Advance(used + 1, State::InArray { first: true, in_object: true }))
                    }
                    Some(_) => match self.value_bytes(&unread[used..])? {
                        Some(bytes) => Ok(Step::Advance(used + bytes, self.state)),
                        None => self.need_more(),
                    },
                }
            }
            _ => Err(self.broken()),
        }
    }

    /// How many bytes the ignored value at the start of `json` takes; nothing when it is not
    /// whole yet.
    fn value_bytes(&self, json: &[u8]) -> Result<Option<usize>, ListError> {
        let mut values =
            serde_json::Deserializer::from_slice(json).into_iter::<serde::de::IgnoredAny>();
        match values.next() {
            Some(Ok(_)) if values.byte_offset() == json.len() && !self.source_ended => Ok(None),
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
        byte: u8,
        first: bool,
        in_object: bool,
        take: &mut impl FnMut(u64, Element<'_>) -> Result<(), Error>,
    ) -> Result<Step, ListError> {
        let unread = &self.window[self.start..self.end];
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
            used = 1 + blank_bytes(&unread[1..]);
            if used == unread.len() {
                return self.need_more();
            }
        }
        let json = &unread[used..];
        let (element, bytes) = match Element::read(json) {
            Ok(read) => read,
            Err(error) if is_cut_off(json, &error) => return self.need_more(),
            Err(_) => return Err(self.broken()),
        };
        if bytes == json.len() && json[bytes - 1].is_ascii_alphanumeric() && !self.source_ended {
            // A number at the end of the window may go on.
            return self.need_more();
        }
        if bytes > ELEMENT_BYTES_MAX {
            return Err(self.too_large());
        }
        if element::is_too_deep(&json[..bytes]) {
            return Err(self.too_deep());
        }
        take(self.elements, element).map_err(ListError::Stopped)?;
        self.elements += 1;
        Ok(Step::Advance(used + bytes, after))
    }

    /// Asks for more bytes, unless there are too many of one thing already.
    fn need_more(&self) -> Result<Step, ListError> {
        let unread = &self.window[self.start..self.end];
        if unread.len() <= ELEMENT_BYTES_MAX {
            return Ok(Step::NeedMore);
        }
        let value = unread.iter().position(|byte| matches!(byte, b'[' | b'{')).unwrap_or(0);
        Err(if element::is_too_deep(&unread[value..]) { self.too_deep() } else { self.too_large() })
    }

    /// Reads on until the unread bytes have doubled, so that a large element that comes in small
    /// pieces is not looked at again for each of them.
    fn fill(&mut self) -> Result<(), ListError> {
        if let Some(error) = self.source_error.take() {
            return Err(ListError::Source(error));
        }
        self.window.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let unread = self.end;
        while self.end <= unread * 2 && !self.source_ended {
            if self.end == self.window.len() {
                self.window.resize(self.window.len() * 2, 0);
            }
            match self.source.read(&mut self.window[self.end..]) {
                Ok(0) => self.source_ended = true,
                Ok(bytes) => self.end += bytes,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if self.end == unread => return Err(ListError::Source(error)),
                Err(error) => {
                    self.source_error = Some(error);
                    break;
                }
            }
        }
        Ok(())
    }

    fn end_of_source(&self) -> Result<(), ListError> {
        match self.state {
            State::End => Ok(()),
            State::Start if self.start == self.end => Err(self.invalid("it is empty")),
            _ => Err(ListError::Truncated { elements: self.elements }),
        }
    }

    fn invalid(&self, why: &str) -> ListError {
        ListError::Invalid(Error::new(
            Exit::Protocol,
            format!("the body is no list of tokens: {why}"),
        ))
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

/// Whether `json` may be good but for its missing end. serde_json takes an ignored number that ends
/// after its sign, point or exponent for a broken one, not for one cut off.
fn is_cut_off(json: &[u8], error: &serde_json::Error) -> bool {
    error.is_eof() || matches!(json.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E'))
}

fn blank_bytes(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests;
