//! `punctual daemon --output json`: an object per run on stdout.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use crate::daemon::Observer;
use crate::output;
use crate::runner::RunRecord;

/// Lines that may wait for a reader that is slow. What is beyond is left out: the history has it.
const LINES_MAX: usize = 1024;

/// How long a daemon that leaves waits for its last lines to be read.
const PATIENCE: Duration = Duration::from_secs(2);

/// Hands the runs' objects to a thread of its own, so that a reader that stands still holds up no
/// run.
pub struct JsonLines {
    lines: SyncSender<String>,
}

/// The thread that writes.
pub struct Writer {
    done: Receiver<()>,
}

impl JsonLines {
    pub fn start() -> (Arc<Self>, Writer) {
        let (lines, waiting) = sync_channel::<String>(LINES_MAX);
        let (ending, done) = sync_channel(1);
        std::thread::spawn(move || {
            for line in waiting {
                if let Err(error) = output::write_stdout(&line) {
                    tracing::warn!(%error, "cannot write a run's object to stdout");
                }
            }
            // Whoever waits may have lost patience.
            let _ = ending.send(());
        });
        (Arc::new(Self { lines }), Writer { done })
    }
}

impl Observer for JsonLines {
    fn run_ended(&self, record: &RunRecord) {
        let sent = super::json_line(record).map(|line| self.lines.try_send(line));
        if !matches!(sent, Ok(Ok(()))) {
            tracing::warn!(run_id = %record.run_id, "the run's object is left out of stdout");
        }
    }
}

impl Writer {
    /// Waits until everything is written, once nobody hands anything on any more.
    pub fn finish(self) {
        let _ = self.done.recv_timeout(PATIENCE);
    }
}
