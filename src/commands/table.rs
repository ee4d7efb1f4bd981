//! Tables on the terminal.

use std::borrow::Cow;

use comfy_table::Table;

use crate::output;

/// How many columns a table may take: those of the terminal, or as many as it likes.
pub fn room() -> usize {
    output::terminal_columns().map_or(usize::MAX, usize::from)
}

/// The header and the rows, all of one width.
pub fn lines(header: Vec<String>, rows: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header);
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if index == 0 { 0 } else { 1 }, 1));
    }
    table.lines().collect()
}

/// How many columns lines take.
pub fn width(lines: &[String]) -> usize {
    lines.iter().map(|line| line.chars().count()).max().unwrap_or_default()
}

/// A stored timestamp without its milliseconds.
pub fn to_seconds(timestamp: &str) -> Cow<'_, str> {
    match timestamp.split_once('.') {
        Some((seconds, _)) => Cow::Owned(format!("{seconds}Z")),
        None => Cow::Borrowed(timestamp),
    }
}
