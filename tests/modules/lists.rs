//! What `MirrorBrainCompatible Off` makes of lists of mirrors, and where it holds.

use std::collections::BTreeSet;

use harness::httpd::Httpd;
use harness::site::{GERMANY, MTIME, Mirror, Site, noise};
use harness::sums::Sums;

use crate::documents::{torrent, urls};

const FILE: &str = "iso/orange.iso";
const ORIGIN: &str = "http://download.example.org/";
const OFF: &str = "MirrorBrainCompatible Off";
const RULES: &str = "\
MirrorBrainYumDir release=([0-9]+) repo/$1 proof-$1.xml
MirrorBrainAptDir dist=([a-z]+) debian dists/$1/InRelease";

/// Mirrors in three groups of a client in Germany, files that they have and one that none has.
fn site(name: &str) -> Site {
    let content = noise(21, 300_000);
    let sums = Sums::of(b"orange.iso", &content).with_zsync(&content);
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .mirror(&Mirror::new("paris", "eu", "fr"))
        .mirror(&Mirror::new("tokyo", "as", "jp"))
        .file(FILE, &content)
        .sums(FILE, content.len(), &sums)
        .file("repo/9/proof-9.xml", b"<repomd/>")
        .file("debian/dists/trixie/InRelease", b"Suite: trixie")
        .local("iso/new.iso", b"no mirror has it yet")
        .config("ServerName http://download.example.org:80")
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .config(RULES)
}

fn on(hosts: &[&str], path: &str) -> Vec<String> {
    let url = |host: &&str| match *host {
        "itself" => format!("{ORIGIN}/{path}"),
        "fallback" => format!("https://cdn.example.org/pub/{path}"),
        host => format!("http://{host}.example/{path}"),
    };
    hosts.iter().map(url).collect()
}

#[track_caller]
fn listed(httpd: &Httpd, representation: &str, file: &str) -> Vec<String> {
    let answer = httpd.get_with(&format!("/{file}.{representation}"), GERMANY);
    urls(representation, &answer)
}

fn lines(httpd: &Httpd, query: &str) -> Vec<String> {
    let answer = httpd.get_with(&format!("/mirrorlist?{query}"), GERMANY);
    assert_eq!(answer.status, 200);
    answer.text().lines().map(str::to_owned).collect()
}

/// One dead mirror stopped clients, because no list went on to other groups or to this server.
#[test]
fn this_server_is_the_last_of_every_list_and_lists_have_all_groups() {
    let (httpd, _) = site("lists_origin").config(OFF).start();
    let all = ["berlin", "paris", "tokyo", "itself"];
    for representation in ["meta4", "metalink", "torrent", "zsync", "magnet"] {
        let urls = listed(&httpd, representation, FILE);
        assert_eq!(urls, on(&all, FILE), "{representation}");
    }
    assert_eq!(lines(&httpd, "release=9"), on(&all, "repo/9/"));
}

/// Who comes to the last URL of a list has tried all mirrors: a redirect to the first, which is dead,
/// would be of no use.
#[test]
fn the_url_of_this_server_in_lists_gives_the_file_itself() {
    let (httpd, _) = site("lists_direct").config(OFF).start();
    let content = noise(21, 300_000);
    let accept = [("Accept", "*/*, application/metalink4+xml")];
    for headers in [&[][..], &accept] {
        let answer = httpd.get_with(&format!("//{FILE}"), headers);
        assert!(
            answer.status == 200 && answer.body == content,
            "{}",
            answer.status
        );
    }
    assert_eq!(httpd.get(&format!("//{FILE}.meta4")).status, 200);
    // Slashes elsewhere say nothing.
    assert_eq!(httpd.get("/iso//orange.iso").status, 302);

    // A site with fallbacks does not name this server, nor one that answers as 2.19 did.
    let (httpd, _) = site("lists_direct_fallback")
        .config(OFF)
        .directory("MirrorBrainFallback eu de https://cdn.example.org/pub")
        .start();
    assert_eq!(httpd.get(&format!("//{FILE}")).status, 302);
    let (httpd, _) = site("lists_direct_compatible").start();
    assert_eq!(httpd.get(&format!("//{FILE}")).status, 302);
}

#[test]
fn a_metalink_of_a_file_that_no_mirror_has_names_this_server() {
    let (httpd, _) = site("lists_alone").config(OFF).start();
    for representation in ["meta4", "metalink"] {
        let urls = listed(&httpd, representation, "iso/new.iso");
        assert_eq!(urls, on(&["itself"], "iso/new.iso"), "{representation}");
    }
    // Who asks for the file gets the file: one step less.
    let accept = [("Accept", "application/metalink4+xml, */*")];
    assert_eq!(
        httpd.get_with("/iso/new.iso", &accept).text(),
        "no mirror has it yet"
    );
}

#[test]
fn a_configured_fallback_stands_in_place_of_this_server() {
    let (mut httpd, database) = site("lists_fallback")
        .config(OFF)
        .directory("MirrorBrainFallback eu de https://cdn.example.org/pub")
        .config("MirrorBrainCacheTTL 0")
        .config("MirrorBrainRetryTime 0")
        .start();
    let all = ["berlin", "paris", "tokyo", "fallback"];
    for representation in ["meta4", "metalink", "torrent", "zsync", "magnet"] {
        let urls = listed(&httpd, representation, FILE);
        assert_eq!(urls, on(&all, FILE), "{representation}");
    }
    assert_eq!(lines(&httpd, "release=9"), on(&all, "repo/9/"));
    database.sql("UPDATE server SET enabled = false");
    while httpd.get(&format!("/{FILE}")).location() != on(&["fallback"], FILE)[0] {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    httpd.expect_log("the table server has no mirror that may be used");
    assert_eq!(listed(&httpd, "meta4", FILE), on(&["fallback"], FILE));
    assert_eq!(lines(&httpd, "release=9"), on(&["fallback"], "repo/9/"));
}

/// Lists help without the database, too: this server has the file.
#[test]
fn without_the_database_lists_name_this_server() {
    let (httpd, _) = site("lists_outage")
        .config(OFF)
        .config("DBDParams \"host=127.0.0.1 port=1 connect_timeout=1\"")
        .httpd(|httpd| httpd.allow("127.0.0.1"))
        .start();
    assert_eq!(listed(&httpd, "meta4", FILE), on(&["itself"], FILE));
    assert_eq!(lines(&httpd, "release=9"), on(&["itself"], "repo/9/"));
    let answer = httpd.get(&format!("/{FILE}.torrent"));
    assert_eq!(
        (answer.status, answer.header("Retry-After").is_some()),
        (503, true)
    );
}

/// Each place of the directive, and that an inner one overrides an outer one.
#[test]
fn the_directive_holds_for_servers_hosts_and_sections() {
    let (httpd, _) = site("lists_contexts")
        .config(OFF)
        .local("iso/old/new.iso", b"new")
        .directory("</Directory>\n<Directory \"@TREE@/iso/old\">\nMirrorBrainCompatible 2.19")
        .config("<VirtualHost *:@PORT@>\nServerName first.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName old.example.org\nMirrorBrainCompatible 2.19")
        .config("<Location \"/iso/new.iso\">\nMirrorBrainCompatible Off\n</Location>")
        .config("</VirtualHost>")
        .start();
    let status = |host: &str, path: &str| httpd.get_with(path, &[("Host", host)]).status;
    // A metalink without a mirror: 404 in 2.19.
    assert_eq!(status("first.example.org", "/iso/new.iso.meta4"), 200);
    assert_eq!(status("first.example.org", "/iso/old/new.iso.meta4"), 404);
    assert_eq!(status("old.example.org", "/iso/new.iso?meta4"), 200);
    assert_eq!(status("old.example.org", "/iso/old/new.iso.meta4"), 404);
    assert_eq!(
        status("old.example.org", "/debian/dists/trixie/InRelease?meta4"),
        200
    );
}

#[test]
fn metalink_3_has_what_dnf_and_ostree_want() {
    let (httpd, _) = site("lists_metalink3")
        .config(OFF)
        .config("MirrorBrainMetalinkMagnetLinks On")
        .start();
    let text = httpd.get_with(&format!("/{FILE}.metalink"), GERMANY).text();
    let xml = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let timestamp = ("http://fedorahosted.org/mirrormanager", "timestamp");
    let timestamp = xml.descendants().find(|n| n.has_tag_name(timestamp));
    let timestamp = timestamp.expect("a timestamp");
    assert_eq!(timestamp.text(), Some(&*MTIME.to_string()));
    assert!(
        timestamp
            .parent()
            .is_some_and(|file| file.has_tag_name("file"))
    );
    let urls: Vec<_> = xml
        .descendants()
        .filter(|n| n.has_tag_name("url"))
        .collect();
    assert_eq!(urls.len(), 4);
    for (url, preference) in urls.iter().zip(["100", "99", "98", "97"]) {
        assert_eq!(url.attribute("protocol"), Some("http"), "{text}");
        assert_eq!(url.attribute("type"), Some("http"), "{text}");
        assert_eq!(url.attribute("preference"), Some(preference), "{text}");
    }
    // Metalink 4 has a place for the torrent.
    let text = httpd.get(&format!("/{FILE}.meta4")).text();
    assert!(text.contains("<metaurl mediatype=\"torrent\">"), "{text}");
}

#[test]
fn apt_lists_say_which_mirror_comes_when() {
    let (httpd, _) = site("lists_apt").config(OFF).start();
    let expected: Vec<String> = on(&["berlin", "paris", "tokyo", "itself"], "debian/")
        .iter()
        .zip(1..)
        .map(|(url, priority)| format!("{url}\tpriority:{priority}"))
        .collect();
    assert_eq!(lines(&httpd, "dist=trixie"), expected);
    assert_eq!(httpd.get("/mirrorlist?dist=sid").status, 404);
}

/// All clients of lists went to the mirror with the lowest id, and `Location` contradicted `pri=1`.
#[test]
fn the_first_of_a_list_is_drawn_as_the_target_of_a_redirect_is() {
    let berlin = |name| Mirror {
        place: Some((52.5, 13.4)),
        ..Mirror::new(name, "eu", "de")
    };
    let (httpd, _) = Site::new("lists_ties")
        .mirror(&berlin("one"))
        .mirror(&berlin("two"))
        .mirror(&berlin("three"))
        .hashed(FILE, &noise(22, 1000))
        .file("repo/9/proof-9.xml", b"<repomd/>")
        .config(RULES)
        .config(OFF)
        .config("MirrorBrainRetryTime 0")
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .start();
    let client = [GERMANY, &[("X-Test-Lat", "50"), ("X-Test-Lng", "10")]].concat();
    let ask = |path: &str| httpd.get_with(path, &client);
    let firsts = |first: &dyn Fn() -> String| (0..60).map(|_| first()).collect::<BTreeSet<_>>();
    let redirect = || {
        let answer = ask(&format!("/{FILE}?newmirror"));
        let links = answer.headers("Link").join("\n");
        let location = answer.location();
        let pri = format!("<{location}>; rel=duplicate; pri=1;");
        assert!(links.contains(&pri), "{links}");
        location
    };
    assert_eq!(firsts(&redirect).len(), 3);
    for representation in ["meta4", "metalink", "torrent", "magnet"] {
        let path = format!("/{FILE}.{representation}");
        let first = || urls(representation, &ask(&path)).swap_remove(0);
        assert_eq!(firsts(&first).len(), 3, "{representation}");
    }
    let first = || {
        ask("/mirrorlist?release=9")
            .text()
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(firsts(&first).len(), 3);
    assert!(torrent(&ask(&format!("/{FILE}.torrent")).body).contains_key("url-list"));
}
