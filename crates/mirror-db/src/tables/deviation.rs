//! `deviation`: copies that are not the right ones. Comes with a migration.

use pg::{Connection, ConnectionError};
use serde::Serialize;

const OF_MIRROR: &str = "SELECT file_id, kind, size, mtime FROM deviation WHERE mirror = $1";

const SET: &str = "\
INSERT INTO deviation (mirror, file_id, kind, size, mtime)
SELECT $1::integer, n.* FROM unnest($2::integer[], $3::text[], $4::bigint[], $5::bigint[]) AS n
    ON CONFLICT (mirror, file_id) DO UPDATE
   SET kind = EXCLUDED.kind, size = EXCLUDED.size, mtime = EXCLUDED.mtime, seen = now()
 WHERE (deviation.kind, deviation.size, deviation.mtime)
       IS DISTINCT FROM (EXCLUDED.kind, EXCLUDED.size, EXCLUDED.mtime)";

const CLEAR: &str = "DELETE FROM deviation WHERE mirror = $1 AND file_id = ANY ($2)";

macro_rules! list {
    ($where:literal) => {
        concat!(
            "SELECT s.identifier::text, f.path::text, d.kind, d.size, d.mtime, f.size, f.mtime,
       to_char(d.seen AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
  FROM deviation d JOIN server s ON s.id = d.mirror JOIN filearr f ON f.id = d.file_id ",
            $where,
            " ORDER BY s.id, f.path"
        )
    };
}

const ALL: &str = list!("");
const LIST_OF_MIRROR: &str = list!("WHERE d.mirror = $1");
const LIST_OF_PATH: &str = list!("WHERE f.path = $1 OR starts_with(f.path, rtrim($1, '/') || '/')");

pub(crate) const STATEMENTS: &[&str] = &[OF_MIRROR, SET, CLEAR, ALL, LIST_OF_MIRROR, LIST_OF_PATH];

/// A copy that is not the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// In `filearr`.
    pub file_id: i32,
    /// What is wrong with it.
    pub kind: String,
    /// Bytes, if the mirror tells them exactly.
    pub size: Option<i64>,
    /// Seconds since the epoch, likewise.
    pub mtime: Option<i64>,
}

/// The same with all that people want to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deviating {
    /// The name of the mirror.
    pub mirror: String,
    /// Below its base.
    pub path: String,
    /// What is wrong with it.
    pub kind: String,
    /// Bytes of the copy.
    pub size: Option<i64>,
    /// Seconds since the epoch.
    pub mtime: Option<i64>,
    /// Bytes of the origin's file.
    pub origin_size: Option<i64>,
    /// Seconds since the epoch.
    pub origin_mtime: Option<i64>,
    /// When it was found to be so (RFC 3339).
    pub seen: String,
}

/// Those of a mirror.
///
/// # Errors
/// Those of the database, here and below.
pub fn of(connection: &mut Connection, mirror: i32) -> Result<Vec<Deviation>, ConnectionError> {
    let rows = connection.query(OF_MIRROR, &[&mirror])?;
    let deviation = |row: &pg::Row| {
        Ok(Deviation {
            file_id: row.get(0)?,
            kind: row.get(1)?,
            size: row.get(2)?,
            mtime: row.get(3)?,
        })
    };
    rows.iter().map(deviation).collect()
}

/// Records copies of a mirror, each file once; those that are recorded so already are not written.
pub fn set(
    connection: &mut Connection,
    mirror: i32,
    deviations: &[Deviation],
) -> Result<u64, ConnectionError> {
    let ids: Vec<i32> = deviations.iter().map(|d| d.file_id).collect();
    let kinds: Vec<&str> = deviations.iter().map(|d| &*d.kind).collect();
    let sizes: Vec<Option<i64>> = deviations.iter().map(|d| d.size).collect();
    let mtimes: Vec<Option<i64>> = deviations.iter().map(|d| d.mtime).collect();
    connection.execute(SET, &[&mirror, &ids, &kinds, &sizes, &mtimes])
}

/// Takes files of a mirror out.
pub fn clear(
    connection: &mut Connection,
    mirror: i32,
    files: &[i32],
) -> Result<u64, ConnectionError> {
    connection.execute(CLEAR, &[&mirror, &files])
}

/// Which ones are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of<'a> {
    /// All of them.
    All,
    /// Those of the mirror with this id.
    Mirror(i32),
    /// Those of a file, or of all below a directory.
    Path(&'a str),
}

/// Lists them, by mirror and path.
pub fn list(connection: &mut Connection, of: &Of<'_>) -> Result<Vec<Deviating>, ConnectionError> {
    let rows = match of {
        Of::All => connection.query(ALL, &[])?,
        Of::Mirror(id) => connection.query(LIST_OF_MIRROR, &[id])?,
        Of::Path(path) => connection.query(LIST_OF_PATH, &[path])?,
    };
    let deviating = |row: &pg::Row| {
        Ok(Deviating {
            mirror: row.get(0)?,
            path: row.get(1)?,
            kind: row.get(2)?,
            size: row.get(3)?,
            mtime: row.get(4)?,
            origin_size: row.get(5)?,
            origin_mtime: row.get(6)?,
            seen: row.get(7)?,
        })
    };
    rows.iter().map(deviating).collect()
}
