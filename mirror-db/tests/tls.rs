//! Each `sslmode` against a server that speaks TLS, as libpq has them.

#![allow(missing_docs, reason = "tests")]

use mirror_db::{Connection, ConnectionInfo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, KeyPair};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};
use tests::{command, postgres::Cluster};

fn authority(name: &str) -> CertifiedKey {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key_pair = KeyPair::generate().unwrap();
    let cert = params.self_signed(&key_pair).unwrap();
    CertifiedKey { cert, key_pair }
}

fn issue(authority: &CertifiedKey, common_name: &str, hosts: &[&str]) -> CertifiedKey {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    let key_pair = KeyPair::generate().unwrap();
    let cert = params
        .signed_by(&key_pair, &authority.cert, &authority.key_pair)
        .unwrap();
    CertifiedKey { cert, key_pair }
}

/// Writes `name.crt` and `name.key`; the server insists on a private key that is private.
fn write(dir: &Path, name: &str, certificate: &CertifiedKey) {
    fs::write(dir.join(name).with_extension("crt"), certificate.cert.pem()).unwrap();
    let key = dir.join(name).with_extension("key");
    fs::write(&key, certificate.key_pair.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    if command::is_root() {
        let (uid, gid) = command::ids("postgres");
        std::os::unix::fs::chown(&key, Some(uid), Some(gid)).unwrap();
    }
}

const HBA: &str = "\
hostnossl tls_only   all 127.0.0.1/32 reject
hostssl   plain_only all 127.0.0.1/32 reject
hostssl   cert_only  web 127.0.0.1/32 cert
local     all        all              trust
host      all        all 127.0.0.1/32 trust
";

/// A server with this certificate.
fn server(dir: &Path, name: &str, authority: Option<&str>) -> Cluster {
    let path = |file: String| dir.join(file).to_str().unwrap().to_owned();
    fs::write(dir.join("hba"), HBA).unwrap();
    Cluster::start(&[
        ("ssl", "on"),
        ("ssl_cert_file", &path(format!("{name}.crt"))),
        ("ssl_key_file", &path(format!("{name}.key"))),
        (
            "ssl_ca_file",
            &authority
                .map(|ca| path(format!("{ca}.crt")))
                .unwrap_or_default(),
        ),
        ("hba_file", &path("hba".to_owned())),
    ])
}

/// Whether the connection is encrypted, or why there is none.
fn encrypted(params: &str) -> Result<bool, String> {
    let info = ConnectionInfo::parse_with(params, |_| None).map_err(|e| e.to_string())?;
    let open = Connection::open(&info, &[], Duration::from_secs(5));
    let mut connection = open.map_err(|error| error.to_string())?;
    let rows = connection.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    Ok(rows.unwrap()[0][0].as_deref() == Some("t"))
}

#[test]
fn each_sslmode_encrypts_and_verifies_as_libpq_does() {
    let dir = tests::temp_dir("tls");
    let ours = authority("Our CA");
    write(dir.path(), "ours", &ours);
    write(dir.path(), "foreign", &authority("Foreign CA"));
    write(
        dir.path(),
        "server",
        &issue(&ours, "server", &["db.example"]),
    );
    write(dir.path(), "web", &issue(&ours, "web", &[]));
    let cluster = server(dir.path(), "server", Some("ours"));
    for name in ["any", "tls_only", "plain_only", "cert_only"] {
        cluster.database(name, &[]);
    }
    let port = cluster.port();
    let at = dir.path().display();
    let to = |dbname: &str, rest: &str| {
        encrypted(&format!(
            "hostaddr=127.0.0.1 port={port} user=mirrorbrain dbname={dbname} {rest}"
        ))
    };
    let fails = |dbname: &str, rest: &str, why: &str| {
        let error = to(dbname, rest).unwrap_err();
        assert!(error.contains(why), "{dbname} {rest}: {error}");
    };
    let ours = format!("sslrootcert={at}/ours.crt");
    let foreign = format!("sslrootcert={at}/foreign.crt");

    assert_eq!(to("any", "sslmode=disable"), Ok(false));
    fails("tls_only", "sslmode=disable", "SQLSTATE 28000");
    assert_eq!(to("any", "sslmode=allow"), Ok(false));
    assert_eq!(to("tls_only", "sslmode=allow"), Ok(true));
    assert_eq!(to("any", "sslmode=prefer"), Ok(true));
    assert_eq!(to("any", ""), Ok(true), "prefer is the default");
    assert_eq!(to("plain_only", "sslmode=prefer"), Ok(false));
    assert_eq!(
        to("any", "sslmode=require"),
        Ok(true),
        "any certificate will do"
    );
    fails("plain_only", "sslmode=require", "SQLSTATE 28000");
    assert_eq!(to("any", &format!("sslmode=require {ours}")), Ok(true));
    fails(
        "any",
        &format!("sslmode=require {foreign}"),
        "UnknownIssuer",
    );
    assert_eq!(
        to("any", &format!("sslmode=verify-ca {ours}")),
        Ok(true),
        "whatever its name"
    );
    fails(
        "any",
        &format!("sslmode=verify-ca {foreign}"),
        "UnknownIssuer",
    );
    fails("any", "sslmode=verify-ca", "sslrootcert");
    fails(
        "any",
        "sslmode=verify-ca sslrootcert=/nonexistent",
        "/nonexistent does not exist",
    );
    assert_eq!(
        to(
            "any",
            &format!("sslmode=verify-full {ours} host=db.example")
        ),
        Ok(true)
    );
    fails(
        "any",
        &format!("sslmode=verify-full {ours} host=other.example"),
        "not valid for name",
    );
    fails(
        "any",
        &format!("sslmode=verify-full {ours}"),
        "needs \"host\"",
    );
    fails("any", "sslrootcert=system host=db.example", "UnknownIssuer");
    for version in [
        "ssl_min_protocol_version=TLSv1.3",
        "ssl_max_protocol_version=TLSv1.2",
    ] {
        assert_eq!(to("tls_only", version), Ok(true), "{version}");
    }

    fails("cert_only", "user=web sslmode=require", "certificate");
    let identity = format!("user=web sslmode=require sslcert={at}/web.crt sslkey={at}/web.key");
    cluster.database("roles", &[]).sql("CREATE ROLE web LOGIN");
    assert_eq!(to("cert_only", &identity), Ok(true));
    let socket = cluster.socket_dir().display();
    let socket =
        format!("host={socket} port={port} user=mirrorbrain dbname=any sslmode=verify-full");
    assert_eq!(
        encrypted(&socket),
        Ok(false),
        "sslmode means nothing to a Unix socket"
    );
}

#[test]
fn a_self_signed_certificate_is_its_own_root() {
    let dir = tests::temp_dir("tls");
    // A common name and no alternative name, as the examples of PostgreSQL's manual make it.
    write(dir.path(), "self", &authority("db.example"));
    let cluster = server(dir.path(), "self", None);
    cluster.database("any", &[]);
    let port = cluster.port();
    let at = dir.path().display();
    let to = |host: &str, mode: &str| {
        encrypted(&format!(
            "host={host} hostaddr=127.0.0.1 port={port} user=mirrorbrain dbname=any \
             sslmode={mode} sslrootcert={at}/self.crt"
        ))
    };
    assert_eq!(to("db.example", "verify-full"), Ok(true));
    assert_eq!(to("other.example", "verify-ca"), Ok(true));
    assert!(to("other.example", "verify-full").is_err());
}
