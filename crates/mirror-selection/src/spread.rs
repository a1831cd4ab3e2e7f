//! An order that is near, balanced by score, and friendly to the page caches of mirrors.
//!
//! Each mirror of a group gets a rate: its score, less where it is farther away than those that count as
//! equally near. The order is that of exponential waiting times with these rates, so that a mirror comes first
//! with the probability of its rate over the sum of all. What the times are made of is the mode: numbers drawn
//! for each request, or a hash of file, mirror and the neighbourhood of the client.

mod facts;
mod file;
mod setting;
#[cfg(test)]
mod tests;

pub(crate) use facts::{SpreadFacts, SpreadFactsOfWord};
pub use file::FileKey;
pub use setting::{Spread, UnknownSpread};

use std::net::IpAddr;

use smallvec::SmallVec;

use crate::best::{Best, RankedRow};
use crate::rank::Key;
use crate::{Client, Distance};
use facts::{mix, unit};

/// The mean radius of the Earth in km.
const EARTH_RADIUS: f64 = 6371.0;

/// What a mirror at an unknown place counts as, if the client's is known: km^2, far behind all that are on
/// the Earth.
const NOWHERE: f64 = 1e12;

/// Places are hardly known worse than this, in km: half of the way around the Earth.
const MAX_RADIUS: f64 = 20_000.0;

/// How much wider than the accuracy radius of a place the circle is in which all is equally near. Such a radius
/// holds two thirds of the clients.
const RADII: f64 = 1.5;

/// A file is on about one in so many of the mirrors that are at hand.
const PART: f64 = 8.0;

/// Why a mirror has its place in an order made by [`Spread`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// The score, less where the mirror is farther away than what counts as near.
    pub rate: f64,
    /// The sum of the rates of the mirror's group.
    pub of: f64,
    /// From the client, in km along the surface of the Earth; `None` if one of the places is unknown.
    pub distance: Option<f64>,
}

impl Weight {
    /// The part of the group's requests that the mirror gets, over many files.
    pub fn share(&self) -> f64 {
        self.rate / self.of
    }
}

/// What the order depends on beside the mirrors: all of the client and the file that counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpreadClient {
    place: Option<[f64; 3]>,
    /// The square of the distance up to which mirrors are equally near.
    near: f64,
    /// The file for `cache`; `None` for `near`.
    cell: Option<Cell>,
}

/// A file, and the place of a client in the order of all clients that only this file has.
#[derive(Clone, Copy, Debug)]
struct Cell {
    file: u64,
    client: u64,
}

/// A mirror of the group at work.
struct Candidate {
    row: u32,
    hash: u64,
    rate: f64,
    squared_distance: f64,
}

/// The mirrors of one group with their rates.
pub(crate) struct Rates {
    client: SpreadClient,
    candidates: SmallVec<[Candidate; 32]>,
    sum: f64,
}

impl SpreadClient {
    /// `None` if the order is not made here.
    pub fn new(client: &Client, spread: Spread, file: FileKey) -> Option<Self> {
        let km = spread.km()?;
        let place = client.coordinates.and_then(unit);
        let radius = client
            .accuracy_radius
            .filter(|radius| *radius >= 0.0)
            .unwrap_or(0.0);
        let near = f64::from(km).max(RADII * radius.min(MAX_RADIUS));
        let cell = matches!(spread, Spread::Cache { .. }).then(|| Cell {
            file: file.0,
            client: mix(file.0 ^ client.address.map_or(0, neighbourhood)),
        });
        Some(Self {
            place,
            near: near * near,
            cell,
        })
    }

    /// The square of the straight distance, in km^2.
    fn squared_distance(&self, mirror: &SpreadFacts) -> f64 {
        let Some([x, y, z]) = self.place else {
            return 0.0;
        };
        if !mirror.is_placed() {
            return NOWHERE;
        }
        let [mx, my, mz] = mirror.unit;
        let [dx, dy, dz] = [x - mx, y - my, z - mz];
        EARTH_RADIUS * EARTH_RADIUS * (dx * dx + dy * dy + dz * dz)
    }

    /// The square of the distance, and the rate: never zero, nor infinite.
    fn rate(&self, mirror: &SpreadFacts) -> (f64, f64) {
        let squared = self.squared_distance(mirror);
        let nearness = self.near / self.near.max(squared);
        let square = nearness * nearness;
        let rate = f64::from(mirror.score.max(1)) * (square * square * square);
        (squared, rate.max(f64::MIN_POSITIVE))
    }
}

impl Rates {
    /// For a group of `count` mirrors, which are to be [added](Self::add) by ascending id.
    pub fn new(client: SpreadClient, count: u32) -> Self {
        Self {
            client,
            candidates: SmallVec::with_capacity(count as usize),
            sum: 0.0,
        }
    }

    pub fn add(&mut self, row: u32, mirror: &SpreadFacts) {
        let (squared_distance, rate) = self.client.rate(mirror);
        self.sum += rate;
        self.candidates.push(Candidate {
            row,
            hash: mirror.hash,
            rate,
            squared_distance,
        });
    }

    /// The first `wanted`, in order.
    pub fn best(
        &self,
        wanted: usize,
        random: &mut impl FnMut() -> u64,
    ) -> SmallVec<[RankedRow; 8]> {
        let mut best = Best::new(wanted);
        let level = self.client.cell.map(|cell| self.level(cell));
        for (candidate, lot) in self.candidates.iter().zip(0..) {
            let number = match self.client.cell.zip(level) {
                Some((cell, level)) => candidate.number(cell, level),
                None => random(),
            };
            if let Some(key) = waiting_time(number, candidate.rate, best.bar()) {
                let row = candidate.row;
                best.add(RankedRow { key, lot, row });
            }
        }
        best.finish()
    }

    /// What the rates are held against: the logarithm of the sum in fixed point, moved by less than one bit
    /// that each file has of its own, so that shares between two powers of two are right on average.
    fn level(&self, cell: Cell) -> i64 {
        ((self.sum / PART).to_bits() as i64).wrapping_add((cell.file >> 12) as i64)
    }

    /// What to say about the `lot`-th mirror that was added.
    pub fn weight(&self, lot: u32) -> Option<Weight> {
        let candidate = self.candidates.get(lot as usize)?;
        let squared = candidate.squared_distance;
        let is_known = self.client.place.is_some() && squared < NOWHERE;
        Some(Weight {
            rate: candidate.rate,
            of: self.sum,
            distance: is_known.then(|| on_the_surface(squared)),
        })
    }
}

impl Candidate {
    /// The number that makes this mirror's waiting time: one for all clients of a cell, and the cells are the
    /// more, the smaller the share of the mirror is. Cells nest, so that one more level moves only half of
    /// the clients.
    fn number(&self, cell: Cell, level: i64) -> u64 {
        let cell_of_client = cell.client & !(u64::MAX >> self.bits(level));
        mix(cell.file ^ self.hash ^ cell_of_client)
    }

    /// How many bits of the client's place tell its cell: about the binary logarithm of one in
    /// [`PART`] times the share.
    fn bits(&self, level: i64) -> u32 {
        let exponent = level.wrapping_sub(self.rate.to_bits() as i64) >> 52;
        exponent.clamp(0, 63) as u32
    }
}

/// Who shares a cell with a client for sure: its /24, or /48 of IPv6.
fn neighbourhood(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(address) => mix(u64::from(address.to_bits() >> 8)),
        IpAddr::V6(address) => mix((address.to_bits() >> 80) as u64 | 1 << 63),
    }
}

/// The length of the arc over a straight line through the Earth, both in km.
fn on_the_surface(squared: f64) -> f64 {
    let half = squared.sqrt() / (2.0 * EARTH_RADIUS);
    2.0 * EARTH_RADIUS * half.min(1.0).asin()
}

/// As `by_chance` of the order without places, for any rate and with all its bits. `None` if it is above the
/// bar.
fn waiting_time(number: u64, rate: f64, bar: Key) -> Option<Key> {
    let uniform = ((number >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
    // -ln(x) >= 1 - x tells of nearly all that come too late that they do; the factor outweighs rounding.
    let latest = f64::from_bits(bar.min(f64::MAX.to_bits()));
    if 1.0 - uniform > latest * rate * (1.0 + 1e-9) {
        return None;
    }
    let key = (-uniform.ln() / rate).to_bits(); // positive numbers sort as their bits do
    (key <= bar).then_some(key)
}

/// Whether a pair of coordinates is a place: any but the one that stands for none.
fn is_place(place: (f32, f32)) -> bool {
    Distance::GreatCircle.is_place(place)
}
