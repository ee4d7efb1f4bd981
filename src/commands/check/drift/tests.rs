//! Lines of crontabs, held against the jobs of a configuration.

use std::ffi::OsString;

use super::super::crontab::{Columns, read};
use super::super::findings::Findings;
use super::*;
use crate::cli;
use crate::config::Config;
use crate::roster::Roster;
use crate::settings::Settings;

const CONFIG: &str = "
[jobs.hello]
enabled = false

[jobs.mem-report]
enabled = false

[jobs.jupiter-sync]
args     = ['--update']
retries  = 2
ping_url = 'https://hc.example/s3cr3t'

[jobs.nightly]
schedule = '30 3 * * *'
command  = ['true']
timeout  = '90m'
overlap  = 'wait'

[jobs.often]
schedule = 'every 10m'
command  = ['true']
";

/// Lines of all jobs, as they should be.
const RIGHT: &str = "\
0 2 * * 1   punctual -q jupiter-sync
30 3 * * *  punctual nightly
*/10 * * * * punctual often
";

/// Berlin, without a database of zones.
const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

/// What is said of a crontab, `ok` left out where `quiet`.
fn said(crontab: &str, cron: Cron, zone: &str, quiet: bool) -> String {
    said_with(CONFIG, crontab, cron, zone, quiet)
}

fn said_with(config: &str, crontab: &str, cron: Cron, zone: &str, quiet: bool) -> String {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("punctual.toml");
    std::fs::write(&path, config).expect("a file");
    let config = Config::load(&path, cli::config_rules).expect("a configuration");
    let roster = Roster::of(&config);
    let words = ["punctual", "check"].map(OsString::from).to_vec();
    let Ok(invocation) = cli::parse(words, &roster, &Config::default()) else {
        panic!("`check` is no command")
    };
    let settings = Settings::resolve(&invocation.global, config).expect("settings");
    let definition = cli::command(&roster);
    let subject = Subject { settings: &settings, roster: &roster, definition: &definition };

    let now = Timestamp::parse("2026-11-24T10:00:00Z").expect("a time");
    let comparison = Comparison::new(&subject, cron, Zone::named(zone, now), now);
    let entries = read(crontab, Columns::OfUser, |_| false);
    let (mut findings, mut seen) = (Findings::default(), Seen::default());
    comparison.compare(&mut findings.check("crontab"), &mut seen, "tab", &entries);
    comparison.look_for_missing(&mut findings.check("crontab"), &seen, false);
    comparison.look_at_zones(&mut findings.check("zone"), &seen);
    findings.to_text(quiet).replace(&*path.to_string_lossy(), "punctual.toml")
}

/// The messages of the errors about a crontab of a cron that reads it in UTC.
fn errors(crontab: &str) -> Vec<String> {
    errors_with(CONFIG, crontab)
}

fn errors_with(config: &str, crontab: &str) -> Vec<String> {
    let said = said_with(config, crontab, Cron::Unknown, "UTC0", true);
    let messages = said.lines().filter_map(|line| line.trim_start().split_once("error"));
    messages.map(|(_, message)| plain(message).trim().to_owned()).collect()
}

/// Without colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn a_crontab_that_says_what_the_jobs_say_is_fine() {
    let shown = plain(&said(RIGHT, Cron::Unknown, "UTC0", false));
    assert_eq!(
        shown,
        "crontab\n  ok       tab: 3 lines are as configured\n\
         zone\n  ok       schedules are read in UTC0, as they are meant\nall is well\n"
    );
}

#[test]
fn what_means_the_same_may_be_written_in_another_way() {
    for (right, other) in [
        ("0 2 * * 1 ", "00 02 * * MON"),
        ("*/10 * * * *", "0,10,20,30,40,50 * * * *"),
        ("30 3 * * * ", "30 3 */1 * *"),
        ("-q jupiter-sync", "--log-dir /var/log jupiter-sync -vv"),
        ("jupiter-sync", "jupiter-sync --retries 2 --update --timeout=300s"),
        ("jupiter-sync", "jupiter-sync --ping-url https://hc.example/s3cr3t"),
        ("punctual nightly", "/opt/punctual nightly --timeout '1h 30m' >/dev/null 2>&1"),
        ("punctual nightly", "punctual nightly --if-running wait || true"),
        ("punctual often", "cd / && nice punctual --state-dir=/x often"),
    ] {
        let crontab = RIGHT.replace(right, other);
        assert_ne!(crontab, RIGHT, "{right}");
        assert_eq!(errors(&crontab), [""; 0], "{other}");
    }
}

#[test]
fn lines_may_say_a_schedule_together() {
    let config = CONFIG.replace("every 10m", "every 90m");
    let (often, other) = ("0 */3 * * * punctual often\n", "30 1-22/3 * * * punctual often\n");
    let right = RIGHT.replace("*/10 * * * * punctual often\n", &format!("{often}{other}"));
    assert_eq!(errors_with(&config, &right), [""; 0]);
    assert_eq!(errors_with(&config, &right.replace(other, "")).len(), 1, "half of it");
    let too_many = format!("{right}0 0 1 * * punctual often\n1 1 1 * * punctual often\n");
    assert_eq!(errors_with(&config, &too_many).len(), 4, "all of them together are too many");
    let twice = format!("{right}0 3 * * * punctual often\n");
    assert_eq!(errors_with(&config, &twice).len(), 3, "one of them is a run too many");
    let beside = format!("{RIGHT}0 3 * * * punctual often\n");
    assert_eq!(errors(&beside).len(), 1, "the others are right without it");
    let missing = errors_with(&config, &right.replace(often, "").replace(other, ""));
    assert_eq!(missing, ["often is in no line"]);
}

#[test]
fn a_line_that_does_something_else_is_named_with_what_differs() {
    for (right, other, error) in [
        (
            "0 2 * * 1 ",
            "0 3 * * 1 ",
            "tab, line 1: jupiter-sync is due at \"0 3 * * 1\", and its schedule is \"0 2 * * 1\"",
        ),
        (
            "0 2 * * 1 ",
            "0 0 30 2 * ",
            "tab, line 1: the schedule \"0 0 30 2 *\" of jupiter-sync: field 3 (day of month): \
             30 never comes in February",
        ),
        (
            "jupiter-sync",
            "jupiter-sync --retries 3 --strict --timeout 10m",
            "tab, line 1: jupiter-sync has other flags: --strict, --timeout 10m (not 5m), \
             --retries 3 (not 2)",
        ),
        (
            "jupiter-sync",
            "jupiter-sync --tags lst --api-url https://example.org/s3cr3t",
            "tab, line 1: jupiter-sync has other flags: --api-url, --tags lst",
        ),
        (
            "jupiter-sync",
            "jupiter-sync --ping-url https://hc.example/other-s3cr3t",
            "tab, line 1: jupiter-sync has other flags: --ping-url",
        ),
        (
            "punctual nightly",
            "punctual nightly --if-running fail",
            "tab, line 2: nightly has other flags: --if-running fail (not skip)",
        ),
        (
            "punctual nightly",
            "punctual nightly --tiemout 5s",
            "tab, line 2: unexpected argument '--tiemout' found",
        ),
        (
            "punctual nightly",
            "punctual nightly https://hc.example/s3cr3t",
            "tab, line 2: unexpected argument [redacted] found",
        ),
        (
            "punctual nightly",
            "punctual nightly --timeout s3cr3t",
            "tab, line 2: invalid value for --timeout <DURATION>: expected number at 0; write \
             durations as 10s, 5m or 1h 30m",
        ),
    ] {
        let found = errors(&RIGHT.replace(right, other));
        assert_eq!(found, [error], "{other}");
        assert!(!found[0].contains("s3cr3t"));
    }
}

#[test]
fn a_job_that_is_in_no_line_and_a_line_without_a_job_are_named() {
    assert_eq!(
        errors(&RIGHT.replace("punctual nightly", "punctual nihgtly")),
        [
            "tab, line 2: unknown job \"nihgtly\"; the nearest is \"nightly\"",
            "nightly is in no line"
        ]
    );
    let without_second = RIGHT.replace("30 3", "# 30 3");
    assert_eq!(errors(&without_second), ["nightly is in no line"]);
    // Neither does it have a time there.
    assert_eq!(errors(&RIGHT.replace("30 3 * * *", "@reboot")), ["nightly is in no line"]);
    // A job that is not enabled may have a line, and other commands may.
    let more = "@daily punctual hello\n@daily punctual check\n@daily punctual help\n";
    let shown = errors(&format!("{RIGHT}{more}"));
    assert_eq!(
        shown,
        ["tab, line 4: hello is due at \"@daily\", and its schedule is \"every 10s\""]
    );
    assert_eq!(errors("").len(), 3);
}

#[test]
fn what_only_the_shell_knows_and_what_belongs_elsewhere_is_not_compared() {
    let of_shell = RIGHT.replace("punctual nightly", "punctual nightly --timeout $T");
    let shown = plain(&said(&of_shell, Cron::Unknown, "UTC0", false));
    assert!(
        shown.contains("warning  tab, line 2 is not compared: only the shell knows"),
        "{shown}"
    );
    assert_eq!(errors(&of_shell), [""; 0]);

    for config in ["--config /other.toml", "--config=/other.toml"] {
        let elsewhere = format!("{RIGHT}@daily punctual {config} anything --at all\n");
        assert_eq!(errors(&elsewhere), [""; 0]);
    }
    let elsewhere = format!("{RIGHT}PUNCTUAL_CONFIG=/other.toml\n@daily punctual anything\n");
    assert_eq!(errors(&elsewhere), [""; 0]);
}

#[test]
fn a_daemon_runs_what_no_line_does() {
    let shown = plain(&said("@reboot punctual daemon\n", Cron::Unknown, "UTC0", false));
    assert!(shown.contains("the daemon runs the enabled jobs that are in no line"), "{shown}");
    let both = format!("{RIGHT}@reboot punctual daemon\n");
    let shown = plain(&said(&both, Cron::Unknown, "UTC0", false));
    assert!(shown.contains("the daemon runs these too: jupiter-sync, nightly, often;"), "{shown}");
    assert!(shown.ends_with("all is well, with 1 warning\n"), "{shown}");
    // What is not enabled is the crontab's alone.
    let alone = "*/10 * * * * punctual hello\n@reboot punctual daemon\n";
    let shown = plain(&said(alone, Cron::Unknown, "UTC0", false));
    assert!(!shown.contains("the daemon runs these too"), "{shown}");
}

#[test]
fn cron_has_to_read_the_lines_in_utc_or_they_have_to_be_written_for_its_zone() {
    let zone_error = |crontab: &str, cron, zone: &str| {
        let shown = plain(&said(crontab, cron, zone, true));
        let lines: Vec<&str> = shown.lines().skip(1).collect();
        lines.iter().map(|line| line.trim_start().to_owned()).collect::<Vec<_>>()
    };
    let with_zone = format!("CRON_TZ=UTC0\n{RIGHT}");
    let in_berlin =
        format!("schedules are read in {BERLIN} (UTC+01:00 and UTC+02:00), but mean UTC");
    // What happens every ten minutes is the same everywhere.
    assert_eq!(
        zone_error(RIGHT, Cron::TakesZones, BERLIN),
        [
            format!("error    {in_berlin}: jupiter-sync (tab, line 1); nightly (tab, line 2)"),
            "hint: write CRON_TZ=UTC above the lines".to_owned(),
        ]
    );
    assert_eq!(zone_error(&with_zone, Cron::TakesZones, BERLIN), [""; 0]);
    let vain = zone_error(&with_zone, Cron::TakesNone, BERLIN);
    assert!(
        vain[0].starts_with(&format!("error    {in_berlin}; CRON_TZ is of no effect")),
        "{vain:?}"
    );
    assert!(vain[1].contains("timedatectl set-timezone UTC"), "{vain:?}");
    assert!(zone_error(RIGHT, Cron::Busybox, BERLIN)[1].contains("start crond with TZ=UTC"));
    // Where there is no summer time the hours can be shifted.
    let shifted = RIGHT.replace("0 2 * * 1", "0 11 * * 1").replace("30 3", "30 12");
    assert_eq!(zone_error(&shifted, Cron::TakesNone, "JST-9"), [""; 0]);
    let right_in_winter = RIGHT.replace("0 2 * * 1", "0 3 * * 1").replace("30 3", "30 4");
    let shown = zone_error(&right_in_winter, Cron::TakesNone, BERLIN);
    assert!(shown[0].contains("jupiter-sync (tab, line 1); nightly (tab, line 2)"), "{shown:?}");
}
