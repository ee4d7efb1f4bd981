//! The values of statements, as each engine takes them.

use std::borrow::Cow;

use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error, Row};

/// Makes a statement in PostgreSQL that changes rows, in one round trip; tells how many.
pub async fn execute(client: &Client, statement: &str, values: &[Value<'_>]) -> Result<u64, Error> {
    client.execute_typed(statement, &borrowed(&parameters(values))).await
}

/// Makes a statement in PostgreSQL that gives one row, neither none nor more, in one round trip.
pub async fn query_one(
    client: &Client,
    statement: &str,
    values: &[Value<'_>],
) -> Result<Row, Error> {
    client.query_typed_one(statement, &borrowed(&parameters(values))).await
}

/// Makes a statement in PostgreSQL that gives rows, in one round trip.
pub async fn query(
    client: &Client,
    statement: &str,
    values: &[Value<'_>],
) -> Result<Vec<Row>, Error> {
    client.query_typed(statement, &borrowed(&parameters(values))).await
}

/// What a statement is given. All are nullable.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Text(Option<&'a str>),
    Integer(Option<i64>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref())
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Integer(number)
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {
        $(impl From<$integer> for Value<'_> {
            fn from(number: $integer) -> Self {
                Self::Integer(Some(number.into()))
            }
        })*
    };
}

integers!(u8, u32, i64);

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Integer(Some(number)) => ValueRef::Integer(*number),
            Self::Text(None) | Self::Integer(None) => ValueRef::Null,
        }))
    }
}

/// A value as PostgreSQL takes it.
enum Parameter<'a> {
    /// Without NUL, which no text has there.
    Text(Option<Cow<'a, str>>),
    Integer(Option<i64>),
}

fn parameters<'a>(values: &[Value<'a>]) -> Vec<Parameter<'a>> {
    let parameter = |value: &Value<'a>| match *value {
        Value::Text(text) => Parameter::Text(text.map(|text| match text.contains('\0') {
            true => Cow::Owned(text.replace('\0', "\u{fffd}")),
            false => Cow::Borrowed(text),
        })),
        Value::Integer(number) => Parameter::Integer(number),
    };
    values.iter().map(parameter).collect()
}

fn borrowed<'a>(parameters: &'a [Parameter<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let borrowed = |parameter: &'a Parameter<'_>| match parameter {
        Parameter::Text(text) => (text as &(dyn ToSql + Sync), Type::TEXT),
        Parameter::Integer(number) => (number as &(dyn ToSql + Sync), Type::INT8),
    };
    parameters.iter().map(borrowed).collect()
}
