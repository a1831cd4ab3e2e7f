//! Files as sites have them, and what is wrong in others.

use crate::ini::{Ini, SyntaxError};
use crate::{ConfigError, SiteConfig};
use std::path::Path;

const MAIN: &str = "[main]\ndbuser = u\ndbpass = p\ndbhost = h\ndbname = n\n";

fn with(lines: &str) -> Result<SiteConfig, ConfigError> {
    SiteConfig::parse(&format!("[general]\ninstances = main\n{MAIN}{lines}"))
}

fn complaint(lines: &str) -> String {
    with(lines).unwrap_err().to_string()
}

#[test]
fn what_is_not_given_has_the_defaults_of_the_original() {
    let config = with("").unwrap();
    let main = config.instance(None).unwrap();
    assert_eq!(main.database.port, 5432);
    assert_eq!((main.chunked_hashes, main.chunk_size), (true, 262_144));
    assert!(!main.zsync_hashes && main.scan_exclude.is_empty());
    assert_eq!(
        config.city_db,
        Path::new("/var/lib/GeoIP/GeoLite2-City.mmdb")
    );
    assert_eq!(config.probe.mailto, "root@localhost");
}

#[test]
fn a_password_is_taken_as_it_stands() {
    for password in ["100%/@:x", "a\"b'c\\d", "%(dbuser)s", "#x", "a;b", ";"] {
        let text = format!(
            "[general]\ninstances = a\n[a]\ndbuser=u\ndbhost=h\ndbname=n\ndbpass = {password} \n"
        );
        let config = SiteConfig::parse(&text).unwrap();
        let instance = config.instance(Some("a")).unwrap();
        assert_eq!(instance.database.password, password);
        assert!(!format!("{config:?}").contains(password));
    }
}

#[test]
fn an_error_names_what_is_wrong() {
    for (lines, sentence) in [
        (
            "dbport = many\n",
            "line 8: dbport = many in [main] is not a port",
        ),
        (
            "zsync_hashes = maybe\n",
            "line 8: zsync_hashes = maybe in [main] is not one of 1, yes, true, on, 0, no, false, off",
        ),
        (
            "dbdriver = mysql\n",
            "line 8: dbdriver = mysql in [main] is not postgresql, which is all there is",
        ),
        (
            "zsync_hashes = on\nchunk_size = 1000\n",
            "line 9: chunk_size = 1000 in [main] is not a multiple of 4096, which zsync_hashes needs",
        ),
    ] {
        assert_eq!(complaint(lines), sentence);
    }
}

#[test]
fn what_is_missing_is_named() {
    let parse = |text: &str| SiteConfig::parse(text).unwrap_err().to_string();
    assert_eq!(parse(""), "there is no section [general]");
    assert_eq!(parse("[general]\n"), "[general] has no instances");
    assert_eq!(
        parse("[general]\ninstances = ,\n"),
        "[general] instances names no instance"
    );
    assert_eq!(
        parse("[general]\ninstances = a\n"),
        "there is no section [a]"
    );
    assert_eq!(
        parse("[general]\ninstances = a\n[a]\n"),
        "[a] has no dbuser"
    );
    let unknown = with("").unwrap();
    assert_eq!(
        unknown.instance(Some("x")).unwrap_err().to_string(),
        "there is no instance \"x\"; there is main"
    );
}

#[test]
fn what_cannot_be_parsed_is_told_by_line() {
    let parse = |text: &str| SiteConfig::parse(text).unwrap_err();
    assert_eq!(parse("a = b\n"), SyntaxError::NoSection(1).into());
    assert_eq!(parse("[a]\n\nwhat\n"), SyntaxError::NoKey(3).into());
}

#[test]
fn a_slip_in_a_key_is_noticed() {
    assert_eq!(
        with("dbprot = 1\nown = x\ndbname = %(dbuser)s\n")
            .unwrap()
            .warnings,
        [
            "line 8: nobody asks for dbprot in [main]; is dbport meant?",
            "line 9: nobody asks for own in [main]",
            "line 10: dbname in [main] is taken as it stands; %% and %(...)s are not replaced",
        ]
    );
}

#[test]
fn the_rules_of_python_2_hold_where_python_3_has_others() {
    let text = "rem a comment\n[a]\nREM = 1\nempty = \"\"\nlist = one\n  # two\n\n  three ; four\n\
                first = ; five\nsix=;6\nseven = p;q ;x\neight = p ;q;x\n";
    let ini = Ini::parse(text).unwrap();
    for (key, value) in [
        ("empty", ""),
        // No blank line and no comment ends a value that goes on.
        ("list", "one\n# two\nthree ; four"),
        // A password may begin with a semicolon.
        ("first", "; five"),
        ("six", ";6"),
        // Of semicolons only the first one may begin a comment.
        ("seven", "p;q ;x"),
        ("eight", "p"),
    ] {
        assert_eq!(
            ini.get("a", key).map(|entry| &*entry.value),
            Some(value),
            "{key}"
        );
    }
    assert_eq!(
        ini.get("a", "rem"),
        None,
        "a comment, whatever follows the word"
    );
    assert_eq!(Ini::parse("[a]\n x = 1\n"), Err(SyntaxError::NoKey(2)));
}

#[test]
fn sections_and_keys_that_come_again_add_to_what_was_there() {
    let text = "[a]\nx = 1\n[b]\n[a]\nX : 2\ny = 3\n[DEFAULT]\nx = 0\nz = 4\n";
    let ini = Ini::parse(text).unwrap();
    let get = |section, key| ini.get(section, key).map(|entry| &*entry.value);
    assert_eq!(ini.sections().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        [get("a", "x"), get("a", "y"), get("a", "z")],
        [Some("2"), Some("3"), Some("4")]
    );
    assert_eq!([get("b", "x"), get("c", "x")], [Some("0"), None]);
}
