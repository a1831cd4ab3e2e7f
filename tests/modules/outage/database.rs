//! The database answers, but not as it should: a lock, a limit, a table that is not there.

use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::memcached::Memcached;
use harness::postgres::Cluster;
use postgres::{Client, NoTls};

use super::time_to_redirect;
use super::{ASKING, FILE, RECOVERY, assert_said, assert_served, cluster, load, said, site};
use crate::site::Site;

/// What a role other than the cluster's own may need.
const ROLE: &str = "CREATE ROLE web LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO web";

/// Ends the sessions of the role.
const END_SESSIONS: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'web'";

#[test]
fn a_locked_table_delays_few_requests_and_serves_files() {
    let (cluster, params) = cluster();
    let mut httpd = site(&params, ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    let db = cluster.attach("outage");
    let mut other = db.connect().expect("a connection");
    let mut transaction = other.transaction().expect("a transaction");
    transaction
        .batch_execute("LOCK TABLE filearr IN ACCESS EXCLUSIVE MODE")
        .expect("a lock");
    sleep(Duration::from_secs(4));
    transaction.commit().expect("the end of the lock");
    let took = time_to_redirect(&httpd);
    let samples = load.finish();

    let count = assert_served(&samples);
    assert!(count.status(200) > 10, "{count}");
    assert!(count.slowest < Duration::from_secs(4), "{count}");
    let slow = samples
        .iter()
        .filter(|s| s.took > Duration::from_millis(500));
    assert!(slow.count() <= 8, "{count}");
    assert!(took < RECOVERY, "{took:?}");
    assert_said(
        &mut httpd,
        "SQLSTATE 57014",
        "the look-up of files works again",
    );
}

#[test]
fn a_statement_that_cannot_be_prepared_fails_alone_and_comes_back() {
    let (cluster, params) = cluster();
    let db = cluster.attach("outage");
    db.sql(ROLE);
    let mut httpd = site(&params.replace("user=mirrorbrain", "user=web"), ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    db.sql("ALTER TABLE filearr RENAME TO lost");
    db.sql(END_SESSIONS);
    sleep(Duration::from_secs(1));
    db.sql("ALTER TABLE lost RENAME TO filearr");
    let took = time_to_redirect(&httpd);
    let count = assert_served(&load.finish());
    assert!(count.status(200) > 10, "{count}");
    // Nobody waits for the two seconds that one answer may take.
    assert!(count.slowest < Duration::from_secs(2), "{count}");
    assert!(took < RECOVERY, "{took:?}");
    httpd.expect_log("the look-up of files works again");
    let lines = said(&httpd);
    let amiss = "relation \"filearr\" does not exist (SQLSTATE 42P01)";
    let count = lines.iter().filter(|line| line.contains(amiss)).count();
    assert!(count == 2 && lines.len() <= 4, "{lines:#?}");
    httpd.allow(amiss);
}

/// Who has a file is known without its hashes.
#[test]
fn redirects_go_on_while_hashes_cannot_be_read() {
    let (cluster, params) = cluster();
    let db = cluster.attach("outage");
    db.sql(ROLE);
    let mut httpd = site(&params.replace("user=mirrorbrain", "user=web"), ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    db.sql("REVOKE SELECT ON hash FROM web");
    sleep(Duration::from_secs(1));
    assert_eq!(httpd.get(&format!("{FILE}.sha256")).status, 503);
    db.sql("ALTER TABLE hash RENAME TO lost");
    db.sql(END_SESSIONS);
    sleep(Duration::from_secs(1));
    db.sql("ALTER TABLE lost RENAME TO hash; GRANT SELECT ON hash TO web");
    sleep(Duration::from_secs(1));
    let count = assert_served(&load.finish());
    assert_eq!(count.status(302), count.requests, "{count}");
    httpd.expect_log("the look-up of files works again");
    httpd.allow("permission denied for table hash (SQLSTATE 42501)");
}

#[test]
fn a_role_that_may_not_connect_any_more_serves_files() {
    let (cluster, params) = cluster();
    let db = cluster.attach("outage");
    db.sql(ROLE);
    let mut httpd = site(&params.replace("user=mirrorbrain", "user=web"), ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    db.sql("ALTER ROLE web CONNECTION LIMIT 0");
    db.sql(END_SESSIONS);
    sleep(Duration::from_secs(2));
    db.sql("ALTER ROLE web CONNECTION LIMIT -1");
    let took = time_to_redirect(&httpd);
    let count = assert_served(&load.finish());
    assert!(count.status(200) > 10, "{count}");
    // Nobody waits for the two seconds that one answer may take.
    assert!(count.slowest < Duration::from_secs(2), "{count}");
    assert!(took < RECOVERY, "{took:?}");
    assert_said(&mut httpd, "is not available", "answers again");
}

#[test]
fn a_server_without_a_free_connection_serves_files() {
    let fixture = harness::workspace().join("tests/compat/modules/fixture.sql");
    let cluster = Cluster::start(&[("max_connections", "8")]);
    let db = cluster.database("outage", &[&fixture]);
    db.sql(ROLE);
    db.sql("CREATE ROLE greedy LOGIN");
    let mut httpd = site(&db.params().replace("user=mirrorbrain", "user=web"), ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    let greedy = db.params().replace("user=mirrorbrain", "user=greedy");
    let connect = || Client::connect(&greedy, NoTls);
    let mut taken = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(10);
    while db.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'web'") != "0"
        || said(&httpd).is_empty()
    {
        assert!(Instant::now() < deadline, "{} taken", taken.len());
        db.sql(END_SESSIONS);
        taken.extend(connect());
    }
    sleep(Duration::from_secs(1));
    drop(taken);
    let took = time_to_redirect(&httpd);
    let count = assert_served(&load.finish());
    assert!(count.status(200) > 10, "{count}");
    assert!(took < RECOVERY, "{took:?}");
    assert_said(&mut httpd, "is not available", "answers again");
}

#[test]
fn a_memcached_that_hangs_or_goes_costs_no_redirect() {
    let mut memcached = Memcached::start();
    let mut httpd = Site::new("outage_memcached")
        .server("MirrorBrainMemcached On")
        .server(&format!("MemcacheServer 127.0.0.1:{}", memcached.port()))
        .start();
    assert_eq!(httpd.get(FILE).status, 302);
    let mut during = |what: fn(&mut Memcached)| {
        let load = load(&httpd);
        sleep(Duration::from_millis(200));
        what(&mut memcached);
        sleep(Duration::from_millis(1500));
        load.finish()
    };
    let hang = during(|memcached| memcached.pause());
    let gone = during(Memcached::stop);
    for samples in [hang, gone] {
        let count = assert_served(&samples);
        assert_eq!(count.status(302), count.requests, "{count}");
        assert!(count.slowest < Duration::from_millis(500), "{count}");
    }
    let lines = said(&httpd);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    httpd.allow("mirrors are not remembered");
}
