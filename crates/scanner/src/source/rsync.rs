//! rsync, by the program of the system.

use super::{Request, Settings};
use mirror_files::{Entry, Error, Kind, Listing, Mode, Options, rsync};
use std::ops::ControlFlow;

pub(super) fn list(
    settings: &Settings,
    url: &str,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let rules = request.rules;
    let top = rules.top_include.iter();
    let options = Options {
        rsync_excludes: rules.exclude_rsync.clone(),
        rsync_top: top.map(|pattern| pattern.text.clone()).collect(),
        rsync_files: request.files.to_vec(),
        ..settings.options(request)
    };
    rsync::list(url, &options, &mut |entry: Entry| {
        // What is not for everybody is not served either.
        let is_closed = entry.kind == Kind::File && !entry.mode.is_none_or(Mode::others_may_read);
        match is_closed {
            true => ControlFlow::Continue(()),
            false => sink(entry),
        }
    })
}
