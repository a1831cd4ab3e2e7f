//! The facts that a request needs, from memory or from PostgreSQL.

use crate::cache::Flight;
use crate::freshness::{Freshness, Rule};
use crate::record_slot::{KeptRecord, RecordRef, RecordSlot};
use crate::source::Source;
use crate::sums::HashedVersion;
use crate::waiting::{Turn, Waiting};
use crate::{FileRecord, Settings, Sums, SumsError};
use metrics::Database as Number;
use mirror_db::{Detail, Digests, FileVersion};
use mirror_selection::MirrorTable;
use pg::{DbError, Pool, Unavailable};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The mirror table of a moment, held without touching its reference count, which all threads share.
pub type CurrentTable = arc_swap::Guard<Arc<MirrorTable>>;

/// The longest key that is asked for; `filearr.path` holds 512 characters.
const LONGEST_PATH: usize = 8192;

/// What a virtual host knows of its database, and asks it: connections, mirror table and records may
/// be shared with others, how old a record may be is its own matter. Opened by
/// [`Databases`](crate::Databases).
pub struct Database {
    source: Arc<Source>,
    settings: Settings,
    rule: Rule,
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
        let rule = Rule {
            ttl: settings.cache_ttl,
            stale: settings.cache_stale,
            knows_tables: source.knows_tables,
        };
        Self {
            source,
            settings: settings.clone(),
            rule,
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

    /// What is known of a version of a file. A file that is not in the database gives an empty record.
    ///
    /// From the cache, or in one round trip that all requests for the file share. Waits at most
    /// `query_timeout`, and not at all while the database is known to be away; if too many wait
    /// already the answer is [`Busy`](DbError::Busy). An answer that has expired counts only if
    /// there is no new one.
    pub fn file(&self, file: FileVersion<&str>) -> Result<Arc<FileRecord>, DbError> {
        if file.path.len() > LONGEST_PATH || file.path.contains('\0') {
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
            fetcher.fetch(file, move |result| setter.set(result.map(Arc::new)));
            return self.wait(turn, &flight, deadline);
        }
        self.cached(file, now)
    }

    fn cached(&self, file: FileVersion<&str>, now: Instant) -> Result<Arc<FileRecord>, DbError> {
        let deadline = now + self.settings.pool.query_timeout;
        let fetcher = &self.source.fetcher;
        let key = fetcher.key(file);
        let Some(record) = fetcher.cache.get(&key) else {
            // What nobody waits for is not asked: names without end would keep the database from
            // those that count.
            let turn = self.turn()?;
            return self.wait(turn, &fetcher.ask(&key, file), deadline);
        };
        let freshness = self.freshness(&record, file, now);
        if matches!(freshness, Freshness::Fresh | Freshness::Due) {
            self.source.numbers.count(Number::Hits);
            return Ok(record);
        }
        let flight = fetcher.ask(&key, file);
        let answer = self
            .turn()
            .and_then(|turn| self.wait(turn, &flight, deadline));
        if answer.is_err() && freshness == Freshness::Stale {
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
    /// `slot` must be about the file of that path, and no other.
    ///
    /// # Errors
    /// Those of [`file`](Self::file).
    pub fn file_in_slot<'a>(
        &self,
        slot: &'a RecordSlot,
        file: FileVersion<&str>,
    ) -> Result<RecordRef<'a>, DbError> {
        // Before anything is read: what is forgotten from now on must not count as known.
        let generation = self.source.fetcher.cache.generation();
        if let Some(kept) = slot.kept()
            && (kept.generation, kept.size, kept.mtime) == (generation, file.size, file.mtime)
        {
            let freshness = self.freshness(&kept.record, file, Instant::now());
            if matches!(freshness, Freshness::Fresh | Freshness::Due) {
                self.source.numbers.count(Number::Hits);
                return Ok(RecordRef::Slot(&kept.record));
            }
        }
        let record = self.file(file)?;
        if !self.settings.cache_ttl.is_zero() {
            slot.keep(KeptRecord {
                generation,
                size: file.size,
                mtime: file.mtime,
                record: Arc::clone(&record),
            });
        }
        Ok(RecordRef::Shared(record))
    }

    /// What may be done with a record. One that is due is renewed.
    fn freshness(&self, record: &FileRecord, file: FileVersion<&str>, now: Instant) -> Freshness {
        let changes = &self.source.refresher.changes;
        let freshness = self.rule.judge(changes, record.asked, now);
        if freshness == Freshness::Due && !record.refreshing.swap(true, Ordering::Relaxed) {
            self.source.renewer.add(file);
        }
        freshness
    }

    /// The long sums of a file of which `digests` says that they are there; none otherwise.
    pub fn sums(
        &self,
        file: FileVersion<&str>,
        digests: &Digests,
        detail: Detail,
    ) -> Option<Sums<'_>> {
        let version = self.hashed(file, digests);
        Sums::new(&self.source.sums, self.pool(), version, detail)
    }

    /// The detached PGP signature of a file, in ASCII armour; empty when there is none.
    ///
    /// # Errors
    /// If the database does not give it.
    pub fn signature(
        &self,
        file: FileVersion<&str>,
        digests: &Digests,
    ) -> Result<String, SumsError> {
        if !digests.has_pgp {
            return Ok(String::new());
        }
        let version = self.hashed(file, digests);
        self.source.sums.signature(self.pool(), &version)
    }

    fn hashed(&self, file: FileVersion<&str>, digests: &Digests) -> HashedVersion {
        HashedVersion {
            file: file.owned(),
            digests: digests.clone(),
            generation: self.source.fetcher.cache.generation(),
        }
    }
}
