//! Looks addresses up in the bytes of a file.

use crate::table::address::Ip6;
use crate::table::intervals::{Address, Row};
use crate::table::layout::{Header, RANGE, RANGE_RECORD, Sections, V4, V6, VALUE};
use crate::table::range::Range;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// A table over the bytes of a file that [`Builder`](crate::table::Builder) wrote.
///
/// Every access is checked: whatever the bytes are, a lookup answers or finds nothing.
#[derive(Debug)]
pub struct Table<B> {
    bytes: B,
    header: Header,
    sections: Sections,
}

/// The bytes are no table, or one of another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a table of address ranges of this version")]
pub struct InvalidTable;

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The smallest range that holds it.
    pub prefix: Prefix,
    /// The AS number (32 bits, RFC 6793).
    pub asn: u32,
}

/// A range that prints as the database prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    range: Range,
    long_host: bool,
}

impl<B: AsRef<[u8]>> Table<B> {
    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// If the header does not fit the bytes.
    pub fn new(bytes: B) -> Result<Self, InvalidTable> {
        let file = bytes.as_ref();
        let header = Header::read(file).ok_or(InvalidTable)?;
        let sections = header.sections(file.len()).ok_or(InvalidTable)?;
        Ok(Self {
            bytes,
            header,
            sections,
        })
    }

    /// The smallest range that holds `address`. IPv4-mapped IPv6 addresses are IPv6 here.
    pub fn lookup(&self, address: IpAddr) -> Option<Network> {
        let (range, asn) = match address {
            IpAddr::V4(address) => self.v4(address.to_bits()),
            IpAddr::V6(address) => self.v6(address.to_bits()),
        }
        .or_else(|| Some((Range::Everything, self.header.everything?)))?;
        let prefix = Prefix {
            range,
            long_host: self.header.long_hosts,
        };
        Some(Network { prefix, asn })
    }

    /// How many ranges the source had.
    pub fn rows(&self) -> u32 {
        self.header.rows
    }

    /// What the writer left in the file about its source.
    pub fn tag(&self) -> &[u8] {
        self.part(&self.sections.tag)
    }

    fn part(&self, part: &std::ops::Range<usize>) -> &[u8] {
        self.bytes.as_ref().get(part.clone()).unwrap_or_default()
    }

    fn v4(&self, address: u32) -> Option<(Range, u32)> {
        let (records, _) = self.part(&self.sections.v4).as_chunks::<V4>();
        let behind = records.partition_point(|record| leading_u32(record) <= address);
        let (asn, form) = self.value(trailing_u32(records.get(behind.checked_sub(1)?)?))?;
        let range = match self.range(form) {
            Some(ends) if !holds(ends, address.into()) => return None,
            Some((first, last)) => Range::V4(first.try_into().ok()?, last.try_into().ok()?),
            None => Range::cidr(Ipv4Addr::from_bits(address).into(), form.try_into().ok()?)?,
        };
        Some((range, asn))
    }

    fn v6(&self, address: u128) -> Option<(Range, u32)> {
        let (records, _) = self.part(&self.sections.v6).as_chunks::<V6>();
        let behind = records.partition_point(|record| leading_u128(record) <= address);
        let (asn, form) = self.value(trailing_u32(records.get(behind.checked_sub(1)?)?))?;
        let range = match self.range(form) {
            Some(ends) if !holds(ends, address) => return None,
            Some((first, last)) => Range::V6(first, last),
            None => {
                let address = std::net::Ipv6Addr::from_bits(address);
                Range::cidr(address.into(), form.try_into().ok()?)?
            }
        };
        Some((range, asn))
    }

    /// AS number and form.
    fn value(&self, number: u32) -> Option<(u32, u32)> {
        let (records, _) = self.part(&self.sections.values).as_chunks::<VALUE>();
        let record = records.get(usize::try_from(number.checked_sub(1)?).ok()?)?;
        Some((leading_u32(record), trailing_u32(record)))
    }

    fn range(&self, form: u32) -> Option<(u128, u128)> {
        let number = usize::try_from(form.checked_sub(RANGE)?).ok()?;
        let (records, _) = self.part(&self.sections.ranges).as_chunks::<RANGE_RECORD>();
        let (first, last) = records.get(number)?.split_at(16);
        Some((leading_u128(first), leading_u128(last)))
    }
}

/// Not so only in a file that is damaged.
fn holds((first, last): (u128, u128), address: u128) -> bool {
    first <= address && address <= last
}

// Records have fixed sizes, so the chunks below are always there; zero stands in for the
// branch that cannot be taken.

fn leading_u32(record: &[u8]) -> u32 {
    record
        .first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn trailing_u32(record: &[u8]) -> u32 {
    record
        .last_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn leading_u128(record: &[u8]) -> u128 {
    record
        .first_chunk()
        .map_or(0, |bytes| u128::from_le_bytes(*bytes))
}

impl Prefix {
    /// The text of [`Display`](fmt::Display), made without the formatting machinery for what most
    /// clients have: an IPv4 prefix.
    pub fn text(&self) -> String {
        if let Range::V4(first, last) = self.range
            && first != last
            && let row = (crate::table::intervals::Row {
                first,
                last,
                asn: 0,
            })
            && let Some(length) = row.prefix_length()
        {
            let mut text = String::with_capacity("255.255.255.255/32".len());
            for (octet, behind) in first.to_be_bytes().into_iter().zip(['.', '.', '.', '/']) {
                push_number(&mut text, octet);
                text.push(behind);
            }
            push_number(&mut text, length.try_into().unwrap_or(u8::MAX));
            return text;
        }
        self.to_string()
    }
}

fn push_number(text: &mut String, number: u8) {
    let digits = [number / 100, number / 10 % 10, number % 10];
    let skipped = usize::from(number < 100) + usize::from(number < 10);
    for digit in digits.into_iter().skip(skipped) {
        text.push(char::from(b'0' + digit));
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.range, f)?;
        match self.range {
            Range::V4(first, last) if self.long_host && first == last => f.write_str("/32"),
            Range::V6(first, last) if self.long_host && first == last => f.write_str("/128"),
            _ => Ok(()),
        }
    }
}

/// The text of the type `iprange`: CIDR where the range is one, a single address alone, else
/// both ends.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4(first, last) => write(f, first, last, Ipv4Addr::from_bits),
            Self::V6(first, last) => write(f, first, last, Ip6),
            Self::Everything => f.write_str("-"),
        }
    }
}

fn write<A: Address, T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    first: A,
    last: A,
    text: fn(A) -> T,
) -> fmt::Result {
    let row = Row {
        first,
        last,
        asn: 0,
    };
    let (a, b) = (text(first), text(last));
    match row.prefix_length() {
        Some(length) if length == A::BITS => write!(f, "{a}"),
        Some(length) => write!(f, "{a}/{length}"),
        None => write!(f, "{a}-{b}"),
    }
}
