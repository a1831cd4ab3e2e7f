//! What the spread needs of each mirror: computed once, when the table is made.

use super::is_place;
use crate::Mirror;

/// A mirror's part in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SpreadFacts {
    /// Its place on a sphere of radius 1; the centre if it is unknown.
    pub unit: [f64; 3],
    /// Its id, well mixed.
    pub hash: u64,
    pub score: u32,
}

/// Those of up to 64 mirrors, one for each bit of a word.
#[derive(Clone, Debug)]
pub(crate) struct SpreadFactsOfWord(Box<[SpreadFacts]>, [u8; 64]);

impl SpreadFacts {
    /// Whether the place is known.
    pub fn is_placed(&self) -> bool {
        self.unit != [0.0; 3]
    }
}

impl From<&Mirror> for SpreadFacts {
    fn from(mirror: &Mirror) -> Self {
        Self {
            unit: unit((mirror.latitude, mirror.longitude)).unwrap_or_default(),
            hash: hash_of_id(mirror.id),
            score: mirror.score,
        }
    }
}

impl SpreadFactsOfWord {
    /// Of mirrors with their bits.
    pub fn new<'a>(mirrors: impl IntoIterator<Item = (u32, &'a Mirror)>) -> Self {
        let mut places = [0; 64];
        let mut facts = Vec::new();
        for ((bit, mirror), at) in mirrors.into_iter().zip(0..) {
            if let Some(place) = places.get_mut(bit as usize) {
                *place = at;
            }
            facts.push(mirror.into());
        }
        Self(facts.into(), places)
    }

    /// Of the mirror at a bit below 64.
    pub fn at(&self, bit: u32) -> Option<&SpreadFacts> {
        let place = self.1[bit as usize % 64];
        self.0.get(usize::from(place))
    }
}

/// A place on a sphere of radius 1, by degrees north and east; `None` if it is unknown.
pub(super) fn unit(place: (f32, f32)) -> Option<[f64; 3]> {
    if !is_place(place) {
        return None;
    }
    let (latitude, longitude) = (
        f64::from(place.0).to_radians(),
        f64::from(place.1).to_radians(),
    );
    let (sin, cos) = latitude.sin_cos();
    let (sin_east, cos_east) = longitude.sin_cos();
    Some([cos * cos_east, cos * sin_east, sin])
}

fn hash_of_id(id: i64) -> u64 {
    // SplitMix64 with the id as the number of steps.
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    mix((id as u64).wrapping_mul(GOLDEN).wrapping_add(GOLDEN))
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014; constants of Stafford's variant 13).
pub(super) const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
