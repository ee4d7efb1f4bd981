//! punctual and its peers: how each is started and what each has stored.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::ValueEnum;

use crate::list::Facts;
use crate::peers::{first_line, interpreter, last_line, with_environment};
use crate::server::LIST;
use crate::support::measure::{self, Cost};
use crate::support::peers_dir;
use crate::watch::Watcher;

/// No run may take longer; one that does counts as failed.
const LIMIT: Duration = Duration::from_secs(30 * 60);

const COUNT: &str = "SELECT count(*), count(DISTINCT mint), sum(decimals), \
                     sum(length(name) + length(symbol)) FROM tokens";

/// What fetches a list into a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    Punctual,
    Duckdb,
    Python,
    Node,
    Jq,
}

impl Tool {
    /// The name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Punctual => "punctual",
            Self::Duckdb => "curl, duckdb",
            Self::Python => "python: requests, sqlite3",
            Self::Node => "node: fetch, better-sqlite3",
            Self::Jq => "curl, jq, sqlite3",
        }
    }

    /// The command line that prints this tool's versions, with those of what it
    /// stands on.
    pub fn version(self, punctual: &Path) -> String {
        let line = match self {
            Self::Punctual => {
                return first_line(Command::new(punctual).arg("--version"));
            }
            Self::Duckdb => {
                "echo \"$(curl --version | cut -d' ' -f1,2 | head -n 1), duckdb $(duckdb --version)\""
            }
            Self::Python => {
                "python -c 'import platform, requests, sqlite3; print(\"Python\", platform.python_version() \
                 + \", requests\", requests.__version__ + \", SQLite\", sqlite3.sqlite_version)'"
            }
            Self::Node => {
                "echo \"node $(node --version), better-sqlite3 $(node -p \
                 'require(\"better-sqlite3/package.json\").version')\""
            }
            Self::Jq => "echo \"$(jq --version), sqlite3 $(sqlite3 --version | cut -d' ' -f1)\"",
        };
        first_line(with_environment(&mut Command::new("sh"), Path::new("/")).args(["-c", line]))
    }
}

/// What one fetch of a list took.
#[derive(Clone, Copy)]
pub struct SyncCost {
    pub cost: Cost,
    /// The most resident bytes of all processes of the tool together, at least
    /// those of the largest one.
    pub tree_peak: u64,
}

/// A directory in which one tool works, removed at the end.
pub struct Workplace {
    tool: Tool,
    punctual: PathBuf,
    dir: PathBuf,
}

impl Workplace {
    /// Makes an empty one under `parent`.
    pub fn new(tool: Tool, punctual: &Path, parent: &Path) -> io::Result<Self> {
        let dir = parent.join(format!("{tool:?}").to_lowercase());
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        Ok(Self { tool, punctual: punctual.to_path_buf(), dir })
    }

    /// Fetches the list once into this workplace's database, and checks what is
    /// in it afterwards. The error says what went wrong in words for the table.
    pub fn sync(&self, base: &str, expected: Facts) -> Result<SyncCost, String> {
        let output = self.dir.join("output");
        let mut command = self.command(base);
        let open = || File::create(&output);
        let streams = open().and_then(|file| Ok((file.try_clone()?, file)));
        let (stdout, stderr) = streams.map_err(|error| error.to_string())?;
        command.stdin(std::process::Stdio::null()).stdout(stdout).stderr(stderr);

        let finished = measure::run(&mut command, |pid| Watcher::start(pid, LIMIT));
        let (status, cost, watcher) =
            finished.map_err(|error| format!("could not start: {error}"))?;
        let tree_peak = watcher.stop().max(cost.peak);
        if !status.success() {
            return Err(format!("failed, {status}: {}", last_line(&output)));
        }
        let stored = self.stored()?;
        if stored != expected {
            return Err(format!("stored the wrong rows: {stored:?} in place of {expected:?}"));
        }
        Ok(SyncCost { cost, tree_peak })
    }

    fn command(&self, base: &str) -> Command {
        let peers = peers_dir();
        let mut command = match self.tool {
            Tool::Punctual => {
                let mut command = Command::new(&self.punctual);
                command.arg("--state-dir").arg(&self.dir).arg("--database").arg(self.database());
                command.args(["jupiter-sync", "--api-url", base, "--tags", "verified"]);
                command.args(["--timeout", "30m", "--max-bytes", "4GiB", "--output", "json"]);
                command
            }
            Tool::Duckdb => Command::new(peers.join("duckdb.sh")),
            Tool::Jq => Command::new(peers.join("jq.sh")),
            Tool::Python => interpreter("python", &peers.join("python.py")),
            Tool::Node => interpreter("node", &peers.join("node.js")),
        };
        if self.tool != Tool::Punctual {
            command.arg(format!("{base}{LIST}")).arg(self.database());
        }
        with_environment(&mut command, &self.dir);
        command
    }

    fn database(&self) -> PathBuf {
        self.dir.join("tokens.db")
    }

    /// Asks the database's own shell, since a library in this process would raise
    /// the floor of the memory measurements.
    fn stored(&self) -> Result<Facts, String> {
        let shell = if self.tool == Tool::Duckdb { "duckdb" } else { "sqlite3" };
        let mut command = Command::new(shell);
        command.args(["-bail", "-list", "-noheader"]).arg(self.database()).arg(COUNT);
        let output = with_environment(&mut command, &self.dir).output();
        let output = output.map_err(|error| format!("could not start {shell}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (rows, rest) = text.split_once('|').unwrap_or_default();
        match Facts::parse(rest) {
            Some(facts) if rows.parse() == Ok(facts.tokens) => Ok(facts),
            Some(facts) => Err(format!("stored {rows} rows of {} mints", facts.tokens)),
            None => Err(format!(
                "its database cannot be read: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            )),
        }
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // A directory that stays behind is emptied by the next session.
        let _ = fs::remove_dir_all(&self.dir);
    }
}
