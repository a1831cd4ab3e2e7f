//! Sums against those of other programs.

use hashing::{Plan, torrent};
use std::io::{Read, Seek, SeekFrom, Write};
use std::num::NonZeroU32;
use std::process::Command;
use tempfile::NamedTempFile;

const PIECE: NonZeroU32 = NonZeroU32::new(262_144).unwrap();
const ALL: Plan = Plan {
    sha512: true,
    piece_length: Some(PIECE),
    tree: true,
    zsync: true,
};

/// Sizes around every border: blocks, leaves, pieces, chunks.
const SIZES: &[usize] = &[
    0, 1, 2047, 2048, 2049, 16_383, 16_384, 16_385, 262_143, 262_144, 262_145, 524_288, 524_289,
    1_048_575, 1_048_576, 1_048_577, 5_000_000,
];

fn file(size: usize) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("file");
    let mut state = 0x9e37_79b9_u32 ^ size as u32;
    let bytes: Vec<u8> = (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect();
    file.write_all(&bytes).expect("write");
    file.seek(SeekFrom::Start(0)).expect("seek");
    file
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn digests_are_those_of_coreutils() {
    for size in SIZES {
        let file = file(*size);
        let sums = hashing::hash(file.as_file(), &ALL, &|_| ()).expect("sums");
        let path = file.path().to_str().expect("path");
        let of = |program| {
            output(program, &[path])
                .split(' ')
                .next()
                .map(str::to_owned)
        };
        let digests = &sums.digests;
        assert_eq!(of("md5sum"), Some(hex::encode(digests.md5)), "{size}");
        assert_eq!(of("sha1sum"), Some(hex::encode(digests.sha1)), "{size}");
        assert_eq!(of("sha256sum"), Some(hex::encode(digests.sha256)), "{size}");
        assert_eq!(
            of("sha512sum"),
            Some(hex::encode(digests.sha512.expect("SHA-512"))),
            "{size}"
        );
    }
}

#[test]
fn hybrid_torrents_are_those_of_libtorrent() {
    let script = "\
import libtorrent as lt, sys
storage = lt.file_storage()
lt.add_files(storage, sys.argv[1])
made = lt.create_torrent(storage, int(sys.argv[2]))
lt.set_piece_hashes(made, sys.argv[1].rsplit('/', 1)[0])
info = lt.torrent_info(made.generate())
hashes = info.info_hashes()
print(hashes.v1, hashes.v2)";
    for size in &SIZES[1..] {
        let file = file(*size);
        let mut sums = hashing::hash(file.as_file(), &ALL, &|_| ()).expect("sums");
        let path = file.path().to_str().expect("path");
        let name = file.path().file_name().expect("name");
        let ours = torrent::hybrid(name.as_encoded_bytes(), PIECE, &mut sums)
            .expect("sums")
            .expect("a tree");
        let theirs = output(
            "/usr/bin/python3",
            &["-c", script, path, &PIECE.to_string()],
        );
        let ours = format!("{} {}\n", hex::encode(ours.v1), hex::encode(ours.v2));
        assert_eq!(ours, theirs, "{size}");
    }
}

#[test]
fn zsync_sums_are_those_of_zsyncmake() {
    for size in SIZES {
        let file = file(*size);
        let sums = hashing::hash(file.as_file(), &ALL, &|_| ()).expect("sums");
        let (parameters, mut ours) = sums.zsync.expect("zsync");
        let control = NamedTempFile::new().expect("file");
        let block = parameters.block_size.to_string();
        let (path, made) = (
            file.path().to_str().unwrap(),
            control.path().to_str().unwrap(),
        );
        output(
            "zsyncmake",
            &[
                "-e",
                "-b",
                &block,
                "-u",
                "http://x.example/",
                "-o",
                made,
                path,
            ],
        );
        let bytes = std::fs::read(control.path()).expect("control file");
        let end = bytes
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .expect("header");
        let header = String::from_utf8_lossy(&bytes[..end]);
        let lengths = header
            .lines()
            .find_map(|line| line.strip_prefix("Hash-Lengths: "));
        if lengths == Some(&parameters.hash_lengths()) {
            assert!(bytes[end + 2..] == ours.to_vec().expect("sums"), "{size}");
        }
    }
}

#[test]
fn every_byte_is_reported_and_memory_does_not_grow_with_the_file() {
    let file = tempfile::tempfile().expect("file");
    file.set_len(300 << 20).expect("sparse file");
    let read = std::cell::Cell::new(0);
    let sums = hashing::hash(&file, &ALL, &|bytes| read.set(read.get() + bytes)).expect("sums");
    assert_eq!(read.get(), 300 << 20);
    assert_eq!(sums.pieces.expect("pieces").length(), 20 * 1200);
    let mut status = String::new();
    std::fs::File::open("/proc/self/status")
        .and_then(|mut file| file.read_to_string(&mut status))
        .expect("status");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("VmHWM");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("number");
    assert!(peak < 120 << 10, "{peak} KiB");
}

#[test]
fn a_file_that_grows_meanwhile_has_no_sums() {
    let file = file(3_000_000);
    let grow = |_| {
        let mut other = std::fs::OpenOptions::new()
            .append(true)
            .open(file.path())
            .expect("open");
        other.write_all(b"more").expect("write");
    };
    let result = hashing::hash(file.as_file(), &ALL, &grow);
    assert!(
        matches!(result, Err(hashing::HashError::Changed)),
        "{result:?}"
    );
}

#[test]
fn a_directory_has_no_sums() {
    let directory = std::fs::File::open("/").expect("open");
    let result = hashing::hash(&directory, &ALL, &|_| ());
    assert!(
        matches!(result, Err(hashing::HashError::NotRegular)),
        "{result:?}"
    );
}
