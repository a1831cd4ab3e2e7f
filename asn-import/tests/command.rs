//! The command, as an administrator runs it.

use std::fs;
use std::process::{Command, Output};
use tests::postgres::Cluster;

fn import(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_asn-import"))
        .args(arguments)
        .output()
        .expect("asn-import")
}

#[test]
fn files_become_the_table_and_mistakes_are_named() {
    let db = Cluster::shared().database("import_command", &[]);
    let directory = tests::temp_dir("import");
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
    let directory = tests::temp_dir("import");
    let file = directory.path().join("empty");
    fs::write(&file, "nonsense\n").expect("a file");
    let output = import(&["-d", &db.params(), &file.to_string_lossy()]);
    assert!(!output.status.success());
    assert_eq!(db.sql("SELECT count(*) FROM pfx2asn"), "1");
}

#[test]
fn mistakes_on_the_command_line_are_said() {
    for (arguments, expected) in [
        (
            &["--database"][..],
            "missing argument for option '--database'",
        ),
        (&["--unknown"], "invalid option '--unknown'"),
        (&[], "no file given"),
        (&["/nonexistent"], "/nonexistent: No such file"),
    ] {
        let output = import(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(expected),
            "{said}"
        );
    }
}
