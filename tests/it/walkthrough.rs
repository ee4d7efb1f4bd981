//! The promise: a new job is one new file and its line in the catalog.
//!
//! Follows `CONTRIBUTING.md` word for word on a copy of the source tree.

use std::path::Path;
use std::process::Command;

use crate::sandbox::{Ran, Sandbox, repository};

/// A name of its own, because the copy is built into the same target directory, for the sake of
/// the dependencies that are built there already.
const BINARY: &str = "punctual-walkthrough";

#[test]
fn a_new_job_is_one_file_and_its_line_in_the_catalog() {
    let guide = std::fs::read_to_string(repository().join("CONTRIBUTING.md")).expect("the guide");
    // Always the same place, so that a second run of this test finds the build of the first.
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walkthrough");
    copy_source_tree(&copy);

    std::fs::write(copy.join("src/jobs/file_age.rs"), block(&guide, "the job")).expect("the job");
    let catalog = copy.join("src/jobs/mod.rs");
    let with_mod = insert_before(&read(&catalog), "mod hello;\n", &block(&guide, "the module"));
    let with_entry = insert_before(&with_mod, "];\n", &block(&guide, "the entry"));
    std::fs::write(&catalog, with_entry).expect("the catalog");

    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--offline", "--bin", BINARY])
        .arg("--target-dir")
        .arg(target_directory())
        .current_dir(&copy)
        .output()
        .expect("cargo starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));

    let sandbox = Sandbox::new();
    let binary = target_directory().join("debug").join(BINARY);
    let run = |arguments: &[&str]| Ran::of(&mut sandbox.command_of(&binary, arguments));
    assert!(run(&["--help"]).exits(0).stdout.contains("file-age"));
    assert!(run(&["completions", "bash"]).exits(0).stdout.contains("file-age"));
    assert!(run(&["file-age", "--help"]).exits(0).stdout.contains("--max-age"));

    let backup = sandbox.write("backup", "today's");
    let backup = backup.to_str().expect("a path in UTF-8");
    let fresh = run(&["file-age", backup, "--output", "json"]).exits(0).silent().json();
    assert_eq!(fresh["job"], "file-age");
    assert!(fresh["report"]["age_seconds"].is_u64(), "{fresh}");
    let stale = run(&["file-age", backup, "--max-age", "0s"]).exits(1);
    assert!(stale.stderr.contains("hint: find out why"), "{stale:#?}");
    run(&["file-age", "no-such-file"]).exits(74);
    let history = run(&["history", "file-age"]).exits(0).stdout;
    assert_eq!(history.lines().count(), 1 + 3, "{history}");
}

/// Copies what a build reads, with the binary renamed and the tests left out.
fn copy_source_tree(copy: &Path) {
    let _ = std::fs::remove_dir_all(copy);
    copy_directory(&repository().join("src"), &copy.join("src"));
    for file in ["Cargo.lock", "clippy.toml", "README.md"] {
        std::fs::copy(repository().join(file), copy.join(file)).expect("a copy");
    }
    let manifest = read(&repository().join("Cargo.toml"));
    let renamed = manifest.replace(
        "[[bin]]\nname = \"punctual\"",
        &format!("[workspace]\n\n[[bin]]\nname = \"{BINARY}\""),
    );
    assert_ne!(renamed, manifest);
    let kept = without_sections(&renamed, &["[[test]]", "[[bench]]"]);
    std::fs::write(copy.join("Cargo.toml"), kept).expect("the manifest");
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A manifest without the sections that begin with one of these lines.
fn without_sections(manifest: &str, headings: &[&str]) -> String {
    let mut kept = String::new();
    let mut leaving_out = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            leaving_out = headings.contains(&line);
        }
        if !leaving_out {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The code block that follows a marker in the guide.
#[track_caller]
fn block(guide: &str, marker: &str) -> String {
    let marker = format!("<!-- walkthrough: {marker} -->\n```rust\n");
    let (_, rest) = guide.split_once(&marker).expect("the guide has the block");
    let (code, _) = rest.split_once("```\n").expect("the block ends");
    code.to_owned()
}

#[track_caller]
fn insert_before(text: &str, line: &str, addition: &str) -> String {
    let position = text.find(line).expect("the line is there");
    format!("{}{addition}{}", &text[..position], &text[position..])
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

/// Where this test was built: `<target>/debug/deps/..`.
fn target_directory() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory")
}
