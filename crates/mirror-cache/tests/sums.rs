//! Piece hashes and zsync sums: in ranges, and never about another version of the file.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{FULL, Log, Open, open, ttl, version};
use harness::postgres::{Cluster, Database as TestDatabase};
use mirror_cache::{Database, Settings, SumsError};
use mirror_db::{CustomQuery, Detail, Digests};
use pg::DbError;
use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

fn fixture(name: &str) -> TestDatabase<'static> {
    common::fixture(Cluster::shared(), name)
}

/// What the original's documentation has for `MirrorBrainDBDQueryHash`.
const OWN: &str = "SELECT file_id, md5hex, sha1hex, sha256hex, sha1piecesize, sha1pieceshex, \
    btihhex, pgp, zblocksize, zhashlens, zsumshex FROM hexhash \
    WHERE file_id = (SELECT id FROM filearr WHERE path = %s) AND size = %lld AND mtime = %lld LIMIT 1";

/// The same from the table, with sums in `form`; it ends as a file might.
fn of_table(form: &str) -> String {
    format!(
        "SELECT id, md5, sha1, sha256, sha1piecesize, sha1pieces{form}, btih, pgp, zblocksize, \
         zhashlens, zsums{form} FROM hash, filearr WHERE id = file_id AND path = %s; "
    )
}

fn with_own_query(db: &TestDatabase<'_>, sql: &str) -> (Open, Log) {
    let settings = Settings {
        hash_query: Some(Arc::new(CustomQuery::parse(sql, 3).unwrap())),
        ..ttl(60)
    };
    open(&db.params(), settings)
}

fn digests(database: &Database) -> Digests {
    let (path, size, mtime) = FULL;
    let record = database.file(version(path, size, mtime)).unwrap();
    record.digests(size, mtime).unwrap().clone()
}

fn read(database: &Database, digests: &Digests, detail: Detail) -> Result<Vec<u8>, SumsError> {
    let (path, size, mtime) = FULL;
    let sums = database
        .sums(version(path, size, mtime), digests, detail)
        .unwrap();
    let mut all = Vec::new();
    while (all.len() as u64) < sums.length() {
        let range = sums.range(all.len() as u64)?;
        assert!(!range.as_ref().is_empty());
        all.extend_from_slice(range.as_ref());
    }
    Ok(all)
}

/// Gives the fixture's file as many zsync sums as a file of 12 GB has, incompressible.
fn make_large(db: &TestDatabase<'_>) -> Vec<u8> {
    db.sql(
        "UPDATE hash SET zblocksize = 16, zhashlens = '2,4,8', zsums = (SELECT \
         string_agg(decode(md5(i::text), 'hex'), '' ORDER BY i) FROM generate_series(1, 70314) i) \
         WHERE file_id = (SELECT id FROM filearr WHERE path = 'iso/full.iso'); \
         UPDATE hash SET zsums = substr(zsums, 1, 93750 * 12) WHERE zblocksize = 16",
    );
    let hex = db.sql("SELECT encode(zsums, 'hex') FROM hash WHERE zblocksize = 16");
    hex::decode(hex).unwrap()
}

#[test]
fn sums_of_several_ranges_are_those_that_are_stored() {
    let db = fixture("sums_ranges");
    let stored = make_large(&db);
    assert_eq!(stored.len(), 93_750 * 12);
    for (database, log) in [
        open(&db.params(), ttl(60)),
        with_own_query(&db, OWN),
        with_own_query(&db, &of_table("")),
        with_own_query(&db, &of_table("::text")),
    ] {
        let digests = digests(&database);
        let zsync = digests.zsync.as_ref().unwrap();
        assert_eq!((zsync.block_size, &*zsync.hash_lengths), (16, "2,4,8"));
        assert!(read(&database, &digests, Detail::Blocks).unwrap() == stored);
        let pieces = read(&database, &digests, Detail::Pieces).unwrap();
        assert_eq!(pieces.len(), 6 * 20);
        let (path, size, mtime) = FULL;
        let signature = database
            .signature(version(path, size, mtime), &digests)
            .unwrap();
        assert!(signature.starts_with("-----BEGIN PGP"));
        drop(database);
        assert_eq!(log.take(), Vec::<String>::new());
    }
}

#[test]
fn sums_that_change_on_the_way_are_noticed() {
    let db = fixture("sums_change");
    make_large(&db);
    let (database, _log) = open(&db.params(), ttl(60));
    let digests = digests(&database);
    let (path, size, mtime) = FULL;
    for change in [
        "sha1 = decode(repeat('ab', 20), 'hex')",
        "zhashlens = '1,4,8'",
        "zblocksize = 32",
        "zsums = zsums || 'x'::bytea",
        "mtime = mtime + 1",
    ] {
        let sums = database.sums(version(path, size, mtime), &digests, Detail::Blocks);
        let sums = sums.unwrap();
        let start = sums.range(0).unwrap().as_ref().len() as u64;
        db.sql(&format!(
            "CREATE TABLE kept AS SELECT * FROM hash; UPDATE hash SET {change}"
        ));
        // The start was read before; what follows was not.
        let after = sums.range(start).map(|_| ());
        assert_eq!(after, Err(SumsError::Changed), "{change}");
        db.sql("DELETE FROM hash; INSERT INTO hash SELECT * FROM kept; DROP TABLE kept");
    }
}

#[test]
fn a_failing_statement_says_so_and_leaves_redirects_alone() {
    let db = fixture("sums_failing");
    let (database, log) = open(&db.params(), ttl(60));
    let digests = digests(&database);
    db.sql("ALTER TABLE hash RENAME zblocksize TO z");
    let failed = read(&database, &digests, Detail::Blocks).unwrap_err();
    let SumsError::Database(DbError::QueryFailed(text)) = &failed else {
        panic!("{failed:?}");
    };
    assert!(text.to_string().contains("zblocksize"), "{text}");
    assert_eq!(log.take().len(), 1);
    assert!(read(&database, &digests, Detail::Pieces).is_ok());
}

/// More want sums than there are connections, and each takes a while.
#[test]
fn look_ups_do_not_wait_for_sums() {
    let db = fixture("sums_beside");
    make_large(&db);
    let settings = Settings {
        cache_ttl: Duration::ZERO,
        ..Settings::default()
    };
    let (database, _log) = open(&db.params(), settings);
    let digests = digests(&database);
    let (path, size, mtime) = FULL;
    db.sql("CREATE FUNCTION slow() RETURNS int AS 'SELECT 1 FROM pg_sleep(0.3)' LANGUAGE sql");
    // Each range takes as long as a database far away, or a disk.
    db.sql(
        "ALTER TABLE hash RENAME TO stored; CREATE VIEW hash AS SELECT file_id, mtime, size, md5, \
         sha1, sha256, sha1piecesize, sha1pieces, btih, pgp, zblocksize * slow() AS zblocksize, \
         zhashlens, zsums FROM stored",
    );
    scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let sums = database.sums(version(path, size, mtime), &digests, Detail::Blocks);
                sums.unwrap().range(0).map(|_| ()).unwrap();
            });
        }
        sleep(Duration::from_millis(100));
        let asked = Instant::now();
        database.file(version("iso/none.iso", 1, 1)).unwrap();
        let took = asked.elapsed();
        assert!(took < Duration::from_millis(250), "{took:?}");
    });
}
