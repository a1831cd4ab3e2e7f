//! `hash`: the digests of each version of a file, and the long columns of sums.
//!
//! [`lookup`] reads what every redirect needs, [`sums`] the long columns in ranges; [`record`] is for whoever makes them.

pub(crate) mod decode;
pub(crate) mod layout;
pub mod lookup;
pub mod record;
mod stored;
pub mod sums;

/// The digests of one version of a file. A digest whose stored length is wrong counts as missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
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
    /// How the zsync sums are laid out, if there are some for each block of the file.
    pub zsync: Option<Box<ZsyncLayout>>,
}

impl Digests {
    /// Bytes of the hashes of all pieces of a file of `size` bytes; 0 if there are none.
    pub fn pieces_length(&self, size: u64) -> u64 {
        let unit = u64::from(self.piece_size);
        match size.checked_div(unit) {
            Some(_) if self.has_pieces => size.div_ceil(unit).saturating_mul(20),
            _ => 0,
        }
    }
}

/// What describes zsync sums.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ZsyncLayout {
    /// Bytes per block.
    pub block_size: u32,
    /// Lengths of zsync's sums as its header `Hash-Lengths` has them (`seq,rsum,checksum`).
    pub hash_lengths: Box<str>,
    /// Bytes of the sums of one block.
    pub(super) each: u16,
}

impl ZsyncLayout {
    /// Bytes of the sums of all blocks of a file of `size` bytes.
    pub fn sums_length(&self, size: u64) -> u64 {
        let blocks = size.div_ceil(u64::from(self.block_size.max(1)));
        blocks.saturating_mul(self.each.into())
    }
}

/// The hashes of one version of the file.
#[derive(Debug)]
pub struct FileHashes {
    /// Bytes of the file.
    pub size: u64,
    /// When it was changed, in seconds since 1970.
    pub mtime: i64,
    /// What is known of it.
    pub digests: Digests,
}

/// Which of the long columns is wanted. No document holds both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Detail {
    /// The piece hashes, for metalinks and torrents.
    Pieces,
    /// The zsync sums of blocks.
    Blocks,
}

impl Digests {
    /// How many bytes the sums of a file of `size` bytes have; 0 if there are none.
    pub fn sums_length(&self, size: u64, detail: Detail) -> u64 {
        match (detail, &self.zsync) {
            (Detail::Pieces, _) => self.pieces_length(size),
            (Detail::Blocks, Some(zsync)) => zsync.sums_length(size),
            (Detail::Blocks, None) => 0,
        }
    }
}

pub(super) const STATEMENTS: &[&str] = &[
    lookup::SQL,
    lookup::SQL_WITHOUT_HASH,
    sums::PIECES,
    sums::BLOCKS,
    sums::SIGNATURE,
];
