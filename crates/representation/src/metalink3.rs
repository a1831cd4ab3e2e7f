//! Metalink 3.0, as metalinker.org had it: the predecessor of RFC 5854.

use std::io;

use mirror_selection::Code;

use crate::answer::Part;
use crate::document::{Document, Hashes, Sources};
use crate::sources::Source;
use crate::sums::Sums;
use crate::xml::{self, Pair, Xml};
use crate::{Answer, Digest, Missing, date, escape, magnet};

/// The namespace of Fedora's MirrorManager.
const MIRROR_MANAGER: &str = "http://fedorahosted.org/mirrormanager";
/// Preference of the first URL; the next has one less.
const PREFERENCE: u8 = 100;
/// Preference of the first mirror behind the broken ones of a test.
const PREFERENCE_AFTER_BROKEN: u8 = 84;

pub(crate) fn answer<'a>(doc: &Document<'a>) -> Result<Answer<'a>, Missing> {
    xml::check_mirrors(doc)?;
    // Writing into memory does not fail.
    let body = document(doc).unwrap_or_default();
    Ok(xml::answer(
        doc,
        "application/metalink+xml",
        ".metalink",
        body,
    ))
}

fn document(doc: &Document<'_>) -> io::Result<Vec<Part<'static>>> {
    let mut xml = Xml::new(xml::capacity(doc))?;
    let now = date::rfc822(doc.now);
    let origin = doc.file.document_url("metalink");
    let mut attributes = vec![
        ("version", "3.0"),
        ("xmlns", "http://www.metalinker.org/"),
        ("origin", &*origin),
        ("generator", &doc.site.generator),
        ("type", "dynamic"),
        ("pubdate", &now),
        ("refreshdate", &now),
    ];
    if !doc.compatible {
        attributes.push(("xmlns:mm0", MIRROR_MANAGER));
    }
    xml.nest("metalink", &attributes, |xml| {
        if let Some(publisher) = doc.site.complete_publisher() {
            xml.nest("publisher", &[], |xml| {
                xml.text("name", &[], &publisher.name)?;
                xml.text("url", &[], &publisher.url)
            })?;
        }
        let name = escape::xml_text(doc.file.name());
        xml.nest("files", &[], |xml| {
            xml.nest("file", &[("name", &name)], |xml| {
                if !doc.compatible {
                    // By this dnf sees which of two versions is the newer.
                    xml.text("mm0:timestamp", &[], &doc.file.mtime.to_string())?;
                }
                xml.text("size", &[], &doc.file.size.to_string())?;
                if let Some(hashes) = doc.hashes {
                    xml.nest("verification", &[], |xml| {
                        verification(doc, hashes, &name, xml)
                    })?;
                }
                xml.nest("resources", &[], |xml| resources(doc, xml))
            })
        })
    })?;
    Ok(xml.into_parts())
}

fn verification(
    doc: &Document<'_>,
    hashes: &Hashes<'_>,
    name: &str,
    xml: &mut Xml,
) -> io::Result<()> {
    if !hashes.pgp.is_empty() {
        let file = format!("{name}.asc");
        xml.text("signature", &[("type", "pgp"), ("file", &file)], hashes.pgp)?;
    }
    for digest in [Digest::Md5, Digest::Sha1, Digest::Sha256] {
        if let Some(hash) = doc.hex(digest) {
            xml.text("hash", &[("type", digest.name())], &hash)?;
        }
    }
    if let Some(sha512) = hashes.sha512 {
        xml.text("hash", &[("type", "sha512")], &hex::encode(sha512))?;
    }
    let pieces = hashes.piece_hashes();
    if pieces == 0 {
        return Ok(());
    }
    let length = hashes.piece_length.to_string();
    xml.nest("pieces", &[("length", &length), ("type", "sha1")], |xml| {
        xml.sums(Sums::elements(pieces, 5, Some("piece")));
        Ok(())
    })
}

fn resources(doc: &Document<'_>, xml: &mut Xml) -> io::Result<()> {
    let torrent = [("type", "bittorrent"), ("preference", "100")];
    if doc.torrent_file {
        xml.text("url", &torrent, &doc.file.document_url("torrent"))?;
    }
    // No client takes it for what it is: dnf finds no protocol that it knows, aria2 seeds on and on.
    let links_magnet = doc.compatible && doc.links_magnet();
    if let Some(link) = magnet::link(doc).filter(|_| links_magnet) {
        xml.text("url", &torrent, &link)?;
    }
    if let Some(broken) = doc.broken_mirrors {
        xml.raw(broken.text);
    }
    if !xml::lists_mirrors(doc.broken_mirrors) {
        return Ok(());
    }
    let of_test = doc.broken_mirrors.is_some() && matches!(doc.sources, Sources::Mirrors(_));
    let mut preference = if of_test {
        PREFERENCE_AFTER_BROKEN
    } else {
        PREFERENCE
    };
    for Source { url, country } in doc.all_sources() {
        let (scheme, number) = (scheme(&url), preference.to_string());
        // OSTree takes no URL without protocol and location, others none without type.
        let protocol = (!doc.compatible).then_some(("protocol", scheme));
        let country = country.or((!doc.compatible).then_some(Code::UNKNOWN));
        let location = country.as_ref().map(|code| ("location", code.as_str()));
        let attributes = [
            protocol,
            Some(("type", scheme)),
            location,
            Some(("preference", &*number)),
        ];
        let attributes: Vec<Pair<'_>> = attributes.into_iter().flatten().collect();
        xml.text("url", &attributes, &url)?;
        preference = preference.saturating_sub(1);
    }
    Ok(())
}

fn scheme(url: &str) -> &str {
    url.split_once(':').map_or("http", |(scheme, _)| scheme)
}
