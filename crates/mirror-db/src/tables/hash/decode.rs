//! What the columns of a row hold, whatever type a site's own query gives them.

use pg::TextValue;
use std::error::Error;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// A digest of exactly `N` bytes; anything else is a missing one.
pub(crate) fn digest<const N: usize>(
    row: &Row,
    column: usize,
) -> Result<Option<[u8; N]>, tokio_postgres::Error> {
    Ok(row
        .try_get::<_, Option<Bytes<'_>>>(column)?
        .and_then(|bytes| bytes.digest()))
}

/// Hex without the prefix that PostgreSQL writes when it casts bytea to text.
pub(crate) fn hex_digits(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.strip_prefix(b"\\x").unwrap_or(text)
}

pub(crate) fn number(row: &Row, column: usize) -> Result<Option<i64>, tokio_postgres::Error> {
    let text = row.try_get::<_, Option<TextValue>>(column)?;
    Ok(text.and_then(|TextValue(text)| text.trim().parse().ok()))
}

pub(crate) fn text(row: &Row, column: usize) -> Result<String, tokio_postgres::Error> {
    let text = row.try_get::<_, Option<TextValue>>(column)?;
    Ok(text.map(|TextValue(text)| text).unwrap_or_default())
}

/// A column of bytes: bytea has them raw, text in hex.
pub(crate) enum Bytes<'a> {
    Raw(&'a [u8]),
    Text(&'a [u8]),
}

impl Bytes<'_> {
    /// The bytes, if there are exactly `N`.
    pub fn digest<const N: usize>(&self) -> Option<[u8; N]> {
        match self {
            Bytes::Raw(bytes) => (*bytes).try_into().ok(),
            Bytes::Text(text) => {
                let mut digest = [0; N];
                hex::decode_to_slice(hex_digits(text), &mut digest)
                    .ok()
                    .map(|()| digest)
            }
        }
    }
}

impl<'a> FromSql<'a> for Bytes<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(if *ty == Type::BYTEA {
            Bytes::Raw(raw)
        } else {
            Bytes::Text(raw)
        })
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::BYTEA | Type::TEXT | Type::VARCHAR | Type::BPCHAR)
    }
}
