use std::cell::RefCell;
use std::collections::HashMap;

use super::*;
use crate::clock::Clock;
use crate::database::shared_postgres;
use crate::liveness::Liveness;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const RETENTION: Retention = Retention { age_max: DAY, runs_max: 3 };
/// With which runs may go side by side, so that one may be going for ever, and none is deleted.
const TERMS: Terms = Terms {
    shared: true,
    lease: DAY,
    retention: Retention { age_max: DAY.saturating_mul(36_500), runs_max: 10_000 },
};

/// A history in one of the engines.
struct Fixture {
    directory: tempfile::TempDir,
    history: History,
    fences: RefCell<HashMap<Uuid, Fence>>,
}

impl Fixture {
    /// One of each engine that is there.
    fn of_each_engine() -> Vec<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = Database::file(directory.path().join("punctual.db"), DAY);
        let of = |database: &Database, directory| Self {
            directory,
            history: History::open(database).expect("a history"),
            fences: RefCell::default(),
        };
        let shared = shared_postgres();
        let elsewhere = || tempfile::tempdir().expect("a temporary directory");
        let shared = shared.iter().map(|database| of(database, elsewhere()));
        std::iter::once(of(&file, directory)).chain(shared).collect()
    }

    fn start(&self, job: &'static str, started_at: Timestamp) -> Uuid {
        self.start_run(&started(job, started_at))
    }

    fn start_run(&self, run: &Started) -> Uuid {
        match self.history.start(run, &TERMS).expect("no error") {
            Start::Recorded(fence) => {
                self.fences.borrow_mut().extend(fence.map(|fence| (run.run_id, fence)));
            }
            other => panic!("{other:?}"),
        }
        run.run_id
    }

    fn end(&self, run_id: Uuid, outcome: Outcome) {
        let end = Finished {
            finished_at: Clock::System.now(),
            outcome,
            exit: Exit::Succeeded,
            attempts: 1,
            error: None,
            report: None,
            output: None,
        };
        let fences = self.fences.borrow();
        let ours = self.history.finish(run_id, fences.get(&run_id), &end).expect("recorded");
        assert!(ours);
    }

    fn list(&self, filter: Filter) -> Vec<Run> {
        self.history.list(&Filter { limit: 100, ..filter }).expect("runs")
    }
}

fn started(job: &'static str, started_at: Timestamp) -> Started {
    Started {
        run_id: Uuid::now_v7(),
        job: job.into(),
        trigger: Trigger::Cli,
        due_at: None,
        started_at,
        host: "test".to_owned(),
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

#[test]
fn a_run_has_no_outcome_until_it_ends() {
    for fixture in Fixture::of_each_engine() {
        let run_id = fixture.start("a", at("2026-01-01T00:00:00Z"));
        assert_eq!(fixture.list(Filter::default())[0].outcome, None);
        let running = || fixture.history.running("a").expect("read").map(|run| run.started_at);
        assert_eq!(running().as_deref(), Some("2026-01-01T00:00:00.000Z"));
        fixture.end(run_id, Outcome::Succeeded);
        assert_eq!(fixture.list(Filter::default())[0].outcome.as_deref(), Some("succeeded"));
        assert_eq!(running(), None);
    }
}

#[test]
fn runs_are_listed_newest_first_and_filtered() {
    for fixture in Fixture::of_each_engine() {
        for (job, time) in [
            ("a", "2026-01-02T00:00:00Z"),
            ("b", "2026-01-03T00:00:00Z"),
            ("a", "2026-01-01T00:00:00Z"),
        ] {
            let run_id = fixture.start(job, at(time));
            if job == "b" {
                fixture.end(run_id, Outcome::Failed);
            }
        }
        let days = |filter| -> Vec<String> {
            fixture.list(filter).into_iter().map(|run| run.started_at[8..10].to_owned()).collect()
        };
        assert_eq!(days(Filter::default()), ["03", "02", "01"]);
        assert_eq!(days(Filter { job: Some("a".to_owned()), ..Filter::default() }), ["02", "01"]);
        assert_eq!(days(Filter { outcome: Some(Outcome::Failed), ..Filter::default() }), ["03"]);
        let since = Some(at("2026-01-02T00:00:00Z"));
        assert_eq!(days(Filter { since, ..Filter::default() }), ["03", "02"]);
    }
}

#[test]
fn the_latest_run_of_a_job_is_told_from_what_was_skipped_since() {
    for fixture in Fixture::of_each_engine() {
        let latest = || {
            let latest = fixture.history.latest("a").expect("read");
            [latest.run, latest.skipped].map(|run| run.map(|run| run.started_at[8..10].to_owned()))
        };
        let days = |run: Option<&str>, skipped: Option<&str>| {
            [run.map(str::to_owned), skipped.map(str::to_owned)]
        };
        let run = |job, day: u8, outcome| {
            let run_id = fixture.start(job, at(&format!("2026-01-{day:02}T00:00:00Z")));
            fixture.end(run_id, outcome);
        };
        assert_eq!(latest(), days(None, None));
        run("b", 9, Outcome::Succeeded);
        run("a", 1, Outcome::Skipped);
        assert_eq!(latest(), days(None, Some("01")));
        run("a", 2, Outcome::Failed);
        assert_eq!(latest(), days(Some("02"), None));
        run("a", 3, Outcome::Skipped);
        run("a", 4, Outcome::Skipped);
        assert_eq!(latest(), days(Some("02"), Some("04")));
        fixture.start("a", at("2026-01-05T00:00:00Z"));
        assert_eq!(latest(), days(Some("05"), None), "a run that is going");
    }
}

#[test]
fn the_due_time_of_a_job_is_claimed_once() {
    for fixture in Fixture::of_each_engine() {
        let due_at = Some(at("2026-01-01T02:00:00Z"));
        let claim = |job| Started { due_at, ..started(job, at("2026-01-01T02:00:01Z")) };
        let start = |job| fixture.history.start(&claim(job), &TERMS).expect("no error");
        let claims = |job| matches!(start(job), Start::Recorded(_));
        assert!(claims("a") && claims("b"), "each job has its own due times");
        assert!(matches!(start("a"), Start::HasRun), "the second claim");
    }
}

#[test]
fn old_runs_and_those_beyond_the_number_are_deleted_but_none_that_is_going() {
    for fixture in Fixture::of_each_engine() {
        let going = fixture.start("a", at("2020-01-01T00:00:00Z"));
        for minute in 10..60 {
            let run_id = fixture.start("a", at(&format!("2026-01-01T00:{minute}:00Z")));
            fixture.end(run_id, Outcome::Succeeded);
        }
        let old = fixture.start("b", at("2025-12-01T00:00:00Z"));
        fixture.end(old, Outcome::Succeeded);
        let now = at("2026-01-01T01:00:00Z");
        fixture.history.prune(Some(&"a".into()), now, RETENTION).expect("pruned");
        let left = || -> Vec<String> {
            fixture.list(Filter::default()).into_iter().map(|run| run.id).collect()
        };
        assert_eq!(left().len(), 3 + 1 + 1);
        assert!(left().contains(&going.to_string()) && left().contains(&old.to_string()));
        fixture.history.prune(None, now, RETENTION).expect("pruned");
        assert!(!left().contains(&old.to_string()), "it is too old, whatever became of its job");
    }
}

#[test]
fn what_is_beyond_the_number_goes_as_new_runs_start() {
    for fixture in Fixture::of_each_engine() {
        let terms = Terms { retention: RETENTION, ..TERMS };
        for second in 10..50 {
            let job = if second % 2 == 0 { "even" } else { "odd" };
            let run = started(job, at(&format!("2026-01-01T00:00:{second}Z")));
            let Start::Recorded(fence) = fixture.history.start(&run, &terms).expect("recorded")
            else {
                panic!("nothing is in the way")
            };
            fixture.fences.borrow_mut().extend(fence.map(|fence| (run.run_id, fence)));
            fixture.end(run.run_id, Outcome::Succeeded);
        }
        for job in ["even", "odd"] {
            let of_job = Filter { job: Some(job.to_owned()), limit: 100, ..Filter::default() };
            assert_eq!(fixture.list(of_job).len(), RETENTION.runs_max as usize, "{job}");
        }
    }
}

#[test]
fn the_latest_due_time_of_a_job_stays_however_old() {
    for fixture in Fixture::of_each_engine() {
        for day in ["01", "02"] {
            let at = at(&format!("2020-01-{day}T00:00:00Z"));
            let run = Started { due_at: Some(at), ..started("a", at) };
            fixture.start_run(&run);
            fixture.end(run.run_id, Outcome::Succeeded);
        }
        let now = at("2026-01-01T00:00:00Z");
        fixture.history.prune(Some(&"a".into()), now, RETENTION).expect("pruned");
        let [run] = &fixture.list(Filter::default())[..] else { panic!("one is left") };
        assert_eq!(run.due_at.as_deref(), Some("2020-01-02T00:00:00.000Z"));
        assert_eq!(
            fixture.history.accounted_until("a", "test").expect("read"),
            Some(at("2020-01-02T00:00:00Z"))
        );
    }
}

#[test]
fn a_run_whose_file_is_not_locked_any_more_is_lost() {
    for fixture in Fixture::of_each_engine() {
        let liveness = Liveness::new(fixture.directory.path());
        let sweep = || liveness.sweep(&fixture.history, &Clock::System).expect("swept");
        let alive = fixture.start("a", at("2026-01-01T00:00:00Z"));
        let dead = fixture.start("b", at("2026-01-01T00:00:00Z"));
        let alive_lock = liveness.declare(alive).expect("declared");
        drop(liveness.declare(dead).expect("declared"));
        sweep();
        let outcome = |run_id: Uuid| {
            fixture.history.find(&run_id.to_string()).expect("read")[0].outcome.clone()
        };
        assert_eq!((outcome(alive), outcome(dead).as_deref()), (None, Some("lost")));
        fixture.end(alive, Outcome::Succeeded);
        alive_lock.remove().expect("removed");
        sweep();
        assert_eq!(outcome(alive).as_deref(), Some("succeeded"));
    }
}

#[test]
fn files_of_runs_in_another_database_are_left_alone() {
    for fixture in Fixture::of_each_engine() {
        let liveness = Liveness::new(fixture.directory.path());
        let elsewhere = Uuid::now_v7();
        drop(liveness.declare(elsewhere).expect("declared"));
        liveness.sweep(&fixture.history, &Clock::System).expect("swept");
        assert!(fixture.directory.path().join(format!("runs/{elsewhere}.lock")).exists());
    }
}

#[test]
fn failures_in_a_row_end_with_the_last_success() {
    for fixture in Fixture::of_each_engine() {
        let failures = || fixture.history.failures_in_a_row("a", None).expect("read");
        let minute = std::cell::Cell::new(10);
        let ends = |outcome| {
            minute.set(minute.get() + 1);
            let at = at(&format!("2026-01-01T00:{}:00Z", minute.get()));
            fixture.end(fixture.start("a", at), outcome);
            failures()
        };
        assert_eq!(failures(), 0);
        assert_eq!(ends(Outcome::Failed), 1);
        assert_eq!(ends(Outcome::Cancelled), 1);
        assert_eq!(ends(Outcome::TimedOut), 2);
        assert_eq!(ends(Outcome::Succeeded), 0);
        let success = fixture.history.last_success("a", None).expect("read");
        assert!(success.is_some());
        assert_eq!(ends(Outcome::Stuck), 1);
        fixture.start("b", at("2026-01-01T00:59:00Z"));
        assert_eq!(failures(), 1, "the runs of others");
        let failed = fixture.start("a", at("2026-01-01T00:50:00Z"));
        fixture.end(failed, Outcome::Failed);
        fixture.end(fixture.start("a", at("2026-01-01T00:51:00Z")), Outcome::Succeeded);
        let up_to_it = fixture.history.failures_in_a_row("a", Some(failed)).expect("read");
        assert_eq!((up_to_it, failures()), (2, 0));
    }
}

#[test]
fn what_is_left_out_is_recorded_unless_it_had_a_run() {
    for fixture in Fixture::of_each_engine() {
        let due = |minute: u8| at(&format!("2026-01-01T00:{minute:02}:00Z"));
        fixture.start_run(&Started { due_at: Some(due(1)), ..started("a", due(1)) });
        let left_out = |minute| LeftOut {
            run_id: Uuid::now_v7(),
            job: "a".into(),
            due_at: due(minute),
            noticed_at: due(3),
            why: "missed".to_owned(),
        };
        let rows = [left_out(1), left_out(2)];
        fixture.history.record_left_out(&rows, "test").expect("recorded");
        let outcomes: Vec<Option<String>> =
            fixture.list(Filter::default()).into_iter().map(|run| run.outcome).collect();
        assert_eq!(outcomes, [Some("skipped".to_owned()), None]);
        assert!(fixture.history.has_run("a", due(2)).expect("read"));
        assert!(!fixture.history.has_run("a", due(3)).expect("read"));
        assert_eq!(fixture.history.accounted_until("a", "test").expect("read"), Some(due(2)));
    }
}
