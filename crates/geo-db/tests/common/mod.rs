//! What the tests share.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::fs::File;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::Path;

use geo_db::Database;
use geo_db::writer::{Value, Writer};

/// Reads the whole file.
pub fn read(_: &Path, mut file: &File) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    file.read_to_end(&mut contents)?;
    Ok(contents)
}

pub fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A record in the schema of GeoLite2-City.
pub fn city(country: &str, name: &str, continent: &str, latitude: f64, longitude: f64) -> Value {
    let location = Value::map([("latitude", latitude), ("longitude", longitude)]);
    let names = Value::map([("de", "falsch"), ("en", name)]);
    Value::map([
        ("city", Value::map([("geoname_id", 2_950_159_u32)])),
        ("continent", Value::map([("code", continent)])),
        (
            "country",
            Value::map([("iso_code", Value::from(country)), ("names", names)]),
        ),
        ("location", location),
    ])
}

/// Opens what a writer makes.
pub fn database(writer: &Writer) -> Database<Vec<u8>> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.mmdb");
    writer.write_to(&path).expect("writable");
    Database::open(&path, read).expect("valid")
}
