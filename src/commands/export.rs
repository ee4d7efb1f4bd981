//! `punctual export`: the schedules for whatever else starts things: cron, systemd, Kubernetes.
//!
//! What is exported starts one run of a job, and says when, with the settings that were given by flag
//! here. How the run goes (arguments, timeout, retries) is not repeated: the run reads the
//! configuration file itself.

mod calendar;
mod cron;
mod crontab;
mod kubernetes;
mod pattern;
mod systemd;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::format_duration;
use crate::daemon::Overlap;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::roster::{JobDefinition, Roster, Work};
use crate::schedule::{Schedule, Schedules};
use crate::settings::{Origin, Settings, without_variables};
use crate::text;

use pattern::{Missing, Pattern};

/// What a run takes beyond its timeout and grace to record how it ended and leave, unless its database
/// keeps it waiting.
const LEAVE_SECONDS: u64 = 10;

/// Print the schedules as a crontab, systemd units or Kubernetes CronJobs
///
/// A schedule that cannot be said exactly in that form becomes a comment; the daemon knows them
/// all. What is exported has the settings that are given by flag here, such as --state-dir, and nothing
/// of the environment here. It reads the configuration file at each run: only another schedule, timeout or
/// job needs another export.
#[derive(Debug, clap::Args)]
pub struct ExportCommand {
    #[command(subcommand)]
    form: Form,
}

#[derive(Debug, clap::Subcommand)]
enum Form {
    Crontab(crontab::CrontabForm),
    Systemd(systemd::SystemdForm),
    Kubernetes(kubernetes::KubernetesForm),
}

impl ExportCommand {
    pub fn run(
        &self,
        settings: &Settings,
        roster: &Roster,
        definition: &clap::Command,
    ) -> Result<()> {
        let export = Export::new(settings, roster, definition)?;
        match &self.form {
            Form::Crontab(form) => form.run(&export),
            Form::Systemd(form) => form.run(&export, &settings.config),
            Form::Kubernetes(form) => form.run(&export, &settings.config),
        }
    }
}

// The binary that is to be started. (No doc comment: clap would make it the command's help.)
#[derive(Debug, clap::Args)]
struct BinaryArg {
    /// Path of the binary on the machine that is to run it [default: that of this one]
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::ExecutablePath)]
    binary: Option<PathBuf>,
}

impl BinaryArg {
    fn path(&self) -> Result<String> {
        match &self.binary {
            Some(path) => absolute(path),
            None => std::env::current_exe()
                .map_err(|error| Error::io("cannot find out where this binary is", error))
                .and_then(|path| absolute(&path)),
        }
    }
}

/// All that is exported.
struct Export<'a> {
    /// The jobs that have a schedule.
    jobs: Vec<ExportedJob<'a>>,
    /// The configuration file that runs will read, whatever their environment is.
    config: Option<String>,
    /// The settings that runs will have, as they were given by flag.
    given: Vec<Given>,
}

/// A setting, named as in the file, with its value.
struct Given {
    setting: &'static str,
    value: String,
}

struct ExportedJob<'a> {
    job: &'a JobDefinition,
    schedule: Schedule,
    /// As the arguments of the configuration have them.
    limits: Limits,
    /// What is wrong with those arguments.
    obstacle: Option<String>,
}

#[derive(Clone, Copy)]
struct Limits {
    timeout: Duration,
    grace: Duration,
}

impl<'a> Export<'a> {
    fn new(settings: &Settings, roster: &'a Roster, definition: &clap::Command) -> Result<Self> {
        let mut known = Schedules::default();
        let mut jobs = Vec::new();
        for job in roster.jobs() {
            // Only a command that is not enabled may have none.
            if let Some(schedule) = job.schedule(&mut known)? {
                let (limits, obstacle) = match limits(job, definition) {
                    Ok(limits) => (limits, None),
                    Err(obstacle) => (Limits::of(job), Some(obstacle)),
                };
                jobs.push(ExportedJob { job, schedule, limits, obstacle });
            }
        }
        let config = settings.config.path.as_deref().map(absolute).transpose()?;
        let given = given(settings)?;
        Ok(Self { jobs, config, given })
    }

    /// The path that runs will have for a setting, unless their environment says otherwise: that of the
    /// flag, else the one `in_file`.
    fn path<'s>(&'s self, setting: &str, in_file: Option<&'s PathBuf>) -> Option<&'s Path> {
        let given = self.given.iter().find(|given| given.setting == setting);
        given.map(|given| Path::new(&given.value)).or(in_file.map(PathBuf::as_path))
    }

    fn is_given(&self, setting: &str) -> bool {
        self.given.iter().any(|given| given.setting == setting)
    }

    /// The flags of every run, but for those of the settings that are said otherwise.
    fn flags_but(&self, otherwise: &[&str]) -> Vec<String> {
        let given = self.given.iter().filter(|given| !otherwise.contains(&given.setting));
        // In one word, because a value may look like a flag.
        let flag = |given: &Given| format!("--{}={}", given.setting.replace('_', "-"), given.value);
        given.map(flag).collect()
    }
}

/// What was given by flag, but for the configuration file, with paths that hold everywhere.
fn given(settings: &Settings) -> Result<Vec<Given>> {
    let paths = [
        ("state_dir", Some(&*settings.state_dir)),
        ("database", settings.database.path()),
        ("database_file", settings.database_file.as_deref()),
        ("log_dir", settings.log.directory.as_deref()),
    ];
    let mut given = Vec::new();
    for resolved in &settings.resolved {
        let setting = resolved.name;
        if setting == "config" || !matches!(resolved.origin, Origin::Flag(_)) {
            continue;
        }
        let value = match paths.iter().find(|(name, _)| *name == setting) {
            Some((_, Some(path))) => absolute(path)?,
            Some((_, None)) => {
                let message = "the URL of the database cannot be exported: it may hold a password";
                return Err(Error::new(Exit::Usage, message)
                    .hint("write it into a file, and name that with --database-file"));
            }
            None if resolved.value.contains(char::is_control) => {
                let message = format!("the {setting} {:?} cannot be exported", resolved.value);
                return Err(Error::new(Exit::Usage, message).hint("give it one in plain text"));
            }
            None => resolved.value.clone(),
        };
        given.push(Given { setting, value });
    }
    Ok(given)
}

impl ExportedJob<'_> {
    fn name(&self) -> &str {
        &self.job.name
    }

    /// The schedule in plain English and as it is written.
    fn heading(&self) -> String {
        let (name, description) = (self.name(), self.schedule.describe());
        match self.schedule.text() {
            text if text == description => format!("{name}: {text}"),
            text => format!("{name}: {description} ({text})"),
        }
    }

    fn if_enabled(&self) -> Result<(), String> {
        let reason = || "Left out: not enabled in the configuration file.".to_owned();
        if self.job.enabled { Ok(()) } else { Err(reason()) }
    }

    /// The schedule as `scheduler` says it, pattern by pattern; or why the job is left out.
    fn said_by<T>(
        &self,
        scheduler: &str,
        say: impl Fn(&Pattern) -> Result<T, Missing>,
    ) -> Result<Vec<T>, String> {
        if let Some(obstacle) = &self.obstacle {
            return Err(format!("Left out: {obstacle}."));
        }
        Pattern::all_of(&self.schedule)
            .and_then(|patterns| patterns.iter().map(say).collect())
            .map_err(|missing| left_to_daemon(scheduler, missing))
    }

    /// The words of the command line of a run, after the binary and its own flags.
    fn arguments<'s>(&'s self, config: Option<&'s str>, flags: &'s [String]) -> Vec<&'s str> {
        let config = config.into_iter().flat_map(|path| ["--config", path]);
        let waits = self.job.overlap == Overlap::Wait;
        let if_running = if waits { &["--if-running", "wait"][..] } else { &[] };
        let flags = config.chain(flags.iter().map(String::as_str));
        flags.chain([self.name()]).chain(if_running.iter().copied()).collect()
    }

    /// What of the configuration only the daemon can do.
    fn remarks(&self, has_jitter: bool) -> Vec<String> {
        let jitter = format_duration(self.job.jitter);
        let jitter = (!has_jitter && !self.job.jitter.is_zero())
            .then(|| format!("Without its jitter of {jitter}: only the daemon delays it."));
        let overlap = (self.job.overlap == Overlap::Allow).then(|| {
            "Without overlap: a run that comes due during another is skipped; only the daemon \
             starts it."
                .to_owned()
        });
        jitter.into_iter().chain(overlap).collect()
    }
}

impl Limits {
    fn of(job: &JobDefinition) -> Self {
        Self { timeout: job.timeout, grace: job.grace }
    }

    /// The longest that a run may take, until it is given up.
    fn longest_seconds(&self) -> u64 {
        whole_seconds(self.timeout) + self.stop_seconds()
    }

    /// How long a run that is told to stop may take.
    fn stop_seconds(&self) -> u64 {
        whole_seconds(self.grace) + LEAVE_SECONDS
    }
}

/// Whether lines of a crontab can say the schedule.
pub(super) fn fits_crontab(schedule: &Schedule) -> bool {
    let patterns = Pattern::all_of(schedule);
    patterns
        .is_ok_and(|patterns| patterns.iter().all(|one| cron::five_fields_of_vixie(one).is_ok()))
}

fn left_to_daemon(scheduler: &str, missing: Missing) -> String {
    format!("Left to `punctual daemon`: {scheduler} knows no {missing}.")
}

/// Reads the command line of a run, of which the arguments of the configuration may be wrong, or
/// lack something.
fn limits(job: &JobDefinition, definition: &clap::Command) -> Result<Limits, String> {
    let arguments = match &job.work {
        Work::Catalog { arguments, .. } => &arguments[..],
        Work::Command { .. } => &[],
    };
    let words = ["punctual", &job.name].into_iter().chain(arguments.iter().map(String::as_str));
    let parsed = without_variables(definition.clone()).try_get_matches_from(words);
    let parsed = parsed.map_err(|error| {
        let text = error.render().to_string();
        // What is missing stands in the lines after the first one, up to an empty one.
        let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
        let reason = lines.collect::<Vec<_>>().join(" ");
        let reason = text::escape(reason.trim_start_matches("error: "));
        format!("{reason}; give it args in the configuration file")
    })?;
    let of_run = |name: &str| parsed.subcommand()?.1.get_one::<Duration>(name).copied();
    let Limits { timeout, grace } = Limits::of(job);
    Ok(Limits {
        timeout: of_run("timeout").unwrap_or(timeout),
        grace: of_run("grace").unwrap_or(grace),
    })
}

/// A path as it can be written into a file that something else reads.
fn absolute(path: &Path) -> Result<String> {
    let path = std::path::absolute(path)
        .map_err(|error| Error::io("cannot find out the current directory", error))?;
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => {
            let message = format!("the path {} cannot be exported", path.display());
            Err(Error::new(Exit::Usage, message).hint("give it a name in plain text"))
        }
    }
}

/// Whole seconds, rounded up.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// Lines of comment.
fn comments(lines: &[String]) -> String {
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crontab_knows_no_seconds_no_special_days_and_few_intervals() {
        let fits = |text: &&str| {
            fits_crontab(&Schedule::parse(text).unwrap_or_else(|error| panic!("{error}")))
        };
        let can = ["0 2 * * 1", "0 0 2 * * 1", "@daily", "every 1m", "every 20m", "every 6h"];
        let cannot = ["30 0 2 * * 1", "0 0 L * *", "0 0 * * 5#3", "every 10s"];
        assert!(can.iter().all(fits) && fits(&"every 90m"));
        assert!(!cannot.iter().any(fits));
        assert!(!["every 7h", "every 2d", "every 90s"].iter().any(fits));
    }
}
