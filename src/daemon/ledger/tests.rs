use super::*;
use crate::daemon::Overlap;
use crate::database::{Database, Server};
use crate::history::{Filter, Run};
use crate::runner::fixtures::{Fixture, request, succeeds};
use crate::schedule::Schedule;

const MINUTE: Duration = Duration::from_secs(60);

/// The fixture's clock starts at the last of these minutes.
fn at(minute: u64) -> Timestamp {
    Timestamp::from_epoch(Duration::from_secs(1_767_225_600))
        .plus(minute as u32 * MINUTE)
        .minus(100 * MINUTE)
}

fn every_minute() -> Arc<DaemonJob> {
    Arc::new(DaemonJob {
        schedule: Schedule::parse("* * * * *").expect("a schedule"),
        request: request(succeeds()),
        overlap: Overlap::Skip,
        catch_up: false,
        jitter: Duration::ZERO,
    })
}

fn missed(first: u64, last: u64, reason: MissedReason) -> LeftOut {
    let count = last - first + 1;
    let (first, last) = (at(first), at(last));
    LeftOut::Missed(Missed { count, first, last, before_last: None, reason })
}

/// What observers are told: how many, and the last of them.
#[derive(Default)]
struct Told(Mutex<Vec<(u64, Timestamp)>>);

impl Observer for Told {
    fn left_out(&self, _job: &Arc<str>, what: &LeftOut) {
        let told = match what {
            LeftOut::Skipped(due_at, _) => (1, *due_at),
            LeftOut::Missed(missed) => (missed.count, missed.last),
        };
        self.0.lock().expect("no panic").push(told);
    }
}

impl Told {
    fn take(&self) -> Vec<(u64, Timestamp)> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

/// The ledger of a host.
struct Host {
    ledger: Ledger,
    told: Arc<Told>,
    fixture: Fixture,
}

impl Host {
    fn new(server: &Server, name: &str, settled_after: Duration) -> Self {
        let mut fixture = Fixture::new();
        let database = Database::Postgres(server.database("postgres@", "postgres"));
        fixture.runner.history = SharedHistory::new(database);
        fixture.runner.host = name.to_owned();
        let told = Arc::new(Told::default());
        let observers: Vec<Arc<dyn Observer>> = vec![told.clone()];
        let ledger = Ledger::new(&fixture.runner, observers.into(), settled_after);
        Self { ledger, told, fixture }
    }

    async fn run(&self, minute: u64) {
        let mut request = request(succeeds());
        request.due_at = Some(at(minute));
        self.fixture.run(&request).await;
    }

    /// What it was not told of yet comes later.
    async fn record(&self, left_out: LeftOut) -> mpsc::UnboundedReceiver<Event> {
        let (sender, events) = mpsc::unbounded_channel();
        self.ledger.record([(every_minute(), left_out)], sender);
        events
    }

    /// The due times that have no run, with why.
    async fn left_out(&self) -> Vec<(String, String)> {
        let history = self.fixture.runner.history.clone();
        let filter = Filter { limit: 100, ..Filter::default() };
        let runs = blocking(move || history.get(|_| Ok(()))?.list(&filter)).await.expect("runs");
        let mut left_out: Vec<_> = runs.into_iter().filter_map(why).collect();
        left_out.sort();
        left_out
    }
}

fn why(run: Run) -> Option<(String, String)> {
    (run.outcome.as_deref() == Some("skipped"))
        .then(|| (run.due_at.unwrap_or_default(), run.error.unwrap_or_default()))
}

#[test]
fn a_part_of_what_was_left_out_has_its_own_count_and_ends() {
    let entry = Entry::new(every_minute(), missed(10, 20, MissedReason::HeldUp));
    let table = [
        // low, high, what is left
        (None, 30, Some((11, 10, 20))),
        (Some(5), 30, Some((11, 10, 20))),
        (Some(10), 20, Some((10, 11, 20))),
        (Some(19), 20, Some((1, 20, 20))),
        (Some(20), 20, None),
        (None, 15, Some((6, 10, 15))),
        (None, 9, None),
        (Some(12), 12, None),
    ];
    for (low, high, expected) in table {
        let part = entry.clone().within(low.map(at), at(high));
        let part = part.map(|part| (part.count, part.first, part.last));
        let expected = expected.map(|(count, first, last)| (count, at(first), at(last)));
        assert_eq!(part, expected, "{low:?} {high}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_no_other_host_ran_was_missed() {
    let Some(server) = Server::start() else { return };
    let slept = Host::new(&server, "slept", Duration::ZERO);
    let awake = Host::new(&server, "awake", Duration::ZERO);
    awake.run(12).await;
    awake.run(13).await;
    // Its own run is none of another host's.
    slept.run(17).await;
    let reason = MissedReason::ClockJump;
    drop(slept.record(missed(10, 20, reason)).await);
    slept.ledger.close().await;
    assert_eq!(slept.told.take(), [(7, at(20))]);
    let text = format!("missed 7 due times from {} on: {}", at(14), reason.text());
    assert_eq!(slept.left_out().await, [(at(20).to_string(), text)]);

    // Another host that slept as well finds that told.
    drop(awake.record(missed(10, 20, reason)).await);
    awake.ledger.close().await;
    assert_eq!(awake.told.take(), []);
    assert_eq!(awake.left_out().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_leaves_leaves_to_others_what_they_may_still_run() {
    let Some(server) = Server::start() else { return };
    let host = Host::new(&server, "host", 5 * MINUTE);
    drop(host.record(missed(90, 100, MissedReason::NotRunning)).await);
    host.ledger.close().await;
    assert_eq!(host.told.take(), [(6, at(95))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_is_kept_merged_and_written_when_the_database_is_back() {
    let Some(server) = Server::start() else { return };
    let host = Host::new(&server, "host", Duration::ZERO);
    assert_eq!(host.left_out().await, []);
    server.stop();
    for minute in 10..20 {
        let skipped = LeftOut::Skipped(at(minute), SkipReason::Running);
        let mut events = host.record(skipped).await;
        let event = events.recv().await;
        assert!(matches!(event, Some(Event::DatabaseAway)));
    }
    let mut events = host.record(missed(20, 25, MissedReason::HeldUp)).await;
    assert!(matches!(events.recv().await, Some(Event::DatabaseAway)));
    assert_eq!(host.told.take().len(), 10, "what was skipped is told at once");
    assert_eq!(host.ledger.0.arrears().len(), 2, "per job and reason");
    let (sender, mut events) = mpsc::unbounded_channel();
    host.ledger.await_database(sender);
    server.resume();
    assert!(matches!(events.recv().await, Some(Event::DatabaseBack)));
    assert_eq!(host.told.take(), [(6, at(25))]);
    let skipped = SkipReason::Running.text();
    let late = MissedReason::HeldUp.text();
    let expected = [
        (at(19), format!("skipped 10 due times from {} on: {skipped}", at(10))),
        (at(25), format!("missed 6 due times from {} on: {late}", at(20))),
    ];
    assert_eq!(host.left_out().await, expected.map(|(due_at, why)| (due_at.to_string(), why)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_leaves_though_its_database_is_away() {
    let Some(server) = Server::start() else { return };
    let host = Host::new(&server, "host", Duration::ZERO);
    assert_eq!(host.left_out().await, []);
    server.stop();
    let mut events = host.record(missed(10, 20, MissedReason::HeldUp)).await;
    assert!(matches!(events.recv().await, Some(Event::DatabaseAway)));
    host.ledger.close().await;
    assert_eq!(host.told.take(), [], "the next daemon finds it missed");
}
