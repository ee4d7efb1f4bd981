//! The only module that prints. Data goes to stdout, messages to stderr.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::error::Error;
use crate::exit::Exit;
use crate::text;

/// The shape of what is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    #[default]
    Text,
    Json,
}

/// Writes to stdout, styles stripped where the reader is not a terminal or `NO_COLOR` is set.
pub fn write_stdout(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes what a command was asked for. A reader that went away (`| head`) has had enough; any
/// other failure is an error, because the output was the whole point.
pub fn print(text: &str) -> Result<(), Error> {
    match write_stdout(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(Exit::InputOutput, "cannot write to stdout").because(error))
        }
        _ => Ok(()),
    }
}

/// Writes `error: ` and the chain, then `hint: ` and what to do. What else is wrong stands on lines
/// of its own between them.
pub fn print_error(error: &Error) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let cyan = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    let lines: Vec<_> = error.lines().iter().map(|line| text::escape(line).into_owned()).collect();
    let mut message = format!("{red}error:{red:#} {}\n", lines.join("\n       "));
    if let Some(hint) = error.hint_text() {
        message.push_str(&format!("{cyan}hint:{cyan:#} {}\n", text::escape(hint)));
    }
    write_stderr(&message);
}

/// Writes to stderr. Nobody is left to tell when that fails.
pub fn write_stderr(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// The width of the terminal on stdout, in columns; nothing when it is none.
pub fn terminal_columns() -> Option<u16> {
    terminal_size::terminal_size_of(io::stdout()).map(|(columns, _)| columns.0)
}

/// Stderr as it is, for log lines that are rendered already.
pub fn stderr() -> io::Stderr {
    io::stderr()
}

/// Whether stderr is a terminal, so that somebody is watching.
pub fn stderr_is_terminal() -> bool {
    io::IsTerminal::is_terminal(&io::stderr())
}

/// Whether stderr may be coloured (a terminal, and no `NO_COLOR`).
pub fn stderr_is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}
