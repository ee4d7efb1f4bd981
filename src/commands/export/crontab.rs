//! `punctual export crontab`: a line per job, for cronie, Debian's cron and busybox's crond.

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output;

use super::cron::{five_fields, five_fields_of_vixie};
use super::pattern::Pattern;
use super::{BinaryArg, Export, ExportedJob, comments};

const HEADER: &str = "\
# Time zone: the schedules are in UTC, but cron goes by a zone of its own. Where that is UTC too, as on most servers
# and in containers, all is well. Elsewhere:
#   cronie          heeds the line CRON_TZ=UTC below, which the other two pass over
#   Debian's cron   needs TZ=UTC in /etc/default/cron and a restart, and then has all crontabs in UTC
#   busybox crond   needs TZ=UTC in the environment that it is started in
#
# Mail: cron mails whatever a run prints, and with -q that is errors only. A line MAILTO=… says to whom.
# Environment: cron's is nearly empty. What runs need of it is lines here, like JUPITER_API_KEY=… or PATH=…
# Missed: what comes due while the machine is off is made up for by `punctual daemon`, but not by cron.

CRON_TZ=UTC
";

/// Print a line for each job, for cronie, Debian's cron or busybox's crond
///
/// The comments at its top say what each of them makes of time zones.
#[derive(Debug, clap::Args)]
pub struct CrontabForm {
    #[command(flatten)]
    binary: BinaryArg,

    /// Print lines for /etc/cron.d, which name the user that runs them
    #[arg(long, value_name = "NAME", value_parser = parse_user)]
    user: Option<String>,
}

impl CrontabForm {
    pub fn run(&self, export: &Export<'_>) -> Result<()> {
        let binary = shell_word(&self.binary.path()?)?;
        let mut text = match &self.user {
            None => "# punctual's jobs for cron, printed by `punctual export crontab`. \
                     Add them with `crontab -e`.\n#\n"
                .to_owned(),
            Some(user) => format!(
                "# punctual's jobs for cron, printed by `punctual export crontab --user {user}`.\n\
                 # Save this as /etc/cron.d/punctual.\n#\n"
            ),
        };
        text.push_str(HEADER);
        for job in &export.jobs {
            text.push_str(&format!("\n{}", self.job(job, &binary, export)?));
        }
        output::print(&text)
    }

    fn job(&self, job: &ExportedJob<'_>, binary: &str, export: &Export<'_>) -> Result<String> {
        let mut notes = vec![job.heading()];
        let fields = match job.said_by("cron", five_fields_of_vixie) {
            Ok(fields) => fields,
            Err(reason) => {
                notes.push(reason);
                return Ok(comments(&notes));
            }
        };
        let is_portable = |pattern: &Pattern| five_fields(pattern).map(drop);
        if job.said_by("busybox", is_portable).is_err() {
            notes.push("Not for busybox: it joins the two day fields in another way.".to_owned());
        }
        notes.extend(job.remarks(false));
        if !job.job.enabled {
            notes.push("Not enabled in the configuration file:".to_owned());
        }
        let mut words = vec![binary.to_owned(), "-q".to_owned()];
        let flags = export.flags_but(&[]);
        for word in job.arguments(export.config.as_deref(), &flags) {
            words.push(shell_word(word)?);
        }
        let user = self.user.as_ref().map(|user| format!("{user} ")).unwrap_or_default();
        let off = if job.job.enabled { "" } else { "# " };
        let line = |fields| format!("{off}{fields} {user}{}\n", words.join(" "));
        Ok(comments(&notes) + &fields.into_iter().map(line).collect::<String>())
    }
}

/// A word for the shell in a crontab. A backslash is what frees a character from its meaning to the
/// shell, and also `%` from its meaning to cron, which then takes the backslash away; busybox's
/// crond knows no such meaning, and leaves the backslash to the shell.
fn shell_word(text: &str) -> Result<String> {
    // Crons do not agree on one before another, or at the end of a line.
    if text.contains('\\') {
        let message = format!("{text:?} cannot be written into a crontab");
        return Err(Error::new(Exit::Usage, message).hint("choose one without a backslash"));
    }
    let mut word = String::with_capacity(text.len());
    for character in text.chars() {
        let is_plain = character.is_alphanumeric() || "/._-+:,@=".contains(character);
        if !is_plain {
            word.push('\\');
        }
        word.push(character);
    }
    Ok(word)
}

fn parse_user(text: &str) -> Result<String, String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if text.is_empty() || text.starts_with('-') || !text.chars().all(is_plain) {
        return Err("no name of a user".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell_and_for_cron() {
        let word = |text| shell_word(text).expect("a word");
        assert_eq!(word("/usr/local/bin/punctual"), "/usr/local/bin/punctual");
        assert_eq!(word("/srv/my jobs/100%.toml"), r"/srv/my\ jobs/100\%.toml");
        assert_eq!(word("/srv/ž#1 $(x)'"), r"/srv/ž\#1\ \$\(x\)\'");
        assert!(shell_word(r"/srv/a\b").is_err());
    }
}
