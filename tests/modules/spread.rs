//! `MirrorBrainSpread`: the same file goes to the same mirrors, whoever answers.

use std::collections::{BTreeMap, BTreeSet};

use harness::httpd::{Httpd, Mpm};
use harness::site::{Mirror, Site};

const FILES: usize = 40;

/// Six mirrors in Germany, all equally near to a client at no known place.
fn site(name: &str, spread: &str) -> Site {
    let mut site = Site::new(name);
    for identifier in [
        "berlin", "munich", "hamburg", "cologne", "bremen", "dresden",
    ] {
        site = site.mirror(&Mirror::new(identifier, "eu", "de"));
    }
    for file in 0..FILES {
        site = site.file(&format!("{file}.iso"), b"content");
    }
    site.httpd(|builder| {
        builder
            .mpm(Mpm::Prefork)
            .config("StartServers 4\nMinSpareServers 4")
            .allow("AH00161: server reached MaxRequestWorkers")
    })
    .config(spread)
}

/// The mirrors that each file is sent to, in many requests over connections of their own, from three networks.
fn chosen(httpd: &Httpd) -> BTreeMap<(usize, &'static str), BTreeSet<String>> {
    let mut chosen: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for _ in 0..4 {
        for file in 0..FILES {
            for client in ["192.0.2.1", "198.51.100.7", "2001:db8::1"] {
                let headers = [
                    ("X-Test-Addr", client),
                    ("X-Test-Country", "DE"),
                    ("X-Test-Continent", "EU"),
                ];
                let answer = httpd.get_with(&format!("/{file}.iso"), &headers);
                assert_eq!(answer.status, 302);
                let mirror = answer.header("X-MirrorBrain-Mirror").unwrap();
                chosen.entry((file, client)).or_default().insert(mirror);
            }
        }
    }
    chosen
}

#[test]
fn children_a_restart_and_another_server_choose_the_same_mirror_for_each_file() {
    let spread = "MirrorBrainSpread cache";
    let (mut httpd, _) = site("spread_one", spread).start();
    let (other, _) = site("spread_other", spread).start();
    let first = chosen(&httpd);
    assert!(first.values().all(|mirrors| mirrors.len() == 1));
    let all: BTreeSet<&String> = first.values().flatten().collect();
    assert_eq!(all.len(), 6, "each has a part of the files");
    assert!(httpd.children().len() >= 4);
    httpd.graceful();
    assert_eq!(chosen(&httpd), first);
    assert_eq!(chosen(&other), first);
}

#[test]
fn near_draws_for_each_request_where_off_keeps_to_the_nearest() {
    let (httpd, _) = site("spread_near", "MirrorBrainSpread near").start();
    let several = chosen(&httpd)
        .values()
        .filter(|mirrors| mirrors.len() > 1)
        .count();
    assert!(several > FILES, "{several}");
}
