//! How many may do something at a time.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Budget {
    free: Mutex<usize>,
    changed: Condvar,
}

/// A place, until it is dropped.
pub(super) struct Turn<'b>(&'b Budget);

impl Budget {
    /// So many places, one at least.
    pub fn new(places: usize) -> Self {
        Self {
            free: Mutex::new(places.max(1)),
            changed: Condvar::new(),
        }
    }

    /// Waits for a place; none if there is none by the deadline.
    pub fn wait(&self, deadline: Instant) -> Option<Turn<'_>> {
        let patience = deadline.saturating_duration_since(Instant::now());
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut free, _) = self
            .changed
            .wait_timeout_while(free, patience, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let budget = self.0;
        *budget.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        budget.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::scope;
    use std::time::Duration;

    #[test]
    fn a_place_that_is_given_back_is_taken_by_who_waits() {
        let budget = Budget::new(0);
        let soon = || Instant::now() + Duration::from_millis(10);
        let turn = budget.wait(soon());
        assert!(turn.is_some() && budget.wait(soon()).is_none());
        scope(|scope| {
            let waits = scope.spawn(|| budget.wait(Instant::now() + Duration::from_secs(30)));
            drop(turn);
            assert!(waits.join().unwrap().is_some());
        });
        assert!(budget.wait(soon()).is_some());
    }
}
