//! `version`: which release last changed the schema.

use pg::{Connection, ConnectionError};
use std::fmt;

const READ: &str = "\
SELECT major, minor, patchlevel FROM version WHERE component = 'mirrorbrain'
 ORDER BY (major, minor, patchlevel) DESC LIMIT 1";

const UPDATE: &str = "\
UPDATE version SET major = $1, minor = $2, patchlevel = $3 WHERE component = 'mirrorbrain'";

pub(super) const STATEMENTS: &[&str] = &[READ, UPDATE];

/// A release, older ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 2 in 2.19.0.
    pub major: i32,
    /// 19 in 2.19.0.
    pub minor: i32,
    /// 0 in 2.19.0.
    pub patchlevel: i32,
}

impl Version {
    /// The last release of the original tools, whose tables these are.
    pub const CURRENT: Self = Self {
        major: 2,
        minor: 19,
        patchlevel: 0,
    };

    /// What the database says; `None` if it says nothing.
    ///
    /// # Errors
    /// Those of the database: also that there is no such table.
    pub fn read(connection: &mut Connection) -> Result<Option<Self>, ConnectionError> {
        let rows = connection.query(READ, &[])?;
        let versions: Vec<_> = pg::Row::each("version", &rows, |row| {
            Ok(Self {
                major: row.get(0)?,
                minor: row.get(1)?,
                patchlevel: row.get(2)?,
            })
        })?;
        Ok(versions.into_iter().next())
    }

    /// Has the database say this.
    ///
    /// # Errors
    /// Those of the database.
    pub fn write(self, connection: &mut Connection) -> Result<(), ConnectionError> {
        let values: [pg::Parameter<'_>; 3] = [&self.major, &self.minor, &self.patchlevel];
        connection.execute(UPDATE, &values).map(drop)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patchlevel)
    }
}
