//! Ranges that were read a moment ago, for other requests for the same file.

use super::reader::PATIENCE;
use super::{Detail, HashedVersion, SumsError};
use quick_cache::Weighter;
use quick_cache::sync::{Cache, GuardResult};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of all ranges that are kept.
const SIZE: u64 = 4 << 20;

/// Which part of which sums.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Section {
    pub version: Arc<HashedVersion>,
    pub detail: Detail,
    pub offset: u64,
    pub length: u64,
}

#[derive(Debug, Clone)]
struct Kept {
    read: Instant,
    bytes: Arc<Vec<u8>>,
}

#[derive(Debug, Clone)]
struct Weigher;

impl Weighter<Section, Kept> for Weigher {
    fn weight(&self, section: &Section, _: &Kept) -> u64 {
        512 + section.length
    }
}

#[derive(Debug)]
pub(super) struct Ranges {
    kept: Cache<Section, Kept, Weigher>,
    lifetime: Duration,
}

impl Ranges {
    /// Each range is kept for so long; none at all for no time.
    pub fn new(lifetime: Duration) -> Self {
        Self {
            kept: Cache::with_weighter(16, SIZE, Weigher),
            lifetime,
        }
    }

    /// The bytes of a section. They are read once for all who want them at the same time.
    pub fn get(
        &self,
        section: &Section,
        read: impl Fn() -> Result<Vec<u8>, SumsError>,
    ) -> Result<Arc<Vec<u8>>, SumsError> {
        if self.lifetime.is_zero() {
            return read().map(Arc::new);
        }
        if let Some(kept) = self.kept.get(section)
            && kept.read.elapsed() >= self.lifetime
        {
            self.kept.remove(section);
        }
        match self.kept.get_value_or_guard(section, Some(PATIENCE)) {
            GuardResult::Value(kept) => Ok(kept.bytes),
            GuardResult::Timeout => Err(SumsError::Busy),
            GuardResult::Guard(guard) => {
                let (asked, bytes) = (Instant::now(), Arc::new(read()?));
                let kept = Kept {
                    read: asked,
                    bytes: Arc::clone(&bytes),
                };
                // Refused if the range was forgotten meanwhile.
                let _ = guard.insert(kept);
                Ok(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mirror_db::{Digests, FileVersion};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::{scope, sleep};

    fn section(offset: u64, length: u64) -> Section {
        let version = HashedVersion {
            file: FileVersion {
                path: "a".into(),
                size: 1,
                mtime: 1,
            },
            digests: Digests::default(),
            generation: 0,
        };
        Section {
            version: Arc::new(version),
            detail: Detail::Blocks,
            offset,
            length,
        }
    }

    #[test]
    fn many_who_want_a_range_read_it_once() {
        let (ranges, reads) = (Ranges::new(Duration::from_secs(60)), AtomicUsize::new(0));
        let read = || {
            reads.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(50));
            Ok(vec![7; 100])
        };
        let all: Vec<_> = scope(|scope| {
            let ask = || ranges.get(&section(0, 100), read).unwrap();
            let clients: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            clients.into_iter().map(|c| c.join().unwrap()).collect()
        });
        assert!(all.iter().all(|range| Arc::ptr_eq(range, &all[0])));
        assert_eq!(reads.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let ranges = Ranges::new(Duration::from_secs(60));
        let failed = ranges.get(&section(0, 1), || Err(SumsError::Changed));
        assert_eq!(failed, Err(SumsError::Changed));
        assert_eq!(*ranges.get(&section(0, 1), || Ok(vec![1])).unwrap(), [1]);
    }

    #[test]
    fn what_is_kept_is_bounded_and_does_not_last() {
        let ranges = Ranges::new(Duration::from_millis(20));
        for offset in 0..100 {
            let read = || Ok(vec![0; 1 << 18]);
            ranges.get(&section(offset, 1 << 18), read).unwrap();
        }
        assert!(ranges.kept.weight() <= SIZE);
        ranges.get(&section(0, 1), || Ok(vec![1])).unwrap();
        sleep(Duration::from_millis(30));
        assert_eq!(*ranges.get(&section(0, 1), || Ok(vec![2])).unwrap(), [2]);
    }
}
