//! The database that many hosts share: the URL, the server, the rights, the tables.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::Subject;
use super::findings::Check;
use super::storage::all_migrations;
use crate::clock::{Clock, Timestamp, format_duration};
use crate::database::{MissingRight, Postgres, Protection, Standing};
use crate::error::Result;
use crate::exit::Exit;
use crate::history;
use crate::jobs::CATALOG;
use crate::settings::Origin;

/// Leases do not depend on it, but due times do: each host takes them from its own clock.
const CLOCK_DIFFERENCE_MAX: Duration = Duration::from_secs(2);

/// Checks the database, and tells whether there is a history that can be looked at.
pub fn check_postgres(check: &mut Check<'_>, subject: &Subject<'_>, postgres: &Postgres) -> bool {
    check_url(check, subject, postgres);
    check_host_name(check, &subject.settings.host);
    match check_server(check, subject, postgres) {
        Ok(has_history) => has_history,
        Err(error) => {
            check.failed(&error);
            false
        }
    }
}

/// Who else could read the password, and what the server sends and gets.
fn check_url(check: &mut Check<'_>, subject: &Subject<'_>, postgres: &Postgres) {
    let given_by_flag = Origin::Flag("database");
    let mut resolved = subject.settings.resolved.iter();
    if postgres.has_password() && resolved.any(|setting| setting.origin == given_by_flag) {
        check.warning(
            "the password of the database is on the command line, where every user sees it (ps)",
            "write the URL into a file of mode 0600, for --database-file or \
             PUNCTUAL_DATABASE_FILE",
        );
    }
    if let Some(path) = &subject.settings.database_file
        && path.metadata().is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
    {
        let path = path.display();
        check.warning(
            format!("everybody can read {path}, which holds the URL of the database"),
            format!("chmod o-r {path}"),
        );
    }
    match postgres.protection() {
        Protection::Local => check.ok("connections do not leave this machine"),
        Protection::Checked => check.ok("connections are encrypted, and the certificate is checked"),
        Protection::Unchecked => check.warning(
            "connections are encrypted, but no certificate is checked: whoever stands between can \
             read and change everything",
            "leave sslmode out of the URL, or give sslmode=verify-full with sslrootcert=FILE for an \
             authority of your own",
        ),
        Protection::Open => check.warning(
            "connections need not be encrypted: whoever is on the way can read and change \
             everything, the password included",
            "turn TLS on at the server, and leave sslmode out of the URL",
        ),
    }
}

fn check_host_name(check: &mut Check<'_>, host: &str) {
    if host.split('.').next() == Some("localhost") {
        check.warning(
            format!(
                "this host is called {host}, as others may be: the history cannot tell them apart"
            ),
            "give each host a name of its own with --host or PUNCTUAL_HOST",
        );
    }
}

fn check_server(check: &mut Check<'_>, subject: &Subject<'_>, postgres: &Postgres) -> Result<bool> {
    let standing = postgres.standing()?;
    check.ok(format!("{} answers: {}", postgres.label(), standing.engine));
    if standing.is_read_only {
        check.error(
            Exit::Unavailable,
            format!("{} takes no changes: it is a standby, or read-only", postgres.label()),
            "name the primary, or all servers with target_session_attrs=read-write",
        );
    }
    check_clock(check, postgres)?;
    let tables = look_at_tables(postgres)?;
    check.ok(match (tables.outdated, tables.is_set_up) {
        (false, _) => "its tables are up to date",
        (true, false) => "its tables are not there yet; the first run makes them",
        (true, true) => {
            "some of its tables are older or not there yet; the first run that needs them sees to it"
        }
    });
    let mut missing = postgres.missing_rights(&tables.names)?;
    if tables.outdated {
        let of_versions = postgres.missing_rights(&["schema_versions"])?;
        missing.extend(of_versions.into_iter().filter(|missing| missing.right != "DELETE"));
    }
    check_rights(check, subject, &standing, &missing, &tables);
    Ok(tables.has_history && missing.is_empty())
}

/// The tables of all owners, as they stand.
#[derive(Default)]
struct Tables {
    names: Vec<&'static str>,
    /// Some are to be made, or to be brought up to date.
    outdated: bool,
    /// There are some.
    is_set_up: bool,
    has_history: bool,
}

/// Those of a newer program are an error.
fn look_at_tables(postgres: &Postgres) -> Result<Tables> {
    let mut tables = Tables::default();
    for migrations in all_migrations() {
        let applied = postgres.applied_steps(&migrations)?;
        let is_current = applied.unwrap_or(0) == migrations.postgres.len();
        tables.names.extend(migrations.postgres_tables());
        tables.outdated |= !is_current;
        tables.is_set_up |= applied.is_some();
        tables.has_history |= is_current && migrations.owner == history::MIGRATIONS.owner;
    }
    Ok(tables)
}

fn check_clock(check: &mut Check<'_>, postgres: &Postgres) -> Result<()> {
    let before = Clock::System.now();
    let there = postgres.time()?;
    let difference = difference(before, there, Clock::System.now());
    if difference <= CLOCK_DIFFERENCE_MAX {
        check.ok("its clock and that of this host agree");
        return Ok(());
    }
    let direction = if there < before { "ahead of" } else { "behind" };
    check.warning(
        format!(
            "the clock of this host is {} {direction} the database's",
            format_duration(Duration::from_secs(difference.as_secs()))
        ),
        "let both keep time by NTP: each host starts what is due by its own clock, and takes a due \
         time for old after a minute",
    );
    Ok(())
}

/// How far `there` is away from the time between `before` and `after`, when it was asked for.
fn difference(before: Timestamp, there: Timestamp, after: Timestamp) -> Duration {
    let (before, there, after) = (before.since_epoch(), there.since_epoch(), after.since_epoch());
    before.saturating_sub(there).max(there.saturating_sub(after))
}

fn check_rights(
    check: &mut Check<'_>,
    subject: &Subject<'_>,
    standing: &Standing,
    missing: &[MissingRight],
    tables: &Tables,
) {
    let mut all_there = true;
    let (role, grantee) = (&standing.role, identifier(&standing.role));
    if tables.outdated && !standing.may_create {
        all_there = false;
        match &standing.schema {
            // Somebody else may make them, and some are never needed.
            Some(schema) if tables.has_history => check.warning(
                format!(
                    "{role} may not make tables in the schema {schema}, and some are not there yet"
                ),
                format!(
                    "start once as their owner what needs them (a daemon, jupiter-sync), or GRANT \
                     CREATE ON SCHEMA {} TO {grantee}",
                    identifier(schema)
                ),
            ),
            Some(schema) => check.error(
                Exit::Permission,
                format!("{role} may not make tables in the schema {schema}"),
                format!("GRANT CREATE ON SCHEMA {} TO {grantee}", identifier(schema)),
            ),
            None => check.error(
                Exit::Configuration,
                format!(
                    "no schema of the search_path of {role} exists, so that tables have no place"
                ),
                "create the schema, or set the role's search_path to one that exists",
            ),
        }
    }
    let mut by_table: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for MissingRight { table, right } in missing {
        by_table.entry(table).or_default().push(right);
    }
    for (table, rights) in by_table {
        all_there = false;
        let rights = rights.join(", ");
        check.error(
            Exit::Permission,
            format!("{role} lacks {rights} on {table}"),
            format!("GRANT {rights} ON {table} TO {grantee}"),
        );
    }
    if !standing.may_make_temporary {
        let needs_it = |name: &str| {
            let job = subject.roster.jobs().iter().find(|job| *job.name == *name);
            job.is_some_and(|job| job.enabled)
        };
        let users = CATALOG.iter().filter(|entry| entry.tables.is_some() && needs_it(entry.name));
        let users: Vec<&str> = users.map(|entry| entry.name).collect();
        if !users.is_empty() {
            all_there = false;
            let database = identifier(&standing.database);
            check.error(
                Exit::Permission,
                format!("{role} may not make temporary tables, as {} does", users.join(", ")),
                format!("GRANT TEMPORARY ON DATABASE {database} TO {grantee}"),
            );
        }
    }
    if all_there {
        check.ok(format!("{role} may do what is needed"));
    }
}

/// A name as SQL takes any.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_question_took_is_no_difference() {
        let at = |seconds| Timestamp::from_epoch(Duration::from_secs(seconds));
        let difference = |there| difference(at(100), at(there), at(110)).as_secs();
        assert_eq!([90, 100, 105, 110, 115].map(difference), [10, 0, 0, 0, 5]);
    }

    #[test]
    fn a_name_cannot_end_its_quotes() {
        assert_eq!(identifier("a\"; DROP"), "\"a\"\"; DROP\"");
    }
}
