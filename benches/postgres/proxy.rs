//! Listens between a client and PostgreSQL, and notes when the client asks. Nothing of what passes
//! is changed, and punctual is counted as it is, from outside.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where PostgreSQL's clients look for the socket in a directory.
const SOCKET: &str = ".s.PGSQL.5432";

/// Where jobs say that they have been started.
const MARKS: &str = "marks";

/// How much of a statement is worth reading.
const STATEMENT_CHARACTERS_MAX: usize = 90;

/// Something that happened at a time since 1970.
#[derive(Clone, Debug)]
pub struct Event {
    pub at: Duration,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    /// The client sends something, having got answers to all that it sent before: a round trip.
    Trip(String),
    /// A job has been started.
    Mark,
}

/// A proxy in a directory; it is there until this process ends.
pub struct Proxy {
    dir: PathBuf,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Proxy {
    /// Takes connections in `dir`, and passes them on to the server whose socket is in `server`.
    pub fn start(dir: &Path, server: &Path) -> io::Result<Self> {
        let events = Arc::new(Mutex::new(Vec::new()));
        let clients = UnixListener::bind(dir.join(SOCKET))?;
        let marks = UnixListener::bind(dir.join(MARKS))?;
        let (server, noted) = (server.join(SOCKET), Arc::clone(&events));
        thread::spawn(move || {
            for client in clients.incoming().flatten() {
                // A connection that breaks is its two ends' business.
                let _ = pass_on(client, &server, &noted);
            }
        });
        let noted = Arc::clone(&events);
        thread::spawn(move || {
            for _ in marks.incoming().flatten() {
                note(&noted, What::Mark);
            }
        });
        Ok(Self { dir: dir.to_path_buf(), events })
    }

    /// What a job is to be given to say that it was started.
    pub fn marks(&self) -> PathBuf {
        self.dir.join(MARKS)
    }

    /// What has happened so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The job's side: says that it was started.
pub fn mark(socket: &Path) -> io::Result<()> {
    UnixStream::connect(socket).map(drop)
}

pub fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn note(events: &Mutex<Vec<Event>>, what: What) {
    let mut events = events.lock().unwrap_or_else(PoisonError::into_inner);
    events.push(Event { at: now(), what });
}

/// Both directions of a connection, each on a thread of its own.
fn pass_on(client: UnixStream, server: &Path, events: &Arc<Mutex<Vec<Event>>>) -> io::Result<()> {
    let server = UnixStream::connect(server)?;
    let (mut from_client, mut to_client) = (client.try_clone()?, client);
    let (mut from_server, mut to_server) = (server.try_clone()?, server);
    // Whether the server has said something since the client last did. It is to be told first.
    let answered = Arc::new(AtomicBool::new(true));
    let (has_answered, events) = (Arc::clone(&answered), Arc::clone(events));
    thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server, |bytes| {
            if answered.swap(false, Ordering::SeqCst) {
                note(&events, What::Trip(statements(bytes)));
            }
        });
    });
    thread::spawn(move || {
        let _ = copy(&mut from_server, &mut to_client, |_| {
            has_answered.store(true, Ordering::SeqCst);
        });
    });
    Ok(())
}

/// Passes bytes on to the end, each piece after it was looked at.
fn copy(from: &mut UnixStream, to: &mut UnixStream, mut look: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        look(&buffer[..length]);
        to.write_all(&buffer[..length])?;
    }
}

/// The statements in what a client sends: messages of a letter, a length that counts itself, and
/// text that ends with a zero. What has another form (the start of a connection) has no letter.
fn statements(mut bytes: &[u8]) -> String {
    let mut found: Vec<String> = Vec::new();
    while let Some((&kind, rest)) = bytes.split_first() {
        let Some((length, _)) = rest.split_first_chunk::<4>() else { break };
        let length = u32::from_be_bytes(*length) as usize;
        let Some(body) = rest.get(4..length) else { break };
        let mut texts = body.split(|byte| *byte == 0);
        // A statement to be parsed comes after the name that it is to have.
        let text = if kind == b'P' { texts.nth(1) } else { texts.next() };
        if let (b'P' | b'Q', Some(text)) = (kind, text) {
            let text = String::from_utf8_lossy(text);
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            found.push(words.chars().take(STATEMENT_CHARACTERS_MAX).collect());
        }
        bytes = &rest[length..];
    }
    if found.is_empty() { "(no statement)".to_owned() } else { found.join("; ") }
}
