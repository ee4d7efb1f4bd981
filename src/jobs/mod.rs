//! The catalog: every job, and the only place that names them.

use crate::job::CatalogEntry;

mod hello;
mod jupiter_sync;
mod mem_report;

/// One line per job, in the order of the help.
pub const CATALOG: &[CatalogEntry] = &[
    CatalogEntry::of::<hello::Hello>(),
    CatalogEntry::of::<jupiter_sync::JupiterSync>(),
    CatalogEntry::of::<mem_report::MemReport>(),
];
