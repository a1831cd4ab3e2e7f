//! From the file a request leads to, to its key in the database.

use crate::known_file::{KnownFile, KnownFiles};
use apache::FileInfo;
use arc_swap::ArcSwapOption;
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

/// What tells one file from another, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// `st_dev`
    pub device: u64,
    /// `st_ino`
    pub inode: u64,
}

impl From<FileInfo> for FileId {
    fn from(info: FileInfo) -> Self {
        Self {
            device: info.device,
            inode: info.inode,
        }
    }
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
    resolved: OnceLock<Resolved>,
}

/// What was found out a moment ago.
struct Resolved {
    base: ArcSwapOption<RealBase>,
    files: KnownFiles,
}

struct RealBase {
    path: PathBuf,
    resolved: Instant,
}

impl Resolved {
    fn new() -> Self {
        Self {
            base: ArcSwapOption::empty(),
            files: KnownFiles::new(),
        }
    }
}

impl Base {
    /// A base by its configured name.
    pub fn new(configured: &Path) -> Self {
        Self {
            configured: configured.to_owned(),
            resolved: OnceLock::new(),
        }
    }

    /// The name in the configuration.
    pub fn path(&self) -> &Path {
        &self.configured
    }

    /// What is remembered of a file from a moment ago.
    pub fn known(&self, name: &Path, id: FileId) -> Option<Arc<KnownFile>> {
        self.resolved().files.get(name, id)
    }

    /// What is known of a file, remembered or found out now.
    pub fn file(&self, name: &Path, id: FileId) -> Option<Arc<KnownFile>> {
        self.known(name, id).or_else(|| self.find(name, id))
    }

    /// Finds the key of a file: its real path relative to that of the base. `None` if it lies
    /// elsewhere, has vanished, or is another file than `id`, which was found under its name a
    /// moment ago: what is known of that one must not be told of this one.
    pub fn find(&self, name: &Path, id: FileId) -> Option<Arc<KnownFile>> {
        let open = open(name).ok()?;
        let same = FileId::from(&open.metadata().ok()?) == id;
        let real = name_of(&open, name).ok().filter(|_| same)?;
        let key = self.below(&real).filter(|key| !key.is_empty())?;
        let file = Arc::new(KnownFile::new(id, key));
        self.resolved().files.insert(name, Arc::clone(&file));
        Some(file)
    }

    /// Whether what `path` leads to is the base or lies below it.
    pub fn has(&self, path: &Path) -> bool {
        let real = real_path(path).ok();
        real.and_then(|real| self.below(&real)).is_some()
    }

    fn below(&self, file: &Path) -> Option<Vec<u8>> {
        let base = self.resolved().base.load();
        let fresh = base
            .as_ref()
            .filter(|real| real.resolved.elapsed() < BASE_LIFETIME);
        // A file outside of what the base was a moment ago: the base may be a link that was
        // moved, so look again before believing it.
        fresh
            .and_then(|real| below(&real.path, file))
            .or_else(|| below(&self.resolve()?, file))
    }

    fn resolved(&self) -> &Resolved {
        self.resolved.get_or_init(Resolved::new)
    }

    fn resolve(&self) -> Option<PathBuf> {
        let path = real_path(&self.configured).ok()?;
        let real = RealBase {
            path: path.clone(),
            resolved: Instant::now(),
        };
        self.resolved().base.store(Some(Arc::new(real)));
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
