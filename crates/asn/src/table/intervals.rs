//! Cuts ranges that nest and overlap into disjoint intervals.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The integer behind an address.
pub(crate) trait Address: Copy + Ord {
    /// Number of bits.
    const BITS: u32;
    fn next(self) -> Option<Self>;
    fn previous(self) -> Self;
    fn to_u128(self) -> u128;
}

impl Address for u32 {
    const BITS: u32 = 32;
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
    fn previous(self) -> Self {
        self.saturating_sub(1)
    }
    fn to_u128(self) -> u128 {
        self.into()
    }
}

impl Address for u128 {
    const BITS: u32 = 128;
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
    fn previous(self) -> Self {
        self.saturating_sub(1)
    }
    fn to_u128(self) -> u128 {
        self
    }
}

/// A range and its AS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<A> {
    pub first: A,
    pub last: A,
    pub asn: u32,
}

impl<A: Address> Row<A> {
    /// Number of addresses, less one.
    fn size(&self) -> u128 {
        self.last.to_u128() - self.first.to_u128()
    }

    /// The prefix length, if the range is a CIDR one.
    pub fn prefix_length(&self) -> Option<u32> {
        let size = self.size();
        let free = size.trailing_ones();
        let is_block = size.count_ones() == free && self.first.to_u128() & size == 0;
        is_block.then_some(A::BITS - free)
    }
}

/// Brings rows into the order that [`cut`] needs. Of equal ranges the lowest AS stays.
pub(crate) fn sort<A: Address>(rows: &mut Vec<Row<A>>) {
    rows.sort_unstable_by_key(|row| (row.first, Reverse(row.last), row.asn));
    rows.dedup_by_key(|row| (row.first, row.last));
}

/// Calls `emit` with the start of each interval and the smallest row that holds it, or `None`
/// for a gap, in ascending order from address zero. Neighbours may have the same row.
///
/// A sweep over the starts of the rows. `open` holds the rows that began at or before `at`,
/// smallest first; those that have ended are dropped when they come up.
pub(crate) fn cut<A: Address + Default, E>(
    rows: &[Row<A>],
    mut emit: impl FnMut(A, Option<&Row<A>>) -> Result<(), E>,
) -> Result<(), E> {
    let mut open: BinaryHeap<Reverse<(u128, usize)>> = BinaryHeap::new();
    let mut at = Some(A::default());
    let starts = rows
        .iter()
        .enumerate()
        .map(|(i, row)| (Some(row.first), Some((i, row))));
    for (start, begins) in starts.chain([(None, None)]) {
        // The intervals up to the next start, or up to the end of the address space.
        while let Some(position) = at.filter(|&position| start.is_none_or(|s| position < s)) {
            let smallest = loop {
                let row = open.peek().and_then(|Reverse((_, i))| rows.get(*i));
                match row {
                    Some(row) if row.last < position => drop(open.pop()),
                    other => break other,
                }
            };
            emit(position, smallest)?;
            at = match (smallest, start) {
                (Some(row), Some(start)) => row.last.min(start.previous()).next(),
                (Some(row), None) => row.last.next(),
                (None, start) => start,
            };
        }
        if let Some((i, row)) = begins {
            open.push(Reverse((row.size(), i)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(first: u32, last: u32, asn: u32) -> Row<u32> {
        Row { first, last, asn }
    }

    fn intervals(mut rows: Vec<Row<u32>>) -> Vec<(u32, Option<u32>)> {
        sort(&mut rows);
        let mut out = Vec::new();
        let done: Result<(), ()> = cut(&rows, |start, row| {
            out.push((start, row.map(|row| row.asn)));
            Ok(())
        });
        assert_eq!(done, Ok(()));
        out
    }

    #[test]
    fn the_smallest_range_wins_and_the_outer_one_comes_back() {
        assert_eq!(
            intervals(vec![row(10, 19, 2), row(0, 99, 1), row(12, 12, 3)]),
            [
                (0, Some(1)),
                (10, Some(2)),
                (12, Some(3)),
                (13, Some(2)),
                (20, Some(1)),
                (100, None)
            ]
        );
    }

    #[test]
    fn ranges_at_the_end_of_the_address_space_end_there() {
        assert_eq!(
            intervals(vec![row(5, u32::MAX, 1), row(u32::MAX, u32::MAX, 2)]),
            [(0, None), (5, Some(1)), (u32::MAX, Some(2))]
        );
    }

    #[test]
    fn overlaps_without_nesting_are_cut() {
        assert_eq!(
            intervals(vec![row(0, 10, 1), row(5, 10, 2), row(8, 20, 3)]),
            [
                (0, Some(1)),
                (5, Some(2)),
                (8, Some(2)),
                (11, Some(3)),
                (21, None)
            ]
        );
    }

    #[test]
    fn of_equal_ranges_the_lowest_as_wins() {
        assert_eq!(intervals(vec![row(0, 1, 9), row(0, 1, 3)])[0], (0, Some(3)));
    }

    #[test]
    fn cidr_ranges_are_recognised() {
        assert_eq!(row(0, u32::MAX, 0).prefix_length(), Some(0));
        assert_eq!(row(8, 11, 0).prefix_length(), Some(30));
        assert_eq!(row(7, 7, 0).prefix_length(), Some(32));
        assert_eq!(row(8, 10, 0).prefix_length(), None);
        assert_eq!(row(4, 11, 0).prefix_length(), None);
        let all = Row {
            first: 0,
            last: u128::MAX,
            asn: 0,
        };
        assert_eq!(all.prefix_length(), Some(0));
    }

    proptest! {
        #[test]
        fn agrees_with_a_search_of_all_ranges(
            ranges in prop::collection::vec((0u32..60, 0u32..30, 1u32..50), 0..20),
        ) {
            let mut rows: Vec<_> = ranges.iter().map(|&(a, n, asn)| row(a, a + n, asn)).collect();
            let cuts = intervals(rows.clone());
            prop_assert!(cuts.is_sorted_by(|a, b| a.0 < b.0));
            sort(&mut rows);
            for address in 0..100 {
                let holds = rows.iter().filter(|r| r.first <= address && address <= r.last);
                let expected = holds.min_by_key(|r| (r.last - r.first, r.first)).map(|r| r.asn);
                let at = cuts.partition_point(|cut| cut.0 <= address);
                prop_assert_eq!(cuts[at - 1].1, expected, "address {}", address);
            }
        }
    }
}
