//! Many changes at once, each row written at most once. To be called in a transaction that
//! [`lock`]s first.

use pg::{Connection, ConnectionError};

/// One writer at a time. Held until the transaction ends, as is what the planner is told: a batch is small
/// beside the table, and must not read all of it.
const LOCK: &str = "\
SELECT pg_advisory_xact_lock(hashtext('mirrorbrain filearr')), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true)";

/// Paths get ids here; a number of the sequence is used up only for one that has no row.
macro_rules! name {
    ($columns:literal, $arrays:literal, $row:literal, $values:literal) => {
        concat!(
            "WITH name AS MATERIALIZED (
    SELECT n.*, f.id IS NOT NULL AS is_known,
           coalesce(f.id, nextval((SELECT pg_get_serial_sequence('filearr', 'id')::regclass))::integer) AS id
      FROM unnest(",
            $arrays,
            ") WITH ORDINALITY AS n (",
            $columns,
            ", place)
      LEFT JOIN filearr f ON f.path = n.path),
added AS (INSERT INTO filearr (id, path, ",
            $row,
            ") SELECT id, path, ",
            $values,
            " FROM name WHERE NOT is_known)
SELECT id, is_known FROM name ORDER BY place"
        )
    };
}

const ADD: &str = name!(
    "path, come",
    "$1::text[], $2::text[]",
    "mirrors",
    "come::smallint[]"
);

const ADD_ORIGIN: &str = name!(
    "path, size, mtime",
    "$1::text[], $2::bigint[], $3::bigint[]",
    "mirrors, size, mtime",
    "'{}', size, mtime"
);

/// The order of the mirrors that stay is kept, as the original keeps it.
const MERGE: &str = "\
UPDATE filearr f SET mirrors =
       CASE WHEN f.mirrors && (c.come || c.gone)
            THEN ARRAY (SELECT held.mirror FROM unnest(f.mirrors) WITH ORDINALITY AS held (mirror, place)
                         WHERE held.mirror <> ALL (c.come || c.gone) ORDER BY place) || c.come
            ELSE coalesce(f.mirrors, '{}') || c.come END
  FROM (SELECT id, come::smallint[], gone::smallint[]
          FROM unnest($1::integer[], $2::text[], $3::text[]) AS c (id, come, gone)) AS c
 WHERE f.id = c.id AND (NOT coalesce(f.mirrors, '{}') @> c.come OR f.mirrors && c.gone)";

pub(crate) const STATEMENTS: &[&str] = &[LOCK, ADD, MERGE];

/// Sizes and times of files whose mirrors hold another version now, and which mirrors these are.
const REPLACE_VERSION: &str = "\
WITH new AS (SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS n (id, size, mtime)),
before AS (SELECT f.id, f.mirrors, f.size, f.mtime FROM filearr f JOIN new USING (id)),
written AS (UPDATE filearr f SET size = new.size, mtime = new.mtime,
                   mirrors = CASE WHEN f.size IS NULL THEN f.mirrors ELSE '{}' END
              FROM new WHERE f.id = new.id AND (f.size, f.mtime) IS DISTINCT FROM (new.size, new.mtime)
            RETURNING f.id),
outdated AS (INSERT INTO deviation (mirror, file_id, kind, size, mtime)
             SELECT DISTINCT held.mirror, before.id, 'outdated', before.size, before.mtime
               FROM before JOIN written USING (id) CROSS JOIN LATERAL unnest(before.mirrors) AS held (mirror)
              WHERE before.size IS NOT NULL
             ON CONFLICT (mirror, file_id) DO NOTHING
             RETURNING mirror),
forgotten AS (DELETE FROM scan_snapshot WHERE mirror IN (SELECT mirror FROM outdated))
SELECT count(*) FROM written";

/// Files that the origin does not have any more. Nothing is known of the version that mirrors hold.
const FORGET_VERSION: &str = "\
UPDATE filearr SET size = NULL, mtime = NULL
 WHERE id = ANY ($1) AND (size IS NOT NULL OR mtime IS NOT NULL)";

pub(crate) const ADDED_STATEMENTS: &[&str] = &[ADD_ORIGIN, REPLACE_VERSION, FORGET_VERSION];

/// Waits until no other writer is at work.
///
/// # Errors
/// Those of the database, here and below.
pub fn lock(connection: &mut Connection) -> Result<(), ConnectionError> {
    connection.query(LOCK, &[]).map(drop)
}

/// What becomes of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Mirrors that have it now.
    pub come: Vec<i16>,
    /// Mirrors that do not have it any more.
    pub gone: Vec<i16>,
}

/// Files that mirrors have, by path, each once; a file that was not known gets a row. Returns the id of
/// each, and whether there was a row already, which is left as it was.
pub fn add_paths(
    connection: &mut Connection,
    paths: &[&str],
    mirrors: &[&[i16]],
) -> Result<Vec<(i32, bool)>, ConnectionError> {
    let come: Vec<String> = mirrors.iter().map(|mirrors| array(mirrors)).collect();
    let rows = connection.query(ADD, &[&paths, &come])?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Applies the changes of rows, each id once, and returns how many were written: not those that were so
/// already.
pub fn merge(
    connection: &mut Connection,
    changes: &[(i32, Change)],
) -> Result<u64, ConnectionError> {
    let ids: Vec<i32> = changes.iter().map(|(id, _)| *id).collect();
    let come: Vec<String> = changes.iter().map(|(_, c)| array(&c.come)).collect();
    let gone: Vec<String> = changes.iter().map(|(_, c)| array(&c.gone)).collect();
    connection.execute(MERGE, &[&ids, &come, &gone])
}

/// A file of the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginFile<'a> {
    /// Below the base of the tree.
    pub path: &'a str,
    /// Bytes.
    pub size: i64,
    /// Seconds since the epoch.
    pub mtime: i64,
}

/// Files of the origin that had no row, each path once. Returns the id of each, and whether there was a
/// row after all, which is left as it was. Needs the migrations.
pub fn add_origin(
    connection: &mut Connection,
    files: &[OriginFile<'_>],
) -> Result<Vec<(i32, bool)>, ConnectionError> {
    let paths: Vec<&str> = files.iter().map(|file| file.path).collect();
    let sizes: Vec<i64> = files.iter().map(|file| file.size).collect();
    let mtimes: Vec<i64> = files.iter().map(|file| file.mtime).collect();
    let rows = connection.query(ADD_ORIGIN, &[&paths, &sizes, &mtimes])?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Sets the sizes (bytes) and times (seconds) of files of the origin. Where another version was known, its mirrors hold
/// that one: they go from the row to `deviation`. Returns how many rows were written. Needs the migrations.
pub fn set_versions(
    connection: &mut Connection,
    versions: &[(i32, i64, i64)],
) -> Result<u64, ConnectionError> {
    let ids: Vec<i32> = versions.iter().map(|(id, ..)| *id).collect();
    let sizes: Vec<i64> = versions.iter().map(|(_, size, _)| *size).collect();
    let mtimes: Vec<i64> = versions.iter().map(|(.., mtime)| *mtime).collect();
    let rows = connection.query(REPLACE_VERSION, &[&ids, &sizes, &mtimes])?;
    let written: i64 = pg::Row::first(&rows)?.unwrap_or_default();
    Ok(u64::try_from(written).unwrap_or_default())
}

/// Forgets the versions of files that the origin does not have any more. Needs the migrations.
pub fn forget_versions(connection: &mut Connection, ids: &[i32]) -> Result<u64, ConnectionError> {
    connection.execute(FORGET_VERSION, &[&ids])
}

/// As PostgreSQL reads a `smallint[]`.
fn array(mirrors: &[i16]) -> String {
    let list: Vec<String> = mirrors.iter().map(i16::to_string).collect();
    format!("{{{}}}", list.join(","))
}
