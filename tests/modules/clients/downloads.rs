//! aria2, zsync and libtorrent, on a file that one mirror has an older version of.

use std::fs;

use harness::site::noise;
use harness::sums::Sums;

use super::world::{COMBINATIONS, Good, Versions};
use super::{PATH, SIZE};

const FILE: &str = "orange 1.0.iso";
use super::{aria2, libtorrent, url, zsync};

const TRACKER: &str = "MirrorBrainTorrentTrackerURL http://127.0.0.4:9/announce";

/// A file that is another one in each version, and hashes of the second.
fn versions() -> (Versions, Vec<u8>, Sums) {
    let versions = Versions::new();
    let (old, new) = (noise(41, SIZE), noise(42, SIZE));
    for (dir, content) in [(versions.old(), &old), (versions.new_one(), &new)] {
        fs::create_dir_all(dir.join("iso")).unwrap();
        fs::write(dir.join(PATH), content).unwrap();
    }
    let sums = Sums::of(FILE.as_bytes(), &new).with_zsync(&new);
    (versions, new, sums)
}

/// zsync and libtorrent stopped at the nearest group, aria2 behind the last mirror of the list.
#[test]
fn aria2_zsync_and_libtorrent_end_with_the_new_file_whatever_the_mirrors_are() {
    let (versions, content, sums) = versions();
    for (kinds, n) in COMBINATIONS.iter().zip(0..) {
        let world = versions.site(&format!("clients_downloads_{n}"), kinds, |site| {
            site.sums(PATH, SIZE, &sums).config(TRACKER)
        });
        for suffix in [".meta4", ".metalink", ""] {
            let dir = world.dir(&format!("aria2{suffix}"));
            aria2(&dir, &url(&world.httpd, suffix));
            let same = fs::read(dir.join(FILE)).unwrap() == content;
            assert!(same, "aria2 {suffix} with {kinds:?}\n{}", world.asked());
        }
        let same = zsync(&world.dir("zsync"), &world.httpd, &[]) == content;
        assert!(same, "zsync with {kinds:?}\n{}", world.asked());
        let dir = world.dir("libtorrent");
        let torrent = dir.join("orange.torrent");
        let link = "/iso/orange%201.0.iso.torrent";
        let host = format!("127.0.0.1:{}", world.httpd.port());
        let answer = world.httpd.get_with(link, &[("Host", &host)]);
        fs::write(&torrent, answer.body).unwrap();
        libtorrent("download", &torrent, &dir);
        let same = fs::read(dir.join(FILE)).unwrap() == content;
        assert!(same, "libtorrent with {kinds:?}\n{}", world.asked());
    }
}

/// It took the magnet link for a mirror, joined the swarm and seeded for ever.
#[test]
fn aria2_ends_with_the_file_of_a_metalink_3_although_magnet_links_are_on() {
    let (versions, content, sums) = versions();
    let world = versions.site("clients_magnet", &[Good], |site| {
        site.sums(PATH, SIZE, &sums)
            .config(TRACKER)
            .config("MirrorBrainMetalinkMagnetLinks On")
    });
    let dir = world.dir("aria2");
    aria2(&dir, &url(&world.httpd, ".metalink"));
    assert!(fs::read(dir.join(FILE)).unwrap() == content);
}
