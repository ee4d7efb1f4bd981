//! Pings: how a monitor (healthchecks.io or one of its kind) learns that a run began and how it
//! ended, and so notices one that never came.
//!
//! The protocol is that of <https://healthchecks.io/docs/http_api/>: GET `<url>/start`, then
//! `<url>` for a success or `<url>/<exit code>`. The URL holds the check's secret, so it is never
//! shown.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::exit::Exit;
use crate::http::HttpClients;

/// For a ping with its second try. Whoever waits for the end of the process waits no longer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long after the first try the second one begins.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Where to ping. Its path is a secret: no form of it shows more than the host.
#[derive(Clone, PartialEq, Eq)]
pub struct PingUrl(Arc<Url>);

impl PingUrl {
    /// The URL with `step` as its last part.
    fn with(&self, step: &str) -> Url {
        let mut url = Url::clone(&self.0);
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(step);
        }
        url
    }
}

impl FromStr for PingUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Self(Arc::new(url))),
            _ => Err("not an http or https URL".to_owned()),
        }
    }
}

impl fmt::Debug for PingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/[redacted]", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

/// Sends pings in the background, where a dead host costs the runs nothing. Cheap to clone.
#[derive(Clone)]
pub struct Pinger {
    http: HttpClients,
    sending: TaskTracker,
}

/// The ping of a run that has begun.
pub struct Begun(JoinHandle<()>);

impl Pinger {
    pub fn new(http: HttpClients) -> Self {
        Self { http, sending: TaskTracker::new() }
    }

    /// Tells that a run has begun.
    pub fn begin(&self, url: &PingUrl) -> Begun {
        Begun(self.send(url.with("start"), None))
    }

    /// Tells how it ended. A start that could not be told by now is not told any more.
    pub fn end(&self, url: &PingUrl, begun: Option<Begun>, exit: Exit) {
        let url = match exit {
            Exit::Succeeded => Url::clone(&url.0),
            failure => url.with(&failure.code().to_string()),
        };
        self.send(url, begun);
    }

    /// Waits until every ping is sent or given up.
    pub async fn finish(&self) {
        self.sending.close();
        self.sending.wait().await;
    }

    fn send(&self, url: Url, after: Option<Begun>) -> JoinHandle<()> {
        let http = self.http.clone();
        self.sending.spawn(async move {
            let sent = tokio::time::timeout(TIMEOUT, async {
                if let Some(Begun(begun)) = after {
                    // In order, where the host answers at all.
                    let mut begun = begun;
                    if tokio::time::timeout(RETRY_DELAY, &mut begun).await.is_err() {
                        begun.abort();
                    }
                }
                if let Err(first) = ping(&http, &url).await {
                    tracing::debug!(error = first, "the ping failed; trying once more");
                    tokio::time::sleep(RETRY_DELAY).await;
                    ping(&http, &url).await
                } else {
                    Ok(())
                }
            });
            let error = match sent.await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => format!("no answer within {}", humantime::format_duration(TIMEOUT)),
            };
            let host = url.host_str().unwrap_or_default();
            tracing::warn!(host, error, "could not ping {host}; the run is not affected");
        })
    }
}

async fn ping(http: &HttpClients, url: &Url) -> Result<(), String> {
    let client = http.for_url(url).map_err(|error| error.chain())?;
    let answer = client.get(url.clone()).send().await;
    // Without the URL, which reqwest would show.
    let answer = answer.map_err(|error| {
        let error = error.without_url();
        crate::error::Error::new(Exit::Unavailable, "no answer").because(error).chain()
    })?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("status {}", answer.status())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_behind_the_path_and_before_the_query() {
        let url: PingUrl = "https://hc.example/ping/uuid/?key=1".parse().expect("a URL");
        assert_eq!(url.with("start").as_str(), "https://hc.example/ping/uuid/start?key=1");
        assert_eq!(url.with("124").as_str(), "https://hc.example/ping/uuid/124?key=1");
    }

    #[test]
    fn nothing_shows_more_than_the_host() {
        let url: PingUrl = "https://user:pass@hc.example/secret-uuid".parse().expect("a URL");
        assert_eq!(format!("{url:?}"), "https://hc.example/[redacted]");
        for wrong in ["ftp://host/x", "no url", "file:///etc/passwd", ""] {
            assert!(wrong.parse::<PingUrl>().is_err(), "{wrong}");
        }
    }
}
