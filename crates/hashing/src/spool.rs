//! Sums that may be long: kept in memory while small, in a temporary file beyond.

use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Bytes that stay in memory.
const IN_MEMORY: usize = 1 << 20;

/// A sequence of sums, written once and read as often as one likes.
pub struct Spool {
    file: SpooledTempFile,
    length: u64,
}

impl Spool {
    pub(crate) fn new() -> Self {
        Self {
            file: SpooledTempFile::new(IN_MEMORY),
            length: 0,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// How many bytes there are.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The bytes from the beginning.
    ///
    /// # Errors
    /// If the temporary file cannot be read.
    pub fn reader(&mut self) -> io::Result<impl Read + '_> {
        self.file.seek(SeekFrom::Start(0))?;
        Ok((&mut self.file).take(self.length))
    }

    /// All bytes at once; for a row of a database, say.
    ///
    /// # Errors
    /// If the temporary file cannot be read.
    pub fn to_vec(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.length).unwrap_or_default());
        self.reader()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spool({} bytes)", self.length)
    }
}
