//! Requests that are another module's, or that another module is about to lead elsewhere.

use harness::http::{Response, request};
use harness::httpd::{Builder, Httpd};
use harness::site::{GERMANY, Mirror, Site};

/// What is loaded before our module, or after it.
const NEIGHBOURS: [&str; 5] = ["proxy", "proxy_http", "rewrite", "alias", "dir"];

fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .hashed("rel/orange-1.0.iso", b"content")
        .hashed("rel/page.html", b"a page")
}

/// The same site with the neighbours loaded before ours and after it. The harness loads httpd's
/// modules first.
fn in_both_orders(name: &str, change: impl Fn(Site) -> Site) -> [Httpd; 2] {
    let first = site(&format!("{name}_first")).httpd(|builder| {
        NEIGHBOURS.iter().fold(builder, |builder: Builder, name| {
            let file = format!("@HTTPD_MODULES@/mod_{name}.so");
            builder.config(&format!("LoadModule {name}_module \"{file}\""))
        })
    });
    let last = site(&format!("{name}_last")).httpd(|builder| builder.stock(&NEIGHBOURS));
    [first, last].map(|site| change(site).start().0)
}

fn get(httpd: &Httpd, path: &str) -> Response {
    httpd.get_with(path, GERMANY)
}

/// A server with files whose names end as those of documents do.
fn backend() -> Httpd {
    let builder = Httpd::builder();
    let file = |path: &str, text: &str| {
        let name = builder.tree().join(path);
        std::fs::create_dir_all(name.parent().expect("a directory")).expect("directories");
        std::fs::write(name, text).expect("file");
    };
    for path in [
        "rel/theirs.iso.sha256",
        "rel/orange-1.0.iso.sha256",
        "rel/theirs.iso",
    ] {
        file(path, "theirs");
    }
    builder.start()
}

#[test]
fn what_is_proxied_is_the_other_servers_in_any_order() {
    let backend = backend();
    let origin = backend.url("");
    let ways = [
        format!("<Location />\nMirrorBrainEngine On\nProxyPass {origin}/\n</Location>"),
        format!("ProxyPass / {origin}/"),
        format!("RewriteEngine On\nRewriteRule ^/(.*) {origin}/$1 [P]"),
        format!(
            "<Directory \"@TREE@\">\nRewriteEngine On\nRewriteRule ^(.*)$ {origin}/$1 [P]\n</Directory>"
        ),
    ];
    for (n, way) in ways.iter().enumerate() {
        for httpd in in_both_orders(&format!("handlers_proxy_{n}"), |site| site.config(way)) {
            for path in ["theirs.iso.sha256", "orange-1.0.iso.sha256", "theirs.iso"] {
                let answer = get(&httpd, &format!("/rel/{path}"));
                let found = (answer.status, answer.text());
                assert_eq!(found, (200, "theirs".to_owned()), "{way}: {path}");
            }
        }
    }
}

#[test]
fn what_is_rewritten_is_answered_where_it_is_led_to_in_any_order() {
    let ways = [
        // Per directory: mod_rewrite leaves the rest to its handler.
        "<Directory \"@TREE@\">\nRewriteEngine On\n\
         RewriteRule ^rel/latest\\.iso(.*)$ /rel/orange-1.0.iso$1\n</Directory>",
        "RewriteEngine On\nRewriteRule ^/rel/latest\\.iso(.*)$ /rel/orange-1.0.iso$1 [PT]",
    ];
    for (n, way) in ways.iter().enumerate() {
        for httpd in in_both_orders(&format!("handlers_rewrite_{n}"), |site| site.config(way)) {
            let location = get(&httpd, "/rel/latest.iso").location();
            assert_eq!(
                location, "http://berlin.example/rel/orange-1.0.iso",
                "{way}"
            );
            for document in ["latest.iso.meta4", "latest.iso?meta4"] {
                let answer = get(&httpd, &format!("/rel/{document}"));
                assert_eq!(answer.status, 200, "{way}: {document}");
                assert!(answer.text().contains("berlin.example/rel/orange-1.0.iso"));
            }
        }
    }
}

#[test]
fn a_file_that_another_handler_answers_for_is_not_ours() {
    for httpd in in_both_orders("handlers_set", |site| {
        site.hashed("rel/script.cgi", b"#!/bin/sh")
            .hashed("rel/plain.cgi", b"no script")
            .config("<Files *.cgi>\nSetHandler nobody\n</Files>")
            .config("<Files plain.cgi>\nSetHandler default-handler\n</Files>")
    }) {
        // Without a module for it httpd's own handler sends the file.
        assert_eq!(get(&httpd, "/rel/script.cgi").text(), "#!/bin/sh");
        assert_eq!(get(&httpd, "/rel/script.cgi?sha256").text(), "#!/bin/sh");
        assert_eq!(get(&httpd, "/rel/script.cgi.sha256").status, 404);
        assert_eq!(get(&httpd, "/rel/plain.cgi").status, 302);
        assert_eq!(get(&httpd, "/rel/plain.cgi.sha256").status, 200);
    }
}

#[test]
fn an_error_document_below_the_engine_is_sent_with_its_status() {
    let [first, last] = in_both_orders("handlers_error", |site| {
        site.hashed("errors/not-found.html", b"nothing here")
            .hashed("errors/forbidden.html", b"not for you")
            .hashed("rel/secret.iso", b"content")
            .config("ErrorDocument 404 /errors/not-found.html")
            .config("ErrorDocument 403 /errors/forbidden.html")
            .config("<Files secret.iso>\nRequire all denied\n</Files>")
    });
    for mut httpd in [first, last] {
        let metalink = ("Accept", "application/metalink4+xml");
        for (path, expected) in [
            ("/rel/none.iso", (404, "nothing here")),
            ("/rel/none.iso.meta4", (404, "nothing here")),
            ("/rel/none.iso?meta4", (404, "nothing here")),
            ("/rel/secret.iso", (403, "not for you")),
            ("/rel/secret.iso.meta4", (403, "not for you")),
        ] {
            for headers in [GERMANY.to_vec(), [GERMANY, &[metalink]].concat()] {
                let answer = httpd.get_with(path, &headers);
                assert_eq!((answer.status, answer.text().as_str()), expected, "{path}");
                assert_eq!(answer.location(), "", "{path}");
            }
        }
        // By itself it is a file like any other.
        assert_eq!(get(&httpd, "/errors/not-found.html").status, 302);
        httpd.allow("AH01630");
    }
}

#[test]
fn a_post_is_no_download_unless_a_handler_takes_it() {
    let site = |name: &str, compatible: &str| {
        site(name)
            .hashed("rel/script.cgi", b"#!/bin/sh")
            .hashed("rel/tiny.txt", b"x")
            .config("<Files *.cgi>\nSetHandler nobody\n</Files>")
            .config("<Files tiny.txt>\nMirrorBrainMinSize 100\n</Files>")
            .config(compatible)
            .start()
            .0
    };
    let post = |httpd: &Httpd, path: &str| {
        let headers = [GERMANY, &[("Content-Length", "3")]].concat();
        let request = [&request("POST", path, &headers)[..], b"a=b"].concat();
        httpd.raw(&request).expect("an answer")
    };
    let best = site("handlers_post", "MirrorBrainCompatible Off");
    let answer = post(&best, "/rel/orange-1.0.iso");
    assert_eq!(answer.status, 405, "{}", answer.text());
    let allow = answer.header("Allow").expect("Allow");
    let mut allow: Vec<&str> = allow.split(',').filter(|&name| name != "TRACE").collect();
    allow.sort_unstable();
    assert_eq!(allow, ["GET", "HEAD", "OPTIONS"]);
    // Another handler's, and a file that is sent from here anyway.
    assert_eq!(post(&best, "/rel/script.cgi").status, 200);
    assert_eq!(post(&best, "/rel/tiny.txt").status, 200);
    assert_eq!(post(&best, "/rel/none.iso").status, 404);
    // As MirrorBrain 2.19, and httpd by itself.
    let compatible = site("handlers_post_219", "");
    let answer = post(&compatible, "/rel/orange-1.0.iso");
    assert_eq!((answer.status, answer.text().as_str()), (200, "content"));
}
