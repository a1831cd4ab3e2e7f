//! The harness's own cluster, on a real server.

use postgres::fallible_iterator::FallibleIterator as _;

use super::*;

#[test]
fn databases_have_the_sites_schema_and_its_functions() {
    let db = Cluster::shared().database("schema", &[]);
    db.sql(
        "INSERT INTO server SELECT id, 'm' || id, 'http://m/', '', '', 't', 't', 'eu', 'de', 1, \
         '', 'f', 100, 0, NULL, '', '', '', '', '', '', 0, 0, 'f', 'f', 'f', 'f', '', 0 \
         FROM generate_series(1, 3) AS id",
    );
    assert_eq!(db.sql("SELECT mirr_add_bypath(1, 'a/b.iso')"), "1");
    assert_eq!(db.sql("SELECT mirr_add_bypath(1, 'a/b.iso')"), "1");
    assert_eq!(db.sql("SELECT mirr_add_byid(3, 1)"), "1");
    assert_eq!(db.sql("SELECT mirr_add_byid(3, 1)"), "0");
    assert_eq!(db.sql("SELECT mirrors FROM filearr"), "{1,3}");
    assert_eq!(db.sql("SELECT mirr_hasfile_byid(3, 1)"), "t");
    assert_eq!(db.sql("SELECT mirr_hasfile_byname(2, 'a/b.iso')"), "f");
    assert_eq!(
        db.sql("SELECT mirr_get_name('{3,1}'::smallint[])"),
        "{m3,m1}"
    );
    assert_eq!(db.sql("SELECT mirr_get_name(2)"), "m2");
    assert_eq!(
        db.sql("SELECT mirr_get_nfiles(3), mirr_get_nfiles('m2')"),
        "1|0"
    );
    assert_eq!(
        db.sql("SELECT mirr_del_byid(1, 1), mirr_del_byid(1, 1)"),
        "1|0"
    );
    assert_eq!(db.sql("SELECT mirr_add_bypath(2, 'next.iso')"), "2");
    db.sql("INSERT INTO pfx2asn VALUES ('2001:db8::/32', 4200000000), ('10.0.0.0/8', 64512)");
    let longest = "SELECT asn FROM pfx2asn WHERE pfx >>= ip4r('10.1.1.1')::iprange";
    assert_eq!(db.sql(longest), "64512");
}

#[test]
fn notify_triggers_tell_what_changed() {
    let sql = workspace().join("sql/notify.sql");
    let db = Cluster::shared().database("notify", &[&sql, &sql]);
    let mut client = db.connect().expect("a connection");
    let changes = "LISTEN mirrorbrain; \
         INSERT INTO filearr (path) VALUES ('a'), ('b'); \
         INSERT INTO hash VALUES (2, 0, 0, '', '', '', 0, '', '', '', 0, '', ''); \
         UPDATE filearr SET path = 'c' WHERE path = 'a'; \
         DELETE FROM server; \
         TRUNCATE hash";
    client.batch_execute(changes).expect("changes");
    let mut heard = client.notifications();
    let payloads: Vec<String> = heard
        .timeout_iter(Duration::from_secs(1))
        .map(|notification| Ok(notification.payload().to_owned()))
        .collect()
        .expect("notifications");
    assert_eq!(payloads, ["file a", "file b", "file c", "server", "files"]);
}

#[test]
fn the_recorded_fixture_loads() {
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let db = Cluster::shared().database("fixture", &[&fixture]);
    let counts = "SELECT (SELECT count(*) FROM server), (SELECT count(*) FROM filearr), \
                  (SELECT count(*) FROM hexhash)";
    assert_eq!(db.sql(counts), "41|27|11");
}

#[test]
fn a_cluster_of_ones_own_stops_crashes_and_comes_back() {
    let cluster = Cluster::start(&[("max_connections", "10")]);
    let db = cluster.database("faults", &[]);
    assert_eq!(db.sql("SHOW max_connections"), "10");
    let is_up = || std::net::TcpStream::connect(("127.0.0.1", cluster.port())).is_ok();
    cluster.stop();
    assert!(!is_up());
    cluster.resume();
    cluster.kill();
    assert!(!is_up());
    cluster.resume();
    assert_eq!(db.sql("SELECT 1"), "1");
    let dir = cluster.socket_dir().to_owned();
    drop(cluster);
    assert!(!dir.exists());
}
