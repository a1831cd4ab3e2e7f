//! `mb export` and `mb mirrorlist`: what others read.

use crate::site::{Site, answer};
use harness::command::run;
use std::fs;
use std::process::Command;

fn git(site: &Site, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(site.path("wc")).args([
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@x",
        "-c",
        "init.defaultBranch=main",
    ]);
    run(command.args(arguments))
}

#[test]
fn statements_make_the_same_mirrors_anew() {
    let site = Site::new("mb_export_sql");
    site.db.sql(
        "UPDATE server SET comment = E'it''s \\\\ $QUOTE$ \\n\"x\"; --', lat = 0, lng = 0, \
         last_scan = NULL, ipv6_only = false",
    );
    let all = "SELECT to_jsonb(s) - 'id' FROM server s ORDER BY identifier";
    let before = site.db.sql(all);
    let statements = site.mb(&["export", "--format", "postgresql"]).ok();
    site.db.sql(&format!("DELETE FROM server; {statements}"));
    assert_eq!(site.db.sql(all), before);
}

#[test]
fn a_working_copy_of_git_is_written_and_committed() {
    let site = Site::new("mb_export_git");
    fs::create_dir(site.path("wc")).expect("wc");
    git(&site, &["init", "--quiet"]);
    git(&site, &["config", "user.name", "x"]);
    git(&site, &["config", "user.email", "x@example.org"]);
    let export = [
        "export",
        "--format",
        "vcs",
        "--target-dir",
        "wc",
        "--commit",
        "git",
    ];
    site.mb(&export).ok();
    site.mb(&["delete", "maple.example"]).ok();
    site.mb(&["score", "balsa", "7"]).ok();
    let dry = site
        .mb(&["export", "--format", "vcs", "--target-dir", "wc", "-n"])
        .ok();
    assert_eq!(
        dry,
        "Would write wc/mirror.balsa.example.gb\nWould remove wc/maple.example\n"
    );
    site.mb(&export).ok();
    let log = git(
        &site,
        &["log", "--oneline", "--name-status", "--format=", "-1"],
    );
    assert_eq!(log, "D\tmaple.example\nM\tmirror.balsa.example.gb\n");
    // Nothing has changed, so there is nothing to commit.
    site.mb(&export).ok();
    assert_eq!(git(&site, &["rev-list", "--count", "HEAD"]), "2\n");
}

#[test]
fn a_name_that_leads_out_of_the_working_copy_is_refused() {
    let site = Site::new("mb_export_name");
    fs::create_dir_all(site.path("wc/.git")).expect("wc");
    site.db
        .sql("UPDATE server SET identifier = '../x' WHERE id = 2");
    let said = site
        .mb(&["export", "--format", "vcs", "--target-dir", "wc"])
        .complaint();
    assert!(
        said.contains("\"../x\" cannot be the name of a file"),
        "{said}"
    );
    assert_eq!(fs::read_dir(site.path("wc")).expect("wc").count(), 1);
}

#[test]
fn the_page_of_mirrors_is_well_formed() {
    let site = Site::new("mb_mirrorlist_xml");
    site.db.sql("UPDATE server SET operator_name = '<b>&\"', operator_url = 'http://x/?a=\"&b' WHERE id = 2");
    let page = site.mb(&["mirrorlist", "-f", "xhtml"]).ok();
    site.write("page", &page);
    let mut xmllint = Command::new("xmllint");
    let xmllint = xmllint
        .args(["--noout", "--nonet", "page"])
        .current_dir(site.dir.path());
    answer(xmllint, "").ok();
    assert!(page.contains("&lt;b&gt;&amp;"), "{page}");
}

#[test]
fn a_list_that_cannot_be_made_leaves_the_old_one() {
    let site = Site::new("mb_mirrorlist_old");
    site.write("list", "old");
    let said = site
        .mb(&["mirrorlist", "-f", "xhtml", "-I", "nosuch", "-o", "list"])
        .complaint();
    assert!(said.contains("nosuch/"), "{said}");
    assert_eq!(fs::read_to_string(site.path("list")).expect("list"), "old");
}

/// As Python's `match`: the name begins with a match. A comment in the expression ends with it.
#[test]
fn a_filter_of_markers_is_matched_at_the_beginning() {
    let site = Site::new("mb_mirrorlist_filter");
    site.db.sql(
        "DELETE FROM marker; INSERT INTO marker (subtree_name, markers) \
         VALUES ('release', 'a'), ('prerelease', 'b'), ('repo', 'c')",
    );
    let names = |filter: &str| {
        let list = site.mb(&["mirrorlist", "-l", "-F", filter]).ok();
        let names = list
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("rel"), ["release"]);
    assert_eq!(names("(?x) re # both"), ["release", "repo"]);
    assert_eq!(names("x|pre"), ["prerelease"]);
}
