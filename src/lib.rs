//! punctual: run recurring jobs once, with a timeout, a lock and a history.
//!
//! The library exists for the binary and its tests. `ARCHITECTURE.md` is the map.

mod alert;
mod app;
mod backoff;
mod capture;
mod cli;
mod clock;
mod command_job;
mod commands;
mod config;
mod control;
mod daemon;
mod database;
mod error;
mod exit;
mod history;
mod http;
mod job;
mod jobs;
mod liveness;
mod lock;
mod logging;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod math;
mod memory;
mod outcome;
mod output;
mod panic;
mod ping;
mod process;
mod progress;
mod roster;
mod runner;
mod schedule;
mod secret;
mod settings;
mod signal;
mod text;
mod textfile;

#[cfg(feature = "bench")]
#[doc(hidden)]
pub use daemon::bench;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

/// The whole program. Returns instead of exiting, so that everything is dropped and flushed.
pub fn main() -> ExitCode {
    panic::install_hook();
    let arguments = std::env::args_os();
    std::panic::catch_unwind(AssertUnwindSafe(|| app::run(arguments)))
        .unwrap_or_else(|payload| app::panicked(&*payload).into())
}
