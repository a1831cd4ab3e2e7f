//! `filearr`: one row per file, with the ids of the mirrors that have it.

pub mod listed;
pub mod merge;

use pg::{Connection, ConnectionError, Row};
use std::collections::HashMap;

const ADD: &str = "SELECT mirr_add_bypath($1, $2)";

const REMOVE: &str = "\
UPDATE filearr SET mirrors = array_remove(mirrors, $1::smallint)
 WHERE path = $2 AND $1::smallint = ANY (mirrors)";

const FORGET_MIRROR: &str = "\
UPDATE filearr SET mirrors = array_remove(mirrors, $1::smallint)
 WHERE $1::smallint = ANY (mirrors)";

/// A mirror stands once for each file it has, whatever is in its array.
const HOLDERS: &str = "\
SELECT mirror.id, path FROM filearr CROSS JOIN LATERAL
       (SELECT DISTINCT unnest(mirrors)::integer AS id) AS mirror
 WHERE path = $1";
const HOLDERS_LIKE: &str = "\
SELECT mirror.id, path FROM filearr CROSS JOIN LATERAL
       (SELECT DISTINCT unnest(mirrors)::integer AS id) AS mirror
 WHERE path LIKE $1";

const MIRRORS: &str = "SELECT DISTINCT unnest(mirrors)::integer FROM filearr WHERE path = $1";
const MIRRORS_LIKE: &str =
    "SELECT DISTINCT unnest(mirrors)::integer FROM filearr WHERE path LIKE $1";

const BELOW: &str = "\
SELECT DISTINCT unnest(mirrors)::integer FROM filearr WHERE starts_with(path, $1)";
const EXISTS_BELOW: &str = "SELECT EXISTS (SELECT FROM filearr WHERE starts_with(path, $1))";

/// Not `FROM filearr, unnest(mirrors)`, which keeps each array aside before it gives its elements.
const COUNTS: &str = "\
SELECT mirror::integer, count(*)
  FROM (SELECT unnest(mirrors) AS mirror FROM filearr) AS holder GROUP BY mirror";
const COUNTS_OF: &str = "\
SELECT mirror::integer, count(*)
  FROM unnest($1::smallint[]) AS mirror JOIN filearr ON mirror = ANY (mirrors) GROUP BY mirror";

/// For more mirrors than this it is quicker to count the files of all of them.
const FEW: usize = 16;

/// Not in order: PostgreSQL would sort the paths of all files for it, not only what is left of them.
const DIRECTORIES: &str = "\
SELECT DISTINCT array_to_string((string_to_array(path, '/'))[1:$1::integer], '/') FROM filearr";
const DIRECTORIES_OF: &str = "\
SELECT DISTINCT array_to_string((string_to_array(path, '/'))[1:$1::integer], '/')
  FROM filearr WHERE $2::smallint = ANY (mirrors)";

/// The files in all, and those that nobody has and whose hashes nobody knows.
const COUNT: &str = "\
SELECT count(*), count(*) FILTER (WHERE mirrors = '{}'
       AND NOT EXISTS (SELECT FROM hash WHERE file_id = filearr.id))
  FROM filearr";
const VACUUM: &str = "\
DELETE FROM filearr WHERE mirrors = '{}'
   AND NOT EXISTS (SELECT FROM hash WHERE file_id = filearr.id)";

pub(super) const STATEMENTS: &[&str] = &[
    ADD,
    REMOVE,
    FORGET_MIRROR,
    HOLDERS,
    HOLDERS_LIKE,
    MIRRORS,
    MIRRORS_LIKE,
    BELOW,
    EXISTS_BELOW,
    COUNTS,
    COUNTS_OF,
    DIRECTORIES,
    DIRECTORIES_OF,
    COUNT,
    VACUUM,
];

/// Which paths are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathPattern {
    /// This one.
    Exact(String),
    /// Those that SQL's LIKE finds: `%` is anything, `_` one character, `\` takes both literally.
    Like(String),
}

impl PathPattern {
    /// Reads a pattern: `*` and `%` stand for anything, and where one of them is, LIKE's other
    /// rules hold too.
    pub fn parse(text: &str) -> Self {
        if text.contains(['*', '%']) {
            Self::Like(text.replace('*', "%"))
        } else {
            Self::Exact(text.to_owned())
        }
    }

    fn with<'a>(&'a self, exact: &'a str, like: &'a str) -> (&'a str, &'a str) {
        match self {
            Self::Exact(path) => (exact, path),
            Self::Like(pattern) => (like, pattern),
        }
    }
}

/// Records that a mirror has a file. A file that was not known gets a row.
///
/// # Errors
/// Those of the database.
pub fn add(connection: &mut Connection, mirror: i32, path: &str) -> Result<(), ConnectionError> {
    connection.query(ADD, &[&mirror, &path]).map(drop)
}

/// Records that a mirror does not have a file. The row stays. Whether that was news.
///
/// # Errors
/// Those of the database.
pub fn remove(
    connection: &mut Connection,
    mirror: i32,
    path: &str,
) -> Result<bool, ConnectionError> {
    let changed = connection.execute(REMOVE, &[&id(mirror), &path])?;
    Ok(changed > 0)
}

/// Takes a mirror out of all rows, and returns how many had it.
///
/// # Errors
/// Those of the database.
pub fn forget_mirror(connection: &mut Connection, mirror: i32) -> Result<u64, ConnectionError> {
    connection.execute(FORGET_MIRROR, &[&id(mirror)])
}

/// The id as the arrays hold it. No array holds one that does not fit.
fn id(mirror: i32) -> i16 {
    i16::try_from(mirror).unwrap_or(-1)
}

/// Who has which of the files that are meant: id of a mirror and path.
///
/// # Errors
/// Those of the database.
pub fn holders(
    connection: &mut Connection,
    paths: &PathPattern,
) -> Result<Vec<(i32, String)>, ConnectionError> {
    let (sql, parameter) = paths.with(HOLDERS, HOLDERS_LIKE);
    let rows = connection.query(sql, &[&parameter])?;
    Row::each("filearr", &rows, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The ids of the mirrors that have any of the files that are meant.
///
/// # Errors
/// Those of the database.
pub fn mirrors(
    connection: &mut Connection,
    paths: &PathPattern,
) -> Result<Vec<i32>, ConnectionError> {
    let (sql, parameter) = paths.with(MIRRORS, MIRRORS_LIKE);
    let rows = connection.query(sql, &[&parameter])?;
    Row::each("filearr", &rows, |row| row.get(0))
}

/// The ids of the mirrors that have a file whose path begins with `start`; `None` if no file's does.
///
/// # Errors
/// Those of the database.
pub fn mirrors_below(
    connection: &mut Connection,
    start: &str,
) -> Result<Option<Vec<i32>>, ConnectionError> {
    let rows = connection.query(BELOW, &[&start])?;
    let ids: Vec<i32> = Row::each("filearr", &rows, |row| row.get(0))?;
    if ids.is_empty() {
        let rows = connection.query(EXISTS_BELOW, &[&start])?;
        if !Row::first(&rows)?.unwrap_or(false) {
            return Ok(None);
        }
    }
    Ok(Some(ids))
}

/// How many files each of these mirrors has, by its id. One that has none is missing; others may be there.
///
/// # Errors
/// Those of the database.
pub fn counts(
    connection: &mut Connection,
    mirrors: &[i32],
) -> Result<HashMap<i32, i64>, ConnectionError> {
    let rows = if mirrors.len() > FEW {
        connection.query(COUNTS, &[])?
    } else {
        let ids: Vec<i16> = mirrors.iter().copied().map(id).collect();
        connection.query(COUNTS_OF, &[&ids])?
    };
    Row::each("filearr", &rows, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The first `depth` parts of all paths, or of those that a mirror has: each once, in order.
///
/// # Errors
/// Those of the database.
pub fn directories(
    connection: &mut Connection,
    depth: i32,
    mirror: Option<i32>,
) -> Result<Vec<String>, ConnectionError> {
    let rows = match mirror {
        Some(mirror) => connection.query(DIRECTORIES_OF, &[&depth, &id(mirror)])?,
        None => connection.query(DIRECTORIES, &[&depth])?,
    };
    let mut directories: Vec<String> = Row::each("filearr", &rows, |row| row.get(0))?;
    directories.sort_unstable();
    Ok(directories)
}

/// The number of rows, and how many [`vacuum`] would remove.
///
/// # Errors
/// Those of the database.
pub fn count(connection: &mut Connection) -> Result<(i64, i64), ConnectionError> {
    let rows = connection.query(COUNT, &[])?;
    match rows.first() {
        Some(row) => Ok((row.get(0)?, row.get(1)?)),
        None => Ok((0, 0)),
    }
}

/// Removes the rows of files that no mirror has and that have no hashes.
///
/// # Errors
/// Those of the database.
pub fn vacuum(connection: &mut Connection) -> Result<u64, ConnectionError> {
    connection.execute(VACUUM, &[])
}
