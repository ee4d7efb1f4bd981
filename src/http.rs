//! HTTP clients with our limits, built when first needed: building one costs more than the
//! whole rest of a small run.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::exit::Exit;

/// The name that every request gives itself: some hosts refuse a library's default.
pub const USER_AGENT: &str = concat!("punctual/", env!("CARGO_PKG_VERSION"));

/// How long to wait for a remote. There is no limit on a whole answer: the run's deadline is
/// that limit.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// For a connection, with its TLS handshake.
    pub connect: Duration,
    /// For the next byte, including the first.
    pub stall: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), stall: Duration::from_secs(30) }
    }
}

/// What a client is set up for.
#[derive(Clone, Copy)]
enum Reach {
    Remote,
    Loopback,
    /// Loopback without TLS, and so without the system's certificates: reading those takes longer
    /// than a small list.
    PlainLoopback,
}

impl Reach {
    fn of(url: &Url) -> Self {
        match (is_loopback(url), url.scheme()) {
            (false, _) => Self::Remote,
            (true, "http") => Self::PlainLoopback,
            (true, _) => Self::Loopback,
        }
    }
}

/// The clients of a process. Cheap to clone.
#[derive(Clone, Default)]
pub struct HttpClients {
    limits: HttpLimits,
    /// One per [`Reach`].
    clients: Arc<[OnceLock<reqwest::Client>; 3]>,
}

impl HttpClients {
    pub fn new(limits: HttpLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub fn limits(&self) -> HttpLimits {
        self.limits
    }

    /// The client for `url`. It follows no redirects and decodes no bodies, both of which are
    /// the caller's to judge; proxies from the environment serve all but loopback.
    pub fn for_url(&self, url: &Url) -> Result<&reqwest::Client> {
        let reach = Reach::of(url);
        let cell = &self.clients[reach as usize];
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self.build(reach)?;
        Ok(cell.get_or_init(|| client))
    }

    fn build(&self, reach: Reach) -> Result<reqwest::Client> {
        // An error says that a provider is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .connect_timeout(self.limits.connect);
        let builder = match reach {
            Reach::Remote => builder,
            Reach::Loopback => builder.no_proxy(),
            Reach::PlainLoopback => builder.no_proxy().tls_certs_only([]),
        };
        builder.build().map_err(|error| {
            Error::new(Exit::Unavailable, "cannot set up HTTP")
                .because(error)
                .hint("check the proxy variables and the system's certificates (ca-certificates)")
        })
    }
}

/// Whether `url` names this machine, so that plain HTTP shows nothing to a network.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_judged_by_host_not_by_prefix() {
        let check = |url: &str, expected: bool| {
            assert_eq!(is_loopback(&Url::parse(url).expect("a URL")), expected, "{url}");
        };
        check("http://127.0.0.1:8080/x", true);
        check("http://localhost/", true);
        check("http://[::1]:1/", true);
        check("http://127.0.0.1.example.com/", false);
        check("http://localhost.example.com/", false);
        check("https://api.jup.ag/", false);
    }
}
