//! A part of the shared words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory that processes share.
pub trait Words: Send + Sync {
    /// All of it.
    fn words(&self) -> &[AtomicU64];
}

impl Words for Box<[AtomicU64]> {
    fn words(&self) -> &[AtomicU64] {
        self
    }
}

/// Some of the words. Indexes beyond its end are of no effect, and read as zero.
#[derive(Clone)]
pub struct Area {
    words: Arc<dyn Words>,
    start: usize,
    length: usize,
}

impl Area {
    /// All words.
    pub fn new(words: Arc<dyn Words>) -> Self {
        let length = words.words().len();
        Self {
            words,
            start: 0,
            length,
        }
    }

    /// Words of this process alone, all zero.
    pub fn private(length: usize) -> Self {
        let words: Box<[AtomicU64]> = (0..length).map(|_| AtomicU64::new(0)).collect();
        Self::new(Arc::new(words))
    }

    /// A part; less, if there is less.
    pub fn part(&self, start: usize, length: usize) -> Self {
        let start = start.min(self.length);
        Self {
            words: Arc::clone(&self.words),
            start: self.start + start,
            length: length.min(self.length - start),
        }
    }

    fn word(&self, index: usize) -> Option<&AtomicU64> {
        let index = (index < self.length).then_some(self.start + index)?;
        self.words.words().get(index)
    }

    /// Adds to a word.
    pub fn add(&self, index: usize, amount: u64) {
        if let Some(word) = self.word(index) {
            word.fetch_add(amount, Ordering::Relaxed);
        }
    }

    /// Writes a word.
    pub fn set(&self, index: usize, value: u64) {
        if let Some(word) = self.word(index) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// Reads a word.
    pub fn get(&self, index: usize) -> u64 {
        self.word(index)
            .map_or(0, |word| word.load(Ordering::Relaxed))
    }

    /// Replaces a word that has this value. False if it has another one.
    pub fn replace(&self, index: usize, old: u64, new: u64) -> bool {
        let (one, other) = (Ordering::AcqRel, Ordering::Relaxed);
        self.word(index)
            .is_some_and(|word| word.compare_exchange(old, new, one, other).is_ok())
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}
