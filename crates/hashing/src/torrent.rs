//! Info hashes: what a torrent of one file is known by.

use crate::{Digests, HashError, Spool, Sums};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::io::{self, Read};
use std::num::NonZeroU32;

/// The info hash of the torrents that the original tools describe (BEP 3): their dictionary also has
/// the digests of the file. `name` is that of the file, without directories.
///
/// # Errors
/// If a temporary file cannot be read.
pub fn info_hash(
    name: &[u8],
    piece_length: NonZeroU32,
    size: u64,
    digests: &Digests,
    pieces: &mut Spool,
) -> Result<[u8; 20], HashError> {
    let mut hash = Dictionary(Sha1::new());
    hash.begin();
    hash.integer("length", size);
    hash.bytes("md5sum", hexadecimal(&digests.md5).as_bytes());
    hash.bytes("name", name);
    hash.integer("piece length", piece_length.get().into());
    hash.stream("pieces", pieces)?;
    hash.bytes("sha1", &digests.sha1);
    hash.bytes("sha256", &digests.sha256);
    hash.end();
    Ok(hash.0.finalize().into())
}

/// Both info hashes of a hybrid torrent (BEP 52), whose one dictionary serves clients of either version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HybridHashes {
    /// SHA-1 of the dictionary, for version 1
    pub v1: [u8; 20],
    /// SHA-256 of it, for version 2
    pub v2: [u8; 32],
}

/// Those of a file with pieces and a tree; `None` for one without, such as an empty one.
///
/// # Errors
/// If a temporary file cannot be read.
pub fn hybrid(
    name: &[u8],
    piece_length: NonZeroU32,
    sums: &mut Sums,
) -> Result<Option<HybridHashes>, HashError> {
    let (Some(tree), Some(pieces)) = (&sums.tree, &mut sums.pieces) else {
        return Ok(None);
    };
    let mut hash = Dictionary(Both(Sha1::new(), Sha256::new()));
    hash.begin();
    hash.key("file tree");
    hash.begin();
    hash.text(name);
    hash.begin();
    hash.key("");
    hash.begin();
    hash.integer("length", sums.size);
    hash.bytes("pieces root", &tree.root);
    for _ in 0..3 {
        hash.end();
    }
    hash.integer("length", sums.size);
    hash.integer("meta version", 2);
    hash.bytes("name", name);
    hash.integer("piece length", piece_length.get().into());
    hash.stream("pieces", pieces)?;
    hash.end();
    Ok(Some(HybridHashes {
        v1: hash.0.0.finalize().into(),
        v2: hash.0.1.finalize().into(),
    }))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes bytes in.
trait Sink {
    fn take(&mut self, bytes: &[u8]);
}

impl Sink for Sha1 {
    fn take(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

struct Both(Sha1, Sha256);

impl Sink for Both {
    fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
        self.1.update(bytes);
    }
}

/// A dictionary in bencode (BEP 3) on its way into a digest. By hand, because the pieces of a large file are
/// not in memory as encoders want them. Keys come sorted.
struct Dictionary<S>(S);

impl<S: Sink> Dictionary<S> {
    fn begin(&mut self) {
        self.0.take(b"d");
    }

    fn end(&mut self) {
        self.0.take(b"e");
    }

    fn text(&mut self, bytes: &[u8]) {
        self.length(bytes.len() as u64);
        self.0.take(bytes);
    }

    fn length(&mut self, length: u64) {
        self.0.take(format!("{length}:").as_bytes());
    }

    fn key(&mut self, key: &str) {
        self.text(key.as_bytes());
    }

    fn integer(&mut self, key: &str, value: u64) {
        self.key(key);
        self.0.take(format!("i{value}e").as_bytes());
    }

    fn bytes(&mut self, key: &str, value: &[u8]) {
        self.key(key);
        self.text(value);
    }

    fn stream(&mut self, key: &str, value: &mut Spool) -> io::Result<()> {
        self.key(key);
        self.length(value.length());
        let mut reader = value.reader()?;
        let mut buffer = [0; 8192];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(()),
                count => self.0.take(&buffer[..count]),
            }
        }
    }
}
