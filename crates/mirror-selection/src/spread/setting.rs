//! How a site wants its mirrors spread.

use std::fmt;

/// What decides among the mirrors of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// [`Distance`](crate::Distance) and [`Ties`](crate::Ties).
    #[default]
    Off,
    /// A draw for each request, by score among the mirrors nearer than `km`, or than 1.5 times the accuracy
    /// radius of the client's place; those farther away get the less, the farther.
    Near {
        /// Kilometres
        km: u16,
    },
    /// The same shares, but the file decides: each mirror gets a part of the files, for its page cache.
    Cache {
        /// Kilometres
        km: u16,
    },
}

/// The words make no [`Spread`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownSpread;

impl fmt::Display for UnknownSpread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be off, near or cache, the latter two with a distance of 1 to 20000 km if not 300")
    }
}

impl std::error::Error for UnknownSpread {}

impl Spread {
    /// The distance in km if none is given.
    pub const DEFAULT_KM: u16 = 300;

    /// The greatest distance in km: half of the way around the Earth.
    pub const MAX_KM: u16 = 20_000;

    /// Reads `off`, `near` or `cache`, in either case, with the distance in km if there is one.
    pub fn parse(mode: &str, km: Option<&str>) -> Result<Self, UnknownSpread> {
        let distance = km.map_or(Ok(Self::DEFAULT_KM), |km| {
            // No sign: `parse` takes one.
            let is_number = km.bytes().all(|byte| byte.is_ascii_digit());
            let number = km.parse().ok().filter(|_| is_number);
            number
                .filter(|km| (1..=Self::MAX_KM).contains(km))
                .ok_or(UnknownSpread)
        });
        match mode {
            _ if mode.eq_ignore_ascii_case("off") && km.is_none() => Ok(Self::Off),
            _ if mode.eq_ignore_ascii_case("near") => Ok(Self::Near { km: distance? }),
            _ if mode.eq_ignore_ascii_case("cache") => Ok(Self::Cache { km: distance? }),
            _ => Err(UnknownSpread),
        }
    }

    /// The distance up to which mirrors are equally near, if it counts.
    pub fn km(self) -> Option<u16> {
        match self {
            Self::Off => None,
            Self::Near { km } | Self::Cache { km } => Some(km),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_a_mode_and_perhaps_kilometres() {
        for (mode, km, expected) in [
            ("off", None, Ok(Spread::Off)),
            ("Near", None, Ok(Spread::Near { km: 300 })),
            ("cache", Some("1"), Ok(Spread::Cache { km: 1 })),
            ("near", Some("20000"), Ok(Spread::Near { km: 20_000 })),
            ("near", Some("0"), Err(UnknownSpread)),
            ("near", Some("20001"), Err(UnknownSpread)),
            ("near", Some("+5"), Err(UnknownSpread)),
            ("near", Some("5km"), Err(UnknownSpread)),
            ("near", Some(""), Err(UnknownSpread)),
            ("off", Some("300"), Err(UnknownSpread)),
            ("", None, Err(UnknownSpread)),
        ] {
            assert_eq!(Spread::parse(mode, km), expected, "{mode} {km:?}");
        }
    }
}
