//! The mirror list: valid in all its forms, and with the hooks that sites style by.

use mirror_selection::{FileKey, Order, Spread};
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;

use crate::world::{World, mirror, render};

fn ids(page: &Html) -> Vec<&str> {
    page.select(&Selector::parse("[id]").unwrap())
        .map(|e| e.value().id().unwrap())
        .collect()
}

fn hrefs<'p>(page: &'p Html, selector: &str) -> Vec<&'p str> {
    let selector = Selector::parse(selector).unwrap();
    page.select(&selector)
        .filter_map(|a| a.attr("href"))
        .collect()
}

#[test]
fn the_page_has_the_hooks_that_sites_style_by() {
    let mut world = World::new("a.iso");
    world.mirrors[2].file_max_size = 1;
    let page = Html::parse_document(&world.text("mirrorlist"));
    let expected = [
        "mirrorbrain-details",
        "mirrorbrain-fileinfo",
        "mirrorbrain-links",
        "mirrorbrain-mirrors",
    ];
    assert_eq!(ids(&page), expected);
    for selector in expected {
        let selector = Selector::parse(&format!("div#{selector}")).unwrap();
        assert_eq!(page.select(&selector).count(), 1);
    }
    for class in ["label", "btn", "links-grp"] {
        let selector = Selector::parse(&format!("div.mirrorbrain-{class}")).unwrap();
        assert!(page.select(&selector).count() > 0, "{class}");
    }
    let groups = Selector::parse("#mirrorbrain-mirrors > div.mirrorbrain-mirrors-grp").unwrap();
    let links = Selector::parse("a").unwrap();
    let urls = |group: ElementRef<'_>| -> Vec<String> {
        group
            .select(&links)
            .map(|a| a.attr("href").unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        page.select(&groups).map(urls).collect::<Vec<_>>(),
        [
            ["https://de.example.org/pub/iso/a.iso"],
            ["http://fr.example.org/pub/iso/a.iso"],
            ["ftp://nz.example.org/pub/iso/a.iso"],
        ]
    );
}

#[test]
fn the_page_links_what_can_be_had() {
    let mut world = World::new("a.iso");
    let suffixes = |world: &World| -> Vec<String> {
        let page = Html::parse_document(&world.text("mirrorlist"));
        hrefs(&page, "#mirrorbrain-links a")
            .iter()
            .filter_map(|url| url.strip_prefix("https://download.example.org/iso/a.iso"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        suffixes(&world),
        [
            ".meta4",
            ".metalink",
            ".torrent",
            ".magnet",
            ".zsync",
            ".asc"
        ]
    );
    world.site.trackers.clear();
    assert_eq!(suffixes(&world), [".meta4", ".metalink", ".zsync", ".asc"]);
    world.hashes = None;
    assert_eq!(suffixes(&world), [".meta4", ".metalink"]);
}

#[test]
fn the_page_shows_each_hash_once() {
    let mut world = World::new("a.iso");
    let hashes = |world: &World| -> Vec<String> {
        let page = Html::parse_document(&world.text("mirrorlist"));
        let code = Selector::parse("code").unwrap();
        page.select(&code).map(|c| c.text().collect()).collect()
    };
    let btih = hex::encode(world.hashes.unwrap().btih.unwrap());
    let mut expected = vec!["7c".repeat(32), "5b".repeat(20), "3a".repeat(16), btih];
    assert_eq!(hashes(&world), expected);
    for hash in &expected {
        let page = Html::parse_document(&world.text("mirrorlist"));
        let text: String = page.root_element().text().collect();
        assert_eq!(text.matches(hash.as_str()).count(), 1);
    }
    world.site.trackers.clear();
    expected.pop();
    assert_eq!(hashes(&world), expected);
}

#[test]
fn the_page_is_valid_with_any_number_of_mirrors() {
    for count in [0, 1, 200] {
        for (hashes, place) in [(true, true), (false, false), (true, false)] {
            let mut world = World::new("a.iso");
            let url = "http://mirror.example.org/";
            let at = |i: i64| (i as f64 / 3.0, i as f64 / 2.0);
            world.mirrors = (0..count)
                .map(|i| mirror(i, "eu", "de", at(i), url))
                .collect();
            if !hashes {
                world.hashes = None;
            }
            if !place {
                world.client.coordinates = None;
            }
            let page = Html::parse_document(&world.text("mirrorlist"));
            assert_eq!(page.errors, Vec::<String>::new());
            assert_eq!(
                hrefs(&page, ".mirrorbrain-mirrors-grp a").len(),
                count as usize
            );
            let none = ids(&page).contains(&"mirrorbrain-mirrors-none");
            assert_eq!(none, count == 0);
        }
    }
}

#[test]
fn the_page_tells_country_and_distance() {
    let text = World::new("a.iso").text("mirrorlist");
    for what in [
        "Germany",
        "299 km",
        "France",
        "New Zealand",
        "18,141 km",
        "<svg",
        "circle",
    ] {
        assert!(text.contains(what), "{what}");
    }
    let mut world = World::new("a.iso");
    world.client.coordinates = None;
    let text = world.text("mirrorlist");
    assert!(!text.contains(" km") && !text.contains("circle") && text.contains("<svg"));
    for mirror in &mut world.mirrors {
        (mirror.latitude, mirror.longitude) = (0.0, 0.0);
    }
    assert!(!world.text("mirrorlist").contains("<svg"));
}

#[test]
fn a_site_can_bring_its_own_frame() {
    let mut world = World::new("a.iso");
    assert!(
        world
            .text("mirrorlist")
            .contains("prefers-color-scheme: dark")
    );
    world.site.style_sheet = Some("/style.css?a=1&b=2".to_owned());
    let page = Html::parse_document(&world.text("mirrorlist"));
    assert!(!world.text("mirrorlist").contains("dark"));
    assert_eq!(
        hrefs(&page, "head link[rel=stylesheet]"),
        ["/style.css?a=1&b=2"]
    );
    let text = world.with(|doc| {
        doc.page_header = Some(b"<!DOCTYPE html><title>\xff</title><main>");
        doc.page_footer = Some(b"</main>");
        render(doc, "mirrorlist").unwrap().to_bytes()
    });
    assert!(text.starts_with(b"<!DOCTYPE html><title>\xff</title><main><div id="));
    assert!(text.ends_with(b"</main>"));
    let text = String::from_utf8_lossy(&text);
    assert!(!text.contains("style.css") && text.matches("<main>").count() == 1);
}

/// The page as it is under `MirrorBrainCompatible Off`.
fn better(world: &World) -> Html {
    let bytes = world.with(|doc| {
        doc.compatible = false;
        render(doc, "mirrorlist").unwrap().to_bytes()
    });
    let page = Html::parse_document(std::str::from_utf8(&bytes).unwrap());
    assert_eq!(page.errors, Vec::<String>::new());
    page
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    let elements = page.select(&selector);
    elements.map(|element| element.text().collect()).collect()
}

#[test]
fn each_hash_is_linked_and_can_be_checked() {
    let mut world = World::new("it's.iso");
    let page = Html::parse_document(&world.text("mirrorlist"));
    let url = "https://download.example.org/iso/it%27s.iso";
    assert_eq!(
        hrefs(&page, "#mirrorbrain-fileinfo .mirrorbrain-label a"),
        ["sha256", "sha1", "md5", "btih"].map(|name| format!("{url}.{name}"))
    );
    assert_eq!(
        texts(&page, "kbd"),
        [format!("curl -s '{url}.sha256' | sha256sum -c")]
    );
    // The line would not say which file it is about.
    world.site.suppress_file_names = true;
    assert!(!world.text("mirrorlist").contains("<kbd"));
}

#[test]
fn robots_are_told_to_leave_it_alone() {
    let world = World::new("a.iso");
    let answer = world.answer("mirrorlist").unwrap();
    assert_eq!(answer.get("X-Robots-Tag"), Some("noindex, nofollow"));
    let page = Html::parse_document(&world.text("mirrorlist"));
    let robots = Selector::parse("meta[name=robots]").unwrap();
    let content = page.select(&robots).filter_map(|meta| meta.attr("content"));
    assert_eq!(content.collect::<Vec<_>>(), ["noindex, nofollow"]);
    let links = Selector::parse("a:not([rel=nofollow])").unwrap();
    assert_eq!(page.select(&links).count(), 0);
}

#[test]
fn what_is_far_away_is_folded() {
    let mut world = World::new("a.iso");
    let of = |id: i64, country: &str| {
        let url = format!("http://m{id}.example.org/");
        mirror(id, "eu", country, (50.0, id as f64 / 10.0), &url)
    };
    world.mirrors = (1..=7).map(|id| of(id, "de")).collect();
    world.mirrors.extend((8..=40).map(|id| of(id, "fr")));
    for page in [
        Html::parse_document(&world.text("mirrorlist")),
        better(&world),
    ] {
        assert_eq!(hrefs(&page, ".mirrorbrain-mirrors-grp a").len(), 40);
        assert_eq!(hrefs(&page, ".mirrorbrain-mirrors-grp details a").len(), 30);
        assert_eq!(texts(&page, "summary"), ["30 more"]);
    }
    world.mirrors.truncate(10);
    assert!(!world.text("mirrorlist").contains("<details"));
    world.mirrors = (1..=12).map(|id| of(id, "de")).collect();
    world.mirrors.push(of(13, "fr"));
    let page = better(&world);
    assert_eq!(texts(&page, "summary"), ["2 more", "1 mirror"]);
}

#[test]
fn the_nearest_by_what_is_shown_comes_first() {
    let mut world = World::new("a.iso");
    // In the north a degree of longitude is short: on the map the second is nearer.
    world.client.coordinates = Some((70.0, 20.0));
    world.client.country = None;
    world.mirrors = vec![
        mirror(1, "eu", "no", (70.0, 32.0), "http://east.example.org/"),
        mirror(2, "eu", "no", (60.0, 20.0), "http://south.example.org/"),
        mirror(3, "eu", "no", (0.0, 0.0), "http://nowhere.example.org/"),
    ];
    let page = better(&world);
    assert_eq!(
        texts(&page, ".mirrorbrain-mirrors-grp td a"),
        [
            "east.example.org",
            "south.example.org",
            "nowhere.example.org"
        ]
    );
    assert_eq!(texts(&page, "td.distance"), ["456 km", "1,112 km", ""]);
}

#[test]
fn a_mirror_has_its_scheme_and_its_operator() {
    let mut world = World::new("a.iso");
    let operator = |name, url: Option<&str>| {
        Some(Box::new(mirror_selection::Operator {
            name: Box::from(name),
            url: url.map(Box::from),
        }))
    };
    world.mirrors[0].operator = operator("Universit\u{e9} <i>", Some("https://fr.example.org/"));
    world.mirrors[1].operator = operator("Hochschule", None);
    let page = better(&world);
    assert_eq!(
        texts(&page, ".mirrorbrain-mirrors-grp td:first-child"),
        [
            "de.example.org httpsrun by Hochschule",
            "fr.example.org httprun by Universit\u{e9} <i>",
            "nz.example.org ftp"
        ]
    );
    let operators = ".mirrorbrain-mirrors-grp small a";
    assert_eq!(hrefs(&page, operators), ["https://fr.example.org/"]);
    // In the recorded pages the links of a group are its mirrors.
    let recorded = Html::parse_document(&world.text("mirrorlist"));
    assert_eq!(hrefs(&recorded, operators), [""; 0]);
    assert_eq!(texts(&recorded, ".mirrorbrain-mirrors-grp small").len(), 5);
}

#[test]
fn the_page_names_the_address_to_pass_on() {
    let page = Html::parse_document(&World::new("a.iso").text("mirrorlist"));
    assert_eq!(
        hrefs(&page, ".origin a"),
        ["https://download.example.org/iso/a.iso"]
    );
}

/// Of two equally near, one with three times the score, and a third far away.
#[test]
fn mirrors_that_share_requests_stand_in_their_order_with_weight_and_share() {
    let mut world = World::new("a.iso");
    let near = |id, lat, url| mirror(id, "eu", "de", (lat, 13.4), url);
    world.mirrors = vec![
        near(1, 52.6, "http://one.example.org/"),
        near(2, 52.5, "http://three.example.org/"),
        near(3, 12.0, "http://far.example.org/"),
    ];
    world.mirrors[1].score = 300;
    let mut firsts = BTreeSet::new();
    for path in 'a'..='z' {
        world.order = Order {
            spread: Spread::Cache { km: 300 },
            file: FileKey::of(path.to_string().as_bytes()),
            ..Order::default()
        };
        let page = Html::parse_document(&world.text("mirrorlist"));
        let rows = Selector::parse("#mirrorbrain-mirrors tr").unwrap();
        let cell = Selector::parse("th, td").unwrap();
        let text = |cell: ElementRef<'_>| cell.text().collect::<String>();
        let rows: Vec<Vec<String>> = page
            .select(&rows)
            .map(|row| row.select(&cell).map(text).collect())
            .collect();
        let of = |host: &str| match host {
            "one" => ["11 km", "100", "25 %"],
            "three" => ["0 km", "300", "75 %"],
            _ => ["4,503 km", "< 0.1", "< 0.1 %"],
        };
        // Another file, another order; the far one is always last.
        let hosts = match rows[1][0].starts_with("one.") {
            true => ["one", "three", "far"],
            false => ["three", "one", "far"],
        };
        firsts.insert(hosts[0]);
        let expected: Vec<Vec<String>> = hosts
            .iter()
            .map(|host| {
                let first = [format!("{host}.example.org http"), "Germany".into()];
                first
                    .into_iter()
                    .chain(of(host).map(str::to_owned))
                    .collect()
            })
            .collect();
        assert_eq!(
            rows[0],
            ["Mirror", "Country", "Distance", "Weight", "Share"]
        );
        assert_eq!(rows[1..], expected);
    }
    assert_eq!(firsts.len(), 2, "each is first for some files");
}
