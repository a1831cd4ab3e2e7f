//! Periods in which nothing was written in the database.
//!
//! PostgreSQL says which transactions a query sees. While that stays the same, whatever was read
//! is still right, and need not be read again: one small question each second stands for the renewal
//! of all records. A site's tables are written to when a mirror is scanned, and rest in between.

use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Quiescence makes nothing younger that was read longer ago than this: something between us and the tables
/// that nobody thought of must not be believed for ever.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// Looks are a second apart, and take their time.
const LATELY: Duration = Duration::from_secs(3);

/// The periods that still matter, the last one last.
pub(crate) struct Quiescence {
    periods: ArcSwap<Vec<Period>>,
    /// How long a period matters after its end.
    memory: Duration,
}

/// The answer to a question asked in this period was right until its end.
#[derive(Clone, Copy)]
struct Period {
    since: Instant,
    until: Instant,
}

/// One look at the database.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    pub asked: Instant,
    pub answered: Instant,
}

impl Quiescence {
    /// For records that live for `ttl`.
    pub fn new(ttl: Duration) -> Self {
        Self {
            periods: ArcSwap::default(),
            memory: ttl.min(LONGEST),
        }
    }

    /// Notes that at this look all was as at the one before.
    pub fn goes_on(&self, look: Look) {
        let mut periods = Vec::clone(&self.periods.load());
        if let Some(last) = periods.last_mut() {
            last.until = look.asked;
        }
        self.periods.store(Arc::new(periods));
    }

    /// Notes that something may have been written before this look.
    pub fn begins(&self, look: Look) {
        let earlier = self.periods.load();
        let matters = |period: &&Period| period.until + self.memory > look.answered;
        let next = Period {
            since: look.answered,
            until: look.answered,
        };
        let periods = earlier.iter().filter(matters).copied().chain([next]);
        self.periods.store(Arc::new(periods.collect()));
    }

    /// Whether nothing was written between the latest looks.
    pub fn is_on(&self, now: Instant) -> bool {
        let periods = self.periods.load();
        let lately = |period: &Period| now.saturating_duration_since(period.until) < LATELY;
        periods
            .last()
            .is_some_and(|last| last.until > last.since && lately(last))
    }

    /// The last moment at which the answer to a question asked at `asked` is known to be right.
    pub fn right_until(&self, asked: Instant) -> Instant {
        let periods = self.periods.load();
        let period = periods.iter().rev().find(|period| period.since <= asked);
        period.map_or(asked, |period| period.until.max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Periods by seconds: nothing is written from 11 to 20, and from 31 on; the last look was asked at 40.
    fn periods() -> (Quiescence, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        let at = move |second| start + Duration::from_secs(second);
        let look = |asked| Look {
            asked: at(asked),
            answered: at(asked + 1),
        };
        let quiescence = Quiescence::new(Duration::from_secs(30));
        quiescence.begins(look(10));
        quiescence.goes_on(look(20));
        quiescence.begins(look(30));
        quiescence.goes_on(look(40));
        (quiescence, at)
    }

    #[test]
    fn an_answer_is_right_until_the_end_of_its_period() {
        let (quiescence, at) = periods();
        for (asked, right) in [
            // Before the first period, and in the seconds of the looks, nothing is known.
            (5, 5),
            (10, 10),
            (11, 20),
            (15, 20),
            (20, 20),
            // Behind the last look that found all as before.
            (21, 21),
            (30, 30),
            (31, 40),
            (41, 41),
        ] {
            assert_eq!(
                quiescence.right_until(at(asked)),
                at(right),
                "asked at {asked}"
            );
        }
    }

    #[test]
    fn periods_are_forgotten() {
        let (quiescence, at) = periods();
        let look = Look {
            asked: at(50),
            answered: at(51),
        };
        quiescence.begins(look);
        assert_eq!(quiescence.periods.load().len(), 2);
        assert_eq!(quiescence.right_until(at(15)), at(15));
        assert_eq!(quiescence.right_until(at(35)), at(40));
    }
}
