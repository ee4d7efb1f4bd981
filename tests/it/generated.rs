//! Files that are printed by the program itself: completions, man pages, the example crontab, the
//! README's table.
//!
//! `UPDATE=1 cargo test generated` rewrites them.
#![expect(clippy::disallowed_methods, reason = "a test reads its own switch, UPDATE")]

use std::collections::BTreeSet;
use std::path::Path;

use crate::sandbox::{Sandbox, repository};

/// Where each shell looks for a completion script by that name.
const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "punctual.bash"),
    ("zsh", "_punctual"),
    ("fish", "punctual.fish"),
    ("elvish", "punctual.elv"),
    ("powershell", "_punctual.ps1"),
];

const TABLE_BEGIN: &str = "<!-- exit codes: printed from src/exit.rs -->\n";
const TABLE_END: &str = "<!-- end of exit codes -->\n";

#[test]
fn completions_are_fresh() {
    let sandbox = Sandbox::new();
    let directory = repository().join("completions");
    for (shell, file) in COMPLETIONS {
        let script = sandbox.run(["completions", shell]).exits(0).stdout;
        check_file(&directory.join(file), &script);
    }
    assert_eq!(names_in(&directory), COMPLETIONS.map(|(_, file)| file.to_owned()).into());
}

#[test]
fn man_pages_are_fresh() {
    let sandbox = Sandbox::new();
    let generated = sandbox.path("man");
    sandbox.run(["man", "--out", "man"]).exits(0).silent();
    let directory = repository().join("man");
    for name in names_in(&generated) {
        let page = std::fs::read_to_string(generated.join(&name)).expect("a page");
        check_file(&directory.join(&name), &page);
    }
    assert_eq!(names_in(&directory), names_in(&generated), "man/ has pages of no command");
}

#[test]
fn the_example_crontab_is_fresh() {
    let sandbox = Sandbox::new();
    let arguments = ["export", "crontab", "--binary", "/usr/local/bin/punctual"];
    let crontab = sandbox.run(arguments).exits(0).silent().stdout;
    check_file(&repository().join("crontab.example"), &crontab);
}

#[test]
fn the_table_of_exit_codes_in_the_readme_is_fresh() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(["--help"]).exits(0).stdout;
    let (_, codes) = help.split_once("Exit codes:\n").expect("help has the exit codes");
    let mut rows: Vec<String> = Vec::new();
    for line in codes.lines() {
        match (line.trim_start().split_once("  "), rows.last_mut()) {
            (Some((code, meaning)), _) => rows.push(format!("| {code} | {meaning}")),
            // Help breaks lines that are too long.
            (None, Some(row)) => *row = format!("{row} {}", line.trim()),
            (None, None) => panic!("no code in {line:?}"),
        }
    }
    assert_eq!(rows.len(), 13, "{rows:?}");
    let rows: String = rows.iter().map(|row| format!("{row} |\n")).collect();

    let path = repository().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(TABLE_BEGIN).expect("the README has the table");
    let (_, after) = rest.split_once(TABLE_END).expect("the README has the table's end");
    let table = format!("| code | when |\n|---|---|\n{rows}");
    check_file(&path, &format!("{before}{TABLE_BEGIN}{table}{TABLE_END}{after}"));
}

/// Compares a file with what it should be, or rewrites it when `UPDATE` is set.
#[track_caller]
pub fn check_file(path: &Path, expected: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, expected).expect("the file can be rewritten");
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the program prints; rewrite it with `UPDATE=1 cargo test generated`",
        path.display()
    );
}

fn names_in(directory: &Path) -> BTreeSet<String> {
    std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect()
}
