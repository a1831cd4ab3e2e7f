//! The tables of a site: how a new database gets them, how an existing one is brought up to date.
//!
//! The DDL is in `sql/` alone and embedded here. `schema.sql` is what a MirrorBrain 2.19 site has and stays
//! so; all that came later is a numbered migration, which only adds. A new database goes the same way as an
//! old one, so both end alike.

mod check;

pub use check::{Deviation, Finding, check};

use pg::{Connection, ConnectionError};

/// The tables of MirrorBrain 2.19, but for the networks.
pub const BASE: &str = include_str!("../../../sql/schema.sql");

/// The table of networks. Needs the extension ip4r, and creates it where the user may.
pub const PFX2ASN: &str = include_str!("../../../sql/pfx2asn.sql");

/// The rows of `country` and `region`.
pub const COUNTRIES: &str = include_str!("../../../sql/countries.sql");

/// The triggers that announce changes. Safe to load again.
pub const NOTIFY: &str = include_str!("../../../sql/notify.sql");

/// All that came after 2.19, in the order of the numbers.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "version-id-and-ipv6-only",
        sql: include_str!("../../../sql/migrations/0001-version-id-and-ipv6-only.sql"),
    },
    Migration {
        number: 2,
        name: "scans",
        sql: include_str!("../../../sql/migrations/0002-scans.sql"),
    },
];

/// A step from one state of the schema to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// From 1, without gaps.
    pub number: u32,
    /// What it does, as in its file's name.
    pub name: &'static str,
    /// The statements; running them twice does no harm.
    pub sql: &'static str,
}

/// Why the schema could not be made or changed. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// There are tables already.
    #[error("the database has a table `server` already; `mb db migrate` brings it up to date")]
    Exists,
    /// There is nothing to migrate.
    #[error(
        "the database has no table `server`: it is empty or another one; `mb db init` makes the tables"
    )]
    Empty,
    /// A statement failed.
    #[error(transparent)]
    Database(#[from] ConnectionError),
}

/// Redirects wait for a statement that waits for a lock, so it must not wait long.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = '5s'; \
     SELECT pg_advisory_xact_lock(hashtext('mirrorbrain schema'))";

const EXISTS: &str = "SELECT to_regclass($1) IS NOT NULL";

const RECORD: &str = "INSERT INTO migration (number, name) VALUES ($1::bigint, $2)";

/// Makes all tables, the names of countries and the triggers, in one transaction. `networks` says
/// whether `pfx2asn` is made too, for which the extension ip4r must be there or be ours to create.
///
/// # Errors
/// If there are tables already, or a statement fails; nothing is left behind then.
pub fn init(connection: &mut Connection, networks: bool) -> Result<(), SchemaError> {
    connection.run(BEGIN)?;
    if exists(connection, "server")? {
        connection.run("ROLLBACK")?;
        return Err(SchemaError::Exists);
    }
    connection.run(BASE)?;
    if networks {
        connection.run(PFX2ASN)?;
    }
    connection.run(COUNTRIES)?;
    apply(connection, MIGRATIONS)?;
    connection.run(NOTIFY)?;
    connection.run("COMMIT")?;
    Ok(())
}

/// The migrations that a database lacks, in order.
///
/// # Errors
/// If it has no tables at all, or does not answer.
pub fn pending(connection: &mut Connection) -> Result<Vec<Migration>, SchemaError> {
    if !exists(connection, "server")? {
        return Err(SchemaError::Empty);
    }
    let applied = if exists(connection, "migration")? {
        connection.rows("SELECT number FROM migration")?
    } else {
        Vec::new()
    };
    let is_applied = |migration: &&Migration| {
        let number = Some(migration.number.to_string());
        applied.iter().any(|row| row.first() == Some(&number))
    };
    Ok(MIGRATIONS
        .iter()
        .filter(|m| !is_applied(m))
        .copied()
        .collect())
}

/// Brings the tables up to date, in one transaction, and says what was done.
///
/// # Errors
/// As [`pending`], and if a statement fails or a table stays in use; then nothing has changed.
pub fn migrate(connection: &mut Connection) -> Result<Vec<Migration>, SchemaError> {
    connection.run(BEGIN)?;
    // Only now, as another migration may have come first.
    let done = pending(connection).and_then(|missing| {
        apply(connection, &missing)?;
        Ok(missing)
    });
    connection.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    done
}

fn apply(connection: &mut Connection, migrations: &[Migration]) -> Result<(), SchemaError> {
    for Migration { number, name, sql } in migrations {
        connection.run(sql)?;
        connection.execute(RECORD, &[&i64::from(*number), name])?;
    }
    Ok(())
}

fn exists(connection: &mut Connection, table: &str) -> Result<bool, ConnectionError> {
    let rows = connection.query(EXISTS, &[&table])?;
    Ok(pg::Row::first(&rows)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_migrations_is_embedded_in_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sql/migrations");
        let files: BTreeSet<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        let embedded: Vec<_> = MIGRATIONS
            .iter()
            .map(|m| format!("{:04}-{}.sql", m.number, m.name))
            .collect();
        assert!(files.iter().eq(&embedded), "{files:?} {embedded:?}");
        let numbers = MIGRATIONS.iter().map(|m| m.number);
        assert!(numbers.eq(1..=MIGRATIONS.len() as u32));
    }

    /// The tables `region` and `country` say what the pages of the modules say.
    #[test]
    fn countries_have_the_names_that_they_have_elsewhere() {
        let mut count = 0;
        for line in COUNTRIES.lines().filter(|line| line.starts_with("    ('")) {
            let row = line.trim().trim_matches(['(', ')', ',', ';']);
            let (code, name) = row.split_once(", ").expect("two columns");
            let (code, name) = (
                code.trim_matches('\''),
                name.trim_matches('\'').replace("''", "'"),
            );
            let continent = places::Continent::parse(code).map(places::Continent::name);
            // "na" is a continent and a country; so are others.
            let names = [places::country_name(code), continent];
            assert!(names.contains(&Some(&*name)), "{line}: {names:?}");
            count += 1;
        }
        assert!(count > 250);
    }
}
