//! Daemons of several hosts with one PostgreSQL, in real time: on clocks that run faster, so that
//! minutes pass in seconds.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::effects::LeftOut;
use super::policy::MissedReason;
use super::*;
use crate::clock::{Clock, Timestamp};
use crate::database::{Database, Server};
use crate::history::SharedHistory;
use crate::job::RunnableJob;
use crate::runner::RunRecord;
use crate::runner::fixtures::{Fixture, job, report, request};
use crate::signal::Signal;

/// So long that a test which depends on it fails.
const PATIENCE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// A minute of the clocks in a second.
const SPEED: u32 = 60;
const SHARING: Sharing =
    Sharing { settled_after: Duration::ZERO, look_every: Duration::from_millis(20) };

/// 2026-01-01T00:00:00Z.
fn new_year() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn at(after_new_year: Duration) -> Timestamp {
    Timestamp::from_epoch(Duration::from_secs(1_767_225_600) + after_new_year)
}

/// What happened on a host.
#[derive(Clone, Debug)]
enum Happened {
    /// A run is tried.
    Tried(&'static str, Timestamp),
    /// A run has got as far as its job.
    Ran(&'static str, Timestamp),
    Missed(u64, MissedReason),
}

type Happenings = mpsc::UnboundedSender<Happened>;

struct Teller(&'static str, Happenings);

impl Observer for Teller {
    fn run_started(&self, run: &RunRequest, _lateness: Option<Duration>) {
        if let Some(due_at) = run.due_at {
            // The test may have seen enough.
            let _ = self.1.send(Happened::Tried(self.0, due_at));
        }
    }

    fn run_ended(&self, record: &RunRecord) {
        assert!(!record.is_unclaimed(), "that is no run");
    }

    fn left_out(&self, _job: &Arc<str>, what: &LeftOut) {
        if let LeftOut::Missed(missed) = what {
            let _ = self.1.send(Happened::Missed(missed.count, missed.reason));
        }
    }
}

/// A job on a host that tells when it runs.
fn tells(host: &'static str, happenings: Happenings) -> Arc<dyn RunnableJob> {
    job(move |context| {
        if let Some(due_at) = context.due_at {
            let _ = happenings.send(Happened::Ran(host, due_at));
        }
        Box::pin(async { Ok(report("done")) })
    })
}

struct Host {
    handle: DaemonHandle,
    signals: mpsc::Sender<Signal>,
    ended: JoinHandle<()>,
    /// With its state directory.
    _fixture: Fixture,
}

impl Host {
    /// Its job is due every ten seconds of its clock.
    async fn start(
        server: &Server,
        name: &'static str,
        clock: Clock,
        sharing: Sharing,
        happenings: Happenings,
    ) -> Self {
        let mut fixture = Fixture::new();
        let database = Database::Postgres(server.database("postgres@", "postgres"));
        fixture.runner.history = SharedHistory::new(database.clone());
        fixture.runner.clock = clock.clone();
        fixture.runner.host = name.to_owned();
        let runner = fixture.runner.clone();
        let store = Store::new(database);
        let job = DaemonJob {
            schedule: Schedule::parse("every 10s").expect("a schedule"),
            request: request(tells(name, happenings.clone())),
            overlap: Overlap::Allow,
            catch_up: true,
            jitter: Duration::ZERO,
        };
        let load: Loader = {
            let (runner, store) = (runner.clone(), store.clone());
            Arc::new(move || {
                runner.open_history()?;
                store.with_past(vec![job.clone()], &runner.history, &runner.host, &runner.clock)
            })
        };
        let first = {
            let load = Arc::clone(&load);
            blocking(move || load()).await.expect("jobs")
        };
        let (requests, receiver) = mpsc::channel(8);
        let (signals, receiver_of_signals) = mpsc::channel(8);
        let limits = DaemonLimits {
            running_max: 100.try_into().expect("not zero"),
            stop_timeout: 3600 * SECOND,
        };
        let effects = Frame::new(runner, store, vec![Arc::new(Teller(name, happenings))], sharing);
        let event_loop = EventLoop::new(clock, effects, limits, load, receiver).expect("a loop");
        let ended = tokio::spawn(async move {
            let mut signals = Signals::from_channel(receiver_of_signals);
            event_loop.run(first, &mut signals, &mut Hangups::never()).await;
        });
        Self { handle: DaemonHandle::new(requests), signals, ended, _fixture: fixture }
    }

    async fn stop(self) {
        self.signals.send(Signal::Terminate).await.expect("it listens");
        timeout(PATIENCE, self.ended).await.expect("an end").expect("no panic");
    }

    /// Waits until its job is so.
    async fn until(&self, is_so: impl Fn(&event_loop::JobView) -> bool) {
        let looking = async {
            while !is_so(&self.handle.jobs().await.expect("an answer")[0]) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, looking).await.expect("it comes to that");
    }
}

/// Waits for something to happen; all that happened before is kept.
async fn wait_for(
    happenings: &mut mpsc::UnboundedReceiver<Happened>,
    kept: &mut Vec<Happened>,
    is_it: impl Fn(&Happened) -> bool,
) {
    let waiting = async {
        loop {
            let happened = happenings.recv().await.expect("hosts that live");
            kept.push(happened.clone());
            if is_it(&happened) {
                break;
            }
        }
    };
    timeout(PATIENCE, waiting).await.expect("it happens");
}

fn runs_of(happened: &[Happened]) -> BTreeMap<Timestamp, Vec<&'static str>> {
    let mut runs: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for happened in happened {
        if let Happened::Ran(host, due_at) = happened {
            runs.entry(*due_at).or_default().push(*host);
        }
    }
    runs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_due_time_runs_on_one_host_though_clocks_differ_by_minutes() {
    let Some(server) = Server::start() else { return };
    let (sender, mut happenings) = mpsc::unbounded_channel();
    let (mut hosts, mut happened) = (Vec::new(), Vec::new());
    // The last one to start is behind, so that the history it finds is ahead of its clock.
    for (name, ahead) in [("ahead", 3), ("right", 1), ("behind", 0)] {
        let clock = Clock::running_fast(new_year() + ahead * MINUTE, SPEED);
        hosts.push(Host::start(&server, name, clock, Sharing::default(), sender.clone()).await);
    }
    drop(sender);
    let tried_by_all = |happened: &Happened| match happened {
        Happened::Tried(host, due_at) => *host == "behind" && *due_at >= at(6 * MINUTE),
        _ => false,
    };
    wait_for(&mut happenings, &mut happened, tried_by_all).await;
    for host in hosts {
        host.stop().await;
    }
    while let Some(more) = happenings.recv().await {
        happened.push(more);
    }
    let runs = runs_of(&happened);
    assert!(runs.values().all(|hosts| hosts.len() == 1), "twice: {runs:#?}");
    // From the time on that was due on each of the hosts.
    let mut due_at = at(3 * MINUTE + 20 * SECOND);
    while due_at < at(6 * MINUTE) {
        assert!(runs.contains_key(&due_at), "{due_at} did not run: {runs:#?}");
        due_at = due_at.plus(10 * SECOND);
    }
    for name in ["ahead", "right", "behind"] {
        assert!(runs.values().any(|hosts| hosts[0] == name), "{name} had none");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_outlives_its_database_and_counts_what_it_missed() {
    let Some(server) = Server::start() else { return };
    let (sender, mut happenings) = mpsc::unbounded_channel();
    let mut happened = Vec::new();
    let clock = Clock::running_fast(new_year(), SPEED);
    let host = Host::start(&server, "host", clock.clone(), SHARING, sender).await;
    let runs = |happened: &Happened| matches!(happened, Happened::Ran(..));
    wait_for(&mut happenings, &mut happened, runs).await;
    server.stop();
    let stopped_at = clock.now();
    host.until(|job| job.next_due > Some(stopped_at.plus(3 * MINUTE))).await;
    host.until(|job| job.running == 0).await;
    while let Ok(more) = happenings.try_recv() {
        happened.push(more);
    }
    let last_try = happened.iter().filter_map(|happened| match happened {
        Happened::Tried(_, due_at) => Some(*due_at),
        _ => None,
    });
    let last_try = last_try.max().expect("a try");
    assert!(last_try < stopped_at.plus(2 * MINUTE), "tried {last_try}, away since {stopped_at}");
    server.resume();
    let resumed_at = clock.now();
    let runs_late =
        |happened: &Happened| matches!(happened, Happened::Ran(_, at) if *at > resumed_at);
    wait_for(&mut happenings, &mut happened, runs_late).await;
    host.stop().await;
    while let Some(more) = happenings.recv().await {
        happened.push(more);
    }
    let runs = runs_of(&happened);
    let missed = |wanted: Option<MissedReason>| -> u64 {
        let counts = happened.iter().filter_map(|happened| match happened {
            Happened::Missed(count, reason) if wanted.is_none_or(|wanted| wanted == *reason) => {
                Some(*count)
            }
            _ => None,
        });
        counts.sum()
    };
    assert!(missed(Some(MissedReason::DatabaseAway)) >= 6, "{happened:#?}");
    let (first, last) = (runs.keys().next(), runs.keys().last());
    let (first, last) = (*first.expect("a run"), *last.expect("a run"));
    let due_times = last.since(first).as_secs() / 10 + 1;
    assert_eq!(runs.len() as u64 + missed(None), due_times, "{happened:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_on_one_host_holds_on_all() {
    let Some(server) = Server::start() else { return };
    let (sender, _happenings) = mpsc::unbounded_channel();
    let clock = Clock::starting_at(new_year());
    let one = Host::start(&server, "one", clock.clone(), SHARING, sender.clone()).await;
    let other = Host::start(&server, "other", clock, SHARING, sender).await;
    let set_paused = |host: &Host, paused| {
        let handle = host.handle.clone();
        async move { handle.set_paused("job".to_owned(), paused).await.expect("an answer") }
    };
    assert_eq!(set_paused(&one, true).await, Some(true));
    other.until(|job| job.paused).await;
    one.until(|job| job.paused).await;
    assert_eq!(set_paused(&other, false).await, Some(true));
    one.until(|job| !job.paused).await;
    one.stop().await;
    other.stop().await;
}
