//! Which mirror: the choices of the original that were none of its rules.

use std::collections::BTreeMap;

use harness::http::{self, Response};
use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site};

const FILE: &str = "/iso/a.iso";
/// The file's size in bytes.
const SIZE: usize = 10_000;

/// A site whose one file all these mirrors have.
fn site(name: &str, mirrors: &[Mirror<'_>]) -> Site {
    let site = mirrors
        .iter()
        .fold(Site::new(name), |site, mirror| site.mirror(mirror));
    site.file("iso/a.iso", &[0; SIZE])
}

fn start(name: &str, mirrors: &[Mirror<'_>]) -> Httpd {
    site(name, mirrors).start().0
}

/// Mirrors and realms of that many redirects.
#[track_caller]
fn draws(httpd: &Httpd, client: &[(&str, &str)], count: u32) -> BTreeMap<(String, String), u32> {
    let request = http::request("GET", FILE, client);
    let mut found = BTreeMap::new();
    for _ in 0..count {
        let response = httpd.raw(&request).expect("an answer");
        assert_eq!(response.status, 302);
        let header = |name| response.header(name).unwrap_or_default();
        let key = (
            header("X-MirrorBrain-Mirror"),
            header("X-MirrorBrain-Realm"),
        );
        *found.entry(key).or_default() += 1;
    }
    found
}

#[track_caller]
fn draw(httpd: &Httpd, client: &[(&str, &str)]) -> String {
    let found = draws(httpd, client, 8);
    assert_eq!(found.len(), 1, "{found:?}");
    found
        .into_keys()
        .next()
        .map(|(mirror, _)| mirror)
        .unwrap_or_default()
}

/// The mirrors of the metalink, in its order.
fn listed(httpd: &Httpd, client: &[(&str, &str)]) -> Vec<String> {
    let metalink: Response = httpd.get_with(&format!("{FILE}.meta4"), client);
    let text = metalink.text();
    let hosts = text.split("<url ").skip(1);
    let host = |url: &str| url.split(['/', '.']).nth(2).unwrap_or_default().to_owned();
    hosts
        .map(|url| host(url.split_once('>').map_or("", |(_, url)| url)))
        .collect()
}

#[test]
fn m15_a_mirror_for_other_countries_counts_beside_those_of_the_country() {
    let mirrors = [
        Mirror::new("german", "eu", "de"),
        Mirror {
            other_countries: "at,DE",
            ..Mirror::new("french", "eu", "fr")
        },
        Mirror {
            other_countries: "ade,xdex",
            ..Mirror::new("substring", "eu", "es")
        },
        Mirror {
            other_countries: "de",
            restrictions: &["as_only"],
            ..Mirror::new("restricted", "eu", "it")
        },
    ];
    let httpd = start("m15", &mirrors);
    let found = draws(&httpd, GERMANY, 60);
    let key = |mirror: &str, realm: &str| (mirror.to_owned(), realm.to_owned());
    let expected = [key("french", "other_country"), key("german", "country")];
    assert!(found.keys().eq(&expected), "{found:?}");
    let mut listed = listed(&httpd, GERMANY);
    assert_eq!(
        listed.pop().as_deref(),
        Some("substring"),
        "the continent's comes last"
    );
    listed.sort();
    assert_eq!(listed, ["french", "german"]);
    let page = httpd
        .get_with(&format!("{FILE}.mirrorlist"), GERMANY)
        .text();
    assert!(page.contains("http://french.example/") && page.contains("http://german.example/"));
    assert!(!page.contains("restricted"));
}

#[test]
fn m16_a_size_cap_neither_lifts_a_restriction_nor_competes() {
    let capped = |name, restrictions| Mirror {
        restrictions,
        file_maxsize: SIZE as u64 - 1,
        prefix: "192.0.2.0/24",
        ..Mirror::new(name, "eu", "de")
    };
    let private = capped("private", &["prefix_only"]);
    let httpd = start("m16_private", std::slice::from_ref(&private));
    assert_eq!(
        httpd.get_with(FILE, GERMANY).status,
        200,
        "not for this client"
    );
    let inside = [GERMANY, &[("X-Test-Addr", "192.0.2.7")]].concat();
    assert_eq!(draw(&httpd, &inside), "private");

    let open = capped("open", &[]);
    let httpd = start(
        "m16_open",
        &[private, open.clone(), Mirror::new("far", "as", "jp")],
    );
    assert_eq!(draw(&httpd, GERMANY), "far");
    assert_eq!(listed(&httpd, GERMANY), ["far", "open"]);

    let httpd = start("m16_alone", &[open]);
    let found = draws(&httpd, GERMANY, 1);
    assert!(
        found.contains_key(&("open".to_owned(), "other".to_owned())),
        "{found:?}"
    );
}

#[test]
fn m17_a_mirror_for_every_country_keeps_its_restrictions() {
    let world = |name| Mirror::new(name, "", "**");
    let mirrors = [
        Mirror {
            restrictions: &["as_only"],
            asn: 64500,
            ..world("as")
        },
        Mirror {
            restrictions: &["prefix_only"],
            prefix: "192.0.2.0/24",
            ..world("net")
        },
    ];
    let httpd = start("m17", &mirrors);
    assert_eq!(httpd.get_with(FILE, GERMANY).status, 200);
    let with = |header| [GERMANY, &[header]].concat();
    assert_eq!(draw(&httpd, &with(("X-Test-ASN", "64500"))), "as");
    assert_eq!(draw(&httpd, &with(("X-Test-Addr", "192.0.2.7"))), "net");
    // Without restrictions it is everybody's.
    let httpd = start("m17_open", &[world("cdn"), Mirror::new("eu", "eu", "fr")]);
    assert_eq!(draw(&httpd, GERMANY), "cdn");
}

/// On the Aleutians, near the date line.
const ADAK: &[(&str, &str)] = &[
    ("X-Test-Country", "US"),
    ("X-Test-Continent", "NA"),
    ("X-Test-Lat", "52.0"),
    ("X-Test-Lng", "-176.0"),
];

fn at<'a>(name: &'a str, region: &'a str, country: &'a str, place: (f32, f32)) -> Mirror<'a> {
    Mirror {
        place: Some(place),
        ..Mirror::new(name, region, country)
    }
}

#[test]
fn m20_great_circle_finds_the_neighbour_across_the_date_line() {
    let mirrors = [
        at("germany", "eu", "de", (51.5, 9.5)),
        at("kamchatka", "as", "ru", (53.0, 158.7)),
    ];
    let httpd = start("m20_planar", &mirrors);
    assert_eq!(
        draw(&httpd, ADAK),
        "germany",
        "as documented for the original"
    );
    let site = site("m20_great_circle", &mirrors);
    let (httpd, _) = site.directory("MirrorBrainDistance great-circle").start();
    assert_eq!(draw(&httpd, ADAK), "kamchatka");
}

#[test]
fn m20_great_circle_knows_the_equator_and_scales_longitude() {
    let mirrors = [
        at("equator", "af", "ke", (0.0, 37.0)),
        // In the north ten degrees to the east are less than five to the south.
        at("east", "eu", "fi", (65.0, 35.0)),
        at("south", "eu", "se", (60.0, 25.0)),
    ];
    let site = site("m20_scale", &mirrors);
    let (httpd, _) = site.directory("MirrorBrainDistance great-circle").start();
    let client = |lat, lng| [("X-Test-Lat", lat), ("X-Test-Lng", lng)];
    assert_eq!(draw(&httpd, &client("0.5", "36.0")), "equator");
    assert_eq!(draw(&httpd, &client("65.0", "25.0")), "east");
}

#[test]
fn m21_with_coordinates_all_clients_of_a_place_get_one_mirror_unless_it_ties() {
    let berlin = [GERMANY, &[("X-Test-Lat", "52.5"), ("X-Test-Lng", "13.4")]].concat();
    let mut mirrors = vec![
        at("kassel", "eu", "de", (51.3, 9.5)),
        at("munich", "eu", "de", (48.1, 11.6)),
    ];
    // The documented selection, which sites count on.
    assert_eq!(draw(&start("m21", &mirrors), &berlin), "kassel");
    mirrors.push(at("next-door", "eu", "de", (51.3, 9.5)));
    let found = draws(&start("m21_tie", &mirrors), &berlin, 60);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn m22_scores_are_shares() {
    let mirrors = [
        Mirror::new("one", "eu", "de"),
        Mirror {
            score: 200,
            ..Mirror::new("two", "eu", "de")
        },
    ];
    let httpd = start("m22", &mirrors);
    let count = 2000;
    let found = draws(&httpd, GERMANY, count);
    let one = found.iter().find(|((mirror, _), _)| mirror == "one");
    let one = one.map_or(0, |(_, &times)| times);
    // A third is 667; five standard deviations to either side. The original gave 500.
    assert!((562..772).contains(&one), "{one} of {count}");
}

#[test]
fn m23_capped_mirrors_are_ordered_by_their_own_group() {
    let capped = |name, score, longitude| Mirror {
        score,
        file_maxsize: 1,
        ..at(name, "eu", "de", (50.0, longitude))
    };
    // Two share the bonus in the last resort: a has 1000 + 20000, b has 9000 + 10000. By a group
    // of three or five the nearer one would come first.
    let mirrors = [
        capped("a", 50, 11.0),
        capped("b", 100, 19.0),
        at("c", "as", "jp", (35.0, 139.0)),
        at("d", "as", "kr", (37.0, 127.0)),
        at("e", "as", "cn", (31.0, 121.0)),
    ];
    let httpd = start("m23", &mirrors);
    let client = [GERMANY, &[("X-Test-Lat", "50.0"), ("X-Test-Lng", "10.0")]].concat();
    let order = listed(&httpd, &client);
    assert_eq!(order, ["e", "d", "c", "b", "a"]);
    for _ in 0..10 {
        assert_eq!(listed(&httpd, &client), order);
    }
}
