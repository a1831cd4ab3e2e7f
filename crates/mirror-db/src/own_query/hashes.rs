//! The digests of the site's own query for hashes, without the sums that it gives as well.
//!
//! Every redirect of a file that is not in memory needs the digests. The sums beside them can be
//! tens of megabytes; here only their lengths leave the database.

use super::CustomQuery;
use crate::tables::hash::Digests;
use crate::tables::hash::decode::{digest, number, text};
use crate::tables::hash::layout::Layout;
use pg::{DbError, Statement};
use tokio_postgres::Row;

/// The query, run inside another one. Its columns by position: id, md5, sha1, sha256, piece size,
/// pieces, btih, pgp, block size, hash lengths, zsync sums.
pub fn statement(query: &CustomQuery) -> Statement {
    selecting(
        "c2, c3, c4, c5, octet_length(c6), pg_typeof(c6)::text, c7, octet_length(c8), c9, c10, \
         octet_length(c11), pg_typeof(c11)::text",
        query,
        0,
    )
}

/// The query with other columns instead of its own, which have the names c1 to c11, and with further
/// parameters behind its own.
pub(crate) fn selecting(columns: &str, query: &CustomQuery, further: usize) -> Statement {
    let own = query.sql().trim_end().trim_end_matches(';');
    // On lines of its own: the query may end in a comment.
    let sql = format!(
        "SELECT {columns} FROM (\n{own}\n) \
         AS own_query (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11)"
    );
    Statement::new("MirrorBrainDBDQueryHash", sql, query.parameters() + further)
}

/// Reads the first row about a file of `size` bytes.
pub fn read(statement: &Statement, rows: &[Row], size: u64) -> Result<Option<Digests>, DbError> {
    let digests = rows.first().map(|row| decode(row, size)).transpose();
    digests.map_err(|error| DbError::query_failed(format!("{}: {error}", statement.name())))
}

fn decode(row: &Row, size: u64) -> Result<Digests, tokio_postgres::Error> {
    let layout = Layout {
        piece_size: number(row, 3)?.unwrap_or(0),
        pieces: 0,
        block_size: number(row, 8)?.unwrap_or(0),
        hash_lengths: text(row, 9)?,
        sums: 0,
    };
    let mut pieces = stored(row, 4)?.into_iter();
    let mut sums = stored(row, 10)?.into_iter();
    Ok(Digests {
        md5: digest(row, 0)?,
        sha1: digest(row, 1)?,
        sha256: digest(row, 2)?,
        btih: digest(row, 6)?,
        piece_size: u32::try_from(layout.piece_size).unwrap_or(0),
        has_pieces: pieces.any(|pieces| layout.with(pieces, 0).pieces_fit(size)),
        has_pgp: number(row, 7)?.unwrap_or(0) > 0,
        zsync: sums.find_map(|sums| layout.with(0, sums).zsync(size)),
    })
}

/// How many bytes a long column may stand for: its length, and behind that its type. Text is hex,
/// with or without a prefix of two characters.
fn stored(row: &Row, column: usize) -> Result<Vec<i64>, tokio_postgres::Error> {
    let length = number(row, column)?.unwrap_or(0);
    Ok(match text(row, column + 1)?.as_str() {
        "bytea" => vec![length],
        _ if length % 2 == 0 => vec![length / 2, length / 2 - 1],
        _ => Vec::new(),
    })
}
