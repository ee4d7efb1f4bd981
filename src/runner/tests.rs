//! The frame in paused time: jobs are made up by each test, the database is a real file.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::fixtures::*;
use super::*;
use crate::database::Database;
use crate::job::{AttemptFuture, JobContext, JobError};
use crate::lock::FileLock;
use crate::signal::Signal;

fn chain(record: &RunRecord) -> String {
    record.error.as_ref().map(Error::chain).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_success_is_recorded_whole() {
    let fixture = Fixture::new();
    let record = fixture.run(&request(succeeds())).await;
    assert_eq!(
        (record.outcome, record.exit, record.attempts),
        (Outcome::Succeeded, Exit::Succeeded, 1)
    );
    let [run] = &fixture.history()[..] else { panic!("one run") };
    assert_eq!(run.id, record.run_id.to_string());
    assert_eq!(run.started_at, "2026-01-01T00:00:00.000Z");
    assert_eq!(run.outcome.as_deref(), Some("succeeded"));
    assert_eq!(run.report.as_deref(), Some("\"done\""));
    assert_eq!((run.host.as_str(), run.attempts, run.exit_code), ("test", 1, Some(0)));
    assert_eq!(run.due_at, None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_ends_with_the_code_of_its_error() {
    let fixture = Fixture::new();
    for exit in
        [Exit::Failed, Exit::Unavailable, Exit::InputOutput, Exit::Protocol, Exit::Permission]
    {
        let record = fixture.run(&request(fails(exit))).await;
        assert_eq!((record.outcome, record.exit), (Outcome::Failed, exit));
        assert_eq!(chain(&record), "no luck");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_at_its_deadline_and_keeps_its_report() {
    let fixture = Fixture::new();
    let record = fixture.run(&request(heeds_cancellation())).await;
    assert_eq!((record.outcome, record.exit), (Outcome::TimedOut, Exit::TimedOut));
    assert_eq!(record.duration_ms, 60_000);
    assert_eq!(record.report.expect("a report").text, "half of it");
    assert_eq!(fixture.history()[0].finished_at.as_deref(), Some("2026-01-01T00:01:00.000Z"));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_goes_on_after_its_grace_is_stuck() {
    let fixture = Fixture::new();
    let record = fixture.run(&request(ignores_cancellation())).await;
    assert_eq!((record.outcome, record.exit), (Outcome::Stuck, Exit::Bug));
    assert_eq!(record.duration_ms, 70_000);
    assert!(chain(&record).contains("went on for 10s after its timeout of 1m"), "{record:?}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_outcome() {
    let fixture = Fixture::new();
    let panics = job(|_| Box::pin(async { panic!("the floor is lava") }));
    let record = fixture.run(&request(panics)).await;
    assert_eq!((record.outcome, record.exit), (Outcome::Panicked, Exit::Bug));
    assert!(chain(&record).contains("the floor is lava"), "{record:?}");
    let blocking = job(|context| {
        Box::pin(async {
            context.blocking(|| panic!("down there")).await;
            Ok(report("unreachable"))
        })
    });
    let record = fixture.run(&request(blocking)).await;
    assert_eq!(record.outcome, Outcome::Panicked);
    assert!(chain(&record).contains("down there"), "{record:?}");
    assert_eq!(fixture.run(&request(succeeds())).await.outcome, Outcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_signal_cancels_and_is_the_exit_code() {
    for (signal, exit) in
        [(Signal::Interrupt, Exit::Interrupted), (Signal::Terminate, Exit::Terminated)]
    {
        let fixture = Fixture::new();
        let (begun, mut has_begun) = mpsc::unbounded_channel();
        let (sender, receiver) = mpsc::channel(1);
        let request = request(announced(begun, heeds_cancellation()));
        let mut signals = Signals::from_channel(receiver);
        let ((record, _), ()) = tokio::join!(fixture.runner.run(&request, &mut signals), async {
            has_begun.recv().await.expect("it begins");
            sender.send(signal).await.expect("it listens");
        });
        assert_eq!((record.outcome, record.exit), (Outcome::Cancelled, exit));
        assert_eq!(record.report.expect("a report").text, "half of it");
        assert!(record.duration_ms < 10_000, "{}", record.duration_ms);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_does_not_wait_for_the_grace() {
    let fixture = Fixture::new();
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let (sender, receiver) = mpsc::channel(2);
    let request = request(announced(begun, ignores_cancellation()));
    let mut signals = Signals::from_channel(receiver);
    let ((record, _), ()) = tokio::join!(fixture.runner.run(&request, &mut signals), async {
        has_begun.recv().await.expect("it begins");
        for _ in 0..2 {
            sender.send(Signal::Interrupt).await.expect("it listens");
        }
    });
    assert_eq!((record.outcome, record.exit), (Outcome::Cancelled, Exit::Interrupted));
    assert!(record.duration_ms < 10_000, "{}", record.duration_ms);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_succeeds_after_its_deadline_has_timed_out() {
    let fixture = Fixture::new();
    let late = job(|context| {
        Box::pin(async {
            context.cancellation.cancelled().await;
            Ok(report("late"))
        })
    });
    let record = fixture.run(&request(late)).await;
    assert_eq!(record.outcome, Outcome::TimedOut);
    assert_eq!(record.report.expect("a report").text, "late");
}

/// Fails until it has been tried so often.
fn succeeds_at(attempt: u32, exit: Exit) -> Arc<dyn RunnableJob> {
    let attempts = AtomicU32::new(0);
    job(move |_| {
        let now = attempts.fetch_add(1, Ordering::Relaxed) + 1;
        Box::pin(async move {
            if now < attempt {
                return Err(JobError::from(Error::new(exit, "no luck")));
            }
            Ok(report("at last"))
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_retried_with_growing_delays() {
    let fixture = Fixture::new();
    let mut request = request(succeeds_at(3, Exit::Unavailable));
    request.policy.retries = 5;
    let record = fixture.run(&request).await;
    assert_eq!((record.outcome, record.attempts), (Outcome::Succeeded, 3));
    // One second and two, and up to a quarter more.
    assert!((3000..=3750).contains(&record.duration_ms), "{}", record.duration_ms);
    assert_eq!(fixture.history().len(), 1, "attempts are one run");
}

#[tokio::test(start_paused = true)]
async fn retries_end_with_their_number_and_with_the_deadline() {
    let fixture = Fixture::new();
    let mut twice = request(fails(Exit::Unavailable));
    twice.policy.retries = 1;
    assert_eq!(fixture.run(&twice).await.attempts, 2);
    let mut many = request(fails(Exit::Unavailable));
    many.policy.retries = 1000;
    let record = fixture.run(&many).await;
    assert_eq!((record.outcome, record.exit), (Outcome::Failed, Exit::Unavailable));
    assert!(record.duration_ms < 60_000 && record.attempts < 10, "{record:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_pass_by_itself_is_not_retried() {
    let fixture = Fixture::new();
    for exit in [Exit::Usage, Exit::Permission, Exit::Configuration, Exit::Bug] {
        let mut request = request(fails(exit));
        request.policy.retries = 3;
        assert_eq!(fixture.run(&request).await.attempts, 1, "{exit:?}");
    }
    let mut stuck = request(ignores_cancellation());
    stuck.policy.retries = 3;
    assert_eq!(fixture.run(&stuck).await.attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_signal_while_the_end_is_recorded_does_not_undo_a_success() {
    let fixture = Fixture::new();
    let (sender, receiver) = mpsc::channel(1);
    let request = request(job(move |_| {
        let sender = sender.clone();
        Box::pin(async move {
            sender.try_send(Signal::Terminate).expect("there is room");
            Ok(report("done"))
        })
    }));
    let record = fixture.runner.run(&request, &mut Signals::from_channel(receiver)).await.0;
    assert_eq!((record.outcome, record.exit), (Outcome::Succeeded, Exit::Succeeded));
    assert_eq!(fixture.history()[0].outcome.as_deref(), Some("succeeded"));
}

#[tokio::test(start_paused = true)]
async fn the_end_waits_for_a_database_that_is_locked() {
    let mut fixture = Fixture::new();
    let path = fixture.directory.path().join("punctual.db");
    let impatient = Database::file(path.clone(), Duration::from_millis(1));
    fixture.runner.history = SharedHistory::new(impatient);
    let (sender, receiver) = mpsc::channel(1);
    let locks = job(move |_| {
        let (path, sender) = (path.clone(), sender.clone());
        Box::pin(async move {
            let holder = rusqlite::Connection::open(path).expect("it opens");
            holder.execute_batch("BEGIN IMMEDIATE").expect("the lock");
            tokio::spawn(async move {
                tokio::time::sleep(MINUTE / 2).await;
                drop(holder);
                // Whoever asks to stop now is no reason to be late with the next try.
                sender.send(Signal::Terminate).await.expect("it listens");
            });
            Ok(report("done"))
        })
    });
    let mut signals = Signals::from_channel(receiver);
    let record = fixture.runner.run(&request(locks), &mut signals).await.0;
    assert_eq!(record.outcome, Outcome::Succeeded, "{:?}", record.error);
    assert_eq!(fixture.history()[0].outcome.as_deref(), Some("succeeded"));
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_the_wait_for_the_next_attempt() {
    let fixture = Fixture::new();
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let (sender, receiver) = mpsc::channel(1);
    let mut request = request(announced(begun, fails(Exit::Unavailable)));
    request.policy.retries = 100;
    let mut signals = Signals::from_channel(receiver);
    let ((record, _), ()) = tokio::join!(fixture.runner.run(&request, &mut signals), async {
        has_begun.recv().await.expect("it begins");
        has_begun.recv().await.expect("it begins again");
        sender.send(Signal::Terminate).await.expect("it listens");
    });
    assert_eq!((record.outcome, record.exit), (Outcome::Cancelled, Exit::Terminated));
}

/// Holds the job's lock, as another process would.
fn hold_lock(fixture: &Fixture) -> FileLock {
    let locks = fixture.directory.path().join("locks");
    std::fs::create_dir_all(&locks).expect("a directory");
    FileLock::try_acquire(&locks.join("job.lock")).expect("no error").expect("free")
}

#[tokio::test(start_paused = true)]
async fn an_overlap_is_skipped_or_fails_as_asked() {
    let fixture = Fixture::new();
    let lock = hold_lock(&fixture);
    for (if_running, exit) in [(IfRunning::Skip, Exit::Succeeded), (IfRunning::Fail, Exit::NotRun)]
    {
        let mut request = request(succeeds());
        request.policy.if_running = if_running;
        let record = fixture.run(&request).await;
        assert_eq!((record.outcome, record.exit, record.attempts), (Outcome::Skipped, exit, 0));
        assert_eq!(record.error.is_some(), if_running == IfRunning::Fail);
    }
    assert_eq!(fixture.history().len(), 2);
    drop(lock);
    assert_eq!(fixture.run(&request(succeeds())).await.outcome, Outcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_other_run_or_with_the_deadline() {
    let fixture = Fixture::new();
    let lock = hold_lock(&fixture);
    let mut waiting = request(succeeds());
    waiting.policy.if_running = IfRunning::Wait;
    let record = fixture.run(&waiting).await;
    assert_eq!((record.outcome, record.exit), (Outcome::Skipped, Exit::NotRun));
    assert!((59_000..=60_000).contains(&record.duration_ms), "{}", record.duration_ms);

    let release = async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        drop(lock);
    };
    let (record, ()) = tokio::join!(fixture.run(&waiting), release);
    assert_eq!(record.outcome, Outcome::Succeeded);
    assert!((30_000..31_000).contains(&record.duration_ms), "{}", record.duration_ms);
}

#[tokio::test(start_paused = true)]
async fn the_time_spent_waiting_counts_against_the_deadline() {
    let fixture = Fixture::new();
    let lock = hold_lock(&fixture);
    let mut waiting = request(heeds_cancellation());
    waiting.policy.if_running = IfRunning::Wait;
    let release = async {
        tokio::time::sleep(Duration::from_secs(40)).await;
        drop(lock);
    };
    let (record, ()) = tokio::join!(fixture.run(&waiting), release);
    assert_eq!((record.outcome, record.duration_ms), (Outcome::TimedOut, 60_000));
}

#[tokio::test(start_paused = true)]
async fn different_jobs_run_side_by_side() {
    let fixture = Fixture::new();
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let (sender, receiver) = mpsc::channel(1);
    let long = request(announced(begun, heeds_cancellation()));
    let mut signals = Signals::from_channel(receiver);
    let other = RunRequest { name: "other".into(), ..request(succeeds()) };
    let ((long, _), other) = tokio::join!(fixture.runner.run(&long, &mut signals), async {
        has_begun.recv().await.expect("it begins");
        let record = fixture.run(&other).await;
        sender.send(Signal::Interrupt).await.expect("it listens");
        record
    });
    assert_eq!((long.outcome, other.outcome), (Outcome::Cancelled, Outcome::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_success_that_cannot_be_recorded_is_a_failure() {
    let fixture = Fixture::new();
    let database = fixture.runner.history.database().path().expect("a file").to_owned();
    let vandal = job(move |_| {
        let database = database.clone();
        Box::pin(async move {
            let connection = rusqlite::Connection::open(database).expect("opens");
            connection.execute_batch("DROP TABLE runs").expect("dropped");
            Ok(report("done"))
        })
    });
    let record = fixture.run(&request(vandal)).await;
    assert_eq!((record.outcome, record.exit), (Outcome::Failed, Exit::InputOutput));
    assert!(chain(&record).contains("cannot record the end of the run"), "{record:?}");
}

#[tokio::test(start_paused = true)]
async fn a_database_that_cannot_be_opened_is_a_failure_before_the_start() {
    let mut fixture = Fixture::new();
    let file = fixture.directory.path().join("file");
    std::fs::write(&file, "no database ".repeat(100)).expect("written");
    let database = Database::file(file, Duration::from_secs(1));
    fixture.runner.history = SharedHistory::new(database);
    let record = fixture.run(&request(succeeds())).await;
    assert_eq!(
        (record.outcome, record.exit, record.attempts),
        (Outcome::Failed, Exit::InputOutput, 0)
    );
}

/// In real time, for it is another connection that is in the way.
#[test]
fn a_claim_that_is_given_up_before_the_history_is_open_claims_nothing() {
    let mut fixture = Fixture::new();
    let path = fixture.directory.path().join("punctual.db");
    let locker = rusqlite::Connection::open(&path).expect("opens");
    locker.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    fixture.runner.clock = Clock::System;
    fixture.runner.history = SharedHistory::new(Database::file(path, 10 * MINUTE));
    let mut request = request(succeeds());
    request.policy.timeout = Duration::from_millis(100);
    // What blocks is done one after the other.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().max_blocking_threads(1).build().expect("a runtime");
    runtime.block_on(async {
        let record = fixture.run(&request).await;
        assert_eq!((record.outcome, record.exit), (Outcome::TimedOut, Exit::TimedOut));
        locker.execute_batch("ROLLBACK").expect("unlocked");
        crate::job::blocking(|| ()).await;
    });
    assert_eq!(fixture.history().len(), 0);
    assert!(!fixture.directory.path().join("locks/job.lock").exists());
}

/// In real time, for that is what it is about.
#[test]
fn a_job_that_blocks_its_thread_does_not_hold_up_the_deadline() {
    use tokio::runtime::Builder;

    let mut many = Builder::new_multi_thread();
    let many = many.worker_threads(2).enable_all().build().expect("a runtime");
    assert_blocking_is_noticed(&many, JobThread::Worker);
    let one = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let own = RunThread::start().expect("a thread");
    assert_blocking_is_noticed(&one, JobThread::Own(own));
}

fn assert_blocking_is_noticed(runtime: &tokio::runtime::Runtime, job_thread: JobThread) {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let blocks = job(move |_| {
        let blocked = released.lock().expect("no panic").recv();
        Box::pin(async move {
            assert!(blocked.is_err(), "the test ends by dropping the sender");
            Ok(report("after all"))
        })
    });
    let mut request = request(blocks);
    request.policy.timeout = Duration::from_millis(200);
    request.policy.grace = Duration::from_millis(50);
    let record = runtime.block_on(async {
        let mut fixture = Fixture::new();
        fixture.runner.clock = Clock::System;
        fixture.runner.job_thread = job_thread.clone();
        fixture.run(&request).await
    });
    assert_eq!((record.outcome, record.exit), (Outcome::Stuck, Exit::Bug), "{job_thread:?}");
    drop(release);
}

#[tokio::test(start_paused = true)]
async fn a_job_sees_its_own_context() {
    let fixture = Fixture::new();
    let (sender, receiver) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let looks = job(move |context| {
        let left = context.deadline - context.clock.monotonic();
        let sender = sender.lock().expect("no panic").take().expect("one attempt");
        sender.send((left, context.clock.now(), context.run_id)).expect("the test listens");
        Box::pin(async { Ok(report("looked")) })
    });
    let record = fixture.run(&request(looks)).await;
    let (left, now, run_id) = receiver.await.expect("sent");
    assert_eq!((left, now, run_id), (MINUTE, record.started_at, record.run_id));
}

/// Remembers which runs it was told to clean up after.
struct CleansUp(std::sync::Mutex<Vec<Uuid>>);

impl RunnableJob for CleansUp {
    fn run<'a>(&'a self, _context: &'a JobContext) -> AttemptFuture<'a> {
        Box::pin(async { Ok(report("done")) })
    }

    fn clean_up(&self, lost: Uuid) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        self.0.lock().expect("no panic").push(lost);
        None
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_died_beside_a_process_that_lives_on_is_found_lost_and_cleaned_up_after() {
    let fixture = Fixture::new();
    let job = Arc::new(CleansUp(std::sync::Mutex::default()));
    let request = request(Arc::clone(&job) as Arc<dyn RunnableJob>);
    fixture.run(&request).await;

    // Another process, that died without a word.
    let started_at = fixture.runner.clock.now();
    let run_id = new_run_id(started_at);
    let died = Started {
        run_id,
        job: "job".into(),
        trigger: Trigger::Cli,
        due_at: None,
        started_at,
        host: "test".to_owned(),
    };
    let history = fixture.runner.open_history().expect("a history");
    history.start(&died, &fixture.runner.terms(false)).expect("recorded");
    std::fs::write(fixture.directory.path().join(format!("runs/{run_id}.lock")), "").expect("file");
    let note = format!("run {run_id} pid 1\n");
    std::fs::write(fixture.directory.path().join("locks/job.lock"), note).expect("a note");

    // The due time of this one has its run, so it starts nothing, and hides nothing either.
    let due_at = Some(started_at);
    history
        .record_left_out(
            &[crate::history::LeftOut {
                run_id: new_run_id(started_at),
                job: "job".into(),
                due_at: started_at,
                noticed_at: started_at,
                why: String::new(),
            }],
            "test",
        )
        .expect("recorded");
    fixture.run(&RunRequest { due_at, ..request.clone() }).await;
    assert!(job.0.lock().expect("no panic").is_empty());

    fixture.run(&request).await;
    assert_eq!(*job.0.lock().expect("no panic"), [run_id]);
    assert_eq!(history.outcome(run_id).expect("it can be read").as_deref(), Some("lost"));
    fixture.run(&request).await;
    assert_eq!(job.0.lock().expect("no panic").len(), 1, "once");
    let note = crate::lock::holder(&fixture.directory.path().join("locks/job.lock"));
    assert!(note.is_some_and(|note| note.starts_with("end ")), "the next need not ask");
}
