//! Real clients download through what we write: aria2, zsync, libtorrent, curl.

mod apt;
mod downloads;
mod ostree;
mod rpm;
mod world;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::command::{find, run, succeeds};
use harness::free_port;
use harness::http::curl;
use harness::httpd::Httpd;
use harness::site::{Mirror, Site, noise};
use harness::sums::Sums;
use harness::{temp_dir, workspace};
use serde_json::{Value, json};

use crate::documents;

/// Several pieces, and a last one that is shorter.
const SIZE: usize = 3_300_001;
const PATH: &str = "iso/orange 1.0.iso";

/// An httpd that plays mirrors: what it has lies below `/pub/`, damaged at the second port.
///
/// Each mirror is a host of its own, 127.0.0.x: aria2 gives up a host that sent damaged data.
struct Mirrors {
    httpd: Httpd,
    damaged: u16,
}

impl Mirrors {
    fn start(content: &[u8]) -> Self {
        let damaged = free_port();
        let builder = Httpd::builder().stock(&["log_config"]).config(&format!(
            "LogFormat \"%{{local}}p %m %>s %B %U\" mirror\nCustomLog \"@WORK@/access.log\" mirror\n\
             Listen 127.0.0.2:{damaged}\n\
             <VirtualHost *:{damaged}>\nDocumentRoot \"@TREE@/damaged\"\n</VirtualHost>"
        ));
        let mut wrong = content.to_vec();
        for byte in wrong.iter_mut().step_by(50_000) {
            *byte ^= 1;
        }
        for (dir, content) in [("pub", content), ("damaged/pub", &wrong)] {
            let name = builder.tree().join(dir).join(PATH);
            fs::create_dir_all(name.parent().unwrap()).unwrap();
            fs::write(name, content).unwrap();
        }
        Self {
            httpd: builder.start(),
            damaged,
        }
    }

    fn good(&self) -> String {
        self.httpd.url("/pub/")
    }

    fn damaged(&self) -> String {
        format!("http://127.0.0.2:{}/pub/", self.damaged)
    }

    /// Bytes of bodies sent so far by the server at a port, once there are that many: a request
    /// is logged when its connection has taken the last of them.
    fn sent(&self, port: u16, at_least: u64) -> u64 {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let log = fs::read_to_string(self.httpd.work().join("access.log")).unwrap();
            let lines = log.lines().map(|line| line.split(' ').collect::<Vec<_>>());
            let sent = lines
                .filter(|fields| fields[0] == port.to_string())
                .map(|fields| fields[3].parse::<u64>().unwrap())
                .sum();
            if sent >= at_least || Instant::now() > deadline {
                return sent;
            }
            sleep(Duration::from_millis(10));
        }
    }
}

fn dead() -> String {
    format!("http://127.0.0.3:{}/pub/", free_port())
}

/// The client of every test here sits in Berlin.
const BERLIN: &str = "SetEnvIf Remote_Addr . GEOIP_COUNTRY_CODE=DE GEOIP_CONTINENT_CODE=EU \
                      GEOIP_LATITUDE=52.5 GEOIP_LONGITUDE=13.4";

const TRACKERS: [&str; 2] = [
    "http://tracker.example.org:8091/announce?key=a&b=c%20d",
    "udp://tracker.example.net:8091/announce",
];

/// A file on three mirrors, the first of which is at these URLs, nearest first.
fn site(name: &str, content: &[u8], urls: &[String]) -> Httpd {
    let mut site = Site::new(name).config(BERLIN);
    let identifiers = ["berlin", "munich", "rome", "madrid"];
    for ((url, identifier), latitude) in urls.iter().zip(identifiers).zip([52.5, 48.1, 41.9, 40.4])
    {
        site = site.mirror(&Mirror {
            place: Some((latitude, 13.4)),
            ..Mirror::new(identifier, "eu", "de").at(url)
        });
    }
    for tracker in TRACKERS {
        site = site.config(&format!("MirrorBrainTorrentTrackerURL \"{tracker}\""));
    }
    let sums = Sums::of(b"orange 1.0.iso", content).with_zsync(content);
    site.file(PATH, content)
        .sums(PATH, content.len(), &sums)
        .config("MirrorBrainDHTNode router.example.com 6881")
        .start()
        .0
}

fn url(httpd: &Httpd, suffix: &str) -> String {
    httpd.url("/iso/orange%201.0.iso") + suffix
}

/// Lets aria2 download into a directory.
#[track_caller]
fn aria2(dir: &Path, url: &str) {
    let program = find("aria2c").expect("aria2c is installed");
    run(Command::new(program)
        .args([
            "--no-conf",
            "--show-console-readout=false",
            "--follow-metalink=mem",
            "--split=3",
        ])
        .args([
            "--min-split-size=1M",
            "--max-tries=1",
            "--connect-timeout=2",
            "--timeout=5",
        ])
        .args(["--file-allocation=none", "--allow-overwrite=true", "-d"])
        .arg(dir)
        .arg(url)
        .env_remove("http_proxy"));
}

/// The nearest mirror damages the file, and the next one is down: the piece hashes in the
/// metalink tell the bad pieces from the good.
#[test]
fn aria2_mends_a_damaged_download_through_both_metalinks() {
    let content = noise(1, SIZE);
    let mirrors = Mirrors::start(&content);
    let urls = [mirrors.damaged(), dead(), mirrors.good()];
    let httpd = site("clients_aria2", &content, &urls);
    // The last is negotiated: aria2 names metalinks in its Accept header.
    for suffix in [".meta4", ".metalink", "?metalink", ""] {
        let before = mirrors.sent(mirrors.damaged, 0);
        let dir = temp_dir("aria2");
        aria2(dir.path(), &url(&httpd, suffix));
        let got = fs::read(dir.path().join("orange 1.0.iso")).expect("downloaded file");
        assert!(got == content, "{suffix}: the file is not as it should be");
        assert!(
            mirrors.sent(mirrors.damaged, before + 1) > before,
            "{suffix}: the damaged mirror was not asked"
        );
    }
}

/// zsync takes what it can from an older version of the file, and the rest from the mirrors.
#[test]
fn zsync_completes_with_and_without_an_older_version() {
    let content = noise(2, SIZE);
    let mirrors = Mirrors::start(&content);
    // zsync takes the URLs in an order of its own, and goes on when one is dead.
    let httpd = site("clients_zsync", &content, &[dead(), mirrors.good()]);
    let dir = temp_dir("zsync");
    let port = mirrors.httpd.port();

    let whole = zsync(dir.path(), &httpd, &[]);
    assert!(whole == content, "without an older version");
    let before = mirrors.sent(port, SIZE as u64);
    assert!(before >= SIZE as u64, "{before}");

    let mut old = content.clone();
    old.splice(1_000_000..1_100_000, noise(3, 70_000));
    fs::write(dir.path().join("old"), &old).unwrap();
    let updated = zsync(dir.path(), &httpd, &["-i", "old"]);
    assert!(updated == content, "with an older version");
    let sent = mirrors.sent(port, before + 100_000) - before;
    assert!(
        (100_000..200_000).contains(&sent),
        "{sent} bytes for 100000 that differ"
    );
}

fn zsync(dir: &Path, httpd: &Httpd, seed: &[&str]) -> Vec<u8> {
    let program = find("zsync").expect("zsync is installed");
    run(Command::new(program)
        .current_dir(dir)
        .args(["-q", "-o", "new"])
        .args(seed)
        .arg(url(httpd, ".zsync"))
        .env_remove("http_proxy"));
    let new = fs::read(dir.join("new")).unwrap();
    fs::remove_file(dir.join("new")).unwrap();
    new
}

/// A torrent client knows the file by the hash that we tell, finds trackers and web seeds, and
/// needs no more than those to get the file.
#[test]
fn libtorrent_reads_torrent_and_magnet_and_downloads_from_web_seeds() {
    let content = noise(4, SIZE);
    let mirrors = Mirrors::start(&content);
    let urls = [dead(), mirrors.good()];
    let httpd = site("clients_libtorrent", &content, &urls);
    let path = "/iso/orange%201.0.iso";
    let btih = httpd.get(&format!("{path}.btih?only_hash")).text();
    let btih = btih.trim_end();
    let magnet = httpd.get(&format!("{path}.magnet")).text();
    let dir = temp_dir("libtorrent");
    let torrent = dir.path().join("orange.torrent");
    fs::write(&torrent, httpd.get(&format!("{path}.torrent")).body).unwrap();

    let seen = libtorrent("show", &torrent, magnet.trim_end().as_ref());
    let mut seeds = urls.map(|url| url + "iso/orange%201.0.iso");
    seeds.sort();
    let expected = json!({
        "info_hash": btih,
        "name": "orange 1.0.iso",
        "size": SIZE,
        "files": 1,
        "piece_length": 262_144,
        "pieces": 13,
        "comment": "orange 1.0.iso",
        "creator": seen["creator"],
        "trackers": [[TRACKERS[0], 0], [TRACKERS[1], 0]],
        "web_seeds": seeds,
        "nodes": [["router.example.com", 6881]],
        "magnet": {
            "info_hash": btih,
            "name": "orange 1.0.iso",
            "trackers": TRACKERS,
            "web_seeds": seeds,
        },
    });
    pretty_assertions::assert_eq!(seen, expected);

    libtorrent("download", &torrent, dir.path());
    let got = fs::read(dir.path().join("orange 1.0.iso")).unwrap();
    assert!(got == content, "downloaded from web seeds");
}

fn libtorrent(verb: &str, torrent: &Path, argument: &Path) -> Value {
    let script = workspace().join("tests/modules/clients/libtorrent_client.py");
    // A python of one's own, first in PATH, does not know the modules that Debian packages.
    let knows = |python: &&&str| succeeds(Command::new(python).args(["-c", "import libtorrent"]));
    let pythons = ["python3", "/usr/bin/python3"];
    let python = pythons
        .iter()
        .find(knows)
        .expect("python3-libtorrent is installed");
    let mut command = Command::new(python);
    command.arg(script).arg(verb).arg(torrent).arg(argument);
    serde_json::from_str(&run(&mut command)).expect("JSON")
}

#[test]
fn xmllint_accepts_meta4_by_the_schema_of_rfc_5854() {
    let content = noise(5, SIZE);
    let urls = ["http://a.example/x'y&z/".into(), "ftp://b.example/".into()];
    let httpd = site("clients_xmllint", &content, &urls);
    let name = httpd.work().join("orange.meta4");
    for suffix in [".meta4", "?meta4"] {
        let answer = httpd.get(&format!("/iso/orange%201.0.iso{suffix}"));
        assert_eq!(answer.status, 200);
        fs::write(&name, answer.body).unwrap();
        documents::validate(std::slice::from_ref(&name));
    }
}

/// `mirrorlist=` in a repository's configuration, as dnf and yum read it.
#[test]
fn curl_fetches_a_yum_list_and_the_repository_from_its_first_mirror() {
    let repomd = "repo/7/os/repodata/repomd.xml";
    let builder = Httpd::builder();
    fs::create_dir_all(builder.tree().join("pub/repo/7/os/repodata")).unwrap();
    fs::write(builder.tree().join("pub").join(repomd), "<repomd/>").unwrap();
    let mirror = builder.start();
    let (httpd, _) = Site::new("clients_yum")
        .mirror(&Mirror::new("berlin", "eu", "de").at(mirror.url("/pub/")))
        .file(repomd, b"<repomd/>")
        .config(
            "MirrorBrainYumDir release=([0-9]+) repo=(os|updates) repo/$1/$2 repodata/repomd.xml",
        )
        .start();
    let list = run(curl()
        .arg("--fail")
        .arg(httpd.url("/?release=7&repo=os&arch=x86_64")));
    assert_eq!(list, mirror.url("/pub/repo/7/os/\n"));
    let first = list.lines().next().unwrap();
    let metadata = run(curl()
        .arg("--fail")
        .arg(format!("{first}repodata/repomd.xml")));
    assert_eq!(metadata, "<repomd/>");
}
