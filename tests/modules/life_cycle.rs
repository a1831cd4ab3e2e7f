//! Children come and go under load: graceful restarts, `MaxConnectionsPerChild`.

use std::fs;
use std::time::{Duration, Instant};

use geo_db::writer::{Value, Writer};
use harness::command::is_alive;
use harness::http::Response;
use harness::httpd::{Builder, Httpd, Mpm};
use harness::load::{Count, Load};
use harness::process::amount;

use crate::site::Site;

const FILE: &str = "/iso/full.iso";

/// Bytes of the file.
const SIZE: usize = 1_500_000;

const AWAY: &str = "is not available";

/// Clients that ask for each document.
const CLIENTS: usize = 2;

/// Restarts after which everything that is made once is made.
const WARM_UP: usize = 20;

/// The site with all modules, and a geo database in use.
fn site(name: &str, mpm: Mpm) -> Builder {
    let site = Site::new(name)
        .server("MirrorBrainGeoDatabase geo.mmdb")
        .sql("CREATE EXTENSION IF NOT EXISTS ip4r")
        .sql("CREATE TABLE IF NOT EXISTS pfx2asn (pfx iprange NOT NULL, asn bigint NOT NULL)")
        .sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64500)")
        .directory("ASLookup On\nASSetHeaders On\nOptions Indexes\nIndexOptions +Mirrorlist");
    let builder = site.builder();
    let germany = Value::map([("country", Value::map([("iso_code", "DE")]))]);
    Writer::new("GeoLite2-Country")
        .insert("127.0.0.0/8", germany)
        .write_to(&builder.work().join("geo.mmdb"))
        .expect("mmdb");
    builder
        .ours(&["asn", "autoindex_mb"])
        .mpm(mpm)
        // Room for the next children beside the ones that end.
        .config(match mpm {
            Mpm::Event | Mpm::Worker => "ServerLimit 6",
            Mpm::Prefork => "ServerLimit 24\nMaxRequestWorkers 12",
        })
        // httpd's own complaints about so few.
        .allow("AH00484")
        .allow("AH03490")
}

/// What is wrong with an answer, without its body.
fn wrong(response: &Response) -> Result<(), String> {
    let (status, bytes) = (response.status, response.body.len());
    Err(format!("status {status}, {bytes} bytes"))
}

fn redirect(response: &Response) -> Result<(), String> {
    let location = response.location();
    let text = response.text();
    let is_right = match response.status {
        302 => location.ends_with(FILE) && text.contains(&location) && text.contains("</html>"),
        // The database was away.
        200 => response.body.len() == SIZE && response.body.iter().all(|&byte| byte == 0),
        _ => false,
    };
    let known = response.header("X-AS").is_some_and(|asn| asn == "64500");
    if is_right && known {
        Ok(())
    } else {
        wrong(response)
    }
}

fn metalink(response: &Response) -> Result<(), String> {
    let text = response.text();
    let is_right = match response.status {
        200 => text.starts_with("<?xml") && text.trim_end().ends_with("</metalink>"),
        // The database was away.
        503 => response.header("Retry-After").is_some(),
        _ => false,
    };
    if is_right { Ok(()) } else { wrong(response) }
}

fn listing(response: &Response) -> Result<(), String> {
    let text = response.text();
    if response.status == 200 && text.contains("full.iso.mirrorlist") && text.contains("</html>") {
        Ok(())
    } else {
        wrong(response)
    }
}

/// Clients of all three kinds of documents.
struct Clients(Vec<Load>);

impl Clients {
    const ALL: usize = 3 * CLIENTS;

    fn start(httpd: &Httpd) -> Self {
        let address = httpd.address();
        Self(vec![
            Load::checked(address, FILE, CLIENTS, redirect),
            Load::checked(address, &format!("{FILE}.meta4"), CLIENTS, metalink),
            Load::checked(address, "/iso/", CLIENTS, listing),
        ])
    }

    /// Counts. Answers for want of the database are right where the log speaks of it: on a machine
    /// that is busy with other things, a new child may wait for it for too long.
    #[track_caller]
    fn finish(self, httpd: &mut Httpd) -> Count {
        let samples: Vec<_> = self.0.into_iter().map(Load::finish).collect();
        let [redirects, others @ ..] = &samples[..] else {
            panic!("no clients");
        };
        let instead = Count::of(redirects).status(200);
        let others: Vec<_> = others.iter().flatten().cloned().collect();
        let unavailable = Count::of(&others).status(503);
        if httpd.log().contains(AWAY) {
            println!("{instead} files and {unavailable} x 503, because the database was away");
            httpd.allow(AWAY);
        } else {
            assert_eq!((instead, unavailable), (0, 0), "and the database was there");
        }
        Count::of(redirects.iter().chain(&others))
    }
}

/// Waits until the tables are loaded, so that every answer is as the checks want it.
#[track_caller]
fn wait_until_ready(httpd: &Httpd) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let ready = |response: Response| response.status == 302 && redirect(&response).is_ok();
    while !ready(httpd.get(FILE)) {
        assert!(Instant::now() < deadline, "{}", httpd.log());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a process takes, in kilobytes.
#[derive(Debug, Clone, Copy, Default)]
struct Memory {
    /// Memory that is no file's. Not PSS: that depends on how many other processes map the same.
    anonymous: u64,
    /// All that is resident, files included.
    resident: u64,
}

impl Memory {
    fn of(pid: u32) -> Option<Self> {
        let kilobytes = |label| Some(amount(pid, "smaps_rollup", label)? >> 10);
        Some(Self {
            anonymous: kilobytes("Anonymous:")?,
            resident: kilobytes("Rss:")?,
        })
    }

    fn or_more(self, other: Self) -> Self {
        Self {
            anonymous: self.anonymous.max(other.anonymous),
            resident: self.resident.max(other.resident),
        }
    }

    /// Whether this is at most 5 % more than `first`.
    fn has_hardly_grown_since(self, first: Self) -> bool {
        let within = |last: u64, first: u64| last * 100 <= first * 105;
        within(self.anonymous, first.anonymous) && within(self.resident, first.resident)
    }
}

/// Of the parent and of the largest child.
fn memory(httpd: &Httpd) -> (Memory, Memory) {
    let children = httpd.children().into_iter().filter_map(Memory::of);
    (
        Memory::of(httpd.pid()).expect("the parent's memory"),
        children.fold(Memory::default(), Memory::or_more),
    )
}

/// How many files the parent has open.
fn open_files(httpd: &Httpd) -> usize {
    fs::read_dir(format!("/proc/{}/fd", httpd.pid())).map_or(0, Iterator::count)
}

/// Restarts gracefully, and waits for the end of the children before.
#[track_caller]
fn restart(httpd: &mut Httpd) {
    let old = httpd.children();
    httpd.graceful();
    let deadline = Instant::now() + Duration::from_secs(30);
    while old.iter().any(|&child| is_alive(child)) {
        assert!(Instant::now() < deadline, "{old:?} go on\n{}", httpd.log());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How many restarts to make: some, or as many as `RESTARTS` in the environment says.
fn restarts(some: usize) -> usize {
    std::env::var("RESTARTS").map_or(some, |n| n.parse().expect("a number"))
}

/// No request fails and no answer is wrong. httpd closes kept connections in a restart, as it may:
/// a request that meets the end of one is sent again, by each client once for each restart at most.
///
/// `RESTARTS=500` makes it a campaign, which also holds memory and open files to what they were
/// after the first 20.
#[track_caller]
fn assert_restarts_cost_nothing(mpm: Mpm, restarts: usize) {
    let mpm_name = mpm.name();
    let mut httpd = site(&format!("life_cycle_{mpm_name}"), mpm).start();
    wait_until_ready(&httpd);
    let (clients, start) = (Clients::start(&httpd), Instant::now());
    let mut sizes = Vec::new();
    let mut files = None;
    for n in 1..=restarts {
        restart(&mut httpd);
        // A child is measured at the same age each time, and answers meanwhile.
        std::thread::sleep(Duration::from_millis(100));
        if n >= WARM_UP {
            let (parent, child) = memory(&httpd);
            sizes.push((parent, child));
            files.get_or_insert(open_files(&httpd));
            if n % WARM_UP == 0 {
                println!("{mpm_name}: after {n} restarts: parent {parent:?}, child {child:?}");
            }
        }
    }
    let count = clients.finish(&mut httpd);
    let took = start.elapsed();
    println!("{mpm_name}: {restarts} restarts in {took:.0?}: {count}");
    assert!(count.failures.is_empty(), "{:#?}", count.failures);
    assert!(count.requests > restarts * Clients::ALL, "{count}");
    assert!(count.retried <= restarts * Clients::ALL, "{count}");
    if let Some(files) = files {
        // A child's size depends on how far it has come: take the largest of some.
        let most = |sizes: &[(Memory, Memory)]| {
            sizes
                .iter()
                .fold(<(Memory, Memory)>::default(), |most, size| {
                    (most.0.or_more(size.0), most.1.or_more(size.1))
                })
        };
        let some = sizes.len().min(WARM_UP);
        let (first, last) = (most(&sizes[..some]), most(&sizes[sizes.len() - some..]));
        println!("{mpm_name}: at most, parent and child, in KB: first {first:?}, last {last:?}");
        assert!(
            last.0.has_hardly_grown_since(first.0),
            "{first:?}, then {last:?}"
        );
        assert!(
            last.1.has_hardly_grown_since(first.1),
            "{first:?}, then {last:?}"
        );
        assert_eq!(open_files(&httpd), files, "files open in the parent");
    }
}

#[test]
fn graceful_restarts_under_load_fail_no_request_and_leak_nothing() {
    assert_restarts_cost_nothing(Mpm::Event, restarts(8));
}

#[test]
fn graceful_restarts_of_worker_and_prefork_fail_no_request_and_leak_nothing() {
    for mpm in [Mpm::Worker, Mpm::Prefork] {
        assert_restarts_cost_nothing(mpm, restarts(3));
    }
}

#[test]
fn children_that_are_replaced_after_some_connections_fail_no_request() {
    for mpm in Mpm::ALL {
        let mut httpd = site(&format!("life_cycle_recycled_{}", mpm.name()), mpm)
            .config("MaxConnectionsPerChild 20\nMaxKeepAliveRequests 5")
            .start();
        wait_until_ready(&httpd);
        let before = httpd.children();
        let clients = Clients::start(&httpd);
        let deadline = Instant::now() + Duration::from_secs(20);
        while before.iter().any(|&child| is_alive(child)) {
            assert!(
                Instant::now() < deadline,
                "{}: {before:?} go on",
                mpm.name()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_secs(1));
        let count = clients.finish(&mut httpd);
        println!("{}: {count}", mpm.name());
        assert!(count.failures.is_empty(), "{:#?}", count.failures);
        assert!(count.requests > 100, "{count}");
    }
}
