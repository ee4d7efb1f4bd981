//! `punctual daemon`: the arguments; the program itself runs it, as it runs jobs.

use std::net::SocketAddr;
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

    /// Answer /healthz, /readyz and /metrics (for Prometheus) over HTTP at this address, such as
    /// 127.0.0.1:9187
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    listen: Option<SocketAddr>,
}

impl DaemonArgs {
    pub fn limits(&self) -> DaemonLimits {
        DaemonLimits { running_max: self.max_running, stop_timeout: self.stop_timeout }
    }

    pub fn listen(&self) -> Option<SocketAddr> {
        self.listen
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write an IP address and a port: 127.0.0.1:9187 or [::1]:9187 for this host only, \
         0.0.0.0:9187 or [::]:9187 for others too"
            .to_owned()
    })
}
