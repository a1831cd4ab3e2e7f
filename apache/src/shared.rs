//! Memory that the processes of a server share.

use std::io;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// Words of memory that the process that made them shares with all that it forks afterwards:
/// made while the configuration is read, they are common to all children. Zero at first; memory
/// is taken only where one is written. They end with the last process that has them.
///
/// ```
/// use apache::SharedWords;
/// use std::sync::atomic::Ordering::Relaxed;
///
/// let words = SharedWords::new(1000).expect("some memory");
/// words[7].fetch_add(1, Relaxed);
/// assert_eq!((words.len(), words[7].load(Relaxed), words[8].load(Relaxed)), (1000, 1, 0));
/// ```
pub struct SharedWords {
    first: NonNull<AtomicU64>,
    count: usize,
}

// SAFETY: the memory is this value's own, and holds nothing but atomics.
unsafe impl Send for SharedWords {}
// SAFETY: as above.
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// That many words.
    ///
    /// # Errors
    /// If there is no such memory.
    pub fn new(count: usize) -> io::Result<Self> {
        let bytes = Self::bytes(count).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: a new mapping, at an address of the kernel's choice.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let first = NonNull::new(address.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { first, count })
    }

    /// A mapping of no bytes does not exist.
    fn bytes(count: usize) -> Option<usize> {
        count.max(1).checked_mul(size_of::<AtomicU64>())
    }
}

impl Deref for SharedWords {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: a mapping of that many words, aligned to a page, which ends with `self`. Zero
        // bytes are atomics, and other processes change them as atomics only.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.count) }
    }
}

impl Drop for SharedWords {
    fn drop(&mut self) {
        let bytes = Self::bytes(self.count).unwrap_or(0);
        // SAFETY: the mapping made in `new`; nobody borrows it any more.
        unsafe { libc::munmap(self.first.as_ptr().cast(), bytes) };
    }
}
