//! The tree of this machine.
//!
//! ```
//! use mirror_files::{Entry, Options, local};
//! use std::ops::ControlFlow;
//!
//! # let tree = tempfile::tempdir()?;
//! # let tree = tree.path();
//! # std::fs::write(tree.join("README"), "four")?;
//! let mut bytes = 0;
//! let listing = local::list(tree, &Options::default(), &mut |entry: Entry| {
//!     if let mirror_files::Size::Exact(size) = entry.size {
//!         bytes += size;
//!     }
//!     ControlFlow::Continue(())
//! })?;
//! assert!(listing.is_complete());
//! assert_eq!((listing.entries, bytes), (1, 4));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode as Rights, OFlags, RawDir, Stat, openat, statat};
use rustix::io::Errno;

use crate::intake::{DEEPEST, Intake, Stop, path, subtree};
use crate::{Entry, Error, Kind, Listing, Mode, Options, Sink, Size, Time};

/// Names that are read at once, in bytes.
const BUFFER: usize = 1 << 16;

/// Lists a tree. Sizes and times are exact.
///
/// Symbolic links are entries of their own and are never followed, wherever they lead: files of a mirror are known
/// by their real paths, and where a link leads within the tree, its target is listed there. The root itself may be a link.
/// A directory that goes away meanwhile is gone; one that cannot be read is among those of [`Listing::unread`].
///
/// # Errors
/// If the root, or the subtree, cannot be read.
pub fn list(root: &Path, options: &Options, sink: &mut dyn Sink) -> Result<Listing, Error> {
    let start = subtree(options)?;
    let said = |error: Errno| {
        let what = root.join(start).display().to_string();
        match error {
            Errno::NOENT | Errno::NOTDIR => Error::Gone(format!("{what} is no directory")),
            error => Error::System {
                what,
                error: error.into(),
            },
        }
    };
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = openat(CWD, root, flags, Rights::empty()).map_err(said)?;
    let first = directory(&open, start).map_err(said)?;
    let mut walk = Walk {
        intake: Intake::new(options, sink),
        root: &open,
        buffer: Vec::with_capacity(BUFFER),
        waiting: Vec::new(),
    };
    let end = walk.run(start, first);
    walk.intake.finish(end)
}

/// Opens a directory below the root; `O_NOFOLLOW`, so that a link put in its place meanwhile leads nowhere.
fn directory(root: &OwnedFd, path: &str) -> Result<OwnedFd, Errno> {
    let path = if path.is_empty() { "." } else { path };
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(root, path, flags, Rights::empty())
}

struct Walk<'a, 'b> {
    intake: Intake<'b>,
    root: &'a OwnedFd,
    buffer: Vec<u8>,
    waiting: Vec<String>,
}

impl Walk<'_, '_> {
    fn run(&mut self, start: &str, first: OwnedFd) -> Result<(), Stop> {
        self.entries(start, &first)?;
        drop(first);
        while let Some(path) = self.waiting.pop() {
            self.intake.time()?;
            match directory(self.root, &path) {
                Ok(open) => self.entries(&path, &open)?,
                // It has gone since it was listed, or has become something else.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                Err(error) => self.unread(&path, error),
            }
        }
        Ok(())
    }

    fn unread(&mut self, path: &str, error: Errno) {
        let error = error.into();
        let what = "it cannot be read".to_owned();
        self.intake
            .unread(path.to_owned(), Error::System { what, error });
    }

    fn entries(&mut self, parent: &str, open: &OwnedFd) -> Result<(), Stop> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let mut names = RawDir::new(open, buffer.spare_capacity_mut());
        while let Some(name) = names.next() {
            let name = match name {
                Ok(name) => name,
                Err(error) => {
                    self.unread(parent, error);
                    break;
                }
            };
            let bytes = name.file_name().to_bytes();
            if matches!(bytes, b"." | b"..") {
                continue;
            }
            let Some(path) = path(parent, bytes) else {
                self.intake.unusable();
                continue;
            };
            let found = statat(open, name.file_name(), AtFlags::SYMLINK_NOFOLLOW);
            match found {
                Ok(found) => self.entry(path, &found)?,
                Err(Errno::NOENT) => {}
                Err(error) => self.unread(&path, error),
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    fn entry(&mut self, path: String, found: &Stat) -> Result<(), Stop> {
        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            _ => Kind::Other,
        };
        let entry = Entry {
            path,
            kind,
            size: u64::try_from(found.st_size)
                .map_or(Size::Unknown, Size::Exact)
                .for_kind(kind),
            mtime: Time::Exact(found.st_mtime),
            mode: Some(Mode((found.st_mode & 0o7777) as u16)),
        };
        let below = (kind == Kind::Directory).then(|| entry.path.clone());
        if self.intake.entry(entry)?
            && let Some(path) = below
        {
            match path.matches('/').count() < DEEPEST {
                true => self.waiting.push(path),
                false => self.unread(&path, Errno::LOOP),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::fs;
    use std::ops::ControlFlow;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn listed(root: &Path, options: &Options) -> (Listing, Vec<Entry>) {
        let mut entries = Vec::new();
        let listing = list(root, options, &mut |entry| {
            entries.push(entry);
            ControlFlow::Continue(())
        });
        entries.sort_by(|a: &Entry, b| a.path.cmp(&b.path));
        (listing.unwrap(), entries)
    }

    fn paths(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| &*entry.path).collect()
    }

    #[test]
    fn links_are_listed_and_lead_nowhere() {
        let tree = tempfile::tempdir().unwrap();
        let at = |path| tree.path().join(path);
        fs::create_dir_all(at("d/e")).unwrap();
        fs::write(at("d/f"), "12345").unwrap();
        for (to, link) in [("f", "d/l"), ("..", "d/loop"), ("/etc", "out"), ("no", "x")] {
            symlink(to, at(link)).unwrap();
        }
        let (listing, entries) = listed(tree.path(), &Options::default());
        assert!(listing.is_complete());
        assert_eq!(
            paths(&entries),
            ["d", "d/e", "d/f", "d/l", "d/loop", "out", "x"]
        );
        let links = entries.iter().filter(|entry| entry.kind == Kind::Symlink);
        assert_eq!(links.count(), 4);
        let file = entries.iter().find(|entry| entry.path == "d/f").unwrap();
        assert_eq!((file.kind, file.size), (Kind::File, Size::Exact(5)));
        let root = tempfile::tempdir().unwrap();
        symlink(tree.path(), root.path().join("root")).unwrap();
        assert_eq!(
            listed(&root.path().join("root"), &Options::default()).1,
            entries
        );
    }

    #[test]
    fn names_that_the_database_cannot_hold_are_counted() {
        let tree = tempfile::tempdir().unwrap();
        for name in [&b"b\xff"[..], b"n\nl", b"good"] {
            fs::write(tree.path().join(OsStr::from_bytes(name)), "").unwrap();
        }
        let (listing, entries) = listed(tree.path(), &Options::default());
        assert_eq!((listing.unusable, paths(&entries)), (2, vec!["good"]));
    }

    #[test]
    fn a_subtree_is_listed_with_paths_from_the_root() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("a/b")).unwrap();
        fs::write(tree.path().join("a/b/c"), "").unwrap();
        let below = |subtree: &str| Options {
            subtree: subtree.to_owned(),
            ..Options::default()
        };
        assert_eq!(paths(&listed(tree.path(), &below("/a/b/")).1), ["a/b/c"]);
        let mut sink = |_: Entry| ControlFlow::Continue(());
        let gone = list(tree.path(), &below("a/x"), &mut sink).unwrap_err();
        assert!(matches!(gone, Error::Gone(_)), "{gone}");
        let outside = list(tree.path(), &below("../x"), &mut sink).unwrap_err();
        assert!(matches!(outside, Error::Url(_)), "{outside}");
    }

    #[test]
    fn too_deep_is_said_and_not_left_out() {
        let tree = tempfile::tempdir().unwrap();
        let deep = vec!["d"; DEEPEST + 2].join("/");
        fs::create_dir_all(tree.path().join(deep)).unwrap();
        let (listing, _) = listed(tree.path(), &Options::default());
        assert_eq!(listing.unread.len(), 1);
        assert!(listing.covers("d/e"));
    }
}
