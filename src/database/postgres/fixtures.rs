//! A PostgreSQL server of a test's own, in a temporary directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Postgres, PostgresUrl};

/// A server on a socket, which stops with its value.
pub struct Server {
    directory: tempfile::TempDir,
    /// Where it listens beside its socket.
    pub port: u16,
}

/// Certificates that the server shows, or that its clients trust.
pub struct Authority {
    issuer: rcgen::CertifiedIssuer<'static, rcgen::KeyPair>,
}

impl Server {
    /// Nothing where PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with("", |_| {})
    }

    /// Also listens on 127.0.0.1, with a certificate for `name`.
    pub fn start_with_tls(authority: &Authority, name: &str) -> Option<Self> {
        let settings = "ssl = on\nlisten_addresses = '127.0.0.1'\n";
        Self::start_with(settings, |data| {
            let (certificate, key) = authority.certificate_for(name);
            std::fs::write(data.join("server.crt"), certificate).expect("a certificate");
            let key_file = data.join("server.key");
            std::fs::write(&key_file, key).expect("a key");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&key_file, mode).expect("a private key");
            give_to_postgres(&key_file);
        })
    }

    fn start_with(settings: &str, prepare: impl FnOnce(&Path)) -> Option<Self> {
        if !is_installed() {
            return None;
        }
        let directory = tempfile::tempdir().expect("a temporary directory");
        give_to_postgres(directory.path());
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let server = Self { directory, port };
        let data = server.data();
        server.run(&["initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-D", &data]);
        let data = Path::new(&data);
        std::fs::write(
            data.join("postgresql.conf"),
            format!(
                "port = {port}\nlisten_addresses = ''\nunix_socket_directories = '{}'\n\
                 fsync = off\n{settings}",
                server.directory.path().display(),
            ),
        )
        .expect("its settings");
        let access = "local all guarded scram-sha-256\nlocal all barred reject\n\
                      local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
        std::fs::write(data.join("pg_hba.conf"), access).expect("its access rules");
        prepare(data);
        drop(listener);
        server.resume();
        Some(server)
    }

    pub fn stop(&self) {
        self.run(&["pg_ctl", "stop", "-w", "-m", "fast", "-D", &self.data()]);
    }

    pub fn resume(&self) {
        let log = self.directory.path().join("log");
        let log = log.to_str().expect("its path");
        self.run(&["pg_ctl", "start", "-w", "-s", "-l", log, "-D", &self.data()]);
    }

    /// The directory of the socket.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Through the socket; `credentials` with their `@`.
    pub fn database(&self, credentials: &str, name: &str) -> Postgres {
        let (directory, port) = (self.directory.path().display(), self.port);
        database(&format!("postgres://{credentials}/{name}?host={directory}&port={port}"))
    }

    fn data(&self) -> String {
        self.directory.path().join("data").to_str().expect("its path").to_owned()
    }

    /// PostgreSQL refuses to run as root.
    fn run(&self, command: &[&str]) {
        let output = try_run(self.directory.path(), command);
        assert!(
            output.status.success(),
            "{command:?}: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default(),
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been stopped.
        let stop = ["pg_ctl", "stop", "-w", "-m", "immediate", "-D", &self.data()];
        try_run(self.directory.path(), &stop);
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

fn try_run(directory: &Path, command: &[&str]) -> Output {
    let mut process = match rustix::process::geteuid().is_root() {
        true => {
            let mut process = Command::new("runuser");
            process.args(["-u", "postgres", "--"]).args(command);
            process
        }
        false => {
            let mut process = Command::new(command[0]);
            process.args(&command[1..]);
            process
        }
    };
    process.current_dir(directory).output().expect("it runs")
}

fn give_to_postgres(path: &Path) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let status = Command::new("chown").arg("postgres").arg(path).status().expect("chown");
    assert!(status.success());
}

#[expect(clippy::disallowed_methods, reason = "whether a test may be skipped is no setting")]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn is_installed() -> bool {
    let is_installed = Command::new("initdb").arg("--version").output().is_ok();
    if !is_installed {
        let required = std::env::var_os("PUNCTUAL_REQUIRE_POSTGRES").is_some();
        assert!(!required, "initdb is not in PATH, and PUNCTUAL_REQUIRE_POSTGRES is set");
        eprintln!("SKIPPED: no initdb in PATH (PUNCTUAL_REQUIRE_POSTGRES=1 makes this a failure)");
    }
    is_installed
}
