//! Clients that ask for large documents and read nothing; servers that have no memory left.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::command::run;
use harness::files;
use harness::http;
use harness::httpd::{Builder, Httpd};
use harness::site::{GERMANY, MTIME, Mirror, Site};

use super::memory;

const SIZE: usize = 4 << 30;
/// One block of 2 KiB has ten bytes.
const SUMS: usize = SIZE / 2048 * 10;
const PIECES: usize = SIZE / (256 << 10) * 20;

/// What a site of its own design asks for hashes with: whole rows.
pub const OWN_QUERY: &str = "MirrorBrainDBDQueryHash \"SELECT file_id, md5hex, sha1hex, sha256hex, \
    sha1piecesize, sha1pieceshex, btihhex, pgp, zblocksize, zhashlens, zsumshex FROM hexhash \
    WHERE file_id = (SELECT id FROM filearr WHERE path = %s) AND size = %lld AND mtime = %lld\"";

/// Four files with 20 MB of zsync sums each, and small ones.
fn site(name: &str) -> Site {
    let names = ["0", "1", "2", "3"].map(|n| format!("dvd{n}.iso"));
    let mut site = Site::new(name).mirror(&Mirror::new("berlin", "eu", "de"));
    for name in &names {
        site = site.file(name, b"");
    }
    site.file("small.iso", b"content")
        // Real sums do not compress.
        .sql("ALTER TABLE hash ALTER zsums SET STORAGE EXTERNAL")
        .sql(&format!(
            "INSERT INTO hash SELECT id, {MTIME}, {SIZE}, decode(md5('a'), 'hex'), \
             decode(repeat('ab', 20), 'hex'), decode(repeat('cd', 32), 'hex'), 262144, \
             decode(repeat('ef', {PIECES}), 'hex'), decode(repeat('01', 20), 'hex'), '', \
             2048, '2,4,6', decode(repeat(md5(path), {SUMS} / 16), 'hex') FROM filearr \
             WHERE path LIKE 'dvd%'"
        ))
        .httpd(|builder: Builder| {
            for name in &names {
                files::sparse(&builder.tree(), name, SIZE as u64, MTIME);
            }
            builder
        })
}

/// Asks without reading.
fn ask(httpd: &Httpd, path: &str) -> TcpStream {
    let mut stream = http::connect(httpd.address()).expect("a connection");
    let request = http::request("GET", path, GERMANY);
    stream.write_all(&request).expect("a request");
    stream
}

/// The status that has arrived, if one has.
fn status(stream: &TcpStream) -> Option<u16> {
    stream.set_nonblocking(true).expect("a socket");
    let mut start = [0; 12];
    let count = stream.peek(&mut start).ok()?;
    let text = String::from_utf8_lossy(&start[..count]).into_owned();
    text.get(9..)?.parse().ok()
}

/// Asks 60 times for four files, and waits until nothing happens any more.
fn ask_often(httpd: &Httpd) -> Vec<TcpStream> {
    let paths = (0..60).map(|n| format!("/dvd{}.iso.zsync", n % 4));
    let streams: Vec<_> = paths.map(|path| ask(httpd, &path)).collect();
    let deadline = Instant::now() + Duration::from_secs(20);
    let answered = || streams.iter().filter(|s| status(s).is_some()).count();
    while answered() < 60 && Instant::now() < deadline {
        sleep(Duration::from_millis(100));
    }
    streams
}

fn statuses(streams: &[TcpStream]) -> (usize, usize) {
    let count = |wanted| {
        let is = |stream: &&TcpStream| status(stream) == Some(wanted);
        streams.iter().filter(is).count()
    };
    (count(200), count(503))
}

#[test]
fn clients_that_read_nothing_get_little_memory_and_few_threads() {
    unread(site("large_unread"));
}

#[test]
fn nor_do_they_where_a_site_has_its_own_query() {
    unread(site("large_own").config(OWN_QUERY));
}

fn unread(site: Site) {
    let (mut httpd, _database) = site.start();
    for n in 0..4 {
        assert_eq!(httpd.get(&format!("/dvd{n}.iso")).status, 302);
    }
    let before = memory(&httpd, "VmRSS:");
    let streams = ask_often(&httpd);
    let grown = memory(&httpd, "VmRSS:").saturating_sub(before);
    let (sent, refused) = statuses(&streams);
    println!("{sent} sent, {refused} refused, the child grew by {grown}");
    // A quarter of eight threads; nobody else waits.
    assert_eq!((sent, refused), (2, 58));
    assert!(grown < 24 << 20, "{grown}");
    let refusal = httpd.get_with("/dvd0.iso.zsync", GERMANY);
    assert_eq!(refusal.status, 503);
    assert_eq!(refusal.header("Retry-After").as_deref(), Some("10"));
    // A metalink without the hashes of pieces is one.
    let metalink = httpd.get_with("/dvd0.iso.meta4", GERMANY);
    assert_eq!(metalink.status, 200);
    assert!(!metalink.text().contains("<pieces"));
    assert_eq!(httpd.get_with("/small.iso", GERMANY).status, 302);
    httpd.expect_log("refuses further ones; see MirrorBrainMaxLargeDocuments");
    assert_eq!(httpd.log().matches("refuses further ones").count(), 1);
    drop(streams);
    // They make room for others.
    let again = |_: &i32| {
        sleep(Duration::from_millis(100));
        httpd.get_with("/dvd0.iso.zsync", GERMANY).status == 200
    };
    assert!((0..100).find(again).is_some());
}

/// As under `ulimit -v`: an allocation of megabytes fails.
#[test]
fn a_child_that_has_no_memory_left_lives_on() {
    let (httpd, _database) = site("large_memory").config(OWN_QUERY).start();
    assert_eq!(httpd.get("/dvd0.iso").status, 302);
    let children = httpd.children();
    let limit = memory(&httpd, "VmSize:") + (8 << 20);
    limit_memory(children[0], limit);
    for n in 0..4 {
        let answer = httpd.get_with(&format!("/dvd{n}.iso.zsync"), GERMANY);
        match answer.status {
            200 => assert!(answer.body.len() > SUMS),
            status => {
                assert_eq!(status, 503);
                assert!(answer.header("Retry-After").is_some());
            }
        }
        assert_eq!(httpd.get("/dvd0.iso").status, 302);
    }
    assert_eq!(httpd.children(), children);
}

/// Bounds the address space of a process, in its user's name.
fn limit_memory(pid: u32, bytes: usize) {
    let owner = fs::metadata(format!("/proc/{pid}")).expect("a process");
    let mut command = if owner.uid() == 0 {
        Command::new("prlimit")
    } else {
        let mut command = Command::new("setpriv");
        command.args([
            format!("--reuid={}", owner.uid()),
            format!("--regid={}", owner.gid()),
            "--clear-groups".to_owned(),
            "prlimit".to_owned(),
        ]);
        command
    };
    run(command.args([format!("--pid={pid}"), format!("--as={bytes}")]));
}

#[test]
fn a_body_that_cannot_be_ended_is_broken_off() {
    let (mut httpd, database) = site("large_broken").start();
    let whole = httpd.get_with("/dvd0.iso.zsync", GERMANY);
    let length: usize = whole.header("Content-Length").unwrap().parse().unwrap();
    assert_eq!(whole.body.len(), length);
    let mut stream = ask(&httpd, "/dvd1.iso.zsync");
    let mut body = vec![0; 1 << 20];
    stream.read_exact(&mut body).expect("a start");
    // Hashed anew, with other blocks.
    database.sql("UPDATE hash SET zhashlens = '1,4,6'");
    let end = stream.read_to_end(&mut body);
    println!("{} of {length} bytes, {end:?}", body.len());
    assert!(body.len() < length);
    httpd.expect_log("dvd1.iso.zsync ends early: the stored sums have changed");
}

#[test]
fn over_http2_no_body_passes_for_whole_either() {
    let site = site("large_http2").config("Protocols h2c http/1.1");
    let (mut httpd, database) = site.httpd(|builder| builder.stock(&["http2"])).start();
    let slow = http::curl()
        .args([
            "--http2-prior-knowledge",
            "--limit-rate",
            "2M",
            "-o",
            "/dev/null",
        ])
        .arg(httpd.url("/dvd1.iso.zsync"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    sleep(Duration::from_secs(2));
    database.sql("UPDATE hash SET zhashlens = '1,4,6'");
    let output = slow.and_then(Child::wait_with_output).expect("curl");
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(problems.contains("not closed cleanly"), "{problems}");
    assert_eq!(httpd.get("/dvd0.iso").status, 302);
    httpd.expect_log("dvd1.iso.zsync ends early: the stored sums have changed");
}

#[test]
fn a_head_request_costs_no_sums() {
    for own in [None, Some(OWN_QUERY)] {
        let name = own.map_or("large_head", |_| "large_head_own");
        let (httpd, database) = site(name)
            .config(own.unwrap_or(""))
            .config("MirrorBrainCacheTTL 600")
            .start();
        let head = |httpd: &Httpd, kind: &str| {
            let path = format!("/dvd0.iso.{kind}");
            let request = http::request("HEAD", &path, GERMANY);
            httpd.raw(&request).expect("an answer")
        };
        let mut lengths = Vec::new();
        for kind in ["zsync", "meta4", "metalink"] {
            let get = httpd.get_with(&format!("/dvd0.iso.{kind}"), GERMANY);
            assert_eq!(get.status, 200, "{kind}");
            lengths.push((kind, get.header("Content-Length")));
        }
        // Whoever reads sums now waits in vain.
        let mut locker = database.connect().expect("a connection");
        locker
            .batch_execute("BEGIN; LOCK TABLE hash IN ACCESS EXCLUSIVE MODE")
            .expect("a lock");
        for (kind, length) in lengths {
            let answer = head(&httpd, kind);
            assert_eq!(answer.status, 200, "{kind}");
            assert_eq!(answer.header("Content-Length"), length, "{kind}");
        }
    }
}
