//! Settings that did not mean what they say.

use std::os::unix::fs::symlink;

use harness::http::{self, Response};
use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site as OwnSite};

use super::survives;
use crate::site::{BERLIN, Site};

#[test]
fn m26_head_handling_and_size_are_inherited_and_overridden() {
    let httpd = Site::new("m26")
        .server("MirrorBrainMinSize 1000000\nMirrorBrainHandleHEADRequestLocally On")
        .server("<Directory \"@TREE@/iso\">\nMirrorBrainDebug Off\n</Directory>")
        .server("<Directory \"@TREE@/small\">\nMirrorBrainMinSize 4096\n</Directory>")
        .start();
    let head = |path| {
        httpd
            .raw(&http::request("HEAD", path, &BERLIN))
            .expect("an answer")
    };
    assert_eq!(head("/iso/full.iso").status, 200);
    assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
    assert_eq!(httpd.get_with("/excluded/pkg.asc", &BERLIN).status, 200);
    assert_eq!(httpd.get_with("/small/edge-4096.bin", &BERLIN).status, 302);
}

#[test]
fn m28_the_base_stays_where_the_engine_was_switched_on_first() {
    let httpd = Site::new("m28")
        .server("<Directory \"@TREE@/iso\">\nMirrorBrainEngine On\n</Directory>")
        .server("<LocationMatch \"^/head/\">\nMirrorBrainEngine On\n</LocationMatch>")
        .server("<DirectoryMatch \"/small\">\nMirrorBrainEngine On\n</DirectoryMatch>")
        .start();
    for path in ["iso/full.iso", "head/file.iso", "small/edge-4096.bin"] {
        let response = httpd.get_with(&format!("/{path}"), &BERLIN);
        assert_eq!(response.status, 302, "{path}");
        assert!(
            response.location().ends_with(path),
            "{}",
            response.location()
        );
    }
}

#[test]
fn m29_a_link_out_of_the_tree_is_served_here() {
    let site = Site::new("m29")
        .directory("Options +FollowSymLinks")
        // What is left of "@WORK@/outside/file.iso" without as many characters as the base has.
        .sql("INSERT INTO filearr (path, mirrors) VALUES ('de/file.iso', '{1}')");
    let site = site.server("<Directory \"@WORK@/outside\">\nRequire all granted\n</Directory>");
    let site = site.server("<Files \"short.iso\">\nRequire all granted\n</Files>");
    let builder = site.builder();
    let outside = builder.work().join("outside");
    harness::files::sparse(&outside, "file.iso", 50_000, 1_700_000_000);
    symlink(outside.join("file.iso"), builder.tree().join("linked.iso")).expect("symlink");
    let inside = builder.tree().join("iso/full.iso");
    symlink(inside, builder.tree().join("latest.iso")).expect("symlink");
    // A path that is shorter than the base.
    let short = builder.work().join("f");
    harness::files::sparse(builder.work(), "f", 60_000, 1_700_000_000);
    assert!(short.as_os_str().len() < builder.tree().as_os_str().len());
    symlink(short, builder.tree().join("short.iso")).expect("symlink");
    let httpd = builder.start();
    let response = httpd.get_with("/linked.iso", &BERLIN);
    assert_eq!((response.status, response.body.len()), (200, 50_000));
    let response = survives(&httpd, "/short.iso", &BERLIN);
    assert_eq!((response.status, response.body.len()), (200, 60_000));
    assert_eq!(httpd.get_with("/linked.iso.meta4", &BERLIN).status, 404);
    let location = httpd.get_with("/latest.iso", &BERLIN).location();
    assert!(location.ends_with("/iso/full.iso"), "{location}");
}

#[test]
fn m37_fakefile_is_for_the_trusted() {
    // The connection's address counts: a header can say anything.
    let httpd = Site::new("m37")
        .directory("MirrorBrainTrusted 192.0.2.0/24")
        .server("<Directory \"@TREE@/small\">\nMirrorBrainTrusted 192.0.2.1\n</Directory>")
        .server("<VirtualHost *:@PORT@>\n</VirtualHost>")
        .server("<VirtualHost *:@PORT@>\nServerName trusting.example.org")
        .server("<Directory \"@TREE@/small\">\nMirrorBrainTrusted 127.0.0.0/8\n</Directory>")
        .server("</VirtualHost>")
        .start();
    for (host, status) in [("download.example.org", 200), ("trusting.example.org", 302)] {
        let headers = [("Host", host), ("X-Test-Addr", "192.0.2.1")];
        let response = httpd.get_with("/small/tiny.txt?fakefile", &headers);
        assert_eq!(response.status, status, "{host}");
    }
}

#[test]
fn m40_the_stamp_is_as_mirrors_check_it() {
    let httpd = Site::new("m40")
        .directory("MirrorBrainRedirectStampKey secret")
        .start();
    let location = httpd.get_with("/iso/full.iso", &BERLIN).location();
    let (_, query) = location.split_once("?time=").expect("a stamp");
    let (time, stamp) = query.split_once("&stamp=").expect("a stamp");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "printf '%s secret' \"$1\" | md5sum", "sh", time]);
    assert!(harness::command::run(&mut command).starts_with(stamp));
    assert_eq!(stamp.len(), 32);
}

#[test]
fn m41_networks_are_excluded_by_their_bits() {
    let httpd = Site::new("m41")
        .directory("MirrorBrainExcludeNetwork 10.1.0.0/16\nMirrorBrainExcludeNetwork 2001:db8::/32")
        .start();
    let status = |address| {
        httpd
            .get_with("/iso/full.iso", &[("X-Test-Addr", address)])
            .status
    };
    assert_eq!(status("10.1.255.1"), 200);
    assert_eq!(status("10.100.0.1"), 302);
    assert_eq!(status("2001:db8:ffff::1"), 200);
    assert_eq!(status("2001:db9::1"), 302);
}

#[test]
fn m27_a_sites_own_query_is_known_by_being_configured() {
    // The same rows by the site's own query and by ours, one after the other.
    let rows = "SELECT s.id, identifier, region, country, lat, lng, asn, prefix, score, baseurl, \
                region_only, country_only, as_only, prefix_only, other_countries, file_maxsize \
                FROM server s JOIN filearr f ON s.id = ANY (f.mirrors) WHERE f.path = %s";
    let host = |name: &str, line: &str| {
        format!("<VirtualHost *:@PORT@>\nServerName {name}.example.org\n{line}\n</VirtualHost>")
    };
    let own = |and: &str| format!("MirrorBrainDBDQuery \"{rows}{and}\"");
    let (httpd, _) = OwnSite::new("m27")
        .mirror(&Mirror::new("one", "eu", "de"))
        .mirror(&Mirror::new("two", "eu", "de"))
        .file("a.iso", b"x")
        .config(&own(" AND identifier = 'one'"))
        .config(&host("inherits", "MirrorBrainInstance inherits"))
        .config(&host("replaces", &own(" AND identifier = 'two'")))
        .start();
    let mirrors = |host: &str| {
        let headers = [GERMANY, &[("Host", host)]].concat();
        urls(&httpd.get_with("/a.iso.meta4", &headers))
    };
    assert_eq!(
        mirrors("inherits.example.org"),
        ["http://one.example/a.iso"]
    );
    assert_eq!(
        mirrors("replaces.example.org"),
        ["http://two.example/a.iso"]
    );
}

#[test]
fn m28_sections_without_a_directory_are_relative_to_the_document_root() {
    let sections = [
        ("iso", "<Location \"/iso/\">", "</Location>"),
        ("small", "<LocationMatch \"^/sm\">", "</LocationMatch>"),
        ("head", "<DirectoryMatch \"/h.ad\">", "</DirectoryMatch>"),
        ("fallback", "<Files \"mirrored*\">", "</Files>"),
    ];
    let mut site = Site::new("m28_sections").directory("MirrorBrainEngine Off");
    for (_, open, close) in sections {
        site = site.server(&format!("{open}\nMirrorBrainEngine On\n{close}"));
    }
    let httpd = site.start();
    let files = ["full.iso", "edge-4096.bin", "file.iso", "mirrored.iso"];
    for ((directory, section, _), file) in sections.into_iter().zip(files) {
        let path = format!("/{directory}/{file}");
        let response = httpd.get_with(&path, &BERLIN);
        assert_eq!(response.status, 302, "{section}");
        let location = response.location();
        assert!(location.ends_with(&path), "{section}: {location}");
    }
}

#[test]
fn m40_the_stamp_is_added_to_the_redirect_only() {
    let httpd = Site::new("m40_only")
        .directory("MirrorBrainRedirectStampKey secret")
        .start();
    let response = httpd.get_with("/iso/full.iso", &BERLIN);
    for link in response.headers("Link") {
        assert!(!link.contains("stamp="), "{link}");
    }
    for suffix in ["meta4", "metalink", "mirrorlist", "zsync"] {
        let document = httpd.get_with(&format!("/iso/full.iso.{suffix}"), &BERLIN);
        assert_eq!(document.status, 200, "{suffix}");
        assert!(!document.text().contains("stamp="), "{suffix}");
    }
}

#[test]
fn m41_a_prefix_without_a_slash_is_text_as_ever() {
    let httpd = Site::new("m41_text")
        .directory("MirrorBrainExcludeNetwork 10.1")
        .start();
    let status = |address| {
        let headers = [("X-Test-Addr", address)];
        httpd.get_with("/iso/full.iso", &headers).status
    };
    assert_eq!(status("10.1.0.1"), 200);
    assert_eq!(status("10.100.0.1"), 200);
    assert_eq!(status("10.2.0.1"), 302);
    assert_eq!(status("210.1.0.1"), 302);
}

#[test]
fn m43_links_to_ourselves_do_not_repeat_a_strangers_host() {
    let httpd = Site::new("m43").start();
    let links = |host: &str| {
        let mut headers = BERLIN.to_vec();
        headers.push(("Host", host));
        httpd
            .get_with("/iso/full.iso", &headers)
            .headers("Link")
            .remove(0)
    };
    assert!(links("evil.example.net").contains("://download.example.org"));
    let httpd = Site::new("m43_tls")
        .server("ServerName https://download.example.org")
        .start();
    let text = httpd.get_with("/iso/full.iso.meta4", &BERLIN).text();
    assert!(
        text.contains("https://download.example.org/iso/full.iso.meta4"),
        "{text}"
    );
}

#[test]
fn m43_links_to_ourselves_use_the_name_of_the_virtual_host() {
    let hosts = "<VirtualHost *:@PORT@>\nServerName download.example.org\n\
                 ServerAlias mirror.example.org *.pub.example.org 2001:db8::2\n</VirtualHost>\n\
                 <VirtualHost *:@PORT@>\nServerName canonical.example.org\n\
                 ServerAlias alias.example.org\nUseCanonicalName On\n</VirtualHost>";
    let httpd = Site::new("m43_hosts").server(hosts).start();
    for (host, name) in [
        ("download.example.org", "download.example.org"),
        ("mirror.example.org", "mirror.example.org"),
        ("MIRROR.example.org", "mirror.example.org"),
        ("a.pub.example.org", "a.pub.example.org"),
        ("stranger.example.net", "download.example.org"),
        ("[2001:db8::1]", "download.example.org"),
        ("[2001:db8::2]", "[2001:db8::2]"),
        ("canonical.example.org", "canonical.example.org"),
        ("alias.example.org", "canonical.example.org"),
    ] {
        let mut headers = BERLIN.to_vec();
        headers.push(("Host", host));
        let link = httpd
            .get_with("/iso/full.iso", &headers)
            .headers("Link")
            .remove(0);
        let start = format!("<http://{name}/iso/full.iso.meta4>");
        assert!(link.starts_with(&start), "{host}: {link}");
        for suffix in ["meta4", "metalink", "mirrorlist", "zsync", "magnet"] {
            let document = httpd.get_with(&format!("/iso/full.iso.{suffix}"), &headers);
            assert!(!document.text().contains("stranger"), "{host}: {suffix}");
        }
    }
}

/// The origin of the links of an answer to a request with that `Host`.
fn origin(httpd: &Httpd, host: &str) -> String {
    let mut headers = BERLIN.to_vec();
    headers.push(("Host", host));
    let link = httpd
        .get_with("/iso/full.iso", &headers)
        .headers("Link")
        .remove(0);
    let link = link.trim_start_matches('<');
    link.split("/iso/").next().unwrap_or_default().to_owned()
}

#[test]
fn m43_links_to_ourselves_do_not_repeat_a_strangers_port() {
    let started = |name, lines: &str| Site::new(name).server(lines).start();
    // No port in the configuration: the one that the client came to, or none.
    let httpd = started("m43_port_unnamed", "UseCanonicalName Off");
    let port = httpd.port();
    let plain = "http://download.example.org";
    let here = format!("{plain}:{port}");
    assert_eq!(
        origin(&httpd, &format!("download.example.org:{port}")),
        here
    );
    for claimed in ["", ":1337", ":0", ":65535", ":99999", ":"] {
        let host = format!("download.example.org{claimed}");
        if httpd.get_with("/iso/full.iso", &[("Host", &host)]).status == 302 {
            assert_eq!(origin(&httpd, &host), plain, "{host}");
        }
    }
    // A port in the configuration is the one that administrators behind NAT or a proxy chose.
    let named = "UseCanonicalName Off\nServerName download.example.org:8443";
    let httpd = started("m43_port_named", named);
    let port = httpd.port();
    for claimed in ["", ":1337", ":80", &format!(":{port}")] {
        let host = format!("download.example.org{claimed}");
        assert_eq!(origin(&httpd, &host), format!("{plain}:8443"), "{host}");
    }
    // Or they leave it to the connection.
    let physical =
        "UseCanonicalName Off\nUseCanonicalPhysicalPort On\nServerName download.example.org:8443";
    let httpd = started("m43_port_physical", physical);
    let here = format!("{plain}:{}", httpd.port());
    for claimed in ["", ":1337"] {
        let host = format!("download.example.org{claimed}");
        assert_eq!(origin(&httpd, &host), here, "{host}");
    }
}

/// The mirrors of a metalink, in its order.
fn urls(metalink: &Response) -> Vec<String> {
    let text = metalink.text();
    let xml = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let urls = xml.descendants().filter(|node| node.has_tag_name("url"));
    let urls = urls.filter(|node| node.has_attribute("priority"));
    urls.filter_map(|node| node.text().map(str::to_owned))
        .collect()
}

#[test]
fn a_condition_leaves_the_base_where_its_directory_is() {
    let conditions = [
        "<If \"true\">\nMirrorBrainEngine On\n</If>",
        "<If \"false\">\nMirrorBrainDebug On\n</If>\n<ElseIf \"true\">\nMirrorBrainEngine On\n</ElseIf>",
        "<If \"false\">\nMirrorBrainDebug On\n</If>\n<Else>\nMirrorBrainEngine On\n</Else>",
        "<If \"true\">\n<If \"true\">\nMirrorBrainEngine On\n</If>\n</If>",
    ];
    for (n, condition) in conditions.into_iter().enumerate() {
        let httpd = Site::new(&format!("condition_{n}"))
            .directory("MirrorBrainEngine Off")
            .sql("INSERT INTO filearr (path, mirrors) VALUES ('a.iso', '{1}'), ('more/a.iso', '{26}')")
            .file("more/a.iso", 10_000)
            .server(&format!("<Directory \"@TREE@/./more/\">\n{condition}\n</Directory>"))
            .start();
        let response = httpd.get_with("/more/a.iso", &BERLIN);
        let mirror = response.header("X-MirrorBrain-Mirror").unwrap_or_default();
        assert_eq!(mirror, "m1.de.example.org", "{condition}");
    }
}

/// A virtual host may use mod_dbd for something else.
#[test]
fn a_database_of_another_kind_is_refused_only_where_it_is_ours_to_use() {
    let other = "DBDParams /var/lib/users.db\nDBDriver sqlite3";
    let host = |lines: &str| {
        format!("<VirtualHost *:@PORT@>\nServerName other.example.org\n{lines}\n</VirtualHost>")
    };
    let mut httpd = Site::new("other_driver")
        .server("<VirtualHost *:@PORT@>\nServerName download.example.org\n</VirtualHost>")
        .server(&host(other))
        .start();
    assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
    let headers = [&BERLIN[..], &[("Host", "other.example.org")]].concat();
    assert_eq!(httpd.get_with("/iso/full.iso", &headers).status, 200);
    httpd.expect_log("no DBDParams names a database for other.example.org");

    for (directive, lines) in [
        ("mirrorbrain", "MirrorBrainEngine On"),
        ("asn", "ASLookup On"),
    ] {
        let section = format!("{other}\n<Location />\n{lines}\n</Location>");
        let builder = || Httpd::builder().ours(&[directive]);
        let text = "DBDriver: \"sqlite3\" is not supported, only pgsql is";
        assert_eq!(builder().config(&section).refusal(), text);
        assert_eq!(builder().config(&host(&section)).refusal(), text);
        // Sections outside of virtual hosts may be for one that has a database of ours.
        let download =
            "<VirtualHost *:@PORT@>\nDBDriver pgsql\nDBDParams \"dbname=mb\"\n</VirtualHost>";
        let accepted = builder().config(&section).config(download).check();
        assert!(accepted.is_ok(), "{accepted:?}");
    }
}

/// `.htaccess` files are read by several threads at a time, and what they say is for one request.
#[test]
fn a_directive_with_a_note_for_the_server_is_refused_in_htaccess() {
    let builder = Httpd::builder().ours(&["asn", "mirrorbrain"]).config(
        "<Directory \"@TREE@\">\nAllowOverrideList ASLookup MirrorBrainEngine\n</Directory>",
    );
    let tree = builder.tree();
    let mut httpd = builder.start();
    for line in ["ASLookup On", "MirrorBrainEngine On"] {
        std::fs::write(tree.join(".htaccess"), line).expect(".htaccess");
        assert_eq!(httpd.get("/").status, 500, "{line}");
        let name = line.split(' ').next().unwrap_or_default();
        httpd.expect_log(&format!("{name}: cannot stand in an .htaccess file"));
    }
}
