//! What a listing gives besides its entries.

use std::ops::ControlFlow;

use crate::{Entry, Error};

/// Takes the entries of a listing, in the order in which the server sends them.
pub trait Sink {
    /// One entry. `Break` ends the listing at once, without an error.
    fn entry(&mut self, entry: Entry) -> ControlFlow<()>;

    /// Whether what is below a directory is wanted; asked just before the directory is given to [`entry`](Self::entry).
    /// Sources that list all at once (rsync) do not ask.
    fn enters(&mut self, _directory: &Entry) -> bool {
        true
    }
}

impl<F: FnMut(Entry) -> ControlFlow<()>> Sink for F {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        self(entry)
    }
}

/// How a listing went. What is in none of `unread` was listed wholly.
#[derive(Debug, Default)]
pub struct Listing {
    /// Entries that the sink was given.
    pub entries: u64,
    /// Names that were left out, because they are not UTF-8, or have control characters, or lead elsewhere.
    pub unusable: u64,
    /// Bytes that were read for it, as far as the protocol tells.
    pub bytes: u64,
    /// Subtrees that could not be read. What was known of them stays.
    pub unread: Vec<Unread>,
}

/// A subtree that could not be read, or not wholly.
#[derive(Debug)]
pub struct Unread {
    /// Below the base of the listing, as in [`Entry::path`]; empty for all of it.
    pub path: String,
    /// Why.
    pub error: Error,
}

impl Listing {
    /// Whether all was read: only then is gone what was not listed.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }

    /// Whether the place at `path` was read: it is gone if it was not listed.
    pub fn covers(&self, path: &str) -> bool {
        !self.unread.iter().any(|unread| {
            let Some(rest) = path.strip_prefix(unread.path.as_str()) else {
                return false;
            };
            unread.path.is_empty() || rest.is_empty() || rest.starts_with('/')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_an_unread_directory_is_not_covered() {
        let unread = |path: &str| Unread {
            path: path.to_owned(),
            error: Error::Ended,
        };
        let listing = Listing {
            unread: vec![unread("a/b")],
            ..Listing::default()
        };
        assert!(listing.covers("a/bc") && listing.covers("a"));
        assert!(!listing.covers("a/b") && !listing.covers("a/b/c"));
        let nothing = Listing {
            unread: vec![unread("")],
            ..Listing::default()
        };
        assert!(!nothing.covers("x"));
    }
}
