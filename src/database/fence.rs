//! The proof that a run may still write.

use std::sync::Arc;

use tokio_postgres::Client;
use uuid::Uuid;

use super::value::query;

/// The lease of a run as a number: each lease of a job has a greater one than that before it. Who
/// writes for a run asks in the same transaction, last, whether the run [holds](Fence::holds) its
/// lease.
#[derive(Clone, Debug)]
pub struct Fence {
    /// Whose lease it is: that of the job, or of a run that may go beside others.
    pub name: Arc<str>,
    pub owner: Uuid,
    pub number: i64,
}

impl Fence {
    /// Whether the run has its lease, and will have it until the client's transaction ends: the row
    /// is locked, so nobody can take it in between.
    pub async fn holds(&self, client: &Client) -> Result<bool, tokio_postgres::Error> {
        let rows = query(
            client,
            "SELECT fence FROM leases WHERE name = $1 AND owner = $2 AND fence = $3 FOR UPDATE",
            &[(&*self.name).into(), (&self.owner.to_string()).into(), self.number.into()],
        )
        .await?;
        Ok(!rows.is_empty())
    }
}
