//! What a scan tells while it is under way.

use crate::outcome::Outcome;
use crate::source::Protocol;
use background::Progress;
use mirror_db::tables::server::Server;
use std::time::Duration;

/// Something that happened in the scan of a mirror. Each comes at most once unless it says otherwise.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// It begins.
    Began,
    /// What the mirror had, below the directory that is scanned.
    Before(u64),
    /// A protocol failed, and why. For each that did.
    Failed(Protocol, String),
    /// Something about a file. For any number of them.
    Note(Note<'a>),
    /// What could not be read. For each such directory.
    Unread(&'a str, String),
    /// Files that count, and what it took to list them.
    Listed(u64, Duration),
    /// Files that are gone, and will be removed.
    Gone(u64),
    /// All is written: what the mirror has now, how many more or fewer than before, and how long writing took.
    After(u64, i64, Duration),
}

/// What there is to say about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note<'a> {
    /// An image of no bytes.
    Empty(Protocol, &'a str),
    /// The server does not let everybody read it; its mode.
    Unreadable(&'a str, &'a str),
    /// It is too large for what the server does; the URL that was asked.
    NoRanges(&'a str),
    /// It is too large to be served from there: the server sends to one of FTP, which will do.
    MovedToFtp,
    /// The server says this status of it.
    Status(u16),
}

/// Takes what scans tell, from any thread.
pub trait Observer: Sync {
    /// Something happened.
    fn event(&self, mirror: &Server, event: &Event<'_>);

    /// Where the files of a mirror are counted while they come.
    fn progress(&self, _mirror: &Server) -> Box<dyn Progress + '_> {
        Box::new(())
    }

    /// A scan has ended.
    fn ended(&self, _mirror: &Server, _outcome: &Outcome) {}
}

/// Tells nobody.
impl Observer for () {
    fn event(&self, _: &Server, _: &Event<'_>) {}
}
