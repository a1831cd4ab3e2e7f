//! The mirror of a client, remembered.

use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::memcached::Memcached;
use harness::site::{GERMANY, Mirror, Site as OwnSite};

use super::survives;
use crate::site::{BERLIN, Site, targets};

#[test]
fn m39_a_remembered_mirror_is_used_only_if_it_may_be() {
    let memcached = Memcached::start();
    let httpd = remembering("m39", &memcached)
        .sql("UPDATE filearr SET mirrors = '{1,2,38}' WHERE path = 'iso/full.iso'")
        .start();
    let first = targets(&httpd, "/iso/full.iso", &BERLIN, 1);
    let again = targets(&httpd, "/iso/full.iso", &BERLIN, 20);
    assert_eq!(again.len(), 1);
    assert!(again.keys().eq(first.keys()));
    // Mirror 38 is in the database but switched off: whatever memcached says, it is not used.
    memcached.set("mb_test_91.0.0.1", "38");
    assert!(
        targets(&httpd, "/iso/full.iso", &BERLIN, 1)
            .keys()
            .eq(first.keys())
    );
    let other = if first.contains_key("m1.de.example.org") {
        "2"
    } else {
        "1"
    };
    // What the redirects before remembered is written behind their answers, maybe after this.
    wait_until(|| {
        memcached.set("mb_test_91.0.0.1", other);
        let now = targets(&httpd, "/iso/full.iso", &BERLIN, 1);
        !now.keys().eq(first.keys())
    });
}

#[test]
fn m39_nothing_is_remembered_unless_it_is_switched_on() {
    let memcached = Memcached::start();
    let httpd = Site::new("m39_unset")
        .server(&format!("MemcacheServer 127.0.0.1:{}", memcached.port()))
        .start();
    assert_eq!(targets(&httpd, "/iso/full.iso", &BERLIN, 5).len(), 1);
    sleep(Duration::from_millis(100));
    assert_eq!(memcached.get("mb_default_91.0.0.1"), None);
}

#[test]
fn m39_clients_without_an_address_share_no_memory() {
    let memcached = Memcached::start();
    let httpd = remembering("m39_address", &memcached).start();
    let junk = [("X-Test-Addr", "junk"), ("X-Test-Country", "DE")];
    assert_eq!(survives(&httpd, "/iso/full.iso", &junk).status, 302);
    survives(&httpd, "/iso/full.iso", &BERLIN);
    // Written in the order of the answers: when this one is there, the one before would be.
    wait_until(|| memcached.get("mb_test_91.0.0.1").is_some());
    for key in [
        "mb_test_",
        "mb_test_junk",
        "mb_test_(null)",
        "mb_test_127.0.0.1",
    ] {
        assert_eq!(memcached.get(key), None, "{key}");
    }
}

#[test]
fn m39_a_remembered_mirror_keeps_its_restrictions_and_its_realm() {
    let memcached = Memcached::start();
    let (httpd, _) = OwnSite::new("m39_realm")
        .mirror(&Mirror::new("near", "eu", "de"))
        .mirror(&Mirror::new("far", "as", "jp"))
        .mirror(&Mirror {
            restrictions: &["country_only"],
            ..Mirror::new("japanese", "as", "jp")
        })
        .file("a.iso", b"x")
        .config(&format!("MemcacheServer 127.0.0.1:{}", memcached.port()))
        .config("MirrorBrainMemcached On\nMirrorBrainInstance test")
        .start();
    let key = "mb_test_91.0.0.1";
    let ask = |remembered: &str| {
        memcached.set(key, remembered);
        let headers = [GERMANY, &[("X-Test-Addr", "91.0.0.1")]].concat();
        let response = survives(&httpd, "/a.iso", &headers);
        let header = |name| response.header(name).unwrap_or_default();
        let mirror = header("X-MirrorBrain-Mirror");
        // What this one remembers is written behind its answer.
        let id = if mirror == "far" { "2" } else { "1" };
        wait_until(|| memcached.get(key).as_deref() == Some(id));
        (mirror, header("X-MirrorBrain-Realm"))
    };
    let near = ("near".to_owned(), "country".to_owned());
    assert_eq!(ask("3"), near, "not for Germany");
    for junk in ["", "99", "-1", "2x", "99999999999999999999"] {
        assert_eq!(ask(junk), near, "{junk:?}");
    }
    assert_eq!(ask("2"), ("far".to_owned(), "other".to_owned()));
}

#[track_caller]
fn wait_until(ready: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !ready() {
        assert!(Instant::now() < deadline, "in vain");
        sleep(Duration::from_millis(5));
    }
}

fn remembering(name: &str, memcached: &Memcached) -> Site {
    Site::new(name)
        .server(&format!("MemcacheServer 127.0.0.1:{}", memcached.port()))
        .server("MirrorBrainMemcached On\nMirrorBrainInstance test")
}
