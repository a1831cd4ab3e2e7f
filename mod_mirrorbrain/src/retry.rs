//! Retries (`MirrorBrainRetryTime`): a client that asks for the same file again soon was not well
//! served, and gets the next mirror of its order, at last the file itself.
//!
//! A table that all children share notes who asked for what a moment ago: for each client (its
//! address and the name of its program) and file 64 bits, in a place that follows from both. Another
//! client may take the place; the first is then a new one, no more. What the table says is a hint,
//! so that processes need not wait for each other.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Words of the table: half a megabyte, as far as it is used.
pub const PLACES: usize = 1 << 16;

/// An address that asks more often within the time is many clients behind one address, who are
/// not to be sent farther and farther away.
const MAX_ASKED: u8 = 12;

/// Whose request is answered, and what was answered a moment ago.
#[derive(Clone, Copy)]
pub struct Attempt<'t> {
    place: &'t AtomicU64,
    key: u64,
    now: u16,
    note: Note,
}

/// What is noted of a client and a file.
#[derive(Clone, Copy)]
struct Note {
    /// Makes the order of one client the same for all of its attempts, and another one later.
    draw: u8,
    /// Index of the next answer in the order.
    next: u8,
    /// Answers so far.
    asked: u8,
}

impl<'t> Attempt<'t> {
    /// Looks up what is noted, if not longer ago than `time` seconds.
    pub fn of(
        table: &'t [AtomicU64],
        (client, agent, file): (IpAddr, &[u8], &[u8]),
        now: i64,
        time: u16,
    ) -> Option<Self> {
        let mut hasher = DefaultHasher::new();
        (client, agent, file).hash(&mut hasher);
        let key = hasher.finish();
        let place = table.get(usize::try_from(key).ok()? % table.len().max(1))?;
        // Seconds of 18 hours; who comes back after exactly that time is taken for a retry.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "so meant"
        )]
        let now = now as u16;
        let word = place.load(Ordering::Relaxed);
        let [tag @ .., t1, t0, draw, next, asked] = word.to_be_bytes();
        let is_known = asked > 0 && tag == tag_of(key);
        let age = now.wrapping_sub(u16::from_be_bytes([t1, t0]));
        let note = if is_known && age <= time {
            Note { draw, next, asked }
        } else {
            Note {
                draw: fastrand::u8(..),
                next: 0,
                asked: 0,
            }
        };
        Some(Self {
            place,
            key,
            now,
            note,
        })
    }

    /// What the order is drawn with; `None` for many clients behind one address.
    pub fn seed(&self) -> Option<u64> {
        (self.note.asked < MAX_ASKED).then_some(self.key ^ u64::from(self.note.draw) << 56)
    }

    /// The index of the answer among `answers`, one after the other and then from the first again. A
    /// request that `counts` for none (HEAD, or for a segment) gets what the last one got.
    pub fn turn(self, answers: usize, counts: bool) -> usize {
        let answers = u8::try_from(answers.max(1)).unwrap_or(u8::MAX);
        let is_crowd = self.note.asked >= MAX_ASKED;
        let next = if is_crowd {
            0
        } else {
            self.note.next % answers
        };
        if !counts {
            let last = next.checked_sub(1).unwrap_or(answers - 1);
            let is_first = is_crowd || self.note.asked == 0;
            return if is_first { 0 } else { last.into() };
        }
        self.write(Note {
            next: (next + 1) % answers,
            asked: self.note.asked.saturating_add(1),
            ..self.note
        });
        next.into()
    }

    fn write(&self, Note { draw, next, asked }: Note) {
        let [a, b, c] = tag_of(self.key);
        let [t1, t0] = self.now.to_be_bytes();
        let word = u64::from_be_bytes([a, b, c, t1, t0, draw, next, asked]);
        self.place.store(word, Ordering::Relaxed);
    }
}

/// Of the bits that did not choose the place.
fn tag_of(key: u64) -> [u8; 3] {
    let [a, b, c, ..] = key.to_be_bytes();
    [a, b, c]
}
