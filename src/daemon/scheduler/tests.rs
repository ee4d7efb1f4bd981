//! The scheduler against a world in which everything may happen: a year passes in seconds.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::*;
use crate::jobs::CATALOG;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// 2026-01-01T00:00:00Z.
fn new_year() -> Timestamp {
    Timestamp::from_epoch(Duration::from_secs(1_767_225_600))
}

/// What became of a due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Ran,
    CaughtUp,
    Skipped,
    Missed,
}

/// A machine with a daemon, and the history that outlives it.
struct World {
    rng: Rng,
    specs: Vec<JobSpec>,
    running_max: u32,
    wall: Timestamp,
    instant: Instant,
    /// The latest time that the wall clock ever showed, and when each job was first seen.
    wall_max: Timestamp,
    seen_at: Timestamp,
    scheduler: Scheduler,
    names: BTreeMap<u32, Arc<str>>,
    /// Ends of the runs that are going.
    runs: BinaryHeap<Reverse<(Instant, JobId)>>,
    /// The claims: per job and due time, what its row says.
    claims: HashMap<Arc<str>, BTreeMap<Timestamp, Fate>>,
    missed: Vec<(Arc<str>, Missed)>,
    /// How long a run takes.
    takes: fn(&mut Rng) -> Duration,
    overlapping_max: BTreeMap<Arc<str>, u32>,
    going: HashMap<JobId, u32>,
    /// What this daemon has started on time, or late.
    started: std::collections::HashSet<(JobId, Timestamp)>,
}

impl World {
    fn new(specs: Vec<JobSpec>, running_max: u32, seed: u64) -> Self {
        let (wall, instant) = (new_year(), Instant::now());
        let mut world = Self {
            rng: Rng::with_seed(seed),
            specs,
            running_max,
            wall,
            instant,
            wall_max: wall,
            seen_at: wall,
            scheduler: Scheduler::new(running_max, wall, instant, Rng::with_seed(seed)),
            names: BTreeMap::new(),
            runs: BinaryHeap::new(),
            claims: HashMap::new(),
            missed: Vec::new(),
            takes: |_| Duration::ZERO,
            overlapping_max: BTreeMap::new(),
            going: HashMap::new(),
            started: std::collections::HashSet::new(),
        };
        world.start_daemon();
        world
    }

    /// Another daemon, that knows only what the history does.
    fn start_daemon(&mut self) {
        self.runs.clear();
        self.going.clear();
        self.started.clear();
        let random = Rng::with_seed(self.rng.u64(..));
        self.scheduler = Scheduler::new(self.running_max, self.wall, self.instant, random);
        let jobs = self.specs.iter().map(|spec| {
            let latest = self.claims.get(&spec.name).and_then(|claims| claims.keys().last());
            let accounted_until = Some(latest.copied().unwrap_or(self.seen_at).max(self.seen_at));
            (spec.clone(), JobPast { accounted_until, paused: false })
        });
        let mut actions = Vec::new();
        self.scheduler.set_jobs(jobs.collect(), &mut actions);
        self.names =
            self.scheduler.states().map(|(id, state)| (id.0, state.spec.name.clone())).collect();
        self.perform(actions);
    }

    fn pass(&mut self, time: Duration) {
        self.instant += time;
        self.set_wall(self.wall.plus(time));
    }

    fn set_wall(&mut self, wall: Timestamp) {
        self.wall = wall;
        self.wall_max = self.wall_max.max(wall);
    }

    fn tick(&mut self) {
        let mut actions = Vec::new();
        self.scheduler.tick(self.wall, self.instant, &mut actions);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Start(id, start) => self.begin(id, start),
                Action::Skip(id, due_at, _) => {
                    let claims = self.claims_of(id);
                    claims.entry(due_at).or_insert(Fate::Skipped);
                }
                Action::Missed(id, missed) => {
                    self.claims_of(id).entry(missed.last).or_insert(Fate::Missed);
                    self.missed.push((self.names[&id.0].clone(), missed));
                }
            }
        }
    }

    fn claims_of(&mut self, id: JobId) -> &mut BTreeMap<Timestamp, Fate> {
        self.claims.entry(self.names[&id.0].clone()).or_default()
    }

    fn begin(&mut self, id: JobId, start: Start) {
        let fate = match start.trigger {
            Trigger::CatchUp => Fate::CaughtUp,
            _ => Fate::Ran,
        };
        if let (Trigger::Daemon, Some(due_at)) = (start.trigger, start.due_at) {
            assert!(self.started.insert((id, due_at)), "{due_at} twice, claims or not");
        }
        let claims = self.claims_of(id);
        let claimed = start.due_at.is_none_or(|due_at| {
            let free = !claims.contains_key(&due_at);
            claims.entry(due_at).or_insert(fate);
            free
        });
        let takes = if claimed { (self.takes)(&mut self.rng) } else { Duration::ZERO };
        let going = self.going.entry(id).or_default();
        *going += 1;
        let most = self.overlapping_max.entry(self.names[&id.0].clone()).or_default();
        *most = (*most).max(*going);
        self.runs.push(Reverse((self.instant + takes, id)));
        assert!(self.runs.len() <= self.running_max as usize);
    }

    /// Lives until the wall clock reads `end`, or `steps` things have happened.
    fn live(&mut self, end: Timestamp, steps: usize) {
        for _ in 0..steps {
            let run_end = self.runs.peek().map(|Reverse((instant, _))| *instant);
            let to_run_end = run_end.map(|instant| instant - self.instant);
            let to_wake = self.scheduler.wake_at().map(|at| at.since(self.wall));
            let to_end = end.since(self.wall);
            let next = to_run_end.into_iter().chain(to_wake).chain([to_end]).min();
            self.pass(next.unwrap_or(to_end));
            while let Some(&Reverse((instant, id))) = self.runs.peek()
                && instant <= self.instant
            {
                self.runs.pop();
                *self.going.get_mut(&id).expect("it was going") -= 1;
                let mut actions = Vec::new();
                self.scheduler.ended(id, &mut actions);
                self.perform(actions);
            }
            self.tick();
            if self.wall >= end {
                return;
            }
        }
    }

    /// Checks that each due time since the job was seen has a fate, and returns how many have
    /// which: ran, caught up, skipped, missed. `to` leaves out what may still be waiting.
    fn fates(&self, spec: &JobSpec, to: Timestamp) -> [u64; 4] {
        let mut counts = [0; 4];
        let empty = BTreeMap::new();
        let claims = self.claims.get(&spec.name).unwrap_or(&empty);
        let mut ranges: Vec<(Timestamp, Timestamp)> = self
            .missed
            .iter()
            .filter(|(name, _)| *name == spec.name)
            .map(|(_, missed)| (missed.first, missed.last))
            .collect();
        ranges.sort_unstable();
        let mut due_times = 0;
        let mut due = self.seen_at;
        while let Some(next) = spec.schedule.next_after(due).filter(|next| *next <= to) {
            due = next;
            due_times += 1;
            let fate = claims.get(&due).copied().unwrap_or_else(|| {
                let missed = ranges.iter().any(|(first, last)| (*first..=*last).contains(&due));
                assert!(missed, "{} at {due} has no fate", spec.schedule.text());
                Fate::Missed
            });
            counts[fate as usize] += 1;
        }
        assert_eq!(counts.iter().sum::<u64>(), due_times);
        counts
    }
}

fn spec(name: &str, schedule: &str) -> JobSpec {
    let schedule = Schedule::parse(schedule).expect("a schedule");
    JobSpec {
        name: name.into(),
        catch_up: schedule.is_hourly_or_rarer(),
        schedule,
        overlap: Overlap::Skip,
        jitter: Duration::ZERO,
    }
}

/// A schedule that comes due between once a minute and once a year, of every kind.
fn random_schedule(rng: &mut Rng) -> String {
    let field = |rng: &mut Rng, low: u32, high: u32| match rng.u32(0..4) {
        0 => "*".to_owned(),
        1 => format!("*/{}", rng.u32(2..8)),
        2 => {
            let from = rng.u32(low..=high);
            format!("{from}-{}", rng.u32(from..=high))
        }
        _ => format!("{},{}", rng.u32(low..=high), rng.u32(low..=high)),
    };
    match rng.u32(0..10) {
        0 => format!("every {}m", rng.u32(7..5000)),
        1 => ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"][rng.usize(0..5)].to_owned(),
        _ => {
            let (minute, hour) = (rng.u32(0..60), field(rng, 0, 23));
            let (day, month) = (field(rng, 1, 28), field(rng, 1, 12));
            format!("{minute} {hour} {day} {month} {}", field(rng, 0, 6))
        }
    }
}

fn random_specs(rng: &mut Rng, count: usize) -> Vec<JobSpec> {
    (0..count)
        .map(|index| {
            let mut spec = spec(&format!("job-{index}"), &random_schedule(rng));
            spec.overlap = [Overlap::Skip, Overlap::Wait, Overlap::Allow][rng.usize(0..3)];
            spec.catch_up ^= rng.u32(0..4) == 0;
            if rng.u32(0..3) == 0 {
                spec.jitter = Duration::from_secs(rng.u64(1..1800));
            }
            spec
        })
        .collect()
}

/// Mostly short, sometimes longer than the period of the job.
fn slow_runs(rng: &mut Rng) -> Duration {
    match rng.u32(0..50) {
        0 => Duration::from_secs(rng.u64(0..4 * 3600)),
        _ => Duration::from_millis(rng.u64(0..5000)),
    }
}

#[test]
fn a_quiet_year_of_the_catalog_runs_every_due_time() {
    let specs: Vec<JobSpec> =
        CATALOG.iter().map(|entry| spec(entry.name, entry.schedule)).collect();
    let mut world = World::new(specs.clone(), 10, 1);
    let end = new_year().plus(365 * DAY);
    world.live(end, usize::MAX);
    for spec in &specs {
        let [ran, caught_up, skipped, missed] = world.fates(spec, end);
        let expected = spec.schedule.count_between(new_year(), end, u64::MAX);
        assert_eq!([ran, caught_up, skipped, missed], [expected, 0, 0, 0], "{}", spec.name);
        assert!(ran >= 52);
    }
}

#[test]
fn a_year_of_a_thousand_schedules_with_slow_runs_gives_every_due_time_one_fate() {
    let mut rng = Rng::with_seed(2);
    let specs = random_specs(&mut rng, 1000);
    let mut world = World::new(specs.clone(), 20, 3);
    world.takes = slow_runs;
    let end = new_year().plus(365 * DAY);
    world.live(end, usize::MAX);
    let settled = end.minus(DAY);
    let mut all = [0; 4];
    for spec in &specs {
        let fates = world.fates(spec, settled);
        all.iter_mut().zip(fates).for_each(|(all, fate)| *all += fate);
        if spec.overlap != Overlap::Allow {
            assert!(world.overlapping_max.get(&spec.name).is_none_or(|most| *most == 1));
        }
    }
    let [ran, caught_up, skipped, missed] = all;
    assert!(ran > 100_000 && skipped > 100, "{all:?}");
    assert_eq!((caught_up, missed), (0, 0));
}

/// Everything at once: steps of the clock, suspends, stops of the process, restarts.
fn trouble(world: &mut World) {
    match world.rng.u32(0..6) {
        0 => {
            let forward = Duration::from_secs(world.rng.u64(1..50 * 3600));
            world.set_wall(world.wall.plus(forward));
        }
        1 => {
            let back = Duration::from_secs(world.rng.u64(1..10 * 3600));
            world.set_wall(world.wall.minus(back));
        }
        2 => {
            let asleep = Duration::from_secs(world.rng.u64(1..20 * 3600));
            world.set_wall(world.wall.plus(asleep));
        }
        3 => {
            let held_up = Duration::from_secs(world.rng.u64(1..3600));
            world.pass(held_up);
        }
        _ => {
            let down = Duration::from_secs(world.rng.u64(0..30 * 3600));
            world.pass(down);
            world.start_daemon();
        }
    }
    world.tick();
}

#[test]
fn a_year_of_a_thousand_schedules_with_trouble_gives_every_due_time_one_fate() {
    let mut rng = Rng::with_seed(4);
    let specs = random_specs(&mut rng, 1000);
    let mut world = World::new(specs.clone(), 50, 5);
    world.takes = slow_runs;
    let end = new_year().plus(365 * DAY);
    while world.wall < end {
        let until = world.wall.plus(Duration::from_secs(rng.u64(60..10 * 24 * 3600)));
        world.live(until.min(end), usize::MAX);
        trouble(&mut world);
    }
    // Back to the latest time that the clock ever showed, and a day on, so that all is settled.
    let end = world.wall_max.plus(DAY);
    world.live(end, usize::MAX);
    let mut all = [0; 4];
    for spec in &specs {
        let fates = world.fates(spec, end.minus(DAY));
        all.iter_mut().zip(fates).for_each(|(all, fate)| *all += fate);
    }
    assert!(all.iter().all(|count| *count > 100), "{all:?}");
}

/// One job and what became of it after a story.
fn story(schedule: &str, change: impl Fn(&mut JobSpec), tell: impl Fn(&mut World)) -> World {
    let mut spec = spec("job", schedule);
    change(&mut spec);
    let mut world = World::new(vec![spec], 10, 7);
    tell(&mut world);
    world
}

fn fates_of_one(world: &World, to: Timestamp) -> [u64; 4] {
    world.fates(&world.specs[0], to)
}

#[test]
fn missed_due_times_are_caught_up_once_if_the_job_says_so() {
    for (catch_up, expected) in [(true, [2, 1, 0, 2]), (false, [2, 0, 0, 3])] {
        let end = new_year().plus(5 * HOUR + MINUTE);
        let world = story(
            "@hourly",
            |spec| spec.catch_up = catch_up,
            |world| {
                world.live(new_year().plus(HOUR + MINUTE), usize::MAX);
                // Asleep over three due times.
                world.set_wall(new_year().plus(4 * HOUR + MINUTE));
                world.live(end, usize::MAX);
            },
        );
        assert_eq!(fates_of_one(&world, end), expected);
    }
}

#[test]
fn a_daemon_that_was_away_finds_what_it_missed_in_the_history() {
    let end = new_year().plus(5 * HOUR + MINUTE);
    let world = story(
        "@hourly",
        |_| {},
        |world| {
            world.live(new_year().plus(HOUR + MINUTE), usize::MAX);
            world.pass(3 * HOUR);
            world.start_daemon();
            world.live(end, usize::MAX);
        },
    );
    assert_eq!(fates_of_one(&world, end), [2, 1, 0, 2]);
    assert_eq!(world.missed[0].1.reason, MissedReason::NotRunning);
    assert_eq!(world.missed[0].1.count, 2);
}

#[test]
fn a_clock_that_is_set_back_runs_nothing_twice() {
    let end = new_year().plus(3 * HOUR + MINUTE);
    let world = story(
        "every 10m",
        |_| {},
        |world| {
            world.live(new_year().plus(2 * HOUR), usize::MAX);
            world.set_wall(new_year().plus(HOUR));
            world.tick();
            world.live(end, usize::MAX);
        },
    );
    assert_eq!(fates_of_one(&world, end), [18, 0, 0, 0]);
}

#[test]
fn a_clock_that_was_wrong_for_a_minute_does_not_silence_a_job() {
    let end = new_year().plus(2 * HOUR);
    let world = story(
        "every 10m",
        |_| {},
        |world| {
            world.live(new_year().plus(HOUR), usize::MAX);
            world.set_wall(new_year().plus(300 * DAY));
            world.tick();
            world.live(new_year().plus(300 * DAY + MINUTE), usize::MAX);
            world.set_wall(new_year().plus(HOUR + MINUTE));
            world.tick();
            world.live(end, usize::MAX);
        },
    );
    assert_eq!(fates_of_one(&world, end), [12, 0, 0, 0]);
}

#[test]
fn a_daemon_that_is_held_up_makes_good_what_is_not_too_old() {
    let end = new_year().plus(HOUR);
    let world = story(
        "every 10s",
        |_| {},
        |world| {
            world.live(new_year().plus(MINUTE + SECOND), usize::MAX);
            world.pass(5 * MINUTE);
            world.tick();
            world.live(end, usize::MAX);
        },
    );
    let [ran, caught_up, skipped, missed] = fates_of_one(&world, end);
    // Of the six due times of the last minute one runs, the others overlap with it.
    assert_eq!((caught_up, skipped, missed), (0, 5, 24), "{ran}");
    assert_eq!(ran, 360 - 5 - 24);
}

#[test]
fn a_run_that_waits_is_one_and_the_latest() {
    let end = new_year().plus(10 * MINUTE);
    let world = story(
        "* * * * *",
        |spec| spec.overlap = Overlap::Wait,
        |world| {
            world.takes = |_| 5 * MINUTE + SECOND;
            world.live(end, usize::MAX);
        },
    );
    let claims: Vec<Fate> = world.claims["job"].values().copied().collect();
    use Fate::{Ran, Skipped};
    // The first runs to minute 6, meanwhile 2 to 5 make room for 6, which runs to minute 11.
    assert_eq!(claims, [Ran, Skipped, Skipped, Skipped, Skipped, Ran, Skipped, Skipped, Skipped]);
    assert_eq!(world.overlapping_max["job"], 1);
}

#[test]
fn runs_of_a_job_that_may_overlap_do() {
    let world = story(
        "* * * * *",
        |spec| spec.overlap = Overlap::Allow,
        |world| {
            world.takes = |_| 3 * MINUTE + SECOND;
            world.live(new_year().plus(10 * MINUTE), usize::MAX);
        },
    );
    assert_eq!(world.overlapping_max["job"], 4);
}

#[test]
fn jitter_delays_within_its_limit_and_keeps_the_order() {
    let mut scheduler = Scheduler::new(10, new_year(), Instant::now(), Rng::with_seed(8));
    let mut actions = Vec::new();
    let spec = JobSpec { jitter: 30 * SECOND, ..spec("job", "* * * * *") };
    scheduler.set_jobs(vec![(spec, JobPast::default())], &mut actions);
    let (begin, mut delays) = (Instant::now(), Vec::new());
    for second in 0..3600 {
        let now = new_year().plus(second * SECOND);
        scheduler.tick(now, begin + second * SECOND, &mut actions);
        for action in std::mem::take(&mut actions) {
            let Action::Start(id, start) = action else { panic!("{action:?}") };
            delays.push(now.since(start.due_at.expect("a due time")));
            scheduler.ended(id, &mut Vec::new());
        }
    }
    assert_eq!(delays.len(), 59);
    assert!(delays.iter().all(|delay| *delay <= 30 * SECOND));
    assert!(
        delays.iter().min() < Some(&(5 * SECOND)) && delays.iter().max() > Some(&(25 * SECOND))
    );
}

#[test]
fn a_paused_job_lets_its_due_times_pass_and_says_how_many() {
    let mut world = World::new(vec![spec("job", "@hourly")], 10, 9);
    let id = world.scheduler.find("job").expect("the job");
    let mut actions = Vec::new();
    assert!(world.scheduler.set_paused(id, true, &mut actions));
    assert!(!world.scheduler.set_paused(id, true, &mut actions), "no news");
    world.live(new_year().plus(5 * HOUR + MINUTE), usize::MAX);
    assert!(world.claims.is_empty());
    assert!(world.scheduler.set_paused(id, false, &mut actions));
    let [Action::Missed(_, missed)] = actions[..] else { panic!("{actions:?}") };
    assert_eq!((missed.count, missed.reason), (5, MissedReason::Paused));
    world.perform(actions);
    let end = new_year().plus(7 * HOUR + MINUTE);
    world.live(end, usize::MAX);
    assert_eq!(fates_of_one(&world, end), [2, 0, 0, 5]);
}

#[test]
fn places_are_given_in_the_order_of_asking() {
    let specs = ["a", "b", "c"].map(|name| spec(name, "@hourly")).to_vec();
    let mut world = World::new(specs, 1, 10);
    world.takes = |_| 10 * MINUTE;
    let end = new_year().plus(HOUR + 31 * MINUTE);
    world.live(end, usize::MAX);
    assert_eq!(world.claims.len(), 3, "each had its turn");
    assert_eq!(world.overlapping_max.values().sum::<u32>(), 3);
}

#[test]
fn a_person_may_run_a_job_that_is_free_or_paused_but_not_twice() {
    let mut world = World::new(vec![spec("job", "@yearly")], 10, 11);
    let id = world.scheduler.find("job").expect("the job");
    let mut actions = Vec::new();
    world.scheduler.set_paused(id, true, &mut actions);
    assert_eq!(world.scheduler.trigger(id, &mut actions), Triggered::Started);
    assert_eq!(world.scheduler.trigger(id, &mut actions), Triggered::Running);
    let manual = Start { due_at: None, trigger: Trigger::Manual };
    assert_eq!(actions, [Action::Start(id, manual)]);
    world.scheduler.stop(&mut Vec::new());
    assert_eq!(world.scheduler.trigger(id, &mut actions), Triggered::Stopping);
}

#[test]
fn a_reload_keeps_running_runs_and_forgets_removed_jobs() {
    let mut world = World::new(vec![spec("a", "@hourly"), spec("b", "@hourly")], 10, 12);
    world.takes = |_| 10 * HOUR;
    world.live(new_year().plus(HOUR + MINUTE), usize::MAX);
    assert_eq!(world.scheduler.running, 2);
    let a = world.scheduler.find("a").expect("the job");
    let mut actions = Vec::new();
    let jobs = vec![
        (spec("b", "every 10m"), JobPast::default()),
        (spec("c", "@hourly"), JobPast { accounted_until: Some(new_year()), paused: false }),
    ];
    world.scheduler.set_jobs(jobs, &mut actions);
    assert_eq!(world.scheduler.find("a"), None);
    assert_eq!(world.scheduler.running, 3, "the runs go on, and one catches up");
    let c = world.scheduler.find("c").expect("the new job");
    let due_at = Some(new_year().plus(HOUR));
    assert_eq!(actions, [Action::Start(c, Start { due_at, trigger: Trigger::CatchUp })]);
    world.scheduler.ended(a, &mut actions);
    assert_eq!(world.scheduler.wake_at(), Some(new_year().plus(HOUR + 10 * MINUTE)));
}

#[test]
fn a_stopping_daemon_starts_nothing() {
    let mut world = World::new(vec![spec("job", "@hourly")], 10, 13);
    world.scheduler.stop(&mut Vec::new());
    assert_eq!(world.scheduler.wake_at(), None);
    world.pass(2 * HOUR);
    world.tick();
    assert!(world.claims.is_empty());
}

#[test]
fn while_the_database_is_away_due_times_pass_and_then_one_run_makes_up_for_them() {
    for catch_up in [true, false] {
        let mut world = World::new(vec![JobSpec { catch_up, ..spec("job", "@hourly") }], 10, 14);
        let id = world.scheduler.find("job").expect("the job");
        let hour = |hours: u32| new_year().plus(hours * HOUR);
        let mut actions = Vec::new();
        world.scheduler.tick(hour(1), world.instant + HOUR, &mut actions);
        let start = Start { due_at: Some(hour(1)), trigger: Trigger::Daemon };
        assert_eq!(std::mem::take(&mut actions), [Action::Start(id, start)]);
        assert!(world.scheduler.database_away());
        world.scheduler.unclaimed(id, hour(1));
        world.scheduler.ended(id, &mut actions);
        assert!(!world.scheduler.database_away(), "no news");
        for hours in 2..=4 {
            world.scheduler.tick(hour(hours), world.instant + hours * HOUR, &mut actions);
        }
        assert_eq!(actions, [], "nothing starts");
        let manual = world.scheduler.trigger(id, &mut actions);
        assert_eq!(manual, Triggered::Started, "what a person wants does");
        world.scheduler.ended(id, &mut actions);
        actions.clear();
        world.scheduler.database_back(&mut actions);
        let reason = MissedReason::DatabaseAway;
        let missed = |count, last, before_last| {
            let before_last = Some(hour(before_last)).filter(|_| !catch_up);
            Missed { count, first: hour(1), last: hour(last), before_last, reason }
        };
        let start = Start { due_at: Some(hour(4)), trigger: Trigger::CatchUp };
        match catch_up {
            true => {
                assert_eq!(
                    actions,
                    [Action::Missed(id, missed(3, 3, 2)), Action::Start(id, start)]
                );
            }
            false => assert_eq!(actions, [Action::Missed(id, missed(4, 4, 3))]),
        }
    }
}

#[test]
fn due_times_that_wait_or_are_delayed_when_the_database_goes_away_pass_too() {
    let waits = JobSpec { overlap: Overlap::Wait, ..spec("waits", "@hourly") };
    let delayed = JobSpec { jitter: 30 * MINUTE, ..spec("delayed", "30 1 * * *") };
    let mut world = World::new(vec![waits, delayed], 10, 15);
    world.takes = |_| 90 * MINUTE;
    world.live(new_year().plus(2 * HOUR - MINUTE), usize::MAX);
    world.live(new_year().plus(2 * HOUR), 1);
    let mut actions = Vec::new();
    world.scheduler.database_away();
    world.live(new_year().plus(2 * HOUR + 45 * MINUTE), usize::MAX);
    world.scheduler.database_back(&mut actions);
    let waits = world.scheduler.find("waits").expect("the job");
    let due_at = Some(new_year().plus(2 * HOUR));
    let start = Start { due_at, trigger: Trigger::CatchUp };
    assert_eq!(actions, [Action::Start(waits, start)]);
}

#[test]
fn a_daemon_that_leaves_while_the_database_is_away_leaves_what_is_caught_up_to_the_next() {
    for (catch_up, expected) in [(true, 2), (false, 3)] {
        let mut world = World::new(vec![JobSpec { catch_up, ..spec("job", "@hourly") }], 10, 16);
        world.scheduler.database_away();
        world.live(new_year().plus(3 * HOUR), usize::MAX);
        let mut actions = Vec::new();
        world.scheduler.stop(&mut actions);
        let [Action::Missed(_, missed)] = actions[..] else { panic!("{actions:?}") };
        assert_eq!(
            (missed.count, missed.last),
            (expected, new_year().plus(expected as u32 * HOUR))
        );
        actions.clear();
        world.scheduler.database_back(&mut actions);
        assert_eq!(actions, []);
    }
}

#[test]
fn a_paused_job_does_not_catch_up_when_the_database_is_back() {
    let mut world = World::new(vec![spec("job", "@hourly")], 10, 17);
    let id = world.scheduler.find("job").expect("the job");
    let mut actions = Vec::new();
    world.scheduler.database_away();
    world.scheduler.set_paused(id, true, &mut actions);
    world.live(new_year().plus(2 * HOUR), usize::MAX);
    world.scheduler.database_back(&mut actions);
    assert_eq!(actions, []);
    world.scheduler.set_paused(id, false, &mut actions);
    let [Action::Missed(_, missed)] = actions[..] else { panic!("{actions:?}") };
    assert_eq!((missed.count, missed.reason), (2, MissedReason::Paused));
}

#[test]
fn a_history_that_is_ahead_of_the_clock_has_missed_nothing_and_comes_due_as_usual() {
    let mut scheduler = Scheduler::new(10, new_year(), Instant::now(), Rng::with_seed(18));
    let mut actions = Vec::new();
    // Another host's clock is ahead by five minutes, and it had those due times: the claims say
    // so when their turn comes here.
    let accounted_until = Some(new_year().plus(5 * MINUTE));
    let past = JobPast { accounted_until, paused: false };
    let job = JobSpec { catch_up: true, ..spec("job", "* * * * *") };
    scheduler.set_jobs(vec![(job, past)], &mut actions);
    assert_eq!(actions, []);
    let (begin, mut due) = (Instant::now(), Vec::new());
    for minute in 0..=7 {
        scheduler.tick(new_year().plus(minute * MINUTE), begin + minute * MINUTE, &mut actions);
        for action in actions.drain(..) {
            let Action::Start(id, start) = action else { panic!("{action:?}") };
            due.extend(start.due_at);
            scheduler.ended(id, &mut Vec::new());
        }
    }
    assert_eq!(due, (1..=7).map(|minute| new_year().plus(minute * MINUTE)).collect::<Vec<_>>());
}

#[test]
fn what_was_missed_is_joined_in_any_order() {
    let minute = |minute: u32| new_year().plus(minute * MINUTE);
    let one = |at| Missed::one(minute(at), MissedReason::DatabaseAway);
    for order in [[1, 2, 5], [5, 1, 2], [2, 5, 1], [1, 5, 2]] {
        let joined = order.map(one).into_iter().fold(None, |all, more| Some(join(all, more)));
        let expected = Missed {
            count: 3,
            first: minute(1),
            last: minute(5),
            before_last: Some(minute(2)),
            reason: MissedReason::DatabaseAway,
        };
        assert_eq!(joined, Some(expected), "{order:?}");
    }
}
