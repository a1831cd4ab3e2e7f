//! Magnet link (BEP 9, and the parameters that clients have agreed on).

use std::fmt::{Display, Write as _};

use crate::{Answer, Digest, Document, Missing, escape};

pub(crate) fn answer<'a>(doc: &Document<'a>) -> Result<Answer<'a>, Missing> {
    let mut link = link(doc).ok_or(Missing::Hash(Digest::Btih.name()))?;
    link.push('\n');
    Ok(Answer::text(link.into_bytes()).for_this_client())
}

/// The link; `None` without info hash. Not escaped for markup.
pub(crate) fn link(doc: &Document<'_>) -> Option<String> {
    let mut link = Link(format!("magnet:?xt=urn:btih:{}", doc.hex(Digest::Btih)?));
    link.push("xl", doc.file.size);
    link.push("dn", escape::value(doc.file.name()));
    link.push("as", escape::value(doc.file.self_url().as_bytes()));
    for tracker in &doc.site.trackers {
        link.push("tr", escape::value(tracker.as_bytes()));
    }
    // What a torrent names for lack of a mirror is in the link already.
    if doc.compatible {
        for choice in doc.best_group() {
            link.push("ws", escape::value(doc.mirror_url(choice).as_bytes()));
        }
    } else {
        for url in first_and_last(&doc.seeds()) {
            link.push("ws", escape::value(url.as_bytes()));
        }
    }
    if doc.has_torrent() {
        let torrent = doc.file.document_url("torrent");
        link.push("xs", escape::value(torrent.as_bytes()));
    }
    Some(link.0)
}

/// A link is pasted by hand and has limits: a few mirrors, and who stands behind all of them.
fn first_and_last(urls: &[String]) -> impl Iterator<Item = &String> {
    let last = urls.get(MAX_SEEDS..).and_then(<[String]>::last);
    urls.iter().take(MAX_SEEDS).chain(last)
}

/// Mirrors in a link, at most.
const MAX_SEEDS: usize = 10;

struct Link(String);

impl Link {
    fn push(&mut self, name: &str, value: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "&{name}={value}");
    }
}
