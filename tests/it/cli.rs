//! The command line: help, mistakes, precedence.

use crate::sandbox::{Ran, Sandbox, repository};

#[test]
fn mistakes_are_usage_errors_that_name_what_is_nearest() {
    let sandbox = Sandbox::new();
    sandbox.run(["histroy"]).exits(2).says("'history'");
    sandbox.run(["jupiter-sync", "--tag", "x"]).exits(2).says("'--tags'");
    sandbox.run(["hello", "--timeout", "10"]).exits(2).says("write durations as 10s, 5m or 1h 30m");
    sandbox.run(["history", "--since", "never"]).exits(2).says("write durations as 10s");
    sandbox.run(["hello", "--history-keep", "5"]).exits(2).says("write durations as 10s");
    sandbox.run(["hello", "--history-keep", "0s"]).exits(2).says("must be longer than zero");
    sandbox.run(["hello", "--timeout", "0s"]).exits(2).says("longer than zero");
    sandbox.run(["hello", "--output", "xml"]).exits(2).says("text, json");
    sandbox.run(["jupiter-sync", "--max-delisted", "101"]).exits(2).says("--max-delisted");
    sandbox.run(["jupiter-sync", "--max-bytes", "lots"]).exits(2).says("--max-bytes");
    sandbox.run(["jupiter-sync", "--api-url", "ftp://x"]).exits(2).says("https:// or http://");
    sandbox.run(["jupiter-sync", "--tags", "a,,b"]).exits(2).says("must not be empty");
    sandbox.run(["jupiter-sync", "--from", "x", "--tags", "y"]).exits(2).says("cannot be used");
    sandbox.run(["hello", "--database", ""]).exits(2).says("--database");
    sandbox.run(["history", "--outcome", "ok"]).exits(2).says("timed_out");
    sandbox.run(["exec", "--name", "x", "ls", "-l"]).exits(2).says("tip: put '--' between");
    sandbox.run::<&str>([]).exits(2).says("Usage: punctual");
    sandbox.run(["h\u{9b}2Jello\u{202e}"]).exits(2).says("h\\u{9b}2Jello\\u{202e}");
    assert!(!sandbox.state_dir().exists(), "a mistake leaves nothing behind");
}

#[test]
fn a_mistake_in_a_variable_is_one_of_that_variable() {
    let sandbox = Sandbox::new();
    for (variable, command) in [
        ("PUNCTUAL_LOG_KEEP", "hello"),
        ("PUNCTUAL_LOG_FORMAT", "history"),
        ("PUNCTUAL_JUPITER_API_URL", "jupiter-sync"),
        ("PUNCTUAL_PING_URL", "mem-report"),
    ] {
        let run = |flags: &[&str]| {
            let mut command = sandbox.command([command].iter().chain(flags));
            Ran::of(command.env(variable, "odd")).exits(2)
        };
        run(&[]).says(variable);
        let ran = run(&["--log-keep", "odd"]);
        assert!(variable != "PUNCTUAL_LOG_KEEP" || !ran.stderr.contains(variable), "{ran:?}");
    }
    // What is behind the -- is not punctual's, and what is wrong is not the file's.
    let of_another = ["exec", "--name", "x", "--", "cmd", "--log-keep", "3"];
    let mut command = sandbox.command(of_another);
    Ran::of(command.env("PUNCTUAL_LOG_KEEP", "odd")).exits(2).says("value of PUNCTUAL_LOG_KEEP");
    sandbox.write("punctual.toml", "[jobs.jupiter-sync]\nargs = ['--tags', 'lst']");
    for (url, why) in [("odd", "relative URL"), ("https://x/?key=s3cr3t", "must not have a query")]
    {
        let mut command = sandbox.command(["--config", "punctual.toml", "jupiter-sync"]);
        let ran = Ran::of(command.env("PUNCTUAL_JUPITER_API_URL", url)).exits(2).says(why);
        assert!(!ran.stderr.contains("s3cr3t"), "{ran:?}");
        ran.says("value of PUNCTUAL_JUPITER_API_URL");
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let sandbox = Sandbox::new();
    let version = sandbox.run(["--version"]).exits(0).silent();
    assert_eq!(version.stdout, concat!("punctual ", env!("CARGO_PKG_VERSION"), "\n"));
    let short = sandbox.run(["-h"]).exits(0).silent().stdout;
    let long = sandbox.run(["--help"]).exits(0).silent().stdout;
    for job in ["hello", "jupiter-sync", "mem-report"] {
        assert!(short.contains(job) && long.contains(job));
    }
    assert!(long.contains("124  the deadline passed") && !short.contains("124"));
    assert!(long.starts_with("Run recurring jobs once"), "{long}");
}

#[test]
fn the_help_of_a_job_has_its_flags_and_those_of_every_run() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(["jupiter-sync", "--help"]).exits(0).stdout;
    for flag in [
        "--timeout",
        "--grace",
        "--if-running",
        "--retries",
        "--api-url",
        "--tags",
        "--from",
        "--api-key-file",
        "--update",
        "--max-delisted",
        "--strict",
        "--dry-run",
        "--max-bytes",
        "--batch-size",
        "--database",
        "--state-dir",
        "--log-dir",
        "--log-format",
        "--output",
    ] {
        assert!(
            help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
            "{flag}"
        );
    }
    assert!(help.contains("[default: 5m]") && help.contains("0 2 * * 1 (UTC)"), "{help}");
}

#[test]
fn the_help_names_the_variables_whether_they_are_set_or_not() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["jupiter-sync", "--help"]);
    command.env("PUNCTUAL_JUPITER_API_URL", "https://s3cr3t.example.com");
    let help = Ran::of(&mut command).exits(0).stdout;
    for variable in [
        "PUNCTUAL_DATABASE",
        "PUNCTUAL_STATE_DIR",
        "PUNCTUAL_LOG_DIR",
        "PUNCTUAL_LOG_FORMAT",
        "PUNCTUAL_JUPITER_API_URL",
    ] {
        assert!(help.contains(&format!("[env: {variable}]")), "{variable}: {help}");
    }
    assert!(!help.contains("s3cr3t"), "{help}");
}

#[test]
fn a_variable_that_is_no_text_is_not_ignored() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff");
    Ran::of(sandbox.command(["hello"]).env("PUNCTUAL_STATE_DIR", odd)).exits(0);
    assert!(sandbox.path("").join(odd).join("punctual.db").exists());
    Ran::of(sandbox.command(["jupiter-sync"]).env("JUPITER_API_KEY", odd))
        .exits(78)
        .says("the API key");
}

/// A flag that does not exist is an error before the help is.
#[test]
fn every_command_in_the_readme_is_understood() {
    let sandbox = Sandbox::new();
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("the README");
    let shown = ["    punctual ", "    cargo run --release -- "];
    let commands = readme.lines().filter_map(|line| {
        let command = shown.iter().find_map(|start| line.strip_prefix(start))?;
        // What stands behind a `--` is another program's.
        command.split(['#', '>', '|']).next()?.split(" -- ").next()
    });
    let mut count = 0;
    for command in commands {
        sandbox.run(command.split_whitespace().chain(["--help"])).exits(0).silent();
        count += 1;
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn global_flags_stand_before_or_after_the_subcommand() {
    let sandbox = Sandbox::new();
    for arguments in [
        ["--output", "json", "hello", "--state-dir", "elsewhere"],
        ["hello", "--state-dir", "elsewhere", "--output", "json"],
        ["--state-dir", "elsewhere", "hello", "--output", "json"],
    ] {
        sandbox.run(arguments).exits(0).json();
    }
    assert!(sandbox.path("elsewhere/punctual.db").exists());
    assert!(!sandbox.state_dir().exists());
}

#[test]
fn a_flag_stands_above_the_environment_and_an_empty_variable_is_none() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(["hello", "--database", "flag.db"]);
    Ran::of(command.env("PUNCTUAL_DATABASE", "environment.db")).exits(0);
    assert!(sandbox.path("flag.db").exists() && !sandbox.path("environment.db").exists());

    let mut command = sandbox.command(["hello"]);
    Ran::of(command.env("PUNCTUAL_DATABASE", "environment.db")).exits(0);
    assert!(sandbox.path("environment.db").exists());

    let mut command = sandbox.command(["hello"]);
    command.env("PUNCTUAL_DATABASE", "").env("PUNCTUAL_LOG_DIR", "");
    Ran::of(&mut command).exits(0);
    assert!(sandbox.database_path().exists());
}

#[test]
fn a_path_that_means_more_to_sqlite_is_that_of_a_file_all_the_same() {
    let sandbox = Sandbox::new();
    for path in [":memory:", "file:x.db?mode=memory"] {
        sandbox.run(["hello", "--database", path]).exits(0).silent();
        assert!(sandbox.path(path).exists(), "the history is gone with the run: {path}");
    }
}

#[test]
fn a_database_that_cannot_be_one_is_78_and_its_password_is_not_shown() {
    let sandbox = Sandbox::new();
    let url = "postgres://user:s3cr3t@host:port/db";
    let ran = sandbox.run(["hello", "--database", url]).exits(78).says("is not usable");
    assert!(!ran.stderr.contains("s3cr3t"), "{ran:#?}");
    sandbox.run(["hello", "--database", "."]).exits(78).says("is a directory");
}

#[test]
fn the_database_is_named_once_and_a_flag_wins_over_a_variable() {
    let sandbox = Sandbox::new();
    let url = sandbox.write("url", "postgres:///x?host=/nowhere\n");
    let history = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = sandbox.command(["history"]);
        Ran::of(command.args(arguments).envs(variables.iter().copied()))
    };
    let url = url.to_str().expect("UTF-8");
    let (by_path, by_file) = (("PUNCTUAL_DATABASE", "x.db"), ("PUNCTUAL_DATABASE_FILE", url));
    history(&["--database", "x.db"], &[by_file]).exits(0).silent();
    history(&["--database-file", url], &[by_path]).exits(69).says("cannot connect");
    let says = "error: PUNCTUAL_DATABASE and PUNCTUAL_DATABASE_FILE both name the database";
    history(&[], &[by_path, by_file]).exits(2).says(says);
    let flags = ["--database", "x.db", "--database-file", url];
    history(&flags, &[]).exits(2).says("--database and --database-file both name the database");
    let missing = history(&["--database-file", "none"], &[]).exits(78);
    missing.says("error: the URL of the database: the file none cannot be read");
}
