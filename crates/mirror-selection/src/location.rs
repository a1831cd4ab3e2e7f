//! What the ranking needs to know of each mirror, without the rest of it.

use crate::Mirror;

/// Where a mirror is, and the share of requests that it wants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Location {
    pub latitude: f32,
    pub longitude: f32,
    pub score: u32,
}

/// The locations of up to 64 mirrors, one for each bit of a word. Those of one continent and country,
/// which most clients want at once, lie side by side: few lines of the cache hold them.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Locations {
    /// Where the location of each bit is.
    places: [u8; 64],
    locations: [Location; 64],
}

impl From<&Mirror> for Location {
    fn from(mirror: &Mirror) -> Self {
        Self {
            latitude: mirror.latitude,
            longitude: mirror.longitude,
            score: mirror.score,
        }
    }
}

impl Locations {
    /// Of mirrors with their bits.
    pub fn new(mut mirrors: Vec<(u32, &Mirror)>) -> Self {
        mirrors.sort_by_key(|(_, mirror)| (mirror.region, mirror.country));
        let mut all = Self {
            places: [0; 64],
            locations: [Location::default(); 64],
        };
        for (((bit, mirror), location), place) in
            mirrors.into_iter().zip(&mut all.locations).zip(0..)
        {
            *location = mirror.into();
            if let Some(at) = all.places.get_mut(bit as usize) {
                *at = place;
            }
        }
        all
    }

    /// The location of a bit below 64.
    pub fn at(&self, bit: u32) -> Location {
        // The masks spare the checks of the bounds.
        let place = self.places[bit as usize % 64];
        self.locations[usize::from(place) % 64]
    }
}
