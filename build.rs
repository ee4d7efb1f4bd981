//! Links an optimised program so that it starts fast, where the linker is the one that comes with
//! rustc and gcc. Any other links as it would without this file.
#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script by the environment")]

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=startup.ld");
    if is_optimised() && has_usual_linker() {
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}/startup.ld", variable("CARGO_MANIFEST_DIR"));
        link_unwinder();
    }
}

fn is_optimised() -> bool {
    variable("OPT_LEVEL") != "0"
}

/// rustc brings its own linker for this target (since 1.90); other linkers may not know `INSERT`.
fn has_usual_linker() -> bool {
    variable("TARGET") == "x86_64-unknown-linux-gnu"
        && variable("HOST") == variable("TARGET")
        && env::var_os("RUSTC_LINKER").is_none()
        && !variable("CARGO_ENCODED_RUSTFLAGS").contains("link")
}

/// Takes what unwinds a panic from gcc's archive, where there is one: std would have `libgcc_s.so`
/// loaded at each start.
fn link_unwinder() {
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output();
    let answer = asked.map(|output| output.stdout).unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer);
    // Without one, the answer is the name alone.
    if let Some(directory) = Path::new(answer.trim()).parent().filter(|path| path.is_absolute()) {
        println!("cargo::rustc-link-search=native={}", directory.display());
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
