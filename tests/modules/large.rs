//! A disk image of 5 GiB: its sums are tens of megabytes, and no child holds them.

mod unread;

use std::fs;

use harness::files;
use harness::httpd::Httpd;
use harness::process::amount;
use harness::site::{GERMANY, MTIME, Mirror, Site};
use harness::sums::{PIECE_SIZE, Sums};
use sha1::{Digest, Sha1};

use crate::documents::{self, Bencode, torrent};

const SIZE: usize = 5 << 30;
/// One block of 2 KiB has ten bytes: four of rsum, six of checksum.
const ZSYNC_SUMS: usize = SIZE / 2048 * 10;
/// What a request may take beside the sums, in bytes; buffers of debug builds are generous.
const SLACK: usize = 10 << 20;

fn site() -> Httpd {
    let piece = Sha1::digest(vec![0; PIECE_SIZE]);
    let mut sums = Sums {
        // Nobody here reads the whole file: any digests will do.
        md5: vec![1; 16],
        sha1: vec![2; 20],
        sha256: vec![3; 32],
        pieces: piece.repeat(SIZE / PIECE_SIZE),
        ..Sums::default()
    };
    sums.btih = Sha1::digest(sums.info_dictionary(b"dvd.iso", SIZE)).to_vec();
    let zsums = format!(
        "UPDATE hash SET zblocksize = 2048, zhashlens = '2,4,6', \
         zsums = decode(repeat(md5('sums'), {}), 'hex')",
        ZSYNC_SUMS / 16
    );
    Site::new("large")
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .file("dvd.iso", b"")
        .sums("dvd.iso", SIZE, &sums)
        // Real sums do not compress.
        .sql("ALTER TABLE hash ALTER zsums SET STORAGE EXTERNAL")
        .sql(&zsums)
        .httpd(|builder| {
            files::sparse(&builder.tree(), "dvd.iso", SIZE as u64, MTIME);
            // Left to itself glibc takes such sizes for usual ones after the first, and keeps what was
            // freed of them (mallopt(3), M_MMAP_THRESHOLD).
            builder.env("MALLOC_MMAP_THRESHOLD_", "131072")
        })
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .start()
        .0
}

/// Bytes of memory that the only child has, by a line of its status.
pub fn memory(httpd: &Httpd, line: &str) -> usize {
    let children = httpd.children();
    let [child] = children[..] else {
        panic!("one child: {children:?}");
    };
    amount(child, "status", line).expect(line) as usize
}

/// By how much the child's memory grows at most while it answers, and the answer.
fn growth(httpd: &Httpd, path: &str) -> (usize, Vec<u8>) {
    let [child] = httpd.children()[..] else {
        panic!("one child");
    };
    // Sets the peak back (proc(5)).
    fs::write(format!("/proc/{child}/clear_refs"), "5").expect("clear_refs");
    let before = memory(httpd, "VmRSS:");
    let answer = httpd.get_with(path, GERMANY);
    let peak = memory(httpd, "VmHWM:");
    let growth = peak.saturating_sub(before);
    println!(
        "{path}: {} bytes, the child grew by {growth}",
        answer.body.len()
    );
    assert!(
        [200, 302].contains(&answer.status),
        "{path}: {}",
        answer.status
    );
    (growth, answer.body)
}

#[test]
fn the_sums_of_a_large_file_are_read_while_they_are_sent() {
    let httpd = site();
    // Everything that is loaded once has been: the page needs no sums.
    httpd.get_with("/dvd.iso.mirrorlist", GERMANY);
    for path in [
        "/dvd.iso",
        "/dvd.iso.mirrorlist",
        "/dvd.iso.magnet",
        "/dvd.iso.sha256",
    ] {
        let (grown, _) = growth(&httpd, path);
        assert!(grown < SLACK / 2, "{path}: {grown}");
    }
    let (grown, body) = growth(&httpd, "/dvd.iso.torrent");
    assert!(grown < SLACK, "torrent: {grown}");
    let Some(Bencode::Dictionary(info)) = torrent(&body).remove("info") else {
        panic!("no info dictionary");
    };
    assert_eq!(info["length"], Bencode::Integer(SIZE.to_string()));
    assert!(matches!(&info["pieces"], Bencode::Bytes(pieces) if pieces.len() == 409_600));

    let (grown, body) = growth(&httpd, "/dvd.iso.zsync");
    assert!(grown < SLACK, "zsync: {grown}");
    let length = ("Length".to_owned(), SIZE.to_string());
    assert!(documents::zsync(&body).contains(&length));
    assert!(body.len() > ZSYNC_SUMS && body.len() < ZSYNC_SUMS + 1000);

    let (grown, body) = growth(&httpd, "/dvd.iso.meta4");
    assert!(grown < SLACK, "meta4: {grown}");
    assert_eq!(
        String::from_utf8_lossy(&body).matches("<hash>").count(),
        20_480
    );

    // And they are let go.
    let before = memory(&httpd, "VmRSS:");
    for _ in 0..3 {
        growth(&httpd, "/dvd.iso.zsync");
    }
    let after = memory(&httpd, "VmRSS:");
    assert!(after < before + SLACK, "{before} before, {after} after");
}
