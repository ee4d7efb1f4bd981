//! Memory: the figures of allocator and process, and giving back what is unused.
//!
//! The allocator is jemalloc, because its figures are exact and its purge shows in RSS. SQLite's C
//! code allocates from it too (the `unprefixed` feature), so the figures cover the whole process.

mod process;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::exit::Exit;

pub use process::MemoryReport;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Read by jemalloc when it starts. One arena and small thread caches: a run has a handful of
/// threads that hardly allocate at the same time, and most runs are over in milliseconds, of which
/// setting up an arena and a full cache per thread would be a tenth. Unused pages go back after a
/// tenth of a second, not ten: bulk work moves large buffers about, and is not to keep the places
/// where they were.
/// <https://jemalloc.net/jemalloc.3.html#tuning>
#[expect(unsafe_code, reason = "jemalloc finds its options by the symbol's name")]
// SAFETY: nothing else in the program has this name, and the type is what jemalloc reads: a
// pointer to a C string.
#[unsafe(export_name = "malloc_conf")]
static MALLOC_CONF: &[u8; 69] =
    b"narenas:1,tcache_max:1024,lg_tcache_nslots_mul:-1,dirty_decay_ms:100\0";

/// "All arenas" in jemalloc's names (`MALLCTL_ARENAS_ALL`), in the call that returns every unused
/// page to the operating system. <https://jemalloc.net/jemalloc.3.html#arena.i.purge>
const PURGE_ALL_ARENAS: &std::ffi::CStr = c"arena.4096.purge";

/// What the allocator holds, in bytes. <https://jemalloc.net/jemalloc.3.html#stats.allocated>
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct AllocatorFigures {
    /// Given to the program.
    pub allocated: u64,
    /// In pages that hold something given to the program.
    pub active: u64,
    /// In physical memory, with the allocator's own tables.
    pub resident: u64,
    /// Given back to the operating system, the addresses kept.
    pub retained: u64,
}

impl AllocatorFigures {
    pub fn read() -> Result<Self> {
        use tikv_jemalloc_ctl::{epoch, stats};
        let read = || {
            // The figures are those of the last time that the epoch advanced.
            epoch::advance()?;
            Ok(Self {
                allocated: stats::allocated::read()? as u64,
                active: stats::active::read()? as u64,
                resident: stats::resident::read()? as u64,
                retained: stats::retained::read()? as u64,
            })
        };
        read().map_err(|error: tikv_jemalloc_ctl::Error| {
            Error::new(Exit::Bug, "cannot read the allocator's figures").because(error)
        })
    }
}

/// Gives the allocator's unused pages back to the operating system.
#[expect(unsafe_code, reason = "jemalloc's control interface is a C function")]
pub fn give_back() -> Result<()> {
    // SAFETY: the name is a valid C string, and this control neither reads nor writes a value.
    let status = unsafe {
        tikv_jemalloc_sys::mallctl(
            PURGE_ALL_ARENAS.as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
        )
    };
    if status == 0 {
        return Ok(());
    }
    Err(Error::new(Exit::Bug, "cannot give memory back")
        .because(std::io::Error::from_raw_os_error(status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, because two at once would see each other's memory.
    #[test]
    fn figures_and_resident_set_follow_what_is_allocated_and_given_back() {
        const SIZE: u64 = 64 << 20;
        let before = AllocatorFigures::read().expect("figures");
        // Small blocks, which the allocator keeps for the next of their kind when they are freed.
        let blocks: Vec<Vec<u8>> = (0..SIZE / 4096).map(|_| vec![1; 4096]).collect();
        let (during, resident_during) = (AllocatorFigures::read().expect("figures"), resident());
        assert!(during.allocated >= before.allocated + SIZE / 2, "{before:?} {during:?}");
        drop(std::hint::black_box(blocks));
        give_back().expect("given back");
        let (after, resident_after) = (AllocatorFigures::read().expect("figures"), resident());
        assert!(after.resident < during.resident, "{during:?} {after:?}");
        if let (Some(during), Some(after)) = (resident_during, resident_after) {
            assert!(after + SIZE / 2 <= during, "{after} of {during} bytes are left");
        }
    }

    /// The process's resident set in bytes, where the system tells.
    fn resident() -> Option<u64> {
        #[cfg(target_os = "linux")]
        {
            let process = procfs::process::Process::myself().ok()?;
            Some(process.statm().ok()?.resident * procfs::page_size())
        }
        #[cfg(not(target_os = "linux"))]
        None
    }
}
