//! A list on its way: from its source through the parser into a queue of batches.

use futures_util::future::BoxFuture;
use reqwest::header::CONTENT_ENCODING;
use tokio::sync::mpsc;

use super::JupiterSync;
use super::batch::{BatchSizes, Consumer, Producer, batch_queue};
use super::body::{ChunkReader, Compression, open_file, pump_file};
use super::fetch::{Failure, Fetcher, request_id};
use super::parse::{Parsed, Parsing};
use super::source::Source;
use crate::job::{self, JobContext, blocking};

/// Chunks of a body between network and parser, at most 400 KiB each.
const CHUNKS_AHEAD: usize = 2;

/// One pass over a list, under way.
pub struct Production<'a> {
    /// Where the batches come out.
    pub consumer: Consumer,
    /// Moves the list, to its end or to what is wrong with it.
    pub end: End<'a>,
}

/// What a pass over a list comes to.
pub type End<'a> = BoxFuture<'a, (Parsed, Result<(), Failure>)>;

/// Begins passes over lists.
pub struct Factory<'a> {
    pub job: &'a JupiterSync,
    pub context: &'a JobContext,
    pub fetcher: Fetcher<'a>,
}

/// An opened source.
struct Pump<'a> {
    compression: Compression,
    /// The gateway's name for the request, where it gave one.
    request_id: Option<String>,
    /// Moves the bytes; ends when there are no more.
    future: BoxFuture<'a, ()>,
}

impl Factory<'_> {
    pub fn begin<'s>(&'s self, source: &'s Source) -> Production<'s> {
        let sizes = BatchSizes { rows_stored: 0, rows_max: self.job.batch_size as usize };
        let (producer, consumer) = batch_queue(sizes, &self.context.scratch_dir);
        Production { consumer, end: Box::pin(self.produce(source, producer)) }
    }

    async fn produce(&self, source: &Source, producer: Producer) -> (Parsed, Result<(), Failure>) {
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        let context = self.context;
        // A remote may never answer, and a pipe may never be opened at its other end.
        let opened = tokio::select! {
            opened = self.open(source, sender) => opened,
            () = context.cancellation.cancelled() => Err(Failure::permanent(job::cancelled())),
        };
        let pump = match opened {
            Ok(pump) => pump,
            Err(failure) => return (Parsed::default(), Err(failure)),
        };
        let chunks =
            ChunkReader::new(receiver, context.cancellation.clone(), context.progress.clone());
        let parsing = Parsing {
            shape: source.shape(),
            compression: pump.compression,
            bytes_max: self.job.max_bytes.as_u64(),
            strict: self.job.strict,
            remote: source.is_remote(),
            sightings: self.job.update,
        };
        // The parser first: all that is there already would be pumped before it is started.
        let parse = context.blocking(move || parsing.run(chunks, &producer));
        let ((parsed, result), ()) = tokio::join!(parse, pump.future);
        (parsed, result.map_err(|failure| failure.of_request(pump.request_id.as_deref())))
    }

    /// Opens a source, and says how its bytes get into `sender`.
    async fn open<'s>(
        &'s self,
        source: &'s Source,
        sender: mpsc::Sender<Result<bytes::Bytes, Failure>>,
    ) -> Result<Pump<'s>, Failure> {
        let progress = &self.context.progress;
        progress.start(&source.label(), None);
        let url = match source {
            Source::Tag { url, .. } | Source::Url(url) => url,
            Source::File(path) => {
                let opened = {
                    let path = path.clone();
                    blocking(move || open_file(&path)).await
                };
                let (file, bytes) = opened.map_err(Failure::permanent)?;
                progress.start(&source.label(), bytes);
                // Nobody waits for this thread: a pipe may never give another byte.
                tokio::task::spawn_blocking(move || pump_file(file, &sender));
                let future = Box::pin(std::future::ready(()));
                return Ok(Pump { compression: Compression::Identity, request_id: None, future });
            }
        };
        let response = self.fetcher.get(url).await?;
        let request_id = request_id(&response);
        let encoding = response.headers().get(CONTENT_ENCODING);
        let encoding = encoding.map_or("", |value| value.to_str().unwrap_or("unreadable"));
        let compression = Compression::of_content_encoding(encoding)
            .map_err(|error| Failure::permanent(error).of_request(request_id.as_deref()))?;
        progress.start(&source.label(), response.content_length());
        let future = Box::pin(self.fetcher.pump(url, response, sender));
        Ok(Pump { compression, request_id, future })
    }
}
