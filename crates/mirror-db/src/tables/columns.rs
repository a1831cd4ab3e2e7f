//! What columns a table has, and how much they hold: asked of the database, because sites differ.

use pg::{Connection, ConnectionError};
use std::collections::HashMap;

const COLUMNS: &str = "\
SELECT attname::text,
       CASE WHEN atttypid = 'varchar'::regtype AND atttypmod > 4 THEN atttypmod - 4 END
  FROM pg_attribute
 WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped";

pub(super) const STATEMENTS: &[&str] = &[COLUMNS];

/// The columns of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns(HashMap<String, Option<usize>>);

impl Columns {
    /// Those of a table; none if there is no such table.
    ///
    /// # Errors
    /// Those of the database.
    pub fn of(connection: &mut Connection, table: &str) -> Result<Self, ConnectionError> {
        let rows = connection.query(COLUMNS, &[&table])?;
        let column = |row: &pg::Row| {
            let width: Option<i32> = row.get(1)?;
            Ok((row.get(0)?, width.and_then(|n| usize::try_from(n).ok())))
        };
        rows.iter().map(column).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is no such table.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.0.contains_key(column)
    }

    /// The most characters that a column holds; `None` if it has no limit.
    pub fn width(&self, column: &str) -> Option<usize> {
        self.0.get(column).copied().flatten()
    }
}
