//! Sums, sizes and times at their limits.

use harness::files;
use harness::httpd::Httpd;
use harness::postgres::Cluster;
use harness::site::{GERMANY, Mirror, Site as OwnSite};

use crate::site::{BERLIN, Site};

/// 2100-01-01T00:00:00Z
const LATE: u64 = 4_102_444_800;

/// The site with a file that changes after 2038.
fn late(site: Site) -> Httpd {
    let builder = site.builder();
    files::sparse(&builder.tree(), "iso/full.iso", 1_500_000, LATE);
    builder.start()
}

/// Status of a request for that file, and how many digests the answer has.
fn digests(httpd: &Httpd) -> (u16, usize) {
    let response = httpd.get_with("/iso/full.iso", &BERLIN);
    (response.status, response.headers("Digest").len())
}

#[test]
fn m38_files_from_after_2038_are_served_with_their_date_and_their_hashes() {
    let site = Site::new("m38")
        // A site that has made the change that its 32 bits call for.
        .sql("DROP VIEW hexhash; ALTER TABLE hash ALTER mtime TYPE bigint")
        .sql(&format!("UPDATE hash SET mtime = {LATE} WHERE file_id = 1"));
    let httpd = late(site);
    assert_eq!(digests(&httpd), (302, 3));
    assert_eq!(httpd.get_with("/iso/full.iso.sha256", &BERLIN).status, 200);
    let zsync = httpd.get_with("/iso/full.iso.zsync", &BERLIN).text();
    assert!(
        zsync.contains("\nMTime: Fri, 01 Jan 2100 00:00:00 GMT\n"),
        "{zsync}"
    );
}

#[test]
fn m38_a_date_beyond_the_databases_column_is_no_error() {
    let httpd = late(Site::new("m38_integer"));
    assert_eq!(digests(&httpd), (302, 0));
    assert_eq!(httpd.get_with("/iso/full.iso.sha256", &BERLIN).status, 404);
}

#[test]
fn m45_zsync_without_all_of_its_data_is_not_found() {
    let httpd = Site::new("m45").server("MirrorBrainCacheTTL 0").start();
    let database = Cluster::shared().attach("m45");
    let status = || httpd.get_with("/iso/full.iso.zsync", &BERLIN).status;
    assert_eq!(status(), 200);
    for (column, none) in [
        ("zsums", "''"),
        ("zblocksize", "0"),
        ("zhashlens", "''"),
        ("sha1", "''"),
    ] {
        database.sql("CREATE TABLE saved AS SELECT * FROM hash");
        database.sql(&format!("UPDATE hash SET {column} = {none}"));
        assert_eq!(status(), 404, "{column}");
        database.sql("TRUNCATE hash; INSERT INTO hash SELECT * FROM saved; DROP TABLE saved");
    }
    assert_eq!(status(), 200);
}

#[test]
fn m46_a_digest_of_the_wrong_length_is_none() {
    let httpd = Site::new("m46").server("MirrorBrainCacheTTL 0").start();
    let database = Cluster::shared().attach("m46");
    for value in ["'\\x0102'", "sha1 || sha1 || sha1"] {
        database.sql(&format!("UPDATE hash SET md5 = {value}, sha256 = {value}"));
        assert_one_digest(&httpd.get_with("/iso/full.iso", &BERLIN).headers("Digest"));
        assert_eq!(httpd.get_with("/iso/full.iso.md5", &BERLIN).status, 404);
        let meta4 = httpd.get_with("/iso/full.iso.meta4", &BERLIN).text();
        assert!(!meta4.contains("type=\"md5\"") && meta4.contains("type=\"sha-1\""));
    }
}

#[test]
fn m46_hex_that_is_none_or_too_short_is_no_digest() {
    let httpd = Site::new("m46_hex")
        .server(
            "MirrorBrainDBDQueryHash \"SELECT 1, 'e27e', \
             'e74fe762b9c3d7df32d1254f9f02054ceed06da3', \
             'xyz4fe762b9c3d7df32d1254f9f02054ceed06da3e74fe762b9c3d7df32d1254', \
             262144, NULL, 'abc', NULL, NULL, NULL, NULL WHERE %s = 'iso/full.iso' \
             AND %lld > 0 AND %lld > 0\"",
        )
        .start();
    assert_one_digest(&httpd.get_with("/iso/full.iso", &BERLIN).headers("Digest"));
    assert_eq!(httpd.get_with("/iso/full.iso.sha256", &BERLIN).status, 404);
    assert_eq!(httpd.get_with("/iso/full.iso.sha1", &BERLIN).status, 200);
    assert_eq!(httpd.get_with("/iso/full.iso.btih", &BERLIN).status, 404);
}

#[track_caller]
fn assert_one_digest(digests: &[String]) {
    assert_eq!(digests.len(), 1, "{digests:?}");
    assert!(digests[0].starts_with("SHA="), "{digests:?}");
}

#[test]
fn m47_a_file_of_five_gigabytes_is_that_long_everywhere() {
    const SIZE: u64 = 5 << 30;
    let sums = format!(
        "INSERT INTO hash SELECT id, 1700000000, {SIZE}, sha1, sha1, sha1, 1 << 30, \
         decode(repeat('00', 100), 'hex'), sha1, '', 16384, '1,2,3', \
         decode(repeat('00', 5 * 327680), 'hex') FROM filearr, \
         (SELECT decode(repeat('ab', 20), 'hex') AS sha1) AS h"
    );
    let site = OwnSite::new("m47")
        .mirror(&Mirror::new("m", "eu", "de"))
        .file("dvd.iso", b"")
        .sql(&sums)
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce");
    let site = site.httpd(|builder| {
        files::sparse(&builder.tree(), "dvd.iso", SIZE, 1_700_000_000);
        builder
    });
    let (httpd, _) = site.start();
    for (suffix, text) in [
        ("meta4", "<size>5368709120</size>"),
        ("metalink", "<size>5368709120</size>"),
        ("zsync", "\nLength: 5368709120\n"),
        ("magnet", "&xl=5368709120&"),
        ("mirrorlist", "5368709120"),
    ] {
        let response = httpd.get_with(&format!("/dvd.iso.{suffix}"), GERMANY);
        assert_eq!(response.status, 200, "{suffix}");
        let document = response.text();
        let plain: String = document
            .chars()
            .filter(|c| !",\u{202f}\u{a0}".contains(*c))
            .collect();
        assert!(plain.contains(text), "{suffix}: {document}");
    }
    assert_eq!(httpd.get_with("/dvd.iso", GERMANY).status, 302);
}

#[test]
fn m48_what_is_not_known_of_a_client_is_not_shown() {
    let httpd = Site::new("m48").start();
    let page = |headers: &[(&str, &str)]| {
        let page = httpd.get_with("/iso/full.iso.mirrorlist", headers);
        assert_eq!(page.status, 200);
        page.text()
    };
    let whole = page(&[]);
    let named = page(&[("X-Test-Country", "DE")]);
    for text in [&whole, &named] {
        assert!(!text.contains("(null)") && !text.contains("None"), "{text}");
    }
    assert!(named.contains("a visitor from Germany"), "{named}");
}
