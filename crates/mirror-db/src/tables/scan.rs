//! `scan`, and what scans leave for the next one: `scan_snapshot`, `scan_held`, `origin_change`. They come with
//! a migration.

use pg::{Connection, ConnectionError};
use std::time::SystemTime;

const EXISTS: &str = "SELECT to_regclass('scan') IS NOT NULL AND to_regclass('job') IS NOT NULL";

const INSERT: &str = "\
INSERT INTO scan (mirror, protocol, started, subtree, entries, files, added, removed, deviating, surplus,
       bytes, outcome, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id";

/// Set by whoever scans, also the original; a snapshot counts while it is as old as that.
const SNAPSHOT: &str = "\
SELECT files FROM scan_snapshot JOIN server ON server.id = mirror
 WHERE mirror = $1 AND server.last_scan = scan_snapshot.last_scan";

const FORGET_SNAPSHOT: &str = "DELETE FROM scan_snapshot WHERE mirror = $1";

const SET_SNAPSHOT: &str = "\
INSERT INTO scan_snapshot (mirror, last_scan, files)
SELECT id, last_scan, $2 FROM server WHERE id = $1 AND last_scan IS NOT NULL
    ON CONFLICT (mirror) DO UPDATE SET last_scan = EXCLUDED.last_scan, files = EXCLUDED.files";

const KEEP_SNAPSHOT: &str = "\
UPDATE scan_snapshot SET last_scan = server.last_scan FROM server WHERE server.id = mirror AND mirror = $1";

const HELD: &str = "SELECT files FROM scan_held WHERE mirror = $1";

const HOLD: &str = "\
INSERT INTO scan_held (mirror, files) VALUES ($1, $2)
    ON CONFLICT (mirror) DO UPDATE SET files = EXCLUDED.files, since = now()";

const RELEASE: &str = "DELETE FROM scan_held WHERE mirror = $1";

const KNOWS_ORIGIN: &str = "\
SELECT EXISTS (SELECT FROM scan WHERE mirror IS NULL AND subtree = '' AND outcome = 'complete')";

const NOTE_CHANGES: &str = "\
INSERT INTO origin_change (file_id, scan) SELECT unnest($1::integer[]), $2::bigint
    ON CONFLICT (file_id) DO UPDATE SET scan = EXCLUDED.scan";

const FORGET: &str = "\
WITH a AS (DELETE FROM scan_snapshot WHERE mirror = $1), b AS (DELETE FROM scan_held WHERE mirror = $1),
     c AS (DELETE FROM job WHERE mirror = $1), d AS (DELETE FROM deviation WHERE mirror = $1)
SELECT 1";

pub(super) const STATEMENTS: &[&str] = &[EXISTS];

pub(super) const ADDED_STATEMENTS: &[&str] = &[
    INSERT,
    SNAPSHOT,
    FORGET_SNAPSHOT,
    SET_SNAPSHOT,
    KEEP_SNAPSHOT,
    HELD,
    HOLD,
    RELEASE,
    KNOWS_ORIGIN,
    NOTE_CHANGES,
    FORGET,
];

/// A row of `scan`, to be written when the scan has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Whose; `None`: the origin's.
    pub mirror: Option<i32>,
    /// `rsync`, `ftp`, `http`, `local`; `None`: none answered.
    pub protocol: Option<&'static str>,
    /// When it began.
    pub started: SystemTime,
    /// The directory that was scanned; empty for all.
    pub subtree: String,
    /// What was listed.
    pub entries: u64,
    /// Of these, the files that count.
    pub files: u64,
    /// Files that the mirror has now.
    pub added: u64,
    /// Files that it has no more.
    pub removed: u64,
    /// Copies that are not the right ones.
    pub deviating: u64,
    /// Files that the origin does not have.
    pub surplus: u64,
    /// Bytes of the listing.
    pub bytes: u64,
    /// `complete`, `incomplete`, `held`, `failed`
    pub outcome: &'static str,
    /// One line.
    pub error: Option<String>,
}

/// Whether the tables are there.
///
/// # Errors
/// Those of the database, here and below.
pub fn exists(connection: &mut Connection) -> Result<bool, ConnectionError> {
    let rows = connection.query(EXISTS, &[])?;
    Ok(pg::Row::first(&rows)?.unwrap_or_default())
}

/// Records a scan, and returns its number.
pub fn insert(connection: &mut Connection, scan: &Scan) -> Result<i64, ConnectionError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let rows = connection.query(
        INSERT,
        &[
            &scan.mirror,
            &scan.protocol,
            &scan.started,
            &scan.subtree,
            &number(scan.entries),
            &number(scan.files),
            &number(scan.added),
            &number(scan.removed),
            &number(scan.deviating),
            &number(scan.surplus),
            &number(scan.bytes),
            &scan.outcome,
            &scan.error,
        ],
    )?;
    Ok(pg::Row::first(&rows)?.unwrap_or_default())
}

/// What a mirror had at its last scan, as it was given to [`set_snapshot`]; `None` if nobody knows, or
/// another program has scanned it since.
pub fn snapshot(
    connection: &mut Connection,
    mirror: i32,
) -> Result<Option<Vec<u8>>, ConnectionError> {
    let rows = connection.query(SNAPSHOT, &[&mirror])?;
    pg::Row::first(&rows)
}

/// To be done before files of a mirror are written.
pub fn forget_snapshot(connection: &mut Connection, mirror: i32) -> Result<(), ConnectionError> {
    connection.execute(FORGET_SNAPSHOT, &[&mirror]).map(drop)
}

/// Keeps what a mirror has, as of its `last_scan`.
pub fn set_snapshot(
    connection: &mut Connection,
    mirror: i32,
    files: &[u8],
) -> Result<(), ConnectionError> {
    connection
        .execute(SET_SNAPSHOT, &[&mirror, &files])
        .map(drop)
}

/// Has the snapshot count after another scan that found the same.
pub fn keep_snapshot(connection: &mut Connection, mirror: i32) -> Result<(), ConnectionError> {
    connection.execute(KEEP_SNAPSHOT, &[&mirror]).map(drop)
}

/// What the last scan would have removed and did not.
pub fn held(connection: &mut Connection, mirror: i32) -> Result<Option<Vec<u8>>, ConnectionError> {
    let rows = connection.query(HELD, &[&mirror])?;
    pg::Row::first(&rows)
}

/// Keeps what waits for a second scan.
pub fn hold(connection: &mut Connection, mirror: i32, files: &[u8]) -> Result<(), ConnectionError> {
    connection.execute(HOLD, &[&mirror, &files]).map(drop)
}

/// Nothing waits any more.
pub fn release(connection: &mut Connection, mirror: i32) -> Result<(), ConnectionError> {
    connection.execute(RELEASE, &[&mirror]).map(drop)
}

/// Whether the origin was ever scanned wholly: then only its files count.
pub fn knows_origin(connection: &mut Connection) -> Result<bool, ConnectionError> {
    let rows = connection.query(KNOWS_ORIGIN, &[])?;
    Ok(pg::Row::first(&rows)?.unwrap_or_default())
}

/// Notes which files a scan of the origin found new or changed.
pub fn note_changes(
    connection: &mut Connection,
    scan: i64,
    files: &[i32],
) -> Result<(), ConnectionError> {
    connection.execute(NOTE_CHANGES, &[&files, &scan]).map(drop)
}

/// Forgets all about a mirror but its scans.
pub fn forget_mirror(connection: &mut Connection, mirror: i32) -> Result<(), ConnectionError> {
    connection.query(FORGET, &[&mirror]).map(drop)
}
