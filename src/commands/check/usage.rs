//! What is wrong with a command line, in one line.

use clap::error::{ContextKind, ContextValue};

/// What a usage error says, without the usage, and without the value where a parser refused it: that
/// may be a secret.
pub fn problem(error: &clap::Error) -> String {
    use std::error::Error as _;
    if let (Some(ContextValue::String(argument)), Some(reason)) =
        (error.get(ContextKind::InvalidArg), error.source())
    {
        return format!("invalid value for {argument}: {reason}");
    }
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

/// The definition with nothing required, to read a part of a command line by.
pub fn without_requirements(definition: clap::Command) -> clap::Command {
    definition.mut_args(|argument| argument.required(false)).mut_subcommands(without_requirements)
}
