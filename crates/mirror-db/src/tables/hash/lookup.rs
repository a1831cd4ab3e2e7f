//! The built-in look-up of a file: its mirrors and digests in one narrow round trip.

use super::decode::{digest, number, text};
use super::layout::Layout;
use super::{Digests, FileHashes};
use metrics::Step;
use mirror_selection::MirrorSet;
use pg::{DbError, Statement};
use std::error::Error;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Kind, Type};

/// Lengths stand for the signatures and sums themselves, which can be megabytes: PostgreSQL
/// knows them without reading the values.
pub(super) const SQL: &str = "\
SELECT f.path, f.mirrors, h.size, h.mtime, h.md5, h.sha1, h.sha256, h.btih, \
h.sha1piecesize, octet_length(h.sha1pieces), octet_length(h.pgp), \
h.zblocksize, h.zhashlens, octet_length(h.zsums) \
FROM filearr f LEFT JOIN hash h ON h.file_id = f.id WHERE f.path = ANY ($1::text[])";

/// What is left of it where `hash` is missing, or the privilege to read it: a redirect can do
/// without digests.
pub(super) const SQL_WITHOUT_HASH: &str = "\
SELECT f.path, f.mirrors FROM filearr f WHERE f.path = ANY ($1::text[])";

/// What messages call them.
const NAME: &str = "the look-up of files";
const NAME_WITHOUT_HASH: &str = "the look-up of files without hashes";

/// The statement. Unless `batched`, each request makes its own round trip.
pub fn statement(batched: bool) -> Statement {
    make(NAME, SQL, batched)
}

/// The statement for the mirrors alone.
pub fn statement_without_hash(batched: bool) -> Statement {
    make(NAME_WITHOUT_HASH, SQL_WITHOUT_HASH, batched)
}

fn make(name: &'static str, sql: &str, batched: bool) -> Statement {
    let statement = if batched {
        Statement::new(name, sql, 1).batched()
    } else {
        Statement::new(name, sql.replace("= ANY ($1::text[])", "= $1"), 1)
    };
    statement.counted_as(Step::Files)
}

/// The mirrors and the versions that have hashes, from rows of either statement.
pub fn read(rows: &[Row]) -> Result<(MirrorSet, Vec<FileHashes>), DbError> {
    let problem = |error: tokio_postgres::Error| DbError::query_failed(format!("{NAME}: {error}"));
    let mut ids = Vec::new();
    let mut versions = Vec::new();
    for row in rows {
        if let Some(Ids(more)) = row.try_get::<_, Option<Ids>>(1).map_err(problem)? {
            ids.extend(more);
        }
        versions.extend(version(row).map_err(problem)?);
    }
    Ok((ids.into_iter().collect(), versions))
}

fn version(row: &Row) -> Result<Option<FileHashes>, tokio_postgres::Error> {
    if row.len() == 2 {
        return Ok(None);
    }
    let (Some(size), Some(mtime)) = (number(row, 2)?, number(row, 3)?) else {
        return Ok(None);
    };
    let Ok(size) = u64::try_from(size) else {
        return Ok(None);
    };
    let sums = Layout {
        piece_size: number(row, 8)?.unwrap_or(0),
        pieces: number(row, 9)?.unwrap_or(0),
        block_size: number(row, 11)?.unwrap_or(0),
        hash_lengths: text(row, 12)?,
        sums: number(row, 13)?.unwrap_or(0),
    };
    Ok(Some(FileHashes {
        size,
        mtime,
        digests: Digests {
            md5: digest(row, 4)?,
            sha1: digest(row, 5)?,
            sha256: digest(row, 6)?,
            btih: digest(row, 7)?,
            piece_size: u32::try_from(sums.piece_size).unwrap_or(0),
            has_pieces: sums.pieces_fit(size),
            has_pgp: number(row, 10)?.unwrap_or(0) > 0,
            zsync: sums.zsync(size),
        },
    }))
}

/// An array of smallint, integer or bigint. NULLs and numbers that are no id are left out.
pub(crate) struct Ids(Vec<u32>);

impl<'a> FromSql<'a> for Ids {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let ids = match ty.kind() {
            Kind::Array(inner) if *inner == Type::INT2 => array::<i16>(ty, raw)?,
            Kind::Array(inner) if *inner == Type::INT4 => array::<i32>(ty, raw)?,
            _ => array::<i64>(ty, raw)?,
        };
        Ok(Ids(ids))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(ty.kind(), Kind::Array(inner)
            if matches!(*inner, Type::INT2 | Type::INT4 | Type::INT8))
    }
}

fn array<'a, T>(ty: &Type, raw: &'a [u8]) -> Result<Vec<u32>, Box<dyn Error + Sync + Send>>
where
    T: FromSql<'a>,
    u32: TryFrom<T>,
{
    // Room is made for as many elements as the header says; each takes four bytes at least.
    if claimed_length(raw).is_none_or(|length| length > raw.len() / 4) {
        return Err("an array claims to have more elements than it has".into());
    }
    let numbers = Vec::<Option<T>>::from_sql(ty, raw)?;
    Ok(numbers
        .into_iter()
        .flatten()
        .filter_map(|n| u32::try_from(n).ok())
        .collect())
}

/// `array_send`: dimensions, flags, type of the elements; then, of each dimension, length and
/// lower bound. An empty array has no dimension.
fn claimed_length(raw: &[u8]) -> Option<usize> {
    let number = |at: usize| raw.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    match number(0)? {
        0 => Some(0),
        _ => usize::try_from(number(12)?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(hex: &str) -> Option<Vec<u32>> {
        let raw = hex::decode(hex).unwrap();
        Ids::from_sql(&Type::INT2_ARRAY, &raw)
            .ok()
            .map(|Ids(ids)| ids)
    }

    #[test]
    fn ids_are_the_elements_that_can_be_one() {
        let three = "000000010000000000000015 00000003 00000001 \
                     00000002 0005 00000002 ffff ffffffff";
        assert_eq!(ids(&three.replace(' ', "")), Some(vec![5]));
        assert_eq!(ids("000000000000000000000015"), Some(Vec::new()));
    }

    #[test]
    fn an_array_that_claims_billions_makes_no_room_for_them() {
        assert_eq!(ids("0000000100000000000000157fffffff00000001"), None);
        assert_eq!(ids("00000001"), None);
        assert_eq!(ids(""), None);
    }
}
