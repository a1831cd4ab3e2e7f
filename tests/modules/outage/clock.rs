//! The clock of the machine is set while requests are served.

use std::thread::sleep;
use std::time::Duration;

use harness::clock::Clock;
use harness::load::Count;
use harness::postgres::Cluster;

use super::{FILE, builder, cluster, load, said};

#[test]
fn a_clock_that_jumps_changes_nothing() {
    let (cluster, params): (Cluster, String) = cluster();
    let builder = builder(&params, "MirrorBrainCacheTTL 1\nMirrorBrainCacheStale 0");
    let (builder, clock) = Clock::of(builder);
    let httpd = builder.start();
    let date = || httpd.get(FILE).header("Date").unwrap_or_default();
    let today = date();
    let load = load(&httpd);
    for offset in ["+3d", "-3d", "-20y", "+10y", "+0"] {
        sleep(Duration::from_millis(700));
        clock.set(offset);
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
