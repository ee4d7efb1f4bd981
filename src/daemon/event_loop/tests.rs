//! The daemon whole, in paused time, with jobs made up by each test and a real database.

use std::sync::Mutex;

use tokio::sync::mpsc;

use super::*;
use crate::daemon::effects::{Frame, Sharing};
use crate::daemon::store::Store;
use crate::daemon::{DaemonHandle, Overlap};
use crate::history::Run;
use crate::job::RunnableJob;
use crate::runner::RunRequest;
use crate::runner::fixtures::{
    Fixture, announced, heeds_cancellation, ignores_cancellation, job, report, request, succeeds,
};
use crate::schedule::Schedule;

const SECOND: Duration = Duration::from_secs(1);

fn daemon_job(name: &str, schedule: &str, job: Arc<dyn RunnableJob>) -> DaemonJob {
    DaemonJob {
        schedule: Schedule::parse(schedule).expect("a schedule"),
        request: RunRequest { name: name.into(), ..request(job) },
        overlap: Overlap::Skip,
        catch_up: true,
        jitter: Duration::ZERO,
    }
}

fn takes(duration: Duration) -> Arc<dyn RunnableJob> {
    job(move |_| {
        Box::pin(async move {
            tokio::time::sleep(duration).await;
            Ok(report("done"))
        })
    })
}

/// What the daemon's source hands out, for tests that change it.
type Jobs = Arc<Mutex<Result<Vec<DaemonJob>, &'static str>>>;

/// A daemon on a fixture, with the test in the place of the process around it.
struct Daemon {
    handle: DaemonHandle,
    signals: mpsc::Sender<Signal>,
    ended: tokio::task::JoinHandle<()>,
}

impl Daemon {
    async fn start(fixture: &Fixture, jobs: Vec<DaemonJob>) -> Self {
        Self::start_with(fixture, &Arc::new(Mutex::new(Ok(jobs)))).await
    }

    async fn start_with(fixture: &Fixture, jobs: &Jobs) -> Self {
        let runner = fixture.runner.clone();
        let store = Store::new(runner.history.database().clone());
        let load: Loader = {
            let (jobs, runner, store) = (Arc::clone(jobs), runner.clone(), store.clone());
            Arc::new(move || {
                runner.open_history()?;
                let jobs = jobs.lock().expect("no test panicked").clone();
                let jobs =
                    jobs.map_err(|text| Error::new(crate::exit::Exit::Configuration, text))?;
                store.with_past(jobs, &runner.history, &runner.host, &runner.clock)
            })
        };
        let first = load().expect("jobs");
        let (requests, receiver) = mpsc::channel(8);
        let (signals, receiver_of_signals) = mpsc::channel(8);
        let limits = DaemonLimits {
            running_max: 100.try_into().expect("not zero"),
            stop_timeout: 30 * SECOND,
        };
        let clock = runner.clock.clone();
        let effects = Frame::new(runner, store, Vec::new(), Sharing::default());
        let event_loop = EventLoop::new(clock, effects, limits, load, receiver).expect("a loop");
        let ended = tokio::spawn(async move {
            let mut signals = Signals::from_channel(receiver_of_signals);
            event_loop.run(first, &mut signals, &mut Hangups::never()).await;
        });
        Self { handle: DaemonHandle::new(requests), signals, ended }
    }

    async fn signal(&self) {
        self.signals.send(Signal::Terminate).await.expect("it listens");
    }

    async fn ended(self) {
        self.ended.await.expect("no panic");
    }

    /// Stops it and waits for its end.
    async fn stop(self) {
        self.signal().await;
        self.ended().await;
    }
}

/// The runs of a job, oldest first, as due time and outcome.
fn runs(fixture: &Fixture, job: &str) -> Vec<(String, String)> {
    let mut runs: Vec<Run> = fixture.history();
    runs.retain(|run| run.job == job);
    runs.sort_by_key(|run| run.due_at.clone());
    let text = |text: Option<String>| text.unwrap_or_default();
    runs.into_iter().map(|run| (text(run.due_at), text(run.outcome))).collect()
}

fn outcomes(fixture: &Fixture, job: &str) -> Vec<String> {
    runs(fixture, job).into_iter().map(|(_, outcome)| outcome).collect()
}

/// The fixture's clock starts at 2026-01-01T00:00:00Z.
async fn pass(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[tokio::test(start_paused = true)]
async fn jobs_run_at_their_due_times_and_the_history_says_so() {
    let fixture = Fixture::new();
    let jobs = vec![
        daemon_job("often", "every 10s", succeeds()),
        daemon_job("seldom", "* * * * *", succeeds()),
    ];
    let daemon = Daemon::start(&fixture, jobs).await;
    pass(65 * SECOND).await;
    daemon.stop().await;
    let due: Vec<String> = runs(&fixture, "often").into_iter().map(|(due, _)| due).collect();
    let expected: Vec<String> = (1..=6)
        .map(|n| format!("2026-01-01T00:{:02}:{:02}.000Z", n * 10 / 60, n * 10 % 60))
        .collect();
    assert_eq!(due, expected);
    let run = &fixture.history()[0];
    assert_eq!((run.trigger.as_str(), run.outcome.as_deref()), ("daemon", Some("succeeded")));
    assert_eq!(
        runs(&fixture, "seldom"),
        [("2026-01-01T00:01:00.000Z".to_owned(), "succeeded".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn a_stopping_daemon_lets_its_runs_end_and_starts_nothing() {
    let fixture = Fixture::new();
    let jobs = vec![
        daemon_job("slow", "* * * * *", takes(20 * SECOND)),
        daemon_job("other", "every 10s", succeeds()),
    ];
    let daemon = Daemon::start(&fixture, jobs).await;
    pass(65 * SECOND).await;
    daemon.signal().await;
    daemon.ended().await;
    assert_eq!(outcomes(&fixture, "slow"), ["succeeded"]);
    assert_eq!(outcomes(&fixture, "other").len(), 6, "none after the signal");
}

#[tokio::test(start_paused = true)]
async fn runs_that_do_not_end_in_time_are_cancelled_and_not_failed() {
    let fixture = Fixture::new();
    let mut slow = daemon_job("slow", "* * * * *", heeds_cancellation());
    slow.request.policy.timeout = 3600 * SECOND;
    let daemon = Daemon::start(&fixture, vec![slow]).await;
    pass(65 * SECOND).await;
    let clock = fixture.runner.clock.clone();
    let begun = clock.now();
    daemon.stop().await;
    assert_eq!(clock.now().since(begun).as_secs(), 30);
    assert_eq!(outcomes(&fixture, "slow"), ["cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_cancels_at_once_and_a_third_does_not_wait_for_the_grace() {
    let fixture = Fixture::new();
    let jobs = vec![
        daemon_job("heeds", "* * * * *", heeds_cancellation()),
        daemon_job("ignores", "* * * * *", ignores_cancellation()),
    ];
    let daemon = Daemon::start(&fixture, jobs).await;
    pass(61 * SECOND).await;
    let clock = fixture.runner.clock.clone();
    let begun = clock.now();
    daemon.signal().await;
    daemon.signal().await;
    pass(SECOND).await;
    assert_eq!(outcomes(&fixture, "heeds"), ["cancelled"]);
    daemon.signal().await;
    daemon.ended().await;
    assert_eq!(outcomes(&fixture, "ignores"), ["cancelled"]);
    assert!(clock.now().since(begun) < 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_run_keeps_its_job_occupied_and_holds_up_no_other() {
    let fixture = Fixture::new();
    let mut stuck = daemon_job("stuck", "* * * * *", ignores_cancellation());
    stuck.request.policy.timeout = 5 * SECOND;
    let jobs = vec![stuck, daemon_job("other", "every 10s", succeeds())];
    let daemon = Daemon::start(&fixture, jobs).await;
    pass(185 * SECOND).await;
    let health = daemon.handle.health().await.expect("an answer");
    assert_eq!(health.stuck, 1);
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "stuck"), ["stuck", "skipped", "skipped"]);
    assert_eq!(outcomes(&fixture, "other"), ["succeeded"; 18]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_takes_nothing_down() {
    let fixture = Fixture::new();
    let panics = job(|_| Box::pin(async { panic!("the floor is lava") }));
    let jobs = vec![
        daemon_job("panics", "every 10s", panics),
        daemon_job("other", "every 10s", succeeds()),
    ];
    let daemon = Daemon::start(&fixture, jobs).await;
    pass(35 * SECOND).await;
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "panics"), ["panicked"; 3]);
    assert_eq!(outcomes(&fixture, "other"), ["succeeded"; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_removed_under_the_daemon_is_made_anew() {
    let fixture = Fixture::new();
    let daemon = Daemon::start(&fixture, vec![daemon_job("job", "every 10s", succeeds())]).await;
    pass(15 * SECOND).await;
    std::fs::remove_file(fixture.runner.history.database().path().expect("a file"))
        .expect("removed");
    pass(20 * SECOND).await;
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "job"), ["succeeded"; 2], "in the new database");
}

#[tokio::test(start_paused = true)]
async fn a_person_triggers_and_pauses_a_job() {
    let fixture = Fixture::new();
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let slow = announced(begun, takes(30 * SECOND));
    let daemon = Daemon::start(&fixture, vec![daemon_job("job", "@hourly", slow)]).await;
    let handle = &daemon.handle;
    assert_eq!(handle.trigger("none".to_owned()).await.expect("an answer"), None);
    let trigger = || handle.trigger("job".to_owned());
    assert_eq!(trigger().await.expect("an answer"), Some(Triggered::Started));
    has_begun.recv().await.expect("it begins");
    assert_eq!(trigger().await.expect("an answer"), Some(Triggered::Running));
    let pause = |paused| handle.set_paused("job".to_owned(), paused);
    assert_eq!(pause(true).await.expect("an answer"), Some(true));
    assert_eq!(pause(true).await.expect("an answer"), Some(false));
    let [view] = &handle.jobs().await.expect("an answer")[..] else { panic!("one job") };
    assert!(view.paused && view.running == 1);
    pass(2 * 3600 * SECOND).await;
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "job"), ["succeeded"], "nothing ran while paused");
    assert_eq!(fixture.history()[0].trigger, "manual");

    let again = Daemon::start(&fixture, vec![daemon_job("job", "@hourly", succeeds())]).await;
    let [view] = &again.handle.jobs().await.expect("an answer")[..] else { panic!("one job") };
    assert!(view.paused, "the next daemon remembers");
    again.handle.set_paused("job".to_owned(), false).await.expect("an answer");
    again.stop().await;
    let missed = &fixture.history()[0];
    let error = missed.error.as_deref().expect("a reason");
    assert!(error.starts_with("missed 2 due times") && error.ends_with("the job was paused"));
}

#[tokio::test(start_paused = true)]
async fn a_paused_job_does_not_start_for_a_due_time_that_was_put_off_before() {
    let fixture = Fixture::new();
    let waits = DaemonJob {
        overlap: Overlap::Wait,
        ..daemon_job("waits", "@hourly", takes(7000 * SECOND))
    };
    let jitter =
        DaemonJob { jitter: 900 * SECOND, ..daemon_job("jitter", "0 1 * * *", succeeds()) };
    let mut jobs = vec![waits, jitter];
    jobs.iter_mut().for_each(|job| job.request.policy.timeout = 7200 * SECOND);
    let daemon = Daemon::start(&fixture, jobs).await;
    let set_paused = |job: &str, paused| daemon.handle.set_paused(job.to_owned(), paused);
    pass(3600 * SECOND + Duration::from_millis(1)).await;
    set_paused("jitter", true).await.expect("an answer");
    pass(3600 * SECOND).await;
    set_paused("waits", true).await.expect("an answer");
    pass(3600 * SECOND).await;
    set_paused("waits", false).await.expect("an answer");
    set_paused("jitter", false).await.expect("an answer");
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "jitter"), ["skipped"]);
    let [first, passed] = &runs(&fixture, "waits")[..] else { panic!("{:?}", fixture.history()) };
    assert_eq!((&*first.1, &*passed.1), ("succeeded", "skipped"));
    assert_eq!(passed.0, "2026-01-01T03:00:00.000Z", "the last of two");
}

#[tokio::test(start_paused = true)]
async fn a_daemon_catches_up_once_with_what_it_missed() {
    let fixture = Fixture::new();
    let hourly = || vec![daemon_job("job", "@hourly", succeeds())];
    let first = Daemon::start(&fixture, hourly()).await;
    pass(3660 * SECOND).await;
    first.stop().await;
    pass(3 * 3600 * SECOND).await;
    let second = Daemon::start(&fixture, hourly()).await;
    pass(60 * SECOND).await;
    second.stop().await;
    let third = Daemon::start(&fixture, hourly()).await;
    pass(60 * SECOND).await;
    third.stop().await;
    let runs = runs(&fixture, "job");
    let expected = [("01", "succeeded"), ("03", "skipped"), ("04", "succeeded")];
    let expected = expected
        .map(|(hour, outcome)| (format!("2026-01-01T{hour}:00:00.000Z"), outcome.to_owned()));
    assert_eq!(runs, expected);
    let mut triggers: Vec<String> = fixture.history().into_iter().map(|run| run.trigger).collect();
    // Two of them are of the same instant.
    triggers.sort();
    assert_eq!(triggers, ["catch_up", "daemon", "daemon"]);
}

#[tokio::test(start_paused = true)]
async fn a_reload_changes_jobs_and_a_broken_one_changes_nothing() {
    let fixture = Fixture::new();
    let jobs: Jobs = Arc::new(Mutex::new(Ok(vec![daemon_job("a", "every 10s", succeeds())])));
    let daemon = Daemon::start_with(&fixture, &jobs).await;
    pass(15 * SECOND).await;
    *jobs.lock().expect("no panic") = Err("line 3: no such key");
    let error = daemon.handle.reload().await.expect_err("a broken file");
    assert_eq!(error.chain(), "line 3: no such key");
    pass(10 * SECOND).await;
    *jobs.lock().expect("no panic") = Ok(vec![daemon_job("b", "every 10s", succeeds())]);
    assert_eq!(daemon.handle.reload().await.expect("a good file"), 1);
    pass(10 * SECOND).await;
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "a"), ["succeeded"; 2]);
    assert_eq!(outcomes(&fixture, "b"), ["succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn a_due_time_that_somebody_else_claimed_is_passed_over_silently() {
    let fixture = Fixture::new();
    let mut claimed = request(succeeds());
    claimed.due_at = Some(fixture.runner.clock.now().plus(10 * SECOND));
    fixture.run(&claimed).await;
    let daemon = Daemon::start(&fixture, vec![daemon_job("job", "every 10s", succeeds())]).await;
    pass(25 * SECOND).await;
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "job"), ["succeeded"; 2]);
}

/// In real time: a thread that is blocked cannot be paused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_blocks_its_thread_holds_up_no_other() {
    let mut fixture = Fixture::new();
    fixture.runner.clock = Clock::System;
    let (blocks, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = Arc::new(Mutex::new(blocked));
    let blocking = job(move |_| {
        let blocked = Arc::clone(&blocked);
        Box::pin(async move {
            let _ = blocked.lock().expect("no panic").recv();
            Ok(report("unblocked"))
        })
    });
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let other = announced(begun, succeeds());
    let daemon = Daemon::start(
        &fixture,
        vec![daemon_job("blocks", "every 1s", blocking), daemon_job("other", "every 1s", other)],
    )
    .await;
    for _ in 0..3 {
        has_begun.recv().await.expect("the other begins");
    }
    drop(blocks);
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "blocks")[0], "succeeded");
    assert!(outcomes(&fixture, "other").iter().all(|outcome| outcome == "succeeded"));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_a_reload_adds_or_changes_owes_nothing_for_the_idle_time_before() {
    let fixture = Fixture::new();
    let old = || daemon_job("old", "@yearly", succeeds());
    let jobs: Jobs = Arc::new(Mutex::new(Ok(vec![old()])));
    let daemon = Daemon::start_with(&fixture, &jobs).await;
    // Nothing is due, so that the loop's last look at the clock is most of a minute old.
    pass(119 * SECOND).await;
    let schedule = Schedule::parse("every 10s").expect("a schedule");
    let new = daemon_job("new", "every 10s", succeeds());
    *jobs.lock().expect("no panic") = Ok(vec![DaemonJob { schedule, ..old() }, new]);
    assert_eq!(daemon.handle.reload().await.expect("a good file"), 2);
    daemon.stop().await;
    assert!(fixture.history().is_empty(), "{:?}", fixture.history());
}

#[tokio::test(start_paused = true)]
async fn a_reload_that_ends_after_the_signal_to_stop_starts_nothing() {
    let fixture = Fixture::new();
    let slow = || daemon_job("slow", "every 10s", takes(20 * SECOND));
    let jobs: Jobs = Arc::new(Mutex::new(Ok(vec![slow()])));
    let first = Daemon::start_with(&fixture, &jobs).await;
    let daily = daemon_job("daily", "@daily", succeeds());
    *jobs.lock().expect("no panic") = Ok(vec![slow(), daily.clone()]);
    first.handle.reload().await.expect("a good file");
    first.stop().await;
    pass(24 * 3600 * SECOND).await;

    // By now the daily job has something to catch up with.
    *jobs.lock().expect("no panic") = Ok(vec![slow()]);
    let second = Daemon::start_with(&fixture, &jobs).await;
    pass(15 * SECOND).await;
    second.signal().await;
    pass(SECOND).await;
    *jobs.lock().expect("no panic") = Ok(vec![slow(), daily]);
    let error = second.handle.reload().await.expect_err("too late");
    assert_eq!(error.chain(), "the daemon is leaving");
    second.ended().await;
    assert_eq!(outcomes(&fixture, "daily"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_comes_back_into_the_configuration_has_missed_nothing_meanwhile() {
    let fixture = Fixture::new();
    let both =
        || vec![daemon_job("a", "@daily", succeeds()), daemon_job("b", "@daily", succeeds())];
    let jobs: Jobs = Arc::new(Mutex::new(Ok(both())));
    let daemon = Daemon::start_with(&fixture, &jobs).await;
    jobs.lock().expect("no panic").as_mut().expect("jobs").truncate(1);
    daemon.handle.reload().await.expect("a good file");
    pass(50 * 3600 * SECOND).await;
    *jobs.lock().expect("no panic") = Ok(both());
    daemon.handle.reload().await.expect("a good file");
    daemon.stop().await;
    assert_eq!(outcomes(&fixture, "a"), ["succeeded"; 2]);
    assert_eq!(outcomes(&fixture, "b"), [""; 0]);
}
