//! The database changes while requests come: each change is seen in the time that is stated, and
//! no answer is a mixture of old and new.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::http::Response;
use harness::load::{Count, Load};
use harness::site::{GERMANY, Mirror, Site};
use harness::workspace;

/// How long answers that were right a moment ago may be on their way, on a busy machine.
const ON_THE_WAY: Duration = Duration::from_millis(700);

/// What a change is to.
enum To {
    Mirror,
    File,
}

/// Each change, and the answer after it.
const CHANGES: &[(To, &str, &str)] = &[
    (
        To::Mirror,
        "UPDATE server SET enabled = 'f' WHERE identifier = 'berlin'",
        "302 http://paris.example/a.iso, 1 mirror, old",
    ),
    (
        To::Mirror,
        "UPDATE server SET enabled = 't' WHERE identifier = 'berlin'",
        "302 http://berlin.example/a.iso, 2 mirrors, old",
    ),
    (
        To::Mirror,
        "UPDATE server SET baseurl = 'http://bonn.example/' WHERE identifier = 'berlin'",
        "302 http://bonn.example/a.iso, 2 mirrors, old",
    ),
    (
        To::File,
        "UPDATE filearr SET mirrors = array_remove(mirrors, (SELECT id::smallint FROM server \
         WHERE identifier = 'berlin'))",
        "302 http://paris.example/a.iso, 1 mirror, old",
    ),
    (
        To::File,
        "UPDATE hash SET sha256 = decode(repeat('00', 32), 'hex')",
        "302 http://paris.example/a.iso, 1 mirror, new",
    ),
    (
        To::File,
        "DELETE FROM hash",
        "302 http://paris.example/a.iso, 1 mirror, none",
    ),
    (To::File, "DELETE FROM filearr", "200"),
    (
        To::File,
        "INSERT INTO filearr (path, mirrors) SELECT 'a.iso', array_agg(id::smallint) FROM server",
        "302 http://bonn.example/a.iso, 2 mirrors, none",
    ),
];

/// An answer in one line: target, mirrors, digest.
fn line(response: &Response) -> String {
    if response.status != 302 {
        return response.status.to_string();
    }
    let links = response.headers("Link");
    let mirrors = links.iter().filter(|link| link.contains("duplicate"));
    let mirrors = match mirrors.count() {
        1 => "1 mirror".to_owned(),
        count => format!("{count} mirrors"),
    };
    let digest = match response.header("Repr-Digest") {
        None => "none",
        Some(text) if text.contains("AAAAAAAA") => "new",
        Some(_) => "old",
    };
    format!("302 {}, {mirrors}, {digest}", response.location())
}

/// Makes all changes under load, each seen within the time for what it is to.
fn changes_are_seen(site: Site, mirror_time: Duration, file_time: Duration) {
    let site = site
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .mirror(&Mirror::new("paris", "eu", "fr"))
        .hashed("a.iso", b"content")
        .directory("SetEnvIf Request_URI . GEOIP_COUNTRY_CODE=DE GEOIP_CONTINENT_CODE=EU");
    let (httpd, database) = site.start();
    let right = Arc::new(Mutex::new(BTreeSet::new()));
    let now = |answers: &[&str]| {
        let answers = answers.iter().map(|&answer| answer.to_owned());
        *right.lock().unwrap_or_else(PoisonError::into_inner) = answers.collect();
    };
    let mut before = "302 http://berlin.example/a.iso, 2 mirrors, old";
    now(&[before]);
    assert_eq!(line(&httpd.get_with("/a.iso", GERMANY)), before);
    let allowed = Arc::clone(&right);
    let load = Load::checked(httpd.address(), "/a.iso", 4, move |response| {
        let (answer, right) = (line(response), allowed.lock());
        let right = right.unwrap_or_else(PoisonError::into_inner);
        if right.contains(&answer) {
            return Ok(());
        }
        Err(format!("{answer}, not {right:?}"))
    });
    for (to, sql, after) in CHANGES {
        now(&[before, after]);
        database.sql(sql);
        let made = Instant::now();
        let time = match to {
            To::Mirror => mirror_time,
            To::File => file_time,
        };
        while line(&httpd.get_with("/a.iso", GERMANY)) != *after {
            assert!(made.elapsed() < time + ON_THE_WAY, "{sql}");
            sleep(Duration::from_millis(10));
        }
        println!("{sql}: seen after {} ms", made.elapsed().as_millis());
        sleep((time + ON_THE_WAY).saturating_sub(made.elapsed()));
        now(&[after]);
        sleep(Duration::from_millis(100));
        before = after;
    }
    let count = Count::of(&load.finish());
    println!("{count}");
    assert!(count.failures.is_empty(), "{:#?}", count.failures);
}

#[test]
fn changes_under_load_are_seen_within_the_time_to_live() {
    let site = Site::new("freshness_ttl").config("MirrorBrainCacheTTL 2\nMirrorBrainCacheStale 0");
    changes_are_seen(site, Duration::from_secs(2), Duration::from_secs(2));
}

#[test]
fn changes_under_load_are_seen_at_once_without_a_cache() {
    // Enough workers that a quarter of them are all who ask here, however busy the machine is.
    let site = Site::new("freshness_off")
        .config("MirrorBrainCacheTTL 0\nThreadsPerChild 32\nMaxRequestWorkers 32");
    changes_are_seen(site, Duration::from_secs(2), Duration::ZERO);
}

#[test]
fn changes_under_load_are_seen_at_once_with_triggers() {
    let notify = std::fs::read_to_string(workspace().join("sql/notify.sql")).expect("notify.sql");
    let site = Site::new("freshness_notify")
        .sql(&notify)
        .config("MirrorBrainCacheTTL 3600\nMirrorBrainCacheStale 0");
    changes_are_seen(site, Duration::from_millis(300), Duration::from_millis(300));
}
