//! mod_asn and mod_mirrorbrain each map a file; both are cut in the midst of a look-up.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use geo_db::writer::{Value, Writer};
use harness::http;
use harness::httpd::Httpd;

use super::FILE;
use crate::site::Site;

/// How long each look at the state of a file takes.
const DELAY: Duration = Duration::from_millis(300);

/// A path that only mod_asn has something to do with, as [`FILE`] has with mod_mirrorbrain.
const NOTHING: &str = "/nothing";

/// A file of some pages.
fn write(file: &Path, record: &Value) {
    let mut writer = Writer::new("Test");
    for n in 0..2000 {
        writer = writer.insert(&format!("10.{}.{}.0/24", n / 256, n % 256), record.clone());
    }
    let writer = writer.insert("127.0.0.0/8", record.clone());
    writer.write_to(file).expect("mmdb");
}

/// Both modules in this order, as one process, with a delay in each look at a file's state.
fn start(name: &str, order: [&str; 2]) -> Httpd {
    let site = Site::new(name)
        .server("MirrorBrainGeoDatabase geo.mmdb\nASLookupDatabase as.mmdb")
        .server(&format!("<Location {FILE}>\nASLookup Off\n</Location>"))
        .directory("ASLookup On\nASSetHeaders On");
    let builder = site.builder().without_ours().ours(&order);
    let (geo, asn) = (
        builder.work().join("geo.mmdb"),
        builder.work().join("as.mmdb"),
    );
    let germany = Value::map([("country", Value::map([("iso_code", Value::from("DE"))]))]);
    write(&geo, &germany);
    write(
        &asn,
        &Value::map([("autonomous_system_number", Value::Unsigned32(5))]),
    );
    let delay = format!(
        "inject=statx,newfstatat,fstat:delay_exit={}",
        DELAY.as_micros()
    );
    let (geo, asn) = (geo.to_str().expect("a path"), asn.to_str().expect("a path"));
    builder
        .traced(["-o", "/dev/null", "-e", &delay, "-P", geo, "-P", asn])
        .start()
}

/// Cuts a file between the look at its state and the read of its pages. Where a client is that
/// came before is remembered, so each time it is another one.
#[track_caller]
fn cut_during(httpd: &Httpd, path: &str, file: &str) -> u16 {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let ask = || {
        let address = format!("127.0.0.{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let request = http::request("GET", path, &[("X-Test-Addr", &address)]);
        http::exchange(httpd.address(), &request).expect("the child lives on and answers")
    };
    // A request that takes two delays has looked for a new file; the next will not, for a second.
    let looked = (0..10).any(|_| {
        let start = Instant::now();
        ask();
        start.elapsed() > DELAY * 2
    });
    assert!(looked, "{file}");
    std::thread::scope(|scope| {
        let asker = scope.spawn(ask);
        sleep(DELAY / 2);
        fs::write(httpd.work().join(file), "").expect("mmdb");
        asker.join().expect("a client").status
    })
}

/// Each module has a handler of its own for the signal; whichever came last must know the other.
#[test]
fn files_of_two_modules_that_are_cut_end_no_child_in_any_order() {
    for order in [["asn", "mirrorbrain"], ["mirrorbrain", "asn"]] {
        for asn_first in [true, false] {
            let name = format!("outage_cut_{}_{asn_first}", order[0]);
            let mut httpd = start(&name, order);
            let asn = || assert_eq!(cut_during(&httpd, NOTHING, "as.mmdb"), 404);
            let geo = || assert_eq!(cut_during(&httpd, FILE, "geo.mmdb"), 302);
            if asn_first {
                asn();
                geo();
            } else {
                geo();
                asn();
            }
            assert_eq!(httpd.get(NOTHING).status, 404);
            assert_eq!(httpd.get(FILE).status, 302);
            httpd.allow("cannot use");
            httpd.allow("ASLookupDatabase: ");
        }
    }
}
