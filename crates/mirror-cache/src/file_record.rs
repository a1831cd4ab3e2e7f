//! What the database knows of one file, as a redirect needs it.

use mirror_db::{Digests, FileHashes, ZsyncLayout};
use mirror_selection::{Candidates, Mirror, MirrorSet, MirrorTable};
use smallvec::SmallVec;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// What is known of one file: the mirrors that have it, and its digests.
#[derive(Debug)]
pub struct FileRecord {
    pub(crate) mirrors: Mirrors,
    pub(crate) versions: SmallVec<[FileHashes; 1]>,
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

impl FileRecord {
    pub(crate) fn new(mirrors: Mirrors, versions: Vec<FileHashes>, asked: Instant) -> Self {
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
        let fits = |version: &&FileHashes| version.size == size && version.mtime == mtime;
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
