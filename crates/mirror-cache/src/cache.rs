//! The file cache: bounded, concurrent, and one query for many requests.

use crate::FileRecord;
use pg::{DbError, Reply};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The answer to one query that any number of requests may wait for.
pub(crate) type Flight = Arc<Reply<Result<Arc<FileRecord>, DbError>>>;

/// Records by key, and the queries under way.
pub(crate) struct FileCache {
    records: Cache<Arc<str>, Arc<FileRecord>, Weigher, DefaultHashBuilder, Evictions>,
    flights: Mutex<HashMap<Arc<str>, Flight>>,
    /// A number that no other cache ever has; another one each time that something is forgotten.
    generation: AtomicU64,
    evictions: Evictions,
}

/// How many records were forgotten for want of room.
#[derive(Clone, Default)]
struct Evictions(Arc<AtomicU64>);

impl Lifecycle<Arc<str>, Arc<FileRecord>> for Evictions {
    type RequestState = ();

    fn begin_request(&self) {}

    fn on_evict(&self, (): &mut (), _: Arc<str>, _: Arc<FileRecord>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn next_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Whether this request is the one that has to ask.
pub(crate) enum Join {
    Ask(Flight),
    Wait(Flight),
}

#[derive(Clone)]
struct Weigher;

impl Weighter<Arc<str>, Arc<FileRecord>> for Weigher {
    fn weight(&self, key: &Arc<str>, record: &Arc<FileRecord>) -> u64 {
        // The constant covers the allocator and the cache's own bookkeeping, as a test measures it.
        128 + u64::try_from(key.len()).unwrap_or(u64::MAX) + record.weight()
    }
}

impl FileCache {
    /// A cache of at most `bytes`.
    pub fn new(bytes: u64) -> Self {
        // Room for the directory of small records grows with use; this is only where it starts.
        let items = usize::try_from(bytes / 512)
            .unwrap_or(usize::MAX)
            .clamp(64, 1 << 20);
        let evictions = Evictions::default();
        let hasher = DefaultHashBuilder::default();
        let counted = evictions.clone();
        Self {
            records: Cache::with(items, bytes, Weigher, hasher, counted),
            evictions,
            flights: Mutex::default(),
            generation: AtomicU64::new(next_generation()),
        }
    }

    /// What was read from this cache before it had this number may be forgotten by now.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub fn get(&self, key: &str) -> Option<Arc<FileRecord>> {
        self.records.get(key)
    }

    /// Joins the query for this key, or starts one.
    pub fn join(&self, key: &Arc<str>) -> Join {
        let mut flights = self.flights();
        if let Some(flight) = flights.get(key) {
            return Join::Wait(flight.clone());
        }
        let flight = Flight::default();
        flights.insert(key.clone(), flight.clone());
        Join::Ask(flight)
    }

    /// Ends a query. Its answer is kept unless it was invalidated on the way.
    pub fn land(&self, key: Arc<str>, flight: &Flight, result: Result<Arc<FileRecord>, DbError>) {
        {
            let mut flights = self.flights();
            let is_this = |other: &Flight| Arc::ptr_eq(other, flight);
            // Both or neither, so that nothing old comes after it was invalidated.
            if flights.get(&key).is_some_and(is_this) {
                flights.remove(&key);
                if let Ok(record) = &result {
                    self.records.insert(key, record.clone());
                }
            }
        }
        flight.set(result);
    }

    /// Forgets one key, also where a query for it is under way.
    pub fn invalidate(&self, key: &str) {
        let mut flights = self.flights();
        flights.remove(key);
        self.records.remove(key);
        self.age();
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut flights = self.flights();
        flights.clear();
        self.records.clear();
        self.age();
    }

    /// After the removal: who reads the new number finds nothing old any more.
    fn age(&self) {
        // Not a mere store, so that each number is ordered after all removals before it.
        self.generation.swap(next_generation(), Ordering::AcqRel);
    }

    /// How many records were forgotten for want of room.
    pub fn evictions(&self) -> u64 {
        self.evictions.0.load(Ordering::Relaxed)
    }

    /// How many queries are under way.
    pub fn under_way(&self) -> usize {
        self.flights().len()
    }

    /// How many records there are and what they weigh, in bytes.
    pub fn usage(&self) -> (usize, u64) {
        (self.records.len(), self.records.weight())
    }

    fn flights(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_record::Mirrors;
    use mirror_db::{Digests, FileHashes};
    use std::sync::Barrier;
    use std::time::Instant;

    /// Resident memory of this process in bytes.
    fn resident() -> u64 {
        harness::process::amount(std::process::id(), "status", "VmRSS:").unwrap()
    }

    fn record() -> Arc<FileRecord> {
        let version = FileHashes {
            size: 1,
            mtime: 1,
            digests: Digests::default(),
        };
        let mirrors = Mirrors::Ids((0..180).collect());
        Arc::new(FileRecord::new(mirrors, vec![version], Instant::now()))
    }

    #[test]
    fn an_answer_that_was_invalidated_on_its_way_is_not_kept() {
        let cache = FileCache::new(1 << 20);
        let key: Arc<str> = "a.iso".into();
        for forget in [
            (|cache, key| cache.invalidate(key)) as fn(&FileCache, &str),
            |cache, _| cache.clear(),
        ] {
            let Join::Ask(old) = cache.join(&key) else {
                panic!("asked twice");
            };
            forget(&cache, &key);
            // Who comes now asks again, and is not served by the old question.
            let Join::Ask(new) = cache.join(&key) else {
                panic!("waits for an answer of the past");
            };
            cache.land(key.clone(), &old, Ok(record()));
            assert!(cache.get(&key).is_none());
            cache.land(key.clone(), &new, Ok(record()));
            assert!(cache.get(&key).is_some());
            cache.invalidate(&key);
        }
    }

    /// Whichever is first, nothing is left of an answer to a question from before.
    #[test]
    fn landing_and_invalidating_at_once_leaves_nothing_old() {
        let cache = FileCache::new(1 << 20);
        let key: Arc<str> = "a.iso".into();
        let both = Barrier::new(2);
        for _ in 0..20_000 {
            let Join::Ask(flight) = cache.join(&key) else {
                panic!("asked twice");
            };
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    both.wait();
                    cache.land(key.clone(), &flight, Ok(record()));
                });
                both.wait();
                cache.invalidate(&key);
            });
            assert!(cache.get(&key).is_none());
        }
    }

    #[test]
    fn the_cache_takes_as_much_memory_as_it_says() {
        let cache = FileCache::new(1 << 30);
        let before = resident();
        for file in 0..200_000 {
            let key: Arc<str> = format!(
                "directory-{}/a-file-with-a-usual-name-{file}.iso",
                file % 1000
            )
            .into();
            let Join::Ask(flight) = cache.join(&key) else {
                panic!("asked twice");
            };
            cache.land(key, &flight, Ok(record()));
        }
        let (count, said) = cache.usage();
        let taken = resident().saturating_sub(before);
        println!(
            "{count} records: {said} bytes said, {taken} taken, {} each",
            taken / count as u64
        );
        assert_eq!(count, 200_000);
        // Other tests run beside this one.
        assert!(taken.abs_diff(said) < said / 5, "{taken} instead of {said}");
    }
}
