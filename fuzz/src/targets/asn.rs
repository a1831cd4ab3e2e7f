//! Where addresses belong: rows of the database, the file made of them, files that people import,
//! and lists of addresses that clients send.

use asn::import::line::{Line, read};
use asn::table::{Builder, Range, Table, last_address};
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A copy of the table `pfx2asn`: of all ranges that hold an address, the smallest answers.
pub fn networks(input: &[u8]) {
    let (half, rest) = input.split_at(input.len() / 2);
    let builder = asn::shared::fuzzing::read_rows(&[half, rest, b"\n"]);
    let table = table(builder);
    let rows: Vec<(Range, u32)> = input.split(|&b| b == b'\n').filter_map(row).collect();
    for &(range, _) in rows.iter().take(64) {
        for address in around(range) {
            let expected = smallest(&rows, address);
            let found = table.lookup(address).map(|network| {
                let text = network.prefix.text();
                assert_eq!(text, network.prefix.to_string());
                (text.parse().expect("a range"), network.asn)
            });
            assert_eq!(found, expected, "{address}");
        }
    }
}

fn table(builder: Builder) -> Table<Vec<u8>> {
    let mut file = Cursor::new(Vec::new());
    builder.write(&mut file, b"tag").expect("memory");
    let table = Table::new(file.into_inner()).expect("a table");
    assert_eq!(table.tag(), b"tag");
    table
}

fn row(line: &[u8]) -> Option<(Range, u32)> {
    let (range, asn) = std::str::from_utf8(line).ok()?.split_once('\t')?;
    Some((range.parse().ok()?, asn.parse().ok()?))
}

/// The ends of a range and their neighbours.
fn around(range: Range) -> Vec<IpAddr> {
    match range {
        Range::V4(first, last) => [first, last, first.wrapping_sub(1), last.wrapping_add(1)]
            .map(|bits| Ipv4Addr::from_bits(bits).into())
            .to_vec(),
        Range::V6(first, last) => [first, last, first.wrapping_sub(1), last.wrapping_add(1)]
            .map(|bits| Ipv6Addr::from_bits(bits).into())
            .to_vec(),
        Range::Everything => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    }
}

/// The slow way: look at all.
fn smallest(rows: &[(Range, u32)], address: IpAddr) -> Option<(Range, u32)> {
    let key = |&(range, asn): &(Range, u32)| match (range, address) {
        (Range::V4(first, last), IpAddr::V4(address)) => (first..=last)
            .contains(&address.to_bits())
            .then(|| (0, u128::from(last - first), u128::from(first), asn)),
        (Range::V6(first, last), IpAddr::V6(address)) => (first..=last)
            .contains(&address.to_bits())
            .then(|| (0, last - first, first, asn)),
        (Range::Everything, _) => Some((1, 0, 0, asn)),
        _ => None,
    };
    let holding = rows.iter().filter_map(|row| Some((key(row)?, *row)));
    holding.min_by_key(|(key, _)| *key).map(|(_, row)| row)
}

/// The file that the processes share, damaged in any way.
pub fn asn_table(input: &[u8]) {
    let Ok(table) = Table::new(input) else {
        return;
    };
    let _ = (table.rows(), table.tag());
    let addresses: [IpAddr; 5] = [
        Ipv4Addr::UNSPECIFIED.into(),
        Ipv4Addr::new(10, 1, 2, 3).into(),
        Ipv4Addr::BROADCAST.into(),
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        Ipv6Addr::from_bits(u128::MAX).into(),
    ];
    for address in addresses {
        if let Some(network) = table.lookup(address) {
            assert_eq!(network.prefix.text(), network.prefix.to_string());
        }
    }
}

/// A list of addresses in a header, as `ASIPHeader` reads it.
pub fn addresses(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let found = last_address(text);
    if let Some(address) = found {
        assert_eq!(address, address.to_canonical());
        assert_eq!(last_address(&address.to_string()), Some(address));
    }
    // What a proxy appends is what counts.
    let longer = format!("{text}, 192.0.2.7");
    assert_eq!(
        last_address(&longer),
        Some(Ipv4Addr::new(192, 0, 2, 7).into())
    );
    assert_eq!(last_address(&format!("{text},unknown")), found);
}

/// A line of a file for asn-import. What is read can be written in another of its formats.
pub fn import(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for line in text.lines() {
        let Line::Network { range, asn, .. } = read(line) else {
            continue;
        };
        assert!(asn != 0 && range != Range::Everything);
        let shown = range.to_string();
        let ends = match shown.split_once('-') {
            Some((first, last)) => format!("{first},{last}"),
            None if shown.contains('/') => shown,
            None => format!("{shown},{shown}"),
        };
        let again = Line::Network {
            range,
            asn,
            seen: 0,
        };
        assert_eq!(read(&format!("{ends},AS{asn}")), again, "{line:?}");
    }
}
