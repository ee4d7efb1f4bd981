//! The thread of a process of one run, where the frame's blocking work is done, and the job.
//!
//! It comes first in line only because it is quicker there: whatever finds it busy goes to tokio's pool.
//! Unlike that pool it does not keep paused time from going on, so tests with paused time do without it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SendError};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};

type Work = Box<dyn FnOnce() + Send>;

/// Does one thing after the other. Tokio's pool would start a thread for nearly each of them: when the
/// next comes, the one that did the last has not gone to wait yet. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RunThread {
    queue: mpsc::Sender<Work>,
    is_busy: Arc<AtomicBool>,
}

impl RunThread {
    pub fn start() -> Result<Self> {
        let (queue, works) = mpsc::channel::<Work>();
        std::thread::Builder::new()
            .name("run".to_owned())
            .spawn(move || {
                for work in works {
                    // That of the work itself is caught there, and what nobody wants may panic too.
                    let _ = catch_unwind(AssertUnwindSafe(work));
                }
            })
            .map_err(|error| Error::io("cannot start a thread", error))?;
        Ok(Self { queue, is_busy: Arc::default() })
    }

    /// Does `work`, and gives what comes of it. While the thread is busy, as with a job that is stuck,
    /// tokio's pool does what else there is.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        let (sender, receiver) = oneshot::channel();
        let is_busy = Arc::clone(&self.is_busy);
        let is_mine = !is_busy.swap(true, Ordering::AcqRel);
        let runtime = Handle::current();
        let work: Work = Box::new(move || {
            // As in tokio's pool.
            let _context = runtime.enter();
            let done = catch_unwind(AssertUnwindSafe(work));
            if is_mine {
                // Before anybody hears that it is done, and comes with the next.
                is_busy.store(false, Ordering::Release);
            }
            // Whoever has stopped waiting for it does not want it.
            let _ = sender.send(done);
        });
        let queued = if is_mine { self.queue.send(work) } else { Err(SendError(work)) };
        if let Err(SendError(work)) = queued {
            spawn_blocking(work);
        }
        async {
            match receiver.await {
                Ok(Ok(value)) => value,
                Ok(Err(panic)) => resume_unwind(panic),
                // Work is only dropped when the process is going down.
                Err(_) => std::future::pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::ThreadId;

    use super::*;

    fn current() -> ThreadId {
        std::thread::current().id()
    }

    #[tokio::test]
    async fn one_thread_does_one_thing_after_the_other_also_after_a_panic() {
        let thread = RunThread::start().expect("a thread");
        let first = thread.spawn(current).await;
        let panics = tokio::spawn(thread.spawn(|| panic!("down there")));
        assert!(panics.await.expect_err("it panics").is_panic());
        let runtime_is_there = thread.spawn(|| Handle::try_current().is_ok()).await;
        assert!(runtime_is_there);
        for _ in 0..1000 {
            assert_eq!(thread.spawn(current).await, first);
        }
    }

    #[tokio::test]
    async fn what_is_stuck_holds_nothing_up() {
        let thread = RunThread::start().expect("a thread");
        let (release, released) = mpsc::channel::<()>();
        let stuck = thread.spawn(move || {
            let _ = released.recv();
            current()
        });
        let elsewhere = thread.spawn(current).await;
        drop(release);
        assert_ne!(stuck.await, elsewhere);
    }
}
