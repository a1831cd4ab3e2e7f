//! `country` and `region`: what codes are called.

use pg::{Connection, ConnectionError};
use std::collections::HashMap;

const COUNTRIES: &str = "SELECT code, name FROM country ORDER BY id DESC";
const REGIONS: &str = "SELECT code, name FROM region ORDER BY id DESC";

pub(super) const STATEMENTS: &[&str] = &[COUNTRIES, REGIONS];

/// Names by code; of several the first one.
pub type Names = HashMap<String, String>;

/// The names of countries, by ISO 3166-1 alpha-2 code in lower case.
///
/// # Errors
/// Those of the database.
pub fn countries(connection: &mut Connection) -> Result<Names, ConnectionError> {
    names(connection, "country", COUNTRIES)
}

/// The names of continents, by code in lower case.
///
/// # Errors
/// Those of the database.
pub fn regions(connection: &mut Connection) -> Result<Names, ConnectionError> {
    names(connection, "region", REGIONS)
}

fn names(connection: &mut Connection, table: &str, sql: &str) -> Result<Names, ConnectionError> {
    let rows = connection.query(sql, &[])?;
    pg::Row::each(table, &rows, |row| Ok((row.get(0)?, row.get(1)?)))
}
