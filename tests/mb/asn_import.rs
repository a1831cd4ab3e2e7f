//! The command, as an administrator runs it.

use harness::postgres::Cluster;
use std::fs;
use std::process::{Command, Output};

fn import(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mb"))
        .args(["asn", "import"])
        .args(arguments)
        .output()
        .expect("mb asn import")
}

#[test]
fn files_become_the_table_and_mistakes_are_named() {
    let db = Cluster::shared().database("import_command", &[]);
    let directory = harness::temp_dir("import");
    let file = directory.path().join("routes.csv");
    let name = file.to_string_lossy();
    fs::write(
        &file,
        "start,end,asn\n10.0.0.0,10.255.255.255,64500\nnonsense\n",
    )
    .expect("a file");
    let params = db.params();
    let dry = import(&["--dry-run", "--database", &params, &name]);
    assert!(dry.status.success(), "{dry:?}");
    assert_eq!(db.sql("SELECT count(*) FROM pfx2asn"), "0");

    let output = import(&["--database", &params, &name]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("routes.csv:3: \"nonsense\""), "{said}");
    assert!(said.contains("pfx2asn has 1 networks now"), "{said}");
    assert_eq!(db.sql("SELECT pfx, asn FROM pfx2asn"), "10.0.0.0/8|64500");
}

#[test]
fn files_without_networks_leave_the_table_alone() {
    let db = Cluster::shared().database("import_nothing", &[]);
    db.sql("INSERT INTO pfx2asn VALUES ('10.0.0.0/8', 1)");
    let directory = harness::temp_dir("import");
    let file = directory.path().join("empty");
    fs::write(&file, "nonsense\n").expect("a file");
    let output = import(&["-d", &db.params(), &file.to_string_lossy()]);
    assert!(!output.status.success());
    assert_eq!(db.sql("SELECT count(*) FROM pfx2asn"), "1");
}

#[test]
fn programs_read_json() {
    let db = Cluster::shared().database("import_json", &[]);
    let directory = harness::temp_dir("import");
    let file = directory.path().join("routes.csv");
    fs::write(&file, "10.0.0.0/8,64500\n11.0.0.0/8,4200000000\n").expect("a file");
    db.sql("ALTER TABLE pfx2asn ALTER COLUMN asn TYPE integer");
    let output = import(&["--json", "-d", &db.params(), &file.to_string_lossy()]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let expected = serde_json::json!({
        "read": 2, "rows": 1, "added": 1, "gone": 0,
        "left_out_as_number_too_large": 1, "left_out_not_ipv4": 0,
    });
    assert_eq!(said, expected);
}

#[test]
fn mistakes_on_the_command_line_are_said() {
    for (arguments, status, expected) in [
        (
            &["--database"][..],
            2,
            "a value is required for '--database <PARAMS>'",
        ),
        (&["--unknown"], 2, "unexpected argument '--unknown'"),
        (&[], 2, "<FILES>..."),
        (
            &["-d", "host=", "/nonexistent"],
            1,
            "/nonexistent: No such file",
        ),
        (&["-d", "nonsense", "x"], 1, "--database: "),
    ] {
        let output = import(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(status) && said.contains(expected),
            "{output:?}"
        );
    }
}
