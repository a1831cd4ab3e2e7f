//! What a directory of the tree has.

use super::Settings;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A regular file that is to have hashes.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub name: OsString,
    /// Bytes
    pub size: u64,
    /// Seconds since the epoch
    pub mtime: i64,
    /// Permissions
    pub mode: u32,
}

impl Item {
    /// What its stamp is called.
    pub fn stamp(&self) -> OsString {
        let mut name = self.name.clone();
        name.push(format!(".size_{}", self.size));
        name
    }
}

/// The files and directories that masks let through, in order of the bytes of their names.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub files: Vec<Item>,
    pub directories: Vec<OsString>,
    /// Whether there is nothing at all, whatever masks say.
    pub is_empty: bool,
}

impl Listing {
    /// Reads a directory. Symbolic links are left out.
    pub fn read(directory: &Path, settings: &Settings) -> io::Result<Self> {
        let mut listing = Self {
            is_empty: true,
            ..Self::default()
        };
        for entry in directory.read_dir()? {
            listing.is_empty = false;
            let entry = entry?;
            let name = entry.file_name();
            let is_ignored = settings.ignore_mask.as_ref().is_some_and(|mask| {
                let path = directory.join(&name);
                mask.is_match(path.as_os_str().as_encoded_bytes())
            });
            let kind = entry.file_type()?;
            if is_ignored {
                continue;
            } else if kind.is_dir() {
                listing.directories.push(name);
            } else if kind.is_file() && is_wanted(&name, settings) {
                // It may have gone since its name was read.
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                listing.files.push(Item {
                    name,
                    size: metadata.len(),
                    mtime: metadata.mtime(),
                    mode: metadata.mode() & 0o7777,
                });
            }
        }
        listing.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        listing.directories.sort_unstable();
        Ok(listing)
    }

    /// The file of that name.
    pub fn file(&self, name: &OsStr) -> Option<&Item> {
        let place = self
            .files
            .binary_search_by(|item| item.name.as_os_str().cmp(name));
        self.files.get(place.ok()?)
    }
}

fn is_wanted(name: &OsStr, settings: &Settings) -> bool {
    let mask = settings.file_mask.as_ref();
    mask.is_none_or(|mask| mask.is_match(name.as_encoded_bytes()))
}

/// How a path below the base is called in the database; `None` if its text cannot hold it.
pub(super) fn relative(path: &Path, base: &Path) -> Option<String> {
    path.strip_prefix(base).ok()?.to_str().map(str::to_owned)
}

/// A path below a directory of the database.
pub(super) fn below(directory: &str, name: &str) -> String {
    match directory {
        "" => name.to_owned(),
        _ => format!("{directory}/{name}"),
    }
}

/// A directory whose turn comes.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub source: PathBuf,
    /// As the database calls it.
    pub relative: String,
    /// How often it was seen before: then only for files that were changing.
    pub attempt: u32,
}
