//! Which of the mirrors that have a file a client may use, and how near they are.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::set::{MirrorSet, bits};
use crate::table::{Groups, MirrorTable};
use crate::{Client, Code, Group, Mirror, Region};

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
    pub mirror: &'a Mirror,
    /// Its place among the candidates.
    pub row: u32,
    pub group: Group,
    pub in_country: bool,
}

/// The candidates that the client may use, group by group.
pub(crate) enum Grouped<'a> {
    Rows(Vec<Usable<'a>>),
    Table(&'a MirrorTable, Vec<Groups>),
}

/// How many there are of each group, in the order of [`Group::ALL`].
pub(crate) type Counts = [u32; Group::ALL.len()];

/// The group of each set of [`Groups::sets`], and whether its mirrors are in the country.
const SETS: [(Group, bool); 7] = [
    (Group::Prefix, false),
    (Group::As, false),
    (Group::Country, true),
    (Group::Country, false),
    (Group::Region, false),
    (Group::Elsewhere, false),
    (Group::LastResort, false),
];

impl<'a> Grouped<'a> {
    pub fn new(candidates: Candidates<'a>, client: &Client, file_size: u64) -> Self {
        match candidates {
            Candidates::Rows(rows) => Self::Rows(Asker::new(client).usable(rows, file_size)),
            Candidates::Table(table, set) => {
                let view = table.view(client, file_size);
                Self::Table(table, view.groups(set).collect())
            }
        }
    }

    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut add = |group: Group, more| {
            if let Some(count) = counts.get_mut(group as usize) {
                *count += more;
            }
        };
        match self {
            Self::Rows(rows) => rows.iter().for_each(|row| add(row.group, 1)),
            Self::Table(_, words) => words.iter().for_each(|groups| {
                for (set, (group, _)) in groups.sets().into_iter().zip(SETS) {
                    add(group, set.count_ones());
                }
            }),
        }
        counts
    }

    /// Hands out the mirrors of the wanted groups, in no particular order.
    pub fn each(&self, wanted: impl Fn(Group) -> bool, mut take: impl FnMut(Usable<'a>)) {
        match self {
            Self::Rows(rows) => {
                let wanted = rows.iter().filter(|row| wanted(row.group));
                wanted.for_each(|row| take(*row));
            }
            Self::Table(table, words) => {
                for groups in words {
                    for (set, (group, in_country)) in groups.sets().into_iter().zip(SETS) {
                        if set == 0 || !wanted(group) {
                            continue;
                        }
                        for (mirror, row) in bits(set).filter_map(|bit| table.at(groups.word, bit))
                        {
                            take(Usable {
                                mirror,
                                row,
                                group,
                                in_country,
                            });
                        }
                    }
                }
            }
        }
    }
}

/// The client in the form that comparisons with one mirror after the other want.
struct Asker {
    address: Option<IpAddr>,
    /// Never equal to a mirror's country if unknown.
    country: Option<Code>,
    region: Option<Region>,
    asn: Option<u32>,
}

impl Asker {
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
        for (mirror, row) in mirrors.iter().zip(0..) {
            if let Some((group, in_country)) = self.group(mirror) {
                let group = if mirror.is_too_small_for(file_size) {
                    Group::LastResort
                } else {
                    group
                };
                usable.push(Usable {
                    mirror,
                    row,
                    group,
                    in_country,
                });
            }
        }
        usable
    }

    /// The first group that fits, and whether the mirror counts as being in the client's country;
    /// `None` if the mirror is not for this client.
    fn group(&self, mirror: &Mirror) -> Option<(Group, bool)> {
        if let (Some(prefix), Some(address)) = (&mirror.prefix, &self.address)
            && contains(prefix, address)
        {
            return Some((Group::Prefix, false));
        }
        if mirror.prefix_only {
            return None;
        }
        if mirror.asn.is_some() && mirror.asn == self.asn {
            return Some((Group::As, false));
        }
        if mirror.as_only {
            return None;
        }
        if mirror.country == Code::WILDCARD || self.country == Some(mirror.country) {
            return Some((Group::Country, true));
        }
        if let Some(country) = self.country
            && mirror.other_countries.contains(&country)
        {
            return Some((Group::Country, false));
        }
        if mirror.country_only {
            return None;
        }
        if mirror.region.is_some() && mirror.region == self.region {
            return Some((Group::Region, false));
        }
        (!mirror.region_only).then_some((Group::Elsewhere, false))
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
