//! `mb edit` and `mb markers -e`.

use crate::site::Site;

#[test]
fn an_edit_that_cannot_be_saved_names_the_field_and_saves_nothing() {
    let site = Site::new("mb_bad_edit");
    let before = site.state();
    for (script, sentence) in [
        (
            "s/^asn .*/asn : many/",
            "asn: \"many\" is not a number from 0 to 2147483647",
        ),
        (
            "s/^asn .*/asn : 4294967296/",
            "asn: \"4294967296\" is not a number",
        ),
        (
            "s/^score .*/score : 99999/",
            "score: \"99999\" is not a number from -32768 to 32767",
        ),
        (
            "s/^enabled .*/enabled : perhaps/",
            "enabled: \"perhaps\" is not True or False",
        ),
        (
            "s/^lat,lng .*/lat,lng : 91,0/",
            "lat: \"91\" is not a number from -90 to 90",
        ),
        (
            "s/^lat,lng .*/lat,lng : 1/",
            "lat,lng: \"1\" is not two numbers",
        ),
        ("s/^country .*/country : zz/", "\"zz\" is no country"),
        ("s/^region .*/region : xx/", "\"xx\" is no region"),
        (
            "s/^otherCountries .*/otherCountries : at,zz/",
            "\"zz\" is no country",
        ),
        ("s/^baseurl .*/baseurl : nowhere/", "\"nowhere\" is no URL"),
        ("s/^score/socre/", "\"socre          : 90\" is no field"),
        (
            "s/^prefix .*/prefix : 2001:db8:1234:5678::\\/64/",
            "prefix has 23 characters",
        ),
    ] {
        // The good change beside the bad one is not saved either.
        let script = format!("{script};s/^admin .*/admin : X/");
        let answer = site.edit(&["edit", "balsa"], &script, "y\n");
        let said = answer.complaint();
        assert!(
            said.contains(sentence) && said.contains("nothing was saved"),
            "{said}"
        );
        // What was written is not lost.
        let kept = said.split("what you wrote is kept in ").nth(1);
        let kept = kept.unwrap_or_else(|| panic!("{said}"));
        let text = std::fs::read_to_string(kept.trim_end()).expect("text");
        assert!(text.contains("admin : X\n"), "{text}");
    }
    assert_eq!(site.state(), before);
}

#[test]
fn the_end_of_the_input_is_a_no() {
    let site = Site::new("mb_edit_end");
    let before = site.state();
    let text = site
        .edit(&["edit", "balsa"], "s/^score .*/score : 7/", "")
        .ok();
    assert!(
        text.ends_with("y)es, n)o, e)dit again: Quitting.\n"),
        "{text}"
    );
    assert_eq!(site.state(), before);
}

#[test]
fn several_lines_in_a_field_can_be_edited() {
    let site = Site::new("mb_edit_lines");
    site.db
        .sql("UPDATE server SET public_notes = E'one\\n\\ntwo: x' WHERE id = 2");
    site.edit(&["edit", "balsa"], "s/two: x/two: y/", "y\n")
        .ok();
    let notes = site.db.sql("SELECT public_notes FROM server WHERE id = 2");
    assert_eq!(notes, "one\n\ntwo: y");
}

#[test]
fn coordinates_are_cleared_and_set() {
    let site = Site::new("mb_edit_coordinates");
    let coordinates = || site.db.sql("SELECT lat, lng FROM server WHERE id = 2");
    let text = site
        .edit(&["edit", "balsa"], "s/^lat,lng .*/lat,lng : None/", "y\n")
        .ok();
    assert!(text.ends_with(
        "unsetting lat (was: Decimal('52.555'))\nunsetting lng (was: Decimal('-3.624'))\n"
    ));
    assert_eq!(coordinates(), "|");
    let text = site
        .edit(&["edit", "balsa"], "s/^lat,lng .*/lat,lng : 1.5,-2/", "y\n")
        .ok();
    assert!(
        text.ends_with("changing lat from None to '1.5'\nchanging lng from None to '-2'\n"),
        "{text}"
    );
    assert_eq!(coordinates(), "1.500|-2.000");
}

#[test]
fn the_base_url_is_cleared_like_any_other() {
    let site = Site::new("mb_edit_baseurl");
    for cleared in ["None", ""] {
        site.db
            .sql("UPDATE server SET baseurl = 'http://a.example/' WHERE id = 2");
        let script = format!("s/^baseurl .*/baseurl : {cleared}/");
        let text = site.edit(&["edit", "balsa"], &script, "y\n").ok();
        let line = "unsetting baseurl (was: 'http://a.example/')\n";
        assert!(text.ends_with(line), "{text}");
        assert_eq!(site.db.sql("SELECT baseurl FROM server WHERE id = 2"), "");
    }
}

#[test]
fn what_others_have_changed_meanwhile_stays() {
    let site = Site::new("mb_edit_meanwhile");
    let sql = "UPDATE server SET status_baseurl = false WHERE id = 2";
    let params = site.db.params();
    site.write("sql", sql);
    // The editor takes its time; a probe finds the mirror dead.
    let editor = format!("psql -qX -d '{params}' -f sql; sed -i -e 's/^score .*/score : 7/'");
    let mut command = site.command();
    command.args(["edit", "balsa"]).env("EDITOR", editor);
    crate::site::answer(&mut command, "y\n").ok();
    let row = site
        .db
        .sql("SELECT score, status_baseurl FROM server WHERE id = 2");
    assert_eq!(row, "7|f");
}

#[test]
fn a_field_that_others_have_changed_meanwhile_is_not_overwritten() {
    let site = Site::new("mb_edit_same_field");
    let params = site.db.params();
    site.write("sql", "UPDATE server SET score = 3 WHERE id = 2");
    let editor = format!("psql -qX -d '{params}' -f sql; sed -i -e 's/^score .*/score : 7/'");
    let mut command = site.command();
    command.args(["edit", "balsa"]).env("EDITOR", editor);
    let said = crate::site::answer(&mut command, "y\n").complaint();
    let expected = "score was changed meanwhile, from 90 to 3; nothing was saved";
    assert!(said.contains(expected), "{said}");
    assert_eq!(site.db.sql("SELECT score FROM server WHERE id = 2"), "3");
}

#[test]
fn comments_that_are_added_at_the_same_time_are_all_kept() {
    let site = Site::new("mb_comments");
    let count = 8;
    std::thread::scope(|scope| {
        for n in 0..count {
            let site = &site;
            scope.spawn(move || {
                let text = format!("comment {n}.");
                site.mb(&["commentadd", "balsa", "-C", &text]).ok();
            });
        }
    });
    let comment = site.db.sql("SELECT comment FROM server WHERE id = 2");
    for n in 0..count {
        assert!(comment.contains(&format!("comment {n}.")), "{comment}");
    }
}

#[test]
fn markers_that_others_have_changed_meanwhile_are_not_overwritten() {
    let site = Site::new("mb_markers_meanwhile");
    let params = site.db.params();
    site.write(
        "sql",
        "INSERT INTO marker (subtree_name, markers) VALUES ('new', 'a b')",
    );
    let editor = format!("psql -qX -d '{params}' -f sql; sed -i -e '/^Readme/d'");
    let mut command = site.command();
    command.args(["markers", "-e"]).env("EDITOR", editor);
    let said = crate::site::answer(&mut command, "y\n").complaint();
    assert!(
        said.contains("the markers were changed meanwhile"),
        "{said}"
    );
    let count =
        "SELECT count(*) FROM marker WHERE subtree_name = 'new' OR subtree_name LIKE 'Readme%'";
    assert_eq!(site.db.sql(count), "2");
}

#[test]
fn a_table_that_is_another_says_how_to_see_in_what() {
    let site = Site::new("mb_other_table");
    site.db
        .sql("ALTER TABLE marker ALTER markers DROP NOT NULL; UPDATE marker SET markers = NULL");
    let said = site.mb(&["markers"]).complaint();
    assert!(
        said.contains("table marker: column markers is NULL"),
        "{said}"
    );
    assert!(said.contains("mb db check shows"), "{said}");
}

#[test]
fn a_version_that_may_not_be_written_stops_nobody_who_reads() {
    let site = Site::new("mb_version_read_only");
    site.db.sql("UPDATE version SET minor = 18");
    let dry = site.mb(&["enable", "-n", "balsa"]);
    assert_eq!(dry.status, Some(0), "{dry:?}");
    assert!(dry.stderr.contains("a dry run leaves it so"), "{dry:?}");
    assert_eq!(site.db.sql("SELECT minor FROM version"), "18");
    let name = site.db.sql("SELECT current_database()");
    site.db.sql(&format!(
        "ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"
    ));
    let list = site.mb(&["list"]);
    assert_eq!(list.status, Some(0), "{list:?}");
    assert!(
        list.stderr.contains("the version stays as it is"),
        "{list:?}"
    );
    let set = site.mb(&["score", "balsa", "5"]);
    assert_eq!(set.status, Some(1), "{set:?}");
}

#[test]
fn an_editor_that_fails_saves_nothing() {
    let site = Site::new("mb_edit_fails");
    let mut command = site.command();
    command.args(["edit", "balsa"]).env("EDITOR", "false");
    let said = crate::site::answer(&mut command, "y\n").complaint();
    assert!(said.contains("the editor \"false\" failed"), "{said}");
}

#[test]
fn a_database_without_ipv6_only_says_what_adds_it() {
    let site = Site::new("mb_edit_ipv6_only");
    site.db.sql("ALTER TABLE server DROP COLUMN ipv6_only");
    let said = site.edit(&["edit", "balsa"], "s/^ipv6Only .*/ipv6Only : True/", "y\n");
    assert!(
        said.complaint()
            .contains("the database has no column ipv6_only")
    );
    // All else works.
    site.edit(&["edit", "balsa"], "s/^score .*/score : 7/", "y\n")
        .ok();
    site.mb(&["new", "six", "-H", "http://[2001:db8:9::5]/"])
        .ok();
}

#[test]
fn a_marker_that_would_be_misread_asks_for_another_delimiter() {
    let site = Site::new("mb_markers_delimiter");
    site.db
        .sql("UPDATE marker SET subtree_name = 'a | b' WHERE subtree_name = 'Updates'");
    let before = site.state();
    let said = site
        .edit(&["markers", "-e"], "/^Readme/d", "y\n")
        .complaint();
    assert!(
        said.contains("\"a | b\" would be misread with \"|\""),
        "{said}"
    );
    assert_eq!(site.state(), before);
    site.edit(&["markers", "-e", "-d", "::"], "/^Readme/d", "y\n")
        .ok();
    assert_eq!(
        site.db
            .sql("SELECT count(*) FROM marker WHERE subtree_name = 'a | b'"),
        "1"
    );
}
