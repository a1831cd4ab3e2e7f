//! Who is trusted, and what the others cannot see.

use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site};

fn site(name: &str) -> Site {
    Site::new(name)
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .file("small.iso", b"content")
        .directory("MirrorBrainMinSize 4096\nMirrorBrainTrusted 192.0.2.7 2001:db8:7::/48")
}

#[track_caller]
fn is_trusted(httpd: &Httpd, headers: &[(&str, &str)]) -> bool {
    let mut all = GERMANY.to_vec();
    all.extend(headers);
    match httpd.get_with("/small.iso?fakefile", &all).status {
        302 => true,
        status => {
            assert_eq!(status, 200);
            false
        }
    }
}

#[test]
fn nobody_becomes_trusted_by_what_a_header_or_another_module_claims() {
    let httpd = site("trust_claims")
        .config("SetEnvIf X-Claim \"(.+)\" GEOIP_ADDR=$1 MMDB_ADDR=$1 REMOTE_ADDR=$1")
        .start()
        .0;
    let address = "192.0.2.7";
    let claims = [
        "X-Claim",
        "X-Test-Addr",
        "X-Forwarded-For",
        "X-Real-IP",
        "Client-IP",
        "Via",
    ];
    for name in claims {
        assert!(!is_trusted(&httpd, &[(name, address)]), "{name}");
    }
    let forwarded = ("Forwarded", "for=192.0.2.7");
    assert!(!is_trusted(&httpd, &[forwarded]));
}

#[test]
fn mod_remoteip_decides_whose_word_counts() {
    let with = |name, settings: &str| {
        let site = site(name).httpd(|builder| builder.stock(&["remoteip"]));
        site.config(&format!("RemoteIPHeader X-Forwarded-For\n{settings}"))
            .start()
            .0
    };
    let from = |address| [("X-Forwarded-For", address)];
    let httpd = with("trust_proxy", "RemoteIPInternalProxy 127.0.0.1");
    assert!(is_trusted(&httpd, &from("192.0.2.7")));
    assert!(is_trusted(&httpd, &from("2001:db8:7::1")));
    assert!(!is_trusted(&httpd, &from("192.0.2.8")));
    // What stands before the address that our own proxy added is the client's invention.
    assert!(!is_trusted(&httpd, &from("192.0.2.7, 198.51.100.1")));
    let httpd = with("trust_no_proxy", "RemoteIPInternalProxy 192.0.2.99");
    assert!(!is_trusted(&httpd, &from("192.0.2.7")));
}

#[test]
fn without_a_list_nobody_is_trusted() {
    let site = Site::new("trust_nobody")
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .file("small.iso", b"content")
        .directory("MirrorBrainMinSize 4096");
    assert!(!is_trusted(&site.start().0, &[]));
}

#[test]
fn debug_output_goes_to_the_log_and_nowhere_else() {
    let answers = |name: &str, debug: &str| {
        let (mut httpd, _) = Site::new(name)
            .mirror(&Mirror::new("berlin", "eu", "de"))
            .hashed("full.iso", b"content")
            .directory(debug)
            .start();
        let targets = [
            "/full.iso",
            "/full.iso.meta4",
            "/full.iso.mirrorlist",
            "/full.iso.zsync",
        ];
        let answers = targets.map(|target| {
            let answer = httpd.get_with(target, GERMANY);
            let names: Vec<_> = answer
                .headers
                .iter()
                .map(|(name, _)| name.clone())
                .collect();
            (answer.status, names, answer.body.len())
        });
        let lines = httpd.log().matches("[mirrorbrain:warn]").count();
        httpd.allow("[mirrorbrain:warn]");
        (answers, lines)
    };
    let (quiet, none) = answers("trust_quiet", "MirrorBrainDebug Off");
    let (debugged, some) = answers("trust_debug", "MirrorBrainDebug On");
    assert_eq!(quiet, debugged);
    assert!(none == 0 && some > 0, "{none} {some}");
}

/// With every override that there is, a file in the tree cannot send clients elsewhere, trust
/// anybody, or move what is served.
#[test]
fn an_htaccess_file_sets_only_what_is_marked_for_it() {
    let mut httpd = Site::new("trust_htaccess")
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .file("sub/full.iso", b"content")
        .directory("AllowOverride All")
        .start()
        .0;
    let status = |lines: &str| {
        let file = httpd.tree().join("sub/.htaccess");
        std::fs::write(file, lines).expect(".htaccess");
        httpd.get_with("/sub/full.iso", GERMANY).status
    };
    for line in [
        "MirrorBrainEngine Off",
        "MirrorBrainDebug On",
        "MirrorBrainFallback eu de http://evil.example/",
        "MirrorBrainTrusted 127.0.0.1",
        "MirrorBrainRedirectStampKey key",
        "MirrorBrainExcludeFileMask (x+x+)+y",
        "MirrorBrainMetalinkTorrentAddMask (x+x+)+y",
        "MirrorBrainDistance planar",
        "MirrorBrainDBDQuery \"SELECT %s\"",
        "MirrorBrainMirrorlistHeader /etc/passwd",
        "MirrorBrainMetalinkBrokenTestMirrors /etc/passwd",
        "MirrorBrainGeoDatabase /dev/zero",
        "DBDParams host=evil.example",
        "MemcacheServer evil.example:11211",
    ] {
        assert_eq!(status(line), 500, "{line}");
    }
    assert_eq!(status("MirrorBrainMinSize 4096"), 200);
    assert_eq!(status("MirrorBrainExcludeIP 127.0.0.1"), 200);
    assert_eq!(status(""), 302);
    httpd.allow("not allowed here");
}
