//! What is to be computed of a file, and the computing.

use crate::digests::Digests;
use crate::lanes::{self, Lane};
use crate::merkle::{Leaves, Tree};
use crate::pieces::Pieces;
use crate::zsync::{self, Blocks};
use crate::{HashError, Spool};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::fs::{File, Metadata};
use std::num::NonZeroU32;
use std::os::unix::fs::MetadataExt;

/// What is wanted beside the digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// Whether SHA-512 of the whole is.
    pub sha512: bool,
    /// Bytes of a piece, if SHA-1 of each piece is wanted.
    pub piece_length: Option<NonZeroU32>,
    /// Whether the tree of BitTorrent v2 is, too; only pieces whose length is a power of two of at least 16 KiB have
    /// one.
    pub tree: bool,
    /// Whether zsync sums are.
    pub zsync: bool,
}

/// What is known of a file that did not change while it was read.
#[derive(Debug)]
pub struct Sums {
    /// Bytes
    pub size: u64,
    /// Seconds since the epoch, whole ones
    pub mtime: i64,
    /// Digests of the whole
    pub digests: Digests,
    /// SHA-1 of each piece, 20 bytes each
    pub pieces: Option<Spool>,
    /// For BitTorrent v2; not for empty files
    pub tree: Option<Tree>,
    /// Sums of each block
    pub zsync: Option<(zsync::Parameters, Spool)>,
}

/// Reads the file from its beginning and computes what `plan` asks for. `read` is called with the number of
/// bytes that have come since the last call.
///
/// # Errors
/// If the file cannot be read, is no regular one, or changes meanwhile.
pub fn hash(file: &File, plan: &Plan, read: &dyn Fn(u64)) -> Result<Sums, HashError> {
    let before = file.metadata()?;
    if !before.is_file() {
        return Err(HashError::NotRegular);
    }
    let size = before.len();
    let (mut md5, mut sha1, mut sha256, mut sha512) = (
        Md5::new(),
        Sha1::new(),
        Sha256::new(),
        plan.sha512.then(Sha512::new),
    );
    let mut pieces = plan.piece_length.map(Pieces::new);
    let mut leaves = plan
        .piece_length
        .filter(|_| plan.tree)
        .and_then(Leaves::new);
    let parameters = zsync::Parameters::of(size);
    let mut blocks = plan.zsync.then(|| Blocks::new(parameters));

    // Each lane is a thread: what is slowest stands alone.
    let mut whole_md5 = |bytes: &[u8]| {
        md5.update(bytes);
        Ok(())
    };
    let mut whole_sha512 = |bytes: &[u8]| {
        if let Some(sha512) = &mut sha512 {
            sha512.update(bytes);
        }
        Ok(())
    };
    let mut sha1_and_pieces = |bytes: &[u8]| {
        sha1.update(bytes);
        pieces
            .as_mut()
            .map_or(Ok(()), |pieces| pieces.update(bytes))
    };
    let mut sha256_and_tree = |bytes: &[u8]| {
        sha256.update(bytes);
        leaves
            .as_mut()
            .map_or(Ok(()), |leaves| leaves.update(bytes))
    };
    let mut zsync_blocks = |bytes: &[u8]| {
        blocks
            .as_mut()
            .map_or(Ok(()), |blocks| blocks.update(bytes))
    };
    let mut wanted: Vec<Lane<'_>> =
        vec![&mut whole_md5, &mut sha1_and_pieces, &mut sha256_and_tree];
    if plan.sha512 {
        wanted.push(&mut whole_sha512);
    }
    if plan.zsync {
        wanted.push(&mut zsync_blocks);
    }
    let length = lanes::feed(file, size, &mut wanted, read)?;

    if length != size || version(&file.metadata()?) != version(&before) {
        return Err(HashError::Changed);
    }
    Ok(Sums {
        size,
        mtime: before.mtime(),
        digests: Digests::finish(md5, sha1, sha256, sha512),
        pieces: pieces.map(Pieces::finish).transpose()?,
        tree: leaves.map(Leaves::finish).transpose()?.flatten(),
        zsync: match blocks {
            Some(blocks) => Some((parameters, blocks.finish()?)),
            None => None,
        },
    })
}

/// What must be the same before and after. The time of the last change of the inode tells of those who set
/// the other one back.
fn version(metadata: &Metadata) -> [i64; 5] {
    [
        metadata.size().cast_signed(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ]
}
