//! Times `jupiter-sync` beside what a user would write in its place.
//!
//! `cargo bench --bench sync` makes seeded token lists, serves each from a
//! loopback server, lets every tool fetch it into an empty database and then once
//! more ("nothing new"), checks what each stored, and prints one table per list
//! and a table of the project's aims. Tools take turns within each round, so that
//! a busy or throttled moment of the machine falls on all of them, and what is
//! compared are ratios within one session.
//!
//! Whatever needs memory (making a list, serving it, counting rows) runs in a
//! process of its own: see `support::measure` for why this one must stay small.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this program is for"
)]
#![expect(clippy::disallowed_methods, reason = "measuring needs the real clock")]

#[path = "support/list.rs"]
mod list;
#[path = "support/peers.rs"]
mod peers;
#[path = "support/program.rs"]
mod program;
#[path = "sync/results.rs"]
mod results;
#[path = "sync/server.rs"]
mod server;
mod support;
#[path = "sync/tools.rs"]
mod tools;
#[path = "sync/watch.rs"]
mod watch;

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::{Parser, Subcommand};

use list::{Encoding, Lists};
use results::{Results, Sample, Setting, Work};
use server::Server;
use support::{measure, table, target_dir};
use tools::{SyncCost, Tool, Workplace};

/// Times jupiter-sync beside what a user would write in its place.
#[derive(Parser)]
struct Options {
    /// How many tokens the lists have.
    #[arg(long, value_delimiter = ',', default_values_t = [5_000, 100_000, 1_000_000])]
    tokens: Vec<u64>,
    /// How the lists travel.
    #[arg(long, value_delimiter = ',', default_value = "plain,gzip")]
    encoding: Vec<Encoding>,
    /// Who takes part.
    #[arg(long, value_delimiter = ',', default_value = "punctual,duckdb,python,node,jq")]
    peers: Vec<Tool>,
    /// Runs of each, of which the median counts [default: 5, 3 and 1, fewer for
    /// longer lists].
    #[arg(long)]
    runs: Option<u64>,
    /// The program to measure in place of the one that cargo built.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_punctual"))]
    punctual: PathBuf,
    /// Given by `cargo bench`, and not by `cargo test`, which only wants to see
    /// that this program starts.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program starts itself for.
#[derive(Subcommand)]
#[command(hide = true)]
enum Part {
    Make {
        #[arg(long)]
        encoding: Encoding,
        tokens: u64,
    },
    Serve {
        #[arg(long)]
        encoding: Encoding,
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.part {
        Some(Part::Make { tokens, encoding }) => lists().make(tokens, encoding).map(|()| true),
        Some(Part::Serve { file, encoding }) => server::serve(file, encoding).map(|()| true),
        None if options.bench => compare(&options),
        None => {
            println!("nothing measured: start this with cargo bench --bench sync");
            Ok(true)
        }
    };
    support::exit(done)
}

fn lists() -> Lists {
    Lists::new(target_dir().join("bench-lists"))
}

/// The whole session. Says whether every run of every tool went well; whether the
/// aims were met is for the reader to see.
fn compare(options: &Options) -> io::Result<bool> {
    describe(options);
    let mut results = Results::default();
    for &tokens in &options.tokens {
        for &encoding in &options.encoding {
            let setting = Setting { tokens, encoding };
            measure_setting(options, setting, &mut results)?;
            println!("\n### {}\n\n{}", setting.name(), results.table(setting, &options.peers));
        }
    }
    println!("\n### Aims\n\n{}", results.aims());
    println!(
        "A peak below {:.1} MB, that of the measuring program, cannot be seen.",
        table::megabytes(measure::own_peak())
    );
    Ok(!results.any_failed())
}

/// Says where and with what the session was measured.
fn describe(options: &Options) {
    peers::describe_machine();
    for tool in &options.peers {
        println!("- {}", tool.version(&options.punctual));
    }
}

/// Measures all tools with one list, in turns.
fn measure_setting(options: &Options, setting: Setting, results: &mut Results) -> io::Result<()> {
    let Setting { tokens, encoding } = setting;
    make_list(setting)?;
    let expected = lists().facts(tokens)?;
    let server = Server::start(&lists().path(tokens, encoding), encoding)?;
    let parent = target_dir().join(format!("bench-runs/{}", std::process::id()));
    let punctual = program::install(&options.punctual, &parent)?;
    let rounds = options.runs.unwrap_or(default_runs(tokens));
    for round in 0..rounds {
        for &tool in in_turn(&options.peers, round) {
            let workplace = Workplace::new(tool, &punctual, &parent)?;
            for work in [Work::Empty, Work::NothingNew] {
                settle();
                let result = workplace.sync(&server.base(), expected);
                announce(setting, work, tool, round, &result);
                results.push(Sample { setting, work, tool, result });
            }
        }
    }
    std::fs::remove_dir_all(&parent)
}

/// Lets another process of this program make the list, because that takes memory.
fn make_list(setting: Setting) -> io::Result<()> {
    eprintln!("{}: making the list where it is missing", setting.name());
    let status = Command::new(std::env::current_exe()?)
        .args(["make", "--encoding", setting.encoding.name(), &setting.tokens.to_string()])
        .stdin(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("the list could not be made")) }
}

/// Fewer for longer lists, where one run is long enough to even things out.
fn default_runs(tokens: u64) -> u64 {
    match tokens {
        ..=10_000 => 5,
        10_001..=200_000 => 3,
        _ => 1,
    }
}

/// The tools with another one in front in every round, so that none always works
/// right after the same other.
fn in_turn(tools: &[Tool], round: u64) -> impl Iterator<Item = &Tool> {
    let first = usize::try_from(round).unwrap_or(0) % tools.len().max(1);
    tools.iter().cycle().skip(first).take(tools.len())
}

/// Writes what earlier runs left in the page cache to the disk, so that nobody
/// pays for another's writes. Without `sync` the figures are less steady, no more.
fn settle() {
    let _ = Command::new("sync").status();
}

/// Tells a waiting person how far it is.
fn announce(
    setting: Setting,
    work: Work,
    tool: Tool,
    round: u64,
    result: &Result<SyncCost, String>,
) {
    let told = match result {
        Ok(sync) => format!("{:.3} s", table::seconds(sync.cost.wall)),
        Err(error) => error.clone(),
    };
    eprintln!("{}, {}, {}, round {}: {told}", setting.name(), work.name(), tool.name(), round + 1);
}
