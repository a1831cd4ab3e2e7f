//! Beside other modules of httpd: transports, caches, filters, and whatever order they come in.

mod content;
mod handlers;
mod order;
mod transport;

use std::fs;
use std::process::Command;

use geo_db::writer::{Value, Writer};
use harness::command::run;
use harness::httpd::Builder;

use crate::site::Site;

const FILE: &str = "/iso/full.iso";

/// A site with a geo database: 192.0.2.0/24 is in Japan, 198.51.100.0/24 in Germany.
fn located(name: &str) -> Builder {
    let builder = Site::new(name)
        .server("MirrorBrainGeoDatabase geo.mmdb")
        .builder();
    let country = |code: &str| Value::map([("country", Value::map([("iso_code", code)]))]);
    Writer::new("GeoLite2-Country")
        .insert("192.0.2.0/24", country("JP"))
        .insert("198.51.100.0/24", country("DE"))
        .write_to(&builder.work().join("geo.mmdb"))
        .expect("mmdb");
    builder
}

/// What curl receives from the private httpd by these arguments: all heads and the body, line ends
/// as in files.
fn curl(port: u16, scheme: &str, path: &str, arguments: &[&str]) -> String {
    let name = format!("download.example.org:{port}");
    let place = format!("{name}:127.0.0.1");
    run(harness::http::curl()
        .args(["-k", "-D", "-", "--resolve", &place])
        .args(arguments)
        .arg(format!("{scheme}://{name}{path}")))
    .replace("\r\n", "\n")
}

/// Makes a key and a certificate for download.example.org in a directory.
fn certificate(builder: &Builder) -> (String, String) {
    let file = |name: &str| builder.work().join(name).display().to_string();
    let (key, certificate) = (file("key.pem"), file("cert.pem"));
    run(Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=download.example.org",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &key,
            "-out",
        ])
        .arg(&certificate)
        .stderr(std::process::Stdio::null()));
    assert!(fs::metadata(&certificate).is_ok_and(|file| file.len() > 0));
    (key, certificate)
}
