//! A real PostgreSQL in a temporary directory, reached by its socket there. The benchmarks start
//! theirs from this file too, so it uses nothing else of the tests.
//!
//! A server never outlives the process that started it: a shell between the two ends the server
//! and removes the directory when its stdin is closed, which the kernel does for whoever dies.
#![expect(clippy::disallowed_methods, reason = "a fixture looks for programs in the PATH")]

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls, Row};
use rustix::process::{getpid, set_child_subreaper};

/// Who owns the databases, and may do nothing more: what an operator would give to punctual.
const OWNER: &str = "punctual";

pub const DEFAULT_PORT: &str = "5432";

/// PostgreSQL refuses to run as root; this is who the distributions make for it.
const SERVER_USER: &str = "postgres";

/// Called with the directory of PostgreSQL's programs, the port, and lines for its configuration.
/// Prints the directory of the server when that is ready. Each line that it reads is an order, for
/// which it prints a line when that is done.
///
/// The server is its child, and it adopts the server's own when those are orphaned: a test process
/// that runs commands as jobs would take them for something that one of them left behind.
const WATCHDOG: &str = r#"
set -eu
umask 077
programs=$1
port=$2
shift 2
directory=$(mktemp -d "${TMPDIR:-/tmp}/punctual-pg.XXXXXX")
trap '"$programs/pg_ctl" -D "$directory/data" -m immediate -s stop 2>/dev/null || :
    rm -rf "$directory"' EXIT
"$programs/initdb" -D "$directory/data" -U postgres -A trust -E UTF8 --locale=C --no-sync \
    --no-instructions >"$directory/log" || exit
printf '%s\n' "unix_socket_directories = '$directory'" "listen_addresses = ''" "$@" \
    >>"$directory/data/postgresql.conf"
printf '%s\n' 'local all postgres,punctual trust' 'local all all scram-sha-256' \
    'host all all samehost scram-sha-256' >"$directory/data/pg_hba.conf"
start() {
    "$programs/postgres" -D "$directory/data" >>"$directory/log" 2>&1 &
    server=$!
    until "$programs/pg_isready" -q -h "$directory" -p "$port"; do
        kill -0 "$server" || {
            cat "$directory/log" >&2
            exit 1
        }
        sleep 0.05
    done
}
start
echo "$directory"
while read -r order mode; do
    case $order in
    start) start ;;
    stop) "$programs/pg_ctl" -D "$directory/data" -m "$mode" -s -w stop >&2 ;;
    esac
    echo done
done
"#;

/// A server. Ended, and its directory removed, when it is dropped or this process dies.
pub struct PostgresServer {
    watchdog: Child,
    answers: Mutex<BufReader<ChildStdout>>,
    directory: PathBuf,
    programs: PathBuf,
    port: String,
    /// Made so far.
    databases: AtomicU32,
}

impl PostgresServer {
    /// Starts one with these lines added to its `postgresql.conf`. An error of the kind
    /// [`io::ErrorKind::NotFound`] says that PostgreSQL is not installed.
    pub fn new(settings: &[&str]) -> io::Result<Self> {
        Self::spawned_by(Command::spawn, settings)
    }

    /// The same, with the process started by `spawn`.
    pub fn spawned_by(
        spawn: impl FnOnce(&mut Command) -> io::Result<Child>,
        settings: &[&str],
    ) -> io::Result<Self> {
        let programs = programs().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "no initdb in the PATH nor in /usr/lib/postgresql: install PostgreSQL",
            )
        })?;
        let port = settings.iter().find_map(|line| line.strip_prefix("port = "));
        let port = port.unwrap_or(DEFAULT_PORT).to_owned();
        let mut watchdog = as_server_user("sh");
        let adopt = || Ok(set_child_subreaper(Some(getpid()))?);
        #[expect(unsafe_code, reason = "the new process makes one system call")]
        // SAFETY: between fork and exec only that call is made, which is safe after a fork.
        unsafe {
            watchdog.pre_exec(adopt)
        };
        watchdog
            .args(["-c", WATCHDOG, "sh"])
            .arg(&programs)
            .arg(&port)
            .args(settings)
            .process_group(0) // Ctrl-C is for us; the watchdog then sees us go.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut watchdog = spawn(&mut watchdog)?;
        let mut directory = String::new();
        let stdout = watchdog.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut answers = BufReader::new(stdout);
        answers.read_line(&mut directory)?;
        if directory.is_empty() {
            let status = watchdog.wait()?;
            return Err(io::Error::other(format!("PostgreSQL did not start, {status}")));
        }
        let directory = PathBuf::from(directory.trim_end());
        let databases = AtomicU32::new(0);
        let answers = Mutex::new(answers);
        let server = Self { watchdog, answers, directory, programs, port, databases };
        let role = format!("CREATE ROLE {OWNER} LOGIN");
        server.admin("postgres").batch_execute(&role).map_err(io::Error::other)?;
        Ok(server)
    }

    /// Where the socket and the log are, and below it, in `data`, the server's own files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// One of PostgreSQL's own programs, of the server's version.
    pub fn program(&self, name: &str) -> Command {
        clean(Command::new(self.programs.join(name)))
    }

    /// A database as its owner sees it.
    pub fn url(&self, database: &str) -> String {
        self.url_of(OWNER, database)
    }

    pub fn url_of(&self, user: &str, database: &str) -> String {
        url_of_socket(&self.directory, &self.port, user, database)
    }

    /// An empty database of its own for whoever asks.
    pub fn create_database(&self) -> TestDatabase<'_> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!("CREATE DATABASE {name} OWNER {OWNER}"));
        TestDatabase { server: self, name }
    }

    /// Connects as the superuser.
    pub fn admin(&self, database: &str) -> Client {
        connect(&self.url_of("postgres", database))
    }

    /// Statements by the superuser that concern the whole server.
    pub fn execute(&self, sql: &str) {
        self.admin("postgres").batch_execute(sql).expect("the server takes the statements");
    }

    /// Starts it again after [`stop`](Self::stop).
    pub fn start(&self) {
        self.order("start");
    }

    /// Breaks all connections off, and waits until the server has ended in good order.
    pub fn stop(&self) {
        self.order("stop fast");
    }

    /// The same without any order: the next start has to recover.
    pub fn stop_immediately(&self) {
        self.order("stop immediate");
    }

    pub fn restart(&self) {
        self.stop();
        self.start();
    }

    fn order(&self, order: &str) {
        let mut answer = String::new();
        let mut answers = self.answers.lock().expect("no panic");
        let mut orders = self.watchdog.stdin.as_ref().expect("it is piped");
        writeln!(orders, "{order}").expect("somebody reads");
        answers.read_line(&mut answer).expect("an answer");
        assert_eq!(answer, "done\n", "{order}: {}", self.log());
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).expect("a log of the server")
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// A database of a [`PostgresServer`], and its owner's view of it.
pub struct TestDatabase<'a> {
    server: &'a PostgresServer,
    name: String,
}

impl TestDatabase<'_> {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    pub fn client(&self) -> Client {
        connect(&self.url())
    }

    #[track_caller]
    pub fn query(&self, sql: &str) -> Vec<Row> {
        self.client().query(sql, &[]).unwrap_or_else(|error| panic!("{error:?}: {sql}"))
    }

    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.client().batch_execute(sql).unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    }

    /// One number.
    #[track_caller]
    pub fn count(&self, sql: &str) -> i64 {
        self.query(sql)[0].get(0)
    }
}

/// The URL of a database behind the socket in a directory.
pub fn url_of_socket(directory: &Path, port: &str, user: &str, database: &str) -> String {
    let directory = directory.to_str().expect("a path of plain characters").replace('/', "%2F");
    format!("postgres://{user}@{directory}:{port}/{database}")
}

#[track_caller]
fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap_or_else(|error| panic!("{error:?}: {url}"))
}

/// The directory of PostgreSQL's programs: the one in the PATH, else the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Symbolic links may lead there for some of the programs only.
    let in_path = std::env::split_paths(&path).find_map(|directory| {
        let initdb = directory.join("initdb").canonicalize().ok()?;
        initdb.parent().map(Path::to_path_buf)
    });
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.max_by_key(|version| {
        version.file_name().to_str().and_then(|version| version.parse::<u32>().ok())
    });
    let of_debian = newest.map(|version| version.path().join("bin"));
    [in_path, of_debian].into_iter().flatten().find(|directory| directory.join("pg_ctl").exists())
}

/// A command as this user, or as the one for servers where this one is root.
fn as_server_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", SERVER_USER, "--regid", SERVER_USER, "--init-groups", "--"]);
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    clean(command)
}

/// Without variables of libpq that whoever runs this may have set.
fn clean(mut command: Command) -> Command {
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|name| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C");
    command
}
