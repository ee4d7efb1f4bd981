//! What is known of a panic, kept for the error that reports it.

use std::any::Any;
use std::cell::Cell;
use std::panic::PanicHookInfo;

use crate::error::Error;
use crate::exit::Exit;

thread_local! {
    /// Where the newest panic of this thread was raised: the hook writes it, [`error`] takes it.
    static LOCATION: Cell<Option<String>> = const { Cell::new(None) };
}

/// Replaces the standard hook, which would print: the frame reports the panic once, as an error.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let location = info.location().map(ToString::to_string);
        tracing::debug!(
            location,
            backtrace = %std::backtrace::Backtrace::capture(),
            "panic: {}",
            message(info.payload())
        );
        LOCATION.set(location);
    }));
}

/// The error for a caught panic.
pub fn error(what: &str, payload: &(dyn Any + Send)) -> Error {
    let place = LOCATION.take().map_or_else(String::new, |location| format!(" at {location}"));
    Error::new(Exit::Bug, format!("{what}{place}")).because(message(payload).to_owned()).hint(
        "this is a bug in punctual; please report it with the output of RUST_BACKTRACE=1 and -vv",
    )
}

fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "no message"
    }
}
