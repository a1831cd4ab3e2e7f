//! A place for a file's record beside what a caller knows of the file anyway.

use crate::FileRecord;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Keeps the record of one file for the next request, which is spared the search in the cache.
///
/// For [`Database::file_in_slot`](crate::Database::file_in_slot), which tells whether the
/// record still holds. The first record stays: whoever owns this replaces it as a whole before long.
#[derive(Debug, Default)]
pub struct RecordSlot(OnceLock<KeptRecord>);

impl RecordSlot {
    /// The largest record that is kept, in bytes: it may live on when the cache has no room for it.
    pub const LARGEST: u64 = 1024;

    pub(crate) fn kept(&self) -> Option<&KeptRecord> {
        self.0.get()
    }

    pub(crate) fn keep(&self, kept: KeptRecord) {
        if kept.record.weight() <= Self::LARGEST {
            // Another thread may have been faster.
            let _ = self.0.set(kept);
        }
    }
}

/// A record, and what it is the answer to.
#[derive(Debug)]
pub(crate) struct KeptRecord {
    /// The cache's when the question was asked; tells databases apart, too.
    pub generation: u64,
    pub size: u64,
    pub mtime: i64,
    pub record: Arc<FileRecord>,
}

/// The record of a file, from where a caller keeps it or from the cache.
#[derive(Debug)]
pub enum RecordRef<'a> {
    /// From the slot.
    Slot(&'a FileRecord),
    /// From the cache or the database.
    Shared(Arc<FileRecord>),
}

impl Deref for RecordRef<'_> {
    type Target = FileRecord;

    fn deref(&self) -> &FileRecord {
        match self {
            Self::Slot(record) => record,
            Self::Shared(record) => record,
        }
    }
}
