//! What each representation says, and in which order.

mod common;

use common::{MTIME, PGP, PIECES, SUMS, Value, World, mirror, render};
use representation::{Answer, BrokenMirrors, DhtNode, Digest, Missing};
use roxmltree::{Document as Xml, Node};
use scraper::{ElementRef, Html, Selector};

fn tags<'t>(node: &Node<'t, 't>) -> Vec<&'t str> {
    node.children()
        .filter(Node::is_element)
        .map(|n| n.tag_name().name())
        .collect()
}

fn first<'t>(xml: &'t Xml<'t>, tag: &str) -> Node<'t, 't> {
    xml.descendants().find(|n| n.has_tag_name(tag)).unwrap()
}

fn attributes<'t>(node: &Node<'t, 't>) -> Vec<(&'t str, &'t str)> {
    node.attributes().map(|a| (a.name(), a.value())).collect()
}

fn broken(world: &World, kind: &str, only: bool) -> (Answer<'static>, String) {
    world.with(|doc| {
        doc.broken_mirrors = Some(BrokenMirrors {
            text: b"<url>http://broken.example.org/</url>",
            only,
        });
        let answer = render(doc, kind).unwrap();
        let text = String::from_utf8(answer.to_bytes()).unwrap();
        (answer, text)
    })
}

#[test]
fn redirect_headers_come_in_order() {
    let headers = World::new("a.iso").redirect(Some("secret"));
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let mut expected = vec!["Location", "X-MirrorBrain-Mirror", "X-MirrorBrain-Realm"];
    expected.extend(["Link"; 6]);
    expected.extend([
        "Digest",
        "Digest",
        "Digest",
        "Repr-Digest",
        "Vary",
        "Cache-Control",
    ]);
    assert_eq!(names, expected);
    let values: Vec<_> = headers.iter().map(|(_, value)| &**value).take(9).collect();
    // printf '1800000000 secret' | md5sum
    let stamp = "abd08578e9ace611fddc96a491801880";
    assert_eq!(
        values,
        [
            &*format!("https://de.example.org/pub/iso/a.iso?time=1800000000&stamp={stamp}"),
            "mirror2",
            "country",
            "<https://download.example.org/iso/a.iso.meta4>; rel=describedby; \
             type=\"application/metalink4+xml\"",
            "<https://download.example.org/iso/a.iso.asc>; rel=describedby; \
             type=\"application/pgp-signature\"",
            "<https://download.example.org/iso/a.iso.torrent>; rel=describedby; \
             type=\"application/x-bittorrent\"",
            "<https://de.example.org/pub/iso/a.iso>; rel=duplicate; pri=1; geo=de",
            "<http://fr.example.org/pub/iso/a.iso>; rel=duplicate; pri=2; geo=fr",
            "<ftp://nz.example.org/pub/iso/a.iso>; rel=duplicate; pri=3; geo=nz",
        ]
    );
}

#[test]
fn a_redirect_names_five_mirrors_and_no_documents_that_are_not_there() {
    let mut world = World::new("a.iso");
    world.hashes = None;
    world.mirrors = (1..9)
        .map(|i| mirror(i, "eu", "de", (51.0, 9.0), "http://x/"))
        .collect();
    let headers = world.redirect(None);
    let links: Vec<_> = headers.iter().filter(|(n, _)| *n == "Link").collect();
    assert_eq!(links.len(), 6);
    assert!(!headers.iter().any(|(name, _)| name.ends_with("Digest")));
}

#[test]
fn meta4_has_what_rfc_5854_asks_for() {
    let answer = World::new("a.iso").answer("meta4").unwrap();
    assert_eq!(
        answer.headers,
        [
            (
                "Content-Type",
                "application/metalink4+xml; charset=UTF-8".to_owned()
            ),
            (
                "Content-Disposition",
                "attachment; filename=\"a.iso.meta4\"".to_owned()
            ),
            ("Vary", "accept".to_owned()),
        ]
    );
    let text = String::from_utf8(answer.to_bytes()).unwrap();
    let xml = Xml::parse(&text).unwrap();
    let root = xml.root_element();
    assert_eq!(
        root.tag_name().namespace(),
        Some("urn:ietf:params:xml:ns:metalink")
    );
    assert_eq!(tags(&root), ["generator", "origin", "published", "file"]);
    assert_eq!(first(&xml, "generator").text(), Some("MirrorBrain/9.9"));
    let origin = first(&xml, "origin");
    assert_eq!(origin.attribute("dynamic"), Some("true"));
    assert_eq!(
        origin.text(),
        Some("https://download.example.org/iso/a.iso.meta4")
    );
    assert_eq!(
        first(&xml, "published").text(),
        Some("2027-01-15T08:00:00Z")
    );
    let file = first(&xml, "file");
    let mut expected = vec![
        "publisher",
        "size",
        "signature",
        "hash",
        "hash",
        "hash",
        "pieces",
    ];
    expected.extend(["url"; 3]);
    assert_eq!(tags(&file), expected);
    let publisher = first(&xml, "publisher");
    let named = [
        ("name", "Oranges, Inc."),
        ("url", "http://juice.example.com/"),
    ];
    assert_eq!(attributes(&publisher), named);
    assert_eq!(first(&xml, "signature").text(), Some(PGP));
    let hashes: Vec<_> = file
        .children()
        .filter_map(|n| n.attribute("type"))
        .collect();
    assert_eq!(hashes, ["md5", "sha-1", "sha-256", "sha-1"]);
    let pieces = first(&xml, "pieces");
    assert_eq!(
        attributes(&pieces),
        [("length", "262144"), ("type", "sha-1")]
    );
    assert_eq!(tags(&pieces).len(), PIECES.len() / 20);
    let urls: Vec<_> = file
        .children()
        .filter(|n| n.has_tag_name("url"))
        .map(|n| (n.attribute("location"), n.attribute("priority")))
        .collect();
    let expected = [("de", "1"), ("fr", "2"), ("nz", "3")];
    assert_eq!(urls, expected.map(|(a, b)| (Some(a), Some(b))));
}

#[test]
fn metalink_3_has_its_order_and_attributes() {
    let mut world = World::new("a.iso");
    world.site.magnet_links = true;
    let text = world.with(|doc| {
        doc.torrent_file = true;
        String::from_utf8(render(doc, "metalink").unwrap().to_bytes()).unwrap()
    });
    let xml = Xml::parse(&text).unwrap();
    let root = xml.root_element();
    assert_eq!(
        root.tag_name().namespace(),
        Some("http://www.metalinker.org/")
    );
    let now = "Fri, 15 Jan 2027 08:00:00 GMT";
    assert_eq!(
        attributes(&root),
        [
            ("version", "3.0"),
            ("origin", "https://download.example.org/iso/a.iso.metalink"),
            ("generator", "MirrorBrain/9.9"),
            ("type", "dynamic"),
            ("pubdate", now),
            ("refreshdate", now),
        ]
    );
    assert_eq!(tags(&root), ["publisher", "files"]);
    assert_eq!(tags(&first(&xml, "publisher")), ["name", "url"]);
    assert_eq!(
        tags(&first(&xml, "file")),
        ["size", "verification", "resources"]
    );
    let signature = first(&xml, "signature");
    assert_eq!(
        attributes(&signature),
        [("type", "pgp"), ("file", "a.iso.asc")]
    );
    let pieces = first(&xml, "pieces");
    let numbers: Vec<_> = pieces
        .children()
        .filter_map(|n| n.attribute("piece"))
        .collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5"]);
    let resources = first(&xml, "resources");
    let urls: Vec<_> = resources
        .children()
        .filter(Node::is_element)
        .map(|n| {
            let preference = n.attribute("preference").unwrap();
            (n.attribute("type").unwrap(), preference, n.text().unwrap())
        })
        .collect();
    let magnet = world.text("magnet");
    assert_eq!(
        urls,
        [
            (
                "bittorrent",
                "100",
                "https://download.example.org/iso/a.iso.torrent"
            ),
            ("bittorrent", "100", magnet.trim_end()),
            ("https", "100", "https://de.example.org/pub/iso/a.iso"),
            ("http", "99", "http://fr.example.org/pub/iso/a.iso"),
            ("ftp", "98", "ftp://nz.example.org/pub/iso/a.iso"),
        ]
    );
}

#[test]
fn preferences_never_fall_below_zero() {
    let mut world = World::new("a.iso");
    world.mirrors = (1..=150)
        .map(|i| mirror(i, "eu", "de", (0.0, 0.0), "http://x/"))
        .collect();
    let text = world.text("metalink");
    assert_eq!(text.matches("preference=\"0\"").count(), 50);
}

#[test]
fn metalinks_without_hashes_or_publisher_leave_them_out() {
    let mut world = World::new("a.iso");
    world.hashes = None;
    world.site.publisher.as_mut().unwrap().url.clear();
    for kind in ["meta4", "metalink"] {
        let text = world.text(kind);
        for tag in [
            "publisher",
            "hash",
            "pieces",
            "signature",
            "verification",
            "metaurl",
        ] {
            assert!(!text.contains(&format!("<{tag}")), "{kind} {tag}");
        }
    }
}

#[test]
fn a_metalink_needs_a_mirror() {
    let mut world = World::new("a.iso");
    world.mirrors.clear();
    for kind in ["meta4", "metalink"] {
        assert_eq!(world.answer(kind).unwrap_err(), Missing::Mirror);
    }
    // Broken test mirrors do not count.
    world.with(|doc| {
        doc.broken_mirrors = Some(BrokenMirrors {
            text: b"<url>x</url>",
            only: true,
        });
        assert_eq!(render(doc, "meta4").unwrap_err(), Missing::Mirror);
    });
}

#[test]
fn broken_test_mirrors_come_first_or_alone() {
    let world = World::new("a.iso");
    for kind in ["meta4", "metalink"] {
        let (answer, text) = broken(&world, kind, false);
        assert_eq!(answer.get("Cache-Control"), Some("no-store,max-age=0"));
        assert_eq!(answer.get("Vary"), Some("accept, X-Broken-Mirrors"));
        assert_eq!(answer.get("X-Broken-Mirrors"), Some("true"));
        let at = |what| text.find(what).unwrap();
        assert!(at("http://broken.example.org/") < at("https://de.example.org/"));
        let rank = if kind == "meta4" {
            "priority=\"1\""
        } else {
            "preference=\"84\""
        };
        assert!(at(rank) < at("https://de.example.org/"));
        let (_, text) = broken(&world, kind, true);
        assert!(text.contains("broken.example.org") && !text.contains("//de.example.org"));
        assert!(Xml::parse(&text).is_ok());
    }
}

#[test]
fn a_torrent_is_sorted_and_whole() {
    let mut world = World::new("a.iso");
    world.site.dht_nodes = vec![DhtNode {
        host: "router.example.com".to_owned(),
        port: 554,
    }];
    let torrent = Value::decode(&world.bytes("torrent"));
    assert_eq!(
        torrent.keys(),
        [
            "announce",
            "announce-list",
            "comment",
            "created by",
            "creation date",
            "info",
            "nodes",
            "sources",
            "url-list"
        ]
    );
    let trackers = &world.site.trackers;
    assert_eq!(torrent.get("announce").bytes(), trackers[0].as_bytes());
    let Value::List(tiers) = torrent.get("announce-list") else {
        panic!()
    };
    assert_eq!(tiers.len(), 1);
    assert_eq!(tiers[0].list(), *trackers);
    assert_eq!(torrent.get("comment").bytes(), b"a.iso");
    assert_eq!(torrent.get("created by").bytes(), b"MirrorBrain/9.9");
    assert_eq!(*torrent.get("creation date"), Value::Int(MTIME));
    let node = vec![
        Value::Bytes(b"router.example.com".to_vec()),
        Value::Int(554),
    ];
    assert_eq!(*torrent.get("nodes"), Value::List(vec![Value::List(node)]));
    let info = torrent.get("info");
    let keys = [
        "length",
        "md5sum",
        "name",
        "piece length",
        "pieces",
        "sha1",
        "sha256",
    ];
    assert_eq!(info.keys(), keys);
    assert_eq!(info.get("md5sum").bytes(), "3a".repeat(16).as_bytes());
    assert_eq!(info.get("pieces").bytes(), PIECES);
    assert_eq!(info.get("sha256").bytes(), [0x7c; 32]);
    world.site.dht_nodes.clear();
    assert!(
        !Value::decode(&world.bytes("torrent"))
            .keys()
            .contains(&"nodes")
    );
}

#[test]
fn large_sums_are_borrowed_not_copied() {
    let world = World::new("a.iso");
    world.with(|doc| {
        for (kind, sums) in [("torrent", &PIECES[..]), ("zsync", &SUMS[..])] {
            let kind = representation::Representation::from_name(kind.as_bytes()).unwrap();
            let answer = doc.answer(kind).unwrap();
            assert!(answer.body.iter().any(|part| std::ptr::eq(&part[..], sums)));
            assert_eq!(answer.length(), answer.to_bytes().len() as u64);
        }
    });
}

#[test]
fn a_zsync_file_has_its_lines_in_order() {
    let bytes = World::new("a.iso").bytes("zsync");
    let sha1 = "5b".repeat(20);
    let head = format!(
        "zsync: 0.6.1\nFilename: a.iso\nMTime: Tue, 14 Nov 2023 22:13:20 GMT\nBlocksize: 2048\n\
         Length: 1500000\nHash-Lengths: 2,2,5\nURL: https://de.example.org/pub/iso/a.iso\n\
         SHA-1: {sha1}\n\n"
    );
    assert_eq!(bytes, [head.as_bytes(), &SUMS].concat());
}

#[test]
fn a_magnet_has_no_torrent_where_there_is_none() {
    let mut world = World::new("a.iso");
    world.hashes.as_mut().unwrap().has_pieces = false;
    assert!(!world.text("magnet").contains("&xs="));
    world.site.trackers.clear();
    assert!(!world.text("magnet").contains("&tr="));
}

#[test]
fn a_hash_comes_with_or_without_the_name() {
    let mut world = World::new("a b.iso");
    let md5 = "3a".repeat(16);
    assert_eq!(world.text("md5"), format!("{md5}  a b.iso\n"));
    let only = world.with(|doc| {
        doc.only_hash = true;
        render(doc, "md5").unwrap()
    });
    assert_eq!(only.to_bytes(), format!("{md5}\n").as_bytes());
    assert_eq!(only.get("content-type"), Some("text/plain; charset=UTF-8"));
    world.site.suppress_file_names = true;
    assert_eq!(world.text("md5"), format!("{md5}\n"));
    world.hashes.as_mut().unwrap().md5 = None;
    assert_eq!(world.answer("md5").unwrap_err(), Missing::Hash("md5"));
    world.hashes = None;
    for digest in [Digest::Sha1, Digest::Sha256, Digest::Btih] {
        assert_eq!(
            world.answer(digest.name()).unwrap_err(),
            Missing::Hash(digest.name())
        );
    }
}

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
    world.site.style_sheet = Some("/style.css?a=1&b=2".to_owned());
    let page = Html::parse_document(&world.text("mirrorlist"));
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
