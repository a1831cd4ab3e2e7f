//! What is looked at of servers that are asked for one directory after the other.

use super::Request;
use mirror_files::{Entry, Kind, Mode, Sink};
use std::ops::ControlFlow;

/// Leaves out what does not count, and what not everybody may read.
pub(super) struct Counting<'a> {
    pub request: &'a Request<'a>,
    /// Whether the rules for the top are for its files as well.
    pub files_too: bool,
    pub sink: &'a mut dyn FnMut(Entry) -> ControlFlow<()>,
}

impl Counting<'_> {
    fn includes(&self, path: &str) -> bool {
        !self.request.subtree.is_empty() || self.request.rules.includes(path, self.files_too)
    }
}

impl Sink for Counting<'_> {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        if let Some(mode) = entry.mode
            && entry.kind == Kind::File
            && !mode.all_may_read()
        {
            if self.includes(&entry.path) {
                (self.request.unreadable)(&mode.to_string(), &entry.path);
            }
            return ControlFlow::Continue(());
        }
        (self.sink)(entry)
    }

    fn enters(&mut self, directory: &Entry) -> bool {
        let path = format!("{}/", directory.path);
        if self.request.rules.excludes(&path) || !self.includes(&path) {
            return false;
        }
        let is_open = directory.mode.is_none_or(Mode::all_may_enter);
        if let Some(mode) = directory.mode.filter(|_| !is_open) {
            (self.request.unreadable)(&mode.to_string(), &directory.path);
        }
        is_open
    }
}
