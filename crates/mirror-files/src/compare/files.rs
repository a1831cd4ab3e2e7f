//! A set of files.

use roaring::RoaringBitmap;

/// A set of files by their numbers: a few kilobytes where numbers follow each other, never more than two
/// bytes and a bit for each file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Files(RoaringBitmap);

/// Bytes that are no set of files.
#[derive(Debug, thiserror::Error)]
#[error("no set of files: {0}")]
pub struct NotFiles(#[from] std::io::Error);

impl Files {
    /// Adds one; whether it was missing.
    pub fn insert(&mut self, file: u32) -> bool {
        self.0.insert(file)
    }

    /// Takes one out; whether it was there.
    pub fn remove(&mut self, file: u32) -> bool {
        self.0.remove(file)
    }

    /// Whether it is there.
    pub fn contains(&self, file: u32) -> bool {
        self.0.contains(file)
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter()
    }

    /// Those of both, of either, and those that are not in the other.
    pub fn and(&self, other: &Self) -> Self {
        Self(&self.0 & &other.0)
    }

    /// Those of either.
    pub fn or(&self, other: &Self) -> Self {
        Self(&self.0 | &other.0)
    }

    /// Those that are not in the other.
    pub fn without(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// As a [Roaring bitmap](https://github.com/RoaringBitmap/RoaringFormatSpec) of 32 bits.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut compact = self.0.clone();
        compact.optimize();
        let mut bytes = Vec::with_capacity(compact.serialized_size());
        // Writing to a vector cannot fail.
        let _ = compact.serialize_into(&mut bytes);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// If it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotFiles> {
        Ok(Self(RoaringBitmap::deserialize_from(bytes)?))
    }
}

impl FromIterator<u32> for Files {
    fn from_iter<I: IntoIterator<Item = u32>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

impl Extend<u32> for Files {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, files: I) {
        self.0.extend(files);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(ids in prop::collection::vec(any::<u32>(), 0..500)) {
            let files: Files = ids.into_iter().collect();
            prop_assert_eq!(Files::from_bytes(&files.to_bytes()).unwrap(), files);
        }

        #[test]
        fn other_bytes_are_refused_or_read_and_never_more(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Files::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_million_files_in_a_row_take_little() {
        let files: Files = (5..1_000_005).collect();
        assert!(files.to_bytes().len() < 1000);
    }
}
