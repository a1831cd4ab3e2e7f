//! From the file a request leads to, to its key in the database.

use arc_swap::ArcSwapOption;
use std::ffi::{CStr, OsStr};
use std::fs::{self, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// The path without symbolic links.
///
/// Linux tells the name of an open file: three system calls, however deep the path is, where
/// realpath(3) needs one for each component. O_PATH opens nothing but the name.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)?;
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
        // No /proc in this chroot.
        .or_else(|_| fs::canonicalize(path))
}

/// How long the real path of a base is taken for granted.
const BASE_LIFETIME: Duration = Duration::from_secs(1);

/// The directory that the keys of files are relative to.
pub struct Base {
    configured: PathBuf,
    /// Made on first use, in a child: an ArcSwap that the parent drops when it reads its
    /// configuration anew would leave a destructor with its thread, and keep the old code mapped.
    real: OnceLock<ArcSwapOption<RealBase>>,
}

struct RealBase {
    path: PathBuf,
    resolved: Instant,
}

impl Base {
    /// A base by its configured name.
    pub fn new(configured: &Path) -> Self {
        Self {
            configured: configured.to_owned(),
            real: OnceLock::new(),
        }
    }

    /// The name in the configuration.
    pub fn path(&self) -> &Path {
        &self.configured
    }

    /// The key of a file: its real path relative to that of the base. `None` if it lies
    /// elsewhere or has vanished.
    pub fn key(&self, file: &Path) -> Option<Vec<u8>> {
        let file = real_path(file).ok()?;
        let known = self.real().load();
        let fresh = known
            .as_ref()
            .filter(|real| real.resolved.elapsed() < BASE_LIFETIME);
        // A file outside of what the base was a moment ago: the base may be a link that was
        // moved, so look again before believing it.
        fresh
            .and_then(|real| below(&real.path, &file))
            .or_else(|| below(&self.resolve()?, &file))
    }

    fn real(&self) -> &ArcSwapOption<RealBase> {
        self.real.get_or_init(ArcSwapOption::empty)
    }

    fn resolve(&self) -> Option<PathBuf> {
        let path = real_path(&self.configured).ok()?;
        let real = RealBase {
            path: path.clone(),
            resolved: Instant::now(),
        };
        self.real().store(Some(Arc::new(real)));
        Some(path)
    }
}

fn below(base: &Path, file: &Path) -> Option<Vec<u8>> {
    let key = file.strip_prefix(base).ok()?.as_os_str().as_bytes();
    (!key.is_empty()).then(|| key.to_vec())
}

/// A C string of httpd as a path.
pub fn path(text: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(text.to_bytes()))
}
