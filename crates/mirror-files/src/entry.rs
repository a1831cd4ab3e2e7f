//! One entry of a listing.

use std::fmt;

/// A file, directory or other thing that a server lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Below the base of the listing: no slash at either end, no empty, `.` or `..` segment, no control
    /// characters. Names that are not UTF-8 are left out and counted: the database has no place for them.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Of a file.
    pub size: Size,
    /// When it was last changed.
    pub mtime: Time,
    /// Who may read it, where the protocol tells.
    pub mode: Option<Mode>,
}

/// The lowest twelve bits of `st_mode` (POSIX.1-2017, `<sys/stat.h>`): who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u16);

impl Mode {
    /// Reads nine letters as `ls -l` writes them behind the type: `rwxr-xr-x`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bits = 0;
        for (place, letter) in text.get(..9)?.iter().enumerate() {
            let special = 1 << (11 - place / 3);
            let plain = 1 << (8 - place);
            bits |= match (place % 3, letter) {
                (_, b'-') => 0,
                (0, b'r') | (1, b'w') | (2, b'x') => plain,
                (2, b's' | b't') => plain | special,
                (2, b'S' | b'T') => special,
                _ => return None,
            };
        }
        Some(Self(bits))
    }

    /// Whether owner, group and others may all read it.
    pub const fn all_may_read(self) -> bool {
        self.0 & 0o444 == 0o444
    }

    /// Whether owner, group and others may all list a directory and enter it.
    pub const fn all_may_enter(self) -> bool {
        self.0 & 0o555 == 0o555
    }

    /// Whether others may read it.
    pub const fn others_may_read(self) -> bool {
        self.0 & 0o004 != 0
    }
}

/// As `ls -l` writes it behind the type.
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for third in 0..3 {
            let bits = self.0 >> (6 - 3 * third);
            let is_special = self.0 & 1 << (11 - third) != 0;
            let letter = if third == 2 { 't' } else { 's' };
            let last = match (bits & 1 != 0, is_special) {
                (true, false) => 'x',
                (false, false) => '-',
                (true, true) => letter,
                (false, true) => letter.to_ascii_uppercase(),
            };
            let read = if bits & 4 != 0 { 'r' } else { '-' };
            let write = if bits & 2 != 0 { 'w' } else { '-' };
            write!(f, "{read}{write}{last}")?;
        }
        Ok(())
    }
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; where it leads is not known.
    Symlink,
    /// A device, socket or pipe.
    Other,
}

/// A size in bytes, as sure as the listing is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Not told.
    Unknown,
    /// To the byte.
    Exact(u64),
    /// From the first to the second, both included: `1.2M` in a page.
    Between(u64, u64),
}

/// Seconds since 1970-01-01 00:00:00 UTC, as sure as the listing is of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Not told.
    Unknown,
    /// To the second.
    Exact(i64),
    /// From the first to the second, both included: no seconds, or a time zone that is not told.
    Between(i64, i64),
}

impl Size {
    /// What it tells of a thing of that kind: what servers say of directories and links is not the size of a file.
    pub(crate) fn for_kind(self, kind: Kind) -> Self {
        match kind {
            Kind::File => self,
            _ => Self::Unknown,
        }
    }

    /// Whether the file may have `bytes`.
    pub fn may_be(self, bytes: u64) -> bool {
        match self {
            Self::Unknown => true,
            Self::Exact(size) => size == bytes,
            Self::Between(low, high) => (low..=high).contains(&bytes),
        }
    }
}

impl Time {
    /// Whether the file may be of that second, or be off by at most `tolerance` seconds.
    pub fn may_be(self, second: i64, tolerance: i64) -> bool {
        let (low, high) = match self {
            Self::Unknown => return true,
            Self::Exact(second) => (second, second),
            Self::Between(low, high) => (low, high),
        };
        second >= low.saturating_sub(tolerance) && second <= high.saturating_add(tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_written_as_they_are_read() {
        for bits in 0..0o10000 {
            let text = Mode(bits).to_string();
            assert_eq!(Mode::parse(text.as_bytes()), Some(Mode(bits)), "{text}");
        }
        assert_eq!(Mode(0o7644).to_string(), "rwSr-Sr-T");
        for text in ["", "rwxrwxrw", "xwrxwrxwr", "rwxr-xr-?"] {
            assert_eq!(Mode::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_size_that_a_page_rounds_may_be_any_that_rounds_to_it() {
        assert!(Size::Between(1_150, 1_249).may_be(1_249));
        assert!(!Size::Between(1_150, 1_249).may_be(1_250));
        assert!(Size::Unknown.may_be(u64::MAX) && !Size::Exact(1).may_be(0));
    }

    #[test]
    fn times_may_be_off_by_the_tolerance_and_no_more() {
        assert!(Time::Exact(100).may_be(98, 2) && !Time::Exact(100).may_be(97, 2));
        assert!(Time::Between(60, 119).may_be(120, 1) && !Time::Between(60, 119).may_be(121, 1));
        assert!(Time::Exact(i64::MAX).may_be(i64::MAX, i64::MAX));
    }
}
