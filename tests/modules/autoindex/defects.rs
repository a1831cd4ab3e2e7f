//! Defects of the original mod_autoindex_mb, one test each, under the names of the list.

use harness::files::sparse;
use harness::httpd::Httpd;

use crate::site::Site;

fn listed(name: &str, lines: &str) -> Httpd {
    Site::new(name)
        .file("files/a.iso", 1 << 20)
        .file("files/off/b.iso", 1 << 20)
        .file("files/kept.local", 1 << 20)
        .file("files/note.txt", 1 << 20)
        .directory("Options +Indexes\nIndexOptions FancyIndexing HTMLTable Mirrorlist Metalink")
        .directory(lines)
        .builder()
        .ours(&["autoindex_mb"])
        .start()
}

#[test]
fn x01_the_metalink_option_adds_a_link() {
    let httpd = listed("x01", "IndexOptions -Mirrorlist");
    let page = httpd.get("/files/").text();
    assert!(
        page.contains("<a href=\"a.iso.meta4\">Metalink</a>"),
        "{page}"
    );
    let metalink = httpd.get("/files/a.iso.meta4");
    assert_eq!(
        metalink.status, 404,
        "no mirror has it, but the engine answers"
    );
}

#[test]
fn x02_links_stand_only_where_the_engine_answers() {
    let httpd = listed(
        "x02",
        "MirrorBrainExcludeFileMask \\.local$\nMirrorBrainExcludeMimeType text/*\n\
         </Directory>\n<Directory \"@TREE@/files/off\">\nMirrorBrainEngine Off",
    );
    let page = httpd.get("/files/").text();
    assert!(page.contains("a.iso.mirrorlist"), "{page}");
    for excluded in ["kept.local", "note.txt"] {
        assert!(page.contains(excluded), "{excluded} is listed");
        assert!(!page.contains(&format!("{excluded}.mirrorlist")), "{page}");
    }
    let off = httpd.get("/files/off/").text();
    assert!(
        off.contains("b.iso\"") && !off.contains("b.iso.mirrorlist"),
        "{off}"
    );
}

#[test]
fn x03_plain_lists_have_the_links_too() {
    let httpd = listed("x03", "IndexOptions -FancyIndexing -HTMLTable");
    let page = httpd.get("/files/?F=0").text();
    let line = "<li><a href=\"a.iso\"> a.iso</a> <a href=\"a.iso.mirrorlist\">Details</a> \
                <a href=\"a.iso.meta4\">Metalink</a></li>";
    assert!(page.contains(line), "{page}");
}

#[test]
fn x04_the_words_of_httpd_2_4_are_known() {
    let builder = Httpd::builder()
        .ours(&["autoindex_mb"])
        .stock(&["mime", "dir"]);
    sparse(&builder.tree(), "bare/x", 1, 0);
    let mut httpd = builder
        .config(
            "<Directory \"@TREE@\">\nOptions +Indexes\n\
             IndexOptions FancyIndexing HTMLTable UseOldDateFormat AddAltClass Charset=UTF-8\n\
             IndexIgnoreReset On\nIndexStyleSheet /s.css\n</Directory>\n\
             <Directory \"@TREE@/bare\">\nOptions -Indexes\nIndexForbiddenReturn404 On\n</Directory>",
        )
        .start();
    let page = httpd.get("/");
    assert_eq!(
        page.header("Content-Type").as_deref(),
        Some("text/html;charset=UTF-8")
    );
    assert!(
        page.text().contains("<tr class=\"even-dir\">"),
        "{}",
        page.text()
    );
    assert_eq!(httpd.get("/bare/").status, 404);
    httpd.expect_log("server-generated directory index forbidden");
}

#[test]
fn x05_pages_are_html_4_or_xhtml_1_with_iso_dates() {
    let httpd = listed("x05", "");
    let page = httpd.get("/files/").text();
    // Which one says httpd; the oracle compares the whole line.
    assert!(page.starts_with("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML "));
    assert!(!page.contains("<br"), "{page}");
    assert!(page.contains(">2023-11-14 2"), "{page}");
}

#[test]
fn x06_both_modules_can_be_loaded() {
    for ours_first in [true, false] {
        let builder = Httpd::builder().stock(&["dir", "mime"]);
        sparse(&builder.tree(), "a.iso", 1 << 20, 0);
        sparse(&builder.tree(), "bare/x", 1, 0);
        let load =
            |name: &str, dir: &str| format!("LoadModule {name}_module \"@{dir}@/mod_{name}.so\"\n");
        let mut modules = [
            load("autoindex_mb", "MB_MODULES"),
            load("autoindex", "HTTPD_MODULES"),
        ];
        if !ours_first {
            modules.reverse();
        }
        // A directive that mod_autoindex lacks shows who answers.
        let mut httpd = builder
            .config(&modules.concat())
            .config(
                "<Directory \"@TREE@\">\nOptions +Indexes\nIndexOptions FancyIndexing\n</Directory>\n\
                 <Directory \"@TREE@/bare\">\nOptions -Indexes\nIndexForbiddenReturn404 On\n\
                 </Directory>",
            )
            .start();
        assert!(httpd.get("/").text().contains("a.iso"));
        assert_eq!(httpd.get("/bare/").status, 404, "ours first: {ours_first}");
        httpd.expect_log("server-generated directory index forbidden");
        httpd.expect_log("mod_autoindex_mb and mod_autoindex are both loaded");
    }
}
