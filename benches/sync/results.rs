//! What was measured, and the tables made of it.

use crate::list::Encoding;
use crate::support::table::{Table, grouped, median, megabytes, seconds, verdict};
use crate::tools::{SyncCost, Tool};

/// What a database held before the list was fetched into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    Empty,
    /// The same list.
    NothingNew,
}

impl Work {
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NothingNew => "nothing new",
        }
    }
}

/// One list in one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub tokens: u64,
    pub encoding: Encoding,
}

impl Setting {
    pub fn name(self) -> String {
        format!("{} tokens, {}", grouped(self.tokens), self.encoding.name())
    }
}

/// One run of one tool.
pub struct Sample {
    pub setting: Setting,
    pub work: Work,
    pub tool: Tool,
    pub result: Result<SyncCost, String>,
}

/// All runs of a session.
#[derive(Default)]
pub struct Results {
    samples: Vec<Sample>,
}

/// The medians of one tool at one work.
struct Figures {
    wall: f64,
    cpu: f64,
    peak: f64,
    tree_peak: f64,
}

impl Results {
    pub fn push(&mut self, sample: Sample) {
        self.samples.push(sample);
    }

    pub fn any_failed(&self) -> bool {
        self.samples.iter().any(|sample| sample.result.is_err())
    }

    /// One setting side by side: every tool at both works.
    pub fn table(&self, setting: Setting, tools: &[Tool]) -> Table {
        let mut table = Table::new(&[
            "work",
            "tool",
            "wall s",
            "CPU s",
            "peak MB",
            "all MB",
            "its time / punctual's",
            "punctual's / its",
        ]);
        for work in [Work::Empty, Work::NothingNew] {
            let punctual = self.figures(setting, work, Tool::Punctual).ok();
            for &tool in tools {
                table.push(row(work, tool, self.figures(setting, work, tool), punctual.as_ref()));
            }
        }
        table
    }

    /// The aims of the project beside what this session measured.
    pub fn aims(&self) -> Table {
        let mut table = Table::new(&["aim", "measured", "at most", "verdict"]);
        for (tokens, encoding, work, peer, limit) in AIMS {
            let setting = Setting { tokens, encoding };
            let ratio = self
                .figures(setting, work, Tool::Punctual)
                .and_then(|own| Ok(own.wall / self.figures(setting, work, peer)?.wall));
            let name = format!("{}, {}: time / {}", setting.name(), work.name(), peer.name());
            table.push(verdict(name, ratio.ok(), limit, ""));
        }
        let peak = self
            .costs(|sample| sample.tool == Tool::Punctual)
            .map(|sync| megabytes(sync.cost.peak));
        let peak = peak.reduce(f64::max);
        table.push(verdict("peak memory of every sync".to_owned(), peak, PEAK_MEGABYTES, " MB"));
        table
    }

    /// The medians, or what went wrong first: one failure spoils the figures.
    fn figures(&self, setting: Setting, work: Work, tool: Tool) -> Result<Figures, String> {
        let ours =
            |sample: &Sample| (sample.setting, sample.work, sample.tool) == (setting, work, tool);
        let mut samples = self.samples.iter().filter(|sample| ours(sample)).peekable();
        if samples.peek().is_none() {
            return Err("not measured".to_owned());
        }
        if let Some(error) = samples.find_map(|sample| sample.result.as_ref().err()) {
            return Err(error.clone());
        }
        let of = |value: fn(SyncCost) -> f64| median(self.costs(ours).map(value));
        Ok(Figures {
            wall: of(|sync| seconds(sync.cost.wall)),
            cpu: of(|sync| seconds(sync.cost.cpu)),
            peak: of(|sync| megabytes(sync.cost.peak)),
            tree_peak: of(|sync| megabytes(sync.tree_peak)),
        })
    }

    fn costs(&self, wanted: impl Fn(&Sample) -> bool) -> impl Iterator<Item = SyncCost> {
        let samples = self.samples.iter().filter(move |sample| wanted(sample));
        samples.filter_map(|sample| sample.result.as_ref().ok().copied())
    }
}

/// The project's aims: punctual's time over the peer's, at most the last number.
const AIMS: [(u64, Encoding, Work, Tool, f64); 7] = [
    (5_000, Encoding::Plain, Work::Empty, Tool::Duckdb, 0.2),
    (5_000, Encoding::Plain, Work::Empty, Tool::Python, 0.15),
    (100_000, Encoding::Plain, Work::Empty, Tool::Duckdb, 0.4),
    (100_000, Encoding::Plain, Work::NothingNew, Tool::Duckdb, 0.45),
    (100_000, Encoding::Gzip, Work::Empty, Tool::Duckdb, 0.5),
    (1_000_000, Encoding::Plain, Work::Empty, Tool::Duckdb, 0.6),
    (1_000_000, Encoding::Plain, Work::NothingNew, Tool::Duckdb, 0.5),
];

/// The most memory that any sync may take, at any size.
const PEAK_MEGABYTES: f64 = 40.0;

fn row(
    work: Work,
    tool: Tool,
    figures: Result<Figures, String>,
    punctual: Option<&Figures>,
) -> Vec<String> {
    let mut row = vec![work.name().to_owned(), tool.name().to_owned()];
    match figures {
        Err(error) => row.push(error),
        Ok(Figures { wall, cpu, peak, tree_peak }) => {
            row.extend([format!("{wall:.3}"), format!("{cpu:.3}")]);
            row.extend([format!("{peak:.1}"), format!("{tree_peak:.1}")]);
            if let Some(punctual) = punctual {
                row.push(format!("{:.2}", wall / punctual.wall));
                row.push(format!("{:.2}", punctual.wall / wall));
            }
        }
    }
    row
}
