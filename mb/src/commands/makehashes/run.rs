//! The run: directory by directory, breadth first, as many at a time as are worth it.

mod compare;
mod finish;
mod make;

use super::known::Known;
use super::listing::{Item, Listing, Visit, relative};
use super::report::Report;
use super::stamps::{self, Lock};
use super::{Settings, hasher};
use crate::error::Failure;
use crate::python::repr;
use background::Progress;
use mirror_db::tables::hash::record;
use pg::Connection;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Directories that are worked on, and locked, at a time.
const DIRECTORIES: usize = 64;
/// Files to be hashed that are enough for a time.
const FILES: usize = 2000;
/// How often a file that was changing is tried again.
const ATTEMPTS: u32 = 2;

pub(super) struct Run<'a> {
    settings: &'a Settings,
    connection: &'a mut Connection,
    report: Report<'a>,
    known: Known,
    waiting: VecDeque<Visit>,
    /// Directories with files that were changing.
    again: Vec<Visit>,
    unlinked_files: u64,
    unlinked_directories: u64,
}

/// What is to be done for a file.
enum Task {
    Nothing,
    /// Only its signature is another one: id and version of the row.
    Sign(i32, (i64, i32)),
    Hash,
}

struct Step {
    item: Item,
    relative: String,
    task: Task,
    /// Whether `filearr` has it, and `hash`.
    is_listed: bool,
    is_recorded: bool,
}

/// A directory that is worked on.
struct Open {
    visit: Visit,
    stamps: PathBuf,
    _lock: Option<Lock>,
    directories: Vec<OsString>,
    steps: Vec<Step>,
    /// Stamps that are there, and whether they are directories.
    old_stamps: BTreeMap<OsString, bool>,
    /// Rows whose files are gone: those that have a stamp, so that rows of other trees, or from elsewhere, stay.
    obsolete: Vec<(i32, String)>,
}

impl<'a> Run<'a> {
    pub fn new(
        settings: &'a Settings,
        connection: &'a mut Connection,
        report: Report<'a>,
    ) -> Result<Self, Failure> {
        let known = Known::read(connection)?;
        let start = settings.start.clone();
        let relative = relative(&start, &settings.base)
            .ok_or_else(|| Failure::new(format!("{}: is not UTF-8", start.display())))?;
        Ok(Self {
            settings,
            connection,
            report,
            known,
            waiting: VecDeque::from([Visit {
                source: start,
                relative,
                attempt: 0,
            }]),
            again: Vec::new(),
            unlinked_files: 0,
            unlinked_directories: 0,
        })
    }

    /// Does all there is to do. Whether nothing failed.
    pub fn all(mut self) -> Result<bool, Failure> {
        self.refuse_empty_tree()?;
        if self.report.has_bar() {
            let total = self.measure();
            self.report.bar().begin("hashing", Some(total));
        }
        loop {
            while !self.waiting.is_empty() {
                let open = self.open_some()?;
                self.work(open)?;
            }
            if self.again.is_empty() {
                break;
            }
            // By then those that were only fresh have settled.
            thread::sleep(Duration::from_secs(hasher::FRESH.unsigned_abs()));
            self.waiting.extend(self.again.drain(..));
        }
        if self.unlinked_files + self.unlinked_directories > 0 {
            self.report.line(format_args!(
                "Unlinked {} files, {} directories.",
                self.unlinked_files, self.unlinked_directories
            ))?;
        }
        let is_complete = self.report.totals.failed.is_empty();
        self.report.end()?;
        Ok(is_complete)
    }

    /// A tree that is empty where there was one is probably not mounted.
    fn refuse_empty_tree(&self) -> Result<(), Failure> {
        let start = &self.settings.start;
        let listing = Listing::read(start, self.settings)
            .map_err(|error| Failure::new(format!("{}: {error}", start.display())))?;
        let stamps = stamps::list(&self.settings.stamps_of(start))?;
        if listing.is_empty && !stamps.is_empty() && !self.settings.force {
            let start = start.display();
            return Err(Failure::new(format!("{start} is empty, and was not"))
                .hint("is it mounted? With --force the hashes of all its files are removed"));
        }
        Ok(())
    }

    /// Bytes that are to be hashed.
    fn measure(&self) -> u64 {
        let mut total = 0;
        let mut waiting: Vec<PathBuf> = vec![self.settings.start.clone()];
        while let Some(directory) = waiting.pop() {
            let Ok(listing) = Listing::read(&directory, self.settings) else {
                continue;
            };
            let known = relative(&directory, &self.settings.base)
                .map_or(&[][..], |relative| self.known.of(&relative));
            let files = listing.files.iter();
            total += files
                .filter(|item| self.is_to_be_hashed(item, known))
                .map(|item| item.size)
                .sum::<u64>();
            let directories = listing.directories.iter();
            waiting.extend(directories.map(|name| directory.join(name)));
        }
        total
    }

    /// Opens directories until there is enough to do.
    fn open_some(&mut self) -> Result<Vec<Open>, Failure> {
        let mut opened = Vec::new();
        let mut files = 0;
        while opened.len() < DIRECTORIES && files < FILES {
            let Some(visit) = self.waiting.pop_front() else {
                break;
            };
            if let Some(open) = self.open(visit)? {
                let tasks = open.steps.iter();
                files += tasks
                    .filter(|step| !matches!(step.task, Task::Nothing))
                    .count();
                opened.push(open);
            }
        }
        Ok(opened)
    }

    /// Locks and lists a directory; `None` if that is not to be.
    fn open(&mut self, visit: Visit) -> Result<Option<Open>, Failure> {
        let stamps = self.settings.stamps_of(&visit.source);
        let source = visit.source.clone();
        match self.lock_and_list(visit, stamps) {
            Ok(open) => Ok(open),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !source.exists() => {
                self.report
                    .warn(format_args!("{}: it has gone", source.display()));
                Ok(None)
            }
            Err(error) => {
                self.failed(&source, error);
                Ok(None)
            }
        }
    }

    fn lock_and_list(&mut self, visit: Visit, stamps: PathBuf) -> std::io::Result<Option<Open>> {
        let mut lock = None;
        if !self.settings.dry_run {
            stamps::make_directory(&stamps, &visit.source, self.settings)?;
            lock = Lock::take(&stamps.join(stamps::LOCK))?;
            if lock.is_none() {
                let source = visit.source.as_os_str().as_encoded_bytes();
                let line = format!("Skipping {}, which is locked", repr(source));
                self.report.line(line)?;
                let locked = visit.source.display().to_string();
                self.report.totals.locked.push(locked);
                return Ok(None);
            }
        } else if !stamps.is_dir() {
            let stamps = stamps.display();
            let said = format!("there is no {stamps}, which a dry run does not make");
            return Err(std::io::Error::other(said));
        }
        let listing = Listing::read(&visit.source, self.settings)?;
        if visit.attempt == 0 {
            self.report.totals.directories += 1;
            for name in &listing.directories {
                self.descend(&visit.source.join(name));
            }
        }
        let old_stamps = stamps::list(&stamps)?;
        let mut open = Open {
            visit,
            stamps,
            _lock: lock,
            directories: Vec::new(),
            steps: Vec::new(),
            old_stamps,
            obsolete: Vec::new(),
        };
        self.compare(listing, &mut open);
        Ok(Some(open))
    }

    fn descend(&mut self, directory: &Path) {
        match relative(directory, &self.settings.base) {
            Some(relative) => self.waiting.push_back(Visit {
                source: directory.to_owned(),
                relative,
                attempt: 0,
            }),
            None => self.report.warn(format_args!(
                "{}: its name is not UTF-8, so the database cannot hold it",
                directory.display()
            )),
        }
    }

    fn failed(&mut self, path: &Path, why: impl std::fmt::Display) {
        let path = path.display().to_string();
        self.report.warn(format_args!("{path}: {why}"));
        self.report.totals.failed.push(path);
    }

    /// Works on directories, and lets them go.
    fn work(&mut self, mut opened: Vec<Open>) -> Result<(), Failure> {
        self.look_up(&mut opened)?;
        if self.settings.dry_run {
            for open in &opened {
                self.tell(open)?;
                self.finish(open)?;
            }
            return Ok(());
        }
        self.make(&opened)?;
        Ok(self.report.flush()?)
    }

    /// Asks once more for files that are to be hashed: another run may have done it since, and
    /// which of them have no row at all is wanted, too.
    fn look_up(&mut self, opened: &mut [Open]) -> Result<(), Failure> {
        let mut asked: Vec<&mut Step> = opened
            .iter_mut()
            .flat_map(|open| &mut open.steps)
            .filter(|step| matches!(step.task, Task::Hash))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let paths: Vec<&str> = asked.iter().map(|step| &*step.relative).collect();
        let found = record::of_paths(self.connection, &paths)?;
        let found: BTreeMap<String, Option<(i64, i32)>> = found
            .into_iter()
            .map(|known| (known.path, known.version))
            .collect();
        for step in &mut asked {
            let version = found.get(&step.relative);
            step.is_listed = version.is_some();
            step.is_recorded = matches!(version, Some(Some(_)));
            let is_current = matches!(version, Some(Some((size, mtime)))
                if u64::try_from(*size) == Ok(step.item.size) && i64::from(*mtime) == step.item.mtime);
            if is_current && !self.settings.force {
                step.task = Task::Nothing;
            }
        }
        Ok(())
    }
}
