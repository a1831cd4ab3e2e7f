//! One test for each defect of the original selection, named after its number in the list of
//! known defects.

mod common;

use common::{client, generator, ids, mirror, rank, scored};
use mirror_selection::*;

const BIG_FILE: u64 = 5_000_000_000;

/// A score of 0 came from a site's own query and divided by zero.
#[test]
fn m08_a_score_below_one_is_skipped() {
    let row = MirrorRow {
        id: Some(1),
        base_url: Some("http://mirror.example.org/"),
        file_max_size: Some(0),
        ..MirrorRow::default()
    };
    for score in [None, Some(0), Some(-100), Some(i64::MIN)] {
        assert_eq!(
            Mirror::from_row(&MirrorRow { score, ..row }),
            None,
            "{score:?}"
        );
    }
    assert!(
        Mirror::from_row(&MirrorRow {
            score: Some(1),
            ..row
        })
        .is_some()
    );
    let at = Client {
        coordinates: Some((50.0, 10.0)),
        ..client("de", "eu")
    };
    assert!(
        rank(&[scored(1, 0)], &[], &at).target().is_some(),
        "nor may one that was made by hand"
    );
}

/// A mirror for further countries vanished as soon as the country had a mirror of its own.
#[test]
fn m15_other_countries_count_beside_mirrors_of_the_country() {
    let codes = |list: &[&str]| list.iter().filter_map(|text| Code::parse(text)).collect();
    let serves_slovakia = Mirror {
        other_countries: codes(&["SK", "hu"]),
        ..mirror(2, "eu", "cz")
    };
    let mirrors = [
        mirror(1, "eu", "sk"),
        serves_slovakia,
        mirror(3, "eu", "pl"),
    ];
    let slovak = client("SK", "EU");
    let selection = rank(&mirrors, &[], &slovak);
    let (group, choices) = selection.groups().next().expect("a group");
    assert_eq!((group, choices.len()), (Group::Country, 2));
    assert_eq!(selection.find(1).map(Choice::realm), Some(Realm::Country));
    assert_eq!(
        selection.find(2).map(Choice::realm),
        Some(Realm::OtherCountry)
    );
    assert_eq!(selection.find(3).map(Choice::realm), Some(Realm::Region));
}

/// The list was searched for a substring, so that `us` was found in `au,sk`.
#[test]
fn m15_other_countries_match_whole_codes() {
    let row = MirrorRow {
        id: Some(1),
        score: Some(100),
        base_url: Some("http://mirror.example.org/"),
        file_max_size: Some(0),
        country: Some("cz"),
        other_countries: Some("sk, HU,a,usa,,**"),
        ..MirrorRow::default()
    };
    let mirrors = [Mirror::from_row(&row).expect("a usable row")];
    for (country, group) in [
        ("sk", Group::Country),
        ("hu", Group::Country),
        ("us", Group::Elsewhere),
        ("sa", Group::Elsewhere),
        ("k,", Group::Elsewhere),
        ("**", Group::Elsewhere),
    ] {
        let client = client(country, "as");
        assert_eq!(
            rank(&mirrors, &[], &client).best_group()[0].group(),
            group,
            "{country}"
        );
    }
}

/// The list overrode as_only and prefix_only.
#[test]
fn m15_other_countries_keep_restrictions() {
    let serving = Mirror {
        other_countries: Code::parse("sk").into_iter().collect(),
        country_only: true,
        region_only: true,
        ..mirror(1, "eu", "cz")
    };
    let mirrors = [
        Mirror {
            id: 2,
            as_only: true,
            ..serving.clone()
        },
        Mirror {
            id: 3,
            prefix_only: true,
            ..serving.clone()
        },
        serving,
    ];
    assert_eq!(ids(&rank(&mirrors, &[], &client("sk", "eu"))), [1]);
}

/// A mirror was put behind for its size cap before anyone looked whether the client may use it,
/// and it then competed with the others as an equal.
#[test]
fn m16_size_cap_lifts_no_restriction_and_comes_last() {
    let capped = Mirror {
        file_max_size: BIG_FILE - 1,
        ..mirror(1, "eu", "de")
    };
    let mirrors = [
        Mirror {
            id: 2,
            prefixes: Box::from(["192.0.2.0/24".parse().expect("a network")]),
            prefix_only: true,
            ..capped.clone()
        },
        Mirror {
            id: 3,
            asn: Some(64500),
            as_only: true,
            ..capped.clone()
        },
        Mirror {
            id: 4,
            country_only: true,
            ..capped.clone()
        },
        Mirror {
            id: 5,
            region_only: true,
            ..capped.clone()
        },
        Mirror {
            score: 1_000_000,
            ..capped
        },
        Mirror {
            score: 1,
            ..mirror(6, "na", "us")
        },
        Mirror {
            file_max_size: BIG_FILE,
            ..mirror(7, "na", "us")
        },
    ];
    let of = |client: &Client, size| {
        let mut random = generator(1);
        let selection = select(
            &mirrors,
            &[],
            client,
            size,
            Distance::Planar,
            &mut random,
            Extent::All,
        );
        let last = selection
            .groups()
            .last()
            .filter(|(group, _)| *group == Group::LastResort);
        let last = last.map_or(&[][..], |(_, choices)| choices);
        assert!(last.iter().all(|choice| choice.realm() == Realm::Other));
        let mut last: Vec<i64> = last.iter().map(|choice| choice.mirror().id).collect();
        last.sort_unstable();
        (last, selection.ranked().len())
    };
    assert_eq!(of(&client("jp", "as"), BIG_FILE), (vec![1], 3));
    assert_eq!(of(&client("fr", "eu"), BIG_FILE), (vec![1, 5], 4));
    assert_eq!(of(&client("de", "eu"), BIG_FILE), (vec![1, 4, 5], 5));
    assert_eq!(of(&client("de", "eu"), BIG_FILE - 1), (vec![], 5));
}

/// A mirror for every country ignored what it was restricted to.
#[test]
fn m17_wildcard_keeps_restrictions() {
    let wildcard = Mirror {
        region: Region::parse("**"),
        ..mirror(1, "", "**")
    };
    let mirrors = [
        Mirror {
            id: 2,
            as_only: true,
            ..wildcard.clone()
        },
        Mirror {
            id: 3,
            prefix_only: true,
            ..wildcard.clone()
        },
        Mirror {
            id: 4,
            as_only: true,
            asn: Some(64500),
            ..wildcard.clone()
        },
        wildcard,
    ];
    let unknown = Client {
        asn: Some(64500),
        ..Client::default()
    };
    let selection = rank(&mirrors, &[], &unknown);
    assert_eq!(ids(&selection), [4, 1]);
    assert!(selection.has_wildcard());
    let choice = selection.find(1).expect("is usable");
    assert_eq!(
        (choice.group(), choice.realm()),
        (Group::Country, Realm::Country)
    );
    assert_eq!((choice.country(), choice.region()), (Code::UNKNOWN, None));

    let kenyan = client("ke", "af");
    let selection = rank(&mirrors, &[], &kenyan);
    assert_eq!(ids(&selection), [1]);
    let choice = selection.target().expect("is usable");
    assert_eq!(
        (choice.country().as_str(), choice.region()),
        ("ke", Region::parse("AF"))
    );
}

/// Fallbacks were used only if the file was on no mirror, not if no mirror was for this client.
#[test]
fn m18_fallbacks_serve_clients_that_no_mirror_is_for() {
    let mirrors = [Mirror {
        country_only: true,
        ..mirror(1, "eu", "de")
    }];
    let fallbacks = [
        Mirror::fallback("na", "us", "http://one.example.com").expect("has a host"),
        Mirror::fallback("as", "jp", "http://two.example.com").expect("has a host"),
    ];
    let french = client("fr", "eu");
    let selection = rank(&mirrors, &fallbacks, &french);
    assert!(selection.uses_fallbacks());
    assert_eq!(selection.ranked().len(), 2);
    assert!(selection.find(1).is_none() && selection.find(0).is_none());

    let german = client("de", "eu");
    let selection = rank(&mirrors, &fallbacks, &german);
    assert!(!selection.uses_fallbacks());
    assert_eq!(ids(&selection), [1]);

    let capped = [Mirror {
        file_max_size: 1,
        ..mirror(1, "eu", "de")
    }];
    let selection = rank(&capped, &fallbacks, &german);
    assert!(
        !selection.uses_fallbacks(),
        "a last resort is better than a fallback"
    );
    assert_eq!(ids(&selection), [1]);
}

fn at(id: i64, latitude: f32, longitude: f32) -> Mirror {
    Mirror {
        latitude,
        longitude,
        ..mirror(id, "**", "zz")
    }
}

/// On a flat map the Bering Sea is far from Kamchatka; that stays the default, since sites know
/// it. The great circle goes across the date line.
#[test]
fn m20_great_circle_crosses_the_date_line() {
    let mirrors = [at(1, 51.0, 9.0), at(2, 53.0, 158.7)];
    let client = Client {
        coordinates: Some((52.0, -176.0)),
        ..Client::default()
    };
    let first = |distance| {
        let selection = select(&mirrors, &[], &client, 1, distance, &mut || 0, Extent::All);
        ids(&selection)[0]
    };
    assert_eq!(first(Distance::Planar), 1);
    assert_eq!(first(Distance::GreatCircle), 2);
}

/// A degree of longitude is short in the north.
#[test]
fn m20_great_circle_scales_longitude() {
    let mirrors = [at(1, 56.0, 25.0), at(2, 64.0, 35.0)];
    let client = Client {
        coordinates: Some((64.0, 25.0)),
        ..Client::default()
    };
    let first = |distance| {
        let selection = select(&mirrors, &[], &client, 1, distance, &mut || 0, Extent::All);
        ids(&selection)[0]
    };
    assert_eq!(first(Distance::Planar), 1);
    assert_eq!(first(Distance::GreatCircle), 2);
}

/// Places on the equator and at Greenwich are places; only the point where both are 0 stands for
/// "not known".
#[test]
fn m20_great_circle_knows_the_equator_and_greenwich() {
    let mirrors = [
        at(1, 45.0, 45.0),
        at(2, 0.0, 32.6),
        at(3, 51.5, 0.0),
        at(4, 0.0, 0.0),
    ];
    for (coordinates, order) in [
        ((1.0, 32.0), [2, 1, 3, 4]),
        ((0.0, 33.0), [2, 1, 3, 4]),
        ((52.0, 0.0), [3, 1, 2, 4]),
    ] {
        let client = Client {
            coordinates: Some(coordinates),
            ..Client::default()
        };
        let selection = select(
            &mirrors,
            &[],
            &client,
            1,
            Distance::GreatCircle,
            &mut || 0,
            Extent::All,
        );
        assert_eq!(ids(&selection), order, "{coordinates:?}");
    }
}

/// `?country=` left the continent and the coordinates of the real client.
#[test]
fn m24_another_country_is_another_place() {
    let mirrors = [at(1, 48.8, 2.3), at(2, 35.6, 139.7)];
    let mirrors = mirrors.map(|mirror| match mirror.id {
        1 => Mirror {
            region: Region::parse("eu"),
            ..mirror
        },
        _ => Mirror {
            region: Region::parse("as"),
            ..mirror
        },
    });
    let mut client = Client {
        coordinates: Some((52.5, 13.4)),
        ..client("de", "eu")
    };
    assert_eq!(ids(&rank(&mirrors, &[], &client)), [1, 2]);
    client.move_to(Code::parse("CN").expect("a code"), Region::parse("AS"));
    let selection = rank(&mirrors, &[], &client);
    assert_eq!(ids(&selection), [2, 1]);
    assert_eq!(selection.target().map(Choice::realm), Some(Realm::Region));
    assert_eq!(client.coordinates, None);
}

/// How often each of the mirrors comes first, of 100,000.
fn shares(mirrors: &[Mirror], client: &Client, extent: Extent) -> Vec<f64> {
    let mut random = generator(22);
    let mut firsts = vec![0; mirrors.len()];
    for _ in 0..100_000 {
        let selection = select(
            mirrors,
            &[],
            client,
            1,
            Distance::Planar,
            &mut random,
            extent,
        );
        let id = selection.target().expect("a mirror").mirror().id;
        firsts[usize::try_from(id).expect("counted from 0")] += 1;
    }
    firsts
        .into_iter()
        .map(|n| f64::from(n) / 100_000.0)
        .collect()
}

/// Scores of 100 and 200 shared 25:75, and more mirrors skewed it further.
#[test]
fn m22_shares_are_score_over_sum() {
    for scores in [
        &[100, 200][..],
        &[50, 100, 100, 200],
        &[1, 1],
        &[1, 9, 90],
        &[400, 1, 99, 500],
    ] {
        let mirrors: Vec<Mirror> = (0..).zip(scores).map(|(id, &n)| scored(id, n)).collect();
        let sum: u32 = scores.iter().sum();
        for extent in [Extent::All, Extent::Top(1)] {
            for (share, &score) in shares(&mirrors, &client("de", "eu"), extent)
                .iter()
                .zip(scores)
            {
                let expected = f64::from(score) / f64::from(sum);
                assert!(
                    (share - expected).abs() < 0.01,
                    "{scores:?}: {share} for {expected}"
                );
            }
        }
    }
}

/// The same holds for those that tie for first at one place, while lists keep the row order.
#[test]
fn m22_ties_at_one_place_are_drawn_by_score() {
    // 2,000,000 / 3 / score is 0 for each of them.
    let scores = [1_000_000, 2_000_000, 1_000_000];
    let mirrors: Vec<Mirror> = (0..)
        .zip(scores)
        .map(|(id, n)| Mirror {
            latitude: 50.0,
            longitude: 10.0,
            ..scored(id, n)
        })
        .collect();
    let client = Client {
        coordinates: Some((50.0, 10.0)),
        ..client("de", "eu")
    };
    assert_eq!(ids(&rank(&mirrors, &[], &client)), [0, 1, 2]);
    for extent in [Extent::All, Extent::Top(1)] {
        let shares = shares(&mirrors, &client, extent);
        for (share, expected) in shares.iter().zip([0.25, 0.5, 0.25]) {
            assert!((share - expected).abs() < 0.01, "{shares:?}");
        }
    }
}

/// The comparison used the group size of its first argument, and mirrors over their size cap
/// carried that of another group. Here the bonus for the score decides, and it must be that of
/// the mirror's own group: two last resorts behind three others.
#[test]
fn m23_the_bonus_is_shared_in_the_own_group() {
    let near = Mirror {
        latitude: 50.0,
        longitude: 10.0,
        ..scored(1, 100)
    };
    let mirrors = [
        // 9,000 away and 2,000,000 / 2 / 1000 behind: 10,000
        Mirror {
            id: 10,
            longitude: 19.0,
            score: 1000,
            file_max_size: 1,
            ..near.clone()
        },
        // 2,000,000 / 2 / 100 behind: 10,000; with a group of 5 it would be 4,000 and come first
        Mirror {
            id: 11,
            file_max_size: 1,
            ..near.clone()
        },
        near.clone(),
        Mirror {
            id: 2,
            ..near.clone()
        },
        Mirror { id: 3, ..near },
    ];
    let client = Client {
        coordinates: Some((50.0, 10.0)),
        ..client("de", "eu")
    };
    assert_eq!(ids(&rank(&mirrors, &[], &client)), [1, 2, 3, 10, 11]);
}
