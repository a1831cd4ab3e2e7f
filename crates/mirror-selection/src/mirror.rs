//! A mirror as the database or the configuration describes it.

use ipnet::IpNet;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{Code, MirrorRow, Region};
use places::coordinates;

/// A mirror: where it is, for whom it is, and how much it should get.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    /// Column `server.id`; 0 for a fallback.
    pub id: i64,
    /// The name of the mirror, shown in `X-MirrorBrain-Mirror`.
    pub identifier: Box<str>,
    /// The continent.
    pub region: Option<Region>,
    /// The country, or [`Code::WILDCARD`], or [`Code::UNKNOWN`].
    pub country: Code,
    /// Degrees north.
    pub latitude: f32,
    /// Degrees east. Where both are 0 the place is unknown, see [`Distance`](crate::Distance).
    pub longitude: f32,
    /// The autonomous system the mirror is in.
    pub asn: Option<u32>,
    /// The networks the mirror is in.
    pub prefixes: Box<[IpNet]>,
    /// The share of requests that it wants, against its neighbours; at least 1.
    pub score: u32,
    /// What a file's path is appended to: what no URL may hold is percent-encoded, so that it is
    /// safe in headers and lines; ends in a slash.
    pub base_url: Box<str>,
    /// Only for clients of its continent.
    pub region_only: bool,
    /// Only for clients of its country.
    pub country_only: bool,
    /// Only for clients of its autonomous system.
    pub as_only: bool,
    /// Only for clients of its network.
    pub prefix_only: bool,
    /// Further countries that it serves like its own.
    pub other_countries: Box<[Code]>,
    /// The largest file in bytes that it delivers well; 0 for no limit.
    pub file_max_size: u64,
    /// Who runs it, for people.
    pub operator: Option<Box<Operator>>,
}

/// Who runs a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Never empty.
    pub name: Box<str>,
    /// A home page, `http` or `https`, safe in an attribute as base URLs are.
    pub url: Option<Box<str>>,
}

impl Operator {
    fn new(name: Option<&str>, url: Option<&str>) -> Option<Box<Self>> {
        let name = name.map(str::trim).filter(|name| !name.is_empty())?;
        let is_web = |url: &&str| url.starts_with("http://") || url.starts_with("https://");
        let url = url.map(str::trim).filter(is_web);
        Some(Box::new(Self {
            name: name.into(),
            url: url.map(|url| utf8_percent_encode(url, NO_URL).to_string().into()),
        }))
    }
}

impl Mirror {
    /// Makes a mirror of a row, or `None` if the row is to be skipped: id, base URL, score or
    /// file_maxsize are NULL, the base URL is empty or [foreign](MirrorRow::has_foreign_url), or the
    /// score is below 1.
    ///
    /// NULL elsewhere, and what cannot be read, is taken as unknown: it never matches a client.
    pub fn from_row(row: &MirrorRow<'_>) -> Option<Self> {
        let url = row.base_url.filter(|url| !url.is_empty())?;
        if row.has_foreign_url() {
            return None;
        }
        let score = row.score.filter(|&score| score >= 1)?;
        // Half a pair of coordinates is no place.
        let (latitude, longitude) = row
            .latitude
            .zip(row.longitude)
            .and_then(|(a, b)| coordinates(a, b))
            .unwrap_or((0.0, 0.0));
        Some(Self {
            id: row.id?,
            identifier: row.identifier.unwrap_or_default().into(),
            region: row.region.and_then(Region::parse),
            country: row.country.map_or(Code::UNKNOWN, Code::of_mirror),
            latitude,
            longitude,
            // AS 0 is nobody's (RFC 7607); tables use it for "not known".
            asn: row
                .asn
                .and_then(|n| u32::try_from(n).ok())
                .filter(|&n| n != 0),
            prefixes: row.prefix.map(networks).unwrap_or_default(),
            score: u32::try_from(score).unwrap_or(u32::MAX),
            base_url: base_url(url),
            region_only: is_true(row.region_only),
            country_only: is_true(row.country_only),
            as_only: is_true(row.as_only),
            prefix_only: is_true(row.prefix_only),
            other_countries: row.other_countries.map(codes).unwrap_or_default(),
            file_max_size: u64::try_from(row.file_max_size?).unwrap_or(0),
            operator: Operator::new(row.operator_name, row.operator_url),
        })
    }

    /// Makes a mirror that is assumed to have every file. Its identifier is the host of the URL;
    /// `None` if the URL has no host. All fallbacks are equally far away, at no known place, so
    /// that those of a group come in the order of configuration.
    pub fn fallback(region: &str, country: &str, url: &str) -> Option<Self> {
        Some(Self {
            id: 0,
            identifier: host(url)?.into(),
            region: Region::parse(region),
            country: Code::of_mirror(country),
            latitude: 0.0,
            longitude: 0.0,
            asn: None,
            prefixes: Box::default(),
            score: 1,
            base_url: base_url(url),
            region_only: false,
            country_only: false,
            as_only: false,
            prefix_only: false,
            other_countries: Box::default(),
            file_max_size: 0,
            operator: None,
        })
    }
}

impl Mirror {
    /// Whether it does not deliver files of `size` bytes well.
    pub(crate) fn is_too_small_for(&self, size: u64) -> bool {
        self.file_max_size > 0 && self.file_max_size < size
    }
}

/// What no URL may hold (RFC 3986, appendix A); all else, `%` too, is kept.
const NO_URL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

fn base_url(text: &str) -> Box<str> {
    let mut url = utf8_percent_encode(text, NO_URL).to_string();
    if !url.ends_with('/') {
        url.push('/');
    }
    url.into()
}

/// Networks, separated by commas; what is none is left out.
fn networks(text: &str) -> Box<[IpNet]> {
    let networks = text.split(',').filter_map(|one| one.trim().parse().ok());
    networks.collect()
}

fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.starts_with(['t', '1']))
}

fn codes(list: &str) -> Box<[Code]> {
    list.split(',')
        .filter_map(|text| Code::parse(text.trim()))
        .collect()
}

/// The host of an absolute URL without user, port or the brackets of an IPv6 address (RFC 3986,
/// 3.2).
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => host.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: MirrorRow<'_> = MirrorRow {
        id: Some(7),
        identifier: Some("m"),
        region: Some("EU"),
        country: Some("DE"),
        latitude: Some(51.5),
        longitude: Some(9.25),
        asn: Some(64500),
        prefix: Some("192.0.2.0/24"),
        score: Some(100),
        base_url: Some("http://m/pub"),
        region_only: Some("f"),
        country_only: Some("f"),
        as_only: Some("f"),
        prefix_only: Some("f"),
        other_countries: Some(""),
        file_max_size: Some(0),
        operator_name: Some(" Hochschule "),
        operator_url: Some("https://m.example/<x>"),
    };

    fn read(row: MirrorRow<'_>) -> Mirror {
        Mirror::from_row(&row).expect("a usable row")
    }

    #[test]
    fn an_operator_has_a_name_and_perhaps_a_home_page() {
        let of = |name, url| {
            let (operator_name, operator_url) = (name, url);
            let row = MirrorRow {
                operator_name,
                operator_url,
                ..ROW
            };
            Mirror::from_row(&row).and_then(|mirror| mirror.operator)
        };
        let operator = of(ROW.operator_name, ROW.operator_url).unwrap();
        assert_eq!(&*operator.name, "Hochschule");
        assert_eq!(operator.url.as_deref(), Some("https://m.example/%3Cx%3E"));
        assert_eq!(of(Some(" "), ROW.operator_url), None);
        assert_eq!(of(None, None), None);
        let unsafe_url = of(Some("x"), Some("javascript:alert(1)"));
        assert_eq!(unsafe_url.unwrap().url, None);
    }

    #[test]
    fn rows_that_lack_the_essential_are_skipped() {
        assert!(Mirror::from_row(&ROW).is_some());
        for row in [
            MirrorRow { id: None, ..ROW },
            MirrorRow { score: None, ..ROW },
            MirrorRow {
                score: Some(0),
                ..ROW
            },
            MirrorRow {
                base_url: None,
                ..ROW
            },
            MirrorRow {
                base_url: Some(""),
                ..ROW
            },
            MirrorRow {
                file_max_size: None,
                ..ROW
            },
        ] {
            assert_eq!(Mirror::from_row(&row), None, "{row:?}");
        }
    }

    #[test]
    fn rows_that_lack_the_rest_are_unknown_places() {
        let mirror = read(MirrorRow {
            id: Some(7),
            score: Some(i64::MAX),
            base_url: Some("http://m/"),
            file_max_size: Some(-1),
            ..MirrorRow::default()
        });
        assert_eq!(mirror.score, u32::MAX);
        assert_eq!(mirror.file_max_size, 0);
        assert_eq!((mirror.latitude, mirror.longitude), (0.0, 0.0));
        assert_eq!((mirror.region, mirror.country), (None, Code::UNKNOWN));
        assert_eq!((mirror.asn, mirror.prefixes.len()), (None, 0));
        assert!(mirror.other_countries.is_empty());
    }

    #[test]
    fn a_base_url_ends_in_one_slash() {
        for url in ["http://m/pub", "http://m/pub/"] {
            assert_eq!(
                &*read(MirrorRow {
                    base_url: Some(url),
                    ..ROW
                })
                .base_url,
                "http://m/pub/"
            );
        }
    }

    #[test]
    fn a_base_url_keeps_its_structure_and_nothing_that_ends_a_url() {
        for (text, url) in [
            ("http://m/x%20y/?q=1#f", "http://m/x%20y/?q=1#f/"),
            ("http://m/ \"<\r\n>", "http://m/%20%22%3C%0D%0A%3E/"),
        ] {
            let row = MirrorRow {
                base_url: Some(text),
                ..ROW
            };
            assert_eq!(&*read(row).base_url, url);
            let fallback = Mirror::fallback("eu", "de", text).expect("a host");
            assert_eq!(&*fallback.base_url, url);
        }
    }

    #[test]
    fn booleans_are_text() {
        for (text, value) in [
            ("t", true),
            ("true", true),
            ("1", true),
            ("f", false),
            ("0", false),
            ("", false),
        ] {
            let row = MirrorRow {
                country_only: Some(text),
                ..ROW
            };
            assert_eq!(read(row).country_only, value, "{text:?}");
        }
        assert!(
            !read(MirrorRow {
                country_only: None,
                ..ROW
            })
            .country_only
        );
    }

    #[test]
    fn half_a_pair_of_coordinates_is_no_place() {
        for (latitude, longitude) in [
            (Some(1.0), None),
            (None, Some(1.0)),
            (Some(f64::NAN), Some(1.0)),
            (Some(1.0), Some(1e99)),
        ] {
            let mirror = read(MirrorRow {
                latitude,
                longitude,
                ..ROW
            });
            assert_eq!((mirror.latitude, mirror.longitude), (0.0, 0.0));
        }
    }

    #[test]
    fn a_prefix_needs_its_length() {
        for text in [
            "",
            "192.0.2.0",
            "192.0.2.0/33",
            "192.0.2/24",
            "x/8",
            "2001:db8::/129",
        ] {
            assert_eq!(
                read(MirrorRow {
                    prefix: Some(text),
                    ..ROW
                })
                .prefixes,
                Box::default(),
                "{text}"
            );
        }
        for text in ["192.0.2.7/24", "2001:db8::/32", "0.0.0.0/0"] {
            assert!(
                read(MirrorRow {
                    prefix: Some(text),
                    ..ROW
                })
                .prefixes
                .len()
                    == 1,
                "{text}"
            );
        }
    }

    #[test]
    fn a_mirror_may_be_in_several_networks() {
        let mirror = read(MirrorRow {
            prefix: Some("192.0.2.0/24, 2001:db8::/32,x,198.51.100.7"),
            ..ROW
        });
        let networks: Vec<String> = mirror.prefixes.iter().map(IpNet::to_string).collect();
        assert_eq!(networks, ["192.0.2.0/24", "2001:db8::/32"]);
    }

    #[test]
    fn an_as_number_has_32_bits() {
        for (number, asn) in [
            (4_294_967_295, Some(u32::MAX)),
            (4_294_967_296, None),
            (0, None),
            (-1, None),
        ] {
            assert_eq!(
                read(MirrorRow {
                    asn: Some(number),
                    ..ROW
                })
                .asn,
                asn,
                "{number}"
            );
        }
    }

    #[test]
    fn a_fallback_is_named_after_its_host() {
        for (url, host) in [
            ("http://uptime.example.de/foobar", "uptime.example.de"),
            ("ftp://u:p@[2001:db8::1]:21/x", "2001:db8::1"),
            ("https://h.example:8443?x", "h.example"),
        ] {
            let mirror = Mirror::fallback("EU", "DE", url).expect("has a host");
            assert_eq!(&*mirror.identifier, host);
            assert!(mirror.base_url.ends_with('/'));
        }
        for url in [
            "",
            "foobar",
            "/foobar",
            "http:///foobar",
            "http://:80/",
            "http://@/",
            "http://[::1/",
        ] {
            assert_eq!(Mirror::fallback("eu", "de", url), None, "{url}");
        }
    }
}
