//! A PostgreSQL server of the tests, with a schema for each of them.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls};

use super::super::{Store, StoreOptions};
use super::{CREATE_TOKENS, Fence, Link, PostgresStore};
use crate::clock::Clock;

/// Makes a server in a directory of its own, and stops it when its input ends: with the process
/// that started it, whatever ends that.
const SERVE: &str = r#"
set -e
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
initdb --pgdata data --username postgres --auth trust --encoding UTF8 --locale C --no-sync >log 2>&1
pg_ctl start --wait --pgdata data --log log --options "-k $directory -c listen_addresses= -c fsync=off" >>log 2>&1
echo "$directory"
cat >/dev/null || true
pg_ctl stop --pgdata data --mode immediate >>log 2>&1
"#;

struct Server {
    directory: PathBuf,
    runtime: Runtime,
    /// Holds the server's life: its input ends with this process.
    _child: Child,
}

impl Server {
    fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        SERVER.get_or_init(Self::start).as_ref()
    }

    #[expect(
        clippy::print_stderr,
        reason = "a test that was skipped must not look like one that ran"
    )]
    #[expect(clippy::disallowed_methods, reason = "a test is told by its environment")]
    fn start() -> Option<Self> {
        if Command::new("initdb").arg("--version").output().is_err() {
            let required = std::env::var_os("PUNCTUAL_REQUIRE_POSTGRES").is_some();
            assert!(!required, "there is no initdb here, and PUNCTUAL_REQUIRE_POSTGRES is set");
            eprintln!("SKIPPED the PostgreSQL part: there is no initdb on this machine");
            return None;
        }
        // The server refuses to run as root.
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SERVE]).current_dir("/");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut directory = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut directory).expect("a directory");
        assert!(!directory.is_empty(), "PostgreSQL did not start");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        Some(Self { directory: directory.trim_end().into(), runtime, _child: child })
    }

    fn connect(&self, schema: &str) -> Client {
        let mut config = Config::new();
        config
            .host_path(&self.directory)
            .user("postgres")
            .dbname("postgres")
            .options(format!("-c search_path={schema}"));
        self.runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.expect("connected");
            tokio::spawn(connection);
            client
        })
    }
}

/// A schema with a table of tokens.
pub struct TestSchema {
    server: &'static Server,
    name: String,
    client: Client,
}

impl TestSchema {
    pub fn create() -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let server = Server::shared()?;
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let schema = Self { server, client: server.connect(&name), name };
        schema.execute(&format!("CREATE SCHEMA {}", schema.name));
        schema.execute(CREATE_TOKENS);
        Some(schema)
    }

    pub fn connect(&self) -> Client {
        self.server.connect(&self.name)
    }

    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.server.runtime.block_on(future)
    }

    pub fn open(&self, options: StoreOptions, fence: Option<Fence>) -> Store {
        let link =
            Link { handle: self.server.runtime.handle().clone(), label: "postgres://test".into() };
        let has_tables = self.number("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'tokens'") > 0;
        let store =
            PostgresStore::open(&link, self.connect(), fence, has_tables, &Clock::System, options);
        Store::Postgres(Box::new(store.expect("a store")))
    }

    pub fn execute(&self, statements: &str) {
        self.wait(self.client.batch_execute(statements)).expect("executed");
    }

    pub fn number(&self, query: &str) -> i64 {
        self.wait(self.client.query_typed_one(query, &[])).expect("a row").get(0)
    }

    pub fn text(&self, query: &str) -> Option<String> {
        self.wait(self.client.query_typed_one(query, &[])).expect("a row").get(0)
    }
}
