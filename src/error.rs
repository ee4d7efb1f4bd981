//! The error that ends a run or a command: what happened, to which thing, what to do now.
//!
//! Every error is classified where it is first seen: it carries the exit code that it means.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

use crate::exit::Exit;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error for people, with its exit code and, where there is something to do, a hint.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    hint: Option<String>,
    others: Vec<String>,
    is_passing: bool,
}

impl Error {
    /// `message` is a lower-case fragment without a full stop that names the thing concerned.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let (source, hint, others) = (None, None, Vec::new());
        Self { exit, message: message.into(), source, hint, others, is_passing: false }
    }

    /// Adds the cause, which the chain shows after the message.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what the reader can do about it. An imperative fragment.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that it is over as soon as somebody else is done: another try may do.
    #[must_use]
    pub fn passing(mut self) -> Self {
        self.is_passing = true;
        self
    }

    /// Adds a detail to the message, before its causes.
    #[must_use]
    pub fn detail(mut self, detail: &str) -> Self {
        self.message.push_str(", ");
        self.message.push_str(detail);
        self
    }

    /// Adds what else is wrong, where it is all found at once.
    #[must_use]
    pub fn others(mut self, others: impl IntoIterator<Item = String>) -> Self {
        self.others.extend(others);
        self
    }

    /// The same, as the cause of what it came to. Exit code and hint stay.
    #[must_use]
    pub fn within(mut self, message: impl Into<String>) -> Self {
        let (exit, hint) = (self.exit, self.hint.take());
        Self { hint, ..Self::new(exit, message).because(self) }
    }

    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Whether another try may do, because somebody else was in the way, or a service away.
    pub fn is_passing(&self) -> bool {
        self.is_passing || self.exit == Exit::Unavailable
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The message and all its causes, joined by `: `; what else is wrong after a `; ` each.
    pub fn chain(&self) -> String {
        self.lines().join("; ")
    }

    /// The same as a list: the message with its causes, and what else is wrong.
    pub fn lines(&self) -> Vec<String> {
        std::iter::once(self.causes()).chain(self.others.iter().cloned()).collect()
    }

    fn causes(&self) -> String {
        let mut chain = self.message.clone();
        let mut source = self.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(cause) = source {
            let text = cause.to_string();
            // Some libraries repeat their cause's text in their own.
            if !chain.ends_with(&text) {
                chain.push_str(": ");
                chain.push_str(&text);
            }
            source = cause.source();
        }
        chain
    }

    /// An I/O error on `thing` ("cannot open /x"), classified by its kind: permission is 77,
    /// the rest 74.
    pub fn io(message: impl Into<String>, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (exit, hint) = match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => (
                Exit::Permission,
                Some("give the user that runs punctual access, or choose another place"),
            ),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                (Exit::InputOutput, Some("free some space, then run it again"))
            }
            _ => (Exit::InputOutput, None),
        };
        let classified = Self::new(exit, message).because(error);
        match hint {
            Some(hint) => classified.hint(hint),
            None => classified,
        }
    }

    /// The error of a directory that could not be created, `kind` of which goes before its path.
    pub fn no_directory(kind: &str, path: &Path, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let is_file = matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory);
        let classified = Self::io(format!("cannot create the {kind} {}", path.display()), error);
        if is_file {
            return classified
                .hint("a file is in its place: choose another place, or move it away");
        }
        classified
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use crate::exit::Exit;

    #[test]
    fn the_chain_joins_causes_and_drops_a_repeated_one() {
        let inner = Error::new(Exit::Failed, "reset by peer").because("os error 104");
        let outer = Error::new(Exit::Unavailable, "cannot fetch list").because(inner);
        assert_eq!(outer.chain(), "cannot fetch list: reset by peer: os error 104");
        let repeated = Error::new(Exit::Failed, "open: no such file").because("no such file");
        assert_eq!(repeated.chain(), "open: no such file");
        let within =
            Error::new(Exit::Configuration, "it is empty").hint("fill it").within("the key");
        assert_eq!(within.chain(), "the key: it is empty");
        assert_eq!((within.exit(), within.hint_text()), (Exit::Configuration, Some("fill it")));
        let several = outer.others(["cannot fetch it either".to_owned()]);
        assert!(several.chain().ends_with(": os error 104; cannot fetch it either"));
        assert_eq!(several.lines().len(), 2);
    }
}
