//! What befalls the hosts of a cluster and their server within a minute: seeded, so that it can be
//! repeated.

use std::fmt;
use std::time::Duration;

/// Hosts that may be dead or suspended at the same time: the others are to do their work.
const OUT_MAX: usize = 2;

/// What goes on before the first blow, and after the last host is back.
const CALM: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// SIGKILL.
    Kill(usize),
    /// The same host starts its daemon again.
    Reboot(usize),
    /// SIGSTOP.
    Suspend(usize),
    /// SIGCONT.
    Wake(usize),
    /// The server, in good order.
    Restart,
    /// The server, in no order.
    Crash,
}

#[derive(Debug)]
pub struct Plan {
    pub seed: u64,
    /// In the order of their times.
    pub blows: Vec<(Duration, Blow)>,
}

impl Plan {
    /// In all of these plans a host is killed, one is suspended for longer than `lease`, and the
    /// server is restarted both ways.
    pub fn new(seed: u64, hosts: usize, length: Duration, lease: Duration) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut between = |from: Duration, to: Duration| from + (to - from).mul_f64(random.f64());
        let second = Duration::from_secs(1);
        let mut blows = Vec::new();
        // Until when each host is out.
        let mut out = vec![Duration::ZERO; hosts];
        let mut at = CALM;
        for turn in 0.. {
            let pause = if turn == 1 {
                between(lease + second, lease * 3)
            } else {
                between(second, 8 * second)
            };
            if at + pause + CALM > length {
                break;
            }
            let there: Vec<usize> = (0..hosts).filter(|&host| out[host] < at).collect();
            if hosts - there.len() < OUT_MAX {
                let host =
                    there[(between(Duration::ZERO, second).as_nanos() as usize) % there.len()];
                let (blow, back) = match turn {
                    0 => (Blow::Kill(host), Blow::Reboot(host)),
                    1 => (Blow::Suspend(host), Blow::Wake(host)),
                    _ if between(Duration::ZERO, second) < second / 2 => {
                        (Blow::Kill(host), Blow::Reboot(host))
                    }
                    _ => (Blow::Suspend(host), Blow::Wake(host)),
                };
                out[host] = at + pause;
                blows.extend([(at, blow), (at + pause, back)]);
            }
            at += between(second, 4 * second);
        }
        let middle = length / 2;
        blows.push((between(CALM, middle - CALM), Blow::Restart));
        blows.push((between(middle, length - 3 * CALM), Blow::Crash));
        blows.sort_by_key(|(at, _)| *at);
        Self { seed, blows }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan {}:", self.seed)?;
        for (at, blow) in &self.blows {
            write!(f, " {:.1}s {blow:?},", at.as_secs_f64())?;
        }
        Ok(())
    }
}

#[test]
fn all_plans_leave_enough_hosts_and_give_all_back() {
    let second = Duration::from_secs(1);
    for seed in 0..1000 {
        let plan = Plan::new(seed, 5, 45 * second, 3 * second);
        let mut out = Vec::new();
        for (at, blow) in &plan.blows {
            assert!(CALM <= *at && *at <= 45 * second - CALM, "{plan}");
            match blow {
                Blow::Kill(host) | Blow::Suspend(host) => {
                    assert!(!out.contains(host), "{plan}");
                    out.push(*host);
                }
                Blow::Reboot(host) | Blow::Wake(host) => out.retain(|other| other != host),
                Blow::Restart | Blow::Crash => {}
            }
            assert!(out.len() <= OUT_MAX, "{plan}");
        }
        assert!(out.is_empty(), "{plan}");
        for kind in ["Kill", "Suspend", "Restart", "Crash"] {
            assert!(plan.to_string().contains(kind), "{plan}");
        }
    }
}
