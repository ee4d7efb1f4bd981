//! The program as it is installed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A copy of `program` below `directory`, as `cargo install` makes one. Until it is read from the disk anew,
/// the file that the linker wrote lies in memory in single pages and starts a tenth slower than one that
/// was installed, as the peers are.
pub fn install(program: &Path, directory: &Path) -> io::Result<PathBuf> {
    let programs = directory.join("bin");
    fs::create_dir_all(&programs)?;
    let installed = programs.join("punctual");
    fs::copy(program, &installed)?;
    Ok(installed)
}
