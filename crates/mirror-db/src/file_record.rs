//! What the database knows of one file, as a redirect needs it.

use mirror_selection::{Candidates, Mirror, MirrorSet, MirrorTable};
use smallvec::SmallVec;
use std::{sync::atomic::AtomicBool, time::Instant};

/// The digests of one version of a file. A digest whose stored length is wrong counts as missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Digests {
    /// MD5, 16 bytes.
    pub md5: Option<[u8; 16]>,
    /// SHA-1, 20 bytes.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256, 32 bytes.
    pub sha256: Option<[u8; 32]>,
    /// BitTorrent info hash (BEP 3), 20 bytes.
    pub btih: Option<[u8; 20]>,
    /// Bytes per piece of the SHA-1 piece hashes; 0 when unknown.
    pub piece_size: u32,
    /// Whether there is one SHA-1 for each piece of the file.
    pub has_pieces: bool,
    /// Whether there is a PGP signature.
    pub has_pgp: bool,
    /// How the zsync sums are laid out, if there are some for each block of the file.
    pub zsync: Option<Box<ZsyncLayout>>,
}

impl Digests {
    /// Bytes of the hashes of all pieces of a file of `size` bytes; 0 if there are none.
    pub fn pieces_length(&self, size: u64) -> u64 {
        let unit = u64::from(self.piece_size);
        match size.checked_div(unit) {
            Some(_) if self.has_pieces => size.div_ceil(unit).saturating_mul(20),
            _ => 0,
        }
    }
}

/// What describes zsync sums.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ZsyncLayout {
    /// Bytes per block.
    pub block_size: u32,
    /// Lengths of zsync's sums as its header `Hash-Lengths` has them (`seq,rsum,checksum`).
    pub hash_lengths: Box<str>,
    /// Bytes of the sums of one block.
    pub(crate) each: u16,
}

impl ZsyncLayout {
    /// Bytes of the sums of all blocks of a file of `size` bytes.
    pub fn sums_length(&self, size: u64) -> u64 {
        let blocks = size.div_ceil(u64::from(self.block_size.max(1)));
        blocks.saturating_mul(self.each.into())
    }
}

/// What is known of one file: the mirrors that have it, and its digests.
#[derive(Debug)]
pub struct FileRecord {
    pub(crate) mirrors: Mirrors,
    pub(crate) versions: SmallVec<[Version; 1]>,
    /// Whether hashes could not be asked for.
    pub(crate) digests_failed: bool,
    /// When the database was asked.
    pub(crate) asked: Instant,
    /// Whether someone already asks for a newer one.
    pub(crate) refreshing: AtomicBool,
}

/// Who has the file.
#[derive(Debug)]
pub(crate) enum Mirrors {
    /// Ids in the mirror table.
    Ids(MirrorSet),
    /// The rows of the site's own query, in its order.
    Rows(Box<[Mirror]>),
}

/// The hashes of one version of the file.
#[derive(Debug)]
pub(crate) struct Version {
    pub size: u64,
    pub mtime: i64,
    pub digests: Digests,
}

impl FileRecord {
    pub(crate) fn new(mirrors: Mirrors, versions: Vec<Version>, asked: Instant) -> Self {
        Self {
            mirrors,
            versions: versions.into_iter().collect(),
            digests_failed: false,
            asked,
            refreshing: AtomicBool::new(false),
        }
    }

    /// A file of which nothing is known.
    pub fn unknown() -> Self {
        Self::new(
            Mirrors::Ids(MirrorSet::default()),
            Vec::new(),
            Instant::now(),
        )
    }

    /// The mirrors that have the file and may be used now: ids are resolved through `table`, so
    /// that a mirror that was disabled is gone at once. By id; those of a site's own query in the
    /// order of its rows.
    pub fn mirrors<'a>(&'a self, table: &'a MirrorTable) -> Candidates<'a> {
        match &self.mirrors {
            Mirrors::Ids(ids) => Candidates::Table(table, ids),
            Mirrors::Rows(rows) => Candidates::Rows(rows),
        }
    }

    /// Whether the statement for the digests failed, so that nothing can be said about them. The
    /// mirrors are known all the same.
    pub fn digests_failed(&self) -> bool {
        self.digests_failed
    }

    /// The digests stored for the version of the file with this size (bytes) and mtime (seconds
    /// since 1970).
    pub fn digests(&self, size: u64, mtime: i64) -> Option<&Digests> {
        let fits = |version: &&Version| version.size == size && version.mtime == mtime;
        self.versions
            .iter()
            .find(fits)
            .map(|version| &version.digests)
    }

    /// Bytes of memory, for the bound of the cache.
    pub(crate) fn weight(&self) -> u64 {
        let mirrors = match &self.mirrors {
            Mirrors::Ids(ids) => ids.size(),
            // A guess at the texts of a mirror: identifier, URL, other countries.
            Mirrors::Rows(rows) => size_of_val(&**rows) + rows.len() * 96,
        };
        // Nearly all files have one version, which lies in the record.
        let versions = if self.versions.spilled() {
            size_of_val(&*self.versions)
        } else {
            0
        };
        let layouts = self
            .versions
            .iter()
            .filter_map(|v| v.digests.zsync.as_ref());
        let layouts: usize = layouts
            .map(|zsync| size_of::<ZsyncLayout>() + zsync.hash_lengths.len() + 32)
            .sum();
        let all = size_of::<Self>() + mirrors + versions + layouts;
        u64::try_from(all).unwrap_or(u64::MAX)
    }
}
