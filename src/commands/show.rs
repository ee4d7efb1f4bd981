//! `punctual show`: one run whole.

use std::fmt::Write;

use super::history::open;
use crate::clock::format_duration;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::Run;
use crate::output::{self, OutputFormat};
use crate::settings::Settings;
use crate::text;

/// Show one run whole: times, outcome, error, report
#[derive(Debug, clap::Args)]
pub struct ShowCommand {
    /// The run's id, or enough of its beginning or end to be the only one
    run_id: String,
}

impl ShowCommand {
    pub fn run(&self, settings: &Settings) -> Result<()> {
        let wanted = &self.run_id.trim().to_ascii_lowercase();
        let found = match open(settings)? {
            Some(history) if !wanted.is_empty() => history.find(wanted)?,
            _ => Vec::new(),
        };
        let run = match found.as_slice() {
            [run] => run,
            [] => {
                return Err(Error::new(Exit::Usage, format!("no run {wanted:?} in the history"))
                    .hint("list the runs with `punctual history`"));
            }
            _ => {
                return Err(Error::new(Exit::Usage, format!("{wanted:?} means more than one run"))
                    .hint("give more of the id"));
            }
        };
        output::print(&match settings.output {
            OutputFormat::Json => run.to_json_line(),
            OutputFormat::Text => describe(run),
        })
    }
}

fn describe(run: &Run) -> String {
    let mut lines = String::new();
    let mut line = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = writeln!(lines, "{label:<10} {}", text::escape(value));
        }
    };
    line("run", Some(&run.id));
    line("job", Some(&run.job));
    line("outcome", Some(run.outcome.as_deref().unwrap_or("running")));
    line("exit code", run.exit_code.map(|code| code.to_string()).as_deref());
    line("trigger", Some(&run.trigger));
    line("due", run.due_at.as_deref());
    line("started", Some(&run.started_at));
    line("finished", run.finished_at.as_deref());
    line("took", run.duration().map(format_duration).as_deref());
    line("attempts", Some(&run.attempts.to_string()));
    line("host", Some(&format!("{}, pid {}", run.host, run.pid)));
    line("version", Some(&run.version));
    line("error", run.error.as_deref());
    if let Some(report) = &run.report {
        let value: Option<serde_json::Value> = serde_json::from_str(report).ok();
        let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
        section(&mut lines, "report", pretty.as_deref().unwrap_or(report));
    }
    if let Some(output) = &run.output {
        section(&mut lines, "output", output);
    }
    lines
}

/// A heading, then the text line by line.
fn section(lines: &mut String, heading: &str, body: &str) {
    let _ = writeln!(lines, "\n{heading}:");
    for line in body.lines() {
        let _ = writeln!(lines, "  {}", text::escape(line));
    }
}
