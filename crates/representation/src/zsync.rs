//! zsync control file, version 0.6.1 (<http://zsync.moria.org.uk/>).

use std::borrow::Cow;

use crate::sums::Sums;
use crate::{Answer, Document, Missing, date};

pub(crate) fn answer<'a>(doc: &Document<'a>) -> Result<Answer<'a>, Missing> {
    let hashes = doc.hashes.ok_or(Missing::Zsync)?;
    let sha1 = hashes.sha1.ok_or(Missing::Hash("sha1"))?;
    let zsync = hashes.zsync;
    if zsync.block_size == 0 || zsync.hash_lengths.trim().is_empty() || zsync.sums == 0 {
        return Err(Missing::Zsync);
    }
    let mut head = Head(Vec::with_capacity(1024));
    head.line("zsync", b"0.6.1");
    head.line("Filename", &one_line(doc.file.name()));
    head.line("MTime", date::rfc822(doc.file.mtime).as_bytes());
    head.line("Blocksize", zsync.block_size.to_string().as_bytes());
    head.line("Length", doc.file.size.to_string().as_bytes());
    head.line("Hash-Lengths", &one_line(zsync.hash_lengths.as_bytes()));
    for url in doc.seeds() {
        head.line("URL", url.as_bytes());
    }
    head.line("SHA-1", hex::encode(sha1).as_bytes());
    head.0.push(b'\n');
    Ok(Answer::new("application/x-zsync")
        .for_this_client()
        .with(head.0)
        .with_sums(Sums::raw(zsync.sums)))
}

/// The header lines before the sums.
struct Head(Vec<u8>);

impl Head {
    fn line(&mut self, name: &str, value: &[u8]) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
    }
}

/// The format has no escape: a line feed in a name would start a line of its own.
fn one_line(text: &[u8]) -> Cow<'_, [u8]> {
    if text.iter().any(u8::is_ascii_control) {
        let visible = |&b: &u8| if b.is_ascii_control() { b'_' } else { b };
        text.iter().map(visible).collect()
    } else {
        Cow::Borrowed(text)
    }
}
