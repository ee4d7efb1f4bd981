//! The configuration file, and what it names: programs, folders, secrets, arguments.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::error::ErrorKind;
use rustix::fs::{Access, access};

use super::findings::{Check, Findings};
use super::{Subject, programs, usage};
use crate::config::{CommandLine, JobWork, OnFailure, Tell};
use crate::error::Error;
use crate::exit::Exit;
use crate::ping::PingUrl;
use crate::roster::{JobDefinition, Work};
use crate::secret::{Secret, SecretSource};
use crate::settings::{search_path, without_empty_variables};

pub fn check_configuration(findings: &mut Findings, subject: &Subject<'_>) {
    let config = &subject.settings.config;
    let mut check = findings.check("configuration");
    match &config.path {
        Some(path) => check.ok(format!("{} is understood", path.display())),
        None => check.ok("there is no file; none is needed"),
    }
    for warning in &config.warnings {
        check.error(Exit::Configuration, &warning.message, &warning.hint);
    }
    if let Some(on_failure) = &config.on_failure {
        check_on_failure(&mut check, "[on_failure]", on_failure);
    }
    let mut check = findings.check("jobs");
    for job in subject.roster.jobs() {
        check_job(&mut check, subject, job);
    }
}

fn check_job(check: &mut Check<'_>, subject: &Subject<'_>, job: &JobDefinition) {
    let name = &job.name;
    match &job.work {
        Work::Catalog { .. } => check_arguments(check, subject, job),
        Work::Command { command, env, working_dir, .. } => {
            check_command(check, name, command, env);
            if let Some(directory) = working_dir {
                check_working_dir(check, name, directory);
            }
        }
    }
    if let Some(source) = &job.ping_url {
        check_address(check, &format!("the ping URL of {name}"), source);
    }
    let of_job = subject.settings.config.job(name).and_then(|job| job.on_failure.as_ref());
    if let Some(on_failure) = of_job {
        check_on_failure(check, &format!("on_failure of {name}"), on_failure);
    }
}

/// The arguments of the configuration, as a schedule starts the job.
fn check_arguments(check: &mut Check<'_>, subject: &Subject<'_>, job: &JobDefinition) {
    let Some(Err(error)) = parse(subject, job) else {
        return check.ok(format!("{}: its arguments are understood", job.name));
    };
    let (name, problem) = (&job.name, usage::problem(&error));
    let config = &subject.settings.config;
    match config.job(name).map(|job| &job.work) {
        Some(JobWork::Builtin { arguments: Some(arguments) }) => {
            let error = config.error_at(arguments.line, &format!("args of {name}: {problem}"));
            check.failed(&error.hint(format!("punctual {name} --help")));
        }
        // It has to be told something; who starts it from a shell or crontab may do so.
        _ if error.kind() == ErrorKind::MissingRequiredArgument => check.warning(
            format!("{name} is left out by the daemon: {problem}"),
            format!("give it args in [jobs.{name}] of the configuration, or set enabled = false"),
        ),
        // Nothing else but the environment can have given it what is wrong.
        _ => check.error(
            Exit::Configuration,
            format!("the environment of {name}: {problem}"),
            format!("correct the variable; punctual {name} --help names it"),
        ),
    }
}

/// The job as its schedule starts it, where it is one of the catalog.
pub fn parse(
    subject: &Subject<'_>,
    job: &JobDefinition,
) -> Option<Result<clap::ArgMatches, clap::Error>> {
    let Work::Catalog { arguments, .. } = &job.work else { return None };
    let definition = subject.definition.find_subcommand(&*job.name)?.clone();
    let words = std::iter::once(job.name.to_string()).chain(arguments.iter().cloned());
    Some(without_empty_variables(definition).try_get_matches_from(words))
}

fn check_command(
    check: &mut Check<'_>,
    name: &str,
    command: &CommandLine,
    env: &[(String, Secret)],
) {
    // A job that is given a PATH is looked up there.
    let of_job = env.iter().rev().find(|(variable, _)| variable == "PATH");
    let search_path = of_job.map(|(_, path)| OsString::from(path.expose())).or_else(search_path);
    match programs::find(&command.program, search_path.as_deref()) {
        Ok(program) => check.ok(format!("{name}: runs {}", program.display())),
        Err(problem) => check.error(
            Exit::Configuration,
            format!("the command of {name}: {problem}"),
            "install the program, make it executable (chmod +x), or give its whole path",
        ),
    }
}

fn check_working_dir(check: &mut Check<'_>, name: &str, directory: &Path) {
    let problem = if !directory.is_dir() {
        "is not a directory"
    } else if access(directory, Access::EXEC_OK).is_err() {
        "cannot be entered by this user"
    } else {
        return;
    };
    check.error(
        Exit::Configuration,
        format!("working_dir of {name}: {} {problem}", directory.display()),
        "make the directory, or name another",
    );
}

fn check_on_failure(check: &mut Check<'_>, whose: &str, on_failure: &OnFailure) {
    match &on_failure.tell {
        Tell::Command(command) => check_command(check, whose, command, &[]),
        Tell::Webhook(source) => check_address(check, &format!("the webhook of {whose}"), source),
    }
}

/// An address that is a secret: that it can be read and is one, and that others cannot read it.
fn check_address(check: &mut Check<'_>, what: &str, source: &SecretSource) {
    let address = match source.read() {
        Ok(address) => address,
        Err(error) => return check.failed(&prefixed(what, error)),
    };
    if let Err(reason) = address.expose().parse::<PingUrl>() {
        let hint = "write it with its scheme, like https://hc-ping.com/your-uuid";
        return check.error(Exit::Configuration, format!("{what}: {reason}"), hint);
    }
    if let SecretSource::File(path) = source
        && path.metadata().is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
    {
        let path = path.display();
        let message = format!("everybody can read {path}, which holds {what}");
        return check.error(Exit::Configuration, message, format!("chmod o-r {path}"));
    }
    check.ok(format!("{what} is an address"));
}

fn prefixed(what: &str, error: Error) -> Error {
    let hint = error.hint_text().unwrap_or_default().to_owned();
    Error::new(error.exit(), what).because(error).hint(hint)
}
