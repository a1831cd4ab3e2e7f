//! A run over several mirrors.

use crate::event::Observer;
use crate::index::{LazyIndex, Part};
use crate::mirror::{self, Site};
use crate::outcome::{Failure, Outcome};
use crate::rules::Rules;
use crate::source::{Protocol, Settings};
use crate::turns::Turns;
use crate::writer::{Writer, locked};
use mirror_db::tables::scan;
use mirror_db::tables::server::Server;
use mirror_files::compare::Guard;
use pg::{Connection, ConnectionError, ConnectionInfo};
use std::collections::HashSet;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest that one statement may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How mirrors are scanned.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The directory that is scanned, without slashes at its ends; empty for all.
    pub subtree: String,
    /// The files that are looked at, and no others; all, if there are none. Needs the tables of the migrations.
    pub files: Vec<String>,
    /// Which files count.
    pub rules: Rules,
    /// How many files may go at once.
    pub guard: Guard,
    /// Whether any number may.
    pub force: bool,
    /// Whether what mirrors have is read from the table of files and not from snapshots.
    pub full: bool,
    /// How many mirrors are scanned at once.
    pub jobs: usize,
    /// How servers are asked.
    pub sources: Settings,
}

/// Scans mirrors, and returns what came of each, in their order. Mirrors on the same host or address are
/// scanned one after the other.
///
/// # Errors
/// If the database cannot be read. What is wrong with a mirror is in its outcome.
pub fn run(
    database: &ConnectionInfo,
    mirrors: &[Server],
    options: &Options,
    observer: &dyn Observer,
) -> Result<Vec<Outcome>, ConnectionError> {
    let mut connection = Connection::open(database, &[], PATIENCE)?;
    let has_tables = scan::exists(&mut connection)?;
    let knows_origin = has_tables && scan::knows_origin(&mut connection)?;
    let part = match (&*options.files, &*options.subtree) {
        ([], "") => Part::All,
        ([], subtree) => Part::Below(subtree),
        (files, _) => Part::Files(files),
    };
    let index = LazyIndex::new(database, part);
    drop(connection);
    let (writer, thread) = Writer::start(database.clone(), has_tables);
    let site = Site {
        index: &index,
        rules: &options.rules,
        guard: options.guard,
        force: options.force,
        full: options.full,
        subtree: &options.subtree,
        files: &options.files,
        knows_origin,
        has_tables,
        sources: &options.sources,
        writer: &writer,
        observer,
    };
    let outcomes = scan_all(database, mirrors, options.jobs.max(1), &site);
    drop(writer);
    // A panic there was reported, and its scans have failed.
    let _ = thread.join();
    Ok(outcomes)
}

/// What is left to do, and which places are in use.
struct Queue {
    waiting: Vec<usize>,
    busy: HashSet<Place>,
}

/// A machine, by name and by address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Host(String),
    Address(IpAddr),
}

fn scan_all(
    database: &ConnectionInfo,
    mirrors: &[Server],
    jobs: usize,
    site: &Site<'_>,
) -> Vec<Outcome> {
    let turns = Turns::new(mirrors.len());
    let queue = Mutex::new(Queue {
        waiting: (0..mirrors.len()).rev().collect(),
        busy: HashSet::new(),
    });
    let freed = Condvar::new();
    let outcomes: Mutex<Vec<Option<Outcome>>> = Mutex::new(mirrors.iter().map(|_| None).collect());
    let places: Vec<OnceLock<Vec<Place>>> = mirrors.iter().map(|_| OnceLock::new()).collect();
    let work = || {
        while let Some((number, mine)) = next(&queue, &freed, mirrors, &places) {
            if let Some(mirror) = mirrors.get(number) {
                let turn = turns.turn(number);
                let outcome = match Connection::open(database, &[], PATIENCE) {
                    Ok(mut connection) => mirror::scan(site, mirror, &mut connection, &turn),
                    Err(error) => Outcome {
                        failure: Some(Failure::Database(error)),
                        ..Outcome::default()
                    },
                };
                if let Some(place) = locked(&outcomes).get_mut(number) {
                    *place = Some(outcome);
                }
            }
            locked(&queue).busy.retain(|place| !mine.contains(place));
            freed.notify_all();
        }
    };
    thread::scope(|scope| {
        for _ in 1..jobs.min(mirrors.len()) {
            scope.spawn(work);
        }
        work();
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect()
}

/// The next mirror whose machine nobody talks to, and that machine; waits for one. `None` when all are taken.
fn next(
    queue: &Mutex<Queue>,
    freed: &Condvar,
    mirrors: &[Server],
    places: &[OnceLock<Vec<Place>>],
) -> Option<(usize, Vec<Place>)> {
    let mut held = locked(queue);
    'again: while !held.waiting.is_empty() {
        let waiting = held.waiting.clone();
        for number in waiting.into_iter().rev() {
            let (Some(mirror), Some(known)) = (mirrors.get(number), places.get(number)) else {
                continue;
            };
            let Some(mine) = known.get() else {
                // Names may take long to resolve, and others are not to wait for it.
                drop(held);
                known.get_or_init(|| places_of(mirror));
                held = locked(queue);
                continue 'again;
            };
            if mine.iter().any(|place| held.busy.contains(place)) {
                continue;
            }
            held.waiting.retain(|waiting| *waiting != number);
            held.busy.extend(mine.iter().cloned());
            return Some((number, mine.clone()));
        }
        held = freed.wait(held).unwrap_or_else(PoisonError::into_inner);
    }
    None
}

/// Where a mirror is.
fn places_of(mirror: &Server) -> Vec<Place> {
    let mut places = Vec::new();
    for (_, url) in Protocol::urls(mirror) {
        let Some((host, port)) = host_and_port(url) else {
            continue;
        };
        if places.contains(&Place::Host(host.clone())) {
            continue;
        }
        if let Ok(addresses) = (&*host, port).to_socket_addrs() {
            places.extend(addresses.map(|address| Place::Address(address.ip())));
        }
        places.push(Place::Host(host));
    }
    places
}

/// The host of a URL, or of rsync's `host::module`.
pub(crate) fn host_and_port(url: &str) -> Option<(String, u16)> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => host.split(':').next()?,
    };
    Some((host.to_ascii_lowercase(), 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_every_form_of_a_url() {
        for (url, host) in [
            ("rsync://u:p@A.example:873/m/", "a.example"),
            ("a.example::m", "a.example"),
            ("http://[2001:db8::1]:80/x", "2001:db8::1"),
            ("ftp://a.example#x", "a.example"),
        ] {
            assert_eq!(host_and_port(url), Some((host.to_owned(), 0)), "{url}");
        }
    }
}
