//! Which files a request can reach, and what it learns of the others.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site};

use crate::documents::ALL;

/// What nobody may learn: the content of a file outside of the tree, and its size.
const OUTSIDE: &str = "content that stays outside";

/// A site with a file, and one beside the tree under the same name.
fn site(name: &str) -> Site {
    let site = Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .hashed("pub/full.iso", b"content")
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .httpd(|builder| {
            let outside = builder.work().join("outside");
            fs::create_dir_all(&outside).expect("directory");
            fs::write(outside.join("full.iso"), OUTSIDE).expect("file");
            builder.stock(&[
                "dir",
                "authn_core",
                "authz_host",
                "authz_user",
                "auth_basic",
                "authn_file",
            ])
        });
    site.directory("AcceptPathInfo On\nOptions FollowSymLinks")
}

fn representations(path: &str) -> Vec<String> {
    let named = ALL.iter().map(|name| format!("{path}.{name}"));
    let asked = ALL.iter().map(|name| format!("{path}?{name}"));
    named.chain(asked).collect()
}

/// Asks in every way; nothing of the file outside, no path of this machine and no mirror may come.
#[track_caller]
fn assert_contained(httpd: &Httpd, target: &str) {
    for target in representations(target)
        .into_iter()
        .chain([target.to_owned()])
    {
        let request = harness::http::request("GET", &target, GERMANY);
        let answer = httpd.raw(&request).expect("an answer");
        assert!(
            [400, 403, 404].contains(&answer.status),
            "{target}: {answer:?}"
        );
        let whole = format!("{:?}{}", answer.headers, answer.text());
        for secret in [OUTSIDE, "berlin.example", "root:", "mirrorbrain-httpd-"] {
            assert!(!whole.contains(secret), "{target}: {whole}");
        }
    }
}

#[test]
fn no_spelling_of_a_path_leaves_the_tree() {
    for slashes in ["Off", "On", "NoDecode"] {
        let mut httpd = site(&format!("paths_spelling_{}", slashes.to_lowercase()))
            .config(&format!("AllowEncodedSlashes {slashes}"))
            .start()
            .0;
        httpd.allow("AH00026"); // an encoded slash
        httpd.allow("AH00127"); // a name that cannot be
        httpd.allow("AH00036");
        httpd.allow("AH10244"); // a path that leads above the root
        for target in [
            "/../outside/full.iso",
            "/pub/../../outside/full.iso",
            "/pub/%2e%2e/%2e%2e/outside/full.iso",
            "/pub/..%2f..%2foutside%2ffull.iso",
            "/pub/.%2e/%2e./outside/full.iso",
            "/pub/%252e%252e/%252e%252e/outside/full.iso",
            "/pub/..%252f..%252foutside/full.iso",
            "/pub/..%5c..%5coutside%5cfull.iso",
            "/pub/..\\..\\outside\\full.iso",
            "/pub/%c0%ae%c0%ae/%c0%ae%c0%ae/outside/full.iso",
            "/pub/..;/..;/outside/full.iso",
            "//..//outside/full.iso",
            "/pub/full.iso%00",
            "/pub/full.iso%00.meta4",
            "/pub/%00/../../outside/full.iso",
            "/pub%2f..%2f..%2foutside/full.iso",
            "/%2e%2e%2foutside%2ffull.iso",
            "/etc/passwd",
            "/%2fetc%2fpasswd",
        ] {
            assert_contained(&httpd, target);
        }
        // The same file by other names is the same file: the key is that of the real path.
        for target in [
            "/pub/./full.iso",
            "/pub//full.iso",
            "/x/../pub/full.iso",
            "/pub/%66ull.iso",
        ] {
            let answer = httpd.get_with(target, GERMANY);
            assert_eq!(
                answer.location(),
                "http://berlin.example/pub/full.iso",
                "{target}"
            );
        }
    }
}

#[test]
fn of_a_link_that_leaves_the_tree_nothing_is_told_but_its_content() {
    let site = site("paths_links").httpd(|builder| {
        let (tree, outside) = (builder.tree(), builder.work().join("outside"));
        fs::create_dir_all(tree.join("pub")).expect("directory");
        symlink(outside.join("full.iso"), tree.join("pub/link.iso")).expect("link");
        symlink(&outside, tree.join("pub/dir")).expect("link");
        builder.config(&format!(
            "<Directory \"{}\">\nRequire all granted\n</Directory>",
            outside.display()
        ))
    });
    let httpd = site.start().0;
    for path in ["/pub/link.iso", "/pub/dir/full.iso"] {
        // Options FollowSymLinks is the administrator's word that links are served.
        let file = httpd.get_with(path, GERMANY);
        assert_eq!((file.status, file.text().as_str()), (200, OUTSIDE));
        for target in representations(path) {
            assert_eq!(httpd.get_with(&target, GERMANY).status, 404, "{target}");
        }
    }
}

#[test]
fn a_document_about_a_file_is_refused_to_whom_the_file_is_refused() {
    let site = site("paths_access")
        .hashed("pub/secret.iso", b"content")
        .hashed("pub/members.iso", b"content")
        .hashed("pub/here.iso", b"content")
        .httpd(|builder| {
            let tree = builder.tree();
            fs::create_dir_all(tree.join("strict")).expect("directory");
            symlink(tree.join("pub/full.iso"), tree.join("strict/link.iso")).expect("link");
            builder
        })
        .config("<Files secret.iso>\nRequire all denied\n</Files>")
        .config("<Location /pub/here.iso>\nRequire ip 192.0.2.0/24\n</Location>")
        .config("<FilesMatch \"^members\\.iso$\">\nAuthType Basic\nAuthName m\nRequire valid-user")
        .config("AuthUserFile \"@WORK@/users\"\n</FilesMatch>")
        .config("<Directory \"@TREE@/strict\">\nOptions -FollowSymLinks\n</Directory>");
    let mut httpd = site.start().0;
    // joe, whose password is "secret"
    let users = "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
    fs::write(httpd.work().join("users"), users).expect("users");
    httpd.allow("AH01630"); // refused by the server's configuration
    httpd.allow("AH00032"); // a link that must not be followed
    for name in ALL {
        let status = |path: &str| httpd.get_with(&format!("{path}.{name}"), GERMANY).status;
        for path in ["/pub/secret.iso", "/pub/here.iso", "/strict/link.iso"] {
            assert_eq!(status(path), 403, "{path}.{name}");
        }
        let asked = httpd.get_with(&format!("/pub/members.iso.{name}"), GERMANY);
        assert_eq!(asked.status, 401, "{name}");
        assert_eq!(
            asked.header("WWW-Authenticate").as_deref(),
            Some("Basic realm=\"m\"")
        );
    }
    let joe = [("Authorization", "Basic am9lOnNlY3JldA==")];
    assert_eq!(httpd.get_with("/pub/members.iso.sha256", &joe).status, 200);
    assert_eq!(httpd.get_with("/pub/full.iso.sha256", GERMANY).status, 200);
}

/// A directory turns into a link out of the tree and back, again and again, while files in it are
/// asked for. An answer is about one of the two, never about a mix.
#[test]
fn a_directory_that_becomes_a_link_during_a_request_gives_nothing_away() {
    let site = site("paths_swap")
        .hashed("swap/full.iso", b"content")
        .config("<Directory \"@TREE@/swap\">\nRequire all granted\n</Directory>");
    let mut httpd = site.start().0;
    httpd.allow("AH00"); // names that are gone in between, and links out of the tree
    httpd.allow("AH01630");
    let (tree, outside) = (httpd.tree(), httpd.work().join("outside"));
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || {
            let (real, aside, link) = (tree.join("swap"), tree.join("aside"), tree.join("link"));
            while !stop.load(Ordering::Relaxed) {
                symlink(&outside, &link).expect("link");
                fs::rename(&real, &aside).expect("directory aside");
                fs::rename(&link, &real).expect("link in its place");
                fs::remove_file(&real).expect("link away");
                fs::rename(&aside, &real).expect("directory back");
            }
        })
    };
    for round in 0..60 {
        for target in [
            "/swap/full.iso",
            "/swap/full.iso.meta4",
            "/swap/full.iso?mirrorlist",
        ] {
            let answer = httpd.get_with(target, GERMANY);
            let text = answer.text();
            match answer.status {
                302 => assert_eq!(answer.location(), "http://berlin.example/swap/full.iso"),
                200 => assert!(
                    !text.contains(&format!("<size>{}<", OUTSIDE.len())),
                    "{text}"
                ),
                status => assert!([403, 404].contains(&status), "{round}: {target}: {status}"),
            }
            assert!(!text.contains("outside/full.iso"), "{target}: {text}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    swapping.join().expect("swapping");
}
