//! Real captured lists, where they stand beside the repository: every well-formed distinct mint is
//! stored once, field by field equal to the source, and the second run inserts nothing.
//!
//! `PUNCTUAL_REQUIRE_CAPTURES=1` makes their absence a failure.
#![expect(clippy::disallowed_methods, reason = "a test reads its own switch")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox, repository, skipped};
use crate::server::{Answer, Server};

/// What is compared of a token, as text.
type Fields = BTreeMap<&'static str, Option<String>>;

/// What a capture is to give.
struct Expected {
    tokens: BTreeMap<String, Fields>,
    elements: u64,
    malformed: u64,
    is_array: bool,
}

fn captures() -> Vec<PathBuf> {
    let directory = repository().join("../shared/data");
    let Ok(entries) = std::fs::read_dir(&directory) else {
        let required = std::env::var_os("PUNCTUAL_REQUIRE_CAPTURES").is_some();
        assert!(!required, "the captured lists are required, and not in {}", directory.display());
        skipped(&format!("there are no captured lists in {}", directory.display()));
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        name.ends_with(".json") || name.ends_with(".json.gz")
    });
    paths.sort();
    assert!(paths.len() >= 20, "captures are missing: {paths:?}");
    paths
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a capture");
    if path.extension().is_none_or(|extension| extension != "gz") {
        return bytes;
    }
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut decoded).expect("gzip");
    decoded
}

/// The rules of design.md, section 6, applied the slow and obvious way. Nothing for a capture that
/// is no list.
fn expected(bytes: &[u8]) -> Option<Expected> {
    let body: Value = serde_json::from_slice(bytes).expect("a capture is JSON");
    let is_array = body.is_array();
    let elements = if is_array { body.as_array() } else { body["tokens"].as_array() }?;
    let mut tokens: BTreeMap<String, Fields> = BTreeMap::new();
    let mut malformed = 0;
    for element in elements {
        let Some((mint, fields)) = token(element) else {
            malformed += 1;
            continue;
        };
        match tokens.get_mut(&mint) {
            Some(known) => {
                let tags = [&known["tags"], &fields["tags"]].map(|tags| {
                    serde_json::from_str::<Vec<String>>(tags.as_deref().expect("tags"))
                        .expect("tags")
                });
                known.insert("tags", Some(tags_of(tags.into_iter().flatten())));
            }
            None => {
                tokens.insert(mint, fields);
            }
        }
    }
    Some(Expected { tokens, elements: elements.len() as u64, malformed, is_array })
}

fn token(element: &Value) -> Option<(String, Fields)> {
    let first = |keys: &[&str]| {
        keys.iter().map(|key| &element[*key]).find(|value| !value.is_null()).cloned()
    };
    let text = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| element[*key].as_str());
        found.map(|text| text.replace('\0', ""))
    };
    let mint = first(&["id", "address", "mint"])?.as_str()?.to_owned();
    five8::decode_32(&mint, &mut [0; 32]).ok()?;
    let decimals = element["decimals"].as_f64()?;
    if decimals.fract() != 0.0 || !(0.0..=255.0).contains(&decimals) {
        return None;
    }
    let tags = element["tags"].as_array().into_iter().flatten();
    let tags = tags_of(tags.filter_map(Value::as_str).map(str::to_owned));
    let fields = BTreeMap::from([
        ("name", text(&["name"])),
        ("symbol", text(&["symbol"])),
        ("icon", text(&["icon", "logoURI"])),
        ("decimals", Some(decimals.to_string())),
        ("token_program", text(&["tokenProgram"])),
        ("tags", Some(tags)),
        ("is_verified", element["isVerified"].as_bool().map(|is| u8::from(is).to_string())),
        ("created_at", text(&["createdAt", "created_at"])),
    ]);
    Some((mint, fields))
}

fn tags_of(tags: impl Iterator<Item = String>) -> String {
    let tags: BTreeSet<String> = tags.collect();
    serde_json::to_string(&tags).expect("text")
}

fn stored(sandbox: &Sandbox) -> BTreeMap<String, Fields> {
    const COLUMNS: [&str; 8] = [
        "name",
        "symbol",
        "icon",
        "decimals",
        "token_program",
        "tags",
        "is_verified",
        "created_at",
    ];
    let columns = COLUMNS.map(|column| format!("CAST({column} AS TEXT)")).join(", ");
    let database = sandbox.database();
    let query = format!("SELECT {columns}, mint FROM tokens");
    let mut statement = database.prepare(&query).expect("a query");
    let rows = statement.query_map((), |row| {
        let mut fields = Fields::new();
        for (index, column) in COLUMNS.into_iter().enumerate() {
            fields.insert(column, row.get(index)?);
        }
        Ok((row.get(COLUMNS.len())?, fields))
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("rows")
}

/// Runs twice, and compares what is stored with the source.
#[track_caller]
fn check(path: &Path, expected: &Expected, sandbox: &Sandbox, arguments: &[&str]) {
    let name = path.file_name().expect("a name").to_string_lossy();
    let run = || {
        let fixed = ["jupiter-sync", "--output", "json"];
        let ran: Ran = sandbox.run(fixed.iter().chain(arguments)).exits(0).silent();
        ran.json()["report"].clone()
    };
    let first = run();
    let tokens = expected.tokens.len() as u64;
    let distinct = expected.elements - expected.malformed - tokens;
    for (count, value) in [
        ("fetched", expected.elements),
        ("inserted", tokens),
        ("malformed", expected.malformed),
        ("duplicates", distinct),
    ] {
        assert_eq!(first[count], value, "{name}: {count}");
    }
    let stored = stored(sandbox);
    assert_eq!(stored.len(), expected.tokens.len(), "{name}");
    for (mint, fields) in &expected.tokens {
        assert_eq!(stored.get(mint), Some(fields), "{name}: {mint}");
    }
    let second = run();
    assert_eq!((&second["inserted"], &second["existing"]), (&0.into(), &tokens.into()), "{name}");
    sandbox.assert_database_is_whole();
}

#[test]
fn every_captured_list_is_stored_from_its_file() {
    for path in captures() {
        let sandbox = Sandbox::new();
        let name = path.to_str().expect("UTF-8");
        match expected(&read(&path)) {
            Some(expected) => check(&path, &expected, &sandbox, &["--from", name]),
            None => drop(sandbox.run(["jupiter-sync", "--from", name]).exits(76)),
        }
    }
}

#[test]
fn every_captured_list_is_stored_from_a_server() {
    for path in captures() {
        let sandbox = Sandbox::new();
        let server = Server::start();
        let bytes = std::fs::read(&path).expect("a capture");
        let Some(expected) = expected(&read(&path)) else {
            server.tag("verified", [Answer::ok(bytes)]);
            let url = server.url();
            sandbox.run(["jupiter-sync", "--tags", "verified", "--api-url", &url]).exits(76);
            continue;
        };
        if expected.is_array {
            let mut answer = Answer::ok(bytes);
            if path.extension().is_some_and(|extension| extension == "gz") {
                answer = answer.header("Content-Encoding", "gzip");
            }
            server.tag("verified", [answer]);
            let url = server.url();
            check(&path, &expected, &sandbox, &["--tags", "verified", "--api-url", &url]);
        } else {
            server.path("/list", [Answer::ok(bytes)]);
            let url = format!("{}/list", server.url());
            check(&path, &expected, &sandbox, &["--from", &url]);
        }
    }
}
