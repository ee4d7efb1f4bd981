//! Times punctual with PostgreSQL, on a server of its own with the settings that it comes with.
//!
//! `cargo bench --bench postgres` stores seeded token lists by `jupiter-sync`, then the same rows
//! from a ready CSV file into the same table by psql's `\copy` (the practical limit) and by
//! Python with psycopg's `executemany`; lets five daemons claim more and more due times a second;
//! and counts the round trips of one claim by listening between a daemon and the server.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what this program is for"
)]
#![expect(clippy::disallowed_methods, reason = "measuring needs the real clock")]

#[path = "postgres/claims.rs"]
mod claims;
#[path = "support/list.rs"]
#[expect(dead_code, reason = "lists travel as they are here, and by no other name")]
mod list;
#[path = "support/peers.rs"]
mod peers;
#[path = "../tests/it/postgres_server.rs"]
#[expect(dead_code, reason = "the tests do more with their servers")]
mod postgres_server;
#[path = "support/program.rs"]
mod program;
#[path = "postgres/proxy.rs"]
mod proxy;
mod support;
#[path = "postgres/tokens.rs"]
mod tokens;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand, ValueEnum};

use list::{Encoding, Lists};
use postgres_server::PostgresServer;
use support::table::{Table, megabytes};
use support::{measure, target_dir};
use tokens::Tool;

/// Times punctual with PostgreSQL.
#[derive(Parser)]
struct Options {
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "tokens,claims,trips")]
    parts: Vec<Part>,
    /// How many tokens the lists have.
    #[arg(long, value_delimiter = ',', default_values_t = [100_000, 1_000_000])]
    tokens: Vec<u64>,
    /// Who takes part besides punctual.
    #[arg(long, value_delimiter = ',', default_value = "copy,psycopg")]
    peers: Vec<Tool>,
    /// Rounds of each list, of which the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Jobs due every second on five hosts, tried in this order as long as they keep up.
    #[arg(long, value_delimiter = ',', default_values_t = [20, 50, 100, 200, 300, 400, 600, 800])]
    jobs: Vec<u32>,
    /// Seconds of claims that are judged.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// The program to measure in place of the one that cargo built.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_punctual"))]
    punctual: PathBuf,
    /// Given by `cargo bench`, and not by `cargo test`, which only wants to see
    /// that this program starts.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `jupiter-sync` beside its peers.
    Tokens,
    /// How many due times a second five daemons claim.
    Claims,
    /// How often a claim waits for the server.
    Trips,
}

/// What this program starts itself for.
#[derive(Subcommand)]
#[command(hide = true)]
enum Role {
    Make { tokens: u64 },
    Mark { socket: PathBuf },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match &options.role {
        Some(Role::Make { tokens }) => lists().make(*tokens, Encoding::Plain).map(|()| true),
        Some(Role::Mark { socket }) => proxy::mark(socket).map(|()| true),
        None if options.bench => measure_all(&options),
        None => {
            println!("nothing measured: start this with cargo bench --bench postgres");
            Ok(true)
        }
    };
    support::exit(done)
}

fn lists() -> Lists {
    Lists::new(target_dir().join("bench-lists"))
}

/// What the measurements of this session stand on.
struct Session<'a> {
    options: &'a Options,
    /// The program as it is installed.
    punctual: PathBuf,
    server: PostgresServer,
    /// Emptied by whoever works in it.
    dir: PathBuf,
    aims: Table,
}

/// Says whether all parts could be measured; whether the aims were met is for the reader to see.
fn measure_all(options: &Options) -> io::Result<bool> {
    peers::describe_machine();
    println!("- {}", peers::first_line(Command::new(&options.punctual).arg("--version")));
    let server = PostgresServer::new(&[])?;
    println!("- {}", peers::first_line(server.program("postgres").arg("--version")));
    println!("- {}", tokens::psycopg_version());
    let dir = target_dir().join(format!("bench-runs/{}", std::process::id()));
    let punctual = program::install(&options.punctual, &dir)?;
    let aims = Table::new(&["aim", "measured", "at most", "verdict"]);
    let mut session = Session { options, punctual, server, dir, aims };
    let mut failed = false;
    for part in &options.parts {
        let done = match part {
            Part::Tokens => tokens::measure(&mut session),
            Part::Claims => claims::measure_rate(&mut session),
            Part::Trips => claims::measure_trips(&mut session),
        };
        if let Err(error) = done {
            eprintln!("error: {error}");
            failed = true;
        }
    }
    println!("\n### Aims\n\n{}", session.aims);
    println!(
        "A peak below {:.1} MB, that of the measuring program, cannot be seen.",
        megabytes(measure::own_peak())
    );
    std::fs::remove_dir_all(&session.dir)?;
    Ok(!failed)
}

impl Session<'_> {
    /// A directory with nothing in it.
    fn empty_dir(&self, name: &str) -> io::Result<PathBuf> {
        let dir = self.dir.join(name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// punctual as a host of this name with a home of its own.
    fn punctual(&self, host: &str, home: &Path, database: &str) -> Command {
        let mut command = Command::new(&self.punctual);
        peers::with_environment(&mut command, home);
        command.env("PUNCTUAL_HOST", host).arg("--state-dir").arg(home);
        command.args(["--database", database]);
        command
    }
}
