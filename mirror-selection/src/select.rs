//! From candidates to an order.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::rank::{self, Key};
use crate::{Choice, Client, Code, Distance, Group, Mirror, Region, Selection};

/// How much of the order is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All usable mirrors.
    All,
    /// The first few, which costs less: the groups behind them are not looked at. At least one
    /// is ranked in any case.
    Top(usize),
}

/// Puts the mirrors that a client may use for a file into the order of preference.
///
/// `candidates` are the mirrors that have the file, of `file_size` bytes; their order decides
/// where all else is equal. `fallbacks` are used if no candidate is usable. `random` gives
/// numbers that are uniform over all of `u64`; it is asked where the client's place is unknown,
/// and to draw among equals.
pub fn select<'a>(
    candidates: impl IntoIterator<Item = &'a Mirror>,
    fallbacks: &'a [Mirror],
    client: &'a Client,
    file_size: u64,
    distance: Distance,
    random: &mut impl FnMut() -> u64,
    extent: Extent,
) -> Selection<'a> {
    let asker = Asker::new(client);
    let mut usable = asker.usable(candidates, file_size);
    let uses_fallbacks = usable.is_empty() && !fallbacks.is_empty();
    if uses_fallbacks {
        usable = asker.usable(fallbacks, file_size);
    }
    let wanted = match extent {
        Extent::All => usable.len(),
        Extent::Top(count) => count.max(1).min(usable.len()),
    };
    let place = client.coordinates.filter(|&place| distance.is_place(place));
    let mut choices = asker.choices(&usable, wanted, |mirror, count| match place {
        Some(place) => {
            let there = (mirror.latitude, mirror.longitude);
            rank::by_distance(distance.between(place, there), count, mirror.score)
        }
        None => rank::by_chance(random(), mirror.score),
    });
    sort_first(&mut choices, wanted);
    let target = draw(&choices, wanted, random);
    Selection {
        choices,
        ranked: wanted,
        target,
        uses_fallbacks,
    }
}

/// A candidate that the client may use: no more than what decides whether it is looked at again.
struct Usable<'a> {
    mirror: &'a Mirror,
    row: u32,
    group: Group,
    in_country: bool,
}

/// The client in the form that thousands of comparisons want.
struct Asker<'a> {
    client: &'a Client,
    address: Option<IpAddr>,
    /// Never equal to a mirror's country if unknown.
    country: Option<Code>,
    region: Option<Region>,
    asn: Option<u32>,
}

impl<'a> Asker<'a> {
    fn new(client: &'a Client) -> Self {
        Self {
            client,
            address: client.address.map(|address| address.to_canonical()),
            country: client.country.filter(|&code| code != Code::UNKNOWN),
            region: client.region,
            asn: client.asn,
        }
    }

    fn usable(
        &self,
        mirrors: impl IntoIterator<Item = &'a Mirror>,
        file_size: u64,
    ) -> Vec<Usable<'a>> {
        let mirrors = mirrors.into_iter();
        // Nearly all candidates are usable; growing step by step would cost more than the rest.
        let (least, most) = mirrors.size_hint();
        let mut usable = Vec::with_capacity(most.unwrap_or(least));
        for (mirror, row) in mirrors.zip(0..) {
            if let Some((group, in_country)) = self.group(mirror) {
                let too_large = mirror.file_max_size > 0 && mirror.file_max_size < file_size;
                let group = if too_large { Group::LastResort } else { group };
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

    /// The choices of those groups that the first `wanted` come from, with their keys.
    fn choices(
        &self,
        usable: &[Usable<'a>],
        wanted: usize,
        mut key: impl FnMut(&Mirror, u32) -> Key,
    ) -> Vec<Choice<'a>> {
        let mut counts = [0_u32; Group::ALL.len()];
        for candidate in usable {
            if let Some(count) = counts.get_mut(candidate.group as usize) {
                *count += 1;
            }
        }
        let mut before = 0;
        let needed = counts.map(|count| {
            let needed = before < wanted;
            before += if needed { count as usize } else { 0 };
            if needed { count } else { 0 }
        });
        let mut choices = Vec::with_capacity(before);
        for &Usable {
            mirror,
            row,
            group,
            in_country,
        } in usable
        {
            let count = needed.get(group as usize).copied().unwrap_or(0);
            if count > 0 {
                let order = order(group, key(mirror, count));
                choices.push(Choice {
                    order,
                    mirror,
                    client: self.client,
                    row,
                    group,
                    in_country,
                });
            }
        }
        choices
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

fn order(group: Group, key: Key) -> u64 {
    ((group as u64) << 61) | key
}

/// Brings the first `wanted` choices to the front, in order. The row makes the order total, so
/// that equal keys keep the order of the candidates.
fn sort_first(choices: &mut [Choice<'_>], wanted: usize) {
    let by = |choice: &Choice<'_>| (choice.order, choice.row);
    if wanted < choices.len() && wanted > 0 {
        choices.select_nth_unstable_by_key(wanted - 1, by);
    }
    choices
        .get_mut(..wanted)
        .unwrap_or_default()
        .sort_unstable_by_key(by);
}

/// Draws the index of one of those choices that tie with the first, by score.
fn draw(choices: &[Choice<'_>], wanted: usize, random: &mut impl FnMut() -> u64) -> usize {
    let Some(first) = choices.first() else {
        return 0;
    };
    // Only if all that were sorted tie may others tie beyond them, in any order: the draw does
    // not mind.
    let sorted = choices.get(..wanted).unwrap_or(choices);
    let choices = match sorted.last() {
        Some(last) if last.order != first.order => sorted,
        _ => choices,
    };
    let tied = || {
        choices
            .iter()
            .enumerate()
            .filter(|(_, choice)| choice.order == first.order)
    };
    let sum: u64 = tied()
        .map(|(_, choice)| u64::from(choice.mirror.score))
        .sum();
    if sum == u64::from(first.mirror.score) {
        return 0;
    }
    // The product's upper half is uniform below `sum`, to within sum / 2^64.
    let mut left = ((u128::from(random()) * u128::from(sum)) >> 64) as u64;
    for (index, choice) in tied() {
        match left.checked_sub(u64::from(choice.mirror.score)) {
            Some(rest) => left = rest,
            None => return index,
        }
    }
    0
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
