//! One field of a cron expression, read item by item, so that an error can point at the item and a
//! description can name it.
//!
//! The grammar is that of crontab, with `L`, `W` and `#`. croner's own reading differs in places (it
//! takes `?`, names in any field and empty items, and no `*` in a list) and says little about what
//! it refuses. So it is handed what was understood here, spelled out in numbers.

use std::fmt;
use std::ops::Range;

/// What a field counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

impl Unit {
    /// The units of six fields; five fields are the last five.
    pub const ALL: [Unit; 6] =
        [Unit::Second, Unit::Minute, Unit::Hour, Unit::DayOfMonth, Unit::Month, Unit::DayOfWeek];

    pub fn name(self) -> &'static str {
        match self {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::DayOfMonth => "day of month",
            Unit::Month => "month",
            Unit::DayOfWeek => "day of week",
        }
    }

    /// The smallest and the largest value that may be written.
    fn limits(self) -> (u8, u8) {
        match self {
            Unit::Second | Unit::Minute => (0, 59),
            Unit::Hour => (0, 23),
            Unit::DayOfMonth => (1, 31),
            Unit::Month => (1, 12),
            Unit::DayOfWeek => (0, 7),
        }
    }

    /// The names that stand for numbers, from the smallest number on.
    fn names(self) -> &'static [&'static str] {
        match self {
            Unit::Month => &[
                "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
            ],
            Unit::DayOfWeek => &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
            _ => &[],
        }
    }

    /// A number or a name, or what is wrong with it.
    fn value(self, text: &str) -> Result<u8, String> {
        let (min, max) = self.limits();
        if is_number(text) {
            let value = number(text).filter(|value| (min..=max).contains(value));
            return value.ok_or_else(|| format!("{text} is not from {min} to {max}"));
        }
        let names = self.names();
        match names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
            Some(position) => Ok(min + position as u8),
            None => Err(match names {
                [first, .., last] => {
                    format!("{text:?} is neither a number nor a name from {first} to {last}")
                }
                _ => format!("{text:?} is not a number"),
            }),
        }
    }
}

/// What a text of a schedule is refused for, and where in the text that stands (in bytes).
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub span: Range<usize>,
    pub problem: String,
}

/// The days that depend on the month: what `L`, `W` and `#` stand for. Sunday is 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// `L`: the last day of the month.
    LastDay,
    /// `LW`: the last day of the month from Monday to Friday.
    LastWorkday,
    /// `15W`: the day from Monday to Friday that is nearest, in the same month.
    NearestWorkday(u8),
    /// `5L`: the last Friday of the month.
    Last(u8),
    /// `5#3`: the third Friday of the month.
    Nth(u8, u8),
}

/// What stands in a field.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// The values of numbers, ranges and steps, a bit each. Sunday is 7.
    values: u64,
    /// All the values that there are.
    all: u64,
    pub specials: Vec<Special>,
    /// Whether it starts with `*`: what the rule of the two day fields asks for.
    pub is_starred: bool,
}

impl Field {
    /// Reads a field that stands at `start` of the whole text.
    pub fn parse(unit: Unit, text: &str, start: usize) -> Result<Self, Fault> {
        let (min, max) = unit.limits();
        let mut field = Self {
            values: 0,
            all: bits(unit, min..=max),
            specials: Vec::new(),
            is_starred: text.starts_with('*'),
        };
        let mut at = start;
        for item in text.split(',') {
            field.add(unit, item).map_err(|problem| Fault {
                // Of nothing, its place.
                span: at..at + item.len().max(1),
                problem,
            })?;
            at += item.len() + 1;
        }
        let two_ends = [Special::LastDay, Special::LastWorkday];
        if two_ends.iter().all(|end| field.specials.contains(end)) {
            // croner takes the pair for LW alone.
            let problem = "L and LW cannot stand in one list".to_owned();
            return Err(Fault { span: start..start + text.len(), problem });
        }
        Ok(field)
    }

    fn add(&mut self, unit: Unit, item: &str) -> Result<(), String> {
        if item.is_empty() {
            return Err("nothing stands beside the comma".to_owned());
        }
        if let Some(special) = special(unit, item)? {
            if !self.specials.contains(&special) {
                self.specials.push(special);
            }
            return Ok(());
        }
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let step_size = step.map_or(Ok(1), step_size)?;
        let (min, max) = unit.limits();
        let (from, to) = if range == "*" {
            (min, max)
        } else if let Some((from, to)) = range.split_once('-') {
            range_ends(unit, from, to)?
        } else {
            let value = unit.value(range)?;
            if let Some(step) = step {
                return Err(format!(
                    "{item:?} has a step but no range; write {range}-{max}/{step} or */{step}"
                ));
            }
            (value, value)
        };
        self.values |= bits(unit, (from..=to).step_by(step_size));
        Ok(())
    }

    /// Whether it holds at any time.
    pub fn is_everything(&self) -> bool {
        self.values == self.all
    }

    /// The values of numbers, ranges and steps, in order.
    pub fn values(&self) -> impl Iterator<Item = u8> + Clone + use<> {
        let values = self.values;
        (0..u64::BITS as u8).filter(move |value| values & (1 << value) != 0)
    }
}

/// The field in numbers, for croner. To that `*` is more than all the numbers in a day field, as it
/// is to crontab.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_starred && self.is_everything() {
            return f.write_str("*");
        }
        let numbers = self.values().map(|value| value.to_string());
        let specials = self.specials.iter().map(|special| match special {
            Special::LastDay => "L".to_owned(),
            Special::LastWorkday => "LW".to_owned(),
            Special::NearestWorkday(day) => format!("{day}W"),
            Special::Last(day) => format!("{day}#L"),
            Special::Nth(day, nth) => format!("{day}#{nth}"),
        });
        f.write_str(&numbers.chain(specials).collect::<Vec<_>>().join(","))
    }
}

/// One bit per value, with Sunday as 7 however it was written.
fn bits(unit: Unit, values: impl Iterator<Item = u8>) -> u64 {
    values.fold(0, |bits, value| match (unit, value) {
        (Unit::DayOfWeek, 0) => bits | 1 << 7,
        _ => bits | 1 << value,
    })
}

fn step_size(step: &str) -> Result<usize, String> {
    match number(step) {
        Some(0) => Err("a step of 0 leads nowhere".to_owned()),
        Some(size) => Ok(size.into()),
        None if is_number(step) => Err(format!("the step {step} is larger than any field")),
        None => Err(format!("the step {step:?} is not a number")),
    }
}

fn range_ends(unit: Unit, from: &str, to: &str) -> Result<(u8, u8), String> {
    let (first, mut last) = (unit.value(from)?, unit.value(to)?);
    // A week that is written in names may end on Sunday.
    if unit == Unit::DayOfWeek && !is_number(to) && last == 0 && first > 0 {
        last = 7;
    }
    if first > last {
        let (min, max) = unit.limits();
        return Err(format!("{from}-{to} runs backwards; write {from}-{max},{min}-{to}"));
    }
    Ok((first, last))
}

/// Reads an item with `L`, `W` or `#`; nothing when it has none of them.
fn special(unit: Unit, item: &str) -> Result<Option<Special>, String> {
    // A number that is out of range is still meant as a day, a longer word is not.
    let is_day = |text: &&str| is_number(text) || unit.value(text).is_ok();
    let without =
        |letter: char| item.strip_suffix([letter, letter.to_ascii_lowercase()]).filter(is_day);
    match unit {
        Unit::DayOfMonth if item.eq_ignore_ascii_case("L") => Ok(Some(Special::LastDay)),
        Unit::DayOfMonth if item.eq_ignore_ascii_case("LW") => Ok(Some(Special::LastWorkday)),
        Unit::DayOfMonth => match without('W') {
            Some(day) => Ok(Some(Special::NearestWorkday(unit.value(day)?))),
            None => Ok(None),
        },
        Unit::DayOfWeek if item.eq_ignore_ascii_case("L") => {
            Err("L needs a day before it here, as in 5L, the last Friday".to_owned())
        }
        Unit::DayOfWeek => match (item.split_once('#'), without('L')) {
            (Some((day, "L" | "l")), _) | (None, Some(day)) => {
                Ok(Some(Special::Last(weekday(day)?)))
            }
            (Some((day, nth)), _) => {
                let nth = number(nth).filter(|nth| (1..=5).contains(nth));
                let nth = nth.ok_or("after # stands which one of the month, from 1 to 5")?;
                Ok(Some(Special::Nth(weekday(day)?, nth)))
            }
            (None, None) => Ok(None),
        },
        _ => Ok(None),
    }
}

/// A day of the week, with Sunday as 7 however it was written.
fn weekday(text: &str) -> Result<u8, String> {
    Unit::DayOfWeek.value(text).map(|day| if day == 0 { 7 } else { day })
}

fn number(text: &str) -> Option<u8> {
    if is_number(text) { text.parse().ok() } else { None }
}

/// Rust itself would take a sign as well; crontab does not.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
