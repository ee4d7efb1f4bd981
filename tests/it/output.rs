//! Who gets what on stdout and stderr: a pipe, a terminal, nobody.

use std::path::Path;

use crate::sandbox::{Ran, Sandbox};

fn shell(sandbox: &Sandbox, line: &str) -> Ran {
    Ran::of(&mut sandbox.shell(line))
}

/// What a terminal shows of a shell line; both streams, with its control sequences.
fn on_a_terminal(sandbox: &Sandbox, columns: u32, line: &str) -> String {
    let binary = sandbox.command::<&str>([]).get_program().to_owned();
    let line = format!("stty cols {columns} rows 24; {line}");
    let mut command = sandbox.command_of(Path::new("script"), ["-qec", &line, "/dev/null"]);
    Ran::of(command.env("punctual", binary).env("TERM", "xterm-256color")).stdout
}

#[test]
fn a_run_that_cannot_print_its_report_has_succeeded_all_the_same() {
    let sandbox = Sandbox::new();
    for redirection in [">&-", ">/dev/full", "2>&- >&-", "<&-"] {
        shell(&sandbox, &format!("exec $punctual hello {redirection}")).exits(0).silent();
    }
    shell(&sandbox, "$punctual hello | true").exits(0).silent();
    assert_eq!(sandbox.count("SELECT count(*) FROM runs WHERE outcome = 'succeeded'"), 5);
}

#[test]
fn a_command_that_cannot_print_is_74_unless_the_reader_had_enough() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello"]).exits(0);
    for command in ["history", "man", "completions bash", "--help", "--version"] {
        let full = shell(&sandbox, &format!("exec $punctual {command} >/dev/full"));
        full.exits(74).says("cannot write to stdout");
        shell(&sandbox, &format!("$punctual {command} | true")).exits(0).silent();
    }
}

#[test]
fn without_a_terminal_nothing_is_coloured_and_no_bar_is_drawn() {
    let sandbox = Sandbox::new();
    sandbox.write("list.json", "[]");
    let ran = sandbox.run(["jupiter-sync", "--from", "list.json"]).exits(0).silent();
    assert_eq!(ran.stdout, "0 fetched (2 B), 0 inserted, 0 existing\n");
    let failed = sandbox.run(["jupiter-sync", "--from", "none", "-v"]).exits(74);
    assert!(!failed.stderr.contains('\u{1b}'), "{failed:#?}");
}

#[test]
fn quiet_leaves_errors_only() {
    let sandbox = Sandbox::new();
    let quiet = sandbox.run(["-q", "hello"]).exits(0).silent();
    assert_eq!(quiet.stdout, "");
    sandbox.run(["-q", "jupiter-sync", "--from", "none"]).exits(74).says("error: none: ");
    for quiet in ["-q", "-qq", "-q -q"] {
        let terminal = on_a_terminal(&sandbox, 80, &format!("$punctual {quiet} hello"));
        assert_eq!(terminal, "");
    }
}

#[test]
fn a_terminal_shows_progress_and_takes_it_away_again() {
    let sandbox = Sandbox::new();
    sandbox.write("list.json", "[]");
    let shown = on_a_terminal(&sandbox, 80, "$punctual jupiter-sync --from list.json");
    let (progress, report) = shown.rsplit_once("\u{1b}[2K").expect("a bar was cleared");
    assert!(progress.contains("list.json"), "{shown:?}");
    assert!(report.contains("0 fetched"), "{shown:?}");

    let steering = "list\u{9b}2J\u{7}.json";
    sandbox.write(steering, "[]");
    let shown = on_a_terminal(&sandbox, 80, &format!("$punctual jupiter-sync --from '{steering}'"));
    assert!(shown.contains("list\\u{9b}2J\\u{7}.json"), "{shown:?}");
    assert!(!shown.contains("\u{9b}") && !shown.contains('\u{7}'), "{shown:?}");
}

#[test]
fn a_usage_error_does_not_repeat_what_would_steer_the_terminal() {
    let sandbox = Sandbox::new();
    let coloured = on_a_terminal(&sandbox, 80, "$punctual helo");
    assert!(coloured.contains("\u{1b}[") && coloured.contains("hello"), "{coloured:?}");
    let shown = on_a_terminal(&sandbox, 80, r#"$punctual "$(printf 'h\033[2Jelo')""#);
    assert!(!shown.contains("\u{1b}[2J") && shown.contains("unrecognized"), "{shown:?}");
}

#[test]
fn colours_are_for_terminals_without_no_color() {
    let sandbox = Sandbox::new();
    let failing = "$punctual jupiter-sync --from none 2>&1 >/dev/null";
    assert!(on_a_terminal(&sandbox, 80, failing).contains("\u{1b}[31m"), "errors are red");
    let plain = on_a_terminal(&sandbox, 80, &format!("NO_COLOR=1 {failing}"));
    assert!(!plain.contains("\u{1b}[31m") && plain.contains("error: none"), "{plain:?}");
}

#[test]
fn tables_fit_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello"]).exits(0);
    sandbox.run(["jupiter-sync", "--from", &"long/".repeat(40)]).exits(74);
    for columns in [60, 80, 100, 132, 200] {
        let table = on_a_terminal(&sandbox, columns, "$punctual history");
        let widest = table.lines().map(|line| line.trim_end().chars().count()).max();
        assert!(widest <= Some(columns as usize), "{columns}: {table}");
        assert!(table.contains("jupiter-sync") && table.contains("succeeded"), "{table}");
        assert!(table.contains("long/long"), "the error is there at {columns}: {table}");
    }
    for columns in [30, 45, 60, 80, 132] {
        let table = on_a_terminal(&sandbox, columns, "$punctual jobs");
        let widest = table.lines().map(|line| line.trim_end().chars().count()).max();
        assert!(widest <= Some(columns as usize), "{columns}: {table}");
        assert!(table.contains("jupiter-sync") && table.contains("failed"), "{table}");
    }
}

#[test]
fn an_error_is_printed_once_with_its_hint() {
    let sandbox = Sandbox::new();
    for arguments in [&["-q"][..], &[], &["-vv"]] {
        let failing = ["jupiter-sync", "--api-key-file", "none"];
        let ran = sandbox.run(failing.iter().chain(arguments)).exits(74);
        assert_eq!(ran.stderr.matches("cannot read the API key file none").count(), 1, "{ran:#?}");
        assert_eq!(ran.stderr.matches("error: ").count(), 1, "{ran:#?}");
    }
}
