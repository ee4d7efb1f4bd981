//! `mem-report`: give unused memory back, and say what that did.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job::{Job, JobContext, JobError};
use crate::memory::{self, AllocatorFigures};

/// Give unused memory back and report the memory in use
///
/// Gives the allocator's unused pages back to the operating system, and reports the figures of
/// allocator and process before and after. It is about its own process.
#[derive(Debug, clap::Args)]
pub struct MemReport {
    /// Fail (exit code 1) when the resident memory is above this afterwards, such as 64MiB
    #[arg(long, value_name = "SIZE")]
    max_rss: Option<ByteSize>,
}

#[derive(Debug, Serialize)]
pub struct Report {
    /// Whose memory this is about.
    process: &'static str,
    pid: u32,
    before: Figures,
    after: Figures,
}

/// The memory of a process at one moment. Sizes in bytes.
#[derive(Debug, Serialize)]
struct Figures {
    allocator: AllocatorFigures,
    /// Resident set size: pages in physical memory, shared ones in full.
    rss: u64,
    /// Proportional set size: shared pages divided among their users.
    pss: u64,
    /// The greatest RSS so far.
    peak_rss: u64,
    swap: u64,
    threads: u64,
    /// Live tasks of the async runtime, this run's own included.
    async_tasks: u64,
    open_files: u64,
}

impl Job for MemReport {
    const NAME: &'static str = "mem-report";
    const SCHEDULE: &'static str = "every 1h";
    const TIMEOUT: Duration = Duration::from_secs(30);

    type Report = Report;

    async fn run(&self, context: &JobContext) -> Result<Report, JobError> {
        let before = figures(context).await?;
        context.blocking(memory::give_back).await?;
        let after = figures(context).await?;
        let report = Report { process: "this process", pid: std::process::id(), before, after };
        match self.max_rss {
            Some(limit) if report.after.rss > limit.as_u64() => {
                Err(JobError::from(over_limit(report.after.rss, limit)).with_report(&report))
            }
            _ => Ok(report),
        }
    }
}

fn over_limit(rss: u64, limit: ByteSize) -> Error {
    Error::new(
        Exit::Failed,
        format!("resident memory is {}, above --max-rss {limit}", ByteSize(rss)),
    )
    .hint("look for what grew in earlier reports: punctual history mem-report --output json")
}

async fn figures(context: &JobContext) -> Result<Figures> {
    let async_tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64;
    context.blocking(move || process_figures(async_tasks)).await
}

/// Reads `/proc/self`: see proc_pid_status(5) and proc_pid_smaps(5).
#[cfg(target_os = "linux")]
fn process_figures(async_tasks: u64) -> Result<Figures> {
    let unreadable = |error| Error::new(Exit::InputOutput, "cannot read /proc/self").because(error);
    let process = procfs::process::Process::myself().map_err(unreadable)?;
    let status = process.status().map_err(unreadable)?;
    let rollup = process.smaps_rollup().map_err(unreadable)?;
    let pss = rollup
        .memory_map_rollup
        .into_iter()
        .filter_map(|map| map.extension.map.get("Pss").copied())
        .sum();
    let bytes = |kibibytes: Option<u64>| kibibytes.unwrap_or_default() * 1024;
    Ok(Figures {
        allocator: AllocatorFigures::read()?,
        rss: bytes(status.vmrss),
        pss,
        peak_rss: bytes(status.vmhwm),
        swap: bytes(status.vmswap),
        threads: status.threads,
        async_tasks,
        open_files: process.fd_count().map_err(unreadable)? as u64,
    })
}

#[cfg(not(target_os = "linux"))]
fn process_figures(_async_tasks: u64) -> Result<Figures> {
    Err(Error::new(Exit::Failed, "the memory of a process can only be read on Linux"))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (&self.before, &self.after);
        writeln!(f, "memory of {} (pid {})", self.process, self.pid)?;
        write!(f, "{:<22} {:>12} {:>12}", "", "before", "after")?;
        let sizes = [
            ("allocator: allocated", before.allocator.allocated, after.allocator.allocated),
            ("allocator: active", before.allocator.active, after.allocator.active),
            ("allocator: resident", before.allocator.resident, after.allocator.resident),
            ("allocator: retained", before.allocator.retained, after.allocator.retained),
            ("RSS", before.rss, after.rss),
            ("PSS", before.pss, after.pss),
            ("peak RSS", before.peak_rss, after.peak_rss),
            ("swap", before.swap, after.swap),
        ];
        for (label, before, after) in sizes {
            let (before, after) = (ByteSize(before).to_string(), ByteSize(after).to_string());
            write!(f, "\n{label:<22} {before:>12} {after:>12}")?;
        }
        let counts = [
            ("threads", before.threads, after.threads),
            ("async tasks", before.async_tasks, after.async_tasks),
            ("open files", before.open_files, after.open_files),
        ];
        for (label, before, after) in counts {
            write!(f, "\n{label:<22} {before:>12} {after:>12}")?;
        }
        Ok(())
    }
}
