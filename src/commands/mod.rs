//! The commands that are not jobs.

mod completions;
mod history;
mod man;
mod show;

use crate::error::Result;
use crate::settings::Settings;

// The commands, as the command line shows them. (No doc comment: clap would make it the program's
// help.)
#[derive(Debug, clap::Subcommand)]
pub enum Builtin {
    History(history::HistoryCommand),
    Show(show::ShowCommand),
    Completions(completions::CompletionsCommand),
    Man(man::ManCommand),
}

impl Builtin {
    /// Runs the command. `definition` is the whole command line, for what is generated from it.
    pub fn run(&self, settings: &Settings, definition: clap::Command) -> Result<()> {
        match self {
            Builtin::History(command) => command.run(settings),
            Builtin::Show(command) => command.run(settings),
            Builtin::Completions(command) => command.run(definition),
            Builtin::Man(command) => command.run(definition),
        }
    }
}
