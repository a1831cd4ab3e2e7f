//! All mirrors of a site, prepared for the question that each request asks of them.
//!
//! A group of the selection is a set: the mirrors of the client's country, say, without those that
//! are nearer already and those that restrictions keep away. What all clients have in common is
//! made into sets of bits here, when the table changes; a request then gets its groups by a few
//! operations on each 64 mirrors, and looks only at the mirrors of the groups that it needs.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

use crate::set::{MirrorSet, Word};
use crate::{Client, Code, Mirror, Region};

/// Mirrors by id, and the sets that they belong to.
#[derive(Debug, Default)]
pub struct MirrorTable {
    mirrors: Vec<Mirror>,
    /// The row of each id in `words`, in their order: 64 for each word.
    rows: Vec<u32>,
    words: Vec<TableWord>,
    /// Parallel to `words`, as the following ones.
    countries: BTreeMap<Code, Box<[u64]>>,
    other_countries: BTreeMap<Code, Box<[u64]>>,
    regions: BTreeMap<Region, Box<[u64]>>,
    systems: BTreeMap<u32, Vec<Position>>,
    networks: JointPrefixMap<IpNet, Vec<Position>>,
}

/// 64 ids, what is there of them, and what holds for any client.
#[derive(Clone, Copy, Debug, Default)]
struct TableWord {
    index: u32,
    present: u64,
    prefix_only: u64,
    as_only: u64,
    country_only: u64,
    region_only: u64,
    wildcard: u64,
    /// Those with a largest size.
    limited: u64,
}

/// A mirror's bit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Position {
    word: u32,
    bit: u64,
}

/// The mirrors of one word that a client may use, group by group, each in one of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Groups {
    pub word: usize,
    pub network: u64,
    pub system: u64,
    pub own_country: u64,
    pub other_country: u64,
    pub region: u64,
    pub elsewhere: u64,
    pub last_resort: u64,
}

/// The sets that one client picks out of a table.
#[derive(Debug)]
pub(crate) struct View<'a> {
    table: &'a MirrorTable,
    country: &'a [u64],
    other_country: &'a [u64],
    region: &'a [u64],
    system: &'a [Position],
    networks: Vec<Position>,
    file_size: u64,
}

impl MirrorTable {
    /// A table of these mirrors. Of several with one id the first counts. Ids are those of
    /// `filearr.mirrors`: what is negative or beyond 32 bits can belong to no file, and is left out.
    pub fn new(mut mirrors: Vec<Mirror>) -> Self {
        mirrors.retain(|mirror| u32::try_from(mirror.id).is_ok());
        mirrors.sort_by_key(|mirror| mirror.id);
        mirrors.dedup_by_key(|mirror| mirror.id);
        let mut table = Self {
            words: words(&mirrors),
            ..Self::default()
        };
        let mut places = table.words.iter().zip(0..).flat_map(|(word, index)| {
            let at = move |bit| Position {
                word: index,
                bit: 1_u64 << bit,
            };
            crate::set::bits(word.present).map(at)
        });
        let placed: Vec<(Position, Mirror)> = mirrors
            .into_iter()
            .filter_map(|mirror| Some((places.next()?, mirror)))
            .collect();
        drop(places);
        table.rows = vec![0; table.words.len() * 64];
        for ((at, mirror), row) in placed.iter().zip(0..) {
            let slot = at.word as usize * 64 + at.bit.trailing_zeros() as usize;
            if let Some(there) = table.rows.get_mut(slot) {
                *there = row;
            }
            table.note(*at, mirror);
        }
        table.mirrors = placed.into_iter().map(|(_, mirror)| mirror).collect();
        table
    }

    /// Puts a mirror into its sets.
    fn note(&mut self, at: Position, mirror: &Mirror) {
        let length = self.words.len();
        if let Some(word) = self.words.get_mut(at.word as usize) {
            for (set, belongs) in [
                (&mut word.prefix_only, mirror.prefix_only),
                (&mut word.as_only, mirror.as_only),
                (&mut word.country_only, mirror.country_only),
                (&mut word.region_only, mirror.region_only),
                (&mut word.wildcard, mirror.country == Code::WILDCARD),
                (&mut word.limited, mirror.file_max_size > 0),
            ] {
                *set |= if belongs { at.bit } else { 0 };
            }
        }
        let add = |set: &mut Box<[u64]>| {
            if set.is_empty() {
                *set = vec![0; length].into();
            }
            if let Some(bits) = set.get_mut(at.word as usize) {
                *bits |= at.bit;
            }
        };
        add(self.countries.entry(mirror.country).or_default());
        for &country in &mirror.other_countries {
            add(self.other_countries.entry(country).or_default());
        }
        if let Some(region) = mirror.region {
            add(self.regions.entry(region).or_default());
        }
        if let Some(asn) = mirror.asn {
            self.systems.entry(asn).or_default().push(at);
        }
        if let Some(prefix) = mirror.prefix {
            match self.networks.get_mut(&prefix) {
                Some(there) => there.push(at),
                None => drop(self.networks.insert(prefix, vec![at])),
            }
        }
    }

    /// All mirrors, by id.
    pub fn mirrors(&self) -> &[Mirror] {
        &self.mirrors
    }

    /// The mirror with this id.
    pub fn get(&self, id: i64) -> Option<&Mirror> {
        let place = self.mirrors.binary_search_by_key(&id, |mirror| mirror.id);
        self.mirrors.get(place.ok()?)
    }

    /// The mirrors of the table that belong to the set, by id.
    pub fn of<'a>(&'a self, set: &'a MirrorSet) -> impl Iterator<Item = &'a Mirror> {
        set.iter().filter_map(|id| self.get(id.into()))
    }

    /// The mirror at a bit of a word, and its row.
    pub(crate) fn at(&self, word: usize, bit: u32) -> Option<(&Mirror, u32)> {
        let row = *self.rows.get(word * 64 + bit as usize)?;
        Some((self.mirrors.get(row as usize)?, row))
    }

    /// The table as a client sees it who wants a file of `file_size` bytes.
    pub(crate) fn view(&self, client: &Client, file_size: u64) -> View<'_> {
        let country = client.known_country();
        let address = client.address.map(|address| address.to_canonical());
        View {
            table: self,
            country: set_of(&self.countries, country),
            other_country: set_of(&self.other_countries, country),
            region: set_of(&self.regions, client.region),
            system: set_of(&self.systems, client.asn),
            networks: address.map(|a| self.networks(a)).unwrap_or_default(),
            file_size,
        }
    }

    /// The mirrors in whose network an address lies.
    fn networks(&self, address: IpAddr) -> Vec<Position> {
        let covering = self.networks.cover_values(&IpNet::from(address));
        covering.flatten().copied().collect()
    }
}

fn set_of<K: Ord, T>(sets: &BTreeMap<K, impl AsRef<[T]>>, key: Option<K>) -> &[T] {
    let set = key.and_then(|key| sets.get(&key));
    set.map_or(&[], AsRef::as_ref)
}

/// The words for mirrors in the order of their ids.
fn words(mirrors: &[Mirror]) -> Vec<TableWord> {
    let ids = mirrors.iter().filter_map(|m| u32::try_from(m.id).ok());
    let word = |word: &Word| TableWord {
        index: word.index,
        present: word.bits,
        ..TableWord::default()
    };
    ids.collect::<MirrorSet>()
        .words()
        .iter()
        .map(word)
        .collect()
}

impl<'a> View<'a> {
    /// The mirrors of the set that the client may use, word by word in the order of ids.
    pub fn groups(&self, set: &'a MirrorSet) -> impl Iterator<Item = Groups> {
        // Both are in the order of ids.
        let mut words = self.table.words.iter().enumerate().peekable();
        set.words().iter().filter_map(move |wanted| {
            while words
                .next_if(|(_, word)| word.index < wanted.index)
                .is_some()
            {}
            let (index, word) = words.peek()?;
            (word.index == wanted.index).then(|| self.split(*index, word, wanted.bits))
        })
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
        let groups = Groups {
            word: index,
            network,
            system,
            own_country,
            other_country,
            region,
            elsewhere,
            last_resort: 0,
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
            mirror.is_some_and(|(mirror, _)| mirror.is_too_small_for(size))
        };
        crate::set::bits(limited)
            .filter(small)
            .fold(0, |bits, bit| bits | 1 << bit)
    }
}

impl Groups {
    /// The sets in the order of preference.
    pub fn sets(&self) -> [u64; 7] {
        [
            self.network,
            self.system,
            self.own_country,
            self.other_country,
            self.region,
            self.elsewhere,
            self.last_resort,
        ]
    }

    /// With these mirrors, as far as they are in a group at all, as the last resort.
    fn without(mut self, small: u64) -> Self {
        for set in [
            &mut self.network,
            &mut self.system,
            &mut self.own_country,
            &mut self.other_country,
            &mut self.region,
            &mut self.elsewhere,
        ] {
            self.last_resort |= *set & small;
            *set &= !small;
        }
        self
    }
}
