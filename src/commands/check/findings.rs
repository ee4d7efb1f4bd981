//! What a check has found, and how that is printed.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::{self, OutputFormat};
use crate::text;

/// Whether something is to be done about what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    /// Advice: it works as it is.
    Warning,
    /// A problem, with the exit code that a run would end with, or that says best what it is.
    Error(Exit),
}

#[derive(Clone, Debug)]
struct Finding {
    check: &'static str,
    status: Status,
    message: String,
    hint: Option<String>,
}

/// Everything that was found, in the order of the checks.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

/// The findings of one check.
pub struct Check<'f> {
    name: &'static str,
    findings: &'f mut Vec<Finding>,
}

impl Findings {
    /// The check of that name, to be filled.
    pub fn check(&mut self, name: &'static str) -> Check<'_> {
        Check { name, findings: &mut self.0 }
    }

    /// Prints them, one line each, and tells the exit code: that of the first error. `quiet` leaves
    /// only errors of the text form.
    pub fn print(&self, format: OutputFormat, quiet: bool) -> Result<Exit> {
        output::print(&match format {
            OutputFormat::Json => self.0.iter().map(Finding::to_json_line).collect(),
            OutputFormat::Text => self.to_text(quiet),
        })?;
        let first_error = self.0.iter().find_map(|finding| match finding.status {
            Status::Error(exit) => Some(exit),
            Status::Ok | Status::Warning => None,
        });
        Ok(first_error.unwrap_or(Exit::Succeeded))
    }

    pub fn to_text(&self, quiet: bool) -> String {
        let mut lines = String::new();
        let mut heading = "";
        let shown = |finding: &&Finding| !quiet || matches!(finding.status, Status::Error(_));
        for finding in self.0.iter().filter(shown) {
            if heading != finding.check {
                heading = finding.check;
                let _ = writeln!(lines, "{heading}");
            }
            finding.write_lines(&mut lines);
        }
        if !quiet {
            let _ = writeln!(lines, "{}", self.summary());
        }
        lines
    }

    fn summary(&self) -> String {
        let count = |status: fn(Status) -> bool, one: &str| {
            let count = self.0.iter().filter(|finding| status(finding.status)).count();
            let plural = if count == 1 { "" } else { "s" };
            (count > 0).then(|| format!("{count} {one}{plural}"))
        };
        let errors = count(|status| matches!(status, Status::Error(_)), "error");
        let warnings = count(|status| status == Status::Warning, "warning");
        match (errors, warnings) {
            (None, None) => "all is well".to_owned(),
            (None, Some(warnings)) => format!("all is well, with {warnings}"),
            (Some(errors), None) => errors,
            (Some(errors), Some(warnings)) => format!("{errors}, {warnings}"),
        }
    }
}

impl Check<'_> {
    pub fn ok(&mut self, message: impl Into<String>) {
        self.add(Status::Ok, message, None);
    }

    /// Tells something that works, and how it would be better.
    pub fn warning(&mut self, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Status::Warning, message, Some(hint.into()));
    }

    /// Tells a problem, and what to do about it.
    pub fn error(&mut self, exit: Exit, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Status::Error(exit), message, Some(hint.into()));
    }

    /// Tells the problems of an error: one, or several that were found at once.
    pub fn failed(&mut self, error: &Error) {
        for line in error.lines() {
            let hint = error.hint_text().map(str::to_owned);
            self.add(Status::Error(error.exit()), line, hint);
        }
    }

    fn add(&mut self, status: Status, message: impl Into<String>, hint: Option<String>) {
        let finding = Finding { check: self.name, status, message: message.into(), hint };
        self.findings.push(finding);
    }
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Error(_) => "error",
        }
    }

    fn style(self) -> Style {
        let colour = match self {
            Status::Ok => AnsiColor::Green,
            Status::Warning => AnsiColor::Yellow,
            Status::Error(_) => AnsiColor::Red,
        };
        Style::new().bold().fg_color(Some(colour.into()))
    }
}

impl Finding {
    fn write_lines(&self, lines: &mut String) {
        let style = self.status.style();
        let (name, message) = (self.status.name(), text::escape(&self.message));
        let _ = writeln!(lines, "  {style}{name:<7}{style:#}  {message}");
        if let Some(hint) = &self.hint {
            let cyan = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
            let _ = writeln!(lines, "           {cyan}hint:{cyan:#} {}", text::escape(hint));
        }
    }

    fn to_json_line(&self) -> String {
        let object = serde_json::json!({
            "check": self.check,
            "status": self.status.name(),
            "message": self.message,
            "hint": self.hint,
        });
        format!("{}\n", text::escape_json(&object.to_string()))
    }
}
