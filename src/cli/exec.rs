//! `punctual exec`: the frame of a job around a command that is in no configuration file.

use std::ffi::OsString;
use std::sync::Arc;

use clap::FromArgMatches as _;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Refusal, config_rules, framed, with_run_args};
use crate::command_job::CommandJob;
use crate::config::check_job_name;
use crate::roster::{COMMAND_TIMEOUT, GRACE, Roster};
use crate::runner::RunRequest;

/// The name of the subcommand.
pub const NAME: &str = "exec";

/// Run any command once, with the guarantees of a job
///
/// The command gets a process group of its own, an empty stdin, and PUNCTUAL_RUN_ID and
/// PUNCTUAL_JOB in its environment. Its output goes to the terminal where there is one, to the
/// log, and the end of it to the history. At the deadline the group gets SIGTERM, after the grace
/// SIGKILL; nothing is left behind. A status other than 0 is exit code 1.
#[derive(Debug, clap::Args)]
struct ExecArgs {
    /// The job's name: the key of its lock and its history
    #[arg(long, value_name = "NAME")]
    name: String,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND", value_hint = clap::ValueHint::AnyPath)]
    command: Vec<OsString>,
}

pub fn command() -> clap::Command {
    let command = <ExecArgs as clap::Args>::augment_args(clap::Command::new(NAME));
    with_run_args(command, COMMAND_TIMEOUT, GRACE, 0)
}

/// The error, with what to do where it comes of a command without the `--` in front of it.
pub fn with_tip(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let is_of_exec = |usage: &ContextValue| usage.to_string().contains("punctual exec ");
    let lacks_dashes = error.kind() == ErrorKind::UnknownArgument
        && error.get(ContextKind::Usage).is_some_and(is_of_exec)
        && !arguments.iter().any(|argument| argument == "--");
    if lacks_dashes {
        let tip = StyledStr::from("put '--' between the options and the command");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

pub fn request(matches: &clap::ArgMatches, roster: &Roster) -> Result<RunRequest, Refusal> {
    let args = ExecArgs::from_arg_matches(matches)?;
    let invalid = |why: String| {
        let message = format!("invalid value {:?} for '--name <NAME>': {why}\n", args.name);
        clap::Error::raw(ErrorKind::ValueValidation, message)
    };
    check_job_name(&args.name).map_err(invalid)?;
    if config_rules().commands.contains(&args.name) {
        return Err(invalid("it is a command of punctual".to_owned()).into());
    }
    if roster.find(&args.name).is_some() {
        let why = format!("there is a job of that name; run it with `punctual {}`", args.name);
        return Err(invalid(why).into());
    }
    let job = CommandJob { argv: args.command, env: Vec::new(), working_dir: None };
    Ok(framed(args.name.as_str().into(), Arc::new(job), roster.metrics_dir(), matches)?)
}
