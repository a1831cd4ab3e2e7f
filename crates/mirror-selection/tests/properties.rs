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
            accuracy_radius: None,
        }
    }
}

fn anywhere() -> impl Strategy<Value = Option<(f32, f32)>> {
    prop::option::of((degrees(), degrees()))
}

fn somewhere() -> impl Strategy<Value = Option<(f32, f32)>> {
    (1_i16..90, 1_i16..180).prop_map(|(a, b)| Some((f32::from(a), f32::from(b))))
}

fn spread() -> impl Strategy<Value = Spread> {
    let km = prop::sample::select(vec![1, 300, Spread::MAX_KM]);
    prop_oneof![
        km.clone().prop_map(|km| Spread::Near { km }),
        km.prop_map(|km| Spread::Cache { km }),
    ]
}

fn cached() -> impl Strategy<Value = Spread> {
    prop::sample::select(vec![1, 300, Spread::MAX_KM]).prop_map(|km| Spread::Cache { km })
}

fn radius() -> impl Strategy<Value = Option<f64>> {
    prop::option::of(prop_oneof![
        (0_u16..2000).prop_map(f64::from),
        any::<u64>().prop_map(f64::from_bits),
    ])
}

fn spread_by(spread: Spread, path: &[u8]) -> Order {
    Order {
        spread,
        file: FileKey::of(path),
        ..Order::default()
    }
}

fn any_degrees() -> impl Strategy<Value = f32> {
    prop_oneof![degrees(), any::<u32>().prop_map(f32::from_bits)]
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

/// Which group and realm each mirror has, by id.
fn grouped(selection: &Selection<'_>) -> Vec<(i64, Group, Realm)> {
    let of = |choice: &Choice<'_>| (choice.mirror().id, choice.group(), choice.realm());
    let mut grouped: Vec<_> = selection.ranked().iter().map(of).collect();
    grouped.sort_unstable_by_key(|of| of.0);
    grouped
}

proptest! {
    #[test]
    fn a_spread_leaves_groups_members_and_realms_as_they_are(
        mirrors in mirrors(),
        client in client(anywhere()),
        accuracy_radius in radius(),
        (size, spread) in (0_u64..2000, spread()),
        seed: u64,
    ) {
        let client = Client { accuracy_radius, ..client };
        let fallbacks = [
            Mirror::fallback("eu", "de", "http://fallback/").expect("a host"),
            Mirror::fallback("eu", "de", "http://other/").expect("a host"),
        ];
        let run = |order: Order| {
            let mut random = generator(seed);
            let all = select(&mirrors, &fallbacks, &client, size, order, &mut random, Extent::All);
            let urls: Vec<_> = all.ranked().iter().map(|c| c.mirror().base_url.clone()).collect();
            let order_of_fallbacks = all.uses_fallbacks().then_some(urls);
            (grouped(&all), order_of_fallbacks, all.groups().map(|(group, _)| group).collect::<Vec<_>>())
        };
        prop_assert_eq!(run(spread_by(spread, b"file")), run(Order::default()));
    }

    /// With coordinates, scores, radii and file names of any bits.
    #[test]
    fn a_spread_is_the_same_from_rows_and_tables_in_any_order_and_top_is_its_start(
        mut mirrors in mirrors(),
        places in vec((any_degrees(), any_degrees()), 40),
        scores in vec(any::<u32>(), 40),
        client in client(prop::option::of((any_degrees(), any_degrees()))),
        accuracy_radius in radius(),
        (count, spread) in (1_usize..50, cached()),
        path in vec(any::<u8>(), 0..20),
        order in any::<u64>(),
    ) {
        let client = Client { accuracy_radius, ..client };
        for ((mirror, place), score) in mirrors.iter_mut().zip(places).zip(scores) {
            (mirror.latitude, mirror.longitude) = place;
            mirror.score = score.max(1);
        }
        let set: MirrorSet = mirrors.iter().filter_map(|m| u32::try_from(m.id).ok()).collect();
        let table = MirrorTable::new(mirrors.clone());
        let mut random = generator(order);
        mirrors.sort_by_cached_key(|_| random());
        let run = |candidates: Candidates<'_>, extent| {
            let mut random = || panic!("nothing is drawn");
            let order = spread_by(spread, &path);
            let selection = select(candidates, &[], &client, 100, order, &mut random, extent);
            for choice in selection.ranked() {
                let weight = choice.weight().expect("a weight");
                prop_assert!(weight.rate > 0.0 && weight.rate <= weight.of, "{:?}", weight);
                prop_assert!(weight.of.is_finite() && weight.share() > 0.0);
                prop_assert!(weight.distance.is_none_or(|km| (0.0..20_100.0).contains(&km)));
            }
            prop_assert_eq!(
                selection.target().map(|c| c.mirror().id),
                ids(&selection).first().copied()
            );
            Ok(ids(&selection))
        };
        let all = run(Candidates::Rows(&mirrors), Extent::All)?;
        prop_assert_eq!(&run(Candidates::Table(&table, &set), Extent::All)?, &all);
        let start = &all[..count.min(all.len())];
        for candidates in [Candidates::Rows(&mirrors), Candidates::Table(&table, &set)] {
            prop_assert_eq!(&run(candidates, Extent::Top(count))?[..], start);
        }
    }

    #[test]
    fn near_draws_the_same_order_from_rows_and_tables(
        mirrors in mirrors(),
        client in client(anywhere()),
        seed: u64,
    ) {
        let set: MirrorSet = mirrors.iter().filter_map(|m| u32::try_from(m.id).ok()).collect();
        let table = MirrorTable::new(mirrors.clone());
        let run = |candidates: Candidates<'_>| {
            let mut random = generator(seed);
            let order = spread_by(Spread::Near { km: 300 }, b"");
            ids(&select(candidates, &[], &client, 1, order, &mut random, Extent::All))
        };
        prop_assert_eq!(run(Candidates::Rows(&mirrors)), run(Candidates::Table(&table, &set)));
    }

    #[test]
    fn clients_of_one_network_get_the_same_from_a_cache_spread(
        mut mirrors in mirrors(),
        client in client(anywhere()),
        v4: [u8; 3],
        v6: [u16; 3],
        (a, b, c) in any::<(u8, u8, u128)>(),
    ) {
        // Their own networks are another matter.
        mirrors.iter_mut().for_each(|mirror| mirror.prefixes = [].into());
        let run = |address: IpAddr| {
            let client = Client { address: Some(address), ..client.clone() };
            let order = spread_by(Spread::Cache { km: 300 }, b"file");
            ids(&select(&mirrors, &[], &client, 1, order, &mut || 0, Extent::All))
        };
        let of_v4 = |last| std::net::Ipv4Addr::new(v4[0], v4[1], v4[2], last);
        prop_assert_eq!(run(of_v4(a).into()), run(of_v4(b).into()));
        prop_assert_eq!(run(of_v4(a).into()), run(of_v4(b).to_ipv6_mapped().into()));
        let network = u128::from(v6[0]) << 112 | u128::from(v6[1]) << 96 | u128::from(v6[2]) << 80;
        let of_v6 = |rest: u128| IpAddr::V6((network | rest >> 48).into());
        if network != 0 {
            prop_assert_eq!(run(of_v6(c)), run(of_v6(0)));
        }
    }
}
