//! A client that asks for the same file again gets another mirror (`MirrorBrainRetryTime`).

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use harness::http;
use harness::httpd::{Httpd, Mpm};
use harness::site::{GERMANY, Mirror, Site};

const FILE: &str = "iso/orange.iso";
const OFF: &str = "MirrorBrainCompatible Off";
const CONTENT: &[u8] = b"0123456789";

fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .mirror(&Mirror::new("paris", "eu", "fr"))
        .mirror(&Mirror::new("tokyo", "as", "jp"))
        .file(FILE, CONTENT)
        .file("iso/other.iso", CONTENT)
}

/// The mirror that a request leads to; "here" for the file itself.
#[track_caller]
fn ask(httpd: &Httpd, client: &str, headers: &[(&str, &str)]) -> String {
    ask_for(httpd, "GET", FILE, client, headers)
}

#[track_caller]
fn ask_for(
    httpd: &Httpd,
    method: &str,
    file: &str,
    client: &str,
    headers: &[(&str, &str)],
) -> String {
    let headers = [GERMANY, &[("X-Test-Addr", client)], headers].concat();
    let request = http::request(method, &format!("/{file}"), &headers);
    let answer = httpd.raw(&request).expect("an answer");
    if [200, 206].contains(&answer.status) {
        return "here".to_owned();
    }
    assert_eq!(answer.status, 302);
    let first = format!("<{}>; rel=duplicate; pri=1;", answer.location());
    let links = answer.headers("Link").join("\n");
    assert!(links.contains(&first), "{links}");
    answer.header("X-MirrorBrain-Mirror").expect("a mirror")
}

/// dnf went three times to the dead mirror, and gave up.
#[test]
fn each_attempt_of_a_client_leads_to_another_mirror_and_at_last_to_the_file() {
    for mpm in Mpm::ALL {
        // Children share what they know: prefork's next request meets another one.
        let (httpd, _) = site(&format!("retry_{}", mpm.name()))
            .httpd(|httpd| httpd.mpm(mpm))
            .config(OFF)
            .start();
        for mirror in ["berlin", "paris", "tokyo", "here", "berlin", "paris"] {
            assert_eq!(ask(&httpd, "192.0.2.1", &[]), mirror, "{mpm:?}");
        }
        // Other clients, other programs and other files have attempts of their own.
        assert_eq!(ask(&httpd, "192.0.2.2", &[]), "berlin");
        assert_eq!(ask(&httpd, "192.0.2.1", &[("User-Agent", "x")]), "berlin");
        let other = ask_for(&httpd, "GET", "iso/other.iso", "192.0.2.1", &[]);
        assert_eq!(other, "berlin");
    }
}

#[test]
fn answers_of_2_19_know_no_attempts() {
    let (httpd, _) = site("retry_compatible").start();
    for _ in 0..5 {
        assert_eq!(ask(&httpd, "192.0.2.1", &[]), "berlin");
    }
    // A directive of its own overrides that.
    let (httpd, _) = site("retry_alone")
        .config("MirrorBrainRetryTime 60")
        .start();
    assert_eq!(ask(&httpd, "192.0.2.1", &[]), "berlin");
    assert_eq!(ask(&httpd, "192.0.2.1", &[]), "paris");
}

#[test]
fn who_comes_later_begins_anew() {
    let (httpd, _) = site("retry_time").config("MirrorBrainRetryTime 1").start();
    assert_eq!(ask(&httpd, "192.0.2.1", &[]), "berlin");
    sleep(Duration::from_millis(2100));
    assert_eq!(ask(&httpd, "192.0.2.1", &[]), "berlin");
}

/// A company's or a provider's clients must not be sent around the world, nor all be served from here.
#[test]
fn many_clients_behind_one_address_get_the_nearest_mirror() {
    let (httpd, _) = site("retry_crowd").config(OFF).start();
    for _ in 0..12 {
        ask(&httpd, "192.0.2.1", &[]);
    }
    for _ in 0..20 {
        assert_eq!(ask(&httpd, "192.0.2.1", &[]), "berlin");
    }
}

#[test]
fn requests_that_are_no_attempts_lead_where_the_last_one_led() {
    let (httpd, _) = site("retry_segments").config(OFF).start();
    let client = "192.0.2.1";
    let segment = [("Range", "bytes=2-4")];
    let head = || ask_for(&httpd, "HEAD", FILE, client, &[]);
    for mirror in ["berlin", "paris"] {
        if mirror == "berlin" {
            assert_eq!(head(), mirror);
            assert_eq!(ask(&httpd, client, &segment), mirror);
        }
        assert_eq!(ask(&httpd, client, &[]), mirror);
        for _ in 0..3 {
            assert_eq!(head(), mirror);
            assert_eq!(ask(&httpd, client, &segment), mirror);
        }
    }
    // What was broken off is continued.
    assert_eq!(ask(&httpd, client, &[("Range", "bytes=4-")]), "tokyo");
}

/// Equals are drawn, but not anew for each attempt.
#[test]
fn attempts_among_equals_lead_to_each_of_them() {
    let mut site = Site::new("retry_equals");
    let names = ["one", "two", "three", "four"];
    for name in names {
        site = site.mirror(&Mirror::new(name, "eu", "de"));
    }
    let (httpd, _) = site.file(FILE, CONTENT).config(OFF).start();
    let mut firsts = BTreeSet::new();
    for client in 1..=20 {
        let client = format!("192.0.2.{client}");
        let attempts: Vec<String> = (0..5).map(|_| ask(&httpd, &client, &[])).collect();
        let mirrors: BTreeSet<&str> = attempts[..4].iter().map(String::as_str).collect();
        assert_eq!(mirrors, names.into(), "{attempts:?}");
        assert_eq!(attempts[4], "here");
        firsts.insert(attempts[0].clone());
    }
    assert!(firsts.len() > 2, "{firsts:?}");
}

#[test]
fn a_configured_fallback_comes_before_the_file() {
    let (httpd, _) = site("retry_fallback")
        .config(OFF)
        .directory("MirrorBrainFallback eu de https://cdn.example.org/pub")
        .start();
    let attempts: Vec<String> = (0..5).map(|_| ask(&httpd, "192.0.2.1", &[])).collect();
    let expected = ["berlin", "paris", "tokyo", "cdn.example.org", "berlin"];
    assert_eq!(attempts, expected);
}
