//! Documents about a file are given to whom httpd gives the file: every way to refuse one.

mod instead;
mod ways;

use std::fs;

use harness::httpd::{Builder, Httpd};
use harness::site::{GERMANY, Mirror, Site};

use crate::documents::ALL;

use ways::WAYS;

/// What the ways below need.
const MODULES: [&str; 13] = [
    "dir",
    "alias",
    "rewrite",
    "proxy",
    "proxy_http",
    "actions",
    "allowmethods",
    "authn_core",
    "authn_file",
    "authz_host",
    "authz_user",
    "auth_basic",
    "access_compat",
];

/// A site with the files of all `names`, below /rel.
fn site(database: &str, names: impl IntoIterator<Item = &'static str>) -> Site {
    let site = Site::new(database)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .hashed("rel/free.iso", b"content")
        .local("rel/sorry.html", b"sorry")
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .config("RewriteEngine On")
        .httpd(|builder: Builder| {
            // joe, whose password is "secret"
            let users = "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
            fs::write(builder.work().join("users"), users).expect("users");
            builder.stock(&MODULES)
        });
    names.into_iter().fold(site, |site, name| {
        site.hashed(&format!("rel/{name}.iso"), b"content")
    })
}

/// The configuration of one way for its file.
fn of_file(config: &str, name: &str) -> String {
    config.replace("@FILE@", &format!("/rel/{name}.iso"))
}

/// What the log may say about refusals.
const REFUSALS: [&str; 5] = [
    "AH01630", // refused by the server's configuration
    "AH01797", // the same by mod_access_compat
    "AH01623", // a method
    "AH00957", // the server that is proxied does not answer
    "AH01114",
];

fn start(site: Site) -> Httpd {
    let mut httpd = site.start().0;
    for text in REFUSALS {
        httpd.allow(text);
    }
    httpd
}

#[test]
fn a_document_is_refused_in_every_way_in_which_the_file_is() {
    let names = WAYS.iter().map(|(name, ..)| *name);
    let mut site = site("access_ways", names);
    for (name, config, _) in WAYS {
        site = site.config(&of_file(config, name));
    }
    let site = site.httpd(|builder| {
        let rel = builder.tree().join("rel");
        let htaccess = "<Files htaccess.iso>\nRequire all denied\n</Files>\n";
        fs::write(rel.join(".htaccess"), htaccess).expect(".htaccess");
        builder
    });
    let httpd = start(site);
    for (name, _, status) in WAYS {
        let path = format!("/rel/{name}.iso");
        // What is an answer to the file itself depends on the way; it is no redirect to a mirror.
        let file = httpd.get_with(&path, GERMANY);
        assert!(!file.location().contains("berlin"), "{path}: {file:?}");
        for kind in ALL {
            let answer = httpd.get_with(&format!("{path}.{kind}"), GERMANY);
            assert_eq!(answer.status, *status, "{path}.{kind}: {}", answer.text());
        }
        let answer = httpd.get_with(&format!("{path}.sha256"), GERMANY);
        let challenge = (*status == 401).then_some("Basic realm=\"m\"");
        assert_eq!(answer.header("WWW-Authenticate").as_deref(), challenge);
        assert_eq!(answer.location(), "", "{path}");
    }
    let joe = [("Authorization", "Basic am9lOnNlY3JldA==")];
    assert_eq!(httpd.get_with("/rel/user.iso.sha256", &joe).status, 200);
    let paid = [("Cookie", "paid")];
    assert_eq!(httpd.get_with("/rel/cookie.iso.sha256", &paid).status, 200);
    for kind in ALL {
        let answer = httpd.get_with(&format!("/rel/free.iso.{kind}"), GERMANY);
        assert_eq!(answer.status == 200, kind != "zsync", "{kind}");
    }
}

/// What gives a client the file gives it the document too.
#[test]
fn a_token_in_the_query_counts_for_documents_too() {
    let site = site("access_token", ["token"]).config(
        "<Directory \"@TREE@/rel\">\nRequire expr %{QUERY_STRING} =~ /token=abc/\n</Directory>",
    );
    let httpd = start(site);
    for (query, status) in [("", 403), ("?token=ab", 403), ("?only_hash&token=abc", 200)] {
        let answer = httpd.get(&format!("/rel/token.iso.sha256{query}"));
        assert_eq!(answer.status, status, "{query}");
    }
}

/// Refused is refused, whether there is such a file or not.
#[test]
fn a_document_does_not_tell_whether_a_refused_file_exists() {
    let site = site("access_exists", ["there"])
        .hashed("rel/there.key", b"content")
        .config("<Files \"*.key\">\nRequire all denied\n</Files>")
        .config("<Location /rel/hidden>\nRequire all denied\n</Location>");
    let httpd = start(site);
    for kind in ALL {
        let status = |name: &str| httpd.get(&format!("/rel/{name}.{kind}")).status;
        assert_eq!(
            (status("there.key"), status("not.key")),
            (403, 403),
            "{kind}"
        );
        // There are no sums for zsync.
        let found = if kind == "zsync" { 404 } else { 200 };
        assert_eq!(
            (status("there.iso"), status("not.iso")),
            (found, 404),
            "{kind}"
        );
    }
}

/// A list of mirrors of a directory tells as much about it as a document does about a file.
#[test]
fn a_yum_list_is_refused_to_whom_the_directory_is() {
    let ways = [
        ("free", "", 200),
        (
            "denied",
            "<Directory \"@TREE@/denied\">\nRequire all denied\n</Directory>",
            403,
        ),
        (
            "location",
            "<Location /location>\nRequire all denied\n</Location>",
            403,
        ),
        (
            "listing",
            "<LocationMatch \"^/listing/$\">\nRequire all denied\n</LocationMatch>",
            403,
        ),
        ("gone", "Redirect gone /gone", 410),
        (
            "moved",
            "Redirect /moved http://elsewhere.example.org/",
            404,
        ),
        (
            "proof",
            "<Files repomd.xml>\n<If \"%{REQUEST_URI} =~ m#^/proof/#\">\nRequire all denied\n</If>\n</Files>",
            403,
        ),
        ("proxied", "ProxyPass /proxied http://127.0.0.1:9/", 404),
        (
            "index",
            "<Directory \"@TREE@/index\">\nDirectoryIndex /free/repomd.xml\n</Directory>",
            200,
        ),
    ];
    let mut site = site("access_yum", []).config("MirrorBrainYumDir repo=(.*) $1 repomd.xml");
    for (name, config, _) in ways {
        site = site
            .file(&format!("{name}/repomd.xml"), b"content")
            .config(config);
    }
    let httpd = start(site);
    for (name, _, status) in ways {
        for path in ["/", "/mirrorlist"] {
            let answer = httpd.get_with(&format!("{path}?repo={name}"), GERMANY);
            assert_eq!(answer.status, status, "{name}: {}", answer.text());
            let listed = answer.text().contains("http://berlin.example/");
            assert_eq!(listed, status == 200, "{name}: {}", answer.text());
        }
    }
}
