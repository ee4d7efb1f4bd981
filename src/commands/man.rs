//! `punctual man`: what `man/` holds.

use std::io;
use std::path::PathBuf;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::error::{Error, Result};
use crate::exit::Exit;
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
        let definition = in_full(definition);
        match &self.out {
            None => {
                let page = page(&definition)
                    .map_err(|error| Error::io("cannot render the man page", error))?;
                output::print(&String::from_utf8_lossy(&page))
            }
            Some(directory) => {
                let failed = |error| {
                    Error::io(format!("cannot write man pages into {}", directory.display()), error)
                };
                std::fs::create_dir_all(directory).map_err(failed)?;
                for command in with_all_below(&definition) {
                    let file = directory.join(format!("{}.1", page_name(command)));
                    page(command).and_then(|page| std::fs::write(file, page)).map_err(failed)?;
                }
                Ok(())
            }
        }
    }
}

/// The definition with what short help leaves out, and without what pages say in their own way.
fn in_full(definition: clap::Command) -> clap::Command {
    let mut definition =
        shown_whole(definition).after_help(None::<&str>).after_long_help(None::<&str>);
    definition.build();
    definition
}

fn shown_whole(command: clap::Command) -> clap::Command {
    command
        .disable_help_subcommand(true)
        .mut_args(|argument| argument.hide_short_help(false))
        .mut_subcommands(shown_whole)
}

/// A command, and all that are parts of it.
fn with_all_below(command: &clap::Command) -> Vec<&clap::Command> {
    let below = command.get_subcommands().flat_map(with_all_below);
    std::iter::once(command).chain(below).collect()
}

fn page_name(command: &clap::Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// One page, in the order that man-pages(7) asks for.
fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone())
        .source(concat!("punctual ", env!("CARGO_PKG_VERSION")))
        .manual("punctual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    exit_status().to_writer(&mut page)?;
    Ok(page)
}

fn exit_status() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in Exit::TABLE {
        section.control("TP", []).text([bold(exit.code().to_string())]).text([roman(*meaning)]);
    }
    section
}
