//! `IndexOptions Mirrorlist` and `Metalink`.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use harness::files::sparse;
use harness::httpd::{Builder, Httpd};
use scraper::{Html, Selector};

use crate::site::Site;

const MODES: [&str; 5] = [
    "",
    "FancyIndexing",
    "FancyIndexing XHTML",
    "FancyIndexing HTMLTable",
    "FancyIndexing HTMLTable XHTML",
];

/// A site with the engine on and one directory `files` that is listed.
pub fn site(name: &str, options: &str) -> Site {
    Site::new(name)
        .file("files/a.iso", 1 << 20)
        .file("files/tiny", 1)
        .file("files/no&<\"%.iso", 1 << 20)
        .file("files/kept.local", 1 << 20)
        .file("files/note.txt", 1 << 20)
        .file("files/dir/inside", 1)
        .directory("Options +Indexes +FollowSymLinks")
        .directory(options)
}

/// The site's httpd with the module. `probe.html` at its root stays a file.
pub fn start(builder: Builder) -> Httpd {
    builder
        .config("<Files probe.html>\nMirrorBrainEngine Off\n</Files>")
        .start()
}

fn run(site: Site) -> Httpd {
    start(site.builder().ours(&["autoindex_mb"]))
}

/// Where the links of a page lead, by their text.
fn links(page: &str, text: &str) -> Vec<String> {
    let selector = Selector::parse("a").expect("selector");
    Html::parse_document(page)
        .select(&selector)
        .filter(|link| link.text().collect::<String>() == text)
        .filter_map(|link| link.value().attr("href").map(str::to_owned))
        .collect()
}

#[test]
fn files_have_links_in_every_mode() {
    for (number, mode) in MODES.iter().enumerate() {
        let site = site(
            &format!("links_mode_{number}"),
            &format!("IndexOptions {mode} Mirrorlist Metalink"),
        );
        let httpd = run(site);
        let page = httpd.get("/files/").text();
        let stems = ["a.iso", "kept.local", "no&<\"%.iso", "note.txt", "tiny"];
        let encoded = [
            "a.iso",
            "kept.local",
            "no&%3c%22%25.iso",
            "note.txt",
            "tiny",
        ];
        for (text, suffix) in [("Details", "mirrorlist"), ("Metalink", "meta4")] {
            let expected: Vec<String> = encoded.iter().map(|e| format!("{e}.{suffix}")).collect();
            assert_eq!(links(&page, text), expected, "{mode}: {page}");
        }
        for (stem, encoded) in stems.iter().zip(encoded) {
            let status = |suffix| httpd.get(&format!("/files/{encoded}.{suffix}")).status;
            assert_eq!(status("mirrorlist"), 200, "{stem}");
        }
        assert!(page.contains("MirrorBrain</a></address>"), "{page}");
    }
}

/// Where a file really lies counts, and by which URL it is listed does not.
#[test]
fn links_stand_for_files_in_the_tree_of_the_engine() {
    for (number, mode) in MODES.iter().enumerate() {
        let site = site(
            &format!("links_tree_{number}"),
            &format!("IndexOptions {mode} Mirrorlist\nMirrorBrainExcludeMimeType text/*"),
        );
        let builder = site.builder().ours(&["autoindex_mb"]);
        let (tree, outside) = (builder.tree(), harness::temp_dir("outside"));
        sparse(outside.path(), "far.iso", 1 << 20, 1_700_000_000);
        sparse(&tree, "files/html.iso", 1 << 20, 1_700_000_000);
        let far = outside.path().join("far.iso");
        for (link, target) in [
            ("files/link.iso", Path::new("a.iso")),
            ("files/link.txt", Path::new("a.iso")),
            ("files/far.iso", &far),
            ("files/chain.iso", Path::new("far.iso")),
            ("files/lost.iso", Path::new("nothing")),
            ("here", Path::new("files")),
            ("there", outside.path()),
        ] {
            symlink(target, tree.join(link)).expect("link");
        }
        let httpd = start(builder.config(
            "<Directory \"@TREE@/files\">\n<Files html.iso>\nForceType text/html\n</Files>\n\
             </Directory>",
        ));
        // link.txt and note.txt are text by their names, html.iso by its section.
        let linked = [
            "a.iso",
            "kept.local",
            "link.iso",
            "no&%3c%22%25.iso",
            "tiny",
        ];
        let linked = linked.map(|name| format!("{name}.mirrorlist"));
        let page = httpd.get("/files/").text();
        assert_eq!(links(&page, "Details"), linked, "{mode}: {page}");
        for name in ["chain.iso", "far.iso", "html.iso", "link.txt", "note.txt"] {
            assert!(page.contains(name), "{name} is listed: {page}");
        }
        assert!(!page.contains("lost.iso"), "{page}");
        assert_eq!(links(&httpd.get("/there/").text(), "Details"), [""; 0]);
        for url in ["/files/a.iso", "/files/link.iso"] {
            assert_eq!(httpd.get(&format!("{url}.mirrorlist")).status, 200, "{url}");
        }
        for url in ["/files/far.iso", "/files/chain.iso", "/there/far.iso"] {
            assert_eq!(httpd.get(&format!("{url}.mirrorlist")).status, 404, "{url}");
        }
    }
}

#[test]
fn a_base_behind_a_link_has_links_too() {
    let site = site("links_base", "").directory("</Directory>\n<Directory \"@TREE@/here\">");
    let site = site.directory("MirrorBrainEngine On\nIndexOptions FancyIndexing Mirrorlist");
    let builder = site.builder().ours(&["autoindex_mb"]);
    symlink("files", builder.tree().join("here")).expect("link");
    let page = start(builder).get("/here/").text();
    assert_eq!(links(&page, "Details").len(), 5, "{page}");
}

/// A listing has what stays, whatever comes and goes while it is made.
#[test]
fn files_may_vanish_while_they_are_listed() {
    let httpd = run(site("links_vanish", "IndexOptions Mirrorlist"));
    let files = httpd.tree().join("files");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let names = (0..50).map(|n| files.join(format!("brief{n}")));
                let names: Vec<_> = names.collect();
                names
                    .iter()
                    .for_each(|name| std::fs::write(name, "").expect("file"));
                names
                    .iter()
                    .for_each(|name| std::fs::remove_file(name).expect("file"));
            }
        });
        let pages: Vec<String> = (0..300)
            .map(|n| httpd.get(&format!("/files/?F={}", n % 3)).text())
            .collect();
        done.store(true, Ordering::Relaxed);
        for page in pages {
            assert!(page.contains("tiny") && page.contains("a.iso"), "{page}");
            assert!(page.ends_with("</body></html>\n"), "{page}");
        }
    });
}

#[test]
fn each_option_adds_its_own_link() {
    let page = |name: &str, option: &str| {
        let options = format!("IndexOptions FancyIndexing HTMLTable {option}");
        run(site(name, &options)).get("/files/").text()
    };
    let mirrorlist = page("links_mirrorlist", "Mirrorlist");
    assert_eq!(links(&mirrorlist, "Details").len(), 5);
    assert_eq!(links(&mirrorlist, "Metalink").len(), 0);
    let metalink = page("links_metalink", "Metalink");
    assert_eq!(links(&metalink, "Details").len(), 0);
    assert_eq!(links(&metalink, "Metalink").len(), 5);
    let none = page("links_none", "");
    assert!(
        !none.contains("Metadata") && !none.contains("MirrorBrain"),
        "{none}"
    );
}

#[test]
fn the_table_has_one_cell_more_in_every_row() {
    let options = "IndexOptions FancyIndexing HTMLTable Mirrorlist\nIndexStyleSheet /s.css";
    let page = run(site("links_cells", options)).get("/files/").text();
    let document = Html::parse_document(&page);
    let select = |css: &str| Selector::parse(css).expect("selector");
    let headings: Vec<String> = document
        .select(&select("tr.indexhead th"))
        .map(|cell| cell.text().collect())
        .collect();
    assert_eq!(headings.last().map(String::as_str), Some("Metadata"));
    assert_eq!(headings.len(), 6);
    for row in document.select(&select("tr.even, tr.odd")) {
        assert_eq!(row.select(&select("td")).count(), 6);
        let name: String = row
            .select(&select("td.indexcolname"))
            .flat_map(|cell| cell.text())
            .collect();
        let last = row.select(&select("td.indexcolmeta a")).count();
        let is_directory = name.trim_end().ends_with('/') || name.contains("Parent");
        assert_eq!(last, usize::from(!is_directory), "{name}");
    }
    let rule = document.select(&select("tr.indexbreakrow th")).next();
    assert_eq!(rule.and_then(|th| th.value().attr("colspan")), Some("6"));
}

#[test]
fn the_line_about_mirrorbrain_stands_where_the_signature_does() {
    let page = |name: &str, lines: &str| {
        let options = format!("IndexOptions Mirrorlist\n{lines}");
        let site = site(name, &options).file("files/sub/x", 1);
        let builder = site.builder().ours(&["autoindex_mb"]);
        let files = builder.tree().join("files");
        std::fs::write(files.join("readme.html"), "<p>mine</p>").expect("file");
        std::fs::write(files.join("readme.txt"), "mine").expect("file");
        builder.start().get("/files/").text()
    };
    let line = "MirrorBrain</a></address>\n</body></html>\n";
    assert!(page("line_off", "ServerSignature Off").ends_with(line));
    let signed = page("line_on", "ServerSignature On");
    assert!(signed.ends_with(line) && signed.matches("<address>").count() == 2);
    assert!(page("line_text", "ReadmeName readme.txt").ends_with(line));
    let html = page("line_html", "ReadmeName readme.html");
    assert!(html.ends_with("<p>mine</p></body></html>\n"), "{html}");
}

#[test]
fn without_mod_mirrorbrain_there_are_no_links() {
    let builder = Httpd::builder()
        .stock(&["mime", "dir"])
        .ours(&["autoindex_mb"]);
    sparse(&builder.tree(), "a.iso", 1 << 20, 1_700_000_000);
    let httpd = builder
        .config("<Directory \"@TREE@\">\nOptions +Indexes\nIndexOptions FancyIndexing HTMLTable Mirrorlist Metalink\n</Directory>")
        .start();
    let page = httpd.get("/").text();
    assert!(links(&page, "Details").is_empty() && links(&page, "Metalink").is_empty());
    assert!(page.contains("a.iso"));
}
