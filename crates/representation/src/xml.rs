//! What both metalinks need of an XML writer.

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::escape::escape;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::name::QName;

use crate::answer::{Answer, Missing, Part};
use crate::document::{BrokenMirrors, Document, Sources};
use crate::escape::{attachment, xml_text};
use crate::sources::Behind;
use crate::sums::Sums;

/// Writes into memory, so that errors do not happen; they are passed on to keep the code plain.
pub(crate) struct Xml {
    out: Writer<Vec<u8>>,
    /// What stands before that.
    parts: Vec<Part<'static>>,
}

/// An attribute's name and its value, not escaped.
pub(crate) type Pair<'p> = (&'static str, &'p str);

impl Xml {
    /// Starts a document.
    pub(crate) fn new(capacity: usize) -> io::Result<Self> {
        let mut writer = Writer::new_with_indent(Vec::with_capacity(capacity), b' ', 1);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let parts = Vec::new();
        Ok(Self { out: writer, parts })
    }

    /// An element with more inside.
    pub(crate) fn nest(
        &mut self,
        name: &'static str,
        attributes: &[Pair<'_>],
        inside: impl FnOnce(&mut Self) -> io::Result<()>,
    ) -> io::Result<()> {
        self.out
            .write_event(Event::Start(start(name, attributes)))?;
        inside(self)?;
        self.out.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element with text.
    pub(crate) fn text(
        &mut self,
        name: &'static str,
        attributes: &[Pair<'_>],
        text: &str,
    ) -> io::Result<()> {
        self.out
            .write_event(Event::Start(start(name, attributes)))?;
        self.out
            .write_event(Event::Text(BytesText::new(&xml_text(text.as_bytes()))))?;
        self.out.write_event(Event::End(BytesEnd::new(name)))
    }

    /// An element without content.
    pub(crate) fn empty(&mut self, name: &'static str, attributes: &[Pair<'_>]) -> io::Result<()> {
        self.out.write_event(Event::Empty(start(name, attributes)))
    }

    /// Sums of the file, behind what was written so far.
    pub(crate) fn sums(&mut self, sums: Sums) {
        let before = std::mem::take(self.out.get_mut());
        self.parts.push(Part::Bytes(before.into()));
        self.parts.push(Part::Sums(sums));
    }

    /// Markup as it stands.
    pub(crate) fn raw(&mut self, markup: &[u8]) {
        let out = self.out.get_mut();
        out.push(b'\n');
        out.extend_from_slice(markup);
    }

    pub(crate) fn into_parts(self) -> Vec<Part<'static>> {
        let mut parts = self.parts;
        let mut bytes = self.out.into_inner();
        bytes.push(b'\n');
        parts.push(Part::Bytes(bytes.into()));
        parts
    }
}

fn start<'n>(name: &'n str, attributes: &[Pair<'_>]) -> BytesStart<'n> {
    let mut element = BytesStart::new(name);
    for (key, value) in attributes {
        let value = attribute_value(value);
        let value = Cow::Borrowed(value.as_bytes());
        element.push_attribute(Attribute {
            key: QName(key.as_bytes()),
            value,
        });
    }
    element
}

/// A reader turns white space other than spaces in an attribute into spaces (XML 1.0, section
/// 3.3.3), unless it is written as a reference.
fn attribute_value(value: &str) -> Cow<'_, str> {
    let escaped = match xml_text(value.as_bytes()) {
        Cow::Borrowed(text) => escape(text),
        Cow::Owned(text) => Cow::Owned(escape(text.as_str()).into_owned()),
    };
    if !escaped.contains(['\t', '\n', '\r']) {
        return escaped;
    }
    escaped
        .replace('\t', "&#9;")
        .replace('\n', "&#10;")
        .replace('\r', "&#13;")
        .into()
}

/// The answer that both metalinks are: content type, file name, `Vary`, and what a test with
/// broken mirrors adds.
pub(crate) fn answer<'a>(
    doc: &Document<'_>,
    media_type: &str,
    suffix: &str,
    body: Vec<Part<'static>>,
) -> Answer<'a> {
    let mut answer = Answer::new(&format!("{media_type}; charset=UTF-8"));
    answer.body = body;
    let answer = answer.header("Content-Disposition", attachment(doc.file.name(), suffix));
    if doc.broken_mirrors.is_none() {
        return answer.header("Vary", "accept").for_this_client();
    }
    answer
        .header("Vary", "accept, X-Broken-Mirrors")
        .header("Cache-Control", "no-store,max-age=0")
        .header("X-Broken-Mirrors", "true")
}

/// A metalink has a URL or it is none.
pub(crate) fn check_mirrors(doc: &Document<'_>) -> Result<(), Missing> {
    let Behind { fallbacks, origin } = doc.behind;
    match doc.sources {
        Sources::Mirrors(_)
            if doc.choices().is_empty() && fallbacks.is_empty() && origin.is_none() =>
        {
            Err(Missing::Mirror)
        }
        Sources::Mirrors(_) | Sources::OriginOnly => Ok(()),
    }
}

/// Whether the mirrors themselves are listed, not only broken ones.
pub(crate) fn lists_mirrors(broken: Option<BrokenMirrors<'_>>) -> bool {
    !broken.is_some_and(|broken| broken.only)
}

/// Room for a document with that many mirrors.
pub(crate) fn capacity(doc: &Document<'_>) -> usize {
    4096 + doc.choices().len() * 160
}
