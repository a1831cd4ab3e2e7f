//! Real daemons of rsync.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use harness::rsyncd::Rsyncd;
use mirror_files::{Error, Kind, Options, rsync};

use crate::tree::{Listed, Tree, options};

fn list(url: &str, options: &Options) -> Result<Listed, Error> {
    Listed::by(|sink| rsync::list(url, options, sink))
}

#[test]
fn a_daemon_is_listed_exactly() {
    let tree = Tree::new();
    let server = Rsyncd::start(tree.path());
    let listed = list(&server.url(), &options()).unwrap();
    listed.assert_exact();
    assert_eq!(
        listed.paths(Kind::Symlink),
        ["dangling", "dirlink", "link", "out", "up"]
    );
    assert_eq!(
        listed.paths(Kind::Directory),
        ["CVS", "big", "empty dir", "sub dir", "sub dir/ä"]
    );
    assert!(listed.entries.iter().all(|entry| entry.mode.is_some()));
    // The other way to write it.
    let other = format!("127.0.0.1:{}/tree/sub dir", server.port());
    assert_eq!(list(&other, &options()).unwrap().files().len(), 4);
}

#[test]
fn subtrees_have_paths_from_the_base() {
    let tree = Tree::new();
    tree.file("q[a]*?/inner dir/x".as_ref(), 1);
    tree.file("qa/inner dir/other".as_ref(), 1);
    let server = Rsyncd::start(tree.path());
    for (subtree, files) in [
        (
            "sub dir/ä",
            &["sub dir/ä/..dots", "sub dir/ä/größe 日本.txt"][..],
        ),
        ("/q[a]*?/inner dir/", &["q[a]*?/inner dir/x"]),
        ("empty dir", &[]),
    ] {
        let options = Options {
            subtree: subtree.to_owned(),
            ..options()
        };
        let listed = list(&server.url(), &options).unwrap();
        assert_eq!(listed.paths(Kind::File), files);
        assert!(listed.listing.is_complete());
    }
    let options = Options {
        subtree: "sub dir/no".to_owned(),
        ..options()
    };
    let error = list(&server.url(), &options).err().unwrap();
    assert!(matches!(error, Error::Gone(_)), "{error:?}");
}

#[test]
fn a_password_is_given_and_a_wrong_one_told() {
    let tree = Tree::new();
    let secrets = tempfile::NamedTempFile::new().unwrap();
    fs::write(secrets.path(), "user:se:cr@et\n").unwrap();
    fs::set_permissions(secrets.path(), fs::Permissions::from_mode(0o600)).unwrap();
    let lines = format!(
        "auth users = user\nsecrets file = {}",
        secrets.path().display()
    );
    let server = Rsyncd::with(tree.path(), &lines);
    let url = |login: &str| server.url().replace("://", &format!("://{login}@"));
    list(&url("user:se:cr@et"), &options())
        .unwrap()
        .assert_exact();
    for login in ["user:wrong", "user", "other:x"] {
        let started = Instant::now();
        let error = list(&url(login), &options()).err().unwrap();
        assert!(matches!(error, Error::Denied(_)), "{login}: {error:?}");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "it asks the terminal"
        );
    }
}

#[test]
fn filters_are_the_servers_work() {
    let tree = Tree::new();
    let server = Rsyncd::start(tree.path());
    let options = Options {
        rsync_top: vec!["sub*".to_owned(), "README".to_owned()],
        rsync_excludes: vec!["*.txt".to_owned()],
        ..options()
    };
    let listed = list(&server.url(), &options).unwrap();
    let files = [
        "README",
        "sub dir/-dash",
        "sub dir/empty",
        "sub dir/ä/..dots",
    ];
    assert_eq!(listed.paths(Kind::File), files);
}

#[test]
fn what_cannot_be_read_is_not_taken_for_gone() {
    let tree = Tree::new();
    let closed = fs::Permissions::from_mode(0o700);
    fs::set_permissions(tree.path().join("sub dir/ä"), closed).unwrap();
    let server = Rsyncd::with(tree.path(), "uid = nobody");
    let listed = list(&server.url(), &options()).unwrap();
    assert!(listed.files().contains_key("sub dir/-dash"));
    assert!(!listed.files().contains_key("sub dir/ä/..dots"));
    assert!(!listed.listing.covers("sub dir/ä/..dots"));
    let said = listed.listing.unread[0].error.to_string();
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn a_server_with_too_many_visitors_is_asked_later() {
    let tree = Tree::new();
    let lock = tempfile::NamedTempFile::new().unwrap();
    // One visitor is one too many for another.
    let lines = format!("max connections = 1\nlock file = {}", lock.path().display());
    let server = Rsyncd::with(tree.path(), &lines);
    let mut visitor = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    visitor.write_all(b"@RSYNCD: 31.0\ntree\n").unwrap();
    let mut greeting = [0; 64];
    let _ = visitor.read(&mut greeting).unwrap();
    thread::sleep(Duration::from_millis(200));
    let error = list(&server.url(), &options()).err().unwrap();
    assert!(
        error.is_temporary() && matches!(error, Error::Later { .. }),
        "{error:?}"
    );
}

#[test]
fn servers_that_are_not_there_and_modules_that_are_not_are_two_things() {
    let tree = Tree::new();
    let server = Rsyncd::start(tree.path());
    let error = list(&server.url().replace("/tree", "/other"), &options())
        .err()
        .unwrap();
    assert!(matches!(error, Error::Gone(_)), "{error:?}");
    let url = format!("rsync://127.0.0.1:{}/tree", harness::free_port());
    assert!(list(&url, &options()).err().unwrap().is_temporary());
    let error = list("rsync://no-such-host.invalid/tree", &options())
        .err()
        .unwrap();
    assert!(error.is_temporary(), "{error:?}");
}

#[test]
fn a_server_that_hangs_is_given_up() {
    let tree = Tree::new();
    let server = Rsyncd::start(tree.path());
    server.pause();
    let options = Options {
        idle: Duration::from_secs(1),
        ..options()
    };
    let started = Instant::now();
    let error = list(&server.url(), &options).err().unwrap();
    assert!(error.is_temporary(), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[test]
fn nothing_runs_on_after_enough_was_read_or_the_time_is_over() {
    let tree = Tree::new();
    for n in 0..3000 {
        tree.file(format!("many/{n}").as_ref(), 1);
    }
    let server = Rsyncd::start(tree.path());
    let mut left = 3;
    let listing = rsync::list(&server.url(), &options(), &mut |_| {
        left -= 1;
        match left {
            0 => std::ops::ControlFlow::Break(()),
            _ => std::ops::ControlFlow::Continue(()),
        }
    });
    assert_eq!(listing.unwrap().entries, 3);
    let few = Options {
        most_entries: 10,
        ..options()
    };
    let listed = list(&server.url(), &few).unwrap();
    assert!(!listed.listing.covers("any"));
    let said = listed.listing.unread[0].error.to_string();
    assert_eq!(said, "the listing has more than 10 entries");
    // Takes connections, and never says a word.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port();
    let short = Options {
        limit: Duration::from_millis(300),
        ..options()
    };
    let started = Instant::now();
    let error = list(&format!("rsync://127.0.0.1:{port}/x"), &short)
        .err()
        .unwrap();
    assert!(matches!(error, Error::Endless(_)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
    let port = format!("127.0.0.1:{port}/");
    assert!(!is_running(&port) && !is_running(&server.url().replace("rsync://", "")));
}

/// Whether a program has this among its arguments.
fn is_running(argument: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.into_iter().any(|process| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(argument)
    })
}
