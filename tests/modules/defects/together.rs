//! Several modules of ours in one process.

use harness::postgres::Cluster;

use crate::site::{BERLIN, Site};

#[test]
fn one_failing_statement_fails_alone() {
    let site = Site::new("together")
        .sql("DROP TABLE pfx2asn")
        .server("MirrorBrainDBDQueryHash \"SELECT nonsense WHERE %s = '' AND 1 = %d AND 1 = %d\"")
        .server("MirrorBrainCacheTTL 0")
        .directory("ASLookup On\nASSetHeaders On");
    let mut httpd = site.builder().ours(&["asn"]).start();
    for _ in 0..5 {
        let response = httpd.get_with("/iso/full.iso", &BERLIN);
        assert_eq!((response.status, response.header("X-AS")), (302, None));
    }
    assert_eq!(httpd.get_with("/iso/full.iso.md5", &BERLIN).status, 503);
    let meta4 = httpd.get_with("/iso/full.iso.meta4", &BERLIN);
    assert_eq!(meta4.status, 200);
    // Each has said so itself, and once.
    httpd.expect_log("there is no table pfx2asn");
    httpd.expect_log("column \"nonsense\" does not exist");
    let log = httpd.log();
    let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    assert!(
        log.lines()
            .any(|line| line.contains("[asn:") && line.contains("pfx2asn"))
    );
    assert!(
        log.lines()
            .any(|line| line.contains("[mirrorbrain:") && line.contains("nonsense"))
    );
    assert!(lines("nonsense") < 4 && lines("pfx2asn") < 4, "{log}");
    // The one's recovery is the other's business as little.
    let table = "CREATE TABLE pfx2asn (pfx iprange, asn bigint)";
    Cluster::shared().attach("together").sql(table);
    assert_eq!(httpd.get_with("/iso/full.iso", &BERLIN).status, 302);
}
