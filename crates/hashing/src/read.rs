//! Reads a file without emptying the page cache that serves downloads.

use rustix::fs::{Advice, fadvise};
use rustix::io::ReadWriteFlags;
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;

/// Bytes of a chunk.
pub const CHUNK: usize = 1 << 20;

/// Reads from the beginning to the end, a chunk at a time.
pub struct Reader<'f> {
    file: &'f File,
    offset: u64,
}

impl<'f> Reader<'f> {
    pub fn new(file: &'f File) -> Self {
        // The kernel's read-ahead would make it look as if all had been cached before.
        let _ = fadvise(file, 0, None, Advice::Random);
        Self { file, offset: 0 }
    }

    /// Fills `chunk` with what comes next, fully unless the file ends. Pages that were not cached
    /// before are given back: they would only push out what clients are asking for.
    pub fn next(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        chunk.resize(CHUNK, 0);
        let mut filled = 0;
        let mut was_cached = true;
        while filled < CHUNK {
            let position = self.offset + filled as u64;
            let rest = &mut chunk[filled..];
            let count = match cached(self.file, rest, position) {
                Some(count) if count > 0 => count,
                _ => {
                    was_cached = false;
                    match self.file.read_at(rest, position) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                        other => other?,
                    }
                }
            };
            if count == 0 {
                break;
            }
            filled += count;
        }
        chunk.truncate(filled);
        if let (false, Some(length)) = (was_cached, NonZeroU64::new(filled as u64)) {
            let _ = fadvise(self.file, self.offset, Some(length), Advice::DontNeed);
        }
        self.offset += filled as u64;
        Ok(())
    }
}

/// What the page cache holds at that place; `None` where it cannot tell.
fn cached(file: &File, buffer: &mut [u8], offset: u64) -> Option<usize> {
    let mut buffers = [IoSliceMut::new(buffer)];
    rustix::io::preadv2(file, &mut buffers, offset, ReadWriteFlags::NOWAIT).ok()
}
