use std::os::unix::net::UnixListener;

use super::fixtures::{Authority, Server, database};
use super::*;

/// A statement through the pool.
fn one(database: &Postgres) -> Result<i32> {
    database.wait(async {
        let client = database.pooled().await?;
        let row = client.query_one("SELECT 1", &[]).await;
        row.map(|row| row.get(0)).map_err(database.error("cannot count"))
    })?
}

fn run(database: &Postgres, statements: &str) -> Result<()> {
    database.wait(async {
        let client = database.pooled().await?;
        client.batch_execute(statements).await.map_err(database.error("cannot change it"))
    })?
}

#[track_caller]
fn refused(database: &Postgres, exit: Exit, says: &str) {
    let pooled = one(database).expect_err("the pool gets no connection");
    let connected = database.wait(database.connect()).expect("an answer");
    for error in [pooled, connected.expect_err("no connection of its own")] {
        let chain = error.chain();
        assert_eq!(error.exit(), exit, "{chain}");
        assert!(chain.contains(database.label()), "{chain}");
        assert!(chain.contains(says), "{chain}");
        assert!(!chain.contains("hidden"), "{chain}");
        assert!(error.hint_text().is_some(), "{chain}");
    }
}

#[test]
fn whoever_is_kept_out_learns_why() {
    let Some(server) = Server::start() else { return };
    let postgres = server.database("postgres@", "postgres");
    run(
        &postgres,
        "CREATE ROLE guarded LOGIN PASSWORD 'right'; CREATE ROLE barred LOGIN;
         CREATE ROLE poor LOGIN; CREATE TABLE rich (id INT)",
    )
    .expect("roles");
    assert_eq!(one(&server.database("guarded:right@", "postgres")).expect("let in"), 1);
    let check = |credentials: &str, name: &str, exit: Exit, says: &str| {
        refused(&server.database(credentials, name), exit, says);
    };
    check("guarded:hidden@", "postgres", Exit::Permission, "28P01");
    check("guarded@", "postgres", Exit::Configuration, "password missing");
    check("barred@", "postgres", Exit::Permission, "pg_hba.conf");
    check("nobody:hidden@", "postgres", Exit::Configuration, "nobody");
    check("postgres@", "nothing", Exit::Configuration, "3D000");

    let poor = server.database("poor@", "postgres");
    let error = run(&poor, "SELECT * FROM rich").expect_err("no rights");
    assert_eq!(error.exit(), Exit::Permission, "{}", error.chain());
    let error = run(&poor, "SELEKT").expect_err("no statement");
    assert_eq!(error.exit(), Exit::Bug, "{}", error.chain());
    let error = run(&poor, "SET statement_timeout = 1; SELECT pg_sleep(60)").expect_err("too long");
    assert_eq!(error.exit(), Exit::Unavailable, "{}", error.chain());
}

#[test]
fn a_restarted_server_is_found_again() {
    let Some(server) = Server::start() else { return };
    let database = server.database("postgres@", "postgres");
    let [first, second] = [(); 2]
        .map(|()| database.wait(database.pooled()).expect("an answer").expect("a connection"));
    server.stop();
    let closed = database.wait(async {
        while !(first.is_closed() && second.is_closed()) {
            tokio::task::yield_now().await;
        }
    });
    closed.expect("both notice");
    // Neither comes back out of the pool.
    drop((first, second));
    refused(&database, Exit::Unavailable, "cannot connect");
    server.resume();
    assert_eq!(one(&database).expect("a statement"), 1);
}

#[test]
fn a_connection_of_its_own_outlives_the_call_and_is_not_one_of_the_pool() {
    let Some(server) = Server::start() else { return };
    let database = server.database("postgres@", "postgres");
    let client = database.wait(database.connect()).expect("an answer").expect("a client");
    let own = database.wait(client.batch_execute("CREATE TEMPORARY TABLE mine (id INT)"));
    own.expect("an answer").expect("a table");
    let error = run(&database, "SELECT * FROM mine").expect_err("it is not there for others");
    assert!(error.chain().contains("42P01"), "{}", error.chain());
    let used = database.wait(client.batch_execute("INSERT INTO mine VALUES (1)"));
    used.expect("an answer").expect("still there");
}

#[test]
fn a_statement_without_an_answer_is_given_up_and_its_connection_too() {
    let Some(server) = Server::start() else { return };
    let database = server.database("postgres@", "postgres");
    let id_of = |database: &Postgres| -> i32 {
        let id = database.wait(async {
            let client = database.pooled().await?;
            let row = client.query_one("SELECT pg_backend_pid()", &[]).await;
            row.map(|row| row.get(0)).map_err(database.error("cannot ask"))
        });
        id.expect("an answer").expect("an id")
    };
    let first = id_of(&database);
    assert_eq!(id_of(&database), first, "connections are used again");
    let error = database
        .wait_up_to(Duration::from_millis(50), async {
            let client = database.pooled().await?;
            client.batch_execute("SELECT pg_sleep(600)").await.map_err(database.error("no sleep"))
        })
        .expect_err("no answer");
    assert_eq!(error.exit(), Exit::Unavailable);
    assert!(error.chain().contains("no answer within 50ms"), "{}", error.chain());
    assert_ne!(id_of(&database), first, "the one that sleeps is not used again");
}

#[test]
fn a_server_that_does_not_answer_is_passed_over() {
    let Some(server) = Server::start() else { return };
    // The kernel accepts for it, and nobody ever reads.
    let directory = tempfile::tempdir().expect("a directory");
    let silent = directory.path().join(format!(".s.PGSQL.{}", server.port));
    let _listener = UnixListener::bind(silent).expect("a socket");
    let (silent, real) = (directory.path().display(), server.directory().display());
    let url = |hosts: String| {
        let port = server.port;
        database(&format!(
            "postgres:///postgres?user=postgres&host={hosts}&port={port}&connect_timeout=1"
        ))
    };
    assert_eq!(one(&url(format!("/nowhere,{silent},{real}"))).expect("the third one"), 1);
    refused(&url(silent.to_string()), Exit::Unavailable, "no answer within 1s");
}

#[test]
fn certificates_are_checked_as_far_as_the_url_says() {
    let authority = Authority::new("ours");
    let Some(server) = Server::start_with_tls(&authority, "localhost") else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let ours = authority.file_in(directory.path(), "ours.pem");
    let theirs = Authority::new("theirs").file_in(directory.path(), "theirs.pem");
    let (ours, theirs) = (ours.display(), theirs.display());
    let url = |host: &str, parameters: String| {
        let port = server.port;
        database(&format!("postgres://postgres:hidden@{host}:{port}/postgres?{parameters}"))
    };
    let encrypted = |host: &str, parameters: String| {
        let database = url(host, parameters);
        let answer = database.wait(async {
            let client = database.pooled().await?;
            let question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            let row = client.query_one(question, &[]).await;
            row.map(|row| row.get::<_, bool>(0)).map_err(database.error("cannot ask"))
        });
        assert!(answer.expect("an answer").expect("let in"));
    };
    encrypted("localhost", format!("sslmode=verify-full&sslrootcert={ours}"));
    encrypted("localhost", format!("sslrootcert={ours}"));
    encrypted("127.0.0.1", format!("sslmode=verify-ca&sslrootcert={ours}"));
    encrypted("127.0.0.1", "sslmode=require".to_owned());
    encrypted("127.0.0.1", "sslmode=prefer".to_owned());

    let check = |host: &str, parameters: String, exit: Exit, says: &str| {
        refused(&url(host, parameters), exit, says);
    };
    let wrong = Exit::Configuration;
    check("127.0.0.1", format!("sslmode=verify-full&sslrootcert={ours}"), wrong, "not valid for");
    check("localhost", format!("sslmode=verify-full&sslrootcert={theirs}"), wrong, "UnknownIssuer");
    check("localhost", format!("sslmode=verify-ca&sslrootcert={theirs}"), wrong, "UnknownIssuer");
    check("localhost", "sslmode=verify-full".to_owned(), wrong, "UnknownIssuer");
    check("localhost", "sslrootcert=/nowhere.pem".to_owned(), wrong, "/nowhere.pem");
    // Only encrypted connections are let in.
    check("127.0.0.1", "sslmode=disable".to_owned(), Exit::Permission, "pg_hba.conf");
}

#[test]
fn a_database_that_nobody_asked_needs_no_server_and_no_thread() {
    let database = database("postgres://jo:hidden@localhost:1/app");
    assert_eq!(format!("{database:?}"), "Postgres(PostgresUrl(\"postgres://jo@localhost:1/app\"))");
    assert!(database.0.runtime.lock().expect("unpoisoned").is_none());
    refused(&database, Exit::Unavailable, "cannot connect");
}

#[tokio::test]
async fn the_last_owner_may_be_asynchronous() {
    let database = database("postgres://localhost:1/app");
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let handle = database.handle().expect("a runtime");
    let clone = database.clone();
    let task = handle.spawn(async move {
        receiver.await.expect("the other owner is gone");
        drop(clone);
    });
    drop(database);
    sender.send(()).expect("it waits");
    // The task's own runtime ends under it, which may be before it has said so.
    if let Err(error) = task.await {
        assert!(error.is_cancelled(), "{error}");
    }
}
