//! Addresses as text.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The last element of a comma-separated list that is a numeric address.
///
/// Proxies append to such lists (`X-Forwarded-For`), so the last address is the one that our own
/// proxy saw; what stands before it, anyone may have written. Names are never resolved. An
/// IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the IPv4 address.
pub fn last_address(list: &str) -> Option<IpAddr> {
    list.rsplit(',')
        .find_map(|element| element.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
}

/// An IPv6 address in the words of ip4r, which follows RFC 5952 except that the last 32 bits
/// are dotted also in IPv4-compatible (`::a.b.c.d`) and IPv4-translated (`::ffff:0:a.b.c.d`)
/// addresses.
pub(crate) struct Ip6(pub u128);

impl fmt::Display for Ip6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = Ipv4Addr::from_bits((self.0 & 0xffff_ffff) as u32);
        match self.0 >> 32 {
            0 if self.0 > 0xffff => write!(f, "::{last}"),
            0xffff_0000 => write!(f, "::ffff:0:{last}"),
            _ => fmt::Display::fmt(&Ipv6Addr::from_bits(self.0), f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_address_of_a_list_counts() {
        let v4 = |text: &str| text.parse::<IpAddr>().ok();
        assert_eq!(last_address("1.2.3.4"), v4("1.2.3.4"));
        assert_eq!(last_address("1.2.3.4, 5.6.7.8"), v4("5.6.7.8"));
        assert_eq!(last_address(" 1.2.3.4 ,unknown,"), v4("1.2.3.4"));
        assert_eq!(last_address("2001:db8::1"), v4("2001:db8::1"));
        assert_eq!(last_address("::ffff:1.2.3.4"), v4("1.2.3.4"));
    }

    #[test]
    fn what_is_no_address_counts_as_unknown() {
        for text in ["", ",", "localhost", "1.2.3", "1.2.3.4:80", "1.2.3.4'--"] {
            assert_eq!(last_address(text), None, "{text}");
        }
    }

    #[test]
    fn ipv6_text_is_that_of_ip4r() {
        for text in [
            "::",
            "::1",
            "::ffff",
            "::0.1.0.0",
            "::1.2.3.4",
            "::ffff:1.2.3.4",
            "::ffff:0:0.0.0.1",
            "::fffe:0:102:304",
            "::1:102:304",
            "2001:db8::1:0:0:1",
            "1:2:0:4:5:6:7:8",
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!(Ip6(address.to_bits()).to_string(), text);
        }
    }
}
