//! The daemon for `benches/daemon.rs`: the real loop, with jobs that do nothing but tell that they
//! have started.
//!
//! Two kinds of load: [`bare`] measures the loop alone, a run being an empty task of the runtime;
//! [`whole`] is a [`Daemon`], with every run in the frame and in the history.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use tracing::level_filters::LevelFilter;

use super::effects::{Effects, LeftOut, PauseAnswer};
use super::event_loop::{Event, EventLoop, Loader};
use super::policy::ClockStep;
use super::scheduler::{JobId, JobPast, Start};
use super::{Daemon, DaemonJob, DaemonLimits, Overlap};
use crate::clock::{Clock, Timestamp};
use crate::control::DaemonLink;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::history::{Retention, SharedHistory, Trigger};
use crate::http::HttpClients;
use crate::job::{AttemptFuture, JobContext, RenderedReport, RunnableJob};
use crate::jobs::CATALOG;
use crate::logging::{self, LogFormat, LogSettings};
use crate::ping::Pinger;
use crate::progress::Progress;
use crate::runner::{IfRunning, JobThread, RunPolicy, RunRequest, Runner, Watchers};
use crate::schedule::Schedules;
use crate::secret::Secrets;
use crate::signal::{Hangups, Signal, Signals};

/// Is told that a job has started: which of the schedules it belongs to, its due time, and the
/// time now, both since the Unix epoch. Called on the runtime's threads.
pub type Started = Arc<dyn Fn(u32, Duration, Duration) + Send + Sync>;

/// What to run: a job for each of the schedules.
pub struct Load {
    pub schedules: Vec<String>,
    pub running_max: NonZeroU32,
    pub started: Started,
}

/// Runs the jobs without frame and history, until SIGTERM.
pub fn bare(load: Load) -> Result<(), String> {
    load.run_bare().map_err(|error| error.chain())
}

/// Runs the jobs as `punctual daemon` would, until SIGTERM and the runs' ends.
pub fn whole(load: Load, state_dir: &Path) -> Result<(), String> {
    load.run_whole(state_dir).map_err(|error| error.chain())
}

impl Load {
    fn run_bare(self) -> Result<()> {
        let limits = self.limits();
        let effects = Bare {
            started: Arc::clone(&self.started),
            clock: Clock::System,
            numbers: HashMap::new(),
        };
        let load: Loader = Arc::new(move || {
            Ok(self.jobs()?.into_iter().map(|job| (job, JobPast::default())).collect())
        });
        runtime()?.block_on(async {
            let jobs = load()?;
            let (_requests, receiver) = mpsc::channel(1);
            let event_loop = EventLoop::new(Clock::System, effects, limits, load, receiver)?;
            let (mut signals, mut hangups) = signals()?;
            event_loop.run(jobs, &mut signals, &mut hangups).await;
            Ok(())
        })
    }

    fn run_whole(self, state_dir: &Path) -> Result<()> {
        let database = Database::file(state_dir.join("punctual.db"), Duration::from_secs(5));
        // What the daemon logs where nobody says otherwise.
        let log = LogSettings {
            format: LogFormat::Text,
            stderr_level: LevelFilter::INFO,
            file_level: LevelFilter::INFO,
            directory: None,
            files_kept: 1,
            lines_elsewhere: false,
            failures_elsewhere: false,
        };
        logging::install(&log, &Progress::hidden())?;
        let daemon = Daemon {
            runner: Runner {
                clock: Clock::System,
                history: SharedHistory::new(database),
                state_dir: state_dir.to_owned(),
                lease: Duration::from_secs(30),
                host: "bench".to_owned(),
                retention: Retention {
                    age_max: Duration::from_secs(90 * 24 * 60 * 60),
                    runs_max: 10_000,
                },
                job_thread: JobThread::Worker,
                http: HttpClients::default(),
                pinger: Pinger::new(HttpClients::default()),
                background: TaskTracker::new(),
                progress: Progress::hidden(),
                lines: Arc::new(|_, _| {}),
                secrets: Secrets::from_lookup(|_| None),
                daemon: DaemonLink::Inside,
            },
            limits: self.limits(),
            listen: None,
            source: Arc::new(move || self.jobs()),
            observers: Vec::new(),
        };
        runtime()?.block_on(async {
            let (mut signals, mut hangups) = signals()?;
            daemon.run(&mut signals, &mut hangups).await
        })
    }

    fn jobs(&self) -> Result<Vec<DaemonJob>> {
        let mut schedules = Schedules::default();
        let jobs = self.schedules.iter().zip(0..).map(|(schedule, number)| {
            Ok(DaemonJob {
                schedule: schedules.parse(schedule).map_err(Error::from)?,
                request: RunRequest {
                    name: format!("job-{number}").into(),
                    job: Arc::new(Nothing { number, started: Arc::clone(&self.started) }),
                    trigger: Trigger::Daemon,
                    due_at: None,
                    policy: RunPolicy {
                        timeout: Duration::from_secs(60),
                        grace: Duration::from_secs(10),
                        if_running: IfRunning::Skip,
                        retries: 0,
                    },
                    watchers: Watchers::default(),
                },
                overlap: Overlap::Skip,
                catch_up: false,
                jitter: Duration::ZERO,
            })
        });
        jobs.collect()
    }

    fn limits(&self) -> DaemonLimits {
        DaemonLimits { running_max: self.running_max, stop_timeout: Duration::from_secs(30) }
    }
}

/// As the program builds the daemon's.
fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CATALOG.len() + 1)
        .enable_all()
        .build()
        .map_err(|error| Error::io("cannot start the async runtime", error))
}

fn signals() -> Result<(Signals, Hangups)> {
    Signals::of_process()
        .and_then(|signals| Ok((signals, Hangups::of_process()?)))
        .map_err(|error| Error::io("cannot listen for signals", error))
}

/// A run of the bare load: it tells that it has started, and has ended.
struct Bare {
    started: Started,
    clock: Clock,
    /// Which of the schedules a job belongs to.
    numbers: HashMap<JobId, u32>,
}

impl Effects for Bare {
    fn set_jobs(&mut self, jobs: Vec<(JobId, DaemonJob)>) {
        // They come in the order of the schedules.
        self.numbers = jobs.into_iter().map(|(id, _)| id).zip(0..).collect();
    }

    fn forget_removed_jobs(&mut self) {}

    // Nobody asks for it.
    fn timeout(&self, _id: JobId) -> Duration {
        Duration::ZERO
    }

    fn launch(&mut self, id: JobId, start: Start, events: mpsc::UnboundedSender<Event>) {
        let (Some(&number), Some(due_at)) = (self.numbers.get(&id), start.due_at) else { return };
        let (started, clock) = (Arc::clone(&self.started), self.clock.clone());
        tokio::spawn(async move {
            tell(&started, number, due_at, &clock);
            // The loop may have left.
            let _ = events.send(Event::Ended(id));
        });
    }

    // What is left out is seen by what is missing.
    fn record(&mut self, _left_out: Vec<(JobId, LeftOut)>, _events: mpsc::UnboundedSender<Event>) {}

    // There is none.
    fn await_database(&mut self, _events: mpsc::UnboundedSender<Event>) {}

    // Nobody asks for it.
    fn remember_paused(
        &mut self,
        _id: JobId,
        _paused: bool,
        _events: mpsc::UnboundedSender<Event>,
        _answer: PauseAnswer,
    ) {
    }

    fn look_every(&self) -> Option<Duration> {
        None
    }

    fn look_around(&mut self, _events: mpsc::UnboundedSender<Event>) {}

    fn clock_stepped(&mut self, _step: ClockStep) {}

    fn cancel_runs(&mut self, _signal: Signal) {}

    async fn finish(&mut self) {}
}

/// A job of the whole daemon: it tells that it has started.
struct Nothing {
    number: u32,
    started: Started,
}

impl RunnableJob for Nothing {
    fn run<'a>(&'a self, context: &'a JobContext) -> AttemptFuture<'a> {
        Box::pin(async move {
            if let Some(due_at) = context.due_at {
                tell(&self.started, self.number, due_at, &context.clock);
            }
            Ok(RenderedReport::of(&"done")?)
        })
    }
}

fn tell(started: &Started, number: u32, due_at: Timestamp, clock: &Clock) {
    started(number, due_at.since_epoch(), clock.now().since_epoch());
}
