//! Modules that change where a request goes, or what becomes of its answer.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use harness::http::Response;

use super::{FILE, located};
use crate::site::{BERLIN, Site};

#[test]
fn mod_rewrite_leads_to_mirrored_files_and_away_from_them() {
    let httpd = Site::new("neighbours_rewrite")
        .server("RewriteEngine On")
        .server("RewriteRule ^/latest\\.iso(.*)$ /iso/full.iso$1 [PT]")
        .server("RewriteRule ^/iso/(most\\.iso.*)$ http://archive.example.org/$1 [R=301,L]")
        .directory("RewriteEngine On\nRewriteRule ^old/(.*)$ /iso/$1 [L]")
        .directory("RewriteCond %{HTTP_USER_AGENT} robot\nRewriteRule ^iso/ - [F]")
        .builder()
        .stock(&["rewrite"])
        .start();
    let direct = httpd.get_with(FILE, &BERLIN);
    assert_eq!(direct.status, 302);
    for path in ["/latest.iso", "/old/full.iso"] {
        let answer = httpd.get_with(path, &BERLIN);
        assert_eq!(answer.status, 302, "{path}");
        assert_eq!(answer.location(), direct.location(), "{path}");
        assert_eq!(answer.headers("Digest"), direct.headers("Digest"), "{path}");
        let metalink = httpd.get_with(&format!("{path}.meta4"), &BERLIN);
        assert_eq!(metalink.status, 200, "{path}");
        assert!(
            metalink.text().contains("<file name=\"full.iso\">"),
            "{path}"
        );
    }
    let moved = httpd.get_with("/iso/most.iso", &BERLIN);
    let target = "http://archive.example.org/most.iso";
    assert_eq!((moved.status, moved.location().as_str()), (301, target));
    assert_eq!(moved.header("X-MirrorBrain-Mirror"), None);
    let robot = httpd.get_with(FILE, &[("User-Agent", "a robot")]);
    assert_eq!((robot.status, robot.location().as_str()), (403, ""));
}

#[test]
fn mod_cache_gives_no_client_what_was_chosen_for_another() {
    for quick in ["On", "Off"] {
        let builder = located(&format!("neighbours_cache_{}", quick.to_lowercase()));
        let cache = builder.work().join("cache");
        std::fs::create_dir(&cache).expect("the cache");
        // The children run as another user.
        let all = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&cache, all).expect("the cache's mode");
        let httpd = builder
            .stock(&["cache", "cache_disk", "remoteip"])
            .config("RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1")
            .config(&format!(
                "CacheQuickHandler {quick}\nCacheHeader On\nCacheEnable disk /"
            ))
            .config("CacheRoot \"@WORK@/cache\"\nCacheIgnoreNoLastMod On")
            .config("<Location /small>\nMirrorBrainMinSize 100000000\n</Location>")
            .start();
        let ask = |path: &str, client: &str| -> Response {
            httpd.get_with(path, &[("X-Forwarded-For", client)])
        };
        let hit = |answer: &Response| {
            let cache = answer.header("X-Cache").unwrap_or_default();
            cache.starts_with("HIT")
        };
        for round in 0..3 {
            for (client, country) in [("192.0.2.7", ".jp."), ("198.51.100.7", ".de.")] {
                let redirect = ask(FILE, client);
                assert!(!hit(&redirect), "{quick} {round}: {redirect:?}");
                assert!(redirect.location().contains(country), "{redirect:?}");
                for kind in ["meta4", "metalink", "mirrorlist"] {
                    let document = ask(&format!("{FILE}.{kind}"), client);
                    assert_eq!(document.status, 200, "{kind}");
                    let text = document.text();
                    let of = |country: &str| text.find(country).unwrap_or(usize::MAX);
                    let first = of(".jp.") < of(".de.");
                    assert_eq!(first, country == ".jp.", "{quick} {kind} {client}: {text}");
                }
            }
        }
        // Which it could: a file is the same for all.
        let small = ["", "", ""].map(|_| hit(&ask("/small/tiny.txt", "192.0.2.7")));
        assert!(small[2], "{small:?}");
    }
}

fn gunzip(body: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut gzip = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip");
    let mut input = gzip.stdin.take().expect("its input");
    let body = body.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&body));
    let mut text = Vec::new();
    let mut output = gzip.stdout.take().expect("its output");
    output.read_to_end(&mut text).expect("the text");
    writer.join().expect("a thread").expect("the input");
    assert!(gzip.wait().expect("gzip").success());
    text
}

#[test]
fn mod_deflate_shrinks_documents_and_their_length_stays_true() {
    let httpd = Site::new("neighbours_deflate")
        .server("SetOutputFilter DEFLATE")
        .builder()
        .stock(&["deflate", "filter"])
        .start();
    let mut encoded = BERLIN.to_vec();
    encoded.push(("Accept-Encoding", "gzip"));
    for kind in [
        ".meta4",
        ".metalink",
        ".mirrorlist",
        ".sha256",
        ".torrent",
        ".zsync",
    ] {
        let path = format!("{FILE}{kind}");
        let plain = httpd.get_with(&path, &BERLIN);
        let small = httpd.get_with(&path, &encoded);
        assert_eq!(small.status, plain.status, "{path}");
        assert_eq!(small.location(), plain.location(), "{path}");
        if plain.status == 404 {
            continue;
        }
        let encoding = small.header("Content-Encoding");
        assert_eq!(encoding.as_deref(), Some("gzip"), "{path}");
        assert!(small.headers("Vary").join(",").contains("Accept-Encoding"));
        let length = small.header("Content-Length");
        assert!(length.is_none_or(|n| n == small.body.len().to_string()));
        let same = |text: &[u8]| {
            let text = String::from_utf8_lossy(text).into_owned();
            // The time of the answer stands in some.
            let still = |line: &&str| !["published", "pubdate"].iter().any(|w| line.contains(w));
            text.lines()
                .filter(still)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(same(&gunzip(&small.body)), same(&plain.body), "{path}");
    }
}

/// httpd makes the page of a redirect itself, and lets `Header always` add to its headers only:
/// those that a handler has set are out of mod_headers' reach then, whoever the handler is.
#[test]
fn mod_headers_adds_to_redirects_and_changes_documents() {
    let httpd = Site::new("neighbours_headers")
        .server("Header always set X-Served-By one\nHeader always append Vary X-Mine")
        .server("Header set Content-Disposition inline\nHeader unset Cache-Control")
        .builder()
        .stock(&["headers"])
        .start();
    let redirect = httpd.get_with(FILE, &BERLIN);
    assert_eq!(redirect.status, 302);
    assert_eq!(redirect.header("X-Served-By").as_deref(), Some("one"));
    let vary = redirect.headers("Vary").join(", ");
    assert!(vary.contains("Accept") && vary.contains("X-Mine"), "{vary}");
    let meta4 = httpd.get_with(&format!("{FILE}.meta4"), &BERLIN);
    let disposition = meta4.header("Content-Disposition");
    assert_eq!(disposition.as_deref(), Some("inline"));
    assert_eq!(meta4.header("Cache-Control"), None);
    assert_eq!(meta4.header("X-Served-By").as_deref(), Some("one"));
}
