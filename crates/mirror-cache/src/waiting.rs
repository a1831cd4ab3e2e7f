//! How many requests of a process wait for databases at a time.
//!
//! A database that is slow, and a client that asks for names nobody asked for before, must not take
//! all workers of a child from those who could be answered at once. So a quarter of the workers may
//! wait as long as it takes. The others wait for a moment, which is long for a database that is well;
//! as long as it is known to be slow they do not wait at all.

use metrics::{Child, Slot};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The longest that requests beyond the share wait. An answer that takes longer is slow.
pub(crate) const MOMENT: Duration = Duration::from_millis(250);

/// The share of so many workers: a quarter, but four where that is fewer, as long as one is left.
pub(crate) fn share(workers: usize) -> usize {
    (workers / 4).max(4).min(workers.saturating_sub(1)).max(1)
}

/// The requests of a process that wait for any of its databases.
pub(crate) struct Waiting {
    share: usize,
    now: AtomicUsize,
    slot: Slot,
    /// Whether a process has one worker only, so that the share is one of all processes.
    is_of_all: bool,
}

/// Whether one kind of question to one database is slow at present.
#[derive(Default)]
pub(crate) struct Pace {
    slow: AtomicBool,
}

/// A request that may wait.
pub(crate) struct Turn<'w> {
    waiting: &'w Waiting,
    pace: &'w Pace,
    since: Instant,
    /// Whether it is one of the share.
    has_place: bool,
    answered: bool,
}

impl Waiting {
    /// For a process with so many workers, one of so many.
    pub fn new(workers: usize, processes: usize, slot: Slot) -> Self {
        let is_of_all = workers == 1;
        let share = share(if is_of_all { processes } else { workers });
        slot.child().set(Child::Workers, workers);
        let own = if is_of_all {
            share / processes.max(1)
        } else {
            share
        };
        slot.child().set(Child::WaitingMax, own);
        Self {
            share,
            now: AtomicUsize::new(0),
            slot,
            is_of_all,
        }
    }

    /// Lets a request wait; none if it must do without.
    pub fn begin<'w>(&'w self, pace: &'w Pace) -> Option<Turn<'w>> {
        let before = self.now.fetch_add(1, Ordering::Relaxed);
        self.slot.child().set(Child::Waiting, before + 1);
        let others = if self.is_of_all {
            usize::try_from(self.slot.others_waiting()).unwrap_or(usize::MAX)
        } else {
            0
        };
        let has_place = before.saturating_add(others) < self.share;
        let turn = Turn {
            waiting: self,
            pace,
            since: Instant::now(),
            has_place,
            answered: false,
        };
        (has_place || !pace.slow.load(Ordering::Relaxed)).then_some(turn)
    }
}

impl Turn<'_> {
    /// The end of its patience, which is that of the request, or sooner.
    pub fn deadline(&self, request: Instant) -> Instant {
        if self.has_place {
            request
        } else {
            request.min(self.since + MOMENT)
        }
    }

    /// There was an answer, of whatever kind.
    pub fn answered(&mut self) {
        self.answered = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let before = self.waiting.now.fetch_sub(1, Ordering::Relaxed);
        let now = before.saturating_sub(1);
        self.waiting.slot.child().set(Child::Waiting, now);
        if self.since.elapsed() >= MOMENT {
            self.pace.slow.store(true, Ordering::Relaxed);
        } else if self.has_place && self.answered {
            self.pace.slow.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics::Board;
    use std::sync::Arc;

    fn waiting(workers: usize, processes: usize) -> Waiting {
        Waiting::new(workers, processes, Board::private(&[]).slot())
    }

    fn later(request: Instant, turn: &Turn<'_>) -> bool {
        turn.deadline(request) == request
    }

    #[test]
    fn a_quarter_waits_and_the_others_only_for_a_moment() {
        let (waiting, pace) = (waiting(64, 1), Pace::default());
        let far = Instant::now() + Duration::from_secs(60);
        let turns: Vec<_> = (0..64).filter_map(|_| waiting.begin(&pace)).collect();
        let patient = turns.iter().filter(|turn| later(far, turn)).count();
        assert_eq!((turns.len(), patient), (64, 16));
    }

    #[test]
    fn nobody_beyond_the_share_waits_for_what_is_slow_until_it_is_quick() {
        let (waiting, pace) = (waiting(64, 1), Pace::default());
        let slow = waiting.begin(&pace);
        std::thread::sleep(MOMENT);
        drop(slow);
        let mut turns: Vec<_> = (0..64).filter_map(|_| waiting.begin(&pace)).collect();
        assert_eq!(turns.len(), 16);
        // Another database is as quick as ever.
        let other = Pace::default();
        assert!(waiting.begin(&other).is_some());
        turns.pop().unwrap().answered();
        let turns: Vec<_> = (0..64).filter_map(|_| waiting.begin(&pace)).collect();
        let far = Instant::now() + Duration::from_secs(60);
        let patient = turns.iter().filter(|turn| later(far, turn)).count();
        assert_eq!((turns.len(), patient), (64, 1));
    }

    #[test]
    fn small_children_let_four_wait_and_keep_one() {
        let shares = [1, 2, 4, 5, 8, 16, 25, 64].map(share);
        assert_eq!(shares, [1, 1, 3, 4, 4, 4, 6, 16]);
    }

    /// Where a process has one worker, the share is one of the processes.
    #[test]
    fn a_quarter_of_the_processes_waits_where_each_has_one_worker() {
        let words: Box<[_]> = (0..metrics::length(64, 0))
            .map(|_| Default::default())
            .collect();
        let board = Board::new(Arc::new(words), 64, &[]);
        let far = Instant::now() + Duration::from_secs(60);
        let all: Vec<Waiting> = (0..64).map(|_| Waiting::new(1, 64, board.slot())).collect();
        let pace = Pace::default();
        let turns: Vec<_> = all.iter().filter_map(|one| one.begin(&pace)).collect();
        let patient = turns.iter().filter(|turn| later(far, turn)).count();
        assert_eq!((turns.len(), patient), (64, 16));
        drop(turns);
        let turn = all[40].begin(&pace);
        assert!(turn.is_some_and(|turn| later(far, &turn)));
    }
}
