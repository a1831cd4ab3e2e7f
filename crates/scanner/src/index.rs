//! Which number a path has.

use mirror_db::tables::filearr::listed::{self, Listed};
use mirror_files::compare::Version;
use pg::{Connection, ConnectionError, ConnectionInfo};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::time::Duration;

/// The longest that one step of reading it may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// All paths of the database, or of a subtree, with their numbers and the versions that mirrors should have.
///
/// A path takes 40 bytes, whatever its length: it is known by 96 bits of two SipHashes with secret keys, so nobody
/// can make two paths look the same, and chance does so once in 10^17 sites of a million files.
pub struct Index {
    keys: [RandomState; 2],
    /// In the order of the table, which is that of the listing that first showed them.
    files: Vec<File>,
    /// Places in `files`, those together whose keys begin with the same bits.
    places: Vec<u32>,
    /// Where in `places` these begin.
    starts: Vec<u32>,
    /// How many bits of a key are those of `starts`.
    bits: u32,
}

struct File {
    key: u64,
    more_key: u32,
    id: u32,
    size: i64,
    mtime: i64,
}

/// Not known.
const NONE: i64 = i64::MIN;

/// What of the paths is needed.
#[derive(Clone, Copy)]
pub(crate) enum Part<'a> {
    /// All of them.
    All,
    /// Those below a directory.
    Below(&'a str),
    /// These.
    Files(&'a [String]),
}

/// The same, read when the first entry of a listing comes: what follows waits in pipes and sockets.
pub(crate) struct LazyIndex<'a> {
    database: &'a ConnectionInfo,
    part: Part<'a>,
    index: OnceLock<Result<Index, ConnectionError>>,
}

impl<'a> LazyIndex<'a> {
    pub fn new(database: &'a ConnectionInfo, part: Part<'a>) -> Self {
        Self {
            database,
            part,
            index: OnceLock::new(),
        }
    }

    /// Reads it, or waits for whoever does.
    pub fn get(&self) -> Result<&Index, ConnectionError> {
        let load = || {
            let mut connection = Connection::open(self.database, &[], PATIENCE)?;
            match self.part {
                Part::All => Index::load(&mut connection, None),
                Part::Below(directory) => Index::load(&mut connection, Some(directory)),
                Part::Files(paths) => Index::of_paths(&mut connection, paths),
            }
        };
        self.index.get_or_init(load).as_ref().map_err(Clone::clone)
    }
}

/// A file that has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The row's number.
    pub id: u32,
    /// The version that mirrors should have.
    pub version: Version,
}

impl Index {
    /// Reads it from the database; only what is below a directory, if one is named.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load(
        connection: &mut Connection,
        directory: Option<&str>,
    ) -> Result<Self, ConnectionError> {
        let mut index = Self::new();
        listed::each(connection, directory, |row| index.push(row))?;
        Ok(index.sorted())
    }

    fn of_paths(connection: &mut Connection, paths: &[String]) -> Result<Self, ConnectionError> {
        let mut index = Self::new();
        listed::of_paths(connection, -1, paths, |row, _| index.push(row))?;
        Ok(index.sorted())
    }

    fn new() -> Self {
        Self {
            keys: [RandomState::new(), RandomState::new()],
            files: Vec::new(),
            places: Vec::new(),
            starts: Vec::new(),
            bits: 1,
        }
    }

    /// The paths of these rows.
    #[cfg(test)]
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = Listed<'a>>) -> Self {
        let mut index = Self::new();
        rows.into_iter().for_each(|row| index.push(row));
        index.sorted()
    }

    fn push(&mut self, row: Listed<'_>) {
        let Ok(id) = u32::try_from(row.id) else {
            return;
        };
        let (key, more_key) = self.key(row.path);
        self.files.push(File {
            key,
            more_key,
            id,
            size: row.size.unwrap_or(NONE),
            mtime: row.mtime.unwrap_or(NONE),
        });
    }

    fn sorted(mut self) -> Self {
        self.files.shrink_to_fit();
        self.bits = self.files.len().max(2).ilog2();
        // How many there are of each, then where they begin.
        let mut starts = vec![0_u32; (1 << self.bits) + 1];
        for file in &self.files {
            if let Some(count) = starts.get_mut(self.bucket(file.key) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut places = vec![0_u32; self.files.len()];
        let mut free = starts.clone();
        for (place, file) in (0..).zip(&self.files) {
            if let Some(next) = free.get_mut(self.bucket(file.key)) {
                if let Some(slot) = usize::try_from(*next).ok().and_then(|n| places.get_mut(n)) {
                    *slot = place;
                }
                *next += 1;
            }
        }
        (self.starts, self.places) = (starts, places);
        self
    }

    fn bucket(&self, key: u64) -> usize {
        usize::try_from(key >> (64 - self.bits)).unwrap_or(0)
    }

    fn key(&self, path: &str) -> (u64, u32) {
        let [first, second] = &self.keys;
        #[expect(clippy::cast_possible_truncation, reason = "96 bits are enough")]
        let more = second.hash_one(path) as u32;
        (first.hash_one(path), more)
    }

    /// The file with that path. `hint` is where the last one was: listings and the table have much the same order, and
    /// what comes next is likely to be next there, too, and in the processor's cache.
    pub(crate) fn get_near(&self, path: &str, hint: &mut usize) -> Option<Known> {
        let (key, more_key) = self.key(path);
        let is_it = |file: &&File| file.key == key && file.more_key == more_key;
        let next = self.files.get(*hint).filter(is_it);
        let file = match next {
            Some(file) => file,
            None => {
                let bucket = self.bucket(key);
                let from = usize::try_from(*self.starts.get(bucket)?).ok()?;
                let to = usize::try_from(*self.starts.get(bucket + 1)?).ok()?;
                let places = self.places.get(from..to)?.iter();
                let mut places = places.filter_map(|place| usize::try_from(*place).ok());
                *hint = places.find(|place| self.files.get(*place).as_ref().is_some_and(is_it))?;
                self.files.get(*hint)?
            }
        };
        *hint += 1;
        let known = |n: i64| Some(n).filter(|n| *n != NONE);
        Some(Known {
            id: file.id,
            version: Version {
                size: known(file.size).and_then(|size| u64::try_from(size).ok()),
                mtime: known(file.mtime),
            },
        })
    }

    /// The file with that path.
    pub fn get(&self, path: &str) -> Option<Known> {
        let mut nowhere = usize::MAX;
        self.get_near(path, &mut nowhere)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The numbers of all of them, in no order.
    pub fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.files.iter().map(|file| file.id)
    }

    /// The numbers of those whose version is known.
    pub fn ids_of_origin(&self) -> impl Iterator<Item = u32> + '_ {
        let known = self.files.iter().filter(|file| file.mtime != NONE);
        known.map(|file| file.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i32, path: &str) -> Listed<'_> {
        Listed {
            id,
            path,
            size: Some(i64::from(id) * 10),
            mtime: None,
        }
    }

    #[test]
    fn every_path_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 1000] {
            let paths: Vec<String> = (0..count).map(|n| format!("d/{n}")).collect();
            let index = Index::of((0..).zip(&paths).map(|(id, path)| row(id, path)));
            assert_eq!(index.len(), paths.len());
            for (id, path) in (0..).zip(&paths) {
                let known = index.get(path).unwrap();
                assert_eq!((known.id, known.version.mtime), (id, None));
                assert_eq!(known.version.size, Some(u64::from(id) * 10));
            }
            let mut hint = 0;
            let all: Vec<(u32, &String)> = (0..).zip(&paths).collect();
            for (id, path) in all.iter().rev().chain(&all).copied() {
                assert_eq!(index.get_near(path, &mut hint).unwrap().id, id);
            }
            assert_eq!(index.get("d"), None);
            assert_eq!(index.get(&format!("d/{count}")), None);
        }
    }
}
