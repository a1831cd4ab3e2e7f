//! How a real database differs from the schema that it should have.
//!
//! What it should have is not written down a second time: the embedded DDL is run in the session's temporary
//! schema, both are described by the same query of the catalogues, and the transaction is rolled back.

use super::{BASE, MIGRATIONS, PFX2ASN, SchemaError, exists};
use pg::{Connection, ConnectionError};
use std::collections::BTreeMap;
use std::fmt;

/// Columns, constraints, indexes and functions of a schema (`$namespace`), each with its kind and definition.
const DESCRIPTION: &str = "
WITH tables AS (
    SELECT oid, relname, relkind FROM pg_class
     WHERE relnamespace = $namespace AND relkind IN ('r', 'p', 'v', 'f', 'm'))
SELECT 'table', relname::text,
       CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                    WHEN 'f' THEN 'foreign table' ELSE 'table' END
  FROM tables
UNION ALL
SELECT 'column', relname || '.' || attname,
       format_type(atttypid, atttypmod)
       || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
       || coalesce(' DEFAULT ' || regexp_replace(pg_get_expr(adbin, adrelid), 'pg_temp(_\\d+)?\\.', ''), '')
  FROM tables JOIN pg_attribute ON attrelid = tables.oid
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint', relname || ': '
       || regexp_replace(pg_get_constraintdef(c.oid), 'pg_temp(_\\d+)?\\.', ''), ''
  FROM tables JOIN pg_constraint c ON conrelid = tables.oid
 WHERE contype IN ('p', 'u', 'f', 'c')
UNION ALL
SELECT 'index', relname || ': ' || CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END
       || regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', ''), ''
  FROM tables JOIN pg_index i ON indrelid = tables.oid
 WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
UNION ALL
SELECT 'function', proname || '(' || oidvectortypes(proargtypes) || ')', pg_get_function_result(oid)
  FROM pg_proc
 WHERE pronamespace = $namespace AND proname LIKE 'mirr\\_%'";

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// `table`, `column`, `constraint`, `index`, `function`, `extension` or `trigger`
    pub kind: String,
    /// Its name, with that of its table before it
    pub name: String,
    /// What is wrong
    pub finding: Finding,
}

/// What is wrong with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It should be there; its definition.
    Missing(String),
    /// It is there, but otherwise defined.
    Different {
        /// As it should be
        expected: String,
        /// As it is
        found: String,
    },
    /// It is there, in a table of ours, and nobody asks for it; its definition.
    Extra(String),
}

impl Deviation {
    /// Whether something that our programs or the modules use is not as it should be.
    pub fn is_error(&self) -> bool {
        !matches!(self.finding, Finding::Extra(_))
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            name,
            finding,
        } = self;
        let definition = |text: &str| match text {
            "" => String::new(),
            text => format!(" ({text})"),
        };
        match finding {
            Finding::Missing(text) => write!(f, "missing {kind} {name}{}", definition(text)),
            Finding::Different { expected, found } => {
                write!(f, "{kind} {name} is {found}, should be {expected}")
            }
            Finding::Extra(text) => write!(f, "additional {kind} {name}{}", definition(text)),
        }
    }
}

type Description = BTreeMap<(String, String), String>;

/// Compares the database with the schema that it would have with all migrations. Tables that are
/// none of ours are not looked at. Changes nothing; needs the right to make temporary tables.
///
/// # Errors
/// If there are no tables at all, or a statement fails.
pub fn check(connection: &mut Connection) -> Result<Vec<Deviation>, SchemaError> {
    if !exists(connection, "server")? {
        return Err(SchemaError::Empty);
    }
    let found = describe(
        connection,
        "(SELECT relnamespace FROM pg_class WHERE oid = 'server'::regclass)",
    )?;
    let has_ranges = !connection
        .rows("SELECT FROM pg_extension WHERE extname = 'ip4r'")?
        .is_empty();
    connection.run("BEGIN")?;
    let expected = reference(connection, has_ranges);
    connection.run("ROLLBACK")?;
    let mut deviations = compare(&expected?, &found);
    if !has_ranges {
        deviations.push(Deviation {
            kind: "extension".to_owned(),
            name: "ip4r".to_owned(),
            finding: Finding::Missing("for pfx2asn, which mod_asn reads".to_owned()),
        });
    }
    Ok(deviations)
}

/// What the embedded DDL makes. The caller rolls back.
fn reference(connection: &mut Connection, networks: bool) -> Result<Description, ConnectionError> {
    connection.run(
        "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true); \
         SET LOCAL check_function_bodies = off; SET LOCAL client_min_messages = warning",
    )?;
    connection.run(BASE)?;
    if networks {
        connection.run(PFX2ASN)?;
    }
    for migration in MIGRATIONS {
        connection.run(migration.sql)?;
    }
    describe(connection, "pg_my_temp_schema()")
}

fn describe(connection: &mut Connection, namespace: &str) -> Result<Description, ConnectionError> {
    let rows = connection.rows(&DESCRIPTION.replace("$namespace", namespace))?;
    let entry = |row: Vec<Option<String>>| match <[Option<String>; 3]>::try_from(row) {
        Ok([Some(kind), Some(name), definition]) => {
            Some(((kind, name), definition.unwrap_or_default()))
        }
        _ => None,
    };
    Ok(rows.into_iter().filter_map(entry).collect())
}

fn compare(expected: &Description, found: &Description) -> Vec<Deviation> {
    let mut deviations = Vec::new();
    let mut push = |(kind, name): &(String, String), finding| {
        deviations.push(Deviation {
            kind: kind.clone(),
            name: name.clone(),
            finding,
        });
    };
    let lacks_table = |kind: &str, name: &str| {
        let key = ("table".to_owned(), table_of(name).to_owned());
        kind != "table" && kind != "function" && !found.contains_key(&key)
    };
    for (key, definition) in expected {
        match found.get(key) {
            // The table is named already.
            None if lacks_table(&key.0, &key.1) => {}
            None => push(key, Finding::Missing(definition.clone())),
            Some(other) if other != definition => push(
                key,
                Finding::Different {
                    expected: definition.clone(),
                    found: other.clone(),
                },
            ),
            Some(_) => {}
        }
    }
    let is_ours =
        |name: &str| expected.contains_key(&("table".to_owned(), table_of(name).to_owned()));
    for (key, definition) in found {
        if key.0 != "table" && is_ours(&key.1) && !expected.contains_key(key) {
            push(key, Finding::Extra(definition.clone()));
        }
    }
    deviations
}

/// The table in the name of a column, constraint or index.
fn table_of(name: &str) -> &str {
    name.split(['.', ':']).next().unwrap_or(name)
}
