use clap::{Args as _, FromArgMatches as _};

use super::choice::Origin;
use super::*;

/// A command line as cli defines it: global flags, one subcommand.
fn definition() -> clap::Command {
    let hello = clap::Command::new("hello").arg(clap::Arg::new("name").long("name"));
    let command =
        clap::Command::new("hello-command").arg(clap::Arg::new("words").num_args(..).last(true));
    GlobalArgs::augment_args(clap::Command::new("punctual").subcommands([hello, command]))
}

fn global_args(definition: clap::Command, arguments: &[&str]) -> GlobalArgs {
    let matches = definition.try_get_matches_from(arguments).expect("arguments are valid");
    GlobalArgs::from_arg_matches(&matches).expect("arguments are valid")
}

fn rules() -> Rules {
    Rules { builtin_jobs: Vec::new(), commands: Vec::new(), check_schedule: |_| Ok(()) }
}

#[test]
fn without_a_terminal_only_errors_reach_stderr() {
    assert_eq!(stderr_level(0, false, false), LevelFilter::ERROR);
    assert_eq!(stderr_level(0, false, true), LevelFilter::WARN);
    assert_eq!(stderr_level(3, true, true), LevelFilter::ERROR);
    assert_eq!(stderr_level(1, false, false), LevelFilter::INFO);
}

#[test]
fn a_database_url_never_becomes_a_file_name() {
    let url = DatabaseSource::from_text("postgres://user:secret@host/db").expect("known");
    let shared = open_database(url).expect("nothing is connected to yet");
    assert!(shared.as_postgres().is_some() && !format!("{shared:?}").contains("secret"));
    let url = DatabaseSource::from_text("postgres://user:secret@host:port/db").expect("known");
    let error = open_database(url).expect_err("no port");
    assert_eq!(error.exit(), Exit::Configuration);
    assert!(!error.chain().contains("secret"), "{}", error.chain());
    let unknown = DatabaseSource::from_text("mysql://user:secret@host/db").expect_err("unknown");
    assert_eq!(unknown, "unknown kind of database: mysql");
    let keywords = DatabaseSource::from_text("host=db user=me password=secret");
    assert!(!keywords.expect_err("no file").contains("secret"));
    let path = DatabaseSource::from_text("data/x.db").expect("a path");
    let file = open_database(path).expect("a path");
    assert_eq!(file.path(), Some(PathBuf::from("data/x.db").as_path()));
}

#[test]
fn the_early_look_finds_the_file_that_clap_finds() {
    let lines: [&[&str]; 8] = [
        &["hello"],
        &["--config", "a.toml", "hello"],
        &["--config=a.toml", "hello"],
        &["hello", "--config", "a.toml", "--name", "x"],
        &["hello", "--name", "x", "--config=a=b.toml"],
        &["-v", "hello", "--log-dir", "x", "--config", "a b.toml", "-q"],
        &["hello-command", "--config", "a.toml", "--", "--config", "b.toml"],
        &["hello-command", "--", "--config", "b.toml"],
    ];
    for words in lines {
        let arguments = [&["punctual"], words].concat();
        let early: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        let args = global_args(definition(), &arguments);
        assert_eq!(args.flags.config, config_path_from(&early), "{words:?}");
    }
}

#[test]
fn a_setting_is_named_alike_as_flag_variable_and_key() {
    let definition = definition();
    let only_flags = ["output", "verbose", "quiet"];
    let settings = definition
        .get_arguments()
        .filter(|argument| !only_flags.contains(&argument.get_id().as_str()));
    let mut names = Vec::new();
    for argument in settings {
        let name = argument.get_id().as_str();
        let flag = Origin::Flag(name.to_owned().leak()).to_string();
        assert_eq!(flag, format!("flag --{}", argument.get_long().expect("a long flag")));
        let variable = argument.get_env().expect("a variable").to_str().expect("UTF-8");
        let environment = Origin::Environment(name.to_owned().leak()).to_string();
        assert_eq!(environment, format!("environment {variable}"));
        assert!(argument.get_default_values().is_empty(), "{name}: the file would never win");
        names.push(name.to_owned());
    }
    let args = global_args(definition.clone(), &["punctual", "--state-dir", "x", "hello"]);
    let settings = Settings::resolve(&args, Config::default()).expect("resolved");
    // Another way to say where the database is.
    names.retain(|name| name != "database_file");
    let mut resolved: Vec<_> = settings.resolved.iter().map(|setting| setting.name).collect();
    names.sort_unstable();
    resolved.sort_unstable();
    assert_eq!(resolved, names);
}

#[test]
fn each_value_knows_where_it_came_from() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("punctual.toml");
    let text = "database = \"postgres://me:s3cr3t@host/db?sslpassword=s3cr3t\"\nlog_dir = \"logs\"\n\
                log_keep = 3\nhistory_keep = \"5d\"\nhistory_max = 7\n";
    std::fs::write(&file, text).expect("a file");
    let config = Config::load(&file, rules).expect("a valid file");
    // The environment of the tests is what it is: PATH stands for a variable that is set.
    let definition = definition().mut_arg("log_dir", |argument| argument.env("PATH"));
    let arguments = ["punctual", "hello", "--state-dir", "here", "--history-max", "9"];
    let args = global_args(definition, &arguments);

    let mut choice = Choice::new(&args, &config);
    choice.or("database", &None, &config.database, DatabaseSource::Path(PathBuf::new()));
    let settings = choice.finish();
    let shown = |settings: &[ResolvedSetting], name: &str| -> String {
        let setting = settings.iter().find(|setting| setting.name == name).expect("a setting");
        format!("{} ({})", setting.value, setting.origin)
    };
    let file = file.display();
    assert_eq!(
        shown(&settings, "database"),
        format!("postgres://me:redacted@host/db (file {file}:1)")
    );
    assert_eq!(shown(&settings, "config"), format!("{file} (default)"));

    let config = Config { database: None, ..config };
    let settings = Settings::resolve(&args, config).expect("resolved");
    let shown = |name: &str| shown(&settings.resolved, name);
    assert_eq!(shown("state_dir"), "here (flag --state-dir)");
    assert_eq!(shown("database"), "here/punctual.db (default)");
    assert!(shown("log_dir").ends_with(" (environment PUNCTUAL_LOG_DIR)"));
    assert_eq!(shown("log_keep"), format!("3 (file {file}:3)"));
    assert_eq!(shown("log_format"), "text (default)");
    assert_eq!(shown("history_keep"), format!("5d (file {file}:4)"));
    assert_eq!(shown("history_max"), "9 (flag --history-max)");
    assert_eq!(settings.retention.runs_max, 9);
    assert_eq!(settings.retention.age_max, Duration::from_secs(5 * 24 * 60 * 60));
    assert_eq!(settings.log.files_kept, 3);
    let debugged = format!("{settings:?}");
    assert!(!debugged.contains("s3cr3t"), "{debugged}");
}
