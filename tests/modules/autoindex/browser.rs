//! What a browser makes of a listing with links.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use harness::command::{find, run};
use harness::temp_dir;
use scraper::{Html, Selector};

use super::links::{site, start};

/// Loads listings in a frame and writes down where Chromium puts their links.
const PROBE: &str = r#"<!DOCTYPE html>
<title>probe</title>
<iframe id="frame" width="1200" height="800"></iframe>
<script>
const frame = document.getElementById("frame");
const left = (box) => Math.round(box.left);
frame.onload = () => {
    const page = frame.contentDocument;
    const details = [...page.querySelectorAll("a")].filter((a) => a.textContent === "Details");
    const body = document.body.dataset;
    body.count = details.length;
    body.scripts = page.scripts.length;
    body.columns = new Set(details.map((a) => left(a.getBoundingClientRect()))).size;
    body.visible = details.filter((a) => a.getBoundingClientRect().width > 0).length;
    const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        if (texts.currentNode.textContent.trim().startsWith("Metadata")) {
            const range = page.createRange();
            const start = texts.currentNode.textContent.indexOf("Metadata");
            range.setStart(texts.currentNode, start);
            range.setEnd(texts.currentNode, start + 8);
            const heading = range.getBoundingClientRect();
            const link = details[0].getBoundingClientRect();
            body.above = heading.bottom <= link.top && heading.right > link.left;
        }
    }
};
frame.src = "/files/" + location.search;
</script>
"#;

fn chromium() -> PathBuf {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(find)
        .expect("chromium is installed")
}

/// What a visitor prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    /// By the number that Chromium has for it.
    fn argument(self) -> &'static str {
        match self {
            Self::Dark => "--blink-settings=preferredColorScheme=0",
            Self::Light => "--blink-settings=preferredColorScheme=1",
        }
    }
}

/// The attributes that the probe left on the page's body.
pub fn probe(url: &str) -> impl Fn(&str) -> String + use<> {
    probe_as(url, Scheme::Light)
}

/// The same for a visitor who prefers such pages.
pub fn probe_as(url: &str, scheme: Scheme) -> impl Fn(&str) -> String + use<> {
    let profile = temp_dir("chromium");
    let dom = run(Command::new(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args(["--disable-quic", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        .args(["--window-size=1280,800", scheme.argument()])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=10000", "--dump-dom", url]));
    let document = Html::parse_document(&dom);
    let body = Selector::parse("body").expect("selector");
    let body = document
        .select(&body)
        .next()
        .map(|body| body.value().clone());
    move |name| {
        let body = body
            .as_ref()
            .and_then(|body| body.attr(&format!("data-{name}")));
        body.unwrap_or("missing").to_owned()
    }
}

#[test]
fn a_browser_shows_the_links_in_one_column() {
    let site = site(
        "autoindex_browser",
        "IndexOptions FancyIndexing HTMLTable NameWidth=* Mirrorlist Metalink\n\
         AddDescription \"an <b>image</b>\" *.iso",
    )
    .file("files/<script>document.title='taken'<script>.iso", 1 << 20);
    let builder = site.builder().ours(&["autoindex_mb"]);
    fs::write(builder.tree().join("probe.html"), PROBE).expect("probe");
    let httpd = start(builder);
    for (format, columns) in [("?F=2", Some("1")), ("?F=1", Some("1")), ("?F=0", None)] {
        let shown = probe(&httpd.url(&format!("/probe.html{format}")));
        assert_eq!(shown("count"), "6", "{format}");
        assert_eq!(shown("visible"), "6", "{format}");
        assert_eq!(shown("scripts"), "0", "{format}");
        if let Some(columns) = columns {
            assert_eq!(shown("columns"), columns, "{format}");
            assert_eq!(shown("above"), "true", "{format}");
        }
    }
}
