//! The harness itself, on httpd's own modules: a harness that misses faults proves nothing.

use harness::command::{run, signal};
use harness::files;
use harness::httpd::{Httpd, Mpm};
use harness::memcached::Memcached;
use harness::modules;

#[test]
fn every_mpm_serves_a_file_and_restarts_gracefully() {
    for mpm in Mpm::ALL {
        let builder = Httpd::builder().mpm(mpm).stock(&["mime"]);
        files::sparse(&builder.tree(), "sub/zeros.bin", 10_000, 1_700_000_000);
        let mut httpd = builder.start();
        let response = httpd.get("/sub/zeros.bin");
        assert_eq!(response.status, 200);
        assert_eq!(response.body, vec![0; 10_000]);
        let modified = response.header("Last-Modified");
        assert_eq!(modified.as_deref(), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
        let children = httpd.children();
        httpd.graceful();
        assert_ne!(httpd.children(), children, "{mpm:?}");
        assert_eq!(httpd.get("/none").status, 404);
        assert_eq!(httpd.end(), [""; 0]);
    }
}

#[test]
fn a_line_in_the_error_log_that_nobody_expected_is_found() {
    let start = || {
        let outside = "Alias /outside \"@WORK@/httpd.conf\"";
        Httpd::builder().stock(&["alias"]).config(outside).start()
    };
    let httpd = start();
    assert_eq!(httpd.get("/outside").status, 403);
    let lines = httpd.end();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("AH01630: client denied"), "{lines:?}");

    let mut httpd = start();
    assert_eq!(httpd.get("/outside").status, 403);
    httpd.expect_log("client denied by server configuration");
}

#[test]
fn a_mistake_in_the_configuration_is_shown_in_httpds_words() {
    let builder = Httpd::builder().config("KeepAlive perhaps");
    assert_eq!(builder.refusal(), "KeepAlive must be On or Off");
}

/// A program that cargo runs (a test, the demo) builds the modules. The next build by hand must find
/// nothing to do.
#[test]
fn building_the_modules_spoils_no_build_by_hand() {
    run(&mut modules::cargo_build());
    let mut by_hand = modules::cargo_build();
    for (name, _) in std::env::vars_os() {
        let of_cargo = name.to_string_lossy().starts_with("CARGO_");
        if of_cargo && name != "CARGO_HOME" {
            by_hand.env_remove(name);
        }
    }
    let output = by_hand.arg("--verbose").output().expect("cargo");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(!text.contains("Compiling"), "{text}");
}

#[test]
fn a_child_that_dies_is_found() {
    let mut httpd = Httpd::builder().start();
    signal("SEGV", &httpd.children());
    httpd.expect_log("exit signal Segmentation fault");
    assert_eq!(httpd.get("/none").status, 404);
}

#[test]
fn memcached_runs_and_ends() {
    let mut memcached = Memcached::start();
    let connect = |port| std::net::TcpStream::connect(("127.0.0.1", port));
    assert!(connect(memcached.port()).is_ok());
    memcached.stop();
    assert!(connect(memcached.port()).is_err());
}
