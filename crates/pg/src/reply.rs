//! One answer that several threads may wait for.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Set once, by a background thread; read by any number of requests.
#[derive(Debug)]
pub struct Reply<T> {
    value: Mutex<Option<T>>,
    ready: Condvar,
}

impl<T> Default for Reply<T> {
    fn default() -> Self {
        Self {
            value: Mutex::new(None),
            ready: Condvar::new(),
        }
    }
}

impl<T: Clone> Reply<T> {
    /// Gives the answer; a second one is dropped.
    pub fn set(&self, value: T) {
        let mut slot = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(value);
        // Whoever wakes wants the lock.
        drop(slot);
        self.ready.notify_all();
    }

    /// The answer, or nothing if there is none by the deadline.
    pub fn wait(&self, deadline: Instant) -> Option<T> {
        let mut slot = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if slot.is_some() {
                return slot.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            slot = self
                .ready
                .wait_timeout(slot, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
