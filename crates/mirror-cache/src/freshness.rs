//! Whether what is remembered of a file may be used: the one place where that is decided.

use crate::quiescence::{LONGEST, Look, Quiescence};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Younger answers than this need no closer look.
const CLOSE_LOOK: Duration = Duration::from_secs(1);

/// What may be done with an answer of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It may be used.
    Fresh,
    /// It may be used, and a newer one should be asked for.
    Due,
    /// It may be used only if there is no newer one.
    Stale,
    /// It may not be used.
    Expired,
}

/// How long answers may be used, as a site wants it.
pub(crate) struct Rule {
    /// How long after an answer was last known to be right.
    pub ttl: Duration,
    /// How much longer where there is no newer one.
    pub stale: Duration,
    /// Whether all that answers are made of comes from the tables that we know, of one server: a
    /// site's own query may give another answer although nothing was written, and so may another
    /// server.
    pub knows_tables: bool,
}

/// What is known of changes in a database.
pub(crate) struct Changes {
    quiescence: Quiescence,
    base: Instant,
    /// When the listening connection was made, in milliseconds since `base`: what is older may
    /// have missed a notification.
    connected: AtomicU64,
}

impl Rule {
    /// What may be done at `now` with the answer to a question of the moment `asked`.
    ///
    /// What is asked for all the time is renewed before it expires, so that nobody waits for it.
    pub fn judge(&self, changes: &Changes, asked: Instant, now: Instant) -> Freshness {
        let since_asked = now.saturating_duration_since(asked);
        let age = self.age(changes, asked, now, since_asked);
        if age >= self.ttl || changes.missed_since(asked) {
            let usable = age < self.ttl + self.stale;
            return if usable {
                Freshness::Stale
            } else {
                Freshness::Expired
            };
        }
        let (longest, part) = (self.ttl.max(LONGEST), changes.part(asked));
        if age > self.ttl.mul_f32(part) || since_asked > longest.mul_f32(part) {
            Freshness::Due
        } else {
            Freshness::Fresh
        }
    }

    /// For how long it has not been known whether the answer is still right.
    fn age(
        &self,
        changes: &Changes,
        asked: Instant,
        now: Instant,
        since_asked: Duration,
    ) -> Duration {
        if !self.knows_tables || since_asked < CLOSE_LOOK || since_asked > LONGEST {
            return since_asked;
        }
        now.saturating_duration_since(changes.quiescence.right_until(asked))
    }
}

impl Changes {
    /// Nothing is known yet. Answers live for `ttl` at most.
    pub fn new(ttl: Duration, now: Instant) -> Self {
        Self {
            quiescence: Quiescence::new(ttl),
            base: now,
            connected: AtomicU64::new(0),
        }
    }

    /// Notes a new connection.
    pub fn connected(&self, now: Instant) {
        let since_base = now.saturating_duration_since(self.base).as_millis();
        let since_base = u64::try_from(since_base).unwrap_or(u64::MAX);
        self.connected.store(since_base, Ordering::Relaxed);
    }

    /// A number that differs for each connection.
    pub fn connection(&self) -> u64 {
        self.connected.load(Ordering::Relaxed)
    }

    /// Notes what a look at the database found: that all was as at the one before, or may not be.
    pub fn looked(&self, look: Look, same: bool) {
        if same {
            self.quiescence.goes_on(look);
        } else {
            self.quiescence.begins(look);
        }
    }

    /// Whether nothing was written lately.
    pub fn is_quiescent(&self, now: Instant) -> bool {
        self.quiescence.is_on(now)
    }

    /// Whether a notification about what was asked at that time may have been lost.
    fn missed_since(&self, asked: Instant) -> bool {
        asked < self.base + Duration::from_millis(self.connection())
    }

    /// After which part of its time an answer is renewed, between a half and three quarters. When
    /// something is written, all begin to age at the same moment; they must not be due at the same one.
    fn part(&self, asked: Instant) -> f32 {
        let digits = asked.saturating_duration_since(self.base).subsec_nanos() % 1000;
        0.5 + 0.25 * digits as f32 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rule(knows_tables: bool) -> Rule {
        Rule {
            ttl: SECOND * 10,
            stale: SECOND * 100,
            knows_tables,
        }
    }

    /// What may be done with an answer of second 20, `age` seconds later.
    fn judged(rule: &Rule, changes: &Changes, start: Instant, age: f32) -> Freshness {
        let asked = start + SECOND * 20;
        rule.judge(changes, asked, asked + Duration::from_secs_f32(age))
    }

    #[test]
    fn an_answer_ages_from_the_moment_it_was_asked_for() {
        let start = Instant::now();
        let changes = Changes::new(SECOND * 10, start);
        for (age, freshness) in [
            (0.0, Freshness::Fresh),
            (4.9, Freshness::Fresh),
            (7.6, Freshness::Due),
            (10.0, Freshness::Stale),
            (109.9, Freshness::Stale),
            (110.0, Freshness::Expired),
        ] {
            let found = judged(&rule(true), &changes, start, age);
            assert_eq!(found, freshness, "{age} s");
        }
    }

    #[test]
    fn while_nothing_is_written_an_answer_stays_young_for_a_minute() {
        let start = Instant::now();
        let changes = Changes::new(SECOND * 10, start);
        let look = |second| Look {
            asked: start + SECOND * second,
            answered: start + SECOND * second,
        };
        changes.looked(look(10), false);
        changes.looked(look(75), true);
        let fresh = |rule: &Rule, age| judged(rule, &changes, start, age);
        assert_eq!(fresh(&rule(true), 20.0), Freshness::Fresh);
        assert_eq!(fresh(&rule(true), 46.0), Freshness::Due);
        assert_eq!(fresh(&rule(true), 61.0), Freshness::Stale);
        assert_eq!(fresh(&rule(false), 20.0), Freshness::Stale);
    }

    #[test]
    fn what_is_older_than_the_connection_may_have_missed_something() {
        let start = Instant::now();
        let changes = Changes::new(SECOND * 10, start);
        changes.connected(start + SECOND * 20);
        assert_eq!(judged(&rule(true), &changes, start, 1.0), Freshness::Fresh);
        changes.connected(start + SECOND * 21);
        assert_eq!(judged(&rule(true), &changes, start, 1.0), Freshness::Stale);
    }

    #[test]
    fn answers_are_due_at_different_times() {
        let changes = Changes::new(SECOND * 60, Instant::now());
        let parts = (0..10_000).map(|n| {
            // It is by the last digits that questions differ.
            changes.part(changes.base + Duration::from_nanos(37_003) * n)
        });
        let mut slots = [0; 25];
        for part in parts {
            let slot = (part - 0.5) * 100.0;
            assert!((0.0..25.0).contains(&slot), "{part}");
            slots[slot as usize] += 1;
        }
        assert!(slots.iter().all(|&n| (200..=600).contains(&n)), "{slots:?}");
    }
}
