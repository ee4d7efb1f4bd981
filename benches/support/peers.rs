//! Starting peers, and what they say of themselves.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::target_dir;

/// The same small environment for everyone: no proxy, no key, no settings file of
/// the person who measures; the peers' installation comes first in the path.
pub fn with_environment<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    let installed = target_dir().join("bench-peers");
    let mut path = OsString::from(installed.join("venv/bin"));
    path.push(":/usr/local/bin:/usr/bin:/bin");
    command
        .env_clear()
        .env("PATH", path)
        .env("NODE_PATH", installed.join("node_modules"))
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
}

/// A script of a peer under its interpreter.
pub fn interpreter(name: &str, program: &Path) -> Command {
    let mut command = Command::new(name);
    command.arg(program);
    command
}

/// Prints when and where the session is measured.
pub fn describe_machine() {
    let shell = |line: &str| first_line(Command::new("sh").args(["-c", line]));
    println!("## {}\n", shell("date -u '+%Y-%m-%d %H:%M UTC'"));
    println!(
        "- {} cores, {}",
        shell("nproc"),
        shell("sed -n 's/^model name.*: //p' /proc/cpuinfo")
    );
    println!("- {}, {}", shell("uname -sr"), shell("sed -n 's/^MemTotal: *//p' /proc/meminfo"));
}

/// The first line that a command prints, or that it could not be had.
pub fn first_line(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&output);
    text.lines().next().unwrap_or("not found").to_owned()
}

/// The end of what a failed process said, short enough for a table.
pub fn last_line(output: &Path) -> String {
    let text = fs::read(output).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    line.chars().filter(|&symbol| symbol != '|').take(160).collect()
}
