//! The daily file of the log.
//!
//! It is written through the plain rolling writer, one `write(2)` per event: it is whole at every
//! exit path, where a non-blocking writer loses its tail when its guard is not dropped.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_appender::rolling::{RollingFileAppender, RollingWriter, Rotation};
use tracing_subscriber::fmt::MakeWriter;

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output;
use crate::progress::Progress;

pub struct LogFile {
    appender: RollingFileAppender,
    directory: PathBuf,
    progress: Progress,
    /// Whether it was told that the file cannot be written.
    is_told: AtomicBool,
}

impl LogFile {
    /// Opens the file of today, and keeps `files_kept` in all.
    pub fn open(directory: &Path, files_kept: usize, progress: &Progress) -> Result<Self> {
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::no_directory("log directory", directory, error))?;
        let appender = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("punctual")
            .filename_suffix("log")
            .max_log_files(files_kept)
            .build(directory)
            .map_err(|error| open_error(directory, error))?;
        let (directory, progress) = (directory.to_owned(), progress.clone());
        Ok(Self { appender, directory, progress, is_told: AtomicBool::new(false) })
    }

    /// Tells that lines are lost. Not through the log, in whose middle this is, and once: a disk that
    /// is full stays so.
    fn tell(&self, error: &io::Error) {
        if self.is_told.swap(true, Ordering::Relaxed) {
            return;
        }
        let directory = self.directory.display();
        let error = io::Error::new(error.kind(), error.to_string());
        let lost = Error::io(format!("lines of the log in {directory} are lost"), error);
        self.progress.suspend(|| output::print_error(&lost));
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LogLine { file: self, writer: self.appender.make_writer() }
    }
}

pub struct LogLine<'a> {
    file: &'a LogFile,
    writer: RollingWriter<'a>,
}

impl Write for LogLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.writer.write(line).inspect_err(|error| self.file.tell(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn open_error(directory: &Path, error: tracing_appender::rolling::InitError) -> Error {
    use std::error::Error as _;
    let denied = error.source().and_then(|source| source.downcast_ref::<io::Error>()).is_some_and(
        |source| {
            matches!(
                source.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
            )
        },
    );
    let exit = if denied { Exit::Permission } else { Exit::InputOutput };
    Error::new(exit, format!("cannot open a log file in {}", directory.display()))
        .because(error)
        .hint("make the log directory writable, or name another one with --log-dir")
}
