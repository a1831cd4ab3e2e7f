//! The geo database is replaced, overwritten, cut and deleted while clients are looked up in it.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use geo_db::writer::{Value, Writer};
use harness::http;
use harness::httpd::Builder;
use harness::load::{Count, Load};

use super::{FILE, right};
use crate::site::Site;

/// A file of some pages in which 127.0.0.1 is in a country.
fn database(country: &str) -> Vec<u8> {
    let value = |code: &str| Value::map([("country", Value::map([("iso_code", code)]))]);
    let mut writer = Writer::new("GeoLite2-Country");
    for n in 0..2000 {
        writer = writer.insert(&format!("10.{}.{}.0/24", n / 256, n % 256), value("DE"));
    }
    writer
        .insert("127.0.0.0/8", value(country))
        .to_bytes()
        .expect("mmdb")
}

fn site(name: &str) -> Builder {
    let site = Site::new(name).server("MirrorBrainGeoDatabase geo.mmdb");
    let builder = site.builder();
    fs::write(builder.work().join("geo.mmdb"), database("JP")).expect("mmdb");
    builder
}

/// As administrators do it: `cp new.mmdb geo.mmdb`.
fn overwrite(file: &Path, content: &[u8]) {
    fs::write(file, content).expect("mmdb");
}

#[test]
fn a_geo_database_that_comes_and_goes_under_load_costs_no_request() {
    let mut httpd = site("outage_geo").start();
    let file = httpd.work().join("geo.mmdb");
    let children = httpd.children();
    // A client whose country is not known may happen to get a mirror there.
    let is = |country: &str| {
        let response = httpd.get(FILE);
        let realm = response.header("X-MirrorBrain-Realm");
        realm.is_some_and(|realm| realm == "country") && response.location().contains(country)
    };
    let until = |wanted: &str| {
        let start = Instant::now();
        while !is(wanted) {
            assert!(start.elapsed() < Duration::from_secs(10), "{wanted}");
            sleep(Duration::from_millis(20));
        }
        // Looked at once a second.
        assert!(start.elapsed() < Duration::from_secs(3), "{wanted}");
    };
    let load = Load::checked(httpd.address(), FILE, 4, right);
    until(".jp.");
    overwrite(&file, &database("US"));
    until(".us.");
    let content = fs::read(&file).expect("mmdb");
    overwrite(&file, &content[..content.len() / 3]);
    sleep(Duration::from_millis(1500));
    overwrite(&file, b"");
    sleep(Duration::from_millis(1500));
    overwrite(&file, &content);
    until(".us.");
    fs::remove_file(&file).expect("mmdb");
    sleep(Duration::from_millis(1500));
    assert!(is(".us."), "a deleted file stays in use");
    overwrite(&file, &database("JP"));
    until(".jp.");
    let count = Count::of(&load.finish());
    println!("geo database: {count}");
    assert!(count.failures.is_empty(), "{:#?}", count.failures);
    assert_eq!(count.status(302), count.requests, "{count}");
    assert_eq!(httpd.children(), children, "no child ends");
    // Once for the part of a file, once for the empty one, once for none.
    let said = httpd.log().matches("cannot use").count();
    assert_eq!(said, 3, "{}", httpd.log());
    httpd.allow("cannot use");
}

/// How long each look at the file's state takes then.
const DELAY: Duration = Duration::from_millis(300);

/// Between the look at the file's state and the read of its pages there is about a microsecond.
/// strace makes it longer, and the file is cut in it.
#[test]
fn a_geo_database_that_is_cut_in_the_midst_of_a_look_up_ends_no_child() {
    let builder = site("outage_geo_cut");
    let geo = builder.work().join("geo.mmdb");
    let file = geo.to_str().expect("a path");
    let delay = format!(
        "inject=statx,newfstatat,fstat:delay_exit={}",
        DELAY.as_micros()
    );
    let httpd = builder
        .traced(["-o", "/dev/null", "-e", &delay, "-P", file])
        .start();
    // Each time from another address: where a client is that came before is remembered.
    let next = AtomicU8::new(1);
    let ask = || {
        let address = format!("127.0.0.{}", next.fetch_add(1, Ordering::Relaxed));
        let request = http::request("GET", FILE, &[("X-Test-Addr", &address)]);
        http::exchange(httpd.address(), &request)
    };
    // A request that takes two delays has looked for a new file; the next will not, for a second.
    let looked = (0..10).any(|_| {
        let start = Instant::now();
        assert!(ask().expect("an answer").location().contains(".jp."));
        start.elapsed() > DELAY * 2
    });
    assert!(looked);
    let answer = std::thread::scope(|scope| {
        let asker = scope.spawn(ask);
        sleep(DELAY / 2);
        overwrite(&geo, b"");
        asker.join().expect("a client")
    });
    let answer = answer.expect("the child lives on and answers");
    assert_eq!(answer.status, 302);
}
