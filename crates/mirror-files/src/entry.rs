//! One entry of a listing.

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
