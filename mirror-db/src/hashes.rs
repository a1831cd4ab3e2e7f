//! All hashes of one version of a file, sums included.

use crate::Digests;

/// Every stored hash of one version of a file. Piece hashes and zsync sums can be tens of
/// megabytes; they are held once, and only as long as the request that asked for them.
#[derive(Debug)]
pub struct Hashes {
    digests: Digests,
}

impl Hashes {
    /// The digests, and which of the parts below there are.
    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    /// The SHA-1 of each piece, 20 bytes each, one after the other. Empty when not known or when
    /// their number does not fit the size of the file.
    pub fn pieces(&self) -> &[u8] {
        &[]
    }

    /// The detached PGP signature in ASCII armour; empty when there is none.
    pub fn pgp(&self) -> &str {
        ""
    }

    /// Block size of the zsync sums in bytes; 0 when there are none.
    pub fn zsync_block_size(&self) -> u32 {
        0
    }

    /// Lengths of zsync's sums as its header `Hash-Lengths` has them (`seq,rsum,checksum`).
    pub fn zsync_hash_lengths(&self) -> &str {
        ""
    }

    /// The raw zsync sums. Empty when not known or when their number does not fit the file.
    pub fn zsync_sums(&self) -> &[u8] {
        &[]
    }
}
