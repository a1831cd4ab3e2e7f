//! Ranges of addresses, as PostgreSQL prints them.

use std::net::IpAddr;
use std::str::FromStr;

/// A range of addresses, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range {
    /// IPv4.
    V4(u32, u32),
    /// IPv6.
    V6(u128, u128),
    /// Every address of both families: `-` in the words of ip4r.
    Everything,
}

/// The text is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an address range")]
pub struct ParseRangeError(String);

impl Range {
    /// The CIDR range of this address and prefix length; bits behind the prefix are ignored.
    pub fn cidr(address: IpAddr, length: u8) -> Option<Self> {
        match address {
            IpAddr::V4(address) if length <= 32 => {
                let rest = u32::MAX.checked_shr(length.into()).unwrap_or(0);
                let first = address.to_bits() & !rest;
                Some(Self::V4(first, first | rest))
            }
            IpAddr::V6(address) if length <= 128 => {
                let rest = u128::MAX.checked_shr(length.into()).unwrap_or(0);
                let first = address.to_bits() & !rest;
                Some(Self::V6(first, first | rest))
            }
            _ => None,
        }
    }

    /// The range between two addresses of one family, the first not above the last.
    pub fn between(first: IpAddr, last: IpAddr) -> Option<Self> {
        match (first, last) {
            (IpAddr::V4(a), IpAddr::V4(b)) if a <= b => Some(Self::V4(a.to_bits(), b.to_bits())),
            (IpAddr::V6(a), IpAddr::V6(b)) if a <= b => Some(Self::V6(a.to_bits(), b.to_bits())),
            _ => None,
        }
    }
}

/// Reads `address/length`, `address`, `address-address` and `-`, the text of the types
/// `iprange`, `ip4r`, `ip6r` and `cidr`.
impl FromStr for Range {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, ParseRangeError> {
        let range = if text == "-" {
            Some(Self::Everything)
        } else if let Some((first, last)) = text.split_once('-') {
            both(first.parse(), last.parse()).and_then(|(a, b)| Self::between(a, b))
        } else if let Some((address, length)) = text.split_once('/') {
            both(address.parse(), length.parse()).and_then(|(a, n)| Self::cidr(a, n))
        } else {
            let address = text.parse::<IpAddr>().ok();
            address.and_then(|address| Self::between(address, address))
        };
        range.ok_or_else(|| ParseRangeError(text.chars().take(100).collect()))
    }
}

fn both<A, B, E, F>(a: Result<A, E>, b: Result<B, F>) -> Option<(A, B)> {
    a.ok().zip(b.ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Result<Range, String> {
        text.parse().map_err(|e: ParseRangeError| e.to_string())
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(range("1.2.3.4"), Ok(Range::V4(0x0102_0304, 0x0102_0304)));
        assert_eq!(range("10.0.0.0/8"), Ok(Range::V4(0x0a00_0000, 0x0aff_ffff)));
        assert_eq!(range("0.0.0.0/0"), Ok(Range::V4(0, u32::MAX)));
        assert_eq!(range("::/0"), Ok(Range::V6(0, u128::MAX)));
        assert_eq!(range("::3-::9"), Ok(Range::V6(3, 9)));
        assert_eq!(range("-"), Ok(Range::Everything));
    }

    #[test]
    fn anything_else_is_named() {
        for text in [
            "",
            "a",
            "1.2.3.4/33",
            "::/129",
            "2.0.0.0-1.0.0.0",
            "1.2.3.4-::1",
            "1.2.3.4/",
        ] {
            assert_eq!(
                range(text),
                Err(format!("\"{text}\" is not an address range"))
            );
        }
    }
}
