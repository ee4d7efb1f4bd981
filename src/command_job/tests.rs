//! Command jobs: what a run reports, and what a failure says.

use super::*;

fn job(script: &str) -> CommandJob {
    CommandJob {
        argv: ["sh", "-c", script].map(OsString::from).to_vec(),
        env: Vec::new(),
        working_dir: None,
    }
}

fn surroundings() -> RunSurroundings {
    RunSurroundings {
        run_id: Uuid::now_v7(),
        job: "nightly".into(),
        due_at: Timestamp::parse("2026-01-01T00:00:00Z"),
        cancellation: CancellationToken::new(),
        kill: CancellationToken::new(),
        output: CapturedOutput::default(),
        lines: Arc::new(log_line),
        search_path: None,
    }
}

#[tokio::test]
async fn a_success_reports_its_status_and_the_size_of_its_output() {
    let report = job("echo hello").run_command(surroundings()).await.expect("it succeeds");
    assert_eq!(report.to_string(), "exited with status 0, 6 B of output");
    let json = serde_json::to_value(&report).expect("JSON");
    let expected = serde_json::json!(
        {"exit_status": 0, "signal": null, "output_bytes": 6, "left_behind": 0}
    );
    assert_eq!(json, expected);
}

#[tokio::test]
async fn a_status_other_than_zero_is_a_failure_that_keeps_its_report() {
    let surroundings = surroundings();
    let run_id = surroundings.run_id;
    let failure = job("echo oh; exit 3").run_command(surroundings).await.expect_err("it fails");
    assert_eq!(failure.error.exit(), Exit::Failed);
    assert_eq!(failure.error.chain(), "nightly: sh exited with status 3");
    let hint = format!("see what it printed: punctual show {run_id}");
    assert_eq!(failure.error.hint_text(), Some(hint.as_str()));
    let report = failure.report.expect("a report");
    assert_eq!(report.text, "exited with status 3, 3 B of output");
}

#[tokio::test]
async fn a_death_by_signal_names_the_signal() {
    let failure = job("ulimit -c 0; kill -SEGV $$").run_command(surroundings()).await;
    let failure = failure.expect_err("it fails");
    assert_eq!(failure.error.exit(), Exit::Failed);
    assert_eq!(failure.error.chain(), "nightly: sh was killed by SIGSEGV");
    let report = failure.report.expect("a report");
    assert_eq!(report.text, "killed by SIGSEGV, 0 B of output");
    assert!(report.json.get().contains(r#""exit_status":null,"signal":"SIGSEGV""#));
}

#[tokio::test]
async fn a_process_that_is_left_behind_is_reported() {
    let report = job("sleep 1000 &").run_command(surroundings()).await.expect("it succeeds");
    assert_eq!(
        report.to_string(),
        "exited with status 0, 0 B of output; ended a process that it had left behind"
    );
}

#[tokio::test]
async fn the_output_of_each_attempt_is_counted_by_itself() {
    let surroundings = surroundings();
    for _ in 0..2 {
        let report = job("echo x").run_command(surroundings.clone()).await.expect("it succeeds");
        assert_eq!(report.output_bytes, 2);
    }
    assert_eq!(surroundings.output.text().as_deref(), Some("x\nx\n"));
}

#[tokio::test]
async fn the_environment_says_which_run_it_is() {
    let print = "echo $PUNCTUAL_RUN_ID $PUNCTUAL_JOB ${PUNCTUAL_DUE_AT-never}";
    let with_due_time = surroundings();
    job(print).run_command(with_due_time.clone()).await.expect("it succeeds");
    let expected = format!("{} nightly 2026-01-01T00:00:00.000Z\n", with_due_time.run_id);
    assert_eq!(with_due_time.output.text(), Some(expected));

    let without = RunSurroundings { due_at: None, ..surroundings() };
    job(print).run_command(without.clone()).await.expect("it succeeds");
    let expected = format!("{} nightly never\n", without.run_id);
    assert_eq!(without.output.text(), Some(expected));
}

#[tokio::test]
async fn a_run_that_is_cancelled_already_starts_no_command() {
    let surroundings = surroundings();
    surroundings.cancellation.cancel();
    let output = surroundings.output.clone();
    job("echo started").run_command(surroundings).await.expect_err("it is cancelled");
    assert_eq!(output.text(), None);
}

#[test]
fn a_line_reaches_the_terminal_without_what_moves_its_cursor() {
    assert_eq!(line_text(b"a\tb\x1b[2J\r"), "a\tb\\u{1b}[2J");
    assert_eq!(line_text(b"\xffx"), "\u{fffd}x");
}
