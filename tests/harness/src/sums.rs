//! The hashes of a file, as a site's hashing tool would store them.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use md5::Md5;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::command::{find, run};
use crate::temp_dir;

/// Bytes of a piece, for metalinks and torrents.
pub const PIECE_SIZE: usize = 256 * 1024;

/// A row of the table `hash`, apart from the file that it is about.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// MD5 of the file.
    pub md5: Vec<u8>,
    /// SHA-1 of the file.
    pub sha1: Vec<u8>,
    /// SHA-256 of the file.
    pub sha256: Vec<u8>,
    /// SHA-1 of each piece, one after the other.
    pub pieces: Vec<u8>,
    /// SHA-1 of the torrent's info dictionary.
    pub btih: Vec<u8>,
    /// Detached signature in ASCII armour.
    pub pgp: String,
    /// zsync's data; a block size of 0 if there is none.
    pub zsync: Zsync,
}

/// What zsyncmake says about a file.
#[derive(Debug, Clone, Default)]
pub struct Zsync {
    /// Bytes per block.
    pub block_size: u32,
    /// `Hash-Lengths`.
    pub hash_lengths: String,
    /// The sums of all blocks.
    pub sums: Vec<u8>,
}

impl Sums {
    /// Computes all but signature and zsync sums. `name` is the file's name in the torrent.
    pub fn of(name: &[u8], content: &[u8]) -> Self {
        let mut sums = Self {
            md5: Md5::digest(content).to_vec(),
            sha1: Sha1::digest(content).to_vec(),
            sha256: Sha256::digest(content).to_vec(),
            pieces: content.chunks(PIECE_SIZE).flat_map(Sha1::digest).collect(),
            ..Self::default()
        };
        sums.btih = Sha1::digest(sums.info_dictionary(name, content.len())).to_vec();
        sums
    }

    /// The info dictionary (BEP 3) with the digests that MirrorBrain adds to it.
    pub fn info_dictionary(&self, name: &[u8], length: usize) -> Vec<u8> {
        let mut info = format!("d6:lengthi{length}e6:md5sum32:{}", hex::encode(&self.md5));
        let _ = write!(info, "4:name{}:", name.len());
        let mut info = info.into_bytes();
        info.extend_from_slice(name);
        let head = format!(
            "12:piece lengthi{PIECE_SIZE}e6:pieces{}:",
            self.pieces.len()
        );
        info.extend_from_slice(head.as_bytes());
        info.extend_from_slice(&self.pieces);
        info.extend_from_slice(b"4:sha120:");
        info.extend_from_slice(&self.sha1);
        info.extend_from_slice(b"6:sha25632:");
        info.extend_from_slice(&self.sha256);
        info.push(b'e');
        info
    }

    /// Adds zsync sums, made by zsyncmake.
    pub fn with_zsync(mut self, content: &[u8]) -> Self {
        let dir = temp_dir("zsyncmake");
        let (file, control) = (dir.path().join("file"), dir.path().join("control"));
        fs::write(&file, content).expect("file for zsyncmake");
        let program = find("zsyncmake").expect("zsyncmake is installed");
        run(Command::new(program)
            .args(["-u", "http://127.0.0.1/", "-o"])
            .args([&control, &file]));
        self.zsync = Zsync::parse(&fs::read(control).expect("control file"));
        self
    }

    /// The statement that stores the row for a path that `filearr` has.
    pub fn insert(&self, path: &str, size: u64, mtime: u64) -> String {
        let bytes = |bytes: &[u8]| format!("'\\x{}'", hex::encode(bytes));
        format!(
            "INSERT INTO hash SELECT id, {mtime}, {size}, {}, {}, {}, {PIECE_SIZE}, {}, {}, {}, \
             {}, {}, {} FROM filearr WHERE path = {};\n",
            bytes(&self.md5),
            bytes(&self.sha1),
            bytes(&self.sha256),
            bytes(&self.pieces),
            bytes(&self.btih),
            literal(&self.pgp),
            self.zsync.block_size,
            literal(&self.zsync.hash_lengths),
            bytes(&self.zsync.sums),
            literal(path),
        )
    }
}

impl Zsync {
    /// Reads a control file: lines, an empty one, the sums.
    pub fn parse(control: &[u8]) -> Self {
        let end = control.windows(2).position(|pair| pair == b"\n\n");
        let (head, sums) = control.split_at(end.expect("end of the control file's head"));
        let head = String::from_utf8_lossy(head).into_owned();
        let value = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {head}"))
        };
        Self {
            block_size: value("Blocksize: ").parse().expect("Blocksize"),
            hash_lengths: value("Hash-Lengths: ").to_owned(),
            sums: sums[2..].to_vec(),
        }
    }
}

/// A string in SQL.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
