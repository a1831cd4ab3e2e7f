//! The long columns, piece hashes and zsync sums, in ranges, and the signature.

pub use super::stored::Stored;

use super::decode::{digest, number, text};
use super::stored::{decoded, first_column};
use super::{Detail, Digests};
use crate::own_query::hashes;
use crate::{CustomQuery, FileVersion};
use metrics::Step;
use pg::{DbError, Statement};
use std::sync::Arc;
use tokio_postgres::Row;

/// The built-in look-up of these columns.
macro_rules! select {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM filearr f JOIN hash h ON h.file_id = f.id \
             WHERE f.path = $1 AND h.size = $2::bigint AND h.mtime = $3::bigint LIMIT 1"
        )
    };
}

pub(super) const PIECES: &str = select!(
    "substring(h.sha1pieces FROM $4::int FOR $5::int), h.sha1, h.sha1piecesize, '', \
     octet_length(h.sha1pieces)"
);
pub(super) const BLOCKS: &str = select!(
    "substring(h.zsums FROM $4::int FOR $5::int), h.sha1, h.zblocksize, h.zhashlens, \
     octet_length(h.zsums)"
);
pub(super) const SIGNATURE: &str = select!("h.pgp");

/// The statements, built in or made of the site's own query for hashes.
pub struct SumsStatements {
    pieces: Arc<Statement>,
    blocks: Arc<Statement>,
    signature: Arc<Statement>,
    /// How many parameters the site's own query has, if there is one.
    own: Option<usize>,
}

impl SumsStatements {
    /// With the site's own query, if it has one.
    pub fn new(own: Option<&CustomQuery>) -> Self {
        let ready = |statement: Statement| Arc::new(statement.beside().counted_as(Step::Hashes));
        let built_in =
            |sql: &str, parameters| ready(Statement::new("the look-up of sums", sql, parameters));
        let Some(query) = own else {
            return Self {
                pieces: built_in(PIECES, 5),
                blocks: built_in(BLOCKS, 5),
                signature: built_in(SIGNATURE, 3),
                own: None,
            };
        };
        let (start, length) = (query.parameters() + 1, query.parameters() + 2);
        let section = |column: &str, others: &str| {
            let columns =
                format!("substring({column} FROM ${start}::int FOR ${length}::int), {others}");
            ready(hashes::selecting(&columns, query, 2))
        };
        Self {
            pieces: section("c6", "c3, c5, '', NULL"),
            blocks: section("c11", "c3, c9, c10, NULL"),
            signature: ready(hashes::selecting("c8", query, 0)),
            own: Some(query.parameters()),
        }
    }

    /// Whether the site's own query is asked, which may make all of the sums for each range.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// What gives a section of the sums; takes the [parameters](Self::parameters) of the file and the
    /// [place](Stored::place) of the section.
    pub fn section(&self, detail: Detail) -> &Arc<Statement> {
        match detail {
            Detail::Pieces => &self.pieces,
            Detail::Blocks => &self.blocks,
        }
    }

    /// What gives the signature.
    pub fn signature(&self) -> &Arc<Statement> {
        &self.signature
    }

    /// The parameters by which each of the statements finds a version of a file.
    pub fn parameters(&self, file: FileVersion<&str>) -> Vec<String> {
        let FileVersion { path, size, mtime } = file;
        let mut parameters = vec![path.to_owned(), size.to_string(), mtime.to_string()];
        parameters.truncate(self.own.unwrap_or(parameters.len()));
        parameters
    }
}

/// A row of [`SumsStatements::section`].
pub struct SectionRow<'a> {
    statement: &'a Statement,
    row: &'a Row,
}

impl<'a> SectionRow<'a> {
    /// The first row of an answer.
    pub fn first(statement: &'a Statement, rows: &'a [Row]) -> Option<Self> {
        rows.first().map(|row| Self { statement, row })
    }

    /// Whether it is about the sums, `total` bytes in all, that these digests came with.
    ///
    /// # Errors
    /// If a column is none that can be read.
    pub fn is_of(&self, digests: &Digests, detail: Detail, total: u64) -> Result<bool, DbError> {
        let row = self.row;
        let (unit, lengths) = match (detail, &digests.zsync) {
            (Detail::Blocks, Some(zsync)) => (zsync.block_size, &*zsync.hash_lengths),
            _ => (digests.piece_size, ""),
        };
        let same = || {
            // A site's own query may have to make all of them to say how many they are.
            let stored = number(row, 4)?;
            let stored = stored.and_then(|stored| u64::try_from(stored).ok());
            Ok(digest(row, 1)? == digests.sha1
                && number(row, 2)? == Some(unit.into())
                && text(row, 3)? == lengths
                && stored.is_none_or(|stored| stored == total))
        };
        same().map_err(|error: tokio_postgres::Error| failed(self.statement, &error))
    }

    /// How the column holds sums, and what was read at `offset`, if it is held as `guess` has it.
    /// `None` if there is nothing, or no sums.
    ///
    /// # Errors
    /// If the column is none that can be read.
    pub fn part(&self, guess: Stored, offset: u64) -> Result<Option<(Stored, Vec<u8>)>, DbError> {
        let part = first_column(self.row).map_err(|error| failed(self.statement, &error))?;
        let Some(part) = part else {
            return Ok(None);
        };
        let stored = guess.of(&part, offset);
        if stored != guess {
            return Ok(Some((stored, Vec::new())));
        }
        Ok(decoded(&part).map(|bytes| (stored, bytes)))
    }
}

/// The detached PGP signature in ASCII armour, from the answer to [`SumsStatements::signature`]; empty when
/// there is none, `None` if there is no such version of the file.
///
/// # Errors
/// If the column is none that can be read.
pub fn signature(statement: &Statement, rows: &[Row]) -> Result<Option<String>, DbError> {
    let first = rows.first().map(|row| text(row, 0)).transpose();
    first.map_err(|error| failed(statement, &error))
}

fn failed(statement: &Statement, error: &tokio_postgres::Error) -> DbError {
    DbError::query_failed(format!("{}: {error}", statement.name()))
}
