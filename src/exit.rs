//! Exit codes: the one table from which help, man pages and the README are printed.
//!
//! The numbers follow `sysexits.h` (64 to 78), coreutils `timeout` (124) and the shell's
//! `128 + signal` (130, 143).

use std::fmt;

/// How the process ends. Every ending of the program maps to exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Succeeded = 0,
    Failed = 1,
    Usage = 2,
    Unavailable = 69,
    Bug = 70,
    InputOutput = 74,
    NotRun = 75,
    Protocol = 76,
    Permission = 77,
    Configuration = 78,
    TimedOut = 124,
    Interrupted = 130,
    Terminated = 143,
}

impl Exit {
    /// Every code with the sentence that documents it, in numerical order.
    pub const TABLE: &[(Exit, &str)] = &[
        (Exit::Succeeded, "the run succeeded, also if nothing changed"),
        (Exit::Failed, "the job failed"),
        (Exit::Usage, "usage: bad flag, value or schedule, unknown job"),
        (
            Exit::Unavailable,
            "a service is unavailable: network down, 5xx or 429 after all tries, PostgreSQL away, \
             no daemon",
        ),
        (Exit::Bug, "our bug: a panic, a broken invariant, a run that is stuck"),
        (Exit::InputOutput, "input or output failed: disk full, unreadable or damaged database"),
        (
            Exit::NotRun,
            "not run: the same job is running (--if-running fail, or wait past the deadline), or \
             another daemon holds this state directory; or given up: another host took the job's \
             lease",
        ),
        (Exit::Protocol, "the remote answered with something other than its contract"),
        (
            Exit::Permission,
            "permission: 401 or 403 from the API, unwritable directory, password or rights of \
             PostgreSQL",
        ),
        (
            Exit::Configuration,
            "configuration: bad file or value, no such database, database newer than the program",
        ),
        (Exit::TimedOut, "the deadline passed (as with coreutils timeout)"),
        (Exit::Interrupted, "cancelled by SIGINT"),
        (Exit::Terminated, "cancelled by SIGTERM, SIGHUP or SIGQUIT"),
    ];

    /// The number that the parent process sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The code that this number is.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::TABLE.iter().map(|(exit, _)| *exit).find(|exit| exit.code() == code)
    }

    /// The table as aligned text, one code per line, for `--help` and the man page.
    pub fn table_text() -> String {
        Self::TABLE
            .iter()
            .map(|(exit, meaning)| format!("  {:>3}  {meaning}\n", exit.code()))
            .collect()
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_table_is_in_numerical_order_without_doubles() {
        let codes: Vec<u8> = Exit::TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
    }
}
