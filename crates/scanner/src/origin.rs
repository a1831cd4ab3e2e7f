//! The origin: which files there are, and which version of each mirrors should have.

use crate::index::Index;
use crate::outcome::{Failure, Outcome};
use crate::rules::{Rules, is_temporary};
use crate::source::{Protocol, Request, Settings, local};
use crate::writer::BATCH;
use background::Progress;
use mirror_db::tables::filearr::merge::{self, OriginFile};
use mirror_db::tables::scan::{self, Scan};
use mirror_files::compare::{Files, Guard, Version};
use mirror_files::{Entry, Error, Kind, Listing, Size, Time};
use pg::{Connection, ConnectionError, ConnectionInfo};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// The longest that one statement may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Where the origin is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A directory of this machine.
    Directory(PathBuf),
    /// A URL of rsync.
    Rsync(String),
}

impl Origin {
    /// What a text means: a path, or a URL.
    pub fn parse(text: &str) -> Self {
        match text.starts_with("rsync:") || text.contains("::") {
            true => Self::Rsync(text.to_owned()),
            false => Self::Directory(text.into()),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Directory(_) => "local",
            Self::Rsync(_) => Protocol::Rsync.as_str(),
        }
    }
}

/// How the origin is scanned.
#[derive(Debug)]
pub struct OriginScan<'a> {
    /// Where it is.
    pub origin: &'a Origin,
    /// Which files count.
    pub rules: &'a Rules,
    /// How many files may go at once.
    pub guard: Guard,
    /// Whether any number may.
    pub force: bool,
    /// How servers are asked.
    pub sources: &'a Settings,
}

struct Work<'a> {
    connection: &'a mut Connection,
    index: &'a Index,
    new: Vec<(String, i64, i64)>,
    changed: Vec<(i32, i64, i64)>,
    seen: Files,
    news: Vec<i32>,
    outcome: Outcome,
    failure: Option<ConnectionError>,
}

impl OriginScan<'_> {
    /// Keeps size and mtime of the origin's files in the database. Of `added` of the outcome are files that are new
    /// or changed, of `removed` those that are gone; the mirrors of a file that has changed hold another
    /// version, and leave its row until they are scanned.
    ///
    /// # Errors
    /// If the database fails, or lacks the tables. What is wrong with the origin is in the outcome.
    pub fn run(
        &self,
        database: &ConnectionInfo,
        progress: &dyn Progress,
    ) -> Result<Outcome, ConnectionError> {
        let started = SystemTime::now();
        let mut connection = Connection::open(database, &[], PATIENCE)?;
        let index = Index::load(&mut connection, None)?;
        let before = index.ids_of_origin().collect::<Files>();
        let mut work = Work {
            connection: &mut connection,
            index: &index,
            new: Vec::new(),
            changed: Vec::new(),
            seen: Files::default(),
            news: Vec::new(),
            outcome: Outcome {
                before: before.len(),
                ..Outcome::default()
            },
            failure: None,
        };
        progress.begin("origin", Some(work.outcome.before));
        let listed = self.list(&mut |entry| work.take(self.rules, entry, progress));
        progress.end();
        if let Some(error) = work.failure.take() {
            return Err(error);
        }
        work.flush()?;
        let gone = match listed {
            Ok(listing) => self.settle(&mut work.outcome, &listing, &before, &work.seen),
            Err(error) => {
                work.outcome.failure = Some(Failure::Incomplete {
                    directory: "it".to_owned(),
                    reason: error.to_string(),
                    more: 0,
                });
                Files::default()
            }
        };
        let Work { news, outcome, .. } = work;
        finish(
            &mut connection,
            self.origin.word(),
            outcome,
            &news,
            &gone,
            started,
        )
    }

    fn list(&self, sink: &mut dyn FnMut(Entry) -> ControlFlow<()>) -> Result<Listing, Error> {
        match self.origin {
            Origin::Directory(tree) => local::list(tree, "", sink),
            Origin::Rsync(url) => {
                let request = Request {
                    subtree: "",
                    files: &[],
                    rules: self.rules,
                    unreadable: &|_, _| (),
                };
                self.sources.list(Protocol::Rsync, url, &request, sink)
            }
        }
    }

    /// What is gone, if that can be believed.
    fn settle(
        &self,
        outcome: &mut Outcome,
        listing: &Listing,
        before: &Files,
        seen: &Files,
    ) -> Files {
        outcome.entries = listing.entries;
        outcome.unusable = listing.unusable;
        outcome.bytes = listing.bytes;
        if let Some(unread) = listing.unread.first() {
            outcome.failure = Some(Failure::Incomplete {
                directory: unread.path.clone(),
                reason: unread.error.to_string(),
                more: listing.unread.len() - 1,
            });
            return Files::default();
        }
        let gone = before.without(seen);
        if !self.force && self.guard.stops(before.len(), gone.len()) {
            outcome.failure = Some(Failure::Held {
                removed: gone.len(),
                files: before.len(),
            });
            return Files::default();
        }
        outcome.removed = gone.len();
        gone
    }
}

impl Work<'_> {
    fn take(&mut self, rules: &Rules, entry: Entry, progress: &dyn Progress) -> ControlFlow<()> {
        let (Kind::File, Size::Exact(size), Time::Exact(mtime)) =
            (entry.kind, entry.size, entry.mtime)
        else {
            return ControlFlow::Continue(());
        };
        let path = entry.path;
        if is_temporary(&path) || rules.excludes(&path) || path.chars().count() > 512 {
            return ControlFlow::Continue(());
        }
        self.outcome.files += 1;
        if self.outcome.files.is_multiple_of(1000) {
            progress.advance(1000);
        }
        let Ok(bytes) = i64::try_from(size) else {
            return ControlFlow::Continue(());
        };
        let version = Version {
            size: Some(size),
            mtime: Some(mtime),
        };
        match self.index.get(&path) {
            Some(known) => {
                self.seen.insert(known.id);
                if known.version != version {
                    self.changed
                        .extend(i32::try_from(known.id).map(|id| (id, bytes, mtime)));
                }
            }
            None => self.new.push((path, bytes, mtime)),
        }
        if self.new.len() + self.changed.len() >= BATCH
            && let Err(error) = self.flush()
        {
            self.failure = Some(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn flush(&mut self) -> Result<(), ConnectionError> {
        let new = std::mem::take(&mut self.new);
        let mut changed = std::mem::take(&mut self.changed);
        if new.is_empty() && changed.is_empty() {
            return Ok(());
        }
        let mut transaction = self.connection.transaction()?;
        merge::lock(&mut transaction)?;
        let files: Vec<OriginFile<'_>> = new
            .iter()
            .map(|(path, size, mtime)| OriginFile {
                path,
                size: *size,
                mtime: *mtime,
            })
            .collect();
        let added = merge::add_origin(&mut transaction, &files)?;
        for ((id, was_known), file) in added.iter().zip(&files) {
            match was_known {
                true => changed.push((*id, file.size, file.mtime)),
                false => self.news.push(*id),
            }
        }
        if !changed.is_empty() {
            merge::set_versions(&mut transaction, &changed)?;
            self.news.extend(changed.iter().map(|(id, ..)| *id));
        }
        transaction.commit()
    }
}

fn finish(
    connection: &mut Connection,
    protocol: &'static str,
    mut outcome: Outcome,
    news: &[i32],
    gone: &Files,
    started: SystemTime,
) -> Result<Outcome, ConnectionError> {
    outcome.added = u64::try_from(news.len()).unwrap_or(u64::MAX);
    outcome.after = outcome.files;
    let mut transaction = connection.transaction()?;
    merge::lock(&mut transaction)?;
    let ids: Vec<i32> = gone
        .iter()
        .filter_map(|id| i32::try_from(id).ok())
        .collect();
    for ids in ids.chunks(BATCH) {
        merge::forget_versions(&mut transaction, ids)?;
    }
    let number = scan::insert(
        &mut transaction,
        &Scan {
            mirror: None,
            protocol: Some(protocol),
            started,
            subtree: String::new(),
            entries: outcome.entries,
            files: outcome.files,
            added: outcome.added,
            removed: outcome.removed,
            deviating: 0,
            surplus: 0,
            bytes: outcome.bytes,
            outcome: outcome.word(),
            error: outcome.reason(),
        },
    )?;
    for ids in news.chunks(BATCH) {
        scan::note_changes(&mut transaction, number, ids)?;
    }
    transaction.commit()?;
    Ok(outcome)
}
