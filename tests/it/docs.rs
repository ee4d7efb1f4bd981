//! What `docs/` says to other programs, and of ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::generated::check_file;
use crate::postgres::shared_server;
use crate::sandbox::{Ran, Sandbox, repository, skipped};
use crate::tidy::program;

const WORDS_BEGIN: &str = "<!-- words of SQL: compared with the source by tests/it/docs.rs -->\n";
const WORDS_END: &str = "<!-- end of words -->\n";

/// How a literal of the source begins that is a statement.
const VERBS: &[&str] = &[
    "ALTER",
    "BEGIN",
    "COMMIT",
    "COPY",
    "CREATE",
    "DELETE",
    "DO",
    "DROP",
    "INSERT",
    "LISTEN",
    "LOCK",
    "MERGE",
    "NOTIFY",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHOW",
    "TRUNCATE",
    "UPDATE",
    "VALUES",
    "WITH",
];

/// What only PostgreSQL itself has, or engines like it have otherwise.
const NOT_PORTABLE: &[&str] = &["LISTEN", "LOCK", "MERGE", "NOTIFY", "SKIP", "TRIGGER", "UNLOGGED"];

#[test]
fn the_systemd_unit_is_valid_and_hardened() {
    let analyze = |arguments: &[&str]| {
        Command::new("systemd-analyze").args(arguments).stdin(Stdio::null()).output()
    };
    if !analyze(&["--version"]).is_ok_and(|output| output.status.success()) {
        skipped("systemd-analyze is not installed (Debian: systemd)");
        return;
    }
    let unit = std::fs::read_to_string(repository().join("docs/punctual.service")).expect("a unit");
    // It has to be there to be valid.
    let unit = unit.replace("/usr/local/bin/punctual", env!("CARGO_BIN_EXE_punctual"));
    let sandbox = Sandbox::new();
    let path = sandbox.write("punctual.service", unit);
    let path = path.to_str().expect("UTF-8");
    let verified = analyze(&["verify", "--man=no", path]).expect("systemd-analyze runs");
    let words = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && !words.contains("punctual.service"), "{words}");
    // In tenths: a service without any restriction has about 96.
    let secure = ["security", "--offline=yes", "--threshold=20", path];
    let judged = analyze(&secure).expect("systemd-analyze runs");
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}

/// Before its tables are made, as the page says.
#[test]
fn the_rights_that_the_page_grants_are_enough() {
    let Some(server) = shared_server() else { return };
    let page = postgresql_page().replace("punctual", "handbook");
    let blocks: Vec<&str> = page
        .split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(block, _)| block))
        .collect();
    let [of_server, of_database, of_runs] = blocks[..] else { panic!("{blocks:#?}") };
    // `CREATE DATABASE` is for itself.
    of_server.split_inclusive(";\n").for_each(|statement| server.execute(statement));
    for block in [of_database, of_runs] {
        server.admin("handbook").batch_execute(block).expect("the statements of the page");
    }
    let sandbox = Sandbox::new();
    for credentials in ["handbook:change%20me", "handbook_run:change%20me%20too"] {
        let run = |arguments: &[&str]| {
            let mut command = sandbox.command(arguments);
            Ran::of(command.env("PUNCTUAL_DATABASE", server.url_of(credentials, "handbook")))
        };
        run(&["hello", "--due", "none"]).exits(0).silent();
        let rows = run(&["history", "--output", "json"]).exits(0).silent().stdout;
        assert!(rows.contains("\"succeeded\""), "{rows}");
    }
    let checked = sandbox
        .command(["check", "--offline"])
        .env("PUNCTUAL_DATABASE", server.url_of("handbook:change%20me", "handbook"))
        .output()
        .expect("the binary starts");
    let checked = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.contains("handbook may do what is needed"), "{checked}");
}

/// `UPDATE=1 cargo test docs` rewrites them: a new one is to be looked for in the manuals of the
/// engines that the page speaks of.
#[test]
fn the_page_lists_every_word_of_our_sql() {
    let words: BTreeSet<String> =
        statements().iter().flat_map(|(_, statement)| words(statement)).collect();
    for word in &words {
        let is_special = word.starts_with("pg_") || NOT_PORTABLE.contains(&&**word);
        assert!(!is_special, "{word} is not portable");
    }
    assert!(words.contains("CONFLICT") && words.contains("now()"), "{words:?}");

    let mut block = String::new();
    let mut room = 0;
    for word in &words {
        let (separator, left) = match room > word.len() {
            true => (" ", room - word.len() - 1),
            false => ("\n    ", 110 - word.len()),
        };
        block.push_str(separator);
        block.push_str(word);
        room = left;
    }
    let page = postgresql_page();
    let (before, rest) = page.split_once(WORDS_BEGIN).expect("the page has the words");
    let (_, after) = rest.split_once(WORDS_END).expect("the words end");
    let expected = format!("{before}{WORDS_BEGIN}{block}\n\n{WORDS_END}{after}");
    check_file(&postgresql_path(), &expected);
}

#[test]
fn the_page_names_every_table() {
    let page = postgresql_page();
    let statements = statements();
    let tables: BTreeSet<&str> = statements
        .iter()
        .flat_map(|(_, statement)| statement.split("CREATE TABLE ").skip(1))
        .filter_map(|rest| rest.trim_start_matches("IF NOT EXISTS ").split_whitespace().next())
        .collect();
    assert!(tables.contains("runs") && tables.contains("leases"), "{tables:?}");
    for table in tables {
        assert!(page.contains(&format!("`{table}`")), "the page says nothing of {table}");
    }
}

fn postgresql_path() -> PathBuf {
    repository().join("docs/postgresql.md")
}

fn postgresql_page() -> String {
    std::fs::read_to_string(postgresql_path()).expect("the page")
}

/// The statements in the source that PostgreSQL gets, with the files that they are in.
fn statements() -> Vec<(PathBuf, String)> {
    let is_for_sqlite = |path: &Path| {
        let path = path.to_string_lossy();
        path.contains("sqlite") || path.contains("sync/store") && !path.contains("postgres")
    };
    let mut statements = Vec::new();
    for (path, source) in program().filter(|(path, _)| !is_for_sqlite(path)) {
        for literal in literals(&source) {
            let verb = literal.split(|c: char| !c.is_ascii_uppercase()).next().unwrap_or_default();
            if VERBS.contains(&verb) {
                statements.push((path.clone(), literal));
            }
        }
    }
    statements
}

/// The string literals of a source file, as they are written, but for the steps of SQLite.
fn literals(source: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let code: Vec<&str> =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n").replace("'\"'", "");
    let mut parts = code.split('"');
    let mut before = parts.next().unwrap_or_default();
    while let Some(part) = parts.next() {
        let mut literal = part.to_owned();
        while literal.ends_with('\\') {
            let Some(more) = parts.next() else { break };
            literal.push_str(more);
        }
        if !before.ends_with("sqlite: &[") {
            literals.push(literal.trim_start().to_owned());
        }
        before = parts.next().unwrap_or_default();
    }
    literals
}

/// Key words, which are written in capitals, and functions.
fn words(statement: &str) -> Vec<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = Vec::new();
    for (start, _) in statement.match_indices(is_part) {
        let rest = &statement[start..];
        if statement[..start].ends_with(|c: char| is_part(c) || c == '{' || c == '$') {
            continue;
        }
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        let is_function = rest[word.len()..].starts_with('(');
        if word.bytes().all(|byte| byte.is_ascii_uppercase()) {
            words.push(word.to_owned());
        } else if is_function {
            words.push(format!("{word}()"));
        }
    }
    words
}
