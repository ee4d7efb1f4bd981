//! Whether the hosts answer that jobs, pings and webhooks need.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::time::Duration;

use futures_util::future::join_all;
use url::Url;

use super::Subject;
use super::configuration::parse;
use super::findings::Check;
use crate::config::{OnFailure, Tell};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::http::{HttpClients, HttpLimits};
use crate::roster::Work;
use crate::secret::SecretSource;

/// How long a host may take to answer. All are asked at once.
const TIMEOUT: Duration = Duration::from_secs(5);

pub fn check_hosts(check: &mut Check<'_>, subject: &Subject<'_>) -> Result<()> {
    let hosts = hosts(subject);
    if hosts.is_empty() {
        check.ok("no job needs a host");
        return Ok(());
    }
    let http = HttpClients::new(HttpLimits { connect: TIMEOUT, stall: TIMEOUT });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::io("cannot start the async runtime", error))?;
    let asked = hosts.keys().map(|host| ask(&http, host));
    let answers = runtime.block_on(join_all(asked));
    // A name that is still being looked up holds nobody up.
    runtime.shutdown_background();
    for ((host, users), answer) in hosts.iter().zip(answers) {
        let (host, users) = (host.as_str().trim_end_matches('/'), users.join(", "));
        match answer {
            Ok(()) => check.ok(format!("{host} answers (for {users})")),
            Err(reason) => {
                let message = format!("{host} does not answer (for {users})");
                let error = Error::new(Exit::Unavailable, message).because(reason);
                let hint = "check the network, the name and the proxy; --offline leaves this out";
                check.failed(&error.hint(hint));
            }
        }
    }
    Ok(())
}

/// The hosts that enabled jobs need, each with who needs it.
fn hosts(subject: &Subject<'_>) -> BTreeMap<Url, Vec<String>> {
    let mut hosts: BTreeMap<Url, Vec<String>> = BTreeMap::new();
    let mut add = |url: &Url, user: String| {
        if let Some(host) = host(url) {
            hosts.entry(host).or_default().push(user);
        }
    };
    let config = &subject.settings.config;
    let webhook = |on_failure: &Option<OnFailure>| match on_failure.as_ref().map(|it| &it.tell) {
        Some(Tell::Webhook(source)) => read_url(source),
        _ => None,
    };
    for job in subject.roster.jobs().iter().filter(|job| job.enabled) {
        if let (Work::Catalog { entry, .. }, Some(Ok(matches))) = (&job.work, parse(subject, job))
            && let Ok(runnable) = (entry.parse)(&matches)
        {
            runnable.services().iter().for_each(|url| add(url, job.name.to_string()));
        }
        if let Some(url) = job.ping_url.as_ref().and_then(read_url) {
            add(&url, format!("pings of {}", job.name));
        }
        if let Some(url) = config.job(&job.name).and_then(|job| webhook(&job.on_failure)) {
            add(&url, format!("on_failure of {}", job.name));
        }
    }
    if let Some(url) = webhook(&config.on_failure) {
        add(&url, "[on_failure]".to_owned());
    }
    hosts
}

/// What cannot be read is told elsewhere.
fn read_url(source: &SecretSource) -> Option<Url> {
    Url::parse(source.read().ok()?.expose()).ok()
}

/// The URL's scheme, host and port only: the rest means something, and may be secret.
fn host(url: &Url) -> Option<Url> {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Url::parse(&format!("{}://{}{port}/", url.scheme(), url.host_str()?)).ok()
}

/// Any answer will do. Over the same client as in a run: with its proxies and certificates.
async fn ask(http: &HttpClients, host: &Url) -> Result<(), Box<dyn StdError + Send + Sync>> {
    let client = http.for_url(host)?;
    match tokio::time::timeout(TIMEOUT, client.head(host.clone()).send()).await {
        Ok(answer) => answer.map(|_| ()).map_err(|error| error.without_url().into()),
        Err(_) => Err(format!("nothing within {}", humantime::format_duration(TIMEOUT)).into()),
    }
}
