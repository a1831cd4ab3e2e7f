//! On the schema of this project and on the one of MirrorBrain 2.19.

use super::*;
use harness::postgres::{Cluster, Database};
use harness::workspace;
use pg::{Connection, ConnectionInfo};
use std::time::Duration;

fn open(db: &Database<'_>) -> Connection {
    let info = ConnectionInfo::parse(&db.params()).unwrap();
    Connection::open(&info, &[], Duration::from_secs(20)).unwrap()
}

/// Makes the tables those of the original.
fn make_original(db: &Database<'_>) {
    db.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    db.load(&workspace().join("tests/compat/mb/schema.sql"));
}

#[test]
fn the_list_of_mirrors_fits_both_schemas() {
    let db = Cluster::shared().database("tables_mirrors", &[]);
    let prepare = |db: &Database<'_>| {
        let sql = server::eligible::select();
        open(db).run(&format!("PREPARE one AS {sql}"))
    };
    assert_eq!(prepare(&db), Ok(()));
    make_original(&db);
    assert_eq!(prepare(&db), Ok(()));
}

fn prepare_all(db: &Database<'_>, all: &[(&str, &[&str])]) {
    let mut connection = open(db);
    for (table, statements) in all {
        for sql in *statements {
            let prepared = connection.run(&format!("PREPARE one AS {sql}; DEALLOCATE one"));
            assert_eq!(prepared, Ok(()), "{table}: {sql}");
        }
    }
}

#[test]
fn every_statement_fits_our_schema() {
    prepare_all(&Cluster::shared().database("tables_ours", &[]), STATEMENTS);
}

#[test]
fn every_statement_fits_the_migrated_schema() {
    let db = Cluster::shared().database("tables_migrated", &[]);
    crate::schema::migrate(&mut open(&db)).unwrap();
    prepare_all(&db, STATEMENTS);
    prepare_all(&db, MIGRATED_STATEMENTS);
}

#[test]
fn every_statement_fits_the_original_schema() {
    let db = Cluster::shared().database("tables_original", &[]);
    make_original(&db);
    prepare_all(&db, STATEMENTS);
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

#[test]
fn files_are_counted_for_few_mirrors_as_for_many() {
    let db = Cluster::shared().database("tables_counts", &[]);
    db.sql("INSERT INTO filearr (path, mirrors) VALUES ('a', '{1,2}'), ('b', '{2}'), ('c', NULL)");
    let mut connection = open(&db);
    let few = filearr::counts(&mut connection, &[1, 3]).unwrap();
    assert_eq!(few, [(1, 1)].into());
    let many: Vec<i32> = (1..=100).collect();
    let many = filearr::counts(&mut connection, &many).unwrap();
    assert_eq!(many, [(1, 1), (2, 2)].into());
}

#[test]
fn directories_are_in_order_and_once() {
    let db = Cluster::shared().database("tables_directories", &[]);
    db.sql("INSERT INTO filearr (path, mirrors) VALUES ('b/x/1', '{1}'), ('b/x/2', '{}'), ('a', '{2}')");
    let mut connection = open(&db);
    let mut directories =
        |depth, mirror| filearr::directories(&mut connection, depth, mirror).unwrap();
    assert_eq!(directories(2, None), ["a", "b/x"]);
    assert_eq!(directories(1, Some(1)), ["b"]);
}

/// Sites have changed their tables by hand for a decade.
#[test]
fn a_column_that_is_null_or_of_another_type_is_named() {
    let db = Cluster::shared().database("tables_changed", &[]);
    let mut connection = open(&db);
    db.sql("ALTER TABLE server DROP COLUMN IF EXISTS ipv6_only");
    db.sql(
        "INSERT INTO server VALUES (DEFAULT, 'a', '', '', '', true, true, 'eu', 'de', 7, \
            '', 10, 0, NULL, '', '', '', '', '', '', 1.5, NULL, false, false, false, false, '')",
    );
    db.sql("ALTER TABLE server ALTER comment DROP NOT NULL; UPDATE server SET comment = NULL");
    let said = server::all(&mut connection).map_err(|error| error.to_string());
    assert_eq!(said, Err("table server: column comment is NULL".to_owned()));
    db.sql("UPDATE server SET comment = ''; ALTER TABLE server ALTER scan_fpm TYPE text");
    let said = server::all(&mut connection).map_err(|error| error.to_string());
    let expected = "table server: column scan_fpm is of type text, which does not suit it";
    assert_eq!(said, Err(expected.to_owned()));
    db.sql("ALTER TABLE marker ALTER markers DROP NOT NULL; INSERT INTO marker VALUES (DEFAULT, 'm', NULL)");
    let said = marker::all(&mut connection).map_err(|error| error.to_string());
    assert_eq!(said, Err("table marker: column markers is NULL".to_owned()));
    db.sql("ALTER TABLE version ALTER major TYPE text");
    let said = version::Version::read(&mut connection).map_err(|error| error.to_string());
    let expected = "table version: column major is of type text, which does not suit it";
    assert_eq!(said, Err(expected.to_owned()));
}
