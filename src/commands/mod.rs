//! The commands that are not jobs.

mod ask;
mod check;
mod completions;
mod daemon;
mod export;
mod history;
mod import;
mod jobs;
mod man;
mod next;
mod show;
mod table;

pub use check::CheckCommand;
pub use daemon::DaemonArgs;

use crate::error::Result;
use crate::roster::Roster;
use crate::settings::Settings;

// The commands, as the command line shows them. (No doc comment: clap would make it the program's
// help.)
#[derive(Debug, clap::Subcommand)]
pub enum Builtin {
    Daemon(DaemonArgs),
    Check(CheckCommand),
    #[command(flatten)]
    Command(Command),
}

// Those that are done at once.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Jobs(jobs::JobsCommand),
    Next(next::NextCommand),
    Trigger(ask::TriggerCommand),
    Pause(ask::PauseCommand),
    Resume(ask::ResumeCommand),
    Reload(ask::ReloadCommand),
    History(history::HistoryCommand),
    Show(show::ShowCommand),
    Export(export::ExportCommand),
    Import(import::ImportCommand),
    Completions(completions::CompletionsCommand),
    Man(man::ManCommand),
}

impl Command {
    /// Runs the command. `definition` is the whole command line, for what is generated from it.
    pub fn run(
        &self,
        settings: &Settings,
        roster: &Roster,
        definition: clap::Command,
    ) -> Result<()> {
        match self {
            Command::Jobs(command) => command.run(settings, roster),
            Command::Next(command) => command.run(settings, roster),
            Command::Trigger(command) => command.run(settings, roster),
            Command::Pause(command) => command.run(settings, roster),
            Command::Resume(command) => command.run(settings, roster),
            Command::Reload(command) => command.run(settings),
            Command::History(command) => command.run(settings, roster),
            Command::Show(command) => command.run(settings),
            Command::Export(command) => command.run(settings, roster, &definition),
            Command::Import(command) => command.run(&definition),
            Command::Completions(command) => command.run(definition),
            Command::Man(command) => command.run(definition),
        }
    }
}
