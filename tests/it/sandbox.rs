//! A place of its own for every test: temporary directory, cleared environment, real binary.
#![expect(clippy::disallowed_methods, reason = "tests wait for real processes in real time")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;

/// How long anything may take that a test waits for. Never what a test measures.
const PATIENCE: Duration = Duration::from_secs(60);

/// A temporary directory with a state directory (made by the first run) in it.
pub struct Sandbox {
    directory: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn state_dir(&self) -> PathBuf {
        self.path("state")
    }

    pub fn database_path(&self) -> PathBuf {
        self.state_dir().join("punctual.db")
    }

    /// Writes a file into the sandbox.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, contents).expect("a file in the sandbox");
        path
    }

    /// The binary with `arguments`, as cron would start it: hardly any environment, no terminal,
    /// no stdin.
    pub fn command<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_punctual")), arguments)
    }

    /// The same with another binary.
    pub fn command_of<S: AsRef<std::ffi::OsStr>>(
        &self,
        binary: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(binary);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("PATH", "/usr/bin:/bin")
            .env("PUNCTUAL_STATE_DIR", self.state_dir())
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        command
    }

    /// A line of shell in which `$punctual` is the binary.
    pub fn shell(&self, line: &str) -> Command {
        let mut command = self.command_of(Path::new("sh"), ["-c", line, "sh"]);
        command.env("punctual", env!("CARGO_BIN_EXE_punctual"));
        command
    }

    /// Runs the binary to its end.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Starts the binary with its stdout and stderr captured.
    pub fn spawn<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Running {
        Running::of(&mut self.command(arguments))
    }

    /// The database, opened by plain SQLite.
    pub fn database(&self) -> Connection {
        Connection::open(self.database_path()).expect("the database opens")
    }

    /// One number from the database.
    pub fn count(&self, query: &str) -> i64 {
        self.database().query_row(query, (), |row| row.get(0)).expect("a number")
    }

    pub fn tokens(&self) -> i64 {
        self.count("SELECT count(*) FROM tokens")
    }

    /// What must hold of the database after anything that may happen to a run.
    #[track_caller]
    pub fn assert_database_is_whole(&self) {
        let database = self.database();
        let check: String = database
            .query_row("PRAGMA integrity_check", (), |row| row.get(0))
            .expect("integrity_check runs");
        assert_eq!(check, "ok");
        let has_tokens: i64 = database
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'tokens'", (), |row| {
                row.get(0)
            })
            .expect("a schema");
        if has_tokens > 0 {
            let doubles = "SELECT count(*) - count(DISTINCT mint) FROM tokens";
            let doubles: i64 = database.query_row(doubles, (), |row| row.get(0)).expect("a number");
            assert_eq!(doubles, 0, "a mint is stored twice");
        }
    }
}

/// A process that ended.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        Self::from_output(command.output().expect("the binary starts"))
    }

    pub fn from_output(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// Checks the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// Checks that nothing was written to stderr: what cron would mail.
    #[track_caller]
    pub fn silent(self) -> Self {
        assert_eq!(self.stderr, "", "{self:#?}");
        self
    }

    /// Checks that stderr has `text` somewhere.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// The object on stdout (`--output json`).
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A process that is going. Killed when dropped.
pub struct Running {
    child: Option<Child>,
}

impl Running {
    pub fn of(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        Self { child: Some(child) }
    }

    pub fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("not waited for yet")
    }

    /// Writes to the process's stdin, where that is piped.
    pub fn feed(&mut self, bytes: &[u8]) {
        let stdin = self.child().stdin.as_mut().expect("stdin is piped");
        stdin.write_all(bytes).expect("the process reads");
        stdin.flush().expect("the process reads");
    }

    pub fn signal(&mut self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(self.child());
        rustix::process::kill_process(pid, signal).expect("the process is there");
    }

    /// Waits for the end without closing stdin first.
    pub fn wait_with_stdin_open(mut self) -> Ran {
        let stdin = self.child().stdin.take();
        let ran = self.wait();
        drop(stdin);
        ran
    }

    /// Closes stdin and waits for the end.
    pub fn wait(mut self) -> Ran {
        let child = self.child.take().expect("not waited for yet");
        Ran::from_output(child.wait_with_output().expect("the process ends"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Looks until `condition` holds. Gives up, loudly, on something that will never come.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < give_up, "gave up waiting: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The binary as a user who may do no more than others, whoever runs the tests.
pub fn without_privileges<S: AsRef<std::ffi::OsStr>>(
    sandbox: &Sandbox,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    if !rustix::process::geteuid().is_root() {
        return sandbox.command(arguments);
    }
    let binary = env!("CARGO_BIN_EXE_punctual");
    let flags = ["--bounding-set=-all", "--inh-caps=-all", binary];
    let mut command = sandbox.command_of(Path::new("setpriv"), flags);
    command.args(arguments);
    command
}

/// The binary in a mount namespace where `mount` was done first; nothing where the system does not
/// allow that.
pub fn with_mount(sandbox: &Sandbox, mount: &str, arguments: Vec<String>) -> Option<Ran> {
    let allowed = Command::new("unshare")
        .args(["-rm", "sh", "-c", "mount -t tmpfs none /mnt"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !allowed {
        skipped("this system allows no mount namespaces");
        return None;
    }
    let binary = sandbox.command(&arguments).get_program().to_owned();
    let script = format!("{mount} && exec \"$0\" \"$@\"");
    let mut command = sandbox.command_of(
        Path::new("unshare"),
        ["-rm", "sh", "-c", &script].map(Into::into).into_iter().chain([binary]),
    );
    Some(Ran::of(command.args(arguments)))
}

/// Says that a test could not do what it is for, and why. Past the test harness, which keeps what
/// is printed to itself: a test that was skipped must not look like one that ran.
pub fn skipped(why: &str) {
    let test = std::thread::current();
    let _ = writeln!(std::io::stderr(), "skipped {}: {why}", test.name().unwrap_or("a test"));
}

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
