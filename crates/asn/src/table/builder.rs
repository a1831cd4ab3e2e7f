//! Makes a table from rows.

use crate::table::intervals::{Address, Row, cut, sort};
use crate::table::layout::{HEADER, Header, RANGE};
use crate::table::range::{ParseRangeError, Range};
use std::collections::HashMap;
use std::io::{self, Seek, SeekFrom, Write};

/// Collects ranges in any order, and writes the table.
///
/// It holds 12 bytes for an IPv4 range and 48 for an IPv6 one; the rest goes out as it is made.
#[derive(Debug, Default)]
pub struct Builder {
    v4: Vec<Row<u32>>,
    v6: Vec<Row<u128>>,
    everything: Option<u32>,
    long_hosts: bool,
}

/// What a table was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Different ranges.
    pub rows: u32,
    /// Bytes of the file.
    pub bytes: u64,
}

impl Builder {
    /// A table without ranges.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a range in PostgreSQL's text form, to be printed in that form.
    ///
    /// # Errors
    /// If the text is no range.
    pub fn push_text(&mut self, range: &str, asn: u32) -> Result<(), ParseRangeError> {
        let parsed = range.parse()?;
        if let Range::V4(first, last) = parsed {
            self.long_hosts |= first == last && range.ends_with("/32");
        } else if let Range::V6(first, last) = parsed {
            self.long_hosts |= first == last && range.ends_with("/128");
        }
        self.push(parsed, asn);
        Ok(())
    }

    /// Adds a range.
    pub fn push(&mut self, range: Range, asn: u32) {
        match range {
            Range::V4(first, last) => self.v4.push(Row { first, last, asn }),
            Range::V6(first, last) => self.v6.push(Row { first, last, asn }),
            Range::Everything => {
                self.everything = Some(self.everything.map_or(asn, |other| other.min(asn)));
            }
        }
    }

    /// Writes the table with a `tag` that says where it came from.
    ///
    /// # Errors
    /// If writing fails, or there are more than 2^32 records of a kind.
    pub fn write(mut self, mut out: impl Write + Seek, tag: &[u8]) -> io::Result<Summary> {
        out.write_all(&[0; HEADER])?;
        sort(&mut self.v4);
        sort(&mut self.v6);
        let mut values = Values::default();
        let v4 = write_intervals(&mut out, &self.v4, &mut values)?;
        let v6 = write_intervals(&mut out, &self.v6, &mut values)?;
        for (asn, form) in &values.list {
            out.write_all(&asn.to_le_bytes())?;
            out.write_all(&form.to_le_bytes())?;
        }
        for (first, last) in &values.ranges {
            out.write_all(&first.to_le_bytes())?;
            out.write_all(&last.to_le_bytes())?;
        }
        out.write_all(tag)?;
        let bytes = out.stream_position()?;
        let rows = self.v4.len() + self.v6.len() + usize::from(self.everything.is_some());
        let header = Header {
            v4,
            v6,
            values: count(values.list.len())?,
            ranges: count(values.ranges.len())?,
            rows: count(rows)?,
            tag: count(tag.len())?,
            long_hosts: self.long_hosts,
            everything: self.everything,
        };
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&header.to_bytes())?;
        out.flush()?;
        let rows = header.rows;
        Ok(Summary { rows, bytes })
    }
}

fn count(n: usize) -> io::Result<u32> {
    u32::try_from(n).map_err(|_| io::Error::other("too many address ranges"))
}

/// AS number and form of the intervals; each pair is kept once.
#[derive(Default)]
struct Values {
    numbers: HashMap<(u32, u32), u32>,
    list: Vec<(u32, u32)>,
    ranges: Vec<(u128, u128)>,
    range_numbers: HashMap<(u128, u128), u32>,
}

impl Values {
    /// The number of a row's value.
    fn number<A: Address>(&mut self, row: &Row<A>) -> io::Result<u32> {
        let form = match row.prefix_length() {
            Some(length) => length,
            None => self.range(row.first.to_u128(), row.last.to_u128())?,
        };
        let next = count(self.list.len() + 1)?;
        let number = *self.numbers.entry((row.asn, form)).or_insert(next);
        if number == next {
            self.list.push((row.asn, form));
        }
        Ok(number)
    }

    /// The form of a range that is no CIDR.
    fn range(&mut self, first: u128, last: u128) -> io::Result<u32> {
        let next = count(self.ranges.len())?;
        let number = *self.range_numbers.entry((first, last)).or_insert(next);
        if number == next {
            self.ranges.push((first, last));
        }
        number
            .checked_add(RANGE)
            .ok_or_else(|| io::Error::other("too many address ranges"))
    }
}

/// Writes the intervals of one family and returns their number.
fn write_intervals<A: Address + Default>(
    out: &mut impl Write,
    rows: &[Row<A>],
    values: &mut Values,
) -> io::Result<u32> {
    let bytes = usize::try_from(A::BITS / 8).unwrap_or(16);
    let (mut written, mut previous) = (0usize, 0);
    cut(rows, |start, row| {
        let value = row.map_or(Ok(0), |row| values.number(row))?;
        if value == previous {
            return Ok(());
        }
        previous = value;
        written += 1;
        let start = start.to_u128().to_le_bytes();
        out.write_all(start.get(..bytes).unwrap_or(&start))?;
        out.write_all(&value.to_le_bytes())
    })?;
    count(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use proptest::prelude::*;
    use std::io::Cursor;
    use std::net::{IpAddr, Ipv4Addr};

    fn table(rows: &[(&str, u32)]) -> Table<Vec<u8>> {
        let mut builder = Builder::new();
        for (range, asn) in rows {
            builder.push_text(range, *asn).unwrap();
        }
        let mut file = Cursor::new(Vec::new());
        builder.write(&mut file, b"made by a test").unwrap();
        Table::new(file.into_inner()).unwrap()
    }

    fn ask(table: &Table<Vec<u8>>, address: &str) -> String {
        let found = table.lookup(address.parse().unwrap());
        if let Some(network) = found {
            assert_eq!(network.prefix.text(), network.prefix.to_string());
        }
        found.map_or("-".into(), |n| format!("{} AS{}", n.prefix, n.asn))
    }

    #[test]
    fn the_smallest_range_answers_in_the_words_of_the_database() {
        let table = table(&[
            ("10.0.0.0/8", 1),
            ("10.1.0.0/16", 4_200_000_000),
            ("10.1.2.3", 3),
            ("10.1.2.10-10.1.2.20", 4),
            ("2001:db8::/32", 5),
            ("2001:db8::1-2001:db8::5", u32::MAX),
        ]);
        assert_eq!(ask(&table, "10.2.0.0"), "10.0.0.0/8 AS1");
        assert_eq!(ask(&table, "10.1.255.255"), "10.1.0.0/16 AS4200000000");
        assert_eq!(ask(&table, "10.1.2.3"), "10.1.2.3 AS3");
        assert_eq!(ask(&table, "10.1.2.20"), "10.1.2.10-10.1.2.20 AS4");
        assert_eq!(ask(&table, "10.1.2.21"), "10.1.0.0/16 AS4200000000");
        assert_eq!(ask(&table, "11.0.0.0"), "-");
        assert_eq!(ask(&table, "2001:db8::6"), "2001:db8::/32 AS5");
        let inner = "2001:db8::1-2001:db8::5 AS4294967295";
        assert_eq!(ask(&table, "2001:db8::5"), inner);
        assert_eq!(ask(&table, "::"), "-");
        assert_eq!(table.rows(), 6);
        assert_eq!(table.tag(), b"made by a test");
    }

    #[test]
    fn neighbours_of_one_as_keep_their_own_prefix() {
        let table = table(&[("10.0.0.0/24", 1), ("10.0.1.0/24", 1), ("10.0.2.0/23", 1)]);
        assert_eq!(ask(&table, "10.0.0.255"), "10.0.0.0/24 AS1");
        assert_eq!(ask(&table, "10.0.1.0"), "10.0.1.0/24 AS1");
        assert_eq!(ask(&table, "10.0.3.0"), "10.0.2.0/23 AS1");
    }

    #[test]
    fn a_range_of_everything_is_the_largest() {
        let table = table(&[("-", 9), ("0.0.0.0/0", 4), ("2001:db8::/32", 6)]);
        assert_eq!(ask(&table, "8.8.8.8"), "0.0.0.0/0 AS4");
        assert_eq!(ask(&table, "2001:db8::"), "2001:db8::/32 AS6");
        assert_eq!(ask(&table, "::1"), "- AS9");
    }

    #[test]
    fn a_column_of_type_cidr_keeps_its_text() {
        let table = table(&[
            ("10.0.0.1/32", 1),
            ("2001:db8::1/128", 2),
            ("10.0.0.0/8", 3),
        ]);
        assert_eq!(ask(&table, "10.0.0.1"), "10.0.0.1/32 AS1");
        assert_eq!(ask(&table, "2001:db8::1"), "2001:db8::1/128 AS2");
        assert_eq!(ask(&table, "10.0.0.2"), "10.0.0.0/8 AS3");
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let table = table(&[]);
        assert_eq!(ask(&table, "10.0.0.1"), "-");
        assert_eq!(ask(&table, "::"), "-");
    }

    #[test]
    fn a_cut_file_is_no_table() {
        let mut file = Cursor::new(Vec::new());
        let mut builder = Builder::new();
        builder.push(Range::V4(1, 2), 3);
        builder.write(&mut file, b"").unwrap();
        let bytes = file.into_inner();
        assert!(Table::new(&bytes).is_ok());
        for length in 0..bytes.len() {
            assert!(
                Table::new(bytes.get(..length).unwrap()).is_err(),
                "{length}"
            );
        }
    }

    /// A range whose ends are swapped, which only a damaged file has, has no text.
    #[test]
    fn a_range_that_does_not_hold_the_address_is_no_answer() {
        let mut file = Cursor::new(Vec::new());
        let mut builder = Builder::new();
        builder.push(Range::V4(1000, 1002), 5);
        builder.write(&mut file, b"").unwrap();
        let mut bytes = file.into_inner();
        let ends = bytes.len() - 32;
        bytes[ends..].rotate_left(16);
        let table = Table::new(bytes).unwrap();
        assert_eq!(table.lookup(Ipv4Addr::from_bits(1001).into()), None);
    }

    proptest! {
        #[test]
        fn text_of_a_range_reads_back(first: u32, last: u32) {
            let range = Range::V4(first.min(last), first.max(last));
            prop_assert_eq!(range.to_string().parse(), Ok(range));
            let range = Range::V6((first.min(last)).into(), u128::from(first.max(last)) << 64);
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }

        #[test]
        fn damaged_bytes_never_panic(
            position in 40usize..200, byte: u8, address: u32,
        ) {
            let mut file = Cursor::new(Vec::new());
            let mut builder = Builder::new();
            for i in 0..10 {
                builder.push(Range::V4(i * 1000, i * 1000 + 700), i);
            }
            builder.write(&mut file, b"").unwrap();
            let mut bytes = file.into_inner();
            if let Some(slot) = bytes.get_mut(position) {
                *slot = byte;
            }
            let table = Table::new(bytes).unwrap();
            let _ = table.lookup(IpAddr::V4(Ipv4Addr::from_bits(address)));
            let _ = table.lookup(IpAddr::V4(Ipv4Addr::from_bits(address % 10_000)));
        }
    }
}
