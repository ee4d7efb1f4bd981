//! What every contender writes about the starts of its jobs, so that all are
//! judged by the same hand: records of sixteen bytes, little-endian,
//!
//! - which job it is (`u32`), or [`READY`];
//! - the due time, in whole seconds since the Unix epoch (`u32`), or zero where the
//!   scheduler does not tell its jobs;
//! - the time of the start, in microseconds since the Unix epoch (`u64`).
//!
//! The records of a second are written when the first one of a later second comes,
//! or the buffer is full: a contender may be killed at any time after that.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// In place of a job: all jobs are registered, from now on they are started.
pub const READY: u32 = u32::MAX;

/// Bytes of a record.
pub const RECORD: usize = 16;

/// Bytes that are written at once, at most.
const BUFFER: usize = 64 * 1024;

#[derive(Clone, Copy, Debug)]
pub struct Record {
    pub job: u32,
    pub due: u32,
    pub at: u64,
}

impl Record {
    /// The next record of a file; nothing at its end, or where it breaks off.
    pub fn read(file: &mut impl Read) -> Option<Self> {
        let mut job = [0; 4];
        let mut due = [0; 4];
        let mut at = [0; 8];
        file.read_exact(&mut job).ok()?;
        file.read_exact(&mut due).ok()?;
        file.read_exact(&mut at).ok()?;
        Some(Self {
            job: u32::from_le_bytes(job),
            due: u32::from_le_bytes(due),
            at: u64::from_le_bytes(at),
        })
    }
}

/// Writes records from any number of threads.
pub struct Writer(Mutex<Buffered>);

struct Buffered {
    file: File,
    bytes: Vec<u8>,
    /// The second of the records in the buffer.
    second: u64,
}

impl Writer {
    pub fn create(path: &Path) -> io::Result<Self> {
        let bytes = Vec::with_capacity(BUFFER);
        Ok(Self(Mutex::new(Buffered { file: File::create(path)?, bytes, second: 0 })))
    }

    /// Tells at once that all jobs are registered.
    pub fn ready(&self) {
        self.push(READY, 0, now());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write();
    }

    /// A job has started.
    pub fn started(&self, job: u32, due: u32, at: Duration) {
        self.push(job, due, at);
    }

    fn push(&self, job: u32, due: u32, at: Duration) {
        let mut buffered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buffered.bytes.len() + RECORD > BUFFER || buffered.second < at.as_secs() {
            buffered.write();
            buffered.second = at.as_secs();
        }
        buffered.bytes.extend(job.to_le_bytes());
        buffered.bytes.extend(due.to_le_bytes());
        buffered.bytes.extend((at.as_micros() as u64).to_le_bytes());
    }
}

impl Buffered {
    fn write(&mut self) {
        self.file.write_all(&self.bytes).expect("the records can be written");
        self.bytes.clear();
    }
}

/// The wall clock, since the Unix epoch.
pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set")
}
