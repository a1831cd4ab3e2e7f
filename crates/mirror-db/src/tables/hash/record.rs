//! What is recorded of the files of the tree: read as a whole or by path, and written many rows at once.

use crate::tables::copy::{BinaryRows, bigint, integer};
use crate::tables::filearr::merge;
use pg::{Connection, ConnectionError, Row};

const ALL: &str = "\
COPY (SELECT h.file_id, f.path, h.size, h.mtime, octet_length(h.pgp)
        FROM hash h JOIN filearr f ON f.id = h.file_id) TO STDOUT (FORMAT binary)";

const OF_PATHS: &str = "\
SELECT f.id, f.path::text, h.size, h.mtime FROM filearr f LEFT JOIN hash h ON h.file_id = f.id
 WHERE f.path = ANY ($1)";

const READ: &str = "\
SELECT f.path::text, h.mtime, h.size, h.md5, h.sha1, h.sha256, h.sha1piecesize, h.sha1pieces, h.btih, h.pgp,
       h.zblocksize, coalesce(h.zhashlens, ''), h.zsums
  FROM filearr f JOIN hash h ON h.file_id = f.id WHERE f.path = $1";

const WRITE: &str = "\
INSERT INTO hash (file_id, mtime, size, md5, sha1, sha256, sha1piecesize, sha1pieces, btih, pgp,
                  zblocksize, zhashlens, zsums)
SELECT * FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[],
                     $7::integer[], $8::bytea[], $9::bytea[], $10::text[], $11::smallint[], $12::text[],
                     $13::bytea[])
ON CONFLICT (file_id) DO UPDATE
   SET mtime = excluded.mtime, size = excluded.size, md5 = excluded.md5, sha1 = excluded.sha1,
       sha256 = excluded.sha256, sha1piecesize = excluded.sha1piecesize,
       sha1pieces = excluded.sha1pieces, btih = excluded.btih, pgp = excluded.pgp,
       zblocksize = excluded.zblocksize, zhashlens = excluded.zhashlens, zsums = excluded.zsums";

const SIGN: &str = "\
UPDATE hash SET pgp = $2 WHERE file_id = $1 AND size = $3 AND mtime = $4 AND pgp IS DISTINCT FROM $2";
const REMOVE: &str = "DELETE FROM hash WHERE file_id = ANY ($1)";
const REMOVE_BELOW: &str = "\
DELETE FROM hash USING filearr WHERE id = file_id AND starts_with(path, $1)";

pub(in crate::tables) const STATEMENTS: &[&str] =
    &[OF_PATHS, READ, WRITE, SIGN, REMOVE, REMOVE_BELOW];

/// Which version of a file has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded<'a> {
    /// Of the file.
    pub id: i32,
    /// Below the base of the tree.
    pub path: &'a str,
    /// Bytes.
    pub size: i64,
    /// Seconds since the epoch.
    pub mtime: i32,
    /// Bytes of the signature.
    pub signature: i32,
}

/// Gives each row of `hash`, in no order.
///
/// # Errors
/// Those of the database, here and below.
pub fn each(
    connection: &mut Connection,
    mut row: impl FnMut(Recorded<'_>),
) -> Result<(), ConnectionError> {
    let mut rows = BinaryRows::default();
    connection.copy_out(ALL, |piece| {
        rows.take(piece, |columns| {
            recorded(columns).map(&mut row);
        });
    })
}

fn recorded([id, path, size, mtime, signature]: [Option<&[u8]>; 5]) -> Option<Recorded<'_>> {
    Some(Recorded {
        id: integer(id)?,
        path: std::str::from_utf8(path?).ok()?,
        size: bigint(size)?,
        mtime: integer(mtime)?,
        signature: integer(signature).unwrap_or_default(),
    })
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Of the file.
    pub id: i32,
    /// Below the base of the tree.
    pub path: String,
    /// Bytes, and seconds since the epoch, of the version that has hashes.
    pub version: Option<(i64, i32)>,
}

/// Those of these files that have a row in `filearr`, in no order.
pub fn of_paths(
    connection: &mut Connection,
    paths: &[&str],
) -> Result<Vec<Known>, ConnectionError> {
    let rows = connection.query(OF_PATHS, &[&paths])?;
    Row::each("hash", &rows, |row| {
        let (size, mtime): (Option<i64>, Option<i32>) = (row.get(2)?, row.get(3)?);
        Ok(Known {
            id: row.get(0)?,
            path: row.get(1)?,
            version: size.zip(mtime),
        })
    })
}

/// A row to be written, with all its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HashRow {
    /// Below the base of the tree.
    pub path: String,
    /// Seconds since the epoch.
    pub mtime: i32,
    /// Bytes.
    pub size: i64,
    /// Raw, as all digests.
    pub md5: Vec<u8>,
    /// Likewise.
    pub sha1: Vec<u8>,
    /// Likewise.
    pub sha256: Vec<u8>,
    /// Bytes of a piece.
    pub piece_size: i32,
    /// SHA-1 of each piece, one behind the other.
    pub pieces: Vec<u8>,
    /// BitTorrent info hash, version 1; empty for none.
    pub btih: Vec<u8>,
    /// Detached signature in ASCII armour; empty for none.
    pub signature: String,
    /// Bytes of a block of zsync; 0 if there are no sums.
    pub block_size: i16,
    /// `Hash-Lengths` of zsync.
    pub hash_lengths: String,
    /// zsync's sums, one behind the other.
    pub sums: Vec<u8>,
}

impl HashRow {
    /// Bytes of the columns whose length depends on the file.
    pub fn length(&self) -> usize {
        self.pieces.len() + self.sums.len() + self.signature.len()
    }
}

/// The row of a file.
pub fn read(connection: &mut Connection, path: &str) -> Result<Option<HashRow>, ConnectionError> {
    let rows = connection.query(READ, &[&path])?;
    let rows: Vec<HashRow> = Row::each("hash", &rows, |row| {
        Ok(HashRow {
            path: row.get(0)?,
            mtime: row.get(1)?,
            size: row.get(2)?,
            md5: row.get(3)?,
            sha1: row.get(4)?,
            sha256: row.get(5)?,
            piece_size: row.get(6)?,
            pieces: row.get(7)?,
            btih: row.get(8)?,
            signature: row.get(9)?,
            block_size: row.get(10)?,
            hash_lengths: row.get(11)?,
            sums: row.get(12)?,
        })
    })?;
    Ok(rows.into_iter().next())
}

/// Writes rows, each path once, all or none; the row of an older version is replaced. A file that was not
/// known becomes so, as one that no mirror has.
pub fn write(connection: &mut Connection, rows: &[HashRow]) -> Result<(), ConnectionError> {
    let mut transaction = connection.transaction()?;
    merge::lock(&mut transaction)?;
    let paths: Vec<&str> = rows.iter().map(|row| &*row.path).collect();
    let nobody: Vec<&[i16]> = rows.iter().map(|_| &[][..]).collect();
    let ids = merge::add_paths(&mut transaction, &paths, &nobody)?;
    let ids: Vec<i32> = ids.into_iter().map(|(id, _)| id).collect();
    let bytes = |column: fn(&HashRow) -> &[u8]| rows.iter().map(column).collect::<Vec<&[u8]>>();
    transaction.execute(
        WRITE,
        &[
            &ids,
            &rows.iter().map(|row| row.mtime).collect::<Vec<_>>(),
            &rows.iter().map(|row| row.size).collect::<Vec<_>>(),
            &bytes(|row| &row.md5),
            &bytes(|row| &row.sha1),
            &bytes(|row| &row.sha256),
            &rows.iter().map(|row| row.piece_size).collect::<Vec<_>>(),
            &bytes(|row| &row.pieces),
            &bytes(|row| &row.btih),
            &rows.iter().map(|row| &*row.signature).collect::<Vec<_>>(),
            &rows.iter().map(|row| row.block_size).collect::<Vec<_>>(),
            &rows
                .iter()
                .map(|row| &*row.hash_lengths)
                .collect::<Vec<_>>(),
            &bytes(|row| &row.sums),
        ],
    )?;
    transaction.commit()
}

/// Replaces the signature of a version of a file. Whether it is another one.
pub fn sign(
    connection: &mut Connection,
    id: i32,
    (size, mtime): (i64, i32),
    signature: &str,
) -> Result<bool, ConnectionError> {
    let changed = connection.execute(SIGN, &[&id, &signature, &size, &mtime])?;
    Ok(changed > 0)
}

/// Removes the rows of files, by their ids.
pub fn remove(connection: &mut Connection, ids: &[i32]) -> Result<u64, ConnectionError> {
    connection.execute(REMOVE, &[&ids])
}

/// Removes the rows of all files below a directory.
pub fn remove_below(connection: &mut Connection, directory: &str) -> Result<u64, ConnectionError> {
    connection.execute(REMOVE_BELOW, &[&format!("{directory}/")])
}
