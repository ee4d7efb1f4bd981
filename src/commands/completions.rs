//! `punctual completions`: what `completions/` holds.

use clap_complete::Shell;

use crate::error::Result;
use crate::output;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
pub struct CompletionsCommand {
    /// For which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl CompletionsCommand {
    pub fn run(&self, mut definition: clap::Command) -> Result<()> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut definition, "punctual", &mut script);
        output::print(&String::from_utf8_lossy(&script))
    }
}
