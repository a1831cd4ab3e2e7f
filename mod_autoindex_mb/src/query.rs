//! The arguments `C O F V P` with which a client orders and filters a listing.

// By way of `super`: fuzz/ compiles this file, too.
use super::escape;
use super::options::Flags;
use std::ffi::CStr;

/// The column a listing is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Name,
    LastModified,
    Size,
    Description,
}

impl Key {
    /// The letter in `?C=`.
    pub fn letter(self) -> char {
        match self {
            Self::Name => 'N',
            Self::LastModified => 'M',
            Self::Size => 'S',
            Self::Description => 'D',
        }
    }

    fn of(letter: u8) -> Option<Self> {
        [
            Self::Name,
            Self::LastModified,
            Self::Size,
            Self::Description,
        ]
        .into_iter()
        .find(|key| key.letter() == char::from(letter))
    }
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// How one listing is made.
pub struct View<'r> {
    pub flags: Flags,
    pub key: Key,
    pub direction: Direction,
    /// Only names that match this are listed.
    pub pattern: Option<&'r CStr>,
    /// What the links of the column headings must repeat.
    pub carried: Vec<u8>,
}

impl<'r> View<'r> {
    /// Whether the listing has columns, in a table or preformatted.
    pub fn has_columns(&self) -> bool {
        self.flags
            .has(Flags::FANCY_INDEXING.with(Flags::HTML_TABLE))
    }

    /// Reads the query; what is not understood ends it, silently. `unescape` decodes `%xx`, and
    /// has nothing for what is no text then.
    pub fn read(&mut self, mut query: &[u8], unescape: impl Fn(&[u8]) -> Option<&'r CStr>) {
        let mut carried = Carried::default();
        while let Some((name, value, rest)) = next_argument(query) {
            match (name, value) {
                (b'C', [letter]) => match Key::of(*letter) {
                    Some(key) => self.key = key,
                    None => break,
                },
                (b'O', b"A") => self.direction = Direction::Ascending,
                (b'O', b"D") => self.direction = Direction::Descending,
                (b'F', [digit @ b'0'..=b'2']) => {
                    carried.format = vec![b';', b'F', b'=', *digit];
                    self.set_format(*digit);
                }
                (b'V', [digit @ b'0'..=b'1']) => {
                    carried.version = vec![b';', b'V', b'=', *digit];
                    self.flags = match digit {
                        b'0' => self.flags.without(Flags::VERSION_SORT),
                        _ => self.flags.with(Flags::VERSION_SORT),
                    };
                }
                (b'P', text) => {
                    self.pattern = unescape(text).filter(|_| !text.is_empty());
                    if let Some(decoded) = self.pattern {
                        carried.pattern = b";P=".to_vec();
                        escape::url_part(decoded.to_bytes(), &mut carried.pattern);
                    }
                }
                _ => break,
            }
            query = rest;
        }
        self.carried = [carried.format, carried.version, carried.pattern].concat();
    }

    fn set_format(&mut self, digit: u8) {
        let bare = self
            .flags
            .without(Flags::FANCY_INDEXING.with(Flags::HTML_TABLE));
        self.flags = match digit {
            b'0' => bare,
            b'1' => bare.with(Flags::FANCY_INDEXING),
            _ => bare.with(Flags::FANCY_INDEXING).with(Flags::HTML_TABLE),
        };
    }
}

/// Arguments that links repeat, each in the form in which it follows another.
#[derive(Default)]
struct Carried {
    format: Vec<u8>,
    version: Vec<u8>,
    pattern: Vec<u8>,
}

/// The letter in front of `=`, the text behind it, and what follows the separator.
fn next_argument(query: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [name, b'=', rest @ ..] = query else {
        return None;
    };
    let end = rest.iter().position(|b| b"&;".contains(b));
    let value = rest.get(..end.unwrap_or(rest.len()))?;
    let rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or(b"");
    Some((*name, value, rest))
}
