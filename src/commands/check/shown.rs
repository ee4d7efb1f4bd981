//! `punctual check --show-config`: every setting with its value and where that came from, secrets
//! apart.

use std::fmt::Display;

use clap::ValueEnum;
use comfy_table::Table;
use url::Url;

use super::super::daemon::{RUNNING_MAX, STOP_TIMEOUT};
use super::Subject;
use crate::clock::format_setting;
use crate::config::{CommandLine, JobConfig, JobWork, Located, OnFailure, Tell};
use crate::error::Result;
use crate::output::{self, OutputFormat};
use crate::roster::{JobDefinition, Work};
use crate::schedule::Schedules;
use crate::secret::{Secret, SecretSource};
use crate::settings::{Origin, ResolvedSetting};
use crate::text;

const NONE: &str = "none";
const REDACTED: &str = "[redacted]";

/// A setting as it is shown.
struct Row {
    setting: String,
    value: String,
    origin: Origin,
}

/// The settings, as they come.
struct Rows<'a> {
    subject: &'a Subject<'a>,
    rows: Vec<Row>,
}

pub fn print(subject: &Subject<'_>) -> Result<()> {
    let mut rows = Rows { subject, rows: Vec::new() };
    for ResolvedSetting { name, value, origin } in &subject.settings.resolved {
        rows.add(*name, value, origin.clone());
    }
    rows.add_daemon();
    for job in subject.roster.jobs() {
        rows.add_job(job);
    }
    let rows = rows.rows;
    output::print(&match subject.settings.output {
        OutputFormat::Json => rows.iter().map(Row::to_json_line).collect(),
        OutputFormat::Text => table(&rows),
    })
}

impl Rows<'_> {
    fn add(&mut self, setting: impl Into<String>, value: impl Display, origin: Origin) {
        self.rows.push(Row { setting: setting.into(), value: value.to_string(), origin });
    }

    fn in_file(&self, line: usize) -> Origin {
        let path = self.subject.settings.config.path.clone().unwrap_or_default();
        Origin::File { path, line }
    }

    /// That line of the file, where there is one.
    fn origin(&self, line: Option<usize>) -> Origin {
        line.map_or(Origin::Default, |line| self.in_file(line))
    }

    /// What is for the daemon, and for all jobs.
    fn add_daemon(&mut self) {
        let config = &self.subject.settings.config;
        let listen = config.listen.as_ref().map(|it| (it.value.to_string(), it.line));
        let running = config.max_running.as_ref().map(|it| (it.value.to_string(), it.line));
        let stop = config.stop_timeout.as_ref().map(|it| (format_setting(it.value), it.line));
        let metrics = config.metrics_dir.as_ref().map(|it| (it.display().to_string(), it.line));
        let settings = [
            ("listen", listen, NONE.to_owned()),
            ("max_running", running, RUNNING_MAX.to_string()),
            ("stop_timeout", stop, format_setting(STOP_TIMEOUT)),
            ("metrics_dir", metrics, NONE.to_owned()),
        ];
        for (name, in_file, default) in settings {
            let (value, origin) = match in_file {
                Some((value, line)) => (value, self.in_file(line)),
                None => (default, Origin::Default),
            };
            self.add(name, value, origin);
        }
        let on_failure = config.on_failure.as_ref();
        let origin = self.origin(on_failure.map(|it| it.line));
        self.add("on_failure", on_failure.map_or(NONE.to_owned(), told), origin);
    }

    fn add_job(&mut self, job: &JobDefinition) {
        let config = self.subject.settings.config.job(&job.name);
        let for_all = self.subject.settings.config.on_failure.as_ref();
        let mut add = |key: &str, value: String, line: Option<usize>| {
            let origin = self.origin(line);
            self.add(format!("jobs.{}.{key}", job.name), value, origin);
        };
        let section = config.map(|job| job.line);
        match &job.work {
            Work::Catalog { arguments, .. } if arguments.is_empty() => {}
            Work::Catalog { arguments, .. } => {
                let words: Vec<String> =
                    arguments.iter().map(|word| without_secret(word)).collect();
                let line = config.and_then(|job| match &job.work {
                    JobWork::Builtin { arguments } => arguments.as_ref().map(at),
                    JobWork::Command { .. } => None,
                });
                add("args", words.join(" "), line);
            }
            Work::Command { command, env, working_dir, .. } => {
                add("command", program(command), section);
                for (variable, _secret) in env {
                    add(&format!("env.{variable}"), REDACTED.to_owned(), section);
                }
                if let Some(directory) = working_dir {
                    add("working_dir", directory.display().to_string(), section);
                }
            }
        }
        let schedule = job.schedule(&mut Schedules::default()).ok().flatten();
        let text = job.schedule_text().unwrap_or(NONE).to_owned();
        let catches_up = schedule.is_some_and(|schedule| job.catches_up(&schedule));
        let line = |of: fn(&JobConfig) -> Option<usize>| config.and_then(of);
        add("enabled", job.enabled.to_string(), section.filter(|_| !job.enabled));
        add("schedule", text, line(|job| job.schedule.as_ref().map(at)));
        add("timeout", format_setting(job.timeout), line(|job| job.timeout.as_ref().map(at)));
        add("grace", format_setting(job.grace), line(|job| job.grace.as_ref().map(at)));
        add("retries", job.retries.to_string(), line(|job| job.retries.as_ref().map(at)));
        add("overlap", name(&job.overlap), line(|job| job.overlap.as_ref().map(at)));
        add("catch_up", catches_up.to_string(), line(|job| job.catch_up.as_ref().map(at)));
        add("jitter", format_setting(job.jitter), line(|job| job.jitter.as_ref().map(at)));
        let ping_url = job.ping_url.as_ref().map_or(NONE.to_owned(), address);
        add("ping_url", ping_url, line(|job| job.ping_url.as_ref().map(at)));
        let on_failure = config.and_then(|job| job.on_failure.as_ref()).or(for_all);
        let told = on_failure.map_or(NONE.to_owned(), told);
        add("on_failure", told, on_failure.map(|it| it.line));
    }
}

fn at<T>(located: &Located<T>) -> usize {
    located.line
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn program(command: &CommandLine) -> String {
    let program = command.program.display();
    match command.arguments.len() {
        0 => program.to_string(),
        // People put passwords there, whatever they are told.
        1 => format!("{program} (1 argument)"),
        count => format!("{program} ({count} arguments)"),
    }
}

fn told(on_failure: &OnFailure) -> String {
    let whom = match &on_failure.tell {
        Tell::Command(command) => program(command),
        Tell::Webhook(source) => address(source),
    };
    let failures = if on_failure.after == 1 { "failure" } else { "failures" };
    let every = format_setting(on_failure.at_most_every);
    format!("{whom}, after {} {failures}, at most every {every}", on_failure.after)
}

fn address(source: &SecretSource) -> String {
    match source {
        SecretSource::File(path) => format!("in {}", path.display()),
        SecretSource::Value(secret) => without_path(secret),
    }
}

/// An argument as it is, unless it is an address.
fn without_secret(word: &str) -> String {
    if word.contains("://") { without_path(&Secret::new(word)) } else { word.to_owned() }
}

/// No more of an address than its host.
fn without_path(secret: &Secret) -> String {
    let url = Url::parse(secret.expose()).ok();
    let host = url.as_ref().and_then(|url| Some((url.scheme(), url.host_str()?)));
    host.map_or(REDACTED.to_owned(), |(scheme, host)| format!("{scheme}://{host}/{REDACTED}"))
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["SETTING", "VALUE", "FROM"]);
    for Row { setting, value, origin } in rows {
        let cells = [setting, value, &origin.to_string()];
        table.add_row(cells.map(|cell| text::escape(cell).into_owned()));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 0 } else { 1 }, 1));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

impl Row {
    fn to_json_line(&self) -> String {
        let object = serde_json::json!({
            "setting": self.setting,
            "value": self.value,
            "origin": self.origin.to_string(),
        });
        format!("{}\n", text::escape_json(&object.to_string()))
    }
}
