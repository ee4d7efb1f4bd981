//! The bytes of a list: from the channel of chunks, decompressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use brotli_decompressor::BrotliDecoderParameter;
use bytes::{Buf, Bytes};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::fetch::Failure;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job;
use crate::progress::Progress;

/// Bytes that a file is read by.
const FILE_CHUNK_BYTES: usize = 128 << 10;

/// Decoded bytes that are held at a time.
const DECODED_BYTES: usize = 128 << 10;

/// The largest window of a zstd frame, as a power of two: 8 MiB, which RFC 8878 (section 3.1.1.1.2)
/// asks every decoder to support and RFC 9659 allows in HTTP at most.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// What the bytes of a body are compressed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Compression {
    /// Reads a `Content-Encoding`: RFC 9110, section 8.4.1.
    pub fn of_content_encoding(value: &str) -> Result<Self> {
        match value.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            other => Err(Error::new(
                Exit::Protocol,
                format!(
                    "the answer has the encoding {}, which was not asked for",
                    crate::text::excerpt(other, 40)
                ),
            )),
        }
    }

    /// Recognises gzip (RFC 1952) and zstd (RFC 8878) by their first bytes.
    fn of_content(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Identity,
        }
    }

    fn decode<'a>(self, source: impl BufRead + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
        let decoder: Box<dyn Read + 'a> = match self {
            Self::Identity => return Ok(Box::new(source)),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(source)),
            Self::Brotli => {
                let mut decoder = brotli_decompressor::Decompressor::new(source, 64 << 10);
                // A window of up to 1 GiB, which no content encoding may have.
                let large = BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW;
                decoder.set_parameter(large, 0);
                Box::new(decoder)
            }
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(decoder)
            }
        };
        Ok(Box::new(BufReader::with_capacity(DECODED_BYTES, decoder)))
    }
}

/// Decodes `source` by its declared compression, then by what it is recognised to be.
pub fn decoded<'a>(
    declared: Compression,
    source: impl BufRead + 'a,
) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut source = declared.decode(source)?;
    let recognised = Compression::of_content(source.fill_buf()?);
    recognised.decode(source)
}

/// Chunks that arrive through a channel, as a blocking reader.
pub struct ChunkReader {
    receiver: mpsc::Receiver<Result<Bytes, Failure>>,
    chunk: Bytes,
    runtime: Handle,
    cancellation: CancellationToken,
    progress: Progress,
    bytes: u64,
}

impl ChunkReader {
    /// To be called inside the runtime, and read outside of it, on a thread that may block.
    pub fn new(
        receiver: mpsc::Receiver<Result<Bytes, Failure>>,
        cancellation: CancellationToken,
        progress: Progress,
    ) -> Self {
        let runtime = Handle::current();
        Self { receiver, chunk: Bytes::new(), runtime, cancellation, progress, bytes: 0 }
    }
}

impl BufRead for ChunkReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.chunk.is_empty() {
            let next = self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = self.cancellation.cancelled() => {
                        Some(Err(Failure::permanent(job::cancelled())))
                    }
                    next = self.receiver.recv() => next,
                }
            });
            match next {
                None => break,
                Some(Ok(chunk)) => {
                    self.bytes += chunk.len() as u64;
                    self.progress.set_position(self.bytes);
                    self.chunk = chunk;
                }
                Some(Err(failure)) => return Err(io::Error::other(failure)),
            }
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, bytes: usize) {
        self.chunk.advance(bytes);
    }
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let bytes = available.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&available[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

/// Opens a file, or stdin for `-`. Blocks.
pub fn open_file(path: &Path) -> Result<(Box<dyn Read + Send>, Option<u64>)> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(io::stdin()), None));
    }
    let unreadable = |error| Error::io("cannot read it", error);
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unreadable(io::ErrorKind::IsADirectory.into()));
    }
    Ok((Box::new(file), metadata.is_file().then_some(metadata.len())))
}

/// Sends a file on, chunk by chunk. Blocks, for ever where the file is a pipe that nobody writes
/// to: run it on a thread that nobody waits for.
pub fn pump_file(mut file: impl Read, sender: &mpsc::Sender<Result<Bytes, Failure>>) {
    loop {
        let mut chunk = vec![0; FILE_CHUNK_BYTES];
        let item = match file.read(&mut chunk) {
            Ok(0) => return,
            Ok(bytes) => {
                chunk.truncate(bytes);
                Ok(Bytes::from(chunk))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(Failure::permanent(Error::io("cannot read it", error))),
        };
        let failed = item.is_err();
        if sender.blocking_send(item).is_err() || failed {
            return;
        }
    }
}
