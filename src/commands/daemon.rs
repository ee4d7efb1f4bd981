//! `punctual daemon`: the arguments; the program itself runs it, as it runs jobs.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::daemon::DaemonLimits;

/// Run the jobs at their due times, on hosts without cron
///
/// Starts each job when its schedule says so, in UTC, with the same timeout, lock, history, log
/// and exit codes as a run from a shell or crontab. SIGTERM and SIGINT let runs end, then leave;
/// a second one cancels them. SIGHUP loads the configuration anew.
#[derive(Debug, clap::Args)]
pub struct DaemonArgs {
    /// Runs that may be going at once; the others wait for a place
    #[arg(long, value_name = "N", default_value = "1000")]
    max_running: NonZeroU32,

    /// How long a stopping daemon waits for its runs before it cancels them
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = crate::clock::parse_duration)]
    stop_timeout: Duration,
}

impl DaemonArgs {
    pub fn limits(&self) -> DaemonLimits {
        DaemonLimits { running_max: self.max_running, stop_timeout: self.stop_timeout }
    }
}
