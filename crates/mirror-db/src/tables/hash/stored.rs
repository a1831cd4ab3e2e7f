//! How a column holds sums: a site's own query may give text.

use super::decode::Bytes;
use tokio_postgres::Row;

/// One of the ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Bytes as they are.
    Raw,
    /// Two digits for each.
    Hex,
    /// The same behind `\x`.
    PrefixedHex,
}

impl Stored {
    /// For an atomic.
    pub fn number(self) -> u8 {
        match self {
            Self::Raw => 0,
            Self::Hex => 1,
            Self::PrefixedHex => 2,
        }
    }

    /// From such a number.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Hex,
            2 => Self::PrefixedHex,
            _ => Self::Raw,
        }
    }

    /// How a column holds sums, of which `part` is what was read at `offset` by this guess. Whether
    /// there is a prefix shows at the start only.
    pub(super) fn of(self, part: &Bytes<'_>, offset: u64) -> Self {
        match (part, self) {
            (Bytes::Raw(_), _) => Self::Raw,
            (Bytes::Text(text), _) if offset == 0 && text.starts_with(b"\\x") => Self::PrefixedHex,
            (Bytes::Text(_), Self::Raw) => Self::Hex,
            (Bytes::Text(_), guess) => guess,
        }
    }

    /// Where a section begins, and how long it is, as SQL's `substring` counts.
    pub fn place(self, offset: u64, length: u64) -> [String; 2] {
        let (start, length) = match self {
            Self::Raw => (offset + 1, length),
            Self::Hex => (2 * offset + 1, 2 * length),
            Self::PrefixedHex => (2 * offset + 3, 2 * length),
        };
        [start.to_string(), length.to_string()]
    }
}

/// What the first column holds.
pub(crate) fn first_column(row: &Row) -> Result<Option<Bytes<'_>>, tokio_postgres::Error> {
    row.try_get(0)
}

/// The bytes that a part stands for; none if it is no hex.
pub(crate) fn decoded(part: &Bytes<'_>) -> Option<Vec<u8>> {
    match part {
        Bytes::Raw(bytes) => Some(bytes.to_vec()),
        Bytes::Text(digits) => hex::decode(digits).ok(),
    }
}
