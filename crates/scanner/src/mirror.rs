//! The scan of one mirror.

mod collect;
mod settle;

use crate::event::{Event, Note, Observer};
use crate::index::LazyIndex;
use crate::outcome::{Failure, Outcome};
use crate::rules::{Fragment, Rules};
use crate::source::{self, Protocol, Request};
use crate::turns::Turn;
use crate::writer::Writer;
use collect::Collected;
use mirror_db::tables::deviation::{self, Deviation};
use mirror_db::tables::filearr::listed;
use mirror_db::tables::scan;
use mirror_db::tables::server::Server;
use mirror_files::Listing;
use mirror_files::compare::{Files, Guard};
use pg::{Connection, ConnectionError};
use std::collections::HashMap;
use std::time::{Instant, SystemTime};

/// What all scans of a run have in common.
pub(crate) struct Site<'a> {
    pub index: &'a LazyIndex<'a>,
    pub rules: &'a Rules,
    pub guard: Guard,
    /// Whether removals are not guarded.
    pub force: bool,
    /// Whether what mirrors have is read from `filearr`, whatever snapshots say.
    pub full: bool,
    /// The directory that is scanned; empty for all.
    pub subtree: &'a str,
    /// The files that are looked at; all, if there are none.
    pub files: &'a [String],
    /// Whether only files of the origin count.
    pub knows_origin: bool,
    /// Whether the tables of the migrations are there.
    pub has_tables: bool,
    pub sources: &'a source::Settings,
    pub writer: &'a Writer,
    pub observer: &'a dyn Observer,
}

impl Site<'_> {
    /// Whether all of a mirror is looked at.
    pub fn is_whole(&self) -> bool {
        self.subtree.is_empty() && self.files.is_empty()
    }
}

/// What is known of a mirror before it is scanned.
pub(super) struct Before {
    /// What it has, below the directory that is scanned.
    pub files: Files,
    /// Whether that is what a snapshot says.
    pub is_snapshot: bool,
    /// Copies that were not the right ones, by file.
    pub deviations: HashMap<u32, Deviation>,
    /// What waits for a second scan.
    pub held: Option<Files>,
}

/// How a mirror was listed.
pub(super) struct Read {
    pub protocol: Protocol,
    pub listing: Listing,
}

/// Scans a mirror, and brings what came of it into the database.
pub(crate) fn scan(
    site: &Site<'_>,
    mirror: &Server,
    connection: &mut Connection,
    turn: &Turn<'_>,
) -> Outcome {
    let started = SystemTime::now();
    let mut outcome = Outcome::default();
    site.observer.event(mirror, &Event::Began);
    if let Err(failure) = attempt(site, mirror, connection, turn, &mut outcome, started) {
        outcome.failure = Some(failure);
    }
    site.observer.ended(mirror, &outcome);
    outcome
}

fn attempt(
    site: &Site<'_>,
    mirror: &Server,
    connection: &mut Connection,
    turn: &Turn<'_>,
    outcome: &mut Outcome,
    started: SystemTime,
) -> Result<(), Failure> {
    let clock = Instant::now();
    let before = before(site, mirror, connection)?;
    outcome.before = before.files.len();
    outcome.after = outcome.before;
    site.observer.event(mirror, &Event::Before(outcome.before));
    let mut collected = Collected::new(site, mirror, &before);
    let read = match read(site, mirror, &mut collected) {
        Ok(read) => read,
        Err(failure) => {
            outcome.failure = Some(failure);
            settle::record_failure(site, mirror, outcome, started)?;
            return Ok(());
        }
    };
    collected.check_large();
    outcome.protocol = Some(read.protocol);
    outcome.entries = read.listing.entries;
    outcome.bytes = read.listing.bytes;
    let elapsed = clock.elapsed();
    let listed = Event::Listed(collected.files, elapsed);
    site.observer.event(mirror, &listed);
    turn.wait();
    settle::settle(
        site,
        mirror,
        connection,
        outcome,
        settle::Scan {
            before: &before,
            read: &read,
            collected,
            started,
            elapsed,
        },
    )
}

/// Reads what the database knows of a mirror.
fn before(
    site: &Site<'_>,
    mirror: &Server,
    connection: &mut Connection,
) -> Result<Before, ConnectionError> {
    let is_whole = site.is_whole();
    let mut before = Before {
        files: Files::default(),
        is_snapshot: false,
        deviations: HashMap::new(),
        held: None,
    };
    if site.has_tables {
        let bytes = scan::held(connection, mirror.id)?;
        before.held = bytes.and_then(|bytes| Files::from_bytes(&bytes).ok());
        let all = deviation::of(connection, mirror.id)?;
        let by_file = |d: Deviation| Some((u32::try_from(d.file_id).ok()?, d));
        before.deviations = all.into_iter().filter_map(by_file).collect();
        if is_whole && !site.full {
            let bytes = scan::snapshot(connection, mirror.id)?;
            if let Some(files) = bytes.and_then(|bytes| Files::from_bytes(&bytes).ok()) {
                before.files = files;
                before.is_snapshot = true;
                return Ok(before);
            }
        }
    }
    let mut ids = Vec::new();
    if !site.files.is_empty() {
        listed::of_paths(connection, mirror.id, site.files, |row, is_held| {
            if is_held {
                ids.extend(u32::try_from(row.id));
            }
        })?;
        before.files = ids.into_iter().collect();
        let here: Files = site.index.get()?.ids().collect();
        before.deviations.retain(|id, _| here.contains(*id));
        return Ok(before);
    }
    let directory = (!is_whole).then_some(site.subtree);
    listed::each_held(connection, mirror.id, directory, |id| {
        ids.extend(u32::try_from(id));
    })?;
    ids.sort_unstable();
    before.files = ids.into_iter().collect();
    if !is_whole {
        // What is elsewhere is not looked at.
        let here: Files = site.index.get()?.ids().collect();
        before.deviations.retain(|id, _| here.contains(*id));
    }
    Ok(before)
}

/// Lists the mirror by the first protocol that can.
fn read(site: &Site<'_>, mirror: &Server, collected: &mut Collected<'_>) -> Result<Read, Failure> {
    let urls = Protocol::urls(mirror);
    if urls.is_empty() {
        return Err(Failure::NoUrl);
    }
    let mut failed = Vec::new();
    let mut poor: Option<Read> = None;
    let request = Request {
        subtree: site.subtree,
        files: site.files,
        rules: site.rules,
        unreadable: &|mode, path| {
            let note = Event::Note(Note::Unreadable(mode, path));
            site.observer.event(mirror, &note);
        },
    };
    for (protocol, url) in urls {
        let (url, fragment) = Fragment::split(url)?;
        collected.begin(protocol, fragment);
        let progress = site.observer.progress(mirror);
        progress.begin(&mirror.identifier, Some(collected.expected()));
        let listed = site.sources.list(protocol, url, &request, &mut |entry| {
            collected.take(entry, &*progress)
        });
        progress.end();
        collected.check()?;
        let (listing, error) = match listed {
            Ok(listing) => (Some(listing), None),
            Err(error) => (None, Some(error.to_string())),
        };
        if let Some(error) = error.or_else(|| base_error(listing.as_ref())) {
            site.observer
                .event(mirror, &Event::Failed(protocol, error.clone()));
            failed.push((protocol, error));
        } else if let Some(listing) = listing {
            let read = Read { protocol, listing };
            // A server that shows things, and nothing that counts, shows others more.
            if collected.files > 0 || read.listing.entries == 0 {
                return Ok(read);
            }
            poor.get_or_insert(read);
            continue;
        }
        // What a listing had shown before it broke off is there all the same.
        if let Some(listing) = listing.filter(|_| collected.files > 0) {
            poor.get_or_insert(Read { protocol, listing });
        }
    }
    poor.ok_or(Failure::Unread(failed))
}

/// Why the base of a listing could not be read, or not to its end.
fn base_error(listing: Option<&Listing>) -> Option<String> {
    let unread = listing?
        .unread
        .iter()
        .find(|unread| unread.path.is_empty())?;
    Some(unread.error.to_string())
}
