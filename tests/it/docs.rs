//! Files in `docs/` that other programs read.

use std::process::{Command, Stdio};

use crate::sandbox::{Sandbox, repository, skipped};

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
