//! Metrics files for the textfile collector of node_exporter: one per job, about its last run.
//! <https://github.com/prometheus/node_exporter#textfile-collector>

use std::io::Write;
use std::path::Path;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::outcome::Outcome;

/// What is told of a job's last run.
#[derive(Clone, Debug)]
pub struct LastRun {
    pub job: String,
    pub outcome: Outcome,
    pub exit: Exit,
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    /// Of this run or an earlier one.
    pub succeeded_at: Option<Timestamp>,
}

type Labels = [(&'static str, String); 1];

/// Writes `punctual_<job>.prom` into `directory`, whole or not at all: the collector may read it
/// at any moment.
///
/// Blocks.
pub fn write(directory: &Path, run: &LastRun) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::io(format!("cannot write metrics into {}", directory.display()), error)
    };
    let text = text(run).map_err(|error| {
        Error::new(Exit::Bug, "the metrics of the run are no text").because(error)
    })?;
    std::fs::create_dir_all(directory).map_err(failed)?;
    let mut file = tempfile::Builder::new()
        .prefix(".punctual")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(directory)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(directory.join(format!("punctual_{}.prom", run.job)))
        .map_err(|error| failed(error.error))?;
    Ok(())
}

fn text(run: &LastRun) -> Result<String, std::fmt::Error> {
    let seconds = |at: Timestamp| at.since_epoch().as_secs_f64();
    let figures = [
        ("last_run_timestamp_seconds", "When the last run ended", seconds(run.finished_at)),
        (
            "last_run_duration_seconds",
            "How long the last run took",
            run.finished_at.since(run.started_at).as_secs_f64(),
        ),
        ("last_run_exit_code", "The exit code of the last run", f64::from(run.exit.code())),
        (
            "last_run_succeeded",
            "Whether the last run succeeded",
            f64::from(u8::from(run.outcome == Outcome::Succeeded)),
        ),
    ];
    let succeeded = run
        .succeeded_at
        .map(|at| ("last_success_timestamp_seconds", "When a run last succeeded", seconds(at)));
    let mut registry = Registry::with_prefix("punctual");
    for (name, help, value) in figures.into_iter().chain(succeeded) {
        let family = Family::<Labels, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
        family.get_or_create(&[("job", run.job.clone())]).set(value);
        registry.register(name, help, family);
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    // The collector reads the older text format, which knows no end mark.
    Ok(text.trim_end_matches("# EOF\n").to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |seconds: u64| Timestamp::from_epoch(Duration::from_millis(seconds * 1000 + 500));
        let run = LastRun {
            job: "nightly".to_owned(),
            outcome: Outcome::Failed,
            exit: Exit::Unavailable,
            started_at: at(1000),
            finished_at: at(1003),
            succeeded_at: Some(at(10)),
        };
        write(directory.path(), &LastRun { exit: Exit::Bug, ..run.clone() }).expect("written");
        write(directory.path(), &run).expect("written again");
        let names: Vec<_> = std::fs::read_dir(directory.path())
            .expect("a directory")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert_eq!(names, ["punctual_nightly.prom"]);
        let path = directory.path().join("punctual_nightly.prom");
        let text = std::fs::read_to_string(path).expect("the file");
        for line in [
            "# TYPE punctual_last_run_exit_code gauge",
            "punctual_last_run_exit_code{job=\"nightly\"} 69.0",
            "punctual_last_run_duration_seconds{job=\"nightly\"} 3.0",
            "punctual_last_run_succeeded{job=\"nightly\"} 0.0",
            "punctual_last_run_timestamp_seconds{job=\"nightly\"} 1003.5",
            "punctual_last_success_timestamp_seconds{job=\"nightly\"} 10.5",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line:?} in {text}");
        }
        assert!(!text.contains("EOF"));
    }
}
