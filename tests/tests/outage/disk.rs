//! The disk is full where logs are written, or the tree of files is not there.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tests::command::is_root;
use tests::http::Response;
use tests::load::{Count, Load};
use tests::network::{NEEDED, left_out};
use tests::postgres::Cluster;
use tests::workspace;

use super::{ASKING, FILE, assert_served, builder, cluster, load, right, time_to_redirect};
use super::{RECOVERY, site};

#[test]
fn logs_that_cannot_be_written_cost_no_request() {
    let (cluster, params) = cluster();
    // Each write there fails with "no space left on device".
    let httpd = builder(&params, ASKING)
        .stock(&["log_config"])
        .config("ErrorLog /dev/full\nCustomLog /dev/full \"%h %{GIVE}e\"\nLogLevel debug")
        .config("<Directory \"@TREE@\">\nMirrorBrainDebug On\n</Directory>")
        .start();
    assert_eq!(httpd.get(FILE).status, 302);
    let load = load(&httpd);
    sleep(Duration::from_millis(300));
    cluster.stop();
    sleep(Duration::from_millis(500));
    cluster.resume();
    let took = time_to_redirect(&httpd);
    let count = assert_served(&load.finish());
    assert!(count.status(200) > 10 && count.status(302) > 10, "{count}");
    assert!(took < RECOVERY, "{took:?}");
    assert_eq!(httpd.log(), "");
}

#[test]
fn a_tree_that_goes_and_comes_back_is_404_for_just_that_time() {
    let (_cluster, params) = cluster();
    let httpd = site(&params, "");
    assert_eq!(httpd.get(FILE).status, 302);
    let right_or_missing = |response: &Response| match response.status {
        404 => Ok(()),
        _ => right(response),
    };
    let load = Load::checked(httpd.address(), FILE, 4, right_or_missing);
    sleep(Duration::from_millis(200));
    let away = httpd.work().join("away");
    let tree = httpd.tree().join("iso");
    fs::rename(&tree, &away).expect("the tree away");
    for suffix in ["", ".meta4", ".sha256", ".mirrorlist", "?torrent"] {
        assert_eq!(httpd.get(&format!("{FILE}{suffix}")).status, 404);
    }
    sleep(Duration::from_millis(300));
    fs::rename(&away, &tree).expect("the tree back");
    assert_eq!(httpd.get(FILE).status, 302);
    sleep(Duration::from_millis(200));
    let count = Count::of(&load.finish());
    println!("tree: {count}");
    assert!(count.failures.is_empty(), "{:#?}", count.failures);
    assert_eq!(count.status(200), 0, "{count}");
    assert!(count.status(404) > 10 && count.status(302) > 10, "{count}");
}

/// mod_asn keeps its table in DefaultRuntimeDir, often a small disk in memory.
#[test]
fn a_full_runtime_directory_makes_mod_asn_ask_the_database() {
    if left_out() {
        return;
    }
    let fixture = workspace().join("tests/compat/fixture.sql");
    let database = Cluster::shared().database("outage_runtime_dir", &[&fixture]);
    database.sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64500)");
    let builder = builder(&database.params(), "")
        .ours(&["asn"])
        .config("DefaultRuntimeDir \"@WORK@/run\"\nASLookupRefresh 2")
        .config("<Directory \"@TREE@\">\nASLookup On\nASSetHeaders On\n</Directory>");
    let run = builder.work().join("run");
    fs::create_dir(&run).expect("the runtime directory");
    assert!(is_root(), "{NEEDED}");
    let mount = "mount -t tmpfs -o size=8k,mode=755 none \"$0\" &&
        head -c 8192 /dev/zero >\"$0/full\" && exec \"$@\"";
    let disk = run.to_str().expect("a path");
    let mut httpd = builder
        .run_by(["unshare", "--mount", "sh", "-c", mount, disk])
        .start();
    httpd.expect_log("cannot write");
    let load = load(&httpd);
    let deadline = Instant::now() + Duration::from_secs(10);
    while httpd.get(FILE).header("X-AS").as_deref() != Some("64500") {
        assert!(Instant::now() < deadline, "{}", httpd.log());
    }
    sleep(Duration::from_millis(500));
    // Seen from the process, which alone has that disk.
    let root = PathBuf::from(format!("/proc/{}/root", httpd.pid()));
    let inside = disk.trim_start_matches('/');
    fs::remove_file(root.join(inside).join("full")).expect("the end of the shortage");
    httpd.expect_log("can be read again");
    let count = assert_served(&load.finish());
    assert_eq!(count.status(302), count.requests, "{count}");
    let said = httpd.log().matches("cannot write").count();
    assert_eq!(said, 1, "{}", httpd.log());
    assert_eq!(httpd.get(FILE).header("X-AS").as_deref(), Some("64500"));
}
