//! The memory of this process as a whole, before and after giving back what is unused.

use serde::{Deserialize, Serialize};

use super::{AllocatorFigures, give_back};
use crate::error::{Error, Result};
use crate::exit::Exit;

/// The memory of a process at one moment. Sizes in bytes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MemoryFigures {
    pub allocator: AllocatorFigures,
    /// Resident set size: pages in physical memory, shared ones in full.
    pub rss: u64,
    /// Proportional set size: shared pages divided among their users.
    pub pss: u64,
    /// The greatest RSS so far.
    pub peak_rss: u64,
    pub swap: u64,
    pub threads: u64,
    /// Live tasks of the async runtime, that of whoever asks included.
    pub async_tasks: u64,
    pub open_files: u64,
}

/// What giving memory back did for a process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MemoryReport {
    pub pid: u32,
    pub before: MemoryFigures,
    pub after: MemoryFigures,
}

impl MemoryReport {
    /// Gives this process's unused memory back and tells what that did.
    ///
    /// Blocks; call it on a thread of the tokio runtime.
    pub fn after_giving_back() -> Result<Self> {
        let before = MemoryFigures::read()?;
        give_back()?;
        Ok(Self { pid: std::process::id(), before, after: MemoryFigures::read()? })
    }
}

impl MemoryFigures {
    /// Reads `/proc/self`: see proc_pid_status(5) and proc_pid_smaps(5).
    #[cfg(target_os = "linux")]
    fn read() -> Result<Self> {
        let unreadable =
            |error| Error::new(Exit::InputOutput, "cannot read /proc/self").because(error);
        let process = procfs::process::Process::myself().map_err(unreadable)?;
        let status = process.status().map_err(unreadable)?;
        let rollup = process.smaps_rollup().map_err(unreadable)?;
        let pss = rollup
            .memory_map_rollup
            .into_iter()
            .filter_map(|map| map.extension.map.get("Pss").copied())
            .sum();
        let bytes = |kibibytes: Option<u64>| kibibytes.unwrap_or_default() * 1024;
        Ok(Self {
            allocator: AllocatorFigures::read()?,
            rss: bytes(status.vmrss),
            pss,
            peak_rss: bytes(status.vmhwm),
            swap: bytes(status.vmswap),
            threads: status.threads,
            async_tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64,
            open_files: process.fd_count().map_err(unreadable)? as u64,
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn read() -> Result<Self> {
        Err(Error::new(Exit::Failed, "the memory of a process can only be read on Linux"))
    }
}
