//! What is found out about real servers.

use harness::daemon::Daemon;
use harness::rsyncd::Rsyncd;
use mirror_files::check::{Finding, Verdict, check};

use crate::tree::{Tree, options};

const LARGE: &str = "big/over4G.iso";

fn lines(url: &str, path: &str) -> Vec<String> {
    let findings = check(url, Some(path), &options()).into_iter();
    let line = |f: Finding| format!("{:?} {}: {}", f.verdict, f.what, f.text);
    findings.map(line).collect()
}

#[test]
fn a_server_that_can_do_all_is_good_but_for_the_second_family() {
    let tree = Tree::web();
    let server = Daemon::nginx(tree.path(), "autoindex_format json;");
    let url = format!("http://{}/", server.address());
    let lines = lines(&url, LARGE);
    assert!(lines[0].starts_with("Good listing: JSON, "), "{lines:?}");
    assert!(lines[0].ends_with("entries, exact sizes"), "{lines:?}");
    assert_eq!(lines[1], "Good ipv4: status 200");
    assert!(lines[2].starts_with("Poor ipv6: "), "{lines:?}");
    let rest = [
        "Good file: 4294979641 bytes",
        "Good ranges: delivered",
        "Good large: delivered",
    ];
    assert_eq!(lines[3..], rest);
}

#[test]
fn a_server_without_ranges_is_bad_for_large_files() {
    let tree = Tree::web();
    let server = Daemon::python(tree.path());
    let lines = lines(&format!("http://{}/", server.address()), LARGE);
    assert!(
        lines[0].ends_with("entries, sizes are not told"),
        "{lines:?}"
    );
    let rest = ["Bad ranges: not delivered", "Bad large: not delivered"];
    assert_eq!(lines[4..], rest);
}

#[test]
fn rsync_and_ftp_are_listed_and_what_is_not_there_is_told() {
    let tree = Tree::web();
    let rsync = Rsyncd::start(tree.path());
    let found = lines(&rsync.url(), LARGE);
    assert!(found[0].starts_with("Good listing: rsync, "), "{found:?}");
    assert_eq!(found[1..], ["Good file: 4294979641 bytes"]);
    assert_eq!(
        lines(&rsync.url(), "no")[1..],
        ["Bad file: it is not there"]
    );
    let ftp = Daemon::vsftpd(tree.path());
    let found = check(&format!("ftp://{}/", ftp.address()), None, &options());
    assert_eq!((found.len(), found[0].verdict), (1, Verdict::Good));
    let nginx = Daemon::nginx(tree.path(), "");
    let found = lines(&format!("http://{}/", nginx.address()), "no");
    assert_eq!(found[3..], ["Bad file: it is not there"]);
    let closed = format!("http://127.0.0.1:{}/", harness::free_port());
    assert!(lines(&closed, "no")[1].starts_with("Bad ipv4: "));
}
