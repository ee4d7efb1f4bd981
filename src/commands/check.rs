//! `punctual check`: whether all is well with an installation, and what to do where it is not.

mod configuration;
mod cron;
mod crontab;
mod drift;
mod findings;
mod places;
mod postgres;
mod programs;
mod reach;
mod shell;
mod shown;
mod storage;
mod usage;
mod zone;

use std::path::PathBuf;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::OutputFormat;
use crate::roster::Roster;
use crate::schedule::Schedules;
use crate::settings::Settings;

use self::configuration::check_configuration;
use self::cron::check_cron;
use self::findings::{Check, Findings};
use self::places::{check_directory, check_state};
use self::reach::check_hosts;
use self::storage::check_storage;

/// Check that all is well: configuration, files, schedules, crontab, hosts
///
/// Looks at the configuration file and what it names, the state directory, the database, the
/// directories for logs and metrics, the schedules, and the hosts that jobs and pings need. Where a
/// crontab starts punctual, its lines are compared with the jobs: schedules, flags, and the time
/// zone that cron reads them in. Nothing is changed and nothing is pinged.
///
/// There is one line per finding, with a hint below each that asks for something. The exit code is
/// that of the first error. A warning is advice: it does not count.
#[derive(Debug, clap::Args)]
pub struct CheckCommand {
    /// Compare this crontab, not those that are installed
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    crontab: Vec<PathBuf>,

    /// Do not ask whether the hosts answer that jobs, pings and webhooks need
    #[arg(long)]
    offline: bool,

    /// Check nothing, but show every setting with its value and where that came from
    #[arg(long, conflicts_with_all = ["crontab", "offline"])]
    show_config: bool,
}

/// What the checks look at.
struct Subject<'a> {
    settings: &'a Settings,
    roster: &'a Roster,
    /// The whole command line.
    definition: &'a clap::Command,
}

impl CheckCommand {
    /// Checks everything, and tells the exit code. `definition` is the whole command line.
    pub fn run(
        &self,
        settings: &Settings,
        roster: &Roster,
        definition: clap::Command,
    ) -> Result<Exit> {
        let subject = Subject { settings, roster, definition: &definition };
        if self.show_config {
            shown::print(&subject)?;
            return Ok(Exit::Succeeded);
        }
        let mut findings = Findings::default();
        check_configuration(&mut findings, &subject);
        check_state(&mut findings.check("state directory"), &settings.state_dir);
        check_storage(&mut findings, &subject);
        if let Some(directory) = &settings.log.directory {
            check_directory(&mut findings.check("log directory"), directory);
        }
        if let Some(directory) = settings.config.metrics_dir.as_deref() {
            check_directory(&mut findings.check("metrics directory"), directory);
        }
        check_schedules(&mut findings.check("schedules"), roster);
        check_cron(&mut findings, &subject, &self.crontab);
        if !self.offline {
            check_hosts(&mut findings.check("reachability"), &subject)?;
        }
        findings.print(settings.output, settings.quiet)
    }

    /// Tells why there is nothing to check: the settings are at fault already.
    pub fn tell(&self, error: Error, output: OutputFormat, quiet: bool) -> Result<Exit> {
        if self.show_config {
            return Err(error);
        }
        let mut findings = Findings::default();
        findings.check("configuration").failed(&error);
        findings.print(output, quiet)
    }
}

/// What is wrong with a schedule is known since the configuration was read.
fn check_schedules(check: &mut Check<'_>, roster: &Roster) {
    let now = Clock::System.now();
    let mut known = Schedules::default();
    for job in roster.jobs() {
        let name = &job.name;
        match job.schedule(&mut known) {
            Err(error) => check.failed(&error),
            Ok(None) => check.ok(format!("{name} has none; it runs when it is started")),
            Ok(Some(_)) if !job.enabled => check.ok(format!("{name} is not enabled")),
            Ok(Some(schedule)) => {
                let next = schedule.next_after(now).map_or_else(
                    || "never again".to_owned(),
                    |next| format!("next at {}", next.to_string().replace(".000Z", "Z")),
                );
                check.ok(format!("{name}: {}, {next}", schedule.describe()));
            }
        }
    }
}
