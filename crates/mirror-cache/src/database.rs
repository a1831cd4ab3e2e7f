//! The facts that a request needs, from memory or from PostgreSQL.

use crate::{
    FileRecord, Settings, Sums, SumsError,
    cache::Flight,
    calm,
    remembered::{Found, Kept, Remembered},
    source::Source,
    sums::Subject,
    waiting::{Turn, Waiting},
};
use metrics::Database as Number;
use mirror_db::{Detail, Digests};
use mirror_selection::MirrorTable;
use pg::{DbError, Pool, Unavailable};
use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

/// The mirror table of a moment, held without touching its reference count, which all threads share.
pub type CurrentTable = arc_swap::Guard<Arc<MirrorTable>>;

/// Younger records than this need no closer look.
const CLOSE_LOOK: Duration = Duration::from_secs(1);

/// The longest key that is asked for; `filearr.path` holds 512 characters.
const LONGEST_PATH: usize = 8192;

/// What a virtual host knows of its database, and asks it: connections, mirror table and records may
/// be shared with others, how old a record may be is its own matter. Opened by
/// [`Databases`](crate::Databases).
pub struct Database {
    source: Arc<Source>,
    settings: Settings,
    waiting: Arc<Waiting>,
    number: usize,
}

impl Database {
    pub(crate) fn new(
        source: Arc<Source>,
        settings: &Settings,
        waiting: &Arc<Waiting>,
        number: usize,
    ) -> Self {
        Self {
            source,
            settings: settings.clone(),
            waiting: Arc::clone(waiting),
            number,
        }
    }

    /// Its place among the [`groups`](crate::groups) that are counted.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The connections, for statements of the caller's own.
    pub fn pool(&self) -> &Pool {
        &self.source.fetcher.pool
    }

    /// The current mirror table. Take it after [`file`](Self::file), which waits for the first one,
    /// and once per request.
    pub fn mirrors(&self) -> CurrentTable {
        self.source.refresher.table.load()
    }

    /// How many records the file cache holds, and their bytes.
    pub fn cache_usage(&self) -> (usize, u64) {
        self.source.fetcher.cache.usage()
    }

    /// What is known of the file with this key (`filearr.path`), `size` in bytes and `mtime` in
    /// seconds since 1970. A file that is not in the database gives an empty record.
    ///
    /// From the cache, or in one round trip that all requests for the file share. Waits at most
    /// `query_timeout`, and not at all while the database is known to be away; if too many wait
    /// already the answer is [`Busy`](DbError::Busy). An answer that has expired counts only if
    /// there is no new one.
    pub fn file(&self, path: &str, size: u64, mtime: i64) -> Result<Arc<FileRecord>, DbError> {
        if path.len() > LONGEST_PATH || path.contains('\0') {
            return Ok(Arc::new(FileRecord::unknown()));
        }
        let now = Instant::now();
        let deadline = now + self.settings.pool.query_timeout;
        let Source {
            refresher, fetcher, ..
        } = &*self.source;
        if self.source.needs_table {
            refresher.wait_for_table(&fetcher.pool, deadline)?;
        }
        if self.settings.cache_ttl.is_zero() {
            let turn = self.turn()?;
            let flight = Flight::default();
            let setter = flight.clone();
            fetcher.fetch(path, size, mtime, move |result| {
                setter.set(result.map(Arc::new))
            });
            return self.wait(turn, &flight, deadline);
        }
        self.cached(path, size, mtime, now)
    }

    fn cached(
        &self,
        path: &str,
        size: u64,
        mtime: i64,
        now: Instant,
    ) -> Result<Arc<FileRecord>, DbError> {
        let deadline = now + self.settings.pool.query_timeout;
        let fetcher = &self.source.fetcher;
        let key = fetcher.key(path, size, mtime);
        let Some(record) = fetcher.cache.get(&key) else {
            // What nobody waits for is not asked: names without end would keep the database from
            // those that count.
            let turn = self.turn()?;
            return self.wait(turn, &fetcher.ask(&key, path, size, mtime), deadline);
        };
        if self.is_fresh(&record, path, size, mtime, now) {
            self.source.numbers.count(Number::Hits);
            return Ok(record);
        }
        let age = self.age(&record, now);
        let flight = fetcher.ask(&key, path, size, mtime);
        let answer = self
            .turn()
            .and_then(|turn| self.wait(turn, &flight, deadline));
        if answer.is_err() && age < self.settings.cache_ttl + self.settings.cache_stale {
            self.source.numbers.count(Number::Stale);
            return Ok(record);
        }
        answer
    }

    fn turn(&self) -> Result<Turn<'_>, DbError> {
        self.waiting.begin(&self.source.pace).ok_or_else(|| {
            self.source.numbers.count(Number::Refused);
            DbError::Busy
        })
    }

    /// Waits for an answer, as long as the turn lasts.
    fn wait(
        &self,
        mut turn: Turn<'_>,
        flight: &Flight,
        deadline: Instant,
    ) -> Result<Arc<FileRecord>, DbError> {
        let patience = turn.deadline(deadline);
        let answer = flight.wait(patience);
        let (what, answer) = match answer {
            Some(Ok(record)) => (Number::Misses, Ok(record)),
            Some(Err(problem)) => (Number::Failed, Err(problem)),
            None if patience < deadline => (Number::Refused, Err(DbError::Busy)),
            None => (Number::TimedOut, Err(Unavailable.into())),
        };
        self.source.numbers.count(what);
        if matches!(answer, Ok(_) | Err(DbError::QueryFailed(_))) {
            turn.answered();
        }
        answer
    }

    /// As [`file`](Self::file), for a caller who has a place for the record; it is looked at first.
    /// `remembered` must be about the file of that `path`, and no other.
    ///
    /// # Errors
    /// Those of [`file`](Self::file).
    pub fn remembered_file<'a>(
        &self,
        remembered: &'a Remembered,
        path: &str,
        size: u64,
        mtime: i64,
    ) -> Result<Found<'a>, DbError> {
        // Before anything is read: what is forgotten from now on must not count as known.
        let generation = self.source.fetcher.cache.generation();
        if let Some(kept) = remembered.kept()
            && (kept.generation, kept.size, kept.mtime) == (generation, size, mtime)
            && self.is_fresh(&kept.record, path, size, mtime, Instant::now())
        {
            self.source.numbers.count(Number::Hits);
            return Ok(Found::Kept(&kept.record));
        }
        let record = self.file(path, size, mtime)?;
        if !self.settings.cache_ttl.is_zero() {
            remembered.keep(Kept {
                generation,
                size,
                mtime,
                record: Arc::clone(&record),
            });
        }
        Ok(Found::Shared(record))
    }

    /// For how long it has not been known whether a record is still right.
    fn age(&self, record: &FileRecord, now: Instant) -> Duration {
        let age = now.saturating_duration_since(record.asked);
        if !self.source.knows_tables || age < CLOSE_LOOK || age > calm::LONGEST {
            return age;
        }
        now.saturating_duration_since(self.source.refresher.calm.right_until(record.asked))
    }

    /// Whether a record needs no new query. What is asked for all the time is renewed before it
    /// expires, so nobody waits for it.
    fn is_fresh(
        &self,
        record: &FileRecord,
        path: &str,
        size: u64,
        mtime: i64,
        now: Instant,
    ) -> bool {
        let ttl = self.settings.cache_ttl;
        let age = self.age(record, now);
        if age >= ttl || self.source.refresher.missed_since(record.asked) {
            return false;
        }
        let (longest, part) = (
            ttl.max(calm::LONGEST),
            self.source.refresher.part(record.asked),
        );
        let since_asked = now.saturating_duration_since(record.asked);
        let due = age > ttl.mul_f32(part) || since_asked > longest.mul_f32(part);
        if due && !record.refreshing.swap(true, Ordering::Relaxed) {
            self.source.renewer.add(path, size, mtime);
        }
        true
    }

    /// The long sums of a file of which `digests` says that they are there; none otherwise.
    pub fn sums(
        &self,
        path: &str,
        size: u64,
        mtime: i64,
        digests: &Digests,
        detail: Detail,
    ) -> Option<Sums<'_>> {
        let subject = self.subject(path, size, mtime, digests);
        Sums::new(&self.source.sums, self.pool(), subject, detail)
    }

    /// The detached PGP signature of a file, in ASCII armour; empty when there is none.
    ///
    /// # Errors
    /// If the database does not give it.
    pub fn signature(
        &self,
        path: &str,
        size: u64,
        mtime: i64,
        digests: &Digests,
    ) -> Result<String, SumsError> {
        if !digests.has_pgp {
            return Ok(String::new());
        }
        let subject = self.subject(path, size, mtime, digests);
        self.source.sums.signature(self.pool(), &subject)
    }

    fn subject(&self, path: &str, size: u64, mtime: i64, digests: &Digests) -> Subject {
        Subject {
            path: path.to_owned(),
            size,
            mtime,
            digests: digests.clone(),
            generation: self.source.fetcher.cache.generation(),
        }
    }
}
