//! From the file a request leads to, to its key in the database.

use std::ffi::{CStr, OsStr};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The path without symbolic links.
///
/// Linux tells the name of an open file: three system calls, however deep the path is, where
/// realpath(3) needs one for each component. O_PATH opens nothing but the name.
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)?;
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
        // No /proc in this chroot.
        .or_else(|_| fs::canonicalize(path))
}

/// The key of a file: its real path relative to the real path of `base`. `None` if it lies
/// elsewhere or has vanished.
pub fn key(base: &Path, file: &Path) -> Option<Vec<u8>> {
    let base = real_path(base).ok()?;
    let file = real_path(file).ok()?;
    let key = file.strip_prefix(&base).ok()?;
    (!key.as_os_str().is_empty()).then(|| key.as_os_str().to_owned().into_vec())
}

/// A C string of httpd as a path.
pub fn path(text: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(text.to_bytes()))
}
