//! What bad days do to `jupiter-sync`: each has its exit code, leaves a whole database, and a plain
//! run on a good day completes the work.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::sandbox::{Ran, Running, Sandbox, eventually, with_mount};
use crate::server::{Answer, Server};
use crate::tokens::{list, list_of, mint, token};

/// Tokens of the list that a good day gives.
const TOKENS: u64 = 60;

const OBJECT_START: &str = r#"{"id":"#;

fn sync(sandbox: &Sandbox, server: &Server, more: &[&str]) -> Ran {
    Ran::of(&mut sandbox.command(arguments(&server.url(), more)))
}

fn arguments(url: &str, more: &[&str]) -> Vec<String> {
    let fixed = ["jupiter-sync", "--tags", "verified", "--api-url", url];
    fixed.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
}

/// A good day: everything is there in the end, and once.
#[track_caller]
fn a_plain_run_completes_the_work(sandbox: &Sandbox, tokens: u64) {
    if sandbox.database_path().exists() {
        sandbox.assert_database_is_whole();
    }
    let server = Server::with([Answer::ok(list(0..tokens))]);
    sync(sandbox, &server, &[]).exits(0).silent();
    assert_eq!(sandbox.tokens(), tokens as i64);
    sandbox.assert_database_is_whole();
}

/// A server that answers like this makes a run end with `code`.
#[track_caller]
fn check(answers: impl IntoIterator<Item = Answer>, code: i32, says: &str) -> Sandbox {
    check_with(&[], answers, code, says)
}

#[track_caller]
fn check_with(
    more: &[&str],
    answers: impl IntoIterator<Item = Answer>,
    code: i32,
    says: &str,
) -> Sandbox {
    let sandbox = Sandbox::new();
    let server = Server::with(answers);
    sync(&sandbox, &server, more).exits(code).says(says);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
    sandbox
}

/// These answers make a run succeed, with everything stored.
#[track_caller]
fn check_recovers(answers: impl IntoIterator<Item = Answer>) {
    let answers: Vec<Answer> = answers.into_iter().collect();
    let expected = answers.len();
    let sandbox = Sandbox::new();
    let server = Server::with(answers);
    sync(&sandbox, &server, &[]).exits(0).silent();
    assert_eq!(server.requests().len(), expected);
    assert_eq!(sandbox.tokens(), TOKENS as i64);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

fn good() -> Answer {
    Answer::ok(list(0..TOKENS))
}

// The way there.

#[test]
fn a_refused_connection_is_69() {
    let sandbox = Sandbox::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", port.local_addr().expect("an address"));
    drop(port);
    sandbox.run(arguments(&url, &[])).exits(69).says("Connection refused").says("hint: ");
    let short = sandbox.run(arguments(&url, &["--timeout", "2s"])).exits(69);
    short.says("no time is left to wait").says("hint: check the network");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_name_that_does_not_resolve_is_69() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(arguments("http://jupiter.invalid", &["--timeout", "2m"])).exits(69);
    ran.says("cannot reach http://jupiter.invalid/").says("hint: check the network");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_failing_tls_handshake_is_69() {
    let sandbox = Sandbox::new();
    let server = Server::with([good()]);
    let url = server.url().replace("http://", "https://");
    sandbox.run(arguments(&url, &[])).exits(69).says("cannot reach https://");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

// Refusals.

#[test]
fn a_refused_key_is_77_and_says_what_to_do() {
    check([Answer::status(401, "")], 77, "hint: put an API key into JUPITER_API_KEY");
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::status(401, "")]);
    let mut command = sandbox.command(arguments(&server.url(), &[]));
    Ran::of(command.env("JUPITER_API_KEY", "stale")).exits(77).says("hint: check the key");
    assert_eq!(server.requests().len(), 1, "a refusal is not tried again");
}

#[test]
fn a_forbidden_request_is_77_and_what_it_says_is_made_safe() {
    check([Answer::status(403, r#"{"code":403,"message":"blocked"}"#)], 77, "blocked");
    check([Answer::status(403, "error code: \u{1b}[31m1010")], 77, "\\u{1b}[31m1010");
}

#[test]
fn a_missing_endpoint_is_76() {
    check([Answer::status(404, "Route not found")], 76, "--api-url");
}

#[test]
fn the_gateways_request_id_is_in_every_error_of_an_answer() {
    let answered = |answer: Answer, code: i32| {
        check([answer.header("x-api-gateway-request-id", "abc-123")], code, "request id abc-123");
    };
    answered(Answer::status(403, "no"), 77);
    answered(Answer::status(302, ""), 76);
    answered(Answer::ok("<html>"), 76);
    answered(Answer::ok(&list(0..TOKENS)[..9000]), 76);
    answered(Answer::ok(&list(0..TOKENS)[..9000]).then_reset(), 69);
    answered(good().header("Content-Encoding", "gzip"), 76);
    answered(good().header("Content-Encoding", "compress"), 76);
}

// Rate limits.

fn limited() -> Answer {
    Answer::status(429, r#"{"code":429,"message":"[API Gateway] Too many requests"}"#)
}

/// How long the run waited after a 429 with these headers, by its own log.
fn delay_after(header: Option<(&str, String)>) -> u64 {
    let sandbox = Sandbox::new();
    let answer = match header {
        Some((name, value)) => limited().header(name, value),
        None => limited(),
    };
    let server = Server::with([answer, good()]);
    let ran = sync(&sandbox, &server, &["-v", "--log-format", "json"]).exits(0);
    assert_eq!(server.requests().len(), 2);
    assert_eq!(sandbox.tokens(), TOKENS as i64);
    ran.stderr
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"))
        .find_map(|line| line["delay_ms"].as_u64())
        .expect("the delay is logged")
}

fn unix_seconds() -> u64 {
    let now = std::time::UNIX_EPOCH.elapsed().expect("a clock after 1970");
    now.as_secs()
}

#[test]
fn a_429_waits_for_what_its_headers_ask() {
    let backoff = 500..=625;
    assert!(backoff.contains(&delay_after(None)));
    let reset = delay_after(Some(("x-ratelimit-reset", (unix_seconds() + 3).to_string())));
    assert!((1000..=3000).contains(&reset), "{reset}");
    assert_eq!(delay_after(Some(("Retry-After", "2".to_owned()))), 2000);
}

#[test]
fn nonsense_in_the_headers_of_a_429_is_ignored() {
    let backoff = 500..=625;
    let nonsense = [
        ("x-ratelimit-reset", (unix_seconds() * 1000).to_string()),
        ("x-ratelimit-reset", "1000".to_owned()),
        ("x-ratelimit-reset", "soon".to_owned()),
        ("Retry-After", "-5".to_owned()),
        ("Retry-After", "86400".to_owned()),
        ("Retry-After", "Tue, 01 Jan 2019 00:00:00 GMT".to_owned()),
    ];
    for (name, value) in nonsense {
        let delay = delay_after(Some((name, value.clone())));
        assert!(backoff.contains(&delay), "{name}: {value} waits {delay} ms");
    }
}

#[test]
fn a_429_for_ever_is_69_after_a_few_tries() {
    let sandbox = Sandbox::new();
    let server = Server::with([limited()]);
    sync(&sandbox, &server, &[]).exits(69).says("429").says("Too many requests");
    assert_eq!(server.requests().len(), 4);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_429_that_outlasts_the_deadline_is_69_at_once() {
    let sandbox = Sandbox::new();
    let server = Server::with([limited().header("Retry-After", "600")]);
    sync(&sandbox, &server, &[]).exits(69).says("no time is left to wait 10m").says("--timeout");
    assert_eq!(server.requests().len(), 1);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

// Failures of the service and of the connection.

#[test]
fn server_errors_pass() {
    for status in [500, 502, 503] {
        let failing = Answer::status(status, "<html>Bad gateway</html>");
        check_recovers([failing.clone(), failing, good()]);
    }
}

#[test]
fn a_server_error_for_ever_is_69() {
    check([Answer::status(503, "")], 69, "503");
}

#[test]
fn a_reset_in_mid_body_passes_and_stores_nothing_twice() {
    let broken = || Answer::ok(&list(0..TOKENS)[..9000]).then_reset();
    check_recovers([broken(), broken(), good()]);
    let sandbox = check([broken()], 69, "broke off");
    assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome = 'failed'"), 1);
}

#[test]
fn what_came_before_a_reset_is_kept() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(&list(0..TOKENS)[..9000]).then_reset()]);
    sync(&sandbox, &server, &[]).exits(69);
    let kept = sandbox.tokens();
    assert!(0 < kept && kept < TOKENS as i64, "{kept}");
}

#[test]
fn a_stall_in_mid_body_ends_at_the_deadline_and_keeps_what_came() {
    let stalled = Answer::ok(&list(0..TOKENS)[..9000]).then_stall();
    let sandbox = Sandbox::new();
    let server = Server::with([stalled]);
    sync(&sandbox, &server, &["--timeout", "2s"]).exits(124).says("timed out after 2s");
    assert!(sandbox.tokens() > 0);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

/// Neither is a bug of the job: it heeds its cancellation while it waits.
#[test]
fn a_server_that_never_answers_ends_at_the_deadline_and_with_a_signal() {
    for answer in [Answer::silence(), Answer::status(503, "sorry").then_stall()] {
        let sandbox = Sandbox::new();
        let server = Server::with([answer]);
        sync(&sandbox, &server, &["--timeout", "1s"]).exits(124).says("timed out after 1s");
        let mut running = sandbox.spawn(arguments(&server.url(), &[]));
        eventually("it has asked", || server.requests().len() == 2);
        running.signal(Signal::TERM);
        running.wait().exits(143).says("cancelled by SIGTERM");
        a_plain_run_completes_the_work(&sandbox, TOKENS);
    }
}

#[test]
fn a_pipe_that_nobody_writes_to_ends_at_the_deadline() {
    let sandbox = Sandbox::new();
    let made = std::process::Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    assert!(made.expect("mkfifo starts").success());
    for arguments in [
        &["--from", "pipe"][..],
        &["--api-key-file", "pipe"],
        &["--from", "none", "--api-key-file", "pipe"],
    ] {
        let fixed = ["jupiter-sync", "--timeout", "300ms"];
        sandbox.run(fixed.iter().chain(arguments)).exits(124).says("timed out after 300ms");
    }
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_slow_drip_ends_at_the_deadline_and_keeps_what_came() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::drip(list(0..1000))]);
    sync(&sandbox, &server, &["--timeout", "3s"]).exits(124).says("timed out after 3s");
    assert!(sandbox.tokens() > 0);
    a_plain_run_completes_the_work(&sandbox, 1000);
}

#[test]
fn a_wrong_content_length_is_noticed() {
    let body = list(0..TOKENS);
    check([Answer::ok(&body).content_length(body.len() + 100)], 69, "broke off");
    check([Answer::ok(&body).content_length(body.len() - 100)], 76, "broke off after");
}

// Bodies that are no list.

#[test]
fn a_truncated_list_is_76_and_keeps_what_came() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(&list(0..TOKENS)[..9000])]);
    sync(&sandbox, &server, &[]).exits(76).says("the list broke off after");
    assert_eq!(server.requests().len(), 4);
    assert!(sandbox.tokens() > 0);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_body_that_is_no_list_is_76() {
    check([Answer::ok("<!DOCTYPE html><title>Hi</title>")], 76, "it begins with <!DOCTYPE html>");
    check([Answer::ok(r#"{"error":"nope"}"#)], 76, r#"it begins with {"error":"nope"}"#);
    check([Answer::ok(format!(r#"{{"tokens":{}}}"#, list(0..3)))], 76, "no list of tokens");
    check([Answer::ok("")], 76, "it is empty");
    check([Answer::ok("null")], 76, "it begins with null");
    check([Answer::ok("[] []")], 76, "more follows after its end");
    check([Answer::ok("[{]")], 76, "its JSON is broken after 0 elements");
    check([Answer::ok("\u{1f}\u{8b}")], 76, "no list of tokens");
}

#[test]
fn an_empty_list_is_a_success_that_changes_nothing() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok("[]")]);
    let ran = sync(&sandbox, &server, &["--output", "json"]).exits(0).silent();
    assert_eq!(ran.json()["report"]["fetched"], 0);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn deep_nesting_is_76() {
    let deep = format!("[{}{}]", "[".repeat(200), "]".repeat(200));
    check([Answer::ok(deep)], 76, "nested deeper than 128");
    check([Answer::ok("[".repeat(3_000_000))], 76, "nested deeper than 128");
    let inside = format!(r#"[{{"id":"x","stats":{}{}}}]"#, "[".repeat(200), "]".repeat(200));
    check([Answer::ok(inside)], 76, "nested deeper than 128");
}

#[test]
fn an_endless_body_ends_at_the_size_limit() {
    let element = format!("{},", token(1));
    let more = ["--max-bytes", "2MiB"];
    check_with(&more, [Answer::endless("[", &element)], 76, "larger than 2.0 MiB");
    check_with(&more, [Answer::endless("", " ")], 76, "larger than 2.0 MiB");
}

#[test]
fn a_body_may_be_as_large_as_the_limit() {
    let body = list_of([token(0), token(1)]);
    let limit = |bytes: usize| ["--max-bytes".to_owned(), bytes.to_string()];
    let server = Server::with([Answer::ok(&body)]);
    let [option, bytes] = limit(body.len());
    sync(&Sandbox::new(), &server, &[&option, &bytes]).exits(0);
    let [option, bytes] = limit(body.len() - 1);
    check_with(&[&option, &bytes], [Answer::ok(&body)], 76, "is larger than");
}

#[test]
fn an_endless_element_ends_at_its_own_limit() {
    let start = format!(r#"[{},{OBJECT_START}"#, token(1));
    check([Answer::endless(&(start + "\""), "x")], 76, "element 1 is larger than 1 MiB");
    check([Answer::endless("[1", "1")], 76, "element 0 is larger than 1 MiB");
}

#[test]
fn an_encoding_that_was_not_asked_for_or_is_broken_is_76() {
    check([good().header("Content-Encoding", "compress")], 76, "encoding compress");
    for encoding in ["gzip", "br", "zstd"] {
        check([good().header("Content-Encoding", encoding)], 76, "cannot be decompressed");
    }
}

// Elements.

#[test]
fn a_malformed_element_is_skipped_and_counted_or_an_error_with_strict() {
    let body = list_of([token(0), json!({"id": "not base58!", "decimals": 6}), token(1)]);
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(&body)]);
    let ran = sync(&sandbox, &server, &["--output", "json"]).exits(0).silent();
    assert_eq!(ran.json()["report"]["malformed"], 1);
    assert_eq!(ran.json()["report"]["fetched"], 3);
    assert_eq!(sandbox.tokens(), 2);
    sync(&sandbox, &server, &["--strict"]).exits(76).says("element 1 is malformed");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_mint_counts_once_in_one_list_and_in_two() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    server.tag("verified", [Answer::ok(list_of([token(0), token(1), token(0)]))]);
    let mut again = token(1);
    again["tags"] = json!(["lst", "community"]);
    server.tag("lst", [Answer::ok(list_of([again]))]);
    let ran = sandbox
        .run(
            ["jupiter-sync", "--tags", "verified,lst", "--output", "json", "--api-url"]
                .map(str::to_owned)
                .into_iter()
                .chain([server.url()]),
        )
        .exits(0);
    let report = &ran.json()["report"];
    assert_eq!((&report["inserted"], &report["duplicates"]), (&json!(2), &json!(2)));
    assert_eq!(report["tags"]["lst"]["duplicates"], 1);
    let tags: String = sandbox
        .database()
        .query_row("SELECT tags FROM tokens WHERE mint = ?1", [mint(1)], |row| row.get(0))
        .expect("the token");
    assert_eq!(tags, r#"["community","lst","verified"]"#);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn odd_fields_are_stored_as_they_are_or_as_nothing() {
    let long = "long ".repeat(10_000);
    let elements = [
        json!({"id": mint(0), "decimals": 6}),
        json!({"id": mint(1), "decimals": 6.0, "name": null, "symbol": "", "icon": null, "tags": null}),
        json!({"id": mint(2), "decimals": 9, "name": 7, "symbol": ["x"], "tags": "x", "isVerified": "yes"}),
        json!({"id": mint(3), "decimals": 0, "name": "🟥 عربي \u{202e}\u{1b}[A", "symbol": "a\u{0}b"}),
        json!({"id": mint(4), "decimals": 255, "name": long, "unexpected": {"deep": [1, 2.5e-9]}}),
        json!({"id": mint(5), "decimals": 1, "icon": "data:,x", "usdPrice": (1_u64 << 53) + 1, "mcap": "huge"}),
    ];
    let body = list_of(elements).replace("6.0", "6e0").replace("\"huge\"", "1e400");
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(body)]);
    sync(&sandbox, &server, &[]).exits(0).silent();
    let read = |n: u64| {
        let query = "SELECT name, symbol, decimals, tags, is_verified FROM tokens WHERE mint = ?1";
        sandbox
            .database()
            .query_row(query, [mint(n)], |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<String>>(1)?,
                    row.get::<_, u8>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, Option<bool>>(4)?,
                ))
            })
            .expect("the token")
    };
    let nothing = || "[]".to_owned();
    assert_eq!(read(0), (None, None, 6, nothing(), None));
    assert_eq!(read(1), (None, Some(String::new()), 6, nothing(), None));
    assert_eq!(read(2), (None, None, 9, nothing(), None));
    let name = "🟥 عربي \u{202e}\u{1b}[A".to_owned();
    assert_eq!(read(3), (Some(name), Some("ab".to_owned()), 0, nothing(), None));
    assert_eq!(read(4), (Some(long), None, 255, nothing(), None));
    assert_eq!(read(5), (None, None, 1, nothing(), None));
    assert_eq!(sandbox.count("SELECT count(*) FROM tokens WHERE icon = 'data:,x'"), 1);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

// Whoever stops it.

/// A run that has stored something and waits for more.
fn in_the_middle(sandbox: &Sandbox, server: &Server) -> Running {
    let running = sandbox.spawn(arguments(&server.url(), &["--output", "json"]));
    eventually("tokens are stored", || sandbox.database_path().exists() && stored(sandbox) > 0);
    running
}

/// The tokens so far; none as long as there is no table.
fn stored(sandbox: &Sandbox) -> i64 {
    let count = |row: &rusqlite::Row<'_>| row.get(0);
    sandbox.database().query_row("SELECT count(*) FROM tokens", (), count).unwrap_or(0)
}

#[test]
fn sigterm_and_sigint_in_mid_insert_keep_what_was_stored() {
    for (signal, code, outcome) in [(Signal::TERM, 143, "SIGTERM"), (Signal::INT, 130, "SIGINT")] {
        let sandbox = Sandbox::new();
        let server = Server::with([Answer::ok(&list(0..TOKENS)[..9000]).then_stall()]);
        let mut running = in_the_middle(&sandbox, &server);
        running.signal(signal);
        let ran = running.wait().exits(code).says(outcome);
        assert_eq!(ran.json()["outcome"], "cancelled");
        assert_eq!(ran.json()["report"]["inserted"], stored(&sandbox));
        a_plain_run_completes_the_work(&sandbox, TOKENS);
    }
}

/// Where the network has given all, and only the database is at work.
#[test]
fn a_signal_between_two_batches_keeps_what_was_stored() {
    const ALL: u64 = 12_000;
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..ALL))]);
    let more = ["--batch-size", "37", "--output", "json"];
    let mut running = sandbox.spawn(arguments(&server.url(), &more));
    eventually("tokens are stored", || sandbox.database_path().exists() && stored(&sandbox) > 0);
    running.signal(Signal::TERM);
    let ran = running.wait().exits(143);
    assert_eq!(ran.json()["report"]["inserted"], stored(&sandbox));
    assert!(stored(&sandbox) < ALL as i64);
    a_plain_run_completes_the_work(&sandbox, ALL);
}

#[test]
fn a_killed_run_is_completed_by_the_next_whenever_it_was_killed() {
    const ALL: u64 = 12_000;
    const KILLS: u32 = 40;
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..ALL))]);
    let mut random = fastrand::Rng::with_seed(20_261_124);
    for _ in 0..KILLS {
        let before = if sandbox.database_path().exists() { stored(&sandbox) } else { 0 };
        let after = before + random.i64(0..=(ALL as i64 - before) / 4);
        let mut running = sandbox.spawn(arguments(&server.url(), &["--batch-size", "37"]));
        let mut looks = random.u32(0..50);
        eventually("it has stored enough, or has ended", || {
            looks = looks.saturating_sub(1);
            let far_enough = sandbox.database_path().exists() && stored(&sandbox) >= after;
            let ended = running.child().try_wait().expect("a child").is_some();
            ended || (far_enough && looks == 0)
        });
        let _ = running.child().kill();
        drop(running);
        if sandbox.database_path().exists() {
            sandbox.assert_database_is_whole();
            assert!(stored(&sandbox) >= before);
        }
    }
    a_plain_run_completes_the_work(&sandbox, ALL);
    let lost = sandbox.count("SELECT count(*) FROM runs WHERE outcome = 'lost'");
    assert!(lost > 0, "no run was killed in the middle");
    assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome IS NULL"), 0);
}

#[test]
fn two_syncs_of_one_state_directory_do_not_overlap() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(&list(0..TOKENS)[..9000]).then_stall(), good()]);
    let mut first = in_the_middle(&sandbox, &server);
    let second = sync(&sandbox, &server, &[]).exits(0).silent();
    assert_eq!(second.stdout, "");
    assert_eq!(server.requests().len(), 1, "the second run asked for nothing");
    sync(&sandbox, &server, &["--if-running", "fail"]).exits(75).says("already running");
    first.signal(Signal::TERM);
    first.wait().exits(143);
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn two_syncs_into_one_database_store_every_token_once() {
    const ALL: u64 = 5000;
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..ALL))]);
    let start = |state: &str| {
        let more = ["--batch-size", "100", "--output", "json"];
        let mut command = sandbox.command(arguments(&server.url(), &more));
        command.env("PUNCTUAL_STATE_DIR", sandbox.path(state));
        command.env("PUNCTUAL_DATABASE", sandbox.database_path());
        Running::of(&mut command)
    };
    let both = [start("one"), start("other")];
    let mut inserted = 0;
    for running in both {
        let report = running.wait().exits(0).silent().json()["report"].clone();
        assert_eq!(report["fetched"], ALL, "each counts what the other inserted as existing");
        inserted += report["inserted"].as_u64().expect("a number");
    }
    assert_eq!((inserted, sandbox.tokens()), (ALL, ALL as i64));
    a_plain_run_completes_the_work(&sandbox, ALL);
}

// The machine.

#[test]
fn a_database_that_is_locked_for_long_is_74() {
    let sandbox = Sandbox::new();
    a_plain_run_completes_the_work(&sandbox, 1);
    let holder = sandbox.database();
    holder.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
    let server = Server::with([good()]);
    sync(&sandbox, &server, &[])
        .exits(74)
        .says("database is locked (SQLite error 5)\n")
        .says("hint: another process");
    holder.execute_batch("COMMIT").expect("the end of the lock");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_database_that_is_locked_for_a_moment_is_waited_for() {
    let sandbox = Sandbox::new();
    a_plain_run_completes_the_work(&sandbox, 1);
    let holder = sandbox.database();
    holder.execute_batch("BEGIN EXCLUSIVE").expect("the lock");
    let server = Server::with([good()]);
    let mut running = sandbox.spawn(arguments(&server.url(), &[]));
    let open_files = format!("/proc/{}/fd", running.child().id());
    eventually("the run has opened the database", || {
        let files = std::fs::read_dir(&open_files).expect("the process's open files");
        files.flatten().any(|file| {
            std::fs::read_link(file.path()).is_ok_and(|path| path == sandbox.database_path())
        })
    });
    holder.execute_batch("COMMIT").expect("the end of the lock");
    running.wait().exits(0).silent();
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_directory_that_cannot_be_written_is_77() {
    let sandbox = Sandbox::new();
    let server = Server::with([good()]);
    // Not even root may make a directory there.
    let mut command = sandbox.command(arguments(&server.url(), &[]));
    let ran = Ran::of(command.env("PUNCTUAL_STATE_DIR", "/sys/punctual")).exits(77);
    ran.says("cannot create the directory /sys/punctual").says("hint: ");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_read_only_file_system_is_77() {
    let sandbox = Sandbox::new();
    a_plain_run_completes_the_work(&sandbox, 1);
    let server = Server::with([good()]);
    let mount = "mount --bind state state && mount -o remount,bind,ro state";
    let Some(ran) = with_mount(&sandbox, mount, arguments(&server.url(), &[])) else { return };
    ran.exits(77).says("hint: ");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_full_disk_is_74() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..20_000))]);
    std::fs::create_dir(sandbox.state_dir()).expect("a directory");
    let mount = "mount -t tmpfs -o size=1m none state";
    let Some(ran) = with_mount(&sandbox, mount, arguments(&server.url(), &[])) else { return };
    ran.exits(74).says("hint: ");
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_limit_on_the_size_of_files_is_74_and_not_a_crash() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..5000))]);
    let arguments = arguments(&server.url(), &["--output", "json"]);
    let mut command = sandbox.shell("ulimit -f 400; exec $punctual \"$@\"");
    let ran = Ran::of(command.args(arguments)).exits(74);
    sandbox.assert_database_is_whole();
    assert_eq!(ran.json()["report"]["inserted"], sandbox.tokens(), "what is kept is reported");
    a_plain_run_completes_the_work(&sandbox, 5000);
}

#[test]
fn a_damaged_database_is_74_and_says_how_to_go_on() {
    let sandbox = Sandbox::new();
    a_plain_run_completes_the_work(&sandbox, TOKENS);
    let server = Server::with([good()]);
    let path = sandbox.database_path();
    let whole = std::fs::read(&path).expect("the database");

    std::fs::write(&path, "This is not a database. ".repeat(1000)).expect("written");
    sync(&sandbox, &server, &[]).exits(74).says("not a database").says("hint: restore it");

    let mut damaged = whole;
    damaged[4096..].fill(0x55);
    std::fs::write(&path, damaged).expect("written");
    sync(&sandbox, &server, &[]).exits(74).says("malformed").says("hint: restore it");

    for name in ["punctual.db", "punctual.db-wal", "punctual.db-shm"] {
        let _ = std::fs::remove_file(sandbox.state_dir().join(name));
    }
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}

#[test]
fn a_database_of_a_newer_program_is_78_and_stays_as_it_is() {
    for change in [
        "PRAGMA user_version = 2",
        "UPDATE schema_versions SET version = 99 WHERE owner = 'jupiter-sync'",
        "UPDATE schema_versions SET version = 99 WHERE owner = 'history'",
    ] {
        let sandbox = Sandbox::new();
        a_plain_run_completes_the_work(&sandbox, 1);
        sandbox.database().execute_batch(change).expect(change);
        let server = Server::with([good()]);
        sync(&sandbox, &server, &[]).exits(78).says("newer than this program");
        assert_eq!(sandbox.tokens(), 1);
    }
}

/// The first list comes while the database is opened.
#[test]
fn a_database_that_cannot_be_opened_is_told_whatever_the_list_does() {
    let sandbox = Sandbox::new();
    a_plain_run_completes_the_work(&sandbox, 1);
    let newer = "UPDATE schema_versions SET version = 99 WHERE owner = 'jupiter-sync'";
    sandbox.database().execute_batch(newer).expect("changed");
    let more_than_a_batch = format!("{},", token(1)).repeat(20_000);
    for answer in [
        Answer::status(404, "Route not found"),
        Answer::ok("<html>"),
        Answer::endless("[", &more_than_a_batch),
    ] {
        let server = Server::with([answer]);
        sync(&sandbox, &server, &[]).exits(78).says("newer than this program");
        assert_eq!(sandbox.tokens(), 1);
    }

    // What can be read once only is left to whoever reads it next.
    let list = list_of([token(0)]);
    sandbox.write("list.json", &list);
    let line = "{ $punctual jupiter-sync --from -; code=$?; cat; exit $code; } < list.json";
    let ran = Ran::of(&mut sandbox.shell(line)).exits(78);
    assert_eq!(ran.stdout, list);
}

#[test]
fn a_stdout_that_is_closed_or_full_does_not_change_the_outcome() {
    for redirection in [">&-", ">/dev/full", "| true"] {
        let sandbox = Sandbox::new();
        let server = Server::with([good()]);
        let mut command = sandbox.shell(&format!("$punctual \"$@\" {redirection}"));
        Ran::of(command.args(arguments(&server.url(), &[]))).exits(0).silent();
        assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome = 'succeeded'"), 1);
        a_plain_run_completes_the_work(&sandbox, TOKENS);
    }
}

#[test]
fn a_state_directory_that_does_not_exist_is_made() {
    let sandbox = Sandbox::new();
    let server = Server::with([good()]);
    let deep = sandbox.path("some/where/deep");
    let mut command = sandbox.command(arguments(&server.url(), &[]));
    Ran::of(command.env("PUNCTUAL_STATE_DIR", &deep)).exits(0).silent();
    assert!(deep.join("punctual.db").exists());
    a_plain_run_completes_the_work(&sandbox, TOKENS);
}
