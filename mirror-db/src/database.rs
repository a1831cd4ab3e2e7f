//! The facts that a request needs, from memory or from PostgreSQL.

use crate::{ConnectionInfo, DbError, FileRecord, Hashes, Logger, MirrorTable, Settings};
use std::{io, sync::Arc};

/// One database with its connections, mirror table and file cache.
///
/// Made at configuration time without side effects; [`start`](Self::start) in the child process
/// starts its threads.
pub struct Database {
    _info: ConnectionInfo,
    _settings: Settings,
    _log: Logger,
}

impl Database {
    /// A database that is not connected yet. Starts nothing.
    pub fn new(info: ConnectionInfo, settings: Settings, log: Logger) -> Self {
        Self {
            _info: info,
            _settings: settings,
            _log: log,
        }
    }

    /// Starts the background threads. To be called once per process, after the last fork.
    pub fn start(&self) -> io::Result<()> {
        Ok(())
    }

    /// Stops the background threads within a bounded time; requests then get `Unavailable`.
    pub fn stop(&self) {}

    /// The current mirror table. Take it once per request, and resolve file records with it.
    pub fn mirrors(&self) -> Arc<MirrorTable> {
        Arc::default()
    }

    /// What is known of the file with this key (`filearr.path`), `size` in bytes and `mtime` in
    /// seconds since 1970. A file that is not in the database gives an empty record.
    pub fn file(&self, path: &str, size: u64, mtime: i64) -> Result<Arc<FileRecord>, DbError> {
        let _ = (path, size, mtime);
        Err(DbError::Unavailable(crate::Unavailable))
    }

    /// All hashes of a file, if there are any for this size and mtime.
    pub fn hashes(
        &self,
        path: &str,
        size: u64,
        mtime: i64,
    ) -> Result<Option<Arc<Hashes>>, DbError> {
        let _ = (path, size, mtime);
        Err(DbError::Unavailable(crate::Unavailable))
    }
}
