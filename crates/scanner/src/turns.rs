//! Mirrors write in the order in which their scans began, where that costs nearly nothing: so the arrays of
//! `filearr` come out the same, however many are scanned at once.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long one waits for those before it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who is still before whom.
pub(crate) struct Turns {
    /// Whether each one has ended.
    ended: Mutex<Vec<bool>>,
    changed: Condvar,
}

/// One's place; it has ended when this is dropped.
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    place: usize,
}

impl Turns {
    /// Of so many.
    pub fn new(count: usize) -> Self {
        Self {
            ended: Mutex::new(vec![false; count]),
            changed: Condvar::new(),
        }
    }

    /// The place of one, from 0.
    pub fn turn(&self, place: usize) -> Turn<'_> {
        Turn { turns: self, place }
    }
}

impl Turn<'_> {
    /// Waits until all before it have ended, but not for long.
    pub fn wait(&self) {
        let ended = self.turns.ended.lock();
        let ended = ended.unwrap_or_else(PoisonError::into_inner);
        let is_behind = |ended: &mut Vec<bool>| ended.iter().take(self.place).any(|ended| !ended);
        let waited = self
            .turns
            .changed
            .wait_timeout_while(ended, PATIENCE, is_behind);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let ended = self.turns.ended.lock();
        let mut ended = ended.unwrap_or_else(PoisonError::into_inner);
        if let Some(ended) = ended.get_mut(self.place) {
            *ended = true;
        }
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn the_second_waits_for_the_first_and_not_for_ever() {
        let turns = Turns::new(3);
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            let first = turns.turn(0);
            let (second, sender) = (turns.turn(1), &sender);
            scope.spawn(move || {
                second.wait();
                let _ = sender.send("second");
            });
            thread::sleep(Duration::from_millis(20));
            let _ = sender.send("first");
            drop(first);
        });
        assert_eq!(
            [receiver.recv(), receiver.recv()],
            [Ok("first"), Ok("second")]
        );
        let _hangs = turns.turn(2);
        turns.turn(3).wait();
    }
}
