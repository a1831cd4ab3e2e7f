//! `mb db init`, `mb db migrate`, `mb db check`

use crate::site::Site;
use mirror_db::schema::{MIGRATIONS, Migration};

#[test]
fn an_empty_database_gets_its_tables_once() {
    let site = Site::without_tables("mb_db_init");
    let complaint = site.mb(&["db", "migrate"]).complaint();
    assert!(
        complaint.contains("`mb db init` makes the tables"),
        "{complaint}"
    );
    assert_eq!(
        site.mb(&["db", "init", "-n"]).ok(),
        "Would make all tables\n"
    );
    assert_eq!(site.mb(&["db", "init"]).ok(), "All tables are made.\n");
    assert_eq!(
        site.mb(&["db", "check"]).ok(),
        "The tables are as they should be.\n"
    );
    assert_eq!(site.mb(&["list"]).ok(), "");
    let complaint = site.mb(&["db", "init"]).complaint();
    assert!(
        complaint.contains("`mb db migrate` brings it up to date"),
        "{complaint}"
    );
}

#[test]
fn an_old_database_is_checked_and_migrated() {
    let site = Site::with_first_tables("mb_db_migrate");
    site.db.sql("ALTER TABLE server DROP COLUMN ipv6_only");
    let output = site.mb(&["db", "check"]);
    assert_eq!(output.status, Some(1));
    let missing = &output.stdout;
    for line in [
        "missing column server.ipv6_only (boolean NOT NULL DEFAULT false)\n",
        "missing table migration (table)\n",
    ] {
        assert!(missing.contains(line), "{missing}");
    }
    let count = missing.lines().count();
    assert_eq!(
        output.stderr,
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
        site.mb(&["db", "migrate", "--dry-run"]).ok(),
        steps("Would apply")
    );
    assert_eq!(site.mb(&["db", "migrate"]).ok(), steps("Applied"));
    assert_eq!(
        site.mb(&["db", "migrate"]).ok(),
        "The database is up to date.\n"
    );
    assert_eq!(site.mb(&["db", "migrate", "--json"]).ok(), "[]\n");
    assert_eq!(
        site.mb(&["db", "check"]).ok(),
        "The tables are as they should be.\n"
    );
}

#[test]
fn deviations_are_read_by_programs() {
    let site = Site::with_first_tables("mb_db_check_json");
    site.mb(&["db", "migrate", "-q"]).ok();
    site.db.sql("ALTER TABLE server ADD COLUMN motto text");
    let said: serde_json::Value =
        serde_json::from_str(&site.mb(&["db", "check", "--json"]).ok()).expect("JSON");
    let expected = serde_json::json!([{
        "kind": "column", "name": "server.motto", "finding": "additional",
        "expected": null, "found": "text",
    }]);
    assert_eq!(said, expected);
}

#[test]
fn a_table_in_use_is_said_with_what_to_do() {
    let site = Site::with_first_tables("mb_db_locked");
    site.db.sql("ALTER TABLE server DROP COLUMN ipv6_only");
    let mut reader = site.db.connect().expect("connection");
    reader
        .batch_execute("BEGIN; SELECT * FROM server")
        .expect("read");
    let complaint = site.mb(&["db", "migrate"]).complaint();
    assert!(
        complaint.contains("try again when it has ended"),
        "{complaint}"
    );
}
