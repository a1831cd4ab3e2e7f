//! What requests get while the database is away, hangs, or is half broken, and how soon they get
//! answers again.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{Log, mirrors, open, until, version};
use harness::postgres::Cluster;
use harness::relay::Relay;
use mirror_cache::{Database, Settings};
use mirror_db::CustomQuery;
use pg::{ConnectionInfo, DbError, Unavailable};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

const AWAY: Result<usize, DbError> = Err(DbError::Unavailable(Unavailable));

fn uncached() -> Settings {
    Settings {
        cache_ttl: Duration::ZERO,
        ..Settings::default()
    }
}

fn short_ttl() -> Settings {
    Settings {
        cache_ttl: Duration::from_millis(100),
        ..Settings::default()
    }
}

/// A cluster of its own with the recorded fixture.
fn cluster(settings: &[(&str, &str)]) -> Cluster {
    Cluster::start(settings)
}

fn fixture() -> std::path::PathBuf {
    harness::workspace().join("tests/compat/modules/fixture.sql")
}

/// Eight threads ask for as long as `during` runs. The slowest answer and how many failed.
fn under_load(database: &Database, during: impl FnOnce()) -> (Duration, usize) {
    let done = std::sync::atomic::AtomicBool::new(false);
    scope(|scope| {
        let askers: Vec<_> = (0..8)
            .map(|n| {
                let done = &done;
                scope.spawn(move || {
                    let (mut slowest, mut failed) = (Duration::ZERO, 0);
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        let start = Instant::now();
                        failed += usize::from(mirrors(database, &format!("x/{n}")).is_err());
                        slowest = slowest.max(start.elapsed());
                        sleep(Duration::from_millis(5));
                    }
                    (slowest, failed)
                })
            })
            .collect();
        during();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        askers
            .into_iter()
            .map(|asker| asker.join().unwrap())
            .fold((Duration::ZERO, 0), |(slowest, failed), (time, count)| {
                (slowest.max(time), failed + count)
            })
    })
}

#[test]
fn a_server_that_is_killed_is_used_again_within_two_seconds_of_its_return() {
    let cluster = cluster(&[]);
    let db = cluster.database("killed", &[&fixture()]);
    db.sql("CHECKPOINT"); // the test cluster does not sync what it commits
    let (database, log) = open(&db.params(), uncached());
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    let (slowest, failed) = under_load(&database, || {
        cluster.kill();
        sleep(SECOND);
    });
    assert!(failed > 0);
    assert!(slowest < SECOND, "a request waited {slowest:?}");
    let lines = log.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("is not available"), "{lines:?}");
    cluster.resume();
    let back = until(2 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(36));
    println!("killed: slowest {slowest:?}, back after {back:?}");
    let lines = log.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
}

#[test]
fn a_server_that_hangs_costs_a_bounded_time_once() {
    let cluster = cluster(&[]);
    let db = cluster.database("paused", &[&fixture()]);
    let (database, log) = open(&db.params(), uncached());
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    cluster.pause();
    let (slowest, _) = under_load(&database, || sleep(3 * SECOND));
    assert!(
        slowest < Duration::from_millis(2500),
        "a request waited {slowest:?}"
    );
    let start = Instant::now();
    for _ in 0..100 {
        assert_eq!(mirrors(&database, "iso/full.iso"), AWAY);
    }
    assert!(start.elapsed() < SECOND / 10);
    cluster.unpause();
    let back = until(2 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(36));
    println!("paused: slowest {slowest:?}, back after {back:?}");
    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn a_child_stops_at_once_while_the_server_hangs() {
    let cluster = cluster(&[]);
    let db = cluster.database("stopping", &[]);
    let (database, _log) = open(&db.params(), uncached());
    assert_eq!(mirrors(&database, "x"), Ok(0));
    cluster.pause();
    scope(|scope| {
        let asker = scope.spawn(|| mirrors(&database, "x"));
        sleep(Duration::from_millis(200));
        let start = Instant::now();
        database.stop();
        assert!(start.elapsed() < SECOND / 2, "{:?}", start.elapsed());
        assert_eq!(asker.join().unwrap(), AWAY);
    });
    cluster.unpause();
}

#[test]
fn a_server_that_is_away_at_the_start_is_used_when_it_comes() {
    let cluster = cluster(&[]);
    let db = cluster.database("late", &[&fixture()]);
    cluster.stop();
    let (database, log) = open(&db.params(), uncached());
    assert_eq!(mirrors(&database, "iso/full.iso"), AWAY);
    cluster.resume();
    until(2 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(36));
    assert_eq!(log.take().len(), 2);
}

#[test]
fn expired_answers_are_served_while_the_database_is_away() {
    let cluster = cluster(&[]);
    let db = cluster.database("stale", &[&fixture()]);
    let (database, _log) = open(&db.params(), short_ttl());
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    cluster.pause();
    sleep(SECOND / 5);
    let start = Instant::now();
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    assert!(start.elapsed() < SECOND * 5 / 2, "{:?}", start.elapsed());
    // Whoever comes later does not wait.
    let start = Instant::now();
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    assert!(start.elapsed() < SECOND / 2, "{:?}", start.elapsed());
    cluster.unpause();
    cluster.stop();
    sleep(SECOND / 5);
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    assert_eq!(mirrors(&database, "iso/most.iso"), AWAY);
}

/// As long as there is a new answer in time, an expired one does not count.
#[test]
fn a_slow_database_is_waited_for_rather_than_answering_with_what_has_expired() {
    let cluster = cluster(&[]);
    let db = cluster.database("slow", &[&fixture()]);
    let relay = Relay::to(cluster.port());
    let port = |port: u16| format!("port={port}");
    let params = db
        .params()
        .replace(&port(cluster.port()), &port(relay.port()));
    let settings = Settings {
        cache_ttl: SECOND,
        ..Settings::default()
    };
    let (database, _log) = open(&params, settings);
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    relay.delay(Duration::from_millis(400));
    db.sql("UPDATE filearr SET mirrors = '{1,2}' WHERE path = 'iso/full.iso'");
    sleep(SECOND * 3);
    let start = Instant::now();
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(2));
    assert!(
        start.elapsed() > Duration::from_millis(300),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_lock_on_filearr_fails_fast_and_spares_the_mirror_table() {
    let cluster = cluster(&[]);
    let db = cluster.database("locked", &[&fixture()]);
    let (database, log) = open(&db.params(), uncached());
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    let (slowest, _) = scope(|scope| {
        let lock = scope.spawn(|| {
            db.sql("BEGIN; LOCK filearr IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(4); COMMIT");
        });
        sleep(SECOND / 5);
        let result = under_load(&database, || sleep(Duration::from_millis(2500)));
        let start = Instant::now();
        let error = mirrors(&database, "iso/full.iso").unwrap_err().to_string();
        assert!(error.contains("SQLSTATE 57014"), "{error}");
        assert!(start.elapsed() < SECOND / 10, "the breaker is open");
        db.sql("UPDATE server SET enabled = 'f' WHERE id = 1");
        sleep(Duration::from_millis(1300));
        assert_eq!(
            database.mirrors().get(1),
            None,
            "the mirror table is still kept up to date"
        );
        lock.join().unwrap();
        result
    });
    assert!(
        slowest < Duration::from_millis(2500),
        "a request waited {slowest:?}"
    );
    until(2 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(35));
    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:?}");
}

#[test]
fn a_missing_table_breaks_only_its_own_statement() {
    let db = Cluster::shared().database("broken", &[&fixture()]);
    db.sql("ALTER TABLE filearr RENAME TO elsewhere");
    let (database, log) = open(&db.params(), uncached());
    let error = mirrors(&database, "iso/full.iso").unwrap_err().to_string();
    assert!(
        error.contains("relation \"filearr\" does not exist (SQLSTATE 42P01)"),
        "{error}"
    );
    for _ in 0..50 {
        assert!(mirrors(&database, "iso/full.iso").is_err());
    }
    assert_eq!(database.mirrors().mirrors().len(), 38);
    assert_eq!(log.take().len(), 2, "with hashes and without");
    db.sql("ALTER TABLE elsewhere RENAME TO filearr");
    until(2 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(36));
    until(2 * SECOND, || log.lines() == 2);
}

/// The mirrors of a file are known without its hashes, whatever keeps those from being read.
#[test]
fn a_redirect_can_do_without_the_table_of_hashes() {
    for (name, settings) in [("hashless", uncached()), ("hashless_ttl", short_ttl())] {
        let db = Cluster::shared().database(name, &[&fixture()]);
        let (database, log) = open(&db.params(), settings);
        let ask = || {
            let (path, size, mtime) = common::FULL;
            let record = database.file(version(path, size, mtime)).unwrap();
            let mirrors = record.mirrors(&database.mirrors()).iter().count();
            let has_digests = record.digests(size, mtime).is_some();
            assert_ne!(record.digests_failed(), has_digests);
            (mirrors, has_digests)
        };
        assert_eq!(ask(), (36, true));
        db.sql("ALTER TABLE hash RENAME TO elsewhere");
        until(SECOND, || ask() == (36, false));
        let (_, failed) = under_load(&database, || sleep(SECOND));
        assert_eq!(failed, 0);
        let said = "the look-up of files: relation \"hash\" does not exist (SQLSTATE 42P01)";
        assert_eq!(log.take(), [said]);
        db.sql("ALTER TABLE elsewhere RENAME TO hash");
        until(2 * SECOND, || ask() == (36, true));
        assert_eq!(log.take(), ["the look-up of files works again"]);
    }
}

#[test]
fn a_sites_own_query_for_mirrors_needs_none_of_our_tables() {
    let db = Cluster::shared().database("own_mirrors", &[&fixture()]);
    db.sql("ALTER TABLE filearr RENAME TO files");
    let query = "SELECT id, identifier, region, country, lat, lng, asn, prefix, score, baseurl, \
        region_only, country_only, as_only, prefix_only, other_countries, file_maxsize \
        FROM server WHERE id = ANY ((SELECT mirrors FROM files WHERE path = %s)::smallint[])";
    let settings = Settings {
        mirror_query: Some(std::sync::Arc::new(CustomQuery::parse(query, 1).unwrap())),
        ..uncached()
    };
    let (database, log) = open(&db.params(), settings);
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(38));
    assert!(
        database
            .file(version("iso/full.iso", 1, 1))
            .unwrap()
            .digests_failed()
    );
    assert_eq!(log.take().len(), 1);
}

#[test]
fn a_missing_privilege_is_said_once_until_it_is_granted() {
    let db = Cluster::shared().database("revoked", &[&fixture()]);
    db.sql("CREATE ROLE reader LOGIN; GRANT SELECT ON server, filearr TO reader");
    let params = db.params().replace("user=mirrorbrain", "user=reader");
    let (database, log) = open(&params, uncached());
    for _ in 0..20 {
        let record = database.file(version("iso/full.iso", 1, 1)).unwrap();
        assert_eq!(record.mirrors(&database.mirrors()).iter().count(), 36);
        assert!(record.digests_failed());
    }
    let text = "the look-up of files: permission denied for table hash (SQLSTATE 42501)";
    assert_eq!(log.take(), [text]);
    db.sql("GRANT SELECT ON hash TO reader");
    until(2 * SECOND, || log.lines() == 1);
    assert_eq!(log.take(), ["the look-up of files works again"]);
}

#[test]
fn a_table_that_changes_under_a_prepared_statement_goes_unnoticed() {
    let db = Cluster::shared().database("altered", &[&fixture()]);
    let (database, log) = open(&db.params(), uncached());
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    db.sql("ALTER TABLE filearr ALTER mirrors TYPE bigint[]");
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn the_servers_limit_of_connections_does_not_stop_the_one_that_works() {
    let cluster = cluster(&[
        ("max_connections", "7"),
        ("superuser_reserved_connections", "3"),
    ]);
    let db = cluster.database("limit", &[&fixture()]);
    db.sql("CREATE ROLE web LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO web");
    let params = db.params().replace("user=mirrorbrain", "user=web");
    let all: Vec<(common::Open, Log)> = (0..6).map(|_| open(&params, uncached())).collect();
    let works = || {
        all.iter()
            .filter(|(database, _)| mirrors(database, "iso/full.iso") == Ok(36))
            .count()
    };
    until(2 * SECOND, || works() == 4);
    let (slowest, failed) = under_load(&all[0].0, || sleep(SECOND / 2));
    println!("limit: slowest {slowest:?}, failed {failed}");
    let refused = all
        .iter()
        .find(|(database, _)| mirrors(database, "x").is_err())
        .unwrap();
    let lines = refused.1.take();
    assert!(lines[0].contains("SQLSTATE 53300"), "{lines:?}");
    assert_eq!(lines.len(), 1);
}

#[test]
fn a_connection_that_is_cut_costs_no_request() {
    let db = Cluster::shared().database("cut", &[&fixture()]);
    let (database, log) = open(&db.params(), uncached());
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    let (_, failed) = under_load(&database, || {
        for _ in 0..5 {
            db.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = 'cut' AND pid <> pg_backend_pid()",
            );
            sleep(SECOND / 10);
        }
    });
    assert_eq!(failed, 0);
    assert_eq!(log.take(), Vec::<String>::new());
}

#[test]
fn connections_that_are_accepted_and_lost_at_once_are_not_made_without_pause() {
    let db = Cluster::shared().database("brief", &[&fixture()]);
    db.sql("CREATE TABLE trouble AS SELECT 1; GRANT SELECT ON trouble TO PUBLIC");
    let mut settings = uncached();
    settings.pool.init_sql =
        vec!["SELECT pg_terminate_backend(pg_backend_pid()) FROM trouble".to_owned()];
    let (database, log) = open(&db.params(), settings);
    sleep(3 * SECOND);
    let start = Instant::now();
    for _ in 0..50 {
        assert_eq!(mirrors(&database, "iso/full.iso"), AWAY);
    }
    assert!(start.elapsed() < SECOND / 2, "{:?}", start.elapsed());
    let made = db.sql("SELECT sessions_killed FROM pg_stat_database WHERE datname = 'brief'");
    let made: usize = made.parse().unwrap();
    assert!((4..20).contains(&made), "{made} connections");
    let lines = log.take();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("DBDInitSQL"), "{lines:?}");
    assert!(lines[1].contains("is not available"), "{lines:?}");

    db.sql("DROP TABLE trouble; CREATE VIEW trouble AS SELECT 1 WHERE false");
    until(3 * SECOND, || mirrors(&database, "iso/full.iso") == Ok(36));
    assert_eq!(log.take().len(), 1);
}

#[test]
fn the_password_is_in_no_message() {
    let db = Cluster::shared().database("secret", &[]);
    let params = format!(
        "{} password=xyzzy42",
        db.params().replace("dbname=secret", "dbname=no")
    );
    let (database, log) = open(&params, uncached());
    assert_eq!(mirrors(&database, "x"), AWAY);
    let info = ConnectionInfo::parse(&params).unwrap();
    let all = format!("{:?} {info} {info:?}", log.take());
    assert!(
        all.contains("does not exist") && !all.contains("xyzzy42"),
        "{all}"
    );
}
