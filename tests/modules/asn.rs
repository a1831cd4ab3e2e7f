//! mod_asn: the network and the AS of a client.

mod defects;
mod full_size;
mod outage;
mod setup;
mod sources;
mod table;

use std::time::{Duration, Instant};

use harness::httpd::{Builder, Httpd};
use harness::postgres::Database;

/// The client's address for [`site`], which has no other way to give one.
const CLIENT: &str = "X-Client";

/// Clients are looked up everywhere, and told what was found.
const LOOKUP: &str = "<Directory \"@TREE@\">\nASLookup On\nASSetHeaders On\n</Directory>";

/// Ranges that nest, IPv4 and IPv6.
const NETWORKS: &str = "INSERT INTO pfx2asn VALUES \
     ('10.0.0.0/8', 64500), ('10.1.0.0/16', 4200000000), ('10.1.2.10-10.1.2.20', 64502), \
     ('127.0.0.0/8', 64510), ('2001:db8::/32', 64503), ('2001:db8:1::/48', 4294967295)";

/// A site that looks clients up in a database, by a header, and says what it found.
fn site(params: &str) -> Builder {
    Httpd::builder()
        .ours(&["asn"])
        .config("DBDriver pgsql")
        .config(&format!("DBDParams \"{params}\""))
        .config("ASLookupRefresh 1")
        .config("ASIPHeader X-Client")
        .config(LOOKUP)
}

/// A database with [`NETWORKS`].
fn networks<'c>(cluster: &'c harness::postgres::Cluster, name: &str) -> Database<'c> {
    let db = cluster.database(name, &[]);
    db.sql(NETWORKS);
    db
}

/// `prefix asn` as the headers of the answer say, or `-`.
#[track_caller]
fn ask(httpd: &Httpd, address: &str) -> String {
    asked(&httpd.get_with("/", &[(CLIENT, address)]))
}

#[track_caller]
fn asked(response: &harness::http::Response) -> String {
    match (response.header("X-Prefix"), response.header("X-AS")) {
        (Some(prefix), Some(asn)) => format!("{prefix} {asn}"),
        (None, None) => "-".to_owned(),
        half => panic!("half an answer: {half:?}"),
    }
}

/// Waits until the answer is as expected.
#[track_caller]
fn wait_until(httpd: &Httpd, address: &str, expected: &str) -> Duration {
    let start = Instant::now();
    while ask(httpd, address) != expected {
        let patience = Duration::from_secs(15);
        assert!(
            start.elapsed() < patience,
            "{address}: {} is not {expected}\n{}",
            ask(httpd, address),
            httpd.log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

/// The lines that httpd has written to `networks` in its ServerRoot, once `ready` finds them
/// complete: httpd logs a request after it has answered.
#[track_caller]
fn logged(httpd: &Httpd, ready: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let text = std::fs::read_to_string(httpd.work().join("networks")).unwrap_or_default();
        if ready(&text) {
            return text;
        }
        assert!(Instant::now() < deadline, "{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
