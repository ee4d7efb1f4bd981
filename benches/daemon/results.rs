//! What was measured, and the tables made of it.

use std::time::Duration;

use crate::case::{Case, Measured};
use crate::contender::{Contender, Due, Mode, Peer};
use crate::load::Timer;
use crate::support::table::{Table, grouped, median, megabytes, seconds, verdict};

/// punctual's p99 lateness over tokio-cron-scheduler's.
const LATENESS_RATIO: f64 = 0.05;
const PEAK_MEGABYTES: f64 = 30.0;
const PEAK_MEGABYTES_MANY: f64 = 100.0;
/// In whole wake-ups, so that it means fewer than two.
const WAKE_UPS_A_MINUTE: f64 = 1.0;
/// Below what the kernel's count of processor time can tell.
const IDLE_CPU_SECONDS: f64 = 0.01;
/// Of one job beyond a bare timer's, at p99.
const LATENESS_MILLIS: f64 = 1.0;

/// All measurements of a session, in order.
#[derive(Default)]
pub struct Results {
    all: Vec<(Case, Result<Measured, String>)>,
    /// The most jobs whose every run was recorded in time.
    pub kept_up_with: Option<u32>,
}

/// The medians of one case, with sums of what must not happen at all.
struct Figures {
    expected: u64,
    lost: u64,
    doubled: u64,
    p50: f64,
    p99: f64,
    max: f64,
    peak: f64,
    cpu: f64,
    ready: f64,
    wake_ups_a_minute: f64,
    window: f64,
}

impl Results {
    pub fn push(&mut self, case: Case, result: Result<Measured, String>) {
        self.all.push((case, result));
    }

    pub fn any_failed(&self) -> bool {
        self.all.iter().any(|(_, result)| result.is_err())
    }

    /// How jobs met their due times.
    pub fn lateness(&self, cases: &[Case]) -> Table {
        let mut table = Table::new(&[
            "scheduler",
            "jobs",
            "expected",
            "lost",
            "doubled",
            "p50 ms",
            "p99 ms",
            "max ms",
            "peak MB",
            "CPU %",
            "ready s",
        ]);
        for &case in cases {
            let mut row = vec![case.contender.name().to_owned(), grouped(case.jobs.into())];
            match self.figures(case) {
                Ok(figures) => row.extend([
                    grouped(figures.expected),
                    grouped(figures.lost),
                    grouped(figures.doubled),
                    figures.lateness(figures.p50),
                    figures.lateness(figures.p99),
                    figures.lateness(figures.max),
                    format!("{:.1}", figures.peak),
                    format!("{:.1}", 100.0 * figures.cpu / figures.window),
                    format!("{:.2}", figures.ready),
                ]),
                Err(why) => row.push(why),
            }
            table.push(row);
        }
        table
    }

    /// Jobs that are not due.
    pub fn idleness(&self, cases: &[Case]) -> Table {
        let mut table = Table::new(&[
            "scheduler",
            "jobs",
            "ready s",
            "peak MB",
            "wake-ups a minute",
            "CPU s a minute",
        ]);
        for &case in cases {
            let mut row = vec![case.contender.name().to_owned(), grouped(case.jobs.into())];
            match self.figures(case) {
                Ok(figures) => {
                    row.push(format!("{:.2}", figures.ready));
                    row.push(format!("{:.1}", figures.peak));
                    if figures.window > 0.0 {
                        row.push(format!("{:.1}", figures.wake_ups_a_minute));
                        row.push(format!("{:.2}", figures.cpu * 60.0 / figures.window));
                    }
                }
                Err(why) => row.push(why),
            }
            table.push(row);
        }
        table
    }

    /// The aims, with numbers of jobs as they were measured.
    pub fn aims(&self, jobs: u32, many: u32) -> Table {
        let mut table = Table::new(&["aim", "measured", "at most", "verdict"]);
        let punctual = |jobs| self.of(Contender::Punctual(Mode::Loop), jobs, Due::EverySecond);
        let peer = Contender::Peer(Peer::TokioCronScheduler);
        let (some, most) = (grouped(jobs.into()), grouped(many.into()));
        let ratio = |over: Option<f64>, under: Option<f64>| Some(over? / under?);

        let few = punctual(jobs);
        let theirs = self.of(peer, jobs, Due::EverySecond);
        push_lost(&mut table, format!("{some} jobs every second: lost or doubled"), few.as_ref());
        table.push(verdict(
            format!("{some} jobs every second: p99 lateness / tokio-cron-scheduler's"),
            ratio(few.as_ref().map(|few| few.p99), theirs.map(|theirs| theirs.p99)),
            LATENESS_RATIO,
            "",
        ));
        let peak = few.map(|few| few.peak);
        table.push(verdict(
            format!("{some} jobs every second: peak memory"),
            peak,
            PEAK_MEGABYTES,
            " MB",
        ));

        let all = punctual(many);
        push_lost(&mut table, format!("{most} jobs every second: lost or doubled"), all.as_ref());
        table.push(verdict(
            format!("{most} jobs every second: peak memory"),
            all.map(|all| all.peak),
            PEAK_MEGABYTES_MANY,
            " MB",
        ));

        let kept_up = self.kept_up_with.map(|jobs| grouped(jobs.into()));
        table.push(vec![
            "jobs every second with history, none lost, none doubled".to_owned(),
            kept_up.unwrap_or_else(|| "not measured".to_owned()),
        ]);

        let theirs = self.of(peer, jobs, Due::Later).map(|theirs| theirs.ready);
        for mode in [Mode::Loop, Mode::History] {
            let contender = Contender::Punctual(mode);
            let own = self.of(contender, many, Due::Later).map(|own| own.ready);
            table.push(verdict(
                format!("{}: {most} jobs ready / tokio-cron-scheduler's {some}", contender.name()),
                ratio(own, theirs),
                1.0,
                "",
            ));
        }

        let idle = self.of(Contender::Punctual(Mode::History), jobs, Due::Later);
        let a_minute = idle.as_ref().map(|idle| idle.cpu * 60.0 / idle.window);
        table.push(verdict(
            format!("{some} jobs, none due: wake-ups a minute"),
            idle.map(|idle| idle.wake_ups_a_minute),
            WAKE_UPS_A_MINUTE,
            "",
        ));
        table.push(verdict(
            format!("{some} jobs, none due: CPU a minute"),
            a_minute,
            IDLE_CPU_SECONDS,
            " s",
        ));

        let timer = self.of(Contender::Bare(Timer::Kernel), 1, Due::EverySecond);
        let timer = timer.map(|timer| timer.p99);
        for mode in [Mode::Loop, Mode::History] {
            let contender = Contender::Punctual(mode);
            let own = self.of(contender, 1, Due::EverySecond).map(|own| own.p99);
            let beyond = own.zip(timer).map(|(own, timer)| own - timer);
            table.push(verdict(
                format!("{}: one job's p99 lateness beyond the kernel's timer", contender.name()),
                beyond,
                LATENESS_MILLIS,
                " ms",
            ));
        }
        table
    }

    fn of(&self, contender: Contender, jobs: u32, due: Due) -> Option<Figures> {
        self.figures(Case { contender, jobs, due }).ok()
    }

    /// The error is for the table.
    fn figures(&self, case: Case) -> Result<Figures, String> {
        let mut runs = Vec::new();
        for (_, result) in self.all.iter().filter(|(measured, _)| *measured == case) {
            runs.push(result.as_ref().map_err(Clone::clone)?);
        }
        if runs.is_empty() {
            return Err("not measured".to_owned());
        }
        let middle = |figure: fn(&Measured) -> f64| median(runs.iter().map(|run| figure(run)));
        let sum = |figure: fn(&Measured) -> u64| runs.iter().map(|run| figure(run)).sum();
        Ok(Figures {
            expected: sum(|run| run.starts.expected),
            lost: sum(Measured::lost),
            doubled: sum(Measured::doubled),
            p50: middle(|run| millis(run.starts.p50)),
            p99: middle(|run| millis(run.starts.p99)),
            max: middle(|run| millis(run.starts.max)),
            peak: middle(|run| megabytes(run.seen.whole.peak)),
            cpu: middle(|run| seconds(run.seen.cpu)),
            ready: middle(|run| seconds(run.seen.ready)),
            wake_ups_a_minute: middle(|run| {
                run.seen.wake_ups as f64 * 60.0 / f64::from(run.seen.window.seconds)
            }),
            window: middle(|run| run.seen.window.seconds.into()),
        })
    }
}

impl Figures {
    /// A cell for a lateness, which takes starts.
    fn lateness(&self, millis: f64) -> String {
        if self.lost < self.expected { format!("{millis:.2}") } else { "none started".to_owned() }
    }
}

/// A row for what must not happen a single time.
fn push_lost(table: &mut Table, aim: String, figures: Option<&Figures>) {
    let count = figures.map(|figures| (figures.lost + figures.doubled) as f64);
    table.push(verdict(aim, count, 0.0, ""));
}

fn millis(micros: u64) -> f64 {
    seconds(Duration::from_micros(micros)) * 1000.0
}
