//! Jobs that tests make up, and a place to run them in.

use std::time::UNIX_EPOCH;

use tokio::sync::mpsc;

use super::*;
use crate::control::DaemonLink;
use crate::database::Database;
use crate::history::{Filter, History};
use crate::job::{AttemptFuture, JobContext, JobError};

pub const MINUTE: Duration = Duration::from_secs(60);

/// A job that is a closure.
struct FnJob<F>(F);

impl<F> RunnableJob for FnJob<F>
where
    F: for<'a> Fn(&'a JobContext) -> AttemptFuture<'a> + Send + Sync,
{
    fn run<'a>(&'a self, context: &'a JobContext) -> AttemptFuture<'a> {
        (self.0)(context)
    }
}

pub fn job<F>(run: F) -> Arc<dyn RunnableJob>
where
    F: for<'a> Fn(&'a JobContext) -> AttemptFuture<'a> + Send + Sync + 'static,
{
    Arc::new(FnJob(run))
}

pub fn report(text: &str) -> RenderedReport {
    RenderedReport::of(&text).expect("a report")
}

pub fn succeeds() -> Arc<dyn RunnableJob> {
    job(|_| Box::pin(async { Ok(report("done")) }))
}

pub fn fails(exit: Exit) -> Arc<dyn RunnableJob> {
    job(move |_| Box::pin(async move { Err(JobError::from(Error::new(exit, "no luck"))) }))
}

/// Never ends by itself. Once cancelled it says what it had done.
pub fn heeds_cancellation() -> Arc<dyn RunnableJob> {
    job(|context| {
        Box::pin(async {
            context.cancellation.cancelled().await;
            Err(JobError::from(crate::job::cancelled()).with_report(&"half of it"))
        })
    })
}

pub fn ignores_cancellation() -> Arc<dyn RunnableJob> {
    job(|_| Box::pin(std::future::pending()))
}

pub struct Fixture {
    pub runner: Runner,
    pub directory: tempfile::TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = directory.path().join("punctual.db");
        let clock = Clock::starting_at(UNIX_EPOCH + Duration::from_secs(1_767_225_600));
        let runner = Runner {
            history: SharedHistory::new(Database::file(database, Duration::from_secs(5))),
            clock,
            state_dir: directory.path().to_owned(),
            host: "test".to_owned(),
            lease: Duration::from_secs(30),
            retention: Retention { age_max: 90 * 24 * 60 * MINUTE, runs_max: 100 },
            job_thread: JobThread::Worker,
            http: HttpClients::default(),
            pinger: Pinger::new(HttpClients::default()),
            background: TaskTracker::new(),
            progress: Progress::hidden(),
            lines: Arc::new(|_, _| {}),
            secrets: Secrets::from_lookup(|_| None),
            daemon: DaemonLink::Inside,
        };
        Self { runner, directory }
    }

    pub async fn run(&self, request: &RunRequest) -> RunRecord {
        self.runner.run(request, &mut Signals::never()).await.0
    }

    pub fn history(&self) -> Vec<crate::history::Run> {
        let history = History::open(self.runner.history.database()).expect("a history");
        history.list(&Filter { limit: 100, ..Filter::default() }).expect("runs")
    }
}

pub fn request(job: Arc<dyn RunnableJob>) -> RunRequest {
    let policy = RunPolicy {
        timeout: MINUTE,
        grace: Duration::from_secs(10),
        if_running: IfRunning::Skip,
        retries: 0,
    };
    RunRequest {
        name: "job".into(),
        job,
        trigger: Trigger::Cli,
        due_at: None,
        policy,
        watchers: Watchers::default(),
    }
}

/// A job that tells that it has begun, and then is another.
pub fn announced(
    begun: mpsc::UnboundedSender<()>,
    then: Arc<dyn RunnableJob>,
) -> Arc<dyn RunnableJob> {
    job(move |context| {
        let (begun, then) = (begun.clone(), Arc::clone(&then));
        Box::pin(async move {
            begun.send(()).expect("the test listens");
            then.run(context).await
        })
    })
}
