//! An invented routing table with the shape of the Internet's, for tests and benchmarks.
//!
//! Lengths follow what BGP tables showed in the 2020s: most IPv4 prefixes are /24, most IPv6
//! ones /48 and /32, and about half are more specific than another. One in a hundred ranges
//! is no CIDR. The same seed gives the same table.

use crate::table::Range;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Prefix lengths with their share.
const V4_LENGTHS: &[(u8, u64)] = &[
    (24, 600),
    (23, 100),
    (22, 115),
    (21, 55),
    (20, 45),
    (19, 30),
    (18, 15),
    (17, 8),
    (16, 20),
    (15, 4),
    (14, 4),
    (13, 2),
    (12, 1),
    (32, 1),
];
const V6_LENGTHS: &[(u8, u64)] = &[
    (48, 460),
    (32, 140),
    (44, 100),
    (40, 90),
    (36, 60),
    (46, 40),
    (29, 40),
    (33, 20),
    (64, 20),
    (28, 5),
    (128, 1),
];

/// SplitMix64: small, seedable, and good enough to scatter prefixes.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits().checked_rem(bound).unwrap_or(0)
    }

    fn length(&mut self, shares: &[(u8, u64)]) -> u8 {
        let mut left = self.below(shares.iter().map(|(_, share)| share).sum());
        for &(length, share) in shares {
            if left < share {
                return length;
            }
            left -= share;
        }
        0
    }

    /// An address: in one of the `ranges` nine times of ten, else anywhere that is routed.
    pub fn address(&mut self, ranges: &[(Range, u32)]) -> IpAddr {
        let inside = self.below(10) > 0;
        let chosen = usize::try_from(self.below(ranges.len() as u64)).unwrap_or(0);
        match ranges.get(chosen) {
            Some(&(Range::V4(a, b), _)) if inside => {
                let offset = self.below(u64::from(b - a) + 1);
                Ipv4Addr::from_bits(a + offset as u32).into()
            }
            Some(&(Range::V6(a, b), _)) if inside => {
                let free = b - a;
                let offset = (u128::from(self.bits()) << 64) | u128::from(self.bits());
                let offset = if free == u128::MAX {
                    offset
                } else {
                    offset % (free + 1)
                };
                Ipv6Addr::from_bits(a + offset).into()
            }
            Some((Range::V6(..), _)) => self.v6().into(),
            _ => self.v4().into(),
        }
    }

    /// An address of 1.0.0.0 to 223.255.255.255.
    fn v4(&mut self) -> Ipv4Addr {
        let first = 1 + self.below(223);
        Ipv4Addr::from_bits(((first << 24) | self.below(1 << 24)) as u32)
    }

    /// An address of 2000::/6, where the registries allocate.
    fn v6(&mut self) -> Ipv6Addr {
        let high = (0x2000 + self.below(0x0c00)) << 48 | self.below(1 << 48);
        Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(self.bits()))
    }
}

/// Different ranges with AS numbers, some of them beyond 31 bits. No two of one size overlap.
pub fn routes(seed: u64, v4: usize, v6: usize) -> Vec<(Range, u32)> {
    let mut random = Random::new(seed);
    let mut routes = family(&mut random, v4, V4_LENGTHS, |random| random.v4().into());
    routes.extend(family(&mut random, v6, V6_LENGTHS, |random| {
        random.v6().into()
    }));
    routes
}

fn family(
    random: &mut Random,
    count: usize,
    lengths: &[(u8, u64)],
    anywhere: impl Fn(&mut Random) -> IpAddr,
) -> Vec<(Range, u32)> {
    let mut seen = HashSet::with_capacity(count);
    let mut routes: Vec<(Range, u32)> = Vec::with_capacity(count);
    while routes.len() < count {
        // Half of the prefixes lie in one that is there already, mostly of the same AS.
        let parent = usize::try_from(random.below(2 * routes.len() as u64 + 1)).unwrap_or(0);
        let parent = routes.get(parent).copied();
        let address = match parent {
            Some(parent) => random.address(&[parent]),
            None => anywhere(random),
        };
        let asn = match parent {
            Some((_, asn)) if random.below(10) < 7 => asn,
            _ if random.below(50) == 0 => 4_200_000_000 + random.below(90_000_000) as u32,
            _ => 1 + random.below(75_000) as u32,
        };
        let length = random.length(lengths);
        let Some(mut range) = Range::cidr(address, length) else {
            continue;
        };
        if random.below(100) == 0 {
            range = three_quarters(range);
        }
        if seen.insert(range.to_string()) {
            routes.push((range, asn));
        }
    }
    routes
}

/// The first three quarters of a CIDR range: no CIDR, and never of the size of one.
fn three_quarters(range: Range) -> Range {
    match range {
        Range::V4(a, b) if b - a > 2 => Range::V4(a, b - (b - a).div_ceil(4)),
        Range::V6(a, b) if b - a > 2 => Range::V6(a, b - (b - a).div_ceil(4)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_table() {
        let routes = routes(1, 2000, 500);
        assert_eq!(routes, super::routes(1, 2000, 500));
        assert_eq!(routes.len(), 2500);
        let odd = routes.iter().filter(|(r, _)| r.to_string().contains('-'));
        assert!((5..80).contains(&odd.count()));
    }
}
