//! One hash as text, in the form that `md5sum -c` and its like read.

use crate::{Answer, Digest, Document, Missing};

pub(crate) fn answer<'a>(doc: &Document<'a>, digest: Digest) -> Result<Answer<'a>, Missing> {
    let hash = doc.hex(digest).ok_or(Missing::Hash(digest.name()))?;
    let mut line = Vec::with_capacity(hash.len() + 300);
    let name = doc.asked_name;
    let names = !doc.only_hash && !doc.site.suppress_file_names;
    if names && name.iter().any(|b| ESCAPED.contains(b)) {
        line.push(b'\\');
    }
    line.extend_from_slice(hash.as_bytes());
    if names {
        line.extend_from_slice(b"  ");
        push_name(&mut line, name);
    }
    line.push(b'\n');
    Ok(Answer::text(line))
}

/// What the coreutils' checkers expect escaped, in a line that then starts with a backslash.
const ESCAPED: [u8; 3] = [b'\\', b'\n', b'\r'];

fn push_name(line: &mut Vec<u8>, name: &[u8]) {
    for &byte in name {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            _ => line.push(byte),
        }
    }
}
