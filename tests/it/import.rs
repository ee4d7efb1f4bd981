//! `import crontab`: a crontab of real life becomes a configuration file that can be used as it is.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::sandbox::{Ran, Running, Sandbox};

const REAL_LIFE: &str = include_str!("real_life.crontab");

/// What the import of a crontab prints.
fn import(sandbox: &Sandbox, crontab: &str, arguments: &[&str]) -> String {
    let file = sandbox.write("crontab", crontab);
    let command = ["import", "crontab", file.to_str().expect("a path in UTF-8")];
    sandbox.run(command.iter().chain(arguments)).exits(0).silent().stdout
}

/// The tables of jobs, with their names.
fn jobs(toml: &str) -> toml::Table {
    let mut table: toml::Table = toml.parse().unwrap_or_else(|error| panic!("{error}: {toml}"));
    match table.remove("jobs") {
        Some(toml::Value::Table(jobs)) => jobs,
        other => panic!("no jobs: {other:?}"),
    }
}

fn command(job: &toml::Value) -> Vec<&str> {
    let words = job["command"].as_array().expect("a command").iter();
    words.map(|word| word.as_str().expect("a word")).collect()
}

#[test]
fn a_crontab_of_real_life_becomes_a_configuration_file() {
    let sandbox = Sandbox::new();
    let toml = import(&sandbox, REAL_LIFE, &[]);
    sandbox.write("punctual.toml", &toml);
    let jobs = jobs(&toml);
    assert_eq!(jobs.len(), 49);

    // As the configuration file that it is to be.
    let next = ["next", "--config", "punctual.toml", "--output", "json"];
    let next = sandbox.run(next).exits(0).silent().stdout;
    let mut schedules = std::collections::BTreeMap::new();
    for line in next.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let job = line["job"].as_str().expect("a name").to_owned();
        schedules.insert(job, line["schedule"].as_str().expect("a schedule").to_owned());
    }
    for (name, job) in &jobs {
        assert_eq!(schedules[name], job["schedule"].as_str().expect("a schedule"), "{name}");
    }

    for name in [
        "run-parts",
        "backup",
        "backup-2",
        "pg-dump",
        "find",
        "rclone-sync",
        "artisan-schedule-run",
        "magento-cron-run",
        "occ-files-scan",
        "manage-send-queued-mail",
        "load-orders",
        "certbot-renew",
        "acme",
        "sessionclean",
        "updatedb",
        "work",
        "publish",
    ] {
        assert!(jobs.contains_key(name), "{name}: {toml}");
    }
    for reason in [
        "# line 41: @reboot has no due times; have the job started by what starts the machine\n#   @reboot /usr",
        "# line 65: starts punctual itself; ",
        "# line 66: field 1 (minute): \"0~59\" is not a number\n",
        "# line 67: field 2 (hour): 25 is not from 0 to 23\n",
        "# line 68: five fields or a name such as @daily, and a command are needed\n",
        "# MAILTO=ops@example.org: here on_failure",
        "# - What could not be taken over (5)",
        "\n# m h  dom mon dow   command\n",
    ] {
        assert!(toml.contains(reason), "{reason}: {toml}");
    }
    let artisan = &jobs["artisan-schedule-run"];
    let script = "cd /var/www/shop && php artisan schedule:run >> /dev/null 2>&1";
    assert_eq!(command(artisan), ["/bin/bash", "-c", script]);
    assert_eq!(artisan["working_dir"].as_str(), Some("/home/deploy"));
    assert!(artisan["env"].get("TZ").is_none(), "that is set further below");
    let publish = jobs["publish"]["env"].as_table().expect("an environment");
    assert_eq!(publish.keys().collect::<Vec<_>>(), ["HOME", "PATH", "TZ"]);
    let pg_dump = command(&jobs["pg-dump"])[2];
    assert_eq!(pg_dump, "pg_dump -Fc shop > /backup/shop-$(date +%Y%m%d).dump");
}

#[test]
fn what_a_command_is_to_read_is_given_to_it() {
    let sandbox = Sandbox::new();
    let crontab = "0 0 * * * cat; echo \"$0 $# 50\\%\" # end%It's%%100\\% \\n $HOME%";
    let toml = import(&sandbox, crontab, &[]);
    let jobs = jobs(&toml);
    let words = command(&jobs["cat"]);
    let ran = Ran::of(&mut sandbox.command_of(Path::new(words[0]), &words[1..])).exits(0);
    assert_eq!(ran.silent().stdout, "It's\n\n100% \\n $HOME\n/bin/sh 0 50%\n");
}

#[test]
fn a_system_crontab_names_users() {
    let sandbox = Sandbox::new();
    let crontab = "CRON_TZ=Europe/Prague\nRANDOM_DELAY=15\n-*/5 * * * *\troot  /usr/bin/check\r\n\
                   @daily www-data curl 'https://x/'\n@daily root\nCRON_TZ=UTC\n";
    let toml = import(&sandbox, crontab, &["--system"]);
    let jobs = jobs(&toml);
    // There is a command of punctual that is called like a job would be.
    let names: Vec<&String> = jobs.keys().collect();
    assert_eq!(names.len(), 2, "{toml}");
    let check = jobs.iter().find(|(name, _)| name.starts_with("check")).expect("a job").1;
    assert_eq!(command(check), ["/bin/sh", "-c", "/usr/bin/check"]);
    assert_eq!(check["jitter"].as_str(), Some("15m"));
    let curl = command(&jobs["curl"]);
    assert_eq!(curl, ["runuser", "-s", "/bin/sh", "-c", "curl 'https://x/'", "www-data"]);
    assert!(toml.contains("# CRON_TZ=Europe/Prague: cron reads"), "{toml}");
    assert!(toml.contains("# line 5: five fields or a name such as @daily, a user and"), "{toml}");
    sandbox.write("punctual.toml", &toml);
    sandbox.run(["next", "--config", "punctual.toml"]).exits(0).silent();
}

#[test]
fn names_are_unlike_those_of_jobs_and_commands() {
    let sandbox = Sandbox::new();
    let crontab = "@daily history\n@daily hello\n@daily help\n@daily hello\n@daily next week\n";
    let toml = import(&sandbox, crontab, &[]);
    let names: Vec<String> = jobs(&toml).keys().cloned().collect();
    assert_eq!(names, ["hello-2", "hello-3", "help-2", "history-2", "next-week"]);
    sandbox.write("punctual.toml", &toml);
    sandbox.run(["next", "--config", "punctual.toml"]).exits(0).silent();
}

#[test]
fn what_is_no_crontab_is_told() {
    let sandbox = Sandbox::new();
    let odd = b"# caf\xe9\n0 0 * * * echo \x1b[31m caf\xe9\n0 0 * * * echo '\x7f\x01'\n0 0 * * * x";
    sandbox.write("odd", odd);
    let toml = sandbox.run(["import", "crontab", "odd"]).exits(0).silent().stdout;
    assert!(!toml.contains('\u{1b}'), "{toml}");
    assert!(toml.contains("# line 2: not UTF-8\n"), "{toml}");
    let jobs = jobs(&toml);
    assert_eq!(command(&jobs["echo"])[2], "echo '\u{7f}\u{1}'");
    assert_eq!(command(&jobs["x"])[2], "x");

    let mut command = sandbox.command(["import", "crontab"]);
    let mut running = Running::of(command.stdin(Stdio::piped()));
    running.feed(b"@daily from-stdin\n");
    assert!(running.wait().exits(0).silent().stdout.contains("\n[jobs.from-stdin]\n"));

    sandbox.run(["import", "crontab", "none"]).exits(74).says("cannot read none: No such file");
    sandbox.run(["import", "crontab", "."]).exits(74).says("cannot read .: Is a directory");
    sandbox.run(["import", "crontab", "/dev/zero"]).exits(2).says("is larger than 1 MiB");
}

#[test]
fn an_exported_crontab_is_punctuals_own_business() {
    let sandbox = Sandbox::new();
    let toml = import(&sandbox, include_str!("../../crontab.example"), &[]);
    assert!(toml.starts_with("# Jobs from a crontab (0), "), "{toml}");
    assert_eq!(toml.matches(": starts punctual itself").count(), 2, "{toml}");
}

/// bash is what the crontab of real life asks for; what it gets has to be a script to it.
#[test]
fn every_command_is_a_script() {
    let sandbox = Sandbox::new();
    let toml = import(&sandbox, REAL_LIFE, &[]);
    for (name, job) in &jobs(&toml) {
        let words = command(job);
        let checked = Ran::of(Command::new(words[0]).args(["-n", "-c", words[2]]));
        assert_eq!(checked.exits(0).silent().stdout, "", "{name}");
    }
}
