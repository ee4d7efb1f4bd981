//! The temporary table into which rows are copied, for the server to put them where they belong.

use std::pin::{Pin, pin};

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

use super::super::super::batch::Batch;
use super::super::super::element::{Token, union_of_tags};
use super::Group;
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

/// What a copied row holds, in this order.
const COPY: &str = "COPY staged (is_new, mint, name, symbol, decimals, icon, token_program, tags,
         is_verified, created_at, website, twitter, launchpad, mint_authority, freeze_authority)
     FROM STDIN WITH (FORMAT binary)";

const TYPES: [Type; 15] = [
    Type::BOOL,
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

/// The table `staged` of a connection.
pub struct Staging {
    /// Only a prepared statement can be copied into.
    copy: Statement,
}

impl Staging {
    pub async fn create(client: &Client) -> Result<Self, tokio_postgres::Error> {
        client.batch_execute(CREATE_STAGED).await?;
        Ok(Self { copy: client.prepare(COPY).await? })
    }

    /// Puts the groups that are to be staged in the place of what was there.
    pub async fn fill(
        &self,
        client: &Client,
        postgres: &Postgres,
        batch: &Batch,
        groups: &[Group<'_>],
    ) -> Result<()> {
        let staging = postgres.error("cannot copy tokens");
        client.batch_execute("TRUNCATE staged").await.map_err(&staging)?;
        let sink = client.copy_in(&self.copy).await.map_err(&staging)?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &TYPES));
        let (mut scratch, mut scratch_of_others) = (Vec::new(), Vec::new());
        for group in groups.iter().filter(|group| group.staged) {
            let mut tokens = group.tokens();
            let Some(first) = tokens.next() else { continue };
            let mut token = batch.row(first, &mut scratch)?;
            for other in tokens {
                let other = batch.row(other, &mut scratch_of_others)?;
                token.tags = union_of_tags(&token.tags, &other.tags).into();
            }
            write(writer.as_mut(), group.row.is_none(), &token).await.map_err(&staging)?;
        }
        writer.finish().await.map_err(staging)?;
        Ok(())
    }
}

async fn write(
    writer: Pin<&mut BinaryCopyInWriter>,
    is_new: bool,
    token: &Token<'_>,
) -> Result<(), tokio_postgres::Error> {
    let decimals = i16::from(token.decimals);
    let values: [&(dyn ToSql + Sync); 15] = [
        &is_new,
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
    writer.write(&values).await
}
