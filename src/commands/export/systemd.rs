//! `punctual export systemd`: a service and a timer per job.

use std::path::{Path, PathBuf};

use crate::alert::Recipient;
use crate::config::{Config, DatabaseSource};
use crate::daemon::Overlap;
use crate::error::{Error, Result};
use crate::output;
use crate::roster::Work;

use super::calendar::events;
use super::{BinaryArg, Export, ExportedJob, absolute, comments, whole_seconds};

/// Where the files belong, unless they are written elsewhere.
const UNIT_DIR: &str = "/etc/systemd/system";

/// For what is built in. It needs the network, its state directory, and to read its files; root may
/// read and write those of others as well, because that is what the user of a state directory that
/// is shared expects.
const HARDENING: &str = "\
CapabilityBoundingSet=CAP_DAC_OVERRIDE
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
";

/// Print a service and a timer for each job, for systemd
///
/// Due times are in UTC, whatever the zone of the host is.
#[derive(Debug, clap::Args)]
pub struct SystemdForm {
    #[command(flatten)]
    binary: BinaryArg,

    /// Write a file for each unit into this directory; printed is only what has no units
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    out: Option<PathBuf>,
}

impl SystemdForm {
    pub fn run(&self, export: &Export<'_>, config: &Config) -> Result<()> {
        let binary = self.binary.path()?;
        let mut without_units = String::new();
        let mut files = Vec::new();
        for job in &export.jobs {
            match job.if_enabled().and_then(|()| job.said_by("systemd", events)) {
                Ok(events) => {
                    let name = format!("punctual-{}", job.name());
                    let flags = export.flags_but(&[]);
                    let arguments = job.arguments(export.config.as_deref(), &flags);
                    let service = service(job, &command_line(&binary, &arguments), export, config)?;
                    files.push((format!("{name}.service"), service));
                    files.push((format!("{name}.timer"), timer(job, &events.concat())));
                }
                Err(reason) => without_units.push_str(&comments(&[job.heading(), reason])),
            }
        }
        match &self.out {
            Some(directory) => {
                write(directory, &files)?;
                let left = left_from_before(directory, &files)?;
                output::print(&(without_units + &comments(&left)))
            }
            None => {
                let file =
                    |(name, text): &(String, String)| format!("# {UNIT_DIR}/{name}\n{text}\n");
                let files: String = files.iter().map(file).collect();
                output::print(&(files + &without_units))
            }
        }
    }
}

fn write(directory: &Path, files: &[(String, String)]) -> Result<()> {
    let failed =
        |error| Error::io(format!("cannot write units into {}", directory.display()), error);
    std::fs::create_dir_all(directory).map_err(failed)?;
    for (name, text) in files {
        std::fs::write(directory.join(name), text).map_err(failed)?;
    }
    Ok(())
}

/// The timers of an earlier export whose job is gone, or is left to the daemon by now: they would go on.
fn left_from_before(directory: &Path, files: &[(String, String)]) -> Result<Vec<String>> {
    let failed = |error| Error::io(format!("cannot read {}", directory.display()), error);
    let mut left = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_timer = name.starts_with("punctual-") && name.ends_with(".timer");
        if is_timer && !files.iter().any(|(file, _)| file == name) {
            left.push(format!(
                "{name} is of an earlier export: disable and remove it, with its service."
            ));
        }
    }
    left.sort();
    Ok(left)
}

fn service(
    job: &ExportedJob<'_>,
    command: &str,
    export: &Export<'_>,
    config: &Config,
) -> Result<String> {
    let mut remarks = job.remarks(true);
    if job.job.overlap == Overlap::Wait {
        remarks.push(
            "Without a queue: systemd forgets a run that comes due during another.".to_owned(),
        );
    }
    let (start_max, stop_max) = (job.limits.longest_seconds(), job.limits.stop_seconds());
    let hardening = if is_confined(job) {
        format!("{HARDENING}{}", writable_paths(export, config)?)
    } else {
        "# No hardening: only you know what the command, or the one of on_failure, has to do.\n"
            .to_owned()
    };
    Ok(format!(
        "\
{remarks}[Unit]
Description=punctual: {name}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={command}
# Keys and the like, such as JUPITER_API_KEY=…
EnvironmentFile=-/etc/punctual/environment
StateDirectory=punctual
StateDirectoryMode=0700

# Only if punctual itself fails to end the run: timeout, grace, and some more.
TimeoutStartSec={start_max}s
TimeoutStopSec={stop_max}s
KillMode=mixed
# Stopped, not failed.
SuccessExitStatus=143

{hardening}",
        remarks = comments(&remarks),
        name = job.name(),
    ))
}

fn timer(job: &ExportedJob<'_>, events: &[String]) -> String {
    let events: String = events.iter().map(|event| format!("OnCalendar={event}\n")).collect();
    let jitter = match whole_seconds(job.job.jitter) {
        0 => String::new(),
        seconds => format!("RandomizedDelaySec={seconds}s\n"),
    };
    let persistent = job.job.catches_up(&job.schedule);
    let heading = comments(&[job.heading()]);
    format!(
        "\
[Unit]
Description=Due times of punctual's {name}

[Timer]
{heading}{events}AccuracySec=1s
{jitter}Persistent={persistent}

[Install]
WantedBy=timers.target
",
        name = job.name(),
    )
}

/// Whether all that a run may do is known here.
fn is_confined(job: &ExportedJob<'_>) -> bool {
    let tells_by_command =
        job.job.alert.as_deref().is_some_and(|alert| matches!(alert.to, Recipient::Command(_)));
    matches!(job.job.work, Work::Catalog { .. }) && !tells_by_command
}

/// What flags and the configuration file have written elsewhere than into the usual state directory.
fn writable_paths(export: &Export<'_>, config: &Config) -> Result<String> {
    let state_dir = export.path("state_dir", config.state_dir.as_deref());
    let log_dir = export.path("log_dir", config.log_dir.as_deref());
    let metrics_dir = config.metrics_dir.as_deref().map(PathBuf::as_path);
    let database_in_file = match config.database.as_deref() {
        Some(DatabaseSource::Path(path)) if !export.is_given("database_file") => Some(path),
        _ => None,
    };
    let database = export.path("database", database_in_file).and_then(Path::parent);
    let named = [state_dir, log_dir, metrics_dir, database].into_iter().flatten();
    let mut paths = Vec::new();
    for path in named {
        // A place that does not exist yet would keep the unit from starting.
        let word = quoted(&format!("-{}", absolute(path)?));
        if !paths.contains(&word) {
            paths.push(word);
        }
    }
    let line = format!("ReadWritePaths={}\n", paths.join(" "));
    Ok(if paths.is_empty() { String::new() } else { line })
}

fn command_line(binary: &str, arguments: &[&str]) -> String {
    // Of the binary's own name systemd takes $ as it is.
    let arguments = arguments.iter().map(|argument| quoted(argument).replace('$', "$$"));
    std::iter::once(quoted(binary)).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// A word as systemd.syntax(7) reads it.
fn quoted(word: &str) -> String {
    let word = word.replace('%', "%%");
    let is_plain =
        |character: char| character.is_alphanumeric() || "/._-+:,@=%$".contains(character);
    if word.chars().all(is_plain) {
        return word;
    }
    format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_systemd() {
        let binary = "/srv/my $bin/100%";
        let arguments = ["--config", r#"/etc/a"b\c $HOME.toml"#, "hello"];
        assert_eq!(
            command_line(binary, &arguments),
            r#""/srv/my $bin/100%%" --config "/etc/a\"b\\c $$HOME.toml" hello"#
        );
    }
}
