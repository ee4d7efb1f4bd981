//! One pass over a body, from its bytes to the batches.

use std::io::Read;

use super::batch::Producer;
use super::body::{ChunkReader, Compression, decoded};
use super::element::{Element, Malformed};
use super::fetch::Failure;
use super::list::{ListError, ListReader, Shape};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job;

/// Malformed elements that are logged as warnings; the rest is only counted and traced.
const MALFORMED_WARNINGS_MAX: u64 = 20;

/// What one pass over a body found, apart from what the store knows.
#[derive(Clone, Copy, Default)]
pub struct Parsed {
    pub malformed: u64,
    pub bytes: u64,
}

/// How a body is parsed.
pub struct Parsing {
    pub shape: Shape,
    pub compression: Compression,
    pub bytes_max: u64,
    pub strict: bool,
    /// Broken bytes may come whole when they are asked for again.
    pub remote: bool,
    /// The mints of malformed elements matter too.
    pub sightings: bool,
}

impl Parsing {
    /// Reads the body to its end, or to what is wrong with it. Blocks.
    pub fn run(&self, chunks: ChunkReader, producer: &Producer) -> (Parsed, Result<(), Failure>) {
        let mut parsed = Parsed::default();
        let source = match decoded(self.compression, chunks) {
            Ok(source) => source,
            Err(error) => return (parsed, Err(self.source_failure(error))),
        };
        // One byte more tells a body that is too large from one that just fits.
        let readable = self.bytes_max.saturating_add(1);
        let mut source = source.take(readable);
        let mut list = ListReader::new(&mut source, self.shape);
        let result = list.read_all(|index, element| {
            let wanted = match element {
                Element::Token(token) => producer.push(&token)?,
                Element::Malformed { reason, mint } => {
                    parsed.malformed += 1;
                    self.judge_malformed(parsed.malformed, index, mint.as_deref(), &reason)?;
                    match mint.filter(|_| self.sightings) {
                        Some(mint) => producer.push_sighting(&mint)?,
                        None => true,
                    }
                }
            };
            if wanted { Ok(()) } else { Err(job::cancelled()) }
        });
        parsed.bytes = (readable - source.limit()).min(self.bytes_max);
        if parsed.malformed > MALFORMED_WARNINGS_MAX {
            tracing::warn!(malformed = parsed.malformed, "more malformed elements were skipped");
        }
        let result = match result {
            // Its end is that of what may be read.
            Ok(()) | Err(ListError::Truncated { .. } | ListError::Empty(_))
                if source.limit() == 0 =>
            {
                Err(self.too_large())
            }
            result => result.map_err(|error| self.list_failure(error)),
        };
        (parsed, result)
    }

    fn too_large(&self) -> Failure {
        let limit = bytesize::ByteSize(self.bytes_max);
        let error = Error::new(Exit::Protocol, format!("the body is larger than {limit}"))
            .hint("if that is right, allow more with --max-bytes");
        Failure::permanent(error)
    }

    fn judge_malformed(
        &self,
        count: u64,
        index: u64,
        mint: Option<&str>,
        reason: &Malformed,
    ) -> Result<()> {
        if self.strict {
            return Err(Error::new(
                Exit::Protocol,
                format!("element {index} is malformed: {reason}"),
            )
            .hint("run without --strict to skip such elements"));
        }
        if count <= MALFORMED_WARNINGS_MAX {
            tracing::warn!(index, mint, %reason, "skipped a malformed element");
        } else {
            tracing::debug!(index, mint, %reason, "skipped a malformed element");
        }
        Ok(())
    }

    fn list_failure(&self, error: ListError) -> Failure {
        match error {
            ListError::Source(error) => self.source_failure(error),
            ListError::Truncated { elements } => self.broken(Error::new(
                Exit::Protocol,
                format!("the list broke off after {elements} elements"),
            )),
            ListError::Empty(error) | ListError::Invalid(error) | ListError::Stopped(error) => {
                Failure::permanent(error)
            }
        }
    }

    /// A failure of the source comes through the readers as it is; any other error is that of a
    /// decoder.
    fn source_failure(&self, error: std::io::Error) -> Failure {
        match error.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(error) => self.broken(
                Error::new(Exit::Protocol, "the body cannot be decompressed").because(error),
            ),
        }
    }

    fn broken(&self, error: Error) -> Failure {
        if self.remote {
            Failure::transient(error.hint("try again later; what was stored so far is kept"))
        } else {
            Failure::permanent(error.hint("get the file again; what was stored so far is kept"))
        }
    }
}
