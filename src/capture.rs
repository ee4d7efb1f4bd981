//! What a run prints: the end of it is kept, all of it is counted.
//!
//! Memory is bounded whatever a command writes. A line goes to a [`LineSink`] as it arrives (the
//! log, the terminal), and its bytes into a [`CapturedOutput`], whose text the history stores.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytesize::ByteSize;

/// What the history keeps of a run's output: its last bytes.
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// The longest piece of output that is handed on whole. A longer line comes in several.
pub const LINE_BYTES_MAX: usize = 16 * 1024;

/// Events with this target are lines that a command printed. Their field `stream` says where.
pub const LINE_TARGET: &str = "punctual::output";

/// Where a command printed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// Takes the lines of a command as they arrive, without their newlines. It may block: it is
/// called on a thread that may.
pub type LineSink = Arc<dyn Fn(Stream, &[u8]) + Send + Sync>;

/// The output of a run. Cheap to clone: the clones are the same output.
#[derive(Clone, Debug, Default)]
pub struct CapturedOutput(Arc<Mutex<Captured>>);

#[derive(Debug, Default)]
struct Captured {
    /// The last bytes, [`KEPT_BYTES_MAX`] at most.
    kept: VecDeque<u8>,
    /// How many bytes went before those.
    dropped: u64,
    /// How many were printed in all.
    bytes: u64,
    /// Who wrote last, and without a newline at the end.
    unfinished: Option<Stream>,
}

impl CapturedOutput {
    /// Adds what was printed on `stream`: a line with its newline, or a piece of one.
    pub fn push(&self, stream: Stream, piece: &[u8]) {
        let mut captured = self.lock();
        captured.bytes += piece.len() as u64;
        // What two streams print stays on lines of its own.
        if captured.unfinished.is_some_and(|other| other != stream) {
            captured.keep(b"\n");
        }
        captured.keep(piece);
        captured.unfinished = (!piece.ends_with(b"\n")).then_some(stream);
    }

    /// How many bytes were printed so far.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// The end of the output as text; nothing when there was none. What is no UTF-8 shows as
    /// `\u{fffd}`, NUL is left out, for no database stores it as text, and a first line says how
    /// much is missing.
    pub fn text(&self) -> Option<String> {
        let captured = self.lock();
        if captured.kept.is_empty() {
            return None;
        }
        let mut kept: Vec<u8> = captured.kept.iter().copied().collect();
        let mut first_line = String::new();
        if captured.dropped > 0 {
            let torn = torn(&kept);
            kept.drain(..torn);
            let dropped = ByteSize(captured.dropped + torn as u64);
            first_line = format!("[… {dropped} earlier output not kept]\n");
        }
        drop(captured);
        kept.retain(|byte| *byte != 0);
        Some(first_line + &String::from_utf8_lossy(&kept))
    }

    fn lock(&self) -> MutexGuard<'_, Captured> {
        // Nothing in here panics half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Captured {
    fn keep(&mut self, bytes: &[u8]) {
        let (passing, staying) = bytes.split_at(bytes.len().saturating_sub(KEPT_BYTES_MAX));
        let surplus = (self.kept.len() + staying.len()).saturating_sub(KEPT_BYTES_MAX);
        self.kept.drain(..surplus);
        self.kept.extend(staying);
        self.dropped += (passing.len() + surplus) as u64;
    }
}

/// How many bytes at the start belong to a character whose start was cut off.
fn torn(bytes: &[u8]) -> usize {
    bytes.iter().take(3).take_while(|byte| is_continuation(**byte)).count()
}

/// Whether a byte is inside of a UTF-8 character, not its first.
pub fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printed_is_no_text() {
        assert_eq!(CapturedOutput::default().text(), None);
    }

    #[test]
    fn what_fits_is_kept_as_it_is() {
        let output = CapturedOutput::default();
        output.push(Stream::Stdout, "žluť\n".as_bytes());
        output.push(Stream::Stdout, b"no end");
        assert_eq!(output.text().as_deref(), Some("žluť\nno end"));
        assert_eq!(output.bytes(), 13);
    }

    #[test]
    fn of_more_than_64_kib_the_end_is_kept_and_the_rest_is_counted() {
        let output = CapturedOutput::default();
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..164 {
            output.push(Stream::Stdout, line.as_bytes());
        }
        let text = output.text().expect("a text");
        let (first, rest) = text.split_once('\n').expect("a first line");
        assert_eq!(first, "[… 100.0 KiB earlier output not kept]");
        assert_eq!(rest, line.repeat(64));
        assert_eq!(output.bytes(), 164 * 1024);
    }

    #[test]
    fn a_single_piece_of_more_than_64_kib_is_cut_too() {
        let output = CapturedOutput::default();
        output.push(Stream::Stdout, &vec![b'a'; 3 * KEPT_BYTES_MAX]);
        let text = output.text().expect("a text");
        assert!(text.starts_with("[… 128.0 KiB earlier output not kept]\naaa"), "{}", &text[..60]);
        assert!(output.lock().kept.capacity() <= 2 * KEPT_BYTES_MAX);
    }

    #[test]
    fn a_character_that_the_cut_goes_through_is_left_out() {
        let output = CapturedOutput::default();
        // The cut falls one byte into a character of four.
        output.push(Stream::Stdout, "🟥".as_bytes());
        output.push(Stream::Stdout, &vec![b'a'; KEPT_BYTES_MAX - 3]);
        let text = output.text().expect("a text");
        assert!(text.starts_with("[… 4 B earlier output not kept]\naaa"), "{}", &text[..60]);
    }

    #[test]
    fn bytes_that_are_no_text_become_text_that_a_database_takes() {
        let output = CapturedOutput::default();
        output.push(Stream::Stdout, b"a\0b\xff\xfec\n");
        assert_eq!(output.text().as_deref(), Some("ab\u{fffd}\u{fffd}c\n"));
        assert_eq!(output.bytes(), 7);
    }

    #[test]
    fn two_streams_do_not_share_a_line() {
        let output = CapturedOutput::default();
        output.push(Stream::Stdout, b"half");
        output.push(Stream::Stderr, b"whole\n");
        output.push(Stream::Stdout, b" and");
        output.push(Stream::Stdout, b" rest\n");
        assert_eq!(output.text().as_deref(), Some("half\nwhole\n and rest\n"));
    }
}
