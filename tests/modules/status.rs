//! What is counted, the pages that show it, and what is said by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::clock::Clock;
use harness::httpd::{Httpd, Mpm};
use harness::postgres::Cluster;
use harness::site::{GERMANY, Mirror, Site};
use harness::workspace;
use serde_json::Value;

/// How long what is noted once a second takes to show, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

const PAGES: &str = "\
<Location /mirrorbrain-status>
SetHandler mirrorbrain-status
</Location>
<Location /server-status>
SetHandler server-status
</Location>";

fn site(name: &str) -> Site {
    Site::new(name)
        .httpd(|builder| builder.stock(&["status"]).config(PAGES))
        .mirror(&Mirror::new("berlin", "eu", "de"))
        .hashed("a.iso", b"content")
        .local("nowhere.iso", b"content")
        .local("small.txt", b"1")
        .config("<Files \"*.txt\">\nMirrorBrainExcludeFileMask txt\n</Files>")
}

/// The numbers of Prometheus' format, by name and labels as they stand there.
fn numbers(httpd: &Httpd) -> BTreeMap<String, f64> {
    let page = httpd.get("/mirrorbrain-status?prometheus=");
    assert_eq!(page.status, 200);
    let text = page.text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let number = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a name and a number");
        (name.to_owned(), value.parse().expect("a number"))
    };
    lines.map(number).collect()
}

/// The sum of all numbers whose name and labels contain all of these.
fn sum(numbers: &BTreeMap<String, f64>, parts: &[&str]) -> f64 {
    let named = |name: &str| parts.iter().all(|part| name.contains(part));
    let found: Vec<f64> = numbers
        .iter()
        .filter(|(name, _)| named(name))
        .map(|(_, value)| *value)
        .collect();
    assert!(!found.is_empty(), "{parts:?} in {numbers:#?}");
    found.iter().sum()
}

/// Waits until a number is what it should be.
#[track_caller]
fn wait_for(httpd: &Httpd, parts: &[&str], is_right: impl Fn(f64) -> bool) {
    let start = Instant::now();
    while !is_right(sum(&numbers(httpd), parts)) {
        assert!(
            start.elapsed() < PATIENCE,
            "{parts:?}: {:#?}",
            numbers(httpd)
        );
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn answers_are_counted_by_what_was_given_and_why() {
    let (httpd, _database) = site("status_answers").start();
    for _ in 0..3 {
        assert_eq!(httpd.get_with("/a.iso", GERMANY).status, 302);
    }
    assert_eq!(httpd.get("/nowhere.iso").status, 200);
    assert_eq!(httpd.get("/small.txt").status, 200);
    assert_eq!(httpd.get("/a.iso.meta4").status, 200);
    assert_eq!(httpd.get("/a.iso.sha256").status, 200);
    assert_eq!(httpd.get("/none.iso.sha256").status, 404);
    let numbers = numbers(&httpd);
    let answers = |answer, reason| {
        let name = format!("mirrorbrain_answers_total{{answer=\"{answer}\",reason=\"{reason}\"}}");
        numbers.get(&name).copied()
    };
    assert_eq!(answers("redirect", "mirror"), Some(3.0));
    assert_eq!(answers("file", "no_mirror"), Some(1.0));
    assert_eq!(answers("file", "excluded"), Some(1.0));
    assert_eq!(answers("document", "made"), Some(2.0));
    assert_eq!(answers("missing", "not_there"), Some(1.0));
    assert_eq!(
        sum(&numbers, &["mirror_redirects_total", "mirror=\"berlin\""]),
        3.0
    );
    let lookups = |from: &str| sum(&numbers, &["lookups_total", from]);
    assert!(lookups("from=\"database\"") >= 2.0);
    assert!(lookups("from=\"memory\"") >= 2.0);
    assert!(sum(&numbers, &["database_seconds_count", "step=\"files\""]) >= 1.0);
}

#[test]
fn what_children_are_is_shown_within_seconds() {
    // One connection at the most: a question that takes long would open another.
    let (httpd, database) = site("status_gauges").config("DBDMax 1").start();
    assert_eq!(httpd.get_with("/a.iso", GERMANY).status, 302);
    wait_for(&httpd, &["mirrorbrain_cache_records"], |n| n == 1.0);
    let now = numbers(&httpd);
    for (name, value) in [
        ("mirrorbrain_children", 1.0),
        ("mirrorbrain_workers", 8.0),
        ("mirrorbrain_workers_waiting", 0.0),
        ("mirrorbrain_workers_waiting_max", 4.0),
    ] {
        assert_eq!(now.get(name), Some(&value), "{name}");
    }
    for (name, value) in [
        ("mirrorbrain_mirrors{", 1.0),
        ("mirrorbrain_database_up", 1.0),
        ("mirrorbrain_database_server", 1.0),
        ("mirrorbrain_connections{", 1.0),
        ("mirrorbrain_connections_max", 1.0),
        ("mirrorbrain_cache_max_bytes", f64::from(64 << 20)),
    ] {
        assert_eq!(sum(&now, &[name]), value, "{name}");
    }
    assert!(sum(&now, &["mirrorbrain_cache_bytes"]) > 100.0);
    assert!(sum(&now, &["mirrorbrain_mirrors_checked_seconds"]) < 30.0);
    database.sql("UPDATE server SET enabled = 'f'");
    wait_for(&httpd, &["mirrorbrain_mirrors{"], |n| n == 0.0);
    let mut httpd = httpd;
    httpd.expect_log("the table server has no mirror that may be used");
}

#[test]
fn all_children_are_added_up_also_those_that_have_ended() {
    let (httpd, _database) = site("status_children")
        .httpd(|builder| builder.mpm(Mpm::Prefork))
        .config("MaxConnectionsPerChild 5")
        .start();
    for _ in 0..40 {
        assert_eq!(httpd.get_with("/a.iso", GERMANY).status, 302);
    }
    let redirects = ["answers_total", "reason=\"mirror\""];
    assert_eq!(sum(&numbers(&httpd), &redirects), 40.0);
    assert_eq!(sum(&numbers(&httpd), &["mirror_redirects_total"]), 40.0);
}

#[test]
fn the_page_has_three_forms_and_mod_status_a_part() {
    let (httpd, _database) = site("status_forms").start();
    assert_eq!(httpd.get_with("/a.iso", GERMANY).status, 302);
    let page = httpd.get("/mirrorbrain-status");
    let of = |page: &harness::http::Response| page.header("Content-Type").unwrap_or_default();
    assert_eq!(of(&page), "text/html; charset=utf-8");
    assert!(
        page.text()
            .contains("<td>redirect</td><td>mirror</td><td class=\"n\">1</td>")
    );
    let json = httpd.get("/mirrorbrain-status?json");
    assert_eq!(of(&json), "application/json");
    let json: Value = serde_json::from_str(&json.text()).expect("JSON");
    assert_eq!(
        json["mirrorbrain_mirror_redirects_total"][0]["mirror"],
        "berlin"
    );
    assert_eq!(json["mirrorbrain_children"][0]["value"], 1);
    let text = httpd.get("/mirrorbrain-status?prometheus");
    assert_eq!(of(&text), "text/plain; version=0.0.4; charset=utf-8");
    let status = httpd.get("/server-status").text();
    assert!(status.contains("<h1>MirrorBrain</h1>"), "{status}");
    let auto = httpd.get("/server-status?auto").text();
    assert!(
        auto.contains("mirrorbrain_answers_total_redirect_mirror: 1\n"),
        "{auto}"
    );
    let post = httpd.raw(&harness::http::request("POST", "/mirrorbrain-status", &[]));
    assert_eq!(post.expect("an answer").status, 405);
    let head = httpd.raw(&harness::http::request("HEAD", "/mirrorbrain-status", &[]));
    assert_eq!(head.expect("an answer").status, 200);
}

/// The words of a text that are names of numbers.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let names = words.filter(|word| word.starts_with("mirrorbrain_"));
    names.map(str::to_owned).collect()
}

#[test]
fn dashboard_alerts_and_documentation_name_what_the_page_shows() {
    let (httpd, _database) = site("status_names")
        .httpd(|builder| builder.ours(&["asn"]))
        .directory("ASLookup On")
        .sql("INSERT INTO pfx2asn VALUES ('10.0.0.0/8', 64512)")
        .start();
    assert_eq!(httpd.get_with("/a.iso", GERMANY).status, 302);
    let start = Instant::now();
    let mut shown = BTreeSet::new();
    let late = [
        "mirrorbrain_networks",
        "mirrorbrain_mirrors_checked_seconds",
    ];
    while !late.iter().all(|name| shown.contains(*name)) {
        assert!(start.elapsed() < PATIENCE, "{shown:#?}");
        sleep(Duration::from_millis(100));
        shown = numbers(&httpd)
            .keys()
            .flat_map(|name| names(name))
            .collect();
    }
    let read = |name: &str| {
        let file = workspace().join("docs").join(name);
        fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
    };
    let dashboard = read("grafana-dashboard.json");
    let _: Value = serde_json::from_str(&dashboard).expect("JSON");
    for text in [
        &dashboard,
        &read("prometheus-alerts.yml"),
        &read("observability.md"),
    ] {
        let unknown: Vec<String> = names(text).difference(&shown).cloned().collect();
        let of_histogram = |name: &String| name == "mirrorbrain_database_seconds";
        assert!(unknown.iter().all(of_histogram), "{unknown:?}");
    }
    // What stands nowhere helps nobody.
    let documented = names(&read("observability.md"));
    let base = |name: &String| {
        let name = name.as_str();
        let parts = ["_bucket", "_sum", "_count"];
        let histogram = parts.iter().find_map(|part| name.strip_suffix(part));
        histogram.unwrap_or(name).to_owned()
    };
    let missing: Vec<String> = shown
        .iter()
        .map(base)
        .filter(|n| !documented.contains(n))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let alerts = names_of_alerts(&read("prometheus-alerts.yml"));
    assert_eq!(alerts, names_of_alerts_in_table(&read("observability.md")));
}

fn names_of_alerts(rules: &str) -> BTreeSet<String> {
    let lines = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    lines.map(str::to_owned).collect()
}

fn names_of_alerts_in_table(text: &str) -> BTreeSet<String> {
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `MirrorBrain"));
    rows.filter_map(|row| Some(format!("MirrorBrain{}", row.split_once('`')?.0)))
        .collect()
}

#[test]
fn files_that_are_all_sent_from_here_are_said_once_a_minute_for_all_children() {
    let mut clock = None;
    let (mut httpd, _database) = site("status_silent")
        .httpd(|builder| {
            let (builder, of_this) = Clock::of(builder.mpm(Mpm::Prefork));
            clock = Some(of_this);
            builder
        })
        .start();
    let clock = clock.expect("a clock");
    let text = "files asked for in the last";
    let ask = || {
        for _ in 0..60 {
            assert_eq!(httpd.get("/nowhere.iso").status, 200);
        }
        let log = httpd.log();
        let lines = log.lines().filter(|line| line.contains(text));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ask().len(), 0, "the first files tell nothing");
    clock.set("+61s");
    let lines = ask();
    httpd.expect_log(text);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("because no mirror may be used for them"),
        "{lines:?}"
    );
    assert!(lines[0].contains("[mirrorbrain:warn]"), "{lines:?}");
}

#[test]
fn an_engine_without_a_database_is_named_when_it_is_asked() {
    let builder = Httpd::builder()
        .ours(&["mirrorbrain"])
        .config("<VirtualHost *:@PORT@>\nServerName bare.example.org\nDocumentRoot \"@TREE@\"")
        .config("<Directory \"@TREE@\">\nMirrorBrainEngine On\nMirrorBrainMinSize 0\n</Directory>")
        .config("</VirtualHost>")
        .allow("no DBDParams names a database");
    fs::write(builder.tree().join("a.iso"), "text").expect("a file");
    let httpd = builder.start();
    for _ in 0..5 {
        assert_eq!(httpd.get("/a.iso").status, 200);
    }
    let log = httpd.log();
    let lines = log
        .lines()
        .filter(|line| line.contains("for bare.example.org: files are sent"));
    assert_eq!(lines.count(), 1, "{log}");
}

#[test]
fn a_table_without_usable_mirrors_is_said_when_that_changes() {
    let (mut httpd, database) = site("status_empty").start();
    assert_eq!(httpd.get_with("/a.iso", GERMANY).status, 302);
    database.sql("UPDATE server SET status_baseurl = 'f'");
    httpd.expect_log("the table server has no mirror that may be used");
    database.sql("UPDATE server SET status_baseurl = 't'");
    httpd.expect_log("the table server has mirrors that may be used");
}

#[test]
fn each_connection_names_the_server_once_for_all_children() {
    let cluster = Cluster::start(&[]);
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let params = cluster.database("status_server", &[&fixture]).params();
    let httpd = Httpd::builder()
        .mpm(Mpm::Prefork)
        .ours(&["mirrorbrain"])
        .config(&format!("DBDriver pgsql\nDBDParams \"{params}\""))
        .config("<Directory \"@TREE@\">\nMirrorBrainEngine On\n</Directory>");
    let mut httpd = httpd.start();
    let text = format!(":{}/status_server", cluster.port());
    httpd.expect_log(&format!(
        "connected to the database mirrorbrain@127.0.0.1{text}"
    ));
    sleep(Duration::from_millis(500));
    let count = httpd.log().matches("connected to the database").count();
    assert_eq!(count, 1, "{}", httpd.log());
    cluster.stop();
    httpd.expect_log("is not available");
    cluster.resume();
    httpd.expect_log(&format!("{text} answers again"));
}
