//! `--listen`: health and metrics over HTTP, for probes and scrapers.
//!
//! A connection is good for one request, and has one time limit. When there are too many of them
//! the oldest is closed: a probe is answered however many clients dawdle.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{Either, Full};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};

use super::DaemonHandle;
use super::event_loop::Health;
use super::metrics::{self, Metrics};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// How long the loop may take to answer before the daemon counts as unhealthy.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(2);

/// A piece of a large answer.
const CHUNK_BYTES: usize = 64 << 10;

/// Pieces that are ready before the client takes them.
const CHUNKS_READY: usize = 2;

/// After an error of the system, such as too many open files, before the next connection.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

const PATHS: &str = "\
/healthz  200 while the daemon's loop answers and no run is stuck
/readyz   200 from the end of the start to the beginning of the stop
/metrics  for Prometheus
";

/// What clients may take.
#[derive(Clone, Copy, Debug)]
pub struct HttpServerLimits {
    pub connections: usize,
    pub header_bytes: usize,
    pub header_time: Duration,
    /// From the connection to the end of the answer.
    pub exchange_time: Duration,
}

impl Default for HttpServerLimits {
    fn default() -> Self {
        Self {
            connections: 32,
            header_bytes: 16 << 10,
            header_time: Duration::from_secs(5),
            exchange_time: Duration::from_secs(60),
        }
    }
}

type Body = Either<Full<Bytes>, Channel<Bytes, fmt::Error>>;

/// Takes the address, for a server that is to come.
pub async fn listen(address: SocketAddr) -> Result<TcpListener> {
    let failed = |error: std::io::Error| {
        let (exit, hint) = match error.kind() {
            ErrorKind::AddrInUse => (
                Exit::InputOutput,
                "find out who listens there (ss -ltnp), or give --listen another port",
            ),
            ErrorKind::AddrNotAvailable => {
                (Exit::Configuration, "give --listen an address of this host (ip address)")
            }
            ErrorKind::PermissionDenied => {
                (Exit::Permission, "give --listen a port from 1024 on, which needs no privilege")
            }
            _ => (Exit::InputOutput, "give --listen another address"),
        };
        Error::new(exit, format!("cannot listen on {address}")).because(error).hint(hint)
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tracing::info!(%address, "listening for HTTP");
    Ok(listener)
}

/// What is told over HTTP.
#[derive(Clone)]
pub struct Site {
    pub handle: DaemonHandle,
    pub metrics: Arc<Metrics>,
}

/// Answers until it is dropped.
pub async fn serve(listener: TcpListener, site: Site, limits: HttpServerLimits) {
    let mut connections = JoinSet::new();
    let mut oldest_first: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            // A client that has gone before its turn.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                tracing::warn!(%error, "cannot take HTTP connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        oldest_first.retain(|connection| !connection.is_finished());
        if oldest_first.len() >= limits.connections
            && let Some(oldest) = oldest_first.pop_front()
        {
            tracing::debug!("too many HTTP connections; closing the oldest");
            oldest.abort();
        }
        oldest_first.push_back(connections.spawn(converse(stream, site.clone(), limits)));
    }
}

async fn converse(stream: TcpStream, site: Site, limits: HttpServerLimits) {
    let service = service_fn(|request| {
        let site = site.clone();
        async move { Ok::<_, Infallible>(site.answer(&request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .header_read_timeout(limits.header_time)
        .max_header_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(limits.exchange_time, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an HTTP exchange failed"),
        Err(_) => tracing::debug!("an HTTP exchange took too long"),
    }
}

impl Site {
    async fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        let path = request.uri().path();
        if !["/healthz", "/readyz", "/metrics"].contains(&path) {
            return text(StatusCode::NOT_FOUND, PATHS);
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD only\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/healthz" => judged(self.health().await.and_then(|health| match health.stuck {
                0 => Ok(()),
                1 => Err("a run is stuck".to_owned()),
                stuck => Err(format!("{stuck} runs are stuck")),
            })),
            // Whether the database is away does not matter: it is so for all hosts at once, the
            // daemon recovers by itself, and whoever takes an unready one out of service loses its
            // metrics, which say so.
            "/readyz" => judged(self.health().await.and_then(|health| match health.stopping {
                false => Ok(()),
                true => Err("the daemon is stopping".to_owned()),
            })),
            _ => self.metrics().await.unwrap_or_else(|error| {
                text(StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", error.chain()))
            }),
        }
    }

    async fn health(&self) -> Result<Health, String> {
        match tokio::time::timeout(ANSWER_TIME_MAX, self.handle.health()).await {
            Ok(Ok(health)) => Ok(health),
            Ok(Err(error)) => Err(error.chain()),
            Err(_) => Err("the daemon's loop does not answer".to_owned()),
        }
    }

    async fn metrics(&self) -> Result<Response<Body>> {
        let (jobs, health) = tokio::try_join!(self.handle.jobs(), self.handle.health())?;
        let database_up = self.metrics.ask_database(&jobs).await;
        let (sender, body) = Channel::new(CHUNKS_READY);
        let metrics = Arc::clone(&self.metrics);
        // With many jobs the page takes many megabytes and some seconds. It is written as fast as
        // the client takes it, and no faster.
        tokio::task::spawn_blocking(move || {
            let mut chunks = Chunks { runtime: Handle::current(), sender, chunk: BytesMut::new() };
            let written = metrics.page(jobs, health, database_up).write(&mut chunks);
            if let Err(error) = written.and_then(|()| chunks.pass_on()) {
                // So that nobody takes a part of the page for the whole of it.
                chunks.sender.abort(error);
            }
        });
        let mut response = Response::new(Either::Right(body));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE));
        Ok(response)
    }
}

/// The answer to a probe, with the reason when it is bad.
fn judged(verdict: Result<(), String>) -> Response<Body> {
    match verdict {
        Ok(()) => text(StatusCode::OK, "ok\n"),
        Err(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(text.into())));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

/// Text on its way from a blocking thread to a client.
struct Chunks {
    runtime: Handle,
    sender: Sender<Bytes, fmt::Error>,
    chunk: BytesMut,
}

impl Chunks {
    /// Waits until the client takes it. An error when it has gone.
    fn pass_on(&mut self) -> fmt::Result {
        let chunk = self.chunk.split().freeze();
        self.runtime.block_on(self.sender.send_data(chunk)).map_err(|_gone| fmt::Error)
    }
}

impl fmt::Write for Chunks {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.chunk.extend_from_slice(text.as_bytes());
        if self.chunk.len() < CHUNK_BYTES { Ok(()) } else { self.pass_on() }
    }
}

#[cfg(test)]
mod tests;
