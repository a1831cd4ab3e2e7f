//! rsync's daemons, asked by the program of the system.
//!
//! ```no_run
//! use mirror_files::{Entry, Options, rsync};
//! use std::ops::ControlFlow;
//!
//! let options = Options::default();
//! let listing = rsync::list("rsync://mirror.example.org/pub", &options, &mut |entry: Entry| {
//!     println!("{}", entry.path);
//!     ControlFlow::Continue(())
//! })?;
//! for unread in &listing.unread {
//!     eprintln!("{}: {}", unread.path, unread.error);
//! }
//! # Ok::<(), mirror_files::Error>(())
//! ```

mod greeting;
mod line;
mod outcome;
mod program;
mod target;

use crate::intake::{Intake, Stop, long_path, subtree};
use crate::lines::Lines;
use crate::{Entry, Error, Listing, Options, Sink, Size};
use program::Program;
use target::Target;

#[doc(hidden)]
pub use line::entry as read_line;

/// Lists what a daemon has. Sizes and times are exact, and modes are told.
///
/// URLs are `rsync://[user[:password]@]host[:port]/module[/path]`, the same without `rsync://`, and
/// `[user@]host::module[/path]`. There are no percent escapes in them. The password is not seen among the arguments of the
/// program.
///
/// The program runs in a process group of its own, which is killed when nobody wants more, when it takes too long, or
/// when this ends by a panic. Memory: 64 KiB for each listing, and a line.
///
/// # Errors
/// If nothing could be listed. A server that has as many visitors as it takes, and a broken connection, are
/// [`Error::Later`]. What breaks off after some entries is in [`Listing::unread`]: all of the listing, since nobody knows what
/// would have come.
pub fn list(url: &str, options: &Options, sink: &mut dyn Sink) -> Result<Listing, Error> {
    let mut target = Target::parse(url)?;
    let below = subtree(options)?.to_owned();
    let mut intake = Intake::new(options, sink);
    let mut end = run(&target, &below, &mut intake);
    if let Err(Stop::Error(Error::Server(_))) = end
        && intake.is_empty()
        && greeting::is_refused(&target.host, target.port, options.idle)
    {
        match greeting::relay(&target.host, target.port, options.idle) {
            Ok(port) => {
                (target.host, target.port) = ("127.0.0.1".to_owned(), port);
                end = run(&target, &below, &mut intake);
            }
            Err(error) => {
                let what = "it cannot be asked once more".to_owned();
                end = Err(Error::System { what, error }.into());
            }
        }
    }
    intake.finish(end)
}

fn run(target: &Target, below: &str, intake: &mut Intake<'_>) -> Result<(), Stop> {
    let mut program = Program::start(target, below, intake.options)?;
    let mut lines = Lines::default();
    loop {
        let piece = program.read(intake)?;
        if piece.is_empty() {
            break;
        }
        intake.bytes(piece.len())?;
        lines.split(piece, |line| take(line, below, intake))?;
    }
    let cut = lines.is_cut();
    let (status, said) = program.finish(intake)?;
    outcome::of(status, &said)?;
    match cut {
        true => Err(Error::Ended.into()),
        false => Ok(()),
    }
}

/// Takes one line of the listing.
fn take(line: &[u8], below: &str, intake: &mut Intake<'_>) -> Result<(), Stop> {
    let Some(found) = line::entry(line) else {
        let start = String::from_utf8_lossy(line.get(..80).unwrap_or(line)).into_owned();
        let problem = format!("rsync says {start:?}, which is no line of a listing");
        return Err(Error::NoListing(problem).into());
    };
    if *found.name == *b"." {
        return Ok(());
    }
    let path = std::str::from_utf8(&found.name)
        .ok()
        .and_then(|name| long_path(below, name));
    let Some(path) = path else {
        intake.unusable();
        return Ok(());
    };
    let size = Size::Exact(found.size).for_kind(found.kind);
    intake.entry(Entry {
        path,
        kind: found.kind,
        size,
        mtime: found.mtime,
        mode: Some(found.mode),
    })?;
    Ok(())
}
