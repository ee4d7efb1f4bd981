//! Rules that a machine can check: layers, the catalog, forgotten files, budgets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::sandbox::repository;

/// The modules of `src/`, from the top down. A module may import those below it only
/// (`design.md`, section 11).
const LAYERS: &[&str] = &[
    "main",
    "lib",
    "app", // from the command line to the exit code
    "cli",
    "commands",
    "roster",
    "settings",
    "config", // what is asked for
    "daemon", // runs at their due times
    "runner", // the frame around a run
    "alert",
    "ping",
    "textfile", // who is told of runs
    "command_job",
    "process", // jobs that are commands
    "jobs",    // through the catalog only
    "job",     // what a job is
    "liveness",
    "history",
    "database",
    "http",
    "control",
    "lock",
    "memory", // what runs stand on
    "logging",
    "progress",
    "output",
    "panic",
    "outcome",
    "signal", // the ground
    "schedule",
    "capture",
    "secret",
    "backoff",
    "clock",
    "error",
    "exit",
    "text",
    "math",
];

/// What a job may not know: the frame around it, the commands, another job.
const HIDDEN_FROM_JOBS: &[&str] = &["history", "liveness", "lock", "logging", "output", "signal"];

/// Lines of a source file, tests apart.
const FILE_LINES_MAX: usize = 600;

#[test]
fn imports_run_downwards_only() {
    for (path, source) in program() {
        let module = module_of(&path);
        let layer = layer_of(&module);
        for import in imports(&source) {
            let upwards = layer_of(&import) < layer;
            assert!(!upwards, "{} imports {import}, which is above it", path.display());
        }
    }
}

#[test]
fn the_runner_knows_no_job_and_a_job_knows_neither_the_frame_nor_another_job() {
    for (path, source) in program() {
        let module = module_of(&path);
        let imports = imports(&source);
        if module == "runner" {
            assert!(!imports.contains("jobs"), "{}", path.display());
        }
        if module == "jobs" && !path.ends_with("jobs/mod.rs") {
            assert!(!imports.contains("jobs"), "{} imports another job", path.display());
            for hidden in HIDDEN_FROM_JOBS {
                assert!(!imports.contains(*hidden), "{} imports {hidden}", path.display());
            }
        }
    }
}

#[test]
fn every_job_file_is_in_the_catalog() {
    let catalog = read("src/jobs/mod.rs");
    for entry in std::fs::read_dir(repository().join("src/jobs")).expect("jobs") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() || name == "mod" {
            continue;
        }
        assert!(catalog.contains(&format!("\nmod {name};\n")), "{name} is not declared");
        assert!(catalog.contains(&format!("CatalogEntry::of::<{name}::")), "{name} is not listed");
    }
}

#[test]
fn only_output_and_logging_write_to_the_standard_streams() {
    for (path, source) in sources("src") {
        if matches!(module_of(&path).as_str(), "output") {
            continue;
        }
        for stream in ["stdout()", "stderr()"] {
            let used = source.lines().any(|line| {
                line.contains(&format!("io::{stream}"))
                    || line.contains(&format!("anstream::{stream}"))
            });
            assert!(!used, "{} uses {stream}; that is output's", path.display());
        }
    }
}

#[test]
fn source_files_stay_small() {
    for (path, source) in sources("src").into_iter().chain(sources("benches")) {
        let lines = source.lines().count();
        let limit = if path.ends_with("tests.rs") { usize::MAX } else { FILE_LINES_MAX };
        assert!(lines <= limit, "{} has {lines} lines; split it", path.display());
    }
}

#[test]
fn every_test_file_is_part_of_the_test_binary() {
    let main = read("tests/it/main.rs");
    for (path, _) in sources("tests/it") {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let declared = name == "main" || main.contains(&format!("mod {name};\n"));
        assert!(declared, "{} is in no test binary", path.display());
    }
}

/// Another function of it that is used, by a new dependency perhaps, has to be put into `math.rs`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn the_mathematical_library_of_c_is_not_loaded() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_punctual")).expect("the program");
    let needs = |library: &[u8]| program.windows(library.len()).any(|bytes| bytes == library);
    assert!(needs(b"libc.so.6"));
    assert!(!needs(b"libm.so.6"));
}

fn layer_of(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|layer| *layer == module)
        .unwrap_or_else(|| panic!("module {module} has no place in LAYERS"))
}

/// The module directly below the root that a file of `src/` belongs to.
fn module_of(path: &Path) -> String {
    let below = path.strip_prefix(repository().join("src")).expect("below src");
    let first = below.components().next().expect("a component").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that a source names after `crate::`.
fn imports(source: &str) -> BTreeSet<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut modules = BTreeSet::new();
    for line in code {
        for (position, marker) in line.match_indices("crate::") {
            let name = line[position + marker.len()..]
                .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .next()
                .unwrap_or_default();
            if name.chars().next().is_some_and(|c| c.is_ascii_lowercase()) {
                modules.insert(name.to_owned());
            }
        }
    }
    modules
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).expect("a source file")
}

/// The sources of the program, without the files that only its tests use.
pub fn program() -> impl Iterator<Item = (PathBuf, String)> {
    let of_tests = |path: &Path| path.ends_with("tests.rs") || path.ends_with("fixtures.rs");
    sources("src").into_iter().filter(move |(path, _)| !of_tests(path))
}

/// Every Rust file below a directory, with its text.
fn sources(directory: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut directories = vec![repository().join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    found
}
