//! The family of a run: its command and everything that descends from it, wherever it went.
//!
//! This process is a *subreaper*: a process whose parent ends becomes our child, not init's, so
//! that no descendant ever leaves our tree, whatever session or group it makes for itself. What
//! has to be found out is only which run an orphan came from, where several are going:
//!
//! 1. from its session or group, where that is still the one that its command was started in;
//! 2. else from `PUNCTUAL_RUN_ID`, which its environment inherited;
//! 3. else from its age. An orphan without either goes with the first run at whose end no other
//!    is going that was there when the orphan was born. Not where this process had children before
//!    its first command, as when a shell with `> >(tee log)` became it: the orphan may be theirs.
//!
//! Who is found takes its own descendants along.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::table::{self, Mark, Process};
use crate::job::blocking;
use crate::text;

/// How long a process that outlives its command may take to end by itself. `tee` at the end of a
/// redirection still writes when the shell that started it is gone.
const LINGER_MAX: Duration = Duration::from_secs(1);

/// How long it may take to end once it was asked to.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);

/// How long it is tried to kill what is left. The kernel ends a process as soon as it leaves its
/// system call, which a dead network file system may delay for ever.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks at the process table.
const LOOK_FIRST: Duration = Duration::from_millis(2);
const LOOK_LONGEST: Duration = Duration::from_millis(50);

/// How often it is looked for a process that could not be told from another run's: for 160 ms, in which
/// one that is just starting its program gets on even on a busy machine.
const UNCLEAR_LOOKS_MAX: u32 = 8;

/// Looks for a child that has ended, and leaves it as it is.
const ANY_ENDED: WaitIdOptions =
    WaitIdOptions::EXITED.union(WaitIdOptions::NOHANG).union(WaitIdOptions::NOWAIT);

/// The families of this process. Adopting orphans and waiting for children are things of a whole
/// process, so this is one of the few statics.
static FAMILIES: Mutex<Families> =
    Mutex::new(Families { going: Vec::new(), had_children: false, first_born: None });

struct Families {
    going: Vec<Entry>,
    /// Whether this process had children before its first command.
    had_children: bool,
    /// When that was started. What is older is none of ours. Nothing where ages prove nothing.
    first_born: Option<u64>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The command's own process: its pid is that of its session and group, too.
    leader: Pid,
    run_id: Uuid,
    born: u64,
    /// The command has ended.
    ending: bool,
}

/// A run's command and its descendants. Dropped, it kills what of them is left.
pub struct Family {
    leader: Pid,
    pub child: Child,
    /// Nothing is left to be killed.
    over: bool,
}

impl Family {
    /// Starts a command.
    pub fn start(command: &mut Command, run_id: Uuid) -> std::io::Result<Self> {
        adopt_orphans();
        // Held while the process is made, so that nobody takes it for an orphan before it is known.
        let mut families = lock();
        let child = command.spawn()?;
        // It has not been waited for, so it has its pid.
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let leader = pid.ok_or(std::io::ErrorKind::NotFound)?;
        let born = table::process(leader).map_or(0, |process| process.born);
        families.going.push(Entry { leader, run_id, born, ending: false });
        if !families.had_children {
            families.first_born.get_or_insert(born);
        }
        Ok(Self { leader, child, over: false })
    }

    /// Sends a signal to the command's process group, as long as the command has not ended: after
    /// that the group's number may be somebody else's.
    pub fn signal_group(&self, signal: Signal) {
        if self.child.id().is_none() {
            return;
        }
        let sent = rustix::process::kill_process_group(self.leader, signal)
            // The command may have joined another group, and left its own empty.
            .or_else(|_| rustix::process::kill_process(self.leader, signal));
        if let Err(error) = sent {
            tracing::debug!(%error, ?signal, "cannot signal the command");
        }
    }

    /// Ends what the ended command has left behind, and tells how many processes that was. `kill`
    /// takes their time away; where the command was `cancelled` they have until then, for its
    /// group was asked to end with it.
    pub async fn end(mut self, cancelled: bool, kill: &CancellationToken) -> usize {
        set_ending(self.leader);
        let leader = self.leader;
        let asked_group = cancelled.then(|| leader.as_raw_pid());
        let count = if has_children() {
            end_all(move |known| members(leader, known), asked_group, kill).await
        } else {
            0
        };
        self.over = true;
        count
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if !self.over {
            self.signal_group(Signal::KILL);
            set_ending(self.leader);
            // A look at the process table takes a millisecond; there is no later to do it in.
            kill_all(self.leader);
        }
        lock().going.retain(|entry| entry.leader != self.leader);
    }
}

/// Starts a process that belongs to no command: for tests, which have servers of their own.
#[cfg(test)]
pub fn spawn_spared(command: &mut std::process::Command) -> std::io::Result<std::process::Child> {
    adopt_orphans();
    let mut families = lock();
    let child = command.spawn()?;
    let leader = Pid::from_child(&child);
    families.going.push(Entry { leader, run_id: Uuid::nil(), born: 0, ending: true });
    Ok(child)
}

/// Reaps adopted orphans that have ended. What this process started itself is left to whoever
/// waits for it.
pub fn reap() {
    if let Ok(Some(_)) = rustix::process::waitid(WaitId::All, ANY_ENDED) {
        reap_ended(&table::processes());
    }
}

/// Ends what is left of a run whose own process died before it could see to it (`kill -9`), and
/// tells how many processes that was: all that have the run's id in their environment, and their
/// descendants. To be done before the job is run again, or both would go on side by side.
pub async fn end_lost(run_id: Uuid) -> usize {
    end_all(move |known| lost_members(run_id, known), None, &CancellationToken::new()).await
}

/// Ends whatever `look` finds, look by look, until it finds nothing. `kill` makes it quick. Where
/// there is an `asked_group` it was sent SIGTERM already, and nobody is killed before `kill`.
async fn end_all(
    look: impl Fn(&[Process]) -> Found + Copy + Send + 'static,
    asked_group: Option<i32>,
    kill: &CancellationToken,
) -> usize {
    let mut known = Vec::new();
    let gone_by_itself = tokio::select! {
        () = until_gone(look, &mut known, |_| ()) => true,
        () = tokio::time::sleep(LINGER_MAX) => false,
        () = kill.cancelled() => false,
    };
    if gone_by_itself {
        return 0;
    }
    let mut asked: Vec<Process> = Vec::new();
    let ask = |process: &Process| {
        if is_known(process, &asked) {
            return;
        }
        tracing::warn!(
            pid = process.pid.as_raw_pid(),
            program = %text::escape(&process.name),
            "the command left a process behind, which is ended"
        );
        // To many programs a second one means that they shall not take their time.
        if asked_group != Some(process.group) {
            send(process, Signal::TERM);
            // A stopped process only hears once it goes on.
            send(process, Signal::CONT);
        }
        asked.push(process.clone());
    };
    let gone = tokio::select! {
        () = until_gone(look, &mut known, ask) => true,
        () = tokio::time::sleep(LEFTOVER_GRACE), if asked_group.is_none() => false,
        () = kill.cancelled() => false,
    };
    let killing = until_gone(look, &mut known, |process| send(process, Signal::KILL));
    if !gone && tokio::time::timeout(KILL_PATIENCE, killing).await.is_err() {
        tracing::warn!("processes that the command left behind cannot be killed");
    }
    asked.len()
}

/// Shows `each` every process that `look` finds, look by look, until there is none. What a look
/// finds is `known` to the next: a process that is just ending has no environment any more.
async fn until_gone(
    look: impl Fn(&[Process]) -> Found + Copy + Send + 'static,
    known: &mut Vec<Process>,
    mut each: impl FnMut(&Process),
) {
    let mut pause = LOOK_FIRST;
    for looks in 1_u32.. {
        let before = known.clone();
        let found = blocking(move || look(&before)).await;
        *known = found.processes;
        if known.is_empty() && (!found.unclear || looks >= UNCLEAR_LOOKS_MAX) {
            return;
        }
        known.iter().for_each(&mut each);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LOOK_LONGEST);
    }
}

fn kill_all(leader: Pid) {
    for process in members(leader, &[]).processes {
        send(&process, Signal::KILL);
    }
}

fn send(process: &Process, signal: Signal) {
    match table::signal(process, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => {
            tracing::debug!(%error, pid = process.pid.as_raw_pid(), ?signal, "cannot signal");
        }
    }
}

/// What a look at the process table found.
#[derive(Default)]
struct Found {
    processes: Vec<Process>,
    /// Another look may find more: there is a process of which it could not be said whose it is.
    unclear: bool,
}

/// The living processes of the family of `leader`, `known` ones included. On the way, orphans that
/// ended are reaped.
fn members(leader: Pid, known: &[Process]) -> Found {
    let processes = table::processes();
    reap_ended(&processes);
    // Copied after the table was read: every command in the table is among the entries.
    let (going, first_born) = {
        let families = lock();
        (families.going.clone(), families.first_born)
    };
    let Some(own) = going.iter().find(|entry| entry.leader == leader) else {
        return Found::default();
    };
    let myself = rustix::process::getpid();
    let mut unclear = false;
    let processes = with_descendants(&processes, |process| {
        is_known(process, known)
            || (process.parent == myself.as_raw_pid()
                && (process.pid == leader
                    || is_orphan_of(process, own, &going, first_born, &mut unclear)))
    });
    Found { processes, unclear }
}

/// The living processes that have the id of a run in their environment, with their descendants.
fn lost_members(run_id: Uuid, known: &[Process]) -> Found {
    let mut processes = table::processes();
    // The lost run may have started this very process, or a parent of it.
    let mut spared = Some(rustix::process::getpid().as_raw_pid());
    while let Some(pid) = spared {
        let at = processes.iter().position(|process| process.pid.as_raw_pid() == pid);
        spared = at.map(|at| processes.swap_remove(at).parent);
    }
    let processes = with_descendants(&processes, |process| {
        is_known(process, known) || table::mark_of(process.pid) == Mark::Run(run_id)
    });
    Found { processes, unclear: false }
}

fn is_known(process: &Process, known: &[Process]) -> bool {
    known.iter().any(|other| other.is(process))
}

/// The living processes that are wanted, and their living descendants.
fn with_descendants(
    processes: &[Process],
    mut wanted: impl FnMut(&Process) -> bool,
) -> Vec<Process> {
    let living = || processes.iter().filter(|process| !process.ended);
    let mut found: Vec<Process> = living().filter(|process| wanted(process)).cloned().collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).map(|process| process.pid.as_raw_pid()) {
        for child in living().filter(|child| child.parent == parent) {
            if !is_known(child, &found) {
                found.push(child.clone());
            }
        }
        next += 1;
    }
    found
}

/// Whether a child of this process came from the run of `own`: see the head of this file.
fn is_orphan_of(
    orphan: &Process,
    own: &Entry,
    going: &[Entry],
    first_born: Option<u64>,
    unclear: &mut bool,
) -> bool {
    if going.iter().any(|entry| entry.leader == orphan.pid) {
        return false;
    }
    let of_place = going.iter().find(|entry| {
        let leader = entry.leader.as_raw_pid();
        leader == orphan.session || leader == orphan.group
    });
    let of_mark = || match table::mark_of(orphan.pid) {
        Mark::Run(run_id) => going.iter().find(|entry| entry.run_id == run_id),
        Mark::None => None,
        Mark::NoEnvironment => {
            *unclear = true;
            None
        }
    };
    if let Some(owner) = of_place.or_else(of_mark) {
        return owner.leader == own.leader;
    }
    let may_be_of = |entry: &Entry| !entry.ending && entry.born <= orphan.born;
    let others = going.iter().filter(|entry| entry.leader != own.leader);
    // The first process of a container is given the orphans of everybody.
    !rustix::process::getpid().is_init()
        && first_born.is_some_and(|first| first <= orphan.born)
        && !others.into_iter().any(may_be_of)
}

/// Waits for every ended child that is none of our commands.
fn reap_ended(processes: &[Process]) {
    let myself = rustix::process::getpid().as_raw_pid();
    for orphan in processes.iter().filter(|process| process.ended && process.parent == myself) {
        // Held while waiting: otherwise another could reap it first, and a new command get its pid.
        let families = lock();
        if !families.going.iter().any(|entry| entry.leader == orphan.pid) {
            let _ = rustix::process::waitpid(Some(orphan.pid), WaitOptions::NOHANG);
        }
    }
}

fn set_ending(leader: Pid) {
    for entry in lock().going.iter_mut().filter(|entry| entry.leader == leader) {
        entry.ending = true;
    }
}

/// Whether this process has any child at all.
fn has_children() -> bool {
    !matches!(rustix::process::waitid(WaitId::All, ANY_ENDED), Err(Errno::CHILD))
}

/// Makes this process the new parent of descendants whose parents end.
fn adopt_orphans() {
    static ADOPTING: Once = Once::new();
    #[cfg(target_os = "linux")]
    ADOPTING.call_once(|| {
        lock().had_children = has_children();
        let myself = rustix::process::getpid();
        if let Err(error) = rustix::process::set_child_subreaper(Some(myself)) {
            tracing::warn!(%error, "processes that a command leaves behind will not be found");
        }
    });
}

fn lock() -> MutexGuard<'static, Families> {
    // Every change is a single step, so that a panic leaves nothing half done.
    FAMILIES.lock().unwrap_or_else(PoisonError::into_inner)
}
