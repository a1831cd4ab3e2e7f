//! Whether a copy is the right one.

use crate::{Size, Time};

/// The origin's file, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Bytes.
    pub size: Option<u64>,
    /// Seconds since the epoch.
    pub mtime: Option<i64>,
}

/// What is wrong with a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deviation {
    /// It has another size.
    Size,
    /// It is older than the origin's file.
    Outdated,
    /// It is newer.
    Newer,
    /// The server cannot deliver files of that size.
    TooLarge,
    /// An image of no bytes: something went wrong when it was made.
    Empty,
}

impl Deviation {
    /// One word or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Outdated => "outdated",
            Self::Newer => "newer",
            Self::TooLarge => "too large",
            Self::Empty => "empty",
        }
    }
}

/// What of a difference does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// Seconds that times may differ.
    pub seconds: i64,
    /// Whether a copy that is newer, but of the right size, is wrong. It is that of a mirror that does not keep times,
    /// or of one that was quicker than we: both are right.
    pub refuses_newer: bool,
    /// Seconds that a copy may be older than the origin's file, whatever its size.
    pub outdated: i64,
}

impl Version {
    /// What is wrong with a copy, if anything is. What one side does not know is not wrong.
    pub fn deviation_of(self, size: Size, mtime: Time, tolerance: Tolerance) -> Option<Deviation> {
        let older = self.older(mtime);
        if older.is_some_and(|seconds| seconds > tolerance.seconds && seconds <= tolerance.outdated)
        {
            return None;
        }
        if self.size.is_some_and(|bytes| !size.may_be(bytes)) {
            return Some(Deviation::Size);
        }
        if older.is_some_and(|seconds| seconds > tolerance.seconds) {
            return Some(Deviation::Outdated);
        }
        let may_be = self
            .mtime
            .is_none_or(|second| mtime.may_be(second, tolerance.seconds));
        (!may_be && tolerance.refuses_newer).then_some(Deviation::Newer)
    }

    /// How many seconds a copy is older at least; `None` if it may be as new.
    fn older(self, mtime: Time) -> Option<i64> {
        let newest = match mtime {
            Time::Unknown => return None,
            Time::Exact(second) | Time::Between(_, second) => second,
        };
        Some(self.mtime?.saturating_sub(newest)).filter(|seconds| *seconds > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Version = Version {
        size: Some(10),
        mtime: Some(1000),
    };

    fn deviation(size: u64, mtime: i64, tolerance: Tolerance) -> Option<Deviation> {
        ORIGIN.deviation_of(Size::Exact(size), Time::Exact(mtime), tolerance)
    }

    #[test]
    fn a_copy_is_right_if_its_size_is_and_it_is_not_older() {
        let two = Tolerance {
            seconds: 2,
            ..Tolerance::default()
        };
        assert_eq!(deviation(10, 998, two), None);
        assert_eq!(deviation(10, 997, two), Some(Deviation::Outdated));
        assert_eq!(deviation(11, 1000, two), Some(Deviation::Size));
        assert_eq!(deviation(10, 5000, two), None);
        let exact = Tolerance {
            refuses_newer: true,
            ..two
        };
        assert_eq!(deviation(10, 5000, exact), Some(Deviation::Newer));
        assert_eq!(deviation(10, 1002, exact), None);
    }

    #[test]
    fn a_copy_may_be_as_old_as_is_allowed_whatever_its_size() {
        let hour = Tolerance {
            outdated: 600,
            ..Tolerance::default()
        };
        assert_eq!(deviation(99, 400, hour), None);
        assert_eq!(deviation(99, 399, hour), Some(Deviation::Size));
        assert_eq!(deviation(10, 399, hour), Some(Deviation::Outdated));
        assert_eq!(
            deviation(99, 1000, hour),
            Some(Deviation::Size),
            "not older"
        );
    }

    #[test]
    fn what_is_not_known_is_not_wrong() {
        let none = Tolerance::default();
        assert_eq!(
            ORIGIN.deviation_of(Size::Unknown, Time::Unknown, none),
            None
        );
        assert_eq!(
            ORIGIN.deviation_of(Size::Between(5, 15), Time::Between(900, 1100), none),
            None
        );
        assert_eq!(
            Version::default().deviation_of(Size::Exact(1), Time::Exact(1), none),
            None
        );
        let late = Time::Between(0, 999);
        assert_eq!(
            ORIGIN.deviation_of(Size::Unknown, late, none),
            Some(Deviation::Outdated)
        );
    }
}
