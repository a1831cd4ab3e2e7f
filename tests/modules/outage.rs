//! What the modules stand on goes away under load and comes back: the database here, all else in
//! the files beside. Downloads go on all the time. docs/faults.md lists what each test shows.

mod clock;
mod database;
mod disk;
mod dns;
mod geo;
mod listed;
mod network;
mod pooler;
mod slow;
mod two_files;

use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::http::Response;
use harness::httpd::{Builder, Httpd};
use harness::load::{Count, Load, Sample};
use harness::postgres::Cluster;
use harness::{files, workspace};

/// How soon redirects must be back after the database is.
const RECOVERY: Duration = Duration::from_secs(2);

/// `connect_timeout` of the site.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

const FILE: &str = "/iso/full.iso";

/// Bytes of the file, all of them zero.
const SIZE: usize = 100_000;

fn cluster() -> (Cluster, String) {
    let cluster = Cluster::start(&[]);
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let params = cluster.database("outage", &[&fixture]).params();
    (cluster, params)
}

/// A site that asks the database for every request, and one that remembers as by default.
const ASKING: &str = "MirrorBrainCacheTTL 0\nMirrorBrainCacheStale 0";
const REMEMBERING: &str = "";

fn site(params: &str, extra: &str) -> Httpd {
    builder(params, extra).start()
}

fn builder(params: &str, extra: &str) -> Builder {
    let builder = Httpd::builder()
        .ours(&["mirrorbrain"])
        .config("DBDriver pgsql")
        .config(&format!(
            "DBDParams \"{params} connect_timeout={}\"",
            CONNECT_TIMEOUT.as_secs()
        ))
        .config(extra)
        .config("<Directory \"@TREE@\">\nMirrorBrainEngine On\n</Directory>")
        .config("<Directory \"@TREE@/fallback\">")
        .config("MirrorBrainFallback eu de http://fallback.example.org/\n</Directory>");
    for name in ["iso/full.iso", "fallback/nomirror.iso"] {
        files::sparse(&builder.tree(), name, SIZE as u64, 1_700_000_000);
    }
    builder
}

/// A right answer to a request for the file: a redirect to a mirror that has it, or all of it.
fn right(response: &Response) -> Result<(), String> {
    let location = response.location();
    let is_right = match response.status {
        302 => location.ends_with(FILE) && response.text().contains(&location),
        200 => response.body.len() == SIZE && response.body.iter().all(|&byte| byte == 0),
        _ => false,
    };
    if is_right {
        Ok(())
    } else {
        let Response { status, body, .. } = response;
        Err(format!(
            "status {status}, {} bytes, to {location}",
            body.len()
        ))
    }
}

/// Clients that get the file, and take nothing but a right answer.
fn load(httpd: &Httpd) -> Load {
    Load::checked(httpd.address(), FILE, 4, right)
}

/// Every request is answered rightly, by a redirect or by the file, and none was even sent again.
#[track_caller]
fn assert_served(samples: &[Sample]) -> Count {
    let count = Count::of(samples);
    println!("{count}");
    assert!(count.failures.is_empty(), "{:#?}", count.failures);
    assert_eq!(count.retried, 0, "{count}");
    count
}

/// The lines that the module wrote so far.
fn said(httpd: &Httpd) -> Vec<String> {
    let log = httpd.log();
    let ours = log.lines().filter(|line| line.contains("[mirrorbrain:"));
    let ours = ours.filter(|line| !line.contains("connected to the database"));
    ours.map(str::to_owned).collect()
}

/// The module said that something is amiss, and that it is well again, and nothing else.
#[track_caller]
fn assert_said(httpd: &mut Httpd, amiss: &str, well: &str) {
    let lines = said(httpd);
    let is = |line: &String, text| line.contains(text);
    let [first, second] = &lines[..] else {
        panic!("not two lines: {lines:#?}");
    };
    assert!(is(first, amiss) && is(second, well), "{lines:#?}");
    httpd.allow(amiss);
}

/// Waits for the first redirect and returns how long that took.
#[track_caller]
fn time_to_redirect(httpd: &Httpd) -> Duration {
    let start = Instant::now();
    while httpd.get(FILE).status != 302 {
        assert!(start.elapsed() < Duration::from_secs(20), "{}", httpd.log());
        sleep(Duration::from_millis(20));
    }
    println!("redirects again after {:?}", start.elapsed());
    start.elapsed()
}

#[test]
fn files_are_served_while_the_database_is_stopped_and_redirects_resume() {
    let (cluster, params) = cluster();
    let mut httpd = site(&params, ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    sleep(Duration::from_millis(300));
    cluster.stop();
    let stopped = Instant::now();
    sleep(Duration::from_secs(2));
    cluster.resume();
    let took = time_to_redirect(&httpd);
    sleep(Duration::from_millis(300));
    let samples = load.finish();

    let count = assert_served(&samples);
    assert!(count.status(200) > 50, "{count}");
    assert!(took < RECOVERY, "{took:?}");
    let away: Vec<&Sample> = samples.iter().filter(|s| s.sent > stopped).collect();
    let slow = away
        .iter()
        .filter(|s| s.took > Duration::from_millis(500))
        .count();
    assert!(slow <= 4, "{slow} of {} waited", away.len());
    assert_said(&mut httpd, "is not available", "answers again");
}

#[test]
fn redirects_go_on_from_memory_while_the_database_is_stopped() {
    let (cluster, params) = cluster();
    let mut httpd = site(&params, REMEMBERING);
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    cluster.stop();
    sleep(Duration::from_secs(2));
    cluster.resume();
    let samples = load.finish();
    let count = assert_served(&samples);
    assert_eq!(count.status(302), count.requests, "{count}");
    httpd.allow("is not available");
}

#[test]
fn a_database_that_hangs_delays_few_requests_and_not_one_after_the_other() {
    let (cluster, params) = cluster();
    let mut httpd = site(&params, ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    cluster.pause();
    let load = load(&httpd);
    sleep(CONNECT_TIMEOUT * 3);
    cluster.unpause();
    let took = time_to_redirect(&httpd);
    let samples = load.finish();

    let count = assert_served(&samples);
    // Far more than four clients could get that wait for the time-out each time.
    assert!(count.status(200) > 100, "{count}");
    assert!(count.slowest < CONNECT_TIMEOUT * 2, "{count}");
    assert!(took < RECOVERY, "{took:?}");
    assert_said(&mut httpd, "is not available", "answers again");
}

#[test]
fn fallbacks_serve_and_other_representations_say_503() {
    let (cluster, params) = cluster();
    cluster.stop();
    let mut httpd = site(&params, ASKING);
    let fallback = httpd.get("/fallback/nomirror.iso");
    assert_eq!(fallback.status, 302);
    assert_eq!(
        fallback.location(),
        "http://fallback.example.org/fallback/nomirror.iso"
    );
    for suffix in ["sha256", "torrent", "zsync", "meta4"] {
        let response = httpd.get(&format!("{FILE}.{suffix}"));
        assert_eq!(response.status, 503, "{suffix}");
        assert!(response.header("Retry-After").is_some(), "{suffix}");
        assert!(response.body.len() < 2000, "{suffix}");
    }
    let metalink = httpd.get_with(FILE, &[("Accept", "application/metalink4+xml")]);
    assert_eq!(metalink.status, 200);
    assert_eq!(metalink.body.len(), 100_000);
    httpd.allow("[mirrorbrain:");
}

#[test]
fn a_crash_of_the_database_is_survived() {
    let (cluster, params) = cluster();
    let mut httpd = site(&params, ASKING);
    let load = load(&httpd);
    for _ in 0..3 {
        sleep(Duration::from_millis(300));
        cluster.kill();
        sleep(Duration::from_millis(300));
        cluster.resume();
        let took = time_to_redirect(&httpd);
        assert!(took < RECOVERY, "{took:?}");
    }
    assert_served(&load.finish());
    assert!(said(&httpd).len() <= 6, "{:#?}", said(&httpd));
    httpd.allow("is not available");
}

#[test]
fn an_outage_is_logged_once_and_not_for_each_request() {
    let (cluster, params) = cluster();
    let mut httpd = site(&params, ASKING);
    assert_eq!(httpd.get(FILE).status, 302);
    cluster.stop();
    for _ in 0..100 {
        assert_eq!(httpd.get(FILE).status, 200);
    }
    let lines = httpd.log().matches("[mirrorbrain:").count();
    assert!((1..10).contains(&lines), "{}", httpd.log());
    httpd.allow("[mirrorbrain:");
}

#[test]
fn httpd_starts_without_its_database() {
    let (cluster, params) = cluster();
    cluster.stop();
    let mut httpd = site(&params, ASKING);
    assert_eq!(httpd.get(FILE).status, 200);
    cluster.resume();
    let took = time_to_redirect(&httpd);
    assert!(took < RECOVERY, "{took:?}");
    httpd.allow("[mirrorbrain:");
}

#[test]
fn a_missing_table_is_named_once() {
    let (cluster, params) = cluster();
    let mut httpd = site(&params, ASKING);
    cluster
        .attach("outage")
        .sql("ALTER TABLE hash RENAME TO lost");
    for _ in 0..10 {
        assert_eq!(httpd.get(FILE).status, 302);
    }
    assert_eq!(httpd.get(&format!("{FILE}.sha256")).status, 503);
    let lines = httpd
        .log()
        .matches("relation \"hash\" does not exist")
        .count();
    assert!((1..4).contains(&lines), "{}", httpd.log());
    httpd.allow("relation \"hash\" does not exist");
}
