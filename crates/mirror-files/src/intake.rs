//! What all sources do with what they read: check it, count it, hand it on.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::{Entry, Error, Kind, Listing, Options, Sink, Unread};

/// Directories in each other. A server that has more leads in circles.
pub(crate) const DEEPEST: usize = 100;

/// The longest path, in bytes: what Linux can open.
const LONGEST: usize = 4096;

/// Subtrees that are named one by one; with more, all of the listing counts as unread.
const MOST_UNREAD: usize = 10_000;

/// Why no more is read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nobody wants more.
    Enough,
    /// There is too much, or it takes too long.
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Checks and counts what a source reads, and hands it on.
pub(crate) struct Intake<'a> {
    pub options: &'a Options,
    sink: &'a mut dyn Sink,
    listing: Listing,
    end: Instant,
}

impl<'a> Intake<'a> {
    pub fn new(options: &'a Options, sink: &'a mut dyn Sink) -> Self {
        let now = Instant::now();
        let end = now.checked_add(options.limit);
        Self {
            options,
            sink,
            listing: Listing::default(),
            end: end.unwrap_or(now + Duration::from_secs(1 << 30)),
        }
    }

    /// Counts bytes that were read.
    pub fn bytes(&mut self, bytes: usize) -> Result<(), Stop> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.listing.bytes = self.listing.bytes.saturating_add(bytes);
        if self.listing.bytes > self.options.most_bytes {
            let most = self.options.most_bytes;
            return Err(Error::TooMuch(format!("{most} bytes")).into());
        }
        self.time()
    }

    /// Fails once the time is over.
    pub fn time(&self) -> Result<(), Stop> {
        match self.left() {
            Some(_) => Ok(()),
            None => Err(Error::Endless(self.options.limit).into()),
        }
    }

    /// How much time is left.
    pub fn left(&self) -> Option<Duration> {
        self.end
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }

    /// Hands an entry on. Tells whether it is a directory whose entries are wanted.
    pub fn entry(&mut self, entry: Entry) -> Result<bool, Stop> {
        if entry.path.len() > LONGEST {
            self.unusable();
            return Ok(false);
        }
        if self.listing.entries >= self.options.most_entries {
            let most = self.options.most_entries;
            return Err(Error::TooMuch(format!("{most} entries")).into());
        }
        self.listing.entries += 1;
        let enters = entry.kind == Kind::Directory && self.sink.enters(&entry);
        match self.sink.entry(entry) {
            ControlFlow::Continue(()) => Ok(enters),
            ControlFlow::Break(()) => Err(Stop::Enough),
        }
    }

    /// Counts a name that cannot be used.
    pub fn unusable(&mut self) {
        self.listing.unusable += 1;
    }

    /// Whether anything was handed on.
    pub fn is_empty(&self) -> bool {
        self.listing.entries == 0
    }

    /// Notes a subtree that could not be read.
    pub fn unread(&mut self, path: String, error: Error) {
        let unread = &mut self.listing.unread;
        match unread.len() {
            // Memory is bounded, whatever a server does.
            MOST_UNREAD => unread.push(Unread {
                path: String::new(),
                error: Error::TooMuch(format!("{MOST_UNREAD} directories that cannot be read")),
            }),
            n if n > MOST_UNREAD => {}
            _ => unread.push(Unread { path, error }),
        }
    }

    /// What was read, if it ended like this.
    pub fn finish(mut self, end: Result<(), Stop>) -> Result<Listing, Error> {
        match end {
            Ok(()) | Err(Stop::Enough) => Ok(self.listing),
            Err(Stop::Error(error)) if self.is_empty() => Err(error),
            Err(Stop::Error(error)) => {
                self.listing.unread.push(Unread {
                    path: self.options.subtree.clone(),
                    error,
                });
                Ok(self.listing)
            }
        }
    }
}

/// The path of an entry, if its name is one.
pub(crate) fn path(directory: &str, name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    if matches!(name, "" | "." | "..") || name.contains(['/', '\u{7f}']) {
        return None;
    }
    if name.bytes().any(|byte| byte < b' ') || name.contains(char::is_control) {
        return None;
    }
    Some(match directory {
        "" => name.to_owned(),
        directory => format!("{directory}/{name}"),
    })
}

/// A path of several segments below a directory, if each of them is a name.
pub(crate) fn long_path(directory: &str, path: &str) -> Option<String> {
    let is_good = path.split('/').all(|name| !matches!(name, "" | "." | ".."));
    if !is_good || path.contains(char::is_control) {
        return None;
    }
    Some(match directory {
        "" => path.to_owned(),
        directory => format!("{directory}/{path}"),
    })
}

/// The subtree as it is used: without slashes at its ends.
pub(crate) fn subtree(options: &Options) -> Result<&str, Error> {
    let subtree = options.subtree.trim_matches('/');
    match subtree.is_empty() || long_path("", subtree).is_some() {
        true => Ok(subtree),
        false => Err(Error::Url(format!("{subtree:?} is no path of a directory"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in [
            &b""[..],
            b".",
            b"..",
            b"a/b",
            b"a\nb",
            b"\xff",
            b"a\x7f",
            "\u{85}".as_bytes(),
        ] {
            assert_eq!(path("d", name), None, "{}", name.escape_ascii());
        }
        assert_eq!(path("d", b"..a").as_deref(), Some("d/..a"));
        assert_eq!(path("", " ä".as_bytes()).as_deref(), Some(" ä"));
        for text in ["../a", "a/../b", "a//b", "/a", "a/", "./a", ""] {
            assert_eq!(long_path("", text), None, "{text}");
        }
    }

    #[test]
    fn memory_is_bounded_however_many_directories_fail() {
        let options = Options::default();
        let mut sink = |_: Entry| ControlFlow::Continue(());
        let mut intake = Intake::new(&options, &mut sink);
        for n in 0..=2 * MOST_UNREAD {
            intake.unread(format!("d{n}"), Error::Ended);
        }
        let listing = intake.finish(Ok(())).unwrap();
        assert_eq!(listing.unread.len(), MOST_UNREAD + 1);
        assert!(!listing.covers("elsewhere"));
    }
}
