//! The recorded requests under valgrind's memcheck: nothing is read or written where it must not
//! be, and nothing is lost with a request.
//!
//! Each test takes a sample of the requests; `MEMCHECK=1` in the environment (`make memcheck`)
//! takes them all. What pools hold is not seen to leak, since httpd gives it back by the block:
//! see `make soak` for that.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use geo_db::writer::{Value, Writer};
use harness::httpd::{Builder, Httpd};
use harness::memcached::Memcached;
use harness::workspace;
use serde_json::Value as Json;

use crate::compat::{Answers, CASES, Fixture, read_json};

/// Of so many requests one is in the sample.
const STEP: usize = 25;

/// What two runs may differ by, in bytes: five rounds of 749 requests that each keep a pointer
/// would be more.
const SPREAD: u64 = 8 * 1024;

/// Everything that the recorded site does without, and nothing from a cache.
const EVERYTHING: &str = "\
MirrorBrainCacheTTL 0
MirrorBrainGeoDatabase \"@WORK@/geo.mmdb\"
MirrorBrainMemcached On
MemcacheServer 127.0.0.1:@MEMCACHED@
ASLookupRefresh 1
<Directory \"@TREE@\">
  ASLookup On
  ASSetHeaders On
  MirrorBrainRedirectStampKey secret
  IndexOptions FancyIndexing HTMLTable Mirrorlist Metalink
</Directory>";

/// Listings, which the recorded requests hardly touch.
const LISTINGS: [&str; 5] = [
    "/",
    "/?C=S;O=D",
    "/?F=1&V=1",
    "/?F=0;P=*.iso",
    "/fallback/?P=%2a%ff<x>;C=M",
];

/// What memcheck found.
#[derive(Debug)]
struct Found {
    /// Wrong reads, writes and uses of memory.
    errors: u64,
    /// Bytes that nothing points at any more.
    lost: u64,
    /// Bytes that something still points at, when all pools are gone.
    in_use: u64,
    report: String,
}

#[test]
fn the_recorded_site_handles_memory_well() {
    assert_clean(|rounds| {
        let fixture = Fixture::recorded();
        let database = fixture.database(&format!("memcheck_recorded_{rounds}"));
        let httpd = under_memcheck(fixture.httpd(&database, |site| site));
        let cases = cases(httpd.work());
        let expected = read_json(&workspace().join("tests/compat/modules/expected.json"));
        for _ in 0..rounds {
            let same = |name: &str, answer: &Json| expected.get(name) == Some(answer);
            ask_until(9, || fixture.capture_cases(&httpd, &cases), same);
        }
        found(httpd)
    });
}

#[test]
fn a_site_with_everything_and_no_cache_handles_memory_well() {
    let memcached = Memcached::start();
    assert_clean(|rounds| {
        let fixture = Fixture::recorded();
        let database = fixture.database(&format!("memcheck_everything_{rounds}"));
        database.sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64510)");
        let site = fixture
            .httpd(&database, |site| site.replace("@EXTRA@", EVERYTHING))
            .set("MEMCACHED", memcached.port());
        geo_database(&site.work().join("geo.mmdb"));
        let httpd = under_memcheck(site);
        let cases = cases(httpd.work());
        for _ in 0..rounds {
            let redirect = |_: &str, answer: &Json| answer["status"] == 302;
            ask_until(1, || fixture.capture_cases(&httpd, &cases), redirect);
            for path in LISTINGS {
                assert_eq!(httpd.get(path).status, 200, "{path}");
            }
        }
        found(httpd)
    });
}

/// Asks until more than `tenths` tenths of the requests were answered well once. valgrind is so slow,
/// and on a busy machine slower still, that the database may count as away for a while.
#[track_caller]
fn ask_until(tenths: usize, ask: impl Fn() -> Answers, is_well: impl Fn(&str, &Json) -> bool) {
    let mut well = BTreeSet::new();
    for _ in 0..20 {
        let answers = ask();
        let all = answers.len();
        let good = answers
            .into_iter()
            .filter(|(name, answer)| is_well(name, answer));
        well.extend(good.map(|(name, _)| name));
        if well.len() * 10 > all * tenths {
            return;
        }
    }
    panic!("only these were answered well: {well:?}");
}

/// No error, nothing lost, and no more memory in use at the end of many rounds than of one.
#[track_caller]
fn assert_clean(run: impl Fn(u32) -> Found) {
    let run = |rounds| {
        let found = run(rounds);
        println!(
            "rounds {rounds}, errors {}, lost {} bytes, in use at the end {} bytes",
            found.errors, found.lost, found.in_use
        );
        assert_eq!((found.errors, found.lost), (0, 0), "{}", found.report);
        found
    };
    let one = run(1);
    if is_full() {
        let five = run(5);
        assert!(five.in_use <= one.in_use + SPREAD, "{}", five.report);
    }
}

fn is_full() -> bool {
    std::env::var_os("MEMCHECK").is_some()
}

fn under_memcheck(site: Builder) -> Httpd {
    let log = site.work().join("memcheck.log");
    // Under valgrind what else is timely comes late.
    let site = site
        .allow("the database mirrorbrain@")
        .allow("memcached at ");
    let command = [
        "valgrind".to_owned(),
        "--tool=memcheck".to_owned(),
        "--vgdb=no".to_owned(),
        "--fair-sched=yes".to_owned(),
        "--num-callers=30".to_owned(),
        "--leak-check=full".to_owned(),
        "--show-leak-kinds=definite".to_owned(),
        "--errors-for-leak-kinds=none".to_owned(),
        format!("--log-file={}", log.display()),
    ];
    site.run_by(command).start()
}

/// Ends httpd and reads the report.
fn found(httpd: Httpd) -> Found {
    let copy = harness::temp_dir("memcheck");
    let log = copy.path().join("memcheck.log");
    fs::hard_link(httpd.work().join("memcheck.log"), &log).expect("memcheck.log");
    let unexpected = httpd.end();
    assert!(unexpected.is_empty(), "{unexpected:?}");
    let report = fs::read_to_string(&log).expect("memcheck.log");
    let number = |label: &str| {
        let text = report.split(label).nth(1)?.trim_start();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != ',')?;
        text.get(..end)?.replace(',', "").parse().ok()
    };
    let nothing_lost = report.contains("no leaks are possible");
    Found {
        errors: number("ERROR SUMMARY:").expect("a summary"),
        lost: number("definitely lost:").unwrap_or(if nothing_lost { 0 } else { u64::MAX }),
        in_use: number("in use at exit:").expect("bytes in use"),
        report,
    }
}

/// The requests: all, or a sample.
fn cases(work: &Path) -> std::path::PathBuf {
    let all = workspace().join("tests/compat/modules/cases.json");
    if is_full() {
        return all;
    }
    let text = fs::read_to_string(all).expect("cases.json");
    let all: Vec<Json> = serde_json::from_str(&text).expect("a JSON array");
    assert_eq!(all.len(), CASES);
    let sample: Vec<Json> = all.into_iter().step_by(STEP).collect();
    let file = work.join("sample.json");
    fs::write(&file, Json::from(sample).to_string()).expect("sample.json");
    file
}

fn geo_database(file: &Path) {
    let country = Value::map([("iso_code", "DE")]);
    let place = Value::map([("latitude", 52.5), ("longitude", 13.4)]);
    Writer::new("GeoLite2-City")
        .insert(
            "127.0.0.0/8",
            Value::map([("country", country), ("location", place)]),
        )
        .write_to(file)
        .expect("mmdb");
}
