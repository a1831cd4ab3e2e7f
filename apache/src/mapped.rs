//! Files mapped into memory, read-only.

use std::fs::File;
use std::io;

/// The bytes of a mapped file.
///
/// A file that is cut while it is mapped raises SIGBUS on access: use it for files that are
/// replaced by moving a new one into place, and check the size before reading.
pub struct MappedFile(memmap2::Mmap);

impl MappedFile {
    /// Maps the whole of `file`.
    pub fn map(file: &File) -> io::Result<Self> {
        // SAFETY: the map is read-only and private to this process; the documented condition
        // on the file's writers is passed on above.
        Ok(Self(unsafe { memmap2::Mmap::map(file)? }))
    }
}

impl AsRef<[u8]> for MappedFile {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
