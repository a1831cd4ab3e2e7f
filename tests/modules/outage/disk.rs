//! The disk is full where logs are written, or the tree of files is not there.

use std::fs;
use std::io::ErrorKind;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::command::existing_user;
use harness::http::Response;
use harness::httpd::Httpd;
use harness::load::{Count, Load};
use harness::namespace::{self, left_out};
use harness::postgres::Cluster;
use harness::workspace;

use super::{ASKING, FILE, assert_served, builder, cluster, load, right, time_to_redirect};
use super::{RECOVERY, site};

/// A page of a file system in memory, in bytes, on any machine.
const PAGE: usize = 64 * 1024;

/// A disk of their own for the logs, which fills while the database is away and comes back.
#[test]
fn logs_that_cannot_be_written_cost_no_request() {
    if left_out() {
        return;
    }
    let (cluster, params) = cluster();
    let builder = builder(&params, ASKING)
        .stock(&["log_config"])
        .config("ErrorLog \"@WORK@/logs/error_log\"\nLogLevel debug")
        .config("CustomLog \"@WORK@/logs/access_log\" \"%h %{GIVE}e\"")
        .config("<Directory \"@TREE@\">\nMirrorBrainDebug On\n</Directory>");
    let logs = builder.work().join("logs");
    fs::create_dir(&logs).expect("the directory of the logs");
    let mount = namespace::launcher("mount -t tmpfs -o size=1m none \"$1\"", &[&logs]);
    let httpd = builder.run_by(mount).start();
    let logs = namespace::seen_by(httpd.pid(), &logs);
    let log = || fs::read_to_string(logs.join("error_log")).expect("the error log");
    assert_eq!(httpd.get(FILE).status, 302);
    assert!(log().contains("[mirrorbrain:"), "{}", log());
    let rest = logs.join("rest");
    let full = fs::write(&rest, vec![b'x'; 1 << 20]).expect_err("a full disk");
    assert_eq!(full.kind(), ErrorKind::StorageFull);
    let load = load(&httpd);
    sleep(Duration::from_millis(300));
    let size = log().len();
    cluster.stop();
    sleep(Duration::from_millis(500));
    cluster.resume();
    let took = time_to_redirect(&httpd);
    // The last page may have had some room yet.
    assert!(log().len() < size + PAGE, "the disk was not full");
    fs::remove_file(&rest).expect("the end of the shortage");
    let deadline = Instant::now() + Duration::from_secs(10);
    while log().len() < size + PAGE {
        assert!(Instant::now() < deadline, "nothing is written: {}", log());
        sleep(Duration::from_millis(50));
    }
    let count = assert_served(&load.finish());
    assert!(count.status(200) > 10 && count.status(302) > 10, "{count}");
    assert!(took < RECOVERY, "{took:?}");
    assert_eq!(httpd.log(), "", "on standard error");
}

/// The directory stays, and is empty.
#[test]
fn a_tree_that_is_unmounted_is_404_until_it_is_back() {
    if left_out() {
        return;
    }
    let (_cluster, params) = cluster();
    let builder = builder(&params, "");
    let (tree, disk) = (builder.tree().join("iso"), builder.work().join("disk"));
    fs::rename(&tree, &disk).expect("the disk");
    fs::create_dir(&tree).expect("the place to mount it");
    let mount = namespace::launcher("mount --bind \"$1\" \"$2\"", &[&disk, &tree]);
    let httpd = builder.run_by(mount).start();
    let [tree, disk] = [&tree, &disk].map(|path| path.to_str().expect("a path"));
    let mounts = |command: &[&str]| namespace::run_among_mounts_of(httpd.pid(), command);
    assert_missing_meanwhile(
        &httpd,
        // Not delayed by a client who looks at the file just now.
        || mounts(&["umount", "--lazy", tree]),
        || mounts(&["mount", "--bind", disk, tree]),
    );
}

#[test]
fn a_tree_that_is_moved_away_is_404_until_it_is_back() {
    let (_cluster, params) = cluster();
    let httpd = site(&params, "");
    let (tree, away) = (httpd.tree().join("iso"), httpd.work().join("away"));
    assert_missing_meanwhile(
        &httpd,
        || fs::rename(&tree, &away).expect("the tree away"),
        || fs::rename(&away, &tree).expect("the tree back"),
    );
}

/// Nothing that is remembered of a file outlives it.
#[track_caller]
fn assert_missing_meanwhile(httpd: &Httpd, take: impl Fn(), bring: impl Fn()) {
    assert_eq!(httpd.get(FILE).status, 302);
    let right_or_missing = |response: &Response| match response.status {
        404 => Ok(()),
        _ => right(response),
    };
    let load = Load::checked(httpd.address(), FILE, 4, right_or_missing);
    sleep(Duration::from_millis(200));
    take();
    for suffix in ["", ".meta4", ".sha256", ".mirrorlist", "?torrent"] {
        assert_eq!(httpd.get(&format!("{FILE}{suffix}")).status, 404);
    }
    sleep(Duration::from_millis(300));
    bring();
    assert_eq!(httpd.get(FILE).status, 302);
    sleep(Duration::from_millis(200));
    let count = Count::of(&load.finish());
    println!("tree: {count}");
    assert!(count.failures.is_empty(), "{:#?}", count.failures);
    assert_eq!(count.status(200), 0, "{count}");
    assert!(count.status(404) > 10 && count.status(302) > 10, "{count}");
}

/// As of a machine that came up with a broken disk.
#[test]
fn a_runtime_directory_that_is_read_only_is_named() {
    if left_out() {
        return;
    }
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let database = Cluster::shared().database("outage_read_only", &[&fixture]);
    database.sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64500)");
    let builder = builder(&database.params(), "")
        .ours(&["asn"])
        .config("DefaultRuntimeDir \"@WORK@/run\"\nASLookupRefresh 2")
        .config("<Directory \"@TREE@\">\nASLookup On\nASSetHeaders On\n</Directory>");
    let run = builder.work().join("run");
    fs::create_dir(&run).expect("the runtime directory");
    let user = existing_user(&["www-data", "apache", "nobody"]).expect("httpd's user");
    let script = format!(
        "mount -t tmpfs -o mode=755 none \"$1\"; mkdir -m 700 \"$1/mod_asn\"; \
         chown {user} \"$1/mod_asn\"; mount -o remount,ro \"$1\""
    );
    let launcher = namespace::launcher(&script, &[&run]);
    let mut httpd = builder.run_by(launcher).start();
    let said = format!(
        "cannot use the table of networks in {}/mod_asn/",
        run.display()
    );
    httpd.expect_log(&said);
    httpd.expect_log("Read-only file system (os error 30); until it can, the database is asked");
    let deadline = Instant::now() + Duration::from_secs(10);
    while httpd.get(FILE).header("X-AS").as_deref() != Some("64500") {
        assert!(Instant::now() < deadline, "{}", httpd.log());
    }
    assert_eq!(httpd.log().matches(&said).count(), 1, "{}", httpd.log());
    httpd.allow(&said);
}

/// mod_asn keeps its table in DefaultRuntimeDir, often a small disk in memory.
#[test]
fn a_full_runtime_directory_makes_mod_asn_ask_the_database() {
    if left_out() {
        return;
    }
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let database = Cluster::shared().database("outage_runtime_dir", &[&fixture]);
    database.sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64500)");
    let builder = builder(&database.params(), "")
        .ours(&["asn"])
        .config("DefaultRuntimeDir \"@WORK@/run\"\nASLookupRefresh 2")
        .config("<Directory \"@TREE@\">\nASLookup On\nASSetHeaders On\n</Directory>");
    let run = builder.work().join("run");
    fs::create_dir(&run).expect("the runtime directory");
    let script =
        "mount -t tmpfs -o size=8k,mode=755 none \"$1\"; head -c 8192 /dev/zero >\"$1/full\"";
    let mut httpd = builder.run_by(namespace::launcher(script, &[&run])).start();
    httpd.expect_log("cannot write");
    let load = load(&httpd);
    let deadline = Instant::now() + Duration::from_secs(10);
    while httpd.get(FILE).header("X-AS").as_deref() != Some("64500") {
        assert!(Instant::now() < deadline, "{}", httpd.log());
    }
    sleep(Duration::from_millis(500));
    let full = namespace::seen_by(httpd.pid(), &run.join("full"));
    fs::remove_file(full).expect("the end of the shortage");
    httpd.expect_log("can be read again");
    let count = assert_served(&load.finish());
    assert_eq!(count.status(302), count.requests, "{count}");
    let said = httpd.log().matches("cannot write").count();
    assert_eq!(said, 1, "{}", httpd.log());
    assert_eq!(httpd.get(FILE).header("X-AS").as_deref(), Some("64500"));
}
