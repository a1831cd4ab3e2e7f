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

    /// Fills `chunk` with what comes next, fully unless the file ends.
    pub fn next(&mut self, chunk: &mut Vec<u8>) -> io::Result<()> {
        chunk.resize(CHUNK, 0);
        let filled = fill(self.file, chunk, self.offset)?;
        chunk.truncate(filled);
        self.offset += filled as u64;
        Ok(())
    }
}

/// All bytes of a small file, in one read as a rule. Of one that has grown beyond `size` there is one byte more.
pub fn whole(file: &File, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size + 1];
    let filled = fill(file, &mut bytes, 0)?;
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads until the buffer is full or the file ends. Pages that were not cached before are given back:
/// they would only push out what clients are asking for.
fn fill(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    let mut was_cached = true;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let position = offset + filled as u64;
        let asked = rest.len();
        let (count, is_end) = match cached(file, rest, position) {
            Some(0) => break,
            // Less than was asked for: the file ends, or the next page is not cached.
            Some(count) => (count, false),
            None => match file.read_at(rest, position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => {
                    let count = other?;
                    was_cached = false;
                    (count, count < asked)
                }
            },
        };
        filled += count;
        if is_end {
            break;
        }
    }
    if let (false, Some(length)) = (was_cached, NonZeroU64::new(filled as u64)) {
        let _ = fadvise(file, offset, Some(length), Advice::DontNeed);
    }
    Ok(filled)
}

/// What the page cache holds at that place; `None` where it cannot tell.
fn cached(file: &File, buffer: &mut [u8], offset: u64) -> Option<usize> {
    let mut buffers = [IoSliceMut::new(buffer)];
    rustix::io::preadv2(file, &mut buffers, offset, ReadWriteFlags::NOWAIT).ok()
}
