//! A door to the reader of rows, for the fuzzer: they come only out of a connection.

use crate::shared::pfx2asn::Reader;
use crate::table::Builder;

/// Reads what `COPY` sends, in these pieces.
pub fn read_rows(pieces: &[&[u8]]) -> Builder {
    let mut reader = Reader::default();
    pieces.iter().for_each(|piece| reader.take(piece));
    reader.builder
}
