//! Bad input of any kind is a sentence that names it, exit status 1, and changes nothing.

use crate::site::{Site, answer};

/// The original's commands end with 1, as ever.
#[test]
fn wrong_usage_of_a_new_command_is_status_2() {
    let site = Site::new("mb_usage");
    for (arguments, status) in [
        (&["init", "--dbport", "http"][..], 2),
        (&["doctor", "--nosuch"], 2),
        (&["--debug", "asn"], 2),
        (&["-b", "init", "show"], 1),
        (&["show"], 1),
        (&["list", "--nosuch"], 1),
        (&["nosuch"], 1),
    ] {
        let answer = site.mb(arguments);
        assert_eq!(answer.status, Some(status), "{arguments:?}: {answer:?}");
        assert!(answer.stderr.starts_with("mb: "), "{answer:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn bad_arguments_are_named_and_change_nothing() {
    let site = Site::new("mb_bad_arguments");
    let before = site.state();
    let url = "http://198.18.8.187/pub/";
    let long = "x".repeat(70);
    for (arguments, sentence) in [
        (
            &["new", "a", "-H", "http://"][..],
            "\"http://\" is no URL: empty host",
        ),
        (
            &["new", "a", "-H", "http:///pub/"],
            "\"http:///pub/\" has no host",
        ),
        (
            &["new", "a", "-H", "a.example/pub/"],
            "\"a.example/pub/\" is no URL: relative URL",
        ),
        (
            &["new", "a", "-H", "rsync://a/b"],
            "\"rsync://a/b\" is no URL of HTTP or FTP",
        ),
        (
            &["new", "a", "-H", "http://nosuch.invalid/"],
            "nosuch.invalid: ",
        ),
        (&["new", "a", "-H", url, "-c", "zz"], "\"zz\" is no country"),
        (&["new", "a", "-H", url, "-r", "xx"], "\"xx\" is no region"),
        (
            &["new", "a", "-H", url, "-p", "40000"],
            "\"40000\" is no score",
        ),
        (
            &["new", "a", "-H", "http://192.0.3.1/"],
            "nobody knows where 192.0.3.1 is",
        ),
        (&["new", " ", "-H", url], "\" \" is no name for a mirror"),
        (
            &["new", "a\nb", "-H", url],
            "\"a\\nb\" is no name for a mirror",
        ),
        (
            &["new", &long, "-H", url],
            "identifier has 70 characters, but the database holds 64",
        ),
        (
            &["new", "maple.example", "-H", url],
            "there is already a mirror maple.example",
        ),
        (
            &["rename", "balsa", "maple.example"],
            "there is already a mirror maple.example",
        ),
        (&["rename", "balsa", &long], "identifier has 70 characters"),
        (&["score", "balsa", "40000"], "\"40000\" is no score"),
        (&["score", "balsa", "1e2"], "\"1e2\" is no score"),
        (&["enable", "o'brien"], "o'brien: Not found."),
        (&["enable", "gorse"], "gorse: several mirrors match"),
        (&["delete", "balsa"], "balsa: Not found."),
        (&["file", "add", "x"], "of which mirror?"),
        (&["file", "add", "/", "-m", "balsa"], "the path is empty"),
        (
            &["file", "add", &"x/".repeat(300), "-m", "balsa"],
            "the path has 600 characters",
        ),
        (&["iplookup", "192.0.2.999"], "192.0.2.999: no IP address"),
        (&["mirrorlist", "-F", "("], "--filter (: "),
        (&["markers", "-d", " "], "the delimiter is empty"),
        (&["dirs", "-s", "0"], "invalid value '0'"),
        (
            &["timestamp", "-u", "nosuchuser", "x"],
            "there is no user \"nosuchuser\"",
        ),
        (
            &["export", "--format", "django"],
            "export --format django is no more",
        ),
        (&["scan"], "no mirror to scan"),
        (&["lsit"], "unrecognized subcommand 'lsit'"),
        (
            &["list", "--frobnicate"],
            "unexpected argument '--frobnicate'",
        ),
    ] {
        let said = site.mb(arguments).complaint();
        assert!(said.contains(sentence), "{arguments:?}: {said}");
    }
    assert_eq!(site.state(), before);
}

#[test]
fn names_with_quotes_are_names() {
    let site = Site::new("mb_quotes");
    let name = "o'brien \"x\" $1 \\";
    let url = "http://198.18.8.187/pub/";
    site.mb(&["new", name, "-H", url, "-C", "it's"]).ok();
    let text = site.mb(&["show", "o'brien"]).ok();
    assert!(
        text.starts_with(&format!("identifier     : {name}\n")),
        "{text}"
    );
    site.mb(&["file", "add", "it's", "-m", name]).ok();
    assert!(site.mb(&["file", "ls", "it's"]).ok().contains(name));
    site.mb(&["delete", name]).ok();
    assert_eq!(site.mb(&["file", "ls", "it's"]).ok(), "");
}

#[test]
fn a_configuration_that_cannot_be_used_says_why() {
    let site = Site::new("mb_bad_config");
    let cases = [
        (
            "no section\n",
            2,
            "line 1 stands before the first [section]",
        ),
        (
            "[general]\nwhat\n",
            2,
            "line 2 is neither [section] nor key = value",
        ),
        ("[general]\n", 1, "[general] has no instances"),
        ("[general]\ninstances = a\n", 1, "there is no section [a]"),
    ];
    for (text, status, sentence) in cases {
        site.write("mirrorbrain.conf", text);
        let answer = site.mb(&["list"]);
        assert_eq!(answer.status, Some(status), "{answer:?}");
        assert!(answer.stderr.contains(sentence), "{answer:?}");
        assert!(answer.stderr.contains("mirrorbrain.conf"), "{answer:?}");
    }
    std::fs::remove_file(site.path("mirrorbrain.conf")).expect("mirrorbrain.conf");
    let said = site.mb(&["list"]).complaint();
    assert!(said.contains("mirrorbrain.conf: No such file"), "{said}");
}

#[test]
fn an_unknown_key_is_named_and_does_no_harm() {
    let site = Site::new("mb_unknown_key");
    site.write("mirrorbrain.conf", &site.config("dbprot = 1\n"));
    let answer = site.mb(&["instances"]);
    assert_eq!((answer.status, &*answer.stdout), (Some(0), "main\n"));
    let sentence = "nobody asks for dbprot in [main]; is dbport meant?";
    assert!(answer.stderr.contains(sentence), "{answer:?}");
}

#[test]
fn a_database_that_is_away_is_named_without_the_password() {
    let site = Site::new("mb_no_database");
    let port = harness::free_port();
    let text = site.config(&format!("dbport = {port}\n"));
    site.write("mirrorbrain.conf", &text);
    let said = site.mb(&["list"]).complaint();
    assert!(said.contains(&format!("127.0.0.1:{port}: ")), "{said}");
    assert!(said.contains("hint: is the server running"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn tables_that_are_missing_say_what_makes_them() {
    let site = Site::new("mb_no_tables");
    site.db.sql("DROP TABLE marker");
    let said = site.mb(&["markers"]).complaint();
    assert!(said.contains("\"marker\" does not exist"), "{said}");
    assert!(said.contains("mb db migrate"), "{said}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let site = Site::new("mb_pipe");
    let mb = site.command();
    let program = mb.get_program().display();
    let script = format!(
        "{program} --config mirrorbrain.conf export --format postgresql | head -c 1; \
         echo ${{PIPESTATUS[0]}}"
    );
    let mut shell = std::process::Command::new("bash");
    let answer = answer(shell.arg("-c").arg(script).current_dir(site.dir.path()), "");
    assert_eq!((&*answer.stdout, &*answer.stderr), ("I0\n", ""));
}

/// Mirrors enough to fill the buffer of the output more than once.
const MANY: &str = "INSERT INTO server SELECT (jsonb_populate_record(s, jsonb_build_object(\
     'id', 1000 + n, 'identifier', 'many-of-the-mirrors-that-there-are-' || n, \
     'baseurl', 'http://198.18.8.187/'))).* \
     FROM server s, generate_series(1, 300) n WHERE s.id = 2";

/// Runs `mb` with nobody to read what it prints.
fn unread(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().expect("pipe");
    drop(reader);
    let mut mb = site.command();
    let output = mb.args(arguments).stdout(writer).output().expect("mb");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn a_reader_that_goes_away_keeps_nothing_from_being_saved() {
    let site = Site::new("mb_pipe_update");
    site.db.sql(MANY);
    let arguments = ["update", "--country", "--region", "-c", "--all-mirrors"];
    let (status, said) = unread(&site, &arguments);
    assert_eq!(status, Some(0), "{said}");
    let country = site
        .db
        .sql("SELECT DISTINCT country FROM server WHERE id > 1000");
    assert_eq!(country, "eg");
}

#[test]
fn a_reader_that_goes_away_hides_no_failure() {
    let site = Site::new("mb_pipe_failure");
    site.db.sql(MANY);
    let (status, said) = unread(&site, &["enable", "many"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("many: several mirrors match"), "{said}");
    for arguments in [&["help"][..], &["list", "--help"], &[]] {
        assert_eq!(unread(&site, arguments), (Some(0), String::new()));
    }
}

#[test]
fn a_score_may_be_below_zero() {
    let site = Site::new("mb_negative_score");
    let text = site.mb(&["score", "balsa", "-5"]).ok();
    assert!(text.ends_with("90 -> -5\n"), "{text}");
}
