//! A record that a caller keeps, against a real PostgreSQL: as good as one from the cache.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{FULL, open, until, version};
use harness::postgres::{Cluster, Database as TestDatabase};
use mirror_cache::{Database, RecordRef, RecordSlot, Settings};
use mirror_db::CustomQuery;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn fixture(name: &str) -> TestDatabase<'static> {
    common::fixture(Cluster::shared(), name)
}

fn ttl(seconds: u64) -> Settings {
    Settings {
        refresh_interval: 3600 * SECOND,
        ..common::ttl(seconds)
    }
}

/// The record of the full file, as of one version.
fn find<'a>(database: &Database, slot: &'a RecordSlot, mtime: i64) -> RecordRef<'a> {
    let (path, size, _) = FULL;
    let found = database.file_in_slot(slot, version(path, size, mtime));
    found.expect("a record")
}

/// How many mirrors have the full file, and whether it was slot.
fn look(database: &Database, slot: &RecordSlot) -> (usize, bool) {
    let found = find(database, slot, FULL.2);
    let mirrors = found.mirrors(&database.mirrors()).iter().count();
    (mirrors, matches!(found, RecordRef::Slot(_)))
}

#[test]
fn a_record_is_slot_until_something_is_forgotten() {
    let db = fixture("slot_notify");
    db.load(&harness::workspace().join("sql/notify.sql"));
    let (database, _log) = open(&db.params(), ttl(3600));
    let slot = RecordSlot::default();
    // The connection that listens drops what it may have missed.
    until(5 * SECOND, || {
        look(&database, &RecordSlot::default());
        look(&database, &slot) == (36, true)
    });
    db.sql("UPDATE filearr SET mirrors = '{1,2}' WHERE path = 'iso/full.iso'");
    until(SECOND / 2, || look(&database, &slot).0 == 2);
    // The new record has its place in the cache; this one is of the past for good.
    assert_eq!(look(&database, &slot), (2, false));
    let next = RecordSlot::default();
    assert_eq!(look(&database, &next), (2, false));
    assert_eq!(look(&database, &next), (2, true));
}

#[test]
fn a_record_is_slot_for_the_ttl_and_not_longer() {
    let db = fixture("slot_ttl");
    let (database, _log) = open(&db.params(), ttl(4));
    let slot = RecordSlot::default();
    look(&database, &slot);
    db.sql("UPDATE filearr SET mirrors = '{1,2}' WHERE path = 'iso/full.iso'");
    assert_eq!(look(&database, &slot), (36, true));
    sleep(4 * SECOND);
    assert_eq!(look(&database, &slot), (2, false));
}

#[test]
fn without_a_cache_nothing_is_slot() {
    let db = fixture("slot_not");
    let (database, _log) = open(&db.params(), ttl(0));
    let slot = RecordSlot::default();
    for _ in 0..2 {
        assert_eq!(look(&database, &slot), (36, false));
    }
}

#[test]
fn a_record_is_of_one_database() {
    let (one, other) = (fixture("slot_one"), fixture("slot_other"));
    other.sql("UPDATE filearr SET mirrors = '{1,2}' WHERE path = 'iso/full.iso'");
    let (one, _log) = open(&one.params(), ttl(3600));
    let (other, _log) = open(&other.params(), ttl(3600));
    let slot = RecordSlot::default();
    assert_eq!(look(&one, &slot), (36, false));
    assert_eq!(look(&other, &slot), (2, false));
    assert_eq!(look(&one, &slot), (36, true));
}

#[test]
fn a_record_is_of_one_version() {
    let db = fixture("slot_version");
    let hashes = "SELECT file_id, md5hex, sha1hex, sha256hex, sha1piecesize, sha1pieceshex, \
                  btihhex, pgp, zblocksize, zhashlens, zsumshex FROM hexhash WHERE file_id = \
                  (SELECT id FROM filearr WHERE path = %s) AND size = %lld AND mtime = %d LIMIT 1";
    let settings = Settings {
        hash_query: Some(Arc::new(CustomQuery::parse(hashes, 3).unwrap())),
        ..ttl(3600)
    };
    let (database, _log) = open(&db.params(), settings);
    let (_, size, mtime) = FULL;
    let slot = RecordSlot::default();
    let found = find(&database, &slot, mtime);
    assert!(found.digests(size, mtime).is_some());
    let found = find(&database, &slot, mtime + 1);
    assert!(found.digests(size, mtime + 1).is_none());
    assert!(matches!(found, RecordRef::Shared(_)));
    assert!(matches!(find(&database, &slot, mtime), RecordRef::Slot(_)));
}
