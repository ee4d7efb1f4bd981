//! How the store reaches its server, and how it makes sure that it still may write.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error as ClientError};

use crate::error::{Error, Result};
use crate::exit::Exit;

/// The runtime on which a connection lives, and the name of its database.
#[derive(Clone)]
pub struct Link {
    pub handle: Handle,
    pub label: Arc<str>,
}

impl Link {
    /// Blocks on `future`.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T> {
        Ok(self.handle.block_on(future))
    }

    /// Turns the client's error met while doing something into one for people.
    pub fn error(&self, doing: &'static str) -> impl Fn(ClientError) -> Error + '_ {
        move |error| {
            Error::new(Exit::Unavailable, format!("database {}: {doing}", self.label))
                .because(error)
        }
    }
}

/// The lease under which a run writes. A host that was suspended may find that another has it.
#[derive(Clone, Debug)]
pub struct Fence {
    pub job: String,
    pub owner: String,
    pub number: i64,
}

impl Fence {
    /// Makes sure that the lease is held until the end of the transaction that `client` is in.
    pub async fn hold(&self, client: &Client, link: &Link) -> Result<()> {
        let held = client
            .query_typed_opt(
                "SELECT fence FROM leases WHERE job = $1 AND owner = $2 AND fence = $3 FOR UPDATE",
                &[(&self.job, Type::TEXT), (&self.owner, Type::TEXT), (&self.number, Type::INT8)],
            )
            .await
            .map_err(link.error("cannot look at the lease"))?;
        if held.is_some() {
            return Ok(());
        }
        Err(Error::new(
            Exit::NotRun,
            format!("the lease of {} was lost to another host; nothing more is written", self.job),
        )
        .hint("see what the other host does: punctual history"))
    }
}
