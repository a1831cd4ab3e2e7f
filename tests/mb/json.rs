//! `--json`: the same facts for programs.

use crate::site::Site;
use serde_json::json;

#[test]
fn mirrors_are_objects_with_the_names_of_the_columns() {
    let site = Site::new("mb_json_mirrors");
    let mirror = site.mb(&["show", "balsa", "--json"]).json();
    for (key, value) in [
        ("id", json!(2)),
        ("identifier", json!("mirror.balsa.example.gb")),
        ("asn", json!(64500)),
        ("lat", json!(52.555)),
        ("country_only", json!(false)),
        ("score", json!(90)),
        ("last_scan", json!(null)),
    ] {
        assert_eq!(mirror[key], value, "{key}");
    }
    let columns = site
        .db
        .sql("SELECT attname FROM pg_attribute WHERE attrelid = 'server'::regclass AND attnum > 0");
    for column in columns.lines() {
        assert!(mirror.get(column).is_some(), "{column}");
    }
    let listed = site.mb(&["list", "-c", "us", "-N", "--json"]).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(3));
    assert_eq!(listed[0]["number_of_files"], 42);
    let iris = site.mb(&["show", "ftp.iris.example", "--json"]).json();
    assert_eq!(iris["last_scan"], "2026-08-18T06:30:00Z");
    let all = site.mb(&["export", "--format", "json"]).json();
    assert_eq!(all.as_array().map(Vec::len), Some(26));
    assert_eq!(all[0], mirror);
}

#[test]
fn other_facts_are_json_too() {
    let site = Site::new("mb_json_facts");
    let mb = |arguments: &[&str]| site.mb(arguments).json();
    assert_eq!(mb(&["instances", "--json"]), json!(["main"]));
    assert_eq!(mb(&["score", "balsa", "--json"]), 90);
    let found = mb(&["iplookup", "2001:db8:3::1", "--json"]);
    assert_eq!(
        found,
        json!({"address": "2001:db8:3::1", "ipv6": "2001:db8:3::1",
               "prefix": "2001:db8:3::/48", "asn": 64503})
    );
    assert_eq!(mb(&["dirs", "-s", "1", "--json"])[0], "README");
    assert_eq!(
        mb(&["dirs", "-d", "tools/a", "--json"])[0],
        "mirror.balsa.example.gb"
    );
    let holders = mb(&["file", "ls", "README", "--json"]);
    assert_eq!(holders[0]["path"], "README");
    assert_eq!(mb(&["markers", "--json"])[0]["subtree_name"], "Release 1.3");
    assert_eq!(
        mb(&["mirrorlist", "-l", "--json"])[0]["files"][0],
        "release/1.3/repo/content"
    );
    let list = mb(&["mirrorlist", "--json", "balsa"]);
    assert_eq!(list[0]["subtrees"], json!(["Updates", "Readme only"]));
    assert!(mb(&["db", "sizes", "--json"])[0]["bytes"].is_number());
    assert_eq!(
        mb(&["db", "vacuum", "-n", "--json"]),
        json!({"total": 365, "stale": 10, "deleted": 0})
    );
    assert_eq!(mb(&["geoiplookup_continent", "--json", "198.18.7.1"]), "EU");
    assert_eq!(
        mb(&["geoiplookup_city", "--json", "198.18.7.1"])["country"],
        "DE"
    );
    site.db
        .sql("UPDATE server SET baseurl = 'http://198.18.8.5/' WHERE id = 2");
    let updated = mb(&["update", "-a", "--country", "-n", "--json", "balsa"]);
    assert_eq!(
        updated[0]["changes"],
        json!({"asn": "64508", "country": "eg"})
    );
}

#[test]
fn probes_are_json() {
    let site = Site::new("mb_json_probes");
    let port = harness::free_port();
    let url = format!("http://127.0.0.1:{port}/");
    site.db
        .sql(&format!("UPDATE server SET baseurl = '{url}' WHERE id = 2"));
    let probed = site
        .mb(&["probefile", "-m", "balsa", "--urls=http", "a b", "--json"])
        .json();
    assert_eq!(probed[0]["url"], format!("{url}a b"));
    assert_eq!(probed[0]["has_file"], false);
    assert!(
        probed[0]["error"]
            .as_str()
            .is_some_and(|error| error.contains("refused")),
        "{probed}"
    );
    let tested = site.mb(&["test", "balsa", "--json"]);
    assert_eq!(tested.status, Some(1));
    let tested: serde_json::Value = serde_json::from_str(&tested.stdout).expect("JSON");
    assert_eq!(tested["has_file"], false);
}

#[test]
fn an_upgrade_does_not_stand_in_the_json() {
    let site = Site::new("mb_json_upgrade");
    site.db.sql("UPDATE version SET minor = 18");
    let answer = site.mb(&["list", "--json"]);
    assert!(answer.stdout.starts_with('['), "{answer:?}");
    assert!(
        answer.stderr.contains("found database version 2.18.0"),
        "{answer:?}"
    );
    assert_eq!(site.db.sql("SELECT minor FROM version"), "19");
}

#[test]
fn debugging_tells_where_the_database_is_on_stderr() {
    let site = Site::new("mb_debug");
    let answer = site.mb(&["-d", "score", "balsa"]);
    assert_eq!(answer.stdout, "90\n");
    let place = format!(
        "instance main: mirrorbrain@127.0.0.1:{}/mb_debug",
        harness::postgres::Cluster::shared().port()
    );
    assert!(
        answer.stderr.contains(&place) && !answer.stderr.contains("secret"),
        "{answer:?}"
    );
}
