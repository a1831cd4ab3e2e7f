//! How the module gets along with httpd's configuration: virtual hosts, neighbours, restarts.

use std::fs;

use geo_db::writer::{Value, Writer};
use harness::postgres::Cluster;
use harness::workspace;

use crate::site::{BERLIN, Site};

#[test]
fn a_virtual_host_inherits_the_database_or_names_its_own() {
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    // Mirror 26 is in Canada.
    let other = Cluster::shared().database("loading_other", &[&fixture]);
    other.sql("UPDATE filearr SET mirrors = '{26}' WHERE path = 'iso/full.iso'");
    let again = Cluster::shared().attach("loading_vhost").params();
    let httpd = Site::new("loading_vhost")
        .sql("UPDATE filearr SET mirrors = '{1}' WHERE path = 'iso/full.iso'")
        .server("<VirtualHost *:@PORT@>\nServerName inherits.example.org\n</VirtualHost>")
        .server(&format!(
            "<VirtualHost *:@PORT@>\nServerName same.example.org\nDBDParams \"{again}\"\n</VirtualHost>"
        ))
        .server(&format!(
            "<VirtualHost *:@PORT@>\nServerName other.example.org\nDBDParams \"{}\"\n</VirtualHost>",
            other.params()
        ))
        .start();
    let mirror = |host: &str| {
        let mut headers = BERLIN.to_vec();
        headers.push(("Host", host));
        let response = httpd.get_with("/iso/full.iso", &headers);
        response.header("X-MirrorBrain-Mirror").unwrap_or_default()
    };
    assert_eq!(mirror("inherits.example.org"), "m1.de.example.org");
    assert_eq!(mirror("same.example.org"), "m1.de.example.org");
    assert_eq!(mirror("other.example.org"), "m26.ca.example.org");
}

#[test]
fn the_module_says_its_name_and_version() {
    let httpd = Site::new("loading_name")
        .server("<IfModule mod_mirrorbrain.c>\nServerTokens Full\n</IfModule>")
        .start();
    let server = httpd.get("/").header("Server").unwrap_or_default();
    let ours = format!("mod_mirrorbrain/{}", env!("CARGO_PKG_VERSION"));
    assert!(server.contains(&ours), "{server}");
}

#[test]
fn a_geo_database_is_replaced_and_broken_without_a_restart() {
    let site = Site::new("loading_geo").server("MirrorBrainGeoDatabase geo.mmdb");
    let builder = site.builder();
    let file = builder.work().join("geo.mmdb");
    let country = |code: &str| {
        let value = Value::map([("country", Value::map([("iso_code", code)]))]);
        Writer::new("GeoLite2-Country")
            .insert("127.0.0.0/8", value)
            .write_to(&file)
            .expect("mmdb");
    };
    country("JP");
    let mut httpd = builder.start();
    let location = || httpd.get("/iso/full.iso").location();
    assert!(location().contains(".jp."), "{}", location());
    country("US");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !location().contains(".us.") {
        assert!(std::time::Instant::now() < deadline, "{}", location());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // A damaged file changes nothing but the log.
    let new = httpd.work().join("damaged");
    fs::write(&new, b"no mmdb").expect("file");
    fs::rename(&new, &file).expect("file");
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(location().contains(".us."), "{}", location());
    httpd.allow("geo.mmdb");
}
