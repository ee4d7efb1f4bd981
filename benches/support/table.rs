//! Markdown tables that can also be read as they are, and the arithmetic of
//! their cells.

use std::fmt;
use std::time::Duration;

/// Rows of text under a header; printed as Markdown with padded columns.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(ToString::to_string).collect()] }
    }

    /// Adds a row. Rows shorter than the header are filled up with blanks.
    pub fn push(&mut self, mut row: Vec<String>) {
        row.resize(self.rows[0].len(), String::new());
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = (0..self.rows[0].len())
            .map(|column| {
                self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).max(3)
            })
            .collect();
        for (index, row) in self.rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
            if index == 0 {
                for width in &widths {
                    write!(f, "|{:-<1$}", "", width + 2)?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}

/// The middle value, or the mean of the two middle ones; zero if there is none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The values from the smallest to the largest.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Numbers grouped by thousands, as people read them.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Megabytes of a million bytes, as the aims are stated.
#[expect(
    clippy::cast_precision_loss,
    reason = "a table cell needs three digits, a float holds fifteen"
)]
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Seconds as a float, for medians and ratios.
pub fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

/// A row of a table of aims.
pub fn verdict(aim: String, measured: Option<f64>, limit: f64, unit: &str) -> Vec<String> {
    let (measured, verdict) = match measured {
        None => ("not measured".to_owned(), ""),
        Some(value) => {
            (format!("{value:.2}{unit}"), if value <= limit { "met" } else { "not met" })
        }
    };
    vec![aim, measured, format!("{limit}{unit}"), verdict.to_owned()]
}
