//! The one value that every representation is written from.

use std::borrow::Cow;

use mirror_selection::{Choice, Selection};

use crate::answer::{Answer, Missing};
use crate::{Behind, Digest, Origin, Representation, Site, escape};
use crate::{hashes, magnet, meta4, metalink3, mirrorlist, torrent, zsync};

/// Everything known about one request for one file. No writer asks further.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    /// The file.
    pub file: &'a File<'a>,
    /// The hash row that fits the file's size and time.
    pub hashes: Option<&'a Hashes<'a>>,
    /// Who asks.
    pub client: ClientInfo<'a>,
    /// Where the file can be had.
    pub sources: Sources<'a>,
    /// Who stands behind the mirrors.
    pub behind: Behind<'a>,
    /// `MirrorBrainCompatible`: as MirrorBrain 2.19 wrote it, where that is not the best.
    pub compatible: bool,
    /// Configuration of the server.
    pub site: &'a Site,
    /// `MirrorBrainMetalinkTorrentAddMask` matches and `<file>.torrent` exists.
    pub torrent_file: bool,
    /// `MirrorBrainMetalinkBrokenTestMirrors`, when the request asks for it.
    pub broken_mirrors: Option<BrokenMirrors<'a>>,
    /// `MirrorBrainMirrorlistHeader`, as read: replaces the top of the page.
    pub page_header: Option<&'a [u8]>,
    /// `MirrorBrainMirrorlistFooter`, as read: replaces the bottom of the page.
    pub page_footer: Option<&'a [u8]>,
    /// The name under which the client knows the file: a symbolic link's, say. That is what it is
    /// saved under, and looked for by what checks hashes.
    pub asked_name: &'a [u8],
    /// `?only_hash`: the hash without the file's name.
    pub only_hash: bool,
    /// Time of the request, seconds since 1970.
    pub now: i64,
}

/// Where the file can be had.
#[derive(Debug, Clone, Copy)]
pub enum Sources<'a> {
    /// From these mirrors, or fallbacks; maybe none.
    Mirrors(&'a Selection<'a>),
    /// Only from this server: a configured exclusion keeps the file off the mirrors.
    OriginOnly,
}

/// The longest name of a file in bytes, on all usual file systems.
const NAME_MAX: usize = 255;

/// The file, its names already escaped for URLs.
#[derive(Debug, Clone)]
pub struct File<'a> {
    key: &'a [u8],
    key_url: Cow<'a, str>,
    self_url: String,
    origin_len: usize,
    requested_name_len: usize,
    /// Size in bytes.
    pub size: u64,
    /// Modification time, seconds since 1970.
    pub mtime: i64,
}

impl<'a> File<'a> {
    /// `key`: path below the engine's base, without leading slash, as in `filearr.path`.
    /// `origin`: scheme, host and port of this server (`https://download.example.org`).
    /// `requested`: decoded path of the request without a representation's suffix; starts with `/`.
    #[must_use]
    pub fn new(key: &'a [u8], origin: &str, requested: &[u8], size: u64, mtime: i64) -> Self {
        let key_url = escape::path(key);
        let name = requested.rsplit(|&b| b == b'/').next();
        let requested_url = escape::path(requested);
        let mut self_url = String::with_capacity(origin.len() + requested_url.len());
        self_url.push_str(origin);
        self_url.push_str(&requested_url);
        Self {
            key,
            key_url,
            self_url,
            origin_len: origin.len(),
            requested_name_len: name.map_or(0, <[u8]>::len),
            size,
            mtime,
        }
    }

    /// Path below the base, as bytes.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        self.key
    }

    /// Path below the base, percent-encoded.
    #[must_use]
    pub fn key_url(&self) -> &str {
        &self.key_url
    }

    /// Last component of the key.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.key.rsplit(|&b| b == b'/').next().unwrap_or(self.key)
    }

    /// URL of the file on this server, without query.
    #[must_use]
    pub fn self_url(&self) -> &str {
        &self.self_url
    }

    /// URL of the file on this server, as a list names it.
    pub(crate) fn origin_url(&self, origin: Origin) -> String {
        let path = self.self_url.get(self.origin_len..).unwrap_or_default();
        [self.origin(), origin.mark(), path].concat()
    }

    /// What joins the file's URL and the name of a document about it: `.` for a suffix, or `?`
    /// for a query argument where the suffixed name would be longer than any file's can be. httpd
    /// forbids such a path before a module sees the request.
    pub(crate) fn mark(&self, name: &str) -> &'static str {
        let suffixed = self.requested_name_len + 1 + name.len();
        if suffixed > NAME_MAX { "?" } else { "." }
    }

    /// URL of a document about the file.
    pub(crate) fn document_url(&self, name: &str) -> String {
        format!("{}{}{name}", self.self_url, self.mark(name))
    }

    /// Scheme, host and port of this server.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.self_url.get(..self.origin_len).unwrap_or_default()
    }
}

/// The hashes of a file. Of the sums it has the lengths: they are read when a document is sent
/// (see [`Answer::write_to`]). The redirect and the page need only the digests; `pgp` may then be
/// empty while `signed` tells the truth.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hashes<'a> {
    /// MD5 of the file.
    pub md5: Option<[u8; 16]>,
    /// SHA-1 of the file.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256 of the file.
    pub sha256: Option<[u8; 32]>,
    /// SHA-512 of the file. The database has none; it comes with hashes that were made just now.
    pub sha512: Option<[u8; 64]>,
    /// BitTorrent info hash.
    pub btih: Option<[u8; 20]>,
    /// Whether hashes of pieces are stored.
    pub has_pieces: bool,
    /// Whether a PGP signature is stored.
    pub signed: bool,
    /// Whether zsync block size, lengths and sums are stored.
    pub has_zsync: bool,
    /// Bytes per piece; the last may be shorter.
    pub piece_length: u64,
    /// Bytes of the hashes of all pieces, a SHA-1 for each; 0 if they cannot be had.
    pub pieces: u64,
    /// PGP signature in ASCII armour.
    pub pgp: &'a str,
    /// zsync's data.
    pub zsync: Zsync<'a>,
}

const SHA1_LENGTH: u64 = 20;

/// Data of a zsync control file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Zsync<'a> {
    /// Bytes per block.
    pub block_size: u64,
    /// Three numbers with commas: sequence, rolling sum and strong sum lengths.
    pub hash_lengths: &'a str,
    /// Bytes of the sums of all blocks, which are as the control file has them; 0 if there are none.
    pub sums: u64,
}

/// Who asks, for the mirror list.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientInfo<'a> {
    /// Address as text.
    pub address: Option<&'a str>,
    /// ISO 3166 code.
    pub country: Option<&'a str>,
    /// Name of the country.
    pub country_name: Option<&'a str>,
    /// Two-letter code of the continent.
    pub continent: Option<&'a str>,
    /// Number of the autonomous system, as text.
    pub asn: Option<&'a str>,
    /// Network prefix in CIDR notation.
    pub prefix: Option<&'a str>,
    /// Latitude and longitude in degrees.
    pub coordinates: Option<(f32, f32)>,
}

/// Text of `MirrorBrainMetalinkBrokenTestMirrors`: XML that goes into a metalink as it stands.
#[derive(Debug, Clone, Copy)]
pub struct BrokenMirrors<'a> {
    /// The file's text.
    pub text: &'a [u8],
    /// Instead of the mirrors, not before them.
    pub only: bool,
}

impl Hashes<'_> {
    /// How long the hashes of all pieces are; 0 if what is stored is no list of SHA-1 hashes.
    pub(crate) fn piece_hashes(&self) -> u64 {
        if self.piece_length > 0 && self.pieces.is_multiple_of(SHA1_LENGTH) {
            self.pieces
        } else {
            0
        }
    }
}

impl<'a> Document<'a> {
    /// Writes the representation.
    ///
    /// # Errors
    /// What keeps the file from having that representation; the answer is 404, or the file itself
    /// where `Accept` chose a metalink and there is no mirror.
    pub fn answer(&self, representation: Representation) -> Result<Answer<'a>, Missing> {
        match representation {
            Representation::Meta4 => meta4::answer(self),
            Representation::Metalink => metalink3::answer(self),
            Representation::Mirrorlist => Ok(mirrorlist::answer(self)),
            Representation::Torrent => torrent::answer(self),
            Representation::Zsync => zsync::answer(self),
            Representation::Magnet => magnet::answer(self),
            Representation::Hash(digest) => hashes::answer(self, digest),
        }
    }

    /// All mirrors in selection order.
    pub(crate) fn choices(&self) -> &'a [Choice<'a>] {
        match self.sources {
            Sources::Mirrors(selection) => selection.ranked(),
            Sources::OriginOnly => &[],
        }
    }

    /// The mirrors of the best non-empty group, best first.
    pub(crate) fn best_group(&self) -> &'a [Choice<'a>] {
        match self.sources {
            Sources::Mirrors(selection) => selection.best_group(),
            Sources::OriginOnly => &[],
        }
    }

    /// URL of the file on that mirror.
    pub(crate) fn mirror_url(&self, choice: &Choice<'_>) -> String {
        [&choice.mirror().base_url, self.file.key_url()].concat()
    }

    /// The hash in lower-case hexadecimal digits.
    pub(crate) fn hex(&self, digest: Digest) -> Option<String> {
        let hashes = self.hashes?;
        match digest {
            Digest::Md5 => hashes.md5.map(hex::encode),
            Digest::Sha1 => hashes.sha1.map(hex::encode),
            Digest::Sha256 => hashes.sha256.map(hex::encode),
            Digest::Btih => hashes.btih.map(hex::encode),
        }
    }

    /// Whether metalinks carry a magnet link or its torrent: `MirrorBrainMetalinkMagnetLinks On`,
    /// a tracker, hashes of pieces and an info hash.
    pub(crate) fn links_magnet(&self) -> bool {
        self.site.magnet_links
            && !self.site.trackers.is_empty()
            && self
                .hashes
                .is_some_and(|h| h.has_pieces && h.btih.is_some())
    }

    /// Whether the torrent can be had: trackers, pieces and all hashes.
    pub(crate) fn has_torrent(&self) -> bool {
        let complete = |h: &Hashes<'_>| {
            h.has_pieces
                && h.md5.is_some()
                && h.sha1.is_some()
                && h.sha256.is_some()
                && h.btih.is_some()
        };
        !self.site.trackers.is_empty() && self.hashes.is_some_and(complete)
    }
}
