//! What somebody meets who comes from the original modules, or from the shipped examples.

use harness::httpd::{Builder, Httpd};
use harness::workspace;

const ENGINE: &str = "<Directory \"@TREE@\">\nMirrorBrainEngine On\n</Directory>";
const WARNING: &str = "MirrorBrainEngine is On, but no DBDParams names a database: ";

fn site() -> Builder {
    Httpd::builder().ours(&["mirrorbrain"])
}

/// As the original's documentation had it; without mod_dbd the lines are gone, without a word.
#[test]
fn an_engine_without_a_database_is_told_at_the_test_and_at_the_start() {
    let lines = "<IfModule mod_dbd.c>\nDBDriver pgsql\nDBDParams \"host=127.0.0.1\"\n</IfModule>";
    let builder = site().config(lines).config(ENGINE);
    let told = builder.check().expect("Syntax OK");
    assert_eq!(told.matches(WARNING).count(), 1, "{told}");
    let place = "Inside <IfModule mod_dbd.c> DBDParams counts only where mod_dbd is loaded";
    assert!(told.contains(place), "{told}");

    let mut httpd = builder.start();
    httpd.expect_log(WARNING);
    let before = httpd.log().matches(WARNING).count();
    httpd.graceful();
    assert_eq!(httpd.log().matches(WARNING).count(), before + 1);
}

#[test]
fn an_engine_with_a_database_is_not_warned_of() {
    let database = "DBDParams \"host=127.0.0.1\"";
    let host = |name: &str, lines: &str| {
        format!("<VirtualHost *:@PORT@>\nServerName {name}\n{lines}\n</VirtualHost>")
    };
    let told = |configuration: &[&str]| {
        let all = configuration
            .iter()
            .fold(site(), |all, text| all.config(text));
        let text = all.check().expect("Syntax OK");
        text.matches(WARNING).count()
    };
    assert_eq!(told(&[database, ENGINE]), 0);
    // Sections of the main server may be for the hosts that have a database.
    let (with, without) = (host("a", database), host("b", ""));
    assert_eq!(told(&[ENGINE, &with, &without]), 0);
    assert_eq!(told(&[ENGINE, &without]), 1);
    // A host's own sections are its own.
    let own = host("c", ENGINE);
    assert_eq!(told(&[&with, &own]), 1);
    assert_eq!(told(&[database, &own]), 0);
    assert_eq!(told(&[]), 0);
}

#[test]
fn each_example_stands_for_itself() {
    for name in ["asn", "autoindex", "log", "mirrorbrain"] {
        let file = workspace().join("httpd-conf").join(format!("{name}.conf"));
        let told = Httpd::builder()
            .stock(&["mime", "log_config"])
            .config("Define MB_MODULES \"@MB_MODULES@\"\nDefine MB_LOG \"@WORK@/download_log\"")
            .config(&format!("Include \"{}\"", file.display()))
            .check();
        assert_eq!(told.as_deref(), Ok("Syntax OK\n"), "{name}");
    }
}
