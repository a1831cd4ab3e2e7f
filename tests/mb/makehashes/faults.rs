//! What happens around it: writers, other runs, kills, trees that are away.

use super::{LONG_AGO, Tree, bytes, output};
use std::fs::{self, File, FileTimes};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

/// What a run makes of a file that grows all the time; `hide` is done after each time.
fn run_while_it_grows(name: &str, hide: impl Fn(&File) + Sync) {
    let tree = Tree::new(name);
    tree.write("rests", b"x");
    tree.write("grows", &bytes(5_000_000));
    let is_over = AtomicBool::new(false);
    let answer = thread::scope(|scope| {
        scope.spawn(|| {
            let path = tree.path("tree/grows");
            let mut file = File::options().append(true).open(path).expect("file");
            while !is_over.load(Ordering::Relaxed) {
                file.write_all(b"more").expect("write");
                hide(&file);
                thread::sleep(Duration::from_millis(1));
            }
        });
        let answer = tree.run(&[]);
        is_over.store(true, Ordering::Relaxed);
        answer
    });
    assert_eq!(answer.status, Some(0), "{answer:?}");
    assert!(
        answer.stderr.contains("left for the next run"),
        "{answer:?}"
    );
    assert_eq!(tree.column("size"), [("rests".into(), "1".into())]);
}

#[test]
fn a_file_that_is_being_written_is_never_recorded() {
    run_while_it_grows("makehashes_writing", |_| ());
}

/// As `rsync --inplace` leaves it for a moment: the time alone does not tell.
#[test]
fn a_writer_that_sets_the_time_back_is_seen() {
    run_while_it_grows("makehashes_hidden", |file| {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(LONG_AGO);
        let times = FileTimes::new().set_modified(time);
        file.set_times(times).expect("time");
    });
}

/// The database has whole seconds: a change within the same second would not be seen.
#[test]
fn a_fresh_file_is_waited_for_and_then_recorded() {
    let tree = Tree::new("makehashes_fresh");
    fs::write(tree.path("tree/f"), "x").expect("file");
    let clock = std::time::Instant::now();
    tree.run(&[]).ok();
    assert!(clock.elapsed() > Duration::from_secs(1));
    assert_eq!(tree.column("size"), [("f".into(), "1".into())]);
}

/// As the original locks: fcntl's lock on a file LOCK.
#[test]
fn a_directory_that_another_run_works_on_is_left_out() {
    let tree = Tree::new("makehashes_locked");
    tree.write("a/f", b"x");
    tree.write("b/f", b"x");
    fs::create_dir_all(tree.path("stamps/a")).expect("stamps");
    let script = "\
import fcntl, sys, time
file = open(sys.argv[1], 'w')
fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
print('locked', flush=True)
time.sleep(600)";
    let mut other = Command::new("python3")
        .args(["-c", script, &tree.path("stamps/a/LOCK")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut line = String::new();
    let mut said = BufReader::new(other.stdout.take().expect("pipe"));
    said.read_line(&mut line).expect("line");
    let said = tree.run(&[]).ok();
    other.kill().expect("kill");
    other.wait().expect("wait");
    let skipping = format!("Skipping '{}', which is locked\n", tree.path("tree/a"));
    assert!(said.contains(&skipping), "{said}");
    assert_eq!(tree.column("size"), [("b/f".into(), "1".into())]);
    // The lock ends with its holder, although its file is there.
    tree.run(&[]).ok();
    assert_eq!(tree.column("size").len(), 2);
    assert!(!fs::exists(tree.path("stamps/a/LOCK")).expect("stamps"));
}

#[test]
fn a_run_that_was_killed_goes_on() {
    let tree = Tree::new("makehashes_killed");
    for number in 0..300 {
        tree.write(
            &format!("{}/{number}", number % 7),
            &bytes(200_000 + number),
        );
    }
    for wait in [20, 60, 120, 200] {
        let mut child = tree.command(&[]).stdout(Stdio::null()).spawn().expect("mb");
        thread::sleep(Duration::from_millis(wait));
        // It may have ended.
        let _ = child.kill();
        child.wait().expect("wait");
    }
    tree.run(&[]).ok();
    let rows = tree.column("encode(sha1, 'hex')");
    assert_eq!(rows.len(), 300);
    for (path, digest) in rows {
        let said = output("sha1sum", &[&tree.path(&format!("tree/{path}"))]);
        assert_eq!(said.split(' ').next(), Some(&*digest), "{path}");
    }
}

#[test]
fn a_tree_that_is_not_mounted_loses_no_hashes() {
    let tree = Tree::new("makehashes_unmounted");
    tree.write("d/f", b"x");
    tree.run(&[]).ok();
    fs::remove_dir_all(tree.path("tree/d")).expect("tree");
    let said = tree.run(&[]).complaint();
    assert!(said.contains("is empty, and was not"), "{said}");
    assert_eq!(tree.column("size").len(), 1);
    tree.run(&["--force"]).ok();
    assert_eq!(tree.column("size"), []);
}

#[test]
fn what_cannot_be_recorded_is_named_and_the_rest_done() {
    let tree = Tree::new("makehashes_unrecordable");
    tree.write("good", b"x");
    tree.write_at("late", b"x", LONG_AGO * 3);
    let said = tree.run(&[]).complaint();
    assert!(
        said.contains("tree/late: its time does not fit into the database"),
        "{said}"
    );
    assert_eq!(tree.column("size"), [("good".into(), "1".into())]);
}

#[test]
fn expressions_that_are_none_are_named() {
    let tree = Tree::new("makehashes_masks");
    for option in ["-f", "-i", "--zsync-mask"] {
        let said = tree.run(&[option, "a)(b"]).complaint();
        assert!(said.contains("a)(b"), "{said}");
    }
}
