//! The redirect to a mirror: its headers. This is what most requests get, so one buffer is reused
//! for all values and nothing is computed that is not written.

use std::ffi::CStr;
use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest as _, Md5};
use mirror_selection::Choice;

use crate::document::{File, Hashes};
use crate::escape;

/// How many mirrors the `Link` headers name.
pub const MAX_DUPLICATES: usize = 5;

/// What stands between URL and country of each: `pri` counts from 1 (RFC 6249, section 3.1).
const DUPLICATES: [&str; MAX_DUPLICATES] = [
    ">; rel=duplicate; pri=1; geo=",
    ">; rel=duplicate; pri=2; geo=",
    ">; rel=duplicate; pri=3; geo=",
    ">; rel=duplicate; pri=4; geo=",
    ">; rel=duplicate; pri=5; geo=",
];

/// Everything that the headers of a 302 are written from.
#[derive(Debug, Clone)]
pub struct Redirect<'a> {
    /// The file.
    pub file: &'a File<'a>,
    /// Its hashes; the small ones are enough.
    pub hashes: Option<&'a Hashes<'a>>,
    /// Where to go: the selection's target, or the choice of the mirror remembered for the client.
    pub target: &'a Choice<'a>,
    /// The mirrors in selection order. Those after the fifth are not looked at.
    pub choices: &'a [Choice<'a>],
    /// Whether a tracker is configured, so that a torrent can be had.
    pub has_tracker: bool,
    /// `MirrorBrainRedirectStampKey`.
    pub stamp_key: Option<&'a str>,
    /// Time of the request, seconds since 1970.
    pub now: i64,
}

/// A header of the redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// Belongs into `headers_out`, where the first one ends; the others into `err_headers_out`.
    Location,
    /// `X-MirrorBrain-Mirror`: the mirror's identifier.
    Mirror,
    /// `X-MirrorBrain-Realm`: why it was chosen.
    Realm,
    /// RFC 8288; comes more than once, each a line of its own.
    Link,
    /// RFC 3230; comes more than once, each a line of its own.
    Digest,
    /// RFC 9530.
    ReprDigest,
    /// To be merged with what is there.
    Vary,
    /// RFC 9111.
    CacheControl,
}

impl Header {
    /// The name as it is sent.
    #[must_use]
    pub const fn name(self) -> &'static CStr {
        match self {
            Self::Location => c"Location",
            Self::Mirror => c"X-MirrorBrain-Mirror",
            Self::Realm => c"X-MirrorBrain-Realm",
            Self::Link => c"Link",
            Self::Digest => c"Digest",
            Self::ReprDigest => c"Repr-Digest",
            Self::Vary => c"Vary",
            Self::CacheControl => c"Cache-Control",
        }
    }
}

/// The length of a SHA-256 digest in Base64, the longest there is.
const LONGEST_BASE64: usize = 44;

impl Redirect<'_> {
    /// Hands each header to `emit`, in order. The values are safe in a header, and nearly always
    /// ASCII: only a mirror's identifier may be other UTF-8.
    pub fn headers(&self, mut emit: impl FnMut(Header, &[u8])) {
        let mut value = Vec::with_capacity(512);
        self.location(&mut value);
        emit(Header::Location, &value);
        let identifier = escape::line(&self.target.mirror().identifier);
        emit(Header::Mirror, identifier.as_bytes());
        emit(Header::Realm, self.target.realm().as_str().as_bytes());
        self.described_by(&mut value, &mut emit);
        self.duplicates(&mut value, &mut emit);
        self.digests(&mut value, &mut emit);
        emit(Header::Vary, b"Accept");
        emit(Header::CacheControl, b"private, no-cache");
    }

    fn location(&self, value: &mut Vec<u8>) {
        let base = &*self.target.mirror().base_url;
        put(value, [base, self.file.key_url()]);
        if let Some(key) = self.stamp_key {
            let stamp = hex::encode(Md5::digest(format!("{} {key}", self.now)));
            // A question mark can only come from a mirror's base URL.
            let sign = if base.contains('?') { '&' } else { '?' };
            // Writing to a Vec cannot fail.
            let _ = write!(value, "{sign}time={}&stamp={stamp}", self.now);
        }
    }

    /// Documents about the file on this server (RFC 6249).
    fn described_by(&self, value: &mut Vec<u8>, emit: &mut impl FnMut(Header, &[u8])) {
        const DESCRIBED_BY: &str = ">; rel=describedby; type=\"";
        let mut link = |mark, name, media_type| {
            let url = self.file.self_url();
            put(
                value,
                ["<", url, mark, name, DESCRIBED_BY, media_type, "\""],
            );
            emit(Header::Link, value);
        };
        let mark = self.file.mark("meta4");
        link(mark, "meta4", "application/metalink4+xml");
        let Some(hashes) = self.hashes else { return };
        if hashes.signed {
            // A file of its own.
            link(".", "asc", "application/pgp-signature");
        }
        if hashes.btih.is_some() && self.has_tracker {
            let mark = self.file.mark("torrent");
            link(mark, "torrent", "application/x-bittorrent");
        }
    }

    /// The best mirrors (RFC 6249, section 3).
    fn duplicates(&self, value: &mut Vec<u8>, emit: &mut impl FnMut(Header, &[u8])) {
        let path = self.file.key_url();
        for (choice, duplicate) in self.choices.iter().zip(DUPLICATES) {
            let base = &*choice.mirror().base_url;
            let country = choice.country();
            put(value, ["<", base, path, duplicate, country.as_str()]);
            emit(Header::Link, value);
        }
    }

    /// `Digest` (RFC 3230), which metalink clients read, and its successor (RFC 9530).
    fn digests(&self, value: &mut Vec<u8>, emit: &mut impl FnMut(Header, &[u8])) {
        let Some(hashes) = self.hashes else { return };
        let mut buffer = [0; LONGEST_BASE64];
        let mut digest = |header, base64: &[u8], before: &[u8], after| {
            put(value, [before, base64, after]);
            emit(header, value);
        };
        if let Some(md5) = &hashes.md5 {
            digest(Header::Digest, base64(md5, &mut buffer), b"MD5=", b"");
        }
        if let Some(sha1) = &hashes.sha1 {
            digest(Header::Digest, base64(sha1, &mut buffer), b"SHA=", b"");
        }
        if let Some(sha256) = &hashes.sha256 {
            let sha256 = base64(sha256, &mut buffer);
            digest(Header::Digest, sha256, b"SHA-256=", b"");
            digest(Header::ReprDigest, sha256, b"sha-256=:", b":");
        }
    }
}

fn base64<'b>(hash: &[u8], buffer: &'b mut [u8; LONGEST_BASE64]) -> &'b [u8] {
    let length = BASE64_STANDARD.encode_slice(hash, buffer);
    let text = length.ok().and_then(|length| buffer.get(..length));
    text.unwrap_or_default()
}

/// Replaces the value by the pieces. A format would cost more than all the rest, and every
/// request comes this way.
fn put<const N: usize, T: AsRef<[u8]> + ?Sized>(value: &mut Vec<u8>, pieces: [&T; N]) {
    value.clear();
    for piece in pieces {
        value.extend_from_slice(piece.as_ref());
    }
}
