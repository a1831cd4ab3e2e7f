//! Which group a mirror is in for a client, if it is for that client at all: the restrictions, written once,
//! for one mirror (`bool`) and for 64 of a table at a time (`u64`, a bit each).

use std::ops::{BitAnd, BitOr, Not};

use crate::Group;

/// Facts about one mirror, or about many at once.
pub(crate) trait Fact:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self>
{
    /// That it is so of none.
    const NONE: Self;
}

impl Fact for bool {
    const NONE: Self = false;
}

impl Fact for u64 {
    const NONE: Self = 0;
}

/// What is true of a mirror, beside one client. A fact without the client's part (AS, country, ...) known is
/// false.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<F> {
    /// It has the file.
    pub present: F,
    /// The client is in one of its networks.
    pub in_network: F,
    /// `prefix_only`
    pub prefix_only: F,
    /// The client is in its autonomous system.
    pub in_system: F,
    /// `as_only`
    pub as_only: F,
    /// The client is in its country, or it is for every country.
    pub in_country: F,
    /// The client's country is one of `other_countries`.
    pub in_other_country: F,
    /// `country_only`
    pub country_only: F,
    /// The client is on its continent.
    pub in_region: F,
    /// `region_only`
    pub region_only: F,
}

/// Mirrors by group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split<F> {
    /// In the order of [`Group::ALL`]; each mirror is in one group at the most.
    pub sets: [F; Group::ALL.len()],
    /// Those of the country's group whose own country it is.
    pub own_country: F,
}

/// Puts each mirror into the first group that fits. A restriction takes it out of all that come behind its own.
#[inline]
pub(crate) fn split<F: Fact>(facts: Facts<F>) -> Split<F> {
    let left = facts.present;
    let network = left & facts.in_network;
    let left = left & !network & !facts.prefix_only;
    let system = left & facts.in_system;
    let left = left & !system & !facts.as_only;
    let own_country = left & facts.in_country;
    let left = left & !own_country;
    let other_country = left & facts.in_other_country;
    let left = left & !other_country & !facts.country_only;
    let region = left & facts.in_region;
    let elsewhere = left & !region & !facts.region_only;
    let country = own_country | other_country;
    Split {
        sets: [network, system, country, region, elsewhere, F::NONE],
        own_country,
    }
}

impl<F: Fact> Split<F> {
    /// With mirrors that do not deliver a file of this size well, as far as they are in a group at all, as the
    /// last resort.
    pub fn with_last_resort(mut self, too_small: F) -> Self {
        let usable = self.sets.iter().fold(F::NONE, |all, set| all | *set);
        self.sets
            .iter_mut()
            .for_each(|set| *set = *set & !too_small);
        if let Some(last_resort) = self.sets.last_mut() {
            *last_resort = usable & too_small;
        }
        Self {
            own_country: self.own_country & !too_small,
            ..self
        }
    }
}
