//! The tree of SHA-256 hashes over blocks of 16 KiB, for BitTorrent v2 (BEP 52).

use crate::Spool;
use sha2::{Digest, Sha256};
use std::io;
use std::num::NonZeroU32;

/// Bytes of a leaf.
pub const BLOCK: u32 = 16 << 10;

type Hash = [u8; 32];

/// What stands in for blocks beyond the end of the file.
const PADDING: Hash = [0; 32];

/// Hashes of a file for BitTorrent v2.
#[derive(Debug)]
pub struct Tree {
    /// `pieces root`
    pub root: Hash,
    /// The layer whose hashes cover a piece each, 32 bytes for each piece; `None` for a file of one
    /// piece at most, of which BEP 52 wants none.
    pub layer: Option<Spool>,
}

/// Builds the tree while the file comes.
pub struct Leaves {
    /// Leaves of a piece, a power of two.
    per_piece: usize,
    missing: u32,
    block: Sha256,
    /// The leaves of the piece that has begun.
    piece: Vec<Hash>,
    layer: Spool,
    upper: Stack,
}

impl Leaves {
    /// For pieces of that many bytes; `None` unless it is a power of two of at least 16 KiB.
    pub fn new(piece_length: NonZeroU32) -> Option<Self> {
        let length = piece_length.get();
        (length.is_power_of_two() && length >= BLOCK).then(|| Self {
            per_piece: (length / BLOCK) as usize,
            missing: BLOCK,
            block: Sha256::new(),
            piece: Vec::new(),
            layer: Spool::new(),
            upper: Stack::default(),
        })
    }

    pub fn update(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = bytes.len().min(self.missing as usize);
            let (block, rest) = bytes.split_at(taken);
            self.block.update(block);
            self.missing -= taken as u32;
            if self.missing == 0 {
                self.end_block()?;
            }
            bytes = rest;
        }
        Ok(())
    }

    fn end_block(&mut self) -> io::Result<()> {
        self.missing = BLOCK;
        // Not yet when the piece is full: a file of one piece has no layer.
        if self.piece.len() == self.per_piece {
            self.end_piece()?;
        }
        self.piece.push(self.block.finalize_reset().into());
        Ok(())
    }

    fn end_piece(&mut self) -> io::Result<()> {
        let hash = reduce(std::mem::take(&mut self.piece), self.per_piece);
        self.layer.push(&hash)?;
        self.upper.push(hash);
        Ok(())
    }

    /// `None` for an empty file, which has no tree.
    pub fn finish(mut self) -> io::Result<Option<Tree>> {
        if self.missing < BLOCK {
            self.end_block()?;
        }
        if self.piece.is_empty() {
            return Ok(None);
        }
        if self.layer.length() == 0 {
            let leaves = self.piece.len().next_power_of_two();
            let root = reduce(self.piece, leaves);
            return Ok(Some(Tree { root, layer: None }));
        }
        self.end_piece()?;
        let padding = reduce(Vec::new(), self.per_piece);
        Ok(self.upper.finish(padding).map(|root| Tree {
            root,
            layer: Some(self.layer),
        }))
    }
}

/// The root over `leaves`, filled up to `width`, a power of two.
fn reduce(mut leaves: Vec<Hash>, width: usize) -> Hash {
    leaves.resize(width.max(1), PADDING);
    while leaves.len() > 1 {
        leaves = leaves
            .chunks(2)
            .map(|pair| parent(&pair[0], &pair[pair.len() - 1]))
            .collect();
    }
    leaves.first().copied().unwrap_or(PADDING)
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// A tree that grows by one hash at a time: complete subtrees, the largest first.
#[derive(Default)]
struct Stack(Vec<(u32, Hash)>);

impl Stack {
    fn push(&mut self, hash: Hash) {
        let (mut level, mut hash) = (0, hash);
        while let Some((_, left)) = self.0.pop_if(|(top, _)| *top == level) {
            hash = parent(&left, &hash);
            level += 1;
        }
        self.0.push((level, hash));
    }

    /// The root, when `padding` stands for what lacks on the lowest level.
    fn finish(mut self, mut padding: Hash) -> Option<Hash> {
        let (mut level, mut hash) = self.0.pop()?;
        (0..level).for_each(|_| padding = parent(&padding, &padding));
        while let Some((top, left)) = self.0.pop() {
            while level < top {
                hash = parent(&hash, &padding);
                padding = parent(&padding, &padding);
                level += 1;
            }
            hash = parent(&left, &hash);
            padding = parent(&padding, &padding);
            level += 1;
        }
        Some(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By the definition: all leaves, filled up to a power of two.
    fn by_definition(bytes: &[u8]) -> Hash {
        let mut leaves: Vec<Hash> = bytes
            .chunks(BLOCK as usize)
            .map(|block| Sha256::digest(block).into())
            .collect();
        leaves.resize(leaves.len().next_power_of_two(), PADDING);
        while leaves.len() > 1 {
            leaves = leaves
                .chunks(2)
                .map(|pair| parent(&pair[0], &pair[1]))
                .collect();
        }
        leaves[0]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn the_root_is_that_of_all_leaves(
            length in 1_usize..(40 << 14), shift in 0_u32..4, cut in 1_usize..100_000, seed: u8,
        ) {
            let bytes: Vec<u8> = (0..length).map(|i| (i / 7) as u8 ^ seed).collect();
            let piece = NonZeroU32::new(BLOCK << shift).unwrap();
            let mut leaves = Leaves::new(piece).unwrap();
            bytes.chunks(cut).for_each(|part| leaves.update(part).unwrap());
            let mut tree = leaves.finish().unwrap().unwrap();
            prop_assert_eq!(tree.root, by_definition(&bytes));
            let pieces = length.div_ceil(piece.get() as usize) as u64;
            let layer = tree.layer.as_mut().map(|layer| layer.length() / 32);
            prop_assert_eq!(layer, (pieces > 1).then_some(pieces));
        }
    }
}
