use uuid::Uuid;

use super::super::{Filter, History, Retention, Run, Trigger};
use super::*;
use crate::clock::{Clock, Timestamp};
use crate::database::{Database, shared_postgres};
use crate::exit::Exit;
use crate::outcome::Outcome;

const MINUTE: Duration = Duration::from_secs(60);

const TERMS: Terms =
    Terms { shared: false, lease: MINUTE, retention: Retention { age_max: MINUTE, runs_max: 100 } };

struct Fixture {
    database: Database,
    history: History,
}

impl Fixture {
    fn new() -> Option<Self> {
        let database = shared_postgres()?;
        let history = History::open(&database).expect("a history");
        Some(Self { database, history })
    }

    fn postgres(&self) -> &Postgres {
        self.database.as_postgres().expect("it is PostgreSQL")
    }

    /// As only a test may.
    fn meddle(&self, statement: &str) {
        let postgres = self.postgres();
        let done = postgres.wait(async {
            postgres
                .pooled()
                .await?
                .batch_execute(statement)
                .await
                .map_err(postgres.error("cannot meddle"))
        });
        done.and_then(|done| done).expect(statement);
    }

    fn lapse(&self) {
        self.meddle("UPDATE leases SET expires_at = now() - interval '1 second'");
    }

    #[track_caller]
    fn starts(&self, run: &Started) -> Fence {
        match self.history.start(run, &TERMS).expect("no error") {
            Start::Recorded(Some(fence)) => fence,
            other => panic!("{other:?}"),
        }
    }

    fn renews(&self, fence: &Fence) -> bool {
        let heart = Heart {
            postgres: self.postgres().clone(),
            fence: fence.clone(),
            duration: MINUTE,
            lost: CancellationToken::new(),
        };
        self.postgres().wait(heart.renew()).and_then(|renewed| renewed).expect("no error")
    }

    fn row(&self, run: &Started) -> Option<Run> {
        self.history.find(&run.run_id.to_string()).expect("read").into_iter().next()
    }

    fn outcome(&self, run: &Started) -> Option<String> {
        self.row(run).expect("a row").outcome
    }
}

fn run(job: &str, due_at: Option<Timestamp>) -> Started {
    Started {
        run_id: Uuid::now_v7(),
        job: job.into(),
        trigger: Trigger::Daemon,
        due_at,
        started_at: Clock::System.now(),
        host: "test".to_owned(),
    }
}

fn end(outcome: Outcome) -> Finished {
    Finished {
        finished_at: Clock::System.now(),
        outcome,
        exit: Exit::Succeeded,
        attempts: 1,
        error: None,
        report: None,
        output: Some("a\0b".to_owned()),
    }
}

fn due(second: u64) -> Option<Timestamp> {
    Some(Timestamp::from_epoch(Duration::from_secs(1_800_000_000 + second)))
}

#[test]
fn of_many_that_try_a_due_time_at_once_one_succeeds() {
    let Some(fixture) = Fixture::new() else { return };
    const HOSTS: usize = 6;
    for second in 0..20 {
        let barrier = std::sync::Barrier::new(HOSTS);
        let claims: Vec<Start> = std::thread::scope(|scope| {
            let hosts: Vec<_> = (0..HOSTS)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        let run = run("job", due(second));
                        let start = fixture.history.start(&run, &TERMS).expect("no error");
                        // So quick a run that others are still trying.
                        if let Start::Recorded(fence) = &start {
                            let end = end(Outcome::Succeeded);
                            let ours = fixture.history.finish(run.run_id, fence.as_ref(), &end);
                            assert!(ours.expect("no error"));
                        }
                        start
                    })
                })
                .collect();
            hosts.into_iter().map(|host| host.join().expect("no panic")).collect()
        });
        let recorded = claims.iter().filter(|claim| matches!(claim, Start::Recorded(_))).count();
        assert_eq!(recorded, 1, "{claims:?}");
        // Who comes later is told so, and not that the job is running.
        let late = fixture.history.start(&run("job", due(second)), &TERMS).expect("no error");
        assert!(matches!(late, Start::HasRun), "{late:?}");
    }
    let runs = fixture.history.list(&Filter { limit: 100, ..Filter::default() }).expect("runs");
    assert_eq!(runs.len(), 20);
    assert!(runs.iter().all(|run| run.outcome.as_deref() == Some("succeeded")), "{runs:?}");
}

#[test]
fn a_job_has_one_run_at_a_time_and_each_a_greater_number() {
    let Some(fixture) = Fixture::new() else { return };
    let (first, second) = (run("a", due(1)), run("a", due(2)));
    let fence = fixture.starts(&first);
    let try_second = || fixture.history.start(&second, &TERMS).expect("no error");
    assert!(matches!(try_second(), Start::Running));
    fixture.starts(&run("b", due(1)));
    assert!(
        fixture.history.finish(first.run_id, Some(&fence), &end(Outcome::Failed)).expect("ours")
    );
    let Start::Recorded(Some(later)) = try_second() else { panic!("it is free") };
    assert!(later.number > fence.number);
}

#[test]
fn what_is_not_renewed_is_taken_over_and_fenced_off() {
    let Some(fixture) = Fixture::new() else { return };
    let (silent, next) = (run("a", due(1)), run("a", due(2)));
    let fence = fixture.starts(&silent);
    fixture.lapse();
    let taken = fixture.starts(&next);
    assert!(taken.number > fence.number);
    assert_eq!(fixture.outcome(&silent).as_deref(), Some("lost"));
    // The silent one wakes.
    let ours = fixture.history.finish(silent.run_id, Some(&fence), &end(Outcome::Succeeded));
    assert!(!ours.expect("no error"), "it wrote under its old number");
    assert_eq!(fixture.outcome(&silent).as_deref(), Some("lost"));
    assert_eq!(fixture.outcome(&next), None);
    let ours = fixture.history.finish(next.run_id, Some(&taken), &end(Outcome::Succeeded));
    assert!(ours.expect("no error"));
    let row = fixture.row(&next).expect("a row");
    assert_eq!(
        (row.outcome.as_deref(), row.output.as_deref()),
        (Some("succeeded"), Some("a\u{fffd}b"))
    );
}

#[test]
fn a_lease_that_lapsed_and_that_nobody_took_can_be_renewed() {
    let Some(fixture) = Fixture::new() else { return };
    let run = run("a", None);
    let fence = fixture.starts(&run);
    fixture.lapse();
    assert!(fixture.renews(&fence));
    fixture.history.sweep_leases(Clock::System.now()).expect("swept");
    assert_eq!(fixture.outcome(&run), None, "it is alive");
    // A reader has found it lost: it is to stop, also when nobody has taken over.
    fixture.lapse();
    fixture.history.sweep_leases(Clock::System.now()).expect("swept");
    assert_eq!(fixture.outcome(&run).as_deref(), Some("lost"));
    assert!(!fixture.renews(&fence));
}

#[test]
fn a_run_learns_from_its_heartbeats_that_it_lost_its_lease() {
    let Some(fixture) = Fixture::new() else { return };
    let run = run("a", None);
    let fence = fixture.starts(&run);
    let lease = fixture.history.keep(&fence, Duration::from_millis(30)).expect("kept");
    fixture.meddle("UPDATE leases SET owner = 'another', fence = fence + 1");
    fixture.postgres().wait(lease.lost.cancelled()).expect("it learns it");
}

#[test]
fn a_claim_whose_answer_was_lost_can_be_made_again_and_so_can_an_end() {
    let Some(fixture) = Fixture::new() else { return };
    for due_at in [None, due(1)] {
        let run = run("a", due_at);
        let fence = fixture.starts(&run);
        assert_eq!(fixture.starts(&run).number, fence.number, "the same lease");
        let end = end(Outcome::Succeeded);
        for _ in 0..2 {
            let ours = fixture.history.finish(run.run_id, Some(&fence), &end);
            assert!(ours.expect("no error"));
        }
    }
}

#[test]
fn runs_that_may_overlap_go_side_by_side_but_not_beside_one_that_may_not() {
    let Some(fixture) = Fixture::new() else { return };
    let shared = Terms { shared: true, ..TERMS };
    let start = |terms: &Terms| {
        let run = run("a", None);
        let start = fixture.history.start(&run, terms).expect("no error");
        (run, start)
    };
    let (one, Start::Recorded(Some(first))) = start(&shared) else { panic!("it is free") };
    let (other, Start::Recorded(Some(second))) = start(&shared) else { panic!("it may") };
    assert!(second.number > first.number);
    assert!(matches!(start(&TERMS).1, Start::Running));
    for (run, fence) in [(&one, &first), (&other, &second)] {
        let ours = fixture.history.finish(run.run_id, Some(fence), &end(Outcome::Succeeded));
        assert!(ours.expect("no error"));
    }
    assert!(matches!(start(&TERMS).1, Start::Recorded(_)));
    assert!(matches!(start(&shared).1, Start::Running));
}

#[test]
fn the_job_of_a_dead_run_is_free_once_its_host_says_so() {
    let Some(fixture) = Fixture::new() else { return };
    let dead = run("a", None);
    fixture.starts(&dead);
    let marked = fixture.history.mark_lost(&dead.run_id.to_string(), Clock::System.now());
    assert_eq!(marked.expect("no error"), Some(true));
    let next = run("a", None);
    let start = fixture.history.start(&next, &TERMS).expect("no error");
    assert!(matches!(start, Start::Running), "its command may still be going");
    fixture.history.free_lost(dead.run_id).expect("freed");
    fixture.starts(&next);
}

#[test]
fn a_write_is_guarded_by_the_fence_until_its_transaction_ends() {
    let Some(fixture) = Fixture::new() else { return };
    let fence = fixture.starts(&run("a", None));
    let postgres = fixture.postgres();
    let holds = |fence: &Fence| {
        let held = postgres.wait(async {
            let client = postgres.connect().await?;
            fence.holds(&client).await.map_err(postgres.error("cannot look"))
        });
        held.and_then(|held| held).expect("no error")
    };
    assert!(holds(&fence));
    fixture.lapse();
    fixture.starts(&run("a", None));
    assert!(!holds(&fence));
}

#[test]
fn a_run_that_is_stuck_keeps_its_job_until_its_task_has_ended() {
    let Some(fixture) = Fixture::new() else { return };
    let (stuck, next) = (run("a", None), run("a", None));
    let fence = fixture.starts(&stuck);
    let lease = fixture.history.keep(&fence, MINUTE).expect("kept");
    assert!(
        fixture.history.finish(stuck.run_id, Some(&fence), &end(Outcome::Stuck)).expect("ours")
    );
    assert!(fixture.renews(&fence), "its task goes on");
    let next_starts = || fixture.history.start(&next, &TERMS).expect("no error");
    assert!(matches!(next_starts(), Start::Running));
    lease.give_back();
    assert!(matches!(next_starts(), Start::Recorded(_)));
    assert_eq!(fixture.outcome(&stuck).as_deref(), Some("stuck"));
}

#[test]
fn a_lease_that_lapsed_is_not_renewed_beside_runs_that_may_overlap() {
    let Some(fixture) = Fixture::new() else { return };
    let silent = run("a", None);
    let fence = fixture.starts(&silent);
    fixture.lapse();
    let beside = fixture.history.start(&run("a", None), &Terms { shared: true, ..TERMS });
    assert!(matches!(beside.expect("no error"), Start::Recorded(_)));
    assert!(!fixture.renews(&fence));
    let ours = fixture.history.finish(silent.run_id, Some(&fence), &end(Outcome::Succeeded));
    assert!(!ours.expect("no error"));
}
