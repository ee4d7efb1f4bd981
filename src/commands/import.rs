//! `punctual import`: what another scheduler runs, as tables of a configuration file.

mod crontab;
mod line;
mod name;

use crate::error::Result;

/// Turn a crontab into jobs of a configuration file
///
/// Prints what can be added to a configuration file. Nothing is changed.
#[derive(Debug, clap::Args)]
pub struct ImportCommand {
    #[command(subcommand)]
    form: Form,
}

#[derive(Debug, clap::Subcommand)]
enum Form {
    Crontab(crontab::CrontabImport),
}

impl ImportCommand {
    pub fn run(&self, definition: &clap::Command) -> Result<()> {
        let Form::Crontab(crontab) = &self.form;
        crontab.run(definition)
    }
}
