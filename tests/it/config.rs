//! The configuration file: where it is looked for, what wins over it, and what may stand in its
//! place.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::sandbox::{Ran, Sandbox, without_privileges};

/// A sandbox with `punctual.toml` in it.
fn with_file(text: impl AsRef<[u8]>) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("punctual.toml", text);
    sandbox
}

/// `hello` with that file.
fn hello(sandbox: &Sandbox) -> Command {
    sandbox.command(["hello", "--config", "punctual.toml"])
}

/// The error of `hello` with a file of that content.
#[track_caller]
fn refused(text: impl AsRef<[u8]>) -> Ran {
    let sandbox = with_file(text);
    let ran = Ran::of(&mut hello(&sandbox)).exits(78);
    assert_eq!(ran.stdout, "");
    assert!(!sandbox.state_dir().exists(), "nothing happens before the file is understood");
    ran
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let sandbox = with_file("database = 'file.db'");
    let made = |name: &str| sandbox.path(name).exists();
    Ran::of(&mut sandbox.command(["hello"])).exits(0).silent();
    assert!(sandbox.database_path().exists() && !made("file.db"));

    Ran::of(&mut hello(&sandbox)).exits(0).silent();
    assert!(made("file.db") && !made("environment.db"));

    Ran::of(hello(&sandbox).env("PUNCTUAL_DATABASE", "environment.db")).exits(0).silent();
    assert!(made("environment.db") && !made("flag.db"));

    let mut command = hello(&sandbox);
    command.args(["--database", "flag.db"]).env("PUNCTUAL_DATABASE", "other.db");
    Ran::of(&mut command).exits(0).silent();
    assert!(made("flag.db") && !made("other.db"));
}

#[test]
fn what_the_file_says_of_state_and_log_takes_effect() {
    let sandbox =
        with_file("state_dir = 'elsewhere'\nlog_dir = 'logs'\nlog_keep = 2\nlog_format = 'json'\n");
    std::fs::create_dir(sandbox.path("logs")).expect("a directory");
    for day in ["2001-01-01", "2001-01-02", "2001-01-03"] {
        sandbox.write(&format!("logs/punctual.{day}.log"), "old");
    }
    let run = |arguments: &[&str]| {
        let mut command = hello(&sandbox);
        Ran::of(command.env_remove("PUNCTUAL_STATE_DIR").args(arguments))
    };
    run(&["--log-keep", "9"]).exits(0).silent();
    let logs = || std::fs::read_dir(sandbox.path("logs")).expect("the log directory").count();
    assert_eq!(logs(), 4, "the flag wins");
    run(&[]).exits(0).silent();
    assert!(logs() <= 2);

    assert!(sandbox.path("elsewhere/punctual.db").exists());

    let failed = sandbox
        .command(["jupiter-sync", "--from", "none", "--config", "punctual.toml"])
        .output()
        .expect("the binary starts");
    let line: serde_json::Value = serde_json::from_slice(&failed.stderr).expect("a JSON line");
    assert_eq!(line["message"], "run failed");
}

#[test]
fn the_file_is_named_by_flag_or_variable_or_has_its_place() {
    let sandbox = Sandbox::new();
    for name in ["flag", "variable", "xdg/punctual/punctual", ".config/punctual/punctual"] {
        let path = sandbox.path(name).with_extension("toml");
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        let marker = Path::new(name).components().next().expect("a name");
        let database = sandbox.path(&format!("{}.db", marker.as_os_str().display()));
        std::fs::write(path, format!("database = '{}'", database.display())).expect("a file");
    }
    let check = |command: &mut Command, database: &str| {
        let before = sandbox.path(database).exists();
        Ran::of(command).exits(0).silent();
        assert!(!before && sandbox.path(database).exists(), "{database}");
    };
    // At the root there may be one of the machine's own, which would win over those of the user.
    if !Path::new("/etc/punctual/punctual.toml").exists() {
        check(&mut sandbox.command(["hello"]), ".config.db");
        let mut command = sandbox.command(["hello"]);
        check(command.env("XDG_CONFIG_HOME", sandbox.path("xdg")), "xdg.db");
    }
    check(sandbox.command(["hello"]).env("PUNCTUAL_CONFIG", "variable.toml"), "variable.db");
    let odd = OsStr::from_bytes(b"odd\xff.toml");
    let text = format!("database = '{}'", sandbox.path("odd.db").display());
    std::fs::write(sandbox.path("").join(odd), text).expect("a file whose name is no text");
    check(sandbox.command(["hello"]).env("PUNCTUAL_CONFIG", odd), "odd.db");
    let mut command = sandbox.command(["--config=flag.toml", "hello"]);
    check(command.env("PUNCTUAL_CONFIG", "variable.toml"), "flag.db");
}

#[test]
fn a_mistake_is_78_with_file_and_line_and_what_was_meant() {
    refused("\n[jobs.backup]\nshedule = '@daily'\ncommand = ['true']\nenabled = false\n")
        .says("error: punctual.toml:3:1: unknown key \"shedule\" in [jobs.backup]\n")
        .says("hint: did you mean \"schedule\"?\n");
    refused("[jobs.hello]\ntimeout = '0s'")
        .says("punctual.toml:2:11: \"timeout\" in [jobs.hello]: must be longer than zero");
    refused("[jobs.hello]\n[jobs.hello]").says("punctual.toml:2:7: duplicate key: hello");
    refused("[jobs.history]\nenabled = false\ncommand = ['x']").says("is a command of punctual");
    refused("[jobs.help]\nenabled = false\ncommand = ['x']").says("is a command of punctual");
    refused("[jobs.mem-repor]").says("did you mean \"mem-report\"?");
    refused("database = 'postgres://me:s3cr3t@host/db").says("punctual.toml:1:");
}

#[test]
fn several_mistakes_are_lines_of_one_error() {
    let ran = refused("log_keep = 0\n\"\\u001b[31m\" = 1\nlog_format = 'xml'\n");
    let expected = "error: punctual.toml:1:12: \"log_keep\": must be from 1 to 65535, not 0\n       \
                    punctual.toml:2:1: unknown key \"\\u{1b}[31m\" (known here: ";
    assert!(ran.stderr.starts_with(expected), "{ran:#?}");
    assert!(
        ran.says("\n       punctual.toml:3:14: \"log_format\": must be").stderr.lines().count()
            == 3
    );
}

#[test]
fn what_is_no_configuration_file_is_78_and_says_what_it_is() {
    refused([0xff, 0xfe, b'#', 0]).says("is UTF-16, not UTF-8").says("hint: save it as UTF-8");
    refused(b"# caf\xe9 ok\n").says("punctual.toml:1: the byte 0xe9 is not UTF-8");
    refused(b"# ok\n\n# caf\xe9").says("punctual.toml:3: the byte 0xe9 is not UTF-8");
    refused(std::fs::read("/bin/true").expect("a binary")).says("is no text: it has NUL bytes");
    refused("#".repeat(1024 * 1024 + 1)).says("is larger than 1 MiB");

    let sandbox = Sandbox::new();
    let run = |file: &str| sandbox.run(["hello", "--config", file]).exits(78);
    run("none.toml").says("none.toml does not exist").says("hint: create it, or name another");
    run(".").says("is a directory");
    run("/dev/zero").says("is larger than 1 MiB");
    let huge = File::create(sandbox.path("huge.toml")).expect("a file");
    huge.set_len(100_000_000).expect("a sparse file");
    run("huge.toml").says("is larger than 1 MiB");
    let mut command = sandbox.command(["hello"]);
    Ran::of(command.env("PUNCTUAL_CONFIG", "none.toml")).exits(78).says("none.toml does not exist");
    std::fs::create_dir_all(sandbox.path(".config/punctual/punctual.toml")).expect("a directory");
    sandbox.run(["hello"]).exits(78).says("is a directory");
}

#[test]
fn what_is_odd_but_fine_is_taken() {
    for text in ["", "\u{feff}log_keep = 3\r\n", &"#".repeat(1024 * 1024)] {
        Ran::of(&mut hello(&with_file(text))).exits(0).silent();
    }
    let sandbox = Sandbox::new();
    sandbox.run(["hello", "--config", "/dev/null"]).exits(0).silent();
    Ran::of(sandbox.command(["hello"]).env("PUNCTUAL_CONFIG", "")).exits(0).silent();
}

#[test]
fn a_file_that_cannot_be_read_is_78() {
    let sandbox = with_file("");
    let file = sandbox.path("punctual.toml");
    std::fs::set_permissions(&file, Permissions::from_mode(0o000)).expect("the owner may");
    let mut command = without_privileges(&sandbox, ["hello", "--config", "punctual.toml"]);
    Ran::of(&mut command)
        .exits(78)
        .says("punctual.toml cannot be read: Permission denied")
        .says("hint: let the user that runs punctual read it");
}

#[test]
fn help_and_usage_errors_do_not_need_the_file() {
    let sandbox = with_file("shedule = 1");
    let run = |arguments: &[&str]| {
        Ran::of(sandbox.command(arguments).env("PUNCTUAL_CONFIG", "punctual.toml"))
    };
    run(&["--help"]).exits(0).silent();
    run(&["hello", "--help"]).exits(0).silent();
    run(&["hello", "--timeout", "0s"]).exits(2).says("longer than zero");
    // It may be a job of that file.
    run(&["backup", "-v"]).exits(78).says("unknown key \"shedule\"");
    run(&["history"]).exits(78).says("unknown key \"shedule\"");
}

#[test]
fn a_mistake_in_the_args_of_a_job_is_one_of_the_file() {
    let sandbox = with_file("\n[jobs.hello]\nargs = ['--nmae', 'x']");
    let run = |arguments: &[&str]| {
        Ran::of(sandbox.command(arguments).env("PUNCTUAL_CONFIG", "punctual.toml"))
    };
    run(&["hello"]).exits(78).says("punctual.toml:3: args of hello: unexpected argument '--nmae'");
    run(&["mem-report"]).exits(0).silent();
    sandbox.write("punctual.toml", "[jobs.hello]\nargs = ['--name', 'x']");
    run(&["hello", "--nmae", "y"]).exits(2).says("unexpected argument '--nmae'");
    run(&["hello", "--help"]).exits(0).silent();
    sandbox.write("punctual.toml", "[jobs.hello]\nargs = ['--ping-url', 'odd']");
    run(&["hello"]).exits(78).says("punctual.toml:2: args of hello: invalid value for '--ping-url");
}

#[test]
fn a_file_that_others_may_write_or_whose_secrets_they_may_read_is_a_warning() {
    let warnings = |text: &str, mode: u32| {
        let sandbox = with_file(text);
        let permissions = Permissions::from_mode(mode);
        std::fs::set_permissions(sandbox.path("punctual.toml"), permissions)
            .expect("the owner may");
        Ran::of(&mut hello(&sandbox)).exits(0).silent();
        let stderr = Ran::of(hello(&sandbox).arg("-v")).exits(0).stderr;
        let warnings = stderr.lines().filter(|line| line.contains("everybody can"));
        warnings.map(|line| line.to_owned()).collect::<Vec<_>>()
    };
    let secret = "[jobs.hello]\nping_url = 'https://hc.example/s3cr3t'";
    assert_eq!(warnings("", 0o644), [""; 0]);
    assert_eq!(warnings(secret, 0o640), [""; 0]);
    let written = warnings("", 0o666);
    assert!(written.len() == 1 && written[0].contains("chmod o-w punctual.toml"), "{written:?}");
    let read = warnings(secret, 0o604);
    assert!(read.len() == 1 && read[0].contains("chmod o-r punctual.toml"), "{read:?}");
    assert!(!read[0].contains("s3cr3t"));
    assert_eq!(warnings(secret, 0o666).len(), 2);
}
