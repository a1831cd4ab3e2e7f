//! What is answered differently than by the original modules, on purpose, beside its defects.

use harness::http::Response;
use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site};

use crate::documents::urls;

fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .mirror(&Mirror::new("new-york", "na", "us"))
        .hashed("iso/full.iso", b"content")
}

fn get(httpd: &Httpd, path: &str) -> Response {
    httpd.get_with(path, GERMANY)
}

#[test]
fn two_virtual_hosts_may_name_the_same_database() {
    let site = site("corrections_vhosts");
    let params = site.params();
    let (httpd, _) = site
        .config(&format!(
            "<VirtualHost *:@PORT@>\nServerName one.example.org\nDBDParams \"{params}\"\n\
             </VirtualHost>\n<VirtualHost *:@PORT@>\nServerName two.example.org\n\
             DBDParams \"{params}\"\n</VirtualHost>"
        ))
        .start();
    for host in ["one.example.org", "two.example.org"] {
        let mut headers = GERMANY.to_vec();
        headers.push(("Host", host));
        let location = httpd.get_with("/iso/full.iso", &headers).location();
        assert_eq!(location, "http://berlin.example/iso/full.iso", "{host}");
    }
}

#[test]
fn a_suffix_stands_for_a_document_of_a_file_only() {
    let (httpd, _) = site("corrections_suffix")
        .local("iso/dir/file", b"")
        .directory("MirrorBrainFallback eu de http://fallback.example/")
        .start();
    for path in [
        "/iso.meta4",
        "/iso/dir.md5",
        "/iso/none.iso.meta4",
        "/iso/none.torrent",
    ] {
        assert_eq!(get(&httpd, path).status, 404, "{path}");
    }
    // Query and Accept do not turn a name that is not there into one that is.
    assert_eq!(get(&httpd, "/iso/none.iso?meta4").status, 404);
    // The suffix decides alone, and is taken off once.
    let answer = get(&httpd, "/iso/full.iso.md5?meta4");
    assert_eq!(answer.text().split_whitespace().nth(1), Some("full.iso"));
    assert_eq!(get(&httpd, "/iso/full.iso.md5.md5").status, 404);
}

#[test]
fn query_arguments_are_read_unless_form_get_is_off() {
    let (httpd, _) = site("corrections_form")
        .config("<Directory \"@TREE@/off\">\nFormGET Off\n</Directory>")
        .file("off/full.iso", b"content")
        .start();
    assert_eq!(urls("meta4", &get(&httpd, "/iso/full.iso?meta4")).len(), 2);
    assert_eq!(get(&httpd, "/off/full.iso?meta4").status, 302);
    let country = get(&httpd, "/off/full.iso?country=us").header("X-MirrorBrain-Mirror");
    assert_eq!(country.as_deref(), Some("berlin"));
    // A suffix is no query argument.
    assert_eq!(urls("meta4", &get(&httpd, "/off/full.iso.meta4")).len(), 2);
}

#[test]
fn of_a_hash_query_the_first_row_counts() {
    let query = "SELECT 1, repeat(n::text, 32), '', '', 0, '', '', '', 0, '', '' FROM \
                 generate_series(1, 3) AS n WHERE %s <> '' AND %lld > 0 AND %lld > 0 ORDER BY n";
    let (httpd, _) = site("corrections_rows")
        .config(&format!("MirrorBrainDBDQueryHash \"{query}\""))
        .start();
    let hash = get(&httpd, "/iso/full.iso.md5?only_hash").text();
    assert_eq!(hash.trim_end(), "1".repeat(32));
}

#[test]
fn the_continent_follows_from_the_country() {
    let (httpd, _) = site("corrections_continent").start();
    let ask = |country| {
        let answer = httpd.get_with("/iso/full.iso", &[("X-Test-Country", country)]);
        let header = |name| answer.header(name).unwrap();
        (
            header("X-MirrorBrain-Realm"),
            header("X-MirrorBrain-Mirror"),
        )
    };
    assert_eq!(ask("FR"), ("region".into(), "berlin".into()));
    assert_eq!(ask("CA"), ("region".into(), "new-york".into()));
    assert_eq!(ask("JP").0, "other");
}
