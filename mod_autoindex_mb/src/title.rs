//! The title of an HTML page, as a description (`ScanHTMLTitles`).

use crate::patterns::without_parameters;
use apache::FileType;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

/// As far into a file as a title is looked for, in bytes.
const LOOKED_AT: usize = 8191;

/// The title of the file `path`, if it is HTML and has one.
pub fn title(path: &CStr, types: FileType<'_>) -> Option<Vec<u8>> {
    if types.encoding.is_some() {
        return None;
    }
    let media_type = without_parameters(types.content_type?);
    let media_type = media_type.to_bytes();
    let is_html = [
        &b"text/html"[..],
        b"application/xhtml+xml",
        b"text/x-server-parsed-html",
    ]
    .iter()
    .any(|html| media_type.eq_ignore_ascii_case(html));
    if !is_html {
        return None;
    }
    let mut text = Vec::with_capacity(LOOKED_AT);
    let file = File::open(OsStr::from_bytes(path.to_bytes())).ok()?;
    file.take(LOOKED_AT as u64).read_to_end(&mut text).ok()?;
    title_in(&text)
}

fn title_in(text: &[u8]) -> Option<Vec<u8>> {
    const TAG: &[u8] = b"<title>";
    let start = text
        .windows(TAG.len())
        .position(|part| part.eq_ignore_ascii_case(TAG))?;
    let title = text.get(start + TAG.len()..)?;
    let end = title.iter().position(|&b| b == b'<').unwrap_or(title.len());
    let title = title.get(..end)?;
    let is_break = |b: &u8| matches!(b, b'\n' | b'\r');
    let start = title.iter().position(|b| !is_break(b)).unwrap_or(end);
    let title = title.get(start..)?;
    let line = |&byte: &u8| {
        if matches!(byte, b'\n' | b'\r') {
            b' '
        } else {
            byte
        }
    };
    Some(title.iter().map(line).collect())
}
