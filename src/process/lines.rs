//! A command's output, from the pipe to the lines.

use memchr::memchr;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::sync::CancellationToken;

use crate::capture::{CapturedOutput, LINE_BYTES_MAX, LineSink, Stream, is_continuation};
use crate::job::blocking;

/// What is read at once: as much as a pipe holds.
const BUFFER_BYTES: usize = 64 * 1024;

/// Where what a command prints goes.
#[derive(Clone)]
pub struct Destination {
    pub output: CapturedOutput,
    pub lines: LineSink,
}

impl Destination {
    /// Reads a pipe to its end, or until `enough` fires.
    pub async fn follow(
        self,
        mut pipe: impl AsyncRead + Unpin,
        stream: Stream,
        enough: CancellationToken,
    ) {
        let mut buffer = Vec::new();
        loop {
            // What is waiting for its newline is shorter, so that there is always room.
            buffer.reserve(BUFFER_BYTES - buffer.len());
            let read = tokio::select! {
                biased;
                () = enough.cancelled() => Ok(0),
                read = pipe.read_buf(&mut buffer) => read,
            };
            let ended = read.unwrap_or_else(|error| {
                tracing::warn!(%error, stream = stream.name(), "cannot read the command's output");
                0
            }) == 0;
            // A terminal that is held (Ctrl-S) or a slow disk stops this thread, and no other.
            if !buffer.is_empty() {
                let destination = self.clone();
                buffer = blocking(move || {
                    let taken = split(&buffer, ended, |piece| destination.take(stream, piece));
                    buffer.drain(..taken);
                    buffer
                })
                .await;
            }
            if ended {
                return;
            }
        }
    }

    fn take(&self, stream: Stream, piece: &[u8]) {
        self.output.push(stream, piece);
        (self.lines)(stream, piece.strip_suffix(b"\n").unwrap_or(piece));
    }
}

/// Shows `take` every line that is whole, and pieces of lines that are too long; all of the rest
/// too when the output has `ended`. Tells how many bytes that was.
fn split(bytes: &[u8], ended: bool, mut take: impl FnMut(&[u8])) -> usize {
    let mut rest = bytes;
    loop {
        let line = &rest[..rest.len().min(LINE_BYTES_MAX + 1)];
        let length = match memchr(b'\n', line) {
            Some(newline) => newline + 1,
            None if line.len() > LINE_BYTES_MAX => LINE_BYTES_MAX - cut_character(line),
            None if ended && !line.is_empty() => line.len(),
            None => return bytes.len() - rest.len(),
        };
        take(&rest[..length]);
        rest = &rest[length..];
    }
}

/// How many bytes before the cut belong to a character that goes on behind it.
fn cut_character(line: &[u8]) -> usize {
    let (before, behind) = line.split_at(LINE_BYTES_MAX);
    if !behind.first().is_some_and(|byte| is_continuation(*byte)) {
        return 0;
    }
    let inside = before.iter().rev().take(2).take_while(|byte| is_continuation(**byte)).count();
    inside + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(bytes: &[u8], ended: bool) -> (Vec<Vec<u8>>, usize) {
        let mut pieces = Vec::new();
        let taken = split(bytes, ended, |piece| pieces.push(piece.to_vec()));
        (pieces, taken)
    }

    #[test]
    fn a_line_without_its_newline_waits_for_it_or_for_the_end() {
        assert_eq!(pieces(b"a\n\nbc", false), (vec![b"a\n".to_vec(), b"\n".to_vec()], 3));
        assert_eq!(pieces(b"bc", true), (vec![b"bc".to_vec()], 2));
        assert_eq!(pieces(b"", true), (vec![], 0));
    }

    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let long = vec![b'x'; 3 * LINE_BYTES_MAX + 5];
        let (pieces, taken) = pieces(&long, false);
        assert_eq!(taken, 3 * LINE_BYTES_MAX);
        assert!(pieces.iter().all(|piece| piece.len() == LINE_BYTES_MAX));
    }

    #[test]
    fn a_line_of_just_the_greatest_length_is_one_piece() {
        let mut line = vec![b'x'; LINE_BYTES_MAX];
        assert_eq!(pieces(&line, false), (vec![], 0));
        line.push(b'\n');
        assert_eq!(pieces(&line, false), (vec![line.clone()], LINE_BYTES_MAX + 1));
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        for character in ["é", "…", "🟥"] {
            for offset in 0..4 {
                let line = "x".repeat(offset) + &character.repeat(LINE_BYTES_MAX);
                let (pieces, _) = pieces(line.as_bytes(), true);
                let (_, whole) = pieces.split_last().expect("pieces");
                assert!(whole.iter().all(|piece| piece.len() > LINE_BYTES_MAX - 4));
                assert!(pieces.iter().all(|piece| std::str::from_utf8(piece).is_ok()));
                assert_eq!(pieces.concat(), line.as_bytes());
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_cut_too() {
        let line = vec![0b1000_0000; 2 * LINE_BYTES_MAX + 1];
        let (pieces, _) = pieces(&line, true);
        assert_eq!(pieces.concat(), line);
        assert!(pieces.iter().all(|piece| piece.len() <= LINE_BYTES_MAX));
    }
}
