//! Which of the mirrors that have a file a client may use, and how near they are.

use std::net::IpAddr;

use ipnet::IpNet;
use smallvec::SmallVec;

use crate::location::Location;
use crate::rules::{Facts, split};
use crate::set::{MirrorSet, bits};
use crate::spread::SpreadFacts;
use crate::view::Groups;
use crate::{Client, Code, Group, Mirror, MirrorTable, Region};

/// The mirrors that have a file.
#[derive(Clone, Copy, Debug)]
pub enum Candidates<'a> {
    /// Each looked at one by one; their order decides where all else is equal.
    Rows(&'a [Mirror]),
    /// Those of a table that belong to a set; where all else is equal, in the order of ids.
    Table(&'a MirrorTable, &'a MirrorSet),
}

impl<'a> Candidates<'a> {
    /// The mirrors, in their order.
    pub fn iter(self) -> impl Iterator<Item = &'a Mirror> {
        let (rows, table) = match self {
            Self::Rows(rows) => (rows, None),
            Self::Table(table, set) => (&[][..], Some(table.of(set))),
        };
        rows.iter().chain(table.into_iter().flatten())
    }
}

impl<'a, T: AsRef<[Mirror]> + ?Sized> From<&'a T> for Candidates<'a> {
    fn from(rows: &'a T) -> Self {
        Self::Rows(rows.as_ref())
    }
}

/// A candidate that the client may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usable<'a> {
    mirror: &'a Mirror,
    group: Group,
    in_country: bool,
}

/// The candidates that the client may use, group by group. Each has a row, a number that says its
/// place among them.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one on the stack for each selection; a box is the allocation to be spared"
)]
pub(crate) enum Grouped<'a> {
    Rows(Vec<Usable<'a>>),
    /// 64 rows for each word; sites with few hundreds of mirrors have no more words than fit here.
    Table(&'a MirrorTable, SmallVec<[Groups; 4]>),
}

impl<'a> Grouped<'a> {
    pub fn new(candidates: Candidates<'a>, client: &Client, file_size: u64) -> Self {
        match candidates {
            Candidates::Rows(rows) => {
                Self::Rows(ComparedClient::new(client).usable(rows, file_size))
            }
            Candidates::Table(table, set) => {
                let view = table.view(client, file_size);
                Self::Table(table, view.groups(set))
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Self::Rows(rows) => rows.is_empty(),
            Self::Table(_, words) => words
                .iter()
                .all(|groups| groups.split.sets.iter().all(|&set| set == 0)),
        }
    }

    /// How many mirrors the group has.
    pub fn count(&self, group: Group) -> u32 {
        match self {
            Self::Rows(rows) => rows.iter().map(|row| u32::from(row.group == group)).sum(),
            Self::Table(_, words) => {
                // Counting bits costs more than to see that there is none, as in most sets.
                let sets = words.iter().map(|groups| groups.of(group));
                sets.filter(|&set| set != 0).map(u64::count_ones).sum()
            }
        }
    }

    /// Hands out the mirrors of a group in their order.
    pub fn each(&self, group: Group, mut take: impl FnMut(u32, Location)) {
        match self {
            Self::Rows(rows) => {
                let group = rows.iter().zip(0..).filter(|(row, _)| row.group == group);
                group.for_each(|(row, number)| take(number, row.mirror.into()));
            }
            Self::Table(table, words) => {
                for (groups, number) in words.iter().zip(0..) {
                    let set = groups.of(group);
                    let Some(locations) = table.locations(groups.word).filter(|_| set != 0) else {
                        continue;
                    };
                    bits(set).for_each(|bit| take(number * 64 + bit, locations.at(bit)));
                }
            }
        }
    }

    /// Hands out what the spread needs of the mirrors of a group, by ascending id.
    pub fn each_by_id(&self, group: Group, mut take: impl FnMut(u32, &SpreadFacts)) {
        match self {
            Self::Rows(rows) => {
                let rows = rows.iter().zip(0..);
                let mut group: Vec<_> = rows.filter(|(row, _)| row.group == group).collect();
                group.sort_by_key(|(row, _)| row.mirror.id);
                for (row, number) in group {
                    take(number, &row.mirror.into());
                }
            }
            Self::Table(table, words) => {
                for (groups, number) in words.iter().zip(0..) {
                    let set = groups.of(group);
                    let Some(facts) = table.spread_facts(groups.word).filter(|_| set != 0) else {
                        continue;
                    };
                    for bit in bits(set) {
                        if let Some(facts) = facts.at(bit) {
                            take(number * 64 + bit, facts);
                        }
                    }
                }
            }
        }
    }

    /// The mirror of a row, and whether it counts as being in the client's country.
    pub fn get(&self, row: u32) -> Option<(&'a Mirror, bool)> {
        match self {
            Self::Rows(rows) => {
                let row = rows.get(row as usize)?;
                Some((row.mirror, row.in_country))
            }
            Self::Table(table, words) => {
                let (word, bit) = (row / 64, row % 64);
                let groups = words.get(word as usize)?;
                let mirror = table.at(groups.word, bit)?;
                Some((mirror, groups.split.own_country >> bit & 1 == 1))
            }
        }
    }
}

/// The client in the form that comparisons with one mirror after the other want.
struct ComparedClient {
    address: Option<IpAddr>,
    /// Never equal to a mirror's country if unknown.
    country: Option<Code>,
    region: Option<Region>,
    asn: Option<u32>,
}

impl ComparedClient {
    fn new(client: &Client) -> Self {
        Self {
            address: client.address.map(|address| address.to_canonical()),
            country: client.known_country(),
            region: client.region,
            asn: client.asn,
        }
    }

    fn usable<'a>(&self, mirrors: &'a [Mirror], file_size: u64) -> Vec<Usable<'a>> {
        // Nearly all candidates are usable; growing step by step would cost more than the rest.
        let mut usable = Vec::with_capacity(mirrors.len());
        for mirror in mirrors {
            let split = split(self.facts(mirror));
            let split = if mirror.is_too_small_for(file_size) {
                split.with_last_resort(true)
            } else {
                split
            };
            let group = Group::ALL.into_iter().zip(split.sets);
            if let Some((group, _)) = group.into_iter().find(|(_, is_in)| *is_in) {
                usable.push(Usable {
                    mirror,
                    group,
                    in_country: split.own_country,
                });
            }
        }
        usable
    }

    fn facts(&self, mirror: &Mirror) -> Facts<bool> {
        let is_in = |prefix| {
            self.address
                .is_some_and(|address| contains(prefix, &address))
        };
        Facts {
            present: true,
            in_network: mirror.prefixes.iter().any(is_in),
            prefix_only: mirror.prefix_only,
            in_system: mirror.asn.is_some() && mirror.asn == self.asn,
            as_only: mirror.as_only,
            in_country: mirror.country == Code::WILDCARD || self.country == Some(mirror.country),
            in_other_country: self
                .country
                .is_some_and(|country| mirror.other_countries.contains(&country)),
            country_only: mirror.country_only,
            in_region: mirror.region.is_some() && mirror.region == self.region,
            region_only: mirror.region_only,
        }
    }
}

/// As `IpNet::contains`, by one comparison instead of two and the bounds made for them.
fn contains(prefix: &IpNet, address: &IpAddr) -> bool {
    match (prefix, address) {
        (IpNet::V4(prefix), IpAddr::V4(address)) => {
            let differing = prefix.addr().to_bits() ^ address.to_bits();
            differing.leading_zeros() >= u32::from(prefix.prefix_len())
        }
        (IpNet::V6(prefix), IpAddr::V6(address)) => {
            let differing = prefix.addr().to_bits() ^ address.to_bits();
            differing.leading_zeros() >= u32::from(prefix.prefix_len())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_contain_what_ipnet_says() {
        let addresses = [
            "0.0.0.0",
            "10.1.2.3",
            "10.1.255.255",
            "10.2.0.0",
            "255.255.255.255",
            "::",
            "::a01:203",
        ]
        .into_iter()
        .chain([
            "2001:db8::1",
            "2001:db8:ffff::",
            "2001:db9::",
            "::ffff:10.1.2.3",
        ]);
        let prefixes = [
            "0.0.0.0/0",
            "10.1.2.3/16",
            "10.1.2.3/32",
            "10.0.0.0/15",
            "::/0",
        ]
        .into_iter()
        .chain(["2001:db8::1/32", "2001:db8::1/128", "::/1", "::ffff:0:0/96"]);
        for (prefix, address) in prefixes.flat_map(|p| addresses.clone().map(move |a| (p, a))) {
            let net: IpNet = prefix.parse().expect("a prefix");
            let ip: IpAddr = address.parse().expect("an address");
            assert_eq!(contains(&net, &ip), net.contains(&ip), "{prefix} {address}");
        }
    }
}
