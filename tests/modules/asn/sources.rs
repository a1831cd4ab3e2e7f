//! A query of the site's own, and an mmdb file.

use std::fs;
use std::path::Path;

use geo_db::writer::{Value, Writer};
use harness::httpd::Httpd;
use harness::postgres::Cluster;

use super::{LOOKUP, ask, networks, site, wait_until};

#[test]
fn answers_of_a_query_are_kept_for_the_refresh_time() {
    let db = Cluster::shared().database("asn_cache", &[]);
    db.sql("CREATE SEQUENCE asked");
    let sql = "SELECT %s || '/32', nextval('asked')";
    let httpd = site(&db.params())
        .config(&format!("ASLookupQuery \"{sql}\"\nASLookupRefresh 2"))
        .start();
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.9.9.9/32 1");
    assert_eq!(ask(&httpd, "10.9.9.8"), "10.9.9.8/32 2");
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.9.9.9/32 1");
    std::thread::sleep(std::time::Duration::from_millis(2200));
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.9.9.9/32 3");
}

#[test]
fn a_query_that_finds_null_finds_nothing() {
    let db = networks(Cluster::shared(), "asn_null");
    let sql = "SELECT NULLIF(%s::text, '10.9.9.9'), 5";
    let httpd = site(&db.params())
        .config(&format!("ASLookupQuery \"{sql}\""))
        .start();
    assert_eq!(ask(&httpd, "10.9.9.9"), "-");
    assert_eq!(ask(&httpd, "10.9.9.8"), "10.9.9.8 5");
}

#[test]
fn a_query_without_a_database_stops_the_start() {
    let text = Httpd::builder()
        .ours(&["asn"])
        .config("ASLookupQuery \"SELECT 1, 2\"")
        .config("<Directory \"@TREE@\">\nASLookup On\n</Directory>")
        .refusal();
    assert_eq!(
        text,
        "ASLookupQuery: DBDParams does not say which database to ask"
    );
}

/// One network; the number is at the top level in GeoLite2-ASN as well as in the flat schema.
fn mmdb(path: &Path, network: &str, asn: u32) {
    let record = Value::map([("autonomous_system_number", Value::Unsigned32(asn))]);
    let new = path.with_extension("new");
    let writer = Writer::new("GeoLite2-ASN").insert(network, record);
    let bytes = writer.to_bytes().expect("an mmdb file");
    fs::write(&new, bytes).expect("the file");
    fs::rename(&new, path).expect("the file in its place");
}

#[test]
fn an_mmdb_file_answers_and_is_replaced() {
    let builder = Httpd::builder()
        .ours(&["asn"])
        .config("ASLookupDatabase as.mmdb\nASIPHeader X-Client")
        .config(LOOKUP);
    let file = builder.work().join("as.mmdb");
    mmdb(&file, "10.0.0.0/8", 4_200_000_000);
    let mut httpd = builder.start();
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 4200000000");
    assert_eq!(ask(&httpd, "2001:db8::1"), "-");
    mmdb(&file, "2001:db8::/32", 5);
    wait_until(&httpd, "2001:db8::1", "2001:db8::/32 5");
    assert_eq!(ask(&httpd, "10.9.9.9"), "-");
    fs::write(file.with_extension("bad"), "no database").expect("a file");
    fs::rename(file.with_extension("bad"), &file).expect("the file in its place");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(ask(&httpd, "2001:db8::1"), "2001:db8::/32 5");
    httpd.expect_log("as.mmdb is no usable mmdb file");
}

#[test]
fn an_mmdb_file_that_is_missing_is_named_and_taken_up_when_it_comes() {
    let builder = Httpd::builder()
        .ours(&["asn"])
        .config("ASLookupDatabase as.mmdb\nASIPHeader X-Client")
        .config(LOOKUP);
    let file = builder.work().join("as.mmdb");
    let mut httpd = builder.start();
    assert_eq!(ask(&httpd, "10.9.9.9"), "-");
    httpd.expect_log("ASLookupDatabase: cannot open");
    mmdb(&file, "10.0.0.0/8", 6);
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 6");
}
