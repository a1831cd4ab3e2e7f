//! What is said when a connection does not come about, or is not quite as one would expect.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{fixture, open, until, version};
use harness::command;
use harness::postgres::Cluster;
use mirror_cache::Settings;
use pg::{Connection, ConnectionInfo};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// A cluster that lets its superuser in as ever, and asks others for a password.
fn asking_for_passwords(dir: &Path) -> Cluster {
    let hba = dir.join("pg_hba.conf");
    let rules = "local all all trust\nhost all mirrorbrain 127.0.0.1/32 trust\n\
                 host all all 127.0.0.1/32 scram-sha-256\n";
    fs::write(&hba, rules).unwrap();
    let cluster = Cluster::start(&[("hba_file", hba.to_str().unwrap())]);
    cluster
        .attach("postgres")
        .sql("CREATE ROLE reader LOGIN PASSWORD 'right'");
    cluster
}

#[test]
fn a_password_that_cannot_be_had_is_missed_with_the_reason() {
    let dir = harness::temp_dir("passfile");
    let cluster = asking_for_passwords(dir.path());
    let port = cluster.port();
    let file = dir.path().join("pgpass");
    let path = file.to_str().unwrap();
    let attempt = |passfile: &str| {
        let params =
            format!("host=127.0.0.1 port={port} user=reader dbname=postgres passfile='{passfile}'");
        let info = ConnectionInfo::parse_with(&params, |_| None).unwrap();
        let opened = Connection::open(&info, &[], 5 * SECOND);
        opened.map(drop).map_err(|error| error.to_string())
    };
    let write = |text: &str, mode| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    };
    let fails = |passfile: &str, why: &str| {
        let error = attempt(passfile).unwrap_err();
        let asks = "the server asks for a password (scram-sha-256), but none is given and";
        assert!(error.contains(asks) && error.ends_with(why), "{error}");
        assert!(error.starts_with(&format!("127.0.0.1:{port}: ")), "{error}");
    };
    let user = if command::is_root() { "root" } else { "?" };
    if command::is_root() {
        let absent =
            format!("{path} cannot be read as user {user}: No such file or directory (os error 2)");
        fails(path, &absent);
    }
    write("*:*:*:reader:right\n", 0o644);
    fails(
        path,
        &format!("{path} is not used: others have access to it (mode 0644), chmod 0600 mends that"),
    );
    write("other:*:*:reader:right\n", 0o600);
    fails(
        path,
        &format!("{path} has no line for 127.0.0.1:{port}:postgres:reader"),
    );
    fails("/", "/ is no file");
    write("*:*:*:reader:right\n", 0o600);
    assert_eq!(attempt(path), Ok(()));
}

#[test]
fn prefer_that_ends_without_tls_is_warned_of() {
    let dir = harness::temp_dir("prefer");
    let (certificate, key) = (dir.path().join("crt"), dir.path().join("key"));
    let made = rcgen::generate_simple_self_signed(vec!["db.example".to_owned()]).unwrap();
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.key_pair.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    if command::is_root() {
        let (uid, gid) = command::ids("postgres");
        std::os::unix::fs::chown(&key, Some(uid), Some(gid)).unwrap();
    }
    let cluster = Cluster::start(&[
        ("ssl", "on"),
        ("ssl_cert_file", certificate.to_str().unwrap()),
        ("ssl_key_file", key.to_str().unwrap()),
        ("ssl_min_protocol_version", "TLSv1.3"),
    ]);
    let db = fixture(&cluster, "prefer");
    let told = |rest: &str| {
        let params = format!("{} {rest}", db.params());
        let (database, log) = open(&params, Settings::default());
        assert!(database.file(version("x", 1, 1)).is_ok());
        log.take()
    };
    assert_eq!(told(""), Vec::<String>::new());
    assert_eq!(told("sslmode=disable"), Vec::<String>::new());
    let lines = told("ssl_max_protocol_version=TLSv1.2");
    let start = format!(
        "the connection to 127.0.0.1:{} is not encrypted: received fatal alert: ProtocolVersion;",
        cluster.port()
    );
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with(&start), "{lines:?}");

    // A server without a free place is not asked again in the clear: by then it may have one.
    db.sql("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0");
    let params = db.params().replace("user=mirrorbrain", "user=crowd");
    let info = ConnectionInfo::parse_with(&params, |_| None).unwrap();
    let opened = Connection::open(&info, &[], 5 * SECOND);
    let error = opened.map(drop).unwrap_err();
    assert!(
        error.to_string().contains("too many connections"),
        "{error}"
    );
    let said = cluster.log();
    assert_eq!(said.matches("too many connections").count(), 1, "{said}");
}

#[test]
fn a_server_that_is_passed_over_is_named_with_the_reason() {
    let db = fixture(Cluster::shared(), "failover");
    let closed = harness::free_port();
    let port = Cluster::shared().port();
    let params =
        format!("host=127.0.0.1,localhost port={closed},{port} user=mirrorbrain dbname=failover");
    let (database, log) = open(&params, Settings::default());
    assert!(database.file(version("x", 1, 1)).is_ok());
    let said = format!(
        "connected to localhost:{port}: 127.0.0.1:{closed}: cannot connect: Connection refused (os \
         error 111)"
    );
    assert_eq!(log.take(), [&*said]);
    db.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'failover' \
            AND pid <> pg_backend_pid()",
    );
    until(2 * SECOND, || database.file(version("y", 1, 1)).is_ok());
    assert_eq!(log.take(), Vec::<String>::new(), "once until it changes");
}

#[test]
fn all_servers_that_fail_are_named() {
    let ports = [harness::free_port(), harness::free_port()];
    let params = format!("host=127.0.0.1,127.0.0.1 port={},{}", ports[0], ports[1]);
    let (_database, log) = open(&params, Settings::default());
    until(2 * SECOND, || log.lines() > 0);
    let lines = log.take();
    for port in ports {
        let server = format!("127.0.0.1:{port}: cannot connect: Connection refused");
        assert!(lines[0].contains(&server), "{lines:?}");
    }
}

#[test]
fn a_statement_of_the_administrators_is_not_repeated_when_it_fails() {
    let db = fixture(Cluster::shared(), "init_sql");
    let mut settings = Settings::default();
    settings.pool.init_sql = vec![
        "SET search_path = public".to_owned(),
        "ALTER ROLE nobody_here PASSWORD 'xyzzy'".to_owned(),
    ];
    let (database, log) = open(&db.params(), settings);
    assert!(database.file(version("x", 1, 1)).is_ok());
    let said = "DBDInitSQL 2 (ALTER ...): role \"nobody_here\" does not exist (SQLSTATE 42704)";
    assert_eq!(log.take(), [said]);
}
