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
    for choice in doc.best_group() {
        link.push("ws", escape::value(doc.mirror_url(choice).as_bytes()));
    }
    if doc.has_torrent() {
        let torrent = doc.file.document_url("torrent");
        link.push("xs", escape::value(torrent.as_bytes()));
    }
    Some(link.0)
}

struct Link(String);

impl Link {
    fn push(&mut self, name: &str, value: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "&{name}={value}");
    }
}
