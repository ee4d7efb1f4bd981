//! Which stretches of wall time the daemon has gone through, due time by due time.
//!
//! A clock that is set back makes the daemon go through the same hours twice. Their due times had
//! their turn, so they are passed over. Those of a stretch that the daemon has never gone through
//! have not, and come due as usual: the clock stood wrong when the daemon started, or it was set
//! far ahead by mistake and is right again.

use crate::clock::Timestamp;

/// More stretches than any sane clock makes. Beyond it the oldest is forgotten: the claims in the
/// history still keep a due time from running twice.
const STRETCHES_MAX: usize = 32;

/// A stretch of wall time: after `low`, up to and including `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub low: Timestamp,
    pub high: Timestamp,
}

/// The stretch that is growing, and those that jumps of the clock have left behind or ahead.
#[derive(Clone, Debug)]
pub struct Handled {
    current: Stretch,
    others: Vec<Stretch>,
}

impl Handled {
    pub fn starting_at(now: Timestamp) -> Self {
        Self { current: Stretch { low: now, high: now }, others: Vec::new() }
    }

    /// The time up to which, seen from now, every due time has had its turn.
    pub fn high(&self) -> Timestamp {
        self.current.high
    }

    /// The clock reads `now`, and has jumped over what lies before `jumped_until`. Tells whether
    /// it went back to where no daemon has been: then a new stretch begins there.
    pub fn reach(&mut self, now: Timestamp, jumped_until: Option<Timestamp>) -> bool {
        let went_back = now < self.current.low;
        if went_back {
            let inside = self.others.iter().position(|other| other.low <= now && now <= other.high);
            let next = match inside {
                Some(index) => self.others.remove(index),
                None => Stretch { low: now, high: now },
            };
            self.leave_for(next);
        } else if let Some(low) = jumped_until.filter(|until| *until > self.current.high) {
            self.leave_for(Stretch { low, high: now });
        }
        self.current.high = self.current.high.max(now);
        // Grown over the end of another stretch, the two are one. Not before: until then the
        // rest of it lies ahead, and is to be passed over.
        while let Some(index) = self
            .others
            .iter()
            .position(|other| (self.current.low..=self.current.high).contains(&other.high))
        {
            let other = self.others.remove(index);
            self.current.low = self.current.low.min(other.low);
        }
        went_back
    }

    fn leave_for(&mut self, next: Stretch) {
        self.others.push(std::mem::replace(&mut self.current, next));
        if self.others.len() > STRETCHES_MAX {
            self.others.remove(0);
        }
    }

    /// An earlier stretch that `due` lies in, so that its turn is over.
    pub fn earlier_with(&self, due: Timestamp) -> Option<Stretch> {
        self.others.iter().copied().find(|other| other.low < due && due <= other.high)
    }

    /// The parts of a stretch that no earlier one has covered, in order.
    pub fn uncovered(&self, stretch: Stretch) -> Vec<Stretch> {
        let mut others = self.others.clone();
        others.sort_unstable_by_key(|other| other.low);
        let mut parts = Vec::new();
        let mut low = stretch.low;
        for other in others.iter().take_while(|other| other.low < stretch.high) {
            if low < other.low {
                parts.push(Stretch { low, high: other.low });
            }
            low = low.max(other.high);
        }
        if low < stretch.high {
            parts.push(Stretch { low, high: stretch.high });
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(minute: u64) -> Timestamp {
        Timestamp::from_epoch(Duration::from_secs(1_800_000_000 + 60 * minute))
    }

    fn stretch(low: u64, high: u64) -> Stretch {
        Stretch { low: at(low), high: at(high) }
    }

    /// Goes to a minute without a jump.
    fn go(handled: &mut Handled, minute: u64) -> bool {
        handled.reach(at(minute), None)
    }

    #[test]
    fn a_step_back_within_the_stretch_changes_nothing() {
        let mut handled = Handled::starting_at(at(10));
        assert!(!go(&mut handled, 30));
        assert!(!go(&mut handled, 20));
        assert_eq!(handled.high(), at(30));
        assert_eq!(handled.earlier_with(at(25)), None);
    }

    #[test]
    fn a_step_back_before_the_start_opens_a_stretch_that_grows_into_the_old_one() {
        let mut handled = Handled::starting_at(at(60));
        go(&mut handled, 120);
        assert!(go(&mut handled, 0));
        assert_eq!(handled.high(), at(0));
        assert_eq!(handled.earlier_with(at(90)), Some(stretch(60, 120)));
        assert_eq!(handled.earlier_with(at(60)), None, "the start itself is no due time yet");
        assert_eq!(handled.earlier_with(at(121)), None);
        assert!(!go(&mut handled, 60));
        assert_eq!(handled.earlier_with(at(90)), Some(stretch(60, 120)), "it lies ahead");
        assert!(!go(&mut handled, 130));
        assert_eq!(handled.earlier_with(at(90)), None, "it is part of the current one");
        assert_eq!((handled.high(), handled.others.len()), (at(130), 0));
    }

    #[test]
    fn what_was_jumped_over_is_not_covered() {
        let mut handled = Handled::starting_at(at(10));
        go(&mut handled, 20);
        assert!(!handled.reach(at(1000), Some(at(999))));
        assert!(go(&mut handled, 21), "back from a wrong time");
        assert_eq!(handled.earlier_with(at(500)), None);
        assert_eq!(handled.earlier_with(at(1000)), Some(stretch(999, 1000)));
        assert!(go(&mut handled, 15), "back into a stretch that was gone through");
        assert_eq!(handled.high(), at(20));
    }

    #[test]
    fn what_was_covered_is_cut_out() {
        let mut handled = Handled::starting_at(at(60));
        go(&mut handled, 120);
        go(&mut handled, 0);
        let all = stretch(10, 180);
        assert_eq!(handled.uncovered(all), [stretch(10, 60), stretch(120, 180)]);
        assert_eq!(handled.uncovered(stretch(70, 80)), []);
        assert_eq!(handled.uncovered(stretch(10, 20)), [stretch(10, 20)]);
        assert_eq!(handled.uncovered(stretch(70, 130)), [stretch(120, 130)]);
    }

    #[test]
    fn a_clock_that_steps_back_for_ever_is_bounded() {
        let mut handled = Handled::starting_at(at(10_000));
        for step in 1..1000 {
            assert!(go(&mut handled, 10_000 - 2 * step));
        }
        assert!(handled.others.len() <= STRETCHES_MAX);
    }
}
