//! Names of files, and every text that the database and the configuration give to a document:
//! each representation stays well-formed and its URLs lead to the file.

use super::fields;
use bendy::decoding::{Decoder, Object};
use mirror_selection::{Client, Code, Distance, Extent, Mirror, MirrorRow, Selection, select};
use percent_encoding::percent_decode_str;
use representation::redirect::{Header, Redirect};
use representation::{
    Answer, Behind, ClientInfo, DhtNode, Document, File, Hashes, Origin, Publisher, Representation,
    Site, Sources, Zsync, escape,
};
use scraper::{Html, Selector};

const BASE: &str = "http://m.example/pub/";
const PIECES: [u8; 40] = [5; 40];
const SUMS: [u8; 30] = [6; 30];

/// The fields of an input, in this order; what is not there is empty.
struct Texts<'a> {
    name: &'a [u8],
    identifier: String,
    publisher: String,
    publisher_url: String,
    pgp: String,
    tracker: String,
    hash_lengths: String,
    country_name: String,
    base_url: String,
}

impl<'a> Texts<'a> {
    /// None if the name is one that no file can have, or if the URLs of the two mirrors could not
    /// be told apart.
    fn read(input: &'a [u8]) -> Option<Self> {
        let mut fields = fields(input);
        let name = fields.next()?;
        if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') || name.len() > 255 {
            return None;
        }
        let mut text = || String::from_utf8_lossy(fields.next().unwrap_or_default()).into_owned();
        let texts = Self {
            name,
            identifier: text(),
            publisher: text(),
            publisher_url: text(),
            pgp: text(),
            tracker: text(),
            hash_lengths: text(),
            country_name: text(),
            base_url: text(),
        };
        (!texts.base_url.starts_with(BASE)).then_some(texts)
    }

    fn site(&self) -> Site {
        Site {
            generator: "MirrorBrain/0".to_owned(),
            publisher: Some(Publisher {
                name: self.publisher.clone(),
                url: self.publisher_url.clone(),
            }),
            trackers: vec![self.tracker.clone()],
            dht_nodes: vec![DhtNode {
                host: self.tracker.clone(),
                port: 1,
            }],
            magnet_links: true,
            ..Site::default()
        }
    }

    fn hashes(&self) -> Hashes<'_> {
        Hashes {
            md5: Some([1; 16]),
            sha1: Some([2; 20]),
            sha256: Some([3; 32]),
            sha512: Some([0x9d; 64]),
            btih: Some([4; 20]),
            has_pieces: true,
            signed: !self.pgp.is_empty(),
            has_zsync: true,
            piece_length: 1 << 18,
            pieces: PIECES.len() as u64,
            pgp: &self.pgp,
            zsync: Zsync {
                block_size: 2048,
                hash_lengths: &self.hash_lengths,
                sums: SUMS.len() as u64,
            },
        }
    }

    fn mirrors(&self) -> Vec<Mirror> {
        [BASE, &self.base_url]
            .into_iter()
            .zip(1..)
            .filter_map(|(url, id)| {
                Mirror::from_row(&MirrorRow {
                    id: Some(id),
                    identifier: Some(&self.identifier),
                    country: Some("de"),
                    score: Some(100),
                    base_url: Some(url),
                    file_max_size: Some(0),
                    ..MirrorRow::default()
                })
            })
            .collect()
    }
}

/// A name, and texts from database and configuration, through every writer.
pub fn documents(input: &[u8]) {
    let Some(texts) = Texts::read(input) else {
        return;
    };
    let key = [b"iso/", texts.name].concat();
    let requested = [b"/", &key[..]].concat();
    let file = File::new(&key, "https://download.example.org", &requested, 1 << 19, 0);
    let (site, hashes, mirrors) = (texts.site(), texts.hashes(), texts.mirrors());
    let client = Client {
        country: Code::parse("de"),
        coordinates: Some((50.0, 10.0)),
        ..Client::default()
    };
    let mut random = || 7;
    let selection = select(
        &mirrors,
        &[],
        &client,
        1 << 19,
        Distance::Planar,
        &mut random,
        Extent::All,
    );
    let document = Document {
        file: &file,
        hashes: Some(&hashes),
        client: ClientInfo {
            country: Some("DE"),
            country_name: Some(&texts.country_name),
            coordinates: client.coordinates,
            ..ClientInfo::default()
        },
        sources: Sources::Mirrors(&selection),
        behind: Behind::default(),
        compatible: true,
        site: &site,
        torrent_file: true,
        broken_mirrors: None,
        page_header: None,
        page_footer: None,
        asked_name: file.name(),
        only_hash: false,
        now: 1_700_000_000,
    };
    redirect(&document, &selection, &key);
    for compatible in [true, false] {
        let behind = Behind {
            fallbacks: &[],
            origin: (!compatible).then_some(Origin::Direct),
        };
        let document = Document {
            compatible,
            behind,
            ..document.clone()
        };
        for representation in Representation::ALL {
            let Ok(answer) = document.answer(representation) else {
                continue;
            };
            let stored = match representation {
                Representation::Zsync => &SUMS[..],
                _ => &PIECES,
            };
            let body = answer.to_bytes_with(stored);
            assert_eq!(answer.length(), body.len() as u64);
            check_headers(&answer);
            check_body(representation, &body, texts.name, &key);
        }
    }
}

fn redirect(document: &Document<'_>, selection: &Selection<'_>, key: &[u8]) {
    let Some(target) = selection.target() else {
        return;
    };
    let redirect = Redirect {
        file: document.file,
        hashes: document.hashes,
        target,
        choices: selection.ranked(),
        has_tracker: true,
        stamp_key: None,
        now: document.now,
    };
    redirect.headers(|header, value| {
        let value = str::from_utf8(value).expect("UTF-8");
        assert!(is_header(value), "{header:?}: {value:?}");
        if header == Header::Location && value.starts_with(BASE) {
            leads_to(value, key);
        }
        if header == Header::Link {
            // One link, whose URL ends at the first angle bracket and brings no parameters along.
            let (_, rest) = value.split_once('>').unwrap_or_default();
            assert!(rest.starts_with("; rel="), "{value:?}");
        }
    });
}

/// No control character: httpd refuses the whole answer for one.
fn is_header(value: &str) -> bool {
    !value.bytes().any(|b| b < b' ' || b == 0x7f)
}

fn check_headers(answer: &Answer<'_>) {
    for (name, value) in &answer.headers {
        assert!(is_header(value), "{name}: {value:?}");
    }
}

fn check_body(representation: Representation, body: &[u8], name: &[u8], key: &[u8]) {
    match representation {
        Representation::Meta4 | Representation::Metalink => metalink(body, name, key),
        Representation::Mirrorlist => page(body),
        Representation::Torrent => torrent(body),
        Representation::Zsync => zsync(body),
        Representation::Magnet => magnet(body),
        Representation::Hash(_) => {
            assert_eq!(body.iter().filter(|&&b| b == b'\n').count(), 1);
            assert_eq!(body.last(), Some(&b'\n'));
        }
    }
}

fn metalink(body: &[u8], name: &[u8], key: &[u8]) {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let xml = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let file = xml.descendants().find(|node| node.has_tag_name("file"));
    let given = file
        .and_then(|node| node.attribute("name"))
        .expect("a name");
    // Attribute values are normalised by readers, unless the writer took care.
    assert_eq!(given, escape::xml_text(name));
    let urls = xml
        .descendants()
        .filter(|node| node.has_attribute("location"));
    let ours = urls
        .filter_map(|node| node.text())
        .filter(|url| url.starts_with(BASE));
    ours.for_each(|url| leads_to(url, key));
}

/// No element of the page runs a script, whatever the texts are.
fn page(body: &[u8]) {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let page = Html::parse_document(text);
    assert_eq!(page.errors, Vec::<String>::new(), "{text}");
    let all = Selector::parse("*").expect("a selector");
    for element in page.select(&all) {
        assert_ne!(element.value().name(), "script");
        for (name, value) in element.value().attrs() {
            assert!(!name.starts_with("on"), "{name}={value}");
            let is_link = matches!(name, "href" | "src" | "action");
            let scheme = value.trim_start().to_ascii_lowercase();
            let runs = scheme.starts_with("javascript:") || scheme.starts_with("data:");
            assert!(!is_link || !runs, "{name}={value}");
        }
    }
}

fn torrent(body: &[u8]) {
    let mut decoder = Decoder::new(body);
    let object = decoder.next_object().expect("bencode").expect("a value");
    let Object::Dict(mut dictionary) = object else {
        panic!("no dictionary");
    };
    while dictionary.next_pair().expect("sorted keys").is_some() {}
}

/// The head has one line for each field, so that a reader finds the sums.
fn zsync(body: &[u8]) {
    let end = body
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .expect("an end");
    let (head, sums) = body.split_at(end + 2);
    assert_eq!(sums, SUMS);
    for line in head.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        assert!(
            line.contains(&b':'),
            "{:?}",
            head.escape_ascii().to_string()
        );
    }
}

fn magnet(body: &[u8]) {
    let text = std::str::from_utf8(body).expect("ASCII");
    let link = text.strip_suffix('\n').expect("a line");
    assert!(link.starts_with("magnet:?xt=urn:btih:") && is_header(link) && link.is_ascii());
    let url = url::Url::parse(link).expect("a URL");
    let keys = ["xt", "xl", "dn", "as", "tr", "ws", "xs"];
    assert!(
        url.query_pairs().all(|(key, _)| keys.contains(&&*key)),
        "{link}"
    );
}

fn leads_to(url: &str, key: &[u8]) {
    let parsed = url::Url::parse(url).unwrap_or_else(|e| panic!("{e}: {url}"));
    assert_eq!(parsed.as_str(), url, "a reader had to repair it");
    let path = parsed.path().strip_prefix("/pub/").unwrap_or_default();
    assert_eq!(percent_decode_str(path).collect::<Vec<u8>>(), key);
}
