//! One measurement: a contender with so many jobs.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::contender::{Contender, Due, Mode, state_dir};
use crate::judge::{Starts, Window};
use crate::observe::{Plan, Seen, observe};
use crate::peers::last_line;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    pub contender: Contender,
    pub jobs: u32,
    pub due: Due,
}

/// What came out.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub seen: Seen,
    /// Nothing where no job was due.
    pub starts: Starts,
    /// Where there is a history.
    pub stored: Option<Stored>,
}

/// What the history says of the due times in the window.
#[derive(Clone, Copy, Debug)]
pub struct Stored {
    pub rows: u64,
    /// Due times with a row that says `succeeded`.
    pub succeeded: u64,
}

impl Case {
    /// Measures it once, in a new directory. That stays until the session is over: ext4
    /// makes files slowly for a minute after many were removed.
    pub fn measure(self, parent: &Path, plan: Plan, max_running: u32) -> Result<Measured, String> {
        let failed = |error: io::Error| error.to_string();
        fs::create_dir_all(parent).map_err(failed)?;
        let dir = tempfile::tempdir_in(parent).map_err(failed)?.keep();
        let (records, output) = (dir.join("records"), dir.join("output"));
        let file = File::create(&output).map_err(failed)?;
        let mut command = self
            .contender
            .command(&dir, &records, self.jobs, self.due, max_running)
            .map_err(failed)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let seen = observe(&mut command, &records, plan)
            .map_err(|error| format!("{error}: {}", last_line(&output)))?;
        let judged = self.due == Due::EverySecond && plan.seconds > 0;
        let starts = if judged { self.judge(&records, seen.window)? } else { Starts::default() };
        let with_history = self.contender == Contender::Punctual(Mode::History);
        let stored =
            (judged && with_history).then(|| stored(&state_dir(&dir), seen.window)).transpose()?;
        Ok(Measured { seen, starts, stored })
    }

    /// Lets another process of this program read the records, because that takes
    /// memory.
    fn judge(self, records: &Path, window: Window) -> Result<Starts, String> {
        let output = std::env::current_exe()
            .and_then(|program| {
                Command::new(program)
                    .arg("judge")
                    .arg(records)
                    .arg(self.jobs.to_string())
                    .arg(window.from.to_string())
                    .arg(window.seconds.to_string())
                    .stderr(Stdio::inherit())
                    .output()
            })
            .map_err(|error| format!("could not be judged: {error}"))?;
        String::from_utf8_lossy(&output.stdout).parse()
    }
}

impl Measured {
    /// Due times without a start; with a history, without one that it knows to have
    /// succeeded.
    pub fn lost(&self) -> u64 {
        let unrecorded =
            self.stored.map_or(0, |stored| self.starts.expected.saturating_sub(stored.succeeded));
        self.starts.lost.max(unrecorded)
    }

    /// Starts, or rows of the history, beyond one for a due time.
    pub fn doubled(&self) -> u64 {
        let rows = self.stored.map_or(0, |stored| stored.rows.saturating_sub(self.starts.expected));
        self.starts.doubled.max(rows)
    }
}

/// Asks the database's own shell, which is none of ours.
fn stored(state_dir: &Path, window: Window) -> Result<Stored, String> {
    let Window { from, seconds } = window;
    let time = |second: u64| format!("strftime('%Y-%m-%dT%H:%M:%fZ', {second}, 'unixepoch')");
    let query = format!(
        "SELECT count(*), count(DISTINCT iif(outcome = 'succeeded', job || due_at, NULL)) \
         FROM runs WHERE due_at >= {} AND due_at < {}",
        time(from),
        time(from + u64::from(seconds))
    );
    let output = Command::new("sqlite3")
        .args(["-bail", "-list", "-noheader", "-separator", " "])
        .arg(state_dir.join("punctual.db"))
        .arg(query)
        .output()
        .map_err(|error| format!("could not start sqlite3: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> =
        text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    match numbers.as_slice() {
        &[rows, succeeded] => Ok(Stored { rows, succeeded }),
        _ => Err(format!(
            "its history cannot be read: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}
