use std::future::Future;
use std::os::unix::fs::PermissionsExt;

use tokio::io::AsyncReadExt;

use super::protocol::Refusal;
use super::*;

/// Longer than any test.
const HOUR: Duration = Duration::from_secs(60 * 60);

fn parse(line: &str) -> Result<Request> {
    Request::parse(line.as_bytes())
}

#[test]
fn requests_come_back_as_they_were_sent() {
    let job = || "hello".to_owned();
    for request in [
        Request::Jobs,
        Request::Trigger { job: job() },
        Request::Pause { job: job() },
        Request::Resume { job: job() },
        Request::Reload,
        Request::MemReport,
    ] {
        let line = to_line(&request.clone().into_envelope()).expect("a line");
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(Request::parse(&line).expect("a request"), request);
    }
}

/// What other programs may rely on.
#[test]
fn requests_have_the_documented_form() {
    let line = |request: Request| {
        let line = to_line(&request.into_envelope()).expect("a line");
        String::from_utf8(line).expect("UTF-8")
    };
    let trigger = Request::Trigger { job: "hello".to_owned() };
    assert_eq!(line(trigger), "{\"version\":1,\"request\":\"trigger\",\"job\":\"hello\"}\n");
    assert_eq!(line(Request::MemReport), "{\"version\":1,\"request\":\"mem-report\"}\n");
}

#[test]
fn what_is_no_request_is_refused_with_76() {
    for (line, expected) in [
        ("", "EOF"),
        ("GET / HTTP/1.1", "expected value"),
        ("{\"version\":1", "EOF"),
        ("{\"request\":\"jobs\"}", "missing field `version`"),
        ("{\"version\":2,\"question\":\"why\"}", "speaks version 1 of its protocol, not 2"),
        ("{\"version\":1,\"request\":\"dance\"}", "unknown variant `dance`"),
        ("{\"version\":1,\"request\":\"trigger\"}", "missing field `job`"),
        ("{\"version\":1,\"request\":\"jobs\"} {}", "trailing characters"),
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!(error.exit(), Exit::Protocol);
        assert!(error.chain().contains(expected), "{line:?}: {}", error.chain());
    }
}

/// An error as it arrives on the other side.
fn passed_on(error: Error) -> Error {
    let line = to_line(&Answer::<()>::from(Err(error))).expect("a line");
    match serde_json::from_slice::<Answer<()>>(&line) {
        Ok(Answer::Error(refusal)) => refusal.into(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_keeps_its_chain_its_hint_and_its_exit_code() {
    let error = Error::new(Exit::Configuration, "cannot read punctual.toml").because("line 3");
    let passed = passed_on(error.hint("mend it"));
    assert_eq!(passed.exit(), Exit::Configuration);
    assert_eq!(passed.chain(), "cannot read punctual.toml: line 3");
    assert_eq!(passed.hint_text(), Some("mend it"));
    assert_eq!(passed_on(Error::new(Exit::Usage, "no hint")).hint_text(), None);
}

#[test]
fn an_error_never_turns_into_a_success() {
    for code in ["0", "3", "255"] {
        let json = format!("{{\"exit_code\":{code},\"message\":\"odd\"}}");
        let refusal: Refusal = serde_json::from_str(&json).expect("a refusal");
        assert_eq!(Error::from(refusal).exit(), Exit::Protocol, "{code}");
    }
}

#[tokio::test]
async fn a_line_ends_with_its_newline_or_with_the_stream_and_has_a_limit() {
    let read = async |bytes: &[u8]| read_line(&mut &*bytes, 5).await;
    assert_eq!(read(b"").await.expect("read"), None);
    assert_eq!(read(b"12\n34\n").await.expect("read").as_deref(), Some(&b"12\n"[..]));
    assert_eq!(read(b"12345").await.expect("read").as_deref(), Some(&b"12345"[..]));
    for long in [&b"12345\n"[..], b"123456", b"1234567\n"] {
        assert_eq!(read(long).await.expect_err("too long").kind(), io::ErrorKind::InvalidData);
    }
}

#[test]
fn an_answer_has_room_for_a_hundred_thousand_jobs() {
    let job = JobStatus {
        job: "a-very-long-name-".repeat(10).into(),
        schedule: "0,10,20,30,40,50 8-18 * JAN-NOV MON-FRI".to_owned(),
        next_due_at: Some(crate::clock::Clock::System.now()),
        timeout_ms: 86_400_000,
        paused: false,
        running: 1000,
        waiting: false,
    };
    let line = to_line(&job).expect("a line");
    assert!(line.len() * 100_000 < ANSWER_BYTES_MAX, "{}", line.len());
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

/// What a client gets from a daemon that treats its connection like this.
async fn asked<F: Future<Output = ()>>(
    patience: Duration,
    daemon: impl FnOnce(UnixStream) -> F,
) -> Error {
    let directory = directory();
    let listener = Listener::bind(directory.path()).expect("a socket");
    let client = Client::new(directory.path());
    let ask = client.ask::<Jobs>(Request::Jobs, patience);
    let serve = async { daemon(listener.accept().await.expect("a connection")).await };
    let (answer, ()) = tokio::join!(ask, serve);
    answer.expect_err("no good answer")
}

/// Takes the request, answers this, and closes.
async fn says(mut stream: UnixStream, answer: &[u8]) {
    read_line(&mut stream, REQUEST_BYTES_MAX).await.expect("read").expect("a request");
    stream.write_all(answer).await.expect("the client reads");
}

#[tokio::test]
async fn a_daemon_that_does_not_answer_is_an_error_and_never_none() {
    let error = asked(HOUR, async |stream| drop(stream)).await;
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(error.chain().contains("broke off the connection"), "{}", error.chain());
    let error = asked(HOUR, async |stream| says(stream, b"").await).await;
    assert_eq!(error.exit(), Exit::Unavailable);
    // Held open until the client has gone.
    let error = asked(Duration::from_millis(20), async |mut stream| {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let error = error.await;
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(error.chain().contains("has not answered for 20ms"), "{}", error.chain());
}

#[tokio::test]
async fn an_answer_that_is_none_is_76() {
    let answers: [&[u8]; 5] =
        [b"hello\n", b"{\"ok\":", b"{\"ok\":\"started\"}\n", b"{}\n", b"{\"ok\":{\"pid\":1}}\n"];
    for answer in answers {
        let error = asked(HOUR, async move |stream| says(stream, answer).await).await;
        assert_eq!(error.exit(), Exit::Protocol, "{}", error.chain());
    }
}

#[tokio::test]
async fn without_a_socket_or_with_a_stale_one_there_is_no_daemon() {
    let directory = directory();
    let client = Client::new(directory.path());
    assert!(client.jobs().await.expect("no error").is_none());
    assert!(!client.no_daemon().chain().contains("left its socket"));

    drop(std::os::unix::net::UnixListener::bind(socket::path(directory.path())).expect("bound"));
    assert!(client.jobs().await.expect("no error").is_none());
    let error = client.no_daemon();
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(error.chain().ends_with("one that died left its socket there"), "{}", error.chain());
    let elsewhere = Client::new(&directory.path().join("none"));
    assert!(elsewhere.jobs().await.expect("no error").is_none());
}

#[tokio::test]
async fn a_daemon_that_takes_no_connections_is_an_error() {
    let directory = directory();
    let listener = std::os::unix::net::UnixListener::bind(socket::path(directory.path()));
    let listener = listener.expect("bound");
    rustix::net::listen(&listener, 0).expect("a short queue");
    let client = Client::new(directory.path());
    let mut waiting = Vec::new();
    let error = loop {
        match client.connect().await {
            Ok(stream) => waiting.push(stream.expect("a daemon")),
            Err(error) => break error,
        }
    };
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(error.chain().contains("takes no connections"), "{}", error.chain());
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).expect("a file").permissions().mode() & 0o777
}

#[tokio::test]
async fn the_socket_is_private_takes_the_place_of_a_stale_one_and_goes_with_its_owner() {
    let directory = directory();
    let path = socket::path(directory.path());
    // What a daemon leaves that was killed, also while it made its socket.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
    std::fs::create_dir(directory.path().join("daemon.sock.new")).expect("a directory");
    std::fs::write(directory.path().join("daemon.sock.new/daemon.sock"), "").expect("a file");

    let listener = Listener::bind(directory.path()).expect("a socket");
    assert_eq!(mode(&path), 0o600);
    let client = Client::new(directory.path());
    assert!(client.connect().await.expect("no error").is_some());
    let names = || std::fs::read_dir(directory.path()).expect("read").count();
    assert_eq!(names(), 1);
    drop(listener);
    assert_eq!(names(), 0);
}

#[tokio::test]
async fn another_file_in_the_place_of_the_socket_stays() {
    let directory = directory();
    let path = socket::path(directory.path());
    std::fs::write(&path, "mine").expect("a file");
    let error = Listener::bind(directory.path()).err().expect("in the way");
    assert_eq!(error.exit(), Exit::InputOutput);
    assert!(error.chain().ends_with("daemon.sock is there and is no socket"), "{}", error.chain());
    assert_eq!(std::fs::read(&path).expect("still there"), b"mine");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_state_directory_may_have_a_long_path() {
    let directory = directory();
    let deep = directory.path().join("d".repeat(100)).join("e".repeat(200));
    let client = Client::new(&deep);
    assert!(client.jobs().await.expect("no error").is_none());
    std::fs::create_dir_all(&deep).expect("directories");
    assert!(client.jobs().await.expect("no error").is_none());
    let listener = Listener::bind(&deep).expect("a socket");
    assert_eq!(mode(&deep.join("daemon.sock")), 0o600);
    assert!(client.connect().await.expect("no error").is_some());
    drop(listener);
    assert!(client.jobs().await.expect("no error").is_none());
}
