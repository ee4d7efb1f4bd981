//! The PostgreSQL that tests share, and tests of the fixture itself.
//!
//! `PUNCTUAL_REQUIRE_POSTGRES=1` makes the absence of PostgreSQL a failure.
#![expect(clippy::disallowed_methods, reason = "a test reads its own switches")]

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::postgres_server::PostgresServer;
use crate::sandbox::{eventually, skipped};

/// The server of this process: one for all tests, each with a database of its own. Nothing where
/// PostgreSQL is not installed, which is told.
///
/// It trusts in the machine not to lose power. Do not stop it: see [`own_server`].
pub fn shared_server() -> Option<&'static PostgresServer> {
    static SERVER: OnceLock<Option<PostgresServer>> = OnceLock::new();
    let server = SERVER.get_or_init(|| own_server(&["fsync = off"])).as_ref();
    if server.is_none() {
        skipped("PostgreSQL is not installed");
    }
    server
}

/// A server for one test, which may stop it, with lines for its `postgresql.conf`.
pub fn own_server(settings: &[&str]) -> Option<PostgresServer> {
    match PostgresServer::new(settings) {
        Ok(server) => Some(server),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let required = std::env::var_os("PUNCTUAL_REQUIRE_POSTGRES").is_some();
            assert!(!required, "PostgreSQL is required: {error}");
            skipped(&error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_database_is_empty_and_its_owner_may_no_more_than_needed() {
    let Some(server) = shared_server() else { return };
    let (one, other) = (server.create_database(), server.create_database());
    one.execute("CREATE TABLE greetings (text TEXT); INSERT INTO greetings VALUES ('hello')");
    assert_eq!(one.query("SELECT text FROM greetings")[0].get::<_, String>("text"), "hello");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!((one.count(tables), other.count(tables)), (1, 0));
    let is_superuser = "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolsuper";
    assert_eq!(one.count(is_superuser), 0);
    assert!(one.client().batch_execute("CREATE ROLE somebody").is_err());
}

#[test]
fn other_roles_need_their_password() {
    let Some(server) = shared_server() else { return };
    let database = server.create_database();
    server.execute("CREATE ROLE visitor LOGIN PASSWORD 'open sesame'");
    let connect = |user: &str| {
        postgres::Client::connect(&server.url_of(user, database.name()), postgres::NoTls)
    };
    let refused = connect("visitor:sesame").err().expect("a wrong password");
    assert_eq!(refused.code(), Some(&postgres::error::SqlState::INVALID_PASSWORD));
    connect("visitor:open%20sesame").expect("the right password");
}

#[test]
fn nobody_reaches_it_but_by_its_socket() {
    let Some(server) = shared_server() else { return };
    let database = server.create_database();
    let addresses = database.query("SELECT current_setting('listen_addresses')");
    assert_eq!(addresses[0].get::<_, &str>(0), "");
    // PostgreSQL's own client reads the URL as punctual does.
    let psql =
        server.program("psql").args([&database.url(), "-XAtc", "SELECT current_user"]).output();
    let psql = psql.expect("psql starts");
    assert_eq!(String::from_utf8_lossy(&psql.stdout), "punctual\n", "{psql:?}");
}

#[test]
fn what_was_committed_is_there_after_every_way_to_stop() {
    let Some(server) = own_server(&[]) else { return };
    let database = server.create_database();
    assert_eq!(database.query("SHOW fsync")[0].get::<_, &str>(0), "on");
    database.execute("CREATE TABLE stops (way TEXT)");
    let mut client = database.client();
    let commit = |way: &str| database.execute(&format!("INSERT INTO stops VALUES ('{way}')"));
    commit("restart");
    server.restart();
    assert!(client.batch_execute("SELECT 1").is_err(), "a connection outlived its server");
    commit("fast");
    server.stop();
    let gone = postgres::Client::connect(&database.url(), postgres::NoTls);
    assert!(gone.is_err(), "somebody answers for a server that was stopped");
    server.start();
    commit("immediate");
    server.stop_immediately();
    server.start();
    assert!(server.log().contains("automatic recovery in progress"), "{}", server.log());
    assert_eq!(database.count("SELECT count(*) FROM stops"), 3);
}

#[test]
fn it_ends_and_leaves_nothing_when_dropped() {
    let Some(server) = own_server(&["fsync = off"]) else { return };
    let directory = server.directory().to_path_buf();
    let pid = pid_of(&server);
    drop(server);
    assert!(!directory.exists());
    // Its parent of last resort may not have waited for it yet.
    eventually("the server has gone", || !is_alive(pid));
}

#[test]
#[expect(clippy::print_stdout, reason = "the victim tells where its server is")]
fn it_does_not_outlive_a_process_that_is_killed() {
    // Set in the process that is to be killed: this test, once more.
    const VICTIM: &str = "PUNCTUAL_TEST_VICTIM";
    if std::env::var_os(VICTIM).is_some() {
        let server = PostgresServer::new(&["fsync = off"]).expect("a server");
        println!("\n{} {}", server.directory().display(), pid_of(&server));
        loop {
            std::thread::park();
        }
    }
    if shared_server().is_none() {
        return;
    }
    let mut victim = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "postgres::it_does_not_outlive_a_process_that_is_killed", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test starts");
    let mut lines =
        BufReader::new(victim.stdout.take().expect("piped")).lines().map_while(Result::ok);
    let line = lines.find(|line| line.starts_with('/')).expect("the directory of a server");
    let (directory, pid) = line.split_once(' ').expect("two words");
    let (directory, pid) = (Path::new(directory), pid.parse().expect("a number"));
    assert!(is_alive(pid), "no server at {pid}");
    victim.kill().expect("it is there");
    victim.wait().expect("it ends");
    eventually("the server has gone", || !directory.exists() && !is_alive(pid));
}

fn pid_of(server: &PostgresServer) -> i32 {
    let path = server.directory().join("data/postmaster.pid");
    let text = std::fs::read_to_string(path).expect("a server that is going");
    text.lines().next().and_then(|pid| pid.parse().ok()).expect("a number")
}

fn is_alive(pid: i32) -> bool {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
    rustix::process::test_kill_process(pid).is_ok()
}
