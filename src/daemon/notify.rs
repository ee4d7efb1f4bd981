//! What the service manager is told: sd_notify(3). Nothing where there is none.

use std::time::Duration;

use sd_notify::NotifyState;

/// The start is over, or a reload is.
pub fn ready(jobs: usize) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("{jobs} jobs"))]);
}

pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "cannot tell the service manager of the reload"),
    }
}

pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the service manager wants to hear that the loop is alive: twice in the time after
/// which it would give up, as sd_watchdog_enabled(3) advises.
pub fn alive_every() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot reach the service manager");
    }
}
