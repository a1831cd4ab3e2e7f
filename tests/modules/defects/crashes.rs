//! What killed a child of the original.

use harness::postgres::Cluster;

use super::survives;
use crate::site::{BERLIN, Site};

#[test]
fn m01_a_missing_yumlist_is_not_found() {
    let httpd = Site::new("m01").start();
    assert_eq!(survives(&httpd, "/nothing.yumlist", &[]).status, 404);
    assert_eq!(survives(&httpd, "/iso/full.iso.yumlist", &[]).status, 404);
}

#[test]
fn m02_an_address_that_is_none_is_an_unknown_client() {
    let httpd = Site::new("m02").start();
    for junk in ["junk", "999.1.2.3", "10.1.3.4, 10.1.3.5", "%00", "::ffff:"] {
        let response = survives(&httpd, "/iso/full.iso", &[("X-Test-Addr", junk)]);
        assert_eq!(response.status, 302, "{junk}");
        assert_ne!(
            response.header("X-MirrorBrain-Realm").as_deref(),
            Some("prefix")
        );
    }
}

#[test]
fn m03_the_connections_address_counts_when_no_module_names_one() {
    let site = |name: &str, line: &str| Site::new(name).directory(line).start();
    let httpd = site("m03_ip", "MirrorBrainExcludeIP 127.0.0.1");
    assert_eq!(survives(&httpd, "/iso/full.iso", &[]).status, 200);
    let httpd = site("m03_network", "MirrorBrainExcludeNetwork 127.");
    assert_eq!(survives(&httpd, "/iso/full.iso", &[]).status, 200);
    // Where mod_maxminddb puts it.
    let httpd = Site::new("m03_mmdb")
        .server("SetEnvIf X-Test-Mmdb \"(.+)\" MMDB_ADDR=$1")
        .directory("MirrorBrainExcludeIP 192.0.2.1")
        .start();
    let named = |address| httpd.get_with("/iso/full.iso", &[("X-Test-Mmdb", address)]);
    assert_eq!(named("192.0.2.1").status, 200);
    assert_eq!(named("192.0.2.2").status, 302);
    let httpd = site("m03_none", "");
    let page = survives(&httpd, "/iso/full.iso.mirrorlist", &[]);
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("(null)"));
}

#[test]
fn m04_names_are_not_looked_up_as_addresses() {
    // A name that every resolver finds, by /etc/hosts: were it looked up, the file would be sent.
    let httpd = Site::new("m04")
        .directory("MirrorBrainExcludeIP 127.0.0.1")
        .start();
    let response = httpd.get_with("/iso/full.iso", &[("X-Test-Addr", "localhost")]);
    assert_eq!(response.status, 302);
}

#[test]
fn m05_a_query_that_fails_leaves_the_fallbacks() {
    let mut httpd = Site::new("m05")
        .server("MirrorBrainDBDQuery \"SELECT nonsense FROM nowhere WHERE path = %s\"")
        .directory("MirrorBrainFallback eu de http://fallback.example.org/pub")
        .start();
    let response = survives(&httpd, "/iso/full.iso", &BERLIN);
    assert_eq!(response.status, 302);
    assert_eq!(
        response.location(),
        "http://fallback.example.org/pub/iso/full.iso"
    );
    httpd.expect_log("relation \"nowhere\" does not exist");
}

#[test]
fn m07_a_fallback_without_host_stops_the_start() {
    let builder = Site::new("m07")
        .directory("MirrorBrainFallback eu de http:/pub")
        .builder();
    assert_eq!(
        builder.refusal(),
        "MirrorBrainFallback: \"http:/pub\" is not a URL with a scheme and a host"
    );
}

#[test]
fn m08_a_score_of_zero_from_a_custom_query_is_no_mirror() {
    let httpd = Site::new("m08")
        .server(
            "MirrorBrainDBDQuery \"SELECT id, identifier, region, country, lat, lng, asn, prefix, \
             0, baseurl, region_only, country_only, as_only, prefix_only, other_countries, \
             file_maxsize FROM server WHERE %s <> ''\"",
        )
        .start();
    assert_eq!(survives(&httpd, "/iso/full.iso", &BERLIN).status, 200);
}

#[test]
fn m09_a_torrent_without_all_its_digests_is_not_found() {
    let httpd = Site::new("m09")
        .server("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .server("MirrorBrainCacheTTL 0")
        .start();
    let database = Cluster::shared().attach("m09");
    let torrent = || survives(&httpd, "/iso/full.iso.torrent", &BERLIN).status;
    assert_eq!(torrent(), 200);
    for column in ["md5", "sha1", "sha256", "sha1pieces", "btih"] {
        database.sql("CREATE TABLE saved AS SELECT * FROM hash");
        database.sql(&format!("UPDATE hash SET {column} = ''"));
        assert_eq!(torrent(), 404, "{column}");
        database.sql("TRUNCATE hash; INSERT INTO hash SELECT * FROM saved; DROP TABLE saved");
    }
    assert_eq!(torrent(), 200);
}
