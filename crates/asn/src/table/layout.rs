//! The file: a header, four arrays of fixed-size records, and a tag. Integers are little-endian.
//!
//! ```text
//! header      magic, number of records of each array, flags, length of the tag
//! v4          start u32, value u32     an interval reaches to the start of the next
//! v6          start u128, value u32
//! values      asn u32, form u32        value n is record n - 1; value 0 is a gap
//! ranges      first u128, last u128    ranges that are no CIDR
//! tag         bytes of the writer's choice
//! ```
//!
//! `form` is the prefix length of a CIDR range, whose ends follow from the address that is
//! looked up, or [`RANGE`] plus the number of a record of `ranges`. Neighbours that differ in
//! neither AS nor form share an interval.

use std::ops::Range;

/// The first bytes; the digit is the version of the layout.
const MAGIC: &[u8; 8] = b"asntbl-1";

/// Bytes of the header.
pub(crate) const HEADER: usize = 40;
/// Bytes of a record.
pub(crate) const V4: usize = 8;
pub(crate) const V6: usize = 20;
pub(crate) const VALUE: usize = 8;
pub(crate) const RANGE_RECORD: usize = 32;

/// The lowest `form` that names a range.
pub(crate) const RANGE: u32 = 256;

/// Flag: the source wrote single addresses with their prefix length (type `cidr`).
const LONG_HOSTS: u32 = 1;
/// Flag: there is a range of every address of both families.
const EVERYTHING: u32 = 2;

/// What the header says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub v4: u32,
    pub v6: u32,
    pub values: u32,
    pub ranges: u32,
    /// Rows of the source, for the log.
    pub rows: u32,
    pub tag: u32,
    pub long_hosts: bool,
    pub everything: Option<u32>,
}

/// Where the parts of a file are, in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Sections {
    pub v4: Range<usize>,
    pub v6: Range<usize>,
    pub values: Range<usize>,
    pub ranges: Range<usize>,
    pub tag: Range<usize>,
}

impl Header {
    pub fn to_bytes(&self) -> [u8; HEADER] {
        let mut flags = if self.long_hosts { LONG_HOSTS } else { 0 };
        if self.everything.is_some() {
            flags |= EVERYTHING;
        }
        let everything = self.everything.unwrap_or(0);
        let numbers = [
            self.v4,
            self.v6,
            self.values,
            self.ranges,
            self.rows,
            flags,
            everything,
            self.tag,
        ];
        let mut bytes = [0; HEADER];
        let parts = MAGIC.chunks(4).map(<[u8]>::to_vec);
        let parts = parts.chain(numbers.map(|n| n.to_le_bytes().to_vec()));
        for (to, from) in bytes.chunks_mut(4).zip(parts) {
            to.copy_from_slice(&from);
        }
        bytes
    }

    pub fn read(file: &[u8]) -> Option<Self> {
        let numbers = file.get(..HEADER)?.strip_prefix(MAGIC)?;
        let number = |i| {
            numbers
                .as_chunks::<4>()
                .0
                .get(i)
                .copied()
                .map(u32::from_le_bytes)
        };
        let flags = number(5)?;
        Some(Self {
            v4: number(0)?,
            v6: number(1)?,
            values: number(2)?,
            ranges: number(3)?,
            rows: number(4)?,
            tag: number(7)?,
            long_hosts: flags & LONG_HOSTS != 0,
            everything: if flags & EVERYTHING != 0 {
                number(6)
            } else {
                None
            },
        })
    }

    /// The parts of a file of `length` bytes; `None` unless they fill it.
    pub fn sections(&self, length: usize) -> Option<Sections> {
        let mut end = HEADER;
        let mut part = |count: u32, size: usize| {
            let start = end;
            end = start.checked_add(usize::try_from(count).ok()?.checked_mul(size)?)?;
            Some(start..end)
        };
        let sections = Sections {
            v4: part(self.v4, V4)?,
            v6: part(self.v6, V6)?,
            values: part(self.values, VALUE)?,
            ranges: part(self.ranges, RANGE_RECORD)?,
            tag: part(self.tag, 1)?,
        };
        (end == length).then_some(sections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back() {
        let header = Header {
            v4: 1,
            v6: 2,
            values: 3,
            ranges: 4,
            rows: 5,
            tag: 6,
            long_hosts: true,
            everything: Some(7),
        };
        assert_eq!(Header::read(&header.to_bytes()), Some(header.clone()));
        let length = HEADER + 8 + 40 + 24 + 128 + 6;
        assert!(header.sections(length).is_some());
        assert!(header.sections(length - 1).is_none());
        assert!(Header::read(b"asntbl-1").is_none());
    }
}
