//! Reads sums and signatures, for all requests of a process.

use super::budget::Budget;
use super::ranges::{Ranges, Section};
use super::{HashedVersion, SumsError};
use crate::Settings;
use mirror_db::CustomQuery;
use mirror_db::tables::hash::sums::{SectionRow, Stored, SumsStatements, signature};
use pg::{Pool, Statement};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::Row;

/// Bytes of a range, but for the last one of the sums: whole SHA-1 hashes.
const RANGE: u64 = 13_107 * 20;

/// The same for a site's own query, which may make all of the sums for each range.
const OWN_RANGE: u64 = 4 * RANGE;

/// How long a request waits for its turn to ask.
pub(super) const PATIENCE: Duration = Duration::from_secs(6);

/// Reads sums and signatures.
pub(crate) struct SumsReader {
    statements: SumsStatements,
    /// How the column held sums the last time: a [`Stored`].
    stored: AtomicU8,
    ranges: Ranges,
    /// Redirects come first: at most so many connections are at work for sums.
    budget: Budget,
}

impl SumsReader {
    pub fn new(own: Option<&CustomQuery>, settings: &Settings) -> Self {
        Self {
            statements: SumsStatements::new(own),
            stored: AtomicU8::new(Stored::Raw.number()),
            ranges: Ranges::new(settings.cache_ttl),
            budget: Budget::new(settings.pool.max_connections / 5),
        }
    }

    pub(super) fn longest_range(&self) -> u64 {
        if self.statements.is_own() {
            OWN_RANGE
        } else {
            RANGE
        }
    }

    /// The bytes of a section.
    pub(super) fn range(&self, pool: &Pool, section: &Section) -> Result<Arc<Vec<u8>>, SumsError> {
        self.ranges.get(section, || self.read(pool, section))
    }

    /// The detached PGP signature in ASCII armour; empty when there is none.
    pub fn signature(&self, pool: &Pool, version: &HashedVersion) -> Result<String, SumsError> {
        let statement = self.statements.signature();
        let rows = self.query(pool, statement, self.parameters(version))?;
        signature(statement, &rows)?.ok_or(SumsError::Changed)
    }

    fn query(
        &self,
        pool: &Pool,
        statement: &Arc<Statement>,
        parameters: Vec<String>,
    ) -> Result<Vec<Row>, SumsError> {
        let turn = self.budget.wait(Instant::now() + PATIENCE);
        let _turn = turn.ok_or(SumsError::Busy)?;
        Ok(pool.query(statement, parameters)?)
    }

    fn parameters(&self, version: &HashedVersion) -> Vec<String> {
        self.statements.parameters(version.file.borrowed())
    }

    fn read(&self, pool: &Pool, section: &Section) -> Result<Vec<u8>, SumsError> {
        // As hex on the way from the server, and decoded.
        if !has_room(section.length.saturating_mul(3)) {
            return Err(SumsError::Memory);
        }
        let guess = Stored::from_number(self.stored.load(Ordering::Relaxed));
        match self.read_as(guess, pool, section)? {
            (stored, bytes) if stored == guess => Ok(bytes),
            (stored, _) => {
                self.stored.store(stored.number(), Ordering::Relaxed);
                self.read_as(stored, pool, section).map(|(_, bytes)| bytes)
            }
        }
    }

    /// How the sums are stored, and the section's bytes if that is as `guess` has it.
    fn read_as(
        &self,
        guess: Stored,
        pool: &Pool,
        section: &Section,
    ) -> Result<(Stored, Vec<u8>), SumsError> {
        let Section {
            version, detail, ..
        } = section;
        let statement = self.statements.section(*detail);
        let mut parameters = self.parameters(version);
        parameters.extend(guess.place(section.offset, section.length));
        let rows = self.query(pool, statement, parameters)?;
        let row = SectionRow::first(statement, &rows).ok_or(SumsError::Changed)?;
        if !row.is_of(&version.digests, *detail, version.length(*detail))? {
            return Err(SumsError::Changed);
        }
        let part = row.part(guess, section.offset)?;
        let (stored, bytes) = part.ok_or(SumsError::Changed)?;
        if stored == guess && bytes.len() as u64 != section.length {
            return Err(SumsError::Changed);
        }
        Ok((stored, bytes))
    }
}

/// Whether the process can have so many bytes more. A failed allocation deep in a library would end
/// the process.
fn has_room(bytes: u64) -> bool {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut room: Vec<u8> = Vec::new();
    let reserved = room.try_reserve_exact(bytes).is_ok();
    // Or the compiler finds out that nobody needs the memory.
    black_box(&mut room);
    reserved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_process_has_room_for_is_noticed() {
        assert!(has_room(1 << 20));
        assert!(!has_room(u64::MAX / 2));
    }
}
