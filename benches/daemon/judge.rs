//! Judges the starts that a contender recorded, within a window of whole seconds.
//!
//! A scheduler that tells its jobs their due times is held to every single one.
//! The others get the benefit of the doubt: a start belongs to the last whole
//! second before it (or after it, when it is early by a little), however late it
//! really was, and a job has lost or doubled due times only when the number of its
//! starts in the window is not that of the seconds.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::str::FromStr;

use crate::records::{READY, Record};

/// Microseconds by which a start may be early and still belong to the second that
/// comes: timers of whole milliseconds round.
const EARLY: u64 = 20_000;

const SECOND: u64 = 1_000_000;

/// Whole seconds, all of them due times of every job: 128 at most, a bit each.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The first of them, since the Unix epoch.
    pub from: u64,
    pub seconds: u32,
}

/// How the due times of a window were met. Lateness is in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Starts {
    pub expected: u64,
    pub lost: u64,
    pub doubled: u64,
    pub p50: u64,
    pub p99: u64,
    pub max: u64,
}

/// Reads all records of a file. This takes memory: do it in a process of its own.
pub fn judge(path: &Path, jobs: u32, window: Window) -> io::Result<Starts> {
    let mut file = BufReader::new(File::open(path)?);
    let mut tally = Tally::new(jobs, window);
    while let Some(record) = Record::read(&mut file) {
        if record.job != READY {
            tally.add(record);
        }
    }
    Ok(tally.close())
}

struct Tally {
    window: Window,
    /// Per job, a bit for every second of the window that it was started for.
    seen: Vec<u128>,
    /// Per job, the starts in the window that came without a due time.
    untold: Vec<u32>,
    doubled: u64,
    lateness: Vec<u64>,
}

impl Tally {
    fn new(jobs: u32, window: Window) -> Self {
        let jobs = jobs as usize;
        Self {
            window,
            seen: vec![0; jobs],
            untold: vec![0; jobs],
            doubled: 0,
            lateness: Vec::new(),
        }
    }

    fn add(&mut self, Record { job, due, at }: Record) {
        let told = due != 0;
        let due = if told { u64::from(due) } else { (at + EARLY) / SECOND };
        let Some(second) = due.checked_sub(self.window.from) else { return };
        if second >= u64::from(self.window.seconds) {
            return;
        }
        let job = job as usize;
        if !told {
            self.untold[job] += 1;
        } else if self.seen[job] & (1 << second) != 0 {
            self.doubled += 1;
        } else {
            self.seen[job] |= 1 << second;
        }
        self.lateness.push(at.saturating_sub(due * SECOND));
    }

    fn close(mut self) -> Starts {
        let seconds = self.window.seconds;
        let mut lost = 0;
        for (seen, untold) in self.seen.iter().zip(&self.untold) {
            let starts = seen.count_ones() + untold;
            lost += u64::from(seconds.saturating_sub(starts));
            self.doubled += u64::from(starts.saturating_sub(seconds));
        }
        self.lateness.sort_unstable();
        let rank = |share: f64| {
            let rank = (self.lateness.len() as f64 * share).ceil() as usize;
            self.lateness.get(rank.max(1) - 1).copied().unwrap_or(0)
        };
        Starts {
            expected: self.seen.len() as u64 * u64::from(seconds),
            lost,
            doubled: self.doubled,
            p50: rank(0.5),
            p99: rank(0.99),
            max: rank(1.0),
        }
    }
}

/// For the way from the judging process to the one that started it.
impl fmt::Display for Starts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, lost, doubled, p50, p99, max } = self;
        write!(f, "{expected} {lost} {doubled} {p50} {p99} {max}")
    }
}

impl FromStr for Starts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Vec<u64> =
            text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let &[expected, lost, doubled, p50, p99, max] = numbers.as_slice() else {
            return Err(format!("not judged: {text:?}"));
        };
        Ok(Self { expected, lost, doubled, p50, p99, max })
    }
}
