//! Stamps: an empty file `NAME.size_SIZE` for each file with hashes, with its modification time, and one `LOCK` in
//! each directory that somebody works on. MirrorBrain 2.19 goes by them; here they only lock, and tell which directories there
//! were.

use super::Settings;
use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub(super) const LOCK: &str = "LOCK";

/// A lock of POSIX on a file, as the original takes it. It ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes it; `None` if somebody has it.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .open(path)?;
            match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::AGAIN | Errno::ACCESS) => return Ok(None),
                result => result?,
            }
            // Who had it before may have removed the file in between.
            let ours = file.metadata()?;
            if fs::metadata(path).is_ok_and(|there| there.ino() == ours.ino()) {
                return Ok(Some(Self {
                    path: path.to_owned(),
                    _file: file,
                }));
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before it is let go, so that nobody locks a file that is gone. One that stays does no harm.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the directory of the stamps of `source`.
pub(super) fn make_directory(path: &Path, source: &Path, settings: &Settings) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)?;
    let mode = match settings.copy_permissions {
        true => fs::metadata(source)?.mode() & 0o7777,
        false => 0o755,
    };
    if fs::metadata(path)?.mode() & 0o7777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// Makes a stamp. `mtime`: seconds since the epoch.
pub(super) fn make(path: &Path, mtime: i64, mode: u32) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    let seconds = Duration::from_secs(mtime.unsigned_abs());
    let time = match mtime < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(seconds),
        false => SystemTime::UNIX_EPOCH.checked_add(seconds),
    };
    match time {
        Some(time) => file.set_times(FileTimes::new().set_modified(time)),
        None => Ok(()),
    }
}

/// Whose stamp that is.
pub(super) fn file_of(stamp: &OsString) -> Option<&str> {
    let (name, size) = stamp.to_str()?.rsplit_once(".size_")?;
    size.parse::<u64>().is_ok().then_some(name)
}

/// What is in a directory of stamps, and whether it is a directory; nothing if it is not there.
pub(super) fn list(path: &Path) -> io::Result<BTreeMap<OsString, bool>> {
    let entries = match path.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries?,
    };
    entries
        .map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), entry.file_type()?.is_dir()))
        })
        .filter(|entry| !matches!(entry, Ok((name, _)) if name == LOCK))
        .collect()
}
