//! What the database knows of one file, as a redirect needs it.

/// The digests of one version of a file. A digest whose stored length is wrong counts as missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Digests {
    /// MD5, 16 bytes.
    pub md5: Option<[u8; 16]>,
    /// SHA-1, 20 bytes.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256, 32 bytes.
    pub sha256: Option<[u8; 32]>,
    /// BitTorrent info hash (BEP 3), 20 bytes.
    pub btih: Option<[u8; 20]>,
    /// Bytes per piece of the SHA-1 piece hashes; 0 when unknown.
    pub piece_size: u32,
    /// Whether there is one SHA-1 for each piece of the file.
    pub has_pieces: bool,
    /// Whether there is a PGP signature.
    pub has_pgp: bool,
    /// Whether there are zsync sums for each block of the file.
    pub has_zsync: bool,
}

/// What is known of one file: the mirrors that have it, and its digests.
#[derive(Debug, Default)]
pub struct FileRecord {}

impl FileRecord {
    /// The digests stored for the version of the file with this size (bytes) and mtime (seconds
    /// since 1970).
    pub fn digests(&self, size: u64, mtime: i64) -> Option<&Digests> {
        let _ = (size, mtime);
        None
    }
}
