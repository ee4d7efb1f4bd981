//! Several hosts with one PostgreSQL: every due time has one fate, runs of one job do not overlap,
//! and what one host leaves another one takes over.
//!
//! The hosts are processes of this machine with a name and a state directory each. Their jobs write
//! down when they start and end, so that what the database says can be held against what was done.
#![expect(clippy::disallowed_methods, reason = "hosts are killed in real time")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};

use crate::cluster_judge::{Note, Row, fates, overlaps, pauses};
use crate::cluster_plan::{Blow, Plan};
use crate::postgres::{own_server, shared_server};
use crate::postgres_server::{PostgresServer, TestDatabase};
use crate::sandbox::{Ran, Running, Sandbox, eventually};

/// Repeats the plan of this seed.
const SEED_VARIABLE: &str = "PUNCTUAL_CLUSTER_SEED";

const HOSTS: usize = 5;
const MINUTE: Duration = Duration::from_secs(60);

/// How long a host keeps a job without a heartbeat, as a number and as the flag says it.
const LEASE: Duration = Duration::from_secs(3);
const LEASE_FLAG: [&str; 2] = ["--lease", "3s"];

/// Within this time a job is taken over: far more than the lease, because the machine may be slow,
/// and because who takes over may be killed as well.
const TAKEOVER_MAX: Duration = Duration::from_secs(3 * LEASE.as_secs() + 5);

/// Kinds of jobs: how many there are, and how many seconds each takes. Some take longer than it is
/// to their next due time, some longer than the lease.
const KINDS: [(usize, &str); 4] = [(12, "0"), (4, "0.3"), (2, "1.5"), (2, "5")];

/// Of the due times of the quickest jobs, this part at least is run; so little because of the time
/// that the server is away.
const RUN_AT_LEAST: f64 = 0.25;

/// A job's command. It notes its start and its end, also when it is cancelled. The kernel's uptime
/// can be read without another process.
fn command(notes: &Path, seconds: &str) -> String {
    format!(
        r#"note() {{ read now _ </proc/uptime; echo "$1 $PUNCTUAL_RUN_ID $now" >>{}; }}
trap 'note end; exit 143' TERM
note start; [ {seconds} = 0 ] || sleep {seconds}; note end"#,
        notes.display()
    )
}

/// A host: a name and a state directory, and a daemon while it is up.
struct Host {
    name: String,
    state_dir: PathBuf,
    log: PathBuf,
    daemon: Option<Child>,
}

impl Host {
    fn signal(&self, signal: Signal) {
        let daemon = self.daemon.as_ref().expect("a daemon that is up");
        kill_process(Pid::from_child(daemon), signal).expect("the daemon is there");
    }

    fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of what the daemon has said.
    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        format!("{}:\n{}", self.name, lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }
}

struct Cluster<'a> {
    sandbox: Sandbox,
    server: &'a PostgresServer,
    database: TestDatabase<'a>,
    jobs: Vec<String>,
    hosts: Vec<Host>,
    /// When the server was not there.
    away: Vec<(Duration, Duration)>,
}

impl<'a> Cluster<'a> {
    /// Nobody is up yet.
    fn new(server: &'a PostgresServer) -> Self {
        let sandbox = Sandbox::new();
        let kinds = KINDS.iter().flat_map(|(count, seconds)| (0..*count).map(move |_| seconds));
        let mut jobs = Vec::new();
        // Nothing here is to ask the network.
        let mut config = String::from("[jobs.jupiter-sync]\nenabled = false\n");
        for (index, seconds) in kinds.enumerate() {
            let job = format!("job-{index:02}");
            let command = command(&sandbox.path(&job), seconds);
            config.push_str(&format!(
                "[jobs.{job}]\nschedule = 'every 1s'\ntimeout = '20s'\n\
                 command = ['/bin/sh', '-c', '''{command}''']\n"
            ));
            jobs.push(job);
        }
        sandbox.write("punctual.toml", config);
        let host = |index| Host {
            name: format!("host-{index}"),
            state_dir: sandbox.path(&format!("host-{index}")),
            log: sandbox.path(&format!("host-{index}.log")),
            daemon: None,
        };
        let hosts = (0..HOSTS).map(host).collect();
        Self { database: server.create_database(), sandbox, server, jobs, hosts, away: Vec::new() }
    }

    fn command(&self, host: usize, arguments: &[&str]) -> Command {
        let host = &self.hosts[host];
        host_command(&self.sandbox, &host.name, &host.state_dir, &self.database.url(), arguments)
    }

    fn boot(&mut self, host: usize) {
        let log = File::options().create(true).append(true).open(&self.hosts[host].log);
        let mut command = self.command(host, &["daemon"]);
        command.stdout(Stdio::null()).stderr(log.expect("a log file"));
        self.hosts[host].daemon = Some(command.spawn().expect("the daemon starts"));
    }

    /// Waits until the daemon is up: without a database, which the next blow may take away, it would
    /// not start.
    fn reboot(&mut self, host: usize) {
        let starts = |host: &Host| host.log().matches("daemon started").count();
        let before = starts(&self.hosts[host]);
        self.boot(host);
        eventually("the daemon is up again", || starts(&self.hosts[host]) > before);
    }

    fn suffer(&mut self, blow: Blow) {
        match blow {
            Blow::Kill(host) => self.hosts[host].kill(),
            Blow::Reboot(host) => self.reboot(host),
            Blow::Suspend(host) => self.hosts[host].signal(Signal::STOP),
            Blow::Wake(host) => self.hosts[host].signal(Signal::CONT),
            Blow::Restart | Blow::Crash => {
                let from = uptime();
                if blow == Blow::Crash {
                    self.server.stop_immediately();
                    self.server.start();
                } else {
                    self.server.restart();
                }
                self.away.push((from, uptime()));
            }
        }
    }

    /// Asks all daemons to stop, and waits for them. Complains of those that had gone before or do
    /// not end well.
    fn stop(&mut self) -> Vec<String> {
        let mut complaints = Vec::new();
        for host in &mut self.hosts {
            let daemon = host.daemon.as_mut().expect("all hosts are up in the end");
            match daemon.try_wait().expect("a child") {
                None => host.signal(Signal::TERM),
                Some(status) => complaints.push(format!("died, {status}: {}", host.last_words())),
            }
        }
        for host in &mut self.hosts {
            let status = host.daemon.take().expect("a daemon").wait().expect("a child");
            if !status.success() {
                complaints.push(format!("ended with {status}: {}", host.last_words()));
            }
        }
        complaints
    }

    fn notes(&self, job: &str) -> Vec<Note> {
        let text = std::fs::read_to_string(self.sandbox.path(job)).unwrap_or_default();
        let note = |line| Note::parse(line).unwrap_or_else(|| panic!("{job}: {line:?}"));
        text.lines().map(note).collect()
    }
}

impl Drop for Cluster<'_> {
    #[expect(clippy::print_stdout, reason = "the test harness shows it with the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.hosts.iter().for_each(|host| println!("{}", host.last_words()));
        }
        self.hosts.iter_mut().for_each(Host::kill);
    }
}

/// The binary as one of several hosts would start it.
fn host_command(
    sandbox: &Sandbox,
    name: &str,
    state_dir: &Path,
    database: &str,
    arguments: &[&str],
) -> Command {
    let mut command = sandbox.command(arguments);
    command
        .args(["--config", "punctual.toml", "--database", database])
        .args(LEASE_FLAG)
        .arg("--state-dir")
        .arg(state_dir)
        .env("PUNCTUAL_HOST", name);
    command
}

fn rows(database: &TestDatabase) -> Vec<Row> {
    let milliseconds =
        |column| format!("(extract(epoch FROM {column}::timestamptz) * 1000)::bigint");
    let query = format!(
        "SELECT id, job, {} AS due_at, {} AS started_at, {} AS finished_at, outcome, host, error, fence
         FROM runs ORDER BY job, started_at",
        milliseconds("due_at"),
        milliseconds("started_at"),
        milliseconds("finished_at"),
    );
    let time = |milliseconds: i64| u64::try_from(milliseconds).expect("a time after 1970");
    let rows = database.query(&query);
    let rows = rows.iter().map(|row| Row {
        id: row.get("id"),
        job: row.get("job"),
        due_at: row.get::<_, Option<i64>>("due_at").map(time),
        started_at: time(row.get("started_at")),
        finished_at: row.get::<_, Option<i64>>("finished_at").map(time),
        outcome: row.get("outcome"),
        host: row.get("host"),
        error: row.get("error"),
        fence: row.get("fence"),
    });
    rows.collect()
}

/// As the jobs read it.
fn uptime() -> Duration {
    let text = std::fs::read_to_string("/proc/uptime").expect("Linux");
    let seconds = text.split(' ').next().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs_f64(seconds.expect("a number"))
}

fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970")
}

/// Lets time go by. Not to wait for something: time is what these tests are about.
fn sleep_until(at: Duration) {
    std::thread::sleep(at.saturating_sub(uptime()));
}

#[test]
fn every_due_time_has_one_fate_whatever_befalls_hosts_and_server() {
    let Some(server) = own_server(&[]) else { return };
    let seed = std::env::var(SEED_VARIABLE).ok().map(|seed| seed.parse().expect("a number"));
    // The end of the minute is calm, so that what was begun comes to its end.
    let plan =
        Plan::new(seed.unwrap_or_else(|| fastrand::u64(..)), HOSTS, MINUTE - TAKEOVER_MAX, LEASE);
    let mut cluster = Cluster::new(&server);
    (0..HOSTS).for_each(|host| cluster.boot(host));
    eventually("all hosts are up and all jobs have run", || {
        cluster.hosts.iter().all(|host| host.log().contains("daemon started"))
            && cluster.jobs.iter().all(|job| !cluster.notes(job).is_empty())
    });

    let (first, begin) = (since_1970().as_secs() + 1, uptime());
    for (at, blow) in &plan.blows {
        sleep_until(begin + *at);
        cluster.suffer(*blow);
    }
    sleep_until(begin + MINUTE);
    let (last, end) = (since_1970().as_secs() - 2, uptime());
    let mut complaints = cluster.stop();

    eventually("every run that a host left is marked", || {
        Ran::of(&mut cluster.command(0, &["history"])).exits(0);
        cluster.database.count("SELECT count(*) FROM runs WHERE finished_at IS NULL") == 0
    });
    let rows = rows(&cluster.database);
    complaints.extend(fates(&cluster.jobs, &rows, first..=last));
    for (index, job) in cluster.jobs.iter().enumerate() {
        let notes = cluster.notes(job);
        complaints.extend(overlaps(job, &rows, &notes));
        complaints.extend(pauses(job, &notes, (begin, end), &cluster.away, TAKEOVER_MAX));
        let succeeded = rows
            .iter()
            .filter(|row| row.job == *job && row.outcome.as_deref() == Some("succeeded"));
        let (succeeded, due_times) = (succeeded.count(), last - first + 1);
        if index < KINDS[0].0 && (succeeded as f64) < RUN_AT_LEAST * due_times as f64 {
            complaints.push(format!("{job}: ran {succeeded} of {due_times} times"));
        }
    }
    assert!(
        complaints.is_empty(),
        "{plan}\nrepeat it with {SEED_VARIABLE}={}\n{} complaints, the first of them:\n{}",
        plan.seed,
        complaints.len(),
        complaints[..complaints.len().min(30)].join("\n"),
    );
}

/// As two crons do it: at every due time both start the same line.
#[test]
fn two_hosts_with_the_same_crontab_line_run_it_once() {
    const DUE_TIMES: u64 = 10;
    let Some(server) = shared_server() else { return };
    let (sandbox, database) = (Sandbox::new(), server.create_database());
    sandbox.write(
        "punctual.toml",
        "[jobs.tick]\nschedule = 'every 2s'\ncommand = ['/bin/echo', 'ticked']\n",
    );
    let start = |name: &str| {
        let state_dir = sandbox.path(name);
        let url = database.url();
        Running::of(&mut host_command(&sandbox, name, &state_dir, &url, &["tick"]))
    };
    let mut ran = 0;
    for _ in 0..DUE_TIMES {
        let due_at = since_1970().as_secs() / 2 * 2 + 2;
        std::thread::sleep(Duration::from_secs(due_at).saturating_sub(since_1970()));
        let both = ["one", "other"].map(start).map(Running::wait);
        let both = both.map(|ended| ended.exits(0).silent());
        let loud = both.iter().filter(|ended| !ended.stdout.is_empty()).count();
        assert!(loud > 0, "nobody ran it: {both:#?}");
        ran += loud;
    }
    let rows = rows(&database);
    let mut due_times: Vec<_> = rows.iter().map(|row| row.due_at.expect("a due time")).collect();
    due_times.sort_unstable();
    due_times.dedup();
    // On a slow machine the two may not even start within the same two seconds; then they ran for
    // different due times.
    assert_eq!(due_times.len(), rows.len(), "a due time was run twice: {rows:#?}");
    assert_eq!(ran, rows.len(), "what was printed is not what was recorded: {rows:#?}");
    assert!(ran < 2 * DUE_TIMES as usize, "nobody ever lost: {rows:#?}");
    assert!(rows.iter().all(|row| row.outcome.as_deref() == Some("succeeded")), "{rows:#?}");
}
