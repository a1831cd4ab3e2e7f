//! The redirect to a mirror: its headers. This is what most requests get, so one buffer is reused
//! for all values and nothing is computed that is not written.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::{Digest as _, Md5};
use mirror_selection::{Choice, Mirror};

use crate::document::{File, Hashes};
use crate::escape;

/// How many mirrors the `Link` headers name.
pub const MAX_DUPLICATES: usize = 5;

/// The values of `pri` (RFC 6249, section 3.1).
const PRIORITIES: [&str; MAX_DUPLICATES] = ["1", "2", "3", "4", "5"];

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

impl Redirect<'_> {
    /// Hands each header to `emit`, in order: name and value. The values are safe in a header.
    ///
    /// `Location` belongs into `headers_out`, where the first one ends; the others into
    /// `err_headers_out`. `Link` and `Digest` come more than once and are to be added, each as a
    /// line of its own; `Vary` is to be merged.
    pub fn headers(&self, mut emit: impl FnMut(&'static str, &str)) {
        let mut value = String::with_capacity(512);
        self.location(&mut value);
        emit("Location", &value);
        emit(
            "X-MirrorBrain-Mirror",
            &escape::line(&self.target.mirror().identifier),
        );
        emit("X-MirrorBrain-Realm", self.target.realm().as_str());
        self.described_by(&mut value, &mut emit);
        self.duplicates(&mut value, &mut emit);
        self.digests(&mut value, &mut emit);
        emit("Vary", "Accept");
        emit("Cache-Control", "private, no-cache");
    }

    fn location(&self, value: &mut String) {
        self.push_mirror_url(value, self.target.mirror());
        if let Some(key) = self.stamp_key {
            let stamp = hex::encode(Md5::digest(format!("{} {key}", self.now)));
            // A question mark can only come from a mirror's base URL.
            let sign = if value.contains('?') { '&' } else { '?' };
            // Writing to a String cannot fail, here and below.
            let _ = write!(value, "{sign}time={}&stamp={stamp}", self.now);
        }
    }

    /// Documents about the file on this server (RFC 6249).
    fn described_by(&self, value: &mut String, emit: &mut impl FnMut(&'static str, &str)) {
        let torrent = |h: &Hashes<'_>| h.btih.is_some() && self.has_tracker;
        let documents = [
            (
                true,
                self.file.mark("meta4"),
                "meta4",
                "application/metalink4+xml",
            ),
            (
                self.hashes.is_some_and(|h| h.signed),
                ".", // a file of its own
                "asc",
                "application/pgp-signature",
            ),
            (
                self.hashes.is_some_and(torrent),
                self.file.mark("torrent"),
                "torrent",
                "application/x-bittorrent",
            ),
        ];
        for (_, mark, name, media_type) in documents.into_iter().filter(|(exists, ..)| *exists) {
            value.clear();
            // Pieces instead of a format: every request comes this way.
            let url = self.file.self_url();
            for piece in [
                "<",
                url,
                mark,
                name,
                ">; rel=describedby; type=\"",
                media_type,
                "\"",
            ] {
                value.push_str(piece);
            }
            emit("Link", value);
        }
    }

    /// The best mirrors (RFC 6249, section 3).
    fn duplicates(&self, value: &mut String, emit: &mut impl FnMut(&'static str, &str)) {
        for (choice, priority) in self.choices.iter().zip(PRIORITIES) {
            value.clear();
            value.push('<');
            self.push_mirror_url(value, choice.mirror());
            let country = choice.country();
            for piece in [
                ">; rel=duplicate; pri=",
                priority,
                "; geo=",
                country.as_str(),
            ] {
                value.push_str(piece);
            }
            emit("Link", value);
        }
    }

    /// `Digest` (RFC 3230), which metalink clients read, and its successor (RFC 9530).
    fn digests(&self, value: &mut String, emit: &mut impl FnMut(&'static str, &str)) {
        let Some(hashes) = self.hashes else { return };
        let digests: [(&str, Option<&[u8]>); 3] = [
            ("MD5=", hashes.md5.as_ref().map(|h| &h[..])),
            ("SHA=", hashes.sha1.as_ref().map(|h| &h[..])),
            ("SHA-256=", hashes.sha256.as_ref().map(|h| &h[..])),
        ];
        for (algorithm, hash) in digests {
            let Some(hash) = hash else { continue };
            value.clear();
            value.push_str(algorithm);
            BASE64_STANDARD.encode_string(hash, value);
            emit("Digest", value);
        }
        if let Some(hash) = hashes.sha256 {
            value.clear();
            value.push_str("sha-256=:");
            BASE64_STANDARD.encode_string(hash, value);
            value.push(':');
            emit("Repr-Digest", value);
        }
    }

    fn push_mirror_url(&self, value: &mut String, mirror: &Mirror) {
        value.push_str(&escape::url(&mirror.base_url));
        value.push_str(self.file.key_url());
    }
}
