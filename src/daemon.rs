//! The daemon: the jobs of one installation, in an in-process cron loop.
//!
//! | part | is |
//! |---|---|
//! | [`scheduler`] | which run starts when: pure, told the time, answers with actions |
//! | [`policy`], [`handled`], [`missed`] | its decisions; the stretches of wall time it has gone through; arithmetic with what was missed |
//! | [`event_loop`] | the one place that waits: alarm, ends of runs, requests, signals |
//! | [`effects`] | what the loop does to the world: runs, through the same frame as everywhere else |
//! | [`ledger`] | due times without a run, on their way into the history |
//! | [`store`] | what outlives a daemon: since when it knows a job, which jobs are paused |
//! | [`control`] | the socket: who asks, and what they are told |
//! | [`http`], [`metrics`] | `--listen`: health and figures for probes and scrapers |
//! | [`notify`], [`init`] | what the service manager is told; being process 1 of a container |
//!
//! The loop runs on the main thread and only decides and hands over; runs are tasks of the
//! runtime's workers, so that neither a slow nor a broken one is in its way.

#[cfg(feature = "bench")]
pub mod bench;
mod control;
mod effects;
mod event_loop;
mod handle;
mod handled;
mod http;
pub mod init;
mod ledger;
mod metrics;
mod missed;
mod notify;
mod policy;
mod scheduler;
mod store;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub use effects::Observer;
pub use handle::DaemonHandle;
pub use policy::Overlap;
pub use store::MIGRATIONS;

use crate::control::DaemonLink;
use crate::database::create_private_directory;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job::blocking;
use crate::lock::{self, FileLock};
use crate::runner::{RunRequest, Runner};
use crate::schedule::Schedule;
use crate::signal::{Hangups, Signals};

use control::{ControlLimits, ControlServer};
use effects::{Frame, Sharing};
use event_loop::{EventLoop, Loader};
use http::{HttpServerLimits, Site};
use metrics::Metrics;
use scheduler::JobSpec;
use store::Store;

/// Requests that may wait for the loop's attention.
const REQUESTS_MAX: usize = 64;

/// A job as the daemon runs it.
#[derive(Clone)]
pub struct DaemonJob {
    pub schedule: Schedule,
    /// What a run of it is, but for its trigger, its due time and what happens on overlap.
    pub request: RunRequest,
    pub overlap: Overlap,
    pub catch_up: bool,
    /// The longest random delay of a start; zero for none.
    pub jitter: Duration,
}

impl DaemonJob {
    fn name(&self) -> &Arc<str> {
        &self.request.name
    }

    fn spec(&self) -> JobSpec {
        JobSpec {
            name: Arc::clone(self.name()),
            schedule: self.schedule.clone(),
            overlap: self.overlap,
            catch_up: self.catch_up,
            jitter: self.jitter,
        }
    }
}

/// What a daemon may take.
#[derive(Clone, Copy, Debug)]
pub struct DaemonLimits {
    /// Runs that may be going at once; the others wait for a place.
    pub running_max: NonZeroU32,
    /// How long a stopping daemon waits for its runs before it cancels them.
    pub stop_timeout: Duration,
}

/// Where the daemon gets its jobs from, at the start and whenever it is told to reload. Called on
/// a thread that may block.
pub type JobSource = Arc<dyn Fn() -> Result<Vec<DaemonJob>> + Send + Sync>;

/// One daemon.
pub struct Daemon {
    pub runner: Runner,
    pub source: JobSource,
    pub limits: DaemonLimits,
    /// Where to answer probes and scrapers.
    pub listen: Option<SocketAddr>,
    pub observers: Vec<Arc<dyn Observer>>,
}

impl Daemon {
    /// Runs until `signals` asks to stop and the runs have ended, or are given up.
    pub async fn run(mut self, signals: &mut Signals, hangups: &mut Hangups) -> Result<()> {
        let _instance = self.only_one().await?;
        let listener = match self.listen {
            Some(address) => Some(http::listen(address).await?),
            None => None,
        };
        raise_file_limit();
        let store = Store::new(self.runner.history.database().clone());
        let load: Loader = {
            let (source, runner, store) =
                (Arc::clone(&self.source), self.runner.clone(), store.clone());
            Arc::new(move || {
                runner.open_history()?.expect_many_runs()?;
                store.with_past(source()?, &runner.history, &runner.host, &runner.clock)
            })
        };
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        // The servers of the socket and of HTTP are given clones of it.
        let handle = DaemonHandle::new(requests);
        // Answers until the daemon is gone.
        let mut servers = JoinSet::new();
        if let Some(listener) = listener {
            let metrics = Arc::new(Metrics::new(self.runner.history.clone()));
            self.observers.push(Arc::clone(&metrics) as Arc<dyn Observer>);
            let site = Site { handle: handle.clone(), metrics };
            servers.spawn(http::serve(listener, site, HttpServerLimits::default()));
        }
        let jobs = {
            let load = Arc::clone(&load);
            blocking(move || load()).await?
        };
        let clock = self.runner.clock.clone();
        let state_dir = self.runner.state_dir.clone();
        let runner = Runner { daemon: DaemonLink::Inside, ..self.runner };
        let named = |job: &DaemonJob| (Arc::clone(&job.request.name), Arc::clone(&job.request.job));
        runner.clean_up_ahead(jobs.iter().map(|(job, _)| named(job)).collect());
        let effects = Frame::new(runner, store, self.observers, Sharing::default());
        let event_loop = EventLoop::new(clock, effects, self.limits, load, receiver)?;
        let control = ControlServer::start(&state_dir, handle.clone(), ControlLimits::default())?;
        event_loop.run(jobs, signals, hangups).await;
        control.stop().await;
        Ok(())
    }

    /// Makes sure that this is the only daemon of the state directory, for as long as the lock is
    /// held.
    async fn only_one(&self) -> Result<FileLock> {
        let state_dir = self.runner.state_dir.clone();
        blocking(move || {
            create_private_directory(&state_dir)?;
            let path = state_dir.join("daemon.lock");
            let Some(lock) = FileLock::try_acquire(&path)? else {
                let holder =
                    lock::holder(&path).map_or_else(String::new, |who| format!(" ({who})"));
                return Err(Error::new(
                    Exit::NotRun,
                    format!("another daemon holds {}{holder}", state_dir.display()),
                )
                .hint("stop that one, or give this one another --state-dir"));
            };
            lock.note_holder(&format!("pid {}\n", std::process::id()));
            Ok(lock)
        })
        .await
    }
}

/// Every run has two files open. The default soft limit of 1,024 is for programs that use
/// select(2).
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) =
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

#[cfg(test)]
mod tests;
