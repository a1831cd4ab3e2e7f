//! What was wrong in mod_asn 1.7, by the ids of the list of defects.

use std::time::{Duration, Instant};

use harness::httpd::Httpd;
use harness::postgres::Cluster;

use super::{ask, networks, site, wait_until};

/// A site with a query of its own, which the original ran for every request.
fn with_query(params: &str, sql: &str) -> Httpd {
    site(params)
        .config(&format!("ASLookupQuery \"{sql}\""))
        .start()
}

const QUERY: &str = "SELECT pfx, asn FROM pfx2asn WHERE pfx >>= ip4r(%s) ORDER BY @ pfx LIMIT 1";

/// The original copied the columns after it had freed the result that they were in.
#[test]
fn a01_answers_are_whole_whatever_freed_memory_holds() {
    let db = networks(Cluster::shared(), "asn_a01");
    let perturbed =
        |builder: harness::httpd::Builder| builder.env("MALLOC_PERTURB_", "165").start();
    for httpd in [
        perturbed(site(&db.params())),
        perturbed(site(&db.params()).config(&format!("ASLookupQuery \"{QUERY}\""))),
    ] {
        for _ in 0..20 {
            assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 64500");
            assert_eq!(ask(&httpd, "10.1.9.9"), "10.1.0.0/16 4200000000");
        }
    }
}

/// The original slept a tenth of a second when the query had no row.
#[test]
fn a02_unknown_clients_are_not_slower_than_known_ones() {
    let db = networks(Cluster::shared(), "asn_a02");
    let httpd = with_query(&db.params(), QUERY);
    ask(&httpd, "10.9.9.9");
    // Different addresses, so that none comes from the cache. The median is proof against a
    // machine that is busy with other tests.
    let mut times: Vec<Duration> = (1..=15)
        .map(|n| {
            let start = Instant::now();
            assert_eq!(ask(&httpd, &format!("192.0.2.{n}")), "-");
            start.elapsed()
        })
        .collect();
    times.sort();
    let median = times.get(7).copied().unwrap_or_default();
    assert!(median < Duration::from_millis(80), "{times:?}");
}

/// The original called an SQL error "IP not found", at level notice.
#[test]
fn a03_an_sql_error_is_called_one() {
    let db = networks(Cluster::shared(), "asn_a03");
    let mut httpd = with_query(
        &db.params(),
        "SELECT pfx, asn FROM nowhere WHERE pfx >>= ip4r(%s)",
    );
    assert_eq!(ask(&httpd, "10.9.9.9"), "-");
    httpd.expect_log("relation \"nowhere\" does not exist");
    let log = httpd.log();
    let line = log
        .lines()
        .find(|line| line.contains("nowhere"))
        .unwrap_or_default();
    assert!(
        line.contains("[asn:error]") && line.contains("ASLookupQuery"),
        "{line}"
    );
    assert!(!log.contains("not found"), "{log}");
}

/// The original passed the header on to the query as it came, lists and quotes included.
#[test]
fn a04_only_the_last_address_of_a_list_is_looked_up() {
    let db = networks(Cluster::shared(), "asn_a04");
    let table = site(&db.params()).start();
    for httpd in [table, with_query(&db.params(), QUERY)] {
        for (value, expected) in [
            ("192.0.2.1, 10.9.9.9", "10.0.0.0/8 64500"),
            ("10.1.2.10,2001:db8::1", "2001:db8::/32 64503"),
            (" 10.9.9.9 , unknown", "10.0.0.0/8 64500"),
            ("::ffff:10.9.9.9", "10.0.0.0/8 64500"),
            ("unknown", "-"),
            ("10.9.9.9' OR true --", "-"),
            ("localhost", "-"),
            ("", "-"),
        ] {
            // IPv6 needs a query for it: ip4r() takes IPv4 only.
            if !(value.contains("db8") && httpd.log().contains("SQLSTATE")) {
                let found = ask(&httpd, value);
                let is_query_and_v6 = value.contains("db8") && found == "-";
                assert!(found == expected || is_query_and_v6, "{value}: {found}");
            }
        }
    }
}

/// The original took a connection to the database before it knew whether there is an address.
#[test]
fn a05_a_request_without_an_address_does_not_reach_the_database() {
    let db = Cluster::shared().database("asn_a05", &[]);
    db.sql(
        "CREATE SEQUENCE asked; CREATE FUNCTION network(text) RETURNS TABLE (pfx text, asn text) \
         AS $$ SELECT '10.0.0.0/8', nextval('asked')::text $$ LANGUAGE sql",
    );
    let httpd = with_query(&db.params(), "SELECT * FROM network(%s)");
    for _ in 0..5 {
        assert_eq!(super::asked(&httpd.get("/")), "-");
        assert_eq!(ask(&httpd, "nobody"), "-");
    }
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 1");
}

/// The original told its own query from a site's by the address of the text.
#[test]
fn a06_a_query_is_run_as_given_also_if_it_is_the_built_in_one() {
    let db = networks(Cluster::shared(), "asn_a06");
    let httpd = with_query(&db.params(), QUERY);
    assert_eq!(ask(&httpd, "10.1.9.9"), "10.1.0.0/16 4200000000");
    // A site's query is asked, not the table in memory: nothing was loaded.
    assert!(!httpd.work().join("mod_asn").exists());
    let text = "SELECT 'x''%%' || %s, 5";
    let httpd = with_query(&db.params(), text);
    assert_eq!(ask(&httpd, "10.1.9.9"), "x'%10.1.9.9 5");
}

/// The original threw the first row away if there was a second.
#[test]
fn a08_of_several_rows_the_first_counts() {
    let db = networks(Cluster::shared(), "asn_a08");
    let sql = "SELECT pfx, asn FROM pfx2asn WHERE pfx >>= ip4r(%s) ORDER BY @ pfx";
    let httpd = with_query(&db.params(), sql);
    assert_eq!(ask(&httpd, "10.1.2.15"), "10.1.2.10-10.1.2.20 64502");
    let httpd = site(&db.params()).start();
    wait_until(&httpd, "10.1.2.15", "10.1.2.10-10.1.2.20 64502");
}
