//! `punctual daemon`: the arguments; the program itself runs it, as it runs jobs.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::clock::parse_run_duration;
use crate::config::Config;
use crate::daemon::DaemonLimits;

/// More than a host runs at once, and less than its open files.
pub const RUNNING_MAX: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

pub const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// Run the jobs at their due times, on hosts without cron
///
/// Starts each job when its schedule says so, in UTC, with the same timeout, lock, history, log
/// and exit codes as a run from a shell or crontab. SIGTERM, SIGINT and SIGQUIT let runs end, then
/// leave; a second one cancels them. SIGHUP loads the configuration anew.
#[derive(Debug, clap::Args)]
pub struct DaemonArgs {
    /// Runs that may be going at once; the others wait for a place [default: 1000]
    #[arg(long, value_name = "N")]
    max_running: Option<NonZeroU32>,

    /// How long a stopping daemon waits for its runs before it cancels them [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = parse_run_duration)]
    stop_timeout: Option<Duration>,

    /// Answer /healthz, /readyz and /metrics (for Prometheus) over HTTP at this address, such as
    /// 127.0.0.1:9187
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    listen: Option<SocketAddr>,
}

impl DaemonArgs {
    pub fn limits(&self, config: &Config) -> DaemonLimits {
        let in_file = config.max_running.as_deref().and_then(|max| NonZeroU32::new(*max));
        DaemonLimits {
            running_max: self.max_running.or(in_file).unwrap_or(RUNNING_MAX),
            stop_timeout: self
                .stop_timeout
                .or(config.stop_timeout.as_deref().copied())
                .unwrap_or(STOP_TIMEOUT),
        }
    }

    pub fn listen(&self, config: &Config) -> Option<SocketAddr> {
        self.listen.or(config.listen.as_deref().copied())
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write an IP address and a port: 127.0.0.1:9187 or [::1]:9187 for this host only, \
         0.0.0.0:9187 or [::]:9187 for others too"
            .to_owned()
    })
}
