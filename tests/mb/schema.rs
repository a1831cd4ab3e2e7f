//! `mb db init`, `mb db migrate`, `mb db check`

use harness::postgres::{Cluster, Database, USER};
use mirror_db::schema::{MIGRATIONS, Migration};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A database, and a configuration file for it.
struct Site {
    database: Database<'static>,
    directory: TempDir,
}

impl Site {
    /// An empty one.
    fn empty(name: &str) -> Self {
        let cluster = Cluster::shared();
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        cluster.attach("postgres").sql(&create);
        Self::new(cluster.attach(name))
    }

    /// One with the tables of MirrorBrain 2.19.
    fn old(name: &str) -> Self {
        Self::new(Cluster::shared().database(name, &[]))
    }

    fn new(database: Database<'static>) -> Self {
        let directory = harness::temp_dir("mb");
        let (port, name) = (Cluster::shared().port(), database.name());
        let text = format!(
            "[general]\ninstances = main\n[main]\ndbuser = {USER}\ndbpass = x\n\
             dbhost = 127.0.0.1\ndbport = {port}\ndbname = {name}\n"
        );
        fs::write(directory.path().join("conf"), text).expect("configuration");
        Self {
            database,
            directory,
        }
    }

    fn config(&self) -> PathBuf {
        self.directory.path().join("conf")
    }

    fn mb(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_mb"))
            .arg("--config")
            .arg(self.config())
            .args(arguments)
            .output()
            .expect("mb")
    }

    /// What a command prints that must succeed.
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.mb(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// What a command complains about that must fail.
    #[track_caller]
    fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.mb(arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    }
}

#[test]
fn an_empty_database_gets_its_tables_once() {
    let site = Site::empty("mb_db_init");
    let complaint = site.complaint(&["db", "migrate"]);
    assert!(
        complaint.contains("`mb db init` makes the tables"),
        "{complaint}"
    );
    assert_eq!(site.said(&["db", "init", "-n"]), "Would make all tables\n");
    assert_eq!(site.said(&["db", "init"]), "All tables are made.\n");
    assert_eq!(
        site.said(&["db", "check"]),
        "The tables are as they should be.\n"
    );
    assert_eq!(site.said(&["list"]), "");
    let complaint = site.complaint(&["db", "init"]);
    assert!(
        complaint.contains("`mb db migrate` brings it up to date"),
        "{complaint}"
    );
}

#[test]
fn an_old_database_is_checked_and_migrated() {
    let site = Site::old("mb_db_migrate");
    site.database
        .sql("ALTER TABLE server DROP COLUMN ipv6_only");
    let output = site.mb(&["db", "check"]);
    assert_eq!(output.status.code(), Some(1));
    let missing = String::from_utf8_lossy(&output.stdout);
    for line in [
        "missing column server.ipv6_only (boolean NOT NULL DEFAULT false)\n",
        "missing table migration (table)\n",
    ] {
        assert!(missing.contains(line), "{missing}");
    }
    let count = missing.lines().count();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!(
            "mb: {count} objects are missing or different\n\
             hint: mb db migrate adds what later versions brought\n"
        )
    );
    let steps = |word: &str| -> String {
        let step = |m: &Migration| format!("{word} {:04} {}\n", m.number, m.name);
        MIGRATIONS.iter().map(step).collect()
    };
    assert_eq!(
        site.said(&["db", "migrate", "--dry-run"]),
        steps("Would apply")
    );
    assert_eq!(site.said(&["db", "migrate"]), steps("Applied"));
    assert_eq!(
        site.said(&["db", "migrate"]),
        "The database is up to date.\n"
    );
    assert_eq!(site.said(&["db", "migrate", "--json"]), "[]\n");
    assert_eq!(
        site.said(&["db", "check"]),
        "The tables are as they should be.\n"
    );
}

#[test]
fn deviations_are_read_by_programs() {
    let site = Site::old("mb_db_check_json");
    site.said(&["db", "migrate", "-q"]);
    site.database
        .sql("ALTER TABLE server ADD COLUMN motto text");
    let said: serde_json::Value =
        serde_json::from_str(&site.said(&["db", "check", "--json"])).expect("JSON");
    let expected = serde_json::json!([{
        "kind": "column", "name": "server.motto", "finding": "additional",
        "expected": null, "found": "text",
    }]);
    assert_eq!(said, expected);
}

#[test]
fn a_table_in_use_is_said_with_what_to_do() {
    let site = Site::old("mb_db_locked");
    site.database
        .sql("ALTER TABLE server DROP COLUMN ipv6_only");
    let mut reader = site.database.connect().expect("connection");
    reader
        .batch_execute("BEGIN; SELECT * FROM server")
        .expect("read");
    let complaint = site.complaint(&["db", "migrate"]);
    assert!(
        complaint.contains("try again when it has ended"),
        "{complaint}"
    );
}
