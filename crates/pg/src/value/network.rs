//! Addresses and networks: PostgreSQL's own types and those of the extension ip4r.

use std::net::IpAddr;

/// `inet_send`: family, prefix length, whether cidr, length of the address, address.
pub(super) fn inet(raw: &[u8], cidr: bool) -> Option<String> {
    let [_, bits, _, _, address @ ..] = raw else {
        return None;
    };
    let address = ip(address)?;
    let full = if address.is_ipv4() { 32 } else { 128 };
    if *bits > full {
        return None;
    }
    Some(if *bits == full && !cidr {
        address.to_string()
    } else {
        format!("{address}/{bits}")
    })
}

/// A value of one of ip4r's types, named as in the catalogue; nothing for any other type.
pub(super) fn ip4r(name: &str, raw: &[u8]) -> Option<String> {
    match name {
        "ip4" | "ip6" => Some(ip(raw)?.to_string()),
        "ip4r" | "ip6r" => ends(raw),
        "ipaddress" | "iprange" => match raw {
            [_, _, _, 0] => Some("-".to_owned()), // all addresses of both families
            [_, 0xff, _, _, rest @ ..] => ends(rest),
            [family, bits, _, _, rest @ ..] => prefix(*family, *bits, rest),
            _ => None,
        },
        _ => None,
    }
}

/// A network with as many bytes of its address as the prefix needs.
fn prefix(family: u8, bits: u8, start: &[u8]) -> Option<String> {
    let full: u8 = if family == 2 { 32 } else { 128 };
    let mut bytes = vec![0; usize::from(full / 8)];
    bytes.get_mut(..start.len())?.copy_from_slice(start);
    let address = ip(&bytes)?;
    match bits.cmp(&full) {
        std::cmp::Ordering::Less => Some(format!("{address}/{bits}")),
        std::cmp::Ordering::Equal => Some(address.to_string()),
        std::cmp::Ordering::Greater => None,
    }
}

/// The first and the last address of a range. One that is a network is written as that.
fn ends(raw: &[u8]) -> Option<String> {
    let (first, last) = raw.split_at_checked(raw.len() / 2)?;
    let (first, last) = (ip(first)?, ip(last)?);
    let (low, high) = (number(first), number(last));
    let width = if first.is_ipv4() { 32 } else { 128 };
    let differing = 128 - (low ^ high).leading_zeros();
    let host_bits = u128::MAX.checked_shr(128 - differing).unwrap_or(0);
    Some(if low == high {
        first.to_string()
    } else if low & host_bits == 0 && high & host_bits == host_bits {
        format!("{first}/{}", width - differing)
    } else {
        format!("{first}-{last}")
    })
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_the_extension_writes_them() {
        for (name, raw, text) in [
            ("iprange", "020801040a000000", "10.0.0.0/8"),
            ("iprange", "0220010401020304", "1.2.3.4"),
            ("iprange", "02ff01080a0000010a000005", "10.0.0.1-10.0.0.5"),
            ("iprange", "0320010820010db800000000", "2001:db8::/32"),
            (
                "iprange",
                "0380011020010db8000000000000000000000001",
                "2001:db8::1",
            ),
            ("iprange", "00ff0100", "-"),
            ("ip4r", "0a0000000affffff", "10.0.0.0/8"),
            ("ip4r", "0102030401020304", "1.2.3.4"),
            ("ip4r", "0a0000010a000005", "10.0.0.1-10.0.0.5"),
            (
                "ip6r",
                "20010db800000000000000000000000020010db8ffffffffffffffffffffffff",
                "2001:db8::/32",
            ),
            ("ip4", "01020304", "1.2.3.4"),
            ("ipaddress", "0220010401020304", "1.2.3.4"),
        ] {
            let written = ip4r(name, &hex::decode(raw).unwrap());
            assert_eq!(written.as_deref(), Some(text), "{name}");
        }
        assert_eq!(ip4r("iprange", &[2, 33, 1, 4, 1, 2, 3, 4]), None);
        assert_eq!(ip4r("text", &[1, 2, 3, 4]), None);
    }

    #[test]
    fn networks_of_the_core_types_are_read() {
        assert_eq!(
            inet(&[2, 8, 1, 4, 10, 0, 0, 0], true).as_deref(),
            Some("10.0.0.0/8")
        );
        assert_eq!(
            inet(&[2, 32, 0, 4, 10, 0, 0, 1], false).as_deref(),
            Some("10.0.0.1")
        );
        assert_eq!(inet(&[2, 33, 0, 4, 10, 0, 0, 1], false), None);
    }
}
