//! Times the frame around a run: `punctual hello`, whole process, with its lock
//! and its row of history, beside the recipe of a crontab (`flock`, `timeout`,
//! `sh`, one `sqlite3` insert) and beside `true`, the least that any process can
//! take.
//!
//! And `punctual exec -- true` beside its recipe, which writes two rows as punctual does; and a
//! daemon with as many commands a second as it is to bear.
//!
//! All take turns, and what is compared are medians within one session.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this program is for"
)]
#![expect(clippy::disallowed_methods, reason = "measuring needs the real clock")]

#[path = "frame/daemon.rs"]
mod daemon;
#[path = "support/program.rs"]
mod program;
mod support;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;

use support::measure::{self, Cost};
use support::table::{self, Table, median, megabytes, seconds};
use support::{peers_dir, target_dir};

const WARM_UP: usize = 10;
/// The aims: punctual's median over the recipe's, and its largest peak.
const RATIO: f64 = 0.4;
const EXEC_RATIO: f64 = 0.6;
const PEAK_MEGABYTES: f64 = 8.0;

/// What punctual keeps of a run, for the recipe to keep as well.
const HISTORY: &str = "CREATE TABLE runs (
    id TEXT PRIMARY KEY, job TEXT NOT NULL, trigger TEXT NOT NULL, due_at TEXT, started_at TEXT NOT NULL,
    finished_at TEXT, outcome TEXT, exit_code INTEGER, attempts INTEGER, host TEXT, pid INTEGER,
    version TEXT, error TEXT, report TEXT, output TEXT)";

/// Times the frame around a run beside its shell recipe.
#[derive(Parser)]
struct Options {
    /// Runs of each.
    #[arg(long, default_value_t = 200)]
    runs: usize,
    /// Command jobs of the daemon, each due every second.
    #[arg(long, default_value_t = 200)]
    commands: u64,
    /// For how many seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The program to measure in place of the one that cargo built.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_punctual"))]
    punctual: PathBuf,
    /// Given by `cargo bench`, and not by `cargo test`, which only wants to see
    /// that this program starts.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A command that is run again and again, and what its runs took.
struct Contender {
    name: &'static str,
    command: Command,
    costs: Vec<Cost>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.bench {
        println!("nothing measured: start this with cargo bench --bench frame");
        return ExitCode::SUCCESS;
    }
    support::exit(compare(&options).map(|()| true))
}

fn compare(options: &Options) -> io::Result<()> {
    let dir = target_dir().join(format!("bench-runs/{}", std::process::id()));
    let punctual = program::install(&options.punctual, &dir)?;
    let mut contenders = contenders(options, &punctual, &dir)?;
    for round in 0..WARM_UP + options.runs {
        for contender in &mut contenders {
            let (status, cost, ()) = measure::run(&mut contender.command, |_| ())?;
            if !status.success() {
                return Err(io::Error::other(format!("{} failed: {status}", contender.name)));
            }
            if round >= WARM_UP {
                contender.costs.push(cost);
            }
        }
    }
    let counted = daemon::count(&punctual, &dir, options.commands, options.seconds)?;
    print(&contenders, options, &counted);
    fs::remove_dir_all(&dir)
}

/// Everyone who is compared, punctual first and the recipe second.
fn contenders(options: &Options, punctual: &Path, dir: &Path) -> io::Result<Vec<Contender>> {
    let history = dir.join("recipe.db");
    make_history(&history)?;
    let mut hello = Command::new(punctual);
    hello.arg("hello").arg("--state-dir").arg(dir.join("state"));
    let mut recipe = Command::new(peers_dir().join("frame.sh"));
    recipe.arg(dir.join("recipe.lock")).arg(&history);
    let mut cron = Command::new("sh");
    cron.arg("-c").arg(r#""$0" hello --state-dir "$1""#);
    cron.arg(punctual).arg(dir.join("state"));
    let mut exec = Command::new(punctual);
    exec.args(["exec", "--name", "true", "--state-dir"]).arg(dir.join("state"));
    exec.args(["--", "true"]);
    let mut exec_recipe = Command::new(peers_dir().join("exec.sh"));
    exec_recipe.arg(dir.join("exec.lock")).arg(&history);
    Ok([
        ("punctual hello", hello),
        ("flock, timeout, sh, sqlite3", recipe),
        ("punctual exec -- true", exec),
        ("flock, timeout, true, sqlite3 twice", exec_recipe),
        ("sh -c punctual hello, as by cron", cron),
        ("true", Command::new("/bin/true")),
    ]
    .into_iter()
    .map(|(name, mut command)| {
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", dir);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Contender { name, command, costs: Vec::with_capacity(options.runs) }
    })
    .collect())
}

fn make_history(path: &Path) -> io::Result<()> {
    let status = Command::new("sqlite3")
        .args([
            "-bail".as_ref(),
            path.as_os_str(),
            "PRAGMA journal_mode = WAL".as_ref(),
            HISTORY.as_ref(),
        ])
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("sqlite3 could not make the history table"))
    }
}

fn print(contenders: &[Contender], options: &Options, counted: &daemon::Counted) {
    let runs = options.runs;
    let mut table = Table::new(&[
        "command",
        "median ms",
        "p90 ms",
        "CPU ms",
        "peak MB",
        "its time / punctual's",
    ]);
    let own = contenders[0].wall();
    for contender in contenders {
        table.push(vec![
            contender.name.to_owned(),
            millis(contender.wall()),
            millis(contender.slow()),
            millis(median(contender.costs.iter().map(|cost| seconds(cost.cpu)))),
            format!("{:.1}", contender.peak()),
            format!("{:.2}", contender.wall() / own),
        ]);
    }
    println!("### The frame, {} runs each\n\n{table}", table::grouped(runs as u64));

    let mut aims = Table::new(&["aim", "measured", "at most", "verdict"]);
    let ratio = own / contenders[1].wall();
    aims.push(table::verdict("hello: time / the recipe's".to_owned(), Some(ratio), RATIO, ""));
    let peak = contenders[0].peak();
    aims.push(table::verdict("hello: peak memory".to_owned(), Some(peak), PEAK_MEGABYTES, " MB"));
    let exec = contenders[2].wall() / contenders[3].wall();
    let aim = "exec -- true: time / the recipe's".to_owned();
    aims.push(table::verdict(aim, Some(exec), EXEC_RATIO, ""));
    let lost = counted.expected.abs_diff(counted.succeeded) + counted.doubled;
    let aim = format!(
        "daemon: {} commands a second for {} s, lost or doubled",
        options.commands, options.seconds
    );
    aims.push(table::verdict(aim, Some(lost as f64), 0.0, ""));
    println!("{aims}");
    println!(
        "A peak below {:.1} MB, that of the measuring program, cannot be seen.",
        megabytes(measure::own_peak())
    );
}

impl Contender {
    fn wall(&self) -> f64 {
        median(self.costs.iter().map(|cost| seconds(cost.wall)))
    }

    /// The time that nine runs of ten stay below.
    fn slow(&self) -> f64 {
        let sorted = table::sorted(self.costs.iter().map(|cost| seconds(cost.wall)));
        sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(0.0)
    }

    /// The largest peak of any run.
    fn peak(&self) -> f64 {
        self.costs.iter().map(|cost| megabytes(cost.peak)).fold(0.0, f64::max)
    }
}

/// Milliseconds with two digits after the point.
fn millis(time: f64) -> String {
    format!("{:.2}", time * 1000.0)
}
