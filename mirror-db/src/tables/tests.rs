//! On the schema of this project and on the one of MirrorBrain 2.19.

use super::*;
use crate::{Connection, ConnectionInfo};
use ::tests::postgres::{Cluster, Database};
use ::tests::workspace;
use std::time::Duration;

fn open(db: &Database<'_>) -> Connection {
    let info = ConnectionInfo::parse(&db.params()).unwrap();
    Connection::open(&info, &[], Duration::from_secs(20)).unwrap()
}

/// Makes the tables those of the original.
fn make_original(db: &Database<'_>) {
    db.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    db.load(&workspace().join("tests/compat-mb/schema.sql"));
}

fn prepare_all(db: &Database<'_>) {
    let mut connection = open(db);
    for (table, statements) in STATEMENTS {
        for sql in *statements {
            let prepared = connection.run(&format!("PREPARE one AS {sql}; DEALLOCATE one"));
            assert_eq!(prepared, Ok(()), "{table}: {sql}");
        }
    }
}

#[test]
fn every_statement_fits_our_schema() {
    prepare_all(&Cluster::shared().database("tables_ours", &[]));
}

#[test]
fn every_statement_fits_the_original_schema() {
    let db = Cluster::shared().database("tables_original", &[]);
    make_original(&db);
    prepare_all(&db);
}

#[test]
fn a_row_is_read_with_and_without_the_column_ipv6_only() {
    let insert = "INSERT INTO server VALUES (DEFAULT, 'a', '', '', '', true, true, 'eu', 'de', 7, \
                  '', 10, 0, NULL, '', '', '', '', '', '', 1.5, NULL, false, false, false, false, '')";
    let db = Cluster::shared().database("tables_ipv6_only", &[]);
    let mut connection = open(&db);
    db.sql("ALTER TABLE server DROP COLUMN IF EXISTS ipv6_only");
    db.sql(insert);
    let rows = server::all(&mut connection).unwrap();
    assert!(rows.iter().all(|row| !row.ipv6_only), "{rows:?}");
    db.sql("ALTER TABLE server ADD ipv6_only boolean NOT NULL DEFAULT true");
    let rows = server::all(&mut connection).unwrap();
    assert!(rows.iter().all(|row| row.ipv6_only), "{rows:?}");
    assert_eq!(rows.len(), 1);
}
