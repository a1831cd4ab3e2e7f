//! `marker`: files whose presence tells that a mirror carries a subtree.

use pg::{Connection, ConnectionError, Row};
use serde::Serialize;

const READ: &str = "SELECT subtree_name, markers FROM marker ORDER BY id";
/// Whoever reads may go on. It cannot be prepared, so it is none of the statements.
const LOCK: &str = "LOCK TABLE marker IN SHARE ROW EXCLUSIVE MODE";
const CLEAR: &str = "DELETE FROM marker";
const INSERT: &str = "INSERT INTO marker (subtree_name, markers) VALUES ($1, $2)";

pub(super) const STATEMENTS: &[&str] = &[READ, CLEAR, INSERT];

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Marker {
    /// What the subtree is called.
    pub subtree_name: String,
    /// The patterns of paths: `*` and `%` stand for anything, `!` in front for absence. A mirror
    /// carries the subtree if all of them hold.
    pub files: Vec<String>,
}

/// All of them, in the order in which they were entered.
///
/// # Errors
/// Those of the database.
pub fn all(connection: &mut Connection) -> Result<Vec<Marker>, ConnectionError> {
    let rows = connection.query(READ, &[])?;
    Row::each("marker", &rows, |row| {
        Ok(Marker {
            subtree_name: row.get(0)?,
            files: words(row.get(1)?),
        })
    })
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Keeps others from changing any until the transaction ends, and reads them.
///
/// # Errors
/// Those of the database.
pub fn lock(connection: &mut Connection) -> Result<Vec<Marker>, ConnectionError> {
    connection.execute(LOCK, &[])?;
    all(connection)
}

/// Puts these in place of all.
///
/// # Errors
/// Those of the database. To be called in a transaction.
pub fn replace(connection: &mut Connection, markers: &[Marker]) -> Result<(), ConnectionError> {
    connection.execute(CLEAR, &[])?;
    for marker in markers {
        let files = marker.files.join(" ");
        connection.execute(INSERT, &[&marker.subtree_name, &files])?;
    }
    Ok(())
}
