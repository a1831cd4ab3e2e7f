//! What holds for shares, for what changes, and for how many clients share a copy: statistics over files and
//! clients, with tolerances that chance exceeds once in a million runs; nothing is drawn, so they do not flicker.

use super::*;
use crate::{Candidates, Extent, Mirror, MirrorRow, MirrorSet, MirrorTable, Order, select};
use std::collections::{HashMap, HashSet};

fn mirror(id: i64, score: u32, place: (f64, f64)) -> Mirror {
    Mirror::from_row(&MirrorRow {
        id: Some(id),
        country: Some("de"),
        region: Some("eu"),
        latitude: Some(place.0),
        longitude: Some(place.1),
        score: Some(score.into()),
        base_url: Some("http://mirror.example.org/"),
        file_max_size: Some(0),
        ..MirrorRow::default()
    })
    .expect("a usable row")
}

/// Mirrors by id, from 1, to the north of the client.
fn mirrors(scores_and_km: &[(u32, f64)]) -> Vec<Mirror> {
    let degrees = |km: f64| 20.0 + (km / EARTH_RADIUS).to_degrees();
    let mirrors = scores_and_km.iter().zip(1..);
    mirrors
        .map(|(&(score, km), id)| mirror(id, score, (degrees(km), 10.0)))
        .collect()
}

fn client(network: u32) -> Client {
    Client {
        address: Some(IpAddr::from((network << 8).to_be_bytes())),
        coordinates: Some((20.0, 10.0)),
        ..Client::default()
    }
}

/// What is asked of a selection over and over.
struct World {
    table: MirrorTable,
    all: MirrorSet,
}

impl World {
    fn new(mirrors: Vec<Mirror>) -> Self {
        let ids = mirrors.iter().filter_map(|m| u32::try_from(m.id).ok());
        Self {
            all: ids.collect(),
            table: MirrorTable::new(mirrors),
        }
    }

    fn order(&self, spread: Spread, file: FileKey, client: &Client, extent: Extent) -> Vec<i64> {
        let order = Order {
            spread,
            file,
            ..Order::default()
        };
        let candidates = Candidates::Table(&self.table, &self.all);
        let mut random = || unreachable!("nothing is drawn");
        let selection = select(candidates, &[], client, 1, order, &mut random, extent);
        selection.ranked().iter().map(|c| c.mirror().id).collect()
    }

    fn first(&self, file: FileKey, client: &Client) -> i64 {
        self.order(CACHE, file, client, Extent::Top(1))[0]
    }

    /// How many bits tell the cells of each mirror, by id.
    fn bits(&self, file: FileKey, client: &Client) -> HashMap<i64, u32> {
        let spread = SpreadClient::new(client, CACHE, file).unwrap();
        let mut rates = Rates::new(spread, 0);
        for (mirror, row) in self.table.mirrors().iter().zip(0..) {
            rates.add(row, &mirror.into());
        }
        let level = rates.level(spread.cell.unwrap());
        let bits = rates.candidates.iter().map(|c| c.bits(level));
        self.table
            .mirrors()
            .iter()
            .map(|m| m.id)
            .zip(bits)
            .collect()
    }
}

const CACHE: Spread = Spread::Cache { km: 300 };

fn file(number: u32) -> FileKey {
    FileKey::of(format!("pool/{number}.rpm").as_bytes())
}

/// The shares that the formula promises, said in the words of the documentation: half at 1.06 times the
/// distance that counts as near, nearly nothing at twice that.
fn promised(scores_and_km: &[(u32, f64)], near: f64) -> Vec<f64> {
    let rate = |&(score, km): &(u32, f64)| {
        let straight = 2.0 * EARTH_RADIUS * (km / EARTH_RADIUS / 2.0).sin();
        f64::from(score) * (near / straight.max(near)).powi(12)
    };
    let rates: Vec<f64> = scores_and_km.iter().map(rate).collect();
    let sum: f64 = rates.iter().sum();
    rates.into_iter().map(|rate| rate / sum).collect()
}

const MIXED: [(u32, f64); 8] = [
    (100, 10.0),
    (50, 250.0),
    (200, 318.0),
    (100, 360.0),
    (500, 450.0),
    (10, 0.0),
    (100, 600.0),
    (1000, 340.0),
];

fn assert_share(count: u32, of: u32, share: f64, what: &str) {
    let (found, of) = (f64::from(count) / f64::from(of), f64::from(of));
    let tolerance = 5.0 * (share * (1.0 - share) / of).sqrt();
    assert!(
        (found - share).abs() <= tolerance,
        "{what}: {found} instead of {share}"
    );
}

#[test]
fn shares_of_files_are_those_of_the_rates_and_so_are_second_places() {
    const FILES: u32 = 200_000;
    let (world, client) = (World::new(mirrors(&MIXED)), client(7));
    let mut firsts: HashMap<i64, u32> = HashMap::new();
    let mut seconds: HashMap<(i64, i64), u32> = HashMap::new();
    for number in 0..FILES {
        let order = world.order(CACHE, file(number), &client, Extent::Top(2));
        *firsts.entry(order[0]).or_default() += 1;
        *seconds.entry((order[0], order[1])).or_default() += 1;
    }
    let shares: HashMap<i64, f64> = (1..).zip(promised(&MIXED, 300.0)).collect();
    for (&id, &share) in &shares {
        let first = firsts.get(&id).copied().unwrap_or(0);
        assert_share(first, FILES, share, &format!("mirror {id}"));
        // Too few tell nothing.
        for (&other, &rest) in shares
            .iter()
            .filter(|(other, _)| **other != id && first > 2000)
        {
            let both = seconds.get(&(id, other)).copied().unwrap_or(0);
            assert_share(
                both,
                first,
                rest / (1.0 - share),
                &format!("{other} behind {id}"),
            );
        }
    }
}

#[test]
fn equally_near_mirrors_get_files_by_score() {
    const FILES: u32 = 1_000_000;
    let scores = [(100, 10.0), (300, 299.0), (200, 0.0)];
    let near = World::new(mirrors(&scores));
    let unknown = Client {
        coordinates: None,
        ..client(3)
    };
    let far = World::new(mirrors(&scores.map(|(score, km)| (score, 6.0 * km))));
    let vague = Client {
        accuracy_radius: Some(1200.0),
        ..client(3)
    };
    for (world, client) in [(&near, client(3)), (&far, unknown), (&far, vague)] {
        let mut counts = [0_u32; 3];
        for number in 0..FILES / 3 {
            counts[world.first(file(number), &client) as usize - 1] += 1;
        }
        for ((score, _), count) in scores.iter().zip(counts) {
            let share = f64::from(count) / f64::from(FILES / 3);
            let due = f64::from(*score) / 600.0;
            assert!((share - due).abs() < 0.01 * due.max(0.2), "{share} {due}");
        }
    }
}

/// Many, of which none has much, as in countries with many mirrors.
fn many() -> Vec<(u32, f64)> {
    (0..40)
        .map(|n| (50 << (n % 3), f64::from(n * 10)))
        .collect()
}

#[test]
fn a_lost_mirror_moves_its_files_and_few_others() {
    for scores in [MIXED.to_vec(), many()] {
        let all = mirrors(&scores);
        let gone = 4_i64;
        let share = promised(&scores, 300.0)[gone as usize - 1];
        let less = World::new(all.iter().filter(|m| m.id != gone).cloned().collect());
        let all = World::new(all);
        let (mut others, mut alike) = (0, 0);
        for number in 0..100_000 {
            let client = client(number % 331);
            let (before, after) = (
                all.first(file(number), &client),
                less.first(file(number), &client),
            );
            others += u32::from(before != gone && before != after);
            if number % 10 == 0 {
                let mut bits = all.bits(file(number), &client);
                bits.remove(&gone);
                if bits == less.bits(file(number), &client) {
                    alike += 1;
                    let mut order = all.order(CACHE, file(number), &client, Extent::All);
                    order.retain(|id| *id != gone);
                    assert_eq!(order, less.order(CACHE, file(number), &client, Extent::All));
                }
            }
        }
        assert!(
            f64::from(others) < 1.5 * share * 100_000.0,
            "{others} of {share}"
        );
        assert!(alike > 3_000, "{alike}");
    }
}

/// Where many have little each, all levels move with the sum, and with them the cells of others: up to half of
/// what the raised mirror gets, and as much of its own.
#[test]
fn a_raised_score_moves_requests_to_its_mirror_only() {
    for (scores, part) in [(MIXED.to_vec(), 0.3), (many(), 0.45)] {
        let id = 1_i64;
        let share = promised(&scores, 300.0)[0];
        let mut raised = scores.clone();
        raised[0].0 += raised[0].0 / 10;
        let (before, after) = (World::new(mirrors(&scores)), World::new(mirrors(&raised)));
        let (mut moved, mut alike) = (0, 0);
        for number in 0..100_000 {
            let client = client(number % 331);
            let [old, new] = [&before, &after].map(|world| world.first(file(number), &client));
            moved += u32::from(old != new);
            if old != new || number % 10 == 0 {
                let [old_bits, new_bits] = [&before, &after].map(|w| w.bits(file(number), &client));
                if old_bits == new_bits {
                    alike += 1;
                    assert!(old == new || new == id, "from {old} to {new}");
                }
            }
        }
        assert!(
            f64::from(moved) < part * share * 100_000.0,
            "{moved} of {share}"
        );
        assert!(alike > 3_000, "{alike}");
    }
}

#[test]
fn a_mirror_has_no_more_cells_than_its_share_makes() {
    let scores = many();
    let shares = promised(&scores, 300.0);
    let facts: Vec<SpreadFacts> = mirrors(&scores).iter().map(SpreadFacts::from).collect();
    for number in 0..30 {
        let mut numbers: Vec<HashSet<u64>> = vec![HashSet::new(); facts.len()];
        let mut most = vec![0; facts.len()];
        for network in 0..2000 {
            let spread = SpreadClient::new(&client(network), CACHE, file(number)).unwrap();
            let mut rates = Rates::new(spread, 40);
            facts
                .iter()
                .zip(0..)
                .for_each(|(facts, row)| rates.add(row, facts));
            let cell = spread.cell.unwrap();
            let level = rates.level(cell);
            for (at, candidate) in rates.candidates.iter().enumerate() {
                numbers[at].insert(candidate.number(cell, level));
                most[at] = candidate.bits(level);
            }
        }
        for (at, share) in shares.iter().enumerate() {
            assert!(numbers[at].len() <= 1 << most[at].min(30));
            assert!(
                0.5_f64.powi(most[at] as i32) <= 2.2 * 8.0 * share,
                "{share} {}",
                most[at]
            );
        }
    }
}

#[test]
fn one_more_level_of_cells_moves_half_of_the_clients() {
    let candidate = |rate| Candidate {
        row: 0,
        hash: 5,
        rate,
        squared_distance: 0.0,
    };
    let level = 8.0_f64.to_bits() as i64;
    for (rate, bits) in [(1.0, 3), (4.0, 1), (8.0, 0), (0.25, 5)] {
        assert_eq!(candidate(rate).bits(level), bits);
        for client in (0..1000).map(mix) {
            let cell = Cell { file: 77, client };
            let [few, more] = [rate, rate / 2.0].map(|rate| candidate(rate).number(cell, level));
            assert_eq!(few == more, client >> (63 - bits) & 1 == 0);
        }
    }
}

#[test]
fn rates_never_rise_with_the_distance_and_unknown_places_come_last() {
    let spread = SpreadClient::new(&client(1), CACHE, file(1)).unwrap();
    let rate = |km| spread.rate(&(&mirrors(&[(100, km)])[0]).into()).1;
    assert!((0..300).all(|km| rate(f64::from(km)) == 100.0));
    assert!((1..3000).all(|km| rate(f64::from(km)) <= rate(f64::from(km - 1))));
    for (times, part) in [(1.06, 0.5), (1.2, 0.11), (1.5, 0.008), (2.0, 0.000_2)] {
        let found = rate(300.0 * times) / 100.0;
        assert!((found / part - 1.0).abs() < 0.3, "{times}: {found}");
    }
    let mut unplaced = mirrors(&[(1_000_000, 0.0), (1, 9000.0)]);
    (unplaced[0].latitude, unplaced[0].longitude) = (0.0, 0.0);
    let world = World::new(unplaced);
    assert!((0..200_000).all(|number| world.first(file(number), &client(1)) == 2));
    let vague = Client {
        accuracy_radius: Some(2000.0),
        ..client(1)
    };
    let vague = SpreadClient::new(&vague, CACHE, file(1)).unwrap();
    assert_eq!(vague.rate(&(&mirrors(&[(100, 3000.0)])[0]).into()).1, 100.0);
}

#[test]
fn distances_are_those_along_the_surface() {
    let world = mirrors(&[(1, 1234.0), (1, 0.0)]);
    let mut rates = Rates::new(SpreadClient::new(&client(1), CACHE, file(1)).unwrap(), 2);
    world
        .iter()
        .zip(0..)
        .for_each(|(mirror, row)| rates.add(row, &mirror.into()));
    let distance = |lot| rates.weight(lot).unwrap().distance.unwrap();
    assert!((distance(0) - 1234.0).abs() < 0.01 && distance(1) < 0.01);
    assert!(rates.weight(2).is_none());
}
