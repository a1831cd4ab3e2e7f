//! The mirror list: valid in all its forms, and with the hooks that sites style by.

use scraper::{ElementRef, Html, Selector};

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
