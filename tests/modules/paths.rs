//! From names to keys: links and directories that change while requests come.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site};

fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .hashed("v1/full.iso", b"one")
        .hashed("v2/full.iso", b"two")
}

fn location(httpd: &Httpd, path: &str) -> String {
    httpd.get_with(path, GERMANY).location()
}

/// The real path of a file is remembered, but only for the file that it was found for.
#[test]
fn a_link_that_is_moved_leads_elsewhere_at_once() {
    let (httpd, _) = site("paths_link").start();
    let tree = httpd.tree();
    for (version, other) in [("v1", "v2"), ("v2", "v1"), ("v1", "v2")] {
        let link = tree.join("current");
        symlink(version, tree.join("new")).expect("link");
        fs::rename(tree.join("new"), &link).expect("moved into place");
        for _ in 0..20 {
            let found = location(&httpd, "/current/full.iso");
            assert_eq!(
                found,
                format!("http://berlin.example/{version}/full.iso"),
                "not {other}"
            );
        }
    }
}

/// A directory that is renamed under a link leads to the same files: the new name is known after
/// two seconds.
#[test]
fn a_directory_that_is_renamed_under_a_link_is_found_again() {
    let (httpd, _) = site("paths_rename").start();
    let tree = httpd.tree();
    symlink("v1", tree.join("current")).expect("link");
    assert_eq!(
        location(&httpd, "/current/full.iso"),
        "http://berlin.example/v1/full.iso"
    );
    fs::remove_dir_all(tree.join("v2")).expect("removed");
    fs::rename(tree.join("v1"), tree.join("v2")).expect("renamed");
    fs::remove_file(tree.join("current")).expect("removed");
    symlink("v2", tree.join("current")).expect("link");
    let deadline = Instant::now() + Duration::from_secs(10);
    while location(&httpd, "/current/full.iso") != "http://berlin.example/v2/full.iso" {
        assert!(Instant::now() < deadline, "still the old name");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What a mask says of a path is remembered with the file; the same file has other paths, and other
/// sections have other masks.
#[test]
fn a_file_under_two_paths_is_excluded_by_the_mask_of_each() {
    let (httpd, _) = site("paths_mask")
        .httpd(|builder| builder.stock(&["alias"]))
        .config(
            "Alias /plain \"@TREE@/v1\"\n<Location /plain>\n\
             MirrorBrainExcludeFileMask ^/plain/full\n</Location>\n\
             <Location /v1>\nMirrorBrainExcludeFileMask ^/plain/full\n</Location>\n\
             <If \"%{QUERY_STRING} == 'none'\">\nMirrorBrainExcludeFileMask iso$\n</If>",
        )
        .start();
    let status = |path: &str| httpd.get_with(path, GERMANY).status;
    for _ in 0..3 {
        assert_eq!(status("/v1/full.iso"), 302);
        assert_eq!(status("/plain/full.iso"), 200);
        assert_eq!(status("/v1/full.iso?none"), 200);
        assert_eq!(status("/plain/full.iso?none"), 200);
        assert_eq!(status("/v1/full.iso"), 302);
    }
}

/// A file is saved under the name that was asked for, and `sha256sum -c` looks for it there.
#[test]
fn hash_lines_carry_the_name_that_was_asked_for() {
    let (httpd, _) = site("paths_hash_names")
        .httpd(|builder| builder.stock(&["rewrite"]))
        .config(
            "RewriteEngine On\n<Directory \"@TREE@\">\nRewriteEngine On\n\
             RewriteRule ^latest\\.iso(.*)$ /v1/full.iso$1\n\
             RewriteRule ^hash/(.*) /v1/$1.sha256\n</Directory>",
        )
        .start();
    symlink("v1/full.iso", httpd.tree().join("current.iso")).expect("link");
    for (path, name) in [
        ("/v1/full.iso.sha256", "full.iso"),
        ("/current.iso.sha256", "current.iso"),
        ("/current.iso?sha256", "current.iso"),
        // Led on by mod_rewrite: curl -O saves it as latest.iso, too.
        ("/latest.iso.sha256", "latest.iso"),
        ("/latest.iso?sha256", "latest.iso"),
        // What was asked for is no name of the file.
        ("/hash/full.iso", "full.iso"),
    ] {
        let text = httpd.get(path).text();
        let line = text
            .strip_suffix('\n')
            .and_then(|line| line.split_once("  "));
        assert_eq!(line.map(|(_, name)| name), Some(name), "{path}: {text}");
    }
    // What a client saves under a name that the document says has the file's own.
    let metalink = httpd.get("/current.iso.meta4").text();
    assert!(metalink.contains("<file name=\"full.iso\">"), "{metalink}");
}
