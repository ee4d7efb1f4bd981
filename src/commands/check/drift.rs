//! Crontabs held against the jobs: which line runs another job, at other times, with other flags.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Id};

use super::Subject;
use super::cron::Cron;
use super::crontab::Entry;
use super::findings::Check;
use super::usage::{problem, without_requirements};
use super::zone::Zone;
use crate::clock::{Timestamp, parse_duration};
use crate::commands::export::fits_crontab;
use crate::exit::Exit;
use crate::roster::{JobDefinition, Work};
use crate::schedule::{Schedule, Schedules};
use crate::settings::without_variables;

const EXPORT: &str = "`punctual export crontab` prints the lines as they should be";

/// The schedule of what starts with the machine.
const AT_BOOT: &str = "@reboot";

/// What the crontabs showed.
#[derive(Debug, Default)]
pub struct Seen {
    /// Jobs that some line starts on a schedule.
    jobs: BTreeSet<Arc<str>>,
    /// Whether a line starts the daemon.
    daemon: bool,
    /// The zones in which schedules are read, each with those that so mean another time.
    zones: BTreeMap<String, Vec<String>>,
    /// Whether there is a `CRON_TZ` that this cron does not take.
    vain_zone: bool,
}

/// What is wrong with a line.
struct Fault {
    what: String,
    hint: String,
}

/// What lines are held against.
pub struct Comparison<'a> {
    subject: &'a Subject<'a>,
    cron: Cron,
    host_zone: Zone,
    now: Timestamp,
    /// The command line as cron starts it: without the environment of this process.
    definition: Command,
    /// The same, to read a part of one.
    partial: Command,
    /// The flags of every subcommand: where things are, how much is said.
    global: Vec<Id>,
}

/// The schedules of lines, by their job and the zone that stands above them.
type Lines<'a> = BTreeMap<(&'a Arc<str>, Option<&'a str>), Vec<Schedule>>;

/// What a line does.
enum Deed<'a> {
    Run(&'a JobDefinition),
    Daemon,
    /// Nothing that is due at some time.
    Other,
    /// Something with another configuration, which is that file.
    Elsewhere(String),
    /// What depends on that word, which the shell will replace.
    OfShell(&'a str),
}

impl<'a> Comparison<'a> {
    pub fn new(subject: &'a Subject<'a>, cron: Cron, host_zone: Zone, now: Timestamp) -> Self {
        let definition = without_variables(subject.definition.clone());
        let partial = without_requirements(definition.clone());
        let global = definition.get_arguments().filter(|argument| argument.is_global_set());
        let global = global.map(|argument| argument.get_id().clone()).collect();
        Self { subject, cron, host_zone, now, definition, partial, global }
    }

    /// Tells what is wrong with the lines of a crontab.
    pub fn compare(&self, check: &mut Check<'_>, seen: &mut Seen, name: &str, entries: &[Entry]) {
        let mut fine = 0;
        let deeds: Vec<_> = entries.iter().map(|entry| (entry, self.deed(entry))).collect();
        let schedules = schedules(&deeds);
        for (entry, deed) in deeds {
            let place = format!("{name}, line {}", entry.line);
            let faults = match deed {
                Ok(Deed::Run(job)) => {
                    let mut faults = Vec::new();
                    faults.extend(self.timing(seen, &place, entry, job, &schedules).err());
                    faults.extend(self.flags(entry, job).err());
                    faults
                }
                Ok(Deed::Daemon) => {
                    seen.daemon = true;
                    Vec::new()
                }
                Ok(Deed::Other) => Vec::new(),
                Ok(Deed::Elsewhere(config)) => {
                    check.ok(format!("{place} belongs to another configuration, {config}"));
                    continue;
                }
                Ok(Deed::OfShell(word)) => {
                    seen.jobs.extend(self.job_named_in(entry));
                    let why = format!("only the shell knows what {} is", redacted(word));
                    check.warning(format!("{place} is not compared: {why}"), EXPORT);
                    continue;
                }
                Err(fault) => {
                    seen.jobs.extend(self.job_named_in(entry));
                    vec![fault]
                }
            };
            fine += usize::from(faults.is_empty());
            for Fault { what, hint } in faults {
                let message = format!("{place}: {}", redacted(&what));
                check.error(Exit::Configuration, message, hint);
            }
        }
        if fine > 0 {
            let lines = if fine == 1 { "1 line is" } else { &format!("{fine} lines are") };
            check.ok(format!("{name}: {lines} as configured"));
        }
    }

    /// The job that the line is about, where no more of it is understood.
    fn job_named_in(&self, entry: &Entry) -> Option<Arc<str>> {
        let mut jobs = entry.words.iter().filter_map(|word| self.subject.roster.find(word));
        jobs.next().map(|job| Arc::clone(&job.name))
    }

    /// What the line does, as far as its words tell.
    fn deed<'e>(&'e self, entry: &'e Entry) -> Result<Deed<'e>, Fault> {
        let own = self.subject.settings.config.path.as_deref();
        if let Some(other) = other_config(entry, own) {
            return Ok(Deed::Elsewhere(other));
        }
        if let Some(word) = entry.words.iter().skip(1).find(|word| word.contains(['$', '`'])) {
            return Ok(Deed::OfShell(word));
        }
        let matches = match parse(&self.partial, &entry.words) {
            Ok(matches) => matches,
            Err(error) if error.kind() == ErrorKind::InvalidSubcommand => {
                return Err(self.unknown(&error));
            }
            Err(error) if error.use_stderr() => return Err(unreadable(&error)),
            Err(_help_or_version) => return Ok(Deed::Other),
        };
        match matches.subcommand_name() {
            Some("daemon") => Ok(Deed::Daemon),
            Some(name) => Ok(self.subject.roster.find(name).map_or(Deed::Other, Deed::Run)),
            None => Ok(Deed::Other),
        }
    }

    fn unknown(&self, error: &clap::Error) -> Fault {
        let name = match error.get(ContextKind::InvalidSubcommand) {
            Some(ContextValue::String(name)) => name.as_str(),
            _ => "",
        };
        match self.subject.roster.named(name) {
            Err(error) => {
                let hint = format!("correct or remove it; {}", error.hint_text().unwrap_or(EXPORT));
                Fault { what: error.chain(), hint }
            }
            Ok(_) => unreadable(error),
        }
    }

    /// Whether the line, or all `lines` of the job together, are due when the job is.
    fn timing(
        &self,
        seen: &mut Seen,
        place: &str,
        entry: &Entry,
        job: &JobDefinition,
        lines: &Lines<'_>,
    ) -> Result<(), Fault> {
        if entry.schedule == AT_BOOT {
            return Ok(());
        }
        seen.jobs.insert(Arc::clone(&job.name));
        let (name, written) = (&job.name, &entry.schedule);
        let line = Schedule::parse(written).map_err(|error| Fault {
            what: format!("the schedule {written:?} of {name}: {}", error.problem()),
            hint: EXPORT.to_owned(),
        })?;
        let Ok(Some(schedule)) = job.schedule(&mut Schedules::default()) else { return Ok(()) };
        let zone = match &entry.zone {
            Some(zone) if self.cron.takes_zones() => &Zone::named(zone, self.now),
            Some(_) => {
                seen.vain_zone = true;
                &self.host_zone
            }
            None => &self.host_zone,
        };
        let misread = seen.zones.entry(zone.to_string()).or_default();
        let together = lines.get(&(&job.name, entry.zone.as_deref())).filter(|all| all.len() > 1);
        let alone = [line];
        let is_due = |ahead: i64| {
            let says = |lines: &[Schedule]| schedule.is_due_like(lines, ahead, self.now);
            says(&alone) || together.is_some_and(|lines| says(lines))
        };
        if zone.offsets().all(is_due) {
            return Ok(());
        }
        // Right, if only the clock were.
        if is_due(0) || zone.offsets().any(is_due) {
            misread.push(format!("{name} ({place})"));
            return Ok(());
        }
        Err(Fault {
            what: format!(
                "{name} is due at {written:?}, and its schedule is {:?}",
                schedule.text()
            ),
            hint: format!(
                "change the line, or schedule in [jobs.{name}] of the configuration; {EXPORT}"
            ),
        })
    }

    /// Whether the line gives its job no flags that its schedule would not.
    fn flags(&self, entry: &Entry, job: &JobDefinition) -> Result<(), Fault> {
        let configured: &[String] = match &job.work {
            Work::Catalog { arguments, .. } => arguments,
            Work::Command { .. } => &[],
        };
        // The arguments of the configuration go before those of the line.
        let mut words = entry.words.clone();
        let behind_name = words.iter().position(|word| **word == *job.name).map_or(0, |at| at + 1);
        words.splice(behind_name..behind_name, configured.iter().cloned());
        let whole = parse(&self.definition, &words).map_err(|error| unreadable(&error))?;

        let read = |words: &[String]| parse(&self.partial, words).ok();
        let usual: Vec<String> = [entry.words[0].clone(), job.name.to_string()]
            .into_iter()
            .chain(configured.iter().cloned())
            .collect();
        let (Some(line), Some(usual)) = (read(&entry.words), read(&usual)) else { return Ok(()) };
        let (Some((_, whole)), Some((_, line)), Some((_, usual))) =
            (whole.subcommand(), line.subcommand(), usual.subcommand())
        else {
            return Ok(());
        };
        let Some(definition) = self.definition.find_subcommand(&*job.name) else { return Ok(()) };
        let differing: Vec<String> = definition
            .get_arguments()
            .filter(|argument| !self.global.contains(argument.get_id()))
            .filter(|argument| {
                let source = line.value_source(argument.get_id().as_str());
                source == Some(ValueSource::CommandLine)
            })
            .filter_map(|argument| difference(argument, whole, usual, job))
            .collect();
        if differing.is_empty() {
            return Ok(());
        }
        let (name, differing) = (&job.name, differing.join(", "));
        Err(Fault {
            what: format!("{name} has other flags: {differing}"),
            hint: format!("remove them, or put them into [jobs.{name}] of the configuration"),
        })
    }

    /// Tells of jobs that no line starts, where none but cron would.
    pub fn look_for_missing(&self, check: &mut Check<'_>, seen: &Seen, daemon_runs: bool) {
        let daemon = daemon_runs || seen.daemon;
        let enabled = || self.subject.roster.jobs().iter().filter(|job| job.enabled);
        if daemon {
            let twice = enabled().filter(|job| seen.jobs.contains(&job.name));
            let twice: Vec<&str> = twice.map(|job| &*job.name).collect();
            if !twice.is_empty() {
                let jobs = twice.join(", ");
                check.warning(
                    format!("the daemon runs these too: {jobs}; two runs of one job never overlap, but may follow each other"),
                    "remove the lines, or set enabled = false for these jobs in the configuration",
                );
            }
            return check.ok("the daemon runs the enabled jobs that are in no line");
        }
        let mut known = Schedules::default();
        for job in enabled() {
            let (name, schedule) = (&job.name, job.schedule(&mut known));
            let Ok(Some(schedule)) = schedule else { continue };
            if seen.jobs.contains(name) {
                continue;
            }
            let off = format!("enabled = false in [jobs.{name}] of the configuration");
            if fits_crontab(&schedule) {
                check.error(
                    Exit::Configuration,
                    format!("{name} is in no line"),
                    format!("add its line, or set {off}; {EXPORT}"),
                );
            } else {
                let text = schedule.text();
                check.warning(
                    format!("{name} is in no line: {text:?} cannot be said in a crontab"),
                    format!("have `punctual daemon` run it, or set {off}"),
                );
            }
        }
    }

    /// Tells whether schedules are read in the time that they mean.
    pub fn look_at_zones(&self, check: &mut Check<'_>, seen: &Seen) {
        for (zone, misread) in &seen.zones {
            if misread.is_empty() {
                check.ok(format!("schedules are read in {zone}, as they are meant"));
                continue;
            }
            let vain = if seen.vain_zone { "; CRON_TZ is of no effect here" } else { "" };
            check.error(
                Exit::Configuration,
                format!("schedules are read in {zone}, but mean UTC{vain}: {}", misread.join("; ")),
                self.cron.hint(),
            );
        }
    }
}

/// The schedules of all lines of a job that are read in one zone: it may take a few to say one.
fn schedules<'e>(deeds: &[(&'e Entry, Result<Deed<'e>, Fault>)]) -> Lines<'e> {
    let mut lines = Lines::new();
    for (entry, deed) in deeds {
        if let Ok(Deed::Run(job)) = deed
            && let Ok(schedule) = Schedule::parse(&entry.schedule)
        {
            lines.entry((&job.name, entry.zone.as_deref())).or_default().push(schedule);
        }
    }
    lines
}

/// Reads a command line with no more of the definition than its words name: the whole of it would be
/// prepared anew for each line.
fn parse(definition: &Command, words: &[String]) -> Result<ArgMatches, clap::Error> {
    let named: BTreeSet<&str> = words.iter().skip(1).map(String::as_str).collect();
    let named: Vec<&Command> =
        named.into_iter().filter_map(|word| definition.find_subcommand(word)).collect();
    if named.is_empty() {
        return definition.clone().try_get_matches_from(words);
    }
    Command::new(definition.get_name().to_owned())
        .args(definition.get_arguments().cloned())
        .subcommands(named.into_iter().cloned())
        .try_get_matches_from(words)
}

fn unreadable(error: &clap::Error) -> Fault {
    Fault { what: problem(error), hint: format!("correct the line; {EXPORT}") }
}

/// The configuration file that a line names, where it is not `own`.
fn other_config(entry: &Entry, own: Option<&Path>) -> Option<String> {
    let mut words = entry.words.iter();
    let in_words = words.find_map(|word| match word.strip_prefix("--config") {
        Some("") => Some(None),
        Some(rest) => rest.strip_prefix('=').map(|path| Some(path.to_owned())),
        None => None,
    });
    let named = match in_words {
        Some(None) => words.next().cloned(),
        Some(path) => path,
        None => entry.config.clone(),
    }?;
    let whole = |path: &Path| path.canonicalize().ok();
    let is_own = own.is_some_and(|own| whole(own) == whole(Path::new(&named)));
    (!is_own).then_some(named)
}

/// In what an argument of a line differs from what the job has; nothing where it says the same.
fn difference(
    argument: &Arg,
    line: &ArgMatches,
    usual: &ArgMatches,
    job: &JobDefinition,
) -> Option<String> {
    let id = argument.get_id().as_str();
    let values = |matches: &ArgMatches| -> Vec<String> {
        let raw = matches.get_raw(id).into_iter().flatten();
        raw.map(|value| value.to_string_lossy().into_owned()).collect()
    };
    let (given, had) = (values(line), values(usual));
    if id == "ping_url" {
        let had = job.ping_url.as_ref().and_then(|source| source.read().ok());
        let is_same = had.is_some_and(|had| given == [had.expose()]);
        return (!is_same).then(|| "--ping-url".to_owned());
    }
    // The policy of a whole job is that of its schedule.
    let overlap = clap::ValueEnum::to_possible_value(&job.overlap);
    let is_overlap =
        id == "if_running" && overlap.is_some_and(|overlap| given == [overlap.get_name()]);
    if is_overlap || are_alike(&given, &had) {
        return None;
    }
    let flag = argument.get_long().map_or_else(
        || argument.get_value_names().map(|names| names.concat()).unwrap_or_default(),
        |long| format!("--{long}"),
    );
    // An address may be a secret.
    let is_shown = !given.iter().chain(&had).any(|value| value.contains("://"));
    Some(match (argument.get_action().takes_values() && is_shown, had.as_slice()) {
        (false, _) => flag,
        (true, []) => format!("{flag} {}", given.join(" ")),
        (true, had) => format!("{flag} {} (not {})", given.join(" "), had.join(" ")),
    })
}

/// The text without addresses, which may be secrets.
fn redacted(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.contains("://") { "[redacted]" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Durations may be written in many ways.
fn are_alike(given: &[String], had: &[String]) -> bool {
    let duration = |values: &[String]| match values {
        [value] => parse_duration(value).ok(),
        _ => None,
    };
    given == had || duration(given).is_some_and(|given| Some(given) == duration(had))
}

#[cfg(test)]
mod tests;
