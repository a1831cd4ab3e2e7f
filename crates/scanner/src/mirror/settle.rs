//! What follows from a listing, and how it gets into the database.

use super::collect::Collected;
use super::{Before, Read, Site};
use crate::event::Event;
use crate::outcome::{Failure, Outcome};
use crate::source::Protocol;
use crate::writer::{BATCH, Finish, Held, Snapshot};
use mirror_db::tables::deviation::Deviation;
use mirror_db::tables::filearr::{self, listed};
use mirror_db::tables::scan;
use mirror_db::tables::server::Server;
use mirror_files::compare::{Difference, Files};
use pg::{Connection, ConnectionError};
use std::time::{Duration, Instant, SystemTime};

/// A mirror that was listed.
pub(super) struct Scan<'a, 's> {
    pub before: &'a Before,
    pub read: &'a Read,
    pub collected: Collected<'s>,
    pub started: SystemTime,
    pub elapsed: Duration,
}

/// Brings into the database what a listing says.
pub(super) fn settle(
    site: &Site<'_>,
    mirror: &Server,
    connection: &mut Connection,
    outcome: &mut Outcome,
    scan: Scan<'_, '_>,
) -> Result<(), Failure> {
    let Scan {
        before,
        read,
        mut collected,
        started,
        elapsed,
    } = scan;
    let unread = unread(site, connection, before, read, &collected)?;
    let mut difference = Difference::between(&before.files, &collected.right, &unread);
    let held = guard(site, mirror, connection, before, &mut difference)?;
    outcome.files = collected.files;
    outcome.surplus = collected.surplus;
    outcome.unusable = collected.unusable + read.listing.unusable;
    outcome.deviating = number(collected.deviating.len());
    outcome.removed = difference.removed.len();
    outcome.failure = failure(site, mirror, before, read, &held);
    let event = Event::Gone(outcome.removed);
    site.observer.event(mirror, &event);

    let clock = Instant::now();
    let gone: Vec<u32> = difference.removed.iter().collect();
    for gone in gone.chunks(BATCH) {
        collected.change(gone.to_vec());
    }
    collected.change(Vec::new());
    let is_same = before.is_snapshot && difference == Difference::default();
    let mut finish = Finish {
        scan: row(site, mirror, outcome, started),
        mirror: mirror.id,
        rate: rate(site, outcome, elapsed),
        snapshot: Snapshot::Unknown,
        held,
        deviations: Vec::new(),
        cleared: Vec::new(),
    };
    // The numbers of new files come from the writer, which has had all changes once it answers.
    site.writer.flush();
    let new = collected.numbers()?;
    difference.added = difference.added.or(&new.without(&before.files));
    let after = difference.apply(&before.files);
    outcome.added = difference.added.len();
    outcome.after = after.len();
    finish.scan.added = outcome.added;
    (finish.deviations, finish.cleared) = deviations(before, &collected, &after, &unread);
    if finish.rate.is_some() {
        finish.snapshot = match is_same && new.is_empty() {
            true => Snapshot::Same,
            false => Snapshot::New(after),
        };
    }
    site.writer.finish(finish)?;
    let delta = i64::try_from(outcome.after).unwrap_or(i64::MAX)
        - i64::try_from(outcome.before).unwrap_or(i64::MAX);
    let event = Event::After(outcome.after, delta, clock.elapsed());
    site.observer.event(mirror, &event);
    Ok(())
}

/// Files of which nothing is known: they were not listed, and where they are was not read.
fn unread(
    site: &Site<'_>,
    connection: &mut Connection,
    before: &Before,
    read: &Read,
    collected: &Collected<'_>,
) -> Result<Files, ConnectionError> {
    let listing = &read.listing;
    if listing.is_complete() {
        return Ok(Files::default());
    }
    let mut missing = before.files.without(&collected.right);
    missing.extend(before.deviations.keys().copied());
    for id in collected.deviating.keys() {
        missing.remove(*id);
    }
    if !listing.covers(site.subtree) || collected.rewrites() {
        return Ok(missing);
    }
    let ids: Vec<i32> = missing
        .iter()
        .filter_map(|id| i32::try_from(id).ok())
        .collect();
    let mut unread = Files::default();
    for ids in ids.chunks(BATCH) {
        for (id, path) in listed::paths(connection, ids)? {
            if !listing.covers(&path) {
                unread.extend(u32::try_from(id));
            }
        }
    }
    Ok(unread)
}

/// Takes out what is too much to be removed at once, unless an earlier scan found the same.
fn guard(
    site: &Site<'_>,
    mirror: &Server,
    connection: &mut Connection,
    before: &Before,
    difference: &mut Difference,
) -> Result<Held, ConnectionError> {
    let agreed = match &before.held {
        Some(held) => difference.removed.and(held),
        None => Files::default(),
    };
    let new = difference.removed.without(&agreed);
    if site.force || new.len() <= site.guard.least {
        return Ok(Held::Nothing);
    }
    let files = match site.is_whole() {
        true => before.files.len(),
        false => {
            let counts = filearr::counts(connection, &[mirror.id])?;
            let count = counts.get(&mirror.id).copied().unwrap_or_default();
            u64::try_from(count).unwrap_or_default()
        }
    };
    if !site.guard.stops(files, new.len()) {
        return Ok(Held::Nothing);
    }
    difference.removed = agreed;
    Ok(Held::New(new))
}

/// What is not as it should be.
fn failure(
    site: &Site<'_>,
    mirror: &Server,
    before: &Before,
    read: &Read,
    held: &Held,
) -> Option<Failure> {
    for unread in &read.listing.unread {
        let event = Event::Unread(&unread.path, unread.error.to_string());
        site.observer.event(mirror, &event);
    }
    if let Held::New(files) = held {
        return Some(Failure::Held {
            removed: files.len(),
            files: before.files.len(),
        });
    }
    let first = read.listing.unread.first()?;
    Some(Failure::Incomplete {
        directory: match &*first.path {
            "" => "the end of the listing".to_owned(),
            path => path.to_owned(),
        },
        reason: first.error.to_string(),
        more: read.listing.unread.len() - 1,
    })
}

/// Deviations that are news, and files that are none any more.
fn deviations(
    before: &Before,
    collected: &Collected<'_>,
    after: &Files,
    unread: &Files,
) -> (Vec<Deviation>, Vec<i32>) {
    // What one protocol says right and another one wrong is right.
    let news = collected.deviating.iter().filter(|(id, deviation)| {
        !after.contains(**id) && before.deviations.get(id) != Some(deviation)
    });
    let mut news: Vec<Deviation> = news.map(|(_, deviation)| deviation.clone()).collect();
    news.sort_unstable_by_key(|deviation| deviation.file_id);
    let gone = before.deviations.iter().filter(|(id, _)| {
        after.contains(**id) || !collected.deviating.contains_key(id) && !unread.contains(**id)
    });
    (news, gone.map(|(_, deviation)| deviation.file_id).collect())
}

/// Files a minute, if the mirror was read wholly and nothing waits.
fn rate(site: &Site<'_>, outcome: &Outcome, elapsed: Duration) -> Option<i32> {
    if !outcome.is_complete() || !site.is_whole() {
        return None;
    }
    let seconds = elapsed.as_secs().max(1);
    Some(i32::try_from(outcome.files.saturating_mul(60) / seconds).unwrap_or(i32::MAX))
}

fn row(site: &Site<'_>, mirror: &Server, outcome: &Outcome, started: SystemTime) -> scan::Scan {
    scan::Scan {
        mirror: Some(mirror.id),
        protocol: outcome.protocol.map(Protocol::as_str),
        started,
        subtree: match site.files {
            [] => site.subtree.to_owned(),
            files => format!("{} files", files.len()),
        },
        entries: outcome.entries,
        files: outcome.files,
        added: outcome.added,
        removed: outcome.removed,
        deviating: outcome.deviating,
        surplus: outcome.surplus,
        bytes: outcome.bytes,
        outcome: outcome.word(),
        error: outcome.reason(),
    }
}

/// A mirror that could not be read at all: only that is written.
pub(super) fn record_failure(
    site: &Site<'_>,
    mirror: &Server,
    outcome: &Outcome,
    started: SystemTime,
) -> Result<(), ConnectionError> {
    site.writer.finish(Finish {
        scan: row(site, mirror, outcome, started),
        mirror: mirror.id,
        rate: None,
        snapshot: Snapshot::Unknown,
        held: Held::Same,
        deviations: Vec::new(),
        cleared: Vec::new(),
    })
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
