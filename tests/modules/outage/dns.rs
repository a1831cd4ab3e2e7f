//! The database's name leads to another server, while the old one goes on to answer.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::clock::library;
use harness::namespace::{self, left_out};
use harness::workspace;

use super::{FILE, builder, cluster};

/// As a managed database is moved, or an administrator who does not dare to stop the old one.
#[test]
fn a_name_that_leads_to_another_server_is_followed_while_the_old_one_lives() {
    if left_out() {
        return;
    }
    let (old, params) = cluster();
    let new = old.start_beside("127.0.0.2");
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let database = new.database("outage", &[&fixture]);
    database.sql("UPDATE server SET baseurl = 'http://new.example/'");

    let params = params.replace("host=127.0.0.1", "host=db.example");
    let builder = builder(&params, "MirrorBrainCacheTTL 1");
    let hosts = builder.work().join("hosts");
    let lead_to = |address: &str| {
        fs::write(&hosts, format!("{address} db.example\n")).expect("the names");
    };
    lead_to("127.0.0.1");
    // A minute of the server's is six seconds of ours.
    let script = format!(
        "mount --bind \"$1\" /etc/hosts; \
         export LD_PRELOAD={} FAKETIME='+0 x10' FAKETIME_DISABLE_SHM=1",
        library()
    );
    let mut httpd = builder
        .run_by(namespace::launcher(&script, &[&hosts]))
        .start();
    let mirror = || httpd.get(FILE).location();
    sleep(Duration::from_secs(1));
    assert!(mirror().contains(".example.org/"), "{}", mirror());
    lead_to("127.0.0.2");
    let start = Instant::now();
    while !mirror().starts_with("http://new.example/") {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{}\n{}",
            mirror(),
            httpd.log()
        );
        sleep(Duration::from_millis(100));
    }
    // Its seconds are short, and the machine may be busy.
    httpd.allow("is not available");
    println!("followed after {:?}", start.elapsed());
    // Each connection looks for itself, a minute after it was made.
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'outage'";
    while old.attach("postgres").sql(count) != "0" {
        assert!(start.elapsed() < Duration::from_secs(60), "old connections");
        sleep(Duration::from_millis(100));
    }
}
