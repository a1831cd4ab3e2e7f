//! All hashes of one version of a file, sums included.

use crate::{
    CustomQuery, DbError, Digests,
    lookup::{Bytes, Sums, digest, hex_digits, number, text},
    statement::Statement,
};
use std::{sync::Arc, time::Duration};
use tokio_postgres::{Row, types::Type};

/// The built-in query, with what is to stand for the two long columns.
fn sql(pieces: &str, sums: &str) -> String {
    format!(
        "SELECT f.id, h.md5, h.sha1, h.sha256, h.sha1piecesize, {pieces}, h.btih, h.pgp, \
         h.zblocksize, h.zhashlens, {sums} \
         FROM filearr f JOIN hash h ON h.file_id = f.id \
         WHERE f.path = $1 AND h.size = $2::bigint AND h.mtime = $3::bigint LIMIT 1"
    )
}

/// The columns of a hash query, by position.
const COLUMNS: usize = 11;

/// Sums of tens of megabytes take their time on the way.
const TIME: Duration = Duration::from_secs(6);

/// Which of the long columns is wanted. Both can be tens of megabytes, and no document holds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The piece hashes, for metalinks and torrents.
    Pieces,
    /// The zsync sums of blocks.
    Blocks,
}

/// `MirrorBrainDBDQueryHash`
pub(crate) fn own_statement(query: &CustomQuery) -> Statement {
    Statement::custom("MirrorBrainDBDQueryHash", query).with_columns(COLUMNS)
}

/// The statements for each [`Detail`].
#[derive(Debug)]
pub(crate) struct Statements {
    pieces: Arc<Statement>,
    blocks: Arc<Statement>,
}

impl Statements {
    /// The site's own query is run as it is, whatever is wanted. Parameters: path, size, mtime.
    pub(crate) fn new(custom: Option<&CustomQuery>) -> Self {
        if let Some(query) = custom {
            let statement = Arc::new(own_statement(query).with_time(TIME));
            return Self {
                pieces: Arc::clone(&statement),
                blocks: statement,
            };
        }
        // The length in place of the column tells whether the document exists at all.
        let statement =
            |sql| Arc::new(Statement::new("the look-up of hashes", sql, 3).with_time(TIME));
        Self {
            pieces: statement(sql("h.sha1pieces", "octet_length(h.zsums)")),
            blocks: statement(sql("octet_length(h.sha1pieces)", "h.zsums")),
        }
    }

    pub(crate) fn of(&self, detail: Detail) -> &Arc<Statement> {
        match detail {
            Detail::Pieces => &self.pieces,
            Detail::Blocks => &self.blocks,
        }
    }
}

/// The stored hashes of one version of a file, with the piece hashes or the zsync sums. Those
/// can be tens of megabytes; they are held once, and only as long as the request that asked for
/// them.
#[derive(Debug)]
pub struct Hashes {
    digests: Digests,
    pgp: String,
    block_size: u32,
    hash_lengths: String,
    pieces: Blob,
    sums: Blob,
    /// The answer of the database, which the blobs may be part of.
    row: Row,
}

#[derive(Debug)]
enum Blob {
    Missing,
    /// In this column of the row.
    Column(usize),
    /// Decoded from hex.
    Decoded(Vec<u8>),
}

impl Hashes {
    /// The digests, and which of the parts below there are.
    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    /// The SHA-1 of each piece, 20 bytes each, one after the other. Empty when not known or when
    /// their number does not fit the size of the file.
    pub fn pieces(&self) -> &[u8] {
        self.bytes(&self.pieces)
    }

    /// The detached PGP signature in ASCII armour; empty when there is none.
    pub fn pgp(&self) -> &str {
        &self.pgp
    }

    /// Block size of the zsync sums in bytes; 0 when there are none.
    pub fn zsync_block_size(&self) -> u32 {
        self.block_size
    }

    /// Lengths of zsync's sums as its header `Hash-Lengths` has them (`seq,rsum,checksum`).
    pub fn zsync_hash_lengths(&self) -> &str {
        &self.hash_lengths
    }

    /// The raw zsync sums. Empty when not known or when their number does not fit the file.
    pub fn zsync_sums(&self) -> &[u8] {
        self.bytes(&self.sums)
    }

    fn bytes<'a>(&'a self, blob: &'a Blob) -> &'a [u8] {
        match blob {
            Blob::Missing => &[],
            Blob::Decoded(bytes) => bytes,
            Blob::Column(column) => match self.row.try_get::<_, Option<Bytes<'a>>>(*column) {
                Ok(Some(Bytes::Raw(bytes))) => bytes,
                _ => &[],
            },
        }
    }
}

/// Reads the first row of a hash query about a file of `size` bytes.
pub(crate) fn read(
    statement: &Statement,
    rows: Vec<Row>,
    size: u64,
) -> Result<Option<Hashes>, DbError> {
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    decode(row, size)
        .map(Some)
        .map_err(|error| DbError::query_failed(format!("{}: {error}", statement.name)))
}

/// Reads only the digests of the first row.
pub(crate) fn read_digests(
    statement: &Statement,
    rows: Vec<Row>,
    size: u64,
) -> Result<Option<Digests>, DbError> {
    Ok(read(statement, rows, size)?.map(|hashes| hashes.digests))
}

fn decode(row: Row, size: u64) -> Result<Hashes, tokio_postgres::Error> {
    let (pieces, piece_bytes) = blob(&row, 5)?;
    let (sums, sum_bytes) = blob(&row, 10)?;
    let layout = Sums {
        piece_size: number(&row, 4)?.unwrap_or(0),
        pieces: piece_bytes,
        block_size: number(&row, 8)?.unwrap_or(0),
        hash_lengths: text(&row, 9)?,
        sums: sum_bytes,
    };
    let pgp = text(&row, 7)?;
    let digests = Digests {
        md5: digest(&row, 1)?,
        sha1: digest(&row, 2)?,
        sha256: digest(&row, 3)?,
        btih: digest(&row, 6)?,
        piece_size: u32::try_from(layout.piece_size).unwrap_or(0),
        has_pieces: layout.pieces_fit(size),
        has_pgp: !pgp.is_empty(),
        has_zsync: layout.blocks_fit(size),
    };
    Ok(Hashes {
        pieces: if digests.has_pieces {
            pieces
        } else {
            Blob::Missing
        },
        sums: if digests.has_zsync {
            sums
        } else {
            Blob::Missing
        },
        block_size: u32::try_from(layout.block_size).unwrap_or(0),
        hash_lengths: layout.hash_lengths,
        pgp,
        digests,
        row,
    })
}

/// A long column and how many bytes it stands for. An integer is the length of what was not
/// asked for.
fn blob(row: &Row, column: usize) -> Result<(Blob, i64), tokio_postgres::Error> {
    if row
        .columns()
        .get(column)
        .is_some_and(|c| *c.type_() == Type::INT4)
    {
        let length = row.try_get::<_, Option<i32>>(column)?;
        return Ok((Blob::Missing, length.unwrap_or(0).into()));
    }
    let length = |bytes: &[u8]| i64::try_from(bytes.len()).unwrap_or(0);
    Ok(match row.try_get::<_, Option<Bytes<'_>>>(column)? {
        None => (Blob::Missing, 0),
        Some(Bytes::Raw(bytes)) => (Blob::Column(column), length(bytes)),
        Some(Bytes::Text(text)) => match hex::decode(hex_digits(text)) {
            Ok(bytes) => {
                let length = length(&bytes);
                (Blob::Decoded(bytes), length)
            }
            Err(_) => (Blob::Missing, 0),
        },
    })
}
