//! Servers of FTP, asked in passive mode.
//!
//! ```no_run
//! use mirror_files::{Entry, Options, ftp};
//! use std::ops::ControlFlow;
//!
//! let listing = ftp::list("ftp://ftp.example.org/pub", &Options::default(), &mut |entry: Entry| {
//!     println!("{}", entry.path);
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), mirror_files::Error>(())
//! ```

mod facts;
mod session;
mod text;
mod watch;

use url::Url;

use crate::crawl::{Directories, Found, Problem, crawl};
use crate::intake::{Intake, path, subtree};
use crate::lines::Lines;
use crate::{Entry, Error, Kind, Listing, Mode, Options, Sink, Size, Time};
use session::{Session, Way};

#[doc(hidden)]
pub use facts::read as read_facts;
#[doc(hidden)]
pub use text::read as read_text;

/// An entry of a directory.
#[doc(hidden)]
#[derive(Debug, PartialEq, Eq)]
pub struct Item<'a> {
    pub name: &'a [u8],
    pub kind: Kind,
    pub size: Size,
    pub mtime: Time,
    pub mode: Option<Mode>,
}

/// Lists what a server has: by `MLSD` (RFC 3659), which tells sizes and times exactly, or else by `LIST`, in the
/// manner of `ls -l` or of DOS, whose times are within a day or two. Names that begin with a dot are asked for where the
/// server understands that.
///
/// URLs are `ftp://[user[:password]@]host[:port][/path]`, with percent escapes; the path is relative to where the
/// login leads (RFC 1738). Data are taken from the host that is talked to, whatever address it names. A name with a line
/// feed cannot be told from two lines.
///
/// # Errors
/// If the base, or the subtree, cannot be read.
pub fn list(url: &str, options: &Options, sink: &mut dyn Sink) -> Result<Listing, Error> {
    let parsed =
        Url::parse(url).map_err(|error| Error::Url(format!("the URL is none: {error}")))?;
    let below = subtree(options)?.to_owned();
    let mut intake = Intake::new(options, sink);
    let end = Session::open(&parsed, &intake).map(|session| Server {
        session,
        url: &parsed,
    });
    let end = match end {
        Ok(mut server) => crawl(&mut server, &below, &mut intake),
        Err(error) => Err(error.into()),
    };
    intake.finish(end)
}

struct Server<'a> {
    session: Session,
    url: &'a Url,
}

impl Directories for Server<'_> {
    fn read(&mut self, directory: &str, found: &mut Found<'_, '_>) -> Result<(), Problem> {
        if self.session.is_broken {
            self.reopen(found.intake)?;
        }
        let read = self.try_read(directory, found);
        if read.is_err() {
            // Then the connection was shut down for that.
            found.intake.time()?;
        }
        match read {
            // Servers close connections that they had for long.
            Err((Problem::Here(error), false)) if error.is_temporary() => {
                self.reopen(found.intake)?;
                self.try_read(directory, found)
                    .map_err(|(problem, _)| problem)
            }
            read => read.map_err(|(problem, _)| problem),
        }
    }
}

impl Server<'_> {
    /// Begins a new conversation, which knows what the old one has found out.
    fn reopen(&mut self, intake: &Intake<'_>) -> Result<(), Problem> {
        let session = Session::open(self.url, intake).map_err(Problem::Everywhere)?;
        let old = std::mem::replace(&mut self.session, session);
        self.session.way = old.way;
        Ok(())
    }

    /// Reads a directory. A problem comes with whether entries were given before.
    fn try_read(
        &mut self,
        directory: &str,
        found: &mut Found<'_, '_>,
    ) -> Result<(), (Problem, bool)> {
        let mut given = false;
        let enter = self.session.enter(directory);
        let way = enter.and_then(|()| self.session.way());
        let way = way.map_err(|problem| (problem, false))?;
        let mut lines = Lines::default();
        let mut tally = Tally::default();
        let read = self.session.lines(way, |piece| {
            found.intake.bytes(piece.len())?;
            lines.split(piece, |line| {
                let item = match way {
                    Way::Facts => facts::read(line),
                    Way::Text | Way::AllText => text::read(line),
                };
                tally.lines += u32::from(!text::is_said(line));
                let Some(item) = item else {
                    return Ok(());
                };
                tally.items += 1;
                if matches!(item.name, b"." | b"..") {
                    return Ok(());
                }
                match path(directory, item.name) {
                    Some(path) => {
                        given = true;
                        found.entry(entry(path, &item))
                    }
                    None => {
                        found.intake.unusable();
                        Ok(())
                    }
                }
            })
        });
        read.map_err(|problem| (problem, given))?;
        if tally.lines > 0 && tally.items == 0 {
            let error = Error::NoListing("the server lists in a way that nobody knows".to_owned());
            return Err((Problem::Here(error), given));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Tally {
    lines: u32,
    items: u32,
}

fn entry(path: String, item: &Item<'_>) -> Entry {
    Entry {
        path,
        kind: item.kind,
        size: item.size.for_kind(item.kind),
        mtime: item.mtime,
        mode: item.mode,
    }
}
