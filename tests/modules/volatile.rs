//! Files that change in place, and hashes of small files that the database does not know.

use std::fs::{self, File};
use std::io::Write;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use harness::http::Response;
use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site, noise};
use sha2::{Digest, Sha256, Sha512};

use crate::documents::urls;

const OFF: &str = "MirrorBrainCompatible Off";
const MASK: &str = "MirrorBrainVolatileFileMask \"/(index|latest)[^/]*$\"";
const INDEX: &str = "repo/index.xml";
const LARGE: &str = "repo/index-large.xml";

fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .hashed(INDEX, b"<index/>")
        .hashed(LARGE, &noise(31, 5000))
        .hashed("repo/package.rpm", b"never changes")
        .config("ServerName http://download.example.org:80")
}

fn get(httpd: &Httpd, path: &str) -> Response {
    httpd.get_with(&format!("/{path}"), GERMANY)
}

fn hosts(httpd: &Httpd, path: &str) -> Vec<String> {
    let urls = urls("meta4", &get(httpd, &format!("{path}.meta4")));
    let host = |url: &String| url.split('/').nth(2).map(str::to_owned);
    urls.iter().filter_map(host).collect()
}

/// Writes another content of the same size into a file of the tree.
fn change(httpd: &Httpd, path: &str, content: &[u8]) {
    let mut file = File::options()
        .write(true)
        .open(httpd.tree().join(path))
        .unwrap();
    file.write_all(content).unwrap();
    file.set_modified(SystemTime::now()).unwrap();
}

/// Clients were redirected to a mirror with last week's index.
#[test]
fn a_volatile_file_comes_from_here_and_its_metalink_has_mirrors_and_hash() {
    for compatible in ["2.19", "Off"] {
        let (httpd, _) = site(&format!("volatile_{}", compatible.replace('.', "_")))
            .directory(MASK)
            .config(&format!("MirrorBrainCompatible {compatible}"))
            .start();
        assert_eq!(get(&httpd, INDEX).text(), "<index/>");
        assert_eq!(get(&httpd, "repo/package.rpm").status, 302);
        let both = ["berlin.example", "download.example.org"];
        assert_eq!(hosts(&httpd, INDEX), both, "{compatible}");
        // Who prefers a metalink gets one: libzypp does.
        let accept = [("Accept", "*/*, application/metalink4+xml")];
        let answer = httpd.get_with(&format!("/{INDEX}"), &accept);
        assert!(
            answer.text().contains("type=\"sha-256\""),
            "{}",
            answer.text()
        );
    }
}

/// Only this server is sure to have the version whose hash nobody knows.
#[test]
fn without_a_hash_only_this_server_is_listed() {
    let (httpd, _) = site("volatile_unhashed")
        .directory(MASK)
        .config(OFF)
        .config("MirrorBrainHashMaxSize 4096")
        .start();
    change(&httpd, LARGE, &noise(32, 5000));
    change(&httpd, "repo/package.rpm", b"that is new..");
    assert_eq!(hosts(&httpd, LARGE), ["download.example.org"]);
    let accept = [("Accept", "*/*, application/metalink4+xml")];
    let answer = httpd.get_with(&format!("/{LARGE}"), &accept);
    assert_eq!(answer.body, noise(32, 5000));
    // What does not change in place is taken for what it was.
    assert_eq!(hosts(&httpd, "repo/package.rpm").len(), 2);
}

/// A popular link to the newest of many large files must not be sent from here.
#[test]
fn of_a_link_the_target_decides() {
    let site = site("volatile_links").directory(MASK).config(OFF);
    let site = site.httpd(|builder| {
        std::os::unix::fs::symlink("package.rpm", builder.tree().join("repo/latest.rpm")).unwrap();
        std::os::unix::fs::symlink("index.xml", builder.tree().join("repo/plain.xml")).unwrap();
        builder
    });
    let (httpd, _) = site.start();
    assert_eq!(get(&httpd, "repo/latest.rpm").status, 302);
    assert_eq!(get(&httpd, "repo/plain.xml").status, 200);
}

/// After `touch repomd.xml` its metalink had no hash, and dnf took the old one of a mirror.
#[test]
fn a_small_file_without_current_hashes_is_hashed_on_demand() {
    let (httpd, _) = site("volatile_hashes").directory(MASK).config(OFF).start();
    for content in [&b"<new-1/>"[..], b"<new-2/>", b"<new-3/>"] {
        change(&httpd, INDEX, content);
        let (sha256, sha512) = (Sha256::digest(content), Sha512::digest(content));
        let text = get(&httpd, &format!("{INDEX}.meta4")).text();
        assert!(
            text.contains(&format!("<hash type=\"sha-256\">{sha256:x}</hash>")),
            "{text}"
        );
        assert!(
            text.contains(&format!("<hash type=\"sha-512\">{sha512:x}</hash>")),
            "{text}"
        );
        let text = get(&httpd, &format!("{INDEX}.metalink")).text();
        assert!(
            text.contains(&format!("<hash type=\"sha512\">{sha512:x}</hash>")),
            "{text}"
        );
        let line = get(&httpd, &format!("{INDEX}.sha256")).text();
        assert_eq!(line, format!("{sha256:x}  index.xml\n"));
        let page = get(&httpd, &format!("{INDEX}.mirrorlist")).text();
        assert!(page.contains(&format!("{sha256:x}")), "{page}");
        assert_eq!(hosts(&httpd, INDEX).len(), 2);
    }
    // Nothing else is made: a torrent needs more than hashes.
    assert_eq!(get(&httpd, &format!("{INDEX}.btih")).status, 404);
}

#[test]
fn hashes_are_made_up_to_the_configured_size_and_not_for_2_19() {
    let (httpd, _) = site("volatile_limit")
        .config(OFF)
        .local("small.bin", &[1; 1000])
        .local("large.bin", &[1; 1001])
        .local("sub/small.bin", &[1; 10])
        .config("MirrorBrainHashMaxSize 1000")
        .config("<Location \"/sub\">\nMirrorBrainHashMaxSize 0\n</Location>")
        .config("<VirtualHost *:@PORT@>\nServerName first.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName old.example.org")
        .config("MirrorBrainHashMaxSize 1000\nMirrorBrainCompatible 2.19\n</VirtualHost>")
        .start();
    let status = |path: &str| get(&httpd, path).status;
    assert_eq!(status("small.bin.md5"), 200);
    assert_eq!(status("large.bin.md5"), 404);
    // The argument of a query: a suffix leads to another path than that of the section.
    assert_eq!(status("sub/small.bin?md5"), 404);
    let old = httpd.get_with("/small.bin.md5", &[("Host", "old.example.org")]);
    assert_eq!(old.status, 200, "a directive of its own overrides");

    let (httpd, _) = site("volatile_compatible")
        .local("small.bin", &[1; 10])
        .start();
    assert_eq!(get(&httpd, "small.bin.md5").status, 404);
}

/// Without the database, too.
#[test]
fn small_files_have_hashes_while_the_database_is_away() {
    let (httpd, _) = site("volatile_outage")
        .directory(MASK)
        .config(OFF)
        .config("DBDParams \"host=127.0.0.1 port=1 connect_timeout=1\"")
        .httpd(|httpd| httpd.allow("127.0.0.1"))
        .start();
    let line = get(&httpd, &format!("{INDEX}.sha256"));
    assert_eq!(
        line.text(),
        format!("{:x}  index.xml\n", Sha256::digest(b"<index/>"))
    );
    assert_eq!(hosts(&httpd, INDEX), ["download.example.org"]);
    assert_eq!(get(&httpd, &format!("{INDEX}.torrent")).status, 503);
}

/// What reads of a file cost is paid once for each version of it.
#[test]
fn hashes_are_remembered_until_the_file_is_another_one() {
    const SIZE: usize = 1 << 20;
    let (httpd, _) = site("volatile_remembered")
        .config(OFF)
        .local("a.bin", &vec![1; SIZE])
        .start();
    // A change within the last two seconds is not trusted to show.
    sleep(Duration::from_millis(3100));
    let read = || -> u64 {
        let bytes = |pid: &u32| {
            let text = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("rchar: "));
            line.and_then(|count| count.parse::<u64>().ok())
                .unwrap_or(0)
        };
        httpd.children().iter().map(bytes).sum()
    };
    let before = read();
    let first = get(&httpd, "a.bin.sha256").text();
    let made = read() - before;
    assert!(made >= SIZE as u64, "{made}");
    for _ in 0..5 {
        assert_eq!(get(&httpd, "a.bin.sha256").text(), first);
    }
    let again = read() - before - made;
    assert!(again < SIZE as u64 / 2, "{again}");
    // The same size, and the same modification time: only the change time tells.
    let path = httpd.tree().join("a.bin");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let mut file = File::options().write(true).open(&path).unwrap();
    file.write_all(&[2]).unwrap();
    file.set_modified(modified).unwrap();
    assert_ne!(get(&httpd, "a.bin.sha256").text(), first);
}

/// A thread hashes at a time and three may wait: the others say so at once, and redirects do not wait.
#[test]
fn few_threads_hash_at_a_time() {
    const SIZE: usize = 64 << 20;
    let mut site = site("volatile_bounded")
        .config(OFF)
        .config("MirrorBrainHashMaxSize 67108864")
        .local("0.bin", &vec![1; SIZE]);
    for n in 1..8 {
        site = site.httpd(|builder| {
            fs::hard_link(
                builder.tree().join("0.bin"),
                builder.tree().join(format!("{n}.bin")),
            )
            .unwrap();
            builder
        });
    }
    let (httpd, _) = site.start();
    let ask = |n: usize| {
        let started = Instant::now();
        let answer = get(&httpd, &format!("{n}.bin.sha256"));
        (answer, started.elapsed())
    };
    let answers: Vec<_> = std::thread::scope(|scope| {
        let ask = &ask;
        let threads: Vec<_> = (0..7).map(|n| scope.spawn(move || ask(n))).collect();
        sleep(Duration::from_millis(50));
        assert_eq!(get(&httpd, "repo/package.rpm").status, 302);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let made = answers
        .iter()
        .filter(|(answer, _)| answer.status == 200)
        .count();
    let busy = answers
        .iter()
        .filter(|(answer, _)| answer.status == 503)
        .count();
    assert_eq!(made + busy, 7);
    assert!((1..=4).contains(&made), "{made} of 7");
    for (answer, _) in answers.iter().filter(|(answer, _)| answer.status == 503) {
        assert!(answer.header("Retry-After").is_some());
    }
}

/// The configuration that is shipped.
#[test]
fn the_shipped_mask_covers_the_indexes_of_repositories_and_nothing_else() {
    const VOLATILE: &[&str] = &[
        "el/9/repodata/repomd.xml",
        "el/9/repodata/repomd.xml.key",
        "el/9/repodata/primary.xml.gz",
        "debian/dists/trixie/InRelease",
        "debian/dists/trixie/Release",
        "debian/dists/trixie/Release.gpg",
        "debian/dists/trixie/main/binary-amd64/Packages",
        "debian/dists/trixie/main/binary-amd64/Packages.xz",
        "debian/dists/trixie/main/source/Sources.gz",
        "debian/dists/trixie/main/Contents-amd64.gz",
        "debian/dists/trixie/main/Contents-udeb-all.gz",
        "debian/dists/trixie/main/i18n/Translation-pt_BR.bz2",
        "flat/Packages.gz",
        "arch/core/os/x86_64/core.db",
        "arch/core/os/x86_64/core.db.tar.gz",
        "arch/core/os/x86_64/core.files",
        "iso/latest.txt",
        "flatpak/repo/config",
        "flatpak/repo/summary",
        "flatpak/repo/summary.sig",
        "flatpak/repo/summary.idx",
        "flatpak/repo/refs/heads/app/org.example.Orange/x86_64/stable",
        "api/releases.json",
        "TIMESTAMP",
        ".timestamp",
        "lastsync",
    ];
    const FIXED: &[&str] = &[
        "el/9/repodata/0a1b2c-primary.xml.gz",
        "el/9/Packages/o/orange-1.0-1.noarch.rpm",
        "debian/pool/main/o/orange_1.0_all.deb",
        "debian/dists/trixie/main/binary-amd64/by-hash/SHA256/0a1b2c",
        "arch/core/os/x86_64/orange-1.0-1-any.pkg.tar.zst",
        "iso/orange-latest.iso",
        "Release-notes.html",
        "flatpak/repo/objects/0a/1b2c.filez",
        "orange.xml",
    ];
    let mut site = Site::new("volatile_shipped")
        .shipped()
        .mirror(&Mirror::new("berlin", "eu", "de"));
    for path in VOLATILE.iter().chain(FIXED) {
        site = site.file(path, &[b'x'; 5000]);
    }
    let (httpd, _) = site.start();
    for path in VOLATILE {
        assert_eq!(get(&httpd, path).status, 200, "{path}");
    }
    for path in FIXED {
        assert_eq!(get(&httpd, path).status, 302, "{path}");
    }
}
