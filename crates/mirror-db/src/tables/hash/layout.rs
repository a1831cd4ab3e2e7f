//! How sums are laid out in their long columns.

use super::ZsyncLayout;

/// How the piece hashes and zsync sums are laid out, to tell whether they fit a file.
pub(crate) struct Layout {
    /// Bytes per piece.
    pub piece_size: i64,
    /// Bytes of all piece hashes, 20 each.
    pub pieces: i64,
    /// Bytes per zsync block.
    pub block_size: i64,
    /// zsync's `Hash-Lengths`: consecutive matches, bytes of rsum, bytes of checksum.
    pub hash_lengths: String,
    /// Bytes of all zsync sums.
    pub sums: i64,
}

impl Layout {
    /// The same layout with other amounts of sums.
    pub fn with(&self, pieces: i64, sums: i64) -> Self {
        Self {
            hash_lengths: self.hash_lengths.clone(),
            pieces,
            sums,
            ..*self
        }
    }

    pub fn pieces_fit(&self, size: u64) -> bool {
        fits(size, self.piece_size, 20, self.pieces)
    }

    /// What describes the zsync sums, if there are some for each block of the file.
    pub fn zsync(&self, size: u64) -> Option<Box<ZsyncLayout>> {
        let mut lengths = self
            .hash_lengths
            .split(',')
            .map(|text| text.trim().parse::<u8>());
        let (Some(Ok(_)), Some(Ok(rsum)), Some(Ok(checksum)), None) = (
            lengths.next(),
            lengths.next(),
            lengths.next(),
            lengths.next(),
        ) else {
            return None;
        };
        let each = u16::from(rsum) + u16::from(checksum);
        let fits = fits(size, self.block_size, each.into(), self.sums);
        let block_size = u32::try_from(self.block_size).ok().filter(|_| fits)?;
        Some(Box::new(ZsyncLayout {
            block_size,
            hash_lengths: self.hash_lengths.as_str().into(),
            each,
        }))
    }
}

/// Whether `total` bytes are one sum of `each` bytes for every `unit` bytes of the file.
fn fits(size: u64, unit: i64, each: i64, total: i64) -> bool {
    let (Ok(unit), Ok(each), Ok(total)) = (
        u64::try_from(unit),
        u64::try_from(each),
        u64::try_from(total),
    ) else {
        return false;
    };
    total > 0 && unit > 0 && size.div_ceil(unit).checked_mul(each) == Some(total)
}
