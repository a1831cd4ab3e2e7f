//! Paths of the entries of one directory.

use std::ffi::CStr;

/// The path of a directory, and behind it the name of one entry after the other.
pub struct EntryPath {
    bytes: Vec<u8>,
    /// Bytes of the directory's path.
    directory: usize,
}

impl EntryPath {
    /// `directory` ends with a slash, as far as it is to be parted from a name. Up to names of
    /// `room` bytes the path stays at one place in memory.
    pub fn new(directory: &CStr, room: usize) -> Self {
        let directory = directory.to_bytes();
        let mut bytes = Vec::with_capacity(directory.len() + room + 1);
        bytes.extend_from_slice(directory);
        Self {
            directory: bytes.len(),
            bytes,
        }
    }

    /// The path of the entry `name`.
    pub fn of(&mut self, name: &CStr) -> &CStr {
        self.set(name);
        // SAFETY: two C strings one behind the other, of which the first lost its NUL. A search
        // for the NUL, right after the bytes are written, would have to wait for them.
        unsafe { CStr::from_bytes_with_nul_unchecked(&self.bytes) }
    }

    /// The same to write to.
    pub(crate) fn as_mut_ptr(&mut self, name: &CStr) -> *mut std::ffi::c_char {
        self.set(name);
        self.bytes.as_mut_ptr().cast()
    }

    fn set(&mut self, name: &CStr) {
        self.bytes.truncate(self.directory);
        self.bytes.extend_from_slice(name.to_bytes_with_nul());
    }
}
