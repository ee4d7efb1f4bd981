//! A list of tokens as a stream: elements are read from where the source has their bytes, each of them
//! parsed once, so that memory does not depend on the length of the list.

mod scanner;

use std::io::{self, BufRead, ErrorKind};

use self::scanner::Scanner;
use super::element::Element;
use crate::error::Error;

/// How much is added to the beginning of an element whose end is in the source's next piece: most are
/// whole then.
const EXTENSION_BYTES: usize = 4 << 10;

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
    /// There were no bytes but white space.
    Empty(Error),
    /// It is no list of tokens, or one beyond the limits.
    Invalid(Error),
    /// Whoever took the elements wants no more.
    Stopped(Error),
}

/// Reads a list from `source`.
pub struct ListReader<R> {
    source: R,
    scanner: Scanner,
    /// The last bytes of the source's pieces so far, where the end of something is missing.
    carry: Vec<u8>,
    /// How many bytes at the end of `carry` the source still has as well.
    shared: usize,
    /// An error that came behind bytes that are not read yet: they come first.
    source_error: Option<io::Error>,
}

impl<R: BufRead> ListReader<R> {
    pub fn new(source: R, shape: Shape) -> Self {
        Self {
            source,
            scanner: Scanner::new(shape),
            carry: Vec::new(),
            shared: 0,
            source_error: None,
        }
    }

    /// Hands every element with its index to `take`, in order, to the end of the list.
    pub fn read_all(
        &mut self,
        mut take: impl FnMut(u64, Element<'_>) -> Result<(), Error>,
    ) -> Result<(), ListError> {
        loop {
            let is_last = self.extend_carry()?;
            let scanned = self.scanner.scan(&self.carry, is_last, &mut take);
            let used = scanned.inspect_err(|_| self.source.consume(self.shared))?;
            let unread = self.carry.len() - used;
            if is_last {
                return self.scanner.end(unread);
            }
            if unread > self.shared || self.source_error.is_some() {
                self.source.consume(std::mem::take(&mut self.shared));
                self.carry.drain(..used);
                continue;
            }
            // All that is unread is in the source.
            self.source.consume(self.shared - unread);
            self.shared = 0;
            self.carry.clear();
            let at_hand = match self.source.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(ListError::Source(error)),
            };
            let bytes = at_hand.len();
            let scanned = self.scanner.scan(at_hand, false, &mut take);
            let scanned = scanned.map(|used| self.carry.extend_from_slice(&at_hand[used..]));
            // Also what is read of a list that is no good.
            self.source.consume(bytes);
            scanned?;
        }
    }

    /// Adds to the carry until it has doubled, so that a large element that comes in small pieces is not
    /// looked at again for each of them. Returns whether the source has no more.
    fn extend_carry(&mut self) -> Result<bool, ListError> {
        if let Some(error) = self.source_error.take() {
            return Err(ListError::Source(error));
        }
        let before = self.carry.len();
        loop {
            self.source.consume(std::mem::take(&mut self.shared));
            let at_hand = match self.source.fill_buf() {
                Ok([]) => return Ok(true),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if self.carry.len() == before => return Err(ListError::Source(error)),
                Err(error) => {
                    self.source_error = Some(error);
                    return Ok(false);
                }
            };
            self.shared = at_hand.len().min(before.max(EXTENSION_BYTES));
            self.carry.extend_from_slice(&at_hand[..self.shared]);
            if self.carry.len() >= 2 * before {
                return Ok(false);
            }
        }
    }
}

#[cfg(test)]
mod tests;
