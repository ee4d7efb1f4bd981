//! Moving the write-ahead log into the database while a bulk writer goes on writing.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use super::Sqlite;

/// A thread that moves the log when it is asked to: the writer, which could do it itself, would wait
/// for the disk meanwhile. Ends with its handle.
#[derive(Debug)]
pub struct Checkpointer {
    /// Nothing once it is to end.
    requests: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Without a thread to be had it does nothing.
    pub fn start(database: &Sqlite) -> Self {
        let (requests, requested) = sync_channel(1);
        let database = database.clone();
        let span = tracing::Span::current();
        let thread = Builder::new()
            .name("checkpointer".to_owned())
            .spawn(move || span.in_scope(|| serve(&database, &requested)))
            .inspect_err(|error| tracing::debug!(%error, "no checkpoints beside the writer"))
            .ok();
        Self { requests: Some(requests), thread }
    }

    /// Has what is committed by now moved, soon. Waits for nothing. False where the one before is
    /// still to begin: the disk cannot keep up.
    pub fn request(&self) -> bool {
        self.requests
            .as_ref()
            .is_some_and(|requests| !matches!(requests.try_send(()), Err(TrySendError::Full(()))))
    }
}

impl Drop for Checkpointer {
    /// Waits for the end of what was requested.
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Stays away from what others lock. Whatever goes wrong is left to the checkpoint at the end of the
/// work, which tells.
fn serve(database: &Sqlite, requested: &Receiver<()>) {
    let connection = match database.open() {
        Ok(connection) => connection,
        Err(error) => {
            tracing::debug!(%error, "no checkpoints beside the writer");
            return;
        }
    };
    while requested.recv().is_ok() {
        let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
        if let Err(error) = moved {
            tracing::debug!(%error, "cannot checkpoint beside the writer");
        }
    }
}
