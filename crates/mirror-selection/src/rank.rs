//! The order inside a group.

use std::fmt;
use std::str::FromStr;

use crate::location::Location;
use crate::{FileKey, Spread};

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

/// What becomes of mirrors that are equally far away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// They stand in the order of the candidates, the order that existing sites know; only the
    /// target of a redirect is drawn, and need not be the first of them.
    #[default]
    Listed,
    /// Their order is drawn by score, and the target is the first.
    Drawn,
}

/// What the order of mirrors inside a group is made by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The measure
    pub distance: Distance,
    /// Equals
    pub ties: Ties,
    /// Unless it is off, it takes the place of both.
    pub spread: Spread,
    /// The file that is asked for; [`Spread::Cache`] needs it.
    pub file: FileKey,
}

impl From<Distance> for Order {
    fn from(distance: Distance) -> Self {
        Self {
            distance,
            ..Self::default()
        }
    }
}

/// Position inside a group: the smaller, the sooner.
pub(crate) type Key = u64;

/// Mirrors at least as far away as this, at absurd coordinates, are equally far.
const KEY_MAX: Key = (1 << 61) - 1;

/// What the distance of a mirror at an unknown place counts as.
const FAR_AWAY: u64 = 9_999_999;

/// How much of a head start the score gives, shared among the mirrors of the group.
const SCORE_BONUS: u32 = 2_000_000;

impl Distance {
    /// Whether the measure takes a pair of coordinates for a place.
    pub(crate) fn is_place(self, (latitude, longitude): (f32, f32)) -> bool {
        let known = match self {
            Self::Planar => return is_usual(latitude) && is_usual(longitude),
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

/// Neither 0 nor infinite nor no number: one comparison of the bits without the sign, since every
/// mirror of a selection is asked twice.
fn is_usual(number: f32) -> bool {
    (number.to_bits() << 1).wrapping_sub(1) < (f32::INFINITY.to_bits() << 1) - 1
}

/// The differences are rounded to `f32` before they are squared in `f64`: ties and near ties come
/// out in the order that existing sites have.
fn planar(a: (f32, f32), b: (f32, f32)) -> f64 {
    let (dy, dx) = (f64::from(a.0 - b.0), f64::from(a.1 - b.1));
    (dy * dy + dx * dx).sqrt()
}

/// The central angle by the haversine formula, which is exact for small angles too.
///
/// Never inline: its cosine of the client's latitude would be computed for planar distances too.
#[inline(never)]
fn great_circle(a: (f32, f32), b: (f32, f32)) -> f64 {
    let [lat1, lng1, lat2, lng2] = [a.0, a.1, b.0, b.1].map(|x| f64::from(x).to_radians());
    let (dy, dx) = (((lat2 - lat1) / 2.0).sin(), ((lng2 - lng1) / 2.0).sin());
    let h = dy * dy + lat1.cos() * lat2.cos() * dx * dx;
    (2.0 * h.clamp(0.0, 1.0).sqrt().asin()).to_degrees()
}

/// What the order inside of a group depends on, beside its mirrors.
pub(crate) struct Ranking {
    /// Where the client is, if that is known.
    place: Option<(f32, f32)>,
    order: Order,
    share: u32,
}

impl Ranking {
    /// For a group of `count` mirrors.
    pub fn new(client: Option<(f32, f32)>, order: Order, count: u32) -> Self {
        Self {
            place: client.filter(|&place| order.distance.is_place(place)),
            order,
            share: share(count),
        }
    }

    /// The lot of a mirror among those that have the same key. Random keys need none.
    pub fn lot(&self, location: Location, random: &mut impl FnMut() -> u64) -> u32 {
        if self.order.ties == Ties::Listed || self.place.is_none() {
            return 0;
        }
        // 62 bits, of which the upper half tells enough.
        let key = by_chance(random(), location.score, Key::MAX);
        key.map_or(u32::MAX, |key| (key >> 30) as u32)
    }

    /// The key of a mirror; `None` if it is above the bar.
    pub fn key(
        &self,
        location: Location,
        bar: Key,
        random: &mut impl FnMut() -> u64,
    ) -> Option<Key> {
        let Some(place) = self.place else {
            return by_chance(random(), location.score, bar);
        };
        let there = (location.latitude, location.longitude);
        let distance = self.order.distance.between(place, there).min(KEY_MAX);
        // Most are farther away than the first few, and need no division.
        (distance <= bar)
            .then(|| by_distance(distance, self.share, location.score))
            .filter(|&key| key <= bar)
    }
}

/// What the mirrors of a group of `count` have of the head start, before their scores divide it.
/// Both integer divisions are part of the order that existing sites have.
fn share(count: u32) -> u32 {
    SCORE_BONUS / count.max(1)
}

/// The key of a mirror at a known distance.
fn by_distance(distance: u64, share: u32, score: u32) -> Key {
    let bonus = u64::from(share / score.max(1));
    distance.saturating_add(bonus).min(KEY_MAX)
}

/// A random key of exponential distribution with the rate `score`. The smallest of several such
/// keys belongs to each mirror with the probability of its score over the sum of all scores, and
/// so does the smallest of those that remain. `None` if it is above the bar.
fn by_chance(random: u64, score: u32, bar: Key) -> Option<Key> {
    // 52 bits and a half: neither 0 nor 1, and both sums are exact.
    let uniform = ((random >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    let rate = f64::from(score.max(1));
    // Few of many mirrors come below the bar; for nearly all others no logarithm is needed to see
    // that, because -ln(x) >= 1 - x. The factor outweighs what rounding does.
    let latest = f64::from_bits((bar.min(LATEST) << 2) | 3);
    if 1.0 - uniform > latest * rate * (1.0 + 1e-9) {
        return None;
    }
    let waiting_time = -uniform.ln() / rate;
    let key = waiting_time.to_bits() >> 2; // positive numbers sort as their bits do
    (key <= bar).then_some(key)
}

/// The key of the longest waiting time that there is.
const LATEST: Key = f64::MAX.to_bits() >> 2;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    /// Without a bar.
    fn waiting_time(random: u64, score: u32) -> Key {
        by_chance(random, score, Key::MAX).expect("below any bar")
    }

    #[test]
    fn random_keys_are_those_of_positive_numbers() {
        for random in [0, 1, 1 << 12, u64::MAX / 2, u64::MAX - (1 << 12), u64::MAX] {
            for score in [0, 1, 100, u32::MAX] {
                let key = waiting_time(random, score);
                assert!(key > 0 && key <= LATEST, "{random} {score}: {key}");
            }
        }
        assert!(waiting_time(1 << 40, 100) > waiting_time(1 << 60, 100));
    }

    /// Bars next to the key itself, where the shortcut must not err, and far from it.
    fn bar(key: Key) -> impl Strategy<Value = Key> {
        let offsets = [-1_i64, 0, 1, -1000, 1000, -(1 << 50), 1 << 50];
        prop_oneof![
            8 => prop::sample::select(offsets.to_vec())
                .prop_map(move |offset| key.saturating_add_signed(offset)),
            1 => 0..=Key::MAX,
        ]
    }

    proptest! {
        /// Numbers near the greatest have 1 - x next to -ln(x).
        #[test]
        fn the_bar_leaves_out_what_is_above_it_and_nothing_else(
            (random, score, bar) in (
                prop_oneof![any::<u64>(), (12_u32..64).prop_map(|n| !(u64::MAX >> n)), (0_u64..1 << 30).prop_map(|n| !n)],
                prop_oneof![Just(1), 1_u32..1000, Just(u32::MAX)],
            ).prop_flat_map(|(random, score)| {
                (Just(random), Just(score), bar(waiting_time(random, score)))
            }),
        ) {
            let key = waiting_time(random, score);
            prop_assert_eq!(by_chance(random, score, bar), (key <= bar).then_some(key));
        }

        #[test]
        fn the_bar_leaves_out_what_is_too_far(
            place in (-90_f32..90.0, -180_f32..180.0),
            bar in prop_oneof![0_u64..400_000, Just(Key::MAX), Just(KEY_MAX)],
            location in (prop_oneof![-90_f32..90.0, Just(f32::MAX)], -180_f32..180.0, 0_u32..1000)
                .prop_map(|(latitude, longitude, score)| Location { latitude, longitude, score }),
        ) {
            let mut random = || unreachable!("the place is known");
            let ranking = Ranking { place: Some(place), order: Order::default(), share: share(9) };
            let there = (location.latitude, location.longitude);
            let key = by_distance(Distance::Planar.between(place, there), share(9), location.score);
            let expected = (key <= bar).then_some(key);
            prop_assert_eq!(ranking.key(location, bar, &mut random), expected);
        }
    }

    #[test]
    fn usual_numbers_are_finite_and_not_zero() {
        for number in [0.0, f32::INFINITY, f32::NAN, f32::from_bits(0x7f80_0001)] {
            assert!(!is_usual(number) && !is_usual(-number), "{number}");
        }
        for number in [f32::from_bits(1), f32::MIN_POSITIVE, 1.0, f32::MAX] {
            assert!(is_usual(number) && is_usual(-number), "{number}");
        }
    }

    #[test]
    fn distances_have_names() {
        assert_eq!("planar".parse(), Ok(Distance::Planar));
        assert_eq!("Great-Circle".parse(), Ok(Distance::GreatCircle));
        assert_eq!("".parse::<Distance>(), Err(UnknownDistance));
    }
}
