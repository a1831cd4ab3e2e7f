//! The sums of a zsync control file (zsync 0.6): a rolling sum and a part of the MD4 of each block.

use crate::Spool;
use md4::{Digest, Md4};
use std::io;

/// From this size on blocks are twice as long.
const LARGE: u64 = 100_000_000;

/// How the sums of a file are cut; `Blocksize` and `Hash-Lengths` of the control file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    /// Bytes of a block: 2048 or 4096.
    pub block_size: u16,
    /// How many blocks in a row must match.
    pub sequence: u8,
    /// Bytes of each rolling sum, 2 to 4.
    pub rolling: u8,
    /// Bytes of each MD4 sum, at most 16.
    pub strong: u8,
}

impl Parameters {
    /// Those of the original tools for a file of `size` bytes.
    #[must_use]
    pub fn of(size: u64) -> Self {
        let block_size: u16 = if size < LARGE { 2048 } else { 4096 };
        let sequence: u8 = if size > block_size.into() { 2 } else { 1 };
        let log2 = |x: f64| x.ln() / 2_f64.ln();
        let blocks = (1 + size / u64::from(block_size)) as f64;
        let (bits, block_bits) = (log2(size.max(1) as f64), log2(block_size.into()));
        let matches = f64::from(sequence);
        let rolling = ((bits + block_bits - 8.6) / matches / 8.0).ceil();
        let by_size = ((20.0 + bits + log2(blocks)) / matches / 8.0).ceil();
        let by_blocks = (7.9 + (20.0 + log2(blocks))) / 8.0;
        Self {
            block_size,
            sequence,
            rolling: rolling.clamp(2.0, 4.0) as u8,
            strong: by_size.max(by_blocks).min(16.0) as u8,
        }
    }

    /// The value of `Hash-Lengths`, as in `2,2,5`.
    #[must_use]
    pub fn hash_lengths(&self) -> String {
        format!("{},{},{}", self.sequence, self.rolling, self.strong)
    }
}

/// Sums the blocks while the file comes.
pub(crate) struct Blocks {
    parameters: Parameters,
    /// The beginning of a block whose end has not come yet.
    begun: Vec<u8>,
    sums: Spool,
}

impl Blocks {
    pub fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            begun: Vec::with_capacity(parameters.block_size.into()),
            sums: Spool::new(),
        }
    }

    pub fn update(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let size = usize::from(self.parameters.block_size);
        if !self.begun.is_empty() {
            let (missing, rest) = bytes.split_at(bytes.len().min(size - self.begun.len()));
            self.begun.extend_from_slice(missing);
            bytes = rest;
            if self.begun.len() < size {
                return Ok(());
            }
            let block = std::mem::take(&mut self.begun);
            self.end_block(&block)?;
        }
        let blocks = bytes.chunks_exact(size);
        self.begun.extend_from_slice(blocks.remainder());
        for block in blocks {
            self.end_block(block)?;
        }
        Ok(())
    }

    fn end_block(&mut self, block: &[u8]) -> io::Result<()> {
        let (rolling, strong) = (rolling(block), Md4::digest(block));
        let from = rolling.len() - usize::from(self.parameters.rolling);
        self.sums.push(&rolling[from..])?;
        self.sums.push(&strong[..self.parameters.strong.into()])
    }

    /// The sums of all blocks; the last one counts as filled up with zeros.
    pub fn finish(mut self) -> io::Result<Spool> {
        if !self.begun.is_empty() {
            let mut block = std::mem::take(&mut self.begun);
            block.resize(self.parameters.block_size.into(), 0);
            self.end_block(&block)?;
        }
        Ok(self.sums)
    }
}

/// rsync's rolling sum: the sum of all bytes, and that of the sums on the way.
fn rolling(block: &[u8]) -> [u8; 4] {
    let (mut a, mut b) = (0_u16, 0_u16);
    for byte in block {
        a = a.wrapping_add((*byte).into());
        b = b.wrapping_add(a);
    }
    let ([a0, a1], [b0, b1]) = (a.to_be_bytes(), b.to_be_bytes());
    [a0, a1, b0, b1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_follow_the_size() {
        let of = |size| {
            let p = Parameters::of(size);
            (p.block_size, p.hash_lengths())
        };
        assert_eq!(of(0), (2048, "1,2,3".to_owned()));
        assert_eq!(of(2048).0, 2048);
        assert_eq!(of(99_999_999).0, 2048);
        assert_eq!(of(100_000_000).0, 4096);
        for size in [0, 1, 2048, 2049, 1 << 20, 1 << 33, 1 << 40, u64::MAX] {
            let p = Parameters::of(size);
            assert!(
                (2..=4).contains(&p.rolling) && (3..=16).contains(&p.strong),
                "{size} {p:?}"
            );
        }
    }

    #[test]
    fn blocks_do_not_depend_on_how_the_file_comes() {
        let bytes: Vec<u8> = (0..10_000_u32).map(|i| ((i * i) >> 3) as u8).collect();
        let sums = |cut: usize| {
            let mut blocks = Blocks::new(Parameters::of(10_000));
            bytes
                .chunks(cut)
                .for_each(|part| blocks.update(part).unwrap());
            blocks.finish().unwrap().to_vec().unwrap()
        };
        let whole = sums(10_000);
        let p = Parameters::of(10_000);
        assert_eq!(whole.len(), 5 * usize::from(p.rolling + p.strong));
        for cut in [1, 7, 2047, 2048, 2049, 4096] {
            assert_eq!(sums(cut), whole, "{cut}");
        }
    }
}
