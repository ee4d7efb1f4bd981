//! The text format of Prometheus, read strictly:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::collections::{BTreeMap, BTreeSet};

/// A page of metrics, whose form was checked.
pub struct Exposition {
    /// By name and labels, as they are written.
    samples: BTreeMap<String, f64>,
    /// The names that are described.
    pub families: BTreeSet<String>,
}

/// A metric while its lines are read.
#[derive(Default)]
struct Family {
    name: String,
    kind: String,
    /// By the labels without `le`.
    histograms: BTreeMap<String, Histogram>,
}

#[derive(Default)]
struct Histogram {
    /// Bounds and what is below them.
    buckets: Vec<(f64, f64)>,
    sum: Option<f64>,
    count: Option<f64>,
}

impl Exposition {
    pub fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends too");
        let mut page = Self { samples: BTreeMap::new(), families: BTreeSet::new() };
        let mut family = Family::default();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(help) = line.strip_prefix("# HELP ") else {
                page.sample(&mut family, line);
                continue;
            };
            family.check();
            let (name, help) = help.split_once(' ').expect("a name and its help");
            assert!(!help.is_empty() && is_name(name), "{line}");
            assert!(page.families.insert(name.to_owned()), "described twice: {line}");
            let kind = lines.next().and_then(|line| line.strip_prefix("# TYPE "));
            let kind = kind.and_then(|kind| kind.strip_prefix(name)).expect("its type comes next");
            assert!([" counter", " gauge", " histogram"].contains(&kind), "{name}{kind}");
            assert_eq!(kind == " counter", name.ends_with("_total"), "{name}{kind}");
            family =
                Family { name: name.to_owned(), kind: kind[1..].to_owned(), ..Family::default() };
        }
        family.check();
        page
    }

    fn sample(&mut self, family: &mut Family, line: &str) {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let value: f64 = value.parse().unwrap_or_else(|error| panic!("{error}: {line}"));
        let (name, labels) = match series.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').expect("a closing brace")),
            None => (series, ""),
        };
        let labels = read_labels(labels);
        match family.kind.as_str() {
            "histogram" => family.histogram(name, labels, value),
            kind => {
                assert_eq!(name, family.name, "{line}");
                assert!(kind != "counter" || value >= 0.0, "{line}");
            }
        }
        assert!(self.samples.insert(series.to_owned(), value).is_none(), "twice: {line}");
    }

    /// A sample by name and labels, as they are written.
    #[track_caller]
    pub fn value(&self, series: &str) -> f64 {
        self.get(series).unwrap_or_else(|| panic!("no {series} in {:#?}", self.samples))
    }

    pub fn get(&self, series: &str) -> Option<f64> {
        self.samples.get(series).copied()
    }
}

impl Family {
    fn histogram(&mut self, name: &str, mut labels: BTreeMap<String, String>, value: f64) {
        let bound = labels.remove("le");
        let histogram = self.histograms.entry(format!("{labels:?}")).or_default();
        match (name.strip_prefix(&self.name), bound) {
            (Some("_bucket"), Some(bound)) => {
                histogram.buckets.push((bound.parse().expect("a number"), value));
            }
            (Some("_sum"), None) => histogram.sum = Some(value),
            (Some("_count"), None) => histogram.count = Some(value),
            _ => panic!("{name} in the histogram {}", self.name),
        }
    }

    /// What must hold of a whole metric.
    fn check(&self) {
        for (labels, Histogram { buckets, sum, count }) in &self.histograms {
            let name = format!("{}{labels}", self.name);
            let ascending = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
            assert!(buckets.windows(2).all(ascending), "{name}: {buckets:?}");
            let (last, most) = buckets.last().expect("buckets");
            assert!(last.is_infinite() && Some(*most) == *count && sum.is_some(), "{name}");
        }
    }
}

fn read_labels(text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, quoted) = rest.split_once("=\"").expect("a label");
        assert!(is_name(name), "{text}");
        let mut escaped = false;
        let end = quoted.find(|character| {
            let ends = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            ends
        });
        let (value, after) = quoted.split_at(end.expect("a closing quote"));
        assert!(labels.insert(name.to_owned(), value.to_owned()).is_none(), "{text}");
        rest = after[1..].strip_prefix(',').unwrap_or(&after[1..]);
    }
    labels
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[test]
fn what_is_not_the_format_is_noticed() {
    let whole = "# HELP a_seconds Help.\n# TYPE a_seconds histogram\na_seconds_sum 1\n\
                 a_seconds_count 2\na_seconds_bucket{le=\"1.0\"} 1\na_seconds_bucket{le=\"+Inf\"} 2\n\
                 # HELP b_total Help.\n# TYPE b_total counter\nb_total{x=\"a,\\\"}b\"} 3\n";
    assert_eq!(Exposition::read(whole).value("b_total{x=\"a,\\\"}b\"}"), 3.0);
    for (right, wrong) in [
        ("_bucket{le=\"1.0\"} 1", "_bucket{le=\"1.0\"} 3"),
        ("_bucket{le=\"+Inf\"} 2", "_bucket{le=\"2.0\"} 2"),
        ("a_seconds_count 2", "a_seconds_count 3"),
        ("a_seconds_sum 1\n", ""),
        ("# TYPE b_total counter", "# TYPE b_total gauge"),
        ("# TYPE b_total counter\n", ""),
        ("HELP b_total Help.", "HELP b_total "),
        ("b_total{x", "c_total{x"),
        ("b_total{x", "b_total{x y"),
        ("} 3\n", "} 3"),
        ("} 3\n", "} three\n"),
        ("\"} 3\n", "} 3\n"),
        ("# HELP b_total", "a_seconds_sum 1\n# HELP b_total"),
        (
            "# HELP b_total Help.\n# TYPE b_total counter",
            "# HELP a_seconds Help.\n# TYPE a_seconds gauge",
        ),
    ] {
        let broken = whole.replacen(right, wrong, 1);
        assert_ne!(broken, whole);
        let read = std::panic::catch_unwind(|| Exposition::read(&broken));
        assert!(read.is_err(), "this was taken:\n{broken}");
    }
}
