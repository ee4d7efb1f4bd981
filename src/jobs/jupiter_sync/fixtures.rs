//! What the tests of this module share; the server and the lists are those of `tests/it`.

#[path = "../../../tests/it/server.rs"]
#[expect(dead_code, reason = "the tests of the process use the rest")]
pub mod server;
#[path = "../../../tests/it/tokens.rs"]
#[expect(dead_code, reason = "the tests of the process use the rest")]
pub mod tokens;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::element::Token;
use crate::capture::CapturedOutput;
use crate::clock::Clock;
use crate::control::DaemonLink;
use crate::database::Database;
use crate::http::{HttpClients, HttpLimits};
use crate::job::JobContext;
use crate::progress::Progress;
use crate::secret::{Secret, Secrets};

/// A token of which only the mint, a name and the tag `verified` are there.
pub fn token(n: u64) -> Token<'static> {
    Token {
        mint: Cow::Owned(tokens::mint(n)),
        name: Some(Cow::Owned(format!("Token {n}"))),
        symbol: Some(Cow::Borrowed("T")),
        decimals: 6,
        icon: None,
        token_program: None,
        tags: Cow::Borrowed(r#"["verified"]"#),
        is_verified: None,
        created_at: None,
        website: None,
        twitter: None,
        launchpad: None,
        mint_authority: None,
        freeze_authority: None,
    }
}

/// A context in real time, with a minute to the deadline and little patience with remotes.
pub fn context(directory: &tempfile::TempDir, key: Option<&'static str>) -> JobContext {
    let limits = HttpLimits { connect: Duration::from_secs(5), stall: Duration::from_secs(1) };
    let clock = Clock::System;
    JobContext {
        run_id: Uuid::now_v7(),
        job: "jupiter-sync".into(),
        due_at: None,
        deadline: clock.monotonic() + Duration::from_secs(60),
        clock,
        http: HttpClients::new(limits),
        database: Database::file(directory.path().join("punctual.db"), Duration::from_secs(5)),
        fence: None,
        progress: Progress::hidden(),
        cancellation: CancellationToken::new(),
        kill: CancellationToken::new(),
        output: CapturedOutput::default(),
        lines: Arc::new(|_, _| {}),
        daemon: DaemonLink::Inside,
        secrets: Secrets::from_lookup(move |_| key.map(Secret::new)),
        scratch_dir: directory.path().to_owned(),
    }
}
