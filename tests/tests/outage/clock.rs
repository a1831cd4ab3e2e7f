//! The clock of the machine is set while requests are served.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use tests::load::Count;
use tests::postgres::Cluster;

use super::{FILE, builder, cluster, load, said};

/// Tells a process that it is another time; the clocks that only count on are left alone, as the
/// kernel leaves them when an administrator sets the time.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

pub(super) fn library() -> String {
    let directories = fs::read_dir("/usr/lib").expect("/usr/lib").flatten();
    let places = directories.map(|entry| entry.path().join(LIBRARY));
    let found = places.into_iter().find(|file| Path::is_file(file));
    let found = found.unwrap_or_else(|| panic!("no {LIBRARY} (Debian: libfaketime)"));
    found.to_str().expect("a path").to_owned()
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    let (cluster, params): (Cluster, String) = cluster();
    let builder = builder(&params, "MirrorBrainCacheTTL 1\nMirrorBrainCacheStale 0");
    let clock = builder.work().join("clock");
    let set = |offset: &str| {
        let new = clock.with_extension("new");
        fs::write(&new, offset).expect("the offset");
        fs::rename(&new, &clock).expect("the offset");
    };
    set("+0");
    let httpd = builder
        .env("LD_PRELOAD", &library())
        .env("FAKETIME_TIMESTAMP_FILE", clock.to_str().expect("a path"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("FAKETIME_DISABLE_SHM", "1")
        .start();
    let date = || httpd.get(FILE).header("Date").unwrap_or_default();
    let today = date();
    let load = load(&httpd);
    for offset in ["+3d", "-3d", "-20y", "+10y", "+0"] {
        sleep(Duration::from_millis(700));
        set(offset);
        sleep(Duration::from_millis(100));
        let year = |date: &str| date.get(5..16).map(str::to_owned);
        assert_eq!(year(&date()) == year(&today), offset == "+0", "{offset}");
    }
    // What was fetched at another time has expired after a second all the same.
    let mirrors = cluster.attach("outage");
    mirrors.sql("TRUNCATE filearr CASCADE");
    sleep(Duration::from_millis(1500));
    assert_eq!(httpd.get(FILE).status, 200);
    let count = Count::of(&load.finish());
    println!("clock: {count}");
    assert!(count.failures.is_empty(), "{:#?}", count.failures);
    assert!(count.status(302) > 50, "{count}");
    // httpd's own time-out of kept connections goes by the clock.
    assert!(count.retried <= 4 * 5, "{count}");
    assert!(said(&httpd).is_empty(), "{:#?}", said(&httpd));
}
