//! What a database of this process is at present, where all children can see it.

use crate::source::Source;
use background::Point;
use metrics::{Database as Number, DatabaseNumbers};
use pg::Work;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// How old that may be.
const INTERVAL: Duration = Duration::from_secs(1);

/// Writing it down.
pub(crate) struct Gauges {
    sources: Vec<Arc<Source>>,
    numbers: DatabaseNumbers,
    /// What was counted already.
    evictions: AtomicU64,
}

impl Gauges {
    /// For those who ask the same database.
    pub fn new(sources: &[Arc<Source>], numbers: &DatabaseNumbers) -> Self {
        Self {
            sources: sources.to_vec(),
            numbers: numbers.clone(),
            evictions: AtomicU64::new(0),
        }
    }

    fn note(&self) {
        let sum = |of: &dyn Fn(&Source) -> u64| self.sources.iter().map(|s| of(s)).sum::<u64>();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let cache = |source: &Source| source.fetcher.cache.clone();
        let numbers = &self.numbers;
        numbers.set(Number::Records, sum(&|s| number(cache(s).usage().0)));
        numbers.set(Number::Bytes, sum(&|s| cache(s).usage().1));
        numbers.set(Number::BytesMax, sum(&|s| s.wanted.cache_bytes));
        numbers.set(Number::Flights, sum(&|s| number(cache(s).under_way())));
        let evictions = sum(&|s| cache(s).evictions());
        let before = self.evictions.swap(evictions, Ordering::Relaxed);
        numbers.add(Number::Evictions, evictions.saturating_sub(before));
        if let Some(first) = self.sources.first() {
            first.fetcher.pool.note(numbers);
            first.refresher.note(numbers);
        }
    }
}

impl Work for Gauges {
    const POINT: Point = Point::Gauges;

    async fn run(self: Arc<Self>) {
        loop {
            self.note();
            sleep(INTERVAL).await;
        }
    }
}
