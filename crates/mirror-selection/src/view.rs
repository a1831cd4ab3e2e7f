//! A table of mirrors as one client sees it.

use smallvec::SmallVec;

use crate::Group;
use crate::rules::{Facts, Split, split};
use crate::set::MirrorSet;
use crate::table::{MirrorTable, Position, TableWord};

/// The mirrors of one word that a client may use, each in one group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Groups {
    /// Where the table has the word.
    pub word: usize,
    /// Its mirrors.
    pub split: Split<u64>,
}

/// The sets that one client picks out of a table.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub table: &'a MirrorTable,
    pub country: &'a [u64],
    pub other_country: &'a [u64],
    pub region: &'a [u64],
    pub system: &'a [Position],
    pub networks: Vec<Position>,
    pub file_size: u64,
}

impl<'a> View<'a> {
    /// The mirrors of the set that the client may use, word by word in the order of ids.
    pub fn groups(&self, set: &MirrorSet) -> SmallVec<[Groups; 4]> {
        let mut groups = SmallVec::new();
        let words = self.table.words();
        // Both are in the order of ids.
        let mut at = 0;
        for wanted in set.words() {
            let rest = words.iter().skip(at);
            at += rest.take_while(|word| word.index < wanted.index).count();
            match words.get(at) {
                Some(word) if word.index == wanted.index => {
                    groups.push(self.split(at, word, wanted.bits));
                }
                _ => {}
            }
        }
        groups
    }

    fn split(&self, index: usize, word: &TableWord, wanted: u64) -> Groups {
        let own = |set: &[u64]| set.get(index).copied().unwrap_or(0);
        let here = |set: &[Position]| {
            let here = set.iter().filter(|at| at.word as usize == index);
            here.fold(0, |bits, at| bits | at.bit)
        };
        let split = split(Facts {
            present: wanted & word.present,
            in_network: here(&self.networks),
            prefix_only: word.prefix_only,
            in_system: here(self.system),
            as_only: word.as_only,
            in_country: own(self.country) | word.wildcard,
            in_other_country: own(self.other_country),
            country_only: word.country_only,
            in_region: own(self.region),
            region_only: word.region_only,
        });
        let split = match wanted & word.limited {
            0 => split,
            limited => split.with_last_resort(self.too_small(index, limited)),
        };
        Groups { word: index, split }
    }

    /// Those of the mirrors that do not deliver a file of this size well.
    fn too_small(&self, word: usize, limited: u64) -> u64 {
        let size = self.file_size;
        let small = |bit: &u32| {
            let mirror = self.table.at(word, *bit);
            mirror.is_some_and(|mirror| mirror.is_too_small_for(size))
        };
        crate::set::bits(limited)
            .filter(small)
            .fold(0, |bits, bit| bits | 1 << bit)
    }
}

impl Groups {
    /// The mirrors of a group.
    pub fn of(&self, group: Group) -> u64 {
        self.split.sets.get(group as usize).copied().unwrap_or(0)
    }
}
