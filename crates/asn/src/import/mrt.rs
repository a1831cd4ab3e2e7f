//! Dumps of a router's table in MRT format (RFC 6396), as RouteViews and RIPE RIS publish them.

use super::networks::Networks;
use crate::table::Range;
use bgpkit_parser::models::{BgpElem, ElemType};
use bgpkit_parser::{BgpkitParser, ParserError};
use ipnet::IpNet;
use std::io::{self, BufRead, ErrorKind, Read};
use std::path::Path;

/// Bytes of the header of a record: time, type, subtype, length.
const HEADER: usize = 12;

/// `TABLE_DUMP` and `TABLE_DUMP_V2`
const TYPES: [[u8; 2]; 2] = [[0, 12], [0, 13]];

/// Whether a file with this beginning is a dump. Lines of text have no bytes of value zero.
pub fn is_dump(beginning: &[u8]) -> bool {
    beginning.len() >= HEADER && TYPES.iter().any(|kind| beginning[4..6] == *kind)
}

/// Reads the networks of a dump, each with the origin that most of the router's peers see.
///
/// # Errors
/// If the dump cannot be read to its end: half of one is no table of networks. A record that cannot be
/// understood is counted.
pub fn read(source: impl BufRead, path: &Path, networks: &mut Networks) -> io::Result<()> {
    let mut votes = Votes::default();
    let mut watched = Watched {
        source,
        failure: None,
    };
    let parser = BgpkitParser::from_reader(&mut watched).disable_warnings();
    for element in parser.into_fallible_elem_iter() {
        match element {
            Ok(element) => votes.count(&element, networks),
            Err(error) => match error.error {
                ParserError::IoError(error) | ParserError::EofError(error) => return Err(error),
                error @ (ParserError::OversizedRecord { .. } | ParserError::EofExpected) => {
                    return Err(io::Error::new(ErrorKind::InvalidData, error.to_string()));
                }
                error => networks.add_malformed(format!("{}: {error}", path.display())),
            },
        }
    }
    // The parser takes a failure between two records for the end.
    if let Some(error) = watched.failure {
        return Err(error);
    }
    votes.end(networks);
    Ok(())
}

/// Remembers why nothing more came.
struct Watched<R> {
    source: R,
    failure: Option<io::Error>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer).inspect_err(|error| {
            if error.kind() != ErrorKind::Interrupted {
                self.failure = Some(io::Error::new(error.kind(), error.to_string()));
            }
        })
    }
}

/// The origins that peers see of one network; routes of a network follow each other.
#[derive(Default)]
struct Votes {
    network: Option<IpNet>,
    origins: Vec<(u32, u32)>,
}

impl Votes {
    fn count(&mut self, element: &BgpElem, networks: &mut Networks) {
        // Of an AS_SET nobody knows which member is the origin.
        let Some([origin]) = element.origin_asns.as_deref() else {
            return;
        };
        if element.elem_type != ElemType::ANNOUNCE {
            return;
        }
        let (network, asn) = (element.prefix.prefix, origin.to_u32());
        if self.network != Some(network) {
            self.end(networks);
            self.network = Some(network);
        }
        match self.origins.iter_mut().find(|(known, _)| *known == asn) {
            Some((_, seen)) => *seen += 1,
            None => self.origins.push((asn, 1)),
        }
    }

    fn end(&mut self, networks: &mut Networks) {
        let origins = std::mem::take(&mut self.origins);
        // The first one of equals, as in files of lines.
        let most = origins.into_iter().rev().max_by_key(|(_, seen)| *seen);
        let Some((network, (asn, seen))) = self.network.take().zip(most) else {
            return;
        };
        // The default route says nothing about anybody.
        if network.prefix_len() > 0
            && let Ok(range) = network.trunc().to_string().parse::<Range>()
        {
            networks.add_route(range, asn, seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bgpkit_parser::encoder::MrtRibEncoder;
    use bgpkit_parser::models::{AsPath, Asn, BgpElem};

    fn element(prefix: &str, path: &[u32], peer: u8) -> BgpElem {
        BgpElem {
            elem_type: ElemType::ANNOUNCE,
            peer_ip: [192, 0, 2, peer].into(),
            peer_asn: Asn::from(u32::from(peer)),
            prefix: prefix.parse().unwrap(),
            as_path: Some(AsPath::from_sequence(path)),
            origin_asns: path.last().map(|asn| vec![Asn::from(*asn)]),
            ..BgpElem::default()
        }
    }

    fn dump(elements: &[BgpElem]) -> Vec<u8> {
        let mut encoder = MrtRibEncoder::new();
        elements
            .iter()
            .for_each(|element| encoder.process_elem(element).unwrap());
        encoder.export_bytes().unwrap().to_vec()
    }

    fn networks(bytes: &[u8]) -> (Vec<(String, u32)>, String) {
        let mut networks = Networks::default();
        read(bytes, Path::new("rib"), &mut networks).unwrap();
        let mut found: Vec<_> = networks
            .iter()
            .map(|(range, asn)| (range.to_string(), asn))
            .collect();
        found.sort();
        (found, networks.to_string())
    }

    #[test]
    fn the_origin_that_most_peers_see_counts() {
        let bytes = dump(&[
            element("10.0.0.0/8", &[7, 1], 1),
            element("10.0.0.0/8", &[7, 2], 2),
            element("10.0.0.0/8", &[9, 2], 3),
            element("2001:db8::/32", &[7, 4_200_000_000], 1),
            element("0.0.0.0/0", &[7], 1),
        ]);
        assert!(is_dump(&bytes));
        let (found, _) = networks(&bytes);
        let expected = [("10.0.0.0/8", 2), ("2001:db8::/32", 4_200_000_000)];
        assert_eq!(found, expected.map(|(range, asn)| (range.to_owned(), asn)));
    }

    #[test]
    fn a_dump_that_is_cut_is_none() {
        let bytes = dump(&[
            element("10.0.0.0/8", &[7, 1], 1),
            element("11.0.0.0/8", &[7, 2], 1),
        ]);
        let mut networks = Networks::default();
        // In a record, and in the header of one.
        for end in [bytes.len() - 5, bytes.len() - 60] {
            let result = read(&bytes[..end], Path::new("rib"), &mut networks);
            assert!(result.is_err(), "{end}: {networks}");
        }
    }

    #[test]
    fn a_compressed_dump_that_is_cut_is_none() {
        let elements: Vec<_> = (0..2000_u16)
            .map(|n| {
                element(
                    &format!("10.{}.{}.0/24", n / 256, n % 256),
                    &[7, u32::from(n) + 1],
                    1,
                )
            })
            .collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        std::io::Write::write_all(&mut gzip, &dump(&elements)).unwrap();
        let bytes = gzip.finish().unwrap();
        for end in (bytes.len() / 2..bytes.len() - 1).step_by(97) {
            let text = flate2::bufread::MultiGzDecoder::new(&bytes[..end]);
            let text = std::io::BufReader::new(text);
            let result = read(text, Path::new("rib"), &mut Networks::default());
            assert!(result.is_err(), "{end}");
        }
    }

    #[test]
    fn text_is_no_dump() {
        assert!(!is_dump(b"10.0.0.0\t8\t1\n11.0.0.0\t8\t1\n"));
        assert!(!is_dump(b""));
    }
}
