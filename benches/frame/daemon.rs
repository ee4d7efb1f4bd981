//! The daemon with many command jobs that are due every second, and what its history says of them.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;

/// What the history has of the measured seconds.
pub struct Counted {
    pub expected: u64,
    pub succeeded: u64,
    /// Rows beyond one for each job and due time.
    pub doubled: u64,
}

/// Lets a daemon run so many jobs, each `/bin/true` every second, and looks at `seconds` of them,
/// from the first whole second on in which all have begun.
pub fn count(punctual: &Path, dir: &Path, jobs: u64, seconds: u64) -> io::Result<Counted> {
    let (file, state) = (dir.join("commands.toml"), dir.join("commands"));
    let job = |n| format!("[jobs.job-{n}]\nschedule = 'every 1s'\ncommand = ['/bin/true']\n");
    fs::write(&file, (0..jobs).map(job).collect::<String>())?;
    let mut daemon = Command::new(punctual)
        .args(["-q", "daemon", "--config"])
        .arg(&file)
        .arg("--state-dir")
        .arg(&state)
        .stdin(Stdio::null())
        .spawn()?;
    // Two seconds to begin with, and one to end with.
    std::thread::sleep(Duration::from_secs(seconds + 3));
    let asked = Command::new("kill").arg(daemon.id().to_string()).status()?;
    let ended = daemon.wait()?;
    if !asked.success() || !ended.success() {
        return Err(io::Error::other(format!("the daemon ended with {ended}")));
    }
    let history = Connection::open(state.join("punctual.db")).map_err(io::Error::other)?;
    let one = |query: &str| -> io::Result<u64> {
        let count: i64 =
            history.query_row(query, (), |row| row.get(0)).map_err(io::Error::other)?;
        u64::try_from(count).map_err(io::Error::other)
    };
    let window = format!(
        "WHERE job LIKE 'job-%' AND unixepoch(due_at) > (SELECT unixepoch(min(due_at)) FROM runs)
             AND unixepoch(due_at) <= (SELECT unixepoch(min(due_at)) + {seconds} FROM runs)"
    );
    let succeeded = one(&format!("SELECT count(*) FROM runs {window} AND outcome = 'succeeded'"))?;
    let doubled =
        one(&format!("SELECT count(*) - count(DISTINCT job || due_at) FROM runs {window}"))?;
    Ok(Counted { expected: jobs * seconds, succeeded, doubled })
}
