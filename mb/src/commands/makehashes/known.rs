//! What the database knew when the run began, by directory: about a hundred bytes a file.

use mirror_db::tables::hash::record;
use pg::{Connection, ConnectionError};
use std::collections::HashMap;

/// The version of a file that has hashes.
#[derive(Debug, Clone)]
pub(super) struct KnownFile {
    pub name: Box<str>,
    pub id: i32,
    pub size: i64,
    pub mtime: i32,
    /// Bytes of its signature.
    pub signature: i32,
}

impl KnownFile {
    /// Whether it is this one.
    pub fn is(&self, size: u64, mtime: i64) -> bool {
        u64::try_from(self.size) == Ok(size) && i64::from(self.mtime) == mtime
    }
}

/// Files in order of their names.
pub(super) type KnownFiles = Vec<KnownFile>;

#[derive(Debug, Default)]
pub(super) struct Known(HashMap<Box<str>, KnownFiles>);

impl Known {
    pub fn read(connection: &mut Connection) -> Result<Self, ConnectionError> {
        let mut directories: HashMap<Box<str>, KnownFiles> = HashMap::new();
        record::each(connection, |row| {
            let (directory, name) = row.path.rsplit_once('/').unwrap_or(("", row.path));
            let file = KnownFile {
                name: name.into(),
                id: row.id,
                size: row.size,
                mtime: row.mtime,
                signature: row.signature,
            };
            match directories.get_mut(directory) {
                Some(files) => files.push(file),
                None => drop(directories.insert(directory.into(), vec![file])),
            }
        })?;
        for files in directories.values_mut() {
            files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(Self(directories))
    }

    /// The files of a directory.
    pub fn of(&self, directory: &str) -> &[KnownFile] {
        self.0.get(directory).map_or(&[], |files| files)
    }

    /// The same, which are not needed here any more.
    pub fn take(&mut self, directory: &str) -> KnownFiles {
        self.0.remove(directory).unwrap_or_default()
    }
}

/// The file of that name.
pub(super) fn find<'a>(files: &'a [KnownFile], name: &str) -> Option<&'a KnownFile> {
    let place = files.binary_search_by(|file| (*file.name).cmp(name)).ok()?;
    files.get(place)
}
