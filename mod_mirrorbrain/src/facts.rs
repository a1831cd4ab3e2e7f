//! What the database says about a file.

use mirror_db::{CurrentTable, Database, DbError, Digests, FileRecord};
use mirror_selection::Candidates;
use std::sync::Arc;

/// The mirrors and digests of one file, as of one moment. By default: nothing is known.
#[derive(Default)]
pub struct Facts(Option<(CurrentTable, Arc<FileRecord>)>);

impl Facts {
    /// Asks for a file by its key. A key that is no UTF-8 cannot be in the database.
    pub fn of(database: &Database, key: &[u8], size: u64, mtime: i64) -> Result<Self, DbError> {
        let Ok(key) = std::str::from_utf8(key) else {
            return Ok(Self::default());
        };
        let record = database.file(key, size, mtime)?;
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
