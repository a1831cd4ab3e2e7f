//! A site with a file, its hashes and mirrors, to write documents of.

use mirror_selection::{Choice, Client, Code, Extent, Mirror, MirrorRow, Order, Region, select};
use representation::redirect::Redirect;
use representation::yum::{Directory, Format, List};
use representation::{
    Answer, Behind, ClientInfo, Document, File, Hashes, Missing, Part, Publisher, Representation,
    Site, Sources, Zsync,
};
use sha1::{Digest as _, Sha1};
use std::convert::Infallible;

pub const ORIGIN: &str = "https://download.example.org";
pub const SIZE: u64 = 1_500_000;
pub const MTIME: i64 = 1_700_000_000;
pub const NOW: i64 = 1_800_000_000;
pub const PGP: &str = "-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n";

/// Pieces of 256 KiB: six for 1.5 MB.
pub static PIECES: [u8; 120] = [0x2e; 120];
/// Sums with every byte value in them, line feeds too.
pub static SUMS: [u8; 256] = {
    let mut sums = [0; 256];
    let mut i = 0;
    while i < 256 {
        sums[i] = i as u8;
        i += 1;
    }
    sums
};

pub struct World {
    pub key: Vec<u8>,
    pub site: Site,
    pub hashes: Option<Hashes<'static>>,
    pub mirrors: Vec<Mirror>,
    pub client: Client,
    pub order: Order,
}

/// A mirror in a country; those without a place have the coordinates 0, 0.
pub fn mirror(id: i64, region: &str, country: &str, place: (f64, f64), url: &str) -> Mirror {
    row(id, region, country, place, url).unwrap()
}

/// The same, unless the row is none of a mirror.
pub fn row(id: i64, region: &str, country: &str, place: (f64, f64), url: &str) -> Option<Mirror> {
    Mirror::from_row(&MirrorRow {
        id: Some(id),
        identifier: Some(&format!("mirror{id}")),
        region: Some(region),
        country: Some(country),
        latitude: Some(place.0),
        longitude: Some(place.1),
        score: Some(100),
        base_url: Some(url),
        file_max_size: Some(0),
        ..MirrorRow::default()
    })
}

impl World {
    /// All that a file can have, and three mirrors: one in the client's country, two elsewhere.
    pub fn new(name: impl AsRef<[u8]>) -> Self {
        let key = [b"iso/", name.as_ref()].concat();
        let hashes = hashes(name.as_ref());
        Self {
            key,
            hashes: Some(hashes),
            site: Site {
                generator: "MirrorBrain/9.9".to_owned(),
                publisher: Some(Publisher {
                    name: "Oranges, Inc.".to_owned(),
                    url: "http://juice.example.com/".to_owned(),
                }),
                trackers: vec![
                    "http://bt.example.org:8091/announce".to_owned(),
                    "udp://bt.example.org:8091/announce?a=1&b=2".to_owned(),
                ],
                ..Site::default()
            },
            mirrors: vec![
                mirror(1, "eu", "fr", (48.8, 2.3), "http://fr.example.org/pub/"),
                mirror(2, "eu", "de", (51.3, 9.5), "https://de.example.org/pub/"),
                mirror(3, "oc", "nz", (-41.3, 174.8), "ftp://nz.example.org/pub/"),
            ],
            client: Client {
                address: "91.0.0.1".parse().ok(),
                country: Code::parse("de"),
                region: Region::parse("eu"),
                asn: Some(3320),
                coordinates: Some((52.5, 13.4)),
                accuracy_radius: Some(20.0),
            },
            order: Order::default(),
        }
    }

    /// Calls with the document, which may be changed first.
    pub fn with<T>(&self, work: impl FnOnce(&mut Document<'_>) -> T) -> T {
        let mut random = || 1 << 63;
        let extent = Extent::All;
        let selection = select(
            &self.mirrors,
            &[],
            &self.client,
            SIZE,
            self.order,
            &mut random,
            extent,
        );
        let path = [b"/", &self.key[..]].concat();
        let file = File::new(&self.key, ORIGIN, &path, SIZE, MTIME);
        work(&mut Document {
            file: &file,
            hashes: self.hashes.as_ref(),
            client: ClientInfo {
                address: Some("91.0.0.1"),
                country: Some("DE"),
                continent: Some("EU"),
                asn: Some("3320"),
                coordinates: self.client.coordinates,
                ..ClientInfo::default()
            },
            sources: Sources::Mirrors(&selection),
            behind: Behind::default(),
            compatible: true,
            site: &self.site,
            torrent_file: false,
            broken_mirrors: None,
            page_header: None,
            page_footer: None,
            asked_name: file.name(),
            only_hash: false,
            now: NOW,
        })
    }

    pub fn answer(&self, name: &str) -> Result<Answer<'static>, Missing> {
        self.with(|doc| render(doc, name))
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        self.answer(name).unwrap().to_bytes()
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    /// Headers of the redirect.
    pub fn redirect(&self, stamp_key: Option<&str>) -> Vec<(&'static str, String)> {
        self.redirect_at(NOW, stamp_key)
    }

    /// Headers of the redirect at a time.
    pub fn redirect_at(&self, now: i64, stamp_key: Option<&str>) -> Vec<(&'static str, String)> {
        self.with(|doc| {
            let Sources::Mirrors(selection) = doc.sources else {
                unreachable!()
            };
            let mut headers = Vec::new();
            Redirect {
                file: doc.file,
                hashes: doc.hashes,
                target: selection.target().unwrap(),
                choices: selection.ranked(),
                has_tracker: !doc.site.trackers.is_empty(),
                stamp_key,
                now,
            }
            .headers(|header, value| {
                let name = header.name().to_str().expect("ASCII");
                let value = str::from_utf8(value).expect("UTF-8");
                headers.push((name, value.to_owned()));
            });
            headers
        })
    }
}

/// The list of a directory on mirrors, or on this server.
pub fn yum_list(path: &[u8], choices: &[Choice<'_>], origin: &str) -> Answer<'static> {
    let directory = Directory {
        path: path.to_vec(),
        file: Vec::new(),
        format: Format::Yum,
    };
    let list = List {
        directory: &directory,
        choices,
        behind: Behind::default(),
        origin,
        base: "/base/",
        changes: false,
    };
    list.answer()
}

/// The answer, on its own.
pub fn render(doc: &Document<'_>, name: &str) -> Result<Answer<'static>, Missing> {
    let representation = Representation::from_name(name.as_bytes()).unwrap();
    let answer = doc.answer(representation)?;
    let stored = match representation {
        Representation::Zsync => &SUMS[..],
        _ => &PIECES,
    };
    let rest = |offset| Ok::<_, Infallible>(&stored[offset as usize..]);
    if let Some(info) = &answer.info_hash
        && info.holds(rest) == Ok(false)
    {
        return Err(Missing::InfoHash);
    }
    let body = answer.to_bytes_with(stored);
    assert_eq!(answer.length(), body.len() as u64);
    Ok(Answer {
        headers: answer.headers,
        body: vec![Part::Bytes(body.into())],
        ..Answer::default()
    })
}

/// Hashes with the info hash that the file's torrent must have.
fn hashes(name: &[u8]) -> Hashes<'static> {
    let (md5, sha1, sha256) = ([0x3a; 16], [0x5b; 20], [0x7c; 32]);
    let mut info = format!(
        "d6:lengthi{SIZE}e6:md5sum32:{}4:name{}:",
        "3a".repeat(16),
        name.len()
    );
    let mut info = std::mem::take(&mut info).into_bytes();
    info.extend_from_slice(name);
    info.extend_from_slice(b"12:piece lengthi262144e6:pieces120:");
    info.extend_from_slice(&PIECES);
    info.extend_from_slice(b"4:sha120:");
    info.extend_from_slice(&sha1);
    info.extend_from_slice(b"6:sha25632:");
    info.extend_from_slice(&sha256);
    info.push(b'e');
    Hashes {
        md5: Some(md5),
        sha1: Some(sha1),
        sha256: Some(sha256),
        sha512: None,
        btih: Some(Sha1::digest(&info).into()),
        has_pieces: true,
        signed: true,
        has_zsync: true,
        piece_length: 262_144,
        pieces: PIECES.len() as u64,
        pgp: PGP,
        zsync: Zsync {
            block_size: 2048,
            hash_lengths: "2,2,5",
            sums: SUMS.len() as u64,
        },
    }
}

/// The decoded path of a URL that a strict parser accepts, without its leading slash.
pub fn path_of(url: &str) -> Vec<u8> {
    let parsed = url::Url::parse(url).unwrap();
    assert_eq!(parsed.as_str(), url, "the parser had to repair it");
    // A name that is too long for a suffix has its documents by query.
    let names_document = |q: &str| Representation::from_name(q.as_bytes()).is_some();
    assert!(parsed.query().is_none_or(names_document), "{url}");
    assert_eq!(parsed.fragment(), None);
    percent_encoding::percent_decode_str(parsed.path().strip_prefix('/').unwrap()).collect()
}

/// A bencoded value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Int(i64),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Dict(Vec<(String, Value)>),
}

impl Value {
    /// Reads one value, strictly: sorted keys, nothing behind it.
    pub fn decode(bytes: &[u8]) -> Self {
        let mut decoder = bendy::decoding::Decoder::new(bytes);
        let value = Self::from_object(decoder.next_object().unwrap().unwrap());
        assert!(decoder.next_object().unwrap().is_none());
        value
    }

    fn from_object(object: bendy::decoding::Object<'_, '_>) -> Self {
        use bendy::decoding::Object;
        match object {
            Object::Integer(text) => Self::Int(text.parse().unwrap()),
            Object::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Object::List(mut list) => {
                let mut values = Vec::new();
                while let Some(object) = list.next_object().unwrap() {
                    values.push(Self::from_object(object));
                }
                Self::List(values)
            }
            Object::Dict(mut dict) => {
                let mut pairs = Vec::new();
                while let Some((key, object)) = dict.next_pair().unwrap() {
                    let key = String::from_utf8(key.to_vec()).unwrap();
                    pairs.push((key, Self::from_object(object)));
                }
                Self::Dict(pairs)
            }
        }
    }

    pub fn get(&self, key: &str) -> &Self {
        let Self::Dict(pairs) = self else {
            panic!("no dictionary: {self:?}")
        };
        &pairs
            .iter()
            .find(|(k, _)| k == key)
            .unwrap_or_else(|| panic!("no {key}"))
            .1
    }

    pub fn keys(&self) -> Vec<&str> {
        let Self::Dict(pairs) = self else {
            panic!("no dictionary: {self:?}")
        };
        pairs.iter().map(|(key, _)| key.as_str()).collect()
    }

    pub fn bytes(&self) -> &[u8] {
        let Self::Bytes(bytes) = self else {
            panic!("no string: {self:?}")
        };
        bytes
    }

    pub fn list(&self) -> Vec<String> {
        let Self::List(values) = self else {
            panic!("no list: {self:?}")
        };
        values
            .iter()
            .map(|v| String::from_utf8(v.bytes().to_vec()).unwrap())
            .collect()
    }
}
