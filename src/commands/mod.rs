//! The commands that are not jobs.

mod completions;
mod daemon;
mod history;
mod man;
mod next;
mod show;

pub use daemon::DaemonArgs;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job::CatalogEntry;
use crate::jobs::CATALOG;
use crate::settings::Settings;

// The commands, as the command line shows them. (No doc comment: clap would make it the program's
// help.)
#[derive(Debug, clap::Subcommand)]
pub enum Builtin {
    Daemon(DaemonArgs),
    #[command(flatten)]
    Command(Command),
}

// Those that are done at once.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Next(next::NextCommand),
    History(history::HistoryCommand),
    Show(show::ShowCommand),
    Completions(completions::CompletionsCommand),
    Man(man::ManCommand),
}

impl Command {
    /// Runs the command. `definition` is the whole command line, for what is generated from it.
    pub fn run(&self, settings: &Settings, definition: clap::Command) -> Result<()> {
        match self {
            Command::Next(command) => command.run(settings),
            Command::History(command) => command.run(settings),
            Command::Show(command) => command.run(settings),
            Command::Completions(command) => command.run(definition),
            Command::Man(command) => command.run(definition),
        }
    }
}

/// How much alike (of 1) two names have to be for one to be taken for a slip of the other.
const ALIKE: f64 = 0.7;

/// The job of that name, or an error that names those that there are.
fn job_named(name: &str) -> Result<&'static CatalogEntry> {
    if let Some(entry) = CATALOG.iter().find(|entry| entry.name == name) {
        return Ok(entry);
    }
    let likeness = |entry: &&CatalogEntry| strsim::jaro(name, entry.name);
    let nearest = CATALOG
        .iter()
        .filter(|entry| likeness(entry) > ALIKE)
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let suggestion = nearest.map(|entry| format!("; the nearest is {:?}", entry.name));
    let names: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
    Err(Error::new(Exit::Usage, format!("unknown job {name:?}{}", suggestion.unwrap_or_default()))
        .hint(format!("the jobs are {}", names.join(", "))))
}
