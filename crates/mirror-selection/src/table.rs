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

use crate::location::Locations;
use crate::ranges::Union;
use crate::set::{MirrorSet, Word};
use crate::sets::Sets;
use crate::spread::SpreadFactsOfWord;
use crate::view::View;
use crate::{Client, Code, Mirror, Region};

/// Mirrors by id, and the sets that they belong to.
#[derive(Debug, Default)]
pub struct MirrorTable {
    mirrors: Vec<Mirror>,
    /// The row of each id in `words`, in their order: 64 for each word.
    rows: Vec<u32>,
    words: Vec<TableWord>,
    /// Parallel to `words`, as the following ones.
    locations: Vec<Locations>,
    spread_facts: Vec<SpreadFactsOfWord>,
    countries: Sets<Code>,
    other_countries: Sets<Code>,
    regions: Sets<Region>,
    systems: BTreeMap<u32, Vec<Position>>,
    networks: JointPrefixMap<IpNet, Vec<Position>>,
    /// All of `networks`. Most clients are in none of them, which this tells sooner.
    union: Union,
}

/// 64 ids, what is there of them, and what holds for any client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TableWord {
    pub index: u32,
    pub present: u64,
    pub prefix_only: u64,
    pub as_only: u64,
    pub country_only: u64,
    pub region_only: u64,
    pub wildcard: u64,
    /// Those with a largest size.
    pub limited: u64,
}

/// A mirror's bit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Position {
    pub word: u32,
    pub bit: u64,
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
        let of_word = |placed: &[(Position, Mirror)]| {
            let bits = placed
                .iter()
                .map(|(at, mirror)| (at.bit.trailing_zeros(), mirror));
            Locations::new(bits.collect())
        };
        let by_word = placed.chunk_by(|(a, _), (b, _)| a.word == b.word);
        table.locations = by_word.clone().map(of_word).collect();
        let spread_facts_of_word = |placed: &[(Position, Mirror)]| {
            let bits = placed
                .iter()
                .map(|(at, mirror)| (at.bit.trailing_zeros(), mirror));
            SpreadFactsOfWord::new(bits)
        };
        table.spread_facts = by_word.map(spread_facts_of_word).collect();
        let networks = placed.iter().flat_map(|(_, mirror)| mirror.prefixes.iter());
        table.union = Union::new(networks.copied());
        let length = table.words.len();
        let all = placed.iter().map(|(at, mirror)| (*at, mirror));
        table.countries = Sets::new(length, all.clone().map(|(at, mirror)| (mirror.country, at)));
        let others = |(at, mirror): (Position, &Mirror)| {
            let codes = mirror.other_countries.clone().into_iter();
            codes.map(move |code| (code, at))
        };
        table.other_countries = Sets::new(length, all.clone().flat_map(others));
        table.regions = Sets::new(
            length,
            all.filter_map(|(at, mirror)| Some((mirror.region?, at))),
        );
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
        if let Some(asn) = mirror.asn {
            self.systems.entry(asn).or_default().push(at);
        }
        for prefix in &mirror.prefixes {
            match self.networks.get_mut(prefix) {
                Some(there) => there.push(at),
                None => drop(self.networks.insert(*prefix, vec![at])),
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

    /// The mirror at a bit of a word.
    pub(crate) fn at(&self, word: usize, bit: u32) -> Option<&Mirror> {
        let row = *self.rows.get(word * 64 + bit as usize)?;
        self.mirrors.get(row as usize)
    }

    /// What the ranking needs of the mirrors of a word.
    pub(crate) fn locations(&self, word: usize) -> Option<&Locations> {
        self.locations.get(word)
    }

    /// What the spread needs of the mirrors of a word.
    pub(crate) fn spread_facts(&self, word: usize) -> Option<&SpreadFactsOfWord> {
        self.spread_facts.get(word)
    }

    pub(crate) fn words(&self) -> &[TableWord] {
        &self.words
    }

    /// The table as a client sees it who wants a file of `file_size` bytes.
    pub(crate) fn view(&self, client: &Client, file_size: u64) -> View<'_> {
        let country = client.known_country();
        let address = client.address.map(|address| address.to_canonical());
        let system = client.asn.and_then(|asn| self.systems.get(&asn));
        View {
            table: self,
            country: self.countries.get(country),
            other_country: self.other_countries.get(country),
            region: self.regions.get(client.region),
            system: system.map_or(&[], Vec::as_slice),
            networks: address.map(|a| self.networks(a)).unwrap_or_default(),
            file_size,
        }
    }

    /// The mirrors in whose network an address lies.
    fn networks(&self, address: IpAddr) -> Vec<Position> {
        if !self.union.contains(address) {
            return Vec::new();
        }
        let covering = self.networks.cover_values(&IpNet::from(address));
        covering.flatten().copied().collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MirrorRow;
    use crate::location::Location;

    #[test]
    fn spots_are_those_of_the_mirrors() {
        let ids = (0..200)
            .filter(|id| id % 3 != 0)
            .chain([1000, 1063, 70_000]);
        let mirror = |id: i64| {
            let country = ["de", "fr", "us"].into_iter().nth((id % 7 % 3) as usize);
            Mirror::from_row(&MirrorRow {
                id: Some(id),
                country,
                region: country.map(|code| if code == "us" { "na" } else { "eu" }),
                latitude: Some(id as f64 / 7.0),
                longitude: Some(-(id as f64) / 9.0),
                score: Some(id + 1),
                base_url: Some("http://mirror.example.org/"),
                file_max_size: Some(0),
                ..MirrorRow::default()
            })
        };
        let table = MirrorTable::new(ids.clone().filter_map(mirror).collect());
        assert_eq!(table.locations.len(), table.words.len());
        for (at, word) in table.words.iter().enumerate() {
            for bit in crate::set::bits(word.present) {
                let mirror = table.get(i64::from(word.index * 64 + bit)).expect("an id");
                assert_eq!(table.at(at, bit), Some(mirror));
                let locations = table.locations(at).expect("a word");
                assert_eq!(locations.at(bit), Location::from(mirror), "{}", mirror.id);
            }
        }
        assert_eq!(table.mirrors().len(), ids.count());
    }
}
