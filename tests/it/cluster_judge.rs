//! What must hold of what several hosts did together, judged by the table `runs` and by what the
//! jobs themselves wrote down. Pure, so that its own tests can show that it finds every fault.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A row of `runs`. Times are milliseconds since 1970, by the clock of the row's host.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub job: String,
    pub due_at: Option<u64>,
    pub started_at: u64,
    pub finished_at: Option<u64>,
    pub outcome: Option<String>,
    pub host: String,
    pub error: Option<String>,
    pub fence: Option<i64>,
}

impl Row {
    fn ended_as(&self, outcome: &str) -> bool {
        self.outcome.as_deref() == Some(outcome)
    }
}

/// A line that a job's command wrote. Lines are in the order in which they were written, whichever
/// host the command ran on.
#[derive(Clone, Debug)]
pub struct Note {
    pub mark: Mark,
    pub run_id: String,
    /// Since the machine was booted.
    pub at: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Start,
    End,
}

impl Note {
    /// Reads `start RUN_ID SECONDS`.
    pub fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let mark = match words.next()? {
            "start" => Mark::Start,
            "end" => Mark::End,
            _ => return None,
        };
        let run_id = words.next()?.to_owned();
        let at = Duration::try_from_secs_f64(words.next()?.parse().ok()?).ok()?;
        Some(Self { mark, run_id, at })
    }
}

/// Every due time has exactly one fate: a row of its own, or a place in the gap that another row
/// tells of. All jobs are due at every whole second; `window` is in seconds since 1970.
pub fn fates(jobs: &[String], rows: &[Row], window: RangeInclusive<u64>) -> Vec<String> {
    let mut complaints = Vec::new();
    for job in jobs {
        let mut own: BTreeMap<u64, u32> = BTreeMap::new();
        let mut gaps = Vec::new();
        for row in rows.iter().filter(|row| row.job == *job) {
            let Some(due_at) = row.due_at else {
                complaints.push(format!("{job}: a run of no due time: {row:?}"));
                continue;
            };
            *own.entry(due_at).or_default() += 1;
            if let Some((count, first)) = row.error.as_deref().and_then(gap) {
                if count != (due_at - first.min(due_at)) / 1000 + 1 {
                    complaints
                        .push(format!("{job}: a gap of another length than it says: {row:?}"));
                }
                gaps.push(first..due_at);
            }
        }
        for (due_at, count) in &own {
            if due_at % 1000 != 0 || *count != 1 {
                complaints.push(format!("{job}: {count} rows of due time {due_at}"));
            }
        }
        for second in window.clone() {
            let due_at = second * 1000;
            let in_gaps = gaps.iter().filter(|gap| gap.contains(&due_at)).count();
            let rows = own.contains_key(&due_at);
            if in_gaps + usize::from(rows) != 1 {
                let rows = if rows { "a row" } else { "no row" };
                complaints
                    .push(format!("{job}: due time {due_at} has {rows} and is in {in_gaps} gaps"));
            }
        }
    }
    complaints
}

/// The number and the first of the due times in `missed 3 due times from TIME on: reason`.
fn gap(error: &str) -> Option<(u64, u64)> {
    let (count, rest) = error.strip_prefix("missed ")?.split_once(" due times from ")?;
    let (first, _) = rest.split_once(" on: ")?;
    let first = humantime::parse_rfc3339(first).ok()?;
    let first = first.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((count.parse().ok()?, first.as_secs() * 1000))
}

/// A run of one job as its command saw it, by the places of its lines among those of the job.
struct Seen<'a> {
    row: &'a Row,
    fence: i64,
    start: usize,
    end: Option<usize>,
}

/// No two runs of `job` overlap under the same number; and where one overlaps with a run under a
/// later number, because it had lost its lease, it is not recorded as if it had not.
pub fn overlaps(job: &str, rows: &[Row], notes: &[Note]) -> Vec<String> {
    let rows: HashMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut complaints = Vec::new();
    let mut seen: Vec<Seen> = Vec::new();
    for (place, note) in notes.iter().enumerate() {
        let known = seen.iter_mut().find(|run| run.row.id == note.run_id);
        match (note.mark, known, rows.get(note.run_id.as_str())) {
            (Mark::Start, None, Some(row)) => match row.fence {
                _ if row.job != job => complaints.push(format!("{job}: ran as {row:?}")),
                _ if row.ended_as("skipped") => {
                    complaints.push(format!("{job}: ran although skipped: {row:?}"));
                }
                Some(fence) => seen.push(Seen { row, fence, start: place, end: None }),
                None => complaints.push(format!("{job}: ran without a number: {row:?}")),
            },
            (Mark::Start, None, None) => {
                complaints.push(format!("{job}: ran without a row: {note:?}"));
            }
            (Mark::Start, Some(run), _) => {
                complaints.push(format!("{job}: ran twice: {:?}", run.row));
            }
            (Mark::End, Some(run), _) => run.end = Some(place),
            // Its start was complained of.
            (Mark::End, None, _) => {}
        }
    }
    for row in rows.values().filter(|row| row.job == job && row.ended_as("succeeded")) {
        if !seen.iter().any(|run| run.row.id == row.id && run.end.is_some()) {
            complaints.push(format!("{job}: succeeded without having run: {row:?}"));
        }
    }
    for (index, one) in seen.iter().enumerate() {
        for other in &seen[index + 1..] {
            let pair = || format!("{:?} and {:?}", one.row, other.row);
            // `one` started first.
            let overlap = one.end.is_none_or(|end| other.start < end);
            if one.fence == other.fence {
                if one.row.host != other.row.host {
                    complaints.push(format!("{job}: two hosts under one number: {}", pair()));
                } else if overlap && !ended_before(one, other) {
                    complaints.push(format!("{job}: overlap under one number: {}", pair()));
                }
                continue;
            }
            let (old, in_the_way) =
                if one.fence < other.fence { (one, overlap) } else { (other, true) };
            if in_the_way && old.row.ended_as("succeeded") {
                complaints.push(format!("{job}: succeeded under an old number: {}", pair()));
            }
        }
    }
    complaints
}

/// Whether a run whose command could not say when it ended (it was killed) had ended before another
/// one of its host started, by the host's own clock.
fn ended_before(one: &Seen, other: &Seen) -> bool {
    let finished_at = one.row.finished_at.filter(|_| !one.row.ended_as("lost"));
    one.end.is_none() && finished_at.is_some_and(|finished_at| finished_at <= other.row.started_at)
}

/// From `span.0` to `span.1` the job is never without a start for longer than `limit`, besides the
/// time in which nobody could start it.
pub fn pauses(
    job: &str,
    notes: &[Note],
    span: (Duration, Duration),
    away: &[(Duration, Duration)],
    limit: Duration,
) -> Vec<String> {
    let starts = notes.iter().filter(|note| note.mark == Mark::Start).map(|note| note.at);
    let mut moments: Vec<Duration> = starts.filter(|at| span.0 < *at && *at < span.1).collect();
    moments.insert(0, span.0);
    moments.push(span.1);
    moments.sort_unstable();
    let mut complaints = Vec::new();
    for pair in moments.windows(2) {
        let overlap =
            |&(from, to): &(Duration, Duration)| to.min(pair[1]).saturating_sub(from.max(pair[0]));
        let excused: Duration = away.iter().map(overlap).sum();
        let pause = (pair[1] - pair[0]).saturating_sub(excused);
        if pause > limit {
            complaints
                .push(format!("{job}: nobody started it for {pause:?} from {:?} on", pair[0]));
        }
    }
    complaints
}

mod tests {
    use super::*;

    fn row(id: &str, due: u64, outcome: &str, fence: i64) -> Row {
        Row {
            id: id.to_owned(),
            job: "job".to_owned(),
            due_at: Some(due * 1000),
            started_at: due * 1000 + 1,
            finished_at: Some(due * 1000 + 500),
            outcome: Some(outcome.to_owned()),
            host: format!("host-{fence}"),
            error: None,
            fence: Some(fence),
        }
    }

    fn missed(count: u64, first: u64, last: u64) -> Row {
        let first = std::time::UNIX_EPOCH + Duration::from_secs(first);
        let first = humantime::format_rfc3339_millis(first);
        let error =
            Some(format!("missed {count} due times from {first} on: the database was away"));
        Row { error, fence: None, ..row("missed", last, "skipped", 0) }
    }

    /// `a+` starts a, `a-` ends it; a second goes by between two.
    fn notes(marks: &str) -> Vec<Note> {
        let notes = marks.split(' ').zip(1..).map(|(word, second)| {
            let (run_id, mark) = word.split_at(1);
            let mark = if mark == "+" { "start" } else { "end" };
            Note::parse(&format!("{mark} {run_id} {second}.00")).expect("a line")
        });
        notes.collect()
    }

    #[track_caller]
    fn finds(complaints: &[String], expected: &[&str]) {
        assert_eq!(complaints.len(), expected.len(), "{complaints:#?}");
        for (complaint, expected) in complaints.iter().zip(expected) {
            assert!(complaint.contains(expected), "no {expected:?} in {complaint}");
        }
    }

    #[test]
    fn every_due_time_has_one_fate() {
        let judged = |rows: &[Row]| fates(&["job".to_owned()], rows, 11..=14);
        let run = |due| row("run", due, "succeeded", 1);
        finds(&judged(&[run(11), run(12), run(13), run(14)]), &[]);
        finds(&judged(&[run(11), missed(3, 12, 14)]), &[]);
        finds(&judged(&[missed(9, 6, 14)]), &[]);
        finds(&judged(&[run(11), run(12), run(14)]), &["13000 has no row and is in 0"]);
        finds(
            &judged(&[run(11), run(12), run(12), run(13), run(14)]),
            &["2 rows of due time 12000"],
        );
        finds(
            &judged(&[run(11), run(13), missed(3, 12, 14)]),
            &["13000 has a row and is in 1 gaps"],
        );
        finds(&judged(&[run(11), missed(2, 12, 14)]), &["another length"]);
        let never = Row { due_at: None, ..run(10) };
        finds(&judged(&[run(11), run(12), run(13), run(14), never]), &["no due time"]);
    }

    #[test]
    fn runs_do_not_overlap() {
        let judged = |rows: &[Row], marks: &str| overlaps("job", rows, &notes(marks));
        let (a, b) = (row("a", 1, "succeeded", 1), row("b", 2, "succeeded", 1));
        let later = row("b", 2, "succeeded", 2);
        let one = [a.clone(), b.clone()];
        finds(&judged(&one, "a+ a- b+ b-"), &[]);
        finds(&judged(&one, "a+ b+ a- b-"), &["overlap under one number"]);
        finds(&judged(&[a.clone(), later.clone()], "a+ a- b+ b-"), &[]);
        finds(&judged(&[a.clone(), later.clone()], "a+ b+ a- b-"), &["under an old number"]);
        finds(&judged(&[a.clone(), later.clone()], "b+ b- a+ a-"), &["under an old number"]);
        let lost = row("a", 1, "lost", 1);
        finds(&judged(&[lost.clone(), later.clone()], "a+ b+ a- b-"), &[]);
        finds(&judged(&[lost.clone(), later], "a+ b+ b-"), &[]);
        finds(&judged(&[lost, b.clone()], "a+ b+ b-"), &["overlap under one number"]);
        let timed_out = row("a", 1, "timed_out", 1);
        finds(&judged(&[timed_out.clone(), b.clone()], "a+ b+ b-"), &[]);
        let too_late = Row { finished_at: Some(3000), ..timed_out };
        finds(&judged(&[too_late, b.clone()], "a+ b+ b-"), &["overlap under one number"]);
        let elsewhere = Row { host: "other".to_owned(), ..b };
        finds(&judged(&[a, elsewhere], "a+ a- b+ b-"), &["two hosts under one number"]);
    }

    #[test]
    fn what_is_recorded_is_what_ran() {
        let judged = |rows: &[Row], marks: &str| overlaps("job", rows, &notes(marks));
        let a = row("a", 1, "succeeded", 1);
        finds(&judged(std::slice::from_ref(&a), "a+ a- x+ x-"), &["without a row"]);
        finds(&judged(std::slice::from_ref(&a), "a+ a- a+ a-"), &["ran twice"]);
        finds(&judged(&[a.clone(), row("b", 2, "succeeded", 1)], "a+ a-"), &["without having run"]);
        finds(&judged(&[row("a", 1, "skipped", 1)], "a+ a-"), &["although skipped"]);
        let without = Row { fence: None, outcome: Some("failed".to_owned()), ..a.clone() };
        finds(&judged(&[without], "a+ a-"), &["without a number"]);
        let of_another = Row { job: "other".to_owned(), ..a };
        finds(&judged(&[of_another], "a+ a-"), &["ran as"]);
    }

    #[test]
    fn somebody_takes_over() {
        let second = Duration::from_secs;
        let judged = |away: &[(Duration, Duration)]| {
            pauses(
                "job",
                &notes("a+ a- b+ b- x- x- x- c+"),
                (second(0), second(12)),
                away,
                second(4),
            )
        };
        finds(&judged(&[]), &["nobody started it for 5s from 3s on"]);
        finds(&judged(&[(second(4), second(5))]), &[]);
        finds(&judged(&[(second(9), second(10))]), &["from 3s on"]);
    }
}
