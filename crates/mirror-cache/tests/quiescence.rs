//! While nothing is written, nothing is read again; against a PostgreSQL that nobody else uses.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{fixture, mirrors, open, ttl, until};
use harness::command::signal;
use harness::postgres::Cluster;
use mirror_cache::{Database, Settings};
use std::thread::sleep;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

fn cluster() -> Cluster {
    Cluster::start(&[("autovacuum", "off"), ("log_min_duration_statement", "0")])
}

/// A change to a file that has 36 mirrors.
const CHANGE: &str = "UPDATE filearr SET mirrors = '{1,2}' WHERE path = 'iso/full.iso'";

/// Asks for the file all the time, and finds it as it was before the change.
#[track_caller]
fn assert_unchanged_for(time: Duration, database: &Database) {
    let start = Instant::now();
    while start.elapsed() < time {
        assert_eq!(mirrors(database, "iso/full.iso"), Ok(36));
        sleep(Duration::from_millis(20));
    }
}

/// How often files were looked up.
fn look_ups(cluster: &Cluster) -> usize {
    let log = cluster.log();
    let lines = log.lines().filter(|line| line.contains(" execute "));
    lines.filter(|line| line.contains("FROM filearr")).count()
}

#[test]
fn a_record_is_read_again_only_after_something_was_written() {
    let cluster = cluster();
    let db = fixture(&cluster, "calm");
    db.sql("CREATE TABLE other (id int)");
    let (database, _log) = open(&db.params(), ttl(8));
    let asked_in = |time: Duration| {
        let before = look_ups(&cluster);
        assert_unchanged_for(time, &database);
        look_ups(&cluster) - before
    };
    // Asked for before the first look at the transactions, perhaps, so that it comes again once.
    asked_in(8 * SECOND);
    assert_eq!(asked_in(10 * SECOND), 0);
    // Whatever was written counts.
    db.sql("INSERT INTO other VALUES (1)");
    assert!(asked_in(8 * SECOND) >= 1);
    db.sql(CHANGE);
    let seen = until(8 * SECOND + SECOND / 2, || {
        mirrors(&database, "iso/full.iso") == Ok(2)
    });
    println!("a change after calm was seen after {seen:?}");
}

/// What a view shows may change without a transaction.
#[test]
fn a_view_is_read_again_however_calm_it_is() {
    let cluster = cluster();
    let db = fixture(&cluster, "calm");
    db.sql(
        "ALTER TABLE filearr RENAME TO files; \
         CREATE TABLE turn AS SELECT clock_timestamp() + interval '5 s' AS at; \
         CREATE VIEW filearr AS SELECT id, path, CASE WHEN clock_timestamp() < \
         (SELECT at FROM turn) THEN mirrors ELSE '{1}' END AS mirrors FROM files",
    );
    let (database, _log) = open(&db.params(), ttl(3));
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    until(9 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(1));
}

/// What a transaction wrote counts from its end, however long it was under way.
#[test]
fn a_transaction_that_ends_late_is_seen_in_time() {
    let cluster = cluster();
    let db = fixture(&cluster, "calm");
    let (database, _log) = open(&db.params(), ttl(4));
    let mut other = db.connect().expect("a connection");
    let mut transaction = other.transaction().expect("a transaction");
    transaction.execute(CHANGE, &[]).expect("a change");
    assert_unchanged_for(6 * SECOND, &database);
    transaction.commit().expect("the end");
    until(4 * SECOND + SECOND / 2, || {
        mirrors(&database, "iso/full.iso") == Ok(2)
    });
}

/// A standby shows where its snapshot begins and ends, but not the transactions in between: the end
/// of one of those would not be seen.
#[test]
fn a_standby_is_read_again_however_calm_it_seems() {
    let primary = cluster();
    let db = fixture(&primary, "calm");
    db.sql("CREATE TABLE other (id int)");
    let standby = primary.standby();
    let (database, _log) = open(&standby.attach("calm").params(), ttl(4));
    let [mut first, mut second] = [(); 2].map(|()| db.connect().expect("a connection"));
    let mut before = first.transaction().expect("a transaction");
    let other = "INSERT INTO other VALUES (1)";
    before.execute(other, &[]).expect("a change");
    let mut between = second.transaction().expect("a transaction");
    between.execute(CHANGE, &[]).expect("a change");
    db.sql(other);
    assert_unchanged_for(6 * SECOND, &database);
    between.commit().expect("the end");
    until(4 * SECOND + SECOND / 2, || {
        mirrors(&database, "iso/full.iso") == Ok(2)
    });
    before.rollback().expect("the end");
}

/// A crash may undo what was committed without waiting for the disk. The next transaction gets the
/// number of the one that is lost, so that the snapshot is the one from before the crash.
#[test]
fn what_a_crash_undoes_is_forgotten() {
    let cluster = Cluster::start(&[("autovacuum", "off"), ("synchronous_commit", "off")]);
    let db = fixture(&cluster, "calm");
    db.sql(
        "CREATE TABLE other (id int); CREATE ROLE reader LOGIN; \
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    );
    db.sql("CHECKPOINT");
    // What is committed from here on stays in memory.
    let writer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'";
    signal("STOP", &[db.sql(writer).parse().expect("a process id")]);
    // So rarely that no look falls into the outage.
    let settings = Settings {
        refresh_interval: 6 * SECOND,
        ..ttl(3600)
    };
    let (database, _log) = open(&format!("{} user=reader", db.params()), settings);
    let snapshot = || db.sql("SELECT txid_current_snapshot()");
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    db.sql("UPDATE server SET enabled = 'f' WHERE id = 1");
    until(7 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(35));
    let before = snapshot();
    cluster.kill();
    // Nobody reads before all is as it was.
    cluster.refuse("reader");
    cluster.resume();
    assert_eq!(db.sql("SELECT enabled FROM server WHERE id = 1"), "t");
    db.sql("INSERT INTO other VALUES (1)");
    assert_eq!(snapshot(), before);
    cluster.refuse_nobody();
    until(5 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(36));
}
