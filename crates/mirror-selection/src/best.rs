//! The first few of a group.

use smallvec::SmallVec;

use crate::rank::Key;

/// Up to as many are kept in order all the time: a redirect names so many at most.
const FEW: usize = 8;

/// A mirror's place in its group. Among equal keys the lot decides, where lots are drawn; the row
/// makes the order total, so that else they keep the order of the candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RankedRow {
    pub key: Key,
    pub lot: u32,
    pub row: u32,
}

/// The first few of many rows, which come in any order.
pub(crate) struct Best {
    wanted: usize,
    /// In order if few are wanted; else all that came.
    rows: SmallVec<[RankedRow; FEW]>,
    /// The greatest key that the first `wanted` can have.
    bar: Key,
}

impl Best {
    /// For the first `wanted`, at least one.
    pub fn new(wanted: usize) -> Self {
        Self {
            wanted,
            rows: SmallVec::new(),
            bar: Key::MAX,
        }
    }

    /// What has a greater key is not among the first, and need not come.
    pub fn bar(&self) -> Key {
        self.bar
    }

    pub fn add(&mut self, mut place: RankedRow) {
        if self.wanted > FEW {
            self.rows.push(place);
            return;
        }
        // Each that comes after it moves on by one; the last one falls out.
        for there in &mut self.rows {
            if *there > place {
                std::mem::swap(there, &mut place);
            }
        }
        if self.rows.len() < self.wanted {
            self.rows.push(place);
        }
        if self.rows.len() == self.wanted {
            self.bar = self.rows.last().map_or(Key::MAX, |last| last.key);
        }
    }

    /// The first `wanted`, in order.
    pub fn finish(mut self) -> SmallVec<[RankedRow; FEW]> {
        if self.wanted > FEW {
            if self.wanted < self.rows.len() {
                self.rows.select_nth_unstable(self.wanted);
                self.rows.truncate(self.wanted);
            }
            self.rows.sort_unstable();
        }
        self.rows
    }
}

/// One of those that have the smallest key, drawn by score.
#[derive(Default)]
pub(crate) struct Draw {
    drawn: Option<RankedRow>,
    /// The sum of the scores of all that tie.
    tied: u64,
}

impl Draw {
    /// Each is drawn with the probability of its score over the sum of all that tie, whatever
    /// their order: with its own when it comes, and that of being replaced later.
    pub fn add(&mut self, place: RankedRow, score: u32, random: &mut impl FnMut() -> u64) {
        let first = self.drawn.map_or(Key::MAX, |drawn| drawn.key);
        if place.key > first {
            return;
        }
        let score = u64::from(score);
        if self.drawn.is_none() || place.key < first {
            self.drawn = Some(place);
            self.tied = score;
            return;
        }
        let before = self.tied;
        self.tied += score;
        // The product's upper half is uniform below the sum, to within sum / 2^64.
        let drawn = (u128::from(random()) * u128::from(self.tied)) >> 64;
        if drawn >= u128::from(before) {
            self.drawn = Some(place);
        }
    }

    pub fn drawn(&self) -> Option<RankedRow> {
        self.drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_best_are_the_start_of_all_in_order(
            keys in vec(0_u64..20, 0..60),
            wanted in 1_usize..30,
        ) {
            let place = |(&key, row)| RankedRow { key, lot: row % 3, row };
            let mut all: Vec<RankedRow> = keys.iter().zip(0..).map(place).collect();
            let mut best = Best::new(wanted);
            for &place in &all {
                if place.key <= best.bar() {
                    best.add(place);
                }
            }
            all.sort();
            all.truncate(wanted);
            prop_assert_eq!(&best.finish()[..], &all[..]);
        }
    }
}
