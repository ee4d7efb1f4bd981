//! The loopback server: answers for the API with one list from a file.
//!
//! It runs as a process of its own (this program, started again), so that its
//! CPU time and memory are on nobody's account. The file goes to the socket by
//! the kernel's `sendfile`, which is what `io::copy` makes of it: the server
//! leaves the two cores to the client.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::list::Encoding;

/// The path and query of the one list.
pub const LIST: &str = "/tokens/v2/tag?query=verified";

/// A running server; it ends with its handle, and when the driver dies.
pub struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Starts this program again as the server of one file.
    pub fn start(file: &Path, encoding: Encoding) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", "--encoding", encoding.name()])
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let port =
            line.trim().parse().map_err(|_| io::Error::other("the list server did not start"))?;
        Ok(Self { process, port })
    }

    /// The address up to the port, without a slash at the end.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server leaves when its standard input closes; killing it as well
        // costs nothing. Neither can fail in a way that matters at this point.
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The server's side: reads the file once, so that the first client does not wait
/// for the disk, prints its port, and serves until its standard input closes.
pub fn serve(file: PathBuf, encoding: Encoding) -> io::Result<()> {
    io::copy(&mut File::open(&file)?, &mut io::sink())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", listener.local_addr()?.port())?;
    stdout.flush()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that went away is its own affair: the driver judges it by
            // what it stored.
            let _ = answer(stream, &file, encoding);
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

/// Answers one request and closes the connection.
fn answer(stream: TcpStream, path: &Path, encoding: Encoding) -> io::Result<()> {
    let request = Request::read(&mut BufReader::new(&stream))?;
    let mut stream = &stream;
    if request.target != LIST {
        return respond(stream, "404 Not Found", "Content-Length: 0\r\n");
    }
    let mut headers = String::new();
    if encoding == Encoding::Gzip {
        if !request.accepts_gzip {
            return respond(stream, "406 Not Acceptable", "Content-Length: 0\r\n");
        }
        headers.push_str("Content-Encoding: gzip\r\n");
    }
    let mut file = File::open(path)?;
    headers.push_str(&format!("Content-Length: {}\r\n", file.metadata()?.len()));
    respond(stream, "200 OK", &headers)?;
    io::copy(&mut file, &mut stream).map(drop)
}

fn respond(mut stream: &TcpStream, status: &str, headers: &str) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())
}

/// What matters of a request.
struct Request {
    target: String,
    accepts_gzip: bool,
}

impl Request {
    fn read(stream: &mut impl BufRead) -> io::Result<Self> {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut accepts_gzip = false;
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 || line.trim().is_empty() {
                return Ok(Self { target, accepts_gzip });
            }
            let line = line.to_ascii_lowercase();
            accepts_gzip |= line.starts_with("accept-encoding:") && line.contains("gzip");
        }
    }
}
