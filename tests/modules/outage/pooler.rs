//! A connection pooler between httpd and its database.

use std::thread::sleep;
use std::time::Duration;

use harness::pgbouncer::Pgbouncer;
use harness::postgres::Cluster;
use harness::workspace;

use super::{ASKING, FILE, assert_served, builder, load, said, time_to_redirect};

#[test]
fn a_site_works_behind_a_pooler_in_either_mode() {
    for mode in ["session", "transaction"] {
        let fixture = workspace().join("tests/compat/modules/fixture.sql");
        let database = Cluster::shared().database(&format!("outage_{mode}"), &[&fixture]);
        database.sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64500)");
        let pooler = Pgbouncer::start(&database, mode);
        if mode == "session" {
            // One for each connection of a child, and of mod_asn.
            pooler.reload(mode, 20);
        }
        let mut httpd = builder(&pooler.params(), ASKING)
            .ours(&["asn"])
            .config("DefaultRuntimeDir \"@WORK@\"\nASLookupRefresh 2")
            .config("<Directory \"@TREE@\">\nASLookup On\nASSetHeaders On\n</Directory>")
            .start();
        time_to_redirect(&httpd);
        let load = load(&httpd);
        sleep(Duration::from_secs(3));
        let count = assert_served(&load.finish());
        assert_eq!(count.status(302), count.requests, "{mode}: {count}");
        assert_eq!(httpd.get(FILE).header("X-AS").as_deref(), Some("64500"));
        let lines = said(&httpd);
        let is_shared = mode == "transaction";
        assert_eq!(lines.is_empty(), !is_shared, "{mode}: {lines:#?}");
        httpd.allow("pool_mode=transaction");
    }
}
