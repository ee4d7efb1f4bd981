//! Copying rows to the server: into a temporary table, from which it puts them where they belong, or,
//! while all of them are new, straight into the table of tokens.

use std::iter;
use std::pin::Pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

use super::super::super::batch::Batch;
use super::super::super::element::union_of_tags;
use super::{Group, Parameters};
use crate::database::Postgres;
use crate::error::Result;

/// The columns that come from a token; `is_new` says that its row is to be inserted.
const CREATE_STAGED: &str = "CREATE TEMP TABLE staged (
    is_new BOOLEAN NOT NULL,
    mint TEXT NOT NULL,
    name TEXT,
    symbol TEXT,
    decimals SMALLINT NOT NULL,
    icon TEXT,
    token_program TEXT,
    tags TEXT NOT NULL,
    is_verified BOOLEAN,
    created_at TEXT,
    website TEXT,
    twitter TEXT,
    launchpad TEXT,
    mint_authority TEXT,
    freeze_authority TEXT
)";

const COPY_STAGED: &str = "COPY staged (is_new, mint, name, symbol, decimals, icon, token_program,
         tags, is_verified, created_at, website, twitter, launchpad, mint_authority,
         freeze_authority)
     FROM STDIN WITH (FORMAT binary)";

const COPY_TOKENS: &str = "COPY tokens (id, mint, name, symbol, decimals, icon, token_program,
         tags, is_verified, created_at, website, twitter, launchpad, mint_authority,
         freeze_authority, first_seen_at, updated_at)
     FROM STDIN WITH (FORMAT binary)";

/// The numbers of rows that are to be copied straight: the server tells nobody which ones it gives
/// to copied rows. The name is the one that PostgreSQL gives the sequence of `tokens.id`.
const TAKE_NUMBERS: &str = "SELECT array_agg(nextval('tokens_id_seq')) FROM generate_series(1, $1)";

/// What a copied row begins with is its caller's affair; these come next, and then texts.
const TOKEN_TYPES: [Type; 14] = [
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT2,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::BOOL,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
];

pub type Value<'a> = &'a (dyn ToSql + Sync);

/// A connection's statements. Only prepared ones can be copied into.
pub struct Copying {
    staged: Statement,
    tokens: Statement,
}

impl Copying {
    /// Makes the table `staged` too.
    pub async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        client.batch_execute(CREATE_STAGED).await?;
        let (staged, tokens) =
            tokio::try_join!(client.prepare(COPY_STAGED), client.prepare(COPY_TOKENS))?;
        Ok(Self { staged, tokens })
    }

    /// Puts the groups that are to be staged in the place of what was there.
    pub async fn stage(
        &self,
        client: &Client,
        postgres: &Postgres,
        batch: &Batch,
        groups: &[Group<'_>],
    ) -> Result<()> {
        let staging = postgres.error("cannot copy tokens");
        client.batch_execute("TRUNCATE staged").await.map_err(&staging)?;
        let mut rows =
            Rows::begin(client, &self.staged, Type::BOOL, &[]).await.map_err(&staging)?;
        for group in groups.iter().filter(|group| group.staged) {
            rows.write(&group.row.is_none(), batch, group).await?.map_err(&staging)?;
        }
        rows.finish().await.map_err(staging)
    }

    /// Begins to copy rows into the table of tokens, each under its number. At the end the server
    /// says so where another program was faster with one of them.
    pub async fn insert<'a>(
        &self,
        client: &Client,
        now: &'a [Value<'a>; 2],
    ) -> Result<Rows<'a>, tokio_postgres::Error> {
        Rows::begin(client, &self.tokens, Type::INT8, now).await
    }
}

/// Row numbers that nobody else gets; nothing where the server refuses them, because this role may
/// not have any, or the sequence is called otherwise.
pub async fn take_numbers(
    client: &Client,
    numbers: usize,
) -> Result<Option<Vec<i64>>, tokio_postgres::Error> {
    let parameters: Parameters<'_, 1> = [(&(numbers as i64), Type::INT8)];
    match client.query_typed_one(TAKE_NUMBERS, &parameters).await {
        Ok(taken) => taken.try_get(0),
        Err(error) if error.as_db_error().is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Rows on their way to the server. Nothing counts before the end.
pub struct Rows<'a> {
    writer: Pin<Box<BinaryCopyInWriter>>,
    /// What every row ends with.
    last: &'a [Value<'a>],
    scratch: Vec<u8>,
    scratch_of_others: Vec<u8>,
}

impl<'a> Rows<'a> {
    async fn begin(
        client: &Client,
        statement: &Statement,
        first: Type,
        last: &'a [Value<'a>],
    ) -> Result<Self, tokio_postgres::Error> {
        let types: Vec<Type> =
            iter::once(first).chain(TOKEN_TYPES).chain(last.iter().map(|_| Type::TEXT)).collect();
        let writer = BinaryCopyInWriter::new(client.copy_in(statement).await?, &types);
        let (scratch, scratch_of_others) = (Vec::new(), Vec::new());
        Ok(Self { writer: Box::pin(writer), last, scratch, scratch_of_others })
    }

    /// Writes a row: `first`, and the token of a group that has one.
    pub async fn write(
        &mut self,
        first: Value<'_>,
        batch: &Batch,
        group: &Group<'_>,
    ) -> Result<Result<(), tokio_postgres::Error>> {
        let mut tokens = group.tokens();
        let Some(entry) = tokens.next() else { return Ok(Ok(())) };
        let mut token = batch.row(entry, &mut self.scratch)?;
        for other in tokens {
            let other = batch.row(other, &mut self.scratch_of_others)?;
            token.tags = union_of_tags(&token.tags, &other.tags).into();
        }
        let decimals = i16::from(token.decimals);
        let columns: [Value<'_>; 14] = [
            &token.mint,
            &token.name,
            &token.symbol,
            &decimals,
            &token.icon,
            &token.token_program,
            &token.tags,
            &token.is_verified,
            &token.created_at,
            &token.website,
            &token.twitter,
            &token.launchpad,
            &token.mint_authority,
            &token.freeze_authority,
        ];
        let last = self.last.iter().copied();
        let values: Vec<Value<'_>> = iter::once(first).chain(columns).chain(last).collect();
        Ok(self.writer.as_mut().write(&values).await)
    }

    pub async fn finish(mut self) -> Result<(), tokio_postgres::Error> {
        self.writer.as_mut().finish().await.map(drop)
    }
}
