//! All rows, for whoever compares them with listings: as a stream, because there are millions.

use crate::tables::copy::{BinaryRows, bigint, integer};
use pg::{Connection, ConnectionError};

/// Settings of a transaction take the place of parameters, which COPY has none of.
const SUBTREE: &str = "SELECT set_config('mirrorbrain.subtree', $1, true)";
const MIRROR: &str = "SELECT set_config('mirrorbrain.mirror', $1, true)";

/// The path of a directory ends in a slash; an empty one is everything.
macro_rules! below {
    () => {
        "(starts_with(path, (SELECT current_setting('mirrorbrain.subtree'))))"
    };
}

macro_rules! copy {
    ($columns:literal, $where:expr) => {
        concat!(
            "COPY (SELECT ",
            $columns,
            " FROM filearr WHERE ",
            $where,
            ") TO STDOUT (FORMAT binary)"
        )
    };
}

const ROWS: &str = copy!("id, path", "true");
const ROWS_BELOW: &str = copy!("id, path", below!());
const VERSIONS: &str = copy!("id, path, size, mtime", "true");
const VERSIONS_BELOW: &str = copy!("id, path, size, mtime", below!());

const HELD: &str = copy!(
    "id",
    "(SELECT current_setting('mirrorbrain.mirror')::smallint) = ANY (mirrors)"
);
const HELD_BELOW: &str = concat!(
    "COPY (SELECT id FROM filearr WHERE \
     (SELECT current_setting('mirrorbrain.mirror')::smallint) = ANY (mirrors) AND ",
    below!(),
    ") TO STDOUT (FORMAT binary)"
);

const PATHS: &str = "SELECT id, path::text FROM filearr WHERE id = ANY ($1)";
const HAS_VERSIONS: &str = "\
SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'filearr'::regclass
       AND attname = 'mtime' AND NOT attisdropped)";

pub(crate) const STATEMENTS: &[&str] = &[SUBTREE, MIRROR, PATHS, HAS_VERSIONS];

const OF_PATHS: &str = "\
SELECT id, path::text, size, mtime, $2::smallint = ANY (coalesce(mirrors, '{}')) FROM filearr WHERE path = ANY ($1)";

pub(crate) const ADDED_STATEMENTS: &[&str] = &[OF_PATHS];

/// A row without its mirrors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Of the row.
    pub id: i32,
    /// Below the base of the tree.
    pub path: &'a str,
    /// Bytes of the origin's file, if it is known.
    pub size: Option<i64>,
    /// Seconds since the epoch, likewise.
    pub mtime: Option<i64>,
}

/// Whether the columns `size` and `mtime` are there, which come with a migration.
///
/// # Errors
/// Those of the database.
pub fn has_versions(connection: &mut Connection) -> Result<bool, ConnectionError> {
    let rows = connection.query(HAS_VERSIONS, &[])?;
    Ok(pg::Row::first(&rows)?.unwrap_or_default())
}

/// Gives each row, in no order; only those below a directory, if one is named.
///
/// # Errors
/// Those of the database.
pub fn each(
    connection: &mut Connection,
    directory: Option<&str>,
    mut row: impl FnMut(Listed<'_>),
) -> Result<(), ConnectionError> {
    let has_versions = has_versions(connection)?;
    let mut transaction = connection.transaction()?;
    let sql = match (directory, has_versions) {
        (None, false) => ROWS,
        (None, true) => VERSIONS,
        (Some(_), false) => ROWS_BELOW,
        (Some(_), true) => VERSIONS_BELOW,
    };
    if let Some(directory) = directory {
        transaction.query(SUBTREE, &[&prefix(directory)])?;
    }
    let mut rows = BinaryRows::default();
    if has_versions {
        transaction.copy_out(sql, |piece| {
            rows.take(piece, |columns| {
                of_columns(columns).map(&mut row);
            });
        })?;
    } else {
        transaction.copy_out(sql, |piece| {
            rows.take(piece, |[id, path]| {
                of_columns([id, path, None, None]).map(&mut row);
            });
        })?;
    }
    transaction.commit()
}

fn of_columns([id, path, size, mtime]: [Option<&[u8]>; 4]) -> Option<Listed<'_>> {
    Some(Listed {
        id: integer(id)?,
        path: std::str::from_utf8(path?).ok()?,
        size: bigint(size),
        mtime: bigint(mtime),
    })
}

/// Gives the id of each row that has this mirror, in no order; only those below a directory, if one is
/// named.
///
/// # Errors
/// Those of the database.
pub fn each_held(
    connection: &mut Connection,
    mirror: i32,
    directory: Option<&str>,
    mut held: impl FnMut(i32),
) -> Result<(), ConnectionError> {
    let mut transaction = connection.transaction()?;
    transaction.query(MIRROR, &[&super::id(mirror).to_string()])?;
    let sql = match directory {
        None => HELD,
        Some(directory) => {
            transaction.query(SUBTREE, &[&prefix(directory)])?;
            HELD_BELOW
        }
    };
    let mut rows = BinaryRows::default();
    transaction.copy_out(sql, |piece| {
        rows.take(piece, |[id]| {
            if let Some(id) = integer(id) {
                held(id);
            }
        });
    })?;
    transaction.commit()
}

/// What the paths of all files below a directory begin with.
fn prefix(directory: &str) -> String {
    format!("{}/", directory.trim_end_matches('/'))
}

/// The paths of these rows, in no order.
///
/// # Errors
/// Those of the database.
pub fn paths(
    connection: &mut Connection,
    ids: &[i32],
) -> Result<Vec<(i32, String)>, ConnectionError> {
    let rows = connection.query(PATHS, &[&ids])?;
    rows.iter()
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .collect()
}

/// Gives the rows of these paths, and whether a mirror is in them, in no order. Needs the migrations.
///
/// # Errors
/// Those of the database.
pub fn of_paths(
    connection: &mut Connection,
    mirror: i32,
    paths: &[String],
    mut row: impl FnMut(Listed<'_>, bool),
) -> Result<(), ConnectionError> {
    for found in connection.query(OF_PATHS, &[&paths, &super::id(mirror)])? {
        let listed = Listed {
            id: found.get(0)?,
            path: found.get(1)?,
            size: found.get(2)?,
            mtime: found.get(3)?,
        };
        row(listed, found.get(4)?);
    }
    Ok(())
}
