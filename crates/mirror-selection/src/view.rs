//! A table of mirrors as one client sees it.

use smallvec::SmallVec;

use crate::Group;
use crate::set::MirrorSet;
use crate::table::{MirrorTable, Position, TableWord};

/// The mirrors of one word that a client may use, each in one group.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Groups {
    /// Where the table has the word.
    pub word: usize,
    /// In the order of [`Group::ALL`].
    pub sets: [u64; Group::ALL.len()],
    /// Those of the country's group whose own country it is.
    pub own_country: u64,
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

    /// Each mirror goes to the first group that fits, as the order of the selection has it.
    fn split(&self, index: usize, word: &TableWord, wanted: u64) -> Groups {
        let own = |set: &[u64]| set.get(index).copied().unwrap_or(0);
        let here = |set: &[Position]| {
            let here = set.iter().filter(|at| at.word as usize == index);
            here.fold(0, |bits, at| bits | at.bit)
        };
        let left = wanted & word.present;
        let network = left & here(&self.networks);
        let left = left & !network & !word.prefix_only;
        let system = left & here(self.system);
        let left = left & !system & !word.as_only;
        let own_country = left & (own(self.country) | word.wildcard);
        let left = left & !own_country;
        let other_country = left & own(self.other_country);
        let left = left & !other_country & !word.country_only;
        let region = left & own(self.region);
        let elsewhere = left & !region & !word.region_only;
        let country = own_country | other_country;
        let groups = Groups {
            word: index,
            sets: [network, system, country, region, elsewhere, 0],
            own_country,
        };
        match wanted & word.limited {
            0 => groups,
            limited => groups.without(self.too_small(index, limited)),
        }
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
        self.sets.get(group as usize).copied().unwrap_or(0)
    }

    /// With these mirrors, as far as they are in a group at all, as the last resort.
    fn without(mut self, small: u64) -> Self {
        let usable = self.sets.iter().fold(0, |all, set| all | set);
        self.sets.iter_mut().for_each(|set| *set &= !small);
        if let Some(last_resort) = self.sets.last_mut() {
            *last_resort = usable & small;
        }
        Self {
            own_country: self.own_country & !small,
            ..self
        }
    }
}
