//! The figures of the process, under the names that every Prometheus client gives them:
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>.

use crate::error::{Error, Result};

#[derive(Clone, Copy, Debug)]
pub struct ProcessFigures {
    pub cpu_seconds: f64,
    pub resident_bytes: u64,
    pub virtual_bytes: u64,
    pub open_fds: u64,
    /// None when there is no limit.
    pub max_fds: Option<u64>,
    /// None where `/proc/stat` is hidden, as in some sandboxes.
    pub start_time_seconds: Option<f64>,
    pub threads: u64,
}

impl ProcessFigures {
    /// Reads `/proc/self`: see proc_pid_stat(5).
    #[cfg(target_os = "linux")]
    pub fn read() -> Result<Self> {
        use procfs::process::{LimitValue, Process};
        let read = || {
            let process = Process::myself()?;
            let stat = process.stat()?;
            let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
            Ok(Self {
                cpu_seconds: seconds(stat.utime + stat.stime),
                resident_bytes: stat.rss * procfs::page_size(),
                virtual_bytes: stat.vsize,
                open_fds: process.fd_count()? as u64,
                max_fds: match process.limits()?.max_open_files.soft_limit {
                    LimitValue::Value(limit) => Some(limit),
                    LimitValue::Unlimited => None,
                },
                start_time_seconds: procfs::boot_time_secs()
                    .ok()
                    .map(|boot| boot as f64 + seconds(stat.starttime)),
                threads: u64::try_from(stat.num_threads).unwrap_or_default(),
            })
        };
        read().map_err(|error: procfs::ProcError| {
            Error::new(crate::exit::Exit::InputOutput, "cannot read /proc/self").because(error)
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub fn read() -> Result<Self> {
        Err(Error::new(
            crate::exit::Exit::Failed,
            "the figures of a process can only be read on Linux",
        ))
    }
}
