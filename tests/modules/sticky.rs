//! `MirrorBrainMemcached`: a client stays at the mirror that it was sent to, and never waits for
//! a memcached that is slow or gone.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::free_port;
use harness::http::Response;
use harness::httpd::Httpd;
use harness::memcached::Memcached;
use harness::site::{Mirror, Site};

/// How much an answer may take longer with memcached than without.
const DELAY: Duration = Duration::from_millis(100);

/// Four mirrors in Germany, ids 1 to 4, and one in France, id 5. The client's coordinates are not
/// known, so that chance decides.
fn site(name: &str, port: u16) -> Site {
    let mut site = Site::new(name);
    for identifier in ["berlin", "munich", "hamburg", "cologne"] {
        site = site.mirror(&Mirror::new(identifier, "eu", "de"));
    }
    site.mirror(&Mirror::new("paris", "eu", "fr"))
        .file("full.iso", b"content")
        .config(&format!(
            "MirrorBrainMemcached On\nMemcacheServer 127.0.0.1:{port}"
        ))
}

fn ask(httpd: &Httpd, path: &str, client: &str) -> Response {
    let headers = [
        ("X-Test-Addr", client),
        ("X-Test-Country", "DE"),
        ("X-Test-Continent", "EU"),
    ];
    let answer = httpd.get_with(path, &headers);
    assert_eq!(answer.status, 302);
    answer
}

fn mirror(httpd: &Httpd, path: &str, client: &str) -> String {
    let answer = ask(httpd, path, client);
    let mirror = answer.header("X-MirrorBrain-Mirror").unwrap();
    assert_eq!(
        answer.location(),
        format!("http://{mirror}.example/full.iso")
    );
    mirror
}

/// Asks until memcached has the client's mirror, and returns its value. What a redirect notes is
/// sent behind its back, and nothing is noted before a child has its connection.
#[track_caller]
fn noted(httpd: &Httpd, memcached: &Memcached, key: &str, client: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        ask(httpd, "/full.iso", client);
        sleep(Duration::from_millis(20));
        if let Some(value) = memcached.get(key) {
            return value;
        }
        assert!(Instant::now() < deadline, "no {key} in memcached");
    }
}

#[test]
fn a_client_stays_at_its_mirror() {
    let memcached = Memcached::start();
    let (httpd, _) = site("sticky_stays", memcached.port())
        .config("MirrorBrainInstance project")
        .start();
    let key = "mb_project_192.0.2.1";
    let id: usize = noted(&httpd, &memcached, key, "192.0.2.1").parse().unwrap();
    let first = ["berlin", "munich", "hamburg", "cologne"][id - 1];
    let mut best = BTreeSet::new();
    for _ in 0..20 {
        let answer = ask(&httpd, "/full.iso", "192.0.2.1");
        assert_eq!(answer.header("X-MirrorBrain-Mirror").unwrap(), first);
        best.insert(answer.headers("Link")[1].clone());
    }
    // The list of duplicates is drawn anew all the same.
    assert!(best.len() > 1, "{best:?}");
    // Another client is another matter, and IPv6 is an address like any other.
    let others: BTreeSet<_> = (1..30)
        .map(|n| mirror(&httpd, "/full.iso", &format!("2001:db8::{n}")))
        .collect();
    assert!(others.len() > 1, "{others:?}");
    noted(&httpd, &memcached, "mb_project_2001:db8::1", "2001:db8::1");
}

#[test]
fn newmirror_draws_again_and_is_remembered() {
    let memcached = Memcached::start();
    let (httpd, _) = site("sticky_newmirror", memcached.port()).start();
    let key = "mb_default_192.0.2.1";
    noted(&httpd, &memcached, key, "192.0.2.1");
    // Another client: what is remembered of this one must not be on its way still.
    let drawn: BTreeSet<_> = (0..40)
        .map(|_| mirror(&httpd, "/full.iso?newmirror", "192.0.2.2"))
        .collect();
    assert!(drawn.len() > 1, "{drawn:?}");
    let last = mirror(&httpd, "/full.iso?newmirror", "192.0.2.1");
    let ids = ["berlin", "munich", "hamburg", "cologne"];
    let id = ids.iter().position(|name| *name == last).unwrap() + 1;
    let deadline = Instant::now() + Duration::from_secs(5);
    while memcached.get(key) != Some(id.to_string()) {
        assert!(Instant::now() < deadline, "{last} is not remembered");
        sleep(Duration::from_millis(10));
    }
    assert_eq!(mirror(&httpd, "/full.iso", "192.0.2.1"), last);
}

#[test]
fn a_remembered_mirror_counts_only_while_it_is_allowed() {
    let memcached = Memcached::start();
    let (httpd, database) = site("sticky_allowed", memcached.port())
        .config("MirrorBrainCacheTTL 0")
        .start();
    let key = "mb_default_192.0.2.1";
    noted(&httpd, &memcached, key, "192.0.2.1");
    // Farther away, but allowed: the client stays, and the realm is that mirror's.
    memcached.set(key, "5");
    let answer = ask(&httpd, "/full.iso", "192.0.2.1");
    assert_eq!(answer.header("X-MirrorBrain-Mirror").unwrap(), "paris");
    assert_eq!(answer.header("X-MirrorBrain-Realm").unwrap(), "region");
    assert!(!answer.headers("Link")[1].contains("paris"));
    // What is no mirror of this file, or no number, does not count.
    // Each with a client of its own: the last answer's note is written behind our back.
    for (value, host) in ["6", "-1", "x", "99999999999999999999", ""]
        .into_iter()
        .zip(2..)
    {
        let client = format!("192.0.2.{host}");
        memcached.set(&format!("mb_default_{client}"), value);
        assert_ne!(mirror(&httpd, "/full.iso", &client), "paris", "{value:?}");
    }
    // The administrator takes the mirror out.
    memcached.set(key, "5");
    database.sql("UPDATE server SET country_only = true WHERE id = 5");
    let deadline = Instant::now() + Duration::from_secs(10);
    while mirror(&httpd, "/full.iso", "192.0.2.1") == "paris" {
        assert!(Instant::now() < deadline, "paris is still used");
        memcached.set(key, "5");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_mirror_for_every_country_ends_the_memory() {
    let memcached = Memcached::start();
    let (httpd, _) = site("sticky_wildcard", memcached.port())
        .mirror(&Mirror::new("cdn", "eu", "**"))
        .file("everywhere.iso", b"content")
        .start();
    noted(&httpd, &memcached, "mb_default_192.0.2.1", "192.0.2.1");
    let drawn: BTreeSet<_> = (0..60)
        .map(|_| ask(&httpd, "/everywhere.iso", "192.0.2.1").location())
        .collect();
    assert_eq!(drawn.len(), 5, "{drawn:?}");
}

#[test]
fn memory_ends_with_its_life_time() {
    let memcached = Memcached::start();
    let (httpd, _) = site("sticky_lifetime", memcached.port())
        .config("MirrorBrainMemcachedLifeTime 1")
        .start();
    let key = "mb_default_192.0.2.1";
    noted(&httpd, &memcached, key, "192.0.2.1");
    let deadline = Instant::now() + Duration::from_secs(10);
    while memcached.get(key).is_some() {
        assert!(Instant::now() < deadline, "{key} is kept");
        sleep(Duration::from_millis(50));
    }
}

/// The slowest but two of 40 answers: this machine may have other things to do once in a while.
fn time_to_answer(httpd: &Httpd) -> Duration {
    let mut times: Vec<_> = (0..40)
        .map(|n| {
            let start = Instant::now();
            ask(httpd, "/full.iso", &format!("192.0.2.{n}"));
            start.elapsed()
        })
        .collect();
    times.sort();
    times[37]
}

#[test]
fn no_answer_waits_long_for_a_memcached_that_hangs_or_dies() {
    let mut memcached = Memcached::start();
    let (mut httpd, _) = site("sticky_hangs", memcached.port()).start();
    noted(&httpd, &memcached, "mb_default_192.0.2.1", "192.0.2.1");
    let usual = time_to_answer(&httpd);
    memcached.pause();
    let hanging = time_to_answer(&httpd);
    assert!(hanging < usual + DELAY, "{hanging:?} instead of {usual:?}");
    httpd.expect_log(&format!("memcached at 127.0.0.1:{}", memcached.port()));
    memcached.unpause();
    // It is used again without a restart.
    memcached.set("mb_default_192.0.2.99", "3");
    let deadline = Instant::now() + Duration::from_secs(10);
    while (0..5).any(|_| {
        let mirror = mirror(&httpd, "/full.iso?", "192.0.2.99");
        memcached.set("mb_default_192.0.2.99", "3");
        mirror != "hamburg"
    }) {
        assert!(Instant::now() < deadline, "memcached is not used again");
        sleep(Duration::from_millis(50));
    }
    memcached.stop();
    let dead = time_to_answer(&httpd);
    assert!(dead < usual + DELAY, "{dead:?} instead of {usual:?}");
}

#[test]
fn a_memcached_that_never_was_does_not_matter() {
    let (mut httpd, _) = site("sticky_never", free_port()).start();
    let time = time_to_answer(&httpd);
    assert!(time < DELAY, "{time:?}");
    httpd.expect_log("memcached at 127.0.0.1");
}
