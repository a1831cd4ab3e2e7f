//! Answers that were not what they claim to be.

use crate::site::{BERLIN, Site};

#[test]
fn m11_names_are_escaped_in_headers_and_line_breaks_split_nothing() {
    let httpd = Site::new("m11")
        .file("odd/a b#c?d%20e.iso", 10_000)
        .sql("INSERT INTO filearr (path, mirrors) VALUES ('odd/a b#c?d%20e.iso', '{1}')")
        .directory("AcceptPathInfo On")
        .start();
    let response = httpd.get_with("/odd/a%20b%23c%3Fd%2520e.iso", &BERLIN);
    assert_eq!(response.status, 302);
    let escaped = "odd/a%20b%23c%3Fd%2520e.iso";
    assert!(
        response.location().ends_with(escaped),
        "{}",
        response.location()
    );
    for link in response.headers("Link") {
        assert!(link.contains(escaped), "{link}");
    }
    let response = httpd.get_with("/iso/full.iso/x%0d%0aEvil:%20yes", &BERLIN);
    assert_eq!(response.header("Evil"), None);
    assert!(response.status < 500, "{}", response.status);
}

#[test]
fn m12_path_info_is_not_reflected_as_markup() {
    let httpd = Site::new("m12").directory("AcceptPathInfo On").start();
    let page = httpd.get_with(
        "/iso/full.iso/%3Cscript%3Ealert(1)%3C/script%3E?mirrorlist",
        &BERLIN,
    );
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<script>alert"));
}

#[test]
fn m30_an_excluded_files_metalink_names_only_this_server() {
    let httpd = Site::new("m30")
        .directory("MirrorBrainExcludeFileMask \"\\.asc$\"")
        .start();
    let text = httpd.get_with("/excluded/pkg.asc.meta4", &BERLIN).text();
    assert_eq!(text.matches("</url>").count(), 1, "{text}");
    assert!(text.contains("/excluded/pkg.asc</url>"), "{text}");
}

#[test]
fn m31_a_refused_metalink_is_not_sent_and_caches_are_told() {
    let httpd = Site::new("m31").start();
    let accept = "application/metalink4+xml;q=0, */*";
    let mut headers = BERLIN.to_vec();
    headers.push(("Accept", accept));
    let response = httpd.get_with("/iso/full.iso", &headers);
    assert_eq!(response.status, 302);
    assert_eq!(response.header("Vary").as_deref(), Some("Accept"));
    assert_eq!(
        response.header("Cache-Control").as_deref(),
        Some("private, no-cache")
    );
}

#[test]
fn m36_a_hash_query_that_fails_is_not_no_hash() {
    let mut httpd = Site::new("m36")
        .server("MirrorBrainDBDQueryHash \"SELECT broken WHERE %s = '' AND 1 = %d AND 1 = %d\"")
        .server("MirrorBrainCacheTTL 0")
        .start();
    // The mirrors are known all the same: with the first failure, and with those that follow.
    for _ in 0..3 {
        assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
    }
    let response = httpd.get_with("/iso/full.iso.md5", &BERLIN);
    assert_eq!(response.status, 503);
    assert!(response.header("Retry-After").is_some());
    httpd.expect_log("broken");
    httpd.allow("[mirrorbrain:error]");
}
