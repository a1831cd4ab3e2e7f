//! What is read from the database.

use crate::table::Builder;
use pg::{Connection, ConnectionError};

/// The answer for one address (the parameter), from the database itself.
pub const FALLBACK_QUERY: &str = "SELECT pfx::text, asn::text FROM pfx2asn \
     WHERE pfx >>= $1::iprange ORDER BY @ pfx LIMIT 1";

/// Tells one state of the table from another, without reading it.
///
/// Every INSERT, UPDATE, DELETE and COPY adds to the counters, also if it is rolled back;
/// TRUNCATE and a new table change the file node. The counters start again when the statistics
/// are reset or lost, which the two times show. PostgreSQL publishes the counters of a
/// transaction up to ten seconds after it. A standby does not count what it replays, and what
/// is no plain table has no counters: these have no version.
const VERSION: &str = "SELECT \
     CASE WHEN c.relkind = 'r' AND current_setting('track_counts')::bool \
          AND NOT pg_is_in_recovery() THEN \
     concat_ws(' ', current_database(), c.oid, pg_relation_filenode(c.oid), \
         pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid), \
         pg_stat_get_tuples_deleted(c.oid), pg_stat_get_db_stat_reset_time(d.oid), \
         pg_postmaster_start_time()) END \
     FROM pg_class c, pg_database d \
     WHERE c.oid = to_regclass('pfx2asn') AND d.datname = current_database()";

/// COPY costs a fifth of what rows cost. The columns' text is read, so any type does whose text
/// is a range (iprange, ip4r, cidr) or a number (integer, bigint, numeric).
const COPY: &str = "COPY (SELECT pfx, asn FROM pfx2asn) TO STDOUT";

/// Rows that say nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub count: u64,
    pub first: String,
}

/// The state of the table; `Some(None)` if it cannot be told, `None` if there is no table.
pub(crate) fn version(
    connection: &mut Connection,
) -> Result<Option<Option<String>>, ConnectionError> {
    let rows = connection.rows(VERSION)?;
    Ok(rows
        .into_iter()
        .next()
        .map(|row| row.into_iter().next().flatten()))
}

/// The whole table.
pub(crate) fn read(
    connection: &mut Connection,
) -> Result<(Builder, u64, LeftOut), ConnectionError> {
    let mut reader = Reader::default();
    connection.copy_out(COPY, |piece| reader.take(piece))?;
    Ok((reader.builder, reader.rows, reader.left_out))
}

/// Puts lines together and reads them.
#[derive(Default)]
pub(crate) struct Reader {
    pub builder: Builder,
    rows: u64,
    left_out: LeftOut,
    unfinished: Vec<u8>,
}

impl Reader {
    pub fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|&b| b == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(line) if self.unfinished.is_empty() => self.line(line),
                Some(end) => {
                    let mut line = std::mem::take(&mut self.unfinished);
                    line.extend_from_slice(end);
                    self.line(&line);
                }
                None => self.unfinished.extend_from_slice(part),
            }
        }
    }

    fn line(&mut self, line: &[u8]) {
        let row = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.split_once('\t'));
        let added = row.and_then(|(range, asn)| {
            let asn = asn.parse().ok()?;
            self.builder.push_text(range, asn).ok()
        });
        if added.is_some() {
            self.rows += 1;
            return;
        }
        if self.left_out.count == 0 {
            let text = String::from_utf8_lossy(line).replace('\t', " ");
            self.left_out.first = text.chars().filter(|c| !c.is_control()).take(100).collect();
        }
        self.left_out.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_wherever_the_pieces_end() {
        let text = b"10.0.0.0/8\t1\n::/0\t4294967295\n10.0.0.0-10.0.0.5\t3\n";
        for at in 0..text.len() {
            let mut reader = Reader::default();
            let (a, b) = text.split_at(at);
            reader.take(a);
            reader.take(b);
            assert_eq!(
                (reader.rows, &reader.left_out),
                (3, &LeftOut::default()),
                "{at}"
            );
        }
    }

    #[test]
    fn rows_that_say_nothing_are_counted_and_the_first_is_named() {
        let mut reader = Reader::default();
        reader.take(b"10.0.0.0/8\t1\n10.0.0.0/9\t\\N\n\\N\t5\n10.0.0.0/9\t-4\nx\n");
        assert_eq!(reader.rows, 1);
        assert_eq!(reader.left_out.count, 4);
        assert_eq!(reader.left_out.first, "10.0.0.0/9 \\N");
    }
}
