//! `hello`, the smallest job.

use crate::sandbox::Sandbox;

#[test]
fn it_greets_whoever_is_named_and_is_silent_otherwise() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(["hello"]).exits(0).silent();
    assert_eq!(ran.stdout, "Hello, world!\n");
    let ran = sandbox.run(["hello", "--name", "Žofie 🟥"]).exits(0).silent();
    assert_eq!(ran.stdout, "Hello, Žofie 🟥!\n");
}

#[test]
fn what_could_steer_a_terminal_is_escaped() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(["hello", "--name", "\u{1b}[2J"]).exits(0);
    assert_eq!(ran.stdout, "Hello, \\u{1b}[2J!\n");
    let json = sandbox.run(["hello", "--name", "\u{1b}", "--output", "json"]).exits(0).json();
    assert_eq!(json["report"]["greeting"], "Hello, \u{1b}!");
    let c1 = ["hello", "--name", "\u{9b}2J\u{202e}", "--output", "json"];
    let ran = sandbox.run(c1).exits(0);
    assert!(ran.stdout.contains("\\u009b2J\\u202e"), "{ran:#?}");
    assert_eq!(ran.json()["report"]["greeting"], "Hello, \u{9b}2J\u{202e}!");
}
