//! Watches a running process tree: its memory as a whole, and its time limit.

use std::fs;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::measure::status_field;

/// How often the memory of the tree is looked at.
const SAMPLE: Duration = Duration::from_millis(20);

/// A thread that looks at a process tree from time to time, and kills its process
/// group when the limit has passed.
pub struct Watcher {
    until_finished: Sender<()>,
    thread: JoinHandle<u64>,
}

impl Watcher {
    pub fn start(pid: u32, limit: Duration) -> Self {
        let start = Instant::now();
        let (until_finished, finished) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut peak = 0;
            while let Err(RecvTimeoutError::Timeout) = finished.recv_timeout(SAMPLE) {
                peak = peak.max(tree_resident(pid));
                if start.elapsed() > limit {
                    kill_group(pid);
                }
            }
            peak
        });
        Self { until_finished, thread }
    }

    /// Ends the watch and says the most resident bytes that all processes had
    /// together. It is sampled, so it can miss a short peak; pages that several
    /// processes share count once for each.
    pub fn stop(self) -> u64 {
        drop(self.until_finished);
        self.thread.join().unwrap_or(0)
    }
}

/// The resident bytes of a process and all its descendants; those that vanish in
/// the meantime count as nothing.
fn tree_resident(pid: u32) -> u64 {
    let own = status_field(&format!("/proc/{pid}/status"), "VmRSS:").unwrap_or(0);
    own + children(pid).into_iter().map(tree_resident).sum::<u64>()
}

/// The children that any thread of a process started.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// Kills a process group by the system's `kill`. If that fails, so will the next
/// try one sample later; there is nobody to tell.
fn kill_group(pid: u32) {
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{pid}")]).status();
}
