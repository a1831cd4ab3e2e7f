//! A browser shows the pages, and nothing in them runs.

use std::fs;

use harness::site::{Mirror, Site};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use crate::autoindex::browser::probe;

/// What a script would do, wherever it got in: it needs no character that a file name cannot have.
const TAKE: &str = "top.document.body.dataset.taken=1";

/// Loads the pages, one after the other, follows each link that is none to another document, and
/// writes down what it found.
const PROBE: &str = r#"<!DOCTYPE html>
<title>probe</title>
<iframe id="frame" width="1200" height="800"></iframe>
<script>
const pages = PAGES;
const frame = document.getElementById("frame");
const found = document.body.dataset;
Object.assign(found, { pages: 0, scripts: 0, handlers: 0, odd: 0, links: 0, taken: 0 });
// A URL that is none has the protocol ":".
const harmless = ["http:", "https:", "magnet:", "ftp:", ":"];
frame.onload = () => {
    const page = frame.contentDocument;
    if (page.URL === "about:blank") return;
    found.pages++;
    found.scripts = +found.scripts + page.scripts.length;
    for (const element of page.querySelectorAll("*")) {
        for (const attribute of element.attributes) {
            if (attribute.name.startsWith("on")) found.handlers++;
        }
    }
    for (const link of page.links) {
        found.links++;
        if (harmless.includes(link.protocol)) continue;
        found.odd++;
        found.what = `${page.URL}: ${link.href}`;
        link.click();
    }
    setTimeout(next, 10);
};
const next = () => { if (pages.length) frame.src = pages.shift(); };
next();
</script>
"#;

fn names() -> [String; 4] {
    [
        format!("<script>{TAKE}<script>.iso"),
        format!("<img src=x onerror={TAKE}>.iso"),
        format!("\" onmouseover='{TAKE}' autofocus onfocus=\"{TAKE}.iso"),
        format!("javascript:{TAKE}"),
    ]
}

fn site() -> Site {
    let mut site = Site::new("scripts");
    let markup = format!("<script>{TAKE}</script>");
    for (number, url) in [
        format!("javascript:{TAKE}//"),
        format!("JavaScript:{TAKE}//"),
        format!(" javascript:{TAKE}//"),
        format!("java\nscript:{TAKE}//"),
        format!("javascript://x.example/%0a{TAKE}"),
        format!("data:text/html,{markup}"),
        format!("http://x.example/\"><img src=x onerror={TAKE}>"),
        format!("http://<svg onload={TAKE}>/"),
        format!("http://u\"onclick=\"{TAKE}@x.example/"),
    ]
    .into_iter()
    .enumerate()
    {
        let identifier = format!("{markup}{number}");
        site = site.mirror(&Mirror {
            place: Some((50.0, 10.0)),
            ..Mirror::new(&identifier, "eu", "<b").at(url)
        });
    }
    for name in names() {
        site = site.hashed(&format!("files/{name}"), b"content");
    }
    site.directory("AcceptPathInfo On\nOptions Indexes FollowSymLinks")
        .directory("IndexOptions FancyIndexing HTMLTable Mirrorlist Metalink")
        .config(&format!(
            "SetEnvIf Remote_Addr . \"GEOIP_COUNTRY_CODE=<i\" \"GEOIP_CONTINENT_CODE=EU\" \\\n\
             \"GEOIP_COUNTRY_NAME={markup}\" \"ASN={markup}\" \"PFX={markup}\" \\\n\
             GEOIP_LATITUDE=50 GEOIP_LONGITUDE=10"
        ))
        .config(&format!(
            "MirrorBrainTorrentTrackerURL \"http://bt.example.org/{markup}\""
        ))
        .config("AddType text/html .probe")
        .httpd(|builder| builder.stock(&["dir"]).ours(&["autoindex_mb"]))
}

/// Pages about every name, asked for in every way that repeats something.
fn pages() -> Vec<String> {
    let encode = |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
    let markup = encode(&format!("<script>{TAKE}</script>"));
    let mut pages = Vec::new();
    for name in names() {
        let file = format!("/files/{}", encode(&name));
        for suffix in [".mirrorlist", "?mirrorlist", ".md5", ".magnet", ".none"] {
            pages.push(format!("{file}{suffix}"));
        }
        pages.push(format!(
            "{file}/{markup}?mirrorlist&country={markup}&as={markup}&{markup}"
        ));
        pages.push(format!("{file}/\"><script>{TAKE}</script>?mirrorlist"));
    }
    for format in ["", "?F=0", "?F=1", "?F=2", "?C=N;O=D"] {
        pages.push(format!("/files/{format}"));
    }
    pages.push(format!("/files/?F=2&C={markup}&P={markup}"));
    pages
}

#[test]
fn nothing_in_a_page_or_listing_runs() {
    let pages = pages();
    let list = serde_json::to_string(&pages)
        .expect("JSON")
        .replace('<', "\\u003c");
    let site = site().httpd(|builder| {
        fs::write(
            builder.tree().join("probe.html"),
            PROBE.replace("PAGES", &list),
        )
        .expect("probe");
        builder
    });
    let mut httpd = site
        .config("<Files probe.html>\nMirrorBrainEngine Off\n</Files>")
        .start()
        .0;
    // The URLs that would run.
    httpd.allow("is no mirror");
    let page = httpd.get(&pages[0]);
    assert!(
        page.status == 200 && page.text().contains("mirrorbrain-mirrors"),
        "{page:?}"
    );
    let shown = probe(&httpd.url("/probe.html"));
    assert_ne!(shown("links"), "0");
    for nothing in ["taken", "scripts", "handlers", "odd"] {
        assert_eq!(shown(nothing), "0", "{nothing}: {}", shown("what"));
    }
    assert_eq!(shown("pages"), pages.len().to_string());
}
