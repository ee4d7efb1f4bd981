//! From the command line to the exit code.

mod json_lines;

use std::any::Any;
use std::borrow::Cow;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::error::ErrorKind;
use clap_complete::CompleteEnv;
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::TaskTracker;

use crate::capture::{LineSink, Stream};
use crate::cli::{self, Action, Invocation, Refusal};
use crate::clock::Clock;
use crate::command_job;
use crate::commands::{CheckCommand, DaemonArgs};
use crate::config::Config;
use crate::control::{Client, DaemonLink};
use crate::daemon::{Daemon, JobSource, Observer, init};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::history::SharedHistory;
use crate::http::{HttpClients, HttpLimits};
use crate::jobs::CATALOG;
use crate::logging::{self, LogFormat, LogSettings};
use crate::output::{self, OutputFormat};
use crate::panic;
use crate::ping::Pinger;
use crate::progress::Progress;
use crate::roster::Roster;
use crate::runner::{JobThread, RunRecord, RunRequest, RunThread, Runner};
use crate::settings::{self, GlobalArgs, Settings};
use crate::signal::{Hangups, Signals};
use crate::text;

use json_lines::JsonLines;

/// Does what `arguments` ask for, and tells how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let steers =
        |argument: &OsString| matches!(text::escape(&argument.to_string_lossy()), Cow::Owned(_));
    let quotes_controls = arguments.iter().any(steers);
    let completing = settings::shell_asks_for_completion();
    // Before the command line is read, because the file's jobs are part of it.
    let config = settings::load_config(words(&arguments, completing), cli::config_rules);
    let known = config.as_ref().ok().cloned().unwrap_or_default();
    let roster = Roster::of(&known);
    if completing {
        return complete(arguments, &roster);
    }
    let acted = match (cli::parse(arguments, &roster, &known), config) {
        // The unknown name may be that of a job in the file that cannot be read.
        (Err(Refusal::Usage(usage)), Err(error))
            if usage.kind() == ErrorKind::InvalidSubcommand =>
        {
            Err(error)
        }
        (Err(Refusal::Usage(usage)), _) => return print_usage(&usage, quotes_controls).into(),
        (Err(Refusal::Error(error)), _) => Err(error),
        (Ok(invocation), config) => act(invocation, config, &roster),
    };
    acted.unwrap_or_else(|error| {
        output::print_error(&error);
        error.exit().into()
    })
}

/// The words of the command line: a shell that asks for completion puts them behind a `--`.
fn words(arguments: &[OsString], completing: bool) -> &[OsString] {
    let mark = arguments.iter().position(|argument| argument == "--").filter(|_| completing);
    mark.map_or(arguments, |mark| &arguments[mark + 1..])
}

/// Answers a shell: what could come next, or the script that makes it ask.
fn complete(arguments: Vec<OsString>, roster: &Roster) -> ExitCode {
    let completion = CompleteEnv::with_factory(|| cli::command(roster))
        .var(settings::COMPLETION_VARIABLE)
        .bin("punctual");
    let directory = std::env::current_dir().ok();
    match completion.try_complete(arguments, directory.as_deref()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => print_usage(&error, false).into(),
    }
}

/// The ending of a program that panicked outside of a job.
pub fn panicked(payload: &(dyn Any + Send)) -> Exit {
    let error = panic::error("internal error", payload);
    output::print_error(&error);
    error.exit()
}

/// Help and version go to stdout, usage errors to stderr. Where `quotes_controls` says that an
/// argument could steer a terminal, there are no colours, for clap does not tell them apart.
fn print_usage(error: &clap::Error, quotes_controls: bool) -> Exit {
    let text = if quotes_controls {
        let plain = error.render().to_string();
        plain.split('\n').map(text::escape).collect::<Vec<_>>().join("\n")
    } else {
        error.render().ansi().to_string()
    };
    if error.use_stderr() {
        output::write_stderr(&text);
        return Exit::Usage;
    }
    match output::print(&text) {
        Ok(()) => Exit::Succeeded,
        Err(error) => {
            output::print_error(&error);
            error.exit()
        }
    }
}

fn act(invocation: Invocation, config: Result<Config>, roster: &Roster) -> Result<ExitCode> {
    let global = &invocation.global;
    let settings = config.and_then(|config| Settings::resolve(global, config));
    match (invocation.action, settings) {
        (Action::Check(command), settings) => {
            check(&command, global, settings, roster).map(ExitCode::from)
        }
        (_, Err(error)) => Err(error),
        (Action::Command(command), Ok(settings)) => {
            install_log(&settings, &Progress::hidden())?;
            command.run(&settings, roster, cli::command(roster))?;
            Ok(ExitCode::SUCCESS)
        }
        (Action::Run(run), Ok(settings)) => {
            // Where somebody watches, nobody's crontab has started it.
            let may_be_due =
                settings.database.as_postgres().is_some() && !output::stderr_is_terminal();
            let request = run.claiming(may_be_due, Clock::System.now())?;
            run_job(&settings, &request).map(ExitCode::from)
        }
        (Action::Daemon(_), Ok(_)) if init::is_process_1() => init::run(),
        (Action::Daemon(args), Ok(settings)) => {
            run_daemon(&settings.for_daemon(global), &args).map(ExitCode::from)
        }
    }
}

/// A check goes on where others give up: what is wrong is what it tells.
fn check(
    command: &CheckCommand,
    global: &GlobalArgs,
    settings: Result<Settings>,
    roster: &Roster,
) -> Result<Exit> {
    match settings {
        Ok(settings) => {
            // Without the file: whether that can be written is one of the things to be checked.
            let log = LogSettings { directory: None, ..settings.log };
            logging::install(&log, &Progress::hidden())?;
            command.run(&settings, roster, cli::command(roster))
        }
        Err(error) => command.tell(error, global.output(), global.is_quiet()),
    }
}

/// Signals of this process.
fn signals() -> Result<Signals> {
    Signals::of_process().map_err(|error| Error::io("cannot listen for signals", error))
}

fn start(runtime: &mut Builder) -> Result<Runtime> {
    let started = runtime.enable_all().build();
    started.map_err(|error| Error::io("cannot start the async runtime", error))
}

fn runner(settings: &Settings, progress: Progress, job_thread: JobThread) -> Runner {
    let http = HttpClients::new(HttpLimits::default());
    Runner {
        clock: Clock::System,
        history: SharedHistory::new(settings.database.clone()),
        state_dir: settings.state_dir.clone(),
        host: settings.host.clone(),
        lease: settings.lease,
        retention: settings.retention,
        job_thread,
        pinger: Pinger::new(http.clone()),
        background: TaskTracker::new(),
        http,
        progress,
        lines: line_sink(settings),
        secrets: settings::secrets(),
        daemon: DaemonLink::Outside(Client::new(&settings.state_dir)),
    }
}

/// Where the lines go that commands print: into the log, and to the terminal of whoever watches.
fn line_sink(settings: &Settings) -> LineSink {
    let shown = settings.progress && settings.output == OutputFormat::Text;
    let to_stdout = shown && output::terminal_columns().is_some();
    Arc::new(move |stream, line| {
        command_job::log_line(stream, line);
        let watched = match stream {
            Stream::Stdout => to_stdout,
            Stream::Stderr => shown,
        };
        if watched {
            let text = format!("{}\n", command_job::line_text(line));
            match stream {
                // A reader that is gone does not change how the run goes.
                Stream::Stdout => drop(output::write_stdout(&text)),
                Stream::Stderr => output::write_stderr(&text),
            }
        }
    })
}

fn run_daemon(settings: &Settings, args: &DaemonArgs) -> Result<Exit> {
    install_log(settings, &Progress::hidden())?;
    // One worker more than there are jobs: one that blocks its thread holds up no other.
    let workers = CATALOG.len() + 1;
    let runtime = start(Builder::new_multi_thread().worker_threads(workers))?;
    let mut observers: Vec<Arc<dyn Observer>> = Vec::new();
    let writer = (settings.output == OutputFormat::Json).then(|| {
        let (lines, writer) = JsonLines::start();
        observers.push(lines);
        writer
    });
    let daemon = Daemon {
        runner: runner(settings, Progress::hidden(), JobThread::Worker),
        source: job_source(settings),
        limits: args.limits(&settings.config),
        listen: args.listen(&settings.config),
        observers,
    };
    let ended = runtime.block_on(async {
        let mut hangups =
            Hangups::of_process().map_err(|error| Error::io("cannot listen for signals", error))?;
        daemon.run(&mut signals()?, &mut hangups).await
    });
    std::mem::forget(runtime);
    if let Some(writer) = writer {
        writer.finish();
    }
    ended.map(|()| Exit::Succeeded)
}

fn install_log(settings: &Settings, progress: &Progress) -> Result<()> {
    logging::install(&settings.log, progress)?;
    for warning in &settings.config.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Where the daemon gets its jobs from: the configuration file as it is by then.
fn job_source(settings: &Settings) -> JobSource {
    let first = settings.config.clone();
    let loaded = AtomicBool::new(false);
    Arc::new(move || {
        let config = match &first.path {
            Some(path) => Config::load(path, cli::config_rules)?,
            // None was named, and there was none in the usual places. By now there may be one.
            None => settings::load_config(&[], cli::config_rules)?,
        };
        // At the start the log has them already.
        if loaded.swap(true, Ordering::Relaxed) {
            config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            for key in config.settings_unlike(&first) {
                tracing::warn!(
                    key,
                    "{key} has changed: that takes effect when the daemon is started anew"
                );
            }
        }
        cli::daemon_jobs(&config)
    })
}

fn run_job(settings: &Settings, request: &RunRequest) -> Result<Exit> {
    let progress = if settings.progress { Progress::on_stderr() } else { Progress::hidden() };
    install_log(settings, &progress)?;
    let runtime = start(&mut Builder::new_current_thread())?;
    let runner = runner(settings, progress, JobThread::Own(RunThread::start()?));
    let (exit, straggler) = runtime.block_on(async {
        let mut signals =
            Signals::of_run().map_err(|error| Error::io("cannot listen for signals", error))?;
        let (record, straggler) = runner.run(request, &mut signals).await;
        let exit = print_record(settings, &record).map(|()| record.exit);
        tokio::select! {
            () = runner.finish() => {}
            // What follows the run is not worth to be waited for by somebody who is leaving.
            _ = signals.next() => {}
        }
        exit.map(|exit| (exit, straggler))
    })?;
    // Whatever is still going is stuck, and ends with the process, as its lock does. To take the
    // runtime apart first would only take time, and so would closing the history.
    std::mem::forget((runtime, runner, straggler));
    Ok(exit)
}

/// The object of a run, as a line.
fn json_line(record: &RunRecord) -> Result<String> {
    let json = serde_json::to_string(record).map_err(|error| {
        Error::new(Exit::Bug, "the run's record is no valid JSON").because(error)
    })?;
    Ok(format!("{}\n", text::escape_json(&json)))
}

/// Prints what the run did on stdout, and its error on stderr. A reader that is gone or a disk
/// that is full does not change how the run went.
fn print_record(settings: &Settings, record: &RunRecord) -> Result<()> {
    let stdout_text = match settings.output {
        OutputFormat::Json => json_line(record)?,
        OutputFormat::Text => match &record.report {
            Some(report) if !settings.quiet => format!("{}\n", report.text),
            _ => String::new(),
        },
    };
    if let Err(error) = output::write_stdout(&stdout_text) {
        tracing::warn!(%error, "cannot write the report to stdout");
    }
    // In the JSON form the log line of the run's end is that error.
    if let Some(error) = &record.error
        && settings.log.format == LogFormat::Text
    {
        output::print_error(error);
    }
    Ok(())
}
