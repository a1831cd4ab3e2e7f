//! The table `pfx2asn` in memory.

use harness::command::signal;
use harness::httpd::Mpm;
use harness::postgres::Cluster;

use super::{ask, networks, site, wait_until};

#[test]
fn the_smallest_range_is_found_under_every_mpm() {
    let db = networks(Cluster::shared(), "asn_smallest");
    for mpm in Mpm::ALL {
        let httpd = site(&db.params()).mpm(mpm).start();
        // From the first request on: the table may still be loading.
        assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 64500", "{mpm:?}");
        wait_for_table(&httpd);
        assert_eq!(ask(&httpd, "10.1.2.9"), "10.1.0.0/16 4200000000");
        assert_eq!(ask(&httpd, "10.1.2.20"), "10.1.2.10-10.1.2.20 64502");
        assert_eq!(ask(&httpd, "11.0.0.1"), "-");
        assert_eq!(ask(&httpd, "2001:db8:1::5"), "2001:db8:1::/48 4294967295");
        assert_eq!(ask(&httpd, "2001:db8:2::5"), "2001:db8::/32 64503");
        assert_eq!(ask(&httpd, "2001:db9::"), "-");
        assert_eq!(ask(&httpd, "::ffff:10.1.2.9"), "10.1.0.0/16 4200000000");
    }
}

/// Waits until a file with the table is there, and the children have had time to see it.
fn wait_for_table(httpd: &harness::httpd::Httpd) {
    let directory = httpd.work().join("mod_asn");
    let is_there = || {
        let entries = std::fs::read_dir(&directory)
            .into_iter()
            .flatten()
            .flatten();
        entries
            .map(|e| e.path())
            .any(|p| p.extension().is_some_and(|e| e == "table"))
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while !is_there() {
        assert!(
            std::time::Instant::now() < deadline,
            "no table:\n{}",
            httpd.log()
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
}

#[test]
fn a_change_is_seen_without_a_restart() {
    let db = networks(Cluster::shared(), "asn_change");
    let httpd = site(&db.params()).start();
    wait_until(&httpd, "10.1.2.9", "10.1.0.0/16 4200000000");
    db.sql("UPDATE pfx2asn SET asn = 7 WHERE pfx = '10.1.0.0/16'");
    wait_until(&httpd, "10.1.2.9", "10.1.0.0/16 7");
    db.sql("DELETE FROM pfx2asn WHERE pfx = '10.1.0.0/16'");
    wait_until(&httpd, "10.1.2.9", "10.0.0.0/8 64500");
    db.sql("BEGIN; TRUNCATE pfx2asn; INSERT INTO pfx2asn VALUES ('10.1.2.0/24', 8); COMMIT");
    wait_until(&httpd, "10.1.2.9", "10.1.2.0/24 8");
    db.sql("ALTER TABLE pfx2asn RENAME TO old; CREATE TABLE pfx2asn (pfx ip4r, asn integer); INSERT INTO pfx2asn VALUES ('10.1.2.9', 9)");
    wait_until(&httpd, "10.1.2.9", "10.1.2.9 9");
}

/// Each version of the table gives prefix and AS number of its own; an answer with one of each
/// would show a mixture.
#[test]
fn old_and_new_are_never_mixed() {
    let db = Cluster::shared().database("asn_mixed", &[]);
    let fill = |prefix: u32| {
        db.sql(&format!(
            "BEGIN; DELETE FROM pfx2asn; INSERT INTO pfx2asn \
             SELECT ('10.' || n || '.0.0/{prefix}')::iprange, {prefix} \
             FROM generate_series(0, 255) AS n; COMMIT"
        ));
    };
    fill(16);
    let httpd = site(&db.params()).start();
    wait_until(&httpd, "10.1.0.1", "10.1.0.0/16 16");
    for prefix in [17, 18, 19] {
        fill(prefix);
        let expected = format!("10.1.0.0/{prefix} {prefix}");
        loop {
            let answer = ask(&httpd, "10.1.0.1");
            let consistent = (16..20).any(|p| answer == format!("10.1.0.0/{p} {p}"));
            assert!(consistent, "{answer}");
            if answer == expected {
                break;
            }
        }
    }
}

#[test]
fn the_table_is_there_at_once_after_a_restart_and_the_death_of_the_child_that_loads() {
    let db = networks(Cluster::shared(), "asn_restart");
    let mut httpd = site(&db.params()).mpm(Mpm::Prefork).start();
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 64500");
    wait_for_table(&httpd);
    httpd.graceful();
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 64500");
    httpd.allow("exit signal Killed");
    for _ in 0..3 {
        // Whoever leads is among them.
        signal("KILL", &httpd.children());
        db.sql("UPDATE pfx2asn SET asn = asn + 1 WHERE pfx = '10.0.0.0/8'");
        let asn = db.sql("SELECT asn FROM pfx2asn WHERE pfx = '10.0.0.0/8'");
        wait_until(&httpd, "10.9.9.9", &format!("10.0.0.0/8 {asn}"));
    }
}

#[test]
fn a_missing_empty_or_unreadable_table_is_said_once() {
    let db = Cluster::shared().database("asn_bad", &[]);
    let mut httpd = site(&db.params()).start();
    httpd.expect_log("pfx2asn is empty");
    db.sql("DROP TABLE pfx2asn");
    httpd.expect_log("there is no table pfx2asn in the database");
    assert_eq!(ask(&httpd, "10.9.9.9"), "-");
    db.sql("CREATE TABLE pfx2asn (pfx text, asn text); INSERT INTO pfx2asn VALUES ('x', 'y')");
    httpd.expect_log("1 of 1 rows of pfx2asn are no range and AS number, the first is \"x y\"");
    db.sql("INSERT INTO pfx2asn VALUES ('10.0.0.0/8', '5')");
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 5");
    httpd.expect_log("1 of 2 rows of pfx2asn");
    db.sql("ALTER TABLE pfx2asn RENAME asn TO number; DELETE FROM pfx2asn WHERE pfx = 'x'");
    httpd.expect_log("column \"asn\" does not exist");
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 5");
    db.sql("ALTER TABLE pfx2asn RENAME number TO asn");
    httpd.expect_log("the networks (pfx2asn) can be read again");
    for text in [
        "pfx2asn is empty",
        "there is no table",
        "1 of 1 rows",
        "does not exist",
    ] {
        assert_eq!(
            httpd.log().matches(text).count(),
            1,
            "{text}\n{}",
            httpd.log()
        );
    }
}
