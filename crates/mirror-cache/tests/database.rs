//! Look-ups against a real PostgreSQL: what is found, what is cached, what is noticed.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{FULL, mirrors, open, ttl, until, version};
use harness::postgres::{Cluster, Database as TestDatabase};
use mirror_cache::Settings;
use mirror_db::{CustomQuery, Detail};
use pg::{ConnectionInfo, DbError, Driver, Pool, PoolSettings, Unavailable};
use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

fn fixture(name: &str) -> TestDatabase<'static> {
    common::fixture(Cluster::shared(), name)
}

fn custom(sql: &str, parameters: usize) -> Option<Arc<CustomQuery>> {
    Some(Arc::new(CustomQuery::parse(sql, parameters).unwrap()))
}

#[test]
fn a_file_of_the_fixture_has_its_mirrors_and_digests() {
    let db = fixture("db_fixture");
    let (database, log) = open(&db.params(), Settings::default());
    let (path, size, mtime) = FULL;
    let record = database.file(version(path, size, mtime)).unwrap();
    let table = database.mirrors();
    assert_eq!(record.mirrors(&table).iter().count(), 36);
    let digests = record.digests(size, mtime).unwrap();
    assert!(digests.has_pieces && digests.has_pgp && digests.zsync.is_some());
    assert!(digests.md5.is_some() && digests.sha1.is_some() && digests.btih.is_some());
    assert!(record.digests(size, 1).is_none());
    assert!(record.digests(size + 1, mtime).is_none());
    assert_eq!(hex::encode(digests.sha256.unwrap()), db.sql(&sha256(path)));
    drop(database);
    assert_eq!(log.take(), Vec::<String>::new());
}

fn sha256(path: &str) -> String {
    format!("SELECT sha256hex FROM hexhash JOIN filearr ON id = file_id WHERE path = '{path}'")
}

#[test]
fn paths_that_no_database_can_hold_are_unknown_files() {
    let db = fixture("db_paths");
    let (database, log) = open(&db.params(), Settings::default());
    for path in [
        "",
        "a\0b",
        "'; DROP TABLE server; --",
        "%s",
        "{a,b}",
        "\u{10ffff}",
    ] {
        assert_eq!(mirrors(&database, path), Ok(0), "{path:?}");
    }
    assert_eq!(mirrors(&database, &"x".repeat(100_000)), Ok(0));
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn a_disabled_mirror_is_gone_within_two_seconds() {
    let db = fixture("db_disabled");
    let (database, _log) = open(&db.params(), ttl(3600));
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    db.sql("UPDATE server SET enabled = 'f' WHERE id = 1");
    let seen = until(2 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(35));
    println!("a disabled mirror was gone after {seen:?}");
    db.sql("UPDATE server SET enabled = 't' WHERE id = 1");
    until(2 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(36));
}

#[test]
fn answers_are_kept_for_the_ttl_and_not_longer() {
    let db = fixture("db_ttl");
    let (database, _log) = open(&db.params(), ttl(1));
    assert_eq!(mirrors(&database, "new.iso"), Ok(0));
    db.sql("INSERT INTO filearr (path, mirrors) VALUES ('new.iso', '{1,2,2}')");
    assert_eq!(mirrors(&database, "new.iso"), Ok(0));
    sleep(SECOND);
    assert_eq!(mirrors(&database, "new.iso"), Ok(2));
}

#[test]
fn a_ttl_of_zero_asks_each_time() {
    let db = fixture("db_no_ttl");
    let (database, _log) = open(&db.params(), ttl(0));
    assert_eq!(mirrors(&database, "new.iso"), Ok(0));
    db.sql("INSERT INTO filearr (path, mirrors) VALUES ('new.iso', '{1}')");
    assert_eq!(mirrors(&database, "new.iso"), Ok(1));
    assert_eq!(database.cache_usage(), (0, 0));
}

/// Executions of a site's own query are rows in a table.
#[test]
fn concurrent_misses_of_one_path_make_one_query() {
    let db = fixture("db_single");
    db.sql(
        "CREATE TABLE calls (path text); \
         CREATE FUNCTION note(text) RETURNS boolean LANGUAGE sql VOLATILE AS \
         $$ INSERT INTO calls VALUES ($1); SELECT pg_sleep(0.2); SELECT true $$",
    );
    let sql = format!("SELECT {OWN_COLUMNS} FROM server WHERE note(%s) AND id < 4");
    let settings = Settings {
        mirror_query: custom(&sql, 1),
        ..ttl(60)
    };
    let (database, _log) = open(&db.params(), settings);
    db.sql("DELETE FROM server WHERE id > 1");
    scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(mirrors(&database, "iso/full.iso"), Ok(1)));
        }
    });
    assert_eq!(db.sql("SELECT count(*) FROM calls"), "1");
}

const OWN_COLUMNS: &str = "id, identifier, region, country, lat, lng, asn, prefix, score, \
     baseurl, region_only, country_only, as_only, prefix_only, other_countries, file_maxsize";

#[test]
fn a_sites_own_queries_are_run_as_given() {
    let db = fixture("db_custom");
    let mirrors_sql = format!(
        "SELECT {OWN_COLUMNS} FROM server WHERE id::smallint = ANY ((SELECT mirrors FROM filearr \
         WHERE path = %s)::smallint[]) AND enabled AND status_baseurl AND score > 0 ORDER BY id DESC"
    );
    let hash_sql = "SELECT file_id, md5hex, sha1hex, sha256hex, sha1piecesize, sha1pieceshex, \
        btihhex, pgp, zblocksize, zhashlens, zsumshex FROM hexhash WHERE file_id = \
        (SELECT id FROM filearr WHERE path = %s) AND size = %lld AND mtime = %d LIMIT 1";
    let settings = Settings {
        mirror_query: custom(&mirrors_sql, 1),
        hash_query: custom(hash_sql, 3),
        ..ttl(60)
    };
    let (own, log) = open(&db.params(), settings);
    let (built_in, _log) = open(&db.params(), ttl(60));
    let (path, size, mtime) = FULL;
    let (ours, theirs) = (
        own.file(version(path, size, mtime)),
        built_in.file(version(path, size, mtime)),
    );
    let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
    let table = built_in.mirrors();
    let mut expected: Vec<_> = theirs.mirrors(&table).iter().cloned().collect();
    expected.reverse();
    let own_table = own.mirrors();
    assert_eq!(
        ours.mirrors(&own_table).iter().cloned().collect::<Vec<_>>(),
        expected
    );
    assert_eq!(ours.digests(size, mtime), theirs.digests(size, mtime));
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn a_query_with_other_columns_fails_with_its_own_message() {
    let db = fixture("db_columns");
    let settings = Settings {
        mirror_query: custom("SELECT %s::text, 1", 1),
        ..ttl(60)
    };
    let (database, log) = open(&db.params(), settings);
    let text = "MirrorBrainDBDQuery: 2 columns instead of 16";
    for _ in 0..3 {
        let error = mirrors(&database, "iso/full.iso").unwrap_err();
        assert_eq!(error, DbError::query_failed(text));
    }
    assert_eq!(log.take(), [text]);
}

#[test]
fn odd_rows_are_left_out_and_odd_digests_are_missing() {
    let db = fixture("db_odd");
    db.sql(
        "DROP VIEW hexhash; ALTER TABLE server ALTER baseurl DROP NOT NULL, ALTER score TYPE numeric, \
         ALTER asn TYPE bigint, ALTER lat TYPE text, ALTER id TYPE bigint, \
         ALTER enabled TYPE boolean; \
         ALTER TABLE hash ALTER md5 DROP NOT NULL, ALTER mtime TYPE bigint, \
         ALTER pgp DROP NOT NULL",
    );
    let (path, size, mtime) = FULL;
    db.sql("UPDATE server SET baseurl = NULL WHERE id = 1");
    db.sql("UPDATE server SET asn = 4200000000, score = 99999999999, lat = 'x' WHERE id = 2");
    db.sql("ALTER TABLE filearr ALTER mirrors TYPE bigint[]");
    let id = format!("(SELECT id FROM filearr WHERE path = '{path}')");
    db.sql(&format!(
        "UPDATE filearr SET mirrors = mirrors || '{{-1,NULL,9999999999}}' WHERE id = {id}"
    ));
    db.sql(&format!(
        "UPDATE hash SET md5 = NULL, sha1 = '0123456789', sha256 = sha256 || 'x', pgp = NULL, \
         sha1pieces = sha1pieces || 'x', zhashlens = 'a,b' WHERE file_id = {id}"
    ));
    let (database, _log) = open(&db.params(), ttl(60));
    assert_eq!(mirrors(&database, path), Ok(35));
    let asn = database.mirrors().get(2).map(|mirror| mirror.asn);
    assert_eq!(asn, Some(Some(4_200_000_000)));
    let record = database.file(version(path, size, mtime)).unwrap();
    let digests = record.digests(size, mtime).unwrap();
    assert_eq!(
        (digests.md5, digests.sha1, digests.sha256),
        (None, None, None)
    );
    assert!(digests.btih.is_some());
    assert!(!digests.has_pieces && !digests.has_pgp && digests.zsync.is_none());
    for detail in [Detail::Pieces, Detail::Blocks] {
        assert!(
            database
                .sums(version(path, size, mtime), digests, detail)
                .is_none()
        );
    }
}

#[test]
fn notifications_are_seen_at_once() {
    let db = fixture("db_notify");
    db.load(&harness::workspace().join("sql/notify.sql"));
    let settings = Settings {
        refresh_interval: 3600 * SECOND,
        ..ttl(3600)
    };
    let (database, _log) = open(&db.params(), settings);
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    db.sql("UPDATE filearr SET mirrors = '{1,2}' WHERE path = 'iso/full.iso'");
    until(SECOND / 2, || mirrors(&database, "iso/full.iso") == Ok(2));
    db.sql("UPDATE server SET enabled = 'f' WHERE id = 1");
    until(SECOND / 2, || mirrors(&database, "iso/full.iso") == Ok(1));
    db.sql("TRUNCATE filearr CASCADE");
    until(SECOND / 2, || mirrors(&database, "iso/full.iso") == Ok(0));
}

/// Then there are several records for a path, one for each version of the file.
#[test]
fn notifications_are_seen_at_once_with_a_sites_own_query_for_hashes() {
    let db = fixture("db_notify_own");
    db.load(&harness::workspace().join("sql/notify.sql"));
    let settings = Settings {
        hash_query: custom(
            "SELECT file_id, md5hex, sha1hex, sha256hex, sha1piecesize, sha1pieceshex, btihhex, \
             pgp, zblocksize, zhashlens, zsumshex FROM hexhash WHERE file_id = (SELECT id FROM \
             filearr WHERE path = %s) AND size = %lld AND mtime = %d LIMIT 1",
            3,
        ),
        ..ttl(3600)
    };
    let (database, _log) = open(&db.params(), settings);
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    db.sql("UPDATE filearr SET mirrors = '{1,2}' WHERE path = 'iso/full.iso'");
    until(SECOND / 2, || mirrors(&database, "iso/full.iso") == Ok(2));
}

#[test]
fn the_cache_keeps_within_its_bound() {
    let db = fixture("db_bound");
    let settings = Settings {
        cache_bytes: 100_000,
        ..ttl(60)
    };
    let (database, _log) = open(&db.params(), settings);
    scope(|scope| {
        for n in 0..8 {
            let database = &database;
            scope.spawn(move || {
                for i in 0..250 {
                    assert_eq!(mirrors(database, &format!("{n}/{i}")), Ok(0));
                }
            });
        }
    });
    let (records, bytes) = database.cache_usage();
    assert!(
        records > 100 && bytes <= 100_000,
        "{records} records, {bytes} bytes"
    );
}

#[test]
fn a_query_of_another_module_gets_its_columns_as_text() {
    let db = fixture("db_pool");
    db.sql("INSERT INTO pfx2asn VALUES ('10.9.0.0/16', 4200000009)");
    let info = ConnectionInfo::parse(&db.params()).unwrap();
    let pool = Pool::new(info, PoolSettings::default(), Arc::new(|_, _| {}));
    let query = CustomQuery::parse(
        "SELECT pfx, asn FROM pfx2asn WHERE pfx >>= ipaddress(%s)",
        1,
    );
    let statement = Arc::new(query.unwrap().statement("ASLookupQuery"));
    let ask = |address: &str| pool.query_text(&statement, vec![address.to_owned()]);
    assert_eq!(ask("10.9.8.7"), Err(Unavailable.into()), "not started");
    let driver = Driver::start().unwrap();
    pool.start(&driver);
    let row = vec![
        Some("10.9.0.0/16".to_owned()),
        Some("4200000009".to_owned()),
    ];
    assert_eq!(ask("10.9.8.7"), Ok(vec![row]));
    assert_eq!(ask("10.8.8.7"), Ok(vec![]));
    let error = ask("junk").unwrap_err();
    assert!(error.to_string().contains("SQLSTATE 22"), "{error}");
    assert!(
        ask("10.9.8.7").is_ok(),
        "a bad parameter breaks only its own query"
    );
}

/// Not a test of speed: printed for those who look.
#[test]
fn latencies() {
    let db = fixture("db_latency");
    let (database, _log) = open(&db.params(), ttl(60));
    let (path, size, mtime) = FULL;
    let each = |count: u32, call: &dyn Fn(u32)| {
        let start = Instant::now();
        (0..count).for_each(call);
        start.elapsed() / count
    };
    println!(
        "cold: {:?}",
        each(1000, &|i| assert_eq!(
            mirrors(&database, &format!("{i}")),
            Ok(0)
        ))
    );
    println!(
        "hot: {:?}",
        each(100_000, &|_| drop(
            database.file(version(path, size, mtime)).unwrap()
        ))
    );
}

/// A browser would run the one and show the other.
#[test]
fn a_baseurl_that_clients_must_not_be_sent_to_is_no_mirrors() {
    let db = fixture("foreign_urls");
    db.sql(
        "UPDATE server SET baseurl = 'javascript:alert(1)//' WHERE id = 1; \
         UPDATE server SET baseurl = 'file:///etc/' WHERE id = 2; \
         UPDATE server SET baseurl = 'HTTPS://m4.example.org/' WHERE id = 4",
    );
    let (database, log) = open(&db.params(), ttl(10));
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(34));
    let table = database.mirrors();
    assert!(table.get(1).is_none() && table.get(2).is_none() && table.get(4).is_some());
    db.sql("UPDATE server SET comment = 'changed'");
    sleep(2 * SECOND);
    let mut lines = log.take();
    lines.sort();
    let said = |name| {
        format!(
            "the list of mirrors: \"{name}\" is no mirror: its baseurl is no URL of http, https or ftp"
        )
    };
    assert_eq!(lines, ["m1.de.example.org", "m2.de.example.org"].map(said));
}

#[test]
fn a_sites_own_query_gives_no_such_baseurl_either() {
    let db = fixture("foreign_rows");
    db.sql("UPDATE server SET baseurl = 'javascript:alert(1)//'");
    let query = "SELECT id, identifier, region, country, lat, lng, asn, prefix, score, baseurl, \
        region_only, country_only, as_only, prefix_only, other_countries, file_maxsize \
        FROM server WHERE id < 3 AND %s <> ''";
    let settings = Settings {
        mirror_query: custom(query, 1),
        ..ttl(0)
    };
    let (database, log) = open(&db.params(), settings);
    for _ in 0..3 {
        assert_eq!(mirrors(&database, "iso/full.iso"), Ok(0));
    }
    assert_eq!(log.take().len(), 2);
}
