//! The disk is full where logs are written, or the tree of files is not there.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use tests::http::Response;
use tests::load::{Count, Load};

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
    assert!(count.status(200) > 20 && count.status(302) > 20, "{count}");
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
    assert!(count.status(404) > 20 && count.status(302) > 20, "{count}");
}
