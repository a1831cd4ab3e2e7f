//! The long columns of a file's hashes, piece hashes and zsync sums, in ranges.
//!
//! They can be tens of megabytes, and a client may take them as slowly as it likes: nobody holds
//! more of them than one range.

mod budget;
mod ranges;
mod reader;

use mirror_db::{Detail, Digests, FileVersion};
use pg::{DbError, Pool};
use ranges::Section;
pub(crate) use reader::SumsReader;
use std::sync::Arc;

/// Why there are no sums.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumsError {
    /// The database does not give them.
    #[error(transparent)]
    Database(#[from] DbError),
    /// What is stored now is about another version of the file.
    #[error("the stored sums have changed")]
    Changed,
    /// Too many ask for them.
    #[error("too many requests want sums")]
    Busy,
    /// The process cannot have more memory.
    #[error("there is no memory for sums")]
    Memory,
}

/// One version of a file, with what is known of its hashes.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct HashedVersion {
    pub file: FileVersion,
    pub digests: Digests,
    /// The file cache's: what was read before something was forgotten does not count.
    pub generation: u64,
}

impl HashedVersion {
    /// How many bytes its sums have; 0 if there are none.
    pub(crate) fn length(&self, detail: Detail) -> u64 {
        self.digests.sums_length(self.file.size, detail)
    }
}

/// The sums of one version of a file, to be read range by range.
pub struct Sums<'d> {
    reader: &'d SumsReader,
    pool: &'d Pool,
    version: Arc<HashedVersion>,
    detail: Detail,
    length: u64,
}

/// A part of the sums. Requests for the same file share it.
#[derive(Debug)]
pub struct Range(Arc<Vec<u8>>);

impl AsRef<[u8]> for Range {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<'d> Sums<'d> {
    /// The sums of which `version` knows that they are there.
    pub(crate) fn new(
        reader: &'d SumsReader,
        pool: &'d Pool,
        version: HashedVersion,
        detail: Detail,
    ) -> Option<Self> {
        let length = version.length(detail);
        (length > 0).then(|| Self {
            reader,
            pool,
            version: Arc::new(version),
            detail,
            length,
        })
    }

    /// How many bytes all of them are.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Those from `offset` on, which is where a range before ended: some whole hashes, and at
    /// least one before the end.
    ///
    /// # Errors
    /// If they cannot be had, or are no longer those that the file's digests came with.
    pub fn range(&self, offset: u64) -> Result<Range, SumsError> {
        let longest = self.reader.longest_range();
        let section = Section {
            version: Arc::clone(&self.version),
            detail: self.detail,
            offset,
            length: longest.min(self.length.saturating_sub(offset)),
        };
        self.reader.range(self.pool, &section).map(Range)
    }
}
