//! Claims: how many a second five daemons make together, and how often one waits for the server.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::Session;
use crate::postgres_server::{DEFAULT_PORT, url_of_socket};
use crate::proxy::{Event, Proxy, What, now};
use crate::support::table::{Table, grouped, median, verdict};

const HOSTS: usize = 5;

/// Until all daemons are there and connected, and until the last runs have ended.
const WARM_UP: Duration = Duration::from_secs(5);
const STRAGGLERS: Duration = Duration::from_secs(3);

/// A start that comes later than this after its due time is too late to be called one.
const LATE_MAX_MS: f64 = 1000.0;

/// Due times whose round trips are counted, and the seconds between two.
const TRIPS_DUE_TIMES: u64 = 8;
const TRIPS_INTERVAL: u64 = 2;

/// How much before its due time a claim may begin, because someone woke early.
const EARLY: Duration = Duration::from_millis(300);

/// One claim is to be one round trip.
const TRIPS_MAX: f64 = 1.0;

/// Daemons that are going; killed when dropped.
struct Daemons(Vec<Child>);

impl Daemons {
    fn start(session: &Session, hosts: usize, config: &Path, database: &str) -> io::Result<Self> {
        let mut daemons = Self(Vec::new());
        for host in 0..hosts {
            let name = format!("host-{host}");
            let home = session.empty_dir(&name)?;
            let mut command = session.punctual(&name, &home, database);
            command.args(["-q", "daemon", "--config"]).arg(config).stdin(Stdio::null());
            daemons.0.push(command.stdout(Stdio::null()).spawn()?);
        }
        Ok(daemons)
    }

    /// Asks them to end. An error if one has gone already, or does not end well.
    fn stop(mut self) -> io::Result<()> {
        for daemon in &mut self.0 {
            if let Some(status) = daemon.try_wait()? {
                return Err(io::Error::other(format!("a daemon ended by itself, {status}")));
            }
            Command::new("kill").arg(daemon.id().to_string()).status()?;
        }
        for daemon in &mut self.0 {
            let status = daemon.wait()?;
            if !status.success() {
                return Err(io::Error::other(format!("a daemon ended with {status}")));
            }
        }
        Ok(())
    }
}

impl Drop for Daemons {
    fn drop(&mut self) {
        for daemon in &mut self.0 {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// What the history has of the measured seconds.
struct Counted {
    expected: i64,
    succeeded: i64,
    doubled: i64,
    late_p50_ms: f64,
    late_p99_ms: f64,
}

/// Goes up as long as the daemons keep up.
pub fn measure_rate(session: &mut Session) -> io::Result<()> {
    let mut table =
        Table::new(&["due times a second", "expected", "lost", "doubled", "p50 ms", "p99 ms"]);
    for &jobs in &session.options.jobs {
        let counted = count(session, jobs)?;
        let lost = counted.expected - counted.succeeded;
        table.push(vec![
            grouped(jobs.into()),
            grouped(counted.expected.unsigned_abs()),
            lost.to_string(),
            counted.doubled.to_string(),
            format!("{:.1}", counted.late_p50_ms),
            format!("{:.1}", counted.late_p99_ms),
        ]);
        eprintln!("{jobs} due times a second: {lost} lost");
        let name = format!("{jobs} due times a second on {HOSTS} hosts: doubled");
        session.aims.push(verdict(name, Some(counted.doubled as f64), 0.0, ""));
        if lost + counted.doubled != 0 || counted.late_p99_ms > LATE_MAX_MS {
            break;
        }
    }
    println!("\n### Claims of {HOSTS} daemons, each run a `/bin/true`\n\n{table}");
    println!("It is gone up until a due time is lost, or one in a hundred is a second late.");
    Ok(())
}

fn count(session: &Session, jobs: u32) -> io::Result<Counted> {
    let database = session.server.create_database();
    let config = session.dir.join("claims.toml");
    let job = |n| format!("[jobs.job-{n}]\nschedule = 'every 1s'\ncommand = ['/bin/true']\n");
    fs::write(&config, (0..jobs).map(job).collect::<String>())?;
    let daemons = Daemons::start(session, HOSTS, &config, &database.url())?;
    thread::sleep(WARM_UP);
    let first = now().as_secs() + 1;
    let last = first + u64::from(session.options.seconds) - 1;
    thread::sleep((Duration::from_secs(last + 1) + STRAGGLERS).saturating_sub(now()));
    daemons.stop()?;
    let query = format!(
        "SELECT count(*) FILTER (WHERE outcome = 'succeeded'),
             count(*) - count(DISTINCT job || due_at),
             coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY late) FILTER (WHERE outcome = 'succeeded'), 0),
             coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY late) FILTER (WHERE outcome = 'succeeded'), 0)
         FROM (SELECT *, 1000 * extract(epoch FROM started_at::timestamptz - due_at::timestamptz)::float8 AS late
               FROM runs
               WHERE job LIKE 'job-%' AND extract(epoch FROM due_at::timestamptz) BETWEEN {first} AND {last}) AS seen"
    );
    let rows = database.query(&query);
    Ok(Counted {
        expected: i64::from(jobs) * i64::from(session.options.seconds),
        succeeded: rows[0].get(0),
        doubled: rows[0].get(1),
        late_p50_ms: rows[0].get(2),
        late_p99_ms: rows[0].get(3),
    })
}

/// Listens to a daemon with a single job that says when it has been started: the trips since its
/// due time are what the claim took.
pub fn measure_trips(session: &mut Session) -> io::Result<()> {
    let database = session.server.create_database();
    // A socket's path must be short.
    let dir = tempfile::tempdir()?;
    let proxy = Proxy::start(dir.path(), session.server.directory())?;
    let config = session.dir.join("trips.toml");
    let marker = std::env::current_exe()?;
    fs::write(
        &config,
        format!(
            "[jobs.marker]\nschedule = 'every {TRIPS_INTERVAL}s'\ncommand = ['{}', 'mark', '{}']\n",
            marker.display(),
            proxy.marks().display()
        ),
    )?;
    let url = url_of_socket(dir.path(), DEFAULT_PORT, "punctual", database.name());
    let daemons = Daemons::start(session, 1, &config, &url)?;
    thread::sleep(WARM_UP + Duration::from_secs(TRIPS_INTERVAL * TRIPS_DUE_TIMES));
    daemons.stop()?;
    let events = proxy.events();
    // The daemon's first seconds are about other things too.
    let started_at = events.first().map_or_else(now, |event| event.at);
    let marks: Vec<Duration> = events
        .iter()
        .filter(|event| matches!(event.what, What::Mark) && event.at > started_at + WARM_UP)
        .map(|event| event.at)
        .collect();
    let Some(&last) = marks.last() else {
        return Err(io::Error::other("the job whose claims are counted was never started"));
    };
    let trips = marks.iter().map(|&mark| {
        let claim = between(&events, due_at(mark).saturating_sub(EARLY), mark);
        claim.filter(|event| matches!(event.what, What::Trip(_))).count() as f64
    });
    let trips = median(trips);
    session.aims.push(verdict("round trips of one claim".to_owned(), Some(trips), TRIPS_MAX, ""));

    println!("\n### What a daemon asks for one due time\n");
    let mut table = Table::new(&["ms after the due time", "what"]);
    let from = due_at(last);
    let until = from + Duration::from_secs(TRIPS_INTERVAL) - EARLY;
    for event in between(&events, from.saturating_sub(EARLY), until) {
        let after = 1000.0 * (event.at.as_secs_f64() - from.as_secs_f64());
        let what = match &event.what {
            What::Trip(statements) => statements.replace('|', "\\|"),
            What::Mark => "**the job has been started**".to_owned(),
        };
        table.push(vec![format!("{after:.1}"), what]);
    }
    println!("{table}");
    Ok(())
}

/// The due time of a job that says that it was started.
fn due_at(mark: Duration) -> Duration {
    Duration::from_secs(mark.as_secs() / TRIPS_INTERVAL * TRIPS_INTERVAL)
}

fn between(events: &[Event], from: Duration, until: Duration) -> impl Iterator<Item = &Event> {
    events.iter().filter(move |event| from <= event.at && event.at <= until)
}
