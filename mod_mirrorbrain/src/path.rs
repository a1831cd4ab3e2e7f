//! From the file a request leads to, to its key in the database.

use arc_swap::ArcSwapOption;
use quick_cache::{Weighter, sync::Cache};
use std::ffi::{CStr, OsStr};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// The path without symbolic links.
///
/// Linux tells the name of an open file: three system calls, however deep the path is, where
/// realpath(3) needs one for each component. O_PATH opens nothing but the name.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    name_of(&open(path)?, path)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)
}

fn name_of(file: &File, path: &Path) -> io::Result<PathBuf> {
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
        // No /proc in this chroot.
        .or_else(|_| fs::canonicalize(path))
}

/// How long the real path of a base is taken for granted.
const BASE_LIFETIME: Duration = Duration::from_secs(1);

/// How long the key of a file is taken for granted, if its name still leads to the same file. Then
/// only a directory above it can have been renamed.
const KEY_LIFETIME: Duration = Duration::from_secs(2);

/// Bytes of memory for the keys of one base's files.
const KEYS_SIZE: u64 = 4 << 20;

/// What tells one file from another, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId {
    /// `st_dev`
    pub device: u64,
    /// `st_ino`
    pub inode: u64,
}

impl From<&Metadata> for FileId {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

/// The directory that the keys of files are relative to.
pub struct Base {
    configured: PathBuf,
    /// Made on first use, in a child: an ArcSwap that the parent drops when it reads its
    /// configuration anew would leave a destructor with its thread, and keep the old code mapped.
    known: OnceLock<Known>,
}

/// What was found out a moment ago.
struct Known {
    base: ArcSwapOption<RealBase>,
    /// By the name that requests were mapped to.
    keys: Cache<Box<[u8]>, RealKey, Weigher>,
}

struct RealBase {
    path: PathBuf,
    resolved: Instant,
}

#[derive(Clone)]
struct RealKey {
    file: FileId,
    key: Arc<[u8]>,
    resolved: Instant,
}

#[derive(Clone)]
struct Weigher;

impl Weighter<Box<[u8]>, RealKey> for Weigher {
    fn weight(&self, name: &Box<[u8]>, found: &RealKey) -> u64 {
        // The constant covers the allocator and the cache's own bookkeeping.
        160 + name.len() as u64 + found.key.len() as u64
    }
}

impl Known {
    fn new() -> Self {
        Self {
            base: ArcSwapOption::empty(),
            keys: Cache::with_weighter(1024, KEYS_SIZE, Weigher),
        }
    }
}

impl Base {
    /// A base by its configured name.
    pub fn new(configured: &Path) -> Self {
        Self {
            configured: configured.to_owned(),
            known: OnceLock::new(),
        }
    }

    /// The name in the configuration.
    pub fn path(&self) -> &Path {
        &self.configured
    }

    /// The key of a file: its real path relative to that of the base. `None` if it lies
    /// elsewhere, has vanished, or is another file than `id`, which was found under its name a
    /// moment ago: what is known of that one must not be told of this one.
    pub fn key(&self, file: &Path, id: FileId) -> Option<Arc<[u8]>> {
        let name = file.as_os_str().as_bytes();
        let keys = &self.known().keys;
        if let Some(found) = keys.get(name)
            && found.file == id
            && found.resolved.elapsed() < KEY_LIFETIME
        {
            return Some(found.key);
        }
        let open = open(file).ok()?;
        let same = FileId::from(&open.metadata().ok()?) == id;
        let real = name_of(&open, file).ok().filter(|_| same)?;
        let key: Arc<[u8]> = self.below(&real).filter(|key| !key.is_empty())?.into();
        let found = RealKey {
            file: id,
            key: Arc::clone(&key),
            resolved: Instant::now(),
        };
        keys.insert(name.into(), found);
        Some(key)
    }

    /// Whether what `path` leads to is the base or lies below it.
    pub fn has(&self, path: &Path) -> bool {
        let real = real_path(path).ok();
        real.and_then(|real| self.below(&real)).is_some()
    }

    fn below(&self, file: &Path) -> Option<Vec<u8>> {
        let known = self.known().base.load();
        let fresh = known
            .as_ref()
            .filter(|real| real.resolved.elapsed() < BASE_LIFETIME);
        // A file outside of what the base was a moment ago: the base may be a link that was
        // moved, so look again before believing it.
        fresh
            .and_then(|real| below(&real.path, file))
            .or_else(|| below(&self.resolve()?, file))
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(Known::new)
    }

    fn resolve(&self) -> Option<PathBuf> {
        let path = real_path(&self.configured).ok()?;
        let real = RealBase {
            path: path.clone(),
            resolved: Instant::now(),
        };
        self.known().base.store(Some(Arc::new(real)));
        Some(path)
    }
}

fn below(base: &Path, file: &Path) -> Option<Vec<u8>> {
    let key = file.strip_prefix(base).ok()?;
    Some(key.as_os_str().as_bytes().to_vec())
}

/// A C string of httpd as a path.
pub fn path(text: &CStr) -> &Path {
    path_of(text.to_bytes())
}

/// Bytes of a file name as a path.
pub fn path_of(text: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(text))
}
