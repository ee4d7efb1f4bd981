//! A real HTTP server on loopback that answers as a test says, and remembers what it was asked.

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Between two pieces of a dripping body.
const DRIP_PAUSE: Duration = Duration::from_millis(20);

/// One answer: a status, headers, and a body in steps.
#[derive(Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    /// The `Content-Length` to claim; without one, closing the connection ends the body.
    content_length: Option<usize>,
    steps: Vec<Step>,
    /// Not even a status comes.
    silent: bool,
}

/// What happens next in a body.
#[derive(Clone)]
enum Step {
    Bytes(Vec<u8>),
    /// A piece at a time, until the client has gone.
    Drip(Vec<u8>),
    /// The same again and again, until the client has gone.
    Endless(Vec<u8>),
    /// Nothing any more, until the client has gone.
    Stall,
    /// The connection is reset.
    Reset,
}

impl Answer {
    fn new(status: u16, steps: Vec<Step>) -> Self {
        Self { status, headers: Vec::new(), content_length: None, steps, silent: false }
    }

    /// 200 with this body, whole, and no `Content-Length`, as the API answers.
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, body)
    }

    pub fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::new(status, vec![Step::Bytes(body.as_ref().to_vec())])
    }

    /// Nothing at all, until the client has gone.
    pub fn silence() -> Self {
        Self { silent: true, ..Self::new(200, Vec::new()) }
    }

    /// 200 whose body dribbles in.
    pub fn drip(body: impl AsRef<[u8]>) -> Self {
        Self::new(200, vec![Step::Drip(body.as_ref().to_vec())])
    }

    /// 200 with this beginning, then the same piece for ever.
    pub fn endless(start: &str, piece: &str) -> Self {
        let piece = piece.repeat(1 + (64 << 10) / piece.len());
        Self::new(200, vec![Step::Bytes(start.into()), Step::Endless(piece.into())])
    }

    /// The body so far, then nothing.
    pub fn then_stall(mut self) -> Self {
        self.steps.push(Step::Stall);
        self
    }

    /// The body so far, then a reset.
    pub fn then_reset(mut self) -> Self {
        self.steps.push(Step::Reset);
        self
    }

    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn content_length(mut self, bytes: usize) -> Self {
        self.content_length = Some(bytes);
        self
    }
}

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// With the query.
    pub path: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The server; it is there until the test's process ends.
pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By path with query. The last answer of a path stays.
    answers: HashMap<String, VecDeque<Answer>>,
    requests: Vec<Request>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A client that goes away in the middle is none of a server's business.
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    /// A server whose tag `verified` gives these answers, one after the other; the last one stays.
    pub fn with(answers: impl IntoIterator<Item = Answer>) -> Self {
        let server = Self::start();
        server.tag("verified", answers);
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn tag(&self, tag: &str, answers: impl IntoIterator<Item = Answer>) {
        self.path(&format!("/tokens/v2/tag?query={tag}"), answers);
    }

    pub fn path(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers = answers.into_iter().collect();
        self.state.lock().expect("no panic").answers.insert(path.to_owned(), answers);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().expect("no panic").requests.clone()
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let request = read_request(&mut stream)?;
    let answer = {
        let mut state = state.lock().expect("no panic");
        let answers = state.answers.get_mut(&request.path);
        let answer = answers.and_then(|answers| match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        });
        state.requests.push(request);
        answer.unwrap_or_else(|| Answer::status(404, "Route not found"))
    };
    if answer.silent {
        return wait_for_client(&mut stream, None);
    }
    let mut head = format!("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(bytes) = answer.content_length {
        head.push_str(&format!("Content-Length: {bytes}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    for step in &answer.steps {
        match step {
            Step::Bytes(bytes) => stream.write_all(bytes).ok()?,
            Step::Drip(bytes) => {
                for piece in bytes.chunks(100) {
                    stream.write_all(piece).ok()?;
                    wait_for_client(&mut stream, Some(DRIP_PAUSE))?;
                }
            }
            Step::Endless(bytes) => loop {
                stream.write_all(bytes).ok()?;
            },
            Step::Stall => wait_for_client(&mut stream, None)?,
            Step::Reset => {
                rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).ok()?;
                return None;
            }
        }
    }
    // Closing with unread bytes would be a reset.
    stream.shutdown(std::net::Shutdown::Write).ok()?;
    wait_for_client(&mut stream, None)
}

/// Waits until the client has gone (then there is nothing), or until the time is over.
fn wait_for_client(stream: &mut TcpStream, timeout: Option<Duration>) -> Option<()> {
    stream.set_read_timeout(timeout).ok()?;
    match stream.read(&mut [0; 1]) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Some(())
        }
        _ => None,
    }
}

fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Request { path, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    request.body.resize(length.unwrap_or(0), 0);
    stream.read_exact(&mut request.body).ok()?;
    Some(request)
}
