//! Token lists into PostgreSQL: punctual from a list as the API gives it, its peers from a CSV file
//! with the very rows that punctual made of it, so that they are spared all work but storing them.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::ValueEnum;

use crate::list::{Encoding, Facts};
use crate::peers::{first_line, interpreter, last_line, with_environment};
use crate::support::measure::{self, Cost};
use crate::support::peers_dir;
use crate::support::table::{Table, grouped, median, megabytes, seconds, verdict};
use crate::{Session, lists};

/// What the project aims at: punctual's time over the peer's, and the memory of any sync.
const TIMES_OF_COPY: f64 = 1.5;
const TIMES_OF_PSYCOPG: f64 = 0.33;
const PEAK_MEGABYTES: f64 = 40.0;

const COUNT: &str = "SELECT count(*), count(DISTINCT mint), sum(decimals)::bigint,
                         sum(length(name) + length(symbol))::bigint FROM tokens";

/// What stores tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    Punctual,
    Copy,
    Psycopg,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Punctual => "punctual, from JSON",
            Self::Copy => "psql \\copy, from CSV",
            Self::Psycopg => "psycopg executemany, from CSV",
        }
    }
}

pub fn psycopg_version() -> String {
    let line = "python -c 'import platform, psycopg; print(\"Python\", platform.python_version() \
                + \", psycopg\", psycopg.__version__, psycopg.pq.__impl__)'";
    first_line(with_environment(&mut Command::new("sh"), Path::new("/")).args(["-c", line]))
}

/// Measures all lists, and prints a table of each.
pub fn measure(session: &mut Session) -> io::Result<()> {
    for &tokens in &session.options.tokens {
        make_list(tokens)?;
        let expected = lists().facts(tokens)?;
        prepare(session, tokens, expected)?;
        let peers = session.options.peers.iter().copied().filter(|tool| *tool != Tool::Punctual);
        let tools: Vec<Tool> = [Tool::Punctual].into_iter().chain(peers).collect();
        let mut costs = vec![Vec::new(); tools.len()];
        for round in 0..session.options.rounds {
            for turn in 0..tools.len() {
                let which = (turn + round as usize) % tools.len();
                let tool = tools[which];
                let cost = store(session, tool, tokens, expected)?;
                eprintln!("{} tokens, {}: {:.3} s", tokens, tool.name(), seconds(cost.wall));
                costs[which].push(cost);
            }
        }
        report(session, tokens, &tools, &costs);
    }
    Ok(())
}

/// Lets another process of this program make the list, because that takes memory.
fn make_list(tokens: u64) -> io::Result<()> {
    let status = Command::new(std::env::current_exe()?)
        .args(["make", &tokens.to_string()])
        .stdin(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("the list could not be made")) }
}

/// Lets punctual make its table and fill it; then its rows become the peers' CSV file, and the
/// table without them what everybody begins with.
fn prepare(session: &Session, tokens: u64, expected: Facts) -> io::Result<()> {
    let (filled, empty) = (format!("filled_{tokens}"), format!("empty_{tokens}"));
    let server = &session.server;
    server.execute(&format!("CREATE DATABASE {filled} OWNER punctual"));
    run(session, Tool::Punctual, tokens, &filled)?;
    check(session, Tool::Punctual, &filled, expected)?;
    let export = format!("\\copy tokens TO '{}' {CSV}", csv(session, tokens));
    let exported =
        server.program("psql").args(["-Xqc", &export]).arg(server.url(&filled)).status()?;
    if !exported.success() {
        return Err(io::Error::other("psql could not write the CSV file"));
    }
    server.execute(&format!("CREATE DATABASE {empty} TEMPLATE {filled} OWNER punctual"));
    server.admin(&empty).batch_execute("TRUNCATE tokens").map_err(io::Error::other)?;
    server.execute(&format!("DROP DATABASE {filled}"));
    Ok(())
}

const CSV: &str = r"WITH (FORMAT csv, HEADER true, NULL '\N')";

fn csv(session: &Session, tokens: u64) -> String {
    session.dir.join(format!("{tokens}.csv")).display().to_string()
}

/// Stores a list once, in a database without tokens, and checks what is there afterwards.
fn store(session: &Session, tool: Tool, tokens: u64, expected: Facts) -> io::Result<Cost> {
    let server = &session.server;
    server.execute(&format!("CREATE DATABASE run TEMPLATE empty_{tokens} OWNER punctual"));
    // Nobody pays for another's writes.
    server.execute("CHECKPOINT");
    let cost = run(session, tool, tokens, "run")?;
    check(session, tool, "run", expected)?;
    server.execute("DROP DATABASE run");
    Ok(cost)
}

fn run(session: &Session, tool: Tool, tokens: u64, database: &str) -> io::Result<Cost> {
    let home = session.empty_dir("tool")?;
    let url = session.server.url(database);
    let csv = csv(session, tokens);
    let mut command = match tool {
        Tool::Punctual => {
            let mut command = session.punctual("bench", &home, &url);
            command.args(["jupiter-sync", "--timeout", "30m", "--max-bytes", "4GiB", "--from"]);
            command.arg(lists().path(tokens, Encoding::Plain));
            command
        }
        Tool::Copy => {
            let mut command = session.server.program("psql");
            command.args(["-X", "-v", "ON_ERROR_STOP=1", "-c"]);
            command.arg(format!("\\copy tokens FROM '{csv}' {CSV}")).arg(&url);
            command
        }
        Tool::Psycopg => {
            let mut command = interpreter("python", &peers_dir().join("psycopg.py"));
            with_environment(&mut command, &home).args([&url, &csv]);
            command
        }
    };
    let output = home.join("output");
    let file = File::create(&output)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let (status, cost, ()) = measure::run(&mut command, |_| ())?;
    if status.success() {
        return Ok(cost);
    }
    let hint = if tool == Tool::Psycopg { " (see benches/peers/install.sh)" } else { "" };
    let said = last_line(&output);
    Err(io::Error::other(format!("{} failed, {status}: {said}{hint}", tool.name())))
}

fn check(session: &Session, tool: Tool, database: &str, expected: Facts) -> io::Result<()> {
    let mut client = session.server.admin(database);
    let row = client.query_one(COUNT, &[]).map_err(io::Error::other)?;
    let number = |column| row.get::<_, Option<i64>>(column).map_or(0, i64::cast_unsigned);
    let stored = Facts { tokens: number(1), decimals: number(2), characters: number(3) };
    if number(0) == expected.tokens && stored == expected {
        return Ok(());
    }
    let name = tool.name();
    Err(io::Error::other(format!("{name} stored {} rows, {stored:?}, not {expected:?}", number(0))))
}

fn report(session: &mut Session, tokens: u64, tools: &[Tool], costs: &[Vec<Cost>]) {
    let title = format!("{} tokens into PostgreSQL", grouped(tokens));
    let mut table = Table::new(&[
        "tool",
        "wall s",
        "CPU s",
        "peak MB",
        "its time / punctual's",
        "punctual's / its",
    ]);
    let of = |costs: &[Cost], value: fn(&Cost) -> f64| median(costs.iter().map(value));
    let own = of(&costs[0], |cost| seconds(cost.wall));
    for (tool, costs) in tools.iter().zip(costs) {
        let wall = of(costs, |cost| seconds(cost.wall));
        table.push(vec![
            tool.name().to_owned(),
            format!("{wall:.3}"),
            format!("{:.3}", of(costs, |cost| seconds(cost.cpu))),
            format!("{:.1}", of(costs, |cost| megabytes(cost.peak))),
            format!("{:.2}", wall / own),
            format!("{:.2}", own / wall),
        ]);
        let limit = match tool {
            Tool::Punctual => continue,
            Tool::Copy => TIMES_OF_COPY,
            Tool::Psycopg => TIMES_OF_PSYCOPG,
        };
        let aim = format!("{title}: time / {}", tool.name());
        session.aims.push(verdict(aim, Some(own / wall), limit, ""));
    }
    println!("\n### {title}\n\n{table}");
    let peak = costs[0].iter().map(|cost| megabytes(cost.peak)).reduce(f64::max);
    session.aims.push(verdict(format!("{title}: peak memory"), peak, PEAK_MEGABYTES, " MB"));
}
