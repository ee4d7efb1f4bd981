//! `mem-report`: give unused memory back, and say what that did.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Serialize;

use crate::control::DaemonLink;
use crate::error::Error;
use crate::exit::Exit;
use crate::job::{Job, JobContext, JobError, cancelled};
use crate::memory::MemoryReport;

/// Give unused memory back and report the memory in use
///
/// Gives the allocator's unused pages back to the operating system, and reports the figures of
/// allocator and process before and after. It is about the daemon of the state directory, which it
/// asks; where none is running, it is about its own process.
#[derive(Debug, clap::Args)]
pub struct MemReport {
    /// Fail (exit code 1) when the resident memory is above this afterwards, such as 64MiB
    #[arg(long, value_name = "SIZE")]
    max_rss: Option<ByteSize>,
}

#[derive(Debug, Serialize)]
pub struct Report {
    /// Whose memory this is about.
    process: Whose,
    #[serde(flatten)]
    memory: MemoryReport,
}

#[derive(Clone, Copy, Debug, Serialize)]
enum Whose {
    #[serde(rename = "daemon")]
    Daemon,
    #[serde(rename = "this process")]
    ThisProcess,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Whose::Daemon => "the daemon",
            Whose::ThisProcess => "this process",
        })
    }
}

impl Job for MemReport {
    const NAME: &'static str = "mem-report";
    const SCHEDULE: &'static str = "every 1h";
    const TIMEOUT: Duration = Duration::from_secs(30);

    type Report = Report;

    async fn run(&self, context: &JobContext) -> Result<Report, JobError> {
        let report = match &context.daemon {
            DaemonLink::Inside => own(Whose::Daemon, context).await?,
            DaemonLink::Outside(client) => {
                let asked = tokio::select! {
                    answer = client.mem_report() => answer?,
                    () = context.cancellation.cancelled() => return Err(cancelled().into()),
                };
                match asked {
                    Some(memory) => Report { process: Whose::Daemon, memory },
                    None => own(Whose::ThisProcess, context).await?,
                }
            }
        };
        match self.max_rss {
            Some(limit) if report.memory.after.rss > limit.as_u64() => {
                let error = over_limit(report.process, report.memory.after.rss, limit);
                Err(JobError::from(error).with_report(&report))
            }
            _ => Ok(report),
        }
    }
}

async fn own(process: Whose, context: &JobContext) -> Result<Report, JobError> {
    let memory = context.blocking(MemoryReport::after_giving_back).await?;
    Ok(Report { process, memory })
}

fn over_limit(process: Whose, rss: u64, limit: ByteSize) -> Error {
    Error::new(
        Exit::Failed,
        format!("resident memory of {process} is {}, above --max-rss {limit}", ByteSize(rss)),
    )
    .hint("look for what grew in earlier reports: punctual history mem-report --output json")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MemoryReport { pid, before, after } = &self.memory;
        writeln!(f, "memory of {} (pid {pid})", self.process)?;
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
