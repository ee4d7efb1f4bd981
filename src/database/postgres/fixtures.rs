//! PostgreSQL servers for tests: those that the integration tests start, and what is needed on top
//! of them to try who is let in.

#[expect(dead_code, reason = "the integration tests need more of it")]
#[path = "../../../tests/it/postgres_server.rs"]
mod postgres_server;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::super::Database;
use super::{Postgres, PostgresUrl};
use crate::process::spawn_spared;

use postgres_server::PostgresServer;

/// Who may do what, over which way.
const ACCESS: &str = "local all guarded scram-sha-256\nlocal all barred reject\n\
    local all all trust\nhostssl all all 127.0.0.1/32 trust\n";

/// A server of a test's own.
pub struct Server {
    server: PostgresServer,
    /// Its settings, and certificates.
    _settings: tempfile::TempDir,
    /// Where it listens beside its socket.
    pub port: u16,
}

/// Certificates that the server shows, or that its clients trust.
pub struct Authority {
    issuer: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
}

/// An empty database for whoever asks, on a server that all tests of this process share. Nothing
/// where PostgreSQL is not installed.
pub fn shared_database() -> Option<Database> {
    static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
    let server = SERVER.get_or_init(|| start(&["fsync = off"])).as_ref()?;
    Some(Database::Postgres(database(&apart(|| server.create_database().url()))))
}

impl Server {
    /// Nothing where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with(|_| Vec::new())
    }

    /// Also listens on 127.0.0.1, with a certificate for `name`.
    pub fn start_with_tls(authority: &Authority, name: &str) -> Option<Self> {
        Self::start_with(|directory| {
            let (certificate, key) = authority.certificate_for(name);
            let (certificate_file, key_file) =
                (directory.join("server.crt"), directory.join("server.key"));
            std::fs::write(&certificate_file, certificate).expect("a certificate");
            std::fs::write(&key_file, key).expect("a key");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&key_file, mode).expect("a private key");
            vec![
                "ssl = on".to_owned(),
                "listen_addresses = '127.0.0.1'".to_owned(),
                format!("ssl_cert_file = '{}'", certificate_file.display()),
                format!("ssl_key_file = '{}'", key_file.display()),
            ]
        })
    }

    fn start_with(prepare: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        let settings = tempfile::tempdir().expect("a temporary directory");
        let mut lines = prepare(settings.path());
        let access = settings.path().join("pg_hba.conf");
        std::fs::write(&access, ACCESS).expect("its access rules");
        give_to_postgres(settings.path());
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        drop(listener);
        lines.extend([
            format!("port = {port}"),
            format!("hba_file = '{}'", access.display()),
            "fsync = off".to_owned(),
        ]);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        Some(Self { server: start(&lines)?, _settings: settings, port })
    }

    pub fn stop(&self) {
        self.server.stop();
    }

    pub fn resume(&self) {
        self.server.start();
    }

    /// The directory of the socket.
    pub fn directory(&self) -> &Path {
        self.server.directory()
    }

    /// Through the socket; `credentials` with their `@`.
    pub fn database(&self, credentials: &str, name: &str) -> Postgres {
        let (directory, port) = (self.directory().display(), self.port);
        database(&format!("postgres://{credentials}/{name}?host={directory}&port={port}"))
    }
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        let key = rcgen::KeyPair::generate().expect("a key");
        let issuer = rcgen::CertifiedIssuer::self_signed(parameters, key).expect("an authority");
        Self { issuer }
    }

    /// Its certificate, in a file of `directory`.
    pub fn file_in(&self, directory: &Path, name: &str) -> PathBuf {
        let file = directory.join(name);
        std::fs::write(&file, self.issuer.pem()).expect("a certificate");
        file
    }

    fn certificate_for(&self, name: &str) -> (String, String) {
        let key = rcgen::KeyPair::generate().expect("a key");
        let parameters = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

pub fn database(url: &str) -> Postgres {
    Postgres::new(PostgresUrl::parse(url).expect("a URL"))
}

/// A server with these settings; nothing, loudly, where PostgreSQL is not installed.
#[expect(clippy::disallowed_methods, reason = "whether a test may be skipped is no setting")]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn start(settings: &[&str]) -> Option<PostgresServer> {
    // Some of the tests run commands as jobs.
    match apart(|| PostgresServer::spawned_by(spawn_spared, settings)) {
        Ok(server) => Some(server),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let required = std::env::var_os("PUNCTUAL_REQUIRE_POSTGRES").is_some();
            assert!(!required, "PostgreSQL is required: {error}");
            eprintln!("SKIPPED: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Does something on a thread of its own: the client of the servers blocks, and cannot do that
/// inside a test that is asynchronous.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join()).expect("no panic")
}

/// The server runs as that user where this is root.
fn give_to_postgres(directory: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("the users");
    let postgres = users.lines().find_map(|line| line.strip_prefix("postgres:x:"));
    let id = postgres.and_then(|line| line.split(':').next()?.parse().ok()).expect("its number");
    let files = std::fs::read_dir(directory).expect("its files");
    let files = files.map(|file| file.expect("a file").path());
    for path in files.chain([directory.to_owned()]) {
        std::os::unix::fs::chown(path, Some(id), None).expect("given");
    }
}
