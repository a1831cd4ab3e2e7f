//! `mb init` and `mb doctor`: from nothing to a redirect.

use harness::files;
use harness::httpd::Httpd;
use harness::postgres::{Cluster, USER};
use harness::rsyncd::Rsyncd;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A directory for a configuration file and a virtual host.
struct NewSite(TempDir);

impl NewSite {
    fn new() -> Self {
        Self(harness::temp_dir("mb-init"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn mb(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_mb"))
            .arg("--config")
            .arg(self.path("conf"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("mb")
    }

    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.mb(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// `mb init` for a name, on the tests' cluster.
    fn init(&self, name: &str, tree: &Path, more: &[&str]) -> Output {
        let port = Cluster::shared().port().to_string();
        let admin = format!("host=127.0.0.1 port={port} user={USER} dbname=postgres");
        let tree = tree.to_str().expect("tree");
        let vhost = self.path("vhost");
        let mut arguments = vec![
            "init",
            "--server-name",
            "download.example.org",
            "--tree",
            tree,
            "--dbname",
            name,
            "--dbuser",
            name,
            "--dbport",
            &port,
            "--admin",
            &admin,
            "--vhost",
            vhost.to_str().expect("path"),
        ];
        arguments.extend(more);
        self.mb(&arguments)
    }
}

#[test]
fn a_new_site_redirects_after_four_commands() {
    let site = NewSite::new();
    let builder = Httpd::builder().ours(&["mirrorbrain"]);
    files::sparse(&builder.tree(), "iso/a.iso", 10_000, 1_700_000_000);
    let output = site.init("init_site", &builder.tree(), &[]);
    assert!(output.status.success(), "{output:?}");
    let mirror = Httpd::builder()
        .without_ours()
        .stock(&["dir"])
        .config("DirectoryIndex index.html");
    files::sparse(&mirror.tree(), "iso/a.iso", 10_000, 1_700_000_000);
    fs::write(mirror.tree().join("index.html"), "Berlin").expect("index.html");
    let rsyncd = Rsyncd::start(&mirror.tree());
    let mirror = mirror.start();
    let (base, rsync) = (mirror.url("/"), rsyncd.url());
    let urls = ["-H", &base, "-R", &rsync, "-r", "eu", "-c", "de"];
    site.said(&[&["new", "berlin"][..], &urls].concat());
    let said = site.said(&["scan", "-e", "berlin"]);
    assert!(said.contains("Mirror is online now."), "{said}");
    let vhost = fs::read_to_string(site.path("vhost")).expect("virtual host");
    let httpd = builder.config(&vhost.replace("*:80", "*:@PORT@")).start();
    let answer = httpd.get_with("/iso/a.iso", &[("Host", "download.example.org")]);
    assert_eq!(
        (answer.status, answer.location()),
        (302, mirror.url("/iso/a.iso"))
    );
}

#[test]
fn a_second_call_changes_nothing() {
    let site = NewSite::new();
    let tree = harness::temp_dir("tree");
    let first = site.init("init_twice", tree.path(), &[]);
    assert_eq!(
        String::from_utf8_lossy(&first.stdout).replace(&*site.0.path().to_string_lossy(), ""),
        "The role init_twice is made.\n\
         /conf is written.\n\
         The role init_twice_web, for httpd, is made.\n\
         The database init_twice is made.\n\
         All tables are made.\n\
         /vhost is written.\n\
         Next: mb new ID -H URL adds a mirror, mb doctor looks at everything.\n"
    );
    let mode = |name| {
        site.path(name)
            .metadata()
            .expect("file")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("conf"), mode("vhost")), (0o640, 0o600));
    let texts = || ["conf", "vhost"].map(|name| fs::read_to_string(site.path(name)).expect("file"));
    let before = texts();
    let second = site.init("init_twice", tree.path(), &[]);
    assert_eq!(
        String::from_utf8_lossy(&second.stdout).replace(&*site.0.path().to_string_lossy(), ""),
        "/conf is there.\n\
         The role init_twice is there.\n\
         The role init_twice_web, for httpd, is there.\n\
         The database init_twice is there.\n\
         The tables are there and up to date.\n\
         /vhost is there.\n\
         Next: mb new ID -H URL adds a mirror, mb doctor looks at everything.\n"
    );
    assert_eq!(texts(), before);
    // What is there is not changed by an option.
    let other = site.mb(&["init", "--server-name", "a", "--dbname", "another"]);
    let said = String::from_utf8_lossy(&other.stderr);
    assert!(
        said.contains("--dbname is another, but mirrorbrain.conf says init_twice"),
        "{said}"
    );
    // A virtual host that was lost comes back the same.
    fs::remove_file(site.path("vhost")).expect("remove");
    site.init("init_twice", tree.path(), &[]);
    assert_eq!(texts(), before);
}

#[test]
fn httpd_may_read_every_table_and_change_none() {
    let site = NewSite::new();
    let tree = harness::temp_dir("tree");
    assert!(site.init("init_roles", tree.path(), &[]).status.success());
    let database = Cluster::shared().attach("init_roles");
    let lacking = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace \
                   AND relkind IN ('r', 'v') AND NOT has_table_privilege('init_roles_web', oid, 'SELECT')";
    assert_eq!(database.sql(lacking), "0");
    let writable = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace \
                    AND has_table_privilege('init_roles_web', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')";
    assert_eq!(database.sql(writable), "0");
    // Tables of later migrations, too.
    database.sql("SET ROLE init_roles; CREATE TABLE later (a int)");
    assert_eq!(
        database.sql("SELECT has_table_privilege('init_roles_web', 'later', 'SELECT')"),
        "t"
    );
    assert_eq!(
        database
            .sql("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'init_roles'"),
        "init_roles"
    );
}

#[test]
fn mistakes_are_named_and_nothing_is_made() {
    let site = NewSite::new();
    let tree = harness::temp_dir("tree");
    Cluster::shared()
        .attach("postgres")
        .sql("CREATE ROLE init_known LOGIN");
    for (arguments, expected) in [
        (&["init"][..], "mb: --server-name is missing"),
        (
            &["init", "--server-name", "a b", "--tree", "/"],
            "mb: \"a b\" is no name of a host",
        ),
        (
            &["init", "--server-name", "a", "--tree", "/nonexistent"],
            "mb: /nonexistent: No such file",
        ),
        (
            &["init", "--server-name", "a", "--tree", "/etc/passwd"],
            "mb: /etc/passwd: not a directory",
        ),
        (
            &[
                "init",
                "--server-name",
                "a",
                "--tree",
                "/",
                "--admin",
                "host=",
            ],
            "mb: ",
        ),
    ] {
        let output = site.mb(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.starts_with(expected),
            "{output:?}"
        );
    }
    let output = site.init("init_known", tree.path(), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("the role init_known is there, and its password is not known"),
        "{said}"
    );
    assert!(said.contains("--password-file gives it"), "{said}");
    assert!(!site.path("conf").exists() && !site.path("vhost").exists());
    let password = site.path("password");
    fs::write(&password, "a ;b\n").expect("password");
    let more = ["--password-file", password.to_str().expect("path")];
    let output = site.init("init_known", tree.path(), &more);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("mirrorbrain.conf cannot hold that password"),
        "{said}"
    );
    assert!(!site.path("conf").exists());
    let output = site.init("init_dry", tree.path(), &["--dry-run"]);
    assert!(output.status.success() && !site.path("conf").exists());
    let count =
        "SELECT count(*) FROM pg_database WHERE datname LIKE 'init_dry%' OR datname = 'init_known'";
    assert_eq!(Cluster::shared().attach("postgres").sql(count), "0");
}

/// The lines of a report about one subject.
fn about(report: &str, subject: &str) -> Vec<(String, String)> {
    let report: Vec<serde_json::Value> = serde_json::from_str(report).expect("JSON");
    let text = |finding: &serde_json::Value, key: &str| {
        finding[key].as_str().unwrap_or_default().to_owned()
    };
    let lines = report
        .iter()
        .filter(|finding| finding["subject"] == subject);
    lines
        .map(|finding| (text(finding, "state"), text(finding, "text")))
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_doctor_names_what_is_wrong() {
    let site = NewSite::new();
    let tree = harness::temp_dir("tree");
    let look = || {
        let output = site.mb(&["doctor", "--json"]);
        (
            output.status.code(),
            String::from_utf8(output.stdout).expect("text"),
        )
    };
    let (status, report) = look();
    assert_eq!(status, Some(1));
    assert_eq!(about(&report, "configuration")[0].0, "error");

    assert!(site.init("doctor", tree.path(), &[]).status.success());
    let (status, report) = look();
    assert_eq!(status, Some(0), "{report}");
    let ok = |text: &str| vec![("ok".to_owned(), text.to_owned())];
    assert_eq!(
        about(&report, "privileges"),
        ok("the role may do what the commands need")
    );
    assert_eq!(
        about(&report, "schema"),
        ok("tables, indexes and functions are as they should be")
    );
    assert!(
        about(&report, "mirrors")[0]
            .1
            .starts_with("0 known, none enabled"),
        "{report}"
    );

    // Each of these is one line.
    let database = Cluster::shared().attach("doctor");
    site.said(&[
        "new",
        "m1",
        "-H",
        "http://192.0.2.1/",
        "-r",
        "eu",
        "-c",
        "de",
    ]);
    site.said(&["enable", "m1"]);
    database.sql(
        "UPDATE server SET baseurl = 'javascript:x'; DROP TABLE marker; \
         REVOKE DELETE ON hash FROM doctor",
    );
    fs::set_permissions(site.path("conf"), fs::Permissions::from_mode(0o644)).expect("chmod");
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o700)).expect("chmod");
    let (status, report) = look();
    assert_eq!(status, Some(1));
    let has = |subject: &str, state: &str, text: &str| {
        let lines = about(&report, subject);
        assert!(
            lines.iter().any(|(s, t)| s == state && t.contains(text)),
            "{subject}: {lines:?}"
        );
    };
    has(
        "configuration",
        "warning",
        "everybody on this machine can read the password",
    );
    has("privileges", "error", "the role lacks DELETE on hash");
    has(
        "schema",
        "error",
        "1 deviations, the first: missing table marker",
    );
    has("networks", "warning", "pfx2asn is empty");
    has("mirrors", "warning", "never scanned: m1");
    has("mirrors", "warning", "did not answer when probed last: m1");
    has(
        "mirrors",
        "warning",
        "without a URL that clients can use: m1",
    );
    has("tree", "warning", "not everybody may enter it");
}
