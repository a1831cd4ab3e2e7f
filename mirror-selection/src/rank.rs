//! The order inside a group.

use std::fmt;
use std::str::FromStr;

/// How the distance between two places is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distance {
    /// As on a map whose degrees are squares, the order that existing sites know. A latitude or
    /// a longitude of exactly 0 makes the place unknown.
    #[default]
    Planar,
    /// Along the surface of the Earth: right near the poles and across the date line. The place
    /// is unknown only if both are exactly 0.
    GreatCircle,
}

/// The text names no [`Distance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDistance;

impl fmt::Display for UnknownDistance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be planar or great-circle")
    }
}

impl std::error::Error for UnknownDistance {}

impl FromStr for Distance {
    type Err = UnknownDistance;

    /// Reads `planar` or `great-circle`, in either case.
    fn from_str(text: &str) -> Result<Self, UnknownDistance> {
        match text {
            _ if text.eq_ignore_ascii_case("planar") => Ok(Self::Planar),
            _ if text.eq_ignore_ascii_case("great-circle") => Ok(Self::GreatCircle),
            _ => Err(UnknownDistance),
        }
    }
}

/// Position inside a group: the smaller, the sooner. Always below 2^61, so that the group fits
/// above it.
pub(crate) type Key = u64;

const KEY_MAX: Key = (1 << 61) - 1;

/// What the distance of a mirror at an unknown place counts as.
const FAR_AWAY: u64 = 9_999_999;

/// How much of a head start the score gives, shared among the mirrors of the group.
const SCORE_BONUS: u32 = 2_000_000;

impl Distance {
    /// Whether the measure takes a pair of coordinates for a place.
    pub(crate) fn is_place(self, (latitude, longitude): (f32, f32)) -> bool {
        let known = match self {
            Self::Planar => latitude != 0.0 && longitude != 0.0,
            Self::GreatCircle => latitude != 0.0 || longitude != 0.0,
        };
        known && latitude.is_finite() && longitude.is_finite()
    }

    /// The distance in thousandths of a degree.
    pub(crate) fn between(self, client: (f32, f32), mirror: (f32, f32)) -> u64 {
        if !self.is_place(mirror) {
            return FAR_AWAY;
        }
        let degrees = match self {
            Self::Planar => planar(client, mirror),
            Self::GreatCircle => great_circle(client, mirror),
        };
        (degrees * 1000.0) as u64 // truncates; saturates if a coordinate is absurd
    }
}

/// The differences are rounded to `f32` before they are squared in `f64`: ties and near ties come
/// out in the order that existing sites have.
fn planar(a: (f32, f32), b: (f32, f32)) -> f64 {
    let (dy, dx) = (f64::from(a.0 - b.0), f64::from(a.1 - b.1));
    (dy * dy + dx * dx).sqrt()
}

/// The central angle by the haversine formula, which is exact for small angles too.
fn great_circle(a: (f32, f32), b: (f32, f32)) -> f64 {
    let [lat1, lng1, lat2, lng2] = [a.0, a.1, b.0, b.1].map(|x| f64::from(x).to_radians());
    let (dy, dx) = (((lat2 - lat1) / 2.0).sin(), ((lng2 - lng1) / 2.0).sin());
    let h = dy * dy + lat1.cos() * lat2.cos() * dx * dx;
    (2.0 * h.clamp(0.0, 1.0).sqrt().asin()).to_degrees()
}

/// What the mirrors of a group of `count` have of the head start, before their scores divide it.
/// Both integer divisions are part of the order that existing sites have.
pub(crate) fn share(count: u32) -> u32 {
    SCORE_BONUS / count.max(1)
}

/// The key of a mirror at a known distance.
pub(crate) fn by_distance(distance: u64, share: u32, score: u32) -> Key {
    let bonus = u64::from(share / score.max(1));
    distance.saturating_add(bonus).min(KEY_MAX)
}

/// A random key of exponential distribution with the rate `score`. The smallest of several such
/// keys belongs to each mirror with the probability of its score over the sum of all scores, and
/// so does the smallest of those that remain.
pub(crate) fn by_chance(random: u64, score: u32) -> Key {
    // 52 bits and a half: neither 0 nor 1, and both sums are exact.
    let uniform = ((random >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    let waiting_time = -uniform.ln() / f64::from(score.max(1));
    waiting_time.to_bits() >> 2 // positive numbers sort as their bits do
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planar_distance_is_truncated_thousandths_of_a_degree() {
        let distance = Distance::Planar;
        assert_eq!(distance.between((50.0, 10.0), (53.0, 14.0)), 5000);
        assert_eq!(distance.between((50.0, 10.0), (50.0, 10.000_9)), 0);
        for unknown in [
            (0.0, 14.0),
            (53.0, 0.0),
            (0.0, 0.0),
            (-0.0, 14.0),
            (f32::NAN, 14.0),
        ] {
            assert_eq!(
                distance.between((50.0, 10.0), unknown),
                FAR_AWAY,
                "{unknown:?}"
            );
        }
        assert_eq!(distance.between((f32::MAX, 1.0), (f32::MIN, 1.0)), u64::MAX);
    }

    /// Pairs where other roundings give another number: all in `f64` the first two, all in `f32`
    /// the others.
    #[test]
    fn planar_distance_rounds_as_it_always_has() {
        for (a, b, expected) in [
            ((48.89, 19.24), (48.878, -47.121), 66_361),
            ((40.36, 36.42), (43.158, -46.838), 83_304),
            ((49.62, 28.4), (39.442, -100.243), 129_044),
            ((36.25, 17.87), (38.683, -116.76), 134_651),
        ] {
            assert_eq!(Distance::Planar.between(a, b), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn great_circle_distance_is_the_central_angle() {
        let distance = Distance::GreatCircle;
        for (a, b, expected) in [
            ((10.0, 179.0), (10.0, 179.0), 0),
            ((0.0, 179.0), (0.0, -179.0), 2000),
            ((80.0, 0.0), (80.0, 180.0), 20_000),
            ((45.0, 10.0), (-45.0, -170.0), 180_000),
            // Berlin and Tokyo: 8,916 km on a sphere with a radius of 6,371 km
            ((52.52, 13.405), (35.6762, 139.6503), 80_179),
        ] {
            let found = distance.between(a, b);
            assert!(found.abs_diff(expected) <= 5, "{a:?} {b:?}: {found}");
            assert_eq!(found, distance.between(b, a));
        }
    }

    #[test]
    fn the_bonus_is_divided_twice() {
        assert_eq!(by_distance(0, share(3), 100), 6666);
        assert_eq!(by_distance(0, share(7), 100), 2857);
        assert_eq!(by_distance(0, share(3), 700), 952);
        assert_eq!(by_distance(5, share(1), u32::MAX), 5);
        assert_eq!(by_distance(u64::MAX, share(1), 1), KEY_MAX);
    }

    #[test]
    fn random_keys_fit_below_the_group() {
        for random in [0, 1, 1 << 12, u64::MAX / 2, u64::MAX - (1 << 12), u64::MAX] {
            for score in [0, 1, 100, u32::MAX] {
                let key = by_chance(random, score);
                assert!(key > 0 && key <= KEY_MAX, "{random} {score}: {key}");
            }
        }
        assert!(by_chance(1 << 40, 100) > by_chance(1 << 60, 100));
    }

    #[test]
    fn distances_have_names() {
        assert_eq!("planar".parse(), Ok(Distance::Planar));
        assert_eq!("Great-Circle".parse(), Ok(Distance::GreatCircle));
        assert_eq!("".parse::<Distance>(), Err(UnknownDistance));
    }
}
