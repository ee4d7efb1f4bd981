use super::*;

/// The file of every test.
const FILE: &str = "/etc/punctual/punctual.toml";

fn rules() -> Rules {
    Rules {
        builtin_jobs: vec!["hello", "jupiter-sync"],
        commands: ["daemon", "help", "history"].map(str::to_owned).into(),
        check_schedule: |schedule| match schedule {
            "61 * * * *" => Err("minute: 61 is above 59".to_owned()),
            _ => Ok(()),
        },
    }
}

fn try_parse(text: &str) -> Result<Config> {
    Config::parse(Path::new(FILE), text, &rules())
}

#[track_caller]
fn parse(text: &str) -> Config {
    try_parse(text).unwrap_or_else(|error| panic!("{}", error.chain()))
}

/// Parses the entries of one command job.
#[track_caller]
fn job(entries: &str) -> JobConfig {
    let text = format!("[jobs.backup]\nschedule = \"@daily\"\ncommand = [\"true\"]\n{entries}");
    parse(&text).jobs.remove(0)
}

/// The mistakes of a file without its name, and the hint.
#[track_caller]
fn mistakes(text: &str) -> String {
    let error = match try_parse(text) {
        Ok(config) => panic!("{text:?} was taken: {config:?}"),
        Err(error) => error,
    };
    assert_eq!(error.exit(), Exit::Configuration);
    let hint = error.hint_text().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{}{hint}", error.lines().join("\n")).replace(&format!("{FILE}:"), "")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(mistakes(text), expected, "in {text:?}");
}

/// The same for what stands in line 4, in a command job.
#[track_caller]
fn check_job(entries: &str, expected: &str) {
    let head = "[jobs.backup]\nschedule = \"@daily\"\ncommand = [\"true\"]\n";
    check(&format!("{head}{entries}"), expected);
}

/// `examples/punctual.toml` shows everything that there is, and nothing else.
#[test]
fn the_example_has_every_key() {
    let example = include_str!("../../examples/punctual.toml");
    let Config {
        path,
        database,
        state_dir,
        log_dir,
        log_keep,
        log_format,
        history_keep,
        history_max,
        host,
        lease,
        listen,
        max_running,
        stop_timeout,
        metrics_dir,
        on_failure,
        jobs,
        warnings,
    } = parse(example);
    assert_eq!(path.as_deref(), Some(Path::new(FILE)));
    assert!(
        matches!(database.as_deref(), Some(DatabaseSource::Path(path)) if path.ends_with("punctual.db"))
    );
    assert_eq!(state_dir.as_deref(), Some(&PathBuf::from("/var/lib/punctual")));
    assert_eq!(log_dir.as_deref(), Some(&PathBuf::from("/var/log/punctual")));
    assert_eq!(log_keep.as_deref(), Some(&14));
    assert_eq!(log_format.as_deref(), Some(&LogFormat::Text));
    assert_eq!(history_keep.as_deref(), Some(&Duration::from_secs(90 * 24 * 60 * 60)));
    assert_eq!(history_max.as_deref(), Some(&10_000));
    assert_eq!(host.as_deref().map(String::as_str), Some("db1"));
    assert_eq!(lease.as_deref(), Some(&Duration::from_secs(30)));
    assert_eq!(listen.as_deref().map(ToString::to_string).as_deref(), Some("127.0.0.1:9187"));
    assert_eq!(max_running.as_deref(), Some(&8));
    assert_eq!(stop_timeout.as_deref(), Some(&Duration::from_secs(30)));
    assert!(metrics_dir.is_some() && warnings.is_empty());

    let on_failure = on_failure.expect("the global one");
    assert_eq!((on_failure.after, on_failure.at_most_every), (1, Duration::from_secs(60 * 60)));
    let Tell::Command(command) = on_failure.tell else { panic!("{:?}", on_failure.tell) };
    assert_eq!(command.program, PathBuf::from("mail"));
    assert_eq!(command.arguments, ["-s", "a job failed", "ops@example.org"]);

    let [builtin, backup] = <[JobConfig; 2]>::try_from(jobs).expect("two jobs");
    assert_eq!(builtin.name, "jupiter-sync");
    let JobWork::Builtin { arguments } = builtin.work else { panic!("{:?}", builtin.work) };
    assert_eq!(arguments.map(|list| list.value), Some(vec!["--update".to_owned()]));

    let JobConfig {
        name,
        line,
        work,
        schedule,
        timeout,
        grace,
        retries,
        overlap,
        catch_up,
        jitter,
        enabled,
        ping_url,
        on_failure,
    } = backup;
    let JobWork::Command { command, env, working_dir, description } = work else {
        panic!("{work:?}")
    };
    assert_eq!(name, "nightly-backup");
    let header = |table: &str| example.lines().position(|line| line == table).expect("it") + 1;
    assert_eq!(line, header("[jobs.nightly-backup]"));
    let own_line = on_failure.as_ref().map(|own| own.line);
    assert_eq!(own_line, Some(header("[jobs.nightly-backup.on_failure]")));
    assert_eq!(command.program, PathBuf::from("/usr/local/bin/backup"));
    assert_eq!(command.arguments, ["--all"]);
    assert_eq!(env, [("BACKUP_TARGET".to_owned(), Secret::new("s3"))]);
    assert_eq!(working_dir, Some(PathBuf::from("/srv")));
    assert_eq!(description.as_deref(), Some("Back the whole machine up"));
    assert_eq!(schedule.as_deref().map(String::as_str), Some("30 3 * * *"));
    assert_eq!(timeout.as_deref(), Some(&Duration::from_secs(20 * 60)));
    assert_eq!(grace.as_deref(), Some(&Duration::from_secs(30)));
    assert_eq!(retries.as_deref(), Some(&2));
    assert_eq!(overlap.as_deref(), Some(&Overlap::Wait));
    assert_eq!(catch_up.as_deref(), Some(&true));
    assert_eq!(jitter.as_deref(), Some(&Duration::from_secs(5 * 60)));
    assert!(enabled);
    assert!(matches!(ping_url.as_deref(), Some(SecretSource::File(_))));
    assert!(matches!(on_failure.map(|own| own.tell), Some(Tell::Webhook(SecretSource::File(_)))));
}

#[test]
fn an_empty_file_says_nothing_and_defaults_are_small() {
    for text in ["", "# nothing\n\n", "[jobs]\n"] {
        let config = parse(text);
        assert!(config.jobs.is_empty() && config.database.is_none() && config.job("x").is_none());
    }
    let job = job("on_failure.command = [\"mail\", \"ops\"]");
    assert!(job.enabled && job.timeout.is_none());
    let on_failure = job.on_failure.expect("its own");
    assert_eq!((on_failure.after, on_failure.at_most_every), (1, Duration::from_secs(3600)));
    assert_eq!(Overlap::default(), Overlap::Skip);
}

#[test]
fn jobs_come_in_the_order_of_the_file_with_their_lines() {
    let config = parse(
        "jobs.zebra = { command = ['z'], schedule = '@daily' }\n[jobs.hello]\n\n\
         schedule = 'every 1m'\n[jobs.alpha]\ncommand = ['a']\nenabled = false\n",
    );
    let names: Vec<&str> = config.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["zebra", "hello", "alpha"]);
    let hello = config.job("hello").expect("a job");
    let line = hello.schedule.as_ref().expect("a schedule").line;
    let error = config.error_at(line, "no good");
    assert_eq!(error.chain(), "/etc/punctual/punctual.toml:4: no good");
    assert!(!config.jobs[2].enabled, "only a job that is enabled needs a schedule");
}

#[test]
fn relative_paths_are_below_the_files_folder() {
    let config = parse(
        "database = 'data/x.db'\nstate_dir = '../state'\nlog_dir = '/var/log'\n[jobs.backup]\n\
         schedule = '@daily'\ncommand = ['./backup', './x']\nworking_dir = 'work'\n\
         ping_url_file = 'ping'\n",
    );
    let folder = Path::new("/etc/punctual");
    assert!(
        matches!(config.database.as_deref(), Some(DatabaseSource::Path(path)) if *path == folder.join("data/x.db"))
    );
    assert_eq!(config.state_dir.as_deref(), Some(&folder.join("../state")));
    assert_eq!(config.log_dir.as_deref(), Some(&PathBuf::from("/var/log")));
    let JobWork::Command { command, working_dir, .. } = &config.jobs[0].work else { panic!() };
    assert_eq!(command.program, folder.join("./backup"));
    assert_eq!(command.arguments, ["./x"], "what an argument means only the program knows");
    assert_eq!(working_dir.as_ref(), Some(&folder.join("work")));
    assert!(
        matches!(config.jobs[0].ping_url.as_deref(), Some(SecretSource::File(path)) if *path == folder.join("ping"))
    );

    let named = Config::parse(Path::new("here.toml"), "state_dir = 'x'", &rules()).expect("valid");
    assert!(named.state_dir.expect("a path").is_absolute());
}

#[test]
fn unknown_keys_name_the_nearest_one() {
    check(
        "shedule = 1",
        "1:1: unknown key \"shedule\"\nhint: known here: database, database_file, state_dir, log_dir, log_keep, log_format, history_keep, history_max, host, lease, listen, max_running, stop_timeout, metrics_dir, on_failure, jobs",
    );
    check("log-dir = 'x'", "1:1: unknown key \"log-dir\"\nhint: did you mean \"log_dir\"?");
    check("[job.x]", "1:2: unknown key \"job\"\nhint: did you mean \"jobs\"?");
    check_job(
        "\n  shedule = '@daily'",
        "5:3: unknown key \"shedule\" in [jobs.backup]\nhint: did you mean \"schedule\"?",
    );
    check_job(
        "[jobs.backup.on_failure]\nwebhok = 'x'\ncommand = ['mail']",
        "5:1: unknown key \"webhok\" in [jobs.backup.on_failure]\nhint: did you mean \"webhook\"?",
    );
    check_job(
        "max_running = 3",
        "4:1: unknown key \"max_running\" in [jobs.backup]\n\
         hint: move it to the top of the file, above the first [table]",
    );
}

#[test]
fn wrong_types_are_told_in_words() {
    check("log_keep = '3'", "1:12: \"log_keep\": must be a whole number, not text");
    check("log_keep = 1.5", "1:12: \"log_keep\": must be a whole number, not a fraction");
    check("log_keep = 0", "1:12: \"log_keep\": must be from 1 to 65535, not 0");
    check("log_keep = 65_536", "1:12: \"log_keep\": must be from 1 to 65535, not 65536");
    check(
        "history_max = 99999999999999999999",
        "1:15: \"history_max\": must be from 1 to 4294967295, not 99999999999999999999",
    );
    check("state_dir = 3", "1:13: \"state_dir\": must be text in quotes, not a number");
    check("state_dir = ' '", "1:13: \"state_dir\": must not be empty");
    check("state_dir = \"a\\u0000\"", "1:13: \"state_dir\": must not contain NUL");
    check(
        "log_dir = '~/log'",
        "1:11: \"log_dir\": must be a whole path: only a shell knows what ~ is",
    );
    check(
        "log_format = 'xml'",
        "1:14: \"log_format\": must be one of \"text\", \"json\", not \"xml\"",
    );
    check(
        "listen = ':9187'",
        "1:10: \"listen\": must be an address with a port, like 127.0.0.1:9187",
    );
    check("listen = 9187", "1:10: \"listen\": must be text in quotes, not a number");
    check(
        "database = 'mysql://me:s3cr3t@host'",
        "1:12: \"database\": unknown kind of database: mysql",
    );
    check("on_failure = ['mail']", "1:14: \"on_failure\": must be a table, not a list");
    check("[[jobs]]", "1:1: \"jobs\": must be a table, not a list of tables");
    check("jobs.backup = 'x'", "1:15: \"backup\" in [jobs]: must be a table, not text");
    let job = [
        ("enabled = 1", "11: \"enabled\" in [jobs.backup]: must be true or false, not a number"),
        ("catch_up = 'yes'", "12: \"catch_up\" in [jobs.backup]: must be true or false, not text"),
        ("retries = -1", "11: \"retries\" in [jobs.backup]: must be from 0 to 1000, not -1"),
        (
            "overlap = 'queue'",
            "11: \"overlap\" in [jobs.backup]: must be one of \"skip\", \"wait\", \"allow\", not \"queue\"",
        ),
        ("env = ['A=b']", "7: \"env\" in [jobs.backup]: must be a table, not a list"),
        ("env.A = 3", "5: \"A\" in [jobs.backup.env]: must be text in quotes, not a number"),
        ("env.'A=' = ''", "5: \"A=\" in [jobs.backup.env]: no name for an environment variable"),
        (
            "jitter = 2000-01-01",
            "10: \"jitter\" in [jobs.backup]: must be text like \"10m\", not a date",
        ),
        ("description = ''", "15: \"description\" in [jobs.backup]: must not be empty"),
    ];
    for (entry, expected) in job {
        check_job(entry, &format!("4:{expected}"));
    }
    assert_eq!(
        job_env("env.EMPTY = ''\nenv.A = 'ü'"),
        [("A", "ü"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), Secret::new(value)))
    );
}

#[track_caller]
fn job_env(entries: &str) -> Vec<(String, Secret)> {
    match job(entries).work {
        JobWork::Command { env, .. } => env,
        other => panic!("{other:?}"),
    }
}

#[test]
fn durations_are_those_of_the_flags() {
    let unit = "time unit needed, for example 10sec or 10ms; write durations as 10s, 5m or 1h 30m";
    check_job("timeout = '10'", &format!("4:11: \"timeout\" in [jobs.backup]: {unit}"));
    check_job(
        "timeout = 10",
        "4:11: \"timeout\" in [jobs.backup]: must be text like \"10m\", not a number",
    );
    check_job("timeout = '0s'", "4:11: \"timeout\" in [jobs.backup]: must be longer than zero");
    check_job("timeout = '366d'", "4:11: \"timeout\" in [jobs.backup]: must be at most 365d");
    check_job("grace = '9y'", "4:9: \"grace\" in [jobs.backup]: must be at most 365d");
    check(
        "stop_timeout = '-1s'",
        "1:16: \"stop_timeout\": expected number at 0; write durations as 10s, 5m or 1h 30m",
    );
    assert_eq!(job("grace = '0s'").grace.as_deref(), Some(&Duration::ZERO));
    assert!(parse("history_keep = '5y'").history_keep.is_some(), "a history may be longer");
    let error = "1:16: \"history_keep\": must be longer than zero";
    check("history_keep = '0s'", error);
}

#[test]
fn schedules_are_checked_by_who_knows_them() {
    check(
        "[jobs.hello]\nschedule = '61 * * * *'",
        "2:12: \"schedule\" in [jobs.hello]: minute: 61 is above 59",
    );
    check(
        "\n[jobs.backup]\ncommand = ['true']",
        "2:7: [jobs.backup] has no schedule\n\
         hint: give it one, like schedule = \"30 3 * * *\", or enabled = false",
    );
    assert!(parse("[jobs.hello]").jobs[0].schedule.is_none(), "a built-in job has one already");
}

#[test]
fn a_job_is_either_built_in_or_has_a_command() {
    check(
        "[jobs.jupiter]\nschedule = '@daily'",
        "1:7: [jobs.jupiter] has no command, and is no built-in job\n\
         hint: did you mean \"jupiter-sync\"?",
    );
    check(
        "[jobs.cleanup]",
        "1:7: [jobs.cleanup] has no command, and is no built-in job\n\
         hint: give it one, like command = [\"/usr/local/bin/backup\"]",
    );
    check(
        "[jobs.hello]\ncommand = ['true']",
        "2:1: \"command\" in [jobs.hello]: this is a built-in job\n\
         hint: choose another name for a job of your own",
    );
    check(
        "[jobs.hello]\nenv = {}",
        "2:1: \"env\" in [jobs.hello]: only for jobs that have a command\nhint: remove it",
    );
    check_job(
        "args = ['x']",
        "4:1: \"args\" in [jobs.backup]: only for built-in jobs\n\
         hint: append them to the command",
    );
    let command =
        |value: &str| mistakes(&format!("[jobs.b]\nschedule = '@daily'\ncommand = {value}"));
    assert_eq!(command("[]"), "3:11: \"command\" in [jobs.b]: must begin with a program");
    assert_eq!(command("['', 'x']"), "3:11: \"command\" in [jobs.b]: must begin with a program");
    assert_eq!(
        command("'true'"),
        "3:11: \"command\" in [jobs.b]: must be a list like [\"a\", \"b\"], not text"
    );
    assert_eq!(
        command("['a', 1]"),
        "3:11: \"command\" in [jobs.b]: each must be text in quotes, not a number"
    );
}

#[test]
fn names_of_jobs_are_kebab_case_and_free() {
    let name =
        |name: &str| mistakes(&format!("[jobs.{name}]\nschedule = '@daily'\ncommand = ['true']"));
    assert_eq!(
        name("history"),
        "1:7: [jobs.history]: \"history\" is a command of punctual\n\
         hint: choose another name for the job"
    );
    assert_eq!(
        name("Nightly_Backup"),
        "1:7: [jobs.Nightly_Backup]: a job's name is lower-case words with hyphens\n\
         hint: call it \"nightly-backup\""
    );
    for bad in ["-x", "x-", "a--b", "\"\"", "\"a b\"", "\"a/b\"", "'../x'", "\"ü\"", "\"a\\nb\""] {
        assert!(name(bad).contains("lower-case words with hyphens"), "{bad}");
    }
    assert!(name(&"x".repeat(65)).contains("longer than 64 characters"));
    assert_eq!(
        parse(&format!("[jobs.{}]\nenabled = false\ncommand = ['x']", "x".repeat(64))).jobs.len(),
        1
    );
}

#[test]
fn what_excludes_each_other_is_told() {
    check(
        "database_file = 'a'\ndatabase = 'b'",
        "1:1: \"database_file\": \"database\" is given too\nhint: keep one of them",
    );
    check_job(
        "ping_url = 'https://hc.example/1'\nping_url_file = 'x'",
        "5:1: \"ping_url_file\" in [jobs.backup]: \"ping_url\" is given too\nhint: keep one of them",
    );
    let one_of =
        "needs either a command or a webhook\nhint: keep one of command, webhook and webhook_file";
    for entries in [
        "after = 2",
        "command = ['x']\nwebhook = 'https://x'",
        "webhook = 'https://x'\nwebhook_file = 'x'",
    ] {
        check(&format!("[on_failure]\n{entries}"), &format!("1:1: [on_failure] {one_of}"));
    }
    check(
        "[on_failure]\ncommand = ['x']\nafter = 0",
        "3:9: \"after\" in [on_failure]: must be from 1 to 1000, not 0",
    );
}

#[test]
fn secrets_are_neither_shown_nor_told() {
    let web = "must be an address that begins with https:// or http://";
    for url in ["s3cr3t", "ftp://x/s3cr3t", "https://", "//s3cr3t"] {
        let entry = format!("ping_url = '{url}'");
        check_job(&entry, &format!("4:12: \"ping_url\" in [jobs.backup]: {web}"));
    }
    let config = parse(
        "database = 'postgres://me:s3cr3t@host/db'\n[on_failure]\nwebhook = 'https://x/s3cr3t'\n\
         [jobs.backup]\nschedule = '@daily'\ncommand = ['x']\nenv.PASSWORD = 's3cr3t'\n\
         ping_url = 'https://hc.example/s3cr3t'\n",
    );
    let debugged = format!("{config:?}");
    assert!(!debugged.contains("s3cr3t"), "{debugged}");
    let ping_url = config.jobs[0].ping_url.as_ref().expect("a ping URL");
    assert_eq!(ping_url.read().expect("a value").expose(), "https://hc.example/s3cr3t");
}

#[test]
fn only_what_is_secret_makes_a_file_secret() {
    let job = |entry: &str| format!("[jobs.hello]\n{entry}");
    let secret = [
        "database = 'postgres://me:x@host/db'".to_owned(),
        "on_failure.webhook = 'https://x/y'".to_owned(),
        job("ping_url = 'https://x/y'"),
        job("on_failure.webhook = 'https://x/y'"),
    ];
    let harmless = [
        "database = 'postgres://host/db'".to_owned(),
        "database_file = 'x'".to_owned(),
        "on_failure.command = ['x']".to_owned(),
        job("ping_url_file = 'x'"),
        job("on_failure.webhook_file = 'x'"),
    ];
    assert!(secret.iter().all(|text| parse(text).holds_secrets()));
    assert!(harmless.iter().all(|text| !parse(text).holds_secrets()));
}

#[test]
fn a_file_that_is_no_toml_is_told_where() {
    check("state_dir", "1:10: key with no value, expected `=`");
    check("[jobs.a]\ntimeout = 10m", "2:11: string values must be quoted, expected literal string");
    check("[jobs.a]\n[jobs.b]\n[jobs.a]", "3:7: duplicate key: a");
    check("log_keep = 1\nlog_keep = 2", "2:1: duplicate key: log_keep");
    check("jobs.a = [[[[[[", "1:16: unclosed array, expected `]`");
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(mistakes(&deep).starts_with("1:"), "nesting has a limit");
}

#[test]
fn columns_count_characters_and_lines_end_as_they_like() {
    check("\r\n\r\nlog_keep = 'ü'\r\n", "3:12: \"log_keep\": must be a whole number, not text");
    check("x = 'ü', y", "1:8: unexpected key or value, expected newline, `#`");
}

#[test]
fn all_mistakes_are_told_at_once_in_the_files_order() {
    let text = "log_keep = 0\n[jobs.backup]\nschedule = '61 * * * *'\ncommand = []\nshedule = 1\n";
    check(
        text,
        "1:12: \"log_keep\": must be from 1 to 65535, not 0\n\
         3:12: \"schedule\" in [jobs.backup]: minute: 61 is above 59\n\
         4:11: \"command\" in [jobs.backup]: must begin with a program\n\
         5:1: unknown key \"shedule\" in [jobs.backup] (did you mean \"schedule\"?)",
    );
    let many: String = (0..5000).map(|number| format!("x{number} = 1\n")).collect();
    let told = mistakes(&many);
    assert_eq!(told.lines().count(), 21);
    assert!(told.ends_with("\nand 4980 more mistakes"), "{told}");
}

#[test]
fn a_secret_in_a_file_is_read_without_the_white_space_around_it() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("secret");
    let source = SecretSource::File(path.clone());
    let missing = source.read().expect_err("no file");
    assert_eq!(missing.exit(), Exit::Configuration);
    assert!(missing.chain().contains("No such file"), "{missing:?}");
    std::fs::write(&path, "\n").expect("a file");
    assert!(source.read().expect_err("empty").chain().ends_with("is empty"));
    std::fs::write(&path, "x".repeat(64 * 1024 + 1)).expect("a file");
    assert!(source.read().expect_err("no secret").chain().contains("too large"));
    std::fs::write(&path, " s3cr3t\n").expect("a file");
    assert_eq!(source.read().expect("a secret").expose(), "s3cr3t");
}
