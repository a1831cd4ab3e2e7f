//! `mb scan` with mirrors that are real servers.

mod faults;
mod world;

use harness::rsyncd::Rsyncd;
use world::{Tree, World};

const FILES: [&str; 4] = ["README", "a/b/c d.rpm", "a/größe.txt", "z\\x"];

#[test]
fn a_first_scan_finds_all_and_a_second_one_writes_no_row() {
    let world = World::new("scan_first");
    let tree = Tree::new(FILES);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    let said = world.scan(&["m"]).ok();
    assert!(
        said.contains(" m: total files after scan: 4 (delta: 4)\n"),
        "{said}"
    );
    assert_eq!(world.files("m"), FILES);
    assert_eq!(world.last_scan(), "complete|rsync|6|4|4|0|0|0");
    let before = world.row_versions();
    for _ in 0..2 {
        world.scan(&["m"]).ok();
        assert_eq!(world.row_versions(), before);
    }
    assert_eq!(world.last_scan(), "complete|rsync|6|4|0|0|0|0");
}

#[test]
fn what_is_gone_is_removed_and_other_mirrors_keep_it() {
    let world = World::new("scan_gone");
    let trees = [Tree::new(FILES), Tree::new(FILES)];
    let servers = trees.each_ref().map(|tree| Rsyncd::start(tree.path()));
    world.rsync_mirror("one", &servers[0]);
    world.rsync_mirror("two", &servers[1]);
    world.scan(&["-a", "-q"]).ok();
    trees[0].remove("a");
    trees[0].write("new", 1);
    world.scan(&["-a", "-q"]).ok();
    assert_eq!(world.files("one"), ["README", "new", "z\\x"]);
    assert_eq!(world.files("two"), FILES);
    assert_eq!(
        world
            .site
            .db
            .sql("SELECT mirrors FROM filearr WHERE path = 'README'"),
        "{1,2}"
    );
}

#[test]
fn a_directory_that_cannot_be_read_keeps_its_files() {
    let world = World::new("scan_unread");
    let tree = Tree::new(["a/1", "b/1", "b/2"]);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    tree.mode("a", 0o700);
    tree.remove("b/2");
    tree.write("b/3", 1);
    let answer = world.scan(&["m"]);
    assert_eq!(answer.status, Some(1), "{answer:?}");
    let files = world.files("m");
    assert!(
        files.contains(&"a/1".to_owned()) && files.contains(&"b/3".to_owned()),
        "{files:?}"
    );
    assert!(
        world.last_scan().starts_with("incomplete|rsync|"),
        "{}",
        world.last_scan()
    );
}

#[test]
fn a_mirror_that_is_emptied_loses_nothing_until_a_second_scan_agrees() {
    let world = World::new("scan_emptied");
    let tree = Tree::numbered("d", 300);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    tree.remove("d");
    tree.write("d/0000", 6);
    let said = world.scan(&["m"]).complaint();
    assert!(said.contains("299 of 300 files are gone"), "{said}");
    assert_eq!(world.files("m").len(), 300);
    // It has come back, for the most part.
    (0..250).for_each(|n| tree.write(&format!("d/{n:04}"), 6));
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m").len(), 250);
    tree.remove("d");
    world.scan(&["m"]).complaint();
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m"), [""; 0]);
}

#[test]
fn force_removes_at_once() {
    let world = World::new("scan_force");
    let tree = Tree::numbered("d", 200);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    tree.remove("d");
    world.scan(&["m"]).complaint();
    assert_eq!(world.files("m").len(), 200);
    world.scan(&["--force", "m"]).ok();
    assert_eq!(world.files("m"), [""; 0]);
}

#[test]
fn a_directory_is_scanned_alone() {
    let world = World::new("scan_directory");
    let tree = Tree::new(["a/1", "a/2", "ab/1", "b/1"]);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    ["a/1", "ab/1", "b/1"]
        .iter()
        .for_each(|path| tree.remove(path));
    world.scan(&["m", "-d", "a"]).ok();
    assert_eq!(world.files("m"), ["a/2", "ab/1", "b/1"]);
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m"), ["a/2"]);
}

#[test]
fn what_another_program_has_changed_is_seen_by_a_full_scan() {
    let world = World::new("scan_full");
    let tree = Tree::new(FILES);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    world
        .site
        .db
        .sql("UPDATE filearr SET mirrors = '{}' WHERE path = 'README'");
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m").len(), 3, "a snapshot is believed");
    world.scan(&["m", "--full"]).ok();
    assert_eq!(world.files("m"), FILES);
}

#[test]
fn copies_that_are_not_the_origins_are_none() {
    let world = World::new("scan_deviating");
    let tree = Tree::new(["right", "short", "old"]);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    world.site.db.sql(
        "INSERT INTO filearr (path, mirrors, size, mtime) VALUES ('right', '{}', 5, 1700000000),
                ('short', '{1}', 6, 1700000000), ('old', '{}', 3, 1700000003)",
    );
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m"), ["right"]);
    let deviations =
        "SELECT path, kind, d.size, d.mtime FROM deviation d JOIN filearr f ON f.id = file_id
                       ORDER BY path";
    assert_eq!(
        world.site.db.sql(deviations),
        "old|outdated|3|1700000000\nshort|size|5|1700000000"
    );
    tree.write("short", 6);
    tree.touch("old", 1_700_000_003);
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m"), ["old", "right", "short"]);
    assert_eq!(world.site.db.sql(deviations), "");
}

#[test]
fn the_tables_of_the_original_do() {
    let world = World::new("scan_original");
    let tree = Tree::new(FILES);
    let server = Rsyncd::start(tree.path());
    world.site.db.sql(
        "DROP TABLE scan, scan_snapshot, scan_held, deviation, job, origin_change;
         ALTER TABLE filearr DROP COLUMN size, DROP COLUMN mtime",
    );
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    tree.remove("README");
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m"), &FILES[1..]);
}

#[test]
fn a_change_of_the_origin_takes_copies_out_until_they_follow() {
    let world = World::new("scan_origin");
    let (origin, tree) = (Tree::new(FILES), Tree::new(FILES));
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    let place = format!(
        "scan_origin = {}\nallow_outdated = ^z 5\n",
        origin.path().display()
    );
    world
        .site
        .write("mirrorbrain.conf", &world.site.config(&place));
    world.scan(&["--origin"]).ok();
    tree.write("only here", 1);
    world.scan(&["m"]).ok();
    assert_eq!(
        world.files("m"),
        FILES,
        "names that only mirrors have count for nothing"
    );
    assert!(world.last_scan().ends_with("|1"), "{}", world.last_scan());
    origin.write("README", 99);
    origin.touch("z\\x", 1_700_000_200);
    let said = world.scan(&["--origin"]).ok();
    assert!(
        said.ends_with("origin: 4 files, 2 new or changed, 0 gone\n"),
        "{said}"
    );
    assert_eq!(world.files("m").len(), 2);
    world.scan(&["m"]).ok();
    assert_eq!(world.files("m"), &FILES[1..], "z may be five minutes older");
    assert_eq!(world.site.mb(&["deviations", "m"]).ok(), "README\n");
    let of_path = world.site.mb(&["deviations", "/README"]).ok();
    assert_eq!(of_path, format!("{:<30} {:<9} README\n", "m", "size"));
    let json = world.site.mb(&["deviations", "--json"]).json();
    assert_eq!(json[0]["origin_size"], 99);
    tree.write("README", 99);
    world.scan(&["-a"]).ok();
    assert_eq!(world.files("m"), FILES);
    assert_eq!(world.site.mb(&["deviations"]).ok(), "");
}

#[test]
fn an_origin_that_is_not_mounted_changes_nothing() {
    let world = World::new("scan_origin_away");
    let origin = Tree::numbered("d", 200);
    let place = format!("apache_documentroot = {}\n", origin.path().display());
    world
        .site
        .write("mirrorbrain.conf", &world.site.config(&place));
    world.scan(&["--origin"]).ok();
    let versions = "SELECT count(*) FROM filearr WHERE size IS NOT NULL";
    origin.remove("d");
    world.scan(&["--origin"]).complaint();
    assert_eq!(world.site.db.sql(versions), "200");
    world.scan(&["--origin", "--force"]).ok();
    assert_eq!(world.site.db.sql(versions), "0");
}

#[test]
fn a_list_of_files_is_looked_at_alone() {
    let world = World::new("scan_files_from");
    let tree = Tree::new(FILES);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("m", &server);
    world.scan(&["m"]).ok();
    ["README", "a/b/c d.rpm", "z\\x"]
        .iter()
        .for_each(|path| tree.remove(path));
    world
        .site
        .write("list", "/README\na/größe.txt\na/b/c d.rpm\nunknown\n");
    world.scan(&["m", "--files-from", "list"]).ok();
    assert_eq!(world.files("m"), ["a/größe.txt", "z\\x"]);
    world.site.write("empty", "\n");
    world.scan(&["m", "--files-from", "empty"]).complaint();
}

#[test]
fn mirrors_that_are_due_are_scanned_once_however_many_workers_there_are() {
    let world = World::new("scan_due");
    let (origin, tree) = (Tree::new(FILES), Tree::new(FILES));
    let servers = [(); 3].map(|()| Rsyncd::start(tree.path()));
    for (name, server) in ["one", "two", "three"].iter().zip(&servers) {
        world.rsync_mirror(name, server);
    }
    world.mirror("away", ["", "", "rsync://127.0.0.1:1/x/"]);
    let place = format!("scan_origin = {}\n", origin.path().display());
    world
        .site
        .write("mirrorbrain.conf", &world.site.config(&place));
    world.scan(&["--origin"]).ok();
    // One host, so one after the other: whoever finds it busy leaves the job for later.
    for _ in 0..12 {
        let workers = [(); 2].map(|()| {
            let mut command = world.site.command();
            command.args(["scan", "--due", "-qq"]).spawn().expect("mb")
        });
        for mut worker in workers {
            worker.wait().expect("mb");
        }
        world
            .site
            .db
            .sql("UPDATE job SET due = now() WHERE due < now() + interval '1 min'");
    }
    let scans = "SELECT identifier, outcome, count(*) FROM scan JOIN server ON server.id = mirror
                  GROUP BY 1, 2 ORDER BY 1";
    assert_eq!(
        world.site.db.sql(scans),
        "away|failed|1\none|complete|1\nthree|complete|1\ntwo|complete|1"
    );
    assert_eq!(
        world
            .site
            .db
            .sql("SELECT count(*) FROM job WHERE lease IS NOT NULL"),
        "0"
    );
    assert_eq!(
        world.site.db.sql("SELECT failed FROM job WHERE failed > 0"),
        "1"
    );
    // Nothing has changed: a sample. Then one file has, and is looked at.
    let again = "DELETE FROM server WHERE id > 1; UPDATE job SET due = now()";
    world.site.db.sql(again);
    world.scan(&["--due"]).ok();
    assert!(
        world.last_scan().starts_with("complete|rsync|"),
        "{}",
        world.last_scan()
    );
    origin.write("README", 50);
    world.scan(&["--origin"]).ok();
    tree.write("README", 50);
    world.site.db.sql("UPDATE job SET due = now()");
    world.scan(&["--due"]).ok();
    let subtrees = "SELECT subtree FROM scan WHERE mirror = 1 ORDER BY id";
    let subtrees = world.site.db.sql(subtrees);
    let subtrees: Vec<&str> = subtrees.lines().collect();
    let [all, sample, changed] = subtrees[..] else {
        panic!("{subtrees:?}");
    };
    assert_eq!((all, changed), ("", "1 files"));
    assert!(sample.ends_with(" files"), "{sample}");
    assert_eq!(world.files("one"), FILES);
}

#[test]
fn what_was_due_is_told_in_json() {
    let world = World::new("scan_due_json");
    let tree = Tree::new(FILES);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("one", &server);
    let due = world.scan(&["--due", "--json"]).json();
    let row = &due[0];
    assert_eq!(
        (&row["identifier"], &row["outcome"]),
        (&"one".into(), &"complete".into())
    );
    assert_eq!(row["files"], FILES.len());
    assert_eq!(due.as_array().map(Vec::len), Some(1));
    assert_eq!(
        world
            .scan(&["--due", "--json"])
            .json()
            .as_array()
            .map(Vec::len),
        Some(0)
    );
}

#[test]
fn what_a_server_can_do_is_told_without_a_site() {
    let world = World::new("scan_check");
    let tree = Tree::new(FILES);
    let server = Rsyncd::start(tree.path());
    world.rsync_mirror("one", &server);
    let rows = world.site.mb(&["check", "one", "README", "--json"]).json();
    let row =
        |row: &serde_json::Value| format!("{} {} {}", row["verdict"], row["what"], row["text"]);
    assert_eq!(row(&rows[1]), r#""ok" "file" "6 bytes""#);
    assert_eq!(rows[0]["url"], server.url());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mb"));
    command.args(["check", &server.url(), "no"]);
    let output = command.output().expect("mb");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    let last = format!("error    file     {}: it is not there", server.url());
    assert_eq!(text.lines().last(), Some(&*last));
}
