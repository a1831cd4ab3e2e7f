//! Metalink 4 (RFC 5854).

use std::io;

use crate::answer::Part;
use crate::document::{Document, Hashes};
use crate::sums::Sums;
use crate::xml::{self, Xml};
use crate::{Answer, Digest, Missing, date, escape};

const NAMESPACE: &str = "urn:ietf:params:xml:ns:metalink";

pub(crate) fn answer<'a>(doc: &Document<'a>) -> Result<Answer<'a>, Missing> {
    xml::check_mirrors(doc)?;
    // Writing into memory does not fail.
    let body = document(doc).unwrap_or_default();
    Ok(xml::answer(
        doc,
        "application/metalink4+xml",
        ".meta4",
        body,
    ))
}

fn document(doc: &Document<'_>) -> io::Result<Vec<Part<'static>>> {
    let mut xml = Xml::new(xml::capacity(doc))?;
    xml.nest("metalink", &[("xmlns", NAMESPACE)], |xml| {
        xml.text("generator", &[], &doc.site.generator)?;
        let origin = doc.file.document_url("meta4");
        xml.text("origin", &[("dynamic", "true")], &origin)?;
        xml.text("published", &[], &date::rfc3339(doc.now))?;
        let name = escape::xml_text(doc.file.name());
        xml.nest("file", &[("name", &name)], |xml| file(doc, xml))
    })?;
    Ok(xml.into_parts())
}

fn file(doc: &Document<'_>, xml: &mut Xml) -> io::Result<()> {
    if let Some(publisher) = doc.site.complete_publisher() {
        xml.empty(
            "publisher",
            &[("name", &publisher.name), ("url", &publisher.url)],
        )?;
    }
    xml.text("size", &[], &doc.file.size.to_string())?;
    if let Some(hashes) = doc.hashes {
        verification(doc, hashes, xml)?;
    }
    if doc.torrent_file || doc.links_magnet() {
        let torrent = doc.file.document_url("torrent");
        xml.text("metaurl", &[("mediatype", "torrent")], &torrent)?;
    }
    urls(doc, xml)
}

fn verification(doc: &Document<'_>, hashes: &Hashes<'_>, xml: &mut Xml) -> io::Result<()> {
    if !hashes.pgp.is_empty() {
        xml.text(
            "signature",
            &[("mediatype", "application/pgp-signature")],
            hashes.pgp,
        )?;
    }
    // Names of the IANA registry "Hash Function Textual Names".
    for (name, digest) in [
        ("md5", Digest::Md5),
        ("sha-1", Digest::Sha1),
        ("sha-256", Digest::Sha256),
    ] {
        if let Some(hash) = doc.hex(digest) {
            xml.text("hash", &[("type", name)], &hash)?;
        }
    }
    if let Some(sha512) = hashes.sha512 {
        xml.text("hash", &[("type", "sha-512")], &hex::encode(sha512))?;
    }
    let pieces = hashes.piece_hashes();
    if pieces == 0 {
        return Ok(());
    }
    let length = hashes.piece_length.to_string();
    xml.nest("pieces", &[("length", &length), ("type", "sha-1")], |xml| {
        xml.sums(Sums::elements(pieces, 3, None));
        Ok(())
    })
}

fn urls(doc: &Document<'_>, xml: &mut Xml) -> io::Result<()> {
    if let Some(broken) = doc.broken_mirrors {
        xml.raw(broken.text);
    }
    if !xml::lists_mirrors(doc.broken_mirrors) {
        return Ok(());
    }
    for (source, priority) in doc.all_sources().zip(1_u32..) {
        let priority = ("priority", &*priority.to_string());
        match &source.country {
            Some(country) => xml.text(
                "url",
                &[("location", country.as_str()), priority],
                &source.url,
            ),
            None => xml.text("url", &[priority], &source.url),
        }?;
    }
    Ok(())
}
