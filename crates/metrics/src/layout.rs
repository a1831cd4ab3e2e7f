//! Where each number is.

use crate::histogram::{self, Step};
use crate::list::{Child, Database};
use crate::mirrors;
use crate::watch;

/// Words of a cache line: no two children write to the same one.
const LINE: usize = 8;

/// The words before the numbers of a slot: the process that it belongs to.
const HEAD: usize = LINE;

/// Words for what children say once for all of them, for each database.
pub(crate) const ANNOUNCED: usize = LINE;

/// The parts of the words, for a number of slots and databases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub slots: usize,
    pub databases: usize,
}

fn lines(words: usize) -> usize {
    words.next_multiple_of(LINE)
}

/// How many words children need that are `slots` at a time and have so many databases.
pub fn length(slots: usize, databases: usize) -> usize {
    let layout = Layout { slots, databases };
    layout.slot(slots)
}

impl Layout {
    /// What the children have in common.
    pub fn concern(&self, number: usize) -> usize {
        number * lines(watch::WORDS)
    }

    pub fn announced(&self, database: usize) -> usize {
        self.concern(watch::CONCERNS) + database * ANNOUNCED
    }

    /// Where a slot begins.
    pub fn slot(&self, slot: usize) -> usize {
        self.announced(self.databases) + slot * self.slot_length()
    }

    pub fn slot_length(&self) -> usize {
        self.mirrors() + mirrors::WORDS
    }

    /// The parts of a slot, from where it begins.
    pub fn child(&self) -> usize {
        HEAD
    }

    pub fn database(&self, database: usize) -> usize {
        HEAD + lines(Child::ALL.len()) + database * Self::database_length()
    }

    pub fn mirrors(&self) -> usize {
        self.database(self.databases)
    }

    fn database_length() -> usize {
        lines(Database::ALL.len()) + Step::ALL.len() * lines(histogram::WORDS)
    }

    /// The parts of a database, from where it begins.
    pub fn step(step: usize) -> usize {
        lines(Database::ALL.len()) + step * lines(histogram::WORDS)
    }
}
