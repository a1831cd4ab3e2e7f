//! The database is away at the start, during, and at a refresh.

use std::time::{Duration, Instant};

use harness::postgres::Cluster;

use super::{ask, networks, site, wait_until};

#[test]
fn a_server_starts_serves_and_recovers_without_its_database() {
    let cluster = Cluster::start(&[]);
    let db = networks(&cluster, "asn_outage");
    cluster.stop();
    let mut httpd = site(&db.params()).start();
    for _ in 0..10 {
        let start = Instant::now();
        assert_eq!(ask(&httpd, "10.9.9.9"), "-");
        assert!(start.elapsed() < Duration::from_secs(1));
    }
    httpd.expect_log("cannot read the networks (pfx2asn): 127.0.0.1:");
    cluster.resume();
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 64500");

    // Once the table is there it needs no database, in a new process neither.
    httpd.expect_log("the networks (pfx2asn) can be read again");
    cluster.stop();
    let away = "cannot read the networks";
    let deadline = Instant::now() + Duration::from_secs(15);
    while httpd.log().matches(away).count() < 2 {
        assert!(Instant::now() < deadline, "{}", httpd.log());
        assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 64500");
    }
    httpd.graceful();
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 64500");
    cluster.resume();
    db.sql("UPDATE pfx2asn SET asn = 5 WHERE pfx = '10.0.0.0/8'");
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 5");
    // At the first start, at the second outage, and by the new process.
    let said = httpd.log().matches(away).count();
    assert!((2..=3).contains(&said), "{}", httpd.log());
}

#[test]
fn a_database_that_hangs_delays_nobody() {
    let cluster = Cluster::start(&[]);
    let db = networks(&cluster, "asn_hang");
    let httpd = site(&db.params()).start();
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 64500");
    std::thread::sleep(Duration::from_millis(500));
    cluster.pause();
    for _ in 0..50 {
        let start = Instant::now();
        assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 64500");
        assert!(start.elapsed() < Duration::from_millis(500));
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.unpause();
    db.sql("UPDATE pfx2asn SET asn = 5 WHERE pfx = '10.0.0.0/8'");
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 5");
}
