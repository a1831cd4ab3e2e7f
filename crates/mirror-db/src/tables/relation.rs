//! What the tables and indexes of a MirrorBrain take.

use pg::{Connection, ConnectionError};
use serde::Serialize;

/// By name, those that are MirrorBrain's: its tables, their indexes, and what other tools of it made.
const SIZES: &str = "\
SELECT relname::text, pg_relation_size(oid) FROM pg_class
 WHERE relkind IN ('r', 'i', 'm', 'p', 'S', 't')
   AND relname ~ 'file|server|pfx|temp1|stats|hash'
   AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
 ORDER BY relname";

pub(super) const STATEMENTS: &[&str] = &[SIZES];

/// A table, an index or a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// What it takes on disk.
    pub bytes: i64,
}

/// All of them, by name.
///
/// # Errors
/// Those of the database.
pub fn all(connection: &mut Connection) -> Result<Vec<Relation>, ConnectionError> {
    let rows = connection.query(SIZES, &[])?;
    let relation = |row: &pg::Row| {
        Ok(Relation {
            name: row.get(0)?,
            bytes: row.get(1)?,
        })
    };
    rows.iter().map(relation).collect()
}
