//! What both benchmarks share: measuring a child process, and printing tables.

pub mod measure;
pub mod table;

use std::path::{Path, PathBuf};

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
