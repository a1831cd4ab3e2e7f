//! What configuration adds to the representations.

use std::fs;

use harness::http::Response;
use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site, noise};

use crate::documents::{Bencode, links, magnet, torrent, urls};

const FILE: &str = "iso/full.iso";
const TRACKERS: &str = "MirrorBrainTorrentTrackerURL http://bt.example.org/announce\n\
                        MirrorBrainTorrentTrackerURL udp://bt.example.net:8091/announce";

/// A file with hashes and one without, on a mirror in Germany and one in France.
fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .mirror(&Mirror::new("paris", "eu", "fr"))
        .hashed(FILE, &noise(8, 300_000))
        .file("iso/unhashed.iso", b"content")
}

#[track_caller]
fn get(httpd: &Httpd, path: &str) -> Response {
    let answer = httpd.get_with(path, GERMANY);
    assert_eq!(answer.status, 200, "{path}");
    answer
}

/// Names and values of the attributes, and the text, of each element of a name.
fn elements(xml: &str, name: &str) -> Vec<(Vec<(String, String)>, String)> {
    let document = roxmltree::Document::parse(xml).unwrap_or_else(|e| panic!("{e}\n{xml}"));
    let named = document
        .descendants()
        .filter(|n| n.tag_name().name() == name);
    let pair = |a: roxmltree::Attribute<'_, '_>| (a.name().to_owned(), a.value().to_owned());
    named
        .map(|n| {
            (
                n.attributes().map(pair).collect(),
                n.text().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

#[test]
fn the_publisher_stands_where_each_metalink_has_it() {
    let (httpd, _) = site("options_publisher")
        .config("<VirtualHost *:@PORT@>\nServerName nameless.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName download.example.org")
        .config("MirrorBrainMetalinkPublisher \"Oranges, Inc.\" http://juice.example.com/")
        .config("</VirtualHost>")
        .start();
    let publisher = |path: &str, host: &str| {
        let answer = httpd.get_with(path, &[("Host", host)]);
        let text = answer.text();
        let xml = roxmltree::Document::parse(&text).unwrap();
        let node = xml
            .descendants()
            .find(|n| n.tag_name().name() == "publisher")?;
        let parent = node.parent().unwrap().tag_name().name().to_owned();
        Some((
            parent,
            text[node.range()]
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        ))
    };
    let (v4, v3) = ("/iso/full.iso.meta4", "/iso/full.iso.metalink");
    assert_eq!(
        publisher(v4, "download.example.org").unwrap(),
        (
            "file".into(),
            "<publisher name=\"Oranges, Inc.\" url=\"http://juice.example.com/\"/>".into()
        )
    );
    assert_eq!(
        publisher(v3, "download.example.org").unwrap(),
        ("metalink".into(), "<publisher> <name>Oranges, Inc.</name> <url>http://juice.example.com/</url> </publisher>".into())
    );
    for path in [v4, v3] {
        assert_eq!(publisher(path, "nameless.example.org"), None);
    }
}

#[test]
fn trackers_and_nodes_are_in_the_torrent_in_their_order() {
    let (httpd, _) = site("options_trackers")
        .config(TRACKERS)
        .config("<VirtualHost *:@PORT@>\nServerName download.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName dht.example.org")
        .config("MirrorBrainTorrentTrackerURL http://third.example.org/announce")
        .config("MirrorBrainDHTNode router.example.com 554\nMirrorBrainDHTNode 2001:db8::1 6881")
        .config("</VirtualHost>")
        .start();
    let read = |host| {
        let answer = httpd.get_with("/iso/full.iso.torrent", &[("Host", host)]);
        assert_eq!(
            answer.header("Content-Type").unwrap(),
            "application/x-bittorrent"
        );
        torrent(&answer.body)
    };
    let text = |text: &str| Bencode::Bytes(text.into());
    let number = |n: &str| Bencode::Integer(n.into());
    let trackers = [
        text("http://bt.example.org/announce"),
        text("udp://bt.example.net:8091/announce"),
        text("http://third.example.org/announce"),
    ];
    let main = read("download.example.org");
    assert_eq!(main["announce"], trackers[0]);
    assert_eq!(
        main["announce-list"],
        Bencode::List(vec![Bencode::List(trackers[..2].to_vec())])
    );
    assert_eq!(main.get("nodes"), None);
    // A virtual host adds to what the main server has.
    let other = read("dht.example.org");
    assert_eq!(
        other["announce-list"],
        Bencode::List(vec![Bencode::List(trackers.to_vec())])
    );
    let nodes = [("router.example.com", "554"), ("2001:db8::1", "6881")]
        .map(|(host, port)| Bencode::List(vec![text(host), number(port)]));
    assert_eq!(other["nodes"], Bencode::List(nodes.to_vec()));
}

#[test]
fn without_tracker_there_is_no_torrent_and_no_link_to_one() {
    let (httpd, _) = site("options_trackerless")
        .config("MirrorBrainMetalinkMagnetLinks On")
        .start();
    assert_eq!(httpd.get("/iso/full.iso.torrent").status, 404);
    let links_header = httpd
        .get_with("/iso/full.iso", GERMANY)
        .headers("Link")
        .join("\n");
    assert!(!links_header.contains("bittorrent"), "{links_header}");
    let page = get(&httpd, "/iso/full.iso.mirrorlist").text();
    assert!(
        !page.contains(".torrent") && !page.contains("magnet:"),
        "{page}"
    );
    for kind in ["meta4", "metalink"] {
        let text = get(&httpd, &format!("/iso/full.iso.{kind}")).text();
        assert!(
            !text.contains("torrent") && !text.contains("magnet:"),
            "{text}"
        );
    }
    let parameters = magnet(&get(&httpd, "/iso/full.iso.magnet").text());
    assert!(
        !parameters
            .iter()
            .any(|(name, _)| name == "tr" || name == "xs"),
        "{parameters:?}"
    );
}

#[test]
fn magnet_links_and_torrents_are_linked_only_where_they_exist() {
    let (httpd, _) = site("options_magnet")
        .config(TRACKERS)
        .config("MirrorBrainMetalinkMagnetLinks On")
        .directory("MirrorBrainMetalinkTorrentAddMask \"/add/\"")
        .file("add/with.iso", b"content")
        .local("add/with.iso.torrent", b"")
        .file("add/without.iso", b"content")
        .file("other.iso", b"content")
        .local("other.iso.torrent", b"")
        .start();
    let metaurls =
        |path: &str| elements(&get(&httpd, &format!("{path}.meta4")).text(), "metaurl").len();
    let bittorrent = |path: &str| -> Vec<String> {
        let text = get(&httpd, &format!("{path}.metalink")).text();
        let is = |attributes: &[(String, String)]| {
            attributes.contains(&("type".into(), "bittorrent".into()))
        };
        let urls = elements(&text, "url")
            .into_iter()
            .filter(|(attributes, _)| is(attributes));
        urls.map(|(_, text)| text).collect()
    };
    let with = "http://download.example.org/add/with.iso.torrent";
    assert_eq!(
        (metaurls("/add/with.iso"), bittorrent("/add/with.iso")),
        (1, vec![with.into()])
    );
    for path in ["/add/without.iso", "/other.iso", "/iso/unhashed.iso"] {
        assert_eq!((metaurls(path), bittorrent(path)), (0, vec![]), "{path}");
    }
    assert_eq!(metaurls("/iso/full.iso"), 1);
    let link = bittorrent("/iso/full.iso");
    let text = get(&httpd, "/iso/full.iso.magnet").text();
    assert_eq!(link, [text.trim_end()]);
}

#[test]
fn broken_test_mirrors_come_first_or_alone() {
    let broken = "<url type=\"http\" location=\"zz\" preference=\"100\" priority=\"1\">http://broken.example/x</url>";
    let (httpd, _) = site("options_broken")
        .local("broken.xml", broken.as_bytes())
        .local("iso/alone.iso", b"content")
        .config("MirrorBrainMetalinkBrokenTestMirrors \"@TREE@/broken.xml\"")
        .start();
    let ask = |path: &str, value: Option<&str>| {
        let mut headers = GERMANY.to_vec();
        headers.extend(value.map(|value| ("X-Broken-Mirrors", value)));
        httpd.get_with(path, &headers)
    };
    let mirrors = [
        "http://berlin.example/iso/full.iso",
        "http://paris.example/iso/full.iso",
    ];
    let all = ["http://broken.example/x", mirrors[0], mirrors[1]];
    for kind in ["meta4", "metalink"] {
        let path = format!("/iso/full.iso.{kind}");
        let plain = ask(&path, None);
        assert_eq!(urls(kind, &plain), mirrors);
        assert_eq!(plain.header("X-Broken-Mirrors"), None);
        for (value, expected) in [("yes", &all[..]), ("only", &all[..1])] {
            let answer = ask(&path, Some(value));
            assert_eq!(urls(kind, &answer), expected, "{kind} {value}");
            assert_eq!(answer.header("X-Broken-Mirrors").unwrap(), "true");
            assert_eq!(
                answer.header("Cache-Control").unwrap(),
                "no-store,max-age=0"
            );
            let vary = answer.headers("Vary").join(",").to_lowercase();
            assert_eq!(vary.replace(' ', ""), "accept,x-broken-mirrors");
        }
    }
    let preferences = |kind, attribute: &str| -> Vec<String> {
        let text = ask(&format!("/iso/full.iso.{kind}"), Some("1")).text();
        let of = |attributes: &[(String, String)]| {
            attributes
                .iter()
                .find(|(name, _)| name == attribute)
                .map(|(_, value)| value.clone())
        };
        elements(&text, "url")
            .iter()
            .filter_map(|(attributes, _)| of(attributes))
            .collect()
    };
    assert_eq!(preferences("metalink", "preference"), ["100", "84", "83"]);
    assert_eq!(preferences("meta4", "priority"), ["1", "1", "2"]);
    // Broken mirrors are no mirrors.
    assert_eq!(ask("/iso/alone.iso.meta4", Some("only")).status, 404);
    // The file is read for each request; without it the header means nothing.
    fs::remove_file(httpd.tree().join("broken.xml")).unwrap();
    let answer = ask("/iso/full.iso.meta4", Some("only"));
    assert_eq!(urls("meta4", &answer), mirrors);
    assert_eq!(answer.header("X-Broken-Mirrors"), None);
}

#[test]
fn the_pages_frame_and_style_are_the_sites() {
    let (mut httpd, _) = site("options_page")
        .config("MirrorBrainMirrorlistStyleSheet \"/style.css?a=1&b=2\"")
        .local("header.html", b"<!DOCTYPE html>\n<html lang=\"en\"><head><title>x</title></head><body><main id=\"top\">")
        .config("<VirtualHost *:@PORT@>\nServerName download.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName framed.example.org")
        .config("MirrorBrainMirrorlistHeader \"@TREE@/header.html\"")
        .config("MirrorBrainMirrorlistFooter \"@TREE@/footer.html\"\n</VirtualHost>")
        .local("footer.html", b"</main><p id=\"bottom\">1</p></body></html>")
        .start();
    let page = |host| {
        let answer = httpd.get_with("/iso/full.iso.mirrorlist", &[("Host", host)]);
        assert_eq!(answer.status, 200);
        answer.text()
    };
    let sheets = |page: &str| links(page, "link[rel=stylesheet]");
    assert_eq!(
        sheets(&page("download.example.org")),
        ["/style.css?a=1&b=2"]
    );

    let framed = page("framed.example.org");
    assert_eq!(sheets(&framed), [""; 0]);
    assert!(
        framed.starts_with("<!DOCTYPE html>\n<html lang=\"en\"><head><title>x"),
        "{framed}"
    );
    assert!(
        framed.ends_with("<p id=\"bottom\">1</p></body></html>"),
        "{framed}"
    );
    // Read per request.
    fs::write(httpd.tree().join("footer.html"), "<p>2</p></body></html>").unwrap();
    assert!(page("framed.example.org").ends_with("<p>2</p></body></html>"));

    fs::remove_file(httpd.tree().join("header.html")).unwrap();
    fs::remove_file(httpd.tree().join("footer.html")).unwrap();
    let bare = page("framed.example.org");
    assert!(
        bare.starts_with("<div id=\"mirrorbrain-details\">"),
        "{bare}"
    );
    assert!(bare.trim_end().ends_with("</div>"), "{bare}");
    for part in ["header.html", "footer.html"] {
        httpd.expect_log(&format!("{part}: No such file or directory"));
    }
}

#[test]
fn file_names_beside_hashes_can_be_left_out() {
    let (httpd, _) = site("options_names")
        .config("<VirtualHost *:@PORT@>\nServerName download.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName short.example.org")
        .config("MirrorBrainHashesSuppressFilenames On\n</VirtualHost>")
        .start();
    for name in ["md5", "sha1", "sha256", "btih"] {
        let line = |host, query: &str| {
            let path = format!("/iso/full.iso.{name}{query}");
            httpd.get_with(&path, &[("Host", host)]).text()
        };
        let hash = line("short.example.org", "");
        assert!(
            hash.trim_end().bytes().all(|b| b.is_ascii_hexdigit()),
            "{hash}"
        );
        assert_eq!(
            line("download.example.org", ""),
            format!("{}  full.iso\n", hash.trim_end())
        );
        assert_eq!(line("download.example.org", "?only_hash"), hash);
    }
}

#[test]
fn the_first_yum_rule_that_fits_makes_the_list() {
    let rules = "MirrorBrainYumDir release=([0-9]+) repo=(os|updates) yum/$2/$1 repodata/repomd.xml\n\
                 MirrorBrainYumDir release=.* yum/old file\n\
                 MirrorBrainYumDir release=8 yum/never file";
    let mut site = Site::new("options_yum").config(rules);
    for number in 0..12 {
        let mirror = Mirror {
            place: Some((40.0 + number as f32, 10.0)),
            ..Mirror::new("x", "eu", "de")
        };
        let identifier = format!("m{number}");
        site = site.mirror(&Mirror {
            identifier: &identifier,
            base_url: format!("http://m{number}.example/"),
            ..mirror
        });
    }
    let (httpd, _) = site
        .file("yum/os/8/repodata/repomd.xml", b"<repomd/>")
        .sql("UPDATE filearr SET mirrors = array_remove(mirrors, 3::smallint)")
        .file("yum/old/file", b"")
        .local("yum/updates/8/repodata/repomd.xml", b"<repomd/>")
        .start();
    let mut client = GERMANY.to_vec();
    client.extend([("X-Test-Lat", "40"), ("X-Test-Lng", "10")]);
    let list = |query: &str| {
        let answer = httpd.get_with(&format!("/?{query}"), &client);
        (answer.status, answer.text())
    };
    // Ten at most, best first, without the one that lacks the directory.
    let lines = |numbers: &[u8], dir: &str| -> String {
        numbers
            .iter()
            .map(|n| format!("http://m{n}.example/{dir}/\n"))
            .collect()
    };
    let expected = lines(&[0, 1, 3, 4, 5, 6, 7, 8, 9, 10], "yum/os/8");
    assert_eq!(list("release=8&repo=os"), (200, expected.clone()));
    assert_eq!(list("repo=os&x=y&RELEASE=8"), (200, expected));
    let old = lines(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "yum/old");
    assert_eq!(list("release=8"), (200, old.clone()));
    assert_eq!(list("release=x&repo=os"), (200, old));
    // Here, but on no mirror; and not here.
    let here = "http://download.example.org/yum/updates/8/\n";
    assert_eq!(list("release=8&repo=updates"), (200, here.into()));
    assert_eq!(list("release=9&repo=os").0, 404);
}
