//! What goes wrong around a scan, and what it costs. docs/faults.md lists each.

use super::world::{Tree, World};
use harness::rsyncd::Rsyncd;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

/// What a server answers to a path: status and page.
type Pages = fn(&str) -> (u16, &'static str);

/// Serves pages over HTTP, as wrong as a test wants them. Returns the URL.
fn pages(answer: Pages) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let port = listener.local_addr().expect("address").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut request = Vec::new();
                let mut piece = [0; 4096];
                while !request.ends_with(b"\r\n\r\n") {
                    match client.read(&mut piece) {
                        Ok(1..) => request.extend_from_slice(&piece[..]),
                        _ => return,
                    }
                    while request.last() == Some(&0) {
                        request.pop();
                    }
                    piece = [0; 4096];
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default();
                let (status, page) = answer(path);
                let _ = write!(
                    client,
                    "HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n{page}",
                    page.len()
                );
            });
        }
    });
    format!("http://127.0.0.1:{port}/")
}

/// Hands connections on, and cuts them after so many bytes of the answer. Returns the port.
fn cut_after(port: u16, bytes: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let local = listener.local_addr().expect("address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).expect("server");
            let (mut from, mut to) = (
                client.try_clone().expect("client"),
                server.try_clone().expect("server"),
            );
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
            });
            let mut client = client;
            let _ = std::io::copy(&mut server.take(bytes as u64), &mut client);
            let _ = client.shutdown(Shutdown::Both);
        }
    });
    local
}

/// A world whose mirror `m` has these files already, of a base URL; and another one, `other`, has them too.
fn scanned(name: &str, urls: [&str; 3], files: &[&str]) -> World {
    let world = World::new(name);
    world.mirror("m", urls);
    world.mirror("other", ["http://127.0.0.1:1/", "", ""]);
    for file in files {
        let sql = format!("INSERT INTO filearr (path, mirrors) VALUES ('{file}', '{{1,2}}')");
        world.site.db.sql(&sql);
    }
    world
}

/// Asserts that a scan fails in one line with these words, and that both mirrors have what they had.
#[track_caller]
fn loses_nothing(world: &World, words: &str, files: &[&str]) {
    let answer = world.scan(&["-qq", "m"]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    let lines: Vec<_> = answer
        .stderr
        .lines()
        .filter(|line| line.contains(words))
        .collect();
    assert_eq!(lines.len(), 1, "{words}: {answer:?}");
    let has = world.files("m");
    assert!(
        files.iter().all(|file| has.contains(&(*file).to_owned())),
        "{has:?}"
    );
    assert_eq!(world.files("other"), files);
}

const FILES: [&str; 3] = ["a/1", "b/1", "c"];

#[test]
fn an_error_in_a_subtree_keeps_what_is_below_it() {
    let url = pages(|path| match path {
        "/" => (
            200,
            "<h1>Index of /</h1><a href=\"a/\">a/</a><a href=\"b/\">b/</a><a href=\"c\">c</a> 2023-11-14 22:13 1",
        ),
        "/b/" => (
            200,
            "<h1>Index of /b</h1><a href=\"1\">1</a> 2023-11-14 22:13 1",
        ),
        _ => (500, "oops"),
    });
    let world = scanned("fault_500", [&url, "", ""], &FILES);
    loses_nothing(&world, "a could not be read: status 500", &FILES);
}

#[test]
fn files_that_vanish_while_rsync_lists_are_kept() {
    let tree = Tree::new(FILES);
    let server = Rsyncd::start(tree.path());
    let world = World::new("fault_vanished");
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    fs::remove_file(tree.path().join(FILES[0])).expect("file");
    // rsync's own answer; only its exit status is what it says of files that vanished.
    let programs = harness::temp_dir("programs");
    let program = programs.path().join("rsync");
    let real = harness::command::find("rsync").expect("rsync");
    fs::write(
        &program,
        format!("#!/bin/sh\n{} \"$@\"\nexit 24\n", real.display()),
    )
    .expect("script");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
    let path = std::env::var("PATH").expect("PATH");
    let mut command = world.site.command();
    command.args(["scan", "m"]);
    command.env("PATH", format!("{}:{path}", programs.path().display()));
    let output = command.output().expect("mb");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("vanished"), "{text}");
    let mut expected = FILES.to_vec();
    expected.sort_unstable();
    assert_eq!(world.files("m"), expected);
}

#[test]
fn a_directory_that_is_gone_loses_its_files() {
    let url = pages(|path| match path {
        "/" => (
            200,
            "<h1>Index of /</h1><a href=\"a/\">a/</a><a href=\"c\">c</a> 2023-11-14 22:13 1",
        ),
        _ => (404, "no"),
    });
    let world = scanned("fault_404", [&url, "", ""], &FILES);
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m"), ["c"]);
    assert_eq!(world.files("other"), FILES);
}

#[test]
fn an_error_page_with_status_200_is_no_listing() {
    let url = pages(|_| {
        (
            200,
            "<h1>Down for maintenance</h1><a href=\"help.html\">help</a>",
        )
    });
    let world = scanned("fault_200", [&url, "", ""], &FILES);
    loses_nothing(&world, "the page is no listing", &FILES);
}

#[test]
fn a_listing_that_is_cut_keeps_what_it_did_not_show() {
    let tree = Tree::numbered("d", 3000);
    let server = Rsyncd::start(tree.path());
    let port = cut_after(server.port(), 10_000);
    let url = format!("rsync://127.0.0.1:{port}/tree/");
    let world = scanned("fault_cut", ["", "", &url], &["d/0001", "gone"]);
    loses_nothing(&world, "m: rsync:", &["d/0001", "gone"]);
}

#[test]
fn a_server_that_refuses_costs_nothing() {
    let port = harness::free_port();
    let url = format!("rsync://127.0.0.1:{port}/tree/");
    let world = scanned("fault_refused", ["", "", &url], &FILES);
    loses_nothing(&world, "m: rsync:", &FILES);
}

#[test]
fn a_server_that_hangs_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let port = listener.local_addr().expect("address").port();
    let [rsync, ftp, http] = ["rsync", "ftp", "http"].map(|s| format!("{s}://127.0.0.1:{port}/x/"));
    let world = scanned("fault_hangs", [&http, &ftp, &rsync], &FILES);
    let config = world.site.config("scan_timeout = 1\n");
    world.site.write("mirrorbrain.conf", &config);
    let begin = Instant::now();
    loses_nothing(&world, "nothing could be read", &FILES);
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_name_that_does_not_resolve_costs_nothing() {
    let rsync = "rsync://no.such.host.invalid/tree/";
    let world = scanned("fault_dns", ["", "", rsync], &FILES);
    loses_nothing(&world, "m: rsync:", &FILES);
}

#[test]
fn a_redirect_into_our_own_network_is_not_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    let port = listener.local_addr().expect("address").port();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(
                b"HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\
                  Connection: close\r\n\r\n",
            );
        }
    });
    let url = format!("http://127.0.0.1:{port}/");
    let world = scanned("fault_redirect", [&url, "", ""], &FILES);
    loses_nothing(
        &world,
        "it leads to http://169.254.169.254/latest/, which is not asked",
        &FILES,
    );
}

#[test]
fn sessions_that_the_database_ends_are_made_again() {
    let tree = Tree::numbered("d", 5000);
    let server = Rsyncd::start(tree.path());
    let world = World::new("fault_database");
    world.rsync_mirror("m", &server);
    let mut child = world
        .site
        .command()
        .args(["scan", "-qq", "m"])
        .spawn()
        .expect("mb");
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'WITH name%'";
    let mut ended = 0;
    while ended < 3 && child.try_wait().expect("mb").is_none() {
        ended += i32::from(world.site.db.sql(end) != "0");
    }
    assert!(child.wait().expect("mb").success());
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m").len(), 5000);
    let twice = "SELECT count(*) FROM filearr WHERE mirrors <> '{1}'";
    assert_eq!(world.site.db.sql(twice), "0");
}

#[test]
fn two_scans_at_once_end_as_one_after_the_other() {
    let trees = [Tree::numbered("d", 3000), Tree::numbered("d", 3000)];
    let servers = trees.each_ref().map(|tree| Rsyncd::start(tree.path()));
    let world = World::new("fault_two");
    world.rsync_mirror("one", &servers[0]);
    world.rsync_mirror("two", &servers[1]);
    let scans = [["one"], ["two"], ["one"]];
    let children = scans.map(|names| {
        let mut command = world.site.command();
        command
            .args(["scan", "-qq"])
            .args(names)
            .spawn()
            .expect("mb")
    });
    for mut child in children {
        assert!(child.wait().expect("mb").success());
    }
    let wrong = "SELECT count(*), count(*) FILTER (WHERE cardinality(mirrors) <> 2) FROM filearr";
    assert_eq!(world.site.db.sql(wrong), "3000|0");
}

/// So many times in the suite; MB_SCAN_KILLS says otherwise.
const KILLS: u32 = 6;

#[test]
fn a_scan_that_is_killed_at_any_moment_leaves_whole_batches() {
    let kills = std::env::var("MB_SCAN_KILLS")
        .ok()
        .and_then(|n| n.parse().ok());
    let kills = kills.unwrap_or(KILLS);
    let trees = [Tree::numbered("a", 2000), Tree::numbered("b", 2000)];
    let servers = trees.each_ref().map(|tree| Rsyncd::start(tree.path()));
    let world = World::new("fault_kill");
    world.rsync_mirror("m", &servers[0]);
    world.rsync_mirror("other", &servers[0]);
    world.scan(&["other", "--force"]).ok();
    let url = |n: usize| servers[n].url();
    for round in 0..kills {
        // The mirror changes wholly from one round to the next.
        let to = url((round % 2) as usize);
        world.site.db.sql(&format!(
            "UPDATE server SET baseurl_rsync = '{to}' WHERE id = 1"
        ));
        let mut scan = world.site.command();
        let mut child = scan
            .args(["scan", "-qq", "--force", "m"])
            .spawn()
            .expect("mb");
        thread::sleep(Duration::from_millis(u64::from(round * 37 % 400)));
        let _ = child.kill();
        let _ = child.wait();
        assert_eq!(world.files("other").len(), 2000, "round {round}");
        let has = world.files("m").len();
        assert!(
            has.is_multiple_of(2000),
            "round {round}: {has} files are no whole batch"
        );
        world.scan(&["--force", "m"]).ok();
        let expected = ["a/0000", "b/0000"][(round % 2) as usize];
        let has = world.files("m");
        assert_eq!((has.len(), &*has[0]), (2000, expected), "round {round}");
    }
}
