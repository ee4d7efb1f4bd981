//! `jupiter-sync`: fetch the tokens that Jupiter lists, and store those that are new.
//!
//! A list streams through three stages that overlap: the network ([`fetch`]), decompression and
//! parsing ([`parse`], [`body`], [`list`], [`element`]) on one thread, and the database ([`store`]) on
//! another, with [`batch`] between the two. Each of them holds a bounded piece of the list. The first
//! two are a [`production`], which begins before the store is there.

mod batch;
mod body;
mod element;
mod fetch;
#[cfg(test)]
mod fixtures;
mod list;
mod parse;
mod production;
mod report;
mod source;
mod store;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytesize::ByteSize;
use futures_util::future::{Either, select};
use url::Url;

use self::fetch::{Failure, FailureKind, Fetcher};
use self::parse::Parsed;
use self::production::{Factory, Production};
use self::report::{Counts, SyncReport};
use self::source::{
    Source, UrlParser, parse_api_url, parse_from, parse_tag, refuse_credentials, tag_url,
};
use self::store::{Store, StoreOptions};
use crate::backoff::Backoff;
use crate::clock::format_duration;
use crate::database::Migrations;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::job::{self, Job, JobContext, JobError};
use crate::memory;
use crate::secret::Secret;

/// The API has no list of all tokens; the union of these is what it offers.
const DEFAULT_TAGS: [&str; 3] = ["verified", "lst", "stocks"];

const KEY_VARIABLE: &str = "JUPITER_API_KEY";

/// An API key is a few dozen characters.
const KEY_FILE_BYTES_MAX: u64 = 4096;

/// Times that one list is asked for, at most.
const TRIES_MAX: u32 = 4;

const BACKOFF: Backoff =
    Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(30) };

/// Fetch the tokens that Jupiter lists and store the new ones
///
/// Fetches the lists of tokens of the Jupiter API for Solana, keeps those that are not stored
/// yet, and inserts them in batches into the table `tokens`. Killed at any moment, the next run
/// completes the work. An API key is read from JUPITER_API_KEY or --api-key-file.
#[derive(Debug, clap::Args)]
pub struct JupiterSync {
    /// Where the API is
    #[arg(long, value_name = "URL", env = "PUNCTUAL_JUPITER_API_URL", hide_env_values = true, default_value = "https://api.jup.ag", value_parser = UrlParser(parse_api_url))]
    api_url: Url,

    /// Tags to fetch, separated by commas [default: verified,lst,stocks]
    #[arg(long, value_name = "TAGS", value_delimiter = ',', value_parser = parse_tag)]
    tags: Option<Vec<String>>,

    /// Read one list from a file, a URL or stdin (-) instead; gzip and zstd are recognised
    #[arg(long, value_name = "FILE|URL|-", conflicts_with = "tags", value_parser = UrlParser(parse_from), value_hint = clap::ValueHint::FilePath)]
    from: Option<Source>,

    /// File that holds the API key, instead of JUPITER_API_KEY
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    api_key_file: Option<PathBuf>,

    /// Also refresh stored tokens that changed, and mark those that vanished or came back
    #[arg(long)]
    update: bool,

    /// With --update: fail rather than mark more than this part of the stored tokens as vanished
    #[arg(long, value_name = "PERCENT", default_value_t = 20, value_parser = clap::value_parser!(u8).range(..=100))]
    max_delisted: u8,

    /// Fail on the first malformed element (exit code 76) instead of skipping it
    #[arg(long)]
    strict: bool,

    /// Report what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Largest decoded size of one list
    #[arg(long, value_name = "SIZE", default_value = "2GiB", hide_short_help = true)]
    max_bytes: ByteSize,

    /// Tokens that are stored together at most
    #[arg(long, value_name = "N", default_value_t = 40_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), hide_short_help = true)]
    batch_size: u32,
}

impl Job for JupiterSync {
    const NAME: &'static str = "jupiter-sync";
    const SCHEDULE: &'static str = "0 2 * * 1";
    const TIMEOUT: Duration = Duration::from_secs(5 * 60);
    const TABLES: Option<Migrations> = Some(store::MIGRATIONS);

    type Report = SyncReport;

    async fn run(&self, context: &JobContext) -> Result<SyncReport, JobError> {
        let sources = self.sources()?;
        let key = self.api_key(context).await?;
        let fetcher = Fetcher::new(context, &self.api_url, key)?;
        let options = StoreOptions { update: self.update, dry_run: self.dry_run };
        let (database, fence) = (context.database.clone(), context.fence.clone());
        let clock = context.clock.clone();
        let cancellation = context.cancellation.clone();
        let open = move || Store::open(&database, fence, &clock, cancellation, options);
        let factory = Factory { job: self, context, fetcher };
        // The first list comes while the store is opened, unless it comes only once.
        let first = sources.first().filter(|source| source.is_remote());
        let first = first.map(|source| factory.begin(source));
        let (store, first) = beside(first, context.blocking(open)).await;
        let store = Arc::new(Mutex::new(store?));
        let sync = Sync {
            job: self,
            context,
            sources: &sources,
            factory: &factory,
            first: Mutex::new(first),
            store,
        };
        let (report, result) = sync.run().await;
        let store = sync.store;
        let flushed = context
            .blocking(move || {
                let flushed = lock(&store).flush();
                drop(store);
                // What the run needed at its peak goes back to the operating system.
                memory::give_back().and(flushed)
            })
            .await;
        match result.and(flushed) {
            Ok(()) => Ok(report),
            Err(error) => Err(JobError::from(error).with_report(&report)),
        }
    }

    fn services(&self) -> Vec<Url> {
        match &self.from {
            None => vec![self.api_url.clone()],
            Some(Source::Url(url)) => vec![url.clone()],
            Some(_) => Vec::new(),
        }
    }

    fn may_retry(&self) -> bool {
        !self.from.as_ref().is_some_and(Source::is_stdin)
    }
}

impl JupiterSync {
    fn sources(&self) -> Result<Vec<Source>> {
        if let Some(source) = &self.from {
            if let Source::Url(url) = source {
                refuse_credentials(url)?;
            }
            return Ok(vec![source.clone()]);
        }
        refuse_credentials(&self.api_url)?;
        let optional = self.tags.is_none();
        let mut tags = match &self.tags {
            Some(tags) => tags.clone(),
            None => DEFAULT_TAGS.map(str::to_owned).to_vec(),
        };
        let mut seen = std::collections::BTreeSet::new();
        tags.retain(|tag| seen.insert(tag.clone()));
        tags.into_iter()
            .map(|tag| Ok(Source::Tag { url: tag_url(&self.api_url, &tag)?, tag, optional }))
            .collect()
    }

    async fn api_key(&self, context: &JobContext) -> Result<Option<Secret>> {
        let Some(path) = self.api_key_file.clone() else {
            // As in a file, white space around it is no part of it.
            let key = context.secrets.get(KEY_VARIABLE).map(|key| key.expose().trim().to_owned());
            return Ok(key.filter(|key| !key.is_empty()).map(Secret::new));
        };
        tokio::select! {
            key = context.blocking(move || read_key_file(&path)) => key.map(Some),
            // The file may be a pipe that nobody writes to.
            () = context.cancellation.cancelled() => Err(job::cancelled()),
        }
    }
}

fn read_key_file(path: &Path) -> Result<Secret> {
    let unreadable =
        |error| Error::io(format!("cannot read the API key file {}", path.display()), error);
    let mut key = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(KEY_FILE_BYTES_MAX + 1).read_to_string(&mut key))
        .map_err(unreadable)?;
    if key.len() as u64 > KEY_FILE_BYTES_MAX {
        return Err(Error::new(
            Exit::Configuration,
            format!("the API key file {} is too large to hold just a key", path.display()),
        )
        .hint("name the file that holds the key and nothing else"));
    }
    let key = key.trim();
    if key.is_empty() {
        return Err(Error::new(
            Exit::Configuration,
            format!("the API key file {} is empty", path.display()),
        )
        .hint("put the key into it, or leave --api-key-file away to go without one"));
    }
    Ok(Secret::new(key))
}

/// Does `work` while a list gets on.
async fn beside<T>(
    production: Option<Production<'_>>,
    work: impl Future<Output = T>,
) -> (T, Option<Production<'_>>) {
    let Some(Production { consumer, end }) = production else { return (work.await, None) };
    let (done, end) = match select(end, pin!(work)).await {
        Either::Left((ended, work)) => {
            (work.await, Box::pin(std::future::ready(ended)) as production::End<'_>)
        }
        Either::Right((done, end)) => (done, end),
    };
    (done, Some(Production { consumer, end }))
}

/// One run.
struct Sync<'a> {
    job: &'a JupiterSync,
    context: &'a JobContext,
    sources: &'a [Source],
    factory: &'a Factory<'a>,
    /// What the first attempt at the first list is to use.
    first: Mutex<Option<Production<'a>>>,
    /// Used by one thread at a time; the lock says so.
    store: Arc<Mutex<Store>>,
}

impl Sync<'_> {
    /// Fetches every list, each judged on its own. What one gives is kept when another fails.
    async fn run(&self) -> (SyncReport, Result<()>) {
        let mut report = SyncReport { dry_run: self.job.dry_run, ..SyncReport::default() };
        let mut passes = Vec::new();
        let mut failures = Vec::new();
        let mut unknown = Vec::new();
        for source in self.sources {
            self.store().begin_list();
            let (parsed, result) = self.fetch_list(source).await;
            passes.push(parsed);
            match (result, source) {
                (Ok(()), _) => tracing::info!(list = source.label(), "list is whole"),
                (Err(failure), Source::Tag { tag, optional: true, .. })
                    if failure.kind == FailureKind::UnknownTag =>
                {
                    tracing::warn!(tag, error = %failure, "the API does not know this tag");
                    report.unavailable.push(tag.clone());
                    unknown.push((source.label(), failure.error));
                }
                (Err(failure), _) => failures.push((source.label(), failure.error)),
            }
            if self.context.cancellation.is_cancelled() {
                break;
            }
        }
        // One tag may go; an API that knows none of them is not the one that this job is for.
        if unknown.len() == self.sources.len() {
            failures = unknown;
        }
        let all_whole = failures.is_empty() && report.unavailable.is_empty();
        let result = if self.context.cancellation.is_cancelled() {
            Err(job::cancelled())
        } else {
            let updated = self.finish_update(all_whole, &mut report).await;
            joined(failures).and(updated)
        };
        self.fill_report(&mut report, &passes);
        (report, result)
    }

    async fn finish_update(&self, all_whole: bool, report: &mut SyncReport) -> Result<()> {
        if !self.job.update {
            return Ok(());
        }
        if !all_whole {
            tracing::warn!("not every list is whole: nothing is judged vanished");
        }
        let store = Arc::clone(&self.store);
        let max_delisted = self.job.max_delisted;
        let finish = move || lock(&store).finish_update(all_whole, max_delisted);
        report.total.delisted = self.context.blocking(finish).await?;
        Ok(())
    }

    /// Adds the counts of every list.
    fn fill_report(&self, report: &mut SyncReport, passes: &[Parsed]) {
        let store = self.store();
        for ((source, parsed), stored) in self.sources.iter().zip(passes).zip(store.lists()) {
            let mut counts = Counts { malformed: parsed.malformed, bytes: parsed.bytes, ..*stored };
            counts.fetched =
                counts.inserted + counts.existing + counts.malformed + counts.duplicates;
            report.total.add(&counts);
            if let Source::Tag { tag, .. } = source
                && !report.unavailable.contains(tag)
            {
                report.tags.insert(tag.clone(), counts);
            }
        }
    }

    /// Fetches one list, again where a failure may pass.
    async fn fetch_list(&self, source: &Source) -> (Parsed, Result<(), Failure>) {
        let mut tries = 1;
        loop {
            self.store().begin_attempt();
            let (parsed, result) = self.attempt(source).await;
            let failure = match result {
                Ok(()) => return (parsed, Ok(())),
                Err(failure) => failure,
            };
            let FailureKind::Transient { wait } = failure.kind else {
                return (parsed, Err(failure));
            };
            if tries == TRIES_MAX || !source.is_remote() {
                return (parsed, Err(failure));
            }
            let delay = wait.unwrap_or_default().max(BACKOFF.delay(tries));
            let resumes_at = self.context.clock.monotonic() + delay;
            if resumes_at >= self.context.deadline {
                return (parsed, Err(without_time_to_wait(failure, wait, delay)));
            }
            tracing::warn!(
                list = source.label(),
                tries,
                delay_ms = delay.as_millis() as u64,
                error = %failure,
                "trying again"
            );
            tokio::select! {
                () = tokio::time::sleep_until(resumes_at) => {}
                () = self.context.cancellation.cancelled() => {
                    return (parsed, Err(Failure::permanent(job::cancelled())));
                }
            }
            tries += 1;
        }
    }

    /// One pass over a list: network, parser and store side by side.
    async fn attempt(&self, source: &Source) -> (Parsed, Result<(), Failure>) {
        let first = lock(&self.first).take();
        let Production { consumer, end } = first.unwrap_or_else(|| self.factory.begin(source));
        let store = Arc::clone(&self.store);
        let consume = move || lock(&store).consume(&consumer);
        let ((parsed, result), stored) = tokio::join!(end, self.context.blocking(consume));
        // A store that failed is why the parser had to stop.
        (parsed, stored.map_err(Failure::permanent).and(result))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The failures of several lists as one error, with the exit code and hint of the first. Lists
/// that failed alike are named together.
fn joined(failures: Vec<(String, Error)>) -> Result<()> {
    let Some((_, first)) = failures.first() else { return Ok(()) };
    let (exit, hint) = (first.exit(), first.hint_text().map(str::to_owned));
    let mut messages: Vec<(String, String)> = Vec::new();
    for (label, error) in &failures {
        let chain = error.chain();
        match messages.iter_mut().find(|(_, known)| *known == chain) {
            Some((labels, _)) => *labels = format!("{labels}, {label}"),
            None => messages.push((label.clone(), chain)),
        }
    }
    let messages: Vec<String> =
        messages.into_iter().map(|(labels, chain)| format!("{labels}: {chain}")).collect();
    let error = Error::new(exit, messages.join("; "));
    Err(match hint {
        Some(hint) => error.hint(hint),
        None => error,
    })
}

fn without_time_to_wait(failure: Failure, asked: Option<Duration>, delay: Duration) -> Failure {
    let delay = format_duration(delay);
    // More time helps where the remote has said when; otherwise what it failed of counts.
    let hint = match failure.error.hint_text() {
        Some(hint) if asked.is_none() => hint.to_owned(),
        _ => "give the run more --timeout, or run it later".to_owned(),
    };
    let error = Error::new(
        failure.error.exit(),
        format!("no time is left to wait {delay} before another try"),
    )
    .because(failure.error)
    .hint(hint);
    Failure::permanent(error)
}

#[cfg(test)]
mod tests;
