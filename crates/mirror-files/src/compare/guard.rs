//! How many files a mirror may lose at once.

/// Stops a scan that would remove more than a share of a mirror's files, and more than a number of them: a mirror
/// that was emptied, or whose disk is not mounted, or an origin with wrong times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The share, as numerator and denominator.
    pub share: (u64, u64),
    /// So many may always go.
    pub least: u64,
}

/// More than a third, and more than 150.
impl Default for Guard {
    fn default() -> Self {
        Self {
            share: (1, 3),
            least: 150,
        }
    }
}

impl Guard {
    /// Whether so many of so many files are too many.
    pub fn stops(&self, files: u64, removed: u64) -> bool {
        let (numerator, denominator) = self.share;
        let of = u128::from(files) * u128::from(numerator);
        removed > self.least && u128::from(removed) * u128::from(denominator) > of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_the_share_and_the_number_must_be_passed() {
        let guard = Guard::default();
        assert!(!guard.stops(150, 150), "few files");
        assert!(guard.stops(151, 151));
        assert!(!guard.stops(600, 200), "just a third");
        assert!(guard.stops(600, 201));
        assert!(!guard.stops(1_000_000, 151));
        assert!(guard.stops(u64::MAX, u64::MAX));
    }
}
