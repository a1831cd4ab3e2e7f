//! Answers that the original modules got wrong: known defects of the representations, by the ids
//! of their list, and other corrections.

use harness::free_port;
use harness::http::Response;
use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site, noise};
use harness::sums::Sums;

use crate::documents::{ALL, Bencode, magnet, torrent, urls};

const FILE: &str = "iso/full.iso";
const TRACKER: &str = "MirrorBrainTorrentTrackerURL http://bt.example.org/announce";

/// Two mirrors in Germany and one in the United States have a file, whose hashes are known.
fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror {
            place: Some((48.1, 11.6)),
            ..Mirror::new("munich", "eu", "de")
        })
        .mirror(&Mirror {
            place: Some((52.5, 13.4)),
            ..Mirror::new("berlin", "eu", "de")
        })
        .mirror(&Mirror {
            place: Some((40.7, -74.0)),
            ..Mirror::new("new-york", "na", "us")
        })
        .hashed(FILE, &noise(6, 300_000))
        .config(TRACKER)
}

fn get(httpd: &Httpd, path: &str) -> Response {
    httpd.get_with(path, GERMANY)
}

#[test]
fn m06_no_representation_is_the_file_itself_while_the_database_is_away() {
    let (httpd, _) = site("m06")
        .config(&format!("<VirtualHost *:@PORT@>\nServerName download.example.org\nDBDParams \"host=127.0.0.1 port={} dbname=none\"\n</VirtualHost>", free_port()))
        .httpd(|builder| builder.allow("[mirrorbrain:error]").allow("[mirrorbrain:warn]"))
        .start();
    let content = noise(6, 300_000);
    for name in ALL {
        for path in [format!("/{FILE}.{name}"), format!("/{FILE}?{name}")] {
            let answer = get(&httpd, &path);
            assert_eq!(answer.status, 503, "{path}");
            assert!(answer.header("Retry-After").is_some(), "{path}");
        }
    }
    let metalink = [("Accept", "application/metalink4+xml")];
    for headers in [&[][..], &metalink] {
        let answer = httpd.get_with(&format!("/{FILE}"), headers);
        assert_eq!(answer.status, 200);
        assert!(answer.body == content);
        assert_eq!(
            answer.header("Content-Type"),
            Some("application/x-iso9660-image".into())
        );
    }
}

#[test]
fn m10_a_magnet_is_a_uri_of_encoded_values() {
    let path = "iso/a&b=c+d é.iso";
    let (httpd, _) = Site::new("m10")
        .mirror(&Mirror::new("berlin", "eu", "de").at("http://m.example/?p=1&q=/"))
        .hashed(path, b"content")
        .file("iso/unhashed.iso", b"content")
        .config("MirrorBrainTorrentTrackerURL \"http://bt.example.org/announce?a=1&b=2\"")
        .start();
    let encoded = "iso/a%26b%3Dc%2Bd%20%C3%A9.iso";
    let answer = get(&httpd, &format!("/{encoded}.magnet"));
    assert_eq!(
        answer.header("Content-Type"),
        Some("text/plain; charset=UTF-8".into())
    );
    let btih = hex::encode(Sums::of("a&b=c+d é.iso".as_bytes(), b"content").btih);
    let ours = "http://download.example.org/iso/a%26b=c+d%20%C3%A9.iso";
    let expected = [
        ("xt", format!("urn:btih:{btih}")),
        ("xl", "7".into()),
        ("dn", "a&b=c+d é.iso".into()),
        ("as", ours.into()),
        ("tr", "http://bt.example.org/announce?a=1&b=2".into()),
        (
            "ws",
            "http://m.example/?p=1&q=/iso/a%26b=c+d%20%C3%A9.iso".into(),
        ),
        ("xs", format!("{ours}.torrent")),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    pretty_assertions::assert_eq!(magnet(&answer.text()), expected);
    assert_eq!(get(&httpd, "/iso/unhashed.iso.magnet").status, 404);
}

#[test]
fn m13_markup_in_names_and_texts_is_text_in_metalinks() {
    let path = "iso/<a>&'\"]]>.iso";
    let content = noise(7, 300_000);
    let mut sums = Sums::of(b"<a>&'\"]]>.iso", &content);
    sums.pgp = "-----BEGIN PGP SIGNATURE-----\nComment: <http://a.example/?b&c>\n\nabc=\n\
                -----END PGP SIGNATURE-----\n"
        .into();
    let (httpd, _) = Site::new("m13")
        .mirror(&Mirror::new("berlin", "eu", "de").at("http://m.example/?a&b=<c>/"))
        .file(path, &content)
        .sums(path, content.len(), &sums)
        .config("MirrorBrainMetalinkPublisher \"A & B <c>\" \"http://p.example/?a&b\"")
        .start();
    for kind in ["meta4", "metalink"] {
        let answer = get(&httpd, &format!("/iso/%3Ca%3E%26'%22%5D%5D%3E.iso.{kind}"));
        assert_eq!(answer.status, 200);
        let text = answer.text();
        let xml = roxmltree::Document::parse(&text).unwrap();
        let node = |tag| {
            xml.descendants()
                .find(|n| n.tag_name().name() == tag)
                .unwrap()
        };
        assert_eq!(node("file").attribute("name"), Some("<a>&'\"]]>.iso"));
        assert_eq!(node("signature").text(), Some(sums.pgp.as_str()));
        let publisher = match kind {
            "meta4" => node("publisher").attribute("name"),
            _ => node("name").text(),
        };
        assert_eq!(publisher, Some("A & B <c>"));
        let expected = "http://m.example/?a&b=%3Cc%3E/iso/%3Ca%3E%26%27%22%5D%5D%3E.iso";
        assert_eq!(urls(kind, &answer), [expected]);
    }
}

#[test]
fn m14_content_disposition_holds_any_name() {
    let (httpd, _) = Site::new("m14")
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .file("iso/a\"; filename=\"evil.exe", b"content")
        .file("iso/plain.iso", b"content")
        .start();
    let answer = get(&httpd, "/iso/a%22;%20filename=%22evil.exe.meta4");
    assert_eq!(
        answer.header("Content-Disposition").unwrap(),
        "attachment; filename=\"a_; filename=_evil.exe.meta4\"; \
         filename*=UTF-8''a%22%3B%20filename%3D%22evil.exe.meta4"
    );
    let plain = get(&httpd, "/iso/plain.iso.metalink").header("Content-Disposition");
    assert_eq!(
        plain.unwrap(),
        "attachment; filename=\"plain.iso.metalink\""
    );
}

const FALLBACK: &str = "MirrorBrainFallback eu de http://fallback.example/all/";

/// The database has a mirror, but only for clients of another network.
fn only_for_others(name: &str) -> Site {
    let others = Mirror {
        asn: 64_500,
        restrictions: &["as_only"],
        ..Mirror::new("campus", "eu", "de")
    };
    Site::new(name).mirror(&others).file(FILE, b"content")
}

#[test]
fn m18_fallbacks_are_used_when_no_mirror_of_the_database_may_be() {
    let (httpd, _) = only_for_others("m18").directory(FALLBACK).start();
    let answer = get(&httpd, "/iso/full.iso");
    assert_eq!(
        answer.location(),
        "http://fallback.example/all/iso/full.iso"
    );
    let meta4 = get(&httpd, "/iso/full.iso.meta4");
    assert_eq!(
        urls("meta4", &meta4),
        ["http://fallback.example/all/iso/full.iso"]
    );
    let mut headers = GERMANY.to_vec();
    headers.push(("X-Test-ASN", "64500"));
    let campus = httpd.get_with("/iso/full.iso", &headers).location();
    assert_eq!(campus, "http://campus.example/iso/full.iso");
}

#[test]
fn m19_the_page_lists_fallbacks_and_keeps_its_frame_without_mirrors() {
    let (httpd, _) = only_for_others("m19")
        .directory(&format!(
            "</Directory>\n<Directory \"@TREE@/iso/with\">\n{FALLBACK}"
        ))
        .file("iso/with/full.iso", b"content")
        .config("MirrorBrainMirrorlistFooter \"@TREE@/footer.html\"")
        .local("footer.html", b"<p id=\"footer\">ours</p></body></html>")
        .start();
    let none = "#mirrorbrain-mirrors-none";
    let found = |page: &Response, selector: &str| {
        let html = scraper::Html::parse_document(&page.text());
        assert_eq!(html.errors, [""; 0]);
        html.select(&scraper::Selector::parse(selector).unwrap())
            .count()
    };
    let with = get(&httpd, "/iso/with/full.iso.mirrorlist");
    assert_eq!(
        urls("mirrorlist", &with),
        ["http://fallback.example/all/iso/with/full.iso"]
    );
    assert_eq!((found(&with, none), found(&with, "#footer")), (0, 1));
    let without = get(&httpd, "/iso/full.iso.mirrorlist");
    assert_eq!(urls("mirrorlist", &without), [""; 0]);
    assert_eq!(
        (found(&without, none), found(&without, "body > #footer")),
        (1, 1)
    );
    for page in [with, without] {
        let text = page.text();
        assert_eq!(text.matches("<div").count(), text.matches("</div>").count());
    }
}

#[test]
fn m24_a_client_with_another_country_is_not_where_it_really_is() {
    let (httpd, _) = site("m24")
        .mirror(&Mirror {
            place: Some((48.9, 2.4)),
            ..Mirror::new("paris", "eu", "fr")
        })
        .file("iso/more.iso", b"content")
        .start();
    let new_york = [
        ("X-Test-Country", "US"),
        ("X-Test-Continent", "NA"),
        ("X-Test-Lat", "40.7"),
        ("X-Test-Lng", "-74.0"),
    ];
    let answer = httpd.get_with("/iso/more.iso?country=be", &new_york);
    assert_eq!(answer.header("X-MirrorBrain-Realm"), Some("region".into()));
    // With the real coordinates, Paris would always be the closest of the region.
    let target = || {
        let answer = httpd.get_with("/iso/more.iso?country=be", &new_york);
        answer.header("X-MirrorBrain-Mirror").unwrap()
    };
    let targets: std::collections::BTreeSet<_> = (0..60).map(|_| target()).collect();
    assert!(
        targets.iter().eq(["berlin", "munich", "paris"].iter()),
        "{targets:?}"
    );
}

const YUM: &str = "MirrorBrainYumDir release=([0-9.]+) repo=(os|updates) yum//$1/./$2/ \
                   repodata/repomd.xml";

#[test]
fn m25_yum_rules_leave_other_queries_alone() {
    let (httpd, _) = site("m25").config(YUM).start();
    for query in ["foo=1", "release=5", "repo=os&arch=i386"] {
        assert_eq!(
            get(&httpd, &format!("/{FILE}?{query}")).status,
            302,
            "{query}"
        );
    }
    let page = get(&httpd, &format!("/{FILE}?mirrorlist"));
    assert_eq!(urls("mirrorlist", &page).len(), 3);
    assert_eq!(
        get(&httpd, &format!("/{FILE}?release=5&repo=none")).status,
        404
    );
}

#[test]
fn m30_an_excluded_file_is_listed_at_this_server_only() {
    let (httpd, _) = site("m30_lists")
        .hashed("iso/notes.txt", b"content")
        .hashed("iso/key.asc", b"content")
        .hashed("iso/small.iso", b"content")
        .directory("MirrorBrainExcludeMimeType text/*\nMirrorBrainExcludeFileMask \"\\.asc$\"")
        .directory("MirrorBrainMinSize 4096\nMirrorBrainExcludeUserAgent *Bot*")
        .start();
    for path in ["/iso/notes.txt", "/iso/key.asc"] {
        assert_eq!(get(&httpd, path).body, b"content", "{path}");
        for name in ["meta4", "metalink", "torrent"] {
            let listed = urls(name, &get(&httpd, &format!("{path}.{name}")));
            assert_eq!(
                listed,
                [format!("http://download.example.org{path}")],
                "{name}"
            );
        }
        for name in ["mirrorlist", "magnet"] {
            let answer = get(&httpd, &format!("{path}.{name}"));
            assert_eq!(urls(name, &answer), [""; 0], "{path}.{name}");
        }
        assert_eq!(get(&httpd, &format!("{path}.sha256")).status, 200);
    }
    // Too small, or asked for by an excluded client: that concerns the redirect alone.
    let small = get(&httpd, "/iso/small.iso.meta4");
    assert_eq!(urls("meta4", &small).len(), 3);
    let bot = httpd.get_with(&format!("/{FILE}.meta4"), &[("User-Agent", "A Bot")]);
    assert_eq!(urls("meta4", &bot).len(), 3);
}

#[test]
fn m31_accept_is_read_by_its_weights() {
    let (httpd, _) = site("m31_weights").start();
    let kind = |accept: &str| {
        let answer = httpd.get_with(&format!("/{FILE}"), &[("Accept", accept)]);
        assert_eq!(
            answer.headers("Vary").join(", ").to_lowercase(),
            "accept",
            "{accept}"
        );
        answer
            .header("Content-Type")
            .filter(|_| answer.status == 200)
    };
    let meta4 = Some("application/metalink4+xml; charset=UTF-8".to_owned());
    let metalink = Some("application/metalink+xml; charset=UTF-8".to_owned());
    assert_eq!(kind("*/*"), None);
    assert_eq!(kind("application/metalink4+xml;q=0"), None);
    assert_eq!(kind("application/metalink4+xmlx, text/html"), None);
    assert_eq!(
        kind("*/*,application/metalink4+xml,application/metalink+xml"),
        meta4
    );
    assert_eq!(
        kind("application/metalink4+xml;q=0.3, application/metalink+xml;q=0.5"),
        metalink
    );
    assert_eq!(
        kind("application/metalink4+xml;q=0, application/metalink+xml;q=0.1"),
        metalink
    );
}

#[test]
fn m33_a_torrent_is_a_metaurl_in_metalink_4_and_a_url_in_metalink_3() {
    let (httpd, _) = site("m33")
        .config("MirrorBrainMetalinkMagnetLinks On")
        .directory("MirrorBrainMetalinkTorrentAddMask \"\\.iso$\"")
        .local("iso/full.iso.torrent", b"a torrent made elsewhere")
        .start();
    let ours = "http://download.example.org/iso/full.iso.torrent";
    let text = get(&httpd, "/iso/full.iso.meta4").text();
    let xml = roxmltree::Document::parse(&text).unwrap();
    let metaurls: Vec<_> = xml
        .descendants()
        .filter(|n| n.tag_name().name() == "metaurl")
        .collect();
    assert_eq!(metaurls.len(), 1, "{text}");
    assert_eq!(metaurls[0].attribute("mediatype"), Some("torrent"));
    assert_eq!(metaurls[0].text(), Some(ours));
    let next = metaurls[0]
        .next_sibling_element()
        .expect("mirrors after it");
    assert_eq!(next.tag_name().name(), "url");
    assert!(
        !text.contains("magnet:") && !text.contains("bittorrent"),
        "{text}"
    );

    let text = get(&httpd, "/iso/full.iso.metalink").text();
    let xml = roxmltree::Document::parse(&text).unwrap();
    let of_type = |node: &roxmltree::Node<'_, '_>| node.attribute("type") == Some("bittorrent");
    let urls: Vec<_> = xml.descendants().filter(of_type).collect();
    assert!(
        urls.iter()
            .all(|url| url.attribute("preference") == Some("100"))
    );
    assert_eq!(urls[0].text(), Some(ours));
    assert!(urls[1].text().unwrap().starts_with("magnet:?xt=urn:btih:"));
    assert_eq!(urls.len(), 2);
}

#[test]
fn m42_web_seeds_are_the_best_mirrors_best_first() {
    let (httpd, _) = site("m42").start();
    let mut berlin = GERMANY.to_vec();
    berlin.extend([("X-Test-Lat", "52.5"), ("X-Test-Lng", "13.4")]);
    let answer = httpd.get_with("/iso/full.iso.torrent", &berlin);
    let expected = [
        "http://berlin.example/iso/full.iso",
        "http://munich.example/iso/full.iso",
    ];
    assert_eq!(urls("torrent", &answer), expected);
    let entries = torrent(&answer.body);
    assert_eq!(entries["sources"], entries["url-list"]);
    assert_eq!(
        entries["creation date"],
        Bencode::Integer("1700000000".into())
    );
}

#[test]
fn m44_yum_lists_print_the_path_they_look_up_below_the_engines_directory() {
    let site = Site::new("m44").mirror(&Mirror::new("berlin", "eu", "de"));
    let (httpd, _) = site
        .file("yum/7/os/repodata/repomd.xml", b"<repomd/>")
        .sql("INSERT INTO filearr (path, mirrors) VALUES ('yum/8/os/repodata/repomd.xml', '{}')")
        .local("yum/8/os/repodata/repomd.xml", b"<repomd/>")
        .config(&format!(
            "Alias /mirror/of \"@TREE@\"\nDocumentRoot \"@WORK@\"\n{YUM}"
        ))
        .httpd(|builder| builder.stock(&["alias"]))
        .start();
    let list = |path: &str| get(&httpd, path).text();
    let mirror = "http://berlin.example/yum/7/os/\n";
    assert_eq!(list("/mirror/of/?release=7&repo=os"), mirror);
    assert_eq!(list("/mirror/of/anything?release=7&repo=os"), mirror);
    assert_eq!(
        list("/mirror/of/?release=8&repo=os"),
        "http://download.example.org/mirror/of/yum/8/os/\n"
    );
    assert_eq!(get(&httpd, "/mirror/of/?release=9&repo=os").status, 404);
}
