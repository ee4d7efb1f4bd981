//! `mem-report`.

use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn it_reports_real_figures_before_and_after() {
    let sandbox = Sandbox::new();
    let record = sandbox.run(["mem-report", "--output", "json"]).exits(0).silent().json();
    let report = &record["report"];
    assert_eq!(report["process"], "this process");
    for moment in ["before", "after"] {
        let figures = &report[moment];
        let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{figures}"));
        let allocator = &figures["allocator"];
        let [allocated, active, resident] =
            ["allocated", "active", "resident"].map(|name| number(&allocator[name]));
        assert!(0 < allocated && allocated <= active && active <= resident, "{figures}");
        number(&allocator["retained"]);
        let [rss, pss, peak] = ["rss", "pss", "peak_rss"].map(|name| number(&figures[name]));
        assert!(1 << 20 < rss && pss <= rss && rss <= peak, "{figures}");
        number(&figures["swap"]);
        for name in ["threads", "open_files"] {
            assert!(number(&figures[name]) > 0, "{name}: {figures}");
        }
        number(&figures["async_tasks"]);
    }
}

#[test]
fn it_is_an_alarm_with_a_limit() {
    let sandbox = Sandbox::new();
    sandbox.run(["mem-report", "--max-rss", "4GiB"]).exits(0).silent();
    let ran = sandbox.run(["mem-report", "--max-rss", "1MiB", "--output", "json"]).exits(1);
    assert_eq!(ran.json()["outcome"], "failed");
    assert!(ran.json()["report"]["after"]["rss"].is_u64());
    ran.says("above --max-rss 1.0 MiB");
    sandbox.run(["mem-report", "--max-rss", "much"]).exits(2);
}

#[test]
fn its_text_is_a_table() {
    let sandbox = Sandbox::new();
    let text = sandbox.run(["mem-report"]).exits(0).silent().stdout;
    for row in ["allocator: allocated", "RSS", "PSS", "peak RSS", "swap", "threads", "open files"] {
        assert!(text.lines().any(|line| line.starts_with(row)), "no {row:?} in {text}");
    }
}
