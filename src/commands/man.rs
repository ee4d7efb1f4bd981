//! `punctual man`: what `man/` holds.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::output;

/// Print the man page, or write all of them into a directory
#[derive(Debug, clap::Args)]
pub struct ManCommand {
    /// Write one page per command into this directory
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    out: Option<PathBuf>,
}

impl ManCommand {
    pub fn run(&self, definition: clap::Command) -> Result<()> {
        match &self.out {
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(definition)
                    .render(&mut page)
                    .map_err(|error| Error::io("cannot render the man page", error))?;
                output::print(&String::from_utf8_lossy(&page))
            }
            Some(directory) => {
                let failed = |error| {
                    Error::io(format!("cannot write man pages into {}", directory.display()), error)
                };
                std::fs::create_dir_all(directory).map_err(failed)?;
                clap_mangen::generate_to(definition.disable_help_subcommand(true), directory)
                    .map_err(failed)
            }
        }
    }
}
