//! Both metalinks: what they say, and in which order.

use representation::{Answer, BrokenMirrors, Missing};
use roxmltree::{Document as Xml, Node};

use crate::world::{PGP, PIECES, World, mirror, render};

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
            ("Cache-Control", "private, no-cache".to_owned()),
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
fn a_magnet_is_linked_if_switched_on_and_complete() {
    let linked = |world: &World| {
        let torrent = |kind: &str| {
            let text = world.text(kind);
            text.contains("<metaurl") || text.contains("type=\"bittorrent\"")
        };
        assert_eq!(torrent("meta4"), torrent("metalink"));
        torrent("meta4")
    };
    let on = || {
        let mut world = World::new("a.iso");
        world.site.magnet_links = true;
        world
    };
    assert!(linked(&on()));
    assert!(!linked(&World::new("a.iso")));
    for remove in [
        (|world| world.site.trackers.clear()) as fn(&mut World),
        |world| world.hashes.as_mut().unwrap().has_pieces = false,
        |world| world.hashes.as_mut().unwrap().btih = None,
        |world| world.hashes = None,
    ] {
        let mut world = on();
        remove(&mut world);
        assert!(!linked(&world));
    }
}
