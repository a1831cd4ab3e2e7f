//! Each `sslmode` against a server that speaks TLS, as libpq has them.

#![allow(missing_docs, reason = "tests")]

use harness::command;
use harness::postgres::Cluster;
use pg::{Connection, ConnectionInfo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

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
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_sslmode_encrypts_and_verifies_as_libpq_does() {
    let dir = harness::temp_dir("tls");
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
    let dir = harness::temp_dir("tls");
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

fn openssl(dir: &Path, words: &str) {
    let mut command = std::process::Command::new("openssl");
    command::run(command.args(words.split_whitespace()).current_dir(dir));
}

/// The recipe of PostgreSQL's manual, "Creating Certificates": without a file of extensions older
/// OpenSSL makes certificates of version 1, and 3.4 needs a word for that.
fn by_the_manual(dir: &Path) {
    let version_1 = "-days 365 -sha256";
    let root = "req -x509 -new -nodes -days 365 -subj /CN=Root -keyout root.key -out root.crt";
    openssl(dir, root);
    let ca = "basicConstraints=critical,CA:true,pathlen:0";
    std::fs::write(dir.join("ca"), ca).unwrap();
    for name in ["middle", "server", "below"] {
        let subject = if name == "middle" {
            "Middle"
        } else {
            "db.example"
        };
        openssl(
            dir,
            &format!("req -new -nodes -subj /CN={subject} -keyout {name}.key -out {name}.csr"),
        );
    }
    let sign = |name: &str, issuer: &str, more: &str| {
        openssl(
            dir,
            &format!(
                "x509 -req -in {name}.csr {version_1} -CA {issuer}.crt -CAkey {issuer}.key \
                 -CAcreateserial -out {name}.crt {more}"
            ),
        );
    };
    sign("server", "root", "");
    sign("middle", "root", "-extfile ca");
    sign("below", "middle", "");
    let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    fs::write(
        dir.join("below.crt"),
        text("below.crt") + &text("middle.crt"),
    )
    .unwrap();
    openssl(
        dir,
        "req -new -nodes -subj /CN=db.example -keyout self.key -out self.csr",
    );
    openssl(
        dir,
        &format!("x509 -req -in self.csr {version_1} -signkey self.key -out self.crt"),
    );
    let print = std::process::Command::new("openssl")
        .args(["x509", "-noout", "-text", "-in"])
        .arg(dir.join("server.crt"))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&print.stdout).contains("Version: 1"));
    for name in ["server", "below", "self"] {
        let key = dir.join(name).with_extension("key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        if command::is_root() {
            let (uid, gid) = command::ids("postgres");
            std::os::unix::fs::chown(&key, Some(uid), Some(gid)).unwrap();
        }
    }
}

/// A list of what `root` has revoked: the certificate of the server.
fn revoke(dir: &Path) {
    fs::write(dir.join("index.txt"), "").unwrap();
    let config = "[ca]\ndefault_ca=us\n[us]\ndatabase=index.txt\ndefault_md=sha256\n\
                  default_crl_days=30\ncrlnumber=number\ncrl_extensions=list\n\
                  [list]\nauthorityKeyIdentifier=keyid:always\n";
    fs::write(dir.join("number"), "01").unwrap();
    fs::write(dir.join("ca.cnf"), config).unwrap();
    let ca = "ca -config ca.cnf -cert root.crt -keyfile root.key";
    openssl(dir, &format!("{ca} -gencrl -out none.crl"));
    openssl(dir, &format!("{ca} -revoke server.crt"));
    openssl(dir, &format!("{ca} -gencrl -out server.crl"));
}

#[test]
fn certificates_of_version_1_are_taken_as_libpq_takes_them() {
    let dir = harness::temp_dir("tls");
    by_the_manual(dir.path());
    revoke(dir.path());
    write(dir.path(), "foreign", &authority("Root"));
    let at = dir.path().display();
    for (name, root) in [("server", "root"), ("below", "root"), ("self", "self")] {
        let cluster = server(dir.path(), name, None);
        cluster.database("any", &[]);
        let port = cluster.port();
        let to = |rest: &str| {
            encrypted(&format!(
                "host=db.example hostaddr=127.0.0.1 port={port} user=mirrorbrain dbname=any {rest}"
            ))
        };
        let root = format!("sslrootcert={at}/{root}.crt");
        for version in ["", "ssl_max_protocol_version=TLSv1.2"] {
            for mode in ["prefer", "require"] {
                assert_eq!(to(&format!("sslmode={mode} {version}")), Ok(true), "{name}");
            }
            for mode in ["require", "verify-ca", "verify-full"] {
                let rest = format!("sslmode={mode} {root} {version}");
                assert_eq!(to(&rest), Ok(true), "{name} {rest}");
            }
        }
        let fails = |rest: &str, why: &str| {
            let error = to(rest).unwrap_err();
            assert!(error.contains(why), "{name} {rest}: {error}");
        };
        let foreign = format!("sslrootcert={at}/foreign.crt");
        fails(&format!("sslmode=verify-ca {foreign}"), "UnknownIssuer");
        let other = format!("sslmode=verify-full {root} host=other.example");
        fails(&other, "NotValidForName");
        assert_eq!(to(&other.replace("verify-full", "verify-ca")), Ok(true));
        if name == "server" {
            let list = |list| format!("sslmode=verify-ca {root} sslcrl={at}/{list}.crl");
            assert_eq!(to(&list("none")), Ok(true));
            fails(&list("server"), "Revoked");
        }
    }
}

#[test]
fn a_login_is_bound_to_the_servers_certificate() {
    let dir = harness::temp_dir("tls");
    write(dir.path(), "server", &authority("db.example"));
    let cluster = server(dir.path(), "server", None);
    let db = cluster.database("any", &[]);
    db.sql("CREATE ROLE scram LOGIN PASSWORD 'secret'");
    let hba = "local all all trust\nhost all mirrorbrain 127.0.0.1/32 trust\n\
               host all scram 127.0.0.1/32 scram-sha-256\n";
    fs::write(dir.path().join("hba"), hba).unwrap();
    db.sql("SELECT pg_reload_conf()");
    let port = cluster.port();
    let to = |rest: &str| {
        encrypted(&format!(
            "host=127.0.0.1 port={port} user=scram password=secret dbname=any {rest}"
        ))
    };
    assert_eq!(to("channel_binding=require sslmode=require"), Ok(true));
    let error = to("channel_binding=require sslmode=disable").unwrap_err();
    assert!(error.contains("channel binding"), "{error}");

    let scram = "require_auth=scram-sha-256";
    assert_eq!(to(scram), Ok(true));
    assert_eq!(to("require_auth=!md5,!password sslmode=disable"), Ok(false));
    for mode in ["disable", "prefer", "require"] {
        let error = to(&format!("require_auth=md5,password sslmode={mode}")).unwrap_err();
        let why = "asks for scram-sha-256, which require_auth does not allow";
        assert!(error.contains(why), "{error}");
    }
    let error = to(&format!("user=mirrorbrain {scram}")).unwrap_err();
    assert!(error.contains("does not ask who we are"), "{error}");
    assert_eq!(to("user=mirrorbrain require_auth=none"), Ok(true));
}
