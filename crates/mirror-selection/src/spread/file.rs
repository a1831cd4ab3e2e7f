//! Which file is asked for, as far as the spread is concerned.

use super::facts::mix;

/// A file's path as a number: the same on all servers, in all processes, for all times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileKey(pub(super) u64);

impl FileKey {
    /// For orders that ask for none.
    pub const NONE: Self = Self(0);

    /// Of the path by which mirrors know the file: FNV-1a (64 bits), well mixed.
    pub fn of(path: &[u8]) -> Self {
        let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Self(mix(path.iter().fold(0xcbf2_9ce4_8422_2325, step)))
    }
}
