//! What the database says about a file.

use crate::known_file::KnownFile;
use mirror_cache::{CurrentTable, Database, FileRecord, RecordRef};
use mirror_db::{Digests, FileVersion};
use mirror_selection::Candidates;
use pg::DbError;

/// The mirrors and digests of one file, as of one moment. By default: nothing is known.
#[derive(Default)]
pub struct Facts<'f>(Option<(CurrentTable, RecordRef<'f>)>);

impl<'f> Facts<'f> {
    /// Asks for one version of a file, by its size in bytes and its mtime in seconds since 1970.
    pub fn of(
        database: &Database,
        file: &'f KnownFile,
        size: u64,
        mtime: i64,
    ) -> Result<Self, DbError> {
        let Some(key) = file.text() else {
            return Ok(Self::default());
        };
        let version = FileVersion {
            path: key,
            size,
            mtime,
        };
        let record = database.file_in_slot(&file.record, version)?;
        Ok(Self(Some((database.mirrors(), record))))
    }

    /// The mirrors that have the file and are in service.
    pub fn mirrors(&self) -> Candidates<'_> {
        match &self.0 {
            Some((table, record)) => record.mirrors(table),
            None => Candidates::Rows(&[]),
        }
    }

    /// Whether the statement for the digests failed.
    pub fn digests_failed(&self) -> bool {
        self.record().is_some_and(FileRecord::digests_failed)
    }

    /// The digests of the file's version.
    pub fn digests(&self, size: u64, mtime: i64) -> Option<&Digests> {
        self.record()?.digests(size, mtime)
    }

    fn record(&self) -> Option<&FileRecord> {
        self.0.as_ref().map(|(_, record)| &**record)
    }
}
