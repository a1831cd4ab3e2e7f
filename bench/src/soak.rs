//! Many requests of all kinds to one server: its memory must not grow with their number.
//!
//! The first fifth warms up: caches fill, and the allocators of httpd and of the C library take
//! what the worst moment needs. From then on what is in use stays as it is.
//!
//! With its defaults the C library goes on taking more for many millions of requests. Each of 72
//! threads keeps for itself up to seven freed blocks of each of 64 sizes: 231 KiB, 17 MB in all. Of
//! these it had 6.6 MB within 120,000 requests and 9.5 MB after 600,000, while what we had in use
//! was 7.2 and 7.6 MB; blocks of rare sizes come to a thread rarely. And threads spread over arenas
//! with holes of their own. So there are two arenas here, and nothing that threads keep: what grows
//! then is what somebody does not give back.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use harness::httpd::Httpd;
use harness::memcached::Memcached;

use crate::dataset::{self, Files, Size};
use crate::kind::Kind;
use crate::load::receive;
use crate::site::{self, Site, Tree};
use crate::usage;
use crate::verdict::{Sample, Verdict};

/// Unless the command line says otherwise.
pub const REQUESTS: u64 = 10_000_000;

const CONNECTIONS: usize = 16;
const FILES: u32 = 20_000;
/// Files that most requests are for.
const HOT: u32 = 100;
/// How often memory is looked at.
const PAUSE: Duration = Duration::from_millis(500);
/// What the C library is told (mallopt(3), and "Tunables" in its manual); others overlook it.
const TUNABLES: &str = "glibc.malloc.arena_max=2:glibc.malloc.tcache_count=0";

/// Everything that has memory of its own; a cache that is always full, and a table that is asked
/// again each second.
const CONFIG: &str = "\
MirrorBrainCacheSize 1048576
MirrorBrainCacheTTL 1
MirrorBrainMemcached On
MemcacheServer 127.0.0.1:@MEMCACHED@
ASLookupRefresh 1
IndexOptions FancyIndexing HTMLTable Mirrorlist Metalink
";

/// One kind of request.
#[derive(Clone, Copy)]
struct Ask {
    /// How many of a hundred.
    share: u32,
    path: Path,
    method: &'static str,
    /// What follows the path.
    suffix: &'static str,
    accept: &'static str,
    /// The status of the answer.
    status: u16,
}

/// What clients ask for.
const ASKS: &[Ask] = &[
    get(50, Path::Hot, "", 302),
    get(20, Path::Cold, "", 302),
    get(5, Path::Cold, ".meta4", 200),
    Ask {
        accept: "application/metalink4+xml",
        ..get(3, Path::Hot, "", 200)
    },
    get(3, Path::Cold, ".metalink", 200),
    get(3, Path::Cold, ".mirrorlist", 200),
    get(2, Path::Cold, ".sha256", 200),
    get(2, Path::Hot, "?country=jp", 302),
    head(5, Path::Hot, "", 302),
    head(1, Path::Cold, ".meta4", 200),
    get(1, Path::Directory, "/", 200),
    get(1, Path::Directory, "/?C=S;O=D;P=*5*", 200),
    get(2, Path::Small, "", 200),
    get(1, Path::Missing, "", 404),
    get(1, Path::Missing, ".meta4", 404),
];

const fn get(share: u32, path: Path, suffix: &'static str, status: u16) -> Ask {
    Ask {
        share,
        path,
        method: "GET",
        suffix,
        accept: "*/*",
        status,
    }
}

const fn head(share: u32, path: Path, suffix: &'static str, status: u16) -> Ask {
    Ask {
        method: "HEAD",
        ..get(share, path, suffix, status)
    }
}

#[derive(Clone, Copy)]
enum Path {
    Hot,
    Cold,
    Directory,
    Small,
    Missing,
}

impl Path {
    fn draw(self, rng: &mut Rng) -> String {
        match self {
            Self::Hot => dataset::path(rng.u32(..HOT)),
            Self::Cold => dataset::path(rng.u32(..FILES)),
            Self::Directory => dataset::directory(rng.u32(..dataset::directories(FILES))),
            Self::Small => dataset::SMALL.to_owned(),
            Self::Missing => format!("{}/none-{}", dataset::directory(0), rng.u32(..)),
        }
    }
}

/// Boots everything and asks.
///
/// # Panics
/// If an answer has another status than expected.
pub fn run(requests: u64) -> Verdict {
    let cluster = site::start_cluster();
    let size = Size {
        paths: FILES,
        ..Size::STANDARD
    };
    let tree = Tree::new(Files::first(FILES));
    let site = Site::new(&cluster, &tree, size);
    let memcached = Memcached::start();
    let httpd = Kind::GeoAsn
        .builder(&site, None)
        .ours(&["autoindex_mb"])
        .config(CONFIG)
        .set("MEMCACHED", memcached.port())
        // On a busy machine it may be late.
        .allow("memcached at")
        .env("GLIBC_TUNABLES", TUNABLES)
        .start();
    let children = httpd.children();
    let start = Instant::now();
    let samples = ask_and_look(&httpd, requests);
    let same_children = httpd.children() == children;
    Verdict::new(requests, start.elapsed(), &samples, same_children)
}

/// Asks, and looks at memory all the while.
fn ask_and_look(httpd: &Httpd, requests: u64) -> Vec<Sample> {
    let (done, address) = (AtomicU64::new(0), httpd.address());
    let mut samples = Vec::new();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|_| scope.spawn(|| client(address, requests, &done)))
            .collect();
        let mut shown = 0;
        loop {
            let count = done.load(Ordering::Relaxed).min(requests);
            let resident = usage::family_resident(httpd);
            samples.push(Sample {
                done: count,
                resident,
            });
            let tenth = count * 10 / requests;
            if tenth > shown {
                shown = tenth;
                println!("{count:>10} requests, {} KiB resident", resident >> 10);
            }
            if count >= requests || clients.iter().any(|client| client.is_finished()) {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        for client in clients {
            client.join().expect("a client").expect("an answer");
        }
    });
    samples
}

fn client(address: SocketAddr, requests: u64, done: &AtomicU64) -> io::Result<()> {
    let (mut rng, mut buffer) = (Rng::new(), vec![0; 256 << 10]);
    let mut connection = None;
    while done.fetch_add(1, Ordering::Relaxed) < requests {
        let Some(ask) = draw(&mut rng) else { continue };
        let (method, path, suffix) = (ask.method, ask.path.draw(&mut rng), ask.suffix);
        let request = format!(
            "{method} /{path}{suffix} HTTP/1.1\r\nHost: download.example.org\r\n\
             User-Agent: soak\r\nAccept: {}\r\n\r\n",
            ask.accept
        );
        let found = send(&mut connection, address, &request, method, &mut buffer)?;
        if found != ask.status {
            let text = format!("{method} /{path}{suffix}: {found}, not {}", ask.status);
            return Err(io::Error::other(text));
        }
    }
    Ok(())
}

fn draw(rng: &mut Rng) -> Option<&'static Ask> {
    let all: u32 = ASKS.iter().map(|ask| ask.share).sum();
    let mut point = rng.u32(..all);
    ASKS.iter().find(|ask| match point.checked_sub(ask.share) {
        Some(rest) => {
            point = rest;
            false
        }
        None => true,
    })
}

/// Asks on the connection there is, or on a new one if the server has closed it.
fn send(
    connection: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &str,
    method: &str,
    buffer: &mut Vec<u8>,
) -> io::Result<u16> {
    if let Some(kept) = connection.take()
        && let Ok((status, keep)) = exchange(&kept, request, method, buffer)
    {
        *connection = keep.then_some(kept);
        return Ok(status);
    }
    let fresh = TcpStream::connect(address)?;
    fresh.set_nodelay(true)?;
    let (status, keep) = exchange(&fresh, request, method, buffer)?;
    *connection = keep.then_some(fresh);
    Ok(status)
}

fn exchange(
    mut stream: &TcpStream,
    request: &str,
    method: &str,
    buffer: &mut Vec<u8>,
) -> io::Result<(u16, bool)> {
    stream.write_all(request.as_bytes())?;
    receive(stream, buffer, method == "HEAD")
}
