//! `hello`: the smallest job, and the model for new ones.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::job::{Job, JobContext, JobError};
use crate::text;

/// Say hello
///
/// Prints `Hello, <name>!`. Use it to try schedules, logs and history out.
#[derive(Debug, clap::Args)]
pub struct Hello {
    /// Whom to greet
    #[arg(long, value_name = "NAME", default_value = "world")]
    name: String,
}

#[derive(Serialize)]
pub struct Greeting {
    greeting: String,
}

impl fmt::Display for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::escape(&self.greeting))
    }
}

impl Job for Hello {
    const NAME: &'static str = "hello";
    const SCHEDULE: &'static str = "every 10s";
    const TIMEOUT: Duration = Duration::from_secs(10);

    type Report = Greeting;

    async fn run(&self, _context: &JobContext) -> Result<Greeting, JobError> {
        Ok(Greeting { greeting: format!("Hello, {}!", self.name) })
    }
}
