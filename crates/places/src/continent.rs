//! Continents.

/// A continent, as geo databases divide the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continent {
    /// `AF`
    Africa,
    /// `AN`
    Antarctica,
    /// `AS`
    Asia,
    /// `EU`
    Europe,
    /// `NA`
    NorthAmerica,
    /// `OC`
    Oceania,
    /// `SA`
    SouthAmerica,
}

impl Continent {
    /// All of them, by code.
    pub const ALL: [Self; 7] = [
        Self::Africa,
        Self::Antarctica,
        Self::Asia,
        Self::Europe,
        Self::NorthAmerica,
        Self::Oceania,
        Self::SouthAmerica,
    ];

    /// Reads a code of two letters, in either case.
    pub fn parse(code: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|continent| code.eq_ignore_ascii_case(continent.code()))
    }

    /// Its code in capitals.
    pub fn code(self) -> &'static str {
        match self {
            Self::Africa => "AF",
            Self::Antarctica => "AN",
            Self::Asia => "AS",
            Self::Europe => "EU",
            Self::NorthAmerica => "NA",
            Self::Oceania => "OC",
            Self::SouthAmerica => "SA",
        }
    }

    /// Its English name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Africa => "Africa",
            Self::Antarctica => "Antarctica",
            Self::Asia => "Asia",
            Self::Europe => "Europe",
            Self::NorthAmerica => "North America",
            Self::Oceania => "Oceania",
            Self::SouthAmerica => "South America",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_either_case_and_are_in_order() {
        for continent in Continent::ALL {
            assert_eq!(Continent::parse(continent.code()), Some(continent));
            assert_eq!(
                Continent::parse(&continent.code().to_lowercase()),
                Some(continent)
            );
        }
        assert!(Continent::ALL.is_sorted_by_key(|continent| continent.code()));
        assert_eq!(Continent::parse("--"), None);
    }
}
