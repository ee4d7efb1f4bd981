//! What the benchmarks share: measuring a child process, printing tables, and ending.

pub mod measure;
pub mod table;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where this package keeps what its build made: the place for lists, databases
/// and peers, since `cargo clean` removes them from there.
pub fn target_dir() -> PathBuf {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    scratch.parent().unwrap_or(scratch).to_path_buf()
}

/// The folder of the peers' programs.
pub fn peers_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

/// How a benchmark ends: badly when it could not be done, or when something that it checks on the
/// way was wrong.
pub fn exit(done: io::Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
