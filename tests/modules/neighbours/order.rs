//! Each module with and without the others, loaded in any order.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::httpd::{Builder, Httpd};
use harness::postgres::Cluster;
use harness::{files, free_port, workspace};

use super::FILE;

const ORDERS: [[&str; 3]; 6] = [
    ["mirrorbrain", "asn", "autoindex_mb"],
    ["mirrorbrain", "autoindex_mb", "asn"],
    ["asn", "mirrorbrain", "autoindex_mb"],
    ["asn", "autoindex_mb", "mirrorbrain"],
    ["autoindex_mb", "mirrorbrain", "asn"],
    ["autoindex_mb", "asn", "mirrorbrain"],
];

const NEIGHBOURS: [&str; 3] = ["dbd", "form", "autoindex"];

/// Directives of all three, each where its module is loaded.
const SETTINGS: &str = "\
Options Indexes
<IfModule mod_mirrorbrain.c>
  MirrorBrainEngine On
</IfModule>
<IfModule mod_asn.c>
  ASLookup On
  ASSetHeaders On
</IfModule>
<IfModule mod_autoindex_mb.c>
  IndexOptions FancyIndexing HTMLTable @LINKS@
</IfModule>";

/// What mod_autoindex, if it is loaded too, would stop the start for.
const LINKS: &str = "Mirrorlist Metalink";

/// A configuration for these modules of ours, whichever they are.
fn site(ours: &[&str], params: &str) -> Builder {
    let builder = Httpd::builder().stock(&["mime"]).ours(ours);
    files::sparse(&builder.tree(), "iso/full.iso", 1_500_000, 1_700_000_000);
    builder.set("PARAMS", params)
}

/// The rest of the configuration, after all modules.
fn settings(builder: Builder) -> Builder {
    builder
        .config("<IfModule mod_mirrorbrain.c>\nDBDParams \"@PARAMS@\"\n</IfModule>")
        .config("<IfModule mod_asn.c>\nDBDParams \"@PARAMS@\"\n</IfModule>")
        .config(&format!("<Directory \"@TREE@\">\n{SETTINGS}\n</Directory>"))
}

/// Each module that is loaded does its part.
#[track_caller]
fn assert_works(httpd: &Httpd, ours: &[&str], links: bool) {
    let has = |module| ours.contains(&module);
    let deadline = Instant::now() + Duration::from_secs(20);
    let network = || httpd.get(FILE).header("X-AS");
    while has("asn") && network().is_none() {
        assert!(Instant::now() < deadline, "{ours:?}: {}", httpd.log());
        sleep(Duration::from_millis(20));
    }
    let answer = httpd.get(FILE);
    let expected = if has("mirrorbrain") { 302 } else { 200 };
    assert_eq!(answer.status, expected, "{ours:?}");
    let network = answer.header("X-AS");
    assert_eq!(
        network.as_deref(),
        has("asn").then_some("64500"),
        "{ours:?}"
    );
    let page = httpd.get(&format!("{FILE}?mirrorlist"));
    let is_page = page.text().contains("mirrorbrain-details");
    assert_eq!(is_page, has("mirrorbrain"), "{ours:?}");
    let listing = httpd.get("/iso/");
    let linked = listing.text().contains("full.iso.mirrorlist");
    let wanted = links && has("mirrorbrain") && has("autoindex_mb");
    assert_eq!(linked, wanted, "{ours:?}");
    let listed = listing.text().contains("full.iso");
    assert_eq!(listed, has("autoindex_mb"), "{ours:?}");
}

fn database(name: &str) -> String {
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let database = Cluster::shared().database(name, &[&fixture]);
    database.sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64500)");
    database.params()
}

#[test]
fn modules_are_loaded_in_any_order_before_and_after_their_neighbours() {
    let params = database("neighbours_order");
    for order in ORDERS {
        let before = site(&order, &params).stock(&NEIGHBOURS);
        let after = NEIGHBOURS
            .iter()
            .fold(site(&order, &params), |builder, name| {
                let file = format!("@HTTPD_MODULES@/mod_{name}.so");
                builder.config(&format!("LoadModule {name}_module \"{file}\""))
            });
        for builder in [before, after] {
            let httpd = settings(builder.set("LINKS", ""))
                .config("DBDriver pgsql\nFormGET On")
                // A warning, because both are loaded.
                .allow("mod_autoindex")
                .start();
            assert_works(&httpd, &order, false);
        }
    }
}

#[test]
fn each_module_works_without_the_others() {
    let params = database("neighbours_alone");
    let some: [&[&str]; 6] = [
        &["mirrorbrain"],
        &["asn"],
        &["autoindex_mb"],
        &["mirrorbrain", "asn"],
        &["mirrorbrain", "autoindex_mb"],
        &["asn", "autoindex_mb"],
    ];
    for ours in some {
        let httpd = settings(site(ours, &params).set("LINKS", LINKS)).start();
        assert_works(&httpd, ours, true);
    }
}

/// What only reads the configuration touches neither database nor disk.
#[test]
fn httpd_shows_its_configuration_without_a_database() {
    let nowhere = format!("host=127.0.0.1 port={} user=x dbname=x", free_port());
    let builder = settings(site(&ORDERS[0], &nowhere).set("LINKS", LINKS))
        .config("<VirtualHost *:@PORT@>\nServerName other.example.org\n</VirtualHost>");
    assert!(builder.check().is_ok_and(|text| text.contains("Syntax OK")));
    let hosts = builder.query("-S");
    assert!(hosts.contains("other.example.org"), "{hosts}");
    let directives = builder.query("-L");
    for name in ["MirrorBrainEngine", "ASLookup", "DBDParams", "IndexOptions"] {
        assert!(directives.contains(name), "{name}");
    }
    let modules = builder.query("-M");
    for name in ORDERS[0] {
        assert!(modules.contains(&format!("{name}_module")), "{modules}");
    }
    let left: Vec<_> = fs::read_dir(builder.work())
        .expect("files")
        .flatten()
        .collect();
    let names = left.iter().map(|entry| entry.file_name());
    let unknown = names.filter(|name| !KNOWN.contains(&name.to_str().unwrap_or_default()));
    assert_eq!(unknown.count(), 0, "{left:?}");
}

/// What the harness itself puts beside the configuration.
const KNOWN: [&str; 4] = ["httpd.conf", "mime.types", "tree", "error.log"];
