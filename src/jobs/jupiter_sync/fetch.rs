//! Requests: what is asked for, who may see the key, and which failures pass by themselves.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode};
use tokio::sync::mpsc;
use url::Url;

use crate::clock::Clock;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::is_loopback;
use crate::job::{self, JobContext};
use crate::secret::Secret;
use crate::text;

const KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");
const REQUEST_ID_HEADER: &str = "x-api-gateway-request-id";
/// Absolute Unix seconds at which a request is allowed again.
const RESET_HEADER: &str = "x-ratelimit-reset";

const REDIRECTS_MAX: usize = 5;

/// How much of an error's body is looked at, in bytes.
const ERROR_BODY_BYTES: usize = 4096;

/// A longer wait that a 429 asks for is nonsense (milliseconds for seconds, a broken clock).
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// It may pass: try again, not before `wait` where the remote asked for that.
    Transient { wait: Option<Duration> },
    /// Trying again changes nothing.
    Permanent,
    /// The API does not know what it was asked for (400).
    UnknownTag,
}

/// A request or an answer that failed.
#[derive(Debug)]
pub struct Failure {
    pub error: Error,
    pub kind: FailureKind,
}

impl Failure {
    pub fn transient(error: Error) -> Self {
        Self { error, kind: FailureKind::Transient { wait: None } }
    }

    pub fn permanent(error: Error) -> Self {
        Self { error, kind: FailureKind::Permanent }
    }

    /// Names the request whose answer it is about, for whoever asks the API's people.
    #[must_use]
    pub fn of_request(mut self, request_id: Option<&str>) -> Self {
        // What went wrong on this side is none of their business.
        let is_theirs =
            matches!(self.error.exit(), Exit::Unavailable | Exit::Protocol | Exit::Permission);
        if let Some(request_id) = request_id.filter(|_| is_theirs) {
            self.error = self.error.detail(&format!("request id {request_id}"));
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error.chain())
    }
}

impl std::error::Error for Failure {}

/// Sends requests for one run.
pub struct Fetcher<'a> {
    context: &'a JobContext,
    /// The only origin that may see the key.
    api_url: &'a Url,
    key: Option<HeaderValue>,
}

impl<'a> Fetcher<'a> {
    pub fn new(
        context: &'a JobContext,
        api_url: &'a Url,
        key: Option<Secret>,
    ) -> Result<Self, Error> {
        let key = key.map(|key| header_value(&key)).transpose()?;
        let fetcher = Self { context, api_url, key };
        if fetcher.key.is_some() && !fetcher.may_see_key(api_url) {
            tracing::warn!(api_url = shown(api_url), "the API key is not sent over plain HTTP");
        }
        Ok(fetcher)
    }

    /// Asks for `url`, follows redirects, and judges the answer. The body is still to come.
    pub async fn get(&self, url: &Url) -> Result<Response, Failure> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let response = self.send(&url).await?;
            if !response.status().is_redirection() {
                return self.judge(&url, response).await;
            }
            url = redirect_target(&url, &response)
                .map_err(|failure| failure.of_request(request_id(&response).as_deref()))?;
            tracing::debug!(to = %shown(&url), "redirected");
        }
        Err(Failure::permanent(
            Error::new(
                Exit::Protocol,
                format!("more than {REDIRECTS_MAX} redirects, to {}", shown(&url)),
            )
            .hint("check --api-url or --from"),
        ))
    }

    async fn send(&self, url: &Url) -> Result<Response, Failure> {
        let client = self.context.http.for_url(url).map_err(Failure::permanent)?;
        let mut request = client.get(url.clone()).header(header::ACCEPT_ENCODING, "gzip, br, zstd");
        if let Some(key) = self.key.as_ref().filter(|_| self.may_see_key(url)) {
            request = request.header(KEY_HEADER, key);
        }
        let stall = self.context.http.limits().stall;
        match tokio::time::timeout(stall, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(Failure::transient(unreachable_host(url, error))),
            Err(_) => Err(Failure::transient(stalled(url, stall))),
        }
    }

    /// The key goes to the API's own origin, and in clear over loopback only.
    fn may_see_key(&self, url: &Url) -> bool {
        url.origin() == self.api_url.origin() && (url.scheme() == "https" || is_loopback(url))
    }

    async fn judge(&self, url: &Url, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(response);
        }
        let request_id = request_id(&response);
        let wait = asked_to_wait(response.headers(), &self.context.clock);
        let body = self.error_body(response).await;
        tracing::debug!(url = %shown(url), status = status.as_u16(), request_id, body, "refused");

        let mut message = format!("{} answered {status}", shown(url));
        if !body.is_empty() {
            message.push_str(&format!(" ({body})"));
        }
        let (exit, kind, hint) = self.classify(status, wait);
        let failure = Failure { error: Error::new(exit, message).hint(hint), kind };
        Err(failure.of_request(request_id.as_deref()))
    }

    fn classify(
        &self,
        status: StatusCode,
        wait: Option<Duration>,
    ) -> (Exit, FailureKind, &'static str) {
        use FailureKind::{Permanent, Transient, UnknownTag};
        match status.as_u16() {
            401 | 403 if self.key.is_some() => (
                Exit::Permission,
                Permanent,
                "check the key in JUPITER_API_KEY or --api-key-file, or run without one",
            ),
            401 | 403 => (
                Exit::Permission,
                Permanent,
                "put an API key into JUPITER_API_KEY or --api-key-file",
            ),
            400 => (
                Exit::Protocol,
                UnknownTag,
                "check --tags (the API is known for verified, lst and stocks), --api-url or --from",
            ),
            404 => {
                (Exit::Protocol, Permanent, "the endpoint is gone there; check --api-url or --from")
            }
            429 => (
                Exit::Unavailable,
                Transient { wait },
                "run it less often, or with an API key of a larger plan",
            ),
            408 | 425 | 500..=599 => (
                Exit::Unavailable,
                Transient { wait },
                "the service has a problem; try again later",
            ),
            _ => (Exit::Protocol, Permanent, "check --api-url or --from"),
        }
    }

    /// The beginning of an error's body, safe to show. It may be anything.
    async fn error_body(&self, mut response: Response) -> String {
        let mut body = Vec::new();
        let stall = self.context.http.limits().stall;
        while body.len() < ERROR_BODY_BYTES {
            match tokio::time::timeout(stall, response.chunk()).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                _ => break,
            }
        }
        body.truncate(ERROR_BODY_BYTES);
        let body = String::from_utf8_lossy(&body);
        text::excerpt(&body.split_whitespace().collect::<Vec<_>>().join(" "), 200)
    }

    /// Sends the body on, chunk by chunk, and its failure if it has one. Ends early when the
    /// receiver is gone or the run is cancelled.
    pub async fn pump(
        &self,
        url: &Url,
        mut response: Response,
        sender: mpsc::Sender<Result<Bytes, Failure>>,
    ) {
        let stall = self.context.http.limits().stall;
        loop {
            let chunk = tokio::select! {
                chunk = tokio::time::timeout(stall, response.chunk()) => chunk,
                () = self.context.cancellation.cancelled() => {
                    let _ = sender.try_send(Err(Failure::permanent(job::cancelled())));
                    return;
                }
                () = sender.closed() => return,
            };
            let item = match chunk {
                Ok(Ok(Some(bytes))) => Ok(bytes),
                Ok(Ok(None)) => return,
                Ok(Err(error)) => Err(Failure::transient(broken_off(url, error))),
                Err(_) => Err(Failure::transient(stalled(url, stall))),
            };
            let failed = item.is_err();
            if sender.send(item).await.is_err() || failed {
                return;
            }
        }
    }
}

fn header_value(key: &Secret) -> Result<HeaderValue, Error> {
    let strange = || {
        Error::new(Exit::Configuration, "the API key has characters that no key has")
            .hint("check JUPITER_API_KEY or --api-key-file for stray line breaks and quotes")
    };
    // HeaderValue takes more than that.
    if !key.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(strange());
    }
    let mut value = HeaderValue::from_str(key.expose()).map_err(|_| strange())?;
    value.set_sensitive(true);
    Ok(value)
}

/// The URL for people: without credentials, and without a query that may hold one.
pub fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    text::escape(&format!("{}://{host}{port}{}", url.scheme(), url.path())).into_owned()
}

/// The gateway's name for a request, safe to show.
pub fn request_id(response: &Response) -> Option<String> {
    let id = response.headers().get(REQUEST_ID_HEADER)?;
    Some(text::excerpt(&String::from_utf8_lossy(id.as_bytes()), 100))
}

fn redirect_target(url: &Url, response: &Response) -> Result<Url, Failure> {
    let broken = |why: &str| {
        Failure::permanent(Error::new(
            Exit::Protocol,
            format!("{} answered {} {why}", shown(url), response.status()),
        ))
    };
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|location| location.to_str().ok())
        .ok_or_else(|| broken("without a place to go to"))?;
    let target = url.join(location).map_err(|_| broken("with a broken place to go to"))?;
    match (url.scheme(), target.scheme()) {
        ("https", "https") | ("http", "http" | "https") => Ok(target),
        _ => Err(broken(&format!("to {}, which is not safe", shown(&target)))),
    }
}

/// How long a 429 or 503 asks to wait: the later of its two headers, nonsense ignored.
fn asked_to_wait(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let now = clock.now().since_epoch();
    let value = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let reset = value(RESET_HEADER)
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| Duration::from_secs(seconds).checked_sub(now));
    let retry_after = value(header::RETRY_AFTER.as_str()).and_then(|text| match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            date.duration_since(std::time::UNIX_EPOCH).ok()?.checked_sub(now)
        }
    });
    [reset, retry_after].into_iter().flatten().filter(|wait| *wait <= WAIT_MAX).max()
}

fn unreachable_host(url: &Url, error: reqwest::Error) -> Error {
    let hint = if is_proxied(&error) {
        "check the network and the proxy variables"
    } else {
        "check the network, and the address in --api-url or --from"
    };
    Error::new(Exit::Unavailable, format!("cannot reach {}", shown(url)))
        .because(error.without_url())
        .hint(hint)
}

fn is_proxied(error: &reqwest::Error) -> bool {
    format!("{error:?}").contains("roxy")
}

fn stalled(url: &Url, stall: Duration) -> Error {
    let limit = crate::clock::format_duration(stall);
    Error::new(Exit::Unavailable, format!("{} sent nothing for {limit}", shown(url)))
        .hint("the service or the network has a problem; try again later")
}

fn broken_off(url: &Url, error: reqwest::Error) -> Error {
    Error::new(Exit::Unavailable, format!("the answer of {} broke off", shown(url)))
        .because(error.without_url())
        .hint("the service or the network has a problem; try again later")
}

#[cfg(test)]
mod tests;
