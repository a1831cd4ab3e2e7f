//! Follows a path as the file there is replaced.

use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

use crate::database::Identity;
use crate::{AutonomousSystem, Database, Error, Opener, Place};

/// How often a path is looked at, at most.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// What [`Reloading::refresh`] found, to be logged.
#[derive(Debug)]
pub enum Event {
    /// A database was opened, the first one or a new one.
    Opened,
    /// The file is missing or unusable; the database opened before stays in use, if there is one.
    /// Said once for each state of the file.
    Failed(Error),
}

/// The database at a path, whichever file that is now.
///
/// Readers never wait: they keep the database they have while another is opened. It may be made
/// before a process forks and used in all its children.
pub struct Reloading<S: AsRef<[u8]>> {
    path: PathBuf,
    opener: Opener<S>,
    /// Made on first use, in a child: an ArcSwap that the parent drops when it reads its
    /// configuration anew would leave a destructor with its thread, and keep the old code mapped.
    current: OnceLock<ArcSwapOption<Database<S>>>,
    start: Instant,
    /// Milliseconds after `start` before which the path is left alone.
    next_check: AtomicU64,
    /// The last failure that was reported: the file's state, `None` within if it is missing.
    reported: Mutex<Option<Option<Identity>>>,
}

impl<S: AsRef<[u8]>> Reloading<S> {
    /// Follows `path`, from the first [`refresh`](Self::refresh) on. Until then it knows nothing.
    pub fn new(path: &Path, opener: Opener<S>) -> Self {
        Self {
            path: path.to_owned(),
            opener,
            current: OnceLock::new(),
            start: Instant::now(),
            next_check: AtomicU64::new(0),
            reported: Mutex::new(None),
        }
    }

    fn slot(&self) -> &ArcSwapOption<Database<S>> {
        self.current.get_or_init(ArcSwapOption::empty)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where an address is, by the database opened last.
    pub fn place(&self, address: IpAddr) -> Place {
        self.slot()
            .load()
            .as_ref()
            .map(|db| db.place(address))
            .unwrap_or_default()
    }

    /// The English name of the country of an address, by the database opened last.
    pub fn country_name(&self, address: IpAddr) -> Option<String> {
        self.slot().load().as_ref()?.country_name(address)
    }

    /// The autonomous system of an address, by the database opened last.
    pub fn autonomous_system(&self, address: IpAddr) -> Option<AutonomousSystem> {
        self.slot().load().as_ref()?.autonomous_system(address)
    }

    /// What is wrong with the file that is at the path now, if anything is. Reads it and lets it go:
    /// for a process that is going to fork, and must not be bound to a file that may be cut. What
    /// was said here is not said again by [`refresh`](Self::refresh).
    pub fn inspect(&self) -> Option<Error> {
        let seen = fs::metadata(&self.path)
            .ok()
            .map(|metadata| Identity::from(&metadata));
        let read: Opener<Vec<u8>> = |_, mut file| {
            let mut content = Vec::new();
            file.read_to_end(&mut content).map(|_| content)
        };
        let problem = Database::open(&self.path, read).err()?;
        *self.reported.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Some(problem)
    }

    /// Looks at the path, at most once a second over all threads, and opens the file there if it
    /// is not the one in use or was written to. Cheap enough to be called before every lookup.
    pub fn refresh(&self, now: Instant) -> Option<Event> {
        let elapsed = now.saturating_duration_since(self.start);
        let elapsed = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let due = self.next_check.load(Ordering::Relaxed);
        let next = elapsed.saturating_add(CHECK_INTERVAL.as_millis() as u64);
        let relaxed = Ordering::Relaxed;
        if elapsed < due
            || self
                .next_check
                .compare_exchange(due, next, relaxed, relaxed)
                .is_err()
        {
            return None;
        }
        self.check()
    }

    fn check(&self) -> Option<Event> {
        let seen = fs::metadata(&self.path)
            .ok()
            .map(|metadata| Identity::from(&metadata));
        let in_use = self.slot().load().as_ref().map(|db| db.identity());
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if in_use.is_some() && seen == in_use {
            *reported = None;
            return None;
        }
        // Also tried again if it failed before: what kept it from being opened may have passed.
        match Database::open(&self.path, self.opener) {
            Ok(database) => {
                self.slot().store(Some(Arc::new(database)));
                *reported = None;
                Some(Event::Opened)
            }
            Err(error) if *reported != Some(seen) => {
                *reported = Some(seen);
                Some(Event::Failed(error))
            }
            Err(_) => None,
        }
    }
}
