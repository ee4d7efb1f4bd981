//! Real sockets in real time, with a loop made up by each test.

use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot};

use super::super::event_loop::Request as LoopRequest;
use super::*;
use crate::clock::Timestamp;
use crate::control::Client;

/// Longer than any test.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A server with a loop behind it that answers like this.
struct Fixture {
    directory: tempfile::TempDir,
    server: ControlServer,
}

impl Fixture {
    fn new(limits: ControlLimits, mut respond: impl FnMut(LoopRequest) + Send + 'static) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (requests, mut receiver) = mpsc::channel(8);
        let handle = DaemonHandle::new(requests);
        let server = ControlServer::start(directory.path(), handle, limits).expect("a socket");
        tokio::spawn(async move {
            while let Some(request) = receiver.recv().await {
                respond(request);
            }
        });
        Self { directory, server }
    }

    /// A server whose loop has one job, and does what it is asked.
    fn with_hello() -> Self {
        Self::new(ControlLimits::default(), respond_with_hello)
    }

    fn client(&self) -> Client {
        Client::new(self.directory.path())
    }

    async fn connect(&self) -> UnixStream {
        let path = self.directory.path().join("daemon.sock");
        UnixStream::connect(path).await.expect("the server listens")
    }
}

fn hello() -> JobView {
    JobView {
        name: "hello".into(),
        schedule: "every 10s".to_owned(),
        timeout: Duration::from_secs(10),
        next_due: Timestamp::parse("2026-01-01T00:00:10Z"),
        running: 1,
        waiting: false,
        paused: true,
    }
}

fn respond_with_hello(request: LoopRequest) {
    fn send<T>(answer: oneshot::Sender<T>, value: T) {
        let _ = answer.send(value);
    }
    let known = |name: &str| name == "hello";
    match request {
        LoopRequest::Jobs(answer) => send(answer, vec![hello()]),
        LoopRequest::Trigger(name, answer) => {
            send(answer, known(&name).then_some(scheduler::Triggered::Started));
        }
        LoopRequest::SetPaused(name, paused, answer) => {
            send(answer, known(&name).then_some(Ok(!paused)));
        }
        LoopRequest::Reload(answer) => send(answer, Ok(1)),
        LoopRequest::Health(_) => {}
    }
}

/// All that the server says to these bytes.
async fn said_to(mut stream: UnixStream, bytes: &[u8]) -> String {
    // A server that has heard enough may close before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8(said).expect("UTF-8")
}

#[tokio::test]
async fn every_request_has_its_answer() {
    let fixture = Fixture::with_hello();
    let client = fixture.client();
    let jobs = client.jobs().await.expect("no error").expect("a daemon");
    assert_eq!((jobs.pid, jobs.jobs), (std::process::id(), vec![JobStatus::from(hello())]));
    let triggered = client.trigger("hello").await.expect("no error");
    assert_eq!(triggered, Some(Triggered::Started));
    let paused = client.set_paused("hello", true).await.expect("no error");
    assert_eq!(paused, Some(Paused { changed: false }));
    let resumed = client.set_paused("hello", false).await.expect("no error");
    assert_eq!(resumed, Some(Paused { changed: true }));
    assert_eq!(client.reload().await.expect("no error"), Some(Reloaded { jobs: 1 }));
    let memory = client.mem_report().await.expect("no error").expect("a daemon");
    assert_eq!(memory.pid, std::process::id());
    assert!(memory.after.rss > 1 << 20);
}

#[tokio::test]
async fn jobs_are_sorted_by_name() {
    let jobs = |request| {
        if let LoopRequest::Jobs(answer) = request {
            let views = ["b", "c", "a"].map(|name| JobView { name: name.into(), ..hello() });
            let _ = answer.send(views.into());
        }
    };
    let fixture = Fixture::new(ControlLimits::default(), jobs);
    let jobs = fixture.client().jobs().await.expect("no error").expect("a daemon").jobs;
    assert_eq!(jobs.iter().map(|job| &*job.job).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[tokio::test]
async fn an_unknown_job_is_2_and_the_nearest_is_named() {
    let client = Fixture::with_hello();
    let client = client.client();
    let check = |error: Error, hint: &str| {
        assert_eq!(error.exit(), Exit::Usage);
        assert_eq!(error.hint_text(), Some(hint));
    };
    check(client.trigger("helo").await.expect_err("unknown"), "did you mean \"hello\"?");
    check(client.set_paused("helo", true).await.expect_err("unknown"), "did you mean \"hello\"?");
    let error = client.set_paused("backup", false).await.expect_err("unknown");
    check(error, "list the jobs with `punctual jobs`");
}

#[tokio::test]
async fn a_run_that_is_not_to_be_is_75() {
    for (triggered, expected) in [
        (scheduler::Triggered::Running, "the previous run is still going"),
        (scheduler::Triggered::Stopping, "the daemon is stopping"),
    ] {
        let fixture = Fixture::new(ControlLimits::default(), move |request| {
            if let LoopRequest::Trigger(_, answer) = request {
                let _ = answer.send(Some(triggered));
            }
        });
        let error = fixture.client().trigger("hello").await.expect_err("refused");
        assert_eq!(error.exit(), Exit::NotRun);
        assert!(error.chain().ends_with(expected), "{}", error.chain());
    }
}

#[tokio::test]
async fn the_error_of_a_reload_arrives_whole() {
    let fixture = Fixture::new(ControlLimits::default(), |request| {
        if let LoopRequest::Reload(answer) = request {
            let error = Error::new(Exit::Configuration, "punctual.toml: unknown key \"shedule\"");
            let _ = answer.send(Err(error.hint("did you mean \"schedule\"?")));
        }
    });
    let error = fixture.client().reload().await.expect_err("broken");
    assert_eq!(error.exit(), Exit::Configuration);
    assert_eq!(error.chain(), "punctual.toml: unknown key \"shedule\"");
    assert_eq!(error.hint_text(), Some("did you mean \"schedule\"?"));
}

#[tokio::test]
async fn garbage_is_answered_with_an_error() {
    let fixture = Fixture::with_hello();
    let endless = vec![b'x'; REQUEST_BYTES_MAX + 1];
    for garbage in [&b"\n"[..], b"\0\xff\n", b"GET / HTTP/1.1\r\n\r\n", &endless] {
        let said = said_to(fixture.connect().await, garbage).await;
        let answer: serde_json::Value = serde_json::from_str(&said).expect(&said);
        assert_eq!(answer["error"]["exit_code"], 76, "{said}");
    }
}

/// What a person types who looks at the socket with another tool.
#[tokio::test]
async fn a_request_may_come_in_pieces() {
    let fixture = Fixture::with_hello();
    let mut stream = fixture.connect().await;
    for piece in ["{\"version\":1,", "\"request\":", "\"reload\"}"] {
        stream.write_all(piece.as_bytes()).await.expect("written");
        tokio::task::yield_now().await;
    }
    assert_eq!(said_to(stream, b"\n").await, "{\"ok\":{\"jobs\":1}}\n");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_sent_away() {
    let limits = ControlLimits { request: Duration::from_millis(20), ..ControlLimits::default() };
    let fixture = Fixture::new(limits, respond_with_hello);
    assert_eq!(said_to(fixture.connect().await, b"").await, "");
    assert_eq!(said_to(fixture.connect().await, b"{\"version\":1").await, "");
}

#[tokio::test]
async fn clients_that_say_nothing_are_in_nobodys_way() {
    let limits = ControlLimits { connections: 4, request: HOUR, ..ControlLimits::default() };
    let fixture = Fixture::new(limits, respond_with_hello);
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(fixture.connect().await);
        let jobs = fixture.client().jobs().await.expect("no error").expect("a daemon");
        assert_eq!(jobs.jobs.len(), 1);
    }
    // The oldest have given way.
    let oldest = silent.swap_remove(0);
    assert_eq!(said_to(oldest, b"").await, "");
}

#[tokio::test]
async fn clients_that_never_read_are_in_nobodys_way() {
    let limits = ControlLimits { connections: 4, answer: HOUR, ..ControlLimits::default() };
    // More than a socket holds.
    let large = |request| match request {
        LoopRequest::Jobs(answer) => {
            let _ = answer.send(vec![hello(); 5000]);
        }
        request => respond_with_hello(request),
    };
    let fixture = Fixture::new(limits, large);
    let mut deaf = Vec::new();
    for _ in 0..10 {
        let mut stream = fixture.connect().await;
        let request = to_line(&Request::Jobs.into_envelope()).expect("a line");
        stream.write_all(&request).await.expect("written");
        deaf.push(stream);
        assert!(fixture.client().reload().await.expect("no error").is_some());
    }
}

#[tokio::test]
async fn stopping_removes_the_socket_and_sends_the_silent_away_but_ends_what_it_began() {
    let (held_sender, held) = oneshot::channel();
    let mut held_sender = Some(held_sender);
    // The loop keeps the answer to itself until the server stops.
    let limits = ControlLimits { last_words: HOUR, ..ControlLimits::default() };
    let fixture = Fixture::new(limits, move |request| {
        if let LoopRequest::Reload(answer) = request
            && let Some(sender) = held_sender.take()
        {
            let _ = sender.send(answer);
        }
    });
    let silent = fixture.connect().await;
    let client = fixture.client();
    let asking = tokio::spawn(async move { client.reload().await });
    let answer = held.await.expect("the request has arrived");
    let Fixture { directory, server } = fixture;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(said_to(silent, b"").await, "");
    answer.send(Ok(7)).expect("the server waits");
    let answer = asking.await.expect("no panic").expect("no error");
    assert_eq!(answer, Some(Reloaded { jobs: 7 }));
    stopping.await.expect("no panic");
    assert_eq!(std::fs::read_dir(directory.path()).expect("read").count(), 0);
    let client = Client::new(directory.path());
    assert!(client.jobs().await.expect("no error").is_none());
}
