//! A job that is a command: any program, with the guarantees of the built-in jobs.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::capture::{CapturedOutput, LINE_TARGET, LineSink, Stream};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::exit::Exit;
use crate::job::{self, AttemptFuture, JobContext, JobError, RenderedReport, RunnableJob};
use crate::process::{self, Command, Control, Ended};
use crate::text;

/// What of punctual's own environment a command does not inherit: what may hold a secret, is
/// about another run, or is how punctual itself talks to the service manager (a command that
/// found it would speak in the daemon's name). A command that needs one of them is given it in
/// its `env`.
pub const WITHHELD: [&str; 8] = [
    "JUPITER_API_KEY",
    "PUNCTUAL_DATABASE",
    "PUNCTUAL_PING_URL",
    "PUNCTUAL_JOB",
    DUE_AT_VARIABLE,
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
];

/// How long it may take after SIGKILL until all of a command is gone and its output is read.
const KILL_WAIT: Duration = Duration::from_secs(15);

const DUE_AT_VARIABLE: &str = "PUNCTUAL_DUE_AT";

/// A command, as the configuration file or the command line has it.
#[derive(Clone, Debug)]
pub struct CommandJob {
    /// The program, and its arguments.
    pub argv: Vec<OsString>,
    /// Added to the environment of punctual.
    pub env: Vec<(OsString, OsString)>,
    /// Where it works; in punctual's own directory when unset.
    pub working_dir: Option<PathBuf>,
}

/// What a run hands to its command.
#[derive(Clone)]
pub struct RunSurroundings {
    pub run_id: Uuid,
    pub job: Arc<str>,
    /// The due time that the run is for, where it is for one.
    pub due_at: Option<Timestamp>,
    /// Fires when the command is to end.
    pub cancellation: CancellationToken,
    /// Fires when it is ended.
    pub kill: CancellationToken,
    pub output: CapturedOutput,
    /// Takes the lines of the output as they come.
    pub lines: LineSink,
    /// The PATH of punctual, for the message when the program is not found in it.
    pub search_path: Option<OsString>,
}

/// How a command ended.
#[derive(Clone, Debug, Serialize)]
pub struct CommandReport {
    /// Null for a command that was ended by a signal.
    exit_status: Option<i32>,
    signal: Option<String>,
    output_bytes: u64,
    /// How many processes outlived the command, and were ended.
    left_behind: usize,
}

impl fmt::Display for CommandReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.signal, self.exit_status) {
            (Some(signal), _) => write!(f, "killed by {signal}")?,
            (None, Some(status)) => write!(f, "exited with status {status}")?,
            (None, None) => f.write_str("ended")?,
        }
        write!(f, ", {} of output", ByteSize(self.output_bytes))?;
        match self.left_behind {
            0 => Ok(()),
            1 => f.write_str("; ended a process that it had left behind"),
            count => write!(f, "; ended {count} processes that it had left behind"),
        }
    }
}

impl CommandJob {
    /// Runs the command once. A status other than zero is a failure that keeps its report.
    pub async fn run_command(
        &self,
        surroundings: RunSurroundings,
    ) -> Result<CommandReport, JobError> {
        if surroundings.cancellation.is_cancelled() {
            return Err(job::cancelled().into());
        }
        let run_id = surroundings.run_id;
        let job = Arc::clone(&surroundings.job);
        let output = surroundings.output.clone();
        // Earlier attempts of the run have printed, too.
        let bytes_before = output.bytes();
        let (command, control) = self.prepare(surroundings);
        let ran = process::run(&command, &control).await;
        let ended = ran.map_err(|error| error.within(&*job))?;
        let report = CommandReport {
            exit_status: ended.status.code(),
            signal: ended.status.signal().map(|number| signal_name(&ended, number)),
            output_bytes: output.bytes() - bytes_before,
            left_behind: ended.left_behind,
        };
        if ended.status.success() {
            return Ok(report);
        }
        let mut error = Error::new(Exit::Failed, self.failure(&ended, &report)).within(&*job);
        if report.output_bytes > 0 {
            error = error.hint(format!("see what it printed: punctual show {run_id}"));
        }
        Err(JobError::from(error).with_report(&report))
    }

    fn prepare(&self, surroundings: RunSurroundings) -> (Command, Control) {
        let mut env = self.env.clone();
        env.push(("PUNCTUAL_JOB".into(), surroundings.job.as_ref().into()));
        if let Some(due_at) = surroundings.due_at {
            env.push((DUE_AT_VARIABLE.into(), due_at.to_string().into()));
        }
        let command = Command {
            argv: self.argv.clone(),
            env,
            withheld: WITHHELD.to_vec(),
            working_dir: self.working_dir.clone(),
            input: Vec::new(),
            search_path: surroundings.search_path,
            run_id: surroundings.run_id,
        };
        let control = Control {
            cancellation: surroundings.cancellation,
            kill: surroundings.kill,
            output: surroundings.output,
            lines: surroundings.lines,
        };
        (command, control)
    }

    fn failure(&self, ended: &Ended, report: &CommandReport) -> String {
        let program = self.program();
        match (&report.signal, report.exit_status) {
            (Some(signal), _) => {
                let core = if ended.status.core_dumped() { " (core dumped)" } else { "" };
                format!("{program} was killed by {signal}{core}")
            }
            (None, Some(status)) => format!("{program} exited with status {status}"),
            (None, None) => format!("{program} failed"),
        }
    }

    fn program(&self) -> String {
        let program = self.argv.first().map(Path::new);
        program.map_or_else(String::new, |program| program.display().to_string())
    }
}

impl RunnableJob for CommandJob {
    fn run<'a>(&'a self, context: &'a JobContext) -> AttemptFuture<'a> {
        let surroundings = RunSurroundings {
            run_id: context.run_id,
            job: Arc::clone(&context.job),
            due_at: context.due_at,
            cancellation: context.cancellation.clone(),
            kill: context.kill.clone(),
            output: context.output.clone(),
            lines: Arc::clone(&context.lines),
            // The context has no other window on the environment.
            search_path: context.secrets.get("PATH").map(|path| path.expose().into()),
        };
        Box::pin(async move {
            let report = self.run_command(surroundings).await?;
            Ok(RenderedReport::of(&report)?)
        })
    }

    fn kill_wait(&self) -> Duration {
        KILL_WAIT
    }

    fn clean_up(&self, lost: Uuid) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        Some(Box::pin(async move {
            let count = process::end_lost(lost).await;
            if count > 0 {
                tracing::warn!(lost_run_id = %lost, count, "ended what a lost run had left behind");
            }
        }))
    }
}

/// Writes a line of output into the log.
pub fn log_line(stream: Stream, line: &[u8]) {
    tracing::info!(target: LINE_TARGET, stream = stream.name(), "{}", line_text(line));
}

/// A line of output as text that a terminal can be shown. Tabs stay, and the return of a line end
/// that came from Windows goes.
pub fn line_text(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
    let cells: Vec<_> = line.split('\t').map(text::escape).collect();
    cells.join("\t")
}

/// The name of the signal that ended a command.
fn signal_name(ended: &Ended, number: i32) -> String {
    // The standard library knows the names, but only tells them in a sentence:
    // "signal: 11 (SIGSEGV) (core dumped)".
    let sentence = ended.status.to_string();
    let name = sentence.split(['(', ')']).find(|part| part.starts_with("SIG"));
    name.map_or_else(|| format!("signal {number}"), str::to_owned)
}

#[cfg(test)]
mod tests;
