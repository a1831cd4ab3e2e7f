//! Sources that are asked for one directory after the other.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use crate::intake::{DEEPEST, Intake, Stop};
use crate::{Entry, Error};

/// What the paths of directories that were seen and not yet read may take, in bytes.
const WAITING: usize = 64 << 20;

/// Directories that fail one after the other before the server is given up.
const FAILURES: u32 = 5;

/// As many directories above it look the same as one that is a circle: then a link leads upwards.
const CIRCLES: u32 = 3;

/// Reads single directories of a server.
pub(crate) trait Directories {
    /// Gives the entries of a directory, as they come.
    fn read(&mut self, directory: &str, found: &mut Found<'_, '_>) -> Result<(), Problem>;
}

/// Why a directory could not be read, or not to its end.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is not there.
    Gone(Error),
    /// It cannot be read; others may.
    Here(Error),
    /// Nothing of the server can be read.
    Everywhere(Error),
    /// Nobody wants more, or may have more.
    Stop(Stop),
}

impl From<Stop> for Problem {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// What was found in a directory.
pub(crate) struct Found<'a, 'b> {
    pub intake: &'a mut Intake<'b>,
    below: Vec<String>,
    waiting: usize,
    hash: DefaultHasher,
    number: u64,
}

impl Found<'_, '_> {
    /// Takes an entry of the directory, whose whole path is told.
    pub fn entry(&mut self, entry: Entry) -> Result<(), Stop> {
        let name = entry.path.rsplit('/').next();
        (name, entry.kind as u8).hash(&mut self.hash);
        format!("{:?} {:?}", entry.size, entry.mtime).hash(&mut self.hash);
        self.number += 1;
        let path = entry.path.clone();
        if self.intake.entry(entry)? {
            self.waiting += path.len();
            if self.waiting > WAITING {
                return Err(Error::TooMuch("directories than fit into memory".to_owned()).into());
            }
            self.below.push(path);
        }
        Ok(())
    }
}

/// A directory that will be read.
struct Place {
    path: String,
    above: Option<Rc<Above>>,
}

/// What was in a directory, and in those above it.
struct Above {
    hash: u64,
    above: Option<Rc<Above>>,
}

impl Above {
    fn count(mut this: Option<&Rc<Self>>, hash: u64) -> u32 {
        let mut count = 0;
        while let Some(above) = this {
            count += u32::from(above.hash == hash);
            this = above.above.as_ref();
        }
        count
    }
}

/// Reads a directory and all below.
pub(crate) fn crawl(
    source: &mut dyn Directories,
    start: &str,
    intake: &mut Intake<'_>,
) -> Result<(), Stop> {
    let mut waiting = 0;
    let mut failures = 0;
    let mut places = vec![Place {
        path: start.to_owned(),
        above: None,
    }];
    while let Some(place) = places.pop() {
        intake.time()?;
        waiting -= place.path.len().min(waiting);
        let is_first = place.path == start;
        let mut found = Found {
            intake,
            below: Vec::new(),
            waiting,
            hash: DefaultHasher::new(),
            number: 0,
        };
        let read = source.read(&place.path, &mut found);
        let Found {
            below,
            hash,
            number,
            ..
        } = found;
        match read {
            Ok(()) => failures = 0,
            Err(Problem::Stop(stop)) => return Err(stop),
            Err(Problem::Everywhere(error)) => return Err(error.into()),
            Err(Problem::Gone(error) | Problem::Here(error)) if is_first && number == 0 => {
                return Err(error.into());
            }
            // It has gone since it was listed.
            Err(Problem::Gone(_)) => failures = 0,
            Err(Problem::Here(error)) => {
                failures += 1;
                if failures == FAILURES && error.is_temporary() {
                    return Err(error.into());
                }
                intake.unread(place.path, error);
            }
        }
        let hash = hash.finish();
        if number > 0 && Above::count(place.above.as_ref(), hash) >= CIRCLES {
            continue;
        }
        let above = Rc::new(Above {
            hash,
            above: place.above,
        });
        for path in below.into_iter().rev() {
            if path.matches('/').count() >= DEEPEST {
                let much = format!("{DEEPEST} directories in each other");
                intake.unread(path, Error::TooMuch(much));
                continue;
            }
            waiting += path.len();
            places.push(Place {
                path,
                above: Some(Rc::clone(&above)),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Listing, Options, Size, Time};
    use std::ops::ControlFlow;

    /// Each directory has a file, and directories of these names.
    struct Endless(&'static [&'static str], Size);

    impl Directories for Endless {
        fn read(&mut self, directory: &str, found: &mut Found<'_, '_>) -> Result<(), Problem> {
            let names = self.0.iter().map(|name| (*name, Kind::Directory));
            for (name, kind) in names.chain([("file", Kind::File)]) {
                let path = crate::intake::path(directory, name.as_bytes());
                if let Size::Exact(size) = &mut self.1 {
                    *size += 1;
                }
                found.entry(Entry {
                    path: path.unwrap_or_default(),
                    kind,
                    size: self.1,
                    mtime: Time::Unknown,
                    mode: None,
                })?;
            }
            Ok(())
        }
    }

    fn crawled(mut source: Endless, options: &Options) -> Listing {
        let mut sink = |_: Entry| ControlFlow::Continue(());
        let mut intake = Intake::new(options, &mut sink);
        let end = crawl(&mut source, "", &mut intake);
        intake.finish(end).unwrap()
    }

    #[test]
    fn circles_are_left_and_cost_nothing() {
        let listing = crawled(Endless(&["up", "top"], Size::Unknown), &Options::default());
        assert!(listing.is_complete());
        assert!(listing.entries < 100, "{}", listing.entries);
    }

    #[test]
    fn what_never_looks_the_same_is_bounded_by_depth_and_number() {
        let listing = crawled(Endless(&["d"], Size::Exact(0)), &Options::default());
        assert!(!listing.is_complete() && listing.covers("e"));
        assert_eq!(listing.entries, 2 * (DEEPEST as u64 + 1));
        let few = Options {
            most_entries: 10_000,
            ..Options::default()
        };
        let listing = crawled(Endless(&["a", "b"], Size::Exact(0)), &few);
        assert_eq!((listing.entries, listing.covers("e")), (10_000, false));
    }
}
