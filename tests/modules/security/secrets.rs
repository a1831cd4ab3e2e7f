//! The database's password and the key of stamps: nowhere but where they belong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread::sleep;
use std::time::Duration;

use harness::command::{existing_user, ids, is_root};
use harness::httpd::{Builder, Httpd};
use harness::postgres::Cluster;
use harness::site::GERMANY;
use harness::{files, workspace};

/// Each secret here contains this.
const SECRET: &str = "xyzzy";

/// Lets our superuser in as ever, and others by password only.
const HBA: &str = "local all all trust\n\
                   host all mirrorbrain 127.0.0.1/32 trust\n\
                   host all all 127.0.0.1/32 scram-sha-256\n";

/// A cluster that asks `reader` for the password `xyzzy-right`.
fn cluster() -> Cluster {
    let hba = harness::temp_dir("hba");
    let file = hba.path().join("pg_hba.conf");
    fs::write(&file, HBA).expect("pg_hba.conf");
    let name = file.display().to_string();
    let cluster = Cluster::start(&[("hba_file", &name), ("log_statement", "all")]);
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let database = cluster.database("secrets", &[&fixture]);
    database.sql("CREATE ROLE reader LOGIN PASSWORD 'xyzzy-right'");
    database.sql("GRANT pg_read_all_data TO reader");
    cluster
}

/// A password file that only httpd's children can read.
fn password_file(builder: &Builder, text: &str) -> String {
    let file = builder.work().join("pgpass");
    fs::write(&file, text).expect("pgpass");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("mode of pgpass");
    if let Some(user) = existing_user(&["www-data", "apache", "nobody"]).filter(|_| is_root()) {
        let (uid, gid) = ids(user);
        std::os::unix::fs::chown(&file, Some(uid), Some(gid)).expect("owner of pgpass");
    }
    file.display().to_string()
}

/// A virtual host for each way to give a password, and one with a wrong one.
fn hosts(cluster: &Cluster, passfile: &str) -> String {
    let place = format!(
        "host=127.0.0.1 port={} dbname=secrets user=reader",
        cluster.port()
    );
    let uri = format!(
        "postgresql://reader:xyzzy-right@127.0.0.1:{}/secrets",
        cluster.port()
    );
    [
        ("words", format!("{place} password=xyzzy-right")),
        ("uri", uri),
        ("file", format!("{place} passfile={passfile}")),
        ("wrong", format!("{place} password=xyzzy-wrong")),
    ]
    .iter()
    .map(|(name, params)| {
        format!(
            "<VirtualHost *:@PORT@>\nServerName {name}.example.org\nDBDParams \"{params}\"\n\
             </VirtualHost>\n"
        )
    })
    .collect()
}

fn start(cluster: &Cluster) -> Httpd {
    let builder = Httpd::builder()
        .stock(&["setenvif", "mime", "status", "info", "log_config"])
        .ours(&["asn", "mirrorbrain"]);
    files::sparse(&builder.tree(), "iso/full.iso", 5_000_000, 1_700_000_000);
    let passfile = password_file(&builder, "*:*:*:reader:xyzzy-right\n");
    let hosts = hosts(cluster, &passfile);
    builder
        .config("LogLevel trace8\nLogFormat \"%r %{Location}o %{GIVE}e %{MB_REALM}e\" all")
        .config("CustomLog \"@WORK@/access.log\" all\nDBDriver pgsql\nExtendedStatus On")
        .config("<Directory \"@TREE@\">\nMirrorBrainEngine On\nMirrorBrainDebug On\nASLookup On")
        .config("ASLookupDebug On\nMirrorBrainRedirectStampKey xyzzy-key\n</Directory>")
        .config("<Location /status>\nSetHandler server-status\n</Location>")
        .config("<Location /info>\nSetHandler server-info\n</Location>")
        .config("SetEnvIf X-Test-Country \"(.+)\" GEOIP_COUNTRY_CODE=$1")
        .config(&hosts)
        .start()
}

/// What any local user sees of a process.
fn command_lines(httpd: &Httpd) -> String {
    let mut pids = httpd.children();
    pids.push(httpd.pid());
    let read = |pid: &u32| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    pids.iter()
        .map(|pid| String::from_utf8_lossy(&read(pid)).into_owned())
        .collect()
}

#[track_caller]
fn assert_silent(what: &str, text: &str) {
    let found = text.lines().find(|line| line.contains(SECRET));
    assert_eq!(found, None, "{what}");
}

#[test]
fn no_password_and_no_key_is_in_a_log_a_page_or_a_process_list() {
    let cluster = cluster();
    let mut httpd = start(&cluster);
    let ask = |host: &str, path: &str| {
        let mut headers = GERMANY.to_vec();
        headers.push(("Host", host));
        httpd.get_with(path, &headers)
    };
    for host in ["words", "uri", "file"] {
        let host = format!("{host}.example.org");
        // To log in with a password takes a while, and nobody waits long for that.
        let ask_again = |_| {
            sleep(Duration::from_millis(50));
            Some(ask(&host, "/iso/full.iso")).filter(|answer| answer.status == 302)
        };
        let answer = (0..100).find_map(ask_again);
        let answer = answer.expect("a redirect");
        assert!(answer.location().contains("&stamp="), "{host}");
    }
    let refused = ask("wrong.example.org", "/iso/full.iso.sha256");
    assert_eq!(refused.status, 503);
    for path in [
        "/iso/full.iso.mirrorlist",
        "/status",
        "/iso/none",
        "/iso/full.iso/x",
    ] {
        let page = ask("wrong.example.org", path);
        assert_silent(path, &format!("{:?}{}", page.headers, page.text()));
    }
    httpd.expect_log("password authentication failed for user \"reader\"");
    httpd.allow(":warn]");
    httpd.allow("[mirrorbrain:error]");
    httpd.allow("[asn:");
    assert_silent("error log", &httpd.log());
    let access = fs::read_to_string(httpd.work().join("access.log")).expect("access log");
    assert!(access.contains("stamp="), "{access}");
    assert_silent("access log", &access);
    assert_silent("command lines", &command_lines(&httpd));
    // But for the statement above that made the role.
    let log = cluster
        .log()
        .replace("CREATE ROLE reader LOGIN PASSWORD 'xyzzy-right'", "");
    assert_silent("log of PostgreSQL", &log);
}

/// mod_info prints each directive as it is written; SECURITY.md says what to do about it.
#[test]
fn server_info_shows_what_the_configuration_says() {
    let (httpd, _) = harness::site::Site::new("secrets_info")
        .httpd(|builder| builder.stock(&["info"]))
        .config("<Location /info>\nSetHandler server-info\n</Location>")
        .directory("MirrorBrainRedirectStampKey xyzzy-key")
        .start();
    let page = httpd.get("/info?config").text();
    assert!(
        page.contains("xyzzy-key") && page.contains("DBDParams"),
        "{page}"
    );
}

#[test]
fn a_refused_value_that_holds_a_secret_is_not_repeated() {
    let refusal = |line: &[u8]| {
        let builder = Httpd::builder().ours(&["asn", "mirrorbrain"]);
        fs::write(builder.work().join("included"), line).expect("included");
        builder.config("Include \"@WORK@/included\"").refusal()
    };
    let lines: [&[u8]; 6] = [
        b"DBDParams \"host=h password=xyzzy\xff\"",
        b"DBDParams \"host=h password=a xyzzy=b\"",
        b"DBDParams postgresql://u:xyzzy/1@h/db",
        b"DBDParams postgresql://u:xyzzy",
        b"DBDParams \"host=h port=xyzzy\"",
        b"<Directory />\nMirrorBrainRedirectStampKey xyzzy\xff\n</Directory>",
    ];
    for line in lines {
        let said = refusal(line);
        assert!(
            said.contains("DBDParams: ") || said.contains("StampKey: "),
            "{said}"
        );
        assert_silent("refusal", &said);
    }
}
