//! One test for each known defect of MirrorBrain 2.19 that lies in a representation, named after
//! its id in the project's list. Those of the query, the suffix, `Accept` and yum rules lie beside
//! their parsers.

use representation::{Missing, Sources};
use roxmltree::Document as Xml;
use scraper::{Html, Selector};

use crate::world::{ORIGIN, Value, World, mirror, render, row, yum_list};

fn change(world: &mut World, change: impl FnOnce(&mut representation::Hashes<'static>)) {
    change(world.hashes.as_mut().unwrap());
}

#[test]
fn m09_a_torrent_without_a_digest_is_missing() {
    for (name, remove) in [
        (
            "md5",
            (|h| h.md5 = None) as fn(&mut representation::Hashes<'static>),
        ),
        ("sha1", |h| h.sha1 = None),
        ("sha256", |h| h.sha256 = None),
        ("btih", |h| h.btih = None),
    ] {
        let mut world = World::new("a.iso");
        change(&mut world, remove);
        assert_eq!(world.answer("torrent").unwrap_err(), Missing::Hash(name));
    }
    let mut world = World::new("a.iso");
    change(&mut world, |h| h.pieces = 0);
    assert_eq!(world.answer("torrent").unwrap_err(), Missing::Pieces);
    world.hashes = None;
    assert_eq!(world.answer("torrent").unwrap_err(), Missing::Pieces);
    world.site.trackers.clear();
    assert_eq!(world.answer("torrent").unwrap_err(), Missing::Tracker);
}

#[test]
fn m09_a_torrent_that_is_not_its_info_hash_is_missing() {
    let mut world = World::new("a.iso");
    change(&mut world, |h| h.btih = Some([1; 20]));
    assert_eq!(world.answer("torrent").unwrap_err(), Missing::InfoHash);
}

#[test]
fn m10_a_magnet_is_one_plain_line() {
    let mut world = World::new("a&b=c+d.iso");
    let text = world.text("magnet");
    assert!(!text.contains("&amp;"), "{text}");
    let btih = hex::encode(world.hashes.unwrap().btih.unwrap());
    let path = "download.example.org%2Fiso%2Fa%2526b%3Dc%2Bd.iso";
    assert_eq!(
        text,
        format!(
            "magnet:?xt=urn:btih:{btih}&xl=1500000&dn=a%26b%3Dc%2Bd.iso&as=https%3A%2F%2F{path}\
             &tr=http%3A%2F%2Fbt.example.org%3A8091%2Fannounce\
             &tr=udp%3A%2F%2Fbt.example.org%3A8091%2Fannounce%3Fa%3D1%26b%3D2\
             &ws=https%3A%2F%2Fde.example.org%2Fpub%2Fiso%2Fa%2526b%3Dc%2Bd.iso\
             &xs=https%3A%2F%2F{path}.torrent\n"
        )
    );
    change(&mut world, |h| h.btih = None);
    assert_eq!(world.answer("magnet").unwrap_err(), Missing::Hash("btih"));
}

#[test]
fn m11_location_and_links_are_escaped() {
    let headers = World::new("a b#c?d%20e\r\nX: y.iso").redirect(None);
    let location = &headers[0];
    let escaped = "iso/a%20b%23c%3Fd%2520e%0D%0AX:%20y.iso";
    assert_eq!(
        *location,
        ("Location", format!("https://de.example.org/pub/{escaped}"))
    );
    let links: Vec<_> = headers.iter().filter(|(name, _)| *name == "Link").collect();
    assert!(
        links.iter().all(|(_, link)| link.contains(escaped)),
        "{links:?}"
    );
}

#[test]
fn m12_the_page_shows_names_as_text() {
    let world = World::new("<img src=x onerror=alert(1)>\"'&lt;.iso");
    let page = Html::parse_document(&world.text("mirrorlist"));
    assert_eq!(page.select(&Selector::parse("img").unwrap()).count(), 0);
    let heading = page.select(&Selector::parse("h1").unwrap()).next().unwrap();
    let shown: String = heading.text().collect();
    assert_eq!(shown, "<img src=x onerror=alert(1)>\"'&lt;.iso");
}

#[test]
fn m12_a_mirror_with_a_script_for_url_is_no_mirror() {
    for url in [
        "javascript://x/%0aalert(1)//",
        "data:text/html,x",
        "file:///etc/",
    ] {
        assert!(row(1, "eu", "de", (0.0, 0.0), url).is_none(), "{url}");
    }
}

#[test]
fn m13_metalinks_are_well_formed_whatever_they_hold() {
    let mut world = World::new("a&b<c>\".iso");
    world.mirrors[0] = mirror(
        1,
        "eu",
        "de",
        (51.0, 9.0),
        "http://de.example.org/?a=1&b=<\"/",
    );
    world.site.publisher.as_mut().unwrap().name = "A & B <\"'>".to_owned();
    change(&mut world, |h| h.pgp = "Comment: <&\"\u{1}]]>");
    for kind in ["meta4", "metalink"] {
        let text = world.text(kind);
        let xml = Xml::parse(&text).unwrap();
        let find = |tag: &str| xml.descendants().find(|n| n.has_tag_name(tag)).unwrap();
        assert_eq!(find("file").attribute("name"), Some("a&b<c>\".iso"));
        assert_eq!(find("signature").text(), Some("Comment: <&\"\u{fffd}]]>"));
        let publisher = find("publisher");
        let name = publisher.attribute("name").or_else(|| find("name").text());
        assert_eq!(name, Some("A & B <\"'>"));
    }
}

#[test]
fn m19_a_page_with_fallbacks_does_not_say_that_there_is_no_mirror() {
    // Fallbacks come to the page as mirrors like any other.
    let text = World::new("a.iso").text("mirrorlist");
    assert!(!text.contains("mirrorbrain-mirrors-none"));
}

#[test]
fn m19_the_page_without_mirrors_keeps_its_footer_and_its_divs() {
    let mut world = World::new("a.iso");
    world.mirrors.clear();
    let text = world.with(|doc| {
        doc.page_footer = Some(b"<p>Our footer</p></body></html>");
        String::from_utf8(render(doc, "mirrorlist").unwrap().to_bytes()).unwrap()
    });
    assert!(text.ends_with("<p>Our footer</p></body></html>"));
    assert_eq!(text.matches("<div").count(), text.matches("</div>").count());
    let page = Html::parse_document(&text);
    assert_eq!(page.errors, Vec::<String>::new());
    let none = Selector::parse("#mirrorbrain-details #mirrorbrain-mirrors-none").unwrap();
    assert_eq!(page.select(&none).count(), 1);
}

#[test]
fn m31_a_redirect_says_that_it_depends_on_accept() {
    let headers = World::new("a.iso").redirect(None);
    assert!(headers.contains(&("Vary", "Accept".to_owned())));
    assert!(headers.contains(&("Cache-Control", "private, no-cache".to_owned())));
}

#[test]
fn m33_metalink_4_links_a_torrent_once_as_a_metaurl() {
    let mut world = World::new("a.iso");
    world.site.magnet_links = true;
    let text = world.with(|doc| {
        doc.torrent_file = true;
        String::from_utf8(render(doc, "meta4").unwrap().to_bytes()).unwrap()
    });
    let xml = Xml::parse(&text).unwrap();
    let metaurls: Vec<_> = xml
        .descendants()
        .filter(|n| n.has_tag_name("metaurl"))
        .collect();
    assert_eq!(metaurls.len(), 1);
    assert_eq!(metaurls[0].attribute("mediatype"), Some("torrent"));
    assert_eq!(
        metaurls[0].text(),
        Some("https://download.example.org/iso/a.iso.torrent")
    );
    let mut urls = xml.descendants().filter(|n| n.has_tag_name("url"));
    assert!(urls.all(|n| n.attribute("type").is_none() && n.attribute("preference").is_none()));
}

#[test]
fn m42_web_seeds_are_the_best_group_in_order() {
    let mut world = World::new("a.iso");
    world.mirrors.push(mirror(
        4,
        "eu",
        "de",
        (52.5, 13.3),
        "http://near.example.org/pub/",
    ));
    let torrent = Value::decode(&world.bytes("torrent"));
    let expected = [
        "http://near.example.org/pub/iso/a.iso",
        "https://de.example.org/pub/iso/a.iso",
    ];
    assert_eq!(torrent.get("url-list").list(), expected);
    assert_eq!(torrent.get("sources").list(), expected);
}

#[test]
fn m43_links_to_this_server_use_the_origin_given() {
    // Which origin may be used is the request handler's to decide; no writer makes one up.
    let world = World::new("a.iso");
    for kind in ["meta4", "metalink", "mirrorlist", "magnet"] {
        let text = world.text(kind).replace("%3A", ":").replace("%2F", "/");
        assert!(text.contains(ORIGIN), "{kind}");
        assert!(!text.contains("http://download.example.org"), "{kind}");
    }
}

#[test]
fn m44_a_yum_list_prints_the_directory_that_was_looked_up() {
    let answer = yum_list(b"yum/5.5", &[], "https://x.example.org");
    assert_eq!(answer.to_bytes(), b"https://x.example.org/base/yum/5.5/\n");
}

#[test]
fn m45_zsync_without_data_is_missing() {
    for remove in [
        (|h| h.zsync.block_size = 0) as fn(&mut representation::Hashes<'static>),
        |h| h.zsync.hash_lengths = " ",
        |h| h.zsync.sums = 0,
    ] {
        let mut world = World::new("a.iso");
        change(&mut world, remove);
        assert_eq!(world.answer("zsync").unwrap_err(), Missing::Zsync);
    }
    let mut world = World::new("a.iso");
    change(&mut world, |h| h.sha1 = None);
    assert_eq!(world.answer("zsync").unwrap_err(), Missing::Hash("sha1"));
    world.hashes = None;
    assert_eq!(world.answer("zsync").unwrap_err(), Missing::Zsync);
}

#[test]
fn m46_a_digest_has_exactly_its_own_bytes() {
    let headers = World::new("a.iso").redirect(None);
    let digests: Vec<_> = headers
        .iter()
        .filter(|(n, _)| n.ends_with("Digest"))
        .map(|(_, v)| &**v)
        .collect();
    let expected = [
        "MD5=Ojo6Ojo6Ojo6Ojo6Ojo6Og==",
        "SHA=W1tbW1tbW1tbW1tbW1tbW1tbW1s=",
        "SHA-256=fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHw=",
        "sha-256=:fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHw=:",
    ];
    assert_eq!(digests, expected);
}

#[test]
fn m47_sizes_beyond_32_bits_are_written_in_full() {
    let world = World::new("a.iso");
    world.with(|doc| {
        let file = representation::File::new(b"a.iso", ORIGIN, b"/a.iso", 5_368_709_120, 0);
        let inner = representation::Document {
            file: &file,
            ..doc.clone()
        };
        for kind in ["meta4", "metalink", "zsync", "magnet"] {
            let body = render(&inner, kind).unwrap().to_bytes();
            let text = String::from_utf8_lossy(&body);
            assert!(text.contains("5368709120"), "{kind}");
        }
    });
}

#[test]
fn m48_what_is_not_known_of_the_client_is_not_on_the_page() {
    let world = World::new("a.iso");
    for (country, country_name) in [(None, None), (Some("--"), Some("")), (None, Some("x"))] {
        let text = world.with(|doc| {
            doc.client = representation::ClientInfo {
                country,
                country_name,
                ..doc.client
            };
            String::from_utf8(render(doc, "mirrorlist").unwrap().to_bytes()).unwrap()
        });
        assert!(!text.contains("(null)") && !text.contains("--<"), "{text}");
        assert!(text.contains("<p>Best first ("), "{text}");
    }
}

#[test]
fn m30_an_excluded_file_is_listed_here_only() {
    let world = World::new("a.iso");
    let url = "https://download.example.org/iso/a.iso";
    world.with(|doc| {
        doc.sources = Sources::OriginOnly;
        let text =
            |kind| String::from_utf8_lossy(&render(doc, kind).unwrap().to_bytes()).into_owned();
        assert!(text("meta4").contains(&format!("<url priority=\"1\">{url}</url>")));
        let url3 = format!("<url type=\"https\" preference=\"100\">{url}</url>");
        assert!(text("metalink").contains(&url3));
        assert!(text("zsync").contains(&format!("\nURL: {url}\nSHA-1")));
        assert!(!text("magnet").contains("&ws="));
        assert!(text("mirrorlist").contains("id=\"mirrorbrain-mirrors-none\""));
        let torrent = Value::decode(&render(doc, "torrent").unwrap().to_bytes());
        assert_eq!(torrent.get("url-list").list(), [url]);
        for kind in [
            "meta4",
            "metalink",
            "zsync",
            "magnet",
            "mirrorlist",
            "torrent",
        ] {
            assert!(!text(kind).contains("de.example.org"), "{kind}");
        }
    });
}
