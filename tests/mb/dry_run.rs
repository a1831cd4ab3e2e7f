//! What would be done is told, and not done.

use crate::site::Site;

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let site = Site::new("mb_dry_run");
    let before = site.state();
    let url = "http://198.18.8.187/pub/";
    for (arguments, told) in [
        (&["new", "a", "-H", url, "-n"][..], "Would add a in af eg\n"),
        (
            &["enable", "heather", "-n"],
            "Would enable ftp.heather.example\n",
        ),
        (
            &["disable", "balsa", "--dry-run"],
            "Would disable mirror.balsa.example.gb\n",
        ),
        (
            &["score", "balsa", "7", "-n"],
            "Would change score for mirror.balsa.example.gb: 90 -> 7\n",
        ),
        (
            &["rename", "balsa", "b", "-n"],
            "Would rename mirror.balsa.example.gb to b\n",
        ),
        (
            &["delete", "maple.example", "-n"],
            "Would delete maple.example\n",
        ),
        (
            &["commentadd", "-C", "x", "balsa", "-n"],
            "Would add to the comment about mirror.balsa.example.gb\n",
        ),
        (
            &["file", "add", "x", "-m", "balsa", "-n"],
            "Would add x for mirror.balsa.example.gb\n",
        ),
        (
            &["file", "-n", "rm", "README", "-m", "balsa"],
            "Would remove README for mirror.balsa.example.gb\n",
        ),
        (&["timestamp", "-n", "x"], "Would write x\n"),
        (
            &["mirrorlist", "-f", "txt2", "-o", "x", "-n"],
            "Would write 53 lines to x\n",
        ),
    ] {
        assert_eq!(site.mb(arguments).ok(), told, "{arguments:?}");
    }
    let edited = site.edit(&["edit", "balsa", "-n"], "s/^score .*/score : 7/", "y\n");
    assert!(
        edited
            .ok()
            .contains("Would save 1 changes of mirror.balsa.example.gb\n")
    );
    let edited = site.edit(&["markers", "-e", "-n"], "/^Updates/d", "y\n");
    assert!(edited.ok().contains("Would save 5 markers\n"));
    assert_eq!(site.state(), before);
    assert!(!site.path("x").exists());
}

#[test]
fn a_dry_run_finds_what_the_database_would_refuse() {
    let site = Site::new("mb_dry_run_refused");
    site.db
        .sql("ALTER TABLE server ADD CHECK (score < 500) NOT VALID");
    let said = site.mb(&["score", "balsa", "600", "-n"]).complaint();
    assert!(said.contains("violates check constraint"), "{said}");
}
