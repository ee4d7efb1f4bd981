//! What the client's and the server's errors mean: exit code and hint.
//!
//! [`Exit::Unavailable`] is what can pass by itself, so that trying again makes sense; every
//! other code needs somebody to do something first.

use std::error::Error as StdError;
use std::io;

use rustls::CertificateError;
use tokio_postgres::error::DbError;

use crate::error::Error;
use crate::exit::Exit;

type Verdict = (Exit, Option<&'static str>);

const REACH: &str =
    "check that the server runs and can be reached from here (`psql` with the same URL)";
const AGAIN: &str = "run it again";
const SERVER_LOG: &str = "look at the server's log and disk";
const CERTIFICATE: &str = "the server's certificate must name the host as the URL does \
                           (subjectAltName) and come from an authority that is trusted here; name \
                           a private one with sslrootcert=FILE in the URL";

/// The error for people. `label` is the database, without its password.
pub(super) fn for_people(label: &str, doing: &str, error: tokio_postgres::Error) -> Error {
    let (exit, hint) = classify(&error);
    let message = format!("database {label}: {doing}");
    let classified = match error.as_db_error() {
        Some(of_server) => Error::new(exit, message).because(plain(of_server)),
        None => Error::new(exit, message).because(error),
    };
    match hint {
        Some(hint) => classified.hint(hint),
        None => classified,
    }
}

/// What the server said, with the code that documentation and search engines know.
fn plain(error: &DbError) -> String {
    let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}{detail} (SQLSTATE {})", error.message(), error.code().code())
}

fn classify(error: &tokio_postgres::Error) -> Verdict {
    if let Some(of_server) = error.as_db_error() {
        return of_state(of_server.code().code(), of_server.routine());
    }
    if error.is_closed() {
        return (Exit::Unavailable, Some(REACH));
    }
    if let Some(error) = error.source().and_then(<dyn StdError>::downcast_ref::<io::Error>) {
        return of_io(error);
    }
    // The kinds themselves are private to the client.
    match error.to_string().as_str() {
        "error performing TLS handshake" => (
            Exit::Configuration,
            Some(
                "turn TLS on at the server, or give sslmode=disable in the URL if nobody can listen",
            ),
        ),
        "authentication error" => (
            Exit::Permission,
            Some("check the password in the URL, and the method that pg_hba.conf asks for"),
        ),
        "unexpected message from server" | "error parsing response from server" => {
            (Exit::Protocol, Some("check that it is a PostgreSQL server that answers there"))
        }
        "timeout waiting for server" => (Exit::Unavailable, Some(REACH)),
        // Whatever else could be missing, the URL was refused for.
        "invalid configuration" => {
            (Exit::Configuration, Some("the server asks for a password: put one into the URL"))
        }
        _ => (Exit::Bug, None),
    }
}

fn of_io(error: &io::Error) -> Verdict {
    let of_tls = error.get_ref().and_then(<dyn StdError + Send + Sync>::downcast_ref);
    match of_tls {
        // The server's operator renews it, and then all is well again.
        Some(rustls::Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        )) => (Exit::Unavailable, Some("renew the server's certificate; check the clocks")),
        Some(rustls::Error::InvalidCertificate(_)) => (Exit::Configuration, Some(CERTIFICATE)),
        _ if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_some() => (
            Exit::Permission,
            Some("let the user that runs punctual into the directory of the server's socket"),
        ),
        _ => (Exit::Unavailable, Some(REACH)),
    }
}

/// Codes: <https://www.postgresql.org/docs/15/errcodes-appendix.html>. `routine` is the function
/// of the server that complains.
fn of_state(state: &str, routine: Option<&str>) -> Verdict {
    /// Where the server looks for the role: its text is translated, its name is not.
    const LOOKING_FOR_ROLE: &str = "InitializeSessionUserId";

    let class = state.get(..2).unwrap_or_default();
    match (class, state) {
        (_, "28000") if routine == Some(LOOKING_FOR_ROLE) => (
            Exit::Configuration,
            Some("create the role with CREATE ROLE … LOGIN, or name another user in the URL"),
        ),
        ("28", _) => (
            Exit::Permission,
            Some("check user and password in the URL, and what pg_hba.conf lets in"),
        ),
        (_, "42501") => {
            (Exit::Permission, Some("GRANT the rights to the user of the URL, or name another one"))
        }
        (_, "3D000" | "57P04") => (
            Exit::Configuration,
            Some("create the database with CREATE DATABASE, or name another one in the URL"),
        ),
        (_, "3F000") => (
            Exit::Configuration,
            Some("create the schema, or set the role's search_path to one that exists"),
        ),
        (_, "42P01" | "42703") => (
            Exit::Configuration,
            Some(
                "the tables are not those of this program: `punctual check` says what is wrong; start daemons anew afterwards",
            ),
        ),
        (_, "0A000") => (
            Exit::Configuration,
            Some("this server lacks something that punctual needs: see docs/postgresql.md"),
        ),
        (_, "25006") => (
            Exit::Unavailable,
            Some(
                "this is a standby: name the primary, or all servers with target_session_attrs=read-write",
            ),
        ),
        (_, "53100") => {
            (Exit::InputOutput, Some("free some space on the server, then run it again"))
        }
        (_, "53300") => (
            Exit::Unavailable,
            Some(
                "the server has no connection left: raise max_connections, or put a pooler before it",
            ),
        ),
        // Deadlocks, serialization, somebody else's lock, a time limit of the server's.
        ("40", _) | (_, "55006" | "55P03" | "57014" | "25P03" | "25P04") => {
            (Exit::Unavailable, Some(AGAIN))
        }
        ("08" | "53" | "57", _) => (Exit::Unavailable, Some(REACH)),
        ("58" | "XX", _) => (Exit::InputOutput, Some(SERVER_LOG)),
        _ => (Exit::Bug, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_tells_who_has_to_act() {
        let check = |states: &[&str], exit: Exit| {
            for state in states {
                assert_eq!(of_state(state, None).0, exit, "{state}");
            }
        };
        check(&["08006", "53300", "53200", "57P01", "57P02", "57P03"], Exit::Unavailable);
        check(&["40001", "40P01", "55P03", "57014", "25006", "25P03"], Exit::Unavailable);
        check(&["28P01", "28000", "42501"], Exit::Permission);
        check(&["3D000", "3F000", "57P04", "42P01", "0A000"], Exit::Configuration);
        check(&["53100", "58030", "58P01", "XX001"], Exit::InputOutput);
        check(&["42601", "23505", "22001", "", "é"], Exit::Bug);
    }

    #[test]
    fn a_role_that_is_not_there_is_no_wrong_password() {
        let verdict = of_state("28000", Some("InitializeSessionUserId"));
        assert_eq!(verdict.0, Exit::Configuration);
        assert_eq!(of_state("28000", Some("ClientAuthentication")).0, Exit::Permission);
    }
}
