//! The metrics at one moment, in the text format of Prometheus (0.0.4), which every scraper reads:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.
//!
//! The library writes OpenMetrics, which adds `_total` to a counter's samples, but not to the name
//! in `HELP` and `TYPE`. The older format wants one name for all. So a counter is written as a
//! sample of that name, as a gauge is, below a `TYPE` that says counter.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::figures::{DURATION_BOUNDS, Figures, Histogram, LATENESS_BOUNDS};
use super::process::ProcessFigures;
use crate::clock::Timestamp;
use crate::daemon::policy::{MissedReason, SkipReason};
use crate::memory::AllocatorFigures;
use crate::outcome::Outcome;

/// What a page is, in HTTP.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All that there is to say.
#[derive(Debug)]
pub struct Page {
    /// By name.
    pub jobs: Vec<Row>,
    pub lateness: Histogram<{ LATENESS_BOUNDS.len() }>,
    pub steps_forward: u64,
    pub steps_back: u64,
    pub stuck: u32,
    pub database_up: bool,
    pub process: Option<ProcessFigures>,
    pub allocator: Option<AllocatorFigures>,
}

/// A job's part in it.
#[derive(Debug)]
pub struct Row {
    pub name: Arc<str>,
    pub running: u32,
    pub next_due: Option<Timestamp>,
    pub figures: Figures,
}

impl Page {
    pub fn write(self, writer: &mut impl fmt::Write) -> fmt::Result {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        text::encode_registry(writer, &registry)
    }
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_jobs(&mut encoder)?;
        self.encode_daemon(&mut encoder)?;
        if let Some(process) = &self.process {
            encode_process(&mut encoder, process)?;
        }
        Ok(())
    }
}

impl Page {
    fn encode_jobs(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let metric = counter("punctual_runs_total", "Runs that ended, by how they ended.");
        self.of_each_job(encoder, metric, |family, row| {
            // A run that lives to tell is not lost.
            let outcomes = Outcome::ALL.iter().zip(row.figures.runs);
            for (outcome, count) in outcomes.filter(|(outcome, _)| **outcome != Outcome::Lost) {
                family.sample([("job", &row.name), ("outcome", outcome.name())], count)?;
            }
            Ok(())
        })?;
        let metric = histogram(
            "punctual_run_duration_seconds",
            "How long runs took, waiting and retries included.",
        );
        self.of_each_job(encoder, metric, |family, row| {
            family.histogram([("job", &row.name)], &DURATION_BOUNDS, &row.figures.durations)
        })?;
        let help = "Due times without a run, because they passed while nobody could start one.";
        self.of_each_job(encoder, counter("punctual_missed_total", help), |family, row| {
            for (reason, count) in MissedReason::ALL.iter().zip(row.figures.missed) {
                family.sample([("job", &row.name), ("reason", reason.name())], count)?;
            }
            Ok(())
        })?;
        let help = "Due times without a run, because the daemon left them out.";
        self.of_each_job(encoder, counter("punctual_skipped_total", help), |family, row| {
            for (reason, count) in SkipReason::ALL.iter().zip(row.figures.skipped) {
                family.sample([("job", &row.name), ("reason", reason.name())], count)?;
            }
            Ok(())
        })?;
        let metric = gauge("punctual_running", "Runs of the job that are going in this daemon.");
        self.of_each_job(encoder, metric, |family, row| {
            family.sample([("job", &row.name)], row.running)
        })?;
        let metric = gauge("punctual_next_due_timestamp_seconds", "When the job is due next.");
        self.of_each_job(encoder, metric, |family, row| {
            family.time([("job", &row.name)], row.next_due)
        })?;
        let metric = gauge(
            "punctual_last_success_timestamp_seconds",
            "When the last run of the job that succeeded ended, whoever started it.",
        );
        self.of_each_job(encoder, metric, |family, row| {
            family.time([("job", &row.name)], row.figures.last_success)
        })
    }

    /// A metric with samples of every job.
    fn of_each_job(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        metric: Metric,
        write: impl Fn(&mut Family<'_>, &Row) -> fmt::Result,
    ) -> fmt::Result {
        let mut family = metric.family(encoder)?;
        self.jobs.iter().try_for_each(|row| write(&mut family, row))
    }

    fn encode_daemon(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let help = "How long after their due times runs started, jitter included. \
                    Runs that make up for missed due times do not count.";
        histogram("punctual_start_lateness_seconds", help).family(encoder)?.histogram(
            [],
            &LATENESS_BOUNDS,
            &self.lateness,
        )?;
        let metric = gauge("punctual_stuck_runs", "Runs that were given up, but still go on.");
        metric.family(encoder)?.sample([], self.stuck)?;
        let metric = gauge("punctual_database_up", "Whether the database answers: 1 or 0.");
        metric.family(encoder)?.sample([], u32::from(self.database_up))?;
        let metric = counter(
            "punctual_clock_steps_total",
            "Times that the clock was set, or went on after a suspend.",
        );
        let mut family = metric.family(encoder)?;
        family.sample([("direction", "forward")], self.steps_forward)?;
        family.sample([("direction", "back")], self.steps_back)?;
        gauge("punctual_build_info", "The version of the program.")
            .family(encoder)?
            .sample([("version", env!("CARGO_PKG_VERSION"))], 1_u32)?;
        if let Some(allocator) = &self.allocator {
            let mut family =
                gauge("punctual_allocator_bytes", "Memory of the allocator.").family(encoder)?;
            family.sample([("kind", "allocated")], allocator.allocated)?;
            family.sample([("kind", "active")], allocator.active)?;
            family.sample([("kind", "resident")], allocator.resident)?;
            family.sample([("kind", "retained")], allocator.retained)?;
        }
        Ok(())
    }
}

fn encode_process(encoder: &mut DescriptorEncoder<'_>, process: &ProcessFigures) -> fmt::Result {
    counter("process_cpu_seconds_total", "CPU time of user and system.")
        .family(encoder)?
        .sample([], process.cpu_seconds)?;
    if let Some(seconds) = process.start_time_seconds {
        gauge("process_start_time_seconds", "When the process was started.")
            .family(encoder)?
            .sample([], seconds)?;
    }
    let sizes = [
        ("process_resident_memory_bytes", "Physical memory.", Some(process.resident_bytes)),
        ("process_virtual_memory_bytes", "Address space.", Some(process.virtual_bytes)),
        ("process_open_fds", "Open file descriptors.", Some(process.open_fds)),
        ("process_max_fds", "The most file descriptors that may be open.", process.max_fds),
        ("process_threads", "Threads.", Some(process.threads)),
    ];
    for (name, help, size) in sizes {
        if let Some(size) = size {
            gauge(name, help).family(encoder)?.sample([], size)?;
        }
    }
    Ok(())
}

/// What stands above the samples of a metric.
struct Metric {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
}

fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: MetricType::Counter }
}

fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: MetricType::Gauge }
}

fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, kind: MetricType::Histogram }
}

impl Metric {
    fn family<'a>(self, encoder: &'a mut DescriptorEncoder<'_>) -> Result<Family<'a>, fmt::Error> {
        encoder.encode_descriptor(self.name, self.help, None, self.kind).map(Family)
    }
}

/// The samples of a metric.
struct Family<'a>(MetricEncoder<'a>);

impl Family<'_> {
    fn sample<const N: usize>(
        &mut self,
        labels: [(&str, &str); N],
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        self.with(labels, |encoder| encoder.encode_gauge(&value))
    }

    fn time<const N: usize>(
        &mut self,
        labels: [(&str, &str); N],
        at: Option<Timestamp>,
    ) -> fmt::Result {
        at.map_or(Ok(()), |at| self.sample(labels, at.since_epoch().as_secs_f64()))
    }

    fn histogram<const N: usize, const BUCKETS: usize>(
        &mut self,
        labels: [(&str, &str); N],
        bounds: &[f64; BUCKETS],
        histogram: &Histogram<BUCKETS>,
    ) -> fmt::Result {
        let buckets: [_; BUCKETS] = std::array::from_fn(|n| (bounds[n], histogram.counts[n]));
        let (sum, count) = (histogram.sum, histogram.counts.iter().sum());
        self.with(labels, |encoder| {
            encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
        })
    }

    fn with<const N: usize>(
        &mut self,
        labels: [(&str, &str); N],
        write: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        // Empty braces would be right, but nobody writes them.
        if N == 0 { write(&mut self.0) } else { write(&mut self.0.encode_family(&labels)?) }
    }
}
