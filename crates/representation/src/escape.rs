//! Escaping of names and URLs for the places where they stand.
//!
//! XML and HTML markup is escaped by the libraries that write it; what is here comes before: bytes
//! that are no text, and characters that no escape makes legal.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What stays as it is in a path: RFC 3986 `pchar` and `/`, without the characters that are legal
/// but torn apart by simple readers of Link headers (`,` `;`), of markup (`&` `'`) and by servers
/// that know path parameters (`;`).
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'!')
    .remove(b'$')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b':')
    .remove(b'=')
    .remove(b'@');

/// What stays in a value of a query: RFC 3986 `unreserved`.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What stays in the `value-chars` of RFC 8187.
const EXT_VALUE: &AsciiSet = &VALUE.remove(b'!').remove(b'$').remove(b'+');

/// Whether a byte stays as it is in paths. Most names consist of nothing else, and one table
/// look-up for each byte tells so.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        plain[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b':');
        byte += 1;
    }
    plain
};

/// A path, percent-encoded for a URL; slashes stay.
#[must_use]
pub fn path(bytes: &[u8]) -> Cow<'_, str> {
    let plain = bytes.iter().all(|&byte| PLAIN[usize::from(byte)]);
    match str::from_utf8(bytes) {
        Ok(text) if plain => text.into(),
        _ => percent_encode(bytes, PATH).into(),
    }
}

/// A value, percent-encoded for a query string; nothing but `unreserved` stays.
#[must_use]
pub fn value(bytes: &[u8]) -> Cow<'_, str> {
    percent_encode(bytes, VALUE).into()
}

/// Text for a header's value or a line of a document: control characters become spaces.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_control()) {
        text.replace(|c: char| c.is_ascii_control(), " ").into()
    } else {
        text.into()
    }
}

/// Text for XML 1.0: bytes that are no UTF-8 and characters that XML cannot hold, not even as a
/// reference, become U+FFFD.
#[must_use]
pub fn xml_text(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().all(is_xml_char) {
        return text;
    }
    let legal = |c| {
        if is_xml_char(c) {
            c
        } else {
            char::REPLACEMENT_CHARACTER
        }
    };
    text.chars().map(legal).collect::<String>().into()
}

/// `Char` of XML 1.0, section 2.2.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Text for people: as [`xml_text`], but control characters show as their pictures (␊ for a line
/// feed), so that a name stays one line; and what would turn the text that follows around
/// (`exe.txt` for `txt.exe`) shows as U+FFFD.
#[must_use]
pub fn display(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().all(|c| c == picture(c)) {
        return text;
    }
    text.chars().map(picture).collect::<String>().into()
}

fn picture(c: char) -> char {
    match u32::from(c) {
        n @ 0..0x20 => char::from_u32(0x2400 + n).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        // Embeddings, overrides and isolates (UAX 9, section 2); letters need none of them.
        0x202a..=0x202e | 0x2066..=0x2069 => char::REPLACEMENT_CHARACTER,
        _ if c.is_control() || !is_xml_char(c) => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// `Content-Disposition: attachment` with a file name (RFC 6266).
///
/// A name that a quoted string cannot carry safely, or that browsers are known to decode on their
/// own (`%`), is given twice: simplified to ASCII, and exact as `filename*` (RFC 8187). Bytes that
/// are no UTF-8 become U+FFFD there.
#[must_use]
pub fn attachment(name: &[u8], extension: &str) -> String {
    let plain = |b: u8| (b' '..=b'~').contains(&b) && !matches!(b, b'"' | b'\\' | b'%');
    let simple: String = name
        .iter()
        .map(|&b| if plain(b) { char::from(b) } else { '_' })
        .collect();
    let mut value = format!("attachment; filename=\"{simple}{extension}\"");
    if !name.iter().all(|&b| plain(b)) {
        let text = String::from_utf8_lossy(name);
        let exact = percent_encode(text.as_bytes(), EXT_VALUE);
        // Writing to a String cannot fail.
        let _ = write!(value, "; filename*=UTF-8''{exact}{extension}");
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_keep_slashes_and_plain_names() {
        assert_eq!(path(b"iso/full-1.0_a~b.iso"), "iso/full-1.0_a~b.iso");
        assert!(matches!(path(b"iso/full.iso"), Cow::Borrowed(_)));
    }

    #[test]
    fn paths_encode_what_would_end_or_change_a_url() {
        assert_eq!(path(b"a b#c?d%e\"f<g>h"), "a%20b%23c%3Fd%25e%22f%3Cg%3Eh");
        assert_eq!(path(b"a,b;c&d'e\r\n\xff"), "a%2Cb%3Bc%26d%27e%0D%0A%FF");
    }

    #[test]
    fn lines_have_no_control_characters() {
        assert_eq!(line("a\r\nb\tc"), "a  b c");
    }

    #[test]
    fn xml_text_drops_what_xml_cannot_hold() {
        assert_eq!(xml_text(b"a\x01b\xffc\nd"), "a\u{fffd}b\u{fffd}c\nd");
        assert_eq!(
            xml_text("\u{ffff}\u{1f600}".as_bytes()),
            "\u{fffd}\u{1f600}"
        );
    }

    #[test]
    fn display_shows_control_characters() {
        assert_eq!(display(b"a\nb\x7f"), "a\u{240a}b\u{2421}");
        assert_eq!(display("a\u{202e}b\u{5d0}".as_bytes()), "a\u{fffd}b\u{5d0}");
    }

    #[test]
    fn attachment_is_plain_for_plain_names() {
        assert_eq!(
            attachment(b"a b;c.iso", ".meta4"),
            "attachment; filename=\"a b;c.iso.meta4\""
        );
    }

    #[test]
    fn m14_attachment_cannot_leave_its_quotes() {
        assert_eq!(
            attachment("a\"\\\r\nü%41".as_bytes(), ".meta4"),
            "attachment; filename=\"a______%41.meta4\"; filename*=UTF-8''a%22%5C%0D%0A%C3%BC%2541.meta4"
                .replace("______%41", "_______41")
        );
    }
}
