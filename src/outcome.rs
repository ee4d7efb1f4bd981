//! How a run ended, and the exit code that this means.

use std::fmt;
use std::str::FromStr;

/// How a run ended. The text forms are stored in the history and printed as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Failed,
    TimedOut,
    Cancelled,
    Skipped,
    Stuck,
    Panicked,
    /// Its process died. Written by a later reader, never by the run itself.
    Lost,
}

impl Outcome {
    pub const ALL: &[Outcome] = &[
        Outcome::Succeeded,
        Outcome::Failed,
        Outcome::TimedOut,
        Outcome::Cancelled,
        Outcome::Skipped,
        Outcome::Stuck,
        Outcome::Panicked,
        Outcome::Lost,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed_out",
            Outcome::Cancelled => "cancelled",
            Outcome::Skipped => "skipped",
            Outcome::Stuck => "stuck",
            Outcome::Panicked => "panicked",
            Outcome::Lost => "lost",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|outcome| outcome.name() == text)
            .ok_or_else(|| format!("unknown outcome {text:?}"))
    }
}
