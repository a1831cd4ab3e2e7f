//! What took its time.

use std::time::{Duration, Instant};

use harness::postgres::Cluster;
use harness::process::amount;

use crate::site::{BERLIN, Site};

#[test]
fn m34_a_file_without_hashes_is_redirected_without_delay() {
    let httpd = Site::new("m34").server("MirrorBrainCacheTTL 0").start();
    assert_eq!(httpd.get_with("/iso/nohash.iso", &BERLIN).status, 302);
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(httpd.get_with("/iso/nohash.iso", &BERLIN).status, 302);
    }
    let each = start.elapsed() / 20;
    assert!(each < Duration::from_millis(50), "{each:?}");
}

#[test]
fn m35_a_redirect_does_not_fetch_block_sums() {
    let site = Site::new("m35")
        .sql("UPDATE hash SET zsums = decode(repeat('00', 26000000), 'hex') WHERE file_id = 1")
        .server("MirrorBrainCacheTTL 0");
    let httpd = site.start();
    let memory = || -> u64 { httpd.children().into_iter().map(resident).sum() };
    assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
    let (before, start) = (memory(), Instant::now());
    for _ in 0..20 {
        let response = httpd.get_with("/iso/full.iso", &BERLIN);
        assert_eq!(response.headers("Digest").len(), 3);
    }
    let each = start.elapsed() / 20;
    assert!(each < Duration::from_millis(50), "{each:?}");
    assert!(memory() < before + 10_000, "{before} to {} kB", memory());
}

#[test]
fn m35_redirects_do_not_touch_what_is_stored_out_of_line() {
    let site = Site::new("m35_toast").server("MirrorBrainCacheTTL 0").sql(
        // Random bytes, which no compression brings back into the row. Autovacuum would touch them.
        "ALTER TABLE hash SET (autovacuum_enabled = off, toast.autovacuum_enabled = off); \
         UPDATE hash SET (zsums, sha1pieces) = (SELECT sums, sums FROM (SELECT \
         string_agg(sha256(i::text::bytea), '') AS sums FROM generate_series(1, 10000) i) s)",
    );
    let database = Cluster::shared().attach("m35_toast");
    // A connection reports what it touched when it ends, at the latest.
    let touched_by_ended = |still_there: &str| -> i64 {
        let others = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'm35_toast' \
             AND pid <> pg_backend_pid() AND application_name <> '{still_there}'"
        );
        while database.sql(&others) != "0" {
            std::thread::sleep(Duration::from_millis(20));
        }
        let blocks = "SELECT toast_blks_read + toast_blks_hit FROM pg_statio_user_tables \
                      WHERE relname = 'hash'";
        database.sql(blocks).parse().expect("a number of blocks")
    };
    let httpd = site.start();
    let before = touched_by_ended("mirrorbrain");
    for _ in 0..10 {
        let response = httpd.get_with("/iso/full.iso", &BERLIN);
        assert_eq!(
            (response.status, response.headers("Digest").len()),
            (302, 3)
        );
    }
    drop(httpd);
    assert_eq!(touched_by_ended("none"), before);
    // The measure is one: reading the sums shows.
    database.sql("SELECT sum(length(encode(zsums, 'hex'))) FROM hash");
    assert!(touched_by_ended("none") > before);
}

/// Resident memory of a process in kB.
fn resident(pid: u32) -> u64 {
    amount(pid, "status", "VmRSS:").expect("VmRSS") >> 10
}
