//! One line of the files that people can get.

use crate::table::Range;
use std::net::IpAddr;

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A network; `seen` is 0 where the format does not tell.
    Network {
        /// The network.
        range: Range,
        /// The AS that announces it.
        asn: u32,
        /// How many routers saw it.
        seen: u32,
    },
    /// Nothing: a comment, a head line, an empty line.
    Nothing,
    /// A range that the source knows to be announced by nobody (AS 0), or a default route.
    Unrouted,
    /// None of the known formats.
    Malformed,
}

/// Reads a line.
pub fn read(line: &str) -> Line {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', '%', ';']) {
        return Line::Nothing;
    }
    // Sets of AS numbers have commas, so a line with tabs is not split at commas.
    let fields: Vec<&str> = if line.contains('\t') {
        line.split('\t').map(str::trim).collect()
    } else {
        let quotes: &[_] = &['"', ' '];
        line.split(',')
            .map(|field| field.trim_matches(quotes))
            .collect()
    };
    match network(&fields) {
        Some((_, Some(0), _)) => Line::Unrouted,
        Some((range, _, _)) if is_default(range) => Line::Unrouted,
        Some((range, Some(asn), seen)) => Line::Network { range, asn, seen },
        None if is_head(&fields) => Line::Nothing,
        _ => Line::Malformed,
    }
}

fn network(fields: &[&str]) -> Option<(Range, Option<u32>, u32)> {
    let (first, second) = (fields.first()?, fields.get(1)?);
    if first.contains('/') {
        return Some((first.parse().ok()?, origin(second), 0));
    }
    if second.contains('/') {
        let seen = fields
            .get(2)
            .and_then(|seen| seen.parse().ok())
            .unwrap_or(0);
        return Some((second.parse().ok()?, origin(first), seen));
    }
    let asn = origin(fields.get(2)?);
    let address: IpAddr = first.parse().ok()?;
    let range = match second.parse::<u8>() {
        Ok(length) => Range::cidr(address, length)?,
        Err(_) => Range::between(address, second.parse().ok()?)?,
    };
    Some((range, asn, 0))
}

/// The first AS number of `64500`, `AS64500`, several origins (`64500_64501`), or a set
/// (`64500,64501` or `{64500,64501}`): the table has room for one, and sources put the most
/// likely one first.
fn origin(text: &str) -> Option<u32> {
    let text = text.trim_start_matches('{');
    let text = text.strip_prefix("AS").unwrap_or(text);
    let end = text.find(['_', ',', '}', ' ']).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

fn is_default(range: Range) -> bool {
    matches!(
        range,
        Range::Everything | Range::V4(0, u32::MAX) | Range::V6(0, u128::MAX)
    )
}

/// The names of columns, as CSV files begin with.
fn is_head(fields: &[&str]) -> bool {
    fields.len() > 1
        && fields.iter().all(|field| {
            field.starts_with(|c: char| c.is_ascii_alphabetic())
                && field
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_ .-".contains(c))
                && origin(field).is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(line: &str) -> String {
        match read(line) {
            Line::Network { range, asn, seen } => format!("{range} {asn} {seen}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_formats_are_told_apart() {
        for (line, expected) in [
            ("1.0.0.0\t24\t13335", "1.0.0.0/24 13335 0"),
            ("2001:200::\t32\t2500", "2001:200::/32 2500 0"),
            ("13335\t1.0.0.0/24\t301", "1.0.0.0/24 13335 301"),
            ("4200000000\t2001:db8::/32\t7", "2001:db8::/32 4200000000 7"),
            ("1.0.0.0,1.0.0.255,13335", "1.0.0.0/24 13335 0"),
            (
                "1.0.0.0,1.0.1.255,13335,US,\"Name, Inc.\"",
                "1.0.0.0/23 13335 0",
            ),
            (
                "1.0.0.5\t1.0.0.9\t4294967295\tUS\tname",
                "1.0.0.5-1.0.0.9 4294967295 0",
            ),
            ("1.0.0.0/24,13335,\"Name, Inc.\"", "1.0.0.0/24 13335 0"),
            (
                "\"2001:db8::\",\"2001:db8::ff\",\"AS5\"",
                "2001:db8::/120 5 0",
            ),
        ] {
            assert_eq!(network(line), expected, "{line}");
        }
    }

    #[test]
    fn of_several_origins_the_first_counts() {
        for asn in [
            "64500_64501",
            "64500_64501,64502",
            "64500,64501",
            "{64500,64501}",
        ] {
            assert_eq!(
                network(&format!("1.0.0.0\t24\t{asn}")),
                "1.0.0.0/24 64500 0"
            );
        }
        assert_eq!(network("{64500}\t1.0.0.0/24\t3"), "1.0.0.0/24 64500 3");
    }

    #[test]
    fn lines_without_a_network_are_told_from_broken_ones() {
        for line in [
            "",
            "  ",
            "# x",
            "% RIS whois dump",
            "network,autonomous_system_number",
            "start,end,asn",
        ] {
            assert_eq!(read(line), Line::Nothing, "{line}");
        }
        for line in [
            "1.0.0.0\t1.0.0.255\t0\tNone\tNot routed",
            "0.0.0.0\t0\t5",
            "::/0,5",
        ] {
            assert_eq!(read(line), Line::Unrouted, "{line}");
        }
        for line in [
            "x",
            "1.0.0.0",
            "1.0.0.0\t33\t5",
            "1.0.0.9,1.0.0.0,5",
            "1.0.0.0,::1,5",
            "1.0.0.0\t24\t",
            "1.0.0.0\t24\t4294967296",
            "1.0.0.0/24,-1",
            "é\tü\tö",
        ] {
            assert_eq!(read(line), Line::Malformed, "{line}");
        }
    }
}
