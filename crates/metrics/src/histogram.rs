//! How long things take.

use crate::area::Area;
use std::time::Duration;

/// The upper bounds that are counted by, in seconds; a last class has no bound.
pub const BOUNDS: [f64; 6] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0];

/// Words of a histogram: one cache line. Each class, and the sum in microseconds.
pub(crate) const WORDS: usize = BOUNDS.len() + 2;

/// What a database takes its time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Opening a connection, from the look-up of the name to the first statement.
    Connect,
    /// The look-up of files.
    Files,
    /// Sums and other hashes of one file.
    Hashes,
    /// The table of mirrors, and whether it has changed.
    Mirrors,
}

impl Step {
    /// All of them, in the order of the words.
    pub const ALL: [Self; 4] = [Self::Connect, Self::Files, Self::Hashes, Self::Mirrors];

    /// The value of the label `step`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Files => "files",
            Self::Hashes => "hashes",
            Self::Mirrors => "mirrors",
        }
    }
}

/// Counts one.
pub(crate) fn record(area: &Area, took: Duration) {
    let seconds = took.as_secs_f64();
    let class = BOUNDS.iter().position(|bound| seconds <= *bound);
    area.add(class.unwrap_or(BOUNDS.len()), 1);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    area.add(BOUNDS.len() + 1, micros);
}
