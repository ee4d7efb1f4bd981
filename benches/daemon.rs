//! Times the daemon's loop beside the schedulers that a user would write a program
//! around in its place: many jobs, all due every second, each recording how late it
//! was started.
//!
//! `cargo bench --bench daemon --features bench` starts every contender as a process
//! of its own, so that its memory and processor time are its own, watches it for
//! some whole seconds, and judges what it recorded. Contenders take turns within
//! each round, so that a busy moment of the machine falls on all of them, and what
//! is compared are ratios within one session.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this program is for"
)]
#![expect(clippy::disallowed_methods, reason = "measuring needs the real clock")]

#[path = "daemon/case.rs"]
mod case;
#[path = "daemon/contender.rs"]
mod contender;
#[path = "daemon/judge.rs"]
mod judge;
#[path = "daemon/load.rs"]
mod load;
#[path = "daemon/observe.rs"]
mod observe;
#[path = "support/peers.rs"]
mod peers;
#[path = "daemon/records.rs"]
mod records;
#[path = "daemon/results.rs"]
mod results;
mod support;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use case::{Case, Measured};
use contender::{Contender, Due, Mode, Peer};
use judge::Window;
use load::Timer;
use observe::Plan;
use results::Results;
use support::{measure, table, target_dir};

/// How long jobs run before they are looked at.
const WARM_UP: Duration = Duration::from_secs(2);

/// The same for jobs that are not due: threads that have nothing to do leave after
/// ten seconds.
const SETTLE: Duration = Duration::from_secs(15);

/// Times the daemon's loop beside other schedulers.
#[derive(Parser)]
struct Options {
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "load,history,idle,timer")]
    parts: Vec<Part>,
    /// Who takes part.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "tokio-cron-scheduler,apscheduler,croner,node-cron"
    )]
    peers: Vec<Peer>,
    /// Jobs of everyone.
    #[arg(long, default_value_t = 10_000)]
    jobs: u32,
    /// Jobs of punctual alone.
    #[arg(long, default_value_t = 100_000)]
    many: u32,
    /// Jobs with history, tried in this order as long as it keeps up.
    #[arg(
        long,
        value_delimiter = ',',
        default_values_t = [500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 15_000, 20_000]
    )]
    history: Vec<u32>,
    /// Rounds of load, of which the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of load that are judged.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=128))]
    seconds: u32,
    /// Seconds of idling, and half of those of one job beside bare timers.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=64))]
    calm_seconds: u32,
    /// punctual's limit of runs that are going at once: the default of its daemon.
    #[arg(long, default_value_t = 1000)]
    max_running: u32,
    /// Given by `cargo bench`, and not by `cargo test`, which only wants to see
    /// that this program starts.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// All jobs due every second, nothing recorded but their starts.
    Load,
    /// The same with every run in the history.
    History,
    /// No job due.
    Idle,
    /// One job due every second, beside bare timers.
    Timer,
}

/// What this program starts itself for.
#[derive(Subcommand)]
#[command(hide = true)]
enum Role {
    Punctual(load::Punctual),
    Bare(load::Bare),
    Judge { records: PathBuf, jobs: u32, from: u64, seconds: u32 },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.role {
        Some(Role::Punctual(punctual)) => punctual.run().map(|()| true),
        Some(Role::Bare(bare)) => bare.run().map(|()| true),
        Some(Role::Judge { records, jobs, from, seconds }) => {
            judge::judge(&records, jobs, Window { from, seconds }).map(|starts| {
                println!("{starts}");
                true
            })
        }
        None if options.bench => compare(&options),
        None => {
            println!("nothing measured: start this with cargo bench --bench daemon");
            Ok(true)
        }
    };
    support::exit(done)
}

/// The whole session. Says whether every contender could be measured; whether the
/// aims were met is for the reader to see.
fn compare(options: &Options) -> io::Result<bool> {
    peers::describe_machine();
    options.peers.iter().for_each(|peer| println!("- {}", peer.version()));
    let dir = target_dir().join(format!("bench-runs/{}", std::process::id()));
    let mut session = Session { options, dir: &dir, results: Results::default() };
    let mut parts = options.parts.clone();
    parts.dedup();
    for part in parts {
        match part {
            Part::Load => session.load(),
            Part::History => session.history(),
            Part::Idle => session.idle(),
            Part::Timer => session.timer(),
        }
    }
    println!("\n### Aims\n\n{}", session.results.aims(options.jobs, options.many));
    println!(
        "A peak below {:.1} MB, that of the measuring program, cannot be seen.",
        table::megabytes(measure::own_peak())
    );
    let failed = session.results.any_failed();
    std::fs::remove_dir_all(&dir)?;
    Ok(!failed)
}

struct Session<'a> {
    options: &'a Options,
    dir: &'a Path,
    results: Results,
}

impl Session<'_> {
    fn load(&mut self) {
        let &Options { jobs, many, seconds, .. } = self.options;
        let due = Due::EverySecond;
        let mut cases = vec![
            Case { contender: Contender::Punctual(Mode::Loop), jobs, due },
            Case { contender: Contender::Punctual(Mode::Reworded), jobs, due },
        ];
        cases.extend(self.peers(due));
        cases.push(Case { contender: Contender::Punctual(Mode::Loop), jobs: many, due });
        let plan = Plan { warm_up: WARM_UP, seconds };
        for round in 0..self.options.rounds {
            // With another one in front every time, so that none always works right
            // after the same other.
            let first = round as usize % cases.len();
            for &case in cases.iter().cycle().skip(first).take(cases.len()) {
                self.measure(case, plan);
            }
        }
        println!("\n### All jobs due every second\n\n{}", self.results.lateness(&cases));
    }

    /// Goes up as long as it keeps up.
    fn history(&mut self) {
        let contender = Contender::Punctual(Mode::History);
        let plan = Plan { warm_up: WARM_UP, seconds: self.options.seconds };
        let mut cases = Vec::new();
        for &jobs in &self.options.history {
            let case = Case { contender, jobs, due: Due::EverySecond };
            cases.push(case);
            let measured = self.measure(case, plan);
            if measured.is_none_or(|measured| measured.lost() + measured.doubled() > 0) {
                break;
            }
            self.results.kept_up_with = Some(jobs);
        }
        println!(
            "\n### The same with every run in the history\n\n{}",
            self.results.lateness(&cases)
        );
    }

    fn idle(&mut self) {
        let &Options { jobs, many, calm_seconds, .. } = self.options;
        let due = Due::Later;
        let mut cases = vec![Case { contender: Contender::Punctual(Mode::History), jobs, due }];
        cases.extend(self.peers(due));
        for &case in &cases {
            self.measure(case, Plan { warm_up: SETTLE, seconds: calm_seconds });
        }
        for mode in [Mode::Loop, Mode::History] {
            let case = Case { contender: Contender::Punctual(mode), jobs: many, due };
            cases.push(case);
            self.measure(case, Plan { warm_up: Duration::ZERO, seconds: 0 });
        }
        println!("\n### No job due for an hour\n\n{}", self.results.idleness(&cases));
    }

    /// All at once, so that a busy moment of the machine falls on all of them.
    fn timer(&mut self) {
        let contenders = [
            Contender::Punctual(Mode::Loop),
            Contender::Punctual(Mode::History),
            Contender::Bare(Timer::Tokio),
            Contender::Bare(Timer::Kernel),
        ];
        let cases = contenders.map(|contender| Case { contender, jobs: 1, due: Due::EverySecond });
        let plan = Plan { warm_up: WARM_UP, seconds: 2 * self.options.calm_seconds };
        let (dir, max_running) = (self.dir, self.options.max_running);
        let measured = thread::scope(|scope| {
            let threads =
                cases.map(|case| scope.spawn(move || case.measure(dir, plan, max_running)));
            threads.map(|thread| thread.join().unwrap_or_else(|_| Err("panicked".to_owned())))
        });
        for (case, measured) in cases.into_iter().zip(measured) {
            self.take(case, measured);
        }
        println!("\n### One job due every second\n\n{}", self.results.lateness(&cases));
    }

    fn peers(&self, due: Due) -> impl Iterator<Item = Case> {
        let jobs = self.options.jobs;
        let peers = self.options.peers.clone();
        peers.into_iter().map(move |peer| Case { contender: Contender::Peer(peer), jobs, due })
    }

    fn measure(&mut self, case: Case, plan: Plan) -> Option<Measured> {
        let measured = case.measure(self.dir, plan, self.options.max_running);
        self.take(case, measured)
    }

    /// Keeps what was measured, and tells a waiting person.
    fn take(&mut self, case: Case, measured: Result<Measured, String>) -> Option<Measured> {
        let (name, jobs) = (case.contender.name(), case.jobs);
        match &measured {
            Ok(Measured { seen, starts, .. }) => {
                let (ready, measure::Cost { wall, cpu, .. }) = (seen.ready, seen.whole);
                eprintln!(
                    "{name}, {jobs} jobs: {starts:?}, ready in {ready:.2?}, over in {wall:.1?} \
                     with {cpu:.2?} of CPU"
                );
            }
            Err(error) => eprintln!("{name}, {jobs} jobs: {error}"),
        }
        let kept = measured.as_ref().ok().copied();
        self.results.push(case, measured);
        kept
    }
}
