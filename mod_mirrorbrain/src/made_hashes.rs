//! Hashes of small files that the database does not know (`MirrorBrainHashMaxSize`): a file that
//! changed a moment ago would otherwise be listed without any, and a client could not tell a mirror's
//! older copy from it.
//!
//! One thread of a child hashes at a time; few may wait for it, and the rest get no hashes. What
//! was made is remembered until the file is another one.

use crate::exchange::RequestedFile;
use crate::path::FileId;
use md5::{Digest, Md5};
use quick_cache::sync::Cache;
use representation::Hashes;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Threads of a child that hash or wait for the one that does.
const MAX_PRESENT: usize = 4;

/// Files whose hashes are remembered: some 300 bytes each.
const REMEMBERED: usize = 10_000;

/// The clock of a file system is coarser than ours: what changed within this time may change
/// again without another time stamp.
const UNSETTLED: Duration = Duration::from_secs(2);

/// Bytes that are read at a time.
const CHUNK: usize = 64 << 10;

/// Why there are no hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMade {
    /// They are known, the representation has none, or the file is too large.
    Unwanted,
    /// Too many threads are at it already.
    Busy,
    /// The file is no longer the one that was asked for, or cannot be read.
    Unreadable,
}

impl fmt::Display for NotMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unwanted => "not wanted",
            Self::Busy => "other files come first",
            Self::Unreadable => "the file changed, or cannot be read",
        })
    }
}

/// A file's hashes.
#[derive(Clone, Copy)]
pub struct Made {
    md5: [u8; 16],
    sha1: [u8; 20],
    sha256: [u8; 32],
    sha512: [u8; 64],
}

/// One content of one file. The change time is the kernel's own: unlike the modification time
/// nobody can set it back.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Version {
    id: FileId,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// What a child made so far.
pub struct MadeHashes {
    made: Cache<Version, Made>,
    present: AtomicUsize,
    working: Mutex<()>,
}

impl Made {
    /// For a document.
    pub fn hashes(&self) -> Hashes<'static> {
        Hashes {
            md5: Some(self.md5),
            sha1: Some(self.sha1),
            sha256: Some(self.sha256),
            sha512: Some(self.sha512),
            ..Hashes::default()
        }
    }
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self {
            id: FileId::from(metadata),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether it is what a request found under this name a moment ago.
    fn is_of(&self, file: &RequestedFile<'_>) -> bool {
        (self.id, self.size, self.modified.0) == (file.id, file.size, file.mtime)
    }

    /// Whether a change from now on would show.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let changed = u64::try_from(self.changed.0).map(Duration::from_secs);
        now.is_ok_and(|now| changed.is_ok_and(|changed| changed + UNSETTLED < now))
    }
}

impl MadeHashes {
    /// Nothing is made yet.
    pub fn new() -> Self {
        Self {
            made: Cache::new(REMEMBERED),
            present: AtomicUsize::new(0),
            working: Mutex::new(()),
        }
    }

    /// The hashes of the file that a request is about, remembered or made now.
    pub fn of(&self, file: &RequestedFile<'_>) -> Result<Made, NotMade> {
        let here = || file.filename.metadata().map(|now| Version::of(&now));
        let version = here().map_err(|_| NotMade::Unreadable)?;
        if !version.is_of(file) {
            return Err(NotMade::Unreadable);
        }
        if let Some(made) = self.made.get(&version) {
            return Ok(made);
        }
        let _present = Present::enter(&self.present).ok_or(NotMade::Busy)?;
        let _working = self.working.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have made them while this one waited.
        if let Some(made) = self.made.get(&version) {
            return Ok(made);
        }
        let made = make(file.filename, &version).map_err(|_| NotMade::Unreadable)?;
        if version.is_settled() {
            self.made.insert(version, made);
        }
        Ok(made)
    }
}

/// A thread among those that may hash.
struct Present<'c>(&'c AtomicUsize);

impl<'c> Present<'c> {
    fn enter(count: &'c AtomicUsize) -> Option<Self> {
        let entered = Self(count);
        let before = count.fetch_add(1, Ordering::Relaxed);
        (before < MAX_PRESENT).then_some(entered)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Hashes one version of a file; an error if it is another before or after.
fn make(path: &Path, version: &Version) -> io::Result<Made> {
    // A pipe that took the file's place must not block.
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    let made = read(&mut file, version.size)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && Version::of(&metadata) == *version {
        Ok(made)
    } else {
        Err(io::Error::other("the file changed while it was read"))
    }
}

fn read(file: &mut File, size: u64) -> io::Result<Made> {
    let (mut md5, mut sha1) = (Md5::new(), Sha1::new());
    let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
    let mut chunk = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let part = chunk.get_mut(..wanted).unwrap_or_default();
        file.read_exact(part)?;
        md5.update(&*part);
        sha1.update(&*part);
        sha256.update(&*part);
        sha512.update(&*part);
        left -= part.len() as u64;
    }
    Ok(Made {
        md5: md5.finalize().into(),
        sha1: sha1.finalize().into(),
        sha256: sha256.finalize().into(),
        sha512: sha512.finalize().into(),
    })
}
