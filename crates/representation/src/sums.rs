//! Piece hashes and zsync sums inside a document: tens of megabytes that are read while they are
//! sent.

use sha1::{Digest as _, Sha1};

/// Bytes of the hash of one piece.
const HASH: usize = 20;

/// How many hashes are written out at a time.
const AT_A_TIME: usize = 256;

/// Stands in a document for sums of the file, with how they are written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    length: u64,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// As they are stored.
    Raw,
    /// A `hash` element for each piece, that deep in the document, numbered from 0 in an attribute
    /// if one is named.
    Elements {
        depth: usize,
        number: Option<&'static str>,
    },
}

impl Sums {
    pub(crate) fn raw(length: u64) -> Self {
        let form = Form::Raw;
        Self { length, form }
    }

    pub(crate) fn elements(length: u64, depth: usize, number: Option<&'static str>) -> Self {
        let form = Form::Elements { depth, number };
        Self { length, form }
    }

    /// How many bytes they are where they are stored.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.length
    }

    /// How many bytes they take in the document.
    #[must_use]
    pub fn written(&self) -> u64 {
        let Form::Elements { depth, number } = self.form else {
            return self.length;
        };
        let count = self.length / HASH as u64;
        let plain = ("\n<hash></hash>".len() + depth + 2 * HASH) as u64;
        let attribute = number.map_or(0, |name| {
            count * (name.len() + " =\"\"".len()) as u64 + digits_below(count)
        });
        count * plain + attribute
    }

    /// Writes those of `stored`, which begin at `offset` bytes: whole hashes.
    fn write<E>(
        &self,
        offset: u64,
        stored: &[u8],
        out: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Form::Elements { depth, number } = self.form else {
            return out(stored);
        };
        let (hashes, _) = stored.as_chunks::<HASH>();
        let mut index = offset / HASH as u64;
        let mut text = Vec::with_capacity(AT_A_TIME * (depth + 80));
        for some in hashes.chunks(AT_A_TIME) {
            text.clear();
            for hash in some {
                element(hash, depth, number.map(|name| (name, index)), &mut text);
                index += 1;
            }
            out(&text)?;
        }
        Ok(())
    }

    /// Reads all, in ranges, and hands each to `work` with its offset.
    pub(crate) fn each<R: AsRef<[u8]>, E>(
        &self,
        read: &mut impl FnMut(u64) -> Result<R, E>,
        mut work: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut offset = 0;
        while offset < self.length {
            let range = read(offset)?;
            let left = usize::try_from(self.length - offset).unwrap_or(usize::MAX);
            let range = range.as_ref();
            let range = range.get(..left).unwrap_or(range);
            if range.is_empty() {
                break;
            }
            work(offset, range)?;
            offset += range.len() as u64;
        }
        Ok(())
    }

    /// Reads all, in ranges, and writes them as the document has them.
    pub(crate) fn copy<R: AsRef<[u8]>, E>(
        &self,
        read: &mut impl FnMut(u64) -> Result<R, E>,
        out: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each(read, |offset, stored| self.write(offset, stored, out))
    }
}

/// There are tens of thousands in a large file; digits need no escape, so they take the short way.
fn element(hash: &[u8; HASH], depth: usize, number: Option<(&str, u64)>, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.extend(std::iter::repeat_n(b' ', depth));
    out.extend_from_slice(b"<hash");
    if let Some((name, index)) = number {
        out.push(b' ');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
        out.push(b'"');
    }
    let mut digits = [0; 2 * HASH];
    // The lengths fit.
    let _ = hex::encode_to_slice(hash, &mut digits);
    out.push(b'>');
    out.extend_from_slice(&digits);
    out.extend_from_slice(b"</hash>");
}

/// How many digits the numbers from 0 to `count - 1` have in total.
fn digits_below(count: u64) -> u64 {
    let (mut total, mut first, mut length) = (0, 0_u64, 1);
    while first < count {
        // Those of one length: 0 to 9, 10 to 99, ...
        let end = 10_u64.saturating_pow(length).min(count);
        total += (end - first) * u64::from(length);
        (first, length) = (end, length + 1);
    }
    total
}

/// The info dictionary of a torrent around its pieces, and the hash that it must have: a client
/// would know the torrent by another hash than the one in our magnet links and hash lists.
#[derive(Debug, Clone)]
pub struct InfoHash {
    pub(crate) before: Vec<u8>,
    pub(crate) pieces: Sums,
    pub(crate) after: Vec<u8>,
    pub(crate) expected: [u8; HASH],
}

impl InfoHash {
    /// Reads the pieces, in ranges, and says whether the hash is the expected one.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn holds<R: AsRef<[u8]>, E>(
        &self,
        mut read: impl FnMut(u64) -> Result<R, E>,
    ) -> Result<bool, E> {
        let mut hasher = Sha1::new();
        hasher.update(&self.before);
        self.pieces.each(&mut read, |_, range| {
            hasher.update(range);
            Ok(())
        })?;
        hasher.update(&self.after);
        Ok(hasher.finalize()[..] == self.expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn written(sums: Sums, stored: &[u8], range: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let copied: Result<(), Infallible> = sums.copy(
            &mut |offset| {
                Ok(stored[offset as usize..]
                    .chunks(range)
                    .next()
                    .unwrap_or(&[]))
            },
            &mut |bytes| {
                out.extend_from_slice(bytes);
                Ok(())
            },
        );
        assert_eq!(copied, Ok(()));
        out
    }

    #[test]
    fn the_length_is_known_before_anything_is_read() {
        let stored = vec![0xab; HASH * 1234];
        for count in [0, 1, 9, 10, 11, 99, 100, 101, 256, 257, 1000, 1234] {
            let length = (count * HASH) as u64;
            for sums in [
                Sums::raw(length),
                Sums::elements(length, 3, None),
                Sums::elements(length, 5, Some("piece")),
            ] {
                let whole = written(sums, &stored, stored.len());
                assert_eq!(sums.written(), whole.len() as u64, "{sums:?}");
                for range in [HASH, 7 * HASH, 300 * HASH] {
                    assert!(
                        written(sums, &stored, range) == whole,
                        "{sums:?} by {range}"
                    );
                }
            }
        }
    }

    #[test]
    fn elements_are_numbered_across_ranges() {
        let text = written(Sums::elements(40, 1, Some("piece")), &[1; 40], 20);
        let (zeros, ones) = ("01".repeat(20), "01".repeat(20));
        assert_eq!(
            String::from_utf8_lossy(&text),
            format!("\n <hash piece=\"0\">{zeros}</hash>\n <hash piece=\"1\">{ones}</hash>")
        );
    }

    #[test]
    fn an_error_ends_it() {
        let sums = Sums::raw(10);
        let stop: Result<(), &str> = sums.copy(&mut |_| Ok([0; 5]), &mut |_| Err("gone"));
        assert_eq!(stop, Err("gone"));
        let stop = sums.copy(&mut |_| Err::<[u8; 5], _>("away"), &mut |_| Ok(()));
        assert_eq!(stop, Err("away"));
    }
}
