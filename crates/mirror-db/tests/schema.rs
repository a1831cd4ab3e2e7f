//! Databases that are new, old, and damaged.

use harness::postgres::{Cluster, Database};
use mirror_db::schema::{self, Finding, SchemaError};
use pg::{Connection, ConnectionInfo};
use std::time::Duration;

/// What a database made from the first schema.sql of this project lacks.
const BEFORE_2_19: &str = "DROP TABLE version; \
     CREATE TABLE version (component text PRIMARY KEY, major integer NOT NULL, \
                           minor integer NOT NULL, patchlevel integer NOT NULL); \
     INSERT INTO version VALUES ('mirrorbrain', 2, 18, 1); \
     ALTER TABLE server DROP COLUMN ipv6_only";

/// What one of MirrorBrain 2.13 to 2.16 lacks.
const BEFORE_2_17: &str = "DROP TABLE version; ALTER TABLE server DROP COLUMN ipv6_only";

/// What one of 2.12 lacks.
const BEFORE_2_13: &str = "DROP TABLE version; ALTER TABLE server DROP COLUMN ipv6_only; \
     DROP VIEW hexhash; DROP TABLE hash";

fn open(database: &Database<'_>) -> Connection {
    let info = ConnectionInfo::parse(&database.params()).expect("parameters");
    Connection::open(&info, &[], Duration::from_secs(20)).expect("connection")
}

fn empty(name: &str) -> Database<'static> {
    let cluster = Cluster::shared();
    cluster
        .attach("postgres")
        .sql(&format!("CREATE DATABASE {name} TEMPLATE template0"));
    cluster.attach(name)
}

fn deviations(connection: &mut Connection) -> Vec<String> {
    let found = schema::check(connection).expect("check");
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_new_database_is_complete_and_not_made_twice() {
    let database = empty("schema_new");
    let mut connection = open(&database);
    assert!(matches!(
        schema::pending(&mut connection),
        Err(SchemaError::Empty)
    ));
    assert!(matches!(
        schema::check(&mut connection),
        Err(SchemaError::Empty)
    ));
    schema::init(&mut connection, true).expect("init");
    assert_eq!(deviations(&mut connection), [""; 0]);
    assert_eq!(schema::pending(&mut connection).expect("pending"), []);
    assert_eq!(database.sql("SELECT count(*) FROM country"), "249");
    database.sql("INSERT INTO filearr (path) VALUES ('a')");
    assert!(matches!(
        schema::init(&mut connection, true),
        Err(SchemaError::Exists)
    ));
    assert_eq!(database.sql("SELECT path FROM filearr"), "a");
}

#[test]
fn old_databases_are_brought_up_to_date_once() {
    for (name, old) in [
        ("schema_2_18", BEFORE_2_19),
        ("schema_2_13", BEFORE_2_17),
        ("schema_2_12", BEFORE_2_13),
    ] {
        let database = Cluster::shared().database(name, &[]);
        database.sql(old);
        let mut connection = open(&database);
        let pending = schema::pending(&mut connection).expect("pending");
        assert_eq!(pending, schema::MIGRATIONS);
        assert_eq!(schema::migrate(&mut connection).expect("migrate"), pending);
        assert_eq!(deviations(&mut connection), [""; 0], "{name}");
        assert_eq!(
            database.sql("SELECT id, component, major, minor, patchlevel FROM version"),
            "1|mirrorbrain|2|19|0"
        );
        assert_eq!(schema::migrate(&mut connection).expect("migrate"), []);
        // By hand, and once more, as an administrator may.
        schema::MIGRATIONS
            .iter()
            .for_each(|m| drop(database.sql(m.sql)));
        assert_eq!(deviations(&mut connection), [""; 0], "{name}");
    }
}

#[test]
fn a_newer_version_of_the_original_is_left_alone() {
    let database = Cluster::shared().database("schema_newer", &[]);
    database.sql("UPDATE version SET minor = 20, patchlevel = 1");
    schema::migrate(&mut open(&database)).expect("migrate");
    assert_eq!(
        database.sql("SELECT minor, patchlevel FROM version"),
        "20|1"
    );
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let database = Cluster::shared().database("schema_fails", &[]);
    database.sql(
        "ALTER TABLE server DROP COLUMN ipv6_only; ALTER TABLE server RENAME TO servers; \
                  CREATE VIEW server AS SELECT * FROM servers",
    );
    let mut connection = open(&database);
    let error = schema::migrate(&mut connection).expect_err("server is a view");
    assert!(error.to_string().contains("server"), "{error}");
    assert_eq!(database.sql("SELECT to_regclass('migration')"), "");
    assert!(connection.rows("SELECT 1").is_ok());
}

#[test]
fn a_table_in_use_is_not_waited_for() {
    let database = Cluster::shared().database("schema_in_use", &[]);
    database.sql(BEFORE_2_17);
    let mut reader = database.connect().expect("connection");
    reader
        .batch_execute("BEGIN; SELECT * FROM server")
        .expect("read");
    let mut connection = open(&database);
    let error = schema::migrate(&mut connection).expect_err("locked");
    assert!(error.to_string().contains("lock timeout"), "{error}");
    assert_eq!(database.sql("SELECT to_regclass('migration')"), "");
}

#[test]
fn every_deviation_is_named() {
    let database = Cluster::shared().database("schema_damaged", &[]);
    let mut connection = open(&database);
    schema::migrate(&mut connection).expect("migrate");
    database.sql(
        "DROP TABLE marker; DROP VIEW hexhash; ALTER TABLE hash DROP COLUMN zsums; \
         ALTER TABLE server ALTER COLUMN country TYPE varchar(3), ALTER COLUMN admin DROP NOT NULL, \
         ADD COLUMN motto text; DROP INDEX server_enabled_status_baseurl_score_key; \
         ALTER TABLE filearr DROP CONSTRAINT filearr_path_key; \
         DROP FUNCTION mirr_hasfile_byname(integer, text); \
         ALTER TABLE pfx2asn ALTER COLUMN asn TYPE integer; CREATE TABLE other (a int)",
    );
    let mut found = deviations(&mut connection);
    found.sort();
    assert_eq!(
        found,
        [
            "additional column server.motto (text)",
            "column pfx2asn.asn is integer NOT NULL, should be bigint NOT NULL",
            "column server.admin is character varying(128), should be character varying(128) NOT NULL",
            "column server.country is character varying(3) NOT NULL, should be character varying(2) NOT NULL",
            "missing column hash.zsums (bytea NOT NULL)",
            "missing constraint filearr: UNIQUE (path)",
            "missing function mirr_hasfile_byname(integer, text) (boolean)",
            "missing index server: btree (enabled, status_baseurl, score)",
            "missing table hexhash (view)",
            "missing table marker (table)",
        ]
    );
    let only_extra = |d: &schema::Deviation| d.is_error() != matches!(d.finding, Finding::Extra(_));
    assert!(
        schema::check(&mut connection)
            .expect("check")
            .iter()
            .all(only_extra)
    );
}

#[test]
fn a_check_changes_nothing_and_works_for_a_reader() {
    let database = Cluster::shared().database("schema_reader", &[]);
    schema::migrate(&mut open(&database)).expect("migrate");
    database.sql("DROP TABLE migration");
    database.sql("CREATE ROLE schema_reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO schema_reader");
    let before = database.sql("SELECT count(*) FROM pg_class");
    let params = database
        .params()
        .replace("user=mirrorbrain", "user=schema_reader");
    let info = ConnectionInfo::parse(&params).expect("parameters");
    let mut connection = Connection::open(&info, &[], Duration::from_secs(20)).expect("connection");
    let found = deviations(&mut connection);
    assert_eq!(found, ["missing table migration (table)"]);
    assert_eq!(database.sql("SELECT count(*) FROM pg_class"), before);
}
