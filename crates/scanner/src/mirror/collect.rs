//! What a listing shows, taken as it comes.

use super::{Before, Site};
use crate::event::{Event, Note};
use crate::index::Index;
use crate::names::Names;
use crate::rules::{Fragment, is_temporary};
use crate::source::Protocol;
use crate::writer::{BATCH, Change, Numbers, locked};
use background::Progress;
use mirror_db::tables::deviation;
use mirror_db::tables::server::Server;
use mirror_files::compare::{Deviation, Files};
use mirror_files::http::LargeFile;
use mirror_files::{Entry, Kind, Size, Time};
use pg::ConnectionError;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

/// Files of more bytes are more than some servers can deliver (2^31).
const LARGE: u64 = 1 << 31;

/// Paths of more characters do not fit the column.
const LONGEST: usize = 512;

/// So many files are counted at once.
const STEP: u64 = 1000;

/// What was collected so far.
pub(super) struct Collected<'a> {
    site: &'a Site<'a>,
    mirror: &'a Server,
    before: &'a Before,
    protocol: Protocol,
    fragment: Option<Fragment>,
    /// Read with the first entry.
    index: Option<&'a Index>,
    hint: usize,
    failure: Option<ConnectionError>,
    /// Files that count, of the listing that is under way.
    pub files: u64,
    /// Files that the origin does not have.
    pub surplus: u64,
    /// Names that do not fit.
    pub unusable: u64,
    /// Right copies.
    pub right: Files,
    /// Other copies.
    pub deviating: HashMap<u32, deviation::Deviation>,
    /// Right copies that are news, and are not written yet.
    come: Vec<u32>,
    /// The same of files without a number.
    names: Names,
    numbers: Arc<Mutex<Numbers>>,
    large: Vec<Large>,
}

/// A file that the server may not be able to deliver.
struct Large {
    path: String,
    id: Option<u32>,
    size: Size,
}

impl<'a> Collected<'a> {
    pub fn new(site: &'a Site<'a>, mirror: &'a Server, before: &'a Before) -> Self {
        Self {
            site,
            mirror,
            before,
            protocol: Protocol::Http,
            fragment: None,
            index: None,
            hint: 0,
            failure: None,
            files: 0,
            surplus: 0,
            unusable: 0,
            right: Files::default(),
            deviating: HashMap::new(),
            come: Vec::new(),
            names: Names::default(),
            numbers: Arc::default(),
            large: Vec::new(),
        }
    }

    /// Another listing begins. What earlier ones have shown is there all the same.
    pub fn begin(&mut self, protocol: Protocol, fragment: Option<Fragment>) {
        self.protocol = protocol;
        self.fragment = fragment;
        (self.files, self.surplus, self.unusable) = (0, 0, 0);
        self.large.clear();
    }

    /// Whether paths are others here than there.
    pub fn rewrites(&self) -> bool {
        matches!(self.fragment, Some(Fragment::Replace(..)))
    }

    /// About how many files there will be.
    pub fn expected(&self) -> u64 {
        self.before.files.len()
    }

    pub fn note(&self, note: Note<'_>) {
        let event = Event::Note(note);
        self.site.observer.event(self.mirror, &event);
    }

    /// Takes an entry of the listing.
    pub fn take(&mut self, entry: Entry, progress: &dyn Progress) -> ControlFlow<()> {
        if entry.kind != Kind::File {
            return ControlFlow::Continue(());
        }
        if self.index.is_none() {
            match self.site.index.get() {
                Ok(index) => self.index = Some(index),
                Err(error) => {
                    self.failure = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        let before = self.files / STEP;
        if let Some(path) = self.counts(entry.path) {
            self.file(path, entry.size, entry.mtime);
        }
        if self.files / STEP > before {
            progress.advance(STEP);
            if locked(&self.numbers).error.is_some() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// The path as the database has it; `None` if it does not count.
    fn counts(&mut self, path: String) -> Option<String> {
        let rules = self.site.rules;
        let is_rsync = self.protocol == Protocol::Rsync;
        if is_temporary(&path) || !is_rsync && rules.excludes(&path) {
            return None;
        }
        let files_too = self.protocol == Protocol::Ftp;
        if !is_rsync && self.site.is_whole() && !rules.includes(&path, files_too) {
            return None;
        }
        let path = match &self.fragment {
            Some(fragment) => fragment.apply(path)?,
            None => path,
        };
        if path.len() > LONGEST && path.chars().count() > LONGEST {
            self.unusable += 1;
            return None;
        }
        Some(path)
    }

    fn file(&mut self, path: String, size: Size, mtime: Time) {
        let hint = &mut self.hint;
        let known = self.index.and_then(|index| index.get_near(&path, hint));
        if size == Size::Exact(0) && path.ends_with(".iso") {
            self.note(Note::Empty(self.protocol, &path));
            if let Some(known) = known {
                self.deviates(known.id, Deviation::Empty, size, mtime);
            }
            return;
        }
        if let Some(known) = known {
            let tolerance = self.site.rules.tolerance(&path);
            if let Some(kind) = known.version.deviation_of(size, mtime, tolerance) {
                self.files += 1;
                self.deviates(known.id, kind, size, mtime);
                return;
            }
        }
        if let Size::Exact(bytes) | Size::Between(bytes, _) = size
            && bytes > LARGE
            && !known.is_some_and(|known| self.before.files.contains(known.id))
        {
            let id = known.map(|known| known.id);
            self.large.push(Large { path, id, size });
            return;
        }
        match known {
            Some(known) => self.right(known.id),
            None => self.new_file(&path),
        }
    }

    fn right(&mut self, id: u32) {
        self.files += 1;
        if self.right.insert(id) && !self.before.files.contains(id) {
            self.come.push(id);
            self.flush_full();
        }
    }

    fn deviates(&mut self, id: u32, kind: Deviation, size: Size, mtime: Time) {
        let deviation = deviation::Deviation {
            file_id: i32::try_from(id).unwrap_or(i32::MAX),
            kind: kind.as_str().to_owned(),
            size: match size {
                Size::Exact(bytes) => i64::try_from(bytes).ok(),
                _ => None,
            },
            mtime: match mtime {
                Time::Exact(second) => Some(second),
                _ => None,
            },
        };
        self.deviating.insert(id, deviation);
    }

    fn new_file(&mut self, path: &str) {
        // Of a list of files those count that are known.
        if self.site.knows_origin || !self.site.files.is_empty() {
            self.surplus += 1;
            return;
        }
        self.files += 1;
        self.names.push(path);
        self.flush_full();
    }

    fn flush_full(&mut self) {
        if self.come.len() + self.names.len() >= BATCH {
            self.change(Vec::new());
        }
    }

    /// Has written what is news, and what is gone. What a mirror has it has, whatever becomes of the rest of a
    /// listing.
    pub fn change(&mut self, gone: Vec<u32>) {
        if self.come.is_empty() && self.names.len() == 0 && gone.is_empty() {
            return;
        }
        self.site.writer.change(Change {
            mirror: i16::try_from(self.mirror.id).unwrap_or(-1),
            come: std::mem::take(&mut self.come),
            gone,
            names: std::mem::take(&mut self.names),
            result: Arc::clone(&self.numbers),
        });
    }

    /// Asks the server whether it can deliver what is large, and takes what it can.
    pub fn check_large(&mut self) {
        let large = std::mem::take(&mut self.large);
        if large.is_empty() {
            return;
        }
        let client = self.site.sources.client();
        let base = self.mirror.baseurl.split('#').next().unwrap_or_default();
        for Large { path, id, size } in large {
            let answer = match base {
                // What has no URL of HTTP is not asked.
                "" => LargeFile::Delivered,
                base => client.check_large(base, &path, size),
            };
            let can = match answer {
                LargeFile::Delivered => true,
                LargeFile::MovedToFtp => {
                    self.note(Note::MovedToFtp);
                    true
                }
                LargeFile::Status(status) => {
                    self.note(Note::Status(status));
                    false
                }
                LargeFile::NoRanges(url) => {
                    self.note(Note::NoRanges(&url));
                    false
                }
            };
            match (can, id) {
                (true, Some(id)) => self.right(id),
                (true, None) => self.new_file(&path),
                (false, Some(id)) => {
                    self.deviates(id, Deviation::TooLarge, size, Time::Unknown);
                }
                (false, None) => {}
            }
        }
    }

    /// Fails if the database could not be asked.
    pub fn check(&mut self) -> Result<(), ConnectionError> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// The numbers of files that had none. They are there once all changes are written.
    pub fn numbers(&self) -> Result<Files, ConnectionError> {
        let mut numbers = locked(&self.numbers);
        match numbers.error.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut numbers.files)),
        }
    }
}
