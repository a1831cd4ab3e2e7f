//! Which mirrors have a file.

use smallvec::SmallVec;

/// A set of mirrors by id, in 16 bytes for each run of 64 ids of which at least one is there:
/// less than a list of the ids, and compared with other sets 64 mirrors at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorSet(SmallVec<[Word; INLINE]>);

/// Words that lie in the set itself, close to what else is known of the file: enough for sites with
/// up to 192 mirrors.
const INLINE: usize = 3;

/// Up to 64 ids: `64 * index` and those behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub index: u32,
    pub bits: u64,
}

impl MirrorSet {
    /// The ids, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.0
            .iter()
            .flat_map(|word| bits(word.bits).map(|bit| word.index * 64 + bit))
    }

    /// Whether there is no id.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of memory beside the structure itself.
    pub fn size(&self) -> usize {
        if self.0.spilled() {
            size_of_val(&*self.0)
        } else {
            0
        }
    }

    /// None is empty; ascending.
    pub(crate) fn words(&self) -> &[Word] {
        &self.0
    }
}

impl FromIterator<u32> for MirrorSet {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> Self {
        let mut ids: Vec<u32> = ids.into_iter().collect();
        ids.sort_unstable();
        let words = ids.chunk_by(|a, b| a / 64 == b / 64);
        let word = |ids: &[u32]| Word {
            index: ids.first().map_or(0, |id| id / 64),
            bits: ids.iter().fold(0, |bits, id| bits | 1 << (id % 64)),
        };
        let mut words: SmallVec<_> = words.map(word).collect();
        words.shrink_to_fit();
        Self(words)
    }
}

/// The numbers of the bits that are set, ascending.
pub(crate) fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn neighbours_share_a_word() {
        let set: MirrorSet = (0..180).collect();
        assert_eq!((set.words().len(), set.size()), (3, 0));
        let set: MirrorSet = (0..4).map(|word| word << 30).collect();
        assert_eq!((set.words().len(), set.size()), (4, 4 * 16));
        assert!(MirrorSet::default().is_empty() && !set.is_empty());
    }

    proptest! {
        #[test]
        fn a_set_has_each_id_once_in_order(
            ids in vec(prop_oneof![0_u32..300, any::<u32>()], 0..200),
        ) {
            let set: MirrorSet = ids.iter().copied().collect();
            let expected: BTreeSet<u32> = ids.into_iter().collect();
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
