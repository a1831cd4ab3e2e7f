//! Engines of `<Location>` sections: paths are relative to the document root, which is remembered
//! from one request to the next.

use std::fs;

use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site};

/// A site whose engine is on in `<Location />`, and nowhere else.
fn site(name: &str, mirror: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new(mirror, "eu", "de"))
        .directory("MirrorBrainEngine Off")
        .config("<Location />\nMirrorBrainEngine On\n</Location>")
}

/// Where a file of a virtual host is redirected to.
#[track_caller]
fn location(httpd: &Httpd, host: &str, path: &str) -> String {
    let headers = [GERMANY, &[("Host", host)]].concat();
    httpd.get_with(path, &headers).location()
}

/// Finding out where a file lies takes system calls that the next request for it need not do again.
#[test]
fn an_engine_of_a_location_remembers_files_between_requests() {
    const REQUESTS: usize = 50;
    let site = site("roots_calls", "berlin").hashed("pub/full.iso", b"content");
    let mut calls = None;
    let httpd = site.httpd(|builder| {
        let file = builder.work().join("calls");
        calls = Some(file.clone());
        builder.traced([
            "-e",
            "trace=readlink,readlinkat",
            "-o",
            &file.to_string_lossy(),
        ])
    });
    let httpd = httpd.start().0;
    for _ in 0..REQUESTS {
        let found = location(&httpd, "download.example.org", "/pub/full.iso");
        assert_eq!(found, "http://berlin.example/pub/full.iso");
    }
    let calls = calls.and_then(|file| fs::read_to_string(file).ok());
    let calls = calls.expect("calls");
    let resolved = calls.matches("/proc/self/fd/").count();
    // Once for the file and once for the root, and again as time goes by.
    assert!((2..REQUESTS / 2).contains(&resolved), "{resolved}");
}

/// One file lies below two roots, and has two keys; one root belongs to hosts with two databases;
/// and one host has sections with masks of their own.
#[test]
fn what_is_remembered_for_one_host_is_not_believed_of_another() {
    let other = site("roots_other", "paris").file("sub/full.iso", b"content");
    let params = other.params();
    let _other = other.start();
    let host = |name: &str, root: &str, more: &str| {
        format!(
            "<VirtualHost *:@PORT@>\nServerName {name}\nDocumentRoot \"@TREE@{root}\"\n{more}\n\
             </VirtualHost>"
        )
    };
    let site = site("roots_hosts", "berlin")
        .file("sub/full.iso", b"content")
        .file("full.iso", b"content")
        .config(&host("whole", "", ""))
        .config(&host("part", "/sub", ""))
        .config(&host("other", "", &format!("DBDParams \"{params}\"")))
        .config(&host(
            "masked",
            "",
            "<Location /sub>\nMirrorBrainExcludeFileMask full\n</Location>",
        ));
    let httpd = site.start().0;
    for _ in 0..5 {
        for (name, path, found) in [
            (
                "whole",
                "/sub/full.iso",
                "http://berlin.example/sub/full.iso",
            ),
            ("part", "/full.iso", "http://berlin.example/full.iso"),
            (
                "other",
                "/sub/full.iso",
                "http://paris.example/sub/full.iso",
            ),
            ("masked", "/sub/full.iso", ""),
            ("masked", "/full.iso", "http://berlin.example/full.iso"),
        ] {
            assert_eq!(location(&httpd, name, path), found, "{name}");
        }
    }
}

/// More roots than are remembered.
#[test]
fn each_of_many_roots_is_its_own() {
    const HOSTS: usize = 40;
    let mut site = site("roots_many", "berlin")
        .httpd(|builder| builder.stock(&["vhost_alias"]))
        .config("UseCanonicalName Off\nVirtualDocumentRoot \"@TREE@/%0\"");
    for n in 0..HOSTS {
        // The database knows the file by its path below the root of its host.
        site = site
            .file(&format!("only-{n}.iso"), b"content")
            .local(format!("host{n}/only-{n}.iso"), b"content");
    }
    let httpd = site.start().0;
    for _ in 0..3 {
        for n in 0..HOSTS {
            let found = location(&httpd, &format!("host{n}"), &format!("/only-{n}.iso"));
            assert_eq!(found, format!("http://berlin.example/only-{n}.iso"));
        }
    }
}
