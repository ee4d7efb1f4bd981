//! Exponential backoff with jitter.

use std::time::Duration;

/// Delays that double from `first` up to `longest`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub longest: Duration,
}

impl Backoff {
    /// The delay after the try numbered `failed` (from 1), without jitter.
    fn base(self, failed: u32) -> Duration {
        let factor = 1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX).max(1);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// The delay after the try numbered `failed` (from 1): the base and up to a quarter more,
    /// so that hosts that failed together do not come back together.
    pub fn delay(self, failed: u32) -> Duration {
        self.base(failed).mul_f64(1.0 + fastrand::f64() / 4.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let backoff =
            Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(8) };
        let bases: Vec<u128> = (1..=7).map(|n| backoff.base(n).as_millis()).collect();
        assert_eq!(bases, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(backoff.base(u32::MAX), backoff.longest);
        for failed in 1..50 {
            let delay = backoff.delay(failed);
            assert!(delay >= backoff.base(failed));
            assert!(delay <= backoff.base(failed).mul_f64(1.25));
        }
    }
}
