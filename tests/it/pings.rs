//! Pings against a real server on loopback: the protocol, its order, and that none of it ever
//! touches the run.

use crate::sandbox::{Ran, Sandbox, eventually};
use crate::server::{Answer, Server};

fn monitor() -> Server {
    let server = Server::start();
    for path in ["/check", "/check/start", "/check/1", "/check/74"] {
        server.path(path, [Answer::ok("OK")]);
    }
    server
}

fn url_of(server: &Server) -> String {
    format!("{}/check", server.url())
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.path).collect()
}

#[test]
fn a_monitor_hears_of_start_and_success() {
    let (sandbox, server) = (Sandbox::new(), monitor());
    let url = url_of(&server);
    sandbox.run(["hello", "--ping-url", &url]).exits(0).silent();
    assert_eq!(paths(&server), ["/check/start", "/check"]);
    assert!(server.requests()[0].header("user-agent").expect("a name").starts_with("punctual/"));
}

#[test]
fn a_monitor_hears_of_a_failure_by_its_exit_code() {
    let (sandbox, server) = (Sandbox::new(), monitor());
    let mut command = sandbox.command(["mem-report", "--max-rss", "1KiB"]);
    command.env("PUNCTUAL_PING_URL", url_of(&server));
    Ran::of(&mut command).exits(1);
    assert_eq!(paths(&server), ["/check/start", "/check/1"]);
}

#[test]
fn a_run_that_could_not_start_is_a_failure_and_a_skipped_one_is_no_news() {
    let (sandbox, server) = (Sandbox::new(), monitor());
    let url = url_of(&server);
    sandbox.write("no.db", "no database ".repeat(100));
    sandbox.run(["hello", "--ping-url", &url, "--database", "no.db"]).exits(74);
    assert_eq!(paths(&server), ["/check/74"]);

    std::fs::create_dir_all(sandbox.state_dir().join("locks")).expect("a directory");
    let lock = std::fs::File::create(sandbox.state_dir().join("locks/hello.lock"));
    let lock = lock.expect("a lock file");
    lock.lock().expect("another run of it is going");
    sandbox.run(["hello", "--ping-url", &url]).exits(0).silent();
    assert_eq!(paths(&server).len(), 1);
}

#[test]
fn a_dead_or_broken_monitor_costs_the_run_nothing() {
    let sandbox = Sandbox::new();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = unused.local_addr().expect("an address");
    drop(unused);
    let broken = Server::start();
    broken.path("/check/start", [Answer::status(500, "no")]);
    broken.path("/check", [Answer::status(301, "").header("location", "/elsewhere")]);
    for url in [format!("http://{address}/secret-uuid"), url_of(&broken)] {
        let ran = sandbox.run(["hello", "--ping-url", &url, "-v"]).exits(0);
        assert_eq!(ran.stdout, "Hello, world!\n");
        let ran = ran.says("the run is not affected");
        assert!(!ran.stderr.contains("secret-uuid") && !ran.stderr.contains("/check"), "{ran:?}");
    }
    assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome = 'succeeded'"), 2);
}

#[test]
fn a_monitor_that_never_answers_does_not_keep_the_lock() {
    let sandbox = Sandbox::new();
    // Connections are made, and nobody ever takes them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/check", silent.local_addr().expect("an address"));
    let first = sandbox.spawn(["hello", "--ping-url", &url]);
    eventually("the run is over", || {
        let query = "SELECT count(*) FROM runs WHERE outcome = 'succeeded'";
        sandbox.database_path().exists()
            && sandbox.database().query_row(query, (), |row| row.get(0)) == Ok(1)
    });
    sandbox.run(["hello", "--if-running", "fail"]).exits(0).silent();
    first.wait().exits(0).silent();
}

#[test]
fn a_url_that_is_none_is_a_usage_error_that_does_not_show_it() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(["hello", "--ping-url", "hc.example/secret-uuid"]).exits(2);
    ran.says("--ping-url");
    let shown = sandbox.run(["hello", "--ping-url", "ftp://hc.example/secret-uuid"]).exits(2);
    assert!(!shown.stderr.contains("secret-uuid"), "{shown:?}");
    assert_eq!(sandbox.run(["hello", "--help"]).exits(0).stdout.matches("secret").count(), 0);
}
