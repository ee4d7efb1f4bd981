//! `--listen`: health and metrics of the built binary, over real sockets.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::daemon::{DAEMON, Daemon, absent_for};
use crate::exposition::Exposition;
use crate::sandbox::{Ran, Sandbox, eventually, repository, skipped};
use crate::server::{Answer, Server};

/// Any free port of this host.
const LISTEN: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The address that a daemon says it listens on.
fn address(daemon: &mut Daemon<'_>) -> String {
    let address = daemon.says("listening for HTTP")["address"].clone();
    daemon.says("daemon started");
    address.as_str().expect("text").to_owned()
}

/// Status line and headers, and the body.
fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

/// The code and the body of a probe.
fn probe(address: &str, path: &str) -> (String, String) {
    let (head, body) = get(address, path);
    (head.split(' ').nth(1).expect("a code").to_owned(), body)
}

fn metrics(address: &str) -> Exposition {
    Exposition::read(&get(address, "/metrics").1)
}

fn fine() -> (String, String) {
    ("200".to_owned(), "ok\n".to_owned())
}

#[test]
fn the_metrics_are_in_form_and_every_one_is_explained() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(&sandbox, &LISTEN);
    let address = address(&mut daemon);
    assert_eq!(probe(&address, "/healthz"), fine());
    assert_eq!(probe(&address, "/readyz"), fine());
    let (head, text) = get(&address, "/metrics");
    assert!(head.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    let page = Exposition::read(&text);
    promtool(&["check", "metrics"], &text);
    assert_eq!(page.value("punctual_build_info{version=\"0.1.0\"}"), 1.0);
    assert!(page.value("process_resident_memory_bytes") > 1e6);
    assert!(page.value("process_open_fds") < page.value("process_max_fds"));
    let now = page.value("punctual_next_due_timestamp_seconds{job=\"hello\"}");
    assert!((0.0..60.0).contains(&(now - page.value("process_start_time_seconds"))));
    daemon.stop().exits(0);

    let guide = std::fs::read_to_string(repository().join("docs/daemon.md")).expect("the guide");
    for name in &page.families {
        assert!(guide.contains(&format!("`{name}`")), "docs/daemon.md does not explain {name}");
    }
    let alerts = std::fs::read_to_string(repository().join("docs/alerts.yml")).expect("the rules");
    let words = alerts.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    for name in words.filter(|word| word.starts_with("punctual_")) {
        let known = page.families.contains(name.trim_end_matches("_bucket"));
        assert!(known, "docs/alerts.yml has {name}, which is no metric");
    }
    promtool(&["check", "rules", "/dev/stdin"], &alerts);
}

/// What Prometheus itself says about a text.
fn promtool(arguments: &[&str], text: &str) {
    let started = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else {
        skipped("promtool is not installed (Debian: prometheus); only we looked at the metrics");
        return;
    };
    let mut stdin = promtool.stdin.take().expect("stdin is piped");
    stdin.write_all(text.as_bytes()).expect("promtool reads");
    drop(stdin);
    let output = promtool.wait_with_output().expect("promtool ends");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn runs_and_missed_due_times_are_counted_and_the_last_success_survives() {
    let sandbox = Sandbox::new();
    absent_for(&sandbox, &["hello", "mem-report"], 3);
    let mut daemon = Daemon::start(&sandbox, &LISTEN);
    let first = address(&mut daemon);
    let succeeded = "punctual_runs_total{job=\"mem-report\",outcome=\"succeeded\"}";
    let running = "punctual_running{job=\"mem-report\"}";
    eventually("the run that makes up for the missed ones is over", || {
        let page = metrics(&first);
        page.value(succeeded) == 1.0 && page.value(running) == 0.0
    });
    let page = metrics(&first);
    assert_eq!(page.value("punctual_run_duration_seconds_count{job=\"mem-report\"}"), 1.0);
    // The last one had its run.
    let missed =
        |job| page.value(&format!("punctual_missed_total{{job=\"{job}\",reason=\"not_running\"}}"));
    assert!((2.0..=3.0).contains(&missed("mem-report")), "{}", missed("mem-report"));
    assert!((1080.0..=1082.0).contains(&missed("hello")), "{}", missed("hello"));
    let last_success = "punctual_last_success_timestamp_seconds{job=\"mem-report\"}";
    let ended = page.value(last_success);
    daemon.stop().exits(0);

    let mut daemon = Daemon::start(&sandbox, &LISTEN);
    let page = metrics(&address(&mut daemon));
    assert_eq!(page.value(succeeded), 0.0);
    assert_eq!(page.value(last_success), ended);
    daemon.stop().exits(0);
}

#[test]
fn a_stopping_daemon_is_alive_but_not_ready() {
    let sandbox = Sandbox::new();
    absent_for(&sandbox, &["jupiter-sync"], 8 * 24);
    let server = Server::with([Answer::ok("[").then_stall()]);
    let mut command = sandbox.command(DAEMON.iter().chain(&LISTEN));
    let mut daemon = Daemon::of(&sandbox, command.env("PUNCTUAL_JUPITER_API_URL", server.url()));
    let address = address(&mut daemon);
    eventually("the run waits for the source", || !server.requests().is_empty());
    let running = "punctual_running{job=\"jupiter-sync\"}";
    assert_eq!(metrics(&address).value(running), 1.0);
    daemon.signal(Signal::TERM);
    eventually("it is not ready any more", || probe(&address, "/readyz") != fine());
    let (code, reason) = probe(&address, "/readyz");
    assert_eq!((code.as_str(), reason.as_str()), ("503", "the daemon is stopping\n"));
    assert_eq!(probe(&address, "/healthz"), fine());
    assert_eq!(metrics(&address).value(running), 1.0);
    daemon.signal(Signal::TERM);
    daemon.wait().exits(0);
    TcpStream::connect(&address).expect_err("nobody listens any more");
}

#[test]
fn without_listen_nothing_listens() {
    let sandbox = Sandbox::new();
    let mut daemon = Daemon::start(&sandbox, &[]);
    daemon.says("daemon started");
    let inodes = sockets(daemon.pid());
    for family in ["tcp", "tcp6"] {
        let table = std::fs::read_to_string(format!("/proc/{}/net/{family}", daemon.pid()));
        for line in table.unwrap_or_default().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let listens = fields[3] == "0A";
            assert!(!listens || !inodes.contains(&fields[9].to_owned()), "{line}");
        }
    }
    daemon.stop().exits(0);
}

/// The inodes of a process's sockets: see proc_pid_fd(5).
fn sockets(pid: u32) -> Vec<String> {
    std::fs::read_dir(format!("/proc/{pid}/fd"))
        .expect("a list of open files")
        .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
        .filter_map(|target| {
            let name = target.to_string_lossy().into_owned();
            Some(name.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect()
}

#[test]
fn an_address_that_cannot_be_had_ends_the_start_with_a_hint() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let ran = sandbox.run(["daemon", "--listen", &address]).exits(74);
    ran.says(&format!("error: cannot listen on {address}")).says("hint: find out who listens");
    // An address for documentation, which no host has.
    let ran = sandbox.run(["daemon", "--listen", "192.0.2.1:9187"]).exits(78);
    ran.says("error: cannot listen on 192.0.2.1:9187").says("hint: give --listen an address of");
    for address in ["9187", ":9187", "localhost:9187", "127.0.0.1"] {
        sandbox
            .run(["daemon", "--listen", address])
            .exits(2)
            .says("write an IP address and a port");
    }
}

#[test]
fn a_privileged_port_is_a_matter_of_permission() {
    let sandbox = Sandbox::new();
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if first.is_ok_and(|first| first.trim() == "0") {
        skipped("this system has no privileged ports");
        return;
    }
    let binary = env!("CARGO_BIN_EXE_punctual");
    let drop = ["--inh-caps=-net_bind_service", "--bounding-set=-net_bind_service", binary];
    let arguments = ["daemon", "--listen", "127.0.0.1:1"];
    let mut command = if rustix::process::geteuid().is_root() {
        sandbox.command_of("setpriv".as_ref(), drop.iter().chain(&arguments))
    } else {
        sandbox.command(arguments)
    };
    Ran::of(&mut command).exits(77).says("error: cannot listen on 127.0.0.1:1");
}
