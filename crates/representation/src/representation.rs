use std::fmt;

/// One of the documents that can be had of a file besides the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Representation {
    /// Metalink 4 (RFC 5854).
    Meta4,
    /// Metalink 3.0.
    Metalink,
    /// HTML page of the mirrors.
    Mirrorlist,
    /// BitTorrent metainfo (BEP 3).
    Torrent,
    /// zsync control file.
    Zsync,
    /// Magnet link.
    Magnet,
    /// One hash as text.
    Hash(Digest),
}

/// The hashes that are handed out as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Digest {
    /// MD5 (RFC 1321).
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// BitTorrent info hash: SHA-1 of the info dictionary.
    Btih,
}

impl Digest {
    /// The name, as in [`Representation::name`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Btih => "btih",
        }
    }
}

impl Representation {
    /// All of them. Where a query names several, the latest in this list wins.
    pub const ALL: [Self; 10] = [
        Self::Meta4,
        Self::Metalink,
        Self::Mirrorlist,
        Self::Torrent,
        Self::Zsync,
        Self::Magnet,
        Self::Hash(Digest::Md5),
        Self::Hash(Digest::Sha1),
        Self::Hash(Digest::Sha256),
        Self::Hash(Digest::Btih),
    ];

    /// The name: query argument, suffix and log value (`GIVE`, `WANT`) alike.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta4 => "meta4",
            Self::Metalink => "metalink",
            Self::Mirrorlist => "mirrorlist",
            Self::Torrent => "torrent",
            Self::Zsync => "zsync",
            Self::Magnet => "magnet",
            Self::Hash(digest) => digest.name(),
        }
    }

    /// The representation of that exact (lower case) name.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name().as_bytes() == name)
    }

    /// Whether the mirrors of the file appear in it. The hashes need none.
    #[must_use]
    pub const fn lists_mirrors(self) -> bool {
        !matches!(self, Self::Hash(_))
    }

    /// Whether it cannot be made without hashes of the file.
    #[must_use]
    pub const fn needs_hashes(self) -> bool {
        matches!(
            self,
            Self::Torrent | Self::Zsync | Self::Magnet | Self::Hash(_)
        )
    }

    /// Whether it holds piece hashes, zsync sums or the signature, which can be large.
    #[must_use]
    pub const fn needs_sums(self) -> bool {
        matches!(
            self,
            Self::Meta4 | Self::Metalink | Self::Torrent | Self::Zsync
        )
    }

    /// Whether it is one of the two metalinks, which `Accept` can choose.
    #[must_use]
    pub const fn is_metalink(self) -> bool {
        matches!(self, Self::Meta4 | Self::Metalink)
    }
}

impl fmt::Display for Representation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
