use serde_json::value::RawValue;
use uuid::Uuid;

use super::*;
use crate::clock::Timestamp;
use crate::daemon::policy::{Missed, MissedReason, SkipReason};
use crate::database::Database;
use crate::exit::Exit;
use crate::history::{Finished, Retention, Started, Terms};
use crate::job::{AttemptFuture, RenderedReport, RunnableJob};
use crate::outcome::Outcome;
use crate::runner::{IfRunning, RunPolicy, Watchers};

const MINUTE: Duration = Duration::from_secs(60);

struct Fixture {
    metrics: Arc<Metrics>,
    history: SharedHistory,
    _directory: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = Database::file(directory.path().join("punctual.db"), MINUTE);
        let history = SharedHistory::new(database);
        Self { metrics: Arc::new(Metrics::new(history.clone())), history, _directory: directory }
    }

    /// The lines of the page that begin so.
    async fn lines(&self, jobs: &[&str], start: &str) -> Vec<String> {
        let health = Health { stuck: 2, stopping: false };
        let views = jobs.iter().map(|name| JobView {
            name: (*name).into(),
            schedule: "every 1m".to_owned(),
            next_due: Some(at(90)),
            timeout: Duration::ZERO,
            running: 1,
            waiting: false,
            paused: false,
        });
        let views: Vec<_> = views.collect();
        let database_up = self.metrics.ask_database(&views).await;
        let mut text = String::new();
        self.metrics.page(views, health, database_up).write(&mut text).expect("a page");
        text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
    }

    /// A run in the history that took a second.
    fn run(&self, job: &str, second: u64, outcome: Outcome) {
        let history = self.history.get(|_| Ok(())).expect("a history");
        let run = Started {
            run_id: Uuid::now_v7(),
            job: job.into(),
            trigger: Trigger::Cli,
            due_at: None,
            started_at: at(second),
            host: "test".to_owned(),
        };
        let retention = Retention { age_max: MINUTE, runs_max: 100 };
        history.start(&run, &Terms { shared: false, lease: MINUTE, retention }).expect("recorded");
        let end = Finished {
            finished_at: at(second + 1),
            outcome,
            exit: Exit::Succeeded,
            attempts: 1,
            error: None,
            report: None,
            output: None,
        };
        history.finish(run.run_id, None, &end).expect("recorded");
    }
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_epoch(Duration::from_secs(1_800_000_000 + second))
}

fn record(job: &str, outcome: Outcome, attempts: u32, duration_ms: u64) -> RunRecord {
    RunRecord {
        run_id: Uuid::now_v7(),
        job: job.into(),
        outcome,
        exit: Exit::Succeeded,
        started_at: at(0),
        finished_at: at(1),
        duration_ms,
        attempts,
        report: None,
        error: None,
    }
}

struct Nothing;

impl RunnableJob for Nothing {
    fn run<'a>(&'a self, _context: &'a crate::job::JobContext) -> AttemptFuture<'a> {
        let json = RawValue::from_string("{}".to_owned()).expect("JSON");
        Box::pin(async { Ok(RenderedReport { json, text: String::new() }) })
    }
}

fn request(trigger: Trigger) -> RunRequest {
    RunRequest {
        watchers: Watchers::default(),
        name: "a".into(),
        job: Arc::new(Nothing),
        trigger,
        due_at: Some(at(0)),
        policy: RunPolicy {
            timeout: MINUTE,
            grace: MINUTE,
            if_running: IfRunning::Skip,
            retries: 0,
        },
    }
}

#[tokio::test]
async fn runs_count_by_outcome_and_those_that_ran_by_duration() {
    let fixture = Fixture::new();
    fixture.metrics.run_ended(&record("a", Outcome::Succeeded, 1, 500));
    fixture.metrics.run_ended(&record("a", Outcome::TimedOut, 2, 7000));
    fixture.metrics.run_ended(&record("a", Outcome::Skipped, 0, 99_000));
    let runs = fixture.lines(&["a", "b"], "punctual_runs_total").await;
    assert_eq!(runs.len(), 2 * 7, "what has not happened is zero: {runs:#?}");
    assert_eq!(
        runs.iter().filter(|line| line.ends_with(" 1")).collect::<Vec<_>>(),
        [
            r#"punctual_runs_total{job="a",outcome="succeeded"} 1"#,
            r#"punctual_runs_total{job="a",outcome="timed_out"} 1"#,
            r#"punctual_runs_total{job="a",outcome="skipped"} 1"#,
        ]
    );
    let durations = fixture.lines(&["a"], "punctual_run_duration_seconds").await;
    let expected = [
        r#"_sum{job="a"} 7.5"#,
        r#"_count{job="a"} 2"#,
        r#"_bucket{le="0.01",job="a"} 0"#,
        r#"_bucket{le="0.1",job="a"} 0"#,
        r#"_bucket{le="1.0",job="a"} 1"#,
        r#"_bucket{le="5.0",job="a"} 1"#,
        r#"_bucket{le="15.0",job="a"} 2"#,
    ];
    let expected = expected.map(|end| format!("punctual_run_duration_seconds{end}"));
    assert_eq!(durations[..expected.len()], expected);
    assert_eq!(
        durations.last().expect("a line"),
        r#"punctual_run_duration_seconds_bucket{le="+Inf",job="a"} 2"#
    );
}

#[tokio::test]
async fn due_times_without_a_run_count_by_reason() {
    let fixture = Fixture::new();
    let missed = Missed {
        count: 41,
        first: at(0),
        last: at(40),
        before_last: None,
        reason: MissedReason::ClockJump,
    };
    fixture.metrics.left_out(&"a".into(), &LeftOut::Missed(missed));
    fixture.metrics.left_out(&"a".into(), &LeftOut::Skipped(at(50), SkipReason::Superseded));
    let counted = async |name: &str| {
        let lines = fixture.lines(&["a"], name).await;
        lines.into_iter().filter(|line| !line.ends_with(" 0")).collect::<Vec<_>>()
    };
    assert_eq!(
        counted("punctual_missed_total").await,
        [r#"punctual_missed_total{job="a",reason="clock_jump"} 41"#]
    );
    assert_eq!(
        counted("punctual_skipped_total").await,
        [r#"punctual_skipped_total{job="a",reason="superseded"} 1"#]
    );
}

#[tokio::test]
async fn lateness_is_that_of_runs_at_their_due_times() {
    let fixture = Fixture::new();
    let late = Some(Duration::from_millis(3));
    fixture.metrics.run_started(&request(Trigger::Daemon), late);
    fixture.metrics.run_started(&request(Trigger::CatchUp), Some(100 * MINUTE));
    fixture.metrics.run_started(&request(Trigger::Manual), None);
    let lines = fixture.lines(&[], "punctual_start_lateness_seconds").await;
    assert_eq!(
        lines[..2],
        ["punctual_start_lateness_seconds_sum 0.003", "punctual_start_lateness_seconds_count 1"]
    );
    assert_eq!(lines[3], r#"punctual_start_lateness_seconds_bucket{le="0.0025"} 0"#);
    assert_eq!(lines[4], r#"punctual_start_lateness_seconds_bucket{le="0.005"} 1"#);
}

#[tokio::test]
async fn the_last_success_is_that_of_the_history_and_outlives_it() {
    let name = "punctual_last_success_timestamp_seconds";
    let fixture = Fixture::new();
    fixture.run("a", 10, Outcome::Succeeded);
    fixture.run("a", 20, Outcome::Failed);
    fixture.run("b", 20, Outcome::Failed);
    let first = [format!("{name}{{job=\"a\"}} 1800000011.0")];
    assert_eq!(fixture.lines(&["a", "b"], name).await, first);
    let history = fixture.history.get(|_| Ok(())).expect("a history");
    rusqlite::Connection::open(fixture.history.database().path().expect("a file"))
        .and_then(|database| database.execute("DELETE FROM runs", ()))
        .expect("deleted");
    assert_eq!(history.last_success("a", None).expect("an answer"), None);
    assert_eq!(fixture.lines(&["a", "b"], name).await, first);
    fixture.run("a", 30, Outcome::Succeeded);
    let second = [format!("{name}{{job=\"a\"}} 1800000031.0")];
    assert_eq!(fixture.lines(&["a", "b"], name).await, second);
}

#[tokio::test]
async fn a_job_that_was_removed_leaves_the_page_and_is_forgotten() {
    let fixture = Fixture::new();
    for job in ["a", "b", "c"] {
        fixture.metrics.run_ended(&record(job, Outcome::Succeeded, 1, 1));
    }
    assert_eq!(fixture.lines(&["b"], "punctual_runs_total").await.len(), 7);
    assert_eq!(fixture.metrics.counts().jobs.keys().map(|name| &**name).collect::<Vec<_>>(), ["b"]);
}

#[tokio::test]
async fn what_is_asked_for_is_on_the_page() {
    let fixture = Fixture::new();
    fixture.metrics.clock_stepped(ClockStep::Back(MINUTE));
    let all = fixture.lines(&["a"], "").await;
    for line in [
        r#"punctual_running{job="a"} 1"#,
        r#"punctual_next_due_timestamp_seconds{job="a"} 1800000090.0"#,
        "punctual_stuck_runs 2",
        "punctual_database_up 1",
        r#"punctual_clock_steps_total{direction="forward"} 0"#,
        r#"punctual_clock_steps_total{direction="back"} 1"#,
    ] {
        assert!(all.iter().any(|other| other == line), "no {line} in {all:#?}");
    }
}

#[tokio::test]
async fn a_name_is_escaped() {
    let fixture = Fixture::new();
    let lines = fixture.lines(&["a\"b\\c\nd"], "punctual_running").await;
    assert_eq!(lines, [r#"punctual_running{job="a\"b\\c\nd"} 1"#]);
}
