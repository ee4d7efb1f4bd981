//! The log: lines on stderr for people or machines, and JSON lines in a daily file.

mod file;

use std::io::{self, Write};
use std::path::PathBuf;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::capture::LINE_TARGET;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output;
use crate::progress::Progress;

use file::LogFile;

/// Events with this target tell that a run failed. On stderr the text form leaves them out,
/// because there the error itself is printed, once.
pub const RUN_FAILED_TARGET: &str = "punctual::run_failed";

/// The shape of the log lines on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// What to log, and where.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub format: LogFormat,
    /// Least severe level on stderr.
    pub stderr_level: LevelFilter,
    /// Least severe level in the file.
    pub file_level: LevelFilter,
    /// Where the daily files go; no file when unset.
    pub directory: Option<PathBuf>,
    /// How many daily files are kept.
    pub files_kept: usize,
    /// The lines that commands print reach the terminal without the log: see `app::line_sink`.
    pub lines_elsewhere: bool,
    /// The error of a run that failed is printed on stderr without the log, where that is text: see
    /// `app::print_record`.
    pub failures_elsewhere: bool,
}

/// Installs the process's log. Called once, before anything logs.
pub fn install(settings: &LogSettings, progress: &Progress) -> Result<()> {
    let file_layer = match &settings.directory {
        None => None,
        Some(directory) => {
            let file = LogFile::open(directory, settings.files_kept, progress)?;
            let layer = json_layer(file).with_filter(targets(settings.file_level));
            Some(layer)
        }
    };

    let writer = StderrWriter { progress: progress.clone() };
    let mut stderr_targets = targets(settings.stderr_level);
    if settings.failures_elsewhere && settings.format == LogFormat::Text {
        stderr_targets = stderr_targets.with_target(RUN_FAILED_TARGET, LevelFilter::OFF);
    }
    if settings.lines_elsewhere {
        stderr_targets = stderr_targets.with_target(LINE_TARGET, LevelFilter::OFF);
    }
    let stderr_layer = match settings.format {
        LogFormat::Json => json_layer(writer).with_filter(stderr_targets).boxed(),
        LogFormat::Text => fmt::layer()
            .with_writer(writer)
            .with_timer(WallTime)
            .with_target(false)
            .with_ansi(output::stderr_is_coloured())
            .log_internal_errors(false)
            .with_filter(stderr_targets)
            .boxed(),
    };

    tracing_subscriber::registry()
        .with(file_layer)
        .with(stderr_layer)
        .try_init()
        .map_err(|error| Error::new(Exit::Bug, "cannot install the log").because(error))
}

/// One JSON object per line: timestamp, level, message, fields, and the run as `span`.
fn json_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> tracing_subscriber::registry::LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + 'static + Send + Sync,
{
    fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_current_span(true)
        .with_timer(WallTime)
        .log_internal_errors(false)
        .with_writer(writer)
}

/// Our own events at `level`; those of libraries only from warnings up, unless all is traced.
fn targets(level: LevelFilter) -> Targets {
    let of_libraries =
        if level == LevelFilter::TRACE { level } else { level.min(LevelFilter::WARN) };
    Targets::new().with_default(of_libraries).with_target("punctual", level)
}

/// Timestamps as everywhere else: RFC 3339, UTC, milliseconds.
struct WallTime;

impl FormatTime for WallTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", Clock::System.now())
    }
}

/// Stderr, with the progress bar out of the way while a line is written.
struct StderrWriter {
    progress: Progress,
}

impl<'a> MakeWriter<'a> for StderrWriter {
    type Writer = StderrLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        StderrLine { progress: &self.progress }
    }
}

struct StderrLine<'a> {
    progress: &'a Progress,
}

impl Write for StderrLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.progress.suspend(|| output::stderr().write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        output::stderr().flush()
    }
}
