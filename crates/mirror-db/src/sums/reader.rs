//! The statements that give sums and signatures, for all requests of a process.

use super::{
    Detail, Subject, SumsError,
    budget::Budget,
    ranges::{Ranges, Section},
    stored::{Stored, decoded, first_column},
};
use crate::{
    CustomQuery, DbError, Settings,
    lookup::{digest, number, text},
    own_digests,
    pool::Pool,
    statement::Statement,
};
use metrics::Step;
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};
use tokio_postgres::Row;

/// Bytes of a range, but for the last one of the sums: whole SHA-1 hashes.
const RANGE: u64 = 13_107 * 20;

/// The same for a site's own query, which may make all of the sums for each range.
const OWN_RANGE: u64 = 4 * RANGE;

/// How long a request waits for its turn to ask.
pub(super) const PATIENCE: Duration = Duration::from_secs(6);

/// Reads sums and signatures.
pub(crate) struct SumsReader {
    pieces: Arc<Statement>,
    blocks: Arc<Statement>,
    signature: Arc<Statement>,
    /// How many parameters the site's own query has, if there is one.
    own: Option<usize>,
    /// How that query gave sums the last time: a [`Stored`].
    stored: AtomicU8,
    ranges: Ranges,
    /// Redirects come first: at most so many connections are at work for sums.
    budget: Budget,
}

impl SumsReader {
    pub fn new(own: Option<&CustomQuery>, settings: &Settings) -> Self {
        let statement = |columns: &str, own_columns: &str, further: usize| {
            let statement = match own {
                Some(query) => own_digests::selecting(own_columns, query, further),
                None => built_in(columns, further),
            };
            Arc::new(statement.beside().counted_as(Step::Hashes))
        };
        let start = own.map_or(3, CustomQuery::parameters) + 1;
        let section = |column: &str, others: &str| {
            let length = start + 1;
            format!("substring({column} FROM ${start}::int FOR ${length}::int), {others}")
        };
        Self {
            pieces: statement(
                &section(
                    "h.sha1pieces",
                    "h.sha1, h.sha1piecesize, '', octet_length(h.sha1pieces)",
                ),
                &section("c6", "c3, c5, '', NULL"),
                2,
            ),
            blocks: statement(
                &section(
                    "h.zsums",
                    "h.sha1, h.zblocksize, h.zhashlens, octet_length(h.zsums)",
                ),
                &section("c11", "c3, c9, c10, NULL"),
                2,
            ),
            signature: statement("h.pgp", "c8", 0),
            own: own.map(CustomQuery::parameters),
            stored: AtomicU8::new(Stored::Raw.number()),
            ranges: Ranges::new(settings.cache_ttl),
            budget: Budget::new(settings.pool.max_connections / 5),
        }
    }

    pub(super) fn longest_range(&self) -> u64 {
        self.own.map_or(RANGE, |_| OWN_RANGE)
    }

    /// The bytes of a section.
    pub(super) fn range(&self, pool: &Pool, section: &Section) -> Result<Arc<Vec<u8>>, SumsError> {
        self.ranges.get(section, || self.read(pool, section))
    }

    /// The detached PGP signature in ASCII armour; empty when there is none.
    pub fn signature(&self, pool: &Pool, subject: &Subject) -> Result<String, SumsError> {
        let rows = self.query(pool, &self.signature, self.parameters(subject))?;
        let row = rows.first().ok_or(SumsError::Changed)?;
        text(row, 0).map_err(|error| failed(&self.signature, &error))
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

    fn parameters(&self, subject: &Subject) -> Vec<String> {
        let (size, mtime) = (subject.size.to_string(), subject.mtime.to_string());
        let mut parameters = vec![subject.path.clone(), size, mtime];
        parameters.truncate(self.own.unwrap_or(parameters.len()));
        parameters
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
        let statement = match section.detail {
            Detail::Pieces => &self.pieces,
            Detail::Blocks => &self.blocks,
        };
        let mut parameters = self.parameters(&section.subject);
        parameters.extend(guess.place(section.offset, section.length));
        let rows = self.query(pool, statement, parameters)?;
        let row = rows.first().ok_or(SumsError::Changed)?;
        let failed = |error| failed(statement, &error);
        if !is_same(row, section).map_err(failed)? {
            return Err(SumsError::Changed);
        }
        let part = first_column(row).map_err(failed)?;
        let part = part.ok_or(SumsError::Changed)?;
        let stored = guess.of(&part, section.offset);
        if stored != guess {
            return Ok((stored, Vec::new()));
        }
        let is_whole = |bytes: &Vec<u8>| bytes.len() as u64 == section.length;
        let bytes = decoded(&part).filter(is_whole);
        Ok((stored, bytes.ok_or(SumsError::Changed)?))
    }
}

/// The built-in look-up of these columns.
fn built_in(columns: &str, further: usize) -> Statement {
    let sql = format!(
        "SELECT {columns} FROM filearr f JOIN hash h ON h.file_id = f.id \
         WHERE f.path = $1 AND h.size = $2::bigint AND h.mtime = $3::bigint LIMIT 1"
    );
    Statement::new("the look-up of sums", sql, 3 + further)
}

/// Whether a row is about the sums that the section is of.
fn is_same(row: &Row, section: &Section) -> Result<bool, tokio_postgres::Error> {
    let digests = &section.subject.digests;
    let (unit, lengths) = match (section.detail, &digests.zsync) {
        (Detail::Blocks, Some(zsync)) => (zsync.block_size, &*zsync.hash_lengths),
        _ => (digests.piece_size, ""),
    };
    // A site's own query may have to make all of them to say how many they are.
    let total = number(row, 4)?;
    let total = total.and_then(|total| u64::try_from(total).ok());
    Ok(digest(row, 1)? == digests.sha1
        && number(row, 2)? == Some(unit.into())
        && text(row, 3)? == lengths
        && total.is_none_or(|total| total == section.subject.length(section.detail)))
}

fn failed(statement: &Statement, error: &tokio_postgres::Error) -> SumsError {
    DbError::query_failed(format!("{}: {error}", statement.name)).into()
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
