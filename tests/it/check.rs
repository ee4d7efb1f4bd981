//! `check`: what it finds, what it says to do, and the exit code that this means.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::postgres::shared_server;
use crate::sandbox::{Ran, Sandbox, with_mount, without_privileges};
use crate::server::{Answer, Server};

/// `check` of a host with neither network nor crontab, but for what the test gives it.
fn check(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    // Whoever runs the tests may have a crontab.
    program(sandbox, "crontab", "exit 1");
    let mut command = sandbox.command(["check", "--offline"]);
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    command.env("PATH", path).args(arguments);
    command
}

/// A program in the `PATH` of the check, unless there is one of that name.
fn program(sandbox: &Sandbox, name: &str, script: &str) {
    let path = sandbox.path("bin").join(name);
    if path.exists() {
        return;
    }
    std::fs::create_dir_all(sandbox.path("bin")).expect("a folder");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file");
    set_mode(&path, 0o755);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("the owner may");
}

/// With a configuration file.
fn check_with(sandbox: &Sandbox, config: &str, arguments: &[&str]) -> Ran {
    let file = sandbox.write("punctual.toml", config);
    set_mode(&file, 0o600);
    Ran::of(check(sandbox, arguments).args(["--config", "punctual.toml"]))
}

/// That line of the text form, and the hint below it.
#[track_caller]
fn shows(ran: &Ran, status: &str, message: &str, hint: &str) {
    let mut lines = ran.stdout.lines();
    let line = lines.find(|line| line.contains(message));
    let line = line.unwrap_or_else(|| panic!("no {message:?} in {ran:#?}"));
    assert_eq!(line.split_whitespace().next(), Some(status), "{ran:#?}");
    let below = lines.next().unwrap_or_default().trim_start();
    match hint {
        "" => assert!(!below.starts_with("hint: "), "{ran:#?}"),
        hint => assert!(below.starts_with("hint: ") && below.contains(hint), "{ran:#?}"),
    }
}

/// The one error of the JSON form.
#[track_caller]
fn only_error(ran: &Ran) -> Value {
    let lines = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let errors: Vec<Value> = lines.filter(|it: &Value| it["status"] == "error").collect();
    let [error] = <[Value; 1]>::try_from(errors).unwrap_or_else(|_| panic!("{ran:#?}"));
    error
}

#[test]
fn a_new_installation_is_well_and_stays_as_it_is() {
    let sandbox = Sandbox::new();
    let ran = Ran::of(&mut check(&sandbox, &[])).exits(0).silent();
    assert!(ran.stdout.ends_with("\nall is well\n"), "{ran:#?}");
    shows(&ran, "ok", "punctual.db is not there yet; the first run makes it", "");
    shows(&ran, "ok", "jupiter-sync: at 02:00 on Monday, next at ", "");
    assert!(!sandbox.state_dir().exists(), "a check makes nothing");

    sandbox.run(["hello"]).exits(0);
    let ran = Ran::of(&mut check(&sandbox, &[])).exits(0).silent();
    shows(&ran, "ok", "punctual.db is whole (", "");
    shows(&ran, "ok", "no lost and no stuck runs within 7 days", "");
    assert_eq!(sandbox.count("SELECT count(*) FROM runs"), 1);
}

#[test]
fn json_is_one_object_per_finding() {
    let sandbox = Sandbox::new();
    let arguments = ["--output", "json", "--database", "/sys/no/punctual.db"];
    let ran = Ran::of(&mut check(&sandbox, &arguments)).exits(77).silent();
    for line in ran.stdout.lines() {
        let finding: Value = serde_json::from_str(line).expect("JSON");
        let keys: Vec<&String> = finding.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["check", "status", "message", "hint"]);
        assert_eq!(finding["status"] == "ok", finding["hint"].is_null(), "{finding}");
    }
    let error = only_error(&ran);
    assert_eq!(error["check"], "database");
    assert!(error["message"].as_str().is_some_and(|it| it.starts_with("cannot write into /sys")));
}

#[test]
fn quiet_leaves_only_errors() {
    let sandbox = Sandbox::new();
    let well = Ran::of(&mut check(&sandbox, &["-q"])).exits(0).silent();
    assert_eq!(well.stdout, "");
    let ran = Ran::of(&mut check(&sandbox, &["-q", "--database", "/sys/x/y.db"])).exits(77);
    assert!(ran.stdout.starts_with("database\n  error    cannot write into /sys"), "{ran:#?}");
    assert_eq!(ran.stdout.lines().count(), 3, "{ran:#?}");
}

#[test]
fn the_exit_code_is_that_of_the_first_error_and_advice_does_not_count() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello"]).exits(0);
    let bad = "UPDATE runs SET outcome = 'lost'";
    sandbox.database().execute_batch(bad).expect("updated");
    set_mode(&sandbox.state_dir(), 0o755);
    let ran = Ran::of(&mut check(&sandbox, &[])).exits(0).silent();
    shows(&ran, "warning", "is open to other users (mode 0755)", "chmod 700 /");
    shows(&ran, "warning", "1 lost run of hello", "punctual history hello --outcome lost");
    assert!(ran.stdout.ends_with("\nall is well, with 2 warnings\n"), "{ran:#?}");

    let config = "log_dir = '/sys/no'\n[jobs.backup]\nschedule = '@daily'\ncommand = ['/none']\n";
    let ran = check_with(&sandbox, config, &[]).exits(78).silent();
    shows(&ran, "error", "the command of backup: /none does not exist", "whole path");
    shows(&ran, "error", "cannot write into /sys", "access");
    assert!(ran.stdout.ends_with("\n2 errors, 2 warnings\n"), "{ran:#?}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_the_only_finding() {
    let sandbox = Sandbox::new();
    let ran = check_with(&sandbox, "shedule = 1\nlog_keep = 0\n", &[]).exits(78).silent();
    assert!(ran.stdout.starts_with("configuration\n  error    punctual.toml:1:1: "), "{ran:#?}");
    shows(&ran, "error", "punctual.toml:2:12: \"log_keep\": must be", "");
    let ran = check_with(&sandbox, "log_kep = 0\n", &["--output", "json"]).exits(78).silent();
    assert_eq!(
        only_error(&ran),
        json!({
            "check": "configuration",
            "status": "error",
            "message": "punctual.toml:1:1: unknown key \"log_kep\"",
            "hint": "did you mean \"log_keep\"?",
        })
    );
    let ran = Ran::of(&mut check(&sandbox, &["--config", "none.toml"])).exits(78).silent();
    shows(&ran, "error", "none.toml does not exist", "create it");
    let ran = Ran::of(&mut check(&sandbox, &["--database", "mysql://u:s3cr3t@h/d"]));
    shows(&ran.exits(78).silent(), "error", "unknown kind of database: mysql", "--database");
    sandbox
        .run(["check", "--show-config", "--config", "none.toml"])
        .exits(78)
        .says("error: the configuration file none.toml does not exist");
}

#[test]
fn what_the_configuration_names_has_to_be_there() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("work")).expect("a folder");
    let (text, empty) = (sandbox.write("text", "#!/bin/sh\n"), sandbox.write("empty", " \n"));
    let open = sandbox.write("open", "https://hc.example/s3cr3t\n");
    let wrong = sandbox.write("wrong", "s3cr3t\n");
    for (file, mode) in [(&text, 0o644), (&empty, 0o600), (&open, 0o644), (&wrong, 0o600)] {
        set_mode(file, mode);
    }
    let job = |lines: &str| {
        let config = format!("[jobs.backup]\nschedule = '@daily'\ncommand = ['true']\n{lines}\n");
        check_with(&sandbox, &config, &[])
    };
    shows(&job("working_dir = 'work'").exits(0), "ok", "backup: runs /usr/bin/true", "");
    for (lines, message, hint) in [
        ("working_dir = 'none'", "working_dir of backup: /", "make the directory"),
        ("ping_url_file = 'none'", "the ping URL of backup: the file /", "let the user"),
        ("ping_url_file = 'empty'", "empty is empty", "put the secret into it"),
        ("ping_url_file = 'wrong'", "the ping URL of backup: relative URL", "with its scheme"),
        ("ping_url_file = 'open'", "open, which holds the ping URL of backup", "chmod o-r /"),
        ("on_failure.webhook_file = 'none'", "the webhook of on_failure of backup: ", "let the"),
        ("on_failure.command = ['./text']", "on_failure of backup: /", "chmod +x"),
        ("[on_failure]\ncommand = ['none']", "the command of [on_failure]: none is in", "install"),
        ("[jobs.hello]\nargs = ['--nmae', 'x']", "punctual.toml:5: args of hello: unexp", "--help"),
    ] {
        let ran = job(lines).exits(78).silent();
        shows(&ran, "error", message, hint);
        assert!(!ran.stdout.contains("s3cr3t"), "{ran:#?}");
    }
    let bad = "[jobs.backup]\nschedule = '@daily'\ncommand = ['./text']";
    shows(&check_with(&sandbox, bad, &[]).exits(78), "error", "text is not executable", "chmod +x");
    let of_job = "env = { PATH = '/none' }";
    shows(&job(of_job).exits(78), "error", "true is in no directory of PATH (/none)", "install");

    let mut command = check(&sandbox, &[]);
    let ran = Ran::of(command.env("PUNCTUAL_JUPITER_API_URL", "s3cr3t")).exits(78);
    shows(&ran, "error", "the environment of jupiter-sync: invalid value for --api-url", "correct");
    assert!(!ran.stdout.contains("s3cr3t"), "{ran:#?}");
}

#[test]
fn a_configuration_that_others_may_write_is_an_error() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("punctual.toml", "[jobs.hello]\nping_url = 'https://h.example/x'\n");
    set_mode(&file, 0o646);
    let ran = Ran::of(&mut check(&sandbox, &["--config", "punctual.toml"])).exits(78).silent();
    shows(&ran, "error", "everybody can write", "chmod o-w punctual.toml");
    shows(&ran, "error", "and it holds secrets", "chmod o-r punctual.toml");
}

#[test]
fn directories_have_to_be_writable() {
    let sandbox = Sandbox::new();
    let (made, none) = (sandbox.state_dir(), sandbox.path("none"));
    sandbox.run(["hello"]).exits(0);
    let run = |state_dir: &Path| {
        let mut command = without_privileges(&sandbox, ["check", "--offline"]);
        Ran::of(command.env("PUNCTUAL_STATE_DIR", state_dir))
    };
    run(&made).exits(0).silent();
    run(&none).exits(0).silent();

    let lock = made.join("locks/hello.lock");
    set_mode(&lock, 0o444);
    shows(&run(&made).exits(77), "error", "locks/hello.lock cannot be written", "chown -R ");
    set_mode(&lock, 0o644);
    let database = made.join("punctual.db");
    set_mode(&database, 0o444);
    shows(&run(&made).exits(77), "error", "is read-only for this user", "write access");
    set_mode(&database, 0o644);
    set_mode(&made, 0o500);
    shows(&run(&made).exits(77), "error", "state: Permission denied", "give the user");
    shows(&run(&made.join("deep/er")).exits(77), "error", "state: Permission denied", "give");
    set_mode(&made, 0o700);

    let ran = run(&database).exits(78);
    shows(&ran, "error", "punctual.db is not a directory", "name another place");
    for setting in ["log_dir", "metrics_dir"] {
        let ran = check_with(&sandbox, &format!("{setting} = '/sys/no'"), &[]).exits(77).silent();
        shows(&ran, "error", "cannot write into /sys", "give the user");
        let ran = check_with(&sandbox, &format!("{setting} = 'some'"), &[]).exits(0).silent();
        shows(&ran, "ok", "some is not there yet; the first run makes it", "");
    }
    assert!(!sandbox.path("some").exists(), "a check makes nothing");
}

#[test]
fn a_full_disk_and_one_in_memory_are_told() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.state_dir()).expect("a directory");
    let arguments = || ["check", "--offline"].map(str::to_owned).to_vec();
    let mount = "mount -t tmpfs -o size=1m,mode=700 none state";
    let Some(ran) = with_mount(&sandbox, mount, arguments()) else { return };
    let ran = ran.exits(0);
    shows(&ran, "warning", "is in memory (tmpfs): the history ends with the machine", "a disk");
    shows(&ran, "warning", "are left for ", "free some space");
    let fill = format!("{mount} && (cat /dev/zero >state/full 2>/dev/null || true)");
    let Some(ran) = with_mount(&sandbox, &fill, arguments()) else { return };
    shows(&ran.exits(74), "error", "No space left", "free some space");
}

#[test]
fn a_database_that_cannot_be_used_is_told_and_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello"]).exits(0);
    let path = sandbox.path("other.db");
    let found = |contents: &[u8], code: i32| {
        std::fs::write(&path, contents).expect("written");
        let ran = Ran::of(&mut check(&sandbox, &["--database", "other.db"])).exits(code).silent();
        assert!(std::fs::read(&path).expect("read") == contents, "it is another one now");
        ran
    };
    let mut damaged = std::fs::read(sandbox.database_path()).expect("the database");
    damaged[4096..].fill(0x55);
    shows(&found(&damaged, 74), "error", "other.db", "sqlite3 other.db .recover");
    let text = "This is not a database. ".repeat(1000);
    shows(&found(text.as_bytes(), 74), "error", "not a database", "restore it from a backup");
    shows(&found(b"", 0), "ok", "other.db is empty; the first run sets it up", "");
    std::fs::remove_file(&path).expect("removed");
    let ran = Ran::of(&mut check(&sandbox, &["--database", "."])).exits(78);
    shows(&ran, "error", "database . is a directory", "--database");
}

#[test]
fn a_database_of_another_or_a_newer_program_is_78() {
    for (change, message) in [
        ("PRAGMA user_version = 2", "format version 2 is newer"),
        ("PRAGMA application_id = 7", "belongs to another program"),
        ("UPDATE schema_versions SET version = 99", "tables of history is newer"),
        ("INSERT INTO schema_versions VALUES ('daemon', 99)", "tables of daemon is newer"),
        ("INSERT INTO schema_versions VALUES ('jupiter-sync', 99)", "tables of jupiter-sync is"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.run(["hello"]).exits(0);
        sandbox.database().execute_batch(change).expect("changed");
        let ran = Ran::of(&mut check(&sandbox, &[])).exits(78).silent();
        shows(&ran, "error", message, "--database");
    }
    let sandbox = Sandbox::new();
    let foreign = rusqlite::Connection::open(sandbox.path("foreign.db")).expect("a database");
    foreign.execute_batch("CREATE TABLE theirs (x)").expect("a table");
    let ran = Ran::of(&mut check(&sandbox, &["--database", "foreign.db"])).exits(78);
    shows(&ran, "error", "foreign.db belongs to another program", "name a new file");
}

#[test]
fn damage_inside_a_table_is_found() {
    let sandbox = Sandbox::new();
    sandbox.run(["hello"]).exits(0);
    let database = sandbox.database();
    // An index that misses what its table has: no run would notice.
    database
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET rootpage = (
                 SELECT rootpage FROM sqlite_schema WHERE name = 'runs_claim')
             WHERE name = 'runs_by_job';",
        )
        .expect("damaged");
    drop(database);
    let ran = Ran::of(&mut check(&sandbox, &[])).exits(74).silent();
    shows(&ran, "error", "punctual.db", ".recover");
}

#[test]
fn hosts_have_to_answer_and_nothing_is_pinged() {
    let sandbox = Sandbox::new();
    let (api, pings) = (Server::start(), Server::start());
    pings.path("/", [Answer::status(500, "")]);
    let config = format!(
        "[jobs.hello]\nping_url = '{0}/s3cr3t'\n[on_failure]\nwebhook = '{0}/s3cr3t'\n",
        pings.url()
    );
    let file = sandbox.write("punctual.toml", config);
    set_mode(&file, 0o600);
    let run = |api: &str, arguments: &[&str]| {
        let mut command = sandbox.command(["check", "--config", "punctual.toml"]);
        Ran::of(command.args(arguments).env("PUNCTUAL_JUPITER_API_URL", api))
    };
    let ran = run(&api.url(), &[]).exits(0).silent();
    shows(&ran, "ok", &format!("{} answers (for jupiter-sync)", api.url()), "");
    let both = format!("{} answers (for pings of hello, [on_failure])", pings.url());
    shows(&ran, "ok", &both, "");
    assert!(!ran.stdout.contains("s3cr3t"), "{ran:#?}");
    for server in [&api, &pings] {
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].path, "/", "a check asks for nothing that means anything");
    }
    run(&api.url(), &["--offline"]).exits(0);
    assert_eq!(api.requests().len(), 1);

    // A port that is free, because nobody listens there any more.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let refused = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let ran = run(&format!("{refused}/s3cr3t"), &[]).exits(69).silent();
    shows(&ran, "error", &format!("{refused} does not answer (for jupiter-sync)"), "--offline");
    assert!(!ran.stdout.contains("s3cr3t"), "{ran:#?}");
    run(&refused, &["--offline"]).exits(0).silent();
}

/// Jobs that a crontab can start.
const JOBS: &str = "\
[jobs.hello]
enabled = false
[jobs.mem-report]
schedule = '0 4 * * *'
[jobs.jupiter-sync]
schedule = '0 2 * * 1'
";

const CRONTAB: &str = "\
0 2 * * 1  /usr/local/bin/punctual -q jupiter-sync
0 4 * * *  /usr/local/bin/punctual -q mem-report
";

#[test]
fn a_crontab_is_compared_with_the_jobs() {
    let sandbox = Sandbox::new();
    let compare = |crontab: &str| {
        sandbox.write("tab", crontab);
        check_with(&sandbox, JOBS, &["--crontab", "tab"])
    };
    let ran = compare(CRONTAB).exits(0).silent();
    shows(&ran, "ok", "tab: 2 lines are as configured", "");
    shows(&ran, "ok", "schedules are read in ", "");
    let export = "`punctual export crontab`";
    let drift = CRONTAB.replace("0 2 * * 1", "0 2 * * 2").replace("0 4", "# 0 4");
    let ran = compare(&drift).exits(78).silent();
    shows(&ran, "error", "tab, line 1: jupiter-sync is due at \"0 2 * * 2\"", export);
    shows(&ran, "error", "mem-report is in no line", export);
    let ran = compare(&CRONTAB.replace("mem-report", "mem-report --grace 1s")).exits(78).silent();
    shows(&ran, "error", "line 2: mem-report has other flags: --grace 1s (not 10s)", "remove them");
    let ran = compare(&format!("{CRONTAB}@daily punctual memreport")).exits(78).silent();
    shows(&ran, "error", "tab, line 3: unknown job \"memreport\"", "correct or remove it");
    shows(&compare("").exits(78), "error", "jupiter-sync is in no line", export);
    let ran = check_with(&sandbox, JOBS, &["--crontab", "none"]).exits(74);
    shows(&ran, "error", "the crontab none cannot be read: No such file", "--crontab");
}

#[test]
fn the_crontab_of_the_user_is_found_and_a_daemon_too() {
    let sandbox = Sandbox::new();
    sandbox.write("tab", CRONTAB.replace("0 4 * * *", "30 4 * * *"));
    program(&sandbox, "crontab", "[ \"$*\" = -l ] && cat tab");
    let ran = check_with(&sandbox, JOBS, &[]).exits(78).silent();
    shows(&ran, "error", "crontab -l, line 2: mem-report is due at \"30 4 * * *\"", "change");
    sandbox.write("tab", &CRONTAB[..CRONTAB.find('\n').expect("a line") + 1]);
    shows(&check_with(&sandbox, JOBS, &[]).exits(78), "error", "mem-report is in no line", "add");

    std::fs::create_dir(sandbox.state_dir()).expect("a directory");
    set_mode(&sandbox.state_dir(), 0o700);
    let _daemon = UnixListener::bind(sandbox.state_dir().join("daemon.sock")).expect("a socket");
    let ran = check_with(&sandbox, JOBS, &[]).exits(0).silent();
    shows(&ran, "warning", "the daemon runs these too: jupiter-sync;", "enabled = false");
    shows(&ran, "ok", "the daemon runs the enabled jobs that are in no line", "");
}

#[test]
fn cron_has_to_read_schedules_in_utc() {
    let sandbox = Sandbox::new();
    let compare = |zone: &str, crontab: &str| {
        sandbox.write("tab", crontab);
        let file = sandbox.write("punctual.toml", JOBS);
        set_mode(&file, 0o600);
        let mut command = check(&sandbox, &["--config", "punctual.toml", "--crontab", "tab"]);
        Ran::of(command.env("TZ", zone)).silent()
    };
    program(&sandbox, "crond", "# CRON_TZ");
    let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
    let ran = compare(berlin, CRONTAB).exits(78);
    let message = "(UTC+01:00 and UTC+02:00), but mean UTC: jupiter-sync (tab, line 1); mem-report";
    shows(&ran, "error", message, "write CRON_TZ=UTC above the lines");
    compare(berlin, &format!("CRON_TZ=UTC0\n{CRONTAB}")).exits(0);
    compare("UTC0", CRONTAB).exits(0);
    std::fs::write(sandbox.path("bin/crond"), "#!/bin/sh\n").expect("a cron without zones");
    let ran = compare(berlin, &format!("CRON_TZ=UTC0\n{CRONTAB}")).exits(78);
    shows(&ran, "error", "CRON_TZ is of no effect", "timedatectl set-timezone UTC");
}

#[test]
fn every_setting_is_shown_with_its_origin_and_without_its_secrets() {
    let sandbox = Sandbox::new();
    let file = sandbox.write(
        "punctual.toml",
        "log_keep = 3\nlog_dir = 'logs'\nmax_running = 4\n[on_failure]\n\
         webhook = 'https://u:s3cr3t@hooks.example/s3cr3t'\n\
         [jobs.hello]\nargs = ['--name', 'https://h.example/s3cr3t']\nenabled = false\n\
         [jobs.backup]\nschedule = '@daily'\ncommand = ['backup', '--password', 's3cr3t']\n\
         env = { PASSWORD = 's3cr3t' }\nping_url = 'https://hc.example/s3cr3t'\ntimeout = '36h'\n\
         on_failure.command = ['mail', 's3cr3t']\n",
    );
    set_mode(&file, 0o600);
    let run = |arguments: &[&str]| {
        let fixed = ["check", "--show-config", "--config", "punctual.toml", "--log-dir", "/log"];
        let mut command = sandbox.command(fixed);
        Ran::of(command.args(arguments).env("PUNCTUAL_HISTORY_MAX", "7")).exits(0).silent()
    };
    let ran = run(&["--output", "json"]);
    let settings: Vec<Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (setting, value, origin) in [
        ("config", "punctual.toml", "flag --config"),
        ("log_dir", "/log", "flag --log-dir"),
        ("log_keep", "3", "file punctual.toml:1"),
        ("history_max", "7", "environment PUNCTUAL_HISTORY_MAX"),
        ("history_keep", "90d", "default"),
        ("max_running", "4", "file punctual.toml:3"),
        ("stop_timeout", "30s", "default"),
        ("listen", "none", "default"),
        (
            "on_failure",
            "https://hooks.example/[redacted], after 1 failure, at most every 1h",
            "file punctual.toml:4",
        ),
        ("jobs.hello.args", "--name https://h.example/[redacted]", "file punctual.toml:7"),
        ("jobs.hello.enabled", "false", "file punctual.toml:6"),
        ("jobs.hello.schedule", "every 10s", "default"),
        ("jobs.jupiter-sync.timeout", "5m", "default"),
        ("jobs.jupiter-sync.catch_up", "true", "default"),
        ("jobs.backup.command", "backup (2 arguments)", "file punctual.toml:9"),
        ("jobs.backup.env.PASSWORD", "[redacted]", "file punctual.toml:9"),
        ("jobs.backup.schedule", "@daily", "file punctual.toml:10"),
        ("jobs.backup.ping_url", "https://hc.example/[redacted]", "file punctual.toml:13"),
        ("jobs.backup.timeout", "1d 12h", "file punctual.toml:14"),
        (
            "jobs.backup.on_failure",
            "mail (1 argument), after 1 failure, at most every 1h",
            "file punctual.toml:15",
        ),
    ] {
        let expected = json!({ "setting": setting, "value": value, "origin": origin });
        assert!(settings.contains(&expected), "no {expected} in {ran:#?}");
    }
    let text = run(&[]);
    assert!(text.stdout.starts_with("SETTING "), "{text:#?}");
    assert_eq!(text.stdout.lines().count(), settings.len() + 1);
    assert!(![&ran, &text].iter().any(|ran| ran.stdout.contains("s3cr3t")), "{ran:#?}");
    assert!(!sandbox.state_dir().exists(), "a look at settings leaves nothing behind");
    sandbox.run(["check", "--show-config", "--offline"]).exits(2).says("cannot be used with");
}

/// `check` with a database that many hosts share.
fn check_shared(sandbox: &Sandbox, url: &str) -> Ran {
    Ran::of(check(sandbox, &[]).env("PUNCTUAL_DATABASE", url))
}

#[test]
fn a_shared_database_is_looked_at_and_left_alone() {
    let Some(server) = shared_server() else { return };
    let (sandbox, database) = (Sandbox::new(), server.create_database());
    let ran = check_shared(&sandbox, &database.url()).exits(0).silent();
    shows(&ran, "ok", " answers: PostgreSQL 1", "");
    shows(&ran, "ok", "connections do not leave this machine", "");
    shows(&ran, "ok", "its clock and that of this host agree", "");
    shows(&ran, "ok", "its tables are not there yet; the first run makes them", "");
    shows(&ran, "ok", "punctual may do what is needed", "");
    assert_eq!(database.count("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), 0);

    let hello = |host: &str| {
        let arguments = ["--database", &database.url(), "--host", host, "hello", "--due", "none"];
        sandbox.run(arguments).exits(0);
    };
    hello("db1");
    hello("db2");
    let ran = check_shared(&sandbox, &database.url()).exits(0).silent();
    shows(&ran, "ok", "no lost and no stuck runs within 7 days", "");
    database.execute("UPDATE runs SET outcome = 'lost' WHERE host = 'db2'");
    let ran = check_shared(&sandbox, &database.url()).exits(0).silent();
    let message = "1 lost run of hello, whose process or host died, the latest of 2";
    shows(&ran, "warning", message, "punctual history hello --outcome lost");
    shows(&ran, "warning", "Z on db2", "punctual history");

    database.execute("UPDATE schema_versions SET version = 99 WHERE owner = 'history'");
    let ran = check_shared(&sandbox, &database.url()).exits(78).silent();
    shows(&ran, "error", "tables of history is newer than this program", "upgrade punctual");
    let read_only = "SET default_transaction_read_only = on";
    server.execute(&format!("ALTER DATABASE \"{}\" {read_only}", database.name()));
    let ran = check_shared(&sandbox, &database.url()).exits(69).silent();
    shows(&ran, "error", "takes no changes: it is a standby, or read-only", "name the primary");
}

#[test]
fn rights_that_are_missing_are_named_with_what_grants_them() {
    let Some(server) = shared_server() else { return };
    let (sandbox, database) = (Sandbox::new(), server.create_database());
    sandbox.run(["--database", &database.url(), "hello"]).exits(0);
    server.execute(&format!(
        "CREATE ROLE \"check poor\" LOGIN PASSWORD 'word';
         REVOKE TEMPORARY ON DATABASE \"{0}\" FROM PUBLIC",
        database.name()
    ));
    let url = server.url_of("check%20poor:word", database.name());
    let ran = check_shared(&sandbox, &url).exits(77).silent();
    shows(&ran, "error", "permission denied for table schema_versions", "GRANT the rights");
    database.execute("GRANT SELECT ON schema_versions TO \"check poor\"");

    let ran = check_shared(&sandbox, &url).exits(77).silent();
    let rights = "DELETE, INSERT, SELECT, UPDATE on runs";
    shows(&ran, "error", &format!("check poor lacks {rights}"), "ON runs TO \"check poor\"");
    shows(&ran, "error", "check poor lacks INSERT, UPDATE on schema_versions", "GRANT INSERT");
    let makes_none = "check poor may not make tables in the schema public, and some are not there";
    shows(&ran, "warning", makes_none, "GRANT CREATE ON SCHEMA \"public\"");
    database.execute("GRANT CREATE ON SCHEMA public TO \"check poor\"");
    shows(&ran, "error", "may not make temporary tables, as jupiter-sync does", "GRANT TEMPORARY");
    let hints = ran.stdout.lines().filter_map(|line| line.trim().strip_prefix("hint: GRANT "));
    for hint in hints {
        server.admin(database.name()).batch_execute(&format!("GRANT {hint}")).expect("granted");
    }
    let ran = check_shared(&sandbox, &url).exits(0).silent();
    shows(&ran, "ok", "check poor may do what is needed", "");
}

#[test]
fn a_shared_database_that_lets_nobody_in_is_an_error_that_says_why() {
    let Some(server) = shared_server() else { return };
    let (sandbox, database) = (Sandbox::new(), server.create_database());
    server.execute("CREATE ROLE check_guarded LOGIN PASSWORD 'right'");
    let refused = |url: &str, code: i32, says: &str, hint: &str| {
        let ran = check_shared(&sandbox, url).exits(code).silent();
        shows(&ran, "error", says, hint);
        assert!(!ran.stdout.contains("hidden"), "{ran:#?}");
    };
    let url = |user: &str, name: &str| server.url_of(user, name);
    let name = database.name();
    refused(&url("check_guarded:hidden", name), 77, "28P01", "check user and password");
    refused(&url("check_guarded:right", "nowhere"), 78, "3D000", "CREATE DATABASE");
    refused("postgres://jo:hidden@/app?host=/nowhere", 69, "cannot connect", "server runs");
    refused("postgres://jo:hidden@db/app?sslrootcert=/no.pem", 78, "/no.pem", "sslrootcert");
}

#[test]
fn whoever_could_read_the_password_is_named() {
    let sandbox = Sandbox::new();
    let url = "postgres://jo:hidden@/app?host=/nowhere";
    let ran = Ran::of(&mut check(&sandbox, &["--database", url])).exits(69).silent();
    shows(&ran, "warning", "the password of the database is on the command line", "0600");
    let file = sandbox.write("url", url);
    for (mode, is_open) in [(0o644, true), (0o640, false)] {
        set_mode(&file, mode);
        let ran = Ran::of(&mut check(&sandbox, &["--database-file", "url"])).exits(69).silent();
        assert!(!ran.stdout.contains("command line"), "{ran:#?}");
        assert_eq!(ran.stdout.contains("everybody can read url"), is_open, "{ran:#?}");
    }
    // The configuration may name the file too, and then it is the same.
    set_mode(&file, 0o644);
    let ran = check_with(&sandbox, "database_file = 'url'\nhost = 'localhost'\n", &[]).exits(69);
    shows(&ran, "warning", "everybody can read ", "chmod o-r ");
    shows(&ran, "warning", "this host is called localhost", "--host");
}
