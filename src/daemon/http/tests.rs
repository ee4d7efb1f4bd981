//! Over real sockets, against a loop that answers as the test says.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::*;
use crate::daemon::event_loop::{JobView, Request as Asked};
use crate::database::{Database, Postgres, PostgresUrl};
use crate::history::SharedHistory;

/// So long that a test which depends on it fails.
const LONG: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(60);
const LIMITS: HttpServerLimits =
    HttpServerLimits { connections: 8, header_bytes: 4096, header_time: LONG, exchange_time: LONG };
/// More than fit into the pieces that are ready at a time.
const JOBS: usize = 300;
const HEALTHY: Health = Health { stuck: 0, stopping: false };

struct Fixture {
    address: SocketAddr,
    _server: JoinSet<()>,
    _directory: tempfile::TempDir,
}

impl Fixture {
    /// Without a health the loop does not answer.
    async fn new(limits: HttpServerLimits, health: Option<Health>, jobs: usize) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = Database::file(directory.path().join("punctual.db"), LONG);
        Self::with_database(database, directory, limits, health, jobs).await
    }

    async fn with_database(
        database: Database,
        directory: tempfile::TempDir,
        limits: HttpServerLimits,
        health: Option<Health>,
        jobs: usize,
    ) -> Self {
        let metrics = Metrics::new(SharedHistory::new(database));
        let (requests, mut receiver) = mpsc::channel(8);
        let site = Site { handle: DaemonHandle::new(requests), metrics: Arc::new(metrics) };
        let listener = listen("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut server = JoinSet::new();
        server.spawn(serve(listener, site, limits));
        server.spawn(async move {
            let mut unanswered = Vec::new();
            while let Some(asked) = receiver.recv().await {
                match (asked, health) {
                    (Asked::Health(answer), Some(health)) => drop(answer.send(health)),
                    (Asked::Jobs(answer), Some(_)) => drop(answer.send(views(jobs))),
                    (asked, _) => unanswered.push(asked),
                }
            }
        });
        Self { address, _server: server, _directory: directory }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// What the server says until it closes the connection.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("the server reads");
        let mut answer = String::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer));
        // The server may close a connection that it has not read to its end.
        let _ = read.await.expect("an answer in time");
        answer
    }

    async fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await
    }
}

fn views(jobs: usize) -> Vec<JobView> {
    let view = |number| JobView {
        name: format!("job-{number}").into(),
        schedule: String::new(),
        next_due: None,
        timeout: Duration::ZERO,
        running: 0,
        waiting: false,
        paused: false,
    };
    (0..jobs).map(view).collect()
}

#[track_caller]
fn check(answer: &str, status: &str, body: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
}

#[tokio::test]
async fn probes_tell_what_is_wrong() {
    let table = [
        (HEALTHY, "200 OK", "ok\n", "200 OK", "ok\n"),
        (Health { stuck: 1, ..HEALTHY }, "503", "a run is stuck\n", "200 OK", "ok\n"),
        (Health { stuck: 3, ..HEALTHY }, "503", "3 runs are stuck\n", "200 OK", "ok\n"),
        (Health { stopping: true, ..HEALTHY }, "200 OK", "ok\n", "503", "the daemon is stopping\n"),
    ];
    for (health, live, why_not_live, ready, why_not_ready) in table {
        let fixture = Fixture::new(LIMITS, Some(health), 1).await;
        check(&fixture.get("/healthz").await, live, why_not_live);
        check(&fixture.get("/readyz").await, ready, why_not_ready);
    }
}

#[tokio::test]
async fn a_loop_that_does_not_answer_is_neither_healthy_nor_ready() {
    let fixture = Fixture::new(LIMITS, None, 1).await;
    let answers = tokio::join!(fixture.get("/healthz"), fixture.get("/readyz"));
    check(&answers.0, "503", "the daemon's loop does not answer\n");
    check(&answers.1, "503", "the daemon's loop does not answer\n");
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_with_what_there_is() {
    let fixture = Fixture::new(LIMITS, Some(HEALTHY), 1).await;
    check(&fixture.get("/").await, "404", PATHS);
    check(&fixture.get("/metrics/").await, "404", PATHS);
    check(&fixture.get("/healthz?verbose=1").await, "200", "ok\n");
    let request = "POST /metrics HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nx=y";
    let answer = fixture.exchange(request).await;
    check(&answer, "405", "GET or HEAD only\n");
    assert!(answer.contains("\r\nallow: GET, HEAD\r\n"), "{answer}");
    let head = "HEAD /healthz HTTP/1.1\r\nHost: test\r\n\r\n";
    check(&fixture.exchange(head).await, "200", "");
    assert!(fixture.exchange("nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn a_page_of_many_pieces_arrives_whole() {
    let fixture = Fixture::new(LIMITS, Some(HEALTHY), JOBS).await;
    let answer = fixture.exchange("GET /metrics HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{}", &answer[..200]);
    assert!(answer.contains(&format!("\r\ncontent-type: {}\r\n", metrics::CONTENT_TYPE)));
    assert!(answer.len() > 2 * CHUNKS_READY * CHUNK_BYTES);
    for job in 0..JOBS {
        let line = format!("\npunctual_running{{job=\"job-{job}\"}} 0\n");
        assert_eq!(answer.matches(&line).count(), 1, "{line}");
    }
    assert!(answer.ends_with('\n'));
}

#[tokio::test]
async fn clients_that_dawdle_hold_nothing_up() {
    let fixture = Fixture::new(LIMITS, Some(HEALTHY), JOBS).await;
    let mut dawdling = Vec::new();
    for request in ["", "GET /metr", "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n"] {
        for _ in 0..LIMITS.connections {
            let mut stream = fixture.connect().await;
            stream.write_all(request.as_bytes()).await.expect("the server reads");
            dawdling.push(stream);
        }
        check(&fixture.get("/healthz").await, "200 OK", "ok\n");
    }
    // The first ones had to make room.
    let mut rest = String::new();
    let read = tokio::time::timeout(PATIENCE, dawdling[0].read_to_string(&mut rest));
    let _ = read.await.expect("it is closed");
    assert_eq!(rest, "");
}

#[tokio::test]
async fn requests_have_limits() {
    let short = Duration::from_millis(50);
    let limits = HttpServerLimits { header_time: short, ..LIMITS };
    let fixture = Fixture::new(limits, Some(HEALTHY), 1).await;
    assert_eq!(fixture.exchange("GET /healthz HTTP/1.1\r\n").await, "");

    let limits = HttpServerLimits { exchange_time: short, ..LIMITS };
    let fixture = Fixture::new(limits, None, 1).await;
    assert_eq!(fixture.get("/healthz").await, "");

    let fixture = Fixture::new(LIMITS, Some(HEALTHY), 1).await;
    let padding = "x".repeat(LIMITS.header_bytes);
    let request = format!("GET /healthz HTTP/1.1\r\nHost: test\r\nX: {padding}\r\n\r\n");
    assert!(fixture.exchange(&request).await.starts_with("HTTP/1.1 431"));
    let request = format!("GET /healthz?{padding} HTTP/1.1\r\nHost: test\r\n\r\n");
    let answer = fixture.exchange(&request).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_an_error_that_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address");
    let error = listen(address).await.expect_err("it is taken");
    assert_eq!(error.exit(), Exit::InputOutput);
    assert!(error.chain().starts_with(&format!("cannot listen on {address}: ")));
    // An address for documentation, which no host has.
    let error = listen("192.0.2.1:9187".parse().expect("an address")).await.expect_err("not ours");
    assert_eq!(error.exit(), Exit::Configuration);
}

#[tokio::test]
async fn a_database_that_does_not_answer_holds_up_no_page() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let socket = directory.path().join(".s.PGSQL.5432");
    let _silent = std::os::unix::net::UnixListener::bind(socket).expect("a socket");
    let host = directory.path().display();
    // The thread that waits for it ends with the test.
    let url = format!("postgres://u@/d?host={host}&connect_timeout=3");
    let url = PostgresUrl::parse(&url).expect("a URL");
    let database = Database::Postgres(Postgres::new(url));
    let fixture = Fixture::with_database(database, directory, LIMITS, Some(HEALTHY), 1).await;
    let page = fixture.get("/metrics").await;
    assert!(page.contains("\npunctual_database_up 0\n"), "{page}");
    check(&fixture.get("/readyz").await, "200", "ok\n");
}
