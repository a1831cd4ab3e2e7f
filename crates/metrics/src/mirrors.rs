//! How often each mirror was the target.

use crate::area::Area;
use std::collections::HashMap;

/// Mirrors that one child counts; others count as one.
const PLACES: usize = 512;

/// Words for key and count of each, and one line for all others.
pub(crate) const WORDS: usize = PLACES * 2 + 8;

/// How many places are looked at for one mirror.
const PROBES: usize = 16;

/// The word of those that found no place.
const OTHERS: usize = PLACES * 2;

/// Which mirror of which database, as a key that is never zero.
fn key(database: usize, id: i64) -> u64 {
    let low = (id as u64).wrapping_add(1) & 0xffff_ffff_ffff;
    ((database as u64) << 48) | low.max(1)
}

/// Counts a redirect to a mirror of a database.
pub(crate) fn count(area: &Area, database: usize, id: i64) {
    let key = key(database, id);
    let first = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
    for place in (0..PROBES).map(|step| (first + step) % PLACES * 2) {
        let there = area.get(place);
        if there == key || (there == 0 && (area.replace(place, 0, key) || area.get(place) == key)) {
            return area.add(place + 1, 1);
        }
    }
    area.add(OTHERS, 1);
}

/// What several children counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    by_key: HashMap<u64, u64>,
    pub others: u64,
}

impl Counts {
    pub fn add(&mut self, area: &Area) {
        for place in (0..PLACES).map(|place| place * 2) {
            match area.get(place) {
                0 => {}
                key => *self.by_key.entry(key).or_default() += area.get(place + 1),
            }
        }
        self.others += area.get(OTHERS);
    }

    /// The most popular ones first: database, id, redirects.
    pub fn top(&self) -> Vec<(usize, i64, u64)> {
        let mut all: Vec<_> = self
            .by_key
            .iter()
            .map(|(key, count)| {
                let id = (key & 0xffff_ffff_ffff) as i64 - 1;
                ((key >> 48) as usize, id, *count)
            })
            .collect();
        all.sort_unstable_by_key(|(database, id, count)| (u64::MAX - count, *database, *id));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mirror_is_counted_and_what_has_no_place_is_counted_as_others() {
        let area = Area::private(WORDS);
        for id in 0..300 {
            (0..=id).for_each(|_| count(&area, 1, id));
        }
        let mut counts = Counts::default();
        counts.add(&area);
        counts.add(&area);
        let total: u64 = counts.top().iter().map(|(_, _, count)| count).sum();
        assert_eq!(total + counts.others, 2 * 300 * 301 / 2);
        assert_eq!(counts.top()[0], (1, 299, 600));
        for id in 1000..3000 {
            count(&area, 0, id);
        }
        let mut counts = Counts::default();
        counts.add(&area);
        assert!(counts.others > 0);
    }
}
