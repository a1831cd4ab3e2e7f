//! Mirrors that are equally far away, where their order is drawn.

mod common;

use std::collections::HashMap;

use common::{generator, ids, scored};
use mirror_selection::*;

const DRAWN: Order = Order {
    distance: Distance::Planar,
    ties: Ties::Drawn,
    spread: Spread::Off,
    file: FileKey::NONE,
};

/// Three in one place, of which one has twice the score, and one farther away.
fn mirrors() -> [Mirror; 4] {
    let at = |id, score, latitude| Mirror {
        latitude,
        longitude: 10.0,
        ..scored(id, score)
    };
    // Scores so great leave nothing of the head start of 2,000,000 / 4, which they divide.
    [
        at(1, 1_000_000, 50.0),
        at(2, 1_000_000, 50.0),
        at(3, 2_000_000, 50.0),
        at(4, 1_000_000, 70.0),
    ]
}

fn client() -> Client {
    Client {
        coordinates: Some((50.0, 10.0)),
        ..common::client("de", "eu")
    }
}

/// The order of a draw, and the target.
fn draw(order: Order, extent: Extent, random: &mut impl FnMut() -> u64) -> (Vec<i64>, i64) {
    let (mirrors, client) = (mirrors(), client());
    let selection = select(&mirrors, &[], &client, 1, order, random, extent);
    let target = selection.target().expect("a mirror").mirror().id;
    (ids(&selection), target)
}

/// The first of a list got all clients of lists, while redirects were spread.
#[test]
fn the_order_of_equals_is_drawn_by_score_and_the_target_is_the_first() {
    const DRAWS: i32 = 20_000;
    for extent in [Extent::All, Extent::Top(2)] {
        let mut random = generator(7);
        let mut places: HashMap<(usize, i64), i32> = HashMap::new();
        for _ in 0..DRAWS {
            let (order, target) = draw(DRAWN, extent, &mut random);
            assert_eq!(order.first(), Some(&target));
            assert!(!order[..order.len().min(3)].contains(&4), "{order:?}");
            for (place, id) in order.into_iter().enumerate() {
                *places.entry((place, id)).or_default() += 1;
            }
        }
        let share = |place, id| {
            let count = places.get(&(place, id)).copied().unwrap_or(0);
            f64::from(count) / f64::from(DRAWS)
        };
        // By score: a quarter, a quarter, a half. Then the others by what theirs are.
        for (place, id, expected) in [
            (0, 1, 1.0 / 4.0),
            (0, 2, 1.0 / 4.0),
            (0, 3, 1.0 / 2.0),
            (1, 1, 1.0 / 12.0 + 1.0 / 4.0),
            (1, 3, 1.0 / 3.0),
        ] {
            let share = share(place, id);
            assert!((share - expected).abs() < 0.02, "{place} {id}: {share}");
        }
    }
}

#[test]
fn else_equals_stand_as_they_are_listed() {
    let mut random = generator(7);
    for _ in 0..100 {
        let (order, _) = draw(Distance::Planar.into(), Extent::All, &mut random);
        assert_eq!(order, [1, 2, 3, 4]);
    }
}

#[test]
fn a_mirror_that_is_put_first_is_the_target_and_the_others_keep_their_order() {
    let (mirrors, client) = (mirrors(), client());
    let order = Distance::Planar;
    let mut selection = select(&mirrors, &[], &client, 1, order, &mut || 0, Extent::All);
    selection.put_first(2);
    assert_eq!(ids(&selection), [3, 1, 2, 4]);
    assert_eq!(selection.target().map(|choice| choice.mirror().id), Some(3));
    selection.put_first(9);
    assert_eq!(ids(&selection), [3, 1, 2, 4]);
}
