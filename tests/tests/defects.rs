//! Known defects of the original modules, by their ids, as far as it takes an httpd to show them.
//! The others are tested beside the code.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use tests::http;
use tests::httpd::Httpd;
use tests::memcached::Memcached;

use crate::site::{BERLIN, Site, targets};

/// Asks, and sees that no child died of it.
#[track_caller]
fn survives(httpd: &Httpd, path: &str, headers: &[(&str, &str)]) -> http::Response {
    let children = httpd.children();
    let response = httpd.get_with(path, headers);
    assert_eq!(httpd.children(), children, "{path}");
    response
}

#[test]
fn m01_a_missing_yumlist_is_not_found() {
    let httpd = Site::new("m01").start();
    assert_eq!(survives(&httpd, "/nothing.yumlist", &[]).status, 404);
    assert_eq!(survives(&httpd, "/iso/full.iso.yumlist", &[]).status, 404);
}

#[test]
fn m02_an_address_that_is_none_is_an_unknown_client() {
    let httpd = Site::new("m02").start();
    for junk in ["junk", "999.1.2.3", "10.1.3.4, 10.1.3.5", "%00", "::ffff:"] {
        let response = survives(&httpd, "/iso/full.iso", &[("X-Test-Addr", junk)]);
        assert_eq!(response.status, 302, "{junk}");
        assert_ne!(
            response.header("X-MirrorBrain-Realm").as_deref(),
            Some("prefix")
        );
    }
}

#[test]
fn m03_the_connections_address_counts_when_no_module_names_one() {
    let site = |name: &str, line: &str| Site::new(name).directory(line).start();
    let httpd = site("m03_ip", "MirrorBrainExcludeIP 127.0.0.1");
    assert_eq!(survives(&httpd, "/iso/full.iso", &[]).status, 200);
    let httpd = site("m03_network", "MirrorBrainExcludeNetwork 127.");
    assert_eq!(survives(&httpd, "/iso/full.iso", &[]).status, 200);
    let httpd = site("m03_none", "");
    let page = survives(&httpd, "/iso/full.iso.mirrorlist", &[]);
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("(null)"));
}

#[test]
fn m04_names_are_not_looked_up_as_addresses() {
    let httpd = Site::new("m04")
        .directory("MirrorBrainExcludeIP 127.0.0.1")
        .start();
    let response = httpd.get_with("/iso/full.iso", &[("X-Test-Addr", "localhost")]);
    assert_eq!(response.status, 302);
}

#[test]
fn m05_a_query_that_fails_leaves_the_fallbacks() {
    let mut httpd = Site::new("m05")
        .server("MirrorBrainDBDQuery \"SELECT nonsense FROM nowhere WHERE path = %s\"")
        .directory("MirrorBrainFallback eu de http://fallback.example.org/pub")
        .start();
    let response = survives(&httpd, "/iso/full.iso", &BERLIN);
    assert_eq!(response.status, 302);
    assert_eq!(
        response.location(),
        "http://fallback.example.org/pub/iso/full.iso"
    );
    httpd.expect_log("relation \"nowhere\" does not exist");
}

#[test]
fn m07_a_fallback_without_host_stops_the_start() {
    let builder = Site::new("m07")
        .directory("MirrorBrainFallback eu de http:/pub")
        .builder();
    assert_eq!(
        builder.refusal(),
        "MirrorBrainFallback: \"http:/pub\" is not a URL with a scheme and a host"
    );
}

#[test]
fn m08_a_score_of_zero_from_a_custom_query_is_no_mirror() {
    let httpd = Site::new("m08")
        .server(
            "MirrorBrainDBDQuery \"SELECT id, identifier, region, country, lat, lng, asn, prefix, \
             0, baseurl, region_only, country_only, as_only, prefix_only, other_countries, \
             file_maxsize FROM server WHERE %s <> ''\"",
        )
        .start();
    assert_eq!(survives(&httpd, "/iso/full.iso", &BERLIN).status, 200);
}

#[test]
fn m09_a_torrent_without_all_its_digests_is_not_found() {
    for column in ["md5", "sha1", "sha256", "sha1pieces", "btih"] {
        let httpd = Site::new(&format!("m09_{column}"))
            .sql(&format!("UPDATE hash SET {column} = ''"))
            .server("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
            .start();
        let response = survives(&httpd, "/iso/full.iso.torrent", &BERLIN);
        assert_eq!(response.status, 404, "{column}");
    }
}

#[test]
fn m11_names_are_escaped_in_headers_and_line_breaks_split_nothing() {
    let httpd = Site::new("m11")
        .file("odd/a b#c?d%20e.iso", 10_000)
        .sql("INSERT INTO filearr (path, mirrors) VALUES ('odd/a b#c?d%20e.iso', '{1}')")
        .directory("AcceptPathInfo On")
        .start();
    let response = httpd.get_with("/odd/a%20b%23c%3Fd%2520e.iso", &BERLIN);
    assert_eq!(response.status, 302);
    let escaped = "odd/a%20b%23c%3Fd%2520e.iso";
    assert!(
        response.location().ends_with(escaped),
        "{}",
        response.location()
    );
    for link in response.headers("Link") {
        assert!(link.contains(escaped), "{link}");
    }
    let response = httpd.get_with("/iso/full.iso/x%0d%0aEvil:%20yes", &BERLIN);
    assert_eq!(response.header("Evil"), None);
    assert!(response.status < 500, "{}", response.status);
}

#[test]
fn m12_path_info_is_not_reflected_as_markup() {
    let httpd = Site::new("m12").directory("AcceptPathInfo On").start();
    let page = httpd.get_with(
        "/iso/full.iso/%3Cscript%3Ealert(1)%3C/script%3E?mirrorlist",
        &BERLIN,
    );
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<script>alert"));
}

#[test]
fn m26_head_handling_and_size_are_inherited_and_overridden() {
    let httpd = Site::new("m26")
        .server("MirrorBrainMinSize 1000000\nMirrorBrainHandleHEADRequestLocally On")
        .server("<Directory \"@TREE@/iso\">\nMirrorBrainDebug Off\n</Directory>")
        .server("<Directory \"@TREE@/small\">\nMirrorBrainMinSize 4096\n</Directory>")
        .start();
    let head = |path| {
        httpd
            .raw(&http::request("HEAD", path, &BERLIN))
            .expect("an answer")
    };
    assert_eq!(head("/iso/full.iso").status, 200);
    assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
    assert_eq!(httpd.get_with("/excluded/pkg.asc", &BERLIN).status, 200);
    assert_eq!(httpd.get_with("/small/edge-4096.bin", &BERLIN).status, 302);
}

#[test]
fn m28_the_base_stays_where_the_engine_was_switched_on_first() {
    let httpd = Site::new("m28")
        .server("<Directory \"@TREE@/iso\">\nMirrorBrainEngine On\n</Directory>")
        .server("<LocationMatch \"^/head/\">\nMirrorBrainEngine On\n</LocationMatch>")
        .server("<DirectoryMatch \"/small\">\nMirrorBrainEngine On\n</DirectoryMatch>")
        .start();
    for path in ["iso/full.iso", "head/file.iso", "small/edge-4096.bin"] {
        let response = httpd.get_with(&format!("/{path}"), &BERLIN);
        assert_eq!(response.status, 302, "{path}");
        assert!(
            response.location().ends_with(path),
            "{}",
            response.location()
        );
    }
}

#[test]
fn m29_a_link_out_of_the_tree_is_served_here() {
    let site = Site::new("m29").directory("Options +FollowSymLinks");
    let site = site.server("<Directory \"@WORK@/outside\">\nRequire all granted\n</Directory>");
    let builder = site.builder();
    let outside = builder.work().join("outside");
    tests::files::sparse(&outside, "file.iso", 50_000, 1_700_000_000);
    symlink(outside.join("file.iso"), builder.tree().join("linked.iso")).expect("symlink");
    let inside = builder.tree().join("iso/full.iso");
    symlink(inside, builder.tree().join("latest.iso")).expect("symlink");
    let httpd = builder.start();
    let response = httpd.get_with("/linked.iso", &BERLIN);
    assert_eq!((response.status, response.body.len()), (200, 50_000));
    assert_eq!(httpd.get_with("/linked.iso.meta4", &BERLIN).status, 404);
    let location = httpd.get_with("/latest.iso", &BERLIN).location();
    assert!(location.ends_with("/iso/full.iso"), "{location}");
}

#[test]
fn m30_an_excluded_files_metalink_names_only_this_server() {
    let httpd = Site::new("m30")
        .directory("MirrorBrainExcludeFileMask \"\\.asc$\"")
        .start();
    let text = httpd.get_with("/excluded/pkg.asc.meta4", &BERLIN).text();
    assert_eq!(text.matches("</url>").count(), 1, "{text}");
    assert!(text.contains("/excluded/pkg.asc</url>"), "{text}");
}

#[test]
fn m31_a_refused_metalink_is_not_sent_and_caches_are_told() {
    let httpd = Site::new("m31").start();
    let accept = "application/metalink4+xml;q=0, */*";
    let mut headers = BERLIN.to_vec();
    headers.push(("Accept", accept));
    let response = httpd.get_with("/iso/full.iso", &headers);
    assert_eq!(response.status, 302);
    assert_eq!(response.header("Vary").as_deref(), Some("Accept"));
    assert_eq!(
        response.header("Cache-Control").as_deref(),
        Some("private, no-cache")
    );
}

#[test]
fn m34_a_file_without_hashes_is_redirected_without_delay() {
    let httpd = Site::new("m34").server("MirrorBrainCacheTTL 0").start();
    assert_eq!(httpd.get_with("/iso/nohash.iso", &BERLIN).status, 302);
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(httpd.get_with("/iso/nohash.iso", &BERLIN).status, 302);
    }
    let each = start.elapsed() / 20;
    assert!(each < Duration::from_millis(50), "{each:?}");
}

#[test]
fn m35_a_redirect_does_not_fetch_block_sums() {
    let site = Site::new("m35")
        .sql("UPDATE hash SET zsums = decode(repeat('00', 26000000), 'hex') WHERE file_id = 1")
        .server("MirrorBrainCacheTTL 0");
    let httpd = site.start();
    let memory = || -> u64 { httpd.children().into_iter().map(resident).sum() };
    assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
    let (before, start) = (memory(), Instant::now());
    for _ in 0..20 {
        let response = httpd.get_with("/iso/full.iso", &BERLIN);
        assert_eq!(response.headers("Digest").len(), 3);
    }
    let each = start.elapsed() / 20;
    assert!(each < Duration::from_millis(50), "{each:?}");
    assert!(memory() < before + 10_000, "{before} to {} kB", memory());
}

/// Resident memory of a process in kB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|kb| kb.parse().ok()).expect("VmRSS")
}

#[test]
fn m36_a_hash_query_that_fails_is_not_no_hash() {
    let mut httpd = Site::new("m36")
        .server("MirrorBrainDBDQueryHash \"SELECT broken WHERE %s = '' AND 1 = %d AND 1 = %d\"")
        .start();
    assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
    let response = httpd.get_with("/iso/full.iso.md5", &BERLIN);
    assert_eq!(response.status, 503);
    assert!(response.header("Retry-After").is_some());
    httpd.expect_log("broken");
    httpd.allow("[mirrorbrain:error]");
}

#[test]
fn m37_fakefile_is_for_the_trusted() {
    // The connection's address counts: a header can say anything.
    for (trusted, status) in [("192.0.2.0/24", 200), ("127.0.0.0/8", 302)] {
        let httpd = Site::new(&format!("m37_{status}"))
            .directory(&format!("MirrorBrainTrusted {trusted}"))
            .start();
        let headers = [("X-Test-Addr", "192.0.2.1")];
        let response = httpd.get_with("/small/tiny.txt?fakefile", &headers);
        assert_eq!(response.status, status, "{trusted}");
    }
}

#[test]
fn m39_a_remembered_mirror_is_used_only_if_it_may_be() {
    let memcached = Memcached::start();
    let httpd = Site::new("m39")
        .server(&format!("MemcacheServer 127.0.0.1:{}", memcached.port()))
        .server("MirrorBrainMemcached On\nMirrorBrainInstance test")
        .sql("UPDATE filearr SET mirrors = '{1,2,38}' WHERE path = 'iso/full.iso'")
        .start();
    let first = targets(&httpd, "/iso/full.iso", &BERLIN, 1);
    let again = targets(&httpd, "/iso/full.iso", &BERLIN, 20);
    assert_eq!(again.len(), 1);
    assert!(again.keys().eq(first.keys()));
    // Mirror 38 is in the database but switched off: whatever memcached says, it is not used.
    memcached.set("mb_test_91.0.0.1", "38");
    assert!(
        targets(&httpd, "/iso/full.iso", &BERLIN, 1)
            .keys()
            .eq(first.keys())
    );
    let other = if first.contains_key("m1.de.example.org") {
        "2"
    } else {
        "1"
    };
    memcached.set("mb_test_91.0.0.1", other);
    assert!(
        !targets(&httpd, "/iso/full.iso", &BERLIN, 1)
            .keys()
            .eq(first.keys())
    );
}

#[test]
fn m40_the_stamp_is_as_mirrors_check_it() {
    let httpd = Site::new("m40")
        .directory("MirrorBrainRedirectStampKey secret")
        .start();
    let location = httpd.get_with("/iso/full.iso", &BERLIN).location();
    let (_, query) = location.split_once("?time=").expect("a stamp");
    let (time, stamp) = query.split_once("&stamp=").expect("a stamp");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "printf '%s secret' \"$1\" | md5sum", "sh", time]);
    assert!(tests::command::run(&mut command).starts_with(stamp));
    assert_eq!(stamp.len(), 32);
}

#[test]
fn m41_networks_are_excluded_by_their_bits() {
    let httpd = Site::new("m41")
        .directory("MirrorBrainExcludeNetwork 10.1.0.0/16\nMirrorBrainExcludeNetwork 2001:db8::/32")
        .start();
    let status = |address| {
        httpd
            .get_with("/iso/full.iso", &[("X-Test-Addr", address)])
            .status
    };
    assert_eq!(status("10.1.255.1"), 200);
    assert_eq!(status("10.100.0.1"), 302);
    assert_eq!(status("2001:db8:ffff::1"), 200);
    assert_eq!(status("2001:db9::1"), 302);
}

#[test]
fn m43_links_to_ourselves_do_not_repeat_a_strangers_host() {
    let httpd = Site::new("m43").start();
    let links = |host: &str| {
        let mut headers = BERLIN.to_vec();
        headers.push(("Host", host));
        httpd
            .get_with("/iso/full.iso", &headers)
            .headers("Link")
            .remove(0)
    };
    assert!(links("evil.example.net").contains("://download.example.org"));
    let httpd = Site::new("m43_tls")
        .server("ServerName https://download.example.org")
        .start();
    let text = httpd.get_with("/iso/full.iso.meta4", &BERLIN).text();
    assert!(
        text.contains("https://download.example.org/iso/full.iso.meta4"),
        "{text}"
    );
}
