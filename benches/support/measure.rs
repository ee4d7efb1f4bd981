//! Runs a command and says what it cost.
//!
//! The kernel does the counting: `wait4` gives the CPU time of the child and of
//! every descendant that it waited for, and the peak memory of the largest of
//! them. A new process starts its count of peak memory at that of its parent, so
//! the drivers of the benchmarks must stay smaller than what they measure: see
//! [`own_peak`].

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// What one run of a command took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// From just before the start until the exit was seen.
    pub wall: Duration,
    /// User and system time, descendants included.
    pub cpu: Duration,
    /// Peak resident bytes of the largest process, as the kernel counted them.
    pub peak: u64,
}

/// Runs a command in a process group of its own. `begin` is called with its id
/// while it runs, for whoever wants to watch it.
pub fn run<T>(
    command: &mut Command,
    begin: impl FnOnce(u32) -> T,
) -> io::Result<(ExitStatus, Cost, T)> {
    let start = Instant::now();
    let pid = command.process_group(0).spawn()?.id();
    let begun = begin(pid);
    let (status, usage) = wait(pid)?;
    let wall = start.elapsed();
    Ok((status, Cost { wall, ..usage }, begun))
}

/// The peak memory of this process so far: the floor below which no child's peak
/// can be seen.
pub fn own_peak() -> u64 {
    status_field("/proc/self/status", "VmHWM:").unwrap_or(0)
}

/// Waits for a child of this process and asks what it used. The wall time is left
/// at zero.
///
/// This goes to the system call itself, because the standard library's `wait`
/// throws the usage away, and the one small crate that wraps it needs a newer
/// compiler than this package.
#[expect(unsafe_code, reason = "wait4 is only to be had through libc")]
fn wait(pid: u32) -> io::Result<(ExitStatus, Cost)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: both pointers are to live, writable places of the right types, and
    // an all-zero `rusage` is a valid one, whether or not the kernel fills it.
    let usage = unsafe {
        while libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) == -1 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        usage.assume_init()
    };
    let cost = Cost {
        wall: Duration::ZERO,
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        peak: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
    };
    Ok((ExitStatus::from_raw(status), cost))
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// A size from one of the kernel's `status` files, in bytes.
pub fn status_field(path: &str, name: &str) -> Option<u64> {
    let status = fs::read_to_string(path).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}
