//! What one client can cost the others.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use harness::http;
use harness::httpd::Httpd;
use harness::load::Load;
use harness::site::{GERMANY, Mirror, Site};

use crate::documents::urls;
use crate::large::memory;

/// As much as httpd takes in one line, by default.
const LINE: usize = 8190;

/// Growth of the child that is no leak and no hoard.
const SLACK: usize = 48 << 20;

fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .hashed("full.iso", b"content")
        .directory("AcceptPathInfo On")
        .config("MirrorBrainYumDir a=(x+x+)+y b=.* $1/$2 repomd.xml")
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
}

/// A path or query that fills the request line.
fn filled(start: &str, piece: &str) -> String {
    let room = LINE - "GET  HTTP/1.1".len() - start.len();
    format!("{start}{}", piece.repeat(room / piece.len()))
}

/// Threads of the only child.
fn threads(httpd: &Httpd) -> usize {
    let [child] = httpd.children()[..] else {
        panic!("one child");
    };
    fs::read_dir(format!("/proc/{child}/task"))
        .expect("threads")
        .count()
}

#[test]
fn the_longest_requests_are_answered_by_the_same_child() {
    let mut httpd = site("bounds_requests").start().0;
    httpd.allow("AH00036"); // a name too long for the file system
    httpd.allow("AH00127");
    let children = httpd.children();
    httpd.get("/full.iso");
    let before = memory(&httpd, "VmRSS:");
    let long = "x".repeat(LINE - 20);
    let accept = "application/metalink4+xml;q=0,".repeat(300);
    let metalinks = "application/metalink+xml,".repeat(400);
    let targets = [
        filled("/full.iso?", "a"),
        filled("/full.iso?", "a&"),
        filled("/full.iso?", "country=de&"),
        filled("/full.iso?meta4&", "%26%3d+"),
        filled("/full.iso?mirrorlist&", "&"),
        filled("/full.iso?b=1&a=", "x"),
        filled("/full.iso/", "x/"),
        filled("/full.iso/", "%20"),
        filled("/", "x/"),
        filled("/", "x/../"),
        filled("/full.iso", ".meta4"),
        filled("/", "x"),
    ];
    for target in &targets {
        for headers in [
            GERMANY.to_vec(),
            vec![("Accept", &accept[..LINE - 20]), ("User-Agent", &long)],
            vec![
                ("Accept", &metalinks[..LINE - 20]),
                ("X-Broken-Mirrors", &long),
            ],
        ] {
            let answer = httpd
                .raw(&http::request("GET", target, &headers))
                .expect("an answer");
            let fine = [200, 302, 400, 403, 404].contains(&answer.status);
            assert!(fine, "{}: {}", &target[..20], answer.status);
            assert!(answer.body.len() < 10 * LINE, "{}", &target[..20]);
        }
    }
    assert_eq!(httpd.children(), children);
    let grown = memory(&httpd, "VmRSS:").saturating_sub(before);
    assert!(grown < SLACK, "{grown}");
}

#[test]
fn a_file_on_five_thousand_mirrors_is_answered_in_every_way() {
    const COUNT: usize = 5000;
    let httpd = site("bounds_mirrors")
        .sql(
            "INSERT INTO server (id, identifier, baseurl, baseurl_ftp, baseurl_rsync, enabled, \
             status_baseurl, region, country, asn, prefix, score, scan_fpm, last_scan, comment, \
             operator_name, operator_url, public_notes, admin, admin_email, lat, lng, country_only, \
             region_only, as_only, prefix_only, other_countries, file_maxsize) \
             SELECT id, 'm' || id, 'http://m' || id || '.example/', '', '', 't', 't', \
             'eu', CASE WHEN id % 2 = 0 THEN 'de' ELSE 'fr' END, 1, '', 100, 0, NULL, '', '', '', '', '', \
             '', 50 + id % 9, 10 + id % 7, 'f', 'f', 'f', 'f', '', 0 FROM generate_series(2, 5000) AS id",
        )
        .sql("UPDATE filearr SET mirrors = (SELECT array_agg(id::smallint) FROM server)")
        .start()
        .0;
    let ask = |path: &str| {
        let answer = httpd.get_with(path, GERMANY);
        assert!(
            [200, 302].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        answer
    };
    assert_eq!(ask("/full.iso").headers("Link").len(), 7);
    for kind in ["meta4", "metalink", "mirrorlist"] {
        let answer = ask(&format!("/full.iso.{kind}"));
        assert_eq!(urls(kind, &answer).len(), COUNT, "{kind}");
    }
    let before = memory(&httpd, "VmRSS:");
    for kind in [
        "meta4",
        "metalink",
        "mirrorlist",
        "torrent",
        "magnet",
        "md5",
    ] {
        for _ in 0..10 {
            ask(&format!("/full.iso.{kind}"));
        }
    }
    let grown = memory(&httpd, "VmRSS:").saturating_sub(before);
    assert!(grown < SLACK, "{grown}");
}

/// Every question to the database takes longer than anybody waits. More clients than threads ask
/// for files; a request that needs no database is answered all the same, threads and memory do not
/// grow with the clients, and redirects are back once the database is.
#[test]
fn a_slow_database_holds_up_few_and_grows_nothing() {
    let (mut httpd, database) = site("bounds_slow")
        .file("other.iso", b"content")
        .local("plain/file.txt", b"content")
        // An idle connection that httpd closes for lack of threads looks like a failure.
        .config("MirrorBrainCacheTTL 0\nMirrorBrainCacheStale 0\nKeepAlive Off")
        .config("<Directory \"@TREE@/plain\">\nMirrorBrainEngine Off\n</Directory>")
        .start();
    assert_eq!(httpd.get("/full.iso").status, 302);
    let (before, threads_before) = (memory(&httpd, "VmRSS:"), threads(&httpd));
    let mut locker = database.connect().expect("a connection");
    locker
        .batch_execute("BEGIN; LOCK TABLE filearr IN ACCESS EXCLUSIVE MODE")
        .expect("a lock");
    let slow = ["/full.iso", "/other.iso", "/full.iso.meta4"];
    let loads = slow.map(|path| Load::start(httpd.address(), path, 20));
    let plain = Load::start(httpd.address(), "/plain/file.txt", 2);
    sleep(Duration::from_secs(6));
    let (during, threads_during) = (memory(&httpd, "VmRSS:"), threads(&httpd));
    locker.batch_execute("ROLLBACK").expect("unlocked");
    let answered = plain.finish();
    for load in loads {
        for sample in load.finish() {
            assert!(matches!(sample.status, Ok(200 | 302 | 503)), "{sample:?}");
        }
    }
    assert!(answered.len() > 10, "{}", answered.len());
    assert!(
        answered.iter().all(|sample| sample.status == Ok(200)),
        "{answered:?}"
    );
    assert!(
        threads_during <= threads_before + 4,
        "{threads_before}, then {threads_during}"
    );
    assert!(during < before + SLACK, "{before}, then {during}");
    let connections =
        "SELECT count(*) <= 10 FROM pg_stat_activity WHERE datname = current_database()";
    assert_eq!(database.sql(connections), "t");
    let back = |_: &i32| {
        sleep(Duration::from_millis(100));
        httpd.get("/full.iso").status == 302
    };
    assert!((0..200).find(back).is_some(), "{}", httpd.log());
    httpd.allow("[mirrorbrain:");
    httpd.allow("AH00484"); // more clients than threads
}
