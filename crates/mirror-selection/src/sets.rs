//! Sets of mirrors by what their mirrors have in common.

use crate::table::Position;

/// A set of mirrors for each key. All keys lie in one array and all sets in another, in their
/// order: a look-up touches few lines of the cache.
#[derive(Debug)]
pub(crate) struct Sets<K> {
    keys: Vec<K>,
    words: Vec<u64>,
    /// How many words each set has.
    length: usize,
}

impl<K: Copy + Ord> Sets<K> {
    /// Of mirrors with their keys.
    pub fn new(length: usize, mirrors: impl Iterator<Item = (K, Position)>) -> Self {
        let mut mirrors: Vec<_> = mirrors.collect();
        mirrors.sort_by_key(|&(key, _)| key);
        let (mut keys, mut words) = (Vec::new(), Vec::new());
        for same in mirrors.chunk_by(|(a, _), (b, _)| a == b) {
            let start = words.len();
            words.resize(start + length, 0);
            for (_, at) in same {
                if let Some(word) = words.get_mut(start + at.word as usize) {
                    *word |= at.bit;
                }
            }
            keys.extend(same.first().map(|&(key, _)| key));
        }
        Self {
            keys,
            words,
            length,
        }
    }

    /// The words of a set; none if no mirror has the key.
    pub fn get(&self, key: Option<K>) -> &[u64] {
        let place = key.and_then(|key| self.keys.binary_search(&key).ok());
        let start = place.map(|place| place * self.length);
        let words = start.and_then(|start| self.words.get(start..start + self.length));
        words.unwrap_or_default()
    }
}

impl<K> Default for Sets<K> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            words: Vec::new(),
            length: 0,
        }
    }
}
