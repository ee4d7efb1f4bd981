//! A wake-up at a wall-clock time.
//!
//! On Linux a `timerfd` of the realtime clock: the kernel keeps it right through suspends and
//! slewing, and wakes at once when somebody sets the clock (`TFD_TIMER_CANCEL_ON_SET`), so that
//! nothing has to be polled. See timerfd_create(2). Elsewhere, and in tests that bring their own
//! clock, tokio's timer with a look at the clock every minute.

use std::io;
use std::time::Duration;

use super::{Clock, Timestamp};

/// How long tokio's timer is trusted, which counts monotonic time.
const LOOK_EVERY: Duration = Duration::from_secs(60);

pub struct Alarm {
    clock: Clock,
    #[cfg(target_os = "linux")]
    timer: Option<linux::WallTimer>,
}

impl Alarm {
    /// Call it inside the tokio runtime.
    pub fn new(clock: Clock) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        let timer = match clock {
            Clock::System => Some(linux::WallTimer::new()?),
            #[cfg(test)]
            Clock::Virtual { .. } => None,
        };
        Ok(Self {
            clock,
            #[cfg(target_os = "linux")]
            timer,
        })
    }

    /// Waits until the wall clock reads `at`, or earlier when there is reason to look at the
    /// clock; for ever without a time. Cancel it at will.
    pub async fn wait(&mut self, at: Option<Timestamp>) {
        let Some(at) = at else { return std::future::pending().await };
        #[cfg(target_os = "linux")]
        if let Some(timer) = &mut self.timer {
            match timer.wait(at).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the wall clock's timer failed; polling"),
            }
        }
        let time = at.since(self.clock.now());
        tokio::time::sleep(self.clock.wait_for(time).min(LOOK_EVERY)).await;
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;

    use rustix::io::Errno;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    use super::{Timestamp, io};

    pub struct WallTimer {
        timer: AsyncFd<OwnedFd>,
    }

    impl WallTimer {
        #[expect(unsafe_code, reason = "tokio wants the promise that the descriptor stays open")]
        pub fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
            // SAFETY: the descriptor is owned by the `AsyncFd`, which nothing takes it out of.
            let timer = unsafe { AsyncFd::register(timer) }.map_err(io::Error::from)?;
            Ok(Self { timer })
        }

        pub async fn wait(&mut self, at: Timestamp) -> io::Result<()> {
            let since_epoch = at.since_epoch();
            // An all-zero time would disarm the timer.
            let once = Itimerspec {
                it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
                it_value: Timespec {
                    tv_sec: i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: i64::from(since_epoch.subsec_nanos()).max(1),
                },
            };
            let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
            match timerfd_settime(&self.timer, flags, &once) {
                Ok(_) => {}
                // The clock was set since the last time.
                Err(Errno::CANCELED) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
            loop {
                let mut ready = self.timer.readable().await?;
                let mut expirations = [0; 8];
                let read = ready.try_io(|timer| {
                    rustix::io::read(timer, &mut expirations).map_err(io::Error::from)
                });
                match read {
                    Ok(Ok(_)) => return Ok(()),
                    Ok(Err(error))
                        if error.raw_os_error() == Some(Errno::CANCELED.raw_os_error()) =>
                    {
                        return Ok(());
                    }
                    Ok(Err(error)) => return Err(error),
                    // The readiness was that of an earlier wait.
                    Err(_would_block) => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_wakes_at_the_wall_clock_time_and_can_be_armed_again() {
        let mut alarm = Alarm::new(Clock::System).expect("a timer");
        for _ in 0..3 {
            let at = Clock::System.now().plus(Duration::from_millis(20));
            alarm.wait(Some(at)).await;
            assert!(Clock::System.now() >= at);
        }
        // A time that has passed is due at once, one that was given up leaves nothing behind.
        alarm.wait(Some(Timestamp::from_epoch(Duration::ZERO))).await;
        let far = Clock::System.now().plus(Duration::from_secs(3600));
        let wait = tokio::time::timeout(Duration::from_millis(20), alarm.wait(Some(far)));
        assert!(wait.await.is_err());
        alarm.wait(Some(Clock::System.now().plus(Duration::from_millis(1)))).await;
    }
}
