//! A database of MirrorBrain's development version 2.20, seen through `sql/views-2.20.sql`.

use std::time::{Duration, Instant};

use harness::http::Response;
use harness::httpd::Httpd;
use harness::postgres::Database;
use harness::site::{GERMANY, Mirror, Site, noise};
use harness::sums::Sums;

const AS_2_20: &str = include_str!("../compat/mb/to-2.20.sql");
const VIEWS: &str = include_str!("../../sql/views-2.20.sql");

fn site(name: &str) -> (Httpd, Database<'static>) {
    let network = Mirror {
        asn: 64500,
        prefix: "192.0.2.0/24",
        restrictions: &["as_only"],
        ..Mirror::new("campus", "eu", "fr")
    };
    let content = noise(1, 100_000);
    let site = Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .mirror(&network)
        .file("a.iso", &content)
        .sums("a.iso", content.len(), &sums(&content))
        .local("b.iso", &noise(2, 5000))
        .sql(AS_2_20)
        .sql(
            "INSERT INTO serverpfx (serverid, prefix, asn) VALUES (2, '2001:db8::/32', 64501), \
              (2, '198.51.100.7-198.51.100.9', 64501)",
        )
        .sql(VIEWS);
    let params = site.params();
    site.config(&format!(
        "DBDParams \"{params} options='-c search_path=mirrorbrain_219,public'\"\n\
         MirrorBrainCacheTTL 1"
    ))
    .start()
}

fn sums(content: &[u8]) -> Sums {
    Sums::of(b"a.iso", content).with_zsync(content)
}

fn mirror(response: &Response) -> Option<String> {
    response.header("X-MirrorBrain-Mirror")
}

fn from_address(httpd: &Httpd, address: &str) -> Option<String> {
    let mut headers = vec![("X-Test-Addr", address)];
    headers.extend(GERMANY);
    mirror(&httpd.get_with("/a.iso", &headers))
}

#[test]
fn each_network_of_a_mirror_counts() {
    let (httpd, _database) = site("development_networks");
    for (address, expected) in [
        ("192.0.2.9", "campus"),
        ("2001:db8::9", "campus"),
        ("198.51.100.6", "berlin"),
        ("198.51.100.7", "campus"),
        ("198.51.100.9", "campus"),
        ("198.51.100.10", "berlin"),
        ("203.0.113.1", "berlin"),
    ] {
        let found = from_address(&httpd, address);
        assert_eq!(found.as_deref(), Some(expected), "{address}");
    }
    let mut headers = vec![("X-Test-ASN", "64500")];
    headers.extend(GERMANY);
    let found = mirror(&httpd.get_with("/a.iso", &headers));
    assert_eq!(found.as_deref(), Some("campus"));
}

#[test]
fn files_and_hashes_are_those_of_the_new_tables() {
    let (httpd, _database) = site("development_hashes");
    let md5 = httpd.get("/a.iso.md5").text();
    let sum = hex::encode(Sums::of(b"a.iso", &noise(1, 100_000)).md5);
    assert_eq!(md5, format!("{sum}  a.iso\n"));
    let metalink = httpd.get_with("/a.iso.meta4", GERMANY).text();
    assert!(metalink.contains(&sum), "{metalink}");
    assert!(metalink.contains("<pieces length="), "{metalink}");
    assert!(
        metalink.contains("http://berlin.example/a.iso"),
        "{metalink}"
    );
    assert_eq!(httpd.get_with("/a.iso.zsync", GERMANY).status, 200);
    // No mirror has it.
    assert_eq!(httpd.get_with("/b.iso", GERMANY).status, 200);
}

#[test]
fn changes_of_the_new_tables_are_seen() {
    let (mut httpd, database) = site("development_changes");
    assert_eq!(
        from_address(&httpd, "203.0.113.1").as_deref(),
        Some("berlin")
    );
    // A network alone: the table server is not touched.
    database.sql("UPDATE serverpfx SET prefix = '203.0.113.0/24' WHERE prefix <<= '192.0.2.0/24'");
    wait_for(|| from_address(&httpd, "203.0.113.1").as_deref() == Some("campus"));
    database.sql("DELETE FROM server_files WHERE server_id = 2");
    wait_for(|| from_address(&httpd, "203.0.113.1").as_deref() == Some("berlin"));
    database.sql("UPDATE server SET enabled = false");
    wait_for(|| from_address(&httpd, "203.0.113.1").is_none());
    httpd.expect_log("the table server has no mirror that may be used");
    // Safe to load again.
    database.sql(VIEWS);
}

#[track_caller]
fn wait_for(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "the change is not seen");
        std::thread::sleep(Duration::from_millis(100));
    }
}
