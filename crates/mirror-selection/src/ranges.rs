//! Whether an address is in any of many networks.

use std::net::IpAddr;

use ipnet::IpNet;

/// The union of networks, as ranges of addresses.
#[derive(Debug, Default)]
pub(crate) struct Union {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

/// First and last of each range; ascending, and none meets another.
#[derive(Debug, Default)]
struct Ranges<T>(Vec<(T, T)>);

impl Union {
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(net) => v4.push((net.network().to_bits(), net.broadcast().to_bits())),
                IpNet::V6(net) => v6.push((net.network().to_bits(), net.broadcast().to_bits())),
            }
        }
        Self {
            v4: Ranges::new(v4),
            v6: Ranges::new(v6),
        }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.contains(address.to_bits()),
            IpAddr::V6(address) => self.v6.contains(address.to_bits()),
        }
    }
}

impl<T: Copy + Ord> Ranges<T> {
    fn new(mut ranges: Vec<(T, T)>) -> Self {
        ranges.sort_unstable();
        ranges.dedup_by(|next, kept| {
            let overlap = next.0 <= kept.1;
            if overlap {
                kept.1 = kept.1.max(next.1);
            }
            overlap
        });
        Self(ranges)
    }

    fn contains(&self, address: T) -> bool {
        let behind = self.0.partition_point(|&(first, _)| first <= address);
        let range = behind.checked_sub(1).and_then(|at| self.0.get(at));
        range.is_some_and(|&(_, last)| address <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Few enough addresses that networks meet, and their first and last ones are asked for.
    fn address() -> impl Strategy<Value = IpAddr> {
        let edge = prop::sample::select(vec![0_u8, 1, 127, 128, 254, 255]);
        prop_oneof![
            prop::array::uniform4(edge.clone()).prop_map(IpAddr::from),
            prop::array::uniform16(edge).prop_map(IpAddr::from),
        ]
    }

    fn network() -> impl Strategy<Value = IpNet> {
        (address(), 0_u8..=128).prop_map(|(address, length)| {
            let most = if address.is_ipv4() { 32 } else { 128 };
            IpNet::new(address, length.min(most)).expect("a length that fits")
        })
    }

    proptest! {
        #[test]
        fn a_union_has_what_one_of_its_networks_has(
            networks in vec(network(), 0..20),
            addresses in vec(address(), 20),
        ) {
            let union = Union::new(networks.iter().copied());
            for address in addresses {
                let expected = networks.iter().any(|network| network.contains(&address));
                prop_assert_eq!(union.contains(address), expected, "{}", address);
            }
        }
    }
}
