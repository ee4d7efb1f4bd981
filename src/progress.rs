//! The progress bar of a run: on a terminal, or not at all.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::text;

/// A handle on the progress bar. Cheap to clone; does nothing where nobody is watching.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Draws on stderr.
    pub fn on_stderr() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // Until it is started: a log line would have it drawn with nothing in it.
        bar.finish_and_clear();
        Self { bar }
    }

    /// Draws nothing.
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    /// Starts over with what is being done now and its size in bytes, where that is known.
    pub fn start(&self, message: &str, bytes_total: Option<u64>) {
        let template = match bytes_total {
            Some(_) => "{spinner} {msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec}",
            None => "{spinner} {msg} {bytes} {bytes_per_sec}",
        };
        self.draw(template, message, bytes_total);
    }

    /// Starts over with what is waited for.
    pub fn start_waiting(&self, message: &str) {
        self.draw("{spinner} {msg}, {elapsed} so far", message, None);
    }

    fn draw(&self, template: &str, message: &str, length: Option<u64>) {
        if self.bar.is_hidden() {
            return;
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        match length {
            Some(length) => self.bar.set_length(length),
            None => self.bar.unset_length(),
        }
        self.bar.set_message(text::escape(message).into_owned());
        self.bar.reset();
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Moves the bar to `bytes` since the start.
    pub fn set_position(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        if !self.bar.is_hidden() {
            self.bar.disable_steady_tick();
            self.bar.finish_and_clear();
        }
    }

    /// Runs `write` with the bar out of the way, so that lines and bar do not mix.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}
