//! Reads representations with parsers that have no part in writing them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use bendy::decoding::{Decoder, Object};
use harness::command::run;
use harness::http::Response;
use harness::workspace;
use scraper::{Html, Selector};

/// Every representation, by its suffix and query argument.
pub const ALL: [&str; 10] = [
    "meta4",
    "metalink",
    "mirrorlist",
    "torrent",
    "zsync",
    "magnet",
    "md5",
    "sha1",
    "sha256",
    "btih",
];

/// Has xmllint validate files with metalinks 4 by the schema of RFC 5854.
#[track_caller]
pub fn validate(metalinks: &[PathBuf]) {
    let schema = workspace().join("crates/representation/tests/documents/schema/metalink4.rng");
    run(Command::new("xmllint")
        .args(["--noout", "--nonet", "--relaxng"])
        .arg(schema)
        .args(metalinks));
}

/// The URLs of the file that a representation lists, in its order. Panics if it is not
/// well-formed.
#[track_caller]
pub fn urls(representation: &str, answer: &Response) -> Vec<String> {
    assert_eq!(answer.status, 200, "{representation}: {}", answer.text());
    let body = &answer.body;
    match representation {
        "meta4" | "metalink" => metalink_urls(&answer.text()),
        "mirrorlist" => links(&answer.text(), ".mirrorbrain-mirrors-grp a[href]"),
        "torrent" => match torrent(body).remove("url-list") {
            Some(Bencode::List(urls)) => urls.into_iter().map(Bencode::text).collect(),
            other => panic!("url-list: {other:?}"),
        },
        "zsync" => zsync(body)
            .into_iter()
            .filter(|(name, _)| name == "URL")
            .map(|(_, value)| value)
            .collect(),
        "magnet" => magnet(&answer.text())
            .into_iter()
            .filter(|(name, _)| name == "ws")
            .map(|(_, value)| value)
            .collect(),
        other => panic!("{other} lists no URLs"),
    }
}

/// The text of each `url` element that is one of the file's.
#[track_caller]
fn metalink_urls(text: &str) -> Vec<String> {
    let xml = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let urls = xml.descendants().filter(|node| node.has_tag_name("url"));
    let of_file = urls.filter(|node| {
        ["priority", "preference"]
            .iter()
            .any(|name| node.has_attribute(*name))
    });
    of_file
        .filter_map(|node| node.text())
        .map(str::to_owned)
        .collect()
}

/// The targets of links that a selector finds in a page without mistakes.
#[track_caller]
pub fn links(page: &str, selector: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    assert_eq!(html.errors, [""; 0], "{page}");
    let selector = Selector::parse(selector).expect("selector");
    let targets = html.select(&selector).filter_map(|link| link.attr("href"));
    targets.map(str::to_owned).collect()
}

/// Name and value of each line before the sums of a zsync control file.
#[track_caller]
pub fn zsync(control: &[u8]) -> Vec<(String, String)> {
    let end = control.windows(2).position(|pair| pair == b"\n\n");
    let head = &control[..end.expect("an empty line")];
    let pair = |line: &[u8]| {
        let line = String::from_utf8_lossy(line).into_owned();
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        (name.to_owned(), value.to_owned())
    };
    head.split(|&b| b == b'\n').map(pair).collect()
}

/// The parameters of a magnet link.
#[track_caller]
pub fn magnet(text: &str) -> Vec<(String, String)> {
    let line = text.strip_suffix('\n').expect("a line");
    assert!(line.bytes().all(|b| b.is_ascii_graphic()), "{line}");
    let link = url::Url::parse(line).expect("a URI");
    assert_eq!(link.scheme(), "magnet");
    link.query_pairs().into_owned().collect()
}

/// A value of a torrent.
#[derive(Debug, Clone, PartialEq)]
pub enum Bencode {
    Bytes(Vec<u8>),
    Integer(String),
    List(Vec<Self>),
    Dictionary(BTreeMap<String, Self>),
}

impl Bencode {
    /// A string that must be UTF-8.
    #[track_caller]
    pub fn text(self) -> String {
        match self {
            Self::Bytes(bytes) => String::from_utf8(bytes).expect("UTF-8"),
            other => panic!("not a string: {other:?}"),
        }
    }
}

/// The dictionary of a torrent; the reader refuses one whose keys are not sorted.
#[track_caller]
pub fn torrent(bytes: &[u8]) -> BTreeMap<String, Bencode> {
    let mut decoder = Decoder::new(bytes);
    let object = decoder
        .next_object()
        .expect("bencode")
        .expect("a dictionary");
    let value = bencode(object);
    assert!(
        decoder.next_object().expect("bencode").is_none(),
        "bytes after the end"
    );
    match value {
        Bencode::Dictionary(entries) => entries,
        other => panic!("not a dictionary: {other:?}"),
    }
}

fn bencode(object: Object<'_, '_>) -> Bencode {
    match object {
        Object::Bytes(bytes) => Bencode::Bytes(bytes.to_vec()),
        Object::Integer(number) => Bencode::Integer(number.to_owned()),
        Object::List(mut list) => {
            let mut values = Vec::new();
            while let Some(value) = list.next_object().expect("bencode") {
                values.push(bencode(value));
            }
            Bencode::List(values)
        }
        Object::Dict(mut dictionary) => {
            let mut entries = BTreeMap::new();
            while let Some((key, value)) = dictionary.next_pair().expect("bencode") {
                entries.insert(String::from_utf8_lossy(key).into_owned(), bencode(value));
            }
            Bencode::Dictionary(entries)
        }
    }
}
