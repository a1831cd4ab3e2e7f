//! The built-in look-up of a file: its mirrors and digests in one narrow round trip.

use crate::{
    DbError, Digests, ZsyncLayout, file_record::Version, statement::Statement, value::TextValue,
};
use metrics::Step;
use mirror_selection::MirrorSet;
use std::error::Error;
use tokio_postgres::{
    Row,
    types::{FromSql, Kind, Type},
};

/// Lengths stand for the signatures and sums themselves, which can be megabytes: PostgreSQL
/// knows them without reading the values.
const SQL: &str = "\
SELECT f.path, f.mirrors, h.size, h.mtime, h.md5, h.sha1, h.sha256, h.btih, \
h.sha1piecesize, octet_length(h.sha1pieces), octet_length(h.pgp), \
h.zblocksize, h.zhashlens, octet_length(h.zsums) \
FROM filearr f LEFT JOIN hash h ON h.file_id = f.id WHERE f.path = ANY ($1::text[])";

/// What is left of it where `hash` is missing, or the privilege to read it: a redirect can do
/// without digests.
const SQL_WITHOUT_HASH: &str = "\
SELECT f.path, f.mirrors FROM filearr f WHERE f.path = ANY ($1::text[])";

/// What messages call them.
const NAME: &str = "the look-up of files";
const NAME_WITHOUT_HASH: &str = "the look-up of files without hashes";

/// The statement. Unless `batched`, each request makes its own round trip.
pub(crate) fn statement(batched: bool) -> Statement {
    make(NAME, SQL, batched)
}

/// The statement for the mirrors alone.
pub(crate) fn statement_without_hash(batched: bool) -> Statement {
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
pub(crate) fn read(rows: &[Row]) -> Result<(MirrorSet, Vec<Version>), DbError> {
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

fn version(row: &Row) -> Result<Option<Version>, tokio_postgres::Error> {
    if row.len() == 2 {
        return Ok(None);
    }
    let (Some(size), Some(mtime)) = (number(row, 2)?, number(row, 3)?) else {
        return Ok(None);
    };
    let Ok(size) = u64::try_from(size) else {
        return Ok(None);
    };
    let sums = Sums {
        piece_size: number(row, 8)?.unwrap_or(0),
        pieces: number(row, 9)?.unwrap_or(0),
        block_size: number(row, 11)?.unwrap_or(0),
        hash_lengths: text(row, 12)?,
        sums: number(row, 13)?.unwrap_or(0),
    };
    Ok(Some(Version {
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

/// How the piece hashes and zsync sums are laid out, to tell whether they fit a file.
pub(crate) struct Sums {
    /// Bytes per piece.
    pub piece_size: i64,
    /// Bytes of all piece hashes, 20 each.
    pub pieces: i64,
    /// Bytes per zsync block.
    pub block_size: i64,
    /// zsync's `Hash-Lengths`: consecutive matches, bytes of rsum, bytes of checksum.
    pub hash_lengths: String,
    /// Bytes of all zsync sums.
    pub sums: i64,
}

impl Sums {
    /// The same layout with other amounts of sums.
    pub fn with(&self, pieces: i64, sums: i64) -> Self {
        Self {
            hash_lengths: self.hash_lengths.clone(),
            pieces,
            sums,
            ..*self
        }
    }

    pub fn pieces_fit(&self, size: u64) -> bool {
        fits(size, self.piece_size, 20, self.pieces)
    }

    /// What describes the zsync sums, if there are some for each block of the file.
    pub fn zsync(&self, size: u64) -> Option<Box<ZsyncLayout>> {
        let mut lengths = self
            .hash_lengths
            .split(',')
            .map(|text| text.trim().parse::<u8>());
        let (Some(Ok(_)), Some(Ok(rsum)), Some(Ok(checksum)), None) = (
            lengths.next(),
            lengths.next(),
            lengths.next(),
            lengths.next(),
        ) else {
            return None;
        };
        let each = u16::from(rsum) + u16::from(checksum);
        let fits = fits(size, self.block_size, each.into(), self.sums);
        let block_size = u32::try_from(self.block_size).ok().filter(|_| fits)?;
        Some(Box::new(ZsyncLayout {
            block_size,
            hash_lengths: self.hash_lengths.as_str().into(),
            each,
        }))
    }
}

/// Whether `total` bytes are one sum of `each` bytes for every `unit` bytes of the file.
fn fits(size: u64, unit: i64, each: i64, total: i64) -> bool {
    let (Ok(unit), Ok(each), Ok(total)) = (
        u64::try_from(unit),
        u64::try_from(each),
        u64::try_from(total),
    ) else {
        return false;
    };
    total > 0 && unit > 0 && size.div_ceil(unit).checked_mul(each) == Some(total)
}

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
