//! A PostgreSQL database that many hosts share: connecting, a pool, and telling what went wrong.
//!
//! # Threads
//!
//! Code that stores things blocks, and so it waits here for statements ([`Postgres::wait`]). The
//! connections live on a runtime of their own, with one thread: heartbeats go on when jobs
//! occupy all other threads, and commands need no runtime for themselves.
//!
//! # Limits
//!
//! Nothing waits for ever. A server has [`url`]'s connect timeout to let us in, counted until the
//! session stands, and then the next one is tried. A connection whose other end is gone is noticed
//! within a minute (TCP keepalives, and `TCP_USER_TIMEOUT` on Linux). A server that is there and
//! does not answer, or waits for a lock of a host that sleeps, is given up after [`ANSWER_MAX`]:
//! then nobody knows whether the statement took effect, as with every connection that breaks.

mod error;
mod inspection;
mod migrate;
mod tls;
mod url;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use deadpool_postgres::{
    Connect, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    TimeoutType,
};
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

use crate::clock::format_duration;
use crate::error::{Error, Result};
use crate::exit::Exit;

pub use inspection::{MissingRight, Standing};
pub use url::{PostgresUrl, Protection};

use url::Server;

/// Connections of the pool. Statements are short: few connections carry many.
const POOL_SIZE: usize = 8;

/// How long to wait for a connection of the pool while others use them all.
const POOL_WAIT: Duration = Duration::from_secs(30);

/// How long [`Postgres::wait`] waits.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// The second statement of each transaction. A host that is suspended in the middle of one is not
/// to keep others from what it has locked for longer than this.
pub const IDLE_LIMIT: &str = "SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// A PostgreSQL database. Cheap to clone; connects when first needed.
#[derive(Clone, Debug)]
pub struct Postgres(Arc<Shared>);

struct Shared {
    url: PostgresUrl,
    /// Made by the first who needs it.
    runtime: Mutex<Option<Runtime>>,
    /// Likewise.
    connections: OnceLock<Connections>,
}

/// Where connections come from.
struct Connections {
    dialer: Dialer,
    pool: Pool,
}

impl Postgres {
    /// Does nothing yet.
    pub fn new(url: PostgresUrl) -> Self {
        let (runtime, connections) = (Mutex::new(None), OnceLock::new());
        Self(Arc::new(Shared { url, runtime, connections }))
    }

    /// The database for people, without its password.
    pub fn label(&self) -> &str {
        self.0.url.label()
    }

    /// Whether it is let in with a password.
    pub fn has_password(&self) -> bool {
        self.0.url.has_password()
    }

    /// How its connections are protected.
    pub fn protection(&self) -> Protection {
        self.0.url.protection()
    }

    /// Blocks on `future`, inside the engine's runtime. Call it only on threads that may block.
    ///
    /// Gives up after a minute, which is for the statements of everyday.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        self.wait_up_to(ANSWER_MAX, future)
    }

    /// The same with another limit: for bulk work.
    pub fn wait_up_to<T>(&self, limit: Duration, future: impl Future<Output = T>) -> Result<T> {
        let answer = self.handle()?.block_on(async { timeout(limit, future).await });
        answer.map_err(|_| {
            self.drop_idle();
            self.no_answer(limit)
        })
    }

    /// Closes the connections that nobody uses. A connection that does not answer is back in the
    /// pool when somebody has stopped waiting for it, and the next one must not get it. Which one
    /// it was is not known.
    pub fn drop_idle(&self) {
        if let Some(connections) = self.0.connections.get() {
            connections.pool.retain(|_, _| false);
        }
    }

    /// The runtime's handle, for tasks that outlive a call (heartbeats).
    pub fn handle(&self) -> Result<Handle> {
        let mut runtime = self.0.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        let made = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| Error::io("cannot start a thread for the database", error))?;
        Ok(runtime.insert(made).handle().clone())
    }

    /// A connection of the pool, for single statements and short transactions. Inside of
    /// [`wait`](Self::wait), or of a task on [`handle`](Self::handle).
    pub async fn pooled(&self) -> Result<Object> {
        let taken = self.connections()?.pool.get().await;
        taken.map_err(|error| match error {
            PoolError::Backend(error) => self.cannot_connect(error),
            PoolError::Timeout(TimeoutType::Wait) => self
                .away(format!("all {POOL_SIZE} connections are busy"))
                .hint("find what keeps the database busy (pg_stat_activity), then run it again"),
            PoolError::Timeout(_) => self.no_answer(self.0.connect_max()),
            error => self.away("has no connection".to_owned()).because(error),
        })
    }

    /// A connection of its own, for temporary tables and bulk work. Where [`pooled`](Self::pooled)
    /// may be called.
    pub async fn connect(&self) -> Result<Client> {
        let limit = self.0.connect_max();
        let connecting = self.connections()?.dialer.connect(&self.0.url.session);
        let connected = timeout(limit, connecting).await.map_err(|_| self.no_answer(limit))?;
        // Its task ends with the client.
        let (client, _task) = connected.map_err(|error| self.cannot_connect(error))?;
        Ok(client)
    }

    /// Turns the client's error met while doing something ("cannot record the run") into one for
    /// people, classified by its code.
    pub fn error(&self, doing: &'static str) -> impl Fn(tokio_postgres::Error) -> Error + '_ {
        move |error| error::for_people(self.label(), doing, error)
    }

    /// Reads the certificates that the URL names.
    fn connections(&self) -> Result<&Connections> {
        if let Some(connections) = self.0.connections.get() {
            return Ok(connections);
        }
        let url = &self.0.url;
        // The error of the file names the file; this one the database.
        let of_database = |error: Error| error.within(format!("database {}", self.label()));
        let tls = url.tls.connector().map_err(of_database)?;
        let dialer = Dialer {
            servers: url.servers.clone(),
            ssl_mode: url.tls.ssl_mode(),
            tls,
            limit: url.connect_timeout,
        };
        // No question to the server at each use: what is closed was noticed by its task.
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(url.session.clone(), dialer.clone(), settings);
        let pool = Pool::builder(manager)
            .max_size(POOL_SIZE)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT))
            .create_timeout(Some(self.0.connect_max()))
            // The pool would warn of each connection that a restart of the server has closed.
            .pre_recycle(Hook::sync_fn(|client, _| match client.is_closed() {
                true => Err(HookError::message("closed by the server")),
                false => Ok(()),
            }))
            .build()
            .map_err(|error| Error::new(Exit::Bug, "cannot make a pool").because(error))?;
        Ok(self.0.connections.get_or_init(|| Connections { dialer, pool }))
    }

    fn cannot_connect(&self, error: tokio_postgres::Error) -> Error {
        self.error("cannot connect")(error)
    }

    fn no_answer(&self, limit: Duration) -> Error {
        self.away(format!("no answer within {}", format_duration(limit)))
            .hint("check the server and the network, and what holds locks (pg_stat_activity)")
    }

    fn away(&self, what: String) -> Error {
        Error::new(Exit::Unavailable, format!("database {}: {what}", self.label()))
    }
}

impl Shared {
    /// For all servers together.
    fn connect_max(&self) -> Duration {
        self.url.connect_timeout * self.url.servers.len() as u32
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The last owner may be a task of the runtime itself, or of another one: nobody waits.
        let runtime = self.runtime.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// Opens sessions, with the first server that lets us in.
#[derive(Clone)]
struct Dialer {
    /// At least one.
    servers: Vec<Server>,
    ssl_mode: SslMode,
    tls: MakeRustlsConnect,
    /// For each server.
    limit: Duration,
}

type Session = (Client, JoinHandle<()>);
type Dialing<'a> =
    Pin<Box<dyn Future<Output = Result<Session, tokio_postgres::Error>> + Send + 'a>>;

impl Connect for Dialer {
    fn connect(&self, session: &Config) -> Dialing<'_> {
        let session = session.clone();
        Box::pin(async move {
            let last = self.servers.len() - 1;
            for server in &self.servers[..last] {
                match timeout(self.limit, self.connect_to(server, session.clone())).await {
                    Ok(Err(error)) if is_final(&error) => return Err(error),
                    Ok(Err(_)) | Err(_) => {}
                    Ok(connected) => return connected,
                }
            }
            // Whoever waits for all servers together has a limit for that.
            self.connect_to(&self.servers[last], session).await
        })
    }
}

impl Dialer {
    async fn connect_to(
        &self,
        server: &Server,
        mut session: Config,
    ) -> Result<Session, tokio_postgres::Error> {
        // PostgreSQL has no TLS on sockets.
        let ssl_mode = match server.host {
            Host::Unix(_) => SslMode::Disable,
            Host::Tcp(_) => self.ssl_mode,
        };
        match &server.host {
            Host::Unix(directory) => session.host_path(directory),
            Host::Tcp(name) => session.host(name),
        };
        session.port(server.port).ssl_mode(ssl_mode).connect_timeout(self.limit);
        let (client, connection) = session.connect(self.tls.clone()).await?;
        let task = tokio::spawn(async move {
            // Whoever uses the connection gets an error of its own.
            if let Err(error) = connection.await {
                debug!(?error, "a database connection broke");
            }
        });
        Ok((client, task))
    }
}

/// Whether the next server would say the same: only one that is not in service, or is not of the
/// kind that is looked for, sends us on.
fn is_final(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        ![SqlState::CANNOT_CONNECT_NOW, SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN]
            .contains(code)
    })
}

#[cfg(test)]
pub mod fixtures;
#[cfg(test)]
mod tests;
