//! What `jupiter-sync` does on good days.

use std::io::Write;

use serde_json::{Value, json};

use crate::sandbox::{Ran, Running, Sandbox, repository};
use crate::server::{Answer, Server};
use crate::tokens::{list, list_of, mint, token};

fn report(ran: &Ran) -> Value {
    ran.json()["report"].clone()
}

fn sync(sandbox: &Sandbox, server: &Server, more: &[&str]) -> Ran {
    let url = server.url();
    let fixed = ["jupiter-sync", "--output", "json", "--api-url", &url];
    sandbox.run(fixed.iter().chain(more))
}

fn text(sandbox: &Sandbox, query: &str, n: u64) -> Option<String> {
    sandbox.database().query_row(query, [mint(n)], |row| row.get(0)).expect("the token")
}

// What is asked for.

#[test]
fn the_default_tags_are_asked_for_one_by_one_and_merged() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    server.tag("verified", [Answer::ok(list(0..4))]);
    server.tag("lst", [Answer::ok(list(3..5))]);
    server.tag("stocks", [Answer::ok(list(5..6))]);
    let report = report(&sync(&sandbox, &server, &[]).exits(0).silent());
    let paths: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    let expected = ["verified", "lst", "stocks"].map(|tag| format!("/tokens/v2/tag?query={tag}"));
    assert_eq!(paths, expected);
    assert_eq!(sandbox.tokens(), 6);
    assert_eq!(report["fetched"], 7);
    assert_eq!(report["duplicates"], 1);
    assert_eq!(report["tags"]["lst"]["inserted"], 1);
    assert_eq!(report["unavailable"], json!([]));
}

#[test]
fn a_report_has_every_count_in_all_and_per_tag() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..4))]);
    let report = report(&sync(&sandbox, &server, &["--tags", "verified"]).exits(0));
    let bytes = list(0..4).len();
    let counts = json!({
        "fetched": 4, "inserted": 4, "existing": 0, "updated": 0, "delisted": 0, "relisted": 0,
        "malformed": 0, "duplicates": 0, "bytes": bytes,
    });
    assert_eq!(report["tags"], json!({ "verified": counts }));
    for (name, count) in counts.as_object().expect("an object") {
        assert_eq!(&report[name], count, "{name}");
    }
}

#[test]
fn a_default_tag_that_the_api_does_not_know_is_unavailable_and_no_failure() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let unknown = || Answer::status(400, r#"{"status":400,"message":"Invalid tag provided."}"#);
    server.tag("verified", [Answer::ok(list(0..4))]);
    server.tag("lst", [Answer::ok("[]")]);
    server.tag("stocks", [unknown()]);
    let ran = sync(&sandbox, &server, &[]).exits(0).silent();
    assert_eq!(report(&ran)["unavailable"], json!(["stocks"]));
    assert_eq!(sandbox.tokens(), 4);

    let asked_for = sync(&sandbox, &server, &["--tags", "verified,stocks"]).exits(76);
    assert!(asked_for.stderr.contains("Invalid tag provided"), "{asked_for:#?}");
    assert_eq!(asked_for.json()["report"]["existing"], 4);
}

#[test]
fn an_api_that_knows_none_of_the_default_tags_is_76() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    for tag in ["verified", "lst", "stocks"] {
        server.tag(tag, [Answer::status(400, "Invalid tag provided.")]);
    }
    let ran = sync(&sandbox, &server, &[]).exits(76);
    let ran = ran.says("tag verified, tag lst, tag stocks: ").says("Invalid tag provided");
    assert_eq!(report(&ran)["unavailable"], json!(["verified", "lst", "stocks"]));
}

#[test]
fn what_one_tag_gives_is_kept_when_another_fails() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    server.tag("verified", [Answer::status(401, "")]);
    server.tag("lst", [Answer::ok(list(0..3))]);
    server.tag("stocks", [Answer::ok(list(3..5))]);
    let ran = sync(&sandbox, &server, &[]).exits(77).says("tag verified: ");
    assert_eq!(sandbox.tokens(), 5);
    assert_eq!(ran.json()["outcome"], "failed");
    assert_eq!(ran.json()["report"]["inserted"], 5);
}

#[test]
fn the_second_run_inserts_nothing_and_touches_nothing() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..50))]);
    sync(&sandbox, &server, &["--tags", "verified"]).exits(0);
    let again = report(&sync(&sandbox, &server, &["--tags", "verified"]).exits(0));
    assert_eq!((&again["inserted"], &again["existing"]), (&json!(0), &json!(50)));
    let tokens = "SELECT sum(length(first_seen_at)) FROM tokens WHERE first_seen_at = updated_at";
    assert_eq!(sandbox.count(tokens), 50 * 24);
}

/// The first command of the README.
#[test]
fn the_example_is_stored_without_a_network() {
    let sandbox = Sandbox::new();
    let example = repository().join("examples/tokens.json");
    let from = ["jupiter-sync", "--from", example.to_str().expect("UTF-8"), "--strict"];
    let first = sandbox.run(from).exits(0).silent().stdout;
    assert!(first.starts_with("12 fetched") && first.contains("12 inserted"), "{first}");
    assert!(sandbox.run(from).exits(0).silent().stdout.contains("0 inserted, 12 existing"));
    assert_eq!(sandbox.tokens(), 12);
}

// The key, and who sees it.

fn with_key(sandbox: &Sandbox, url: &str, key: &str) -> Ran {
    let mut command =
        sandbox.command(["jupiter-sync", "--tags", "verified", "-vvv", "--api-url", url]);
    command.env("JUPITER_API_KEY", key);
    Ran::of(command.args(["--log-dir", "logs"]))
}

#[test]
fn the_key_is_sent_when_there_is_one_and_shown_nowhere() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..2))]);
    let ran = with_key(&sandbox, &server.url(), "s3cr3t-key");
    assert_eq!(server.requests()[0].header("x-api-key"), Some("s3cr3t-key"));
    let agent = server.requests()[0].header("user-agent").expect("a name").to_owned();
    assert!(agent.starts_with("punctual/"), "{agent}");
    let logs: String = std::fs::read_dir(sandbox.path("logs"))
        .expect("logs")
        .map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a log"))
        .collect();
    assert!(logs.contains("run succeeded"));
    for place in [&ran.stdout, &ran.stderr, &logs] {
        assert!(!place.contains("s3cr3t"), "{place}");
    }
}

#[test]
fn an_empty_key_is_not_sent() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..2))]);
    for empty in ["", " \n"] {
        with_key(&sandbox, &server.url(), empty).exits(0);
    }
    assert!(server.requests().iter().all(|request| request.header("x-api-key").is_none()));
    with_key(&sandbox, &server.url(), "key\n").exits(0);
    assert_eq!(server.requests()[2].header("x-api-key"), Some("key"));
}

#[test]
fn a_key_file_takes_the_place_of_the_variable() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..2))]);
    sandbox.write("key", "from-a-file\n");
    sync(&sandbox, &server, &["--api-key-file", "key", "--tags", "verified"]).exits(0);
    assert_eq!(server.requests()[0].header("x-api-key"), Some("from-a-file"));

    sandbox.write("empty", " \n");
    sync(&sandbox, &server, &["--api-key-file", "empty"]).exits(78).says("is empty");
    sync(&sandbox, &server, &["--api-key-file", "none"]).exits(74).says("API key file none");
    sandbox.write("large", "k".repeat(5000));
    sync(&sandbox, &server, &["--api-key-file", "large"]).exits(78).says("too large");
    sandbox.write("odd", "two\nlines");
    sync(&sandbox, &server, &["--api-key-file", "odd"]).exits(78).says("hint: check");
}

#[test]
fn a_redirect_to_another_host_is_followed_without_the_key() {
    let sandbox = Sandbox::new();
    let elsewhere = Server::start();
    elsewhere.path("/moved", [Answer::ok(list(0..3))]);
    let home = Server::start();
    let hop = Answer::status(302, "").header("Location", "/next");
    home.tag("verified", [hop]);
    let away = Answer::status(307, "").header("Location", format!("{}/moved", elsewhere.url()));
    home.path("/next", [away]);
    with_key(&sandbox, &home.url(), "s3cr3t").exits(0);
    let keys: Vec<bool> = home
        .requests()
        .iter()
        .chain(&elsewhere.requests())
        .map(|request| request.header("x-api-key").is_some())
        .collect();
    assert_eq!(keys, [true, true, false]);
    assert_eq!(sandbox.tokens(), 3);
}

#[test]
fn a_key_that_is_not_sent_over_plain_http_is_a_warning() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["jupiter-sync", "--api-url", "http://jupiter.invalid"]);
    command.env("JUPITER_API_KEY", "s3cr3t").args(["--timeout", "1s", "-v"]);
    let ran = Ran::of(&mut command).says("the API key is not sent over plain HTTP");
    assert!(!ran.stderr.contains("s3cr3t"), "{ran:#?}");
}

#[test]
fn redirects_end_somewhere() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::status(302, "").header("Location", "?query=verified")]);
    sync(&sandbox, &server, &["--tags", "verified"]).exits(76).says("more than 5 redirects");
    let lost = Server::with([Answer::status(302, "")]);
    sync(&sandbox, &lost, &["--tags", "verified"]).exits(76).says("without a place to go to");
    let unsafe_ = Answer::status(302, "").header("Location", "file:///etc/passwd");
    let unsafe_ = Server::with([unsafe_]);
    sync(&sandbox, &unsafe_, &["--tags", "verified"]).exits(76).says("not safe");
}

#[test]
fn credentials_in_a_url_are_refused() {
    let sandbox = Sandbox::new();
    let url = "https://user:s3cr3t@example.com/list.json";
    for flag in ["--from", "--api-url"] {
        let ran = sandbox.run(["jupiter-sync", flag, url, "-vv"]).exits(2).says("credentials");
        assert!(!ran.stderr.contains("s3cr3t"), "{ran:#?}");
    }
    for (flag, url, why) in [
        ("--api-url", "https://example.com/?key=s3cr3t", "must not have a query"),
        ("--api-url", "https://user:s3cr3t@example.com/#x", "or a fragment"),
        ("--from", "ftp://user:s3cr3t@example.com/list.json", "must begin with https://"),
    ] {
        let ran = sandbox.run(["jupiter-sync", flag, url]).exits(2).says(why).says(flag);
        assert!(!ran.stderr.contains("s3cr3t"), "{ran:#?}");
    }
    let shown = sandbox.run(["history", "--output", "json"]).exits(0).stdout;
    assert!(!shown.contains("s3cr3t") && !shown.contains("user"), "{shown}");
}

// Encodings and files.

fn gzipped(bytes: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd_compressed(bytes: &str) -> Vec<u8> {
    zstd::stream::encode_all(bytes.as_bytes(), 1).expect("memory")
}

fn brotli_compressed(bytes: &str) -> Vec<u8> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams::default();
    brotli::BrotliCompress(&mut bytes.as_bytes(), &mut compressed, &parameters).expect("memory");
    compressed
}

#[test]
fn every_encoding_that_is_asked_for_is_understood() {
    let body = list(0..500);
    for (encoding, bytes) in [
        ("gzip", gzipped(&body)),
        ("br", brotli_compressed(&body)),
        ("zstd", zstd_compressed(&body)),
        ("identity", body.clone().into_bytes()),
    ] {
        let sandbox = Sandbox::new();
        let server = Server::with([Answer::ok(bytes).header("Content-Encoding", encoding)]);
        let report = report(&sync(&sandbox, &server, &["--tags", "verified"]).exits(0));
        assert_eq!(server.requests()[0].header("accept-encoding"), Some("gzip, br, zstd"));
        assert_eq!(report["bytes"], body.len(), "{encoding}: the decoded size counts");
        assert_eq!(sandbox.tokens(), 500, "{encoding}");
    }
}

#[test]
fn a_compressed_body_that_breaks_off_is_tried_again() {
    let body = list(0..500);
    for (encoding, whole) in [
        ("gzip", gzipped(&body)),
        ("br", brotli_compressed(&body)),
        ("zstd", zstd_compressed(&body)),
    ] {
        let sandbox = Sandbox::new();
        let answer = |bytes: &[u8]| Answer::ok(bytes).header("Content-Encoding", encoding);
        let cut = [whole.len() / 2, whole.len() - 1].map(|length| answer(&whole[..length]));
        let server = Server::with(cut.into_iter().chain([answer(&whole)]));
        sync(&sandbox, &server, &["--tags", "verified"]).exits(0);
        assert_eq!((server.requests().len(), sandbox.tokens()), (3, 500), "{encoding}");
    }
}

#[test]
fn a_window_that_no_encoding_may_have_is_refused() {
    let sandbox = Sandbox::new();
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        large_window: true,
        lgwin: 28,
        ..brotli::enc::BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut list(0..9).as_bytes(), &mut compressed, &parameters)
        .expect("memory");
    let server = Server::with([Answer::ok(compressed).header("Content-Encoding", "br")]);
    sync(&sandbox, &server, &["--tags", "verified"]).exits(76).says("cannot be decompressed");
}

#[test]
fn a_decompressed_size_has_the_limit_too() {
    let sandbox = Sandbox::new();
    let bomb = gzipped(&format!("[{}", " ".repeat(20 << 20)));
    let server = Server::with([Answer::ok(bomb).header("Content-Encoding", "gzip")]);
    let more = ["--tags", "verified", "--max-bytes", "10MiB"];
    sync(&sandbox, &server, &more).exits(76).says("larger than 10.0 MiB").says("--max-bytes");
}

#[test]
fn a_list_is_read_from_files_of_every_kind() {
    let body = list(0..20);
    let tokens = list(0..20);
    for (name, bytes) in [
        ("plain.json", body.clone().into_bytes()),
        ("list.gz", gzipped(&body)),
        ("list.zst", zstd_compressed(&body)),
        ("list", format!("{{\"name\":\"x\",\"tokens\":{tokens},\"version\":{{}}}}").into_bytes()),
        ("bom.json", format!("\u{feff}{body}\n").into_bytes()),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(name, bytes);
        let ran = sandbox.run(["jupiter-sync", "--from", name]).exits(0).silent();
        assert!(ran.stdout.starts_with("20 fetched"), "{name}: {ran:#?}");
        assert_eq!(sandbox.tokens(), 20, "{name}");
    }
}

#[test]
fn a_list_is_read_from_stdin_and_from_a_url() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["jupiter-sync", "--from", "-"]);
    let mut running = Running::of(command.stdin(std::process::Stdio::piped()));
    running.feed(list(0..10).as_bytes());
    running.wait().exits(0).silent();
    assert_eq!(sandbox.tokens(), 10);
    for (bytes, tokens) in [(gzipped(&list(0..12)), 12), (zstd_compressed(&list(0..15)), 15)] {
        let mut command = sandbox.command(["jupiter-sync", "--from", "-"]);
        let mut running = Running::of(command.stdin(std::process::Stdio::piped()));
        running.feed(&bytes);
        running.wait().exits(0).silent();
        assert_eq!(sandbox.tokens(), tokens);
    }

    let server = Server::start();
    server.path("/lists/a.json.gz?x=1", [Answer::ok(gzipped(&list(5..20)))]);
    let url = format!("{}/lists/a.json.gz?x=1", server.url());
    let mut command = sandbox.command(["jupiter-sync", "--from", &url]);
    Ran::of(command.env("JUPITER_API_KEY", "s3cr3t")).exits(0).silent();
    assert_eq!(sandbox.tokens(), 20);
    assert_eq!(server.requests()[0].header("x-api-key"), None);
}

#[test]
fn a_file_that_is_not_there_or_no_list_is_an_error_that_names_it() {
    let sandbox = Sandbox::new();
    let from = |name: &str| sandbox.run(["jupiter-sync", "--from", name]);
    from("none.json").exits(74).says("none.json: cannot read it: No such file");
    from(".").exits(74).says(".: cannot read it: is a directory");
    sandbox.write("html", "<html>");
    from("html").exits(76).says("html: the body is no list of tokens");
    sandbox.write("cut", &list(0..5)[..500]);
    from("cut").exits(76).says("cut: the list broke off after");
    sandbox.write("empty", "");
    from("empty").exits(76).says("it is empty");
}

#[test]
fn the_old_shape_of_the_api_is_understood() {
    let sandbox = Sandbox::new();
    let element = json!({
        "address": mint(1), "name": "Old", "symbol": "OLD", "decimals": 9, "logoURI": "https://x/y",
        "tags": ["verified", "birdeye-trending"], "daily_volume": null, "created_at": "2024-04-26T10:56:58.893768Z",
        "freeze_authority": null, "mint_authority": mint(2), "extensions": {"website": "https://w"},
    });
    sandbox.write("v1.json", list_of([element]));
    sandbox.run(["jupiter-sync", "--from", "v1.json"]).exits(0).silent();
    let read =
        |column: &str| text(&sandbox, &format!("SELECT {column} FROM tokens WHERE mint = ?1"), 1);
    assert_eq!(read("icon").as_deref(), Some("https://x/y"));
    assert_eq!(read("tags").as_deref(), Some(r#"["birdeye-trending","verified"]"#));
    assert_eq!(read("created_at").as_deref(), Some("2024-04-26T10:56:58.893768Z"));
    assert_eq!(read("mint_authority"), Some(mint(2)));
    assert_eq!(read("freeze_authority"), None);
    assert_eq!(read("website").as_deref(), Some("https://w"));
}

// Other ways to run it.

#[test]
fn a_dry_run_reports_what_a_run_would_do_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..10))]);
    let first = report(&sync(&sandbox, &server, &["--tags", "verified", "--dry-run"]).exits(0));
    assert_eq!(first["inserted"], 10);
    let tables = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%tokens%'";
    assert_eq!(sandbox.count(tables), 0);
    sync(&sandbox, &server, &["--tags", "verified"]).exits(0);
    let grown = Server::start();
    grown.tag("verified", [Answer::ok(list(0..30))]);
    grown.tag("lst", [Answer::ok(list(20..40))]);
    let tags = ["--tags", "verified,lst"];
    let dry = report(&sync(&sandbox, &grown, &[&tags[..], &["--dry-run"]].concat()).exits(0));
    assert_eq!(sandbox.tokens(), 10);
    let mut real = report(&sync(&sandbox, &grown, &tags).exits(0));
    assert_eq!((&dry["dry_run"], &real["dry_run"]), (&json!(true), &json!(false)));
    real["dry_run"] = json!(true);
    assert_eq!(dry, real);
    assert_eq!(real["inserted"], 30);
}

#[test]
fn any_batch_size_stores_the_same() {
    for size in ["1", "7", "1000000"] {
        let sandbox = Sandbox::new();
        let server = Server::with([Answer::ok(list(0..100))]);
        sync(&sandbox, &server, &["--tags", "verified", "--batch-size", size]).exits(0);
        assert_eq!(sandbox.tokens(), 100);
        sandbox.assert_database_is_whole();
    }
}

#[test]
fn an_update_refreshes_what_changed_and_nothing_else() {
    let sandbox = Sandbox::new();
    let server = Server::with([Answer::ok(list(0..10))]);
    let tags = ["--tags", "verified"];
    sync(&sandbox, &server, &tags).exits(0);

    let mut changed: Vec<Value> = (0..10).map(token).collect();
    changed[3]["name"] = json!("Renamed");
    changed[4]["tags"] = json!(["community", "verified"]);
    changed[5]["tags"] = json!(["new"]);
    changed[6]["decimals"] = json!(200);
    changed[7]["usdPrice"] = json!(1);
    let server = Server::with([Answer::ok(list_of(changed))]);
    let untouched = report(&sync(&sandbox, &server, &tags).exits(0));
    assert_eq!(untouched["updated"], 0);
    let read = |column: &str, n| {
        text(&sandbox, &format!("SELECT {column} FROM tokens WHERE mint = ?1"), n)
    };
    assert_eq!(read("name", 3).as_deref(), Some("Token 3"));

    let update = [&tags[..], &["--update", "-v"]].concat();
    let ran = sync(&sandbox, &server, &update).exits(0).says("the decimals differ");
    assert_eq!(report(&ran)["updated"], 2);
    assert_eq!(read("name", 3).as_deref(), Some("Renamed"));
    assert_eq!(read("tags", 5).as_deref(), Some(r#"["new"]"#));
    assert_eq!(sandbox.count("SELECT count(*) FROM tokens WHERE updated_at > first_seen_at"), 2);
    assert_eq!(sandbox.count("SELECT count(*) FROM tokens WHERE decimals = 200"), 0);
    assert_eq!(report(&sync(&sandbox, &server, &update).exits(0))["updated"], 0);
}

#[test]
fn an_update_marks_what_vanished_and_what_came_back() {
    let sandbox = Sandbox::new();
    let tags = ["--tags", "verified", "--update"];
    let all = Server::with([Answer::ok(list(0..10))]);
    let fewer = Server::with([Answer::ok(list(0..8))]);
    sync(&sandbox, &all, &tags).exits(0);
    assert_eq!(report(&sync(&sandbox, &fewer, &tags).exits(0))["delisted"], 2);
    let gone = "SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL";
    assert_eq!(sandbox.count(gone), 2);
    assert_eq!(report(&sync(&sandbox, &fewer, &tags).exits(0))["delisted"], 0);
    let back = report(&sync(&sandbox, &all, &tags).exits(0));
    assert_eq!((&back["relisted"], &back["inserted"]), (&json!(2), &json!(0)));
    assert_eq!(sandbox.count(gone), 0);
}

#[test]
fn a_list_that_collapsed_delists_nothing() {
    let sandbox = Sandbox::new();
    let tags = ["--tags", "verified", "--update"];
    let gone = "SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL";
    sync(&sandbox, &Server::with([Answer::ok(list(0..10))]), &tags).exits(0);
    let collapsed = Server::with([Answer::ok(list(0..7))]);
    let ran = sync(&sandbox, &collapsed, &tags).exits(1).says("3 of 10 stored tokens vanished");
    assert!(ran.stderr.contains("hint: "), "{ran:#?}");
    assert_eq!(sandbox.count(gone), 0);
    sync(&sandbox, &Server::with([Answer::ok("[]")]), &tags).exits(1);
    assert_eq!(sandbox.count(gone), 0);
    let allowed = [&tags[..], &["--max-delisted", "30"]].concat();
    assert_eq!(report(&sync(&sandbox, &collapsed, &allowed).exits(0))["delisted"], 3);
}

#[test]
fn nothing_is_judged_vanished_when_a_default_tag_is_unavailable() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    server.tag("verified", [Answer::ok(list(0..10))]);
    server.tag("lst", [Answer::ok(list(0..2))]);
    server.tag("stocks", [Answer::ok(list(10..12))]);
    sync(&sandbox, &server, &["--update"]).exits(0);
    server.tag("verified", [Answer::ok(list(0..9))]);
    server.tag("stocks", [Answer::status(400, "Invalid tag provided.")]);
    let ran = sync(&sandbox, &server, &["--update"]).exits(0).silent();
    assert_eq!(report(&ran)["unavailable"], json!(["stocks"]));
    assert_eq!(report(&ran)["delisted"], 0);
    assert_eq!(sandbox.count("SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL"), 0);
    server.tag("stocks", [Answer::ok(list(10..12))]);
    assert_eq!(report(&sync(&sandbox, &server, &["--update"]).exits(0))["delisted"], 1);
}

#[test]
fn nothing_is_judged_vanished_when_a_list_failed() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    server.tag("verified", [Answer::ok(list(0..10))]);
    server.tag("lst", [Answer::ok(list(10..12))]);
    let tags = ["--tags", "verified,lst", "--update"];
    sync(&sandbox, &server, &tags).exits(0);
    server.tag("lst", [Answer::status(404, "")]);
    let ran = sync(&sandbox, &server, &tags).exits(76);
    assert_eq!(report(&ran)["delisted"], 0);
    assert_eq!(sandbox.count("SELECT count(*) FROM tokens WHERE delisted_at IS NOT NULL"), 0);
}
