//! Connection URLs as libpq takes them
//! (<https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING>), as far as punctual
//! needs them. No environment variable and no password file is read.
//!
//! tokio-postgres reads what stands before the `?`. Its own reading of parameters knows neither
//! `verify-full` nor `sslrootcert`, so they are read here. No message ever repeats what could be
//! a part of the password.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, Host, TargetSessionAttrs};

use super::tls::{Roots, TlsMode};

/// How long to wait for each server, unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// After this long without a sign of life a server's kernel is asked for one, a few times; and
/// this long it may leave what it was sent unconfirmed.
const SILENCE_MAX: Duration = Duration::from_secs(30);

const PARAMETERS: &str = "application_name, channel_binding, connect_timeout, dbname, host, \
                          options, password, port, sslmode, sslrootcert, target_session_attrs, user";

/// What a label shows as it is; the rest is percent-encoded.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One of the servers that a URL names, which are tried in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub host: Host,
    pub port: u16,
}

/// A database that a URL names. Shown without the password, as is everything about it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    /// At least one.
    pub(super) servers: Vec<Server>,
    /// All but the servers and the TLS.
    pub(super) session: Config,
    /// For servers over TCP; a socket has none.
    pub(super) tls: TlsMode,
    /// For each server, from its name to a session.
    pub(super) connect_timeout: Duration,
    label: String,
}

/// How connections are protected from those between here and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Nobody is between.
    Local,
    /// Encrypted, for a server that has proved to be the right one.
    Checked,
    /// Encrypted, for whoever answers.
    Unchecked,
    /// Perhaps not even encrypted.
    Open,
}

impl PostgresUrl {
    /// Whether it lets in with a password.
    pub fn has_password(&self) -> bool {
        self.session.get_password().is_some()
    }

    /// The error says what is wrong, without what could be secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, query) = split(text)?;
        let address: Config = address
            .parse()
            .map_err(|_| "its host, port or percent-encoding is not valid".to_owned())?;
        let mut parameters = Parameters::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            parameters.take(pair)?;
        }
        let hosts = parameters.hosts(address.get_hosts())?;
        let ports = parameters.ports.as_deref().unwrap_or(address.get_ports());
        let servers = pair(hosts, ports)?;
        let session = parameters.session(&address);
        let tls = parameters.tls(&servers)?;
        let label = label(&servers, &session);
        let connect_timeout = parameters.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        Ok(Self { servers, session, tls, connect_timeout, label })
    }

    /// How its connections are protected: for several servers, the worst of them.
    pub fn protection(&self) -> Protection {
        match self.tls {
            _ if self.servers.iter().all(Server::is_local) => Protection::Local,
            TlsMode::Off | TlsMode::Prefer => Protection::Open,
            TlsMode::Require => Protection::Unchecked,
            TlsMode::VerifyCa(_) | TlsMode::VerifyFull(_) => Protection::Checked,
        }
    }

    /// The URL without password and parameters.
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresUrl").field(&self.label).finish()
    }
}

fn without_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))
}

/// What stands before the parameters, and they. A password that is not percent-encoded could be
/// taken for a host or for a parameter, and be shown as such: there must be no doubt.
fn split(text: &str) -> Result<(&str, &str), String> {
    let rest = without_scheme(text).ok_or("it does not begin with postgres:// or postgresql://")?;
    let credentials = rest.split_once('@').map(|(credentials, _)| credentials);
    if rest.matches('@').count() > 1 || credentials.is_some_and(|text| text.contains(['/', '?'])) {
        return Err("write @ : / ? in user, password and parameters as %40 %3A %2F %3F".to_owned());
    }
    if rest.contains("%00") {
        return Err("it contains %00".to_owned());
    }
    Ok(text.split_once('?').unwrap_or((text, "")))
}

/// What stands behind the `?`.
#[derive(Default)]
struct Parameters {
    hosts: Option<Vec<Host>>,
    ports: Option<Vec<u16>>,
    ssl_mode: Option<SslMode>,
    ssl_root: Option<Roots>,
    connect_timeout: Option<Duration>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    application_name: Option<String>,
    options: Option<String>,
    target_session_attrs: Option<TargetSessionAttrs>,
    channel_binding: Option<ChannelBinding>,
}

/// libpq's modes. It would try `allow` without TLS first, which has no use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SslMode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Parameters {
    fn take(&mut self, pair: &str) -> Result<(), String> {
        let (name, value) = pair.split_once('=').ok_or("one of its parameters has no value")?;
        let value = percent_decode_str(value)
            .decode_utf8()
            .map_err(|_| "one of its parameters is not UTF-8".to_owned())?
            .into_owned();
        let takes = |values: &str| format!("{name} takes {values}");
        match name {
            "host" => self.hosts = Some(value.split(',').map(host).collect()),
            "port" => {
                let ports: Result<Vec<u16>, _> = value.split(',').map(str::parse).collect();
                self.ports = Some(ports.map_err(|_| takes("a number, or one for each host"))?);
            }
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "dbname" => self.database = Some(value),
            "application_name" => self.application_name = Some(value),
            "options" => self.options = Some(value),
            "connect_timeout" => {
                let seconds: NonZeroU16 =
                    value.parse().map_err(|_| takes("seconds, from 1 to 65535"))?;
                self.connect_timeout = Some(Duration::from_secs(seconds.get().into()));
            }
            "sslmode" => {
                self.ssl_mode = Some(match value.as_str() {
                    "disable" => SslMode::Disable,
                    "allow" | "prefer" => SslMode::Prefer,
                    "require" => SslMode::Require,
                    "verify-ca" => SslMode::VerifyCa,
                    "verify-full" => SslMode::VerifyFull,
                    _ => {
                        return Err(takes(
                            "disable, allow, prefer, require, verify-ca or verify-full",
                        ));
                    }
                });
            }
            "sslrootcert" => {
                self.ssl_root = Some(match value.as_str() {
                    "" => return Err(takes("a file, or `system`")),
                    "system" => Roots::System,
                    _ => Roots::File(PathBuf::from(value)),
                });
            }
            "target_session_attrs" => {
                self.target_session_attrs = Some(match value.as_str() {
                    "any" => TargetSessionAttrs::Any,
                    "read-write" => TargetSessionAttrs::ReadWrite,
                    "read-only" => TargetSessionAttrs::ReadOnly,
                    _ => return Err(takes("any, read-write or read-only")),
                });
            }
            "channel_binding" => {
                self.channel_binding = Some(match value.as_str() {
                    "disable" => ChannelBinding::Disable,
                    "prefer" => ChannelBinding::Prefer,
                    "require" => ChannelBinding::Require,
                    _ => return Err(takes("disable, prefer or require")),
                });
            }
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    fn hosts(&self, of_address: &[Host]) -> Result<Vec<Host>, String> {
        let hosts = match (&self.hosts, of_address) {
            (None, []) => {
                return Err("it names no host; write postgres://HOST/DATABASE, or \
                            postgres:///DATABASE?host=/var/run/postgresql for a socket"
                    .to_owned());
            }
            (None, hosts) => hosts.to_vec(),
            (Some(hosts), []) => hosts.clone(),
            (Some(_), _) => return Err("it names hosts twice".to_owned()),
        };
        match hosts.iter().any(|host| *host == Host::Tcp(String::new())) {
            true => Err("one of its hosts is empty".to_owned()),
            false => Ok(hosts),
        }
    }

    /// Everything that a session is opened with. Without a user that is the user of the process,
    /// and without a database the one with the user's name, as with libpq.
    fn session(&self, address: &Config) -> Config {
        let mut session = Config::new();
        let given = |text: &Option<String>, otherwise: Option<&str>| {
            text.as_deref().or(otherwise).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        if let Some(user) = given(&self.user, address.get_user()) {
            session.user(user);
        }
        if let Some(database) = given(&self.database, address.get_dbname()) {
            session.dbname(database);
        }
        if let Some(password) =
            self.password.as_ref().map(String::as_bytes).or(address.get_password())
        {
            session.password(password);
        }
        if let Some(options) = &self.options {
            session.options(options);
        }
        session
            .application_name(self.application_name.as_deref().unwrap_or("punctual"))
            .target_session_attrs(self.target_session_attrs.unwrap_or(TargetSessionAttrs::Any))
            .channel_binding(self.channel_binding.unwrap_or(ChannelBinding::Prefer))
            .keepalives_idle(SILENCE_MAX)
            .keepalives_interval(SILENCE_MAX / 3)
            .keepalives_retries(3)
            .tcp_user_timeout(SILENCE_MAX);
        session
    }

    /// Certificates are checked wherever somebody could stand between, unless the URL says
    /// otherwise.
    fn tls(&self, servers: &[Server]) -> Result<TlsMode, String> {
        let mode = self.ssl_mode.unwrap_or_else(|| {
            let is_private = self.ssl_root.is_none() && servers.iter().all(Server::is_local);
            if is_private { SslMode::Prefer } else { SslMode::VerifyFull }
        });
        match (mode, &self.ssl_root) {
            (SslMode::Disable, None) => Ok(TlsMode::Off),
            (SslMode::Prefer, None) => Ok(TlsMode::Prefer),
            (SslMode::Require, None) => Ok(TlsMode::Require),
            // libpq's rule, for the sake of programs that were written before verify-ca was.
            (SslMode::Require | SslMode::VerifyCa, Some(Roots::File(file))) => {
                Ok(TlsMode::VerifyCa(file.clone()))
            }
            (SslMode::VerifyFull, roots) => {
                Ok(TlsMode::VerifyFull(roots.clone().unwrap_or(Roots::System)))
            }
            (SslMode::VerifyCa, None) => Err("sslmode=verify-ca needs sslrootcert=FILE".to_owned()),
            (SslMode::Disable | SslMode::Prefer, Some(_)) => {
                Err("with sslrootcert, sslmode is require, verify-ca or verify-full".to_owned())
            }
            // Anybody can get a certificate that the system trusts.
            (SslMode::Require | SslMode::VerifyCa, Some(Roots::System)) => {
                Err("with sslrootcert=system, sslmode is verify-full".to_owned())
            }
        }
    }
}

impl Server {
    /// Whether nothing on the way to the server leaves this machine.
    fn is_local(&self) -> bool {
        match &self.host {
            Host::Unix(_) => true,
            Host::Tcp(name) => match name.parse::<IpAddr>() {
                Ok(address) => address.is_loopback(),
                Err(_) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
            },
        }
    }
}

fn host(text: &str) -> Host {
    if text.starts_with('/') { Host::Unix(text.into()) } else { Host::Tcp(text.to_owned()) }
}

/// Only what looks like a name is repeated.
fn unknown(name: &str) -> String {
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let name = if is_name { name } else { "one of its parameters" };
    format!("{name} is not supported; its parameters may be {PARAMETERS}")
}

/// Each host with its port.
fn pair(hosts: Vec<Host>, ports: &[u16]) -> Result<Vec<Server>, String> {
    let port_of = |index: usize| match ports {
        [] => Ok(5432),
        [port] => Ok(*port),
        ports if ports.len() == hosts.len() => Ok(ports[index]),
        _ => Err("it needs one port, or as many as hosts".to_owned()),
    };
    let ports: Result<Vec<u16>, String> = (0..hosts.len()).map(port_of).collect();
    Ok(hosts.into_iter().zip(ports?).map(|(host, port)| Server { host, port }).collect())
}

fn label(servers: &[Server], session: &Config) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let user = session.get_user().map(|user| encoded(user) + "@").unwrap_or_default();
    let servers: Vec<String> = servers
        .iter()
        .map(|server| {
            let host = match &server.host {
                Host::Unix(directory) => encoded(&directory.to_string_lossy()),
                Host::Tcp(name) if name.parse::<std::net::Ipv6Addr>().is_ok() => {
                    format!("[{name}]")
                }
                Host::Tcp(name) => encoded(name),
            };
            if server.port == 5432 { host } else { format!("{host}:{}", server.port) }
        })
        .collect();
    let database = session.get_dbname().map(|name| format!("/{}", encoded(name)));
    format!("postgres://{user}{}{}", servers.join(","), database.unwrap_or_default())
}

#[cfg(test)]
mod tests;
