//! What must hold for any mirrors and any client.

mod common;

use std::net::IpAddr;

use common::{generator, ids};
use mirror_selection::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn country() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["de", "fr", "us", "jp", "sk", "--", ""])
}

fn region() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["eu", "NA", "as", ""])
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop::sample::select(vec![
        "10.1.2.3",
        "10.2.0.1",
        "::ffff:10.1.0.1",
        "2001:db8:1::1",
        "::1",
    ])
    .prop_map(|text| text.parse().expect("an address"))
}

fn degrees() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => (-180_i16..180).prop_map(f32::from),
        1 => prop::sample::select(vec![0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE]),
        1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY]),
    ]
}

fn mirror() -> impl Strategy<Value = Mirror> {
    let place = (
        prop_oneof![6 => country(), 1 => Just("**")],
        region(),
        degrees(),
        degrees(),
        prop::option::of(1_u32..4),
        prop::sample::select(vec![
            "",
            "10.1.0.0/16",
            "10.0.0.0/8",
            "2001:db8:1::/48",
            "10.1.2.0/24,2001:db8:1::/48,10.0.0.0/8",
            "::/0",
        ]),
    );
    let rules = (
        prop::array::uniform4(prop::bool::weighted(0.2)),
        prop::option::of(country()),
        prop::sample::select(vec![1, 50, 100, 100, 200, u32::MAX]),
        prop::sample::select(vec![0, 0, 0, 10, 1000]),
    );
    (place, rules).prop_map(|(place, rules)| {
        let (country, region, latitude, longitude, asn, prefix) = place;
        let ([region_only, country_only, as_only, prefix_only], other, score, max) = rules;
        Mirror {
            id: 0,
            identifier: "m".into(),
            region: Region::parse(region),
            country: Code::of_mirror(country),
            latitude,
            longitude,
            asn,
            prefixes: prefix
                .split(',')
                .filter_map(|one| one.parse().ok())
                .collect(),
            score,
            base_url: "http://m/".into(),
            region_only,
            country_only,
            as_only,
            prefix_only,
            other_countries: other.and_then(Code::parse).into_iter().collect(),
            file_max_size: max,
            operator: None,
        }
    })
}

prop_compose! {
    fn mirrors()(mut mirrors in vec(mirror(), 0..40)) -> Vec<Mirror> {
        for (mirror, id) in mirrors.iter_mut().zip(1..) {
            mirror.id = id;
        }
        mirrors
    }
}

prop_compose! {
    fn client(coordinates: impl Strategy<Value = Option<(f32, f32)>>)(
        address in prop::option::of(address()),
        country in country(),
        region in region(),
        asn in prop::option::of(1_u32..4),
        coordinates in coordinates,
    ) -> Client {
        Client {
            address,
            country: Code::parse(country),
            region: Region::parse(region),
            asn,
            coordinates,
        }
    }
}

fn anywhere() -> impl Strategy<Value = Option<(f32, f32)>> {
    prop::option::of((degrees(), degrees()))
}

fn somewhere() -> impl Strategy<Value = Option<(f32, f32)>> {
    (1_i16..90, 1_i16..180).prop_map(|(a, b)| Some((f32::from(a), f32::from(b))))
}

fn distance() -> impl Strategy<Value = Distance> {
    prop::sample::select(vec![Distance::Planar, Distance::GreatCircle])
}

/// Whether the client is in the mirror's network, AS, country, continent, each said plainly.
fn realms(mirror: &Mirror, client: &Client) -> [bool; 4] {
    let same_country = mirror.country == Code::WILDCARD
        || client.country.is_some_and(|country| {
            mirror.country == country || mirror.other_countries.contains(&country)
        });
    [
        client.address.is_some_and(|address| {
            let address = address.to_canonical();
            mirror
                .prefixes
                .iter()
                .any(|prefix| prefix.contains(&address))
        }),
        mirror.asn.is_some() && mirror.asn == client.asn,
        same_country,
        mirror.region.is_some() && mirror.region == client.region,
    ]
}

/// Whether the mirror's restrictions admit the client.
fn admits(mirror: &Mirror, client: &Client) -> bool {
    let [network, system, country, region] = realms(mirror, client);
    let narrowest = |inside: &[bool]| inside.contains(&true);
    (!mirror.prefix_only || network)
        && (!mirror.as_only || narrowest(&[network, system]))
        && (!mirror.country_only || narrowest(&[network, system, country]))
        && (!mirror.region_only || narrowest(&[network, system, country, region]))
}

proptest! {
    #[test]
    fn every_usable_mirror_appears_once_and_no_other(
        mirrors in mirrors(),
        client in client(anywhere()),
        size in 0_u64..2000,
        distance in distance(),
        seed: u64,
    ) {
        let mut random = generator(seed);
        let selection =
            select(&mirrors, &[], &client, size, distance, &mut random, Extent::All);
        let mut chosen = ids(&selection);
        chosen.sort_unstable();
        let usable: Vec<i64> =
            mirrors.iter().filter(|m| admits(m, &client)).map(|m| m.id).collect();
        prop_assert_eq!(chosen, usable);
        for choice in selection.ranked() {
            let [network, system, country, region] = realms(choice.mirror(), &client);
            let capped = (1..size).contains(&choice.mirror().file_max_size);
            let group = match () {
                () if capped => Group::LastResort,
                () if network => Group::Prefix,
                () if system => Group::As,
                () if country => Group::Country,
                () if region => Group::Region,
                () => Group::Elsewhere,
            };
            prop_assert_eq!(choice.group(), group);
        }
    }

    #[test]
    fn groups_come_in_order_and_are_the_ranking(
        mirrors in mirrors(),
        client in client(anywhere()),
        extent in prop_oneof![Just(Extent::All), (0_usize..50).prop_map(Extent::Top)],
        seed: u64,
    ) {
        let mut random = generator(seed);
        let selection =
            select(&mirrors, &[], &client, 100, Distance::Planar, &mut random, extent);
        prop_assert!(selection.groups().is_sorted_by(|a, b| a.0 < b.0));
        let flat: Vec<i64> =
            selection.groups().flat_map(|(_, c)| c).map(|c| c.mirror().id).collect();
        prop_assert_eq!(flat, ids(&selection));
        let best = selection.groups().next().map(|(group, _)| group);
        prop_assert_eq!(selection.target().map(Choice::group), best);
    }

    #[test]
    fn top_is_the_start_of_all(
        mirrors in mirrors(),
        client in client(somewhere()),
        distance in distance(),
        count in 1_usize..50,
        seed: u64,
    ) {
        let run = |extent| {
            let mut random = generator(seed);
            let selection =
                select(&mirrors, &[], &client, 100, distance, &mut random, extent);
            (ids(&selection), selection.target().map(|c| c.mirror().id))
        };
        let (all, target) = run(Extent::All);
        let (top, _) = run(Extent::Top(count));
        prop_assert_eq!(&top[..], &all[..count.min(all.len())]);
        prop_assert!(target.is_none_or(|id| all.contains(&id)));
    }

    /// Rows are looked at one by one, a table by its sets: the answer is the same.
    #[test]
    fn a_table_gives_what_its_rows_give(
        mut mirrors in mirrors(),
        ids in vec(prop_oneof![3 => 0_u32..130, 1 => any::<u32>()], 40),
        has in vec(any::<bool>(), 40),
        others in vec(0_u32..130, 0..5),
        client in client(prop_oneof![somewhere(), anywhere()]),
        (size, distance) in (0_u64..2000, distance()),
        extent in prop_oneof![Just(Extent::All), (0_usize..50).prop_map(Extent::Top)],
        seed: u64,
    ) {
        for (mirror, id) in mirrors.iter_mut().zip(ids) {
            mirror.id = id.into();
        }
        let table = MirrorTable::new(mirrors);
        let rows: Vec<Mirror> = table.mirrors().iter().zip(&has).filter(|(_, has)| **has)
            .map(|(mirror, _)| mirror.clone()).collect();
        // Ids of mirrors that are not in service are in the set, too.
        let others = others.into_iter().filter(|id| table.get((*id).into()).is_none());
        let set: MirrorSet = rows.iter().filter_map(|mirror| u32::try_from(mirror.id).ok())
            .chain(others).collect();
        let candidates = Candidates::Table(&table, &set);
        let ids = |mirrors: &[Mirror]| mirrors.iter().map(|m| m.id).collect::<Vec<_>>();
        prop_assert!(candidates.iter().map(|m| m.id).eq(ids(&rows)));
        let fallbacks = [Mirror::fallback("eu", "de", "http://fallback/").expect("a host")];
        let run = |candidates| {
            let mut random = generator(seed);
            let selection =
                select(candidates, &fallbacks, &client, size, distance, &mut random, extent);
            // Which of those that tie is drawn depends on the order in which they are looked at.
            let target = selection.target().map(Choice::group);
            let ranked: Vec<_> = selection.ranked().iter()
                .map(|choice| (choice.group(), choice.realm(), choice.mirror().id)).collect();
            (target, ranked)
        };
        let (mut of_rows, mut of_table) = (run(Candidates::Rows(&rows)), run(candidates));
        if client.coordinates.is_none_or(|(lat, lng)| !(lat * lng).is_normal()) {
            // The order is drawn, and not from the same numbers: only what is in it is the same,
            // where all of it is asked for.
            for (_, ranked) in [&mut of_rows, &mut of_table] {
                ranked.sort_by_key(|&(group, _, id)| (group, id));
                if extent != Extent::All {
                    ranked.iter_mut().for_each(|(_, realm, id)| (*realm, *id) = (Realm::Other, 0));
                }
            }
        }
        prop_assert_eq!(of_table, of_rows);
    }

    #[test]
    fn every_usable_mirror_is_found(
        mirrors in mirrors(),
        client in client(anywhere()),
        seed: u64,
    ) {
        let mut random = generator(seed);
        let selection =
            select(&mirrors, &[], &client, 100, Distance::Planar, &mut random, Extent::All);
        for mirror in &mirrors {
            let found = selection.find(mirror.id).map(|choice| choice.mirror().id);
            prop_assert_eq!(found, admits(mirror, &client).then_some(mirror.id));
        }
    }

    #[test]
    fn equal_mirrors_keep_the_order_of_the_rows(
        twin in mirror(),
        count in 1_i64..60,
        client in client(somewhere()),
        distance in distance(),
    ) {
        let mirrors: Vec<Mirror> = (0..count).map(|id| Mirror { id, ..twin.clone() }).collect();
        let selection =
            select(&mirrors, &[], &client, 1, distance, &mut || u64::MAX, Extent::All);
        prop_assert!(ids(&selection).is_sorted());
    }

    #[test]
    fn no_random_number_breaks_it(
        mirrors in mirrors(),
        client in client(anywhere()),
        number in prop_oneof![Just(0), Just(u64::MAX), any::<u64>()],
    ) {
        let selection =
            select(&mirrors, &[], &client, 1, Distance::Planar, &mut || number, Extent::All);
        prop_assert_eq!(selection.target().is_none(), selection.ranked().is_empty());
    }
}
