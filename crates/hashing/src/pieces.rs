//! SHA-1 of each piece, for torrents (BEP 3) and metalinks.

use crate::Spool;
use sha1::{Digest, Sha1};
use std::io;
use std::num::NonZeroU32;

/// Cuts what comes into pieces.
pub struct Pieces {
    length: u64,
    missing: u64,
    current: Sha1,
    sums: Spool,
}

impl Pieces {
    pub fn new(length: NonZeroU32) -> Self {
        let length = u64::from(length.get());
        Self {
            length,
            missing: length,
            current: Sha1::new(),
            sums: Spool::new(),
        }
    }

    pub fn update(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = usize::try_from(self.missing).map_or(bytes.len(), |n| n.min(bytes.len()));
            let (piece, rest) = bytes.split_at(taken);
            self.current.update(piece);
            self.missing -= taken as u64;
            if self.missing == 0 {
                self.end_piece()?;
            }
            bytes = rest;
        }
        Ok(())
    }

    fn end_piece(&mut self) -> io::Result<()> {
        self.missing = self.length;
        self.sums.push(&self.current.finalize_reset())
    }

    /// 20 bytes for each piece; the last one may be shorter. None of an empty file.
    pub fn finish(mut self) -> io::Result<Spool> {
        if self.missing < self.length {
            self.end_piece()?;
        }
        Ok(self.sums)
    }
}
