//! Links an optimised program so that it starts fast, where the linker knows how. Any other links as it
//! would without this file.
#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script by the environment")]

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// Tried by hand on this one.
const TARGET: &str = "x86_64-unknown-linux-gnu";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=startup.ld");
    println!("cargo::rerun-if-env-changed=CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER");
    let script = format!("-T{}/startup.ld", variable("CARGO_MANIFEST_DIR"));
    if variable("OPT_LEVEL") != "0" && has_usual_linker() && links_with(&script) {
        println!("cargo::rustc-link-arg-bins={script}");
        link_unwinder();
    }
}

/// Whether nobody has chosen a linker. rustup's rustc brings one for this target.
fn has_usual_linker() -> bool {
    variable("TARGET") == TARGET
        && variable("HOST") == TARGET
        && env::var_os("RUSTC_LINKER").is_none()
        && !variable("CARGO_ENCODED_RUSTFLAGS").contains("link")
}

/// Whether the system's linker takes the script: some, mold for one, know no scripts, and may stand in
/// for the usual one without anybody telling cargo.
fn links_with(script: &str) -> bool {
    let output = Path::new(&variable("OUT_DIR")).join("empty.so");
    let mut command = Command::new("cc");
    command.args(["-shared", "-nostdlib", script, "-x", "c", "/dev/null", "-o"]).arg(output);
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Takes what unwinds a panic from gcc's archive, where there is one: std would have `libgcc_s.so`
/// loaded at each start. With it the program needs glibc 2.35.
fn link_unwinder() {
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output();
    let answer = asked.map(|output| output.stdout).unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer);
    let archive = Path::new(answer.trim());
    // Without one, the answer is the name alone.
    if let Some(directory) = archive.parent().filter(|path| path.is_absolute()) {
        println!("cargo::rerun-if-changed={}", archive.display());
        println!("cargo::rustc-link-search=native={}", directory.display());
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
