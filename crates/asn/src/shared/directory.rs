//! The directory of the files. The parent process makes it, the children write in it.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};

/// User and group id.
pub type Owner = (u32, u32);

/// The directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It cannot be made, or given to its owner.
    #[error("cannot make the directory {}: {source}", path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others could put their own files in it.
    #[error("{} must be a directory that only its owner, user {owner}, can write to", path.display())]
    Unsafe {
        /// The directory.
        path: PathBuf,
        /// User id.
        owner: u32,
    },
}

/// Makes the directory unless it is there, gives it to `owner` (`None`: to us), and makes sure
/// that nobody else can write to it: what is in it gets mapped into every process.
///
/// # Errors
/// If that is not possible. A symbolic link is refused: in a world-writable place it may be
/// somebody's trap.
pub fn prepare_directory(path: &Path, owner: Option<Owner>) -> Result<(), PrepareError> {
    let failed = |source| PrepareError::Io {
        path: path.to_owned(),
        source,
    };
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    let uid = match owner {
        Some((uid, gid)) => {
            if metadata.is_dir() && metadata.uid() != uid {
                lchown(path, Some(uid), Some(gid)).map_err(failed)?;
            }
            uid
        }
        None => metadata.uid(),
    };
    let metadata = fs::symlink_metadata(path).map_err(failed)?;
    if metadata.is_dir() && metadata.uid() == uid && metadata.mode() & 0o022 == 0 {
        Ok(())
    } else {
        let path = path.to_owned();
        Err(PrepareError::Unsafe { path, owner: uid })
    }
}

/// Removes the files of databases that are no longer configured. `keep` are the files in use.
pub fn remove_others(directory: &Path, keep: &[PathBuf]) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if !keep.iter().any(|kept| kept.file_stem() == path.file_stem()) {
            // One that stays costs space, no more.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("asn");
        prepare_directory(&path, None).unwrap();
        prepare_directory(&path, None).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        assert!(prepare_directory(&path, None).is_err());
    }

    #[test]
    fn a_link_or_a_file_in_its_place_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let target = temp.path().join("target");
        fs::create_dir(&target).unwrap();
        let link = temp.path().join("link");
        symlink(&target, &link).unwrap();
        assert!(prepare_directory(&link, None).is_err());
        let file = temp.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(prepare_directory(&file, None).is_err());
    }

    #[test]
    fn files_of_other_databases_go() {
        let temp = tempfile::tempdir().unwrap();
        let file = |name| temp.path().join(name);
        for name in ["a.table", "a.lock", "b.table", "b.lock"] {
            fs::write(file(name), "").unwrap();
        }
        remove_others(temp.path(), &[file("a.table")]);
        assert!(file("a.table").exists() && file("a.lock").exists());
        assert!(!file("b.table").exists() && !file("b.lock").exists());
    }
}
