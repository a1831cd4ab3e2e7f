//! Torrent: metainfo file (BEP 3, with BEP 5 nodes, BEP 12 trackers and BEP 19 web seeds).
//!
//! Dictionaries are sorted by key. The crate that writes bencode builds a dictionary in memory to
//! sort it; the piece hashes stay out of that and stand in the body between two parts that are
//! already in order.

use bt_bencode::ByteString;
use serde::Serialize;

use crate::document::Hashes;
use crate::sums::{InfoHash, Sums};
use crate::{Answer, Document, Missing, escape};

/// Metainfo up to the info dictionary.
#[derive(Serialize)]
struct Head<'a> {
    announce: &'a str,
    #[serde(rename = "announce-list")]
    announce_list: [&'a [String]; 1],
    comment: &'a str,
    #[serde(rename = "created by")]
    created_by: &'a str,
    #[serde(rename = "creation date")]
    creation_date: i64,
}

/// Metainfo after the info dictionary.
#[derive(Serialize)]
struct Tail<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<(&'a str, u16)>,
    sources: &'a [String],
    #[serde(rename = "url-list")]
    url_list: &'a [String],
}

/// Info dictionary up to the pieces.
#[derive(Serialize)]
struct InfoHead {
    length: u64,
    md5sum: String,
    name: ByteString,
    #[serde(rename = "piece length")]
    piece_length: u64,
}

/// Info dictionary after the pieces.
#[derive(Serialize)]
struct InfoTail {
    sha1: ByteString,
    sha256: ByteString,
}

pub(crate) fn answer<'a>(doc: &Document<'a>) -> Result<Answer<'a>, Missing> {
    let announce = doc.site.trackers.first().ok_or(Missing::Tracker)?;
    let hashes = doc.hashes.ok_or(Missing::Pieces)?;
    let info = info(doc, hashes)?;
    let urls: Vec<String> = doc.seeds();
    let head = entries(&Head {
        announce,
        announce_list: [&doc.site.trackers],
        comment: &escape::xml_text(doc.file.name()),
        created_by: &doc.site.generator,
        creation_date: doc.file.mtime,
    });
    let nodes = doc
        .site
        .dht_nodes
        .iter()
        .map(|node| (node.host.as_str(), node.port));
    let tail = entries(&Tail {
        nodes: nodes.collect(),
        sources: &urls,
        url_list: &urls,
    });
    let mut answer = Answer::new("application/x-bittorrent")
        .for_this_client()
        .with([b"d", &head[..], b"4:info", &info.before].concat())
        .with_sums(info.pieces)
        .with([&info.after[..], &tail, b"e"].concat());
    answer.info_hash = Some(info);
    Ok(answer)
}

/// The info dictionary before and after the pieces, and its hash.
fn info(doc: &Document<'_>, hashes: &Hashes<'_>) -> Result<InfoHash, Missing> {
    let length = hashes.piece_hashes();
    if length == 0 {
        return Err(Missing::Pieces);
    }
    let head = entries(&InfoHead {
        length: doc.file.size,
        md5sum: hex::encode(hashes.md5.ok_or(Missing::Hash("md5"))?),
        name: ByteString::from(doc.file.name()),
        piece_length: hashes.piece_length,
    });
    let tail = entries(&InfoTail {
        sha1: ByteString::from(&hashes.sha1.ok_or(Missing::Hash("sha1"))?[..]),
        sha256: ByteString::from(&hashes.sha256.ok_or(Missing::Hash("sha256"))?[..]),
    });
    let pieces = format!("6:pieces{length}:");
    Ok(InfoHash {
        before: [b"d", &head[..], pieces.as_bytes()].concat(),
        pieces: Sums::raw(length),
        after: [&tail[..], b"e"].concat(),
        expected: hashes.btih.ok_or(Missing::Hash("btih"))?,
    })
}

/// A dictionary's entries without its `d` and `e`.
fn entries(dictionary: &impl Serialize) -> Vec<u8> {
    // Only strings, integers and lists of them: this cannot fail.
    let bytes = bt_bencode::to_vec(dictionary).unwrap_or_default();
    bytes
        .strip_prefix(b"d")
        .and_then(|b| b.strip_suffix(b"e"))
        .unwrap_or_default()
        .to_vec()
}
