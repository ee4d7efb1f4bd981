//! `export`: what cron, systemd and Kubernetes make of it. Where their own tools are installed,
//! those judge.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::sandbox::{Ran, Sandbox, repository, skipped};

/// A sandbox with a configuration in which each schedule is that of a command, `job-0` and so on.
fn with_schedules(schedules: &[String]) -> Sandbox {
    let sandbox = Sandbox::new();
    let job = |(index, schedule)| {
        format!("[jobs.job-{index}]\nschedule = '{schedule}'\ncommand = ['true']\n")
    };
    let jobs: String = schedules.iter().enumerate().map(job).collect();
    sandbox.write("punctual.toml", jobs);
    sandbox
}

fn export(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let before = ["--config", "punctual.toml", "export"];
    sandbox.run(before.iter().chain(arguments)).exits(0).silent().stdout
}

/// Runs a tool that may not be installed.
fn output_of(command: &mut Command) -> Option<Ran> {
    command.env("TZ", "UTC").stdin(Stdio::null());
    match command.output() {
        Ok(output) => Some(Ran::from_output(output)),
        Err(error) => {
            skipped(&format!("{}: {error}", command.get_program().display()));
            None
        }
    }
}

#[test]
fn a_crontab_has_a_line_for_each_job_and_a_comment_for_the_rest() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "punctual.toml",
        "[jobs.hello]\nschedule = 'every 1h 30m'\njitter = '5m'\noverlap = 'wait'\n\
         [jobs.jupiter-sync]\nenabled = false\n\
         [jobs.mem-report]\nargs = ['--max-rs', '1']\n\
         [jobs.tidy]\nschedule = '0 4 LW * *'\ncommand = ['true']\n\
         [jobs.odd-mondays]\nschedule = '0 0 */2 * mon'\ncommand = ['true']\noverlap = 'allow'\n\
         [jobs.unscheduled]\nenabled = false\ncommand = ['true']\n",
    );
    let crontab = export(&sandbox, &["crontab", "--binary", "/opt/punctual"]);
    let config = sandbox.path("punctual.toml");
    let run = format!("/opt/punctual -q --config {}", config.display());
    let (header, jobs) = crontab.split_once("\nCRON_TZ=UTC\n\n").expect("a header");
    assert!(header.lines().all(|line| line.starts_with('#')), "{header}");
    let expected = format!(
        "# hello: every 1h 30m\n\
         # Without its jitter of 5m: only the daemon delays it.\n\
         0 */3 * * * {run} hello --if-running wait\n\
         30 1-22/3 * * * {run} hello --if-running wait\n\
         \n\
         # jupiter-sync: at 02:00 on Monday (0 2 * * 1)\n\
         # Not enabled in the configuration file:\n\
         # 0 2 * * 1 {run} jupiter-sync\n\
         \n\
         # mem-report: every 1h\n\
         # Left out: unexpected argument '--max-rs' found; give it args in the configuration file.\n\
         \n\
         # tidy: at 04:00 on the last weekday (Monday to Friday) of the month (0 4 LW * *)\n\
         # Left to `punctual daemon`: cron knows no L, W or #.\n\
         \n"
    );
    let (first, rest) = jobs.split_at(expected.len().min(jobs.len()));
    assert_eq!(first, expected);
    assert_eq!(
        rest.lines().skip(1).collect::<Vec<_>>(),
        [
            "# Not for busybox: it joins the two day fields in another way.",
            "# Without overlap: a run that comes due during another is skipped; only the daemon starts it.",
            &format!("0 0 */2 * 1 {run} odd-mondays"),
        ]
    );
    assert!(!sandbox.state_dir().exists(), "an export leaves nothing behind");

    let system = export(&sandbox, &["crontab", "--binary", "/opt/punctual", "--user", "www-data"]);
    assert!(system.contains(&format!("\n0 */3 * * * www-data {run} hello ")), "{system}");
    sandbox.run(["export", "crontab", "--user", "a b"]).exits(2).says("no name of a user");
    sandbox
        .run(["export", "crontab", "--binary", r"/a\b"])
        .exits(2)
        .says("one without a backslash");
    sandbox.run(["export", "crontab", "--binary", "/a\nb"]).exits(2).says("cannot be exported");
    sandbox.run(["export"]).exits(2);
}

#[test]
fn flags_that_are_given_to_the_export_are_given_to_the_runs() {
    let sandbox = Sandbox::new();
    let flags = ["--state-dir", "st ate", "--log-dir", "st ate/logs", "--log-keep", "3"];
    let export = |flags: &[&str], form: &[&str]| {
        sandbox.run(flags.iter().chain(&["--host=-h1", "export"]).chain(form))
    };
    let path = |name: &str| sandbox.path(name).display().to_string();

    let crontab = export(&flags, &["crontab"]).exits(0).silent().stdout;
    let line = crontab.lines().find(|line| line.ends_with(" mem-report")).expect("a line");
    let command = line.strip_prefix("0 * * * * ").expect("every hour");
    Ran::of(&mut sandbox.command_of(Path::new("/bin/sh"), ["-c", command])).exits(0).silent();
    assert!(sandbox.path("st ate/punctual.db").exists() && sandbox.path("st ate/logs").exists());
    assert!(!sandbox.state_dir().exists(), "the variable does not count");
    assert!(line.contains("--log-keep=3 --host=-h1 mem-report"), "{line}");

    let systemd = ["systemd", "--binary", "/opt/punctual"];
    let units = export(&flags, &systemd).exits(0).silent().stdout;
    let start = format!("ExecStart=/opt/punctual \"--state-dir={}\" ", path("st ate"));
    assert!(units.contains(&start), "{units}");
    let written = format!("ReadWritePaths=\"-{}\" \"-{}\"\n", path("st ate"), path("st ate/logs"));
    assert!(units.contains(&written), "{units}");

    let manifests = export(&flags, &["kubernetes"]).exits(0).silent().stdout;
    assert!(manifests.contains(&format!("mountPath: \"{}\"", path("st ate"))), "{manifests}");
    let log_dir = format!("args: [\"--log-dir={}\", ", path("st ate/logs"));
    assert!(manifests.contains(&log_dir), "{manifests}");

    for (flags, form, why) in [
        (["--log-dir", "/var/log"], "kubernetes", "which is in /var/lib/punctual"),
        (["--database-file", "url"], "kubernetes", "as PUNCTUAL_DATABASE"),
        (["--database", "postgres://u:s3cr3t@db/x"], "crontab", "--database-file"),
        (["--log-dir", "a\nb"], "systemd", "cannot be exported"),
    ] {
        sandbox.write("url", "postgres://u:s3cr3t@db/x");
        let ran = export(&flags, &[form]).exits(2).says(why);
        assert!(!ran.stderr.contains("s3cr3t"), "{ran:?}");
    }
    sandbox.run(["--host", "a\nb", "export", "crontab"]).exits(2).says("cannot be exported");
}

#[test]
fn an_exported_line_runs_the_job_under_every_cron() {
    let sandbox = Sandbox::new();
    let odd = "100% 'my' $conf#.toml";
    sandbox.write(odd, "[jobs.hello]\nschedule = '@daily'\nargs = ['--name', 'cron']\n");
    let crontab = sandbox.run(["--config", odd, "export", "crontab"]).exits(0).silent().stdout;
    let line = crontab.lines().find(|line| line.ends_with(" hello")).expect("the line of hello");
    let command = line.strip_prefix("0 0 * * * ").expect("the time of @daily");
    // Cron ends the command at a percent sign that has no backslash, and takes those backslashes
    // away. busybox knows nothing of that.
    let (of_cron, of_busybox) = (command.replace("\\%", "%"), command.to_owned());
    assert!(!of_cron.replace("\\%", "").contains("\\\\"), "{of_cron}");
    for (count, command) in [of_cron, of_busybox].iter().enumerate() {
        let arguments = ["-c", command];
        Ran::of(&mut sandbox.command_of(Path::new("/bin/sh"), arguments)).exits(0).silent();
        let query = "SELECT count(*) FROM runs WHERE report LIKE '%Hello, cron!%'";
        assert_eq!(sandbox.count(query), count as i64 + 1);
    }
}

#[test]
fn crontab_itself_takes_the_exported_one() {
    let path = repository().join("crontab.example");
    let Some(ran) = output_of(Command::new("crontab").arg("-T").arg(path)) else { return };
    if ran.stderr.contains("usage") {
        return skipped("this crontab cannot check a file");
    }
    ran.exits(0);
}

/// Schedules in which every kind of day field stands beside every other, and some more.
fn many_schedules() -> Vec<String> {
    let days =
        ["*", "1,15", "13", "1-7", "*/2", "*/10,5", "L", "L,15", "LW", "1W", "2W", "15W", "27W"];
    let weekdays = ["*", "1", "mon-fri", "fri-sun", "0,6", "*/2", "5L", "5#3", "1#1,5#5"];
    let months = ["*", "2", "1,7-9", "*/3"];
    let times = ["0 2", "*/15 9-17", "0,30 */6", "5-7,40 0,12"];
    let mut schedules: Vec<String> = [
        "* * * * *",
        "* * * * * *",
        "*/10 * * * * *",
        "15,45 */7 3 * * *",
        "0 0 29 2 *",
        "0 0 31 * *",
        "@hourly",
        "@daily",
        "@weekly",
        "@monthly",
        "@yearly",
        "every 1s",
        "every 10s",
        "every 90s",
        "every 5m",
        "every 45m",
        "every 1h",
        "every 1h 30m",
        "every 1d",
        "every 7d",
    ]
    .map(str::to_owned)
    .into();
    for day in days {
        for weekday in weekdays {
            let index = schedules.len();
            let (time, month) = (times[index % times.len()], months[index % months.len()]);
            schedules.push(format!("{time} {day} {month} {weekday}"));
        }
    }
    schedules
}

#[test]
fn systemd_comes_to_the_same_due_times() {
    const COUNT: &str = "40";
    // Calendar events end with the year 2199.
    const END: &str = "2190";
    if output_of(Command::new("systemd-analyze").arg("--version")).is_none() {
        return;
    }
    let schedules = many_schedules();
    let sandbox = with_schedules(&schedules);
    let left_out = export(&sandbox, &["systemd", "--out", "units"]);
    let left_out: Vec<&str> =
        left_out.lines().filter(|line| line.contains("Left to `punctual daemon`")).collect();
    let both_ends = "days that are counted from both ends of the month";
    assert!(left_out.iter().all(|line| line.contains(both_ends)), "{left_out:#?}");

    let mut compared = 0;
    for after in ["2026-01-14T09:12:34Z", "2027-12-30T23:59:59Z"] {
        let next = ["next", "--config", "punctual.toml", "--output", "json"];
        let range = ["-n", COUNT, "--after", after];
        for line in sandbox.run(next.iter().chain(&range)).exits(0).silent().stdout.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let name = line["job"].as_str().expect("a name");
            let timer = sandbox.path(&format!("units/punctual-{name}.timer"));
            let Ok(timer) = std::fs::read_to_string(&timer) else { continue };
            let due = line["next"].as_array().expect("due times").iter();
            let due: Vec<String> = due
                .map(|time| time.as_str().expect("a time").replace(".000Z", "Z"))
                .take_while(|time| time.as_str() < END)
                .collect();
            let mut of_systemd = BTreeSet::new();
            for event in timer.lines().filter_map(|line| line.strip_prefix("OnCalendar=")) {
                of_systemd.extend(elapses(event, after, COUNT));
            }
            let of_systemd: Vec<String> = of_systemd.into_iter().take(due.len()).collect();
            assert_eq!(of_systemd, due, "{} as\n{timer}", line["schedule"]);
            compared += 1;
        }
    }
    // With the jobs of the catalog.
    assert_eq!(compared, 2 * (schedules.len() + 3 - left_out.len()));
}

/// When systemd finds that an event elapses.
fn elapses(event: &str, after: &str, count: &str) -> Vec<String> {
    let after = after.replace('T', " ").replace('Z', " UTC");
    let ran = output_of(
        Command::new("systemd-analyze")
            .arg("calendar")
            .arg(format!("--base-time={after}"))
            .arg(format!("--iterations={count}"))
            .arg(event),
    );
    let stdout = ran.expect("it was there before").exits(0).stdout;
    let is_elapse = |label: &str| label.trim() == "Next elapse" || label.contains("Iter. #");
    let times = stdout.lines().filter_map(|line| line.split_once(": "));
    times
        .filter(|(label, time)| is_elapse(label) && *time != "never")
        .map(|(_, time)| {
            let words: Vec<&str> = time.split_whitespace().collect();
            let [_, date, time, "UTC"] = words[..] else { panic!("no time in UTC: {time}") };
            format!("{date}T{time}Z")
        })
        .collect()
}

#[test]
fn systemd_takes_the_exported_units() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "50% punctual.toml",
        "log_dir = 'logs'\n\
         [jobs.hello]\ncatch_up = false\njitter = '90s'\ntimeout = '1m 500ms'\n\
         [jobs.jupiter-sync]\nargs = ['--timeout', '1h']\n[jobs.jupiter-sync.on_failure]\ncommand = ['mail', 'root']\n\
         [jobs.backup]\nschedule = '@daily'\ncommand = ['true']\noverlap = 'wait'\n\
         [jobs.off]\nschedule = '@daily'\ncommand = ['true']\nenabled = false\n",
    );
    let arguments = ["--config", "50% punctual.toml", "export", "systemd"];
    let stream = sandbox.run(arguments).exits(0).silent().stdout;
    let printed = sandbox.run(arguments.iter().chain(&["--out", "units"])).exits(0).silent().stdout;
    assert_eq!(
        printed,
        "# off: at 00:00 every day (@daily)\n# Left out: not enabled in the configuration file.\n"
    );
    let names = ["hello", "jupiter-sync", "mem-report", "backup"];
    let mut files = String::new();
    for file in names.iter().flat_map(|name| ["service", "timer"].map(|kind| (name, kind))) {
        let file = format!("punctual-{}.{}", file.0, file.1);
        let text = std::fs::read_to_string(sandbox.path("units").join(&file)).expect("a unit");
        files.push_str(&format!("# /etc/systemd/system/{file}\n{text}\n"));
    }
    assert_eq!(stream, files + &printed, "one stream of the same");
    sandbox.write("units/punctual-gone.timer", "");
    let again = sandbox.run(arguments.iter().chain(&["--out", "units"])).exits(0).silent().stdout;
    let (rest, left) = again.split_at(printed.len());
    assert!(
        rest == printed && left.starts_with("# punctual-gone.timer is of an earlier"),
        "{again}"
    );
    assert_eq!(left.lines().count(), 1, "{left}");
    std::fs::remove_file(sandbox.path("units/punctual-gone.timer")).expect("removed");

    let unit =
        |name: &str| std::fs::read_to_string(sandbox.path("units").join(name)).expect("a unit");
    let hello = unit("punctual-hello.service");
    let config = sandbox.path("50%% punctual.toml");
    let exec = format!(
        "ExecStart={} --config \"{}\" hello\n",
        env!("CARGO_BIN_EXE_punctual"),
        config.display()
    );
    assert!(hello.contains(&exec), "{hello}");
    assert!(hello.contains("\nTimeoutStartSec=81s\n"), "timeout, grace and ten seconds: {hello}");
    assert!(hello.contains("\nProtectSystem=strict\n"), "{hello}");
    assert!(hello.contains(&format!("\nReadWritePaths=-{}\n", sandbox.path("logs").display())));
    let timer = unit("punctual-hello.timer");
    assert!(timer.contains("\nRandomizedDelaySec=90s\nPersistent=false\n"), "{timer}");
    assert!(unit("punctual-mem-report.timer").contains("\nPersistent=true\n"));
    for service in ["punctual-backup.service", "punctual-jupiter-sync.service"] {
        assert!(unit(service).contains("\n# No hardening: "), "what runs there is not known");
    }
    assert!(unit("punctual-jupiter-sync.service").contains("\nTimeoutStartSec=3620s\n"));
    let backup = unit("punctual-backup.service");
    assert!(backup.starts_with("# Without a queue: "), "{backup}");

    let units = std::fs::read_dir(sandbox.path("units")).expect("units");
    let units = units.map(|entry| entry.expect("a unit").path());
    let mut verify = Command::new("systemd-analyze");
    let Some(ran) = output_of(verify.args(["verify", "--man=no"]).args(units)) else { return };
    let ran = ran.exits(0);
    assert!(!ran.stderr.contains("punctual"), "{ran:#?}");
}

/// A YAML document as JSON, with no more than JSON has.
fn to_json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Boolean(boolean) => json!(boolean),
        Yaml::Integer(integer) => json!(integer),
        Yaml::String(text) => json!(text),
        Yaml::Array(array) => array.iter().map(to_json).collect(),
        Yaml::Hash(hash) => {
            let entry = |(key, value): (&Yaml, &Yaml)| {
                (key.as_str().expect("a key in text").to_owned(), to_json(value))
            };
            Value::Object(hash.iter().map(entry).collect::<Map<_, _>>())
        }
        other => panic!("no JSON: {other:?}"),
    }
}

/// The CronJobs in a stream of YAML.
fn cron_jobs(yaml: &str) -> Vec<Value> {
    let documents = YamlLoader::load_from_str(yaml).expect("YAML");
    documents.iter().map(to_json).filter(|document| !document.is_null()).collect()
}

#[test]
fn kubernetes_gets_a_cron_job_for_each_job() {
    let sandbox = Sandbox::new();
    let yaml = sandbox
        .run(["export", "kubernetes", "--image", "ghcr.example/p:1", "--claim", "state"])
        .exits(0)
        .silent()
        .stdout;
    assert!(yaml.contains("# Left to `punctual daemon`: a CronJob knows no seconds.\n"), "{yaml}");
    let jobs = cron_jobs(&yaml);
    let names: Vec<&str> = jobs.iter().filter_map(|job| job["metadata"]["name"].as_str()).collect();
    assert_eq!(names, ["punctual-jupiter-sync", "punctual-mem-report"]);
    let labels = json!({
        "app.kubernetes.io/name": "punctual",
        "app.kubernetes.io/component": "jupiter-sync",
    });
    let pod = json!({
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 20,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [{
            "name": "punctual",
            "image": "ghcr.example/p:1",
            "command": ["punctual"],
            "args": ["jupiter-sync"],
            "env": [{"name": "PUNCTUAL_STATE_DIR", "value": "/var/lib/punctual"}],
            "envFrom": [{"secretRef": {"name": "punctual", "optional": true}}],
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
            "resources": {
                "requests": {"cpu": "50m", "memory": "32Mi"},
                "limits": {"memory": "64Mi"},
            },
            "volumeMounts": [{"name": "state", "mountPath": "/var/lib/punctual"}],
        }],
        "volumes": [{"name": "state", "persistentVolumeClaim": {"claimName": "state"}}],
    });
    let expected = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "punctual-jupiter-sync", "labels": labels},
        "spec": {
            "schedule": "0 2 * * 1",
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "jobTemplate": {"spec": {
                "backoffLimit": 0,
                "activeDeadlineSeconds": 5 * 60 + 20 + 60,
                "template": {"metadata": {"labels": labels}, "spec": pod},
            }},
        },
    });
    assert_eq!(jobs[0], expected);
}

#[test]
fn kubernetes_gets_what_the_configuration_says() {
    let sandbox = Sandbox::new();
    let long = "a-name-of-more-characters-than-a-cron-job-may-have";
    sandbox.write(
        "punctual.toml",
        format!(
            "state_dir = '/srv/it''s: #1'\n\
             [jobs.hello]\nenabled = false\n\
             [jobs.jupiter-sync]\nschedule = '*/2 * * * *'\noverlap = 'wait'\ntimeout = '1m'\n\
             [jobs.mem-report]\nschedule = '*/2 * * * *'\n\
             [jobs.backup]\nschedule = '0 0 13 * fri-sun'\ncommand = ['true']\noverlap = 'allow'\n\
             [jobs.odd]\nschedule = '0 0 */2 * 1'\ncommand = ['true']\n\
             [jobs.twice]\nschedule = 'every 1h 30m'\ncommand = ['true']\n\
             [jobs.{long}]\nschedule = '@daily'\ncommand = ['true']\n"
        )
        .replace("'/srv/it''s: #1'", "\"/srv/it's: #1\""),
    );
    let yaml = export(&sandbox, &["kubernetes"]);
    for reason in [
        "Left out: not enabled in",
        "knows no days that have to match both day fields.",
        "knows no two schedules at once.",
        "is longer than the 52 characters",
    ] {
        assert_eq!(yaml.matches(reason).count(), 1, "{reason}: {yaml}");
    }
    let jobs = cron_jobs(&yaml);
    let [sync, report, backup] = &jobs[..] else { panic!("{jobs:#?}") };
    assert_eq!(sync["spec"]["concurrencyPolicy"], "Forbid");
    assert_eq!(sync["spec"]["startingDeadlineSeconds"], 60 + 20 + 60, "until the other has ended");
    assert_eq!(report["spec"]["startingDeadlineSeconds"], 60);
    assert_eq!(backup["spec"]["concurrencyPolicy"], "Allow");
    assert_eq!(backup["spec"]["schedule"], "0 0 13 * 0,5,6");
    let pod = &sync["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let arguments =
        json!(["--config", "/etc/punctual/punctual.toml", "jupiter-sync", "--if-running", "wait"]);
    assert_eq!(container["args"], arguments);
    assert_eq!(
        container["volumeMounts"],
        json!([
            {"name": "state", "mountPath": "/srv/it's: #1"},
            {"name": "config", "mountPath": "/etc/punctual", "readOnly": true},
        ])
    );
    assert_eq!(pod["volumes"][1], json!({"name": "config", "configMap": {"name": "punctual"}}));
    let pod = &backup["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["resources"], Value::Null, "what a command needs is not known");

    let file = sandbox.write("jobs.yaml", &yaml);
    // From PyPI; it has the published schemas with it.
    let mut validate = Command::new("kubernetes-validate");
    if let Some(ran) = output_of(validate.arg("--strict").arg(file)) {
        ran.exits(0);
    }
}
